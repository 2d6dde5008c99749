"""Label sets: which classes there are, with ids, names, aliases and colours. Data, not code (`label_sets/*.json`).

An id is the annotation's own; where a class sits in a network is the model's business. Colours are a view:
a palette may give one colour to two classes (ADE20K's road and skyscraper do) and reading then has to be told.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

from shared import places
from shared.errors import InputRefused, MissingInput, SemrenderError

NOTHING = 65535  # outside the layer; not a class of any set
LAST_ID = 65532  # the numbers between this and NOTHING are for decoders, to mark what is no class
FORMAT = 1
SHIPPED = Path(__file__).parent / "label_sets"
MAX_FILE = 8 << 20  # bytes of a label set
MAX_LABELS = 4096
NEAR = 8  # colours closer than this (Euclidean, 8-bit codes) are easily confused
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Color = Tuple[int, int, int]


@dataclass(frozen=True)
class Label:
    """One class. `annotated` is False for a class that its data set lists but never shows to a network."""

    id: int
    name: str
    aliases: Tuple[str, ...] = ()
    annotated: bool = True


@dataclass(frozen=True)
class Palette:
    """One colouring: id -> (r, g, b), 8-bit codes."""

    name: str
    source: str
    colors: Dict[int, Color]


@dataclass(frozen=True)
class LabelSet:
    name: str
    version: int
    title: str
    source: str
    licence: str
    labels: Tuple[Label, ...]
    unlabeled: Optional[int]  # the set's own class for "not annotated"; differs from NOTHING
    palettes: Dict[str, Palette] = field(repr=False)

    @functools.cached_property
    def hash(self) -> str:
        """ "sha256:..." of the canonical JSON of all that decoding depends on (texts about the set do not count)."""
        content = {
            "format": FORMAT,
            "name": self.name,
            "version": self.version,
            "unlabeled": self.unlabeled,
            "labels": [[one.id, one.name, list(one.aliases), one.annotated] for one in self.labels],
            "palettes": {
                name: [[identity, *palette.colors[identity]] for identity in sorted(palette.colors)]
                for name, palette in self.palettes.items()
            },
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()

    def find(self, name_or_id: Union[str, int]) -> Label:
        """The class of this name or alias (case, spaces, `_` and `-` do not matter), or of an id as a number.

        A text is never taken for an id: objects are called "3" without meaning the class 3. Raises
        InputRefused with the names that come near.
        """
        label = self.get(name_or_id)
        if label is None:
            names = {name: one for one in self.labels for name in (one.name, *one.aliases)}
            near = difflib.get_close_matches(str(name_or_id), names, 3, 0.6)
            raise InputRefused(
                f"the label set {self.name} has no class {name_or_id!r}",
                remedy=f"Perhaps it is {' or '.join(near)}" if near else f"See `semrender labels show {self.name}`",
            )
        return label

    def get(self, name_or_id: Union[str, int]) -> Optional[Label]:
        """As `find`, but None where there is none."""
        if isinstance(name_or_id, str):
            return self._by_name.get(plain(name_or_id))
        return self._by_id.get(name_or_id)

    def by_id(self, identity: int) -> Label:
        """The class with this id. Raises InputRefused where there is none."""
        if identity not in self._by_id:
            raise InputRefused(f"the label set {self.name} has no class with the id {identity}")
        return self._by_id[identity]

    @functools.cached_property
    def _by_id(self) -> Dict[int, Label]:
        return {label.id: label for label in self.labels}

    @functools.cached_property
    def _by_name(self) -> Dict[str, Label]:
        return {plain(name): label for label in self.labels for name in (label.name, *label.aliases)}


def plain(name: str) -> str:
    """A name without what people write differently: "sky_other", "Sky Other" and "sky-other" are one."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def available() -> List[str]:
    """Names of all label sets that can be loaded: the shipped ones, then the user's."""
    own = places.label_sets_folder()
    shipped = sorted(file.stem for file in SHIPPED.glob("*.json"))
    return shipped + sorted(file.stem for file in own.glob("*.json") if file.stem not in shipped)


def load_label_set(name_or_path: Union[str, Path]) -> LabelSet:
    """A shipped set by name, one from the user's folder, or a .json file.

    Raises MissingInput where there is none, InputRefused in words for a file that is no sound label set.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.lower().endswith(".json"):
        return _load(Path(name_or_path))
    if FILE_NAME.fullmatch(text):
        for folder in (SHIPPED, places.label_sets_folder()):
            file = folder / (text + ".json")
            if file.is_file():
                label_set = _load(file)
                if label_set.name != text:
                    raise InputRefused(
                        f"the label set calls itself {label_set.name!r}, its file {text!r}",
                        file=file,
                        remedy="Give both the same name",
                    )
                return label_set
    raise MissingInput(
        f"there is no label set named {text!r}",
        remedy=f"There are {', '.join(available())}; or give the path of a .json file",
    )


def warnings(label_set: LabelSet) -> List[str]:
    """What is allowed but likely to hurt: colours that two classes share or that lie close together."""
    found = []
    for palette in label_set.palettes.values():
        colors = sorted(palette.colors.items())
        for index, (one, color) in enumerate(colors):
            for other, near in colors[index + 1 :]:
                apart = sum((a - b) ** 2 for a, b in zip(color, near))
                if apart < NEAR * NEAR:
                    names = f"{label_set.by_id(one).name} and {label_set.by_id(other).name}"
                    how = f"share the colour {color}" if not apart else f"have nearly one colour, {color} and {near}"
                    found.append(f"palette {palette.name}: {names} {how}")
    return found


def label_set_from_dict(data: Any) -> LabelSet:
    """A label set from plain data. Raises InputRefused naming the first fault."""
    table = _table(data, "a label set")
    if table.get("format") != FORMAT:
        raise InputRefused(f'this is no label set of format {FORMAT} (there is no "format": {FORMAT})')
    name = _text(table, "name", 64)
    if not FILE_NAME.fullmatch(name):
        raise InputRefused("the name of a label set may hold letters, digits, dot, dash and underscore only")
    labels = _labels(table.get("labels"))
    ids = {label.id for label in labels}
    unlabeled = table.get("unlabeled")
    if unlabeled is not None and _whole(unlabeled, 0, LAST_ID, "unlabeled") not in ids:
        raise InputRefused(f"unlabeled is {unlabeled}, which is no class of the set")
    palettes = _table(table.get("palettes"), "palettes")
    if not palettes:
        raise InputRefused("the set has no palette", remedy="Give every class a colour: palettes, name, colors")
    return LabelSet(
        name=name,
        version=_whole(table.get("version"), 1, 10**6, "version"),
        title=_text(table, "title", 500, name),
        source=_text(table, "source", 5000, ""),
        licence=_text(table, "licence", 5000, ""),
        labels=labels,
        unlabeled=unlabeled,
        palettes={one: _palette(one, palettes[one], labels) for one in sorted(palettes)},
    )


def _load(file: Path) -> LabelSet:
    try:
        with places.open_file(file) as opened:
            content = opened.read(MAX_FILE + 1)
        if len(content) > MAX_FILE:
            raise InputRefused("the file is too large to be a label set", file=file)
        text = content.decode("utf-8-sig")
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        return label_set_from_dict(data)
    except SemrenderError as error:
        raise error.located(file=file) from None
    except FileNotFoundError:
        raise MissingInput("the label set is not there", file=file) from None
    except OSError as error:
        raise InputRefused("the label set cannot be read", file=file, cause=error.strerror or "") from None
    except (ValueError, RecursionError) as error:
        raise InputRefused("the label set is not JSON", file=file, cause=str(error)) from None


def _once(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    """JSON lets a key stand twice and keeps the last silently; here that is a fault."""
    table = dict(pairs)
    if len(table) < len(pairs):
        twice = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise InputRefused(f"{twice[:60]!r} stands twice in one table")
    return table


def _no_number(word: str) -> Any:
    raise InputRefused(f"{word} is no number")


def _labels(data: Any) -> Tuple[Label, ...]:
    if not isinstance(data, list) or not data:
        raise InputRefused("labels must be a list of classes, at least one")
    if len(data) > MAX_LABELS:
        raise InputRefused(f"the set has {len(data)} classes; at most {MAX_LABELS} are allowed")
    labels = tuple(_label(entry, position) for position, entry in enumerate(data))
    names: Dict[str, Label] = {}
    ids: Dict[int, Label] = {}
    for label in labels:
        if label.id in ids:
            raise InputRefused(f"the id {label.id} is given twice, to {ids[label.id].name!r} and {label.name!r}")
        ids[label.id] = label
        for name in (label.name, *label.aliases):
            other = names.setdefault(plain(name), label)
            if other is not label:
                raise InputRefused(
                    f"the name {name!r} stands for two classes: "
                    f"{other.name!r} ({other.id}) and {label.name!r} ({label.id})",
                    cause="Case, spaces, dashes and underscores make no difference in names",
                )
    return labels


def _label(data: Any, position: int) -> Label:
    where = f"class {position + 1} of the list"
    table = _table(data, where)
    name = _text(table, "name", 100)
    if not plain(name):
        raise InputRefused(f"{where} has no name")
    aliases = table.get("aliases", [])
    if not isinstance(aliases, list) or len(aliases) > 100:
        raise InputRefused(f"the aliases of {name!r} must be a list of names")
    annotated = table.get("annotated", True)
    if not isinstance(annotated, bool):
        raise InputRefused(f"annotated of {name!r} must be true or false")
    aliases = [_text({"alias": alias}, "alias", 100) for alias in aliases]
    if not all(plain(alias) for alias in aliases):
        raise InputRefused(f"an alias of {name!r} is empty")
    return Label(
        id=_whole(table.get("id"), 0, LAST_ID, f"the id of {name!r}"),
        name=name,
        aliases=tuple(aliases),
        annotated=annotated,
    )


def _palette(name: str, data: Any, labels: Tuple[Label, ...]) -> Palette:
    where = f"palette {name!r}"
    if not FILE_NAME.fullmatch(name) or name == "code":
        raise InputRefused(
            f"{where[:100]}: the name may hold letters, digits, dot, dash and underscore only, and not be 'code'"
        )
    table = _table(data, where)
    given = dict(_table(table.get("colors"), f"colors of {where}"))
    colors: Dict[int, Color] = {}
    for label in labels:
        color = given.pop(str(label.id), None)
        if color is None:
            raise InputRefused(f"{where} has no colour for {label.name!r} ({label.id})")
        if not isinstance(color, list) or len(color) != 3:
            raise InputRefused(f"{where}: the colour of {label.name!r} must be [red, green, blue]")
        red, green, blue = (_whole(code, 0, 255, f"{where}: a colour code of {label.name!r}") for code in color)
        colors[label.id] = (red, green, blue)
    if given:
        raise InputRefused(f"{where} has a colour for {next(iter(given))[:60]!r}, which is no id of the set")
    return Palette(name, _text(table, "source", 5000, ""), colors)


def _table(value: Any, where: str) -> Dict[str, Any]:
    if not isinstance(value, dict):
        raise InputRefused(f"{where} must be a table (JSON object)")
    return value


def _text(table: Dict[str, Any], key: str, most: int, default: Optional[str] = None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or len(value) > most or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in value):
        raise InputRefused(f"{key} must be a text of at most {most} characters in one line")
    return value


def _whole(value: Any, low: int, high: int, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputRefused(f"{where} must be a whole number from {low} to {high}, not {str(value)[:40]!r}")
    return value
