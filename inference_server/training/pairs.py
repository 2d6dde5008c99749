"""Pairs of label map and picture from a folder, held in memory as bytes.

A folder holds `NNNNN_label.png` (8-bit grey, class id) and `NNNNN_image.png` (8-bit sRGB) of one size,
and optionally `meta.jsonl` with one object a line whose `i` is the pair's number and whose `look` names
a condition that the labels do not tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.errors import InputRefused, MissingInput


@dataclass(frozen=True)
class Pairs:
    """All pairs of a folder.

    labels: (N, H, W) uint8, index into `classes`; images: (N, H, W, 3) uint8; looks: (N,) int64, index
    into `look_names`; classes: the label-set ids in channel order.
    """

    labels: NDArray[np.uint8]
    images: NDArray[np.uint8]
    looks: NDArray[np.int64]
    classes: tuple[int, ...]
    look_names: tuple[str, ...]

    def batches(
        self, size: int, rng: np.random.Generator
    ) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]]:
        """One epoch in random order, each pair mirrored half of the time; labels stay exact."""
        order = rng.permutation(len(self.labels))
        for start in range(0, len(order) - size + 1, size):
            chosen = order[start : start + size]
            labels, images = self.labels[chosen], self.images[chosen]
            mirrored = rng.random(size) < 0.5
            labels[mirrored] = labels[mirrored, :, ::-1]
            images[mirrored] = images[mirrored, :, ::-1]
            yield labels, images, self.looks[chosen]


def read_pairs(folder: Path, classes: tuple[int, ...] | None = None, looks: tuple[str, ...] = ()) -> Pairs:
    """Read every pair of `folder`; `classes` and `looks` fix the order (for held-out pairs)."""
    label_files = sorted(folder.glob("*_label.png"))
    if not label_files:
        raise MissingInput("no pairs here", file=folder, remedy="Put NNNNN_label.png beside NNNNN_image.png")
    ids, images = [], []
    for label_file in label_files:
        image_file = label_file.with_name(label_file.name.replace("_label", "_image"))
        if not image_file.exists():
            raise MissingInput("the label map has no picture", file=label_file, remedy=f"Add {image_file.name}")
        ids.append(np.asarray(Image.open(label_file)))
        images.append(np.asarray(Image.open(image_file).convert("RGB")))
        if ids[-1].shape != ids[0].shape or images[-1].shape[:2] != ids[0].shape:
            raise InputRefused("this pair has another size than the first", file=label_file)
    stacked = np.stack(ids)
    if classes is None:
        classes = tuple(int(i) for i in np.unique(stacked))
    table = np.full(256, 255, np.uint8)
    table[list(classes)] = np.arange(len(classes))
    labels = table[stacked]
    if (labels == 255).any():
        raise InputRefused(
            f"class ids outside the model's: {sorted(set(np.unique(stacked)) - set(classes))}", file=folder
        )

    meta = folder / "meta.jsonl"
    rows = [json.loads(line) for line in meta.read_text().splitlines()] if meta.exists() else []
    look_of = {int(row["i"]): str(row.get("look", "")) for row in rows}
    names = [look_of.get(int(f.name.split("_")[0]), "") for f in label_files]
    looks = looks or tuple(sorted(set(names), key=lambda n: (-names.count(n), n)))
    indices = np.array([looks.index(n) for n in names], np.int64)
    return Pairs(labels, np.stack(images), indices, classes, looks)
