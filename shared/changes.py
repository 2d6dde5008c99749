"""What a command line or a script wants otherwise than the shot says, and the shot with it.

Python >= 3.11; the host programs do not load it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict, cast

from shared import schema
from shared.consent import Consent
from shared.errors import InputRefused
from shared.rates import parse_fps
from shared.shot import NO_PASS, NO_SOUND, PASSES, Shot, ShotLayer
from shared.walk import Walk

STATED = (
    "motion_is",
    "motion_layer",
    "depth_layer",
    "normal_is",
    "normal_layer",
    "instance_layer",
    "shading_layer",
    "shading_white",
    "deinterlace",
    "clip_end",
)  # how passes are read


class Changes(TypedDict, total=False):
    """Each goes for every layer, also where the shot says otherwise for one. docs/shot.md says what each means."""

    model: str
    options: Mapping[str, Any]  # of the model; they add to the shot's
    seed: int
    fill: str  # class outside a layer where there is no context
    hold: str  # "off", "gentle", "strong"
    scale: str  # "fine", "medium", "coarse"
    label_set: str  # a name, or a file relative to the current folder
    map: Mapping[str, str]  # class of the pass -> class it is painted as; adds to the shot's
    mattes: str | Sequence[str]  # "none", "all", or classes
    fps: str  # "24", "23.976", "24000/1001"
    clip_from: str | float  # of a clip that is the input: seconds, or "1:15.5", from which it is wanted
    clip_to: str | float  # up to which
    size: tuple[int, int]  # pixels, to paint at
    memory: float  # GiB; larger frames are painted in tiles
    context: str | Path  # label pass of the full frame; relative to the current folder, as the next seven are
    picture: str | Path  # a pass of the layers that are painted, as the next seven are; "none": without the shot's
    normal: str | Path
    instance: str | Path
    shading: str | Path
    motion: str | Path
    depth: str | Path
    beauty: str | Path
    reference: str | Path  # a picture whose look is taken over
    motion_is: str
    motion_layer: str
    depth_layer: str
    normal_is: str
    normal_layer: str
    instance_layer: str
    shading_layer: str
    shading_white: float  # of clay in full light
    deinterlace: str  # of clips: "off", "auto", "top", "bottom"
    clip_end: str  # what pictures show behind their end: "hold", "ping-pong"
    centimetres: float  # of a unit of the scene
    read: Mapping[str, Any]  # how the label passes are read; adds to the shot's
    names: str | Path  # table of names and classes, .csv or .json
    walk: Mapping[str, Any]  # of the layers that are painted, as in shot.json
    consent: Mapping[str, str]  # of the layers that are painted, as in shot.json
    audio: str | Path  # the sound, relative to the current folder; "none": also not that of a clip
    audio_start: int  # frame on which it begins
    passes: Sequence[str]  # that are delivered too, as guide layers: "beauty", "depth", "normal" ...
    tracks: Sequence[str | Path]  # files of cameras, points and joints for the comp, relative to the current folder


def changed(
    shot: Shot,
    changes: Changes,
    layers: Collection[str] | None = None,
    known: Collection[str] | None = None,
) -> tuple[Shot, tuple[str, ...]]:
    """The shot with what is wanted otherwise, and in words what had to be left out.

    Args:
        layers: those that are painted; None = all.
        known: the options of the model that `changes` names, where that is known: the shot's others are left out.

    Raises InputRefused, as for a shot.json.
    """
    asked: dict[str, Any] = {
        name: changes.get(name) for name in ("model", "seed", "fill", "scale", "hold", "centimetres")
    }
    asked["label_set"] = changes.get("label_set")
    if str(asked["label_set"]).endswith(".json"):
        asked["label_set"] = str(Path(str(asked["label_set"])).resolve())
    if "context" in changes:
        asked["context"] = str(Path(changes["context"]).absolute())
    if "fps" in changes:
        asked["rate"] = parse_fps(changes["fps"])
    if "audio" in changes:
        silent = str(changes["audio"]) == NO_SOUND
        asked.update(audio=NO_SOUND if silent else str(Path(changes["audio"]).absolute()))
    if "audio_start" in changes:
        asked["audio_start"] = changes["audio_start"]
    if "passes" in changes:
        asked["passes"] = tuple(changes["passes"])
    if "tracks" in changes:
        asked["tracks"] = tuple(str(Path(file).absolute()) for file in changes["tracks"])
    asked.update(paint_size=changes.get("size"), paint_memory=changes.get("memory"))
    asked = {name: value for name, value in asked.items() if value is not None}
    read = _read(changes)
    given, notes = dict(changes.get("options", {})), []

    def kept(options: Mapping[str, Any], whose: str) -> dict[str, Any]:
        lost = [] if known is None else [name for name in options if name not in known]
        if lost:
            notes.append(f"{whose} sets {', '.join(lost)}, which this model does not have")
        return {name: value for name, value in options.items() if name not in lost}

    bare = [layer.name for layer in shot.layers if layer.labels is None]
    if bare and changes.get("mattes", "none") != "none":
        raise InputRefused(
            "--mattes are made of labels, and the layer has none",
            layer=bare[0],
            remedy="Leave it out, or paint the label pass and name the pictures with --picture",
        )
    bare = [layer.name for layer in shot.layers if layer.labels is None and layer.picture is None]
    if bare and "picture" not in changes and changes.get("hold", "off") != "off":
        raise InputRefused(
            "--hold follows labels or a picture, and the layer has neither", layer=bare[0], remedy="Leave it out"
        )
    asked["options"] = {**kept(shot.options, "the shot"), **given}
    asked["map"] = {**shot.map, **changes.get("map", {})}
    asked["context_read"] = {**shot.context_read, **read}
    stack = []
    for layer in shot.layers:
        own = None if layer.options is None else kept(layer.options, f"the layer {layer.name}")
        if own is not None or ("model" not in changes and layer.model is not None and given):
            own = {**(own or {}), **given}  # beside a model of its own, a layer's options are all it has
        painted = layers is None or layer.name in layers
        stack.append(replace(_layer(layer, changes, read, painted), options=own))
    made = replace(shot, **asked, layers=tuple(stack))
    return Shot.from_dict(made.to_dict()), tuple(notes)  # the same checks as for a file


def _layer(layer: ShotLayer, changes: Changes, read: Mapping[str, Any], painted: bool) -> ShotLayer:
    over: dict[str, Any] = {name: None for name in ("model", "label_set", "seed", "hold") if name in changes}
    over.update(read={**layer.read, **read}, map={**layer.map, **changes.get("map", {})})
    if "mattes" in changes:
        over["mattes"] = changes["mattes"] if isinstance(changes["mattes"], str) else tuple(changes["mattes"])
    if painted:
        given = {name: path for name, path in cast(Mapping[str, Any], changes).items() if name in PASSES}
        over.update({name: _place(path) for name, path in given.items() if path is not None})
        if "walk" in changes:
            over["walk"] = schema.read(Walk, changes["walk"])
        if "consent" in changes:
            over["consent"] = schema.read(Consent, changes["consent"])
        stated = {name: changes.get(name) for name in STATED}
        over.update({name: value for name, value in stated.items() if value is not None})
    return replace(layer, **over)


def _place(path: str | Path) -> str | None:
    """Of a pass that is named; None where the shot's is not wanted."""
    return None if str(path) == NO_PASS else str(Path(path).absolute())


def _read(changes: Changes) -> dict[str, Any]:
    read = dict(changes.get("read", {}))
    if "names" in changes:
        from shared.names import read_names  # the readers of pictures take a while to load

        read["names"] = read_names(Path(changes["names"]))
    return read
