"""What a generator's card says beside its weights: its layers and its options. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

INPUTS: dict[str, Any] = {"walk": {"needed": True}, "audio": {}}  # of every card


def layers(config: Mapping[str, Any]) -> int:
    """How many layers of a generator take a point of their own."""
    if config.get("network") == "stylegan3":
        return len(config["layers"]) + 1
    return 2 * (int(config["resolution"]).bit_length() - 1) - 2


def options(config: Mapping[str, Any], psi: float = 1.0) -> list[dict[str, Any]]:
    """The options of a generator, as JSON. psi: the default, which tools have each their own of."""
    count, classes = layers(config), int(config.get("c_dim", 0))
    found: list[dict[str, Any]] = [
        {
            "name": "psi",
            "kind": "number",
            "default": psi,
            "min": 0,
            "max": 2,
            "title": "Truncation",
            "help": "below 1 nearer to the average: less odd, less various",
        },
        {
            "name": "cutoff",
            "kind": "integer",
            "default": 0,
            "min": 0,
            "max": count,
            "title": "Truncated layers",
            "help": "the coarsest so many are truncated; 0: all",
        },
    ]
    if config.get("network") != "stylegan3":
        words = "still: that of the file; loop: it turns once with the shot, below 512 pixels; none: without grain"
        choices = ["still", "loop", "none"]
        found.append(
            {"name": "noise", "kind": "choice", "default": "still", "choices": choices, "title": "Noise", "help": words}
        )
    else:
        found += [
            {"name": name, "kind": "number", "default": 0, "min": -most, "max": most, "title": title, "help": words}
            for name, most, title, words in (
                ("translate_x", 1, "Moved right", "in widths of the picture; what comes in from the left is painted"),
                ("translate_y", 1, "Moved down", "in heights of the picture"),
                ("rotate", 180, "Turned", "clockwise, in degrees, about the middle, before it is moved"),
            )
        ]
    if classes:
        words = "of seeds that name none"
        found.append(
            {
                "name": "class",
                "kind": "integer",
                "default": 0,
                "min": 0,
                "max": classes - 1,
                "title": "Class",
                "help": words,
            }
        )
    return found
