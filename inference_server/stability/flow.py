"""Motion where the renderer gave none: optical flow between label maps (OpenCV's DIS, Kroeger et al., ECCV 2016).

A painting's grain stays on the screen, so it would say that nothing moves. What moves are the outlines of the classes:
each map becomes a picture of its distances to them, with a shade per class.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.stability.motion import Field, Ids

LEAST = 32  # pixels a side; a smaller frame is continued by its edge, which the search needs
FAR = 24.0  # pixels from an outline beyond which there is nothing to follow


def picture_of(ids: Ids) -> NDArray[np.uint8]:
    """(H, W): a shade per class, brighter with the distance to its outline."""
    kernel = np.ones((3, 3), np.uint8)
    inside = (cv2.erode(ids, kernel) == cv2.dilate(ids, kernel)).astype(np.uint8)
    distance = np.minimum(cv2.distanceTransform(inside, cv2.DIST_L2, 5), FAR) / FAR
    shade = (ids.astype(np.uint32) * 2654435761 >> 8) % 128
    return np.asarray(shade + 120 * distance, np.uint8)


def flow(ids: Ids, other: Ids) -> Field:
    """(H, W, 2) pixels, x right, y down: leads from `ids` to the same thing in `other`."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    height, width = ids.shape
    more = (0, max(0, LEAST - height), 0, max(0, LEAST - width))
    one, two = (cv2.copyMakeBorder(picture_of(one), *more, cv2.BORDER_REPLICATE) for one in (ids, other))
    found = search.calc(one, two, np.zeros((*one.shape, 2), np.float32))
    return np.ascontiguousarray(found[:height, :width], np.float32)
