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
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Dict, List, Optional, Tuple, Union

from shared import documents, places, schema
from shared.errors import InputRefused, MissingInput
from shared.kinds import Data, Flag, IdKey, Kind, ListOf, TableOf, Text, Whole, refused
from shared.schema import About, Outside, Record
from shared.values import Value
from shared.wording import show

NOTHING = 65535  # outside the layer; not a class of any set
SKY = ("sky", "clouds")  # names of classes that are behind everything begin so
LAST_ID = 65532  # the numbers between this and NOTHING are for decoders, to mark what is no class
FORMAT = 1
SHIPPED = Path(__file__).parent / "label_sets"
MAX_FILE = 8 << 20  # bytes of a label set
MAX_LABELS = 4096
NEAR = 8  # colours closer than this (Euclidean, 8-bit codes) are easily confused
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Color = Tuple[int, int, int]


WORDS = Text(longest=5000)
NAME = Text("a name", 100, 1)
SET_NAME = Text("a name", 64, 1, FILE_NAME.pattern, "letters, digits, dot, dash and underscore only")
ID = Whole(0, LAST_ID)
CODES = ListOf(Whole(0, 255), 3, 3, "codes: [red, green, blue]")  # 8 bits each
COLORS = TableOf(CODES, IdKey(LAST_ID), what='a table such as {"7": [10, 20, 30]}')


def _about(what: str, **more: Any) -> About:
    """Words for people may stand beside what is read; `$schema` and notes are for editors."""
    return About(what, strict=False, **more)


class Label(Value):
    """One class."""

    about: ClassVar[About] = _about("class", remedy="See docs/labels.md for a complete example")

    id: Annotated[int, ID, "as in the annotation"]
    name: Annotated[str, NAME]
    aliases: Annotated[Tuple[str, ...], ListOf(NAME, 100, what="names"), "other names of the class"] = ()
    annotated: Annotated[bool, Flag(), "false for a class that the data set lists but never shows to a network"] = True

    def check(self) -> None:
        for name in (self.name, *self.aliases):
            if not plain(name):
                raise InputRefused(f"the class {self.id} has no name, or an alias that is none: {show(name)}")


class Palette(Value):
    """One colouring: id -> (r, g, b), 8-bit codes."""

    about: ClassVar[About] = _about("palette")

    name: Annotated[str, Outside()]
    source: Annotated[str, WORDS, "where the colours are from"] = ""
    colors: Annotated[Dict[int, Color], COLORS, "a colour for every class"] = field(default_factory=dict)


class Palettes(Kind):
    """Palettes by name."""

    def read(self, value: Any, key: str) -> Dict[str, Palette]:
        if not isinstance(value, dict):
            raise refused(key, value, "an object of palettes")
        found = {}
        for name in sorted(value):
            if not FILE_NAME.fullmatch(name) or name == "code":
                allowed = "letters, digits, dot, dash and underscore only, and not 'code'"
                raise refused(f"a name in {key}", name, allowed)
            found[name] = Record(Palette).read(value[name], f"{key}.{name}", name=name)
        return found

    def schema(self) -> Data:
        return {"type": "object", "additionalProperties": Record(Palette).schema()}


class LabelSet(Value):
    """Which classes there are, and how they are coloured."""

    about: ClassVar[About] = _about(
        "label set", header={"format": FORMAT}, remedy="See docs/labels.md for a complete example"
    )

    name: Annotated[str, SET_NAME, "as the file is called"]
    version: Annotated[int, Whole(1, 10**6)]
    labels: Annotated[Tuple[Label, ...], ListOf(Record(Label), MAX_LABELS, 1, "classes"), "the classes"]
    palettes: Annotated[Dict[str, Palette], Palettes(), "colourings by name"] = field(repr=False)
    title: Annotated[str, Text(longest=500), "for people"] = ""
    source: Annotated[str, WORDS, "where it is from"] = ""
    licence: Annotated[str, WORDS] = ""
    unlabeled: Annotated[Optional[int], ID, "the set's own class for what is not annotated"] = None

    def check(self) -> None:
        """How the values fit together. Raises InputRefused."""
        _no_name_twice(self.labels)
        ids = {label.id for label in self.labels}
        if self.unlabeled is not None and self.unlabeled not in ids:
            raise InputRefused(f"unlabeled is {self.unlabeled}, which is no class of the set")
        if not self.palettes:
            raise InputRefused("the set has no palette", remedy="Give every class a colour: palettes, name, colors")
        for palette in self.palettes.values():
            _all_coloured(palette, self.labels)

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

    def beginning(self, *words: str) -> List[int]:
        """The ids of the classes whose names begin with one of these words, such as "sky"."""
        return [label.id for label in self.labels if label.name.split("-")[0] in words]

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
    file = file_of(name_or_path)
    label_set = _load(file)
    if isinstance(name_or_path, str) and not _is_file(name_or_path) and label_set.name != name_or_path:
        raise InputRefused(
            f"the label set calls itself {label_set.name!r}, its file {name_or_path!r}",
            file=file,
            remedy="Give both the same name",
        )
    return label_set


def file_of(name_or_path: Union[str, Path]) -> Path:
    """The file of a label set, unread; of one that is named, there. Raises MissingInput."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or _is_file(text):
        return Path(name_or_path)
    for folder in (SHIPPED, places.label_sets_folder()) if FILE_NAME.fullmatch(text) else ():
        if (folder / (text + ".json")).is_file():
            return folder / (text + ".json")
    raise MissingInput(
        f"there is no label set named {text!r}",
        remedy=f"There are {', '.join(available())}; or give the path of a .json file",
    )


def _is_file(text: str) -> bool:
    return text.lower().endswith(".json")


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
    label_set = schema.read(LabelSet, data)
    return label_set if label_set.title else replace(label_set, title=label_set.name)


def _load(file: Path) -> LabelSet:
    try:
        state = file.stat()
    except OSError:
        return _read(file, 0, 0)  # in words
    return _read(file, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=32)
def _read(file: Path, changed: int, size: int) -> LabelSet:
    """A file that is as old and long as it was is the same: every layer, task and check asks for its set."""
    try:
        return label_set_from_dict(documents.load(file, "a label set", MAX_FILE))
    except InputRefused as error:
        raise error.located(file=file) from None


def _no_name_twice(labels: Tuple[Label, ...]) -> None:
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


def _all_coloured(palette: Palette, labels: Tuple[Label, ...]) -> None:
    for label in labels:
        if label.id not in palette.colors:
            raise InputRefused(f"palette {palette.name!r} has no colour for {label.name!r} ({label.id})")
    if extra := set(palette.colors) - {label.id for label in labels}:
        raise InputRefused(f"palette {palette.name!r} has a colour for {min(extra)}, which is no id of the set")
