"""Surfaces that stand still: they keep one painting for as long as a block of windows, or go over to another slowly.

A network looks around: beside a passing train it paints still ground anew in every frame, shadows and all. From anchor
to anchor that is gone through in twelve frames, and seen. So what does not move for a whole block (`window.block`)
takes its pixels from the painting of the block's first frame, and on the way to the last goes over to that one's, so
evenly that no frame differs from the next by more than a code in fifty of what the two differ by. Towards all that
moves, hides or comes into view within the block this gives way.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.stability.late import carry
from inference_server.stability.motion import Field, Seen

STILL = 1 / 512  # pixels a frame; in a block of the longest that is an eighth of a pixel
FADE = 24  # pixels over which it gives way to what moves

Share = NDArray[np.float32]  # (H, W) 0..1


def stays(field: Field, here: Seen, there: Seen) -> NDArray[np.bool_]:
    """(H, W): pixels whose surface is in the same place of the frame that `field` leads to, by label and depth."""
    seen = np.empty(here.ids.shape, np.uint8)
    nothing = np.zeros((0, 0), np.float32)
    depths = (nothing, nothing) if here.depth is None or there.depth is None else (here.depth, there.depth)
    carry.seen_there(field, here.ids, there.ids, *depths, seen)
    return np.asarray((seen == 1) & (np.abs(field) < STILL).all(2))


def share_of(still: NDArray[np.bool_]) -> Share:
    """How much of a pixel is still: 1 where nothing within FADE pixels moves, 0 where it does itself."""
    far = cv2.distanceTransform(still.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.minimum(far / np.float32(FADE), 1), np.float32)


def calmed(
    picture: NDArray[np.float32], share: Share, towards: float, paintings: tuple[NDArray[Any], NDArray[Any]]
) -> NDArray[np.float32]:
    """The picture (H, W, 3), 0..1, with what is still taken from the paintings of its block's ends.

    Args:
        share: as `share_of` gives it; towards: of the way from the first painting to the last, 0..1.
        paintings: (H, W, 3), integers over their whole range.
    """
    scale = np.float32(1 / np.iinfo(paintings[0].dtype).max)
    first, last = (one * scale for one in paintings)
    still = first if towards == 0 else first + np.float32(towards) * (last - first)
    return np.asarray(picture + share[..., None] * (still - picture), np.float32)
