"""Reading the files of documents: bounded, strict JSON, refused in words that name file, line and column.

Beside strict JSON, comments are taken (`// …` to the end of the line, `/* … */`): people leave notes to each other.
Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from shared import places, schema
from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.wording import show

COMMENTS = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)  # and texts, that may hold their signs


def read(cls: type[schema.T], file: Path, what: str, most: int) -> schema.T:
    """The document of a class in a file, as `load` reads it. Raises MissingInput or InputRefused naming the file."""
    try:
        return schema.read(cls, load(file, what, most))
    except SemrenderError as error:
        raise error.located(file=file) from None


def load(file: Path, what: str, most: int) -> Any:
    """The content of a JSON file of at most `most` bytes, as plain data; what: "a shot", for the words.

    Raises MissingInput or InputRefused naming the file.
    """
    try:
        with places.open_file(file) as opened:
            content = opened.read(most + 1)
        if len(content) > most:
            raise InputRefused(f"the file is larger than {most // 2**20} MB", cause=f"It is not {what}")
        return parse(content.decode("utf-8-sig"))  # Notepad writes a byte order mark
    except SemrenderError as error:
        raise error.located(file=file) from None
    except (FileNotFoundError, NotADirectoryError):
        raise MissingInput("there is no such file", file=file, remedy="Check the path") from None
    except UnicodeDecodeError:
        raise InputRefused("the text is not UTF-8", file=file, remedy="Save it as UTF-8") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a zero in it
        cause = getattr(error, "strerror", None) or str(error)
        raise InputRefused("the file cannot be read", file=file, cause=cause) from None


def parse(text: str) -> Any:
    """JSON, strictly: no key twice, no NaN; the words say line and column. Raises InputRefused."""
    try:
        return _parsed(text)
    except json.JSONDecodeError:
        pass
    try:
        return _parsed(COMMENTS.sub(_blank, text))
    except json.JSONDecodeError as error:
        remedy = "Often a comma too many or too few, or a missing quotation mark"
        if "escape" in error.msg:
            remedy = r"Write / instead of \ in paths, on Windows too"
        where = f"line {error.lineno}, column {error.colno}"
        raise InputRefused(f"the JSON is broken at {where}", cause=error.msg, remedy=remedy) from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_never)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError):
        raise InputRefused("the JSON is nested too deeply or holds a number too large") from None


def _blank(found: "re.Match[str]") -> str:
    """A comment as spaces, so that lines and columns stay; texts as they are."""
    return found[0] if found[0].startswith('"') else re.sub(r"[^\n]", " ", found[0])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON lets a key stand twice and keeps the last silently; here that is a fault."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and not schema.is_comment(key):
            raise InputRefused(f"the key {show(key)} stands there twice", remedy="Remove one of them")
        found[key] = value
    return found


def _never(constant: str) -> Any:
    raise InputRefused(f"{constant} is not a number that can be used")
