"""How far a painting is from its picture, and how well the judge knows them apart; each class has its weight.

After pix2pixHD (arXiv 1711.11585) without its borrowed features: absolute difference of the pictures and of their
low-pass pyramid (what is where, which colour), of their changes along the lines of the geometry where it is known and
of how strong these are around, hinge adversarial loss and feature matching (texture), and how much detail each class
has, for all the others would rather have less. Rare classes weigh more, as in OASIS (arXiv 2012.04781), or trains and
houses drown in meadows.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from inference_server.models.small import guides

WEIGHT_L1, WEIGHT_PYRAMID, WEIGHT_ADVERSARIAL, WEIGHT_FEATURES, WEIGHT_DETAIL = 1.0, 6.0, 0.8, 5.0, 1.2
WEIGHT_LINES, WEIGHT_CONTRAST = 8.0, 6.0
BESIDE = 4  # pixels beside a line that should be calmer or livelier than it, as in the picture
LINE = 0.25  # from this on a crease or step is a line
PYRAMID = (4, 16)
DETAIL = (3, 5, 9)  # pixels; detail is what differs from the mean over such a square
INSIDE = 3  # pixels to the next class, from where on detail is texture and no longer an outline
ENOUGH = 100  # pixels of a class in a batch, below which its detail says nothing
CALM = 0.05 * (2 / 255) ** 2  # detail that nobody sees: a fifth of a code
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


def lines(painted: Tensor, real: Tensor, seen: Tensor, weight: Tensor) -> Tensor:
    """Where the geometry turns or steps or a part ends, the painting should change as the picture does: what a
    surface's grain hides from the other losses. Around, it should change as much, whichever way: the way cannot always
    be known, and a painter that must not be wrong would rather not change at all. seen (B, n, H, W)."""
    line = seen[:, [n for n in guides.LINES if n < seen.shape[1]]].amax(1, keepdim=True).clamp(0, 1)
    loss = torch.zeros((), device=painted.device)
    for dim in (2, 3):
        change = (painted - real).diff(dim=dim).abs()
        count = change.shape[dim]
        there = torch.maximum(line.narrow(dim, 0, count), line.narrow(dim, 1, count))
        loss = loss + (change * there * weight.narrow(dim, 0, count)).mean()
    around = F.max_pool2d((line > LINE).float(), 2 * BESIDE + 1, 1, BESIDE)[:, :, 1:, 1:]
    contrasts = [_contrast(picture) for picture in (painted, real)]
    unlike = ((contrasts[0] - contrasts[1]).abs() * around * weight[:, :, 1:, 1:]).mean()
    return WEIGHT_LINES * loss + WEIGHT_CONTRAST * unlike


def _contrast(picture: Tensor) -> Tensor:
    """(B, 1, H - 1, W - 1): length of the gradient of luma."""
    luma = _luma_and_differences(picture)[:, :1]
    across, down = luma[:, :, 1:, 1:] - luma[:, :, 1:, :-1], luma[:, :, 1:, 1:] - luma[:, :, :-1, 1:]
    return (across**2 + down**2 + CALM).sqrt()


def persuasion(verdicts: list[Tensor], fake: list[Tensor], real: list[Tensor], weight: Tensor) -> Tensor:
    """What the painter is told by the judge: its verdicts on the painting, and features like those of the picture."""
    loss = torch.zeros((), device=weight.device)
    for verdict in verdicts:
        loss = loss - WEIGHT_ADVERSARIAL * (verdict.float() * pooled(weight, verdict)).mean()
    for f, r in zip(fake, real, strict=True):
        loss = loss + WEIGHT_FEATURES / len(fake) * ((f.float() - r.float()).abs() * pooled(weight, f)).mean()
    return loss


def detail(painted: Tensor, real: Tensor, channels: Tensor, classes: int) -> Tensor:
    """How many times more or less detail a class has than it should: mean |log ratio| of its energies over the batch.

    The energy is the mean square of a high pass of luma and both colour differences, per class, away from its outline.
    """
    inside = _inside(channels)
    where = channels[inside]  # (N,)
    pixels = torch.bincount(where, minlength=classes)
    enough = pixels >= ENOUGH
    loss = torch.zeros((), device=painted.device)
    if not bool(enough.any()):
        return loss
    for size in DETAIL:
        energies = []
        for picture in (painted, real):
            planes = _luma_and_differences(picture.float())
            high = planes - F.avg_pool2d(planes, size, 1, size // 2, count_include_pad=False)
            values = high.permute(0, 2, 3, 1)[inside] ** 2  # (N, 3)
            sums = values.new_zeros(classes, 3).index_add(0, where, values)
            energies.append(sums[enough] / pixels[enough, None] + CALM)
        loss = loss + (energies[0].log() - energies[1].log()).abs().mean()
    return WEIGHT_DETAIL / len(DETAIL) * loss


def _inside(channels: Tensor) -> Tensor:
    """(B, H, W) bool: nothing of another class within INSIDE pixels."""
    numbers, size = channels[:, None].float(), 2 * INSIDE + 1
    most, least = (F.max_pool2d(sign * numbers, size, 1, INSIDE) for sign in (1, -1))
    return (most == -least)[:, 0]


def _luma_and_differences(picture: Tensor) -> Tensor:
    red, green, blue = picture.unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return torch.stack([luma, red - luma, blue - luma], 1)


def judgement(real: list[Tensor], fake: list[Tensor], weight: Tensor) -> Tensor:
    """Hinge loss of the judge."""
    loss = torch.zeros((), device=weight.device)
    for r, f in zip(real, fake, strict=True):
        loss = loss + ((F.relu(1 - r.float()) + F.relu(1 + f.float())) * pooled(weight, r)).mean()
    return loss


def pooled(weight: Tensor, like: Tensor) -> Tensor:
    return F.avg_pool2d(weight, weight.shape[2] // like.shape[2])
