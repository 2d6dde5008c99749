"""The family `runway`: a frame goes to the model's own process, and comes back as it returned it.

What the card's `config` holds is said in `carding`. How the process is run on this machine, with which interpreter and
limits, is in `machine.json` beside the card: no pixel depends on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.models.base import Model, PaintInput, numbers_of
from inference_server.models.cards import Card
from inference_server.models.runway import content, permission
from inference_server.models.runway.host import Host, Running
from inference_server.models.runway.memory import to_see
from shared import places
from shared.errors import InputRefused, ModelRefused, SemrenderError
from shared.walking import Round, Seeds, around

MACHINE = "machine.json"
AT_ONCE = 2  # processes: of two layers with one model each keeps what it remembers
LONGEST = 2**20  # bytes of JSON that a model may say of one frame
TYPES = ("|u1", "<u2", "<f4")  # of a returned picture
LARGEST = 32768  # pixels of its sides

Pixels = NDArray[Any]


class Chain:
    """A process and what it has seen. setup: the options that it was set up with."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        self.setup = setup
        self.host: Host | None = None
        self.seen: list[str] = []


class Runway(Model):
    """A model of RunwayML."""

    def __init__(self, card: Card, files: content.Files, running: Running, device: str) -> None:
        super().__init__(card, device)
        self.files, self.running = files, running
        self.config = card.config
        self.chains: list[Chain] = []  # the one used last is last
        self.pictures = {name: _still(card.folder, files, name) for name in self.config["pictures"]}

    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        outputs, blobs = self.answer(request)
        output = self.config["output"]
        others = {name: value for name, value in outputs.items() if name != output and not _is_picture(value)}
        if len(json.dumps(others)) > LONGEST:
            raise InputRefused("what the model says of this frame is too long to be kept")
        self.said = {name: value for name, value in others.items() if value is not None}
        height, width = request.channels.shape
        planes = 4 if self.card.makes.alpha else 3
        if output is None:  # it only says something of the picture
            picture = np.zeros((height, width, 3), np.float32) if request.picture is None else request.picture
        elif outputs[output] is None:
            raise InputRefused("the model made no picture of this frame: it returned None", remedy=BEGINNING)
        else:
            raw = colours(returned(outputs[output], blobs), self.config.get("colours"))
            picture = fitted(raw, (width, height), self.config["whole"])
        if planes == 4 and picture.shape[2] == 3:
            picture = np.dstack([picture, np.ones((height, width), np.float32)])
        return np.ascontiguousarray(picture[..., :planes])

    def answer(self, request: PaintInput) -> tuple[dict[str, Any], list[bytes]]:
        """What the model returns for a frame, by a process that has seen what it remembers. Raises SemrenderError."""
        remembers = self.config["remembers"]
        marks = [""] if request.history is None else list(request.history.marks)
        chain, missing = self._chain(self._values(request, "setup"), marks, remembers)
        for place in range(len(marks) - 1 - missing, len(marks) - 1):
            assert request.history is not None
            earlier = request.history.frame(place)
            try:
                if earlier is not None:
                    self._see(chain, earlier)
            except SemrenderError:
                pass  # as it failed on that frame, it goes on from there
            chain.seen.append(marks[place])
        try:
            return self._see(chain, request)
        finally:
            chain.seen.append(marks[-1])
            if remembers is not None:
                del chain.seen[: max(0, len(chain.seen) - remembers - 1)]

    def begin(self, request: PaintInput) -> Host:
        """A process that has seen nothing. Raises SemrenderError."""
        chain, _ = self._chain(self._values(request, "setup"), [""], self.config["remembers"])
        return self._started(chain, request)

    def close(self) -> None:
        for chain in self.chains:
            if chain.host is not None:
                chain.host.stop()
        self.chains.clear()

    def _chain(self, setup: Mapping[str, Any], marks: Sequence[str], remembers: int | None) -> tuple[Chain, int]:
        """The process that has the least to see before a frame, and how many frames that is."""
        fitting = [
            (missing, -place, chain)
            for place, chain in enumerate(self.chains)
            if chain.setup == setup and (missing := to_see(chain.seen, marks, remembers)) is not None
        ]
        if fitting:
            missing, _, chain = min(fitting, key=lambda one: one[:2])
            self.chains.remove(chain)
        else:
            while len(self.chains) >= (1 if remembers == 0 else AT_ONCE):
                oldest = self.chains.pop(0)
                if oldest.host is not None:
                    oldest.host.stop()
            chain, missing = Chain(setup), len(marks) - 1
        self.chains.append(chain)
        return chain, missing

    def _started(self, chain: Chain, request: PaintInput) -> Host:
        if chain.host is None or not chain.host.alive:
            given = tuple(self.config["files"]["setup"])
            chain.host = Host(self.card.folder, self.files, self.running, chain.setup, given, self.device, request.seed)
        return chain.host

    def _see(self, chain: Chain, request: PaintInput) -> tuple[dict[str, Any], list[bytes]]:
        """One frame shown to a process, which is started where there is none. Raises SemrenderError."""
        host = self._started(chain, request)
        values, blobs = self._inputs(request, host)
        command, output = self.config["command"], self.config["output"]
        found = host.run(command, values, blobs, request.seed)
        if output and found[0].get(output) is None and not chain.seen and self.config["remembers"] != 0:
            found = host.run(command, values, blobs, request.seed)  # the first frame is its own frame before
        return found

    def _values(self, request: PaintInput, side: str) -> dict[str, Any]:
        """What the options of a frame and the card say of the fields of a side, "setup" or "command"."""
        values = dict(self.config["values"][side])
        for name, (where, field, choices) in self.config["options"].items():
            if where == side and name in request.options:
                value = request.options[name]
                values[field] = choices[[str(one) for one in choices].index(value)] if choices else value
        return values

    def _inputs(self, request: PaintInput, host: Host) -> tuple[dict[str, Any], list[Pixels]]:
        values = self._values(request, "command")
        blobs: list[Pixels] = []
        for field in self.config["files"]["command"]:
            values[field] = content.given_path(host.workspace, self.files, field)
        for field, about in self.config["vector"].items():
            values[field] = vector_of(request, about)
        pictures = {
            field: _of_channels(still, self.config["pictures"][field]) for field, still in self.pictures.items()
        }
        for field, (plane, channels) in self.config["planes"].items():
            pictures[field] = _plane(request, plane, channels)
        for field, pixels in pictures.items():
            mode = {2: "L", 3: "RGB", 4: "RGBA"}[pixels.shape[2] if pixels.ndim == 3 else 2]
            values[field] = {"blob": len(blobs), "mode": mode, "size": [pixels.shape[1], pixels.shape[0]]}
            blobs.append(np.ascontiguousarray(pixels))
        return values, blobs


BEGINNING = "A model that compares frames has nothing to compare with at a cut; begin the shot there"


def load(card: Card, folder: Path, device: str) -> Runway:
    """Raises ModelRefused where the code was not allowed on this machine, or is not what was allowed."""
    permission.check(card, read_running(folder).network)
    return opened(card, folder, device)


def opened(card: Card, folder: Path, device: str) -> Runway:
    """The model of a folder whose code is allowed."""
    return Runway(card, content.check(folder, card.weights.sha256), read_running(folder), device)


def write_running(folder: Path, running: Running) -> None:
    data = {**vars(running), "python": str(running.python), "confined": dict(running.confined)}
    places.write_json(folder / MACHINE, data, 0o644)


def read_running(folder: Path) -> Running:
    data = places.read_json(folder / MACHINE)
    try:
        return Running(**{**(data or {}), "python": Path((data or {})["python"])})
    except (TypeError, KeyError) as error:
        raise ModelRefused("how the model is run is not said", file=folder / MACHINE, remedy=content.AGAIN) from error


def vector_of(request: PaintInput, about: Mapping[str, Any]) -> list[float]:
    """A vector of the walk, or of the seed where there is none; spread as the model's file says.

    Raises InputRefused.
    """
    length = int(about["length"])
    found = np.zeros(length)
    for weight, point in request.walk[0].mixture if request.walk else ():
        if isinstance(point, Round):  # nobody knows its way to a picture: the circle is gone round as its seeds add up
            point = around(point.seed, point.waves, point.turn)
        if isinstance(point, Seeds):
            found += weight * sum(part * numbers_of(seed, length) for part, seed in point.parts)
            continue
        row = request.rows[point].astype(np.float64).ravel()
        if row.size != length:
            raise InputRefused(f"the model wants {length} numbers, the walk's file has {row.size}")
        found += weight * (row - about["mean"]) / (about["std"] or 1)
    if not request.walk:
        found = numbers_of(request.seed, length)
    spread: list[float] = (about["mean"] + about["std"] * found).tolist()
    return spread


def _plane(request: PaintInput, plane: str, channels: int) -> Pixels:
    if plane == "labels":
        return request.channels.astype(np.uint8)
    colour = getattr(request, plane)
    assert colour is not None  # the card needs it
    if channels == 4 and request.coverage is not None:
        colour = np.dstack([colour, request.coverage])
    return _of_channels((colour.clip(0, 1) * 255 + 0.5).astype(np.uint8), channels)


def _of_channels(pixels: Pixels, channels: int) -> Pixels:
    """Pixels (H, W, 3 or 4) uint8 as a field of 1, 3 or 4 channels has them; grey by Rec. 601, as Pillow does."""
    if channels == 1:
        grey = pixels[..., :3].astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32) + 0x8000 >> 16
        return grey.astype(np.uint8)
    if channels == 4 and pixels.shape[2] == 3:
        return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    return pixels[..., :channels]


def _still(folder: Path, files: content.Files, field: str) -> Pixels:
    """A picture (H, W, 3 or 4) uint8 that a field is always given."""
    from shared.passes.picture_pass import read_picture_pass

    found = read_picture_pass(Path(content.given_path(folder, files, field)))
    return (np.dstack([found.colour, found.alpha]).clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _is_picture(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"blob", "shape", "dtype"}


def returned(about: Any, blobs: Sequence[bytes]) -> Pixels:
    """The array of a message, (H, W) or (H, W, 3 or 4), after what it says of itself was checked. Raises."""
    try:
        shape, kind = tuple(int(side) for side in about["shape"]), np.dtype(about["dtype"])
        blob = blobs[int(about["blob"])]
        right = about["dtype"] in TYPES and len(shape) in (2, 3) and all(0 < side <= LARGEST for side in shape)
        if not right or (len(shape) == 3 and shape[2] not in (3, 4)):
            raise ValueError(about["shape"])
        return np.frombuffer(blob, kind).reshape(shape)
    except (LookupError, TypeError, ValueError) as error:
        raise SemrenderError("the model's process answered with what is no picture", cause=str(error)) from error


def colours(pixels: Pixels, palette: Mapping[str, Sequence[int]] | None) -> NDArray[np.float32]:
    """(H, W, 3 or 4) float32, 0..1. palette: colour by id, of labels (H, W); else grey. Floats go from 0 to 255."""
    if pixels.ndim == 2 and palette is not None:
        table = np.zeros((256, 3), np.uint8)
        for identity, colour in palette.items():
            table[int(identity)] = colour
        pixels = table[pixels.clip(0, 255).astype(np.uint8)]
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    white = 65535 if pixels.dtype == np.uint16 else 255
    return np.asarray(np.clip(pixels.astype(np.float32) / np.float32(white), 0, 1), np.float32)


def fitted(picture: NDArray[np.float32], size: tuple[int, int], whole: bool = False) -> NDArray[np.float32]:
    """At the painting size (width, height), whatever size the model returned: stretched back, as most models squash
    what they are given; `whole`: in its own shape, transparent beside it."""
    import cv2

    if picture.shape[1::-1] == size:
        return picture
    if whole:
        times = min(size[0] / picture.shape[1], size[1] / picture.shape[0])
        wide, high = max(1, round(picture.shape[1] * times)), max(1, round(picture.shape[0] * times))
        left, top = (size[0] - wide) // 2, (size[1] - high) // 2
        inner = fitted(picture, (wide, high))
        alpha = inner[..., 3] if inner.shape[2] == 4 else np.ones((high, wide), np.float32)
        page = np.zeros((size[1], size[0], 4), np.float32)
        page[top : top + high, left : left + wide] = np.dstack([inner[..., :3], alpha])
        return page
    shrinks = size[0] * size[1] < picture.shape[0] * picture.shape[1]
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.clip(resized, 0, 1).astype(np.float32)
