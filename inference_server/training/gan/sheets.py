"""What a generator's training shows: samples as they are, samples over time, and curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from inference_server.models.stylegan.mapping import Generator
from inference_server.training.gan.measure import paint
from inference_server.training.pictures import beside, stacked

COLUMNS, ROWS = 8, 4
MOMENTS = 12  # rows of the sheet over time, at most
TEXT = 64  # pixels beside a row

Pixels = NDArray[np.uint8]


def samples(net: Generator) -> Pixels:
    """(COLUMNS * ROWS, R, R, 3) of the same random points each time."""
    z = np.random.default_rng(2).standard_normal((COLUMNS * ROWS, net.z_dim), np.float32)
    return paint(net, z)


def grid(pictures: Pixels) -> Image.Image:
    rows = [beside(list(pictures[start : start + COLUMNS])) for start in range(0, len(pictures), COLUMNS)]
    return Image.fromarray(stacked(rows))


def over_time(moments: Sequence[tuple[float, Pixels]]) -> Image.Image:
    """moments: thousand pictures that it had been shown, and what it painted then, (COLUMNS, R, R, 3)."""
    rows = [np.asarray(_labelled(beside(list(pictures)), f"{seen:.3g} k")) for seen, pictures in moments]
    return Image.fromarray(stacked(rows))


def thinned(moments: Sequence[tuple[float, Pixels]]) -> list[tuple[float, Pixels]]:
    """No more than MOMENTS of them: those whose neighbours are nearest in time go, the first and last stay."""
    kept = list(moments)
    while len(kept) > MOMENTS:
        ratios = [kept[n + 1][0] / max(kept[n - 1][0], 1e-3) for n in range(1, len(kept) - 1)]
        del kept[1 + int(np.argmin(ratios))]
    return kept


def _labelled(row: Pixels, words: str) -> Image.Image:
    sheet = Image.new("RGB", (row.shape[1] + TEXT, row.shape[0]), "white")
    sheet.paste(Image.fromarray(row), (TEXT, 0))
    ImageDraw.Draw(sheet).text((6, row.shape[0] // 2 - 6), words, fill=(30, 30, 30))
    return sheet
