"""Holdouts: a layer is cut where another layer of the shot stands before it, by the depth passes of both.

A render layer is rendered as if the others were not there; in a comp the upper one then covers what should stand before
it. With depth the answer is in the passes: the coverage of what is nearer is taken out of the layer's own, so soft
edges stay soft, and the two together cover what one render of both would have covered.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.label_set import LabelSet
from shared.passes import ReadOptions, read_label_pass
from shared.passes.data_pass import read_depth
from shared.sequences import Sequence
from shared.values import Value

Plane = NDArray[np.float32]  # (H, W)


class Before(Value):
    """A layer that may stand before another."""

    name: str
    label_set: LabelSet
    read: ReadOptions
    labels: Sequence
    depth: Sequence
    depth_layer: str | None


def held_out(coverage: Plane, depth: Path, depth_layer: str | None, others: tuple[Before, ...], frame: int) -> Plane:
    """The coverage (H, W), 0..1, that is left of a layer. depth: its own pass; depth_layer: named for its EXR.

    Raises InputRefused where a pass has another size.
    """
    here = _depth(depth, depth_layer, coverage.shape)
    left = coverage
    for other in others:
        file = other.labels.file(frame)
        there = read_label_pass(file, other.label_set, other.read).coverage
        if there.shape != coverage.shape:
            raise _other_size(file, there.shape, coverage.shape)
        nearer = _depth(other.depth.file(frame), other.depth_layer, coverage.shape) < here
        left = left * (1 - there * nearer)
    return np.asarray(left, np.float32)


def _depth(path: Path, layer: str | None, shape: tuple[int, ...]) -> Plane:
    depth = read_depth(path, layer).values
    if depth.shape != shape:
        raise _other_size(path, depth.shape, shape)
    return depth


def _other_size(path: Path, is_now: tuple[int, ...], wanted: tuple[int, ...]) -> InputRefused:
    return InputRefused(
        f"the pass is {is_now[1]}x{is_now[0]}, the layer it holds out {wanted[1]}x{wanted[0]}",
        file=path,
        remedy="Render both at the same size",
    )
