"""Names that become file names, on Windows, macOS and Linux alike. Maya-safe: Python 3.9, standard library only."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from shared.errors import InputRefused
from shared.kinds import Data, Kind, Text
from shared.wording import show

MAX_NAME = 100  # characters; leaves room for a frame number within the 255 bytes of a file name


CLIPS = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".gif", ".avi", ".ts", ".mts", ".m2ts", ".mxf")


def is_clip(path: object) -> bool:
    """Whether a path, or the text of one, names a clip."""
    return str(path).lower().endswith(CLIPS)


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


def folded(name: str) -> str:
    """What Windows and macOS see of a name: two of one such are one file."""
    return unicodedata.normalize("NFC", name).casefold()


class FileName(Kind):
    """Text that can be part of a file name."""

    def read(self, value: Any, key: str) -> str:
        text = Text("a name", 250).read(value, key)
        fault = name_fault(text)
        if fault:
            cause = f"Names become file names, and {fault}"
            raise InputRefused(f'"{key}" is {show(value)}', cause=cause, remedy="Choose another name")
        return text

    def schema(self) -> Data:
        return {"type": "string", "minLength": 1, "maxLength": MAX_NAME}
