"""Enlarging and shrinking by a finite filter, and the convolutions that do it in passing.

Written from the formulas of "Analyzing and Improving the Image Quality of StyleGAN" (Karras et al., CVPR 2020, arXiv
1912.04958). Tensors are (N, C, h, w); a filter is (fh, fw), or (taps,) to be used along both axes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SMOOTH = torch.outer(torch.tensor([1.0, 3.0, 3.0, 1.0]), torch.tensor([1.0, 3.0, 3.0, 1.0])) / 64


def resample(
    x: Tensor,
    taps: Tensor,
    up: tuple[int, int] = (1, 1),
    down: tuple[int, int] = (1, 1),
    padding: tuple[int, int, int, int] = (0, 0, 0, 0),
    gain: float = 1.0,
) -> Tensor:
    """Zeros between the pixels, zeros around them, the filter, then every n-th pixel.

    up, down: (x, y); padding: left, right, top, bottom after `up`, negative to cut off.
    """
    n, channels, height, width = x.shape
    if up != (1, 1):
        x = F.pad(x.reshape(n, channels, height, 1, width, 1), (0, up[0] - 1, 0, 0, 0, up[1] - 1))
        x = x.reshape(n, channels, height * up[1], width * up[0])
    x = F.pad(x, padding)
    taps = (taps * gain ** (taps.ndim / 2)).to(x).flip(tuple(range(taps.ndim)))  # conv2d correlates
    if taps.ndim == 2:
        return F.conv2d(x, taps.expand(channels, 1, -1, -1), stride=(down[1], down[0]), groups=channels)
    rows, columns = taps[:, None].expand(channels, 1, -1, -1), taps.expand(channels, 1, 1, -1)
    x = F.conv2d(x, columns, stride=(1, down[0]), groups=channels)
    return F.conv2d(x, rows, stride=(down[1], 1), groups=channels)


def upsample(x: Tensor) -> Tensor:  # (N, C, h, w) -> (N, C, 2h, 2w)
    return resample(x, SMOOTH, up=(2, 2), padding=(2, 1, 2, 1), gain=4)


def downsample(x: Tensor) -> Tensor:  # (N, C, h, w) -> (N, C, h / 2, w / 2)
    return resample(x, SMOOTH, down=(2, 2), padding=(1, 1, 1, 1))


def convolve(x: Tensor, weight: Tensor) -> Tensor:  # (N, Cin, h, w), (Cout, Cin, k, k) -> (N, Cout, h, w)
    return F.conv2d(x, weight, padding=weight.shape[2] // 2)


def convolve_up(x: Tensor, weight: Tensor) -> Tensor:  # (N, Cin, h, w), (Cout, Cin, 3, 3) -> (N, Cout, 2h, 2w)
    y = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)  # (N, Cout, 2h + 1, 2w + 1)
    return resample(y, SMOOTH, padding=(1, 1, 1, 1), gain=4)


def convolve_down(x: Tensor, weight: Tensor) -> Tensor:  # (N, Cin, h, w), (Cout, Cin, 3, 3) -> (N, Cout, h/2, w/2)
    return F.conv2d(resample(x, SMOOTH, padding=(2, 2, 2, 2)), weight, stride=2)
