"""`delivery.json`: what was made, and how it belongs in a comp.

The server writes it beside the painted frames; the bridge to After Effects reads it and nothing else. All
footage is named relative to the folder of the file, so a delivery can be moved or copied as a whole. The keys
`uid` hold no version: they are what an update finds a layer by. docs/delivery.md is the contract for people.

Every value is judged by itself here; `shared.delivery_check` judges how they fit together and what is on disk,
`shared.uids` makes the uids. Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Dict, Optional, Tuple

from shared import documents, places, schema
from shared.consent import NOTICES
from shared.errors import InputRefused, MissingInput
from shared.file_names import FileName
from shared.kinds import Data, Kind, Number, OneOf, Text, Whole, refused
from shared.schema import About
from shared.shot import MAX_FRAME_NUMBER, MAX_FRAMES, MAX_SIDE
from shared.shot_kinds import BLENDS
from shared.values import Value

FILE_NAME = "delivery.json"
SCHEMA = "semrender.delivery"
SCHEMA_VERSION = 1

ROLES = ("painting", "matte", "labels", "cryptomatte", "beauty", "picture", "normal", "depth", "shading", "motion")
ALPHAS = ("STRAIGHT", "PREMULTIPLIED", "IGNORE")
MATTE_TYPES = ("ALPHA", "ALPHA_INVERTED", "LUMA", "LUMA_INVERTED")

MAX_FILE = 64 * 2**20  # bytes of a delivery.json


class UidText(Kind):
    def read(self, value: Any, key: str) -> str:
        if re.search(r"[;\[\]=]", Text(longest=1000, least=1).read(value, key)):
            raise refused(key, value, "text without ; = [ ], which separate the values of a tag in a comment")
        return str(value)

    def schema(self) -> Data:
        return {"type": "string", "minLength": 1, "maxLength": 1000, "pattern": r"^[^;\[\]=]*$"}


class FootagePath(Kind):
    """A path that stays inside the folder of the delivery on every system."""

    def read(self, value: Any, key: str) -> str:
        text = Text(least=1).read(value, key)
        if re.search(r'[\\:*?"<>|]', text) or {"", ".", ".."} & set(text.split("/")):
            raise refused(key, value, f"a path inside the folder of {FILE_NAME}, with / and without . and ..")
        return text

    def schema(self) -> Data:
        return {"type": "string", "minLength": 1, "pattern": r'^[^\\:*?"<>|]+$'}


def _about(what: str, **more: Any) -> About:
    """A newer version may write keys that this one does not know; all values are written, for scripts to find."""
    words = {"remedy": "Deliver the shot again", "newer": "Update semrender, or deliver the shot again"}
    return About(what, strict=False, all_written=True, **{**words, **more})


Words = Annotated[str, Text()]
Named = Annotated[str, Text(longest=250, least=1)]
Uid = Annotated[str, UidText()]
Frame = Annotated[int, Whole(-MAX_FRAME_NUMBER, MAX_FRAME_NUMBER)]
FileNumber = Annotated[int, Whole(0, 2 * MAX_FRAME_NUMBER)]
Side = Annotated[int, Whole(1, MAX_SIDE)]  # pixels
Aspect = Annotated[float, Number(0.1, 10)]
Version = Annotated[int, Whole(0, 10**6)]
LabelColour = Annotated[int, Whole(0, 16), "the label colour of After Effects, 0 is none"]


class Footage(Value):
    """The files of a layer. `first` and `last` are the numbers in the file names, never negative.

    A still (`sequence` false) is one file that stands on every frame; its numbers mean nothing.
    """

    about: ClassVar[About] = _about("footage")

    uid: Uid
    name: Named
    path: Annotated[str, FootagePath(), "of the FIRST frame, relative to the folder of delivery.json, with /"]
    width: Side
    height: Side
    sequence: bool = True
    first: FileNumber = 0
    last: FileNumber = 0
    start: Annotated[Optional[Frame], "frame of the shot that shows the first file; None = `first`"] = None
    padding: Annotated[int, Whole(1, 9), "least number of digits in the file names"] = 4
    missing: Tuple[FileNumber, ...] = ()
    pixel_aspect: Aspect = 1.0
    alpha: Annotated[str, OneOf(*ALPHAS)] = "STRAIGHT"
    color: Annotated[Words, "in words, for people: scripts of After Effects cannot set it per footage"] = "sRGB"
    data: bool = False  # values, not a picture: never to be colour-managed
    version: Version = 1
    sha1_first: Annotated[Words, "of the first file"] = ""

    @property
    def start_frame(self) -> int:
        """The frame of the shot on which the first file is seen; not meant for stills."""
        return self.first if self.start is None else self.start


class Matte(Value):
    """The layer (by uid) that cuts a layer, and by which channel."""

    about: ClassVar[About] = _about("matte")

    uid: Uid
    type: Annotated[str, OneOf(*MATTE_TYPES)] = "ALPHA"


class MatteClass(Value):
    """The class of a label set that a matte layer shows."""

    about: ClassVar[About] = _about("class")

    id: Annotated[int, Whole(0, 65535)]
    name: Named
    rgb: Annotated[Tuple[Annotated[int, Whole(0, 255)], ...], "empty = the set has no colour for it"] = ()


class Provenance(Value):
    """What painted a layer; enough to paint it again."""

    about: ClassVar[About] = _about("provenance")

    model: Words = ""
    model_hash: Words = ""
    model_licence: Words = ""
    label_set: Words = ""
    label_set_hash: Words = ""
    seed: Annotated[int, Whole(0, 2**32 - 1)] = 0
    options: Dict[str, Words] = field(default_factory=dict)
    hold: Annotated[Optional[Words], "of this and the next three: null = not known, as in deliveries of before"] = None
    scale: Optional[Words] = None
    paint_size: Annotated[Optional[Words], "512x288; empty = as the pass is, or by the scale"] = None
    fill: Optional[Words] = None
    synthetic: Annotated[Words, "IPTC digital source type of what a model changed of a face; empty = of none"] = ""
    consent: Annotated[Words, "on what ground a face was changed, as the shot says"] = ""
    watermark: Annotated[Words, "the 32 bits in its pixels, eight hexadecimal digits; empty = none"] = ""


class Part(Value):
    """Frames of a layer, `first` to `last`, that were painted otherwise than the layer's provenance says."""

    about: ClassVar[About] = _about("part")

    first: Frame
    last: Frame
    provenance: Provenance = Provenance()


class Marker(Value):
    """What is to be known of the frames `first` to `last` of a layer, as a marker on it."""

    about: ClassVar[About] = _about("marker")

    first: Frame
    last: Frame
    words: Named


class DeliveryLayer(Value):
    """One layer of the comp."""

    about: ClassVar[About] = _about("layer", is_layer=True)

    uid: Uid
    name: Named
    footage: Footage
    role: Annotated[str, OneOf(*ROLES)] = "painting"
    label: LabelColour = 0
    blend: Annotated[str, OneOf(*BLENDS)] = "NORMAL"
    enabled: bool = True
    guide: bool = False
    shy: bool = False
    opacity: Annotated[float, Number(0, 100), "percent"] = 100.0
    matte: Optional[Matte] = None
    class_: Annotated[Optional[MatteClass], "of a matte"] = None
    provenance: Provenance = Provenance()
    parts: Annotated[Tuple[Part, ...], "painted otherwise, on purpose"] = ()
    markers: Annotated[Tuple[Marker, ...], "frames to look at"] = ()


class DeliveryShot(Value):
    """The comp. `fps` is the number that After Effects is given; `fps_num` / `fps_den` is exact."""

    about: ClassVar[About] = _about("shot")

    uid: Uid
    name: Annotated[str, FileName(), "of the project file too"]
    width: Side
    height: Side
    fps: Annotated[float, Number(1, 240)]
    fps_num: Annotated[int, Whole(1, 10**9)]
    fps_den: Annotated[int, Whole(1, 10**9)]
    first: Frame
    last: Frame
    frames: Annotated[int, Whole(1, MAX_FRAMES)]
    pixel_aspect: Aspect = 1.0
    version: Version = 1


class Color(Value):
    """Colour settings of the project."""

    about: ClassVar[About] = _about("color")

    mode: Annotated[str, OneOf("adobe", "ocio")] = "adobe"
    working_space: Annotated[Words, "empty = none"] = ""
    linearize: bool = False
    ocio_config: Optional[Words] = None


class Project(Value):
    """What an empty project is set to. Settings of a project with items in it are never changed."""

    about: ClassVar[About] = _about("project")

    bits_per_channel: Annotated[int, OneOf(8, 16, 32)] = 16
    color: Color = Color()
    apply: Annotated[str, OneOf("if_empty", "never")] = "if_empty"


class Effect(Value):
    """An effect to add to a layer (by uid), with values for its properties by match name."""

    about: ClassVar[About] = _about("effect")

    layer: Uid
    match_name: Named
    set: Dict[str, Annotated[float, Number(-1e12, 1e12)]] = field(default_factory=dict)


class DeliveryTracks(Value):
    """What moves in the shot and is no picture: a camera, points, joints (docs/tracks.md)."""

    about: ClassVar[About] = _about("tracks")

    name: Named
    path: Annotated[str, FootagePath(), "the tracks file"]
    comp: Annotated[str, FootagePath(), "its layers, as After Effects measures"]


class DeliveryPoses(Value):
    """People of a layer as skeletons in space (docs/motion.md), for programs of animation."""

    about: ClassVar[About] = _about("poses")

    name: Annotated[Named, "of the layer whose people they are"]
    path: Annotated[str, FootagePath(), "the poses file"]
    usd: Annotated[str, FootagePath(), "all of them and the camera that saw them, as a USD stage"]
    bvh: Annotated[Tuple[Annotated[str, FootagePath()], ...], "a file for each person"]


class SoundFile(Value):
    """A WAV file (PCM), as long as the whole shot: its first sample is heard as frame `start` begins."""

    about: ClassVar[About] = _about("sound")

    uid: Uid
    name: Named
    path: Annotated[str, FootagePath(), "relative to the folder of delivery.json, with /"]
    rate: Annotated[int, Whole(8000, 384_000), "samples a second"]
    channels: Annotated[int, Whole(1, 2)]
    bits: Annotated[int, OneOf(16, 24)]
    samples: Annotated[int, Whole(1, 2**40), "of each channel"]
    start: Frame
    version: Version = 1
    sha256: Annotated[Words, "of the file"] = ""


class DeliveryAudio(Value):
    """One layer of the comp that is heard and not seen."""

    about: ClassVar[About] = _about("audio layer", is_layer=True)

    uid: Uid
    name: Named
    footage: SoundFile
    label: LabelColour = 0
    enabled: Annotated[bool, "whether it is heard"] = True


class DeliveryNotice(Value):
    """The visible label of a picture with a changed or generated face: a text layer above all others, which the artist
    turns on. The previews have it drawn in, the layers never."""

    about: ClassVar[About] = _about("notice", is_layer=True)

    uid: Uid
    name: Named
    text: Annotated[str, OneOf(*NOTICES), "what the layer says"]
    label: LabelColour = 0
    enabled: bool = False


class Delivery(Value):
    """`layers` stand as in the comp, top first."""

    about: ClassVar[About] = _about("delivery", header={"schema": SCHEMA, "schema_version": SCHEMA_VERSION})

    delivery_id: Named
    created: Annotated[Named, "ISO 8601, UTC"]
    generator: Words
    shot: DeliveryShot
    layers: Tuple[DeliveryLayer, ...]
    project: Project = Project()
    effects: Tuple[Effect, ...] = ()
    tracks: Tuple[DeliveryTracks, ...] = ()
    poses: Tuple[DeliveryPoses, ...] = ()
    audio: Annotated[Tuple[DeliveryAudio, ...], "below all other layers of the comp"] = ()
    notices: Annotated[Tuple[DeliveryNotice, ...], "above all other layers of the comp; one at most"] = ()


def of_version(audio: Tuple[DeliveryAudio, ...], version: int) -> Tuple[DeliveryAudio, ...]:
    """The same sound as part of this version of a delivery."""
    return tuple(replace(one, footage=replace(one.footage, version=version)) for one in audio)


def write_delivery(delivery: Delivery, folder: Path) -> Path:
    """Write delivery.json into the folder, whole or not at all, and return its path.

    ASCII, so that it reads the same in whatever encoding ExtendScript opens it. Raises InputRefused for what
    could not be read back, SemrenderError where the disk refuses.
    """
    path = Path(folder) / FILE_NAME
    data = to_dict(delivery)
    from_dict(data)
    text = json.dumps(data, indent=1, ensure_ascii=True) + "\n"
    remedy = "Free space or allow writing"
    with places.whole(path, remedy=remedy) as beside, beside.open("w", encoding="ascii", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return path


def read_delivery(path: Path) -> Delivery:
    """Read a delivery.json (or the one in a folder). Raises MissingInput or InputRefused naming the file."""
    path = Path(path)
    file = path / FILE_NAME if path.is_dir() else path
    try:
        if not file.exists():
            raise MissingInput("there is no such file", remedy=f"Give a {FILE_NAME} or the folder it is in")
        return from_dict(documents.load(file, "a delivery", MAX_FILE))
    except InputRefused as error:
        raise error.located(file=file) from None


def to_dict(delivery: Delivery) -> Data:
    """Plain data for JSON that `from_dict` reads back; every key is written."""
    return schema.plain(delivery)


def from_dict(data: Any) -> Delivery:
    """The delivery in plain data; every value is judged, unknown keys are ignored.

    Raises InputRefused naming the key, the value and what is allowed.
    """
    return schema.read(Delivery, data)
