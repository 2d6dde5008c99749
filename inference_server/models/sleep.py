"""A stand-in with the shape of a GPU, for benchmarks and tests: it sleeps, then paints flat colours, or the picture
that it is given where its card takes no labels, more opaque from left to right where that makes an alpha. Torch-free.

`card.config["seconds"]` is what a frame takes without using the processor. `card.config["misbehaves"]` names
channels that make it behave as bad models do: {"12": "exit"}, "hang", "memory" or "poison". With
`card.config["tally"]` it adds a line for every painting, PICTURE:FRAME, to the file `tally` in the state folder. With
`card.config["gate"]` it waits for a word instead: it begins a painting when the file `gate` in the state folder
holds the number of those that it may have begun since it was loaded, or is not there. Where a file `pace` is in the
state folder, a frame takes so many times the seconds.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference_server.models import cards
from inference_server.models.base import Model, PaintInput
from inference_server.models.cards import Card
from shared import places
from shared.label_set import load_label_set


class SleepModel(Model):
    def __init__(self, card: Card, device: str) -> None:
        super().__init__(card, device)
        self._begun = 0  # paintings
        self._pace = _number(places.home() / "pace", 1.0)

    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        for channel, how in self.card.config.get("misbehaves", {}).items():
            if (request.channels == int(channel)).any():
                _misbehave(how)
        if self.card.config.get("tally"):
            digest = hashlib.sha256(request.channels.tobytes() + str(request.seed).encode()).hexdigest()
            with (places.home() / "tally").open("a") as tally:
                tally.write(f"{digest}:{request.frame}\n")
        if self.card.config.get("gate"):
            self._begun += 1
            while self._begun > _number(places.home() / "gate", math.inf):
                time.sleep(0.005)
        until = time.perf_counter() + float(self.card.config["seconds"]) * self._pace
        picture = request.picture
        if picture is None or self.card.inputs.labels is not None:
            colours = np.random.default_rng(request.seed).random((self.card.labels.channels.count, 3), np.float32)
            picture = colours[request.channels]
        if self.card.makes.alpha:
            falling = np.linspace(0, 1, picture.shape[1], dtype=np.float32)
            picture = np.dstack([picture, np.broadcast_to(falling, picture.shape[:2])])
        time.sleep(max(0.0, until - time.perf_counter()))
        return picture


def _number(file: Path, otherwise: float) -> float:
    try:
        return float(file.read_text())
    except FileNotFoundError:
        return otherwise


def _misbehave(how: str) -> None:
    if how == "exit":
        os._exit(1)
    if how == "hang":
        time.sleep(1e6)
    if how == "memory":
        raise MemoryError("Unable to allocate 512 GiB")
    raise RuntimeError("CUDA error: device-side assert triggered")


def load(card: Card, folder: Path, device: str) -> SleepModel:
    return SleepModel(card, device)


def add(
    name: str,
    seconds: float,
    label_set: str = "coco_stuff",
    trained: Sequence[int] | None = None,
    fallbacks: Mapping[int, int] | None = None,
    **changes: object,
) -> Path:
    """Write a stand-in into the user's models; `changes` replace fields of its card. Returns its folder."""
    labels = load_label_set(label_set)
    ids = [label.id for label in labels.labels]
    folder = places.models_folder() / name
    folder.mkdir(parents=True)
    (folder / "none").write_bytes(b"")
    card = {
        "format": cards.FORMAT,
        "name": name,
        "title": "Stand-in that sleeps",
        "version": 1,
        "family": "sleep",
        "licence": "Apache-2.0",
        "inputs": cards.plain_inputs(
            cards.LabelsInput(
                cards.LabelSetRef(labels.name, labels.version, labels.hash),
                cards.Channels(len(ids), {i: n for n, i in enumerate(ids)}, 0),
                tuple(ids if trained is None else trained),
                fallbacks or {},
            ),
            [],
        ),
        "size": {"width": 64, "height": 36, "fit": "multiple", "multiple": 16},
        "weights": {"file": "none", "sha256": hashlib.sha256(b"").hexdigest()},
        "config": {"seconds": seconds},
        **changes,
    }
    places.write_json(folder / "card.json", card)
    return folder
