"""The family `pose`: everybody in a layer is followed and read once, and each frame is a picture of their joints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.models.base import Model, PaintInput
from inference_server.models.cards import Card
from inference_server.models.looking import Frames, Row
from inference_server.models.pose.blazepose import BlazePose
from inference_server.models.pose.cards import config_of
from inference_server.models.pose.importing import Figures
from inference_server.models.pose.motionbert import Lifter
from inference_server.models.pose.networks import bodies_of
from inference_server.motion.following import Bodies
from inference_server.motion.imported import read_figures
from inference_server.motion.joints import WORDS, smoothed_at
from inference_server.motion.layouts import joints_in
from inference_server.motion.lifting import lifted
from inference_server.motion.reading import Read, read_people
from inference_server.motion.skeleton import skeletons
from shared.errors import InputRefused
from shared.layouts import LAYOUTS
from shared.wording import counted

Pixels = NDArray[np.uint8]


class Pose(Model):
    rounds = 2

    def __init__(self, card: Card, folder: Path, device: str) -> None:
        super().__init__(card, device)
        config = config_of(card)
        self._layout = config.layout
        lift = config.lift
        self._lifter = None if lift is None else Lifter(folder, lift.file, lift.sha256, device)
        self._figures = Figures(card, folder) if config.imported else None
        self._bodies: Bodies | None = None
        if self._figures is None:
            self._bodies = (bodies_of if config.network else BlazePose)(card, folder, device)

    def prepare(self, frames: Frames[PaintInput]) -> dict[str, NDArray[Any]]:
        """What `motion.delivered` and `paint` read: of P people on F frames all of a `motion.reading.Read`, and

        frames: (F,) numbers in the shot; size: width and height of the picture that the joints are measured in;
        layout: which of `shared.layouts` they are.
        """
        first = frames.first
        if first is None or first.picture is None:
            return {}
        size = (first.picture.shape[1], first.picture.shape[0])
        if self._figures is not None:
            figures = self._figures.on(frames.numbers, int(first.options["shift"]))
            people = read_figures(figures, self._figures.drawn, size, first.fps)
        else:
            assert self._bodies is not None
            people = read_people(_Clip(frames), size, self._bodies, first.fps)
        if not people:
            raise InputRefused(
                f"no person is found on the {counted(len(frames.numbers), 'frame')} of this layer",
                cause="Searched were people down to a tenth of the picture's height",
                remedy="Check that somebody is seen and not too small; a part that is cut out and enlarged may help",
            )
        if self._lifter is not None:
            names, lifter = LAYOUTS[self._layout], self._lifter
            people = [
                replace(one, space=lifted(one.places, one.sure, one.states, names, lifter, lifter.frames))
                for one in people
            ]
        together = {name: np.array([getattr(one, name) for one in people]) for name in Read.__dataclass_fields__}
        about = {"frames": np.array(frames.numbers), "size": np.array(size), "layout": np.array(self._layout)}
        return {**about, **together}

    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        """(H, W, 4): the joints of this frame and nothing else; says of each person how many are seen."""
        height, width = request.channels.shape
        found = request.prepared
        place = int(np.searchsorted(found["frames"], request.frame))
        times = np.array([width, height]) / found["size"]
        layout = str(request.options["layout"])
        how = str(request.options["smoothing"])
        steady = [smoothed_at(*one, how, place) for one in zip(found["places"], found["states"], strict=True)]
        now = np.array(steady), found["sure"][:, place], found["states"][:, place]
        places, _, states = joints_in(layout, str(found["layout"]), *now)
        self.said = {
            f"person {number}": {
                **{word: int((mine == state).sum()) for state, word in WORDS.items()},
                **({"sides put back": int(swapped.sum())} if swapped.any() else {}),
            }
            for number, (mine, swapped) in enumerate(zip(states, found["swapped"][:, place], strict=True), 1)
        }
        drawn = skeletons((width, height), list(zip(places * times, states, strict=True)), layout)
        return np.asarray(drawn, np.float32) / np.float32(255)


class _Clip:
    """The pictures of frames, with 8 bits."""

    def __init__(self, frames: Frames[PaintInput]) -> None:
        self._frames = frames

    def each(self, about: str, look: Callable[[int, Pixels, Row | None], Row], block: int = 1) -> Iterator[Row]:
        return self._frames.each(about, lambda place, frame, before: look(place, _codes(frame), before), block)


def _codes(frame: PaintInput) -> Pixels:
    assert frame.picture is not None
    return (frame.picture * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def load(card: Card, folder: Path, device: str) -> Pose:
    return Pose(card, folder, device)
