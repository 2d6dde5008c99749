"""Motion where the renderer gave none: optical flow (OpenCV's DIS, Kroeger et al., ECCV 2016).

Between pictures, where a layer is made of some: a plate shows what moves. Else between label maps; a painting's grain
stays on the screen, so it would say that nothing moves. What moves in labels are the outlines of the classes: each map
becomes a picture of its distances to them, with a shade per class.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.stability.motion import NOWHERE, ROUND_TRIP, Field, Ids, grid, sampled

LEAST = 32  # pixels a side; a smaller frame is continued by its edge, which the search needs
FAR = 24.0  # pixels from an outline beyond which there is nothing to follow
STANDS = 0.05  # pixels a frame, below which nothing moves but the grain of a clip
ALIKE, NEAR = 24.0, 3  # codes by which means of so many pixels a side may differ that are one surface
LONELY = 5  # pixels a side; what two pictures share is larger, or chance
CUT = 0.25  # share of the pixels; where no more of them are found again the pictures show different things

Grey = NDArray[np.uint8]  # (H, W)


def picture_of(ids: Ids) -> Grey:
    """(H, W): a shade per class, brighter with the distance to its outline."""
    kernel = np.ones((3, 3), np.uint8)
    inside = (cv2.erode(ids, kernel) == cv2.dilate(ids, kernel)).astype(np.uint8)
    distance = np.minimum(cv2.distanceTransform(inside, cv2.DIST_L2, 5), FAR) / FAR
    shade = (ids.astype(np.uint32) * 2654435761 >> 8) % 128
    return np.asarray(shade + 120 * distance, np.uint8)


def flow(ids: Ids, other: Ids) -> Field:
    """(H, W, 2) pixels, x right, y down: leads from `ids` to the same thing in `other`."""
    return followed(picture_of(ids), picture_of(other))


def followed(one: Grey, other: Grey) -> Field:
    """(H, W, 2) pixels, x right, y down: leads from a picture to the same thing in another."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    height, width = one.shape
    more = (0, max(0, LEAST - height), 0, max(0, LEAST - width))
    here, there = (cv2.copyMakeBorder(picture, *more, cv2.BORDER_REPLICATE) for picture in (one, other))
    found = search.calc(here, there, np.zeros((*here.shape, 2), np.float32))
    return np.ascontiguousarray(found[:height, :width], np.float32)


def trusted(field: Field, back: Field, one: Grey, other: Grey) -> Field:
    """Flow from one picture to another, as far as that of the way back agrees and both look alike there.

    What it does not know leads NOWHERE.
    """
    at = grid(*field.shape[:2]) + field
    returned = np.linalg.norm(field + sampled(back, at), axis=2) <= ROUND_TRIP
    here, there = (cv2.blur(picture, (NEAR, NEAR)).astype(np.float32) for picture in (one, other))
    alike = np.abs(sampled(there, at) - here) <= ALIKE
    sure = cv2.morphologyEx((returned & alike).astype(np.uint8), cv2.MORPH_OPEN, np.ones((LONELY, LONELY), np.uint8))
    if sure.mean() < CUT:
        return np.full_like(field, NOWHERE)
    stands = np.linalg.norm(field, axis=2) < STANDS
    return np.where(sure[..., None] > 0, np.where(stands[..., None], np.float32(0), field), NOWHERE)
