"""`shot.json`: what the artist asks for.

A shot is a range of frames and a stack of layers; each layer names its label pass and says how it is
painted. Passes are patterns (`train/label.####.png`) relative to the folder of `shot.json`; expanding them
is the business of `shared.sequences`. The same description travels over the wire, so `Shot.from_dict`
trusts nothing: every size is bounded and every refusal says the key, the value and what is allowed.

Maya-safe: Python 3.9, standard library only. The reference for artists is docs/shot.md.
"""

from __future__ import annotations

import difflib
import json
import math
import re
import unicodedata
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Type, Union

from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.places import write_json

FILE_NAME = "shot.json"
FORMAT = 1
PASSES = ("labels", "instance", "motion", "depth", "beauty")  # the fields of a layer that name files

HOLDS = ("off", "gentle", "strong")  # how still the frames of a layer hold
MAX_LAYERS = 256
MAX_FRAMES = 1_000_000
MAX_FRAME_NUMBER = 10_000_000
MAX_SIDE = 32768
MAX_SEED = 2**32 - 1
MAX_NAME = 100  # characters; leaves room for a frame number within the 255 bytes of a file name
MAX_PATTERN = 4096
MAX_ENTRIES = 10_000  # class names of `mattes`, entries of `options` and `read`
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
SCALES = ("fine", "medium", "coarse")  # how large the texture is in the frame

# After Effects' own names (ExtendScript `BlendingMode`); SILHOUETE is its spelling.
CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")  # control characters, and halves of others
BLENDS = re.findall(
    r"\w+",
    """NORMAL DISSOLVE DANCING_DISSOLVE DARKEN MULTIPLY COLOR_BURN CLASSIC_COLOR_BURN LINEAR_BURN DARKER_COLOR
    ADD LIGHTEN SCREEN COLOR_DODGE CLASSIC_COLOR_DODGE LINEAR_DODGE LIGHTER_COLOR OVERLAY SOFT_LIGHT
    HARD_LIGHT LINEAR_LIGHT VIVID_LIGHT PIN_LIGHT HARD_MIX DIFFERENCE CLASSIC_DIFFERENCE EXCLUSION SUBTRACT
    DIVIDE HUE SATURATION COLOR LUMINOSITY STENCIL_ALPHA STENCIL_LUMA SILHOUETE_ALPHA SILHOUETTE_LUMA
    ALPHA_ADD LUMINESCENT_PREMUL""",
)

Mattes = Union[str, Tuple[str, ...]]  # "none", "all", or the classes by name
Data = Dict[str, Any]
Reader = Callable[[Any, str], Any]  # (value, key) -> the value checked, or InputRefused naming the key


@dataclass(frozen=True)
class ShotLayer:
    """One layer of a shot. Passes are patterns; None for an override means "as the shot says"."""

    name: str
    labels: str
    instance: Optional[str] = None
    motion: Optional[str] = None
    depth: Optional[str] = None
    beauty: Optional[str] = None
    label_set: Optional[str] = None
    model: Optional[str] = None
    options: Optional[Data] = None  # of the model; beside a `model` of its own these are all, else they add
    seed: Optional[int] = None
    blend: str = "NORMAL"  # one of BLENDS
    opacity: float = 100.0  # percent
    read: Data = field(default_factory=dict)  # how the label pass is read: ReadOptions as a plain dict
    mattes: Mattes = "none"
    hold: Optional[str] = None  # one of HOLDS
    holdout: Tuple[str, ...] = ()  # layers that may stand before this one; all need a depth pass
    map: Data = field(default_factory=dict)  # class of the pass -> class it is painted as; adds to the shot's
    motion_is: Optional[str] = None  # convention of the motion pass; None = as its channels are named
    motion_layer: Optional[str] = None  # EXR layer of the motion pass; None = the one whose name says motion
    depth_layer: Optional[str] = None  # EXR layer or channel of the depth pass; None = as for motion


@dataclass(frozen=True)
class Shot:
    """What is asked: `layers` top first, frames `first` to `last` inclusive."""

    name: str
    fps_num: int
    fps_den: int
    first: int
    last: int
    layers: Tuple[ShotLayer, ...]
    width: Optional[int] = None  # pixels; None = as the passes are
    height: Optional[int] = None
    pixel_aspect: Optional[float] = None  # width by height; None = as the passes state it, else 1
    context: Optional[str] = None  # pattern of the label pass of the full frame
    context_read: Data = field(default_factory=dict)
    fill: Optional[str] = None  # class outside a layer where there is no context
    label_set: str = "coco_stuff"
    model: str = ""  # empty = the default model
    options: Data = field(default_factory=dict)
    map: Data = field(default_factory=dict)  # class of the passes -> class it is painted as
    seed: int = 0
    hold: str = "off"  # one of HOLDS
    scale: Optional[str] = None  # one of SCALES; None = painted at the pass's size
    paint_size: Optional[Tuple[int, int]] = None  # (width, height) to paint at; goes before `scale`
    paint_memory: float = 3.0  # GiB that painting a frame may take; larger frames are painted in tiles

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
        return _shot(data)

    def to_dict(self) -> Data:
        """Plain data for JSON or msgpack that `from_dict` reads back; what is at its default is left out."""
        data: Data = {"format": FORMAT, "name": self.name, "fps": self.fps_num}
        if self.fps_den != 1:
            data["fps"] = f"{self.fps_num}/{self.fps_den}"
        data.update(_changed(self, skip=("name", "fps_num", "fps_den", "layers")))
        data["layers"] = [_changed(layer) for layer in self.layers]
        return data


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
        if not file.is_file():
            raise MissingInput("there is no such file", remedy="Check the path")
        if file.stat().st_size > MAX_FILE:
            raise InputRefused(f"the file is larger than {MAX_FILE // 2**20} MB", cause="It is no shot.json")
        text = file.read_bytes().decode("utf-8-sig")  # Notepad writes a byte order mark
        return Shot.from_dict(_parse(text)), file.resolve().parent
    except SemrenderError as error:
        raise error.located(file=file) from None
    except UnicodeDecodeError:
        raise InputRefused("the text is not UTF-8", file=file, remedy="Save it as UTF-8") from None
    except OSError as error:
        raise InputRefused("the file cannot be read", file=file, cause=error.strerror or str(error)) from None


def write_shot(path: Path, shot: Shot) -> None:
    """Write a shot.json, whole or not at all."""
    write_json(Path(path), shot.to_dict(), mode=0o644)


def parse_fps(value: Any) -> Tuple[int, int]:
    """Frames per second as an exact rational (num, den).

    Takes 24, 23.976, "29.97", "24000/1001" or [24000, 1001], with as many digits as programs write. Rates that no
    program runs at, but cameras and trackers write, become what they are short for: within .01 of n*1000/1001 that
    NTSC rate, so 23.976, 23.98 and 23.97 are 24000/1001; within .001 of a whole number that number.
    Raises InputRefused for anything else and outside 1-240.
    """
    remedy = 'Allowed: 1 to 240, as 24, 23.976, "24000/1001" or [24000, 1001]'
    refused = InputRefused(f'"fps" is {_show(value)}', remedy=remedy)
    if isinstance(value, (list, tuple)):
        if len(value) != 2 or not all(_is_whole(v) and 0 < v <= 10**9 for v in value):
            raise refused
        rate = Fraction(value[0], value[1])
    else:
        text = value.strip() if isinstance(value, str) else repr(value) if _is_number(value) else ""
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,40})?|[0-9]{1,9}/[0-9]{1,9}", text):
            raise refused
        try:
            rate = Fraction(text)
        except ZeroDivisionError:
            raise refused from None
    whole, ntsc = Fraction(round(rate)), Fraction(round(rate * 1001 / 1000) * 1000, 1001)
    if abs(rate - whole) <= Fraction(1, 1000):
        rate = whole
    elif abs(rate - ntsc) < Fraction(1, 100):
        rate = ntsc
    rate = rate.limit_denominator(10_000)
    if not 1 <= rate <= 240:
        raise refused
    return rate.numerator, rate.denominator


def fps_text(num: int, den: int) -> str:
    """A rate as people write it: 24, 12.5, 24000/1001 (23.976)."""
    rate = Fraction(num, den)
    exact = f"{float(rate):g}"
    return exact if Fraction(exact) == rate else f"{rate} ({float(rate):.3f})"


def near(word: str, allowed: Iterable[str]) -> str:
    """`Perhaps "x" is meant` where one of `allowed` is near, else an empty string."""
    found = difflib.get_close_matches(word[:MAX_NAME], list(allowed), n=2)
    return "Perhaps " + " or ".join(f'"{name}"' for name in found) + " is meant" if found else ""


def name_fault(name: str) -> str:
    """Why `name` cannot be part of a file name on Windows, macOS and Linux alike; empty where it can."""
    if not name.strip():
        return "it is empty"
    if len(name) > MAX_NAME or len(name.encode("utf-8", "replace")) > 2 * MAX_NAME:
        return f"it is longer than {MAX_NAME} characters"
    categories = ("Cc", "Cs", "Zl", "Zp")  # control characters, halves of characters, line separators
    bad = sorted({c for c in name if c in '<>:"/\\|?*' or unicodedata.category(c) in categories})
    if bad:
        return "it contains " + " ".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in bad[:5])
    if name[0] == " " or name[-1] in " .":
        return "it starts with a space or ends with a space or full stop"
    if re.fullmatch(r"(con|prn|aux|nul|(com|lpt)[0-9])(\..*)?", name, re.IGNORECASE):
        return "Windows reserves it"
    return ""


def is_comment(key: Any) -> bool:
    """A key for people and editors, that says nothing of the shot: `$schema`, `//...`, `_comment...`."""
    return isinstance(key, str) and (key == "$schema" or key.startswith(("//", "_comment")))


# --- reading plain data -----------------------------------------------------------------------------------


def _shot(data: Any) -> Shot:
    _no_other_keys(data, Shot, extra=("fps", "format"), hidden=("fps_num", "fps_den"))
    if data.get("format", FORMAT) != FORMAT:
        raise _refused("format", data["format"], f"{FORMAT}; a newer one needs a newer semrender")
    fps_num, fps_den = parse_fps(_needed(data, "fps"))
    frame = _whole(-MAX_FRAME_NUMBER, MAX_FRAME_NUMBER)
    first, last = (frame(_needed(data, key), key) for key in ("first", "last"))
    if not first <= last < first + MAX_FRAMES:
        raise _refused("last", last, f"from first ({first}) up to {MAX_FRAMES} frames")
    if (data.get("width") is None) != (data.get("height") is None):
        raise InputRefused('"width" and "height" come together', remedy="Give both or neither")
    layers = _needed(data, "layers")
    if not isinstance(layers, (list, tuple)) or not 1 <= len(layers) <= MAX_LAYERS:
        raise _refused("layers", layers, f"a list of 1 to {MAX_LAYERS} layers, top first")
    return Shot(
        name=_name(_needed(data, "name"), "name"),
        fps_num=fps_num,
        fps_den=fps_den,
        first=first,
        last=last,
        layers=_holdouts_known(_no_name_twice([_layer(layer, number) for number, layer in enumerate(layers, 1)])),
        **_given(data, _SHOT_KEYS),
    )


def _layer(data: Any, number: int) -> ShotLayer:
    try:
        _no_other_keys(data, ShotLayer)
        return ShotLayer(
            name=_name(_needed(data, "name"), "name"),
            labels=_pattern(_needed(data, "labels"), "labels"),
            **_given(data, _LAYER_KEYS),
        )
    except SemrenderError as error:
        name = data.get("name") if isinstance(data, dict) else None
        usable = isinstance(name, str) and not name_fault(name)
        raise error.located(layer=name if usable else f"number {number} from the top") from None


def _given(data: Data, readers: Dict[str, Reader]) -> Data:
    """The keys that are there, read; what is absent or null keeps the default of the dataclass."""
    return {key: read(data[key], key) for key, read in readers.items() if data.get(key) is not None}


def _no_other_keys(data: Any, kind: Type[Any], extra: Iterable[str] = (), hidden: Iterable[str] = ()) -> None:
    what = "shot" if kind is Shot else "layer"
    if not isinstance(data, dict):
        raise InputRefused(f"a {what} must be an object with keys, this is {_show(data)}")
    allowed = sorted({f.name for f in fields(kind)} - set(hidden) | set(extra))
    for key in data:
        if key not in allowed and not is_comment(key):
            hint = near(key, allowed) if isinstance(key, str) else ""
            other = ShotLayer if kind is Shot else Shot
            if not hint and key in {f.name for f in fields(other)}:
                hint = f"This key belongs to the {'layers' if kind is Shot else 'shot'}"
            raise InputRefused(f"a {what} has no key {_show(key)}", cause=hint, remedy=f"Allowed: {', '.join(allowed)}")


def _no_name_twice(layers: List[ShotLayer]) -> Tuple[ShotLayer, ...]:
    seen: Dict[str, str] = {}
    for layer in layers:
        # Names become file names, and Windows and macOS see no difference between these.
        key = unicodedata.normalize("NFC", layer.name).casefold()
        if key in seen:
            raise InputRefused(
                f'the names "{seen[key]}" and "{layer.name}" of two layers are one file name',
                layer=layer.name,
                remedy="Give every layer a name of its own (upper and lower case count as the same)",
            )
        seen[key] = layer.name
    return tuple(layers)


def _holdouts_known(layers: Tuple[ShotLayer, ...]) -> Tuple[ShotLayer, ...]:
    by_name = {layer.name: layer for layer in layers}
    for layer in layers:
        for name in layer.holdout:
            if name not in by_name or name == layer.name:
                others = [f'"{other}"' for other in by_name if other != layer.name]
                raise InputRefused(
                    f'"holdout" names {_show(name)}', layer=layer.name, remedy=f"Allowed: {', '.join(others)}"
                )
            for one in (layer, by_name[name]):
                if one.depth is None:
                    raise InputRefused(
                        f'"holdout" of {_show(layer.name)} needs a depth pass of this layer',
                        layer=one.name,
                        remedy='Give "depth", a pattern such as "train/depth.####.exr"',
                    )
    return layers


def _needed(data: Data, key: str) -> Any:
    if data.get(key) is None:
        raise InputRefused(f'"{key}" is missing', remedy="See docs/shot.md for a complete example")
    return data[key]


def _whole(low: int, high: int) -> Reader:
    def read(value: Any, key: str) -> int:
        if not _is_whole(value) or not low <= value <= high:
            raise _refused(key, value, f"a whole number from {low} to {high}")
        return int(value)

    return read


def _number(low: float, high: float) -> Reader:
    def read(value: Any, key: str) -> float:
        if not _is_number(value) or not low <= value <= high:
            raise _refused(key, value, f"a number from {low} to {high}")
        return float(value)

    return read


def _text(what: str, longest: int = MAX_PATTERN, empty: bool = False) -> Reader:
    """Text that survives UTF-8 and holds no control characters; `what` says in words what is meant."""

    def read(value: Any, key: str) -> str:
        if not isinstance(value, str) or len(value) > longest:
            raise _refused(key, value, f"{what}, of at most {longest} characters")
        if CONTROL.search(value):
            raise _refused(key, value, f"{what}, without control characters; in paths write / instead of \\")
        if not empty and not value.strip():
            raise _refused(key, value, f"{what}; or leave the key out")
        return value

    return read


_word = _text("a name")
_word_or_empty = _text("a name", empty=True)
_pattern = _text('a file or a pattern such as "train/label.####.png"')
_plain_text = _text("a number, true, false or text", empty=True)


def _size(value: Any, key: str) -> Tuple[int, int]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise _refused(key, value, "[width, height]")
    side = _whole(1, MAX_SIDE)
    return side(value[0], key), side(value[1], key)


def _name(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise _refused(key, value, "text")
    fault = name_fault(value)
    if fault:
        cause = f"Names become file names, and {fault}"
        raise InputRefused(f'"{key}" is {_show(value)}', cause=cause, remedy="Choose another name")
    return value


def _blend(value: Any, key: str) -> str:
    mode = value.strip().upper().replace(" ", "_") if isinstance(value, str) else ""
    if mode not in BLENDS:
        raise InputRefused(
            f'"{key}" is {_show(value)}',
            cause=near(mode, BLENDS),
            remedy="Allowed: the blending modes of After Effects, such as " + ", ".join(BLENDS[:5]),
        )
    return mode


def _hold(value: Any, key: str) -> str:
    if value not in HOLDS:
        raise _refused(key, value, " or ".join(f'"{name}"' for name in HOLDS))
    return str(value)


def _names(value: Any, key: str) -> Tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, (list, tuple)) or len(value) > MAX_LAYERS:
        raise _refused(key, value, 'a list of layers such as ["environment"]')
    return tuple(dict.fromkeys(_word(name, key) for name in value))


def _motion_is(value: Any, key: str) -> str:
    if value not in MOTIONS:
        raise InputRefused(
            f'"{key}" is {_show(value)}',
            cause=near(value, MOTIONS) if isinstance(value, str) else "",
            remedy=f"Allowed: {', '.join(MOTIONS)}",
        )
    return str(value)


def _scale(value: Any, key: str) -> str:
    if value not in SCALES:
        raise _refused(key, value, ", ".join(f'"{name}"' for name in SCALES))
    return str(value)


def _mattes(value: Any, key: str) -> Mattes:
    if value in ("none", "all"):
        return str(value)
    if isinstance(value, str) or not isinstance(value, (list, tuple)) or len(value) > MAX_ENTRIES:
        raise _refused(key, value, '"none", "all", or a list of classes such as ["tree", "river"]')
    return tuple(dict.fromkeys(_word(name, key) for name in value)) or "none"


def _settings(value: Any, key: str) -> Data:
    """An object of plain settings: text, numbers, true/false, lists of those, or one object of texts.

    What the names mean is judged by who reads them (the model's card, the reader of passes).
    """
    if not isinstance(value, dict) or len(value) > MAX_ENTRIES:
        raise _refused(key, value, 'an object such as {"name": value}')
    read: Data = {}
    for name, item in value.items():
        where = f"{key}.{_word(name, key)}"
        if isinstance(item, (list, tuple)) and len(item) <= MAX_ENTRIES:
            read[name] = [_plain(part, where) for part in item]
        elif isinstance(item, dict) and len(item) <= MAX_ENTRIES:
            read[name] = {_word(k, where): _plain(v, where) for k, v in item.items()}
        else:
            read[name] = _plain(item, where)
    return read


def _map(value: Any, key: str) -> Data:
    if not isinstance(value, dict) or len(value) > MAX_ENTRIES:
        raise _refused(key, value, 'an object such as {"building-other": "house"}')
    return {_word(name, key): _word(to, f"{key}.{name}") for name, to in value.items()}


def _plain(value: Any, key: str) -> Any:
    if value is None or isinstance(value, bool) or (_is_whole(value) and abs(value) < 2**63):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return _plain_text(value, key)


_SHOT_KEYS: Dict[str, Reader] = {
    "width": _whole(1, MAX_SIDE),
    "height": _whole(1, MAX_SIDE),
    "pixel_aspect": _number(0.1, 10),
    "context": _pattern,
    "context_read": _settings,
    "fill": _word,
    "label_set": _word,
    "model": _word_or_empty,
    "options": _settings,
    "map": _map,
    "seed": _whole(0, MAX_SEED),
    "scale": _scale,
    "paint_size": _size,
    "hold": _hold,
    "paint_memory": _number(0.25, 1024),
}
_LAYER_KEYS: Dict[str, Reader] = {
    **{key: _pattern for key in PASSES if key != "labels"},
    "label_set": _word,
    "model": _word_or_empty,
    "options": _settings,
    "map": _map,
    "seed": _whole(0, MAX_SEED),
    "blend": _blend,
    "opacity": _number(0, 100),
    "read": _settings,
    "mattes": _mattes,
    "hold": _hold,
    "holdout": _names,
    "motion_is": _motion_is,
    "motion_layer": _word,
    "depth_layer": _word,
}


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def _refused(key: str, value: Any, allowed: str) -> InputRefused:
    return InputRefused(f'"{key}" is {_show(value)}', remedy=f"Allowed: {allowed}")


def _show(value: Any) -> str:
    """The value as it stands in the file, short."""
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, str):
        text = value if len(value) <= 60 else value[:57] + "..."
        return json.dumps(text, ensure_ascii=not text.isprintable())
    if isinstance(value, int) and abs(value) > 10**30:
        return "a huge number"
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return f"of the kind {type(value).__name__}"


def _changed(thing: Any, skip: Tuple[str, ...] = ()) -> Data:
    """The fields of a dataclass instance that differ from their defaults, as plain data."""
    data: Data = {}
    for item in fields(thing):
        value = getattr(thing, item.name)
        default = {} if item.default_factory is dict else item.default
        if item.name in skip or value == default:
            continue
        data[item.name] = list(value) if isinstance(value, tuple) else value
    return data


def _parse(text: str) -> Any:
    """JSON, strictly: no key twice, no NaN; the words say line and column."""

    def once(pairs: List[Tuple[str, Any]]) -> Data:
        found: Data = {}
        for key, value in pairs:
            if key in found and not is_comment(key):
                raise InputRefused(f"the key {_show(key)} stands there twice", remedy="Remove one of them")
            found[key] = value
        return found

    def never(constant: str) -> Any:
        raise InputRefused(f"{constant} is not a number that can be used")

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=never)
    except json.JSONDecodeError as error:
        remedy = "Often a comma too many or too few, or a missing quotation mark"
        if "escape" in error.msg:
            remedy = r"Write / instead of \ in paths, on Windows too"
        where = f"line {error.lineno}, column {error.colno}"
        raise InputRefused(f"the JSON is broken at {where}", cause=error.msg, remedy=remedy) from None
    except (RecursionError, ValueError):
        raise InputRefused("the JSON is nested too deeply or holds a number too large") from None
