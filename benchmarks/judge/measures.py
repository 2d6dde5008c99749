"""What is measured of pictures against the labels and the real pictures. Pure functions of arrays.

- mIoU of the segmenter's reading against the labels, pixels within 1 of a border left out.
- KID (Binkowski et al., arXiv 1801.01401) of patches on the segmenter's features against one half of the real pictures.
- High-frequency energy per class: mean square of the difference to a 5x5 mean, inside the class, over the real one's.

Intervals are of 95 %, over resampled pictures.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from benchmarks.judge.segmenter import Pictures

BORDER = 1  # pixels next to another class are not judged
PATCH = 4  # feature cells a side; a cell is 4x4 pixels
BOOTSTRAPS = 200


def inside(ids: NDArray[np.uint16], reach: int = BORDER) -> NDArray[np.bool_]:
    """Pixels (N, H, W) with no other class within `reach`."""
    kernel = np.ones((2 * reach + 1,) * 2, np.uint8)
    return np.stack([cv2.erode(one, kernel) == cv2.dilate(one, kernel) for one in ids])


def confusion(
    found: NDArray[np.int64], wanted: NDArray[np.int64], where: NDArray[np.bool_], classes: int
) -> NDArray[np.int64]:
    """(N, classes, classes): pixels `where` of every picture, by the class wanted and the class found."""
    rows = [
        np.bincount(w[here] * classes + f[here], minlength=classes**2).reshape(classes, classes)
        for f, w, here in zip(found, wanted, where, strict=True)
    ]
    return np.stack(rows).astype(np.int64)


def overlap(table: NDArray[np.int64]) -> NDArray[np.float64]:
    """Intersection over union per class of a table (classes, classes); nan for one that does not occur."""
    hit = np.diag(table)
    total = table.sum(0) + table.sum(1) - hit
    result: NDArray[np.float64] = np.where(table.sum(1) > 0, hit / np.maximum(total, 1), np.nan)
    return result


def overlap_interval(tables: NDArray[np.int64]) -> tuple[float, float, float]:
    """Mean intersection over union of tables (N, classes, classes), and its interval."""
    rng = np.random.default_rng(0)
    again = rng.integers(0, len(tables), (BOOTSTRAPS, len(tables)))
    low, high = np.percentile([np.nanmean(overlap(tables[chosen].sum(0))) for chosen in again], [2.5, 97.5])
    return float(np.nanmean(overlap(tables.sum(0)))), float(low), float(high)


def patches(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, patches, C): mean features of non-overlapping patches."""
    pooled = F.avg_pool2d(torch.from_numpy(features), PATCH)
    return pooled.flatten(2).transpose(1, 2).contiguous().numpy()


def kid(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Unbiased squared maximum mean discrepancy with the cubic kernel, of (n, C) and (m, C)."""
    size = one.shape[1]

    def kernel(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = (a.astype(np.float64) @ b.T.astype(np.float64) / size + 1) ** 3
        return result

    n, m = len(one), len(other)
    xx, yy = kernel(one, one), kernel(other, other)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(within - 2 * kernel(one, other).mean())


def kid_interval(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, float, float]:
    """KID and its interval; one, other (N, patches, C), brought to unit scale."""
    scale = other.reshape(-1, other.shape[-1]).std(0).mean() + 1e-9
    one, other = one / scale, other / scale
    rng = np.random.default_rng(0)
    values = []
    for _ in range(BOOTSTRAPS):
        a, b = rng.choice(len(one), len(one)), rng.choice(len(other), len(other))
        values.append(kid(_some(one[a], rng), _some(other[b], rng)))
    low, high = np.percentile(values, [2.5, 97.5])
    return kid(one.reshape(-1, one.shape[-1]), other.reshape(-1, other.shape[-1])), float(low), float(high)


def _some(features: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """500 patches of those pictures: the kernel grows with the square."""
    flat = features.reshape(-1, features.shape[-1])
    return flat[rng.choice(len(flat), min(500, len(flat)), False)]


def energy(pictures: Pictures, ids: NDArray[np.uint16], classes: list[int]) -> NDArray[np.float64]:
    """High-frequency energy per class, in squared 8-bit codes of luma, 3 pixels and more from a border."""
    luma = pictures.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    high = np.stack([one - cv2.blur(one, (5, 5)) for one in luma]) ** 2
    where = inside(ids, 3)
    found = [high[where & (ids == identity)] for identity in classes]
    return np.array([values.mean() if len(values) > 300 else np.nan for values in found])
