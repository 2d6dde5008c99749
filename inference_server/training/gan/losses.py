"""What generator and discriminator play for.

The logistic loss that does not saturate (Goodfellow et al., 2014), R1 (Mescheder et al., ICML 2018, arXiv 1801.04406)
and path lengths (Karras et al., CVPR 2020, arXiv 1912.04958, section 3.2).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

PATH_WEIGHT = 2.0
PATH_DECAY = 0.01  # how far the mean of the path lengths goes towards those of a batch


def taken_for_real(verdicts: Tensor) -> Tensor:
    """Small where the discriminator (N,) takes all for real."""
    return F.softplus(-verdicts).mean()


def seen_through(verdicts: Tensor) -> Tensor:
    """Small where it takes none for real."""
    return F.softplus(verdicts).mean()


def steepness(verdicts: Tensor, pictures: Tensor) -> Tensor:
    """R1 without its weight: the mean squared gradient of the verdicts (N,) by the real pictures (N, 3, R, R)."""
    (gradient,) = torch.autograd.grad(verdicts.sum(), pictures, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()


def path_lengths(pictures: Tensor, ws: Tensor, directions: Tensor) -> Tensor:
    """(N,): how much a picture (N, 3, R, R) changes with ws (N, num_ws, w_dim).

    directions: normally distributed, of the pictures' shape; the change is taken along them.
    """
    along = (pictures * directions).sum() / pictures.shape[2]  # the square root of height times width
    (gradient,) = torch.autograd.grad(along, ws, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()
