"""A watermark of 32 bits that nobody sees and a compressed movie still carries. Pure functions of arrays.

One tile of 128 x 128 pixels is repeated from the picture's corner on, the same on every frame, so that it adds up over
frames while the picture does not. Its grains of 2 x 2 pixels are one brighter or darker step each: half of them are
always the same (by them a detector finds the mark and how far the picture was moved), each of the others carries one
of the bits. The steps are larger where the picture is busy. It is a mark of courtesy: who wants to remove it can.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.values import Value

RECIPE = 1  # of the marked pixels; goes up whenever the same bits would give others
BITS = 32
TILE = 128  # pixels
GRAIN = 2  # pixels
STEP = 1.7  # of 255, at most in the mean (root of mean squares) of what is marked: a peak signal to noise of 43.5 dB
QUIET, LOUD = 0.6, 1.6  # how much of that where the picture is flat, and where it is busiest
BUSY = 12.0  # of 255: standard deviation around a pixel at which it is busy
AROUND = 4.0  # pixels (sigma), of that deviation

BACKGROUND = 3.0  # pixels (sigma) of what the detector takes for the picture
MOST = 6.0  # of 255: what differs more from the background is an edge, no mark
THRESHOLD = 7.0  # standard deviations above chance; unmarked films have come to 5.2 in all windows and scales together
UNMOVED = 5.0  # the same where the picture was neither moved nor scaled, which is one place and not a hundred thousand
DOUBTFUL = 2.0  # standard deviations below which a bit may be another one
REACH = 32.0  # pixels (sigma) over which the detector judges how strong the mark is
WINDOWS = (4, 2)  # tiles a side, of the windows that are looked at beside the whole frame
SCALES = (1.0, 0.75, 2 / 3, 0.5, 4 / 3, 1.5, 2.0)  # of the film to the marked pictures: usual deliveries

Plane = NDArray[np.float32]


class Found(Value):
    """A watermark: its number, how sure the detector is that it is there, in standard deviations; how many of its bits
    are in doubt; and the scale of the film to what was marked."""

    number: int
    sure: float
    doubtful: int
    scale: float


class Residue(Value):
    """What is left of frames without their pictures: the mean (H, W) in steps of 255, and where it counts (H, W)."""

    mean: Plane
    weight: Plane
    frames: int


@lru_cache(maxsize=1)
def _cells() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Of each grain of a tile, in rows: the bit that it carries, -1 for none; its sign. The same on all machines."""
    count = (TILE // GRAIN) ** 2
    drawn = np.frombuffer(hashlib.shake_256(b"semrender watermark 1").digest(4 * count + count // 8), np.uint8)
    order = np.argsort(drawn[: 4 * count].view("<u4"), kind="stable")
    carries = np.full(count, -1, np.int64)
    carries[order[count // 2 :]] = np.arange(count // 2) % BITS
    signs = np.unpackbits(drawn[4 * count :]).astype(np.float32) * 2 - 1
    return carries, signs


def tile(number: int) -> Plane:
    """(128, 128) of steps -1 and 1."""
    carries, signs = _cells()
    bits = np.array([(number >> bit) & 1 for bit in range(BITS)], np.float32) * 2 - 1
    return _grains(np.where(carries < 0, signs, signs * bits[carries]))


def _grains(cells: NDArray[np.float32]) -> Plane:
    side = TILE // GRAIN
    return np.kron(cells.reshape(side, side), np.ones((GRAIN, GRAIN), np.float32)).astype(np.float32)


def marked(picture: NDArray[np.float32], coverage: Plane, number: int) -> NDArray[np.float32]:
    """The picture (H, W, 3), sRGB 0..1, with a number of 32 bits in what is covered (H, W) of it."""
    rows, columns = np.flatnonzero(coverage.any(1)), np.flatnonzero(coverage.any(0))
    if not len(rows):
        return picture
    margin = round(4 * AROUND)  # as far as `loudness` looks
    part = tuple(slice(max(int(ends[0]) - margin, 0), int(ends[-1]) + 1 + margin) for ends in (rows, columns))
    inside = coverage[part] > 0
    down, across = (
        np.arange(one.start, one.start + length) % TILE for one, length in zip(part, inside.shape, strict=True)
    )
    weight = loudness(_luma(picture[part])) * inside
    rms = float(np.sqrt(np.mean(np.square(weight[inside]))))
    change = tile(number)[np.ix_(down, across)] * weight * np.float32(STEP / 255 / max(rms, 1))
    result = picture.copy()
    result[part] = np.clip(picture[part] + change[..., None], 0, 1)
    return result


def loudness(luma: Plane) -> Plane:
    """How strong the mark may be (H, W) on a picture of 0..255: by the standard deviation around each pixel."""
    mean = cv2.GaussianBlur(luma, (0, 0), AROUND)
    spread = np.sqrt(np.maximum(cv2.GaussianBlur(luma * luma, (0, 0), AROUND) - mean * mean, 0))
    return np.asarray(QUIET + (LOUD - QUIET) * np.minimum(spread / BUSY, 1), np.float32)


def residue(frames: Iterable[tuple[NDArray[np.float32], Plane | None]]) -> Residue | None:
    """What frames of one size have in common beside their pictures; None of no frames.

    frames: (H, W, 3) sRGB 0..1, each with where it counts (H, W) 0..1, or None for everywhere.
    """
    total: Plane | None = None
    count = 0
    for picture, coverage in frames:
        luma = _luma(picture)
        there = np.ones(luma.shape, np.float32) if coverage is None else (coverage > 0).astype(np.float32)
        share = np.maximum(cv2.GaussianBlur(there, (0, 0), BACKGROUND), 1e-3)
        left = np.clip(luma - cv2.GaussianBlur(luma * there, (0, 0), BACKGROUND) / share, -MOST, MOST)
        if total is None:
            total, weight = np.zeros_like(luma), np.zeros_like(luma)
        if luma.shape != total.shape:
            break  # another size: another picture
        total += left * there
        weight += there
        count += 1
    if total is None:
        return None
    mean = np.asarray(total / np.maximum(weight, 1), np.float32)
    return Residue(mean, np.asarray(weight / count, np.float32), count)


def joined(parts: Sequence[Residue]) -> Residue:
    """The residue of all of some frames, from those of parts of them that have the size of the first."""
    same = [one for one in parts if one.mean.shape == parts[0].mean.shape]
    counts = [one.weight * one.frames for one in same]
    frames, total = sum(one.frames for one in same), np.sum(counts, 0)
    mean = np.sum([one.mean * count for one, count in zip(same, counts, strict=True)], 0) / np.maximum(total, 1)
    return Residue(np.asarray(mean, np.float32), np.asarray(total / frames, np.float32), frames)


def detect(left: Residue) -> Found | None:
    """The watermark of what frames have in common; None where there is none."""
    for scale in SCALES:
        found = _detect(left if scale == 1 else _resized(left, 1 / scale), scale)
        if found is not None:
            return found
    return None


def certainty(left: Residue, number: int, coverage: Plane) -> float:
    """How sure it is, in standard deviations, that what frames have in common has this very number where it is covered
    (H, W), unmoved: a film of another size is taken for the marked pictures scaled. `UNMOVED` is enough."""
    height, width = coverage.shape
    if left.mean.shape != coverage.shape:
        how = cv2.INTER_AREA if left.mean.shape[0] > height else cv2.INTER_CUBIC
        planes = (cv2.resize(plane, (width, height), interpolation=how) for plane in (left.mean, left.weight))
        mean, weight = (np.asarray(plane, np.float32) for plane in planes)
        left = Residue(mean, weight, left.frames)
    folded = _folded(_quietened(Residue(left.mean, left.weight * (coverage > 0), left.frames)))
    surface = np.fft.irfft2(np.fft.rfft2(folded) * np.conj(np.fft.rfft2(tile(number))), (TILE, TILE))
    return float((surface[0, 0] - np.mean(surface)) / max(float(np.std(surface)), 1e-9))


def strongest(left: Residue) -> float:
    """How sure a detector is at most, in standard deviations, of whatever is there; `THRESHOLD` is held against it."""
    return max(_look(_quietened(left if scale == 1 else _resized(left, 1 / scale)))[0] for scale in SCALES)


def _resized(left: Residue, times: float) -> Residue:
    how = cv2.INTER_AREA if times < 1 else cv2.INTER_CUBIC
    planes = (cv2.resize(plane, None, fx=times, fy=times, interpolation=how) for plane in (left.mean, left.weight))
    mean, weight = (np.asarray(plane, np.float32) for plane in planes)
    return Residue(mean, weight, left.frames)


def _detect(left: Residue, scale: float) -> Found | None:
    whole = _quietened(left)
    sure, (down, across) = _look(whole)
    if sure < (UNMOVED if (down, across) == (0, 0) and scale == 1 else THRESHOLD):
        return None
    carries, signs = _cells()
    height, width = whole.shape
    sync = np.roll(_grains(np.where(carries < 0, signs, 0)), (down, across), (0, 1))
    agrees = whole * np.tile(sync, (height // TILE, width // TILE))
    here = cv2.GaussianBlur(agrees, (0, 0), REACH)  # how strong the mark is, place by place
    doubt = float(np.std(agrees)) / (2 * REACH * np.sqrt(np.pi))
    here = np.maximum(here - doubt, 0)
    folded = np.roll(_folded(whole * here), (-down, -across), (0, 1))
    grains = folded.reshape(TILE // GRAIN, GRAIN, TILE // GRAIN, GRAIN).sum((1, 3)).ravel()
    own = np.where(carries >= 0, grains * signs, 0)
    sums = np.array([own[carries == bit].sum() for bit in range(BITS)])
    noise = max(float(np.std(grains[carries >= 0] - _means(sums, carries, signs))), 1e-9)
    number = sum(1 << bit for bit in range(BITS) if sums[bit] > 0)
    by_chance = noise * np.sqrt(np.count_nonzero(carries == 0))
    doubtful = int(np.count_nonzero(np.abs(sums) < DOUBTFUL * by_chance))
    return Found(number, round(sure, 1), doubtful, scale)


def _means(sums: NDArray[np.float64], carries: NDArray[np.int64], signs: NDArray[np.float32]) -> NDArray[np.float64]:
    """What each of the grains that carry a bit would be without noise."""
    data = carries >= 0
    return np.asarray((sums / np.count_nonzero(carries == 0))[carries[data]] * signs[data], np.float64)


def _look(whole: Plane) -> tuple[float, tuple[int, int]]:
    """The best of all windows: how sure, and how far the tile is moved (down, across); unmoved where that is likely."""
    carries, signs = _cells()
    sync = np.conj(np.fft.rfft2(_grains(np.where(carries < 0, signs, 0))))
    rows, columns = whole.shape[0] // TILE, whole.shape[1] // TILE
    best = (0.0, (0, 0))
    for top, start, bottom, end in _windows(rows, columns):
        folded = _folded(whole[top * TILE : bottom * TILE, start * TILE : end * TILE])
        if not folded.any():
            continue
        surface = np.fft.irfft2(np.fft.rfft2(folded) * sync, (TILE, TILE))
        surface = (surface - np.mean(surface)) / max(float(np.std(surface)), 1e-9)
        place = int(np.argmax(surface))
        if surface.flat[place] > best[0]:
            best = (float(surface.flat[place]), (place // TILE, place % TILE))
        if (top, start) == (0, 0) and (bottom, end) == (rows, columns) and surface[0, 0] > UNMOVED:
            return float(surface[0, 0]), (0, 0)
    return best


def _windows(rows: int, columns: int) -> Iterator[tuple[int, int, int, int]]:
    """Top, left, bottom and right, in tiles, of what is looked at together: all, and squares that half overlap."""
    yield 0, 0, rows, columns
    for side in WINDOWS:
        if side < max(rows, columns):
            for top in range(0, max(rows - side, 0) + 1, side // 2):
                for start in range(0, max(columns - side, 0) + 1, side // 2):
                    yield top, start, min(top + side, rows), min(start + side, columns)


def _folded(whole: Plane) -> Plane:
    """All tiles of a plane over one another."""
    rows, columns = whole.shape[0] // TILE, whole.shape[1] // TILE
    return np.asarray(whole.reshape(rows, TILE, columns, TILE).sum((0, 2)), np.float32)


def _quietened(left: Residue) -> Plane:
    """What counts, each pixel by how quiet it is around, since noise says little; grown to whole tiles."""
    height, width = left.mean.shape
    energy = cv2.GaussianBlur(left.mean * left.mean, (0, 0), 2 * AROUND)
    whole = left.mean * left.weight / (energy + 0.25)
    grown = np.pad(whole, ((0, -height % TILE), (0, -width % TILE)))
    return np.asarray(grown, np.float32)


def _luma(picture: NDArray[np.float32]) -> Plane:
    """(H, W), 0..255, by Rec. 709."""
    return np.asarray(picture @ np.array([0.2126, 0.7152, 0.0722], np.float32) * np.float32(255), np.float32)
