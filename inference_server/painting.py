"""One frame of one layer: decode, key, fill, paint, cut, write.

A layer that is to hold still is painted in two stages: the underpainting is the whole picture, not cut, in a folder of
its own; `holding` makes the frame of it.

The worker calls `decode` and `encode` from threads and paints in between, so that the next frame is read and
the last one written while the device works. All three are functions of plain data; the pixels depend on
what the key is a hash of and on nothing else.
"""

from __future__ import annotations

import glob
import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference_server import outputs
from inference_server.cards import Card, painting_size
from inference_server.carry import Carrying, carry
from inference_server.catalogue import find_card
from inference_server.holdout import Before, held_out
from inference_server.models.base import PaintInput
from inference_server.security import inside, patterns_inside
from inference_server.stability.tiles import Tile, choose_tiles
from shared.errors import InputRefused
from shared.label_set import NOTHING, LabelSet, load_label_set
from shared.passes import LabelPass, ReadOptions, read_label_pass
from shared.passes.data_pass import unlike_before
from shared.passes.formats import read_picture
from shared.passes.stated import stated
from shared.sequences import Sequence, find_sequence
from shared.shot import Shot, ShotLayer, resolved

RECIPE = 3  # of the pixels; goes up whenever the same key would give another picture
UNDERPAINTINGS = "frame_by_frame"  # folder of what a held layer is made of
BEYOND_EDGE = 16  # pixels of painting kept outside the coverage, so that soft edges have no halo

Ids = NDArray[np.uint16]
Picture = NDArray[np.float32]
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class LayerPlan:
    """A layer with everything resolved that its frames share."""

    layer: ShotLayer
    label_set: LabelSet
    card: Card
    options: dict[str, Any]
    table: Ids  # (65536,) id -> network channel
    carrying: Carrying
    read: ReadOptions
    labels: Sequence
    instance: Sequence | None
    hold: str = "off"
    motion: Sequence | None = None
    depth: Sequence | None = None
    before: tuple[Before, ...] = ()


@dataclass(frozen=True)
class Plan:
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

    def stem(self, layer: str) -> str:
        """What the names of a layer's files begin with: shot and layer, said once where they have one name."""
        return layer if layer == self.shot.name and not self.said_twice else f"{self.shot.name}_{layer}"

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
        found = (stated(own.labels.file(self.frames[0])).pixel_aspect for own in self.layers.values())
        return next((aspect for aspect in found if aspect is not None), 1.0)

    def file_number(self, frame: int) -> int:
        """The number in a file's name: the frame, or its place where the shot begins below zero."""
        return frame if self.shot.first >= 0 else frame - self.shot.first

    def path_of(self, stage: str, layer: str, frame: int) -> Path:
        """The file of a stage: "underpaint", or the finished picture of "paint" and "hold"."""
        if stage == "underpaint":
            name = f"{self.stem(layer)}.{self.file_number(frame):04d}.png"
            return self.out / UNDERPAINTINGS / layer / name
        return self.picture_path(layer, frame)

    def picture_path(self, layer: str, frame: int) -> Path:
        suffix = "png" if self.format == "png" else "exr"
        return self.out / layer / f"{self.stem(layer)}.{self.file_number(frame):04d}.{suffix}"

    def matte_path(self, layer: str, name: str, frame: int) -> Path:
        safe = name.replace("/", "-")
        return self.out / "mattes" / layer / safe / f"{self.stem(layer)}_{safe}.{self.file_number(frame):04d}.png"


@dataclass(frozen=True)
class Decoded:
    """A frame ready to be painted; `request` is None where the layer is empty on this frame, or is held.

    channels: (H, W) as in the request, at the size of the pass; tiles: of the request.
    """

    layer: str
    frame: int
    key: str
    labels: LabelPass
    request: PaintInput | None
    stage: str = "paint"
    channels: Ids | None = None
    tiles: tuple[Tile, ...] = ()


@dataclass(frozen=True)
class Finished:
    """A frame that needs no painting: it was on disk with the right key, or was copied from where it was."""

    body: dict[str, Any]


class SourceLost(Exception):
    """What was to be copied is not there any more."""


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
    )
    names = [layer.name for layer in shot.layers if layer.name in spec["layers"]]
    return replace(plan, layers={name: make_layer_plan(plan, name) for name in names})


def make_layer_plan(plan: Plan, name: str) -> LayerPlan:
    """Resolve one layer of the shot, also one that the job itself does not paint."""
    layer = next(layer for layer in plan.shot.layers if layer.name == name)
    asked = resolved(plan.shot, layer)
    model = plan.models[name]
    card = find_card(model["name"])
    if card.hash != model["hash"]:
        raise InputRefused(
            f"the model {card.name} has changed since the job was submitted", remedy="Submit the job again"
        )
    label_set = load_label_set(asked.label_set or plan.shot.label_set)
    carrying = carry(card, label_set, asked.map)
    return LayerPlan(
        layer=layer,
        label_set=label_set,
        card=card,
        options=model["options"],
        table=carrying.table(card),
        carrying=carrying,
        read=ReadOptions.from_dict(layer.read),
        labels=find_sequence(layer.labels, plan.base, name),
        instance=find_sequence(layer.instance, plan.base, name) if layer.instance and "instance" in card.uses else None,
        hold=asked.hold or "off",
        motion=find_sequence(layer.motion, plan.base, name) if layer.motion and asked.hold != "off" else None,
        depth=find_sequence(layer.depth, plan.base, name)
        if layer.depth and (asked.hold != "off" or asked.holdout)
        else None,
        before=tuple(_before(plan, other) for other in plan.shot.layers if other.name in layer.holdout),
    )


def _before(plan: Plan, other: ShotLayer) -> Before:
    return Before(
        name=other.name,
        label_set=load_label_set(other.label_set or plan.shot.label_set),
        read=ReadOptions.from_dict(other.read),
        labels=find_sequence(other.labels, plan.base, other.name),
        depth=find_sequence(other.depth or "", plan.base, other.name),
        depth_layer=other.depth_layer,
    )


def decode(
    plan: Plan, layer: str, frame: int, key: str | None = None, source: dict[str, Any] | None = None
) -> Decoded | Finished:
    """Read a frame's passes and prepare them for the network, unless it is already painted.

    Of a layer that is to hold still this is the underpainting.
    key: what the check found; another one now means that a pass was changed meanwhile.
    source: where the picture of this key already is. Raises SourceLost where it is not.
    """
    own = plan.layers[layer]
    stage = "paint" if own.hold == "off" else "underpaint"
    found = settled(plan, own, frame, stage, frame_key(plan, own, frame), key, source)
    if isinstance(found, Finished):
        return found
    labels = read_label_pass(own.labels.file(frame), own.label_set, own.read)
    height, width = labels.ids.shape
    if (labels.ids == NOTHING).all():
        return Decoded(layer, frame, found, labels, None, stage)
    ids = in_context(plan, own, labels.ids, frame)
    unknown = np.unique(ids[own.table[ids] == NOTHING])
    if unknown.size:  # the card knows every id of its label set, so this is a damaged card
        raise InputRefused(f"the model {own.card.name} has no channel for the ids {unknown.tolist()}")
    instance = read_instances(own.instance.file(frame), ids) if own.instance else None
    size = painting_size(own.card, width, height, plan.shot.paint_size, plan.shot.scale)
    channels = own.table[ids]
    request = PaintInput(
        channels=fit(channels, size, own.card.size.fit),
        instance=None if instance is None else fit(instance, size, own.card.size.fit),
        seed=resolved(plan.shot, own.layer).seed or 0,
        options=own.options,
    )
    tiles = choose_tiles(own.card, size, plan.shot.paint_memory)
    return Decoded(layer, frame, found, labels, request, stage, channels, tiles)


def settled(
    plan: Plan, own: LayerPlan, frame: int, stage: str, key: str, checked: str | None, source: dict[str, Any] | None
) -> Finished | str:
    """The frame where it is on disk already or was copied, else its key. checked: the key that the check found."""
    if checked is not None and checked != key:
        raise InputRefused(
            "a pass of this frame was changed after the job was accepted",
            file=own.labels.file(frame),
            remedy="Run the same command again when nothing writes it any more",
        )
    metadata = finished(plan, own.layer.name, frame, key, stage)
    if metadata is not None:
        return Finished({"state": "kept", **files_of(plan, metadata)})
    if source is not None:
        return Finished({"state": "copied", **copy_painting(plan, own, frame, key, source, stage)})
    return key


def encode(plan: Plan, decoded: Decoded, picture: Picture | None, device: str = "") -> dict[str, Any]:
    """Cut the painting by the layer's coverage and write it with its mattes; returns the event's body.

    device: that painted it, in words.
    """
    own = plan.layers[decoded.layer]
    height, width = decoded.labels.ids.shape
    under = decoded.stage == "underpaint"
    alpha = decoded.labels.coverage
    if own.before and own.depth is not None and not under:
        depth = own.depth.file(decoded.frame)
        alpha = held_out(alpha, depth, own.layer.depth_layer, own.before, decoded.frame)
    if picture is None:
        whole = np.zeros((height, width, 3), np.float32)
    elif decoded.request is None or decoded.channels is None:
        whole = picture  # held: as large as the pass already
    else:
        whole = unfit(picture, decoded.request.channels, decoded.channels, own.card.size.fit)
    present = {i: n for i, n in decoded.labels.facts.classes.items() if i != NOTHING}
    mattes = [] if under else matte_ids(own, present)
    metadata = {
        "generator": "semrender",
        "key": decoded.key,
        "stage": decoded.stage,
        **names(plan, own, decoded.frame),
        **look(plan, own),
        "format": plan.format,
        "size": [width, height],
        "label_set": {"name": own.label_set.name, "hash": own.label_set.hash},
        "device": device,
        "classes": {str(i): n for i, n in present.items()},
        "mattes": mattes,
        "guessed": decoded.labels.facts.guessed,
    }
    for identity in mattes:
        write_matte(
            plan,
            decoded.layer,
            own.label_set.by_id(identity).name,
            decoded.frame,
            metadata,
            matte(decoded.labels, identity),
        )
    path = plan.path_of(decoded.stage, decoded.layer, decoded.frame)
    place(plan, path)
    if under:
        outputs.write_png(path, outputs.to_integers(whole, np.uint8 if plan.format == "png" else np.uint16), metadata)
    else:
        outputs.write_picture(path, keep_near(whole, alpha), alpha, metadata)  # last: with it the frame is finished
    return {"state": "painted", **files_of(plan, metadata), "guessed": metadata["guessed"]}


def names(plan: Plan, own: LayerPlan, frame: int) -> dict[str, Any]:
    """What a frame's header tells that no pixel depends on."""
    return {
        "shot": plan.shot.name,
        "layer": own.layer.name,
        "frame": frame,
        "fps": [plan.shot.fps_num, plan.shot.fps_den],
        "pixel_aspect": plan.pixel_aspect,
        "owner": plan.owner,
    }


def look(plan: Plan, own: LayerPlan) -> dict[str, Any]:
    """What the artist chose for a layer, as its frames' headers tell it; `takes.look_of` reads it."""
    size = plan.shot.paint_size
    return {
        "model": {"name": own.card.name, "hash": own.card.hash, "licence": own.card.licence},
        "seed": resolved(plan.shot, own.layer).seed,
        "options": own.options,
        "hold": own.hold,
        "scale": plan.shot.scale or "",
        "paint_size": f"{size[0]}x{size[1]}" if size else "",
        "fill": plan.shot.fill or "",
    }


def files_of(plan: Plan, metadata: dict[str, Any]) -> dict[str, Any]:
    """{"file", "mattes": {id: file}} of a finished frame, relative to the output folder."""
    layer, frame = metadata["layer"], metadata["frame"]
    label_set = plan.layers[layer].label_set
    mattes = {
        str(i): plan.matte_path(layer, label_set.by_id(i).name, frame).relative_to(plan.out).as_posix()
        for i in metadata["mattes"]
    }
    path = plan.path_of(metadata.get("stage", "paint"), layer, frame)
    return {"file": path.relative_to(plan.out).as_posix(), "mattes": mattes}


def copy_painting(
    plan: Plan, own: LayerPlan, frame: int, key: str, source: dict[str, Any], stage: str
) -> dict[str, Any]:
    """Copy a frame with the same key from another place, under this job's names. Raises SourceLost."""
    out = Path(source["out"])
    picture = out / source["file"]
    before = outputs.read_metadata(picture)
    if before is None or before.get("key") != key:
        raise SourceLost(str(picture))
    # The key stands for the pixels; what they are called (a model under two names) is this job's.
    metadata = {**before, **names(plan, own, frame), **look(plan, own)}
    for identity, file in source["mattes"].items():
        found = outputs.read_metadata(out / file)
        if found is None or found.get("key") != key:
            raise SourceLost(str(out / file))
        target = plan.matte_path(own.layer.name, own.label_set.by_id(int(identity)).name, frame)
        place(plan, target)
        _copy(out / file, target, {**metadata, "matte": found["matte"]})
    target = plan.path_of(stage, own.layer.name, frame)
    place(plan, target)
    _copy(picture, target, metadata)
    return files_of(plan, metadata)


def _copy(source: Path, target: Path, metadata: dict[str, Any]) -> None:
    try:
        outputs.copy_picture(source, target, metadata)
    except InputRefused as error:
        raise SourceLost(str(source)) from error


def place(plan: Plan, path: Path) -> None:
    """Make the folder of an output file, inside the folders that may be touched."""
    inside(path, plan.roots)
    path.parent.mkdir(parents=True, exist_ok=True)


def frame_key(plan: Plan, own: LayerPlan, frame: int) -> str:
    """Hash of everything that the files of a painted frame, or an underpainting, depend on."""
    under = own.hold != "off"
    content = {
        "recipe": RECIPE,
        "stage": "underpaint" if under else "paint",
        "model": own.card.hash,
        "label_set": own.label_set.hash,
        "labels": input_hash(plan, own.labels, frame),
        "context": input_hash(plan, plan.context, frame),
        "instance": input_hash(plan, own.instance, frame),
        "read": own.layer.read,
        "context_read": plan.shot.context_read,
        "fill": plan.shot.fill,
        "options": own.options,
        "seed": resolved(plan.shot, own.layer).seed,
        "paint_size": plan.shot.paint_size,  # with `scale` and the size of the pass: the painting size
        "scale": plan.shot.scale,
        "paint_memory": plan.shot.paint_memory,  # with the painting size: the tiles
        "precision": "float32",
        "format": plan.format,
        "mattes": "none" if under else own.layer.mattes,
        "holdout": [] if under else holdout_hashes(plan, own, frame),
    }
    if own.carrying.of:
        content["painted_as"] = own.carrying.content()
    return hash_of(content)


def holdout_hashes(plan: Plan, own: LayerPlan, frame: int) -> list[Any]:
    """Hashes of the passes that cut the layer."""
    if not own.before:
        return []
    passes = [(other.labels, other.depth) for other in own.before]
    reads = [layer.read for layer in plan.shot.layers if layer.name in own.layer.holdout]
    hashes = [input_hash(plan, sequence, frame) for pair in passes for sequence in pair]
    depths = [(own.depth, own.layer.depth_layer), *((other.depth, other.depth_layer) for other in own.before)]
    unlike = [unlike_before(next(iter(depth.files.values())), layer) for depth, layer in depths if depth is not None]
    return [input_hash(plan, own.depth, frame), *hashes, *reads, *([unlike] if any(unlike) else [])]


def hash_of(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def input_hash(plan: Plan, sequence: Sequence | None, frame: int) -> str | None:
    """SHA-256 of a pass's file. Every pass is keyed before it is decoded, so this is also where a link is caught."""
    if sequence is None:
        return None
    path = inside(sequence.file(frame), plan.roots)
    state = path.stat()
    return _file_hash(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4096)
def _file_hash(path: Path, changed: int, size: int) -> str:
    """A held frame asks for the passes of its whole window; a file that is as old and long as it was is the same."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def finished(plan: Plan, layer: str, frame: int, key: str, stage: str) -> dict[str, Any] | None:
    """The provenance of a frame that is whole on disk, mattes included, under this key; else None."""
    metadata = outputs.read_metadata(plan.path_of(stage, layer, frame))
    if metadata is None or metadata.get("key") != key:
        return None
    own = plan.layers[layer]
    for identity in metadata.get("mattes", []):
        found = outputs.read_metadata(plan.matte_path(layer, own.label_set.by_id(identity).name, frame))
        if found is None or found.get("key") != key:
            return None
    return metadata


def in_context(plan: Plan, own: LayerPlan, ids: Ids, frame: int) -> Ids:
    """Fill what is outside the layer: from the full label pass, else a chosen class, else the nearest class."""
    outside = ids == NOTHING
    if not outside.any():
        return ids
    ids = ids.copy()
    if plan.context is not None:
        around = read_label_pass(plan.context.file(frame), own.label_set, plan.context_read).ids
        if around.shape != ids.shape:
            raise InputRefused(
                f"the context is {around.shape[1]}x{around.shape[0]}, the layer {ids.shape[1]}x{ids.shape[0]}",
                file=plan.context.file(frame),
                remedy="Render both at the same size",
            )
        ids[outside] = around[outside]
        outside = ids == NOTHING
    if plan.shot.fill is not None:
        ids[outside] = own.label_set.find(plan.shot.fill).id
    elif outside.any():
        ids[outside] = nearest(ids, outside)[outside]
    return ids


def nearest(ids: Ids, outside: NDArray[np.bool_]) -> Ids:
    """For every pixel the id of the nearest pixel that is not outside."""
    import cv2

    _, index = cv2.distanceTransformWithLabels(outside.astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(int(index.max()) + 1, np.uint16)
    table[index[~outside]] = ids[~outside]
    result: Ids = table[index]
    return result


def read_instances(path: Path, ids: Ids) -> NDArray[np.int32]:
    """An instance pass as one number per pixel (H, W): a grey or colour picture, each value one object."""
    pixels = read_picture(path).samples
    if pixels.shape[:2] != ids.shape:
        raise InputRefused(
            f"the instance pass is {pixels.shape[1]}x{pixels.shape[0]}",
            file=path,
            remedy=f"Give a PNG of {ids.shape[1]}x{ids.shape[0]} with one value per object",
        )
    if pixels.ndim == 2 and pixels.dtype.kind in "ui":
        return pixels.astype(np.int32)
    values = pixels.reshape(ids.size, -1)
    _, numbers = np.unique(values, axis=0, return_inverse=True)
    return numbers.reshape(ids.shape).astype(np.int32)


def fit(values: NDArray[T], size: tuple[int, int], rule: str) -> NDArray[T]:
    """A map (H, W) at the painting size: the pixel under each centre, or its last rows and columns repeated."""
    width, height = size
    if values.shape == (height, width):
        return values
    if rule == "stretch" or width < values.shape[1] or height < values.shape[0]:
        rows = ((2 * np.arange(height) + 1) * values.shape[0] // (2 * height))[:, None]
        columns = (2 * np.arange(width) + 1) * values.shape[1] // (2 * width)
        stretched: NDArray[T] = values[rows, columns]
        return stretched
    return np.pad(values, ((0, height - values.shape[0]), (0, width - values.shape[1])), "edge")


def unfit(picture: Picture, painted: Ids, wanted: Ids, rule: str) -> Picture:
    """The way back from the painting size to the pass's own, given the channels (h, w) and (H, W) of both."""
    import cv2

    height, width = wanted.shape
    painted_height, painted_width = picture.shape[:2]
    if painted.shape == wanted.shape:
        return picture
    padded = rule == "multiple" and 0 <= painted_width - width < 128 and 0 <= painted_height - height < 128
    if padded:
        return np.ascontiguousarray(picture[:height, :width])
    if painted_width <= width and painted_height <= height:
        from inference_server.stability.upscale import upscale  # compiled: slow to load

        return upscale(picture, painted, wanted)
    shrinks = painted_width * painted_height > width * height
    resized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.clip(resized, 0, 1).astype(np.float32)


def keep_near(picture: Picture, alpha: NDArray[np.float32]) -> Picture:
    """Black where the layer is far away: smaller files, and nothing of the fill leaks into the comp."""
    import cv2

    if alpha.min() > 0:
        return picture
    size = 2 * BEYOND_EDGE + 1
    near = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((size, size), np.uint8))
    return picture * near[..., None]


def matte_ids(own: LayerPlan, present: dict[int, int]) -> list[int]:
    """The classes of this frame that get a matte, as the layer asks."""
    if own.layer.mattes == "none":
        return []
    if own.layer.mattes == "all":
        return sorted(present)
    return sorted(own.label_set.find(name).id for name in own.layer.mattes)


def matte(labels: LabelPass, identity: int) -> NDArray[np.float32]:
    """Coverage (H, W) of one class: the source's own where it has it, else the layer's where the id is."""
    if labels.soft is not None:
        soft = labels.soft.get(identity)
        return np.zeros(labels.ids.shape, np.float32) if soft is None else soft
    return np.where(labels.ids == identity, labels.coverage, np.float32(0))


def write_matte(
    plan: Plan, layer: str, name: str, frame: int, metadata: dict[str, Any], coverage: NDArray[np.float32]
) -> None:
    """A matte is white with the coverage in alpha: alpha is never colour-managed."""
    path = plan.matte_path(layer, name, frame)
    place(plan, path)
    white = np.full((*coverage.shape, 4), 255, np.uint8)
    white[..., 3] = outputs.to_bytes(coverage)
    outputs.write_png(path, white, {**metadata, "matte": name})
