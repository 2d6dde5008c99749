"""A sheet of what a generator paints, each picture with the seed that a walk names it by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from inference_server.models.base import numbers_of
from inference_server.models.stylegan.mapping import Generator
from shared.errors import ModelRefused
from shared.places import whole

SIDE, GAP, LINE = 192, 8, 16  # pixels: of one picture at most, between them, of the words below
COUNTS = ((128, 12), (256, 6), (512, 4))  # up to so many pixels so many pictures, in some seconds; of larger ones 2
COLUMNS = 6


def seeds(resolution: int) -> range:
    return range(1, 1 + next((count for most, count in COUNTS if resolution <= most), 2))


def paint(net: Generator, psi: float, file: Path) -> list[str]:
    """Write the sheet as a PNG; returns what each picture is. Raises ModelRefused where the pictures are none."""
    shown = seeds(net.resolution)
    side = min(SIDE, net.resolution)
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    size = (columns * (side + GAP) - GAP, rows * (side + LINE + GAP) - GAP)
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    named: list[str] = []
    for place, seed in enumerate(shown):
        class_ = place % net.c_dim if net.c_dim else None
        pixels = Image.fromarray(_codes(picture(net, seed, class_, psi)))
        left, top = place % columns * (side + GAP), place // columns * (side + LINE + GAP)
        sheet.paste(pixels.resize((side, side), Image.Resampling.LANCZOS), (left, top))
        named.append(f"seed {seed}" if class_ is None else f"seed {seed}, class {class_}")
        pen.text((left, top + side + 2), named[-1], "black")
    with whole(file, "the sheet") as beside:
        sheet.save(beside, "PNG")
    return named


@torch.inference_mode()
def picture(net: Generator, seed: int, class_: int | None, psi: float) -> Tensor:
    """(3, R, R), about -1..1. Raises ModelRefused where it is no numbers."""
    z = torch.from_numpy(numbers_of(seed, net.z_dim)[None].astype(np.float32))
    classes = None if class_ is None else torch.eye(net.c_dim)[class_ : class_ + 1]
    made = net.draw(net.truncate(net.map(z, classes), psi), net.stored_noise())[0]
    if not bool(torch.isfinite(made).all()):
        raise ModelRefused(f"what it paints of seed {seed} is no picture: values that are no numbers")
    return made


def _codes(made: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    codes: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = (
        (((made + 1) / 2).clamp(0, 1) * 255 + 0.5).to(torch.uint8).permute(1, 2, 0).numpy()
    )
    return codes
