"""A face to the network and back onto its plate: the crop, the mask of its lower half, colours kept. Pure functions.

Pictures are (H, W, 3) float32 sRGB-encoded, 0..1; boxes left, top, right, bottom in pixels, whose pixels are squares
from (0, 0) at the top left corner of the picture.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.models.lips.network import FACE

FEATHER = 0.06  # of the box's width, over which the mask fades
RING = 0.08  # of the box's width, of the ring around the mask in which colours are compared
LEAST_SPREAD = 1e-3
MOST_GAIN = 1.5  # times, that the spread of a colour is changed

Picture = NDArray[np.float32]


def cropped(picture: Picture, box: NDArray[np.float64]) -> Picture:
    """The face (96, 96, 3) of a box; its last rows and columns repeated where the box leaves the picture."""
    matrix = _to_crop(box)
    shrinks = max(box[2] - box[0], box[3] - box[1]) > 2 * FACE
    if shrinks:  # averaged first, which a bilinear look at one pixel is not
        reach = max(box[2] - box[0], box[3] - box[1]) / FACE / 3
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), reach), np.float32)
    border = cv2.BORDER_REPLICATE
    crop = cv2.warpAffine(picture, matrix, (FACE, FACE), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(crop, np.float32)


def pasted(
    picture: Picture, face: Picture, box: NDArray[np.float64], points: NDArray[np.float64], keep_colour: bool
) -> tuple[Picture, NDArray[np.float32]]:
    """The picture with a made face (96, 96, 3) in its box, and the mask (H, W) 0..1 of what is new of it.

    points: (5, 2) eyes, nose and the corners of the mouth. keep_colour: each colour gets the mean and the spread that
    the picture has in a ring around the mask.
    """
    height, width = picture.shape[:2]
    inverse = cv2.invertAffineTransform(_to_crop(box))
    border = cv2.BORDER_REPLICATE
    grown = cv2.warpAffine(face, inverse, (width, height), flags=cv2.INTER_CUBIC, borderMode=border)
    large = np.asarray(grown, np.float32)
    mask = lower_face((height, width), box, points)
    if keep_colour:
        large = matched(large, picture, ring(mask, box))
    return np.clip(large, 0, 1), mask


def lower_face(size: tuple[int, int], box: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float32]:
    """Where the new face shows (H, W), 0..1: an ellipse from below the nose to the chin, as wide as the cheeks, inside
    the lower half of the box, which is all that the network makes up."""
    left, top, right, bottom = box
    eyes, nose, mouth = points[:2].mean(0), points[2], points[3:].mean(0)
    down = mouth - eyes
    length = max(float(np.hypot(*down)), 1e-6)
    down = down / length
    across = np.array([down[1], -down[0]])
    feather = FEATHER * (right - left)
    above = nose + down * 0.25 * np.dot(mouth - nose, down)  # between nose and lip
    below = mouth + down * 0.75 * length
    centre = (above + below) / 2
    centre = centre + across * np.dot(mouth - centre, across)  # on the axis of the mouth
    tall, wide = max(np.dot(below - above, down) / 2, 1.0), max(0.42 * (right - left), 1.0)
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float64) + 0.5
    x, y = columns - centre[0], rows - centre[1]
    along, beside = (x * down[0] + y * down[1]) / tall, (x * across[0] + y * across[1]) / wide
    inside = (1 - np.sqrt(along**2 + beside**2)) * min(tall, wide)  # pixels to the edge, about
    edges = [columns - left, right - columns, bottom - rows, rows - (top + bottom) / 2]
    nearest = np.minimum.reduce([inside, *edges])
    ramp = np.clip(nearest / max(feather, 1.0), 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def ring(mask: NDArray[np.float32], box: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(H, W) around a mask, inside the box: old and new show the same skin there."""
    reach = max(1, round(RING * (box[2] - box[0])))
    around = cv2.dilate((mask > 0).astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]] + 0.5
    within = (columns > box[0]) & (columns < box[2]) & (rows > box[1]) & (rows < box[3])
    return np.asarray(around & (mask == 0) & within)


def matched(made: Picture, plate: Picture, where: NDArray[np.bool_]) -> Picture:
    """Each colour with the mean and spread that the plate has where both show the same."""
    if where.sum() < 16:
        return made
    own, wanted = made[where], plate[where]
    spread = np.clip(wanted.std(0) / np.maximum(own.std(0), LEAST_SPREAD), 1 / MOST_GAIN, MOST_GAIN)
    return np.asarray((made - own.mean(0)) * spread + wanted.mean(0), np.float32)


def _to_crop(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3) from pixel centres of the picture to those of the crop."""
    left, top, right, bottom = box
    wide, high = FACE / max(right - left, 1e-6), FACE / max(bottom - top, 1e-6)
    return np.array([[wide, 0, (0.5 - left) * wide - 0.5], [0, high, (0.5 - top) * high - 0.5]])
