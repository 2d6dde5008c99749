"""What is trained: a new network, a model that goes on, or a published SPADE generator.

A painter takes network channels (B, H, W), looks (B,), noise (B, H, W) and guides (B, n, H, W) or None, and gives
a picture (B, 3, H, W) in tanh range; a channel is a class, through the same table as in the model's card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from inference_server.models.base import checked_weights
from inference_server.models.cards import Card, Channels
from inference_server.models.small.network import SmallConfig, SmallNet, config_of
from inference_server.models.spade.network import SpadeConfig, SpadeNet, card_config, filled
from inference_server.training.pairs import Pairs
from shared.errors import ModelRefused
from shared.label_set import NOTHING, LabelSet
from shared.values import Value

ONE_PIECE = 0.001  # share of neighbours of one class that are of two parts, up to which it has none
UNLIT = 0.05  # share of a class that has shading, up to which it has none
SPADE_NGF, SPADE_HIDDEN = 12, 32  # of a new SPADE: about as heavy as the small network


Painter = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]


class Start(Value):
    """Where a training begins. fallbacks: id -> id that stands in; parent: hash of the model that goes on."""

    family: str
    net: nn.Module
    config: dict[str, Any]
    channels: Channels
    trained: tuple[int, ...]
    fallbacks: dict[int, int]
    looks: tuple[str, ...]
    multiple: int
    uses: tuple[str, ...] = ()
    parent: str = ""

    @property
    def guided(self) -> bool:
        return bool(self.config.get("guided"))

    @property
    def seen(self) -> int:
        """Planes of the guides that it is given."""
        return self.net.config.seen if isinstance(self.net, SmallNet) else 0

    def painter(self, net: nn.Module) -> Painter:
        """How the network, or its moving average, is called."""
        return partial(paint_spade if self.family == "spade" else paint_small, net)

    def table(self) -> NDArray[np.uint16]:
        """(65536,) id -> channel; NOTHING where the network has none."""
        table = np.full(NOTHING + 1, NOTHING, np.uint16)
        for identity, channel in self.channels.of.items():
            table[identity] = channel
        return table


def paint_small(net: nn.Module, channels: Tensor, looks: Tensor, noise: Tensor, seen: Tensor | None) -> Tensor:
    result: Tensor = net(channels, looks, noise, None, seen)
    return result


def paint_spade(net: nn.Module, channels: Tensor, looks: Tensor, noise: Tensor, seen: Tensor | None) -> Tensor:
    """SPADE has neither looks nor noise nor guides; class borders stand in for object edges."""
    assert isinstance(net, SpadeNet)
    config = net.config
    one_hot = F.one_hot(channels, config.semantic_nc - config.instance_edges).permute(0, 3, 1, 2).to(noise.dtype)
    if config.instance_edges:
        one_hot = torch.cat([one_hot, borders(channels)[:, None].to(noise.dtype)], 1)
    result: Tensor = net(one_hot)
    return result


def borders(channels: Tensor) -> Tensor:
    """(B, H, W): where a pixel's class differs from that of a neighbour."""
    edges = torch.zeros_like(channels, dtype=torch.bool)
    across, down = channels[:, :, 1:] != channels[:, :, :-1], channels[:, 1:] != channels[:, :-1]
    edges[:, :, 1:] |= across
    edges[:, :, :-1] |= across
    edges[:, 1:] |= down
    edges[:, :-1] |= down
    return edges


def new(family: str, pairs: Pairs, label_set: LabelSet) -> Start:
    """A network without experience, for the classes and looks that the pairs show."""
    shown = pairs.pixels()
    classes = tuple(shown)
    unlabeled = label_set.unlabeled
    nothing = unlabeled if unlabeled in shown else max(shown, key=lambda identity: shown[identity])
    channels = Channels(len(classes), {identity: n for n, identity in enumerate(classes)}, classes.index(nothing))
    looks = _by_frequency(pairs.looks)
    if family == "small":
        told = (pairs.geometry is not None, pairs.has_parts, in_one_piece(pairs, channels.of))
        shaded = (pairs.has_shading, in_no_light(pairs, channels.of))
        small = SmallConfig(len(classes), len(looks), SmallConfig().widths, *told, *shaded)
        return Start(family, SmallNet(small), asdict(small), channels, classes, {}, looks, 16, guide_passes(small))
    width, height = (max(32, side - side % 32) for side in pairs.size)
    spade = SpadeConfig(len(classes), ngf=SPADE_NGF, hidden=SPADE_HIDDEN, width=width, height=height)
    return Start(family, SpadeNet(spade), asdict(spade), channels, classes, {}, ("",), spade.step)


def in_one_piece(pairs: Pairs, channels: Mapping[int, int]) -> tuple[int, ...]:
    """The channels, of ids, in which the pairs show no parts: elsewhere a pass may have each blade of grass as one, of
    which a network that never saw that would make anything."""
    if pairs.geometry is None:
        return ()
    parts, ids = pairs.geometry.parts, pairs.ids
    beside = (ids[:, :, 1:] == ids[:, :, :-1]) & (parts[:, :, 1:] > 0)
    ends = beside & (parts[:, :, 1:] != parts[:, :, :-1])
    shown, ended = (np.bincount(ids[:, :, 1:][where], minlength=NOTHING + 1) for where in (beside, ends))
    return tuple(sorted(n for i, n in channels.items() if shown[i] and ended[i] <= ONE_PIECE * shown[i]))


def in_no_light(pairs: Pairs, channels: Mapping[int, int]) -> tuple[int, ...]:
    """The channels, of ids, in which the pairs show no shading where they have some: a sky is behind all clay."""
    if pairs.geometry is None:
        return ()
    known = pairs.geometry.shading >= 0
    some = known.any((1, 2))
    all_of, lit = (np.bincount(ids.ravel(), minlength=NOTHING + 1) for ids in (pairs.ids[some], pairs.ids[known]))
    return tuple(sorted(n for i, n in channels.items() if all_of[i] and lit[i] <= UNLIT * all_of[i]))


def guide_passes(config: SmallConfig) -> tuple[str, ...]:
    """The passes that a network uses where they are there."""
    if not config.guided:
        return ()
    return ("normal", "depth", *["instance"] * config.parts, *["shading"] * config.shading)


def going_on(card: Card, pairs: Pairs) -> Start:
    """A model that learns from new pairs; what they show and it does not know is added, beside its relative."""
    if card.family == "spade":
        weights = checked_weights(card, card.folder)
        return spade_start(card_config(card), weights, card.to_dict(), pairs, str(card.folder))
    if card.family != "small":
        raise ModelRefused(f"models of the family {card.family} cannot be trained")
    state = {name: tensor.float() for name, tensor in checked_weights(card, card.folder).items()}
    old = config_of(card)
    options = [look for option in card.options if option.name == "look" for look in option.choices]
    known_looks, looks = (tuple(options) or ("",)), _by_frequency(pairs.looks)
    all_looks = known_looks + tuple(look for look in looks if look not in known_looks)
    added = [identity for identity in pairs.pixels() if identity not in card.labels.channels.of]
    of = {**card.labels.channels.of, **{identity: old.classes + n for n, identity in enumerate(added)}}
    relatives = [of.get(card.labels.fallbacks.get(identity, -1), card.labels.channels.nothing) for identity in added]
    whole = in_one_piece(pairs, of) if pairs.has_parts else old.whole
    unlit = in_no_light(pairs, of) if pairs.has_shading else old.unlit
    told = (old.guided or pairs.geometry is not None, old.parts or pairs.has_parts, whole)
    shaded = (old.shading or pairs.has_shading, unlit)
    config_small = SmallConfig(old.classes + len(added), len(all_looks), old.widths, *told, *shaded)
    net_small = SmallNet(config_small)
    larger = grown(state, old, relatives, len(all_looks) - len(known_looks))
    if config_small.seen > old.seen:
        larger = seeing(larger, net_small.state_dict())
    net_small.load_state_dict(larger)
    fallbacks = {a: b for a, b in card.labels.fallbacks.items() if a not in of}
    # The look of the new pairs is what is painted by default.
    order = tuple(sorted(range(len(all_looks)), key=lambda n: (all_looks[n] not in looks, n)))
    _reorder_looks(net_small, config_small.classes, order)
    return Start(
        "small",
        net_small,
        asdict(config_small),
        Channels(config_small.classes, of, card.labels.channels.nothing),
        tuple(sorted({*card.labels.trained, *pairs.pixels()})),
        fallbacks,
        tuple(all_looks[n] for n in order),
        16,
        guide_passes(config_small),
        card.hash,
    )


def spade_start(
    config: SpadeConfig, weights: dict[str, Tensor], card: Mapping[str, Any], pairs: Pairs, source: str
) -> Start:
    """A SPADE generator that goes on; its classes are those of its label set and none can be added."""
    if config.use_vae:
        raise ModelRefused("a SPADE with a style vector cannot be trained here", file=source)
    net = filled(config, weights, source)
    labels = card["inputs"]["labels"]
    of = {int(identity): int(channel) for identity, channel in labels["channels"]["of"].items()}
    if unknown := sorted(set(pairs.pixels()) - set(of)):
        raise ModelRefused(f"the pairs show classes that the network has no channel for: {unknown[:5]}", file=source)
    channels = Channels(labels["channels"]["count"], of, labels["channels"]["nothing"])
    trained = tuple(sorted({*labels["trained"], *pairs.pixels()}))
    uses = tuple(name for name in card["inputs"] if name != "labels")
    parent = card.get("hash", "")
    return Start("spade", net, asdict(config), channels, trained, {}, ("",), config.step, uses, parent)


def grown(state: Mapping[str, Tensor], old: SmallConfig, relatives: list[int], new_looks: int) -> dict[str, Tensor]:
    """Weights for more classes, each beginning as its relative's channel, and more looks, beginning as the first."""
    result = dict(state)
    for name, tensor in state.items():
        if name.endswith(("gamma.weight", "beta.weight")):  # classes + noise
            result[name] = torch.cat([tensor[:, : old.classes], tensor[:, relatives], tensor[:, old.classes :]], 1)
        if name.startswith("forms.") and name.endswith("weight"):  # classes + guides
            result[name] = torch.cat([tensor[:, : old.classes], tensor[:, relatives], tensor[:, old.classes :]], 1)
    stem = state["stem.weight"]  # classes + noise + looks + height + guides
    first_look = old.classes + 1
    looks = stem[:, first_look : first_look + old.looks]
    parts = [
        stem[:, : old.classes],
        stem[:, relatives],
        stem[:, old.classes : first_look],
        looks,
        looks[:, :1].expand(-1, new_looks, -1, -1),
        stem[:, first_look + old.looks :],
    ]
    result["stem.weight"] = torch.cat(parts, 1)
    return result


def seeing(state: Mapping[str, Tensor], fresh: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a network for one that is told more, which paints the same as long as it is not told."""
    result = dict(state)
    for name, tensor in fresh.items():
        if name not in state:  # the first guides of all: features that nothing scales by yet
            result[name] = tensor
        elif tensor.ndim == 4 and tensor.shape[1] > (known := state[name].shape[1]):
            # Features that saw nothing of what is new would hardly learn to: what moves them is what they make already.
            more = tensor[:, known:] if name.startswith("forms.") else torch.zeros_like(tensor[:, known:])
            result[name] = torch.cat([state[name], more], 1)
    return result


def _reorder_looks(net: SmallNet, classes: int, order: tuple[int, ...]) -> None:
    first = classes + 1
    with torch.no_grad():
        columns = net.stem.weight[:, [first + n for n in order]].clone()
        net.stem.weight[:, first : first + len(order)] = columns


def _by_frequency(looks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(looks), key=lambda look: (-looks.count(look), look)))
