"""Things that a class shader does not simply reach, and what is done with them. Every one is counted in the report.

box: its bounding box is drawn in its class; skip: it is left out of the label pass; cut: leaf and alpha cards keep the
outline that their material's transparency gives them; solid: the whole card; open: in a copy of the scene it becomes
the meshes that it holds, elsewhere its box.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BOX, SKIP, CUT, SOLID, PLAIN, OPEN = "box", "skip", "cut", "solid", "plain", "open"

PLAIN_TYPES = ("mesh", "nurbsSurface", "subdiv")

# Shapes of Maya's own that no renderer draws, beside lights, whose types end with the word.
UNSEEN = {
    *("camera", "stereoRigCamera", "imagePlane", "locator", "nurbsCurve", "bezierCurve", "follicle", "sketchPlane"),
    *("lattice", "baseLattice", "clusterHandle", "softModHandle", "deformBend", "deformFlare", "deformSine"),
    *("deformSquash", "deformTwist", "deformWave", "jiggle", "implicitSphere", "implicitBox", "implicitCone"),
    *("annotationShape", "distanceDimShape", "arcLengthDimension", "paramDimension", "positionMarker"),
    *("orientationMarker", "dynHolder", "hairConstraint", "dynamicConstraint", "hairSystem", "nCloth", "nRigid"),
    *("airField", "dragField", "gravityField", "newtonField", "radialField", "turbulenceField", "uniformField"),
    *("vortexField", "volumeAxisField", "pointEmitter", "spring", "rigidBody", "renderRect", "renderBox"),
    *("renderSphere", "renderCone", "heightField", "greasePlane", "greasePlaneRenderShape", "bluePencil"),
    *("snapshotShape", "motionTrailShape", "unitConversion", "hikFloorContactMarker", "nurbsDimShape"),
}


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
    Awkward(
        "standins", "stand-ins", ("aiStandIn", "mayaUsdProxyShape"), (OPEN, BOX, SKIP), "their materials are inside"
    ),
    Awkward("caches", "GPU caches", ("gpuCache",), (OPEN, BOX, SKIP), "they draw colours of their own"),
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
    Awkward("unknown", "shapes of other plug-ins", (), (SKIP, BOX), "what they draw is not known here"),
)
_BY_KEY = {one.key: one for one in AWKWARD}
_BY_TYPE = {kind: one for one in AWKWARD for kind in one.types}

TYPES = (*PLAIN_TYPES, *_BY_TYPE)  # the types of shapes that are known and that a camera can see


def seen(kind: str) -> bool:
    """Whether a camera may see shapes of a type: what is not known to be unseen may be drawn by its plug-in."""
    return kind not in UNSEEN and not kind.lower().endswith("light")


def _awkward(kind: str) -> Awkward | None:
    return None if kind in PLAIN_TYPES else _BY_TYPE.get(kind, _BY_KEY["unknown"])


def treatment(kind: str, cutout: bool, policies: Mapping[str, str]) -> str:
    """What is done with a shape of Maya's type `kind`; `cutout` says that its material cuts it out."""
    awkward = _BY_KEY["cards"] if cutout and kind in PLAIN_TYPES else _awkward(kind)
    if awkward is None:
        return PLAIN
    chosen = _chosen(awkward, policies)
    return BOX if chosen == OPEN else chosen


def opened(kind: str, policies: Mapping[str, str]) -> bool:
    """Whether shapes of Maya's type `kind`, a cache, become meshes in a copy."""
    return _chosen(_BY_TYPE[kind], policies) == OPEN


def _chosen(awkward: Awkward, policies: Mapping[str, str]) -> str:
    chosen = policies.get(awkward.key, awkward.choices[0])
    return chosen if chosen in awkward.choices else awkward.choices[0]


_WORDS = {BOX: "drawn as boxes", SKIP: "left out", CUT: "cut out by their transparency", SOLID: "drawn whole"}


def counts(treated: Iterable[tuple[str, str]]) -> dict[str, int]:
    """(kind, treatment) of every shape -> words for the report -> number. Ordinary surfaces are not mentioned."""
    result: dict[str, int] = {}
    for kind, how in treated:
        if how != PLAIN:
            awkward = _BY_KEY["cards"] if how in (CUT, SOLID) else _awkward(kind)
            assert awkward is not None
            title = kind if awkward.key == "unknown" else awkward.title
            words = f"{title} {_WORDS[how]}"
            result[words] = result.get(words, 0) + 1
    return result
