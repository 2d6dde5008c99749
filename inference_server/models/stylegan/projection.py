"""A picture becomes a point of w: the one of which the generator paints what is nearest to it.

Found by descent, as in "Analyzing and Improving the Image Quality of StyleGAN" (Karras et al., CVPR 2020, arXiv
1912.04958, appendix D), but by the differences of the pictures at several sizes, since no network that compares them
may be shipped; from the nearest of some points that are typical of the generator, since from their average it often
ends in a hollow on the way; and without shaking the point, which with this measure keeps it from the bottom. The noise
maps stay those of the weights: a walk paints with them, and what other noise would explain of a picture no keyframe
could show. Each picture is looked for by itself: it becomes the same point alone and among others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from inference_server.models.base import checked_weights
from inference_server.models.cards import Card
from inference_server.models.stylegan import network
from inference_server.models.stylegan.mapping import Generator
from shared.values import Value

SAMPLES = 10_000  # points that are typical of a generator
PAINTED = 128  # of these, to begin at the nearest
AT_A_TIME = 2**17  # pixels that are painted together
STEP = 3  # painted pictures that a step takes as long as
LEVELS = 4  # sizes at which pictures are compared, each half of the one before
RATE = 0.25  # of a step, as a share of the points' spread along an axis
APART = 0.25  # of RATE, where layers part
RISE, FALL = 0.05, 0.7  # of the steps, at the beginning and the end
SPACES = ("w", "w+")
EXACT = 1e-10  # mean squared difference that is called 100 dB
FOUND, NEAR = 30.0, 20.0  # dB from which on words say so

Picture = NDArray[np.float32]  # (R, R, 3), sRGB-encoded, 0..1
Told = Callable[[float, float | None], None]  # how much is done, 0..1, and dB by then; None while it begins


class Wish(Value):
    """space: "w", one point for all layers, whose pictures are the generator's own; "w+": one for each, nearer to
    pictures that are not."""

    space: str = SPACES[0]
    steps: int = 300


class Found(Value):
    """ws: (num_ws, w_dim). picture: what is painted of it. decibels: how near that is (PSNR)."""

    ws: NDArray[np.float32]
    picture: Picture
    decibels: float

    @property
    def words(self) -> str:
        if self.decibels >= FOUND:
            return "found"
        return "near" if self.decibels >= NEAR else "not of this model's world"


class Projector:
    """A generator of which points are asked. seed: of the typical ones, among which each search begins."""

    def __init__(self, net: Generator, device: str = "cpu", seed: int = 0) -> None:
        self.net, self.device = net.to(device).eval().requires_grad_(False), device
        self.noise = [noise.to(device) for noise in net.stored_noise()]
        points = self._typical(seed)  # (SAMPLES, w_dim)
        self.middle = points.mean(0)
        self.spread = float((points - self.middle).square().sum(1).mean().sqrt())
        self.painted = torch.cat([self.middle[None], points[:PAINTED]])

    def project(self, picture: Picture, wish: Wish, told: Told) -> Found:
        """The point of a picture as large as the generator paints."""
        work = len(self.painted) + STEP * wish.steps  # in painted pictures
        target = torch.tensor(picture, device=self.device).permute(2, 0, 1)[None] * 2 - 1
        levels = pyramid(target)
        w = self._nearest(levels, lambda done: told(done / work, None))[None]  # (1, w_dim)

        def stepped(step: int, near: float) -> None:
            told((len(self.painted) + STEP * step) / work, near)

        with _repeatable(), _hearing(self.net):
            if wish.space == "w":
                w = self._descend(w, levels, wish.steps, RATE, stepped)
            else:
                half = wish.steps // 2
                w = self._descend(w, levels, half, RATE, stepped)
                layers = w[:, None].repeat(1, self.net.num_ws, 1)
                w = self._descend(layers, levels, wish.steps - half, APART * RATE, stepped, half)
        with torch.inference_mode():
            made = self._paint(w)
            shown = ((made[0] + 1) / 2).clamp(0, 1).permute(1, 2, 0).cpu().numpy()
            ws = self._of_all_layers(w)[0].cpu().numpy()
        return Found(np.array(ws), np.ascontiguousarray(shown), decibels(shown, picture))

    def _descend(
        self,
        w: Tensor,
        levels: list[Tensor],
        steps: int,
        rate: float,
        told: Callable[[int, float], None],
        before: int = 0,
    ) -> Tensor:
        """From w (1, w_dim) or ws (1, num_ws, w_dim) to where the picture is nearer. before: steps that are done."""
        w = w.detach().clone().requires_grad_(True)
        axis = self.spread / math.sqrt(self.net.w_dim)
        descent = torch.optim.Adam([w], betas=(0.9, 0.999))
        for step in range(steps):
            share = step / steps
            descent.param_groups[0]["lr"] = rate * axis * pace(share)
            made = inside(self._paint(w), levels[0])
            loss = apart(pyramid(made), levels).sum()
            descent.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            descent.step()
            missed = float((made.detach().clamp(-1, 1) - levels[0]).square().mean()) / 4  # of values 0..1
            told(before + step + 1, -10 * math.log10(max(missed, EXACT)))
        return w.detach()

    def _nearest(self, levels: list[Tensor], told: Callable[[int], None]) -> Tensor:
        """(w_dim) of those that are painted, whose picture is nearest."""
        found, together = [], max(1, AT_A_TIME // self.net.resolution**2)
        with torch.inference_mode():
            for first in range(0, len(self.painted), together):
                found.append(
                    apart(pyramid(inside(self._paint(self.painted[first : first + together]), levels[0])), levels)
                )
        return self.painted[int(torch.cat(found).argmin())].clone()

    def _paint(self, w: Tensor) -> Tensor:
        return self.net.draw(self._of_all_layers(w), self.noise or None)

    def _of_all_layers(self, w: Tensor) -> Tensor:
        return w[:, None].expand(-1, self.net.num_ws, -1) if w.ndim == 2 else w

    def _typical(self, seed: int) -> Tensor:
        """(SAMPLES, w_dim), of all classes alike."""
        z = np.random.RandomState(seed).randn(SAMPLES, self.net.z_dim).astype(np.float32)
        classes = None
        if self.net.c_dim:
            classes = torch.eye(self.net.c_dim, device=self.device)[torch.arange(SAMPLES) % self.net.c_dim]
        with torch.inference_mode():
            return self.net.map(torch.from_numpy(z).to(self.device), classes).clone()


def load(card: Card, device: str, seed: int) -> Projector:
    """The generator of a card. Raises ModelRefused."""
    return Projector(network.filled(card.config, checked_weights(card, card.folder), card.name), device, seed)


def inside(pictures: Tensor, target: Tensor) -> Tensor:
    """Pictures (N, 3, R, R), where the target is as bright or dark as can be not beyond it: nobody sees by how much
    they are, and elsewhere a descent must."""
    brightest, darkest = target >= 1, target <= -1
    return torch.where(brightest, pictures.clamp(max=1), torch.where(darkest, pictures.clamp(min=-1), pictures))


def pyramid(pictures: Tensor) -> list[Tensor]:
    """(N, 3, R, R), then each level half as large as the one before."""
    found = [pictures]
    while len(found) < LEVELS:
        found.append(F.avg_pool2d(found[-1], 2))
    return found


def apart(one: list[Tensor], other: list[Tensor]) -> Tensor:
    """(N) mean squared differences of two pyramids, of all levels together."""
    return torch.stack([(a - b).square().mean((1, 2, 3)) for a, b in zip(one, other, strict=True)]).sum(0)


def pace(share: float) -> float:
    """How fast the descent is, 0..1, when `share` of its steps are done."""
    fall = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - share) / FALL))
    return fall * min(1.0, (share + 1e-3) / RISE)


def decibels(one: Picture, other: Picture) -> float:
    """PSNR of two pictures."""
    return -10 * math.log10(max(float(np.square(one - other, dtype=np.float64).mean()), EXACT))


@contextmanager
def _repeatable() -> Iterator[None]:
    """A card computes the same way each time."""
    before = torch.backends.cudnn.deterministic
    torch.backends.cudnn.deterministic = True
    try:
        yield
    finally:
        torch.backends.cudnn.deterministic = before


@contextmanager
def _hearing(net: Generator) -> Iterator[None]:
    """On its way back torch passes all layers in one call; a hook in each lets Python in, which hears Ctrl-C."""
    hooks = [module.register_full_backward_pre_hook(lambda *_: None) for module in net.modules()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
