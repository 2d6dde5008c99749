"""One picture file as 8-bit RGB, whatever it is: grey, with alpha, 16 bits, turned, EXR."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from shared.errors import InputRefused
from shared.passes.formats import read_picture
from shared.passes.picture_pass import read_picture_pass
from shared.passes.pictures import EXR, opened, read_head

Pixels = NDArray[np.uint8]
ORIENTATION = 0x0112  # the tag of EXIF 2.3
GREY = "grey, made RGB"
ROUNDING = 2  # codes by which a profile that is sRGB, under whatever name, changes colours
TAGGED = (".png", ".jpg", ".jpeg", ".webp")  # the reader turns the others itself


def read_still(path: Path) -> tuple[Pixels, list[str]]:
    """(H, W, 3) uint8, sRGB, upright, alpha over black; and what was done to it, in words.

    Raises MissingInput or InputRefused naming the file.
    """
    pixels, told = _plain(path) or _any(path)
    if path.suffix.lower() in TAGGED:
        turn, profile = _tags(path)
        if profile:
            pixels, words = _in_srgb(pixels, profile)
            told += words
        if turn != 1:
            told.append("turned upright as its EXIF says")
            pixels = upright(pixels, turn)
    return pixels, told


def _plain(path: Path) -> tuple[Pixels, list[str]] | None:
    """The common case, a photograph, without a detour over floats; None where it is another."""
    if read_head(path).startswith(EXR):
        return None
    raw = read_picture(path)
    if raw.samples.dtype != np.uint8 or raw.top != 255 or raw.alpha is not None or raw.colours is not None:
        return None
    if raw.samples.ndim == 2:
        return np.repeat(raw.samples[..., None], 3, 2), [GREY]
    return np.asarray(raw.samples, np.uint8), []


def _any(path: Path) -> tuple[Pixels, list[str]]:
    found = read_picture_pass(path)
    told = []
    if "grey" in found.kind.lower():
        told.append(GREY)
    if found.kind.startswith("16-bit"):
        told.append("16 bits, made 8")
    colour = found.colour
    if (found.alpha < 1).any():
        told.append("transparent, laid over black")
        colour = colour * found.alpha[..., None]
    return (colour * np.float32(255) + np.float32(0.5)).astype(np.uint8), told


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Rows downwards, columns to the right (EXIF 2.3, tag Orientation, 1 to 8; others are taken for 1)."""
    if not 1 <= orientation <= 8:
        return pixels
    if orientation >= 5:
        pixels, orientation = pixels.swapaxes(0, 1), {5: 1, 6: 2, 7: 3, 8: 4}[orientation]
    rows = slice(None, None, -1) if orientation in (3, 4) else slice(None)
    columns = slice(None, None, -1) if orientation in (2, 3) else slice(None)
    return np.ascontiguousarray(pixels[rows, columns])


def eight_bits(pixels: NDArray[np.uint8 | np.uint16]) -> Pixels:
    """(H, W, 3) uint8 of a picture of a clip, (H, W, 3 or 4) of 8 or 16 bits, its straight alpha over black."""
    if pixels.dtype == np.uint8 and pixels.shape[2] == 3:
        return np.asarray(pixels, np.uint8)
    values = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    if values.shape[2] == 4:
        values = values[..., :3] * values[..., 3:]
    return (values * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def _tags(path: Path) -> tuple[int, bytes]:
    """Its orientation, 1 where it says none, and its ICC profile, empty where it has none."""
    try:
        with opened(path) as picture:
            return int(picture.getexif().get(ORIENTATION, 1)), picture.info.get("icc_profile") or b""
    except InputRefused:  # damaged tags beside pixels that could be read
        return 1, b""


def _in_srgb(pixels: Pixels, profile: bytes) -> tuple[Pixels, list[str]]:
    """The colours as sRGB has them, and in words from where; as they are where the profile is sRGB or none for RGB."""
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(theirs).strip()
        if theirs.profile.xcolor_space.strip() != "RGB":
            return pixels, []
        ours = ImageCms.createProfile("sRGB")
        made = ImageCms.profileToProfile(Image.fromarray(pixels), theirs, ours, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return pixels, ["its colour profile cannot be read, taken for sRGB"]
    found = np.asarray(made, np.uint8)
    if np.abs(found.astype(np.int16) - pixels).max() <= ROUNDING:
        return pixels, []
    return found, [f"brought from {name} to sRGB"]
