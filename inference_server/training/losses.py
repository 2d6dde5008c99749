"""How far a painting is from its picture, and how well the judge knows them apart; each class has its weight.

After pix2pixHD (arXiv 1711.11585) without its borrowed features: absolute difference of the pictures and of their
low-pass pyramid (what is where, which colour), hinge adversarial loss and feature matching (texture). Rare classes
weigh more, as in OASIS (arXiv 2012.04781), or trains and houses drown in meadows.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

WEIGHT_L1, WEIGHT_PYRAMID, WEIGHT_ADVERSARIAL, WEIGHT_FEATURES = 2.0, 6.0, 0.4, 6.0
PYRAMID = (4, 16)
COMMON = 0.03  # a class with this share of the pixels has weight one
LIGHTEST, HEAVIEST = 0.5, 3.0


def class_weights(pixels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Pixels per channel -> weight per channel; the mean over all pixels is one. What never occurs weighs nothing."""
    share = pixels / max(1, pixels.sum())
    weights = np.clip((COMMON / np.maximum(share, 1e-9)) ** 0.5, LIGHTEST, HEAVIEST) * (pixels > 0)
    result: NDArray[np.float32] = (weights / max(1e-9, float((weights * share).sum()))).astype(np.float32)
    return result


def reconstruction(painted: Tensor, real: Tensor, weight: Tensor) -> Tensor:
    """painted, real (B, 3, H, W) in (-1, 1), weight (B, 1, H, W)."""
    difference = painted - real
    loss = WEIGHT_L1 * (difference.abs() * weight).mean()
    for size in PYRAMID:
        low = F.avg_pool2d(difference, size).abs()
        loss = loss + WEIGHT_PYRAMID / len(PYRAMID) * (low * F.avg_pool2d(weight, size)).mean()
    return loss


def persuasion(verdicts: list[Tensor], fake: list[Tensor], real: list[Tensor], weight: Tensor) -> Tensor:
    """What the painter is told by the judge: its verdicts on the painting, and features like those of the picture."""
    loss = torch.zeros((), device=weight.device)
    for verdict in verdicts:
        loss = loss - WEIGHT_ADVERSARIAL * (verdict.float() * pooled(weight, verdict)).mean()
    for f, r in zip(fake, real, strict=True):
        loss = loss + WEIGHT_FEATURES / len(fake) * ((f.float() - r.float()).abs() * pooled(weight, f)).mean()
    return loss


def judgement(real: list[Tensor], fake: list[Tensor], weight: Tensor) -> Tensor:
    """Hinge loss of the judge."""
    loss = torch.zeros((), device=weight.device)
    for r, f in zip(real, fake, strict=True):
        loss = loss + ((F.relu(1 - r.float()) + F.relu(1 + f.float())) * pooled(weight, r)).mean()
    return loss


def pooled(weight: Tensor, like: Tensor) -> Tensor:
    return F.avg_pool2d(weight, weight.shape[2] // like.shape[2])
