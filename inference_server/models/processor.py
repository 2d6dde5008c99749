"""What the fast networks share on the processor: weights laid out once, memory taken once.

The operations are those that torch's own compiler calls (`torch.ops.mkldnn`); where they are missing, and on every
other device, torch's plain ones do the same.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from inference_server.models.lanes import WIDTH


def bits_of(tensor: Tensor) -> NDArray[Any]:
    """The same memory as an array; bfloat16, which NumPy does not know, as uint16."""
    return (tensor.view(torch.uint16) if tensor.dtype == torch.bfloat16 else tensor).numpy()


def filled(tensor: Tensor, *dims: int) -> Tensor:
    """Zeros appended to these dimensions up to a multiple of WIDTH."""
    pad = [-tensor.shape[dim] % WIDTH if dim in dims else 0 for dim in reversed(range(tensor.ndim))]
    return F.pad(tensor, [value for extra in pad for value in (0, extra)]).contiguous()


class Convolution:
    """A convolution that keeps the size, or halves it; weights in the order that the processor's library likes best.

    weight (Cout, Cin, k, k), bias (Cout) or None; compiled: by that library, else by torch alone; wide: at all places
    where it sees anything, k - 1 more than it is given.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        kind: torch.dtype,
        compiled: bool,
        stride: int = 1,
        wide: bool = False,
    ) -> None:
        self.compiled = compiled and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
        side = weight.shape[2] - 1 if wide else weight.shape[2] // 2
        self.padding, self.stride = [side, side], [stride, stride]
        self.weight = weight.to(kind).contiguous(memory_format=torch.channels_last)
        self.bias = None if bias is None else bias.to(kind)
        self._packed: Tensor | None = None

    def __call__(self, x: Tensor, onto: Tensor) -> Tensor:
        """(1, Cin, h, w) channels last -> (1, Cout, h, w), added to `onto` in its place."""
        if not self.compiled:
            return onto.add_(F.conv2d(x, self.weight, self.bias, self.stride, self.padding))
        once = [1, 1]
        if self._packed is None:
            pack = torch.ops.mkldnn._reorder_convolution_weight
            self._packed = pack(self.weight, self.padding, self.stride, once, 1, list(x.shape))
            self.weight = self.weight.new_empty(0)
        add = torch.ops.mkldnn._convolution_pointwise_.binary
        how = (self._packed, self.bias, self.padding, self.stride, once, 1)
        added: Tensor = add(onto, x, *how, "add", 1.0, None, [], None)
        return added


class Scratch:
    """Memory for what lives within one frame, taken once: new pages cost more than what is written to them."""

    def __init__(self, kind: torch.dtype, device: torch.device) -> None:
        self._empty = torch.empty(0, dtype=kind, device=device)
        self._taken: dict[str, Tensor] = {}

    def take(self, name: str, channels: int, height: int, width: int) -> Tensor:
        """(1, C, h, w) channels last, with whatever was in it; its last use under this name ends."""
        size = channels * height * width
        if name not in self._taken or len(self._taken[name]) < size:
            self._taken[name] = self._empty.new_empty(size)
        return self._taken[name][:size].view(1, height, width, channels).permute(0, 3, 1, 2)

    def clear(self) -> None:
        self._taken.clear()


class Product:
    """A product with the taps of a weight (3, 3, out, in); on the processor oneDNN's, several times torch's own."""

    def __init__(self, weight: Tensor, kind: torch.dtype, compiled: bool) -> None:
        self.weight = weight.reshape(-1, weight.shape[3]).to(kind).contiguous()  # (3, 3, out, in) -> (9 * out, in)
        self.packed: Tensor | None = None
        if compiled and hasattr(torch.ops.mkldnn, "_linear_pointwise"):
            self.packed = torch.ops.mkldnn._reorder_linear_weight(self.weight, 512)
            self.weight = self.weight.new_empty(0)

    def __call__(self, x: Tensor) -> Tensor:  # (n, in) -> (n, 9 * out)
        if self.packed is None:
            return F.linear(x.to(self.weight.dtype), self.weight)
        x = x.to(self.packed.dtype)
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.packed, None, "none", [], "")
        return result
