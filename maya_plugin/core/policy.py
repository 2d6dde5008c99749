"""Things that a class shader does not simply reach, and what is done with them. Every one is counted in the report.

box: its bounding box is drawn in its class; skip: it is left out of the label pass; cut: leaf and alpha cards keep the
outline that their material's transparency gives them; solid: the whole card.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BOX, SKIP, CUT, SOLID, PLAIN = "box", "skip", "cut", "solid", "plain"

PLAIN_TYPES = ("mesh", "nurbsSurface", "subdiv")


@dataclass(frozen=True)
class Awkward:
    """A kind of thing with a choice of its own; the first choice is what happens unasked."""

    key: str
    title: str
    types: tuple[str, ...]  # Maya's node types
    choices: tuple[str, ...]
    why: str


AWKWARD = (
    Awkward("cards", "leaf and alpha cards", (), (CUT, SOLID), "their outline is in the material's transparency"),
    Awkward("standins", "stand-ins", ("aiStandIn", "mayaUsdProxyShape"), (BOX, SKIP), "their materials are inside"),
    Awkward("caches", "GPU caches", ("gpuCache",), (BOX, SKIP), "they draw colours of their own"),
    Awkward(
        "hair",
        "hair and fur",
        ("pfxHair", "pfxToon", "xgmSplineDescription", "xgmDescription"),
        (SKIP, BOX),
        "it is finer than a pixel",
    ),
    Awkward("particles", "particles", ("particle", "nParticle"), (SKIP, BOX), "points take no class shader"),
    Awkward("volumes", "volumes", ("fluidShape", "aiVolume"), (SKIP, BOX), "they have no surface"),
    Awkward("instancers", "instancers", ("instancer",), (SKIP, BOX), "their copies cannot be given a class singly"),
)
_BY_KEY = {one.key: one for one in AWKWARD}
_BY_TYPE = {kind: one for one in AWKWARD for kind in one.types}

TYPES = (*PLAIN_TYPES, *_BY_TYPE)  # every type of shape that a camera can see


def treatment(kind: str, cutout: bool, policies: Mapping[str, str]) -> str:
    """What is done with a shape of Maya's type `kind`; `cutout` says that its material cuts it out."""
    awkward = _BY_KEY["cards"] if cutout and kind in PLAIN_TYPES else _BY_TYPE.get(kind)
    if awkward is None:
        return PLAIN
    chosen = policies.get(awkward.key, awkward.choices[0])
    return chosen if chosen in awkward.choices else awkward.choices[0]


_WORDS = {BOX: "drawn as boxes", SKIP: "left out", CUT: "cut out by their transparency", SOLID: "drawn whole"}


def counts(treated: Iterable[tuple[str, str]]) -> dict[str, int]:
    """(kind, treatment) of every shape -> words for the report -> number. Ordinary surfaces are not mentioned."""
    result: dict[str, int] = {}
    for kind, how in treated:
        if how != PLAIN:
            awkward = _BY_KEY["cards"] if how in (CUT, SOLID) else _BY_TYPE[kind]
            words = f"{awkward.title} {_WORDS[how]}"
            result[words] = result.get(words, 0) + 1
    return result
