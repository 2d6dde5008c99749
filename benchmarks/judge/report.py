"""The tables and the sheets of a judgement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.judge.judgement import MAN_MADE, Judgement
from benchmarks.judge.segmenter import Pictures
from inference_server.training.pairs import Pairs
from inference_server.training.pictures import beside, stacked
from inference_server.worker.preview import colours
from shared.label_set import LabelSet

CLOSE = 0.3  # of the real energy
LEAST_CREASES = 100  # of a class that gets a row


def sheet(held: Pairs, painted: Sequence[Pictures], chosen: Sequence[int], label_set: LabelSet) -> Image.Image:
    """One row a pair: labels, normals where they are known, every set of pictures, real."""
    rows = []
    for n in chosen:
        normals = [] if held.geometry is None else [(held.geometry.normals[n].astype(np.int16) + 128).astype(np.uint8)]
        rows.append(beside([colours(label_set, held.ids[n]), *normals, *(one[n] for one in painted), held.images[n]]))
    return Image.fromarray(stacked(rows))


def summary(judged: dict[str, Judgement]) -> str:
    """One row a set of pictures."""
    whole = judged["real"].miou[0]
    lines = [f"{'':<30}{'mIoU':>7}  {'95 %':<16}{'of real':>8}{'KID':>8}  {'95 %':<16}{'energy':>10}{'creases':>9}"]
    for title, one in judged.items():
        mean, low, high = one.miou
        distance, least, most = one.kid
        close, of = _close(one)
        lines.append(
            f"{title:<30}{mean:7.3f}  {f'{low:.3f} to {high:.3f}':<16}{mean / whole:8.1%}{distance:8.3f}  "
            f"{f'{least:.2f} to {most:.2f}':<16}{f'{close} of {of}':>10}{one.things:9.2f}"
        )
    lines.append(f"\nenergy: classes within {CLOSE:.0%} of the real; creases: mean AUC of {'; '.join(MAN_MADE)}")
    return "\n".join(lines)


def by_class(judged: dict[str, Judgement], names: list[str]) -> str:
    """IoU and energy of every class."""
    lines = [f"{'IoU | energy':<20}" + "".join(f"{title[-20:]:>22}" for title in judged)]
    for n, name in enumerate(names):
        cells = "".join(f"{one.iou[n]:14.2f}{one.energy[n]:8.2f}" for one in judged.values())
        lines.append(f"{name:<20}{cells}")
    return "\n".join(lines)


def of_creases(judged: dict[str, Judgement]) -> str:
    """AUC and interval of every class and group that has enough creases; empty where no normals are known."""
    known = judged["real"].creases
    names = [name for name, one in known.items() if one.creases >= LEAST_CREASES]
    if not names:
        return ""
    lines = [f"{'crease AUC':<20}{'creases':>9}{'pictures':>9}" + "".join(f"{title[-20:]:>22}" for title in judged)]
    for name in names:
        cells = []
        for one in judged.values():
            value = one.creases[name]
            cells.append(f"{f'{value.auc:.2f} ({value.low:.2f} {value.high:.2f})':>22}")
        lines.append(f"{name:<20}{known[name].creases:9}{known[name].pictures:9}{''.join(cells)}")
    return "\n".join(lines)


def everything(judged: dict[str, Judgement], names: list[str]) -> dict[str, Any]:
    """For a file."""
    data: dict[str, Any] = {}
    for title, one in judged.items():
        rows = {n: [_number(i), _number(e)] for n, i, e in zip(names, one.iou, one.energy, strict=True)}
        creases = {
            name: [_number(v.auc), _number(v.low), _number(v.high), v.creases, v.pictures]
            for name, v in one.creases.items()
        }
        data[title] = {"miou": one.miou, "kid": one.kid, "per_class_iou_and_energy": rows, "crease_auc": creases}
    return data


def _close(one: Judgement) -> tuple[int, int]:
    judgeable = one.energy[~np.isnan(one.energy)]
    return int((np.abs(judgeable - 1) <= CLOSE).sum()), len(judgeable)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
