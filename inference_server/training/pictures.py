"""What a training shows: a sheet of samples (labels, target, painted) and the curves of the losses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from inference_server.models.small.network import noise_plane
from inference_server.training.networks import Start
from inference_server.training.pairs import Pairs
from shared.label_set import NOTHING, LabelSet
from shared.passes.colour import colours
from shared.places import whole

SAMPLES = 6
GAP = 4  # pixels
CURVE_COLOURS = ((230, 120, 40), (60, 130, 220), (120, 120, 120), (60, 140, 60), (150, 90, 170), (190, 60, 60))
WIDTH, HEIGHT = 900, 240  # of one curve


def paint_pairs(start: Start, net: torch.nn.Module, pairs: Pairs, device: str) -> NDArray[np.uint8]:
    """Paintings (N, H, W, 3) of label maps in sRGB, as the finished model would paint them with seed 0."""
    painter = start.painter(net)
    height, width = pairs.ids.shape[1:]
    noise = torch.from_numpy(noise_plane(0, height, width))[None].to(device)
    table = start.table()
    painted = []
    net.eval()
    with torch.no_grad():
        for n, (ids, look) in enumerate(zip(pairs.ids, pairs.looks, strict=True)):
            channels = table[ids].astype(np.int64)
            channels[channels == NOTHING] = start.channels.nothing
            chosen = torch.tensor([start.looks.index(look) if look in start.looks else 0], device=device)
            seen = None
            if start.guided:
                seen = torch.from_numpy(pairs.seen(n)[..., : start.seen]).permute(2, 0, 1)[None].to(device)
            picture = painter(torch.from_numpy(channels)[None].to(device), chosen, noise, seen)[0]
            painted.append(((picture.permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255).byte().cpu().numpy())
    return np.stack(painted)


def sample_sheet(pairs: Pairs, painted: NDArray[np.uint8], label_set: LabelSet) -> Image.Image:
    """One row a pair: labels, normals where there are, target, painted."""
    rows = []
    for n, (ids, image, picture) in enumerate(zip(pairs.ids, pairs.images, painted, strict=True)):
        known = [] if pairs.geometry is None else [(pairs.geometry.normals[n].astype(np.int16) + 128).astype(np.uint8)]
        rows.append(beside([colours(label_set, ids), *known, image, picture]))
    return Image.fromarray(stacked(rows))


def beside(pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)]
    return np.concatenate(parts[1:], 1)


def stacked(rows: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    gap = np.full((GAP, rows[0].shape[1], 3), 255, np.uint8)
    parts = [part for row in rows for part in (gap, row)]
    return np.concatenate(parts[1:], 0)


def means(values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Where and how high a curve is: means over a hundredth of what there is, each at its beginning."""
    chunk = max(1, len(values) // 100)
    starts = range(0, len(values), chunk)
    return [float(start) for start in starts], [float(np.mean(values[start : start + chunk])) for start in starts]


def curves_sheet(curves: Sequence[tuple[str, Sequence[float], Sequence[float]]], last: float, unit: str) -> Image.Image:
    """One curve under another, each in its own range. curves: (name, across, up); last: where a curve will end."""
    canvas = Image.new("RGB", (WIDTH, HEIGHT * len(curves)), "white")
    draw = ImageDraw.Draw(canvas)
    for place, (name, across, up) in enumerate(curves):
        top, colour = place * HEIGHT, CURVE_COLOURS[place % len(CURVE_COLOURS)]
        draw.line([(50, top + HEIGHT - 30), (WIDTH - 20, top + HEIGHT - 30)], fill=(180, 180, 180))
        draw.text((50, top + 8), name, fill=colour)
        words = f"{unit} {last:g}"
        draw.text((WIDTH - 20 - draw.textlength(words), top + HEIGHT - 22), words, fill=(90, 90, 90))
        if len(up) < 2:
            continue
        low, high = min(up), max(up)
        draw.text((6, top + 30), f"{high:.3g}", fill=(90, 90, 90))
        draw.text((6, top + HEIGHT - 40), f"{low:.3g}", fill=(90, 90, 90))
        points = [
            (50 + x / last * (WIDTH - 70), top + HEIGHT - 34 - (y - low) / max(high - low, 1e-9) * (HEIGHT - 70))
            for x, y in zip(across, up, strict=True)
        ]
        draw.line(points, fill=colour, width=2)
    return canvas


def save_picture(picture: Image.Image, path: Path) -> None:
    """Whole under its name, or not at all: people look at it while the training writes it."""
    with whole(path, "the picture") as beside:
        picture.save(beside, "PNG", optimize=True)
