"""The family of generators: what a frame's walk names becomes a picture.

A frame is painted of its own points alone, one at a time: the same in a clip, by itself, and after a crash.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference_server.models.base import Model, PaintInput, checked_weights
from inference_server.models.cards import Card
from inference_server.models.stylegan import fast, network
from inference_server.models.stylegan.alias_free import seen_from
from inference_server.models.stylegan.circles import Circles, mapped
from inference_server.models.stylegan.mapping import Generator
from shared.walking import Round, Row, Seeds, Stop

STILL_FROM = 512  # pixels: noise of layers as fine as this stays still in a loop, where moving it would crawl
TINY = 1e-12  # in the place of 0 below a line

Rows = Mapping[Row, NDArray[np.float32]]


class StyleGan(Model):
    """A generator."""

    def __init__(self, card: Card, net: Generator, device: str) -> None:
        super().__init__(card, device)
        self.net = fast.of(net.to(device))
        self.circles = Circles(self.net)
        self.stored = self.net.stored_noise()

    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        options = request.options
        with torch.inference_mode():
            near = self.ws(request.walk, request.rows, options)
            noise = self.noise(str(options.get("noise", "still")), request.seed, request.turn)
            picture = self.net.draw(near, noise, self.view(options))
            shown = ((picture[0] + 1) / 2).clamp(0, 1).permute(1, 2, 0)
        painted: NDArray[np.float32] = np.ascontiguousarray(shown.float().cpu().numpy())
        return painted

    def ws(self, walk: Sequence[Stop], rows: Rows, options: Mapping[str, Any]) -> Tensor:
        """(1, num_ws, w_dim) of what a frame is painted of: seeds truncated; points of w files, which somebody chose
        as they are, not, as the published tools do it."""
        found = torch.empty(1, self.net.num_ws, self.net.w_dim, device=self.device)
        for stop in walk:
            layers = slice(stop.first, stop.last + 1)
            mixed = torch.zeros(stop.last + 1 - stop.first, self.net.w_dim, device=self.device)
            for weight, point in stop.mixture:
                one = self._row(point, rows, layers) if isinstance(point, Row) else self._near(point, options)[layers]
                mixed += weight * one
            found[0, layers] = mixed
        return found

    def _near(self, point: Seeds | Round, options: Mapping[str, Any]) -> Tensor:
        """(num_ws, w_dim) of seeds, truncated."""
        class_ = int(options.get("class", 0))
        seeds = self.circles.at(point, class_) if isinstance(point, Round) else point
        own = class_ if seeds.class_ is None else seeds.class_
        cutoff = options.get("cutoff", 0)
        return self.net.truncate(mapped(self.net, [seeds], own), float(options.get("psi", 1)), cutoff or None)[0]

    def _row(self, row: Row, rows: Rows, layers: slice) -> Tensor:
        """(1 or layers, w_dim) of a w file."""
        values = torch.from_numpy(rows[row]).to(self.device)
        return values[layers] if values.ndim == 2 else values[None]

    def noise(self, plan: str, seed: int, turn: float) -> list[Tensor] | None:
        """The maps of a frame: those of the file, or turning once with the shot between them and those of a seed, which
        keeps their strength; or none."""
        if plan == "none":
            return None
        if plan == "still":
            return self.stored
        others = np.random.RandomState(seed)
        here, there = math.cos(2 * math.pi * turn), math.sin(2 * math.pi * turn)

        def turned(noise: Tensor) -> Tensor:
            if noise.shape[-1] >= STILL_FROM:
                return noise
            other = torch.tensor(others.randn(*noise.shape), dtype=torch.float32, device=self.device)
            return here * noise + there * across(noise, other)

        return [turned(noise) for noise in self.stored]

    def view(self, options: Mapping[str, Any]) -> Tensor | None:
        moved = [float(options.get(name, 0)) for name in ("translate_x", "translate_y", "rotate")]
        return seen_from(*moved).to(self.device) if any(moved) else None


def across(noise: Tensor, other: Tensor) -> Tensor:
    """`other`, at right angles to `noise` and as strong, so that what turns between them keeps its strength: maps of a
    few pixels are far from it by themselves."""
    energy = noise.square().sum()
    other = other - noise * ((noise * other).sum() / energy.clamp_min(TINY))
    return other * (energy / other.square().sum().clamp_min(TINY)).sqrt()


def load(card: Card, folder: Path, device: str) -> StyleGan:
    """The generator of a card. Raises ModelRefused."""
    return StyleGan(card, network.filled(card.config, checked_weights(card, folder), card.name), device)
