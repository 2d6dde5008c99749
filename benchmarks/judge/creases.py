"""Whether pictures show what the geometry does inside a class. Pure functions of arrays.

A crease is a pixel from which the surface normal turns by more than 45 degrees to one of its eight neighbours. It is
compared with flat neighbours: pixels of the same class in the same picture, at most 8 pixels from a crease, from which
no normal within 2 pixels turns by more than 10 degrees. So light, material and distance are alike, and the filter over
a flat pixel touches no crease. Both lie inside the class, which fills the 5x5 pixels around them: the outline of a
thing, which any label tells, does not count.

The measure is the chance that a crease has more local contrast (length of the Sobel gradient of luma) than a flat
neighbour (the area under the ROC curve): 1 where every crease is an edge, 0.5 where the picture knows nothing of them.
It asks for order, not for strength, so that neither grade nor grain decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.judge.segmenter import Pictures

Mask = NDArray[np.bool_]  # (H, W)

SHARP, FLAT = np.cos(np.radians([45.0, 10.0]))
KNOWN = 0.5  # the length of a normal that is one
INSIDE = 2  # pixels around of one class, and of flat surface
NEIGHBOURS = 8  # pixels
LEAST = 10  # creases, and flat pixels, of a class in a picture that is judged by it
BOOTSTRAPS = 200
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Shown:
    """How well creases show: auc and its 95 % interval over resampled pictures, nan where there are too few."""

    auc: float
    low: float
    high: float
    creases: int
    pictures: int


def turns(normal: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """(H, W): the least cosine between a pixel's normal (H, W, 3) and those within `reach`; -1 where one is unknown."""
    height, width = normal.shape[:2]
    length = np.linalg.norm(normal, axis=2, keepdims=True)
    around = np.pad(normal / np.maximum(length, KNOWN), [(reach, reach), (reach, reach), (0, 0)], mode="edge")
    here = around[reach : reach + height, reach : reach + width]
    least = np.ones((height, width), np.float32)
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            other = around[down : down + height, right : right + width]
            least = np.minimum(least, np.einsum("hwc,hwc->hw", here, other))
    square = np.ones((2 * reach + 1,) * 2, np.uint8)
    unknown = cv2.dilate((length[..., 0] < KNOWN).astype(np.uint8), square)
    result: NDArray[np.float32] = np.where(unknown > 0, np.float32(-1), least)
    return result


def creases_and_flats(normal: NDArray[np.float32], ids: NDArray[np.uint16]) -> tuple[Mask, Mask]:
    """Where a surface of one picture has a crease and where it is flat, deep enough in its class; (H, W) each."""
    square = np.ones((2 * INSIDE + 1,) * 2, np.uint8)
    within = cv2.erode(ids, square) == cv2.dilate(ids, square)
    known = cv2.erode((np.linalg.norm(normal, axis=2) > KNOWN).astype(np.uint8), square) > 0
    return within & known & (turns(normal, 1) < SHARP), within & known & (turns(normal, INSIDE) > FLAT)


def contrast(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W): length of the gradient of luma, codes a pixel."""
    luma = picture.astype(np.float32) @ LUMA
    across, down = (cv2.Sobel(luma, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    result: NDArray[np.float32] = np.hypot(across, down)
    return result


def area(more: NDArray[np.float32], less: NDArray[np.float32]) -> float:
    """The chance that one of `more` is greater than one of `less`; equal ones count half."""
    order = np.sort(less)
    above = np.searchsorted(order, more, "left") + np.searchsorted(order, more, "right")
    return float(above.mean() / 2 / len(order))


def shown(
    pictures: Pictures, normals: NDArray[np.float32], ids: NDArray[np.uint16], groups: dict[str, list[int]]
) -> dict[str, Shown]:
    """Of every group of classes: pictures are weighted by their creases. normals (N, H, W, 3), ids (N, H, W)."""
    found: dict[str, list[tuple[float, int]]] = {name: [] for name in groups}
    near = np.ones((2 * NEIGHBOURS + 1,) * 2, np.uint8)
    for picture, normal, own in zip(pictures, normals, ids, strict=True):
        sharp, flat = creases_and_flats(normal, own)
        strength = contrast(picture)
        for name, classes in groups.items():
            of_class = np.isin(own, classes)
            crease = sharp & of_class
            beside = flat & of_class & (cv2.dilate(crease.astype(np.uint8), near) > 0)
            if crease.sum() >= LEAST and beside.sum() >= LEAST:
                found[name].append((area(strength[crease], strength[beside]), int(crease.sum())))
    return {name: _mean(rows) for name, rows in found.items()}


def _mean(rows: list[tuple[float, int]]) -> Shown:
    if not rows:
        return Shown(np.nan, np.nan, np.nan, 0, 0)
    values, weights = np.array(rows).T
    rng = np.random.default_rng(0)
    again = rng.integers(0, len(rows), (BOOTSTRAPS, len(rows)))
    low, high = np.percentile((values[again] * weights[again]).sum(1) / weights[again].sum(1), [2.5, 97.5])
    return Shown(float(np.average(values, weights=weights)), float(low), float(high), int(weights.sum()), len(rows))
