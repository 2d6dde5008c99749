"""`shot.json`: what the artist asks for.

A shot is a range of frames and a stack of layers; each layer names its label pass and says how it is
painted. Passes are patterns (`train/label.####.png`) relative to the folder of `shot.json`; expanding them
is the business of `shared.sequences`. The same description travels over the wire, so `Shot.from_dict`
trusts nothing: every size is bounded and every refusal says the key, the value and what is allowed.

Maya-safe: Python 3.9, standard library only. The reference for artists is docs/shot.md.
"""

from __future__ import annotations

from dataclasses import field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Dict, Iterator, Optional, Tuple

from shared import documents, schema
from shared.consent import Consent
from shared.errors import InputRefused
from shared.file_names import FileName, folded
from shared.kinds import Data, ListOf, Number, OneOf, Whole, refused
from shared.places import write_json
from shared.rates import Rate
from shared.schema import About, Key, Record
from shared.shot_kinds import (
    FILE,
    FRAME,
    MAP,
    MAX_LAYERS,
    PATTERN,
    SEED,
    WORD,
    WORD_OR_EMPTY,
    Blend,
    MatteChoice,
    Mattes,
    Names,
    Settings,
)
from shared.values import Value
from shared.walk import Walk, files_of, judge
from shared.wording import show

FILE_NAME = "shot.json"
FORMAT = 1
# The fields of a layer that name files, each called after the type of input that it is.
PASSES = ("labels", "picture", "normal", "instance", "shading", "motion", "depth", "beauty", "reference")
GUIDES = ("beauty", "picture", "labels", "normal", "depth", "shading", "motion")  # those that can be delivered too
OF_ANY_SIZE = ("reference",)  # all others are as large as the frame

NO_SOUND = NO_PASS = "none"  # instead of a file
DEINTERLACE = ("off", "auto", "top", "bottom")  # how interlaced clips are taken; top, bottom: that field is the earlier
CLIP_ENDS = ("hold", "ping-pong")  # what a picture shows behind its end: its last frame, or back and forth
HOLDS = ("off", "gentle", "strong")  # how still the frames of a layer hold
MAX_FRAMES = 1_000_000
MAX_FRAME_NUMBER = FRAME.high
MAX_SIDE = 32768
MAX_PIXELS = 2**28  # of a picture
MAX_FILE = 16 * 2**20  # bytes of a shot.json
# What the vector at a pixel does: where it leads to, or whence it came, and which way y counts.
MOTIONS = (
    "to-previous-up",
    "to-previous-down",
    "to-next-up",
    "to-next-down",
    "from-previous-up",
    "from-previous-down",
)
# What a normal's x, y, z are: right, up and towards the viewer of the picture, with what is otherwise; or the world's.
NORMALS = ("camera", "camera-down", "camera-away", "camera-down-away", "world")
SCALES = ("fine", "medium", "coarse")  # how large the texture is in the frame
SIDE = Whole(1, MAX_SIDE)  # pixels
LENGTH = Number(1e-6, 1e6)  # centimetres
LIGHT = Number(1e-6, 1e6)  # linear, 1 is white


class ShotLayer(Value):
    """One layer of a shot. Passes are patterns; None for an override means "as the shot says"."""

    about: ClassVar[About] = About("layer", remedy="See docs/shot.md for a complete example", is_layer=True)

    name: Annotated[str, FileName()]
    labels: Annotated[Optional[str], PATTERN, "the label pass: which class every pixel is"] = None
    instance: Annotated[Optional[str], PATTERN, "the pass that tells objects, and their materials, apart"] = None
    motion: Annotated[Optional[str], PATTERN, "the motion pass, in pixels a frame"] = None
    depth: Annotated[Optional[str], PATTERN, "the depth pass"] = None
    beauty: Annotated[Optional[str], PATTERN, "the renderer's own picture, beside the painting in the comp"] = None
    label_set: Annotated[Optional[str], WORD, "the label set of the pass"] = None
    model: Annotated[Optional[str], WORD_OR_EMPTY, "the model that paints; empty = the default model"] = None
    options: Annotated[
        Optional[Data], Settings(), "of the model; beside a model of its own these are all, else they add to the shot's"
    ] = None
    seed: Annotated[Optional[int], SEED] = None
    blend: Annotated[str, Blend(), "blending mode of After Effects"] = "NORMAL"
    opacity: Annotated[float, Number(0, 100), "percent"] = 100.0
    read: Annotated[Data, Settings(), "how the label pass is read"] = field(default_factory=dict)
    mattes: Annotated[Mattes, MatteChoice(), "classes that become mattes"] = "none"
    hold: Annotated[Optional[str], OneOf(*HOLDS), "how still the frames hold"] = None
    holdout: Annotated[Tuple[str, ...], Names(), "layers that may stand before this one; all need a depth pass"] = ()
    map: Annotated[Dict[str, str], MAP, "class of the pass -> class it is painted as; adds to the shot's"] = field(
        default_factory=dict
    )
    motion_is: Annotated[
        Optional[str], OneOf(*MOTIONS), "convention of the motion pass; else as its channels are named"
    ] = None
    motion_layer: Annotated[Optional[str], WORD, "EXR layer of the motion pass; else the one whose name says it"] = None
    depth_layer: Annotated[Optional[str], WORD, "EXR layer or channel of the depth pass; else as for motion"] = None
    picture: Annotated[
        Optional[str], PATTERN, "what a model makes another picture of: a plate, a render, frames or a clip"
    ] = None
    normal: Annotated[Optional[str], PATTERN, "the normal pass"] = None
    reference: Annotated[Optional[str], PATTERN, "a picture of any size whose look is taken over"] = None
    normal_is: Annotated[
        Optional[str], OneOf(*NORMALS), "what the axes of the normal pass are; else as it is found out"
    ] = None
    normal_layer: Annotated[Optional[str], WORD, "EXR layer of the normal pass; else as for motion"] = None
    instance_layer: Annotated[
        Optional[str], WORD, "EXR layer, channel or Cryptomatte of the instance pass; else as it is named"
    ] = None
    shading: Annotated[Optional[str], PATTERN, "the shading pass: all things in one grey material"] = None
    shading_layer: Annotated[
        Optional[str], WORD, "EXR layer or channel of the shading pass; else the only one, or as it is named"
    ] = None
    shading_white: Annotated[float, LIGHT, "linear value that clay has in full light"] = 1.0
    clip_start: Annotated[
        Optional[int], FRAME, "frame on which a clip begins that is its picture; else the shot's first"
    ] = None
    clip_end: Annotated[
        Optional[str],
        OneOf(*CLIP_ENDS),
        "what a picture shows behind its end: its last frame, or all of it back and forth; else that is refused",
    ] = None
    deinterlace: Annotated[
        Optional[str],
        OneOf(*DEINTERLACE),
        "how an interlaced clip is taken: as it is, or made whole by the clip's field order or this one; else refused",
    ] = None
    walk: Annotated[Optional[Walk], Record(Walk), "a way through what a generator paints: seeds, keyframes"] = None
    consent: Annotated[Optional[Consent], Record(Consent), "for models that change somebody's face"] = None


class Shot(Value):
    """What is asked: `layers` top first, frames `first` to `last` inclusive."""

    about: ClassVar[About] = About(
        "shot",
        header={"format": FORMAT},
        header_needed=False,
        remedy="See docs/shot.md for a complete example",
        newer="It needs a newer semrender",
    )

    name: Annotated[str, FileName(), "names the comp and the files"]
    rate: Annotated[Tuple[int, int], Rate(), Key("fps"), 'frames a second: 24, 23.976 or "24000/1001"']
    first: Annotated[int, FRAME, "the first frame"]
    last: Annotated[int, FRAME, "the last frame, painted too"]
    layers: Annotated[
        Tuple[ShotLayer, ...], ListOf(Record(ShotLayer), MAX_LAYERS, 1, "layers, top first"), "the layers, top first"
    ]
    project: Annotated[Optional[str], FileName(), "the show; with it two shots of one name are two shots"] = None
    sequence: Annotated[Optional[str], FileName(), "the sequence of the show that the shot is of"] = None
    width: Annotated[Optional[int], SIDE, "pixels; else as the passes are"] = None
    height: Annotated[Optional[int], SIDE, "pixels; else as the passes are"] = None
    pixel_aspect: Annotated[Optional[float], Number(0.1, 10), "width by height; else as the passes say, or 1"] = None
    context: Annotated[Optional[str], PATTERN, "the label pass of the full frame, that layers are painted in"] = None
    context_read: Annotated[Data, Settings(), "how the context is read"] = field(default_factory=dict)
    fill: Annotated[Optional[str], WORD, "class outside a layer where there is no context"] = None
    label_set: Annotated[str, WORD, "the label set of the passes"] = "coco_stuff"
    model: Annotated[str, WORD_OR_EMPTY, "the model that paints; empty = the default model"] = ""
    options: Annotated[Data, Settings(), "of the model"] = field(default_factory=dict)
    map: Annotated[Dict[str, str], MAP, "class of the passes -> class it is painted as"] = field(default_factory=dict)
    seed: Annotated[int, SEED, "the same on every frame; another seed is another texture"] = 0
    hold: Annotated[str, OneOf(*HOLDS), "how still the frames hold"] = "off"
    scale: Annotated[
        Optional[str], OneOf(*SCALES), "how large the texture is in the frame; else painted at the pass's size"
    ] = None
    paint_size: Annotated[
        Optional[Tuple[int, int]], ListOf(SIDE, 2, 2, "as [width, height]"), "to paint at; goes before scale"
    ] = None
    paint_memory: Annotated[
        float, Number(0.25, 1024), "GiB that painting a frame may take; larger frames are painted in tiles"
    ] = 3.0
    passes: Annotated[
        Tuple[str, ...], ListOf(OneOf(*GUIDES), MAX_LAYERS, what="passes"), "delivered too, as guide layers"
    ] = ()
    tracks: Annotated[
        Tuple[str, ...], ListOf(FILE, MAX_LAYERS, what="files"), "cameras, points and joints for the comp: tracks.json"
    ] = ()

    centimetres: Annotated[
        Optional[float], LENGTH, "length of a unit of the scene, and of depth; else as the tracks say, or 100"
    ] = None

    audio: Annotated[
        Optional[str], FILE, 'the sound: a file that has some, or "none"; else that of a clip that is a picture'
    ] = None
    audio_start: Annotated[Optional[int], FRAME, "frame on which the sound of `audio` begins; else the first"] = None

    @property
    def fps_num(self) -> int:
        return self.rate[0]

    @property
    def fps_den(self) -> int:
        return self.rate[1]

    @property
    def fps(self) -> float:
        """Frames per second as a float, for display only; the rational is `fps_num` / `fps_den`."""
        return self.fps_num / self.fps_den

    @property
    def frames(self) -> range:
        return range(self.first, self.last + 1)

    @classmethod
    def from_dict(cls, data: Any) -> "Shot":
        """The shot in plain data (the content of a shot.json); strict. Raises InputRefused."""
        return schema.read(cls, data)

    def to_dict(self) -> Data:
        """Plain data for JSON or msgpack that `from_dict` reads back; what is at its default is left out."""
        return schema.plain(self)

    def check(self) -> None:
        """How the values fit together. Raises InputRefused."""
        if not self.first <= self.last < self.first + MAX_FRAMES:
            raise refused("last", self.last, f"from first ({self.first}) up to {MAX_FRAMES} frames")
        if (self.width is None) != (self.height is None):
            raise InputRefused('"width" and "height" come together', remedy="Give both or neither")
        if self.sequence is not None and self.project is None:
            raise InputRefused('"sequence" says nothing without "project"', remedy="Give both")
        if self.audio_start is not None and self.audio is None:
            raise InputRefused(
                '"audio_start" says nothing without "audio"', remedy="Name the sound, or give the clip's clip_start"
            )
        _no_name_twice(self.layers)
        _somewhere(self)
        _walks_fit(self)
        _holdouts_known(self.layers)


def _no_name_twice(layers: Tuple[ShotLayer, ...]) -> None:
    seen: Dict[str, str] = {}
    for layer in layers:
        key = folded(layer.name)
        if key in seen:
            raise InputRefused(
                f'the names "{seen[key]}" and "{layer.name}" of two layers are one file name',
                layer=layer.name,
                remedy="Give every layer a name of its own (upper and lower case count as the same)",
            )
        seen[key] = layer.name


def _somewhere(shot: Shot) -> None:
    """Every layer has a pass that says where it is, and labels where something is made of them."""
    for layer in shot.layers:
        if layer.labels is not None:
            continue
        if layer.picture is None and layer.walk is None:
            raise InputRefused(
                "the layer has neither labels nor a picture nor a walk",
                layer=layer.name,
                remedy='Give "labels" or "picture", a pattern such as "train/label.####.png", or a "walk"',
            )
        hold = layer.hold or shot.hold
        if layer.picture is None and hold != "off":
            raise InputRefused(
                f'"hold" is {show(hold)}, which follows labels or a picture, and the layer has neither',
                layer=layer.name,
                remedy='Give "hold": "off"',
            )
        if layer.mattes != "none":
            raise InputRefused(
                f'"mattes" is {show(layer.mattes)}, which are made of labels, and the layer has none',
                layer=layer.name,
                remedy='Give "labels" beside "picture", or "mattes": "none"',
            )


def _walks_fit(shot: Shot) -> None:
    for layer in shot.layers:
        if layer.walk is not None:
            try:
                judge(layer.walk, shot.first, shot.last)
            except InputRefused as error:
                raise error.located(layer=layer.name) from None


def _holdouts_known(layers: Tuple[ShotLayer, ...]) -> None:
    by_name = {layer.name: layer for layer in layers}
    for layer in layers:
        for name in layer.holdout:
            if name not in by_name or name == layer.name:
                others = [f'"{other}"' for other in by_name if other != layer.name]
                raise InputRefused(
                    f'"holdout" names {show(name)}', layer=layer.name, remedy=f"Allowed: {', '.join(others)}"
                )
            for one in (layer, by_name[name]):
                for kind, file in (("depth", "depth.####.exr"), ("labels", "label.####.png")):
                    if getattr(one, kind) is None:
                        raise InputRefused(
                            f'"holdout" of {show(layer.name)} needs a {kind.removesuffix("s")} pass of this layer',
                            layer=one.name,
                            remedy=f'Give "{kind}", a pattern such as "train/{file}"',
                        )


def named_files(shot: Shot) -> Iterator[Tuple[Optional[str], str]]:
    """(layer or None, pattern) of every pass and file that the shot names, relative to its folder."""
    for name in (shot.context, *shot.tracks, shot.audio):
        if name is not None and name != NO_SOUND:
            yield None, name
    for layer in shot.layers:
        for kind in PASSES:
            if getattr(layer, kind) is not None:
                yield layer.name, getattr(layer, kind)
        for file in () if layer.walk is None else files_of(layer.walk):
            yield layer.name, file


def layer_seed(shot: Shot, layer: ShotLayer) -> int:
    """The seed that a layer is painted with, the same on every frame."""
    return shot.seed if layer.seed is None else layer.seed


def resolved(shot: Shot, layer: ShotLayer) -> ShotLayer:
    """The layer with nothing left open: label set, model, options, map, seed and hold filled in from the shot.

    The options of the shot belong to the shot's model: a layer with another model starts without them.
    """
    model = shot.model if layer.model is None else layer.model
    inherited = shot.options if model == shot.model else {}
    return replace(
        layer,
        label_set=layer.label_set or shot.label_set,
        model=model,
        options={**inherited, **(layer.options or {})},
        map={**shot.map, **layer.map},
        seed=layer_seed(shot, layer),
        hold=layer.hold or shot.hold,
    )


def read_shot(path: Path) -> Tuple[Shot, Path]:
    """Read a shot.json (or the one in a folder).

    Returns the shot and the absolute folder that its patterns are relative to.
    Raises MissingInput or InputRefused naming the file.
    """
    path = Path(path)
    file = path / FILE_NAME if path.is_dir() else path
    try:
        return Shot.from_dict(documents.load(file, "a shot", MAX_FILE)), file.resolve().parent
    except InputRefused as error:
        raise error.located(file=file) from None


def write_shot(path: Path, shot: Shot) -> None:
    """Write a shot.json, whole or not at all."""
    write_json(Path(path), shot.to_dict(), mode=0o644)
