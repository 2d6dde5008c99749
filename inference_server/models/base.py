"""What every model is to the worker: something that paints a map of network channels.

A family is one module with a function `load(card, folder, device) -> Model`, named in `FAMILIES`.
"""

from __future__ import annotations

import hashlib
import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inference_server.cards import Card
from shared.errors import ModelRefused

if TYPE_CHECKING:
    from torch import Tensor

FAMILIES = {
    "small": "inference_server.models.small",
    "spade": "inference_server.models.spade",
    "sleep": "inference_server.models.sleep",
}


@dataclass(frozen=True)
class PaintInput:
    """One frame at its painting size.

    channels: (H, W) network channel of every pixel; instance: (H, W) one number per object, or None;
    seed: of noise or style; options: as the card resolved them.
    """

    channels: NDArray[np.uint16]
    instance: NDArray[np.int32] | None = None
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


class Model(ABC):
    """A loaded model on one device. The same request gives the same pixels."""

    def __init__(self, card: Card, device: str) -> None:
        self.card = card
        self.device = device

    @abstractmethod
    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        """The painting (H, W, 3): sRGB-encoded, display-referred, 0..1."""


def load_model(card: Card, device: str = "cpu") -> Model:
    """Load a model. Raises ModelRefused for a family this build does not have or damaged weights."""
    if card.family not in FAMILIES:
        raise ModelRefused(
            f"the model {card.name} is of the family {card.family!r}, which this build does not have",
            remedy=f"Update semrender; it knows {', '.join(FAMILIES)}",
        )
    model: Model = importlib.import_module(FAMILIES[card.family]).load(card, card.folder, device)
    return model


def checked_weights(card: Card, folder: Path) -> "dict[str, Tensor]":
    """The tensors of a model's safetensors file, after its hash was compared with the card's."""
    from safetensors.torch import load

    file = folder / card.weights.file
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelRefused("the model's weights are missing", file=file, remedy="Add the model again") from error
    if hashlib.sha256(content).hexdigest() != card.weights.sha256:
        raise ModelRefused(
            "the weights are not those that the card describes",
            file=file,
            cause="Damaged or changed",
            remedy="Add the model again",
        )
    return load(content)
