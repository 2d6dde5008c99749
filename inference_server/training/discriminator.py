"""A patch discriminator that sees picture, labels and guides together.

Strided convolutions give a verdict per patch at two depths, each with a projection on the class
under it (Miyato and Koyama, arXiv 1802.05637), so that "is this real?" means "is this real tree?".
Its features serve the feature-matching loss (pix2pixHD, arXiv 1711.11585).
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class Discriminator(nn.Module):
    def __init__(self, classes: int, seen: int = 0, width: int = 48) -> None:
        super().__init__()
        self.classes = classes
        widths = (width // 2, width, width * 2, width * 4)
        self.stem = nn.Conv2d(3 + classes + seen, width // 2, 3, padding=1)
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(inner, outer, 4, stride=2, padding=1)) for inner, outer in pairwise(widths)
        )
        self.verdicts = nn.ModuleList(nn.Conv2d(w, 1, 3, padding=1) for w in widths[1:])
        self.projections = nn.ModuleList(nn.Conv2d(classes, w, 1, bias=False) for w in widths[1:])

    def forward(self, picture: Tensor, labels: Tensor, seen: Tensor | None = None) -> tuple[list[Tensor], list[Tensor]]:
        """picture (B, 3, H, W) in (-1, 1), labels (B, H, W), seen (B, PLANES, H, W) -> verdicts and features at 1/2,
        1/4, 1/8."""
        small = picture.new_zeros(*labels.shape, self.classes).scatter_(3, labels[..., None], 1)
        small = small.permute(0, 3, 1, 2)  # (B, classes, H, W)
        given = [picture, small] if seen is None else [picture, small, seen.to(picture)]
        x = F.leaky_relu(self.stem(torch.cat(given, 1)), 0.2)
        verdicts, features = [], []
        for layer, verdict, projection in zip(self.layers, self.verdicts, self.projections, strict=True):
            # Without a normalisation spectral norms leave features too small to match or to judge by.
            x = F.leaky_relu(F.instance_norm(layer(x)), 0.2)
            small = small[:, :, 1::2, 1::2].contiguous(memory_format=torch.channels_last)
            match = (projection(small) * x).sum(1, keepdim=True)
            verdicts.append(verdict(x) + match)
            features.append(x)
        return verdicts, features
