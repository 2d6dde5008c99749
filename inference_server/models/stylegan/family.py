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

from inference_server.models.base import Model, PaintInput, checked_weights, numbers_of
from inference_server.models.cards import Card
from inference_server.models.stylegan import fast, network
from inference_server.models.stylegan.alias_free import seen_from
from inference_server.models.stylegan.mapping import Generator
from shared.walking import Row, Seeds, Stop

STILL_FROM = 512  # pixels: noise of layers as fine as this stays still in a loop, where moving it would crawl

Rows = Mapping[Row, NDArray[np.float32]]


class StyleGan(Model):
    """A generator."""

    def __init__(self, card: Card, net: Generator, device: str) -> None:
        super().__init__(card, device)
        self.net = fast.of(net.to(device))
        self.stored = self.net.stored_noise()

    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        options = request.options
        with torch.inference_mode():
            ws = self.ws(request.walk, request.rows, int(options.get("class", 0)))
            cutoff = options.get("cutoff", 0)
            near = self.net.truncate(ws, float(options.get("psi", 1)), cutoff if cutoff else None)
            noise = self.noise(str(options.get("noise", "still")), request.seed, request.turn)
            picture = self.net.draw(near, noise, self.view(options))
            shown = ((picture[0] + 1) / 2).clamp(0, 1).permute(1, 2, 0)
        painted: NDArray[np.float32] = np.ascontiguousarray(shown.float().cpu().numpy())
        return painted

    def ws(self, walk: Sequence[Stop], rows: Rows, class_: int = 0) -> Tensor:
        """(1, num_ws, w_dim) of what a frame is painted of, not truncated. class_: of seeds that say none."""
        found = torch.empty(1, self.net.num_ws, self.net.w_dim, device=self.device)
        for stop in walk:
            layers = slice(stop.first, stop.last + 1)
            mixed = torch.zeros(stop.last + 1 - stop.first, self.net.w_dim, device=self.device)
            for weight, point in stop.mixture:
                one = self._mapped(point, class_) if isinstance(point, Seeds) else self._row(point, rows, layers)
                mixed += weight * one
            found[0, layers] = mixed
        return found

    def _mapped(self, seeds: Seeds, class_: int) -> Tensor:
        z = sum(weight * z_of(seed, self.net.z_dim) for weight, seed in seeds.parts)
        one_hot = None
        if self.net.c_dim:
            one_hot = torch.zeros(1, self.net.c_dim, device=self.device)
            one_hot[0, class_ if seeds.class_ is None else seeds.class_] = 1
        w: Tensor = self.net.map(torch.tensor(z, dtype=torch.float32, device=self.device), one_hot)
        return w

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
            return here * noise + there * other

        return [turned(noise) for noise in self.stored]

    def view(self, options: Mapping[str, Any]) -> Tensor | None:
        moved = [float(options.get(name, 0)) for name in ("translate_x", "translate_y", "rotate")]
        return seen_from(*moved).to(self.device) if any(moved) else None


def z_of(seed: int, z_dim: int) -> NDArray[Any]:
    """(1, z_dim) of a seed, as the published tools count them."""
    return numbers_of(seed, z_dim)[None]


def load(card: Card, folder: Path, device: str) -> StyleGan:
    """The generator of a card. Raises ModelRefused."""
    return StyleGan(card, network.filled(card.config, checked_weights(card, folder), card.name), device)
