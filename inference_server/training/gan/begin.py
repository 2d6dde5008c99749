"""Where a generator's training begins: a new network as large as the device can teach, or a model that goes on."""

from __future__ import annotations

import copy
from dataclasses import asdict
from typing import Any

import torch

from inference_server.models.base import checked_weights
from inference_server.models.cards import Card
from inference_server.models.catalogue import find_card
from inference_server.models.stylegan import network
from inference_server.models.stylegan.network import StyleGan2
from inference_server.models.stylegan.settings import StyleGan2Config
from shared.errors import ModelRefused
from shared.values import Value

FINEST, COARSEST, VECTOR = 16, 64, 64  # features at the picture's size, at small sizes, and in z and w: a processor's
BASE, MOST, WIDE = 16384, 512, 512  # of a GPU: as stylegan2-ada's "auto" has them below 512 pixels
LAYERS = 2  # of the mapping
CLAMP = 256.0


class Start(Value):
    """parent: the card of the model that goes on."""

    net: StyleGan2
    parent: Card | None = None

    @property
    def small(self) -> bool:
        """No larger than a processor's."""
        return max(self.net.config.channels.values()) <= COARSEST

    @property
    def config(self) -> dict[str, Any]:
        """As the card has it."""
        return {"network": "stylegan2", **asdict(self.net.config)}


def new(size: int, device: str, seed: int) -> Start:
    """A random generator of pictures of `size` pixels."""
    sizes = [2**k for k in range(2, size.bit_length())]
    if device == "cpu":
        channels, vector = {str(r): min(COARSEST, FINEST * size // r) for r in sizes}, VECTOR
    else:
        base = BASE if size < 512 else 2 * BASE
        channels, vector = {str(r): min(MOST, base // r) for r in sizes}, WIDE
    torch.manual_seed(seed)
    return Start(StyleGan2(StyleGan2Config(size, vector, vector, channels, 0, LAYERS, CLAMP)))


def going_on(name: str) -> Start:
    """A generator that is among the models. Raises ModelRefused for one that cannot be taught here."""
    card = find_card(name)
    if card.family != "stylegan":
        raise ModelRefused(f"{name} is no generator", remedy="Leave --network stylegan2 out, or name a generator")
    if card.config.get("network") != "stylegan2":
        raise ModelRefused(f"{name} is a StyleGAN3, whose training is not here", remedy="Go on from a StyleGAN2")
    if card.config.get("c_dim"):
        raise ModelRefused(f"{name} has classes, and pictures of a folder have none", remedy="Go on from another model")
    net = network.filled(card.config, checked_weights(card, card.folder), name)
    assert isinstance(net, StyleGan2)
    return Start(copy.deepcopy(net), card)
