"""What every model is to the worker: something that makes a picture of what its card takes.

A family is one module, named in `FAMILIES`, with `load(card, folder, device) -> Model`; what it takes is in `needs`.
One with a reach there honours `PaintInput.place`: it can be tiled. docs/families.md is how to add one.
"""

from __future__ import annotations

import hashlib
import importlib
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inference_server.models.cards import Card
from inference_server.models.looking import Frames
from inference_server.models.needs import MEMORY, REACH, known
from shared.errors import ModelRefused
from shared.values import Value
from shared.walking import Row, Stop

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

FAMILIES = {
    "small": "inference_server.models.small.fast",
    "spade": "inference_server.models.spade.fast",
    "match_grade": "inference_server.models.match_grade",
    "stylegan": "inference_server.models.stylegan.family",
    "runway": "inference_server.models.runway.family",
    "lips": "inference_server.models.lips.family",
    "pose": "inference_server.models.pose.family",
    "sleep": "inference_server.models.sleep",
}


# Of a PaintInput, beside channels.
PLANES = ("instance", "picture", "beauty", "normal", "depth", "shading", "motion", "coverage")


class Place(Value):
    """Where a tile lies in its frame: pixels, all multiples of the card's size multiple."""

    left: int
    top: int
    width: int  # of the frame
    height: int


class Audio(Value):
    """The sound of a shot. Its frame n lasts from n / fps to (n + 1) / fps seconds after the sound's beginning.

    first, last: the frames of the shot, counted so; below zero where the sound begins later. `shared.sounds` reads the
    file at 48 kHz from its beginning on, and says what that is.
    """

    file: Path
    fps: Fraction
    first: int
    last: int


class History(Protocol):
    """The frames before one, for a family that remembers some (`needs.REMEMBERS`); read when they are asked for.

    marks: a hash of what each of them is painted from, oldest first, and at the end that of the frame itself.
    """

    @property
    def marks(self) -> Sequence[str]: ...

    def frame(self, place: int) -> PaintInput | None:
        """The one with the mark of this place; None where the layer is empty. Raises InputRefused."""


class PaintInput(Value):
    """One frame at its painting size, or a tile of one. What the card does not take, or the layer lacks, is None.

    channels: (H, W) network channel of every pixel, all 0 for a model that takes no labels.
    instance: (H, W) one number per object.
    shading: (H, W) light on clay, 0 in the dark, 1 where it is full, or more; `shading_pass.NOTHING` where nothing is.
    picture, beauty: (H, W, 3) sRGB-encoded, display-referred, 0..1, not multiplied by alpha.
    normal: (H, W, 3) unit vectors in camera space, x right, y up, z towards the viewer; 0 where there is no surface.
    depth: (H, W) metres along the camera's axis, `data_pass.FAR` where there is no surface.
    motion: (H, W, 2) pixels to where the surface was a frame before, x right and y down, 1e6 where nobody knows.
    sun: unit vector towards it in the space of the camera, x right, y up, z towards the viewer, for a card with the
    options `shared.inputs.SUN`.
    reference: (h, w, 3) as picture, of any size; `prepare` alone is given it, and `audio`.
    moment: which frame of the sound this one is, for a model that takes audio.
    frame: its number in the shot; fps: of the shot; both in the key of a family that prepares something of each frame.
    walk: for a model that takes one, what its layers are painted of, the sound reckoned in; rows: the points of w files
    that it names, (w_dim,) or (layers, w_dim); turn: how far in the shot, 0 on its first frame, 1 behind its last.
    seed: of noise or style; options: as the card resolved them; place: None for a whole frame.
    coverage: (H, W) of the layer, 0..1. prepared: what `Model.prepare` found.
    history: the frames before, for a family that remembers them.
    """

    channels: NDArray[np.uint16]
    instance: NDArray[np.int32] | None = None
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None
    picture: NDArray[np.float32] | None = None
    beauty: NDArray[np.float32] | None = None
    normal: NDArray[np.float32] | None = None
    depth: NDArray[np.float32] | None = None
    motion: NDArray[np.float32] | None = None
    shading: NDArray[np.float32] | None = None
    sun: tuple[float, float, float] | None = None
    reference: NDArray[np.float32] | None = None
    audio: Audio | None = None
    moment: int | None = None
    frame: int = 0
    fps: Fraction = Fraction(24)
    walk: tuple[Stop, ...] = ()
    rows: Mapping[Row, NDArray[np.float32]] = field(default_factory=dict)
    turn: float = 0.0
    coverage: NDArray[np.float32] | None = None
    prepared: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    history: History | None = None

    def tile(self, part: tuple[slice, slice], place: Place) -> PaintInput:
        """The same of a part (rows, columns) of the frame."""
        planes = {name: getattr(self, name) for name in PLANES}
        cut: dict[str, Any] = {name: None if plane is None else plane[part] for name, plane in planes.items()}
        return replace(self, channels=self.channels[part], place=place, **cut)


class Model(ABC):
    """A loaded model on one device. The same request gives the same pixels.

    said: what it said of the frame it painted last beside the picture, as JSON; kept in the frame's header.
    rounds: how often `prepare` goes through the frames.
    """

    said: Mapping[str, Any] = {}
    rounds = 1

    def __init__(self, card: Card, device: str) -> None:
        self.card = card
        self.device = device

    def prepare(self, frames: Frames[PaintInput]) -> dict[str, NDArray[Any]]:
        """What is found out once of a layer, from some of its frames, for a family that is in `needs.PREPARES`."""
        raise NotImplementedError

    @abstractmethod
    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        """The painting (H, W, 3): sRGB-encoded, display-referred, 0..1.

        (H, W, 4) where the card makes an alpha: 0..1, of colours that are not multiplied by it.
        """


def load_model(card: Card, device: str = "cpu") -> Model:
    """Load a model. Raises ModelRefused for a family this build does not have or damaged weights."""
    known(card)
    model: Model = importlib.import_module(FAMILIES[card.family]).load(card, card.folder, device)
    return model


def memory(card: Card, width: int = 0, height: int = 0) -> tuple[int, int]:
    """Predicted bytes: of the loaded model, and at most of painting one frame beside it."""
    known(card)
    return MEMORY[card.family](card, width, height)


def reach(card: Card) -> int | None:
    """How many pixels around a block, cut at the card's size multiple, decide its painting; None: the whole frame."""
    known(card)
    return REACH[card.family](card) if card.family in REACH else None


class Resident:
    """Models that stay loaded on a device, within a budget; the one used longest ago goes first."""

    def __init__(self, device: str, budget: int) -> None:
        self.device = device
        self.budget = budget  # bytes
        self._models: OrderedDict[str, Model] = OrderedDict()

    def get(self, card: Card) -> Model:
        """The loaded model of a card. Raises ModelRefused."""
        if card.hash not in self._models:
            need = memory(card)[0]
            while self._models and need + sum(memory(m.card)[0] for m in self._models.values()) > self.budget:
                self._models.popitem(last=False)
            self._models[card.hash] = load_model(card, self.device)
        self._models.move_to_end(card.hash)
        return self._models[card.hash]


def numbers_of(seed: int, count: int) -> NDArray[np.float64]:
    """(count,) normally distributed numbers of a seed, as the published generators count their seeds."""
    return np.random.RandomState(seed).randn(count)


def checked_weights(card: Card, folder: Path) -> "dict[str, Tensor]":
    """The tensors of a model's safetensors file, after its hash was compared with the card's."""
    return checked_tensors(folder / card.weights.file, card.weights.sha256)


def checked_tensors(file: Path, sha256: str) -> "dict[str, Tensor]":
    """The tensors of a safetensors file of a model's folder, which must have this hash. Raises ModelRefused."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    if file.exists() and not file.is_file():  # a pipe would be waited for
        raise ModelRefused("the model's weights are no file", file=file, remedy="Add the model again")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelRefused("the model's weights are missing", file=file, remedy="Add the model again") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelRefused(
            "the weights are not those that the card describes",
            file=file,
            cause="Damaged or changed",
            remedy="Add the model again",
        )
    try:
        return load(content)
    except SafetensorError as error:  # its header claims what is not there
        raise ModelRefused("the weights are no safetensors file", file=file, remedy="Add the model again") from error


def fill(net: "Module", state: "Mapping[str, Tensor]", source: str) -> None:
    """Load a state that accounts for every key. Raises ModelRefused naming the keys that do not fit."""
    net.load_state_dict(fitting(net, state, source), strict=False)


def fitting(net: "Module", state: "Mapping[str, Tensor]", source: str) -> "dict[str, Tensor]":
    """A state without counters, once it accounts for every key; the network may be one without memory. Raises so."""
    counters = "num_batches_tracked"  # of the batch statistics; no weight
    wanted = {name: tensor.shape for name, tensor in net.state_dict().items() if not name.endswith(counters)}
    counted = {name.removesuffix("running_mean") + counters for name in wanted if name.endswith("running_mean")}
    state = {name: tensor for name, tensor in state.items() if name not in counted}
    missing, unknown = sorted(set(wanted) - set(state)), sorted(set(state) - set(wanted))
    shapes = [
        f"{name} is {tuple(state[name].shape)}, not {tuple(shape)}"
        for name, shape in wanted.items()
        if name in state and state[name].shape != shape
    ]
    for words, names in (("lacks", missing), ("has no place for", unknown), ("has other shapes:", shapes)):
        if names:
            listed = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
            raise ModelRefused(f"the checkpoint {words} {listed}", file=source, cause="It is of another configuration")
    return state
