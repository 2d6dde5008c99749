"""All measures of one set of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.judge import measures
from benchmarks.judge.creases import Shown, shown
from benchmarks.judge.segmenter import Pictures, Segmenter, read
from inference_server.training.pairs import Pairs
from shared.label_set import LabelSet

# What has parts is judged together where pairs have few of each.
GROUPS = {
    "houses, buildings": ("house", "building-other"),
    "mountains, rocks": ("mountain", "rock"),
}
MAN_MADE = ("train", "houses, buildings", "bridge")  # their mean is the measure of things


@dataclass(frozen=True)
class Judgement:
    """iou, energy: one a class, nan for one that cannot be judged; energy: over the real one's; miou, kid: with their
    intervals; creases: of every class and group, empty where no normals are known."""

    iou: NDArray[np.float64]
    miou: tuple[float, float, float]
    per_picture: NDArray[np.float64]
    kid: tuple[float, float, float]
    energy: NDArray[np.float64]
    creases: dict[str, Shown]

    @property
    def things(self) -> float:
        """Mean crease AUC of what people made, of what there is."""
        values = [self.creases[name].auc for name in MAN_MADE if name in self.creases and self.creases[name].pictures]
        return float(np.mean(values)) if values else np.nan


def judge(net: Segmenter, pictures: Pictures, held: Pairs, classes: list[int], label_set: LabelSet) -> Judgement:
    """KID compares the even pictures of `pictures` with the odd real ones, so that real against real is possible."""
    wanted, where = np.searchsorted(classes, held.ids).astype(np.int64), measures.inside(held.ids)
    found, features = read(net, pictures)
    _, real = read(net, held.images)
    tables = measures.confusion(found, wanted, where, len(classes))
    return Judgement(
        measures.overlap(tables.sum(0)),
        measures.overlap_interval(tables),
        np.array([float(np.nanmean(measures.overlap(table))) for table in tables]),
        measures.kid_interval(measures.patches(features)[::2], measures.patches(real)[1::2]),
        measures.energy(pictures, held.ids, classes) / measures.energy(held.images, held.ids, classes),
        _creases(pictures, held, classes, label_set),
    )


def _creases(pictures: Pictures, held: Pairs, classes: list[int], label_set: LabelSet) -> dict[str, Shown]:
    if held.geometry is None or not held.geometry.normals.any():
        return {}
    groups = {label_set.by_id(identity).name: [identity] for identity in classes}
    groups |= {name: [label_set.find(one).id for one in members] for name, members in GROUPS.items()}
    return shown(pictures, held.geometry.normals / np.float32(127), held.ids, groups)
