"""The fields of a tag in a comment, read by code of the tests' own."""

from __future__ import annotations

import re

NAMES = {4: ("fps", "st", "ti", "to"), 3: ("fps", "f0", "n")}
VALUES = {
    **{"b": ("bm", "NORMAL"), "o": ("op", "100"), "g": ("gu", "0"), "G": ("gu", "1"), "s": ("sy", "0")},
    **{"S": ("sy", "1"), "l": ("lb", "0"), "e": ("en", "1"), "E": ("en", "0"), "a": ("au", "1"), "A": ("au", "0")},
    **{"m": ("mt", ""), "t": ("al", "STRAIGHT"), "p": ("par", "1")},
}


def tag_in(comment: str) -> dict[str, str]:
    """Of the one tag of a comment, short or of before."""
    found = re.findall(r"\[\[semrender:([^\[\]]*)\]\]", comment)
    assert len(found) == 1, comment
    uid, *parts = found[0].split(";")
    if "=" in uid:
        return dict(pair.split("=") for pair in found[0].split(";"))
    fields = {"uid": uid, "v": parts.pop(0)}
    for part in parts:
        if "=" in part:
            name, value = part.split("=")
            kind, comma, of = value.partition(",") if name == "mt" else ("", "", value)
            near = name in ("mt", "ly") and of.startswith("/")
            fields[name] = kind + comma + re.sub(r"/[LFCD]/.*", "/L", uid) * near + of
        elif ":" in part:
            times = part.split(":")
            fields |= dict(zip(NAMES[len(times)], times, strict=True))
        else:
            fields |= dict(VALUES[letter] for letter in part)
    return fields
