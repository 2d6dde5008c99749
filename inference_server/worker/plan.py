"""What a job asks of the worker, resolved: every layer with its label set, model, options and sequences."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.models.cards import Card
from inference_server.models.catalogue import find_card
from inference_server.models.classes import Carrying, carry
from inference_server.models.needs import PREPARES
from inference_server.roots import inside, patterns_inside
from inference_server.tasks import file_number, file_stem, picture_file
from inference_server.worker.holdout import Before
from inference_server.worker.sounding import sound_of
from inference_server.worker.tracking import load
from shared.errors import InputRefused
from shared.frames import beat, find_pass
from shared.label_set import LabelSet, load_label_set
from shared.passes import ReadOptions, probe
from shared.passes.stated import stated
from shared.sequences import Sequence, find_sequence
from shared.shot import PASSES, Shot, ShotLayer, resolved
from shared.sounds import Sound
from shared.tracks import Tracks
from shared.values import Value
from shared.walk import Walk

UNDERPAINTINGS = "frame_by_frame"  # folder of what a held layer is made of
MOVING = ("picture", "beauty")  # passes that show what moves where, the better one first
Ids = NDArray[np.uint16]


class LayerPlan(Value):
    """A layer with everything resolved that its frames share."""

    layer: ShotLayer
    label_set: LabelSet
    card: Card
    options: dict[str, Any]
    table: Ids | None  # (65536,) id -> network channel; None for a model that takes no labels
    carrying: Carrying
    read: ReadOptions
    labels: Sequence | None
    inputs: Mapping[str, Sequence]  # what the model takes beside labels, by type, as far as the layer has it
    hold: str = "off"
    motion: Sequence | None = None
    depth: Sequence | None = None
    shown: tuple[str, Sequence] | None = None  # the type and pictures whose flow stands for a motion pass
    before: tuple[Before, ...] = ()
    sound: Sound | None = None  # of the shot, where the model takes it
    prepared_from: tuple[int, ...] = ()  # frames that are looked at before the first one is painted
    walk: Walk | None = None  # where the model takes it

    @cached_property
    def marks(self) -> dict[int, str | None]:
        """What `keys` knows of frames that later ones remember."""
        return {}

    @cached_property
    def known(self) -> dict[str, tuple[str, str]]:
        """Keys of the layer that are found once."""
        return {}

    @property
    def outline(self) -> Sequence | None:
        """The pass that says where the layer is: its labels, else its picture; None for a walk alone."""
        return self.labels or self.inputs.get("picture")

    @property
    def driven(self) -> bool:
        """Whether the sound moves its walk."""
        return self.walk is not None and bool(self.walk.drive)


class Plan(Value):
    """A job as the worker sees it."""

    job: str
    shot: Shot
    base: Path
    out: Path
    asked: Path  # the folder that the client named; `out` is it, or a take beside it
    roots: tuple[str, ...] | None  # the only folders that may be touched; None = all
    format: str
    frames: tuple[int, ...]
    models: dict[str, Any]  # layer -> {"name", "hash", "options"}, of every layer of the shot
    layers: dict[str, LayerPlan]  # those the job is about, top first
    context: Sequence | None
    context_read: ReadOptions
    owner: str = ""  # who asked for it
    movie: str = "h264"  # or "prores", "none"
    part: str = "whole"  # of tasks.PARTS

    def stem(self, layer: str) -> str:
        """What the names of a layer's files begin with."""
        return file_stem(self.shot, layer, layer == self.shot.name and self.said_twice)

    @cached_property
    def said_twice(self) -> bool:
        """Whether the folder has files of an earlier version, which said such a name twice: they go on as they are."""
        name = glob.escape(f"{self.shot.name}_{self.shot.name}")
        return any((self.asked / self.shot.name).glob(f"{name}.*"))

    @cached_property
    def pixel_aspect(self) -> float:
        """Width of a pixel by its height: of the shot, else as the first pass states it that does, else 1."""
        if self.shot.pixel_aspect is not None:
            return self.shot.pixel_aspect
        outlines = [own.outline for own in self.layers.values() if own.outline is not None]
        first = (next((frame for frame in self.frames if one.still or frame in one.files), None) for one in outlines)
        found = (stated(one.file(at)).pixel_aspect for one, at in zip(outlines, first, strict=True) if at is not None)
        return next((aspect for aspect in found if aspect is not None), 1.0)

    @cached_property
    def size(self) -> tuple[int, int]:
        """Width and height of layers that no pass gives one."""
        cards = (find_card(model["name"], model["hash"]) for model in self.models.values())
        return size_of(self.shot, self.base, self.roots, cards)

    @cached_property
    def filmed(self) -> Tracks | None:
        """The tracks that have the camera of the passes. Raises MissingInput or InputRefused."""
        return next((one for one in load(self.shot, self.base, self.roots).values() if one.camera is not None), None)

    def file_number(self, frame: int) -> int:
        """The number in a file's name."""
        return file_number(self.shot, frame)

    def path_of(self, stage: str, layer: str, frame: int) -> Path:
        """The file of a stage: "underpaint", or the finished picture of "paint" and "hold"."""
        if stage == "underpaint":
            name = f"{self.stem(layer)}.{self.file_number(frame):04d}.png"
            return self.out / UNDERPAINTINGS / layer / name
        return self.picture_path(layer, frame)

    def picture_path(self, layer: str, frame: int) -> Path:
        twice = layer == self.shot.name and self.said_twice
        return self.out / picture_file(self.shot, layer, frame, self.format, twice=twice)

    def matte_path(self, layer: str, name: str, frame: int) -> Path:
        safe = name.replace("/", "-")
        return self.out / "mattes" / layer / safe / f"{self.stem(layer)}_{safe}.{self.file_number(frame):04d}.png"


def size_of(shot: Shot, base: Path, roots: tuple[str, ...] | None, cards: Iterable[Card]) -> tuple[int, int]:
    """Width and height: the shot's, else its first pass's, else of the largest picture that one of its models makes."""
    if shot.width is not None and shot.height is not None:
        return shot.width, shot.height
    if (found := _size_of_passes(shot, base, roots)) is not None:
        return found
    return max(((one.size.width, one.size.height) for one in cards), key=lambda size: size[0] * size[1])


def _size_of_passes(shot: Shot, base: Path, roots: tuple[str, ...] | None) -> tuple[int, int] | None:
    """Of the first pass of a shot; None for one that is walks alone."""
    for layer in shot.layers:
        for kind in ("labels", "picture"):
            if (pattern := getattr(layer, kind)) is not None:
                one = find_pass(kind, pattern, base, layer.name, beat(shot, layer))
                found = probe(inside(next(iter(one.files.values())), roots))
                return found.width, found.height
    return None


def make_plan(spec: dict[str, Any], job: str) -> Plan:
    """The plan of a job's description. Raises in words where a sequence is not there."""
    shot = Shot.from_dict(spec["shot"])
    base = Path(spec["base"])
    patterns_inside(shot, base, spec["roots"])
    plan = Plan(
        job=job,
        shot=shot,
        base=base,
        out=Path(spec["out"]),
        asked=Path(spec.get("asked", spec["out"])),  # a job of an older ledger knows no takes
        roots=None if spec["roots"] is None else tuple(spec["roots"]),
        format=spec["format"],
        frames=tuple(spec["frames"]),
        models=spec["models"],
        layers={},
        context=find_sequence(shot.context, base, "context") if shot.context else None,
        context_read=ReadOptions.from_dict(shot.context_read),
        owner=spec.get("owner", ""),
        movie=spec.get("movie", "h264"),  # jobs of older ledgers do not say
        part=spec.get("part", "whole"),
    )
    names = [layer.name for layer in shot.layers if layer.name in spec["layers"]]
    return replace(plan, layers={name: make_layer_plan(plan, name) for name in names})


def make_layer_plan(plan: Plan, name: str) -> LayerPlan:
    """Resolve one layer of the shot, also one that the job itself does not paint."""
    layer = next(layer for layer in plan.shot.layers if layer.name == name)
    asked = resolved(plan.shot, layer)
    model = plan.models[name]
    card = find_card(model["name"], model["hash"])
    if card.hash != model["hash"]:
        raise InputRefused(
            f"the model {card.name} has changed since the job was submitted", remedy="Submit the job again"
        )
    label_set = load_label_set(asked.label_set or plan.shot.label_set)
    painted = card.inputs.labels is not None  # from labels
    carrying = carry(card, label_set, asked.map) if painted else Carrying(label_set, {})
    wanted = [*card.uses, *([] if layer.labels else ["picture"])]
    named = {kind: getattr(layer, kind) for kind in PASSES if kind in wanted and getattr(layer, kind)}
    when = beat(plan.shot, layer)
    own = LayerPlan(
        layer=layer,
        label_set=label_set,
        card=card,
        options=model["options"],
        table=carrying.table(card) if painted else None,
        carrying=carrying,
        read=ReadOptions.from_dict(layer.read),
        labels=find_sequence(layer.labels, plan.base, name) if layer.labels else None,
        inputs={kind: find_pass(kind, pattern, plan.base, name, when) for kind, pattern in named.items()},
        hold=asked.hold or "off",
        motion=find_sequence(layer.motion, plan.base, name) if layer.motion and asked.hold != "off" else None,
        depth=find_sequence(layer.depth, plan.base, name)
        if layer.depth and (asked.hold != "off" or asked.holdout)
        else None,
        walk=layer.walk if card.inputs.walk is not None else None,
        shown=None if layer.motion or asked.hold in (None, "off") else _shown(plan, layer),
        before=tuple(_before(plan, other) for other in plan.shot.layers if other.name in layer.holdout),
    )
    if own.driven or ("audio" in card.uses and own.walk is None):
        own = replace(own, sound=sound_of(plan.shot, plan.base, plan.roots))
    return replace(own, prepared_from=_spread(plan, own, PREPARES.get(card.family, 0)))


def _shown(plan: Plan, layer: ShotLayer) -> tuple[str, Sequence] | None:
    """The first of a layer's pictures that moves; of a layer without labels its picture, whether it does or not."""
    for kind in MOVING:
        if (pattern := getattr(layer, kind)) is not None:
            found = find_pass(kind, pattern, plan.base, layer.name, beat(plan.shot, layer))
            if layer.labels is None or not found.still:
                return kind, found
    return None


def _spread(plan: Plan, own: LayerPlan, most: int) -> tuple[int, ...]:
    """Frames over what is there of the whole shot, whichever of it the job is about."""
    if not most:
        return ()
    others = [one for other in own.before for one in (other.labels, other.depth)]
    passes = [own.labels, own.depth, plan.context, *own.inputs.values(), *others]
    files = [one.files for one in passes if one is not None and not one.still]
    there = [frame for frame in plan.shot.frames if all(frame in some for some in files)]
    count = min(most, len(there))
    return tuple(there[(2 * place + 1) * len(there) // (2 * count)] for place in range(count))


def _before(plan: Plan, other: ShotLayer) -> Before:
    return Before(
        name=other.name,
        label_set=load_label_set(other.label_set or plan.shot.label_set),
        read=ReadOptions.from_dict(other.read),
        labels=find_sequence(other.labels or "", plan.base, other.name),
        depth=find_sequence(other.depth or "", plan.base, other.name),
        depth_layer=other.depth_layer,
    )
