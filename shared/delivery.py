"""`delivery.json`: what was made, and how it belongs in a comp.

The server writes it beside the painted frames; the bridge to After Effects reads it and nothing else. All
footage is named relative to the folder of the file, so a delivery can be moved or copied as a whole. The keys
`uid` hold no version: they are what an update finds a layer by. docs/delivery.md is the contract for people.

`from_dict` judges every value by itself, `validate` how they fit together and what is on disk.
Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import unicodedata
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Optional,
    Set,
    Tuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from shared import places
from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.shot import BLENDS, MAX_FRAME_NUMBER, MAX_FRAMES, MAX_SIDE, name_fault, near

FILE_NAME = "delivery.json"
SCHEMA = "semrender.delivery"
SCHEMA_VERSION = 1

ROLES = ("painting", "matte", "labels", "cryptomatte", "beauty")
ALPHAS = ("STRAIGHT", "PREMULTIPLIED", "IGNORE")
MATTE_TYPES = ("ALPHA", "ALPHA_INVERTED", "LUMA", "LUMA_INVERTED")

MAX_FPS = 99  # of a comp and of footage in After Effects
MAX_ITEMS = 100_000  # of any list or object
MAX_FILE = 64 * 2**20  # bytes of a delivery.json

Data = Dict[str, Any]
Reader = Callable[[Any, str], Any]  # (value, key) -> the value checked, or InputRefused naming the key


# --- what a value may be; the annotations of the dataclasses below are their readers -----------------------


def _whole(low: int, high: int) -> Reader:
    def read(value: Any, key: str) -> int:
        if not _is_whole(value) or not low <= value <= high:
            raise _refused(key, value, f"a whole number from {low} to {high}")
        return int(value)

    return read


def _number(low: float, high: float) -> Reader:
    def read(value: Any, key: str) -> float:
        if not (_is_whole(value) or isinstance(value, float)) or not low <= value <= high:  # NaN is not
            raise _refused(key, value, f"a number from {low:g} to {high:g}")
        return float(value)

    return read


def _text(longest: int, least: int = 0) -> Reader:
    def read(value: Any, key: str) -> str:
        if not _is_text(value, longest) or len(value.strip()) < least:
            raise _refused(key, value, f"text of {least} to {longest} characters, none a control character")
        return str(value)

    return read


def _one_of(*allowed: Union[str, int]) -> Reader:
    def read(value: Any, key: str) -> Union[str, int]:
        if not (isinstance(value, str) or _is_whole(value)) or value not in allowed:
            words = ", ".join(str(one) for one in allowed[:6]) + (" ..." if len(allowed) > 6 else "")
            raise _refused(key, value, words, near(str(value), map(str, allowed)) if value else "")
        return allowed[allowed.index(value)]

    return read


def _uid(value: Any, key: str) -> str:
    if re.search(r"[;\[\]=]", _text(1000, 1)(value, key)):
        raise _refused(key, value, "text without ; = [ ], which separate the values of a tag in a comment")
    return str(value)


def _file_name(value: Any, key: str) -> str:
    text: str = _text(250, 1)(value, key)
    fault = name_fault(text)
    if fault:
        raise _refused(key, value, "a name that can be part of a file name", f"In this one {fault}")
    return text


def _path(value: Any, key: str) -> str:
    """A path that stays inside the folder of the delivery on every system."""
    text: str = _text(4096, 1)(value, key)
    if re.search(r'[\\:*?"<>|]', text) or {"", ".", ".."} & set(text.split("/")):
        raise _refused(key, value, f"a path inside the folder of {FILE_NAME}, with / and without . and ..")
    return text


Text = Annotated[str, _text(4096)]
Name = Annotated[str, _text(250, 1)]
Uid = Annotated[str, _uid]
Frame = Annotated[int, _whole(-MAX_FRAME_NUMBER, MAX_FRAME_NUMBER)]
FileNumber = Annotated[int, _whole(0, 2 * MAX_FRAME_NUMBER)]
Side = Annotated[int, _whole(1, MAX_SIDE)]  # pixels
Aspect = Annotated[float, _number(0.1, 10)]
Version = Annotated[int, _whole(0, 10**6)]


@dataclass(frozen=True)
class Footage:
    """The files of a layer. `first` and `last` are the numbers in the file names, never negative.

    A still (`sequence` false) is one file that stands on every frame; its numbers mean nothing.
    """

    uid: Uid
    name: Name
    path: Annotated[str, _path]  # of the FIRST frame, relative to the folder of delivery.json, with /
    width: Side
    height: Side
    sequence: bool = True
    first: FileNumber = 0
    last: FileNumber = 0
    start: Optional[Frame] = None  # frame of the shot that shows the first file; None = `first`
    padding: Annotated[int, _whole(1, 9)] = 4  # least number of digits in the file names
    missing: Tuple[FileNumber, ...] = ()
    pixel_aspect: Aspect = 1.0
    alpha: Annotated[str, _one_of(*ALPHAS)] = "STRAIGHT"
    color: Text = "sRGB"  # in words, for people: scripts of After Effects cannot set it per footage
    data: bool = False  # values, not a picture: never to be colour-managed
    version: Version = 1
    sha1_first: Text = ""  # of the first file

    @property
    def start_frame(self) -> int:
        """The frame of the shot on which the first file is seen; not meant for stills."""
        return self.first if self.start is None else self.start


@dataclass(frozen=True)
class Matte:
    """The layer (by uid) that cuts a layer, and by which channel."""

    uid: Uid
    type: Annotated[str, _one_of(*MATTE_TYPES)] = "ALPHA"


@dataclass(frozen=True)
class MatteClass:
    """The class of a label set that a matte layer shows."""

    id: Annotated[int, _whole(0, 65535)]
    name: Name
    rgb: Tuple[Annotated[int, _whole(0, 255)], ...] = ()  # empty = the set has no colour for it


@dataclass(frozen=True)
class Provenance:
    """What painted a layer; enough to paint it again."""

    model: Text = ""
    model_hash: Text = ""
    model_licence: Text = ""
    label_set: Text = ""
    label_set_hash: Text = ""
    seed: Annotated[int, _whole(0, 2**32 - 1)] = 0
    options: Dict[str, Text] = field(default_factory=dict)
    hold: Optional[Text] = None  # of this and the next three None = not known, as in deliveries of before
    scale: Optional[Text] = None
    paint_size: Optional[Text] = None  # 512x288; empty = as the pass is, or by the scale
    fill: Optional[Text] = None


@dataclass(frozen=True)
class Part:
    """Frames of a layer, `first` to `last`, that were painted otherwise than the layer's provenance says."""

    first: Frame
    last: Frame
    provenance: Provenance = Provenance()


@dataclass(frozen=True)
class DeliveryLayer:
    """One layer of the comp."""

    uid: Uid
    name: Name
    footage: Footage
    role: Annotated[str, _one_of(*ROLES)] = "painting"
    label: Annotated[int, _whole(0, 16)] = 0  # the label colour of After Effects, 0 is none
    blend: Annotated[str, _one_of(*BLENDS)] = "NORMAL"
    enabled: bool = True
    guide: bool = False
    shy: bool = False
    opacity: Annotated[float, _number(0, 100)] = 100.0  # percent
    matte: Optional[Matte] = None
    class_: Optional[MatteClass] = None  # "class" in the file; for mattes
    provenance: Provenance = Provenance()
    parts: Tuple[Part, ...] = ()  # painted otherwise, on purpose


@dataclass(frozen=True)
class DeliveryShot:
    """The comp. `fps` is the number that After Effects is given; `fps_num` / `fps_den` is exact."""

    uid: Uid
    name: Annotated[str, _file_name]  # of the project file too
    width: Side
    height: Side
    fps: Annotated[float, _number(1, 240)]
    fps_num: Annotated[int, _whole(1, 10**9)]
    fps_den: Annotated[int, _whole(1, 10**9)]
    first: Frame
    last: Frame
    frames: Annotated[int, _whole(1, MAX_FRAMES)]
    pixel_aspect: Aspect = 1.0
    version: Version = 1


@dataclass(frozen=True)
class Color:
    """Colour settings of the project."""

    mode: Annotated[str, _one_of("adobe", "ocio")] = "adobe"
    working_space: Text = ""  # empty = none
    linearize: bool = False
    ocio_config: Optional[Text] = None


@dataclass(frozen=True)
class Project:
    """What an empty project is set to. Settings of a project with items in it are never changed."""

    bits_per_channel: Annotated[int, _one_of(8, 16, 32)] = 16
    color: Color = Color()
    apply: Annotated[str, _one_of("if_empty", "never")] = "if_empty"


@dataclass(frozen=True)
class Effect:
    """An effect to add to a layer (by uid), with values for its properties by match name."""

    layer: Uid
    match_name: Name
    set: Dict[str, Annotated[float, _number(-1e12, 1e12)]] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """`layers` stand as in the comp, top first."""

    delivery_id: Name
    created: Name  # ISO 8601, UTC
    generator: Text
    shot: DeliveryShot
    layers: Tuple[DeliveryLayer, ...]
    project: Project = Project()
    effects: Tuple[Effect, ...] = ()


# --- names and numbers ------------------------------------------------------------------------------------


def fps_literal(num: int, den: int) -> float:
    """The rate as After Effects writes it: 23.976 for 24000/1001, 29.97, 59.94; 24 and 12.5 as they are."""
    return round(num / den, 3)


def shot_uid(*names: str) -> str:
    """The uid of a shot from its names, outermost first: `shot_uid("show", "sq010", "sh020")`."""
    return "/".join(_uid_part(name) for name in names)


def layer_uid(shot: str, layer: str, role: str, class_name: Optional[str] = None) -> str:
    """The uid of a layer: of the shot's uid, the name of the layer, its role, and for mattes the class."""
    return "/".join([shot, "L", *_layer_parts(layer, role, class_name)])


def footage_uid(shot: str, layer: str, role: str, class_name: Optional[str] = None) -> str:
    """The uid of a layer's footage; the same arguments as `layer_uid`."""
    return "/".join([shot, "F", *_layer_parts(layer, role, class_name)])


def _layer_parts(layer: str, role: str, class_name: Optional[str]) -> List[str]:
    return [_uid_part(part) for part in (layer, role, class_name) if part is not None]


def _uid_part(name: str) -> str:
    """Percent-escapes what separates the parts of a uid, or the values of a tag in a comment."""
    plain = unicodedata.normalize("NFC", name)
    return "".join(f"%{ord(c):02X}" if c in "%/;[]=" or ord(c) < 32 else c for c in plain)


def frame_path(footage: Footage, number: int) -> str:
    """The relative path of the file with this number; of a still always the one file."""
    if not footage.sequence:
        return footage.path
    prefix, _, suffix = _number_in(footage)
    return f"{prefix}{number:0{footage.padding}d}{suffix}"


def _frames_words(numbers: Iterable[int], most: int = 8) -> str:
    """1003, 1007-1009 …"""
    runs: List[List[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    words = [str(a) if a == b else f"{a}-{b}" for a, b in runs[:most]]
    return ", ".join(words) + (f" and {len(runs) - most} more ranges" if len(runs) > most else "")


def _number_in(footage: Footage) -> Tuple[str, str, str]:
    """The path before, in and after its frame number: After Effects takes all digits before the suffix."""
    folder, slash, name = footage.path.rpartition("/")
    stem, dot, suffix = name.rpartition(".") if "." in name else (name, "", "")
    prefix = stem.rstrip("0123456789")
    return folder + slash + prefix, stem[len(prefix) :], dot + suffix


# --- files ------------------------------------------------------------------------------------------------


def write_delivery(delivery: Delivery, folder: Path) -> Path:
    """Write delivery.json into the folder, whole or not at all, and return its path.

    ASCII, so that it reads the same in whatever encoding ExtendScript opens it. Raises InputRefused for what
    could not be read back, SemrenderError where the disk refuses.
    """
    path = Path(folder) / FILE_NAME
    data = to_dict(delivery)
    from_dict(data)
    text = json.dumps(data, indent=1, ensure_ascii=True) + "\n"
    beside = places.beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="ascii", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(str(beside), str(path))
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise SemrenderError(
            "the file could not be written",
            file=path,
            cause=error.strerror or str(error),
            remedy="Free space or allow writing",
        ) from error
    return path


def read_delivery(path: Path) -> Delivery:
    """Read a delivery.json (or the one in a folder). Raises MissingInput or InputRefused naming the file."""
    path = Path(path)
    file = path / FILE_NAME if path.is_dir() else path
    try:
        if not file.is_file():
            raise MissingInput("there is no such file", remedy=f"Give a {FILE_NAME} or the folder it is in")
        if file.stat().st_size > MAX_FILE:
            raise InputRefused(f"the file is larger than {MAX_FILE // 2**20} MB", cause="It is no delivery")
        return from_dict(_parse(file.read_bytes()))
    except SemrenderError as error:
        raise error.located(file=file) from None
    except OSError as error:
        raise InputRefused("the file cannot be read", file=file, cause=error.strerror or str(error)) from None


def _parse(content: bytes) -> Any:
    def never(constant: str) -> Any:
        raise InputRefused(f"{constant} is not a number that can be used")

    remedy = "Deliver the shot again"
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=never)
    except UnicodeDecodeError:
        raise InputRefused("the text is not UTF-8", remedy=remedy) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputRefused(f"the JSON is broken at {where}", cause=error.msg, remedy=remedy) from None
    except (RecursionError, ValueError):
        raise InputRefused("the JSON is nested too deeply or holds a huge number", remedy=remedy) from None


def validate(delivery: Delivery, folder: Path) -> None:
    """Check that the parts of a delivery fit together and that all of its files are in the folder.

    Raises InputRefused for the first contradiction, and MissingInput naming the frames that are not there.
    """
    _validate_shot(delivery.shot)
    layers = {layer.uid: layer for layer in delivery.layers}
    _once([layer.uid for layer in delivery.layers], "layers")
    _once([layer.footage.uid for layer in delivery.layers], "footage items")
    listings: Dict[Path, Set[str]] = {}
    for layer in delivery.layers:
        try:
            if layer.matte is not None and layer.matte.uid not in layers:
                raise InputRefused(f"its matte is a layer that does not exist: {layer.matte.uid}")
            _validate_files(layer.footage, Path(folder), listings)
        except SemrenderError as error:
            raise error.located(layer=layer.name) from None
    _validate_mattes(layers)
    for effect in delivery.effects:
        if effect.layer not in layers:
            raise InputRefused(f"an effect is for a layer that does not exist: {effect.layer}")


def _validate_shot(shot: DeliveryShot) -> None:
    frames = shot.last - shot.first + 1
    if shot.frames != frames:
        raise InputRefused(f"frames is {shot.frames}, but {shot.first} to {shot.last} are {frames}")
    literal = fps_literal(shot.fps_num, shot.fps_den)
    if abs(shot.fps - literal) > 1e-6:
        raise InputRefused(
            f"fps is {shot.fps:g}, but fps_num/fps_den is {shot.fps_num}/{shot.fps_den}",
            remedy=f"Write {literal:g}",
        )
    if shot.fps > MAX_FPS:
        raise InputRefused(
            f"fps is {shot.fps:g}, After Effects holds at most {MAX_FPS}",
            remedy="The painted frames are there; give the shot a lower fps to get a comp",
        )


def _once(uids: List[str], what: str) -> None:
    seen: Set[str] = set()
    for uid in uids:
        if uid in seen:
            raise InputRefused(f"two {what} have the uid {uid}", remedy="A uid names one thing")
        seen.add(uid)


def _validate_mattes(layers: Dict[str, DeliveryLayer]) -> None:
    """A matte may have a matte itself, but following them must end."""
    reached: Dict[str, str] = {}  # uid -> the layer that the walk to it began at
    for start in layers:
        uid = start
        while uid not in reached:
            reached[uid] = start
            matte = layers[uid].matte
            if matte is None:
                break
            uid = matte.uid
        else:
            if reached[uid] == start:
                raise InputRefused("it is its own matte, or that of its mattes", layer=layers[uid].name)


def _validate_files(footage: Footage, folder: Path, listings: Dict[Path, Set[str]]) -> None:
    first = folder / footage.path
    if not footage.sequence:
        if _nfc(first.name) not in _listing(first.parent, listings):
            raise MissingInput("the file is not there", file=first, remedy="Deliver the shot again")
        return
    if not footage.first <= footage.last < footage.first + MAX_FRAMES:
        raise InputRefused(f"the footage ends at {footage.last} and begins at {footage.first}", file=first)
    if _number_in(footage)[1] != f"{footage.first:0{footage.padding}d}":
        raise InputRefused(
            f"the file name does not end with its frame number {footage.first:0{footage.padding}d}",
            file=first,
            cause="After Effects takes all digits at the end of a name for the number, and never a minus",
            remedy="Name it like train.1001.png; for frames below 0 number the files from 0 and say start",
        )
    numbers = range(footage.first, footage.last + 1)
    there = _listing(first.parent, listings)
    # Every path of the sequence differs in the name alone.
    missing = {n for n in numbers if _nfc(frame_path(footage, n).rpartition("/")[2]) not in there}
    missing.update(footage.missing)
    if missing:
        raise MissingInput(
            f"{len(missing)} of {len(numbers)} frames are missing: {_frames_words(missing)}",
            file=first,
            frame=min(missing) if len(missing) == 1 else None,
            cause="After Effects would show colour bars there",
            remedy="Render again; what is finished is skipped",
        )


def _listing(folder: Path, listings: Dict[Path, Set[str]]) -> Set[str]:
    """Names of the files in a folder, listed once; NFC, as a Mac may have decomposed them."""
    if folder not in listings:
        try:
            with os.scandir(str(folder)) as entries:
                listings[folder] = {_nfc(entry.name) for entry in entries if entry.is_file()}
        except OSError:
            listings[folder] = set()
    return listings[folder]


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


# --- plain data -------------------------------------------------------------------------------------------


def to_dict(delivery: Delivery) -> Data:
    """Plain data for JSON that `from_dict` reads back; every key is written."""
    return {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, **_plain(delivery)}


def from_dict(data: Any) -> Delivery:
    """The delivery in plain data; every value is judged, unknown keys are ignored.

    Raises InputRefused naming the key, the value and what is allowed.
    """
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise InputRefused(f'this is no delivery: "schema" must be "{SCHEMA}"', remedy=f"Give a {FILE_NAME}")
    if not _is_whole(data.get("schema_version")) or data["schema_version"] != SCHEMA_VERSION:
        raise InputRefused(
            f"schema_version is {_show(data.get('schema_version'))}, this semrender reads {SCHEMA_VERSION}",
            remedy="Update semrender, or deliver the shot again",
        )
    delivery: Delivery = _reader(Delivery)(data, "")
    return delivery


def _plain(thing: Any) -> Any:
    if is_dataclass(thing):
        return {item.name.rstrip("_"): _plain(getattr(thing, item.name)) for item in fields(thing)}
    return [_plain(part) for part in thing] if isinstance(thing, tuple) else thing


@cache
def _reader(kind: Any) -> Reader:
    """The reader of a type: a dataclass, a Tuple or Dict of one, Optional, bool, or Annotated."""
    if get_origin(kind) is Annotated:
        reader: Reader = get_args(kind)[1]
        return reader
    if get_origin(kind) is Union:  # Optional: None never comes here, it stands for the default
        return _reader(get_args(kind)[0])
    if get_origin(kind) is tuple:
        return _list(_reader(get_args(kind)[0]))
    if get_origin(kind) is dict:
        return _table(_reader(get_args(kind)[1]))
    return _flag if kind is bool else _object(kind)


def _object(kind: Any) -> Reader:
    hints = get_type_hints(kind, include_extras=True)
    readers = {item: _reader(hints[item.name]) for item in fields(kind)}

    def read(value: Any, key: str) -> Any:
        if not isinstance(value, dict):
            raise _refused(key, value, "an object")
        given: Data = {}
        try:
            for item, reader in readers.items():
                name = item.name.rstrip("_")
                where = f"{key}.{name}" if key else name
                if value.get(name) is not None:
                    given[item.name] = reader(value[name], where)
                elif item.default is MISSING and item.default_factory is MISSING:
                    raise InputRefused(f'"{where}" is missing', remedy="Deliver the shot again")
        except SemrenderError as error:
            named = kind is DeliveryLayer and _is_text(value.get("name"), 250)
            raise error.located(layer=value["name"] if named else None) from None
        return kind(**given)

    return read


def _list(read_one: Reader) -> Reader:
    def read(value: Any, key: str) -> Tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or len(value) > MAX_ITEMS:
            raise _refused(key, value, f"a list of at most {MAX_ITEMS}")
        return tuple(read_one(item, f"{key}[{number}]") for number, item in enumerate(value))

    return read


def _table(read_value: Reader) -> Reader:
    def read(value: Any, key: str) -> Data:
        if not isinstance(value, dict) or len(value) > MAX_ITEMS:
            raise _refused(key, value, f"an object of at most {MAX_ITEMS} values")
        return {_text(250, 1)(name, key): read_value(item, f"{key}.{name}") for name, item in value.items()}

    return read


def _flag(value: Any, key: str) -> bool:
    if not isinstance(value, bool):
        raise _refused(key, value, "true or false")
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any, longest: int) -> bool:
    """Text of bounded length that survives UTF-8, without control characters."""
    if not isinstance(value, str) or len(value) > longest:
        return False
    return not any(unicodedata.category(c) in ("Cc", "Cs") for c in value)


def _refused(key: str, value: Any, allowed: str, cause: str = "") -> InputRefused:
    return InputRefused(f'"{key}" is {_show(value)}', cause=cause, remedy=f"Allowed: {allowed}")


def _show(value: Any) -> str:
    """The value as it stands in the file, short."""
    if isinstance(value, (list, tuple, dict)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    if isinstance(value, str):
        text = value if len(value) <= 60 else value[:57] + "..."
        return json.dumps(text, ensure_ascii=not text.isprintable())
    return "a huge number" if isinstance(value, int) and abs(value) > 10**30 else json.dumps(value)
