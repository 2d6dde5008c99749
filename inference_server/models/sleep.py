"""A stand-in with the shape of a GPU, for benchmarks and quick tests: it sleeps, then paints flat colours.

`card.config["seconds"]` is what a frame takes without using the processor. Torch-free.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference_server.cards import Card
from inference_server.models.base import Model, PaintInput


class SleepModel(Model):
    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        time.sleep(float(self.card.config["seconds"]))
        colours = np.random.default_rng(request.seed).random((self.card.channels.count, 3), np.float32)
        picture: NDArray[np.float32] = colours[request.channels]
        return picture


def load(card: Card, folder: Path, device: str) -> SleepModel:
    return SleepModel(card, device)
