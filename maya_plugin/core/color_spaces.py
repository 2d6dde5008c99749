"""What a painting's colour space is called in a Maya: its default configs, new and old, and those of ACES name it anew.

The names are those that Autodesk's maya-usd looks for, and those of the default configs before and after Maya 2026.2.
"""

from __future__ import annotations

from collections.abc import Sequence

NAMES = {  # what a delivery says of its footage -> in order of preference
    "sRGB": (
        "sRGB Encoded Rec.709 (sRGB)",
        "sRGB",
        "sRGB - Texture",
        "Utility - sRGB - Texture",
        "Input - Generic - sRGB - Texture",
        "srgb_texture",
        "srgb_tx",
    ),
    "linear Rec.709": (
        "Linear Rec.709 (sRGB)",
        "scene-linear Rec.709-sRGB",
        "scene-linear Rec 709/sRGB",
        "Utility - Linear - sRGB",
        "Utility - Linear - Rec.709",
        "lin_rec709",
        "lin_srgb",
    ),
    "ACEScg": ("ACEScg", "ACES - ACEScg", "acescg"),
}


def named(color: str, available: Sequence[str]) -> str:
    """The name for a colour space of a delivery among those that a Maya has; "" where it has none of the known ones."""
    there = {name.lower(): name for name in available}
    return next((there[name.lower()] for name in NAMES.get(color, ()) if name.lower() in there), "")
