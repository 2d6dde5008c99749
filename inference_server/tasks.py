"""What a job consists of: the tasks that workers do, in the order they are best done in."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from inference_server.stability.window import paintings, window
from shared.errors import InputRefused
from shared.shot import Shot
from shared.values import Value

PIECE = 1000  # pictures whose passes and files are looked at by one task
FORMATS = ("png", "exr", "exr-acescg")  # that a job may ask for
MOVIES = ("h264", "prores", "none")  # beside the layers
# Of a job: all of it; its pictures alone; what is made of pictures that are there; all of it, its pictures by other
# machines, which take runs of blocks.
PARTS = ("whole", "paint", "deliver", "farm")
OUTCOMES = ("painted", "kept", "copied")  # of a picture that is there
FULL = "no space: ", "out of reach: "  # how the reasons of pauses begin that end by themselves, with their disk
Body = dict[str, Any]
Place = tuple[str, str, int]  # kind, layer and frame of a picture
Picture = tuple[str, str, int, Sequence[int]]  # and the frames whose underpainting it needs
_Ranked = tuple[tuple[int, int, int, int], str, str, int, Sequence[int]]  # its place in the order before it


class Task(Value):
    """One thing for a worker to do.

    source: where the picture of this key already is ({"out", "file", "mattes"}), to be copied.
    taken: of a check, the folders in which other jobs paint in another look.
    places: of a check or a look, the pictures to be keyed; again: the job was checked before the server was started.
    deaths: of workers that held it; such a task runs alone, so that a second death has one culprit.
    """

    id: int
    job: str
    kind: str  # "check", "look", "prepare", "underpaint", "paint", "hold" or "deliver"; never "chunk", see `chunks`
    layer: str | None = None
    frame: int | None = None
    key: str | None = None
    deaths: int = 0
    priority: int = 0
    source: Body | None = None
    taken: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    again: bool = False

    def to_dict(self) -> Body:
        fields = ("id", "job", "kind", "layer", "frame", "key", "priority", "source", "taken", "places", "again")
        return {name: getattr(self, name) for name in fields}


def picture_tasks(spec: Body) -> Iterator[Picture]:
    """All pictures of a job, in the order they are best done in, one at a time: there may be hundreds of thousands.

    A frame is held as soon as what it is made of is painted, so that finished frames come early. Where the spec says
    "backwards" the last comes first: who paints what another has begun with then meets it, and never goes beside it.
    """
    holds = spec.get("holds", {})  # a job of an older ledger knows no holds
    ways: list[Iterator[_Ranked]] = []
    for order, layer in enumerate(spec["layers"]):
        if layer in holds:
            ways += [_under(spec, order, layer, holds[layer]), _held(spec, order, layer, holds[layer])]
        else:
            ways.append(_painted(spec, order, layer))
    for _, kind, layer, frame, needed in heapq.merge(*ways, key=lambda ranked: ranked[0]):
        yield kind, layer, frame, needed


def made_of(spec: Body, layer: str, frame: int) -> Sequence[int]:
    """The frames whose paintings a picture of a job is made of: its own, where its layer is not held."""
    strength = spec.get("holds", {}).get(layer)
    return [frame] if strength is None else paintings(frame, strength, spec["shot"]["first"], spec["shot"]["last"])


def _way(spec: Body) -> int:
    return -1 if spec.get("backwards") else 1


def _painted(spec: Body, order: int, layer: str) -> Iterator[_Ranked]:
    way = _way(spec)
    return (((way * frame, 0, order, frame), "paint", layer, frame, ()) for frame in spec["frames"][::way])


def _held(spec: Body, order: int, layer: str, strength: str) -> Iterator[_Ranked]:
    """The frames of a window in their order in any case: its surfaces are followed that way."""
    ends, way = (spec["shot"]["first"], spec["shot"]["last"]), _way(spec)

    def rank(frame: int) -> tuple[int, int, int, int]:
        return way * window(frame, strength, *ends)[::way][-1], 1, order, frame

    for frame in spec["frames"] if way == 1 else sorted(spec["frames"], key=rank):
        yield rank(frame), "hold", layer, frame, made_of(spec, layer, frame)


def _under(spec: Body, order: int, layer: str, strength: str) -> Iterator[_Ranked]:
    """What the frames are made of, each once; what lies behind a frame's window comes with the window's last."""
    ends, way = (spec["shot"]["first"], spec["shot"]["last"]), _way(spec)
    known: Sequence[int] = ()
    for frame in spec["frames"][::way]:
        needed, last = made_of(spec, layer, frame), window(frame, strength, *ends)[::way][-1]
        for under in needed[::way]:
            if under not in known:
                yield (min(way * under, way * last), 0, order, way * under), "underpaint", layer, under, ()
        known = needed


def picture_file(shot: Shot, layer: str, frame: int, format: str, *, twice: bool = False) -> str:
    """Where a finished picture lies below the output folder.

    twice: shot and layer are both said where they have one name, as versions of before did.
    """
    return (
        f"{layer}/{file_stem(shot, layer, twice)}.{file_number(shot, frame):04d}.{'png' if format == 'png' else 'exr'}"
    )


def file_stem(shot: Shot, layer: str, twice: bool) -> str:
    """What the names of a layer's files begin with: shot and layer, said once where they have one name."""
    return layer if layer == shot.name and not twice else f"{shot.name}_{layer}"


def file_number(shot: Shot, frame: int) -> int:
    """The number in a file's name: the frame, or its place where the shot begins below zero."""
    return frame if shot.first >= 0 else frame - shot.first


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
