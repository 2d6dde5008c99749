"""What a job consists of: the tasks that workers do, in the order they are best done in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from inference_server.stability.window import window
from shared.errors import InputRefused
from shared.shot import Shot

FORMATS = ("png", "exr", "exr-acescg")  # that a job may ask for
Body = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One thing for a worker to do.

    source: where the picture of this key already is ({"out", "file", "mattes"}), to be copied.
    taken: of a check, the folders in which other jobs paint in another look.
    deaths: of workers that held it; such a task runs alone, so that a second death has one culprit.
    """

    id: int
    job: str
    kind: str  # "check", "underpaint", "paint", "hold" or "deliver"
    layer: str | None = None
    frame: int | None = None
    key: str | None = None
    deaths: int = 0
    priority: int = 0
    source: Body | None = None
    taken: tuple[str, ...] = ()

    def to_dict(self) -> Body:
        fields = ("id", "job", "kind", "layer", "frame", "key", "priority", "source", "taken")
        return {name: getattr(self, name) for name in fields}


def picture_tasks(spec: Body) -> list[tuple[str, str, int, range]]:
    """(kind, layer, frame, frames whose underpainting it needs) of all tasks, in the order they are best done in.

    A frame is held as soon as its window is painted, so that finished frames come early.
    """
    shot, holds = spec["shot"], spec.get("holds", {})  # a job of an older ledger knows no holds
    places: list[tuple[tuple[int, int, int], str, str, int, range]] = []
    for order, layer in enumerate(spec["layers"]):
        strength = holds.get(layer)
        if strength is None:
            places += [((frame, 0, order), "paint", layer, frame, range(0)) for frame in spec["frames"]]
            continue
        under: set[int] = set()
        for frame in spec["frames"]:
            needed = window(frame, strength, shot["first"], shot["last"])
            under.update(needed)
            places.append(((needed[-1], 1, order), "hold", layer, frame, needed))
        places += [((frame, 0, order), "underpaint", layer, frame, range(0)) for frame in under]
    return [
        (kind, layer, frame, needed) for _, kind, layer, frame, needed in sorted(places, key=lambda p: (p[0], p[3]))
    ]


def frames_and_layers(
    shot: Shot, frames: Iterable[int] | None, layers: Iterable[str] | None
) -> tuple[list[int], list[str]]:
    """The frames and layers a job is about, in the shot's order; unknown names are refused in words."""
    names = [layer.name for layer in shot.layers]
    wanted = names if layers is None else list(layers)
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise InputRefused(
            f"the shot has no layer named {', '.join(unknown)}", remedy=f"Its layers are {', '.join(names)}"
        )
    chosen = list(shot.frames) if frames is None else sorted(set(frames))
    outside = [frame for frame in chosen if frame not in shot.frames]
    if outside or not chosen:
        raise InputRefused(
            f"frames outside the shot were asked for: {outside[:5]}" if outside else "no frames were asked for",
            remedy=f"The shot runs from {shot.first} to {shot.last}",
        )
    return chosen, [name for name in names if name in wanted]
