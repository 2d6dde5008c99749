"""Frames larger than the memory for painting them: painted in tiles that together are the whole frame's picture.

A model that looks no further than its `reach` paints a pixel the same from a tile as from the frame, if the tile brings
that much context and the model is told where it lies. So nothing is blended and there is no seam; what the model
sees of the frame as a whole (its height, its noise) it sees in every tile. Models without a reach paint in one piece.

Which tiles: decided by card, size and memory allowed, never by the memory that happens to be free.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inference_server.models.base import Model, PaintInput, Place, memory, reach
from inference_server.models.cards import Card
from shared.errors import ModelRefused
from shared.values import Value

SMALLEST = 64  # pixels that a tile brings to the frame in each direction: with fewer nearly all is context
GIB = 2**30


class Tile(Value):
    """One tile, as half-open slices of the frame: what is painted, and what of it the frame keeps."""

    rows: slice
    columns: slice
    kept_rows: slice
    kept_columns: slice

    @property
    def size(self) -> tuple[int, int]:
        """Painted width and height, pixels."""
        return self.columns.stop - self.columns.start, self.rows.stop - self.rows.start


def choose_tiles(card: Card, size: tuple[int, int], allowed: float) -> tuple[Tile, ...]:
    """The tiles that cover a frame with the fewest painted pixels, row by row; one where the frame fits.

    Args:
        size: painting size (width, height), multiples of the card's multiple.
        allowed: GiB that painting may take beside model and finished frame. Where no tiles fit, the smallest.
    """
    width, height = size
    context, step = reach(card), card.size.multiple
    if context is None or _fits(card, size, allowed):
        return (Tile(slice(0, height), slice(0, width), slice(0, height), slice(0, width)),)
    across = [_spans(width, count, context, step) for count in range(1, max(1, width // SMALLEST) + 1)]
    down = [_spans(height, count, context, step) for count in range(1, max(1, height // SMALLEST) + 1)]
    grids = [(columns, rows) for columns in across for rows in down]
    fitting = [grid for grid in grids if _fits(card, (_largest(grid[0]), _largest(grid[1])), allowed)]
    columns, rows = min(fitting, key=lambda grid: _painted(grid[0]) * _painted(grid[1]), default=grids[-1])
    return tuple(Tile(row, column, kept, keep) for row, kept in rows for column, keep in columns)


def paint(model: Model, request: PaintInput, tiles: tuple[Tile, ...]) -> NDArray[np.float32]:
    """The painting (H, W, 3, or 4 with an alpha), tile by tile. Raises ModelRefused where a family makes no picture."""
    if len(tiles) == 1:
        return _painted_by(model, request)
    height, width = request.channels.shape
    picture = np.empty((height, width, planes(model.card)), np.float32)
    for tile in tiles:
        part = tile.rows, tile.columns
        painted = _painted_by(model, request.tile(part, Place(tile.columns.start, tile.rows.start, width, height)))
        kept = _within(tile.kept_rows, tile.rows), _within(tile.kept_columns, tile.columns)
        picture[tile.kept_rows, tile.kept_columns] = painted[kept]
    return picture


def planes(card: Card) -> int:
    """Of the pictures that a model makes."""
    return 4 if card.makes.alpha else 3


def _painted_by(model: Model, request: PaintInput) -> NDArray[np.float32]:
    """A family's mistake is said here: written, whole numbers would be white and NaN would be any colour."""
    painted, wanted = model.paint(request), (*request.channels.shape, planes(model.card))
    if painted.shape != wanted or painted.dtype.kind != "f":
        raise ModelRefused(
            f"the model {model.card.name} made an array {painted.shape} of {painted.dtype}, no picture",
            remedy=f"The family {model.card.family} must return {wanted} of float32, 0 to 1",
        )
    if not np.isfinite(painted.min()) or not np.isfinite(painted.max()):
        raise ModelRefused(
            f"the model {model.card.name} made a picture with pixels that are no numbers",
            cause=f"A mistake in the family {model.card.family}, or damaged weights",
            remedy="Tell whoever made the model",
        )
    return painted


def painting_memory(card: Card, size: tuple[int, int], allowed: float) -> int:
    """Predicted bytes of model, frame and the largest of its tiles."""
    tiles = choose_tiles(card, size, allowed)
    resident, _ = memory(card, *size)
    largest = max(memory(card, *tile.size)[1] for tile in tiles)
    return resident + largest + (size[0] * size[1] * 4 * planes(card) if len(tiles) > 1 else 0)


def _fits(card: Card, size: tuple[int, int], allowed: float) -> bool:
    return memory(card, *size)[1] <= allowed * GIB


def _spans(length: int, count: int, context: int, step: int) -> list[tuple[slice, slice]]:
    """`length` cut into nearly equal parts at multiples of `step`: (painted with context, kept)."""
    cuts = [length // step * part // count * step for part in range(count)] + [length]
    return [
        (
            slice(max(0, (start - context) // step * step), min(length, -(-(stop + context) // step) * step)),
            slice(start, stop),
        )
        for start, stop in pairwise(cuts)
    ]


def _largest(spans: list[tuple[slice, slice]]) -> int:
    return max(int(painted.stop - painted.start) for painted, _ in spans)


def _painted(spans: list[tuple[slice, slice]]) -> int:
    return sum(int(painted.stop - painted.start) for painted, _ in spans)


def _within(part: slice, whole: slice) -> slice:
    return slice(part.start - whole.start, part.stop - whole.start)
