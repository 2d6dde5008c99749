"""Whether a held frame is one picture: what it shows that none of the paintings it is made of has.

A frame may show the painting of the anchor before it, of the anchor after it (both carried whole, by the exact motion,
to where their surfaces are now) or its own. Compared are means of BLOCK pixels a side, so texture, which may be mixed,
does not count; beside a class's outline nothing counts. In thousandths of the pixels:

- steps: the difference of two neighbouring blocks is larger by STEP codes than in any of the three pictures nearby.
- blocks: a block differs from all four around it, in one direction, by STEP codes more than in any of the three.
- ghosts: a block's colour is GHOST codes from that of each of the three: two of them lie over one another.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.warping_error import Ids, Motion, Picture
from inference_server.stability import carry, hold
from inference_server.stability.motion import Seen, inverse
from inference_server.stability.window import anchors

BLOCK = 6  # pixels a side
STEP = 10.0  # 8-bit codes
GHOST = 20.0  # 8-bit codes
NEARBY = 9  # pixels a side within which a painting may have the same step
BORDER = 3  # pixels from a class's outline that do not count

Coherence = tuple[float, float, float]  # steps, blocks, ghosts: thousandths of the pixels
Plane = NDArray[np.float32]


def coherence(
    held: Mapping[int, Picture],
    frame_by_frame: Mapping[int, Picture],
    ids: Mapping[int, Ids],
    motions: Mapping[int, Motion],
    strength: str,
) -> Coherence:
    """The mean over the frames between anchors."""
    found, first, last = [], min(held), max(held)
    for frame in sorted(held):
        before, after = anchors(frame, strength, first, last)
        if before < frame < after:
            known = [frame_by_frame[frame]]
            known += [carried(frame_by_frame[anchor], anchor, frame, ids, motions) for anchor in (before, after)]
            kernel = np.ones((2 * BORDER + 1,) * 2, np.uint8)
            where = cv2.erode(ids[frame], kernel) == cv2.dilate(ids[frame], kernel)
            found.append(new_in(held[frame], known, where))
    return tuple(float(value) for value in np.mean(found, 0))


def carried(
    picture: Picture, anchor: int, frame: int, ids: Mapping[int, Ids], motions: Mapping[int, Motion]
) -> Picture:
    """An anchor's painting where its surfaces are in another frame; no number where it did not see them."""
    step = -1 if anchor < frame else 1
    chain = hold.chain_begins(0, picture.shape[:2])
    for at in range(anchor - step, frame - step, -step):
        towards = motions[at] if step < 0 else motions[at + 1]
        rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
        field = np.dstack([towards.from_x - columns, towards.from_y - rows])
        here, there = (Seen(ids[n], motions[n].depth) for n in (at, at + step))
        chain = hold.chain_goes_on(chain, 1, field if step < 0 else inverse(field), here, there)
    moved = np.empty_like(picture)
    codes, nowhere = picture.round().astype(np.uint8)[None], np.zeros(picture.shape[:2], np.float32)
    inside = np.minimum(chain.source, 0)
    carry.take(codes, np.float32(1), nowhere, chain.offset, inside, chain.offset, inside, moved)
    moved[chain.source != 0] = np.nan
    return moved


def new_in(picture: Picture, known: list[Picture], where: NDArray[np.bool_]) -> Coherence:
    """Steps, blocks and ghosts of a picture (H, W, 3), 0..255, that none of the known ones has."""
    own = blocks_of(picture)
    others = [blocks_of(other) for other in known]
    count = max(int(where.sum()), 1)
    ghosts = np.min([_nan_is(np.abs(own - other).max(2), np.inf) for other in others], 0) > GHOST
    result = []
    for measure in (steps, lonely):
        allowed = np.max([_around(_nan_is(measure(other), 0)) for other in others], 0)
        result.append(measure(own) > allowed + STEP)
    return tuple(1000 * float((one & where).sum()) / count for one in (*result, ghosts))  # type: ignore[return-value]


def blocks_of(picture: Picture) -> Picture:
    """The mean of the block around every pixel; of what is known of it, if that is most of it."""
    known = np.isfinite(picture[..., 0])
    share = cv2.blur(known.astype(np.float32), (BLOCK, BLOCK))
    mean = cv2.blur(np.where(known[..., None], picture, 0), (BLOCK, BLOCK)) / np.maximum(share, 1e-6)[..., None]
    mean[(share < 0.75) | ~known] = np.nan
    return np.asarray(mean, np.float32)


def steps(blocks: Picture) -> Plane:
    """The largest difference between the blocks left and right, or above and below, of a pixel."""
    across, down = (_moved(blocks, 1, axis) - _moved(blocks, -1, axis) for axis in (1, 0))
    return np.asarray(np.fmax(np.abs(across).max(2), np.abs(down).max(2)), np.float32)


def lonely(blocks: Picture) -> Plane:
    """By how much a block's luma lies above, or below, all four around it."""
    luma = blocks.mean(2)
    around = [luma - _moved(luma, by, axis) for axis in (0, 1) for by in (2, -2)]
    above, below = np.min(around, 0), np.min([-one for one in around], 0)
    return np.asarray(np.fmax(np.fmax(above, below), 0), np.float32)


def _moved(plane: NDArray[np.float32], by: int, axis: int) -> NDArray[np.float32]:
    """By half blocks, along an axis; the edge goes on."""
    far = by * BLOCK // 2
    places = np.clip(np.arange(plane.shape[axis]) + far, 0, plane.shape[axis] - 1)
    return np.take(plane, places, axis)


def _around(plane: Plane) -> Plane:
    return np.asarray(cv2.dilate(plane, np.ones((NEARBY, NEARBY), np.uint8)), np.float32)


def _nan_is(plane: Plane, value: float) -> Plane:
    return np.asarray(np.where(np.isfinite(plane), plane, np.float32(value)), np.float32)
