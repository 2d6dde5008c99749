"""The tables of `spade_fast`: scale and shift of every distinct neighbourhood of labels, computed once.

The distinct 3x3 patches of a resolution's labels are numbered, then the distinct 3x3 patches of those numbers, which
are the distinct 5x5 patches of the labels: exactly, by comparing them. What lies beyond the border is a symbol of
its own, so borders need no case of theirs. The first convolution becomes a sum of table rows for every 3x3 patch;
the second one a product with all its nine taps for every 3x3 patch, and a sum of nine of these for every 5x5 patch.

Tables persist between the frames of a layer: a frame pays for its new neighbourhoods only. Every row is computed in
the same way whatever was there before. (To keep the products as well was tried: few new rows are multiplied so much
less efficiently that it gains nothing.)

Sizes in comments: h x w of a level, U3 and U5 distinct neighbourhoods, N hidden channels, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from inference_server.models import kernels
from inference_server.models.processor import Product, bits_of
from inference_server.models.spade.network import Spade
from shared.values import Value

CACHE_BYTES = 1024 * 2**20  # most that is kept between the frames of a layer, and
FRAMES_KEPT = 4  # frames' worth of rows: more would take longer to reach than to compute
BORDER = -1
GROUP_BYTES = 128  # of the channels whose products are made and summed at a time, in the processor's cache
PAD_ROWS = 64  # products are made for a multiple of this many rows: the same sums however few are new

Codes = NDArray[np.int32]


class Setting(Value):
    """How a network computes: its kind of number, the processor's loops or torch alone, what a symbol is."""

    kind: torch.dtype
    compiled: bool
    edges: bool
    symbols: int


class Patches:
    """The distinct 3x3 patches of integer maps, numbered in the order of their appearance, on the processor."""

    def __init__(self) -> None:
        self.count = 0
        self.rows = np.empty((0, 9), np.int32)
        self._slots = np.empty(0, np.int32)

    def number(self, values: Codes) -> Codes:
        """The number (h, w) of the patch around every pixel; new ones are added to `rows`."""
        if self.count + values.size > len(self.rows):
            known, room = self.rows[: self.count], 2 * self.count + values.size
            self.rows = np.empty((room, 9), np.int32)
            self.rows[: self.count] = known
            self._slots = np.full(1 << (2 * room - 1).bit_length(), kernels.EMPTY, np.int32)
            kernels.insert_patches(known, self._slots)
        numbers = np.empty(values.shape, np.int32)
        self.count = kernels.number_patches(values, BORDER, self.rows, self._slots, self.count, numbers)
        return numbers


def distinct_patches(values: Tensor) -> tuple[Tensor, Tensor]:
    """The same with torch alone, for a GPU: patches (U, 9) and numbers (h, w), all int64.

    Exact: first the distinct triples of a row are numbered, then the distinct triples of those.
    """
    padded = F.pad(values + 1, (1, 1, 1, 1))  # 0 is beyond the border
    base = int(padded.max()) + 1
    triples = (padded[:, :-2] * base + padded[:, 1:-1]) * base + padded[:, 2:]  # (h + 2, w)
    rows, triples = torch.unique(triples, return_inverse=True)
    count = len(rows)
    patches, numbers = torch.unique((triples[:-2] * count + triples[1:-1]) * count + triples[2:], return_inverse=True)
    lines = torch.stack([patches // count**2, patches // count % count, patches % count], 1)  # (U, 3)
    triple = rows[lines]
    return torch.stack([triple // base**2, triple // base % base, triple % base], 2).reshape(-1, 9) - 1, numbers


class Norm:
    """One normalisation: tables instead of convolutions.

    `scale` and `shift` (U5, C) hold a row for every distinct 5x5 neighbourhood numbered so far, batch statistics
    folded in.
    """

    def __init__(self, norm: Spade, setting: Setting) -> None:
        first = norm.mlp_shared[0]
        assert isinstance(first, nn.Conv2d)
        self.shared = symbol_table(first.weight, setting.edges)  # (9 * (symbols + 1), N)
        self.shared_bias = bias_of(first)
        self.symbols = setting.symbols
        gamma, beta = norm.mlp_gamma.weight, norm.mlp_beta.weight  # (C, N, 3, 3)
        self.channels = len(gamma)
        group = GROUP_BYTES // setting.kind.itemsize
        self.group = min(self.channels, group if self.channels <= 256 else 4 * group)  # wide norms have few rows
        self.products = [  # N -> 9 * 2 * group, for the channels from c on
            Product(
                torch.cat([gamma[c : c + self.group], beta[c : c + self.group]]).permute(2, 3, 0, 1),
                setting.kind,
                setting.compiled,
            )
            for c in range(0, self.channels, self.group)
        ]
        self.bias = torch.stack([bias_of(norm.mlp_gamma) + 1, bias_of(norm.mlp_beta)])  # (2, C)
        self.compiled = setting.compiled
        self.kind = setting.kind
        self.eps = 1e-5  # torch's own, of both kinds of normalisation
        stats = norm.param_free_norm
        self.of_frame = not isinstance(stats, nn.BatchNorm2d)  # whose statistics are the frame's own
        self.fixed = (self.bias.new_ones(self.channels), self.bias.new_zeros(self.channels))
        if isinstance(stats, nn.BatchNorm2d):
            assert stats.running_mean is not None and stats.running_var is not None
            self.fixed = statistics(stats.running_mean, stats.running_var, stats.eps)
        self.clear()

    def clear(self, release: bool = True) -> None:
        """Forget all rows; `release` gives their memory back."""
        if release:
            none = torch.empty(0, self.channels, dtype=self.kind, device=self.shared.device)
            self._room = (none, none)
        self.scale, self.shift = (room[:0] for room in self._room)

    @property
    def row_bytes(self) -> int:
        return 2 * self.channels * self.kind.itemsize

    def extend(self, patches: Tensor, used: Tensor, taps: Tensor, room: int) -> None:
        """Rows for new neighbourhoods.

        Args:
            patches: (U3, 9) all 3x3 ones, of symbols.
            used: (u,) int64 numbers of those that the new 5x5 ones are made of; BORDER is beyond the border.
            taps: (new, 9) the new 5x5 ones, as places in `used`.
            room: rows to make room for, should there be too little.
        """
        if not len(taps):
            return
        hidden = self._hidden(patches, used)
        rows = self._next_rows(len(taps), room)
        for number, product in enumerate(self.products):
            start = number * self.group
            table = product(hidden).view(len(hidden), 9, -1)
            if self.compiled:
                values = (bits_of(value) for value in (table, taps, self.bias, *self.fixed))
                kernels.sum_taps(*values, start, bits_of(rows[0]), bits_of(rows[1]))
            else:
                part = slice(start, start + self.group)
                inverse, offset = (values[part] for values in self.fixed)
                sum_taps(table, taps, self.bias[:, part], inverse, offset, rows[0][:, part], rows[1][:, part])

    def _hidden(self, patches: Tensor, used: Tensor) -> Tensor:
        """What the first convolution makes of 3x3 neighbourhoods: (u, N), and rows of zeros up to the next PAD_ROWS."""
        count = -(-len(used) // PAD_ROWS) * PAD_ROWS
        hidden = torch.empty(count, len(self.shared_bias), dtype=self.kind, device=self.shared.device)
        if self.compiled:
            arrays = (value.numpy() for value in (self.shared, patches, used))
            kernels.sum_symbols(*arrays, BORDER, self.shared_bias.numpy(), bits_of(hidden))
            return hidden
        sums = sum_symbols(self.shared, patches[used.clamp(min=0)], self.symbols) + self.shared_bias
        sums[used == BORDER] = 0
        hidden[: len(used)], hidden[len(used) :] = sums.relu_(), 0
        return hidden

    def _next_rows(self, new: int, room: int) -> tuple[Tensor, Tensor]:
        """The next `new` rows of scale and shift, to be filled."""
        count = len(self.scale)
        if count + new > len(self._room[0]):
            size = (2, max(room, count + new), self.channels)
            large = torch.empty(size, dtype=self.kind, device=self.shared.device)
            large[0, :count], large[1, :count] = self.scale, self.shift
            self._room = (large[0], large[1])
        self.scale, self.shift = (rows[: count + new] for rows in self._room)
        return self.scale[count:], self.shift[count:]

    def rows(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift of every neighbourhood for this frame, whose x is (1, C, h, w)."""
        if not self.of_frame:
            return self.scale, self.shift
        variance, mean = torch.var_mean(x.float(), (0, 2, 3), correction=0)
        return folded(self.scale.float(), self.shift.float(), *statistics(mean, variance, self.eps))


def sum_taps(
    table: Tensor, taps: Tensor, bias: Tensor, inverse: Tensor, offset: Tensor, scale: Tensor, shift: Tensor
) -> None:
    """The same as `kernels.sum_taps` with torch alone."""
    index = taps * 9 + torch.arange(9, device=taps.device)
    sums = F.embedding_bag(index, table.flatten(0, 1).float(), mode="sum").view(len(taps), 2, -1) + bias
    scale.copy_(sums[:, 0] * inverse)
    shift.copy_(sums[:, 1] + sums[:, 0] * offset)


def bias_of(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None
    return conv.bias


def statistics(mean: Tensor, variance: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Normalisation as one product and one sum."""
    inverse = torch.rsqrt(variance + eps)
    return inverse, -mean * inverse


def folded(scale: Tensor, shift: Tensor, inverse: Tensor, offset: Tensor) -> tuple[Tensor, Tensor]:
    """(x * inverse + offset) * scale + shift as one scale and one shift."""
    return scale * inverse, scale * offset + shift


def symbol_table(weight: Tensor, edges: bool) -> Tensor:
    """What a symbol at a tap adds to a 3x3 convolution (C, S, 3, 3): (9 * (symbols + 1), C).

    A symbol is a label, or twice the label plus the edge bit; the last of each tap, beyond the border, adds nothing.
    """
    labels = weight.shape[1] - edges
    taps = weight[:, :labels].permute(2, 3, 1, 0).reshape(9, labels, -1)  # (9, labels, C)
    if edges:
        edge = weight[:, labels].permute(1, 2, 0).reshape(9, 1, -1)
        taps = torch.stack([taps, taps + edge], 2).reshape(9, 2 * labels, -1)
    return torch.cat([taps, taps.new_zeros(9, 1, taps.shape[2])], 1).reshape(9 * (taps.shape[1] + 1), -1).contiguous()


def sum_symbols(table: Tensor, patches: Tensor, symbols: int) -> Tensor:
    """The convolution's sums (patches, C) of 3x3 patches (patches, 9) of symbols."""
    index = torch.where(patches == BORDER, symbols, patches)
    return F.embedding_bag(index + torch.arange(9, device=index.device) * (symbols + 1), table, mode="sum")


@dataclass
class Level:
    """One resolution: its neighbourhoods, and the norms that live on it."""

    norms: list[Norm]
    patches_3: Patches = field(default_factory=Patches)
    patches_5: Patches = field(default_factory=Patches)
    one_frame: int = 0  # neighbourhoods of the first frame in the tables

    def number(self, symbols: Codes) -> Tensor:
        """The number (h, w) of every pixel's 5x5 neighbourhood; the norms have a row for each."""
        known = self.patches_5.count
        numbers = self.patches_5.number(self.patches_3.number(symbols))
        if known == 0:
            self.one_frame = self.patches_5.count
        room = self.patches_5.count if known == 0 else (FRAMES_KEPT + 1) * self.one_frame
        new = self.patches_5.rows[known : self.patches_5.count]
        taps = np.empty_like(new)
        used = kernels.places_of(new, BORDER, self.patches_3.count, taps)
        patches, places = torch.from_numpy(self.patches_3.rows), torch.from_numpy(taps)
        for norm in self.norms:
            norm.extend(patches, torch.from_numpy(used), places, room)
        return torch.from_numpy(numbers)

    def number_anew(self, symbols: Tensor) -> Tensor:
        """The same without the processor's loops; nothing is kept between frames."""
        self.clear(release=False)
        patches_3, numbers_3 = distinct_patches(symbols)
        patches_5, numbers = distinct_patches(numbers_3)
        used, taps = torch.unique(patches_5, return_inverse=True)
        for norm in self.norms:
            norm.extend(patches_3, used, taps, len(taps))
        return numbers

    def forget_old(self) -> None:
        """Forget everything if there are more rows than FRAMES_KEPT of the first frame."""
        if self.patches_5.count > FRAMES_KEPT * self.one_frame:
            self.clear(release=False)

    def kept_bytes(self) -> int:
        """What the rows take; room that was never filled is none of the system's memory."""
        return self.patches_5.count * sum(norm.row_bytes for norm in self.norms)

    def clear(self, release: bool = True) -> None:
        self.patches_3, self.patches_5 = Patches(), Patches()
        for norm in self.norms:
            norm.clear(release)
