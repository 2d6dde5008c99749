"""The reader of the judge's own: a small network that learns from real pictures alone which class every pixel is."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from inference_server.training.pairs import Pairs

Pictures = NDArray[np.uint8]  # (N, H, W, 3) sRGB

WIDTHS = (32, 64, 96)
BATCH = 8
STEP = 16  # pixels of a picture to one of the network's coarsest


class Segmenter(nn.Module):
    """A small U-shaped network at half size and below; its features at a quarter serve the patch distance."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        a, b, c = WIDTHS
        self.one, self.two, self.three = _twice(12, a), _twice(a, b), _twice(b, c)
        self.up_two, self.up_one = _twice(c + b, b), _twice(b + a, a)
        self.verdict = nn.Conv2d(a, classes, 1)

    def features(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        x = self.one(F.pixel_unshuffle(picture, 2))
        return x, self.two(F.max_pool2d(x, 2))

    def forward(self, picture: Tensor) -> Tensor:
        x, y = self.features(picture)
        far = self.three(F.max_pool2d(y, 4))
        y = self.up_two(torch.cat([F.interpolate(far, scale_factor=4.0), y], 1))
        x = self.up_one(torch.cat([F.interpolate(y, scale_factor=2.0), x], 1))
        return F.interpolate(self.verdict(x), scale_factor=2.0, mode="bilinear")


def _twice(inner: int, outer: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before in (inner, outer):
        layers += [nn.Conv2d(before, outer, 3, padding=1), nn.BatchNorm2d(outer), nn.ReLU()]
    return nn.Sequential(*layers)


def to_tensor(pictures: Pictures) -> Tensor:
    return (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous(
        memory_format=torch.channels_last
    )


def train_segmenter(pairs: Pairs, classes: list[int], steps: int) -> Segmenter:
    """On real pictures alone, with light changes of exposure so that the grade is not what it reads."""
    torch.manual_seed(7)
    net = Segmenter(len(classes)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-4)
    numbers = np.searchsorted(classes, pairs.ids)
    share = np.bincount(numbers.ravel(), minlength=len(classes)) / numbers.size
    weight = torch.from_numpy(np.clip((0.03 / np.maximum(share, 1e-6)) ** 0.5, 0.5, 4).astype(np.float32))
    for step in range(steps):
        rng = np.random.default_rng((7, step))
        chosen = rng.choice(len(numbers), BATCH, False)
        picture = to_tensor(pairs.images[chosen]) * torch.from_numpy(rng.uniform(0.85, 1.15, (BATCH, 1, 1, 1))).float()
        labels = torch.from_numpy(numbers[chosen].astype(np.int64))
        if rng.random() < 0.5:
            picture, labels = picture.flip(3), labels.flip(2)
        optimiser.param_groups[0]["lr"] = 2e-3 * min(1.0, 1.02 - step / steps, (step + 1) / 20)
        with torch.autocast("cpu", torch.bfloat16):
            verdict = net(picture)
        loss = F.cross_entropy(verdict.float(), labels, weight)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if step % 50 == 0:
            print(f"segmenter: step {step} of {steps}, loss {loss.item():.3f}", flush=True)
    return net.eval()


@torch.no_grad()
def read(net: Segmenter, pictures: Pictures) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Class numbers (N, H, W) and features (N, C, H/4, W/4) of pictures of any size."""
    numbers, features = [], []
    height, width = pictures.shape[1:3]
    beyond = (0, -width % STEP, 0, -height % STEP)
    for start in range(0, len(pictures), BATCH):
        batch = F.pad(to_tensor(pictures[start : start + BATCH]), beyond, mode="replicate")
        numbers.append(net(batch).argmax(1)[:, :height, :width].numpy())
        features.append(net.features(batch)[1][..., : height // 4, : width // 4].numpy())
    return np.concatenate(numbers), np.concatenate(features)
