"""Classes that names suggest: `pine_tree_03` is a tree. The artist confirms; nothing is assigned by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from maya_plugin.core.contract import SceneObject
from maya_plugin.core.members import bare, upwards
from shared.label_set import LabelSet, plain

FILLERS = {"geo", "grp", "group", "mesh", "shape", "shd", "mat", "sg", "mtl", "proxy", "high", "low", "lod", "hi", "lo"}
OWN_NAME, MATERIAL, ASSET, ABOVE = 1.0, 0.8, 0.7, 0.6  # how much is to be said for a word found there


@dataclass(frozen=True)
class Suggestion:
    """One class for things that share the reason."""

    class_id: int
    name: str
    because: str  # such as "name pine_tree_03"
    score: float  # 0 to 1
    nodes: tuple[str, ...]


def suggest(objects: Iterable[SceneObject], label_set: LabelSet) -> tuple[Suggestion, ...]:
    """For every thing without class the class its names speak for, one entry per class and reason, surest first."""
    words = _vocabulary(label_set)
    longest = max(len(key.split()) for key in words)
    found: dict[tuple[int, str], tuple[float, dict[str, None]]] = {}
    for thing in objects:
        if thing.class_id is not None:
            continue
        best = max(
            ((score, label, why) for score, name, why in _names(thing) for label in _labels(name, words, longest)),
            key=lambda one: one[0],
            default=None,
        )
        if best is not None:
            score, label, why = best
            found.setdefault((label, why), (score, {}))[1][thing.node] = None
    made = [
        Suggestion(identity, label_set.by_id(identity).name, why, score, tuple(nodes))
        for (identity, why), (score, nodes) in found.items()
    ]
    return tuple(sorted(made, key=lambda one: (-one.score, one.name, one.because)))


def _names(thing: SceneObject) -> list[tuple[float, str, str]]:
    above = [bare(path) for path in upwards(thing.node)][1:]
    names = [(OWN_NAME, bare(thing.node), "name")]
    names += [(MATERIAL, bare(material), "material") for material in thing.materials]
    names += [(ASSET, thing.asset, "asset")] if thing.asset else []
    names += [(ABOVE, name, "group") for name in above]
    return [(score, name, f"{kind} {name}") for score, name, kind in names]


def _vocabulary(label_set: LabelSet) -> dict[str, int]:
    """Words as people write them -> class id; "building-other" also answers to "building" where that is free."""
    exact = {_spaced(name): label.id for label in label_set.labels for name in (label.name, *label.aliases)}
    for label in label_set.labels:
        for name in (label.name, *label.aliases):
            head = re.sub(r"[-_ ](other|stuff|merged)$", "", name)
            exact.setdefault(_spaced(head), label.id)
    return {words: identity for words, identity in exact.items() if words and words not in FILLERS}


def _labels(name: str, words: dict[str, int], longest: int) -> list[int]:
    """The class of the longest run of words in a name, plural or not."""
    parts = [part for part in _spaced(name).split() if part not in FILLERS]
    for length in range(min(longest, len(parts)), 0, -1):
        for start in reversed(range(len(parts) - length + 1)):  # in English the last word is the noun
            run = " ".join(parts[start : start + length])
            for spelled in (run, run[:-1] if run.endswith("s") else run, plain(run)):
                if spelled in words:
                    return [words[spelled]]
    return []


def _spaced(name: str) -> str:
    """`PineTree_03-geo` -> `pine tree geo`."""
    return " ".join(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold()))
