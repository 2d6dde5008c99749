"""Values, names and ranges as an error tells them. Maya-safe: Python 3.9, standard library only."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from typing import Any

LONGEST = 100  # characters of a word that is compared


def near(word: str, allowed: Iterable[str]) -> str:
    """`Perhaps "x" is meant` where one of `allowed` is near, else an empty string."""
    found = difflib.get_close_matches(word[:LONGEST], list(allowed), n=2)
    return "Perhaps " + " or ".join(f'"{name}"' for name in found) + " is meant" if found else ""


def counted(count: int, one: str, many: str = "") -> str:
    """`1 frame`, `2 frames`: a count with what is counted, which may be more than a noun and then says both."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def one_line(text: str) -> str:
    """The words of a stranger, in which a terminal finds nothing to obey, and a reader no second line: `\\n`."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def show(value: Any) -> str:
    """The value as it stands in a file, short."""
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object of {len(value)}"
    if isinstance(value, str):
        text = value if len(value) <= 60 else value[:57] + "..."
        return json.dumps(text, ensure_ascii=not text.isprintable())
    if isinstance(value, int) and abs(value) > 10**30:
        return "a huge number"
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return f"of the kind {type(value).__name__}"


def number_ranges(numbers: Iterable[int], most: int = 8) -> str:
    """1003, 1007-1009 …"""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    words = [str(a) if a == b else f"{a}-{b}" for a, b in runs[:most]]
    return ", ".join(words) + (f" and {len(runs) - most} more ranges" if len(runs) > most else "")
