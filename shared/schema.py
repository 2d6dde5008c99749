"""How the documents that people write or read are declared: once, as typed classes.

A document (shot, delivery, card, label set) is a `Value`. The annotation of a field says what may stand at
its key and what it means; absent or null keeps the default, and a field without a default is needed:

    class Effect(Value):
        about: ClassVar[About] = About("effect")

        match_name: Annotated[str, Text(least=1), "the effect, by its match name in After Effects"]
        amount: Annotated[float, Number(0, 100), "percent"] = 100.0

From that declaration come `read` (plain data -> the document, every value judged, refused with the path of its key),
`plain` (the document -> what `read` reads back) and `json_schema` (for editors). A class may have a method `check`,
called after its values were judged one by one, for how they fit together. What an annotation does not say follows
from the type: bool, Tuple[X, ...], Dict[str, X], Optional[X], and a class of this sort.

Why not a library: the words of the refusals are the product's, and Maya must load this. `shared.documents` reads the
files. Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, field, fields, is_dataclass, replace
from typing import (
    Annotated,
    Any,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from shared.errors import InputRefused, SemrenderError
from shared.kinds import CONTROL, Data, Flag, Kind, ListOf, TableOf, refused
from shared.values import Value
from shared.wording import near, show

COMMENT = r"^(\$schema$|//|_comment)"  # keys for people and editors, that say nothing
UNIONS = (Union, getattr(types, "UnionType", Union))  # Optional[X] and, on newer Pythons, X | None
DIALECT = "https://json-schema.org/draft/2020-12/schema"

T = TypeVar("T")


class About(Value):
    """What a class of a document says of itself beside its fields."""

    what: str  # "shot": what a refusal calls it
    strict: bool = True  # a key that is not known is refused; else passed over, as newer versions may write it
    header: Mapping[str, Any] = field(default_factory=dict)  # keys that have one value
    header_needed: bool = True
    remedy: str = "Give it"  # where a key is missing
    newer: str = "Update semrender"  # where the header is another
    all_written: bool = False  # `plain` writes values at their defaults too
    is_layer: bool = False  # a refusal names it as the layer in which it is


class Key(Value):
    """In an annotation: the key where it is not the field's name (a field named as a word of Python ends in `_`)."""

    name: str


class Outside(Value):
    """In an annotation: the field is not in the document; who reads it gives its value."""


class Field(Value):
    name: str
    key: str
    kind: Kind
    needed: bool
    default: Any
    words: str


class Record(Kind):
    """An object with the keys of a class."""

    def __init__(self, cls: type[Any], holder: type[Any] | None = None) -> None:
        self.cls = cls
        self.holder = holder
        self.about: About = cls.about

    def read(self, value: Any, key: str, **outside: Any) -> Any:
        what = self.about.what
        try:
            if not isinstance(value, dict):
                if key:
                    raise refused(key, value, f"an object with the keys of a {what}")
                raise InputRefused(f"this is no {what}: a {what} must be an object with keys, this is {show(value)}")
            _judge_header(self.about, value)
            if self.about.strict:
                self._no_other_keys(value)
            given: Data = dict(outside)
            for item in declared(self.cls):
                where = f"{key}.{item.key}" if key else item.key
                if value.get(item.key) is not None:
                    given[item.name] = item.kind.read(value[item.key], where)
                elif item.needed:
                    raise InputRefused(f'"{where}" is missing', remedy=self.about.remedy)
            made = self.cls(**given)
            if hasattr(made, "check"):
                made.check()
            return made
        except SemrenderError as error:
            raise error.located(layer=_layer_name(value, key) if self.about.is_layer else None) from None

    def _no_other_keys(self, data: Data) -> None:
        mine = {item.key for item in declared(self.cls)}
        allowed = sorted(mine | set(self.about.header))
        for key in data:
            if key not in allowed and not is_comment(key):
                hint = near(key, allowed) if isinstance(key, str) else ""
                raise InputRefused(
                    f"a {self.about.what} has no key {show(key)}",
                    cause=self._whose(key) or hint,
                    remedy=f"Allowed: {', '.join(allowed)}",
                )

    def _whose(self, key: Any) -> str:
        """Words where the key is one of what this holds, or of what holds it."""
        nested = {item.key: item.kind.item for item in declared(self.cls) if isinstance(item.kind, ListOf)}
        others = {name: kind.cls for name, kind in nested.items() if isinstance(kind, Record)}
        if self.holder is not None:
            others[self.holder.about.what] = self.holder
        owner = [name for name, cls in others.items() if key in {item.key for item in declared(cls)}]
        return f"This key belongs to the {owner[0]}" if owner else ""

    def plain(self, value: Any) -> Data:
        data: Data = dict(self.about.header)
        for item in declared(self.cls):
            mine = getattr(value, item.name)
            if self.about.all_written or item.needed or mine != item.default:
                data[item.key] = None if mine is None else item.kind.plain(mine)
        if self.about.all_written:
            return data
        nested = [key for key, one in data.items() if isinstance(one, list) and one and isinstance(one[0], dict)]
        return {**{key: one for key, one in data.items() if key not in nested}, **{key: data[key] for key in nested}}

    def schema(self) -> Data:
        properties: Data = {key: {"const": value} for key, value in self.about.header.items()}
        for item in declared(self.cls):
            said: Data = _or_null(item.kind.schema()) if item.default is None else dict(item.kind.schema())
            if item.words:
                said["description"] = item.words
            if isinstance(item.default, (bool, int, float, str)):
                said["default"] = item.default
            properties[item.key] = said
        needed = [item.key for item in declared(self.cls) if item.needed]
        if self.about.header_needed:
            needed = [*self.about.header, *needed]
        return {
            "type": "object",
            "properties": properties,
            "required": needed,
            "patternProperties": {COMMENT: {}},
            "additionalProperties": not self.about.strict,
        }


def read(cls: type[T], data: Any, **outside: Any) -> T:
    """The document of this class in plain data. Raises InputRefused naming the key, the value and what is allowed."""
    made: T = Record(cls).read(data, "", **outside)
    return made


def plain(document: Any) -> Data:
    """Plain data for JSON or msgpack that `read` reads back."""
    return Record(type(document)).plain(document)


def written(document: Any) -> Data:
    """Plain data as `plain` makes it, read back once. Raises InputRefused for what `read` would refuse."""
    data = plain(document)
    read(type(document), data)
    return data


def json_schema(cls: type[Any]) -> Data:
    """The JSON Schema of a document, for editors: a little milder than `read` where JSON Schema has no words."""
    return {"$schema": DIALECT, "title": cls.about.what, "description": _first_line(cls), **Record(cls).schema()}


_declared: dict[type[Any], tuple[Field, ...]] = {}


def declared(cls: type[Any]) -> tuple[Field, ...]:
    """The fields of a document's class. Annotations are text until then: evaluated once, not for every value read."""
    if cls not in _declared:
        _declared[cls] = _evaluated(cls)
    return _declared[cls]


def _evaluated(cls: type[Any]) -> tuple[Field, ...]:
    hints = get_type_hints(cls, include_extras=True)
    found = []
    for item in fields(cls):
        extras = get_args(hints[item.name])[1:] if get_origin(hints[item.name]) is Annotated else ()
        if any(isinstance(one, Outside) for one in extras):
            continue
        default = item.default if item.default_factory is MISSING else item.default_factory()
        keys = [one.name for one in extras if isinstance(one, Key)]
        words = [one for one in extras if isinstance(one, str)]
        found.append(
            Field(
                item.name,
                keys[0] if keys else item.name.rstrip("_"),
                _kind(hints[item.name], cls),
                default is MISSING,
                default,
                words[0] if words else "",
            )
        )
    return tuple(found)


def _kind(hint: Any, holder: type[Any]) -> Kind:
    inner = get_args(hint)
    if get_origin(hint) is Annotated:
        kinds = [one for one in inner[1:] if isinstance(one, Kind)]
        kind = kinds[0] if kinds else _kind(inner[0], holder)
        if isinstance(kind, ListOf) and isinstance(kind.item, Record):
            return replace(kind, item=Record(kind.item.cls, holder))
        return kind
    if get_origin(hint) in UNIONS:  # Optional: None never comes here, it stands for the default
        return _kind(inner[0], holder)
    if get_origin(hint) is tuple:
        return ListOf(_kind(inner[0], holder))
    if get_origin(hint) is dict:
        return TableOf(_kind(inner[1], holder))
    if hint is bool:
        return Flag()
    if is_dataclass(hint) and isinstance(hint, type):
        return Record(hint, holder)
    raise TypeError(f"nothing says what may stand at {hint}")


def _or_null(said: Data) -> Data:
    if "enum" in said:
        return {**said, "enum": [*said["enum"], None]}
    if "type" in said:
        return {**said, "type": [said["type"], "null"]}
    return {"anyOf": [*said["anyOf"], {"type": "null"}]} if "anyOf" in said else dict(said)


def _judge_header(about: About, data: Data) -> None:
    for key, value in about.header.items():
        given = data.get(key)
        if (given is None and not about.header_needed) or (given == value and type(given) is type(value)):
            continue
        if isinstance(value, str) or key not in data:
            raise InputRefused(f'this is no {about.what}: "{key}" must be {show(value)}', remedy=about.newer)
        raise InputRefused(f"{key} is {show(given)}, this semrender reads {value}", remedy=about.newer)


def _layer_name(value: Any, key: str) -> str | None:
    name = value.get("name") if isinstance(value, dict) else None
    if isinstance(name, str) and name.strip() and len(name) <= 250 and not CONTROL.search(name):
        return name
    place = re.search(r"\[(\d+)\]$", key)
    return f"number {int(place[1]) + 1} from the top" if place else None


def _first_line(cls: type[Any]) -> str:
    return (cls.__doc__ or "").strip().partition("\n")[0]


def is_comment(key: Any) -> bool:
    """A key for people and editors, that says nothing: `$schema`, `//...`, `_comment...`."""
    return isinstance(key, str) and re.match(COMMENT, key) is not None
