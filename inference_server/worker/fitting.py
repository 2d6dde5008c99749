"""From the size of the passes to the size that is painted, and back. Pure functions of arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference_server.models.base import PLANES, PaintInput
from inference_server.models.cards import Size
from inference_server.worker.plan import Ids
from shared.passes.normal_pass import NONE_BELOW
from shared.passes.shading_pass import NOTHING

HALF = 0.5  # of what a pixel is averaged of
BEYOND_EDGE = 16  # pixels of painting kept outside the coverage, so that soft edges have no halo
Picture = NDArray[np.float32]
T = TypeVar("T", bound=np.generic)


def fit(values: NDArray[T], size: tuple[int, int], rule: str) -> NDArray[T]:
    """A map (H, W, ...) at the painting size: the pixel under each centre, or its last rows and columns repeated."""
    width, height = size
    if values.shape[:2] == (height, width):
        return values
    if rule == "stretch" or width < values.shape[1] or height < values.shape[0]:
        rows = ((2 * np.arange(height) + 1) * values.shape[0] // (2 * height))[:, None]
        columns = (2 * np.arange(width) + 1) * values.shape[1] // (2 * width)
        stretched: NDArray[T] = values[rows, columns]
        return stretched
    return _extended(values, height, width)


def fit_picture(values: Picture, size: tuple[int, int], rule: str) -> Picture:
    """Colours (H, W, 3) or coverage (H, W) at the painting size: averaged, or the last rows and columns repeated."""
    import cv2

    width, height = size
    if values.shape[:2] == (height, width):
        return values
    if rule == "stretch" or width < values.shape[1] or height < values.shape[0]:
        shrinks = width * height < values.shape[0] * values.shape[1]
        resized = cv2.resize(values, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        return np.clip(resized, 0, 1).astype(np.float32)
    return _extended(values, height, width)


def fit_motion(field: Picture, size: tuple[int, int], rule: str) -> Picture:
    """Vectors (H, W, 2) in pixels at the painting size, in pixels of that size."""
    width, height = size
    fitted = fit(field, size, rule)
    if rule == "stretch" or width < field.shape[1] or height < field.shape[0]:
        return fitted * np.array([width / field.shape[1], height / field.shape[0]], np.float32)
    return fitted


def fit_normals(normals: Picture, size: tuple[int, int], rule: str) -> Picture:
    """Unit vectors (H, W, 3), 0 where nothing is, at the painting size: averaged and of length 1 again."""
    import cv2

    width, height = size
    if width * height >= normals.shape[0] * normals.shape[1]:
        return fit(normals, size, rule)
    averaged = cv2.resize(normals, size, interpolation=cv2.INTER_AREA)
    length = np.linalg.norm(averaged, axis=2, keepdims=True)
    unit: Picture = np.where(length > NONE_BELOW, averaged / np.maximum(length, NONE_BELOW), 0).astype(np.float32)
    return unit


def fit_shading(light: Picture, size: tuple[int, int], rule: str) -> Picture:
    """Light (H, W), NOTHING where nothing is, at the painting size: averaged over what is there."""
    import cv2

    width, height = size
    if light.shape == (height, width):
        return light
    if rule != "stretch" and width >= light.shape[1] and height >= light.shape[0]:
        return _extended(light, height, width)
    how = cv2.INTER_AREA if width * height < light.size else cv2.INTER_LINEAR
    there = (light >= 0).astype(np.float32)
    known, summed = (cv2.resize(plane, size, interpolation=how) for plane in (there, light * there))
    fitted: Picture = np.where(known >= HALF, summed / np.maximum(known, HALF), NOTHING).astype(np.float32)
    return fitted


FITS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(PLANES, fit),
    **dict.fromkeys(("picture", "beauty", "coverage"), fit_picture),
    "motion": fit_motion,
    "normal": fit_normals,
    "shading": fit_shading,
}


def fit_planes(request: PaintInput, size: tuple[int, int], rule: str) -> PaintInput:
    """A frame at the size of its passes, at the painting size."""
    planes = {name: plane for name in PLANES if (plane := getattr(request, name)) is not None}
    fitted = {name: FITS[name](plane, size, rule) for name, plane in planes.items()}
    return replace(request, channels=fit(request.channels, size, rule), **fitted)


def _extended(values: NDArray[T], height: int, width: int) -> NDArray[T]:
    more = {0: height - values.shape[0], 1: width - values.shape[1]}
    extended: NDArray[T] = np.pad(values, [(0, more.get(axis, 0)) for axis in range(values.ndim)], mode="edge")
    return extended


def unfit(picture: Picture, painted: Ids, wanted: Ids, rule: str) -> Picture:
    """The way back from the painting size to the pass's own, given the channels (h, w) and (H, W) of both."""
    import cv2

    height, width = wanted.shape
    painted_height, painted_width = picture.shape[:2]
    if painted.shape == wanted.shape:
        return picture
    padded = rule == "multiple" and 0 <= painted_width - width < 128 and 0 <= painted_height - height < 128
    if padded:
        return np.ascontiguousarray(picture[:height, :width])
    if painted_width <= width and painted_height <= height:
        from inference_server.stability.upscale import upscale  # compiled: slow to load

        return upscale(picture, painted, wanted)
    shrinks = painted_width * painted_height > width * height
    resized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.clip(resized, 0, 1).astype(np.float32)


def box(shape: tuple[int, int], size: Size, pixel_aspect: float) -> tuple[slice, slice]:
    """Rows and columns of the largest part in the middle of a frame that looks as wide and high as a picture."""
    height, width = shape
    wide = size.width / size.height / pixel_aspect  # pixels of the frame, by its rows
    rows = min(height, max(1, round(width / wide)))
    columns = min(width, max(1, round(height * wide)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return slice(top, top + rows), slice(left, left + columns)


def inside_box(shape: tuple[int, int], size: Size, pixel_aspect: float) -> Picture:
    """(H, W): 1 where a model's picture lies in a frame that it does not fill, else 0."""
    where = np.zeros(shape, np.float32)
    where[box(shape, size, pixel_aspect)] = 1
    return where


def unbox(picture: Picture, shape: tuple[int, int], size: Size, pixel_aspect: float) -> Picture:
    """A model's own picture in the middle of a frame (H, W), as large as it fits."""
    part = box(shape, size, pixel_aspect)
    channels = np.zeros(shape, np.uint16)[part]
    whole = np.zeros((*shape, picture.shape[2]), np.float32)
    whole[part] = unfit(picture, np.zeros(picture.shape[:2], np.uint16), channels, "stretch")
    return whole


def keep_near(picture: Picture, alpha: NDArray[np.float32]) -> Picture:
    """Black where the layer is far away: smaller files, and nothing of the fill leaks into the comp."""
    import cv2

    if alpha.min() > 0:
        return picture
    size = 2 * BEYOND_EDGE + 1
    near = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((size, size), np.uint8))
    return picture * near[..., None]
