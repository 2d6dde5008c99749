"""A face to the network and back onto its plate: the crop, the face at its place, its colours kept. Pure functions.

Pictures are (H, W, 3) float32 sRGB-encoded, 0..1; boxes left, top, right, bottom in pixels, whose pixels are squares
from (0, 0) at the top left corner of the picture.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.models.lips.masking import Mask

MARGIN = 0.1  # of the box's width, around it
LEAST_SPREAD = 1e-3
MOST_GAIN = 1.5  # times, that the spread of a colour is changed

Picture = NDArray[np.float32]


def cropped(picture: Picture, box: NDArray[np.float64], side: int) -> Picture:
    """The face (side, side, 3) of a box; its last rows and columns repeated where the box leaves the picture."""
    matrix = _to_crop(box, side)
    shrinks = max(box[2] - box[0], box[3] - box[1]) > 2 * side
    if shrinks:  # averaged first, which a bilinear look at one pixel is not
        reach = max(box[2] - box[0], box[3] - box[1]) / side / 3
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), reach), np.float32)
    border = cv2.BORDER_REPLICATE
    crop = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(crop, np.float32)


def around(box: NDArray[np.float64], size: tuple[int, int]) -> tuple[slice, slice]:
    """(rows, columns) of a picture (height, width) in which a box lies with room for a ring; all else stays."""
    room = MARGIN * (box[2] - box[0])
    (left, top), (right, bottom) = np.floor(box[:2] - room).astype(int), np.ceil(box[2:] + room).astype(int)
    height, width = size
    return slice(*np.clip([top, bottom], 0, height).tolist()), slice(*np.clip([left, right], 0, width).tolist())


def pasted(picture: Picture, face: Picture, box: NDArray[np.float64], mask: Mask, keep_colour: bool) -> Picture:
    """The picture with a made face (side, side, 3) in its box, to be shown where the mask says.

    keep_colour: each colour gets the mean and the spread that the picture has on the same skin beside the mask.
    """
    height, width = picture.shape[:2]
    inverse = cv2.invertAffineTransform(_to_crop(box, len(face)))
    border = cv2.BORDER_REPLICATE
    grown = cv2.warpAffine(face, inverse, (width, height), flags=cv2.INTER_CUBIC, borderMode=border)
    large = np.asarray(grown, np.float32)
    if keep_colour:
        large = matched(large, picture, mask.skin)
    return np.clip(large, 0, 1)


def matched(made: Picture, plate: Picture, where: NDArray[np.bool_]) -> Picture:
    """Each colour with the mean and spread that the plate has where both show the same."""
    if where.sum() < 16:
        return made
    own, wanted = made[where], plate[where]
    spread = np.clip(wanted.std(0) / np.maximum(own.std(0), LEAST_SPREAD), 1 / MOST_GAIN, MOST_GAIN)
    return np.asarray((made - own.mean(0)) * spread + wanted.mean(0), np.float32)


def _to_crop(box: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """(2, 3) from pixel centres of the picture to those of the crop."""
    left, top, right, bottom = box
    wide, high = side / max(right - left, 1e-6), side / max(bottom - top, 1e-6)
    return np.array([[wide, 0, (0.5 - left) * wide - 0.5], [0, high, (0.5 - top) * high - 0.5]])
