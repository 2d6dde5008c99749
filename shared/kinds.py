"""What may stand at a key of a document: numbers, texts, lists, tables, each judged and refused in words.

`shared.schema` puts them together to documents. Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

import re
from typing import Any

from shared.errors import InputRefused
from shared.values import Value
from shared.wording import near, show

CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")  # control characters, and halves of others
MAX_ITEMS = 100_000  # of any list or object
MAX_KEY = 4096  # characters

Data = dict[str, Any]


class Kind:
    """What may stand at a key."""

    def read(self, value: Any, key: str) -> Any:
        """The value, judged. Raises InputRefused naming the key, the value and what is allowed."""
        raise NotImplementedError

    def plain(self, value: Any) -> Any:
        """What `read` reads back, of lists, tables, text, numbers and truth."""
        return list(value) if isinstance(value, tuple) else value

    def schema(self) -> Data:
        """In JSON Schema; it may allow more than `read`, never less (but null, which is as good as absent)."""
        raise NotImplementedError


class Whole(Value, Kind):
    low: int
    high: int

    def read(self, value: Any, key: str) -> int:
        if not is_whole(value) or not self.low <= value <= self.high:
            raise refused(key, value, f"a whole number from {self.low} to {self.high}")
        return int(value)

    def schema(self) -> Data:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


class Number(Value, Kind):
    low: float
    high: float

    def read(self, value: Any, key: str) -> float:
        if not (is_whole(value) or isinstance(value, float)) or not self.low <= value <= self.high:  # NaN is not
            raise refused(key, value, f"a number from {self.low:g} to {self.high:g}")
        return float(value)

    def schema(self) -> Data:
        return {"type": "number", "minimum": self.low, "maximum": self.high}


class Flag(Value, Kind):
    def read(self, value: Any, key: str) -> bool:
        if not isinstance(value, bool):
            raise refused(key, value, "true or false")
        return value

    def schema(self) -> Data:
        return {"type": "boolean"}


class Text(Value, Kind):
    """Text in one line that survives UTF-8. `what` says in words what is meant; `pattern` must match all of it."""

    what: str = "text"
    longest: int = 4096  # characters
    least: int = 0  # characters that are no space
    pattern: str = ""
    hint: str = "none a control character"

    def read(self, value: Any, key: str) -> str:
        bounds = f"{self.least} to {self.longest}" if self.least else f"at most {self.longest}"
        allowed = f"{self.what} of {bounds} characters, {self.hint}"
        if not isinstance(value, str) or len(value) > self.longest or CONTROL.search(value):
            raise refused(key, value, allowed)
        if len(value.strip()) < self.least or (self.pattern and not re.fullmatch(self.pattern, value)):
            raise refused(key, value, allowed)
        return value

    def schema(self) -> Data:
        found: Data = {"type": "string", "maxLength": self.longest}
        if self.least:
            found["minLength"] = self.least
        return {**found, "pattern": f"^(?:{self.pattern})$"} if self.pattern else found


class OneOf(Kind):
    def __init__(self, *allowed: str | int) -> None:
        self.allowed = allowed

    def read(self, value: Any, key: str) -> str | int:
        if not (isinstance(value, str) or is_whole(value)) or value not in self.allowed:
            words = ", ".join(str(one) for one in self.allowed[:8]) + (" ..." if len(self.allowed) > 8 else "")
            cause = near(value, map(str, self.allowed)) if isinstance(value, str) and value else ""
            raise refused(key, value, words, cause)
        return self.allowed[self.allowed.index(value)]

    def schema(self) -> Data:
        return {"enum": list(self.allowed)}


class Anything(Value, Kind):
    """Data whose meaning is somebody else's, as it stands."""

    def read(self, value: Any, key: str) -> Any:
        return value

    def schema(self) -> Data:
        return {}


class ListOf(Value, Kind):
    item: Kind
    most: int = MAX_ITEMS
    least: int = 0
    what: str = ""  # of the items, in words

    def read(self, value: Any, key: str) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or not self.least <= len(value) <= self.most:
            bounds = f"{self.least} to {self.most}" if self.least else f"at most {self.most}"
            if self.least == self.most:
                bounds = str(self.least)
            raise refused(key, value, f"a list of {bounds}{' ' if self.what else ''}{self.what}")
        return tuple(self.item.read(one, f"{key}[{number}]") for number, one in enumerate(value))

    def plain(self, value: Any) -> list[Any]:
        return [self.item.plain(one) for one in value]

    def schema(self) -> Data:
        found: Data = {"type": "array", "items": self.item.schema()}
        return {**found, "minItems": self.least, "maxItems": self.most} if self.least else found


class IdKey(Value, Kind):
    """The key of a table of ids: a whole number from 0 to `last`, which is text in JSON."""

    last: int

    def read(self, value: Any, key: str) -> int:
        if not isinstance(value, str) or not re.fullmatch("[0-9]{1,5}", value) or int(value) > self.last:
            raise refused(key, value, f"ids from 0 to {self.last}")
        return int(value)

    def schema(self) -> Data:
        return {"pattern": "^[0-9]+$"}


class TableOf(Value, Kind):
    """An object whose keys are free, but of the kind `name`."""

    value: Kind
    name: Kind = Text(longest=MAX_KEY, least=1)
    most: int = MAX_ITEMS
    what: str = ""  # in words, with an example

    def read(self, value: Any, key: str) -> Data:
        if not isinstance(value, dict) or len(value) > self.most:
            raise refused(key, value, self.what or f"an object of at most {self.most} values")
        return {self.name.read(name, key): self.value.read(one, f"{key}.{name}") for name, one in value.items()}

    def plain(self, value: Any) -> Data:
        return {str(name): self.value.plain(one) for name, one in value.items()}

    def schema(self) -> Data:
        return {"type": "object", "propertyNames": self.name.schema(), "additionalProperties": self.value.schema()}


def is_whole(value: Any) -> bool:
    """A whole number, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def refused(key: str, value: Any, allowed: str, cause: str = "") -> InputRefused:
    """The refusal of a value, in the words that all documents have in common."""
    return InputRefused(f'"{key}" is {show(value)}', cause=cause, remedy=f"Allowed: {allowed}")
