"""Where a new mouth shows, and where old and new are the same skin: pictures (H, W), 0..1, of a part of the plate.

The lower half of the box is all that the network makes up; of it the face below the nose is taken, drawn in a little so
that neither jaw nor background are cut, with a soft edge. Pixels are squares from (0, 0) at the part's top left corner.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.values import Value

ERODE, FEATHER = 0.04, 0.06  # of the box's width: drawn in, and over which the mask fades
BEFORE = 0.8  # of the way from the nose to the lip, on which the mask comes
RING = 0.08  # of the box's width, of the ring around the mask in which colours are compared
GRID = 384  # pixels of the box's width, in which an outline is drawn: it moves with the face, finer than a plate's

Plane = NDArray[np.float32]
Box = NDArray[np.float64]


class Mask(Value):
    """new: how much of the new mouth shows; skin: (H, W) bool, the ring in which colours are compared."""

    new: Plane
    skin: NDArray[np.bool_]


def of_outline(size: tuple[int, int], box: Box, outline: NDArray[np.float64]) -> Mask:
    """By (38, 2) points of a mesh: its oval, from the forehead on and the chin in the middle, the point below the nose
    and the middle of the upper lip's edge.

    Between these two the mask comes, and is whole before the lip: one of which half is old would be two.
    """
    oval, nose, lip = outline[:-2], outline[-2], outline[-1]
    left, top, right, bottom = box
    wide, high = max(right - left, 1.0), bottom - top
    scale = GRID / max(wide, high / 3)
    corner = np.array([left - wide / 4, top - high / 4])
    columns, rows = (int(np.ceil(side * 1.5 * scale)) for side in (wide, high))
    face = np.zeros((rows, columns), np.uint8)
    cv2.fillPoly(face, [np.round((oval - corner) * scale * 16 - 8).astype(np.int32)], 1, shift=4)
    x, y = (np.arange(columns)[None] + 0.5) / scale + corner[0], (np.arange(rows)[:, None] + 0.5) / scale + corner[1]
    inside = face.astype(bool) & (x > left) & (x < right) & (y < bottom)
    deep = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / (scale * wide)  # widths
    down = oval[len(oval) // 2] - oval[0]
    down = down / max(float(np.hypot(*down)), 1e-6)
    below = ((x - nose[0]) * down[0] + (y - nose[1]) * down[1]) / wide
    come = np.clip(BEFORE * (lip - nose) @ down / wide, FEATHER / 2, ERODE + FEATHER)
    made_up = (y - (top + bottom) / 2) / (wide * FEATHER / 2)
    ramp = _soft((deep - ERODE) / FEATHER) * _soft(below / come) * _soft(made_up)
    way = np.array([[1 / scale, 0, corner[0] + 0.5 / scale - 0.5], [0, 1 / scale, corner[1] + 0.5 / scale - 0.5]])
    target = size[1], size[0]
    new = np.asarray(cv2.warpAffine(ramp, way, target), np.float32)
    whole = cv2.warpAffine(face.astype(np.float32), way, target) > 0.99
    return Mask(new, _ring(new, box) & whole)


def _soft(ramp: NDArray[np.floating]) -> Plane:
    """From 0 to 1 without a corner."""
    t = np.clip(ramp, 0, 1).astype(np.float32)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def of_points(size: tuple[int, int], box: Box, points: NDArray[np.float64]) -> Mask:
    """By five points (5, 2), where there is no mesh: an ellipse from below the nose to the chin, wide as the cheeks."""
    left, top, right, bottom = box
    eyes, nose, mouth = points[:2].mean(0), points[2], points[3:].mean(0)
    down = mouth - eyes
    length = max(float(np.hypot(*down)), 1e-6)
    down = down / length
    across = np.array([down[1], -down[0]])
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
    new = _soft(np.minimum.reduce([inside, *edges]) / max(FEATHER * (right - left), 1.0))
    return Mask(new, _ring(new, box))


def _ring(mask: Plane, box: Box) -> NDArray[np.bool_]:
    """(H, W) around a mask, inside the box."""
    reach = max(1, round(RING * (box[2] - box[0])))
    around = cv2.dilate((mask > 0).astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    rows, columns = np.arange(mask.shape[0])[:, None] + 0.5, np.arange(mask.shape[1])[None] + 0.5
    within = (columns > box[0]) & (columns < box[2]) & (rows > box[1]) & (rows < box[3])
    return np.asarray(around & (mask == 0) & within)
