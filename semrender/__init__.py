"""Painting from a script: `import semrender`, `semrender.connect()`. docs/python.md shows it.

`commands` is the command line, which stands on the same functions. This room joins the others: it may import them all,
and holds no logic. A name is loaded when it is used, so that importing this costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semrender.commands import main as main
    from shared.changes import Changes
    from shared.door import Job, Server
    from shared.errors import (
        DiskFull,
        FramesFailed,
        InputRefused,
        Interrupted,
        MissingInput,
        ModelRefused,
        SemrenderError,
        ServerError,
    )
    from shared.shot import Shot, ShotLayer, read_shot
    from shared.told import (
        Checked,
        ClassShare,
        Ended,
        Event,
        Frame,
        LayerReport,
        Looked,
        Paused,
        Report,
        Result,
        Resumed,
        Status,
        Underpainted,
    )

WHERE = {
    "semrender.commands": ["main"],
    "shared.changes": ["Changes"],
    "shared.door": ["Job", "Server"],
    "shared.errors": ["DiskFull", "FramesFailed", "InputRefused", "Interrupted", "MissingInput", "ModelRefused"]
    + ["SemrenderError", "ServerError"],
    "shared.shot": ["Shot", "ShotLayer", "read_shot"],
    "shared.told": [
        "Checked",
        "ClassShare",
        "Ended",
        "Event",
        "Frame",
        "LayerReport",
        "Looked",
        "Paused",
        "Report",
        "Result",
    ]
    + ["Resumed", "Status", "Underpainted"],
}

__all__ = [
    "Changes",
    "Checked",
    "ClassShare",
    "DiskFull",
    "Ended",
    "Event",
    "Frame",
    "FramesFailed",
    "InputRefused",
    "Interrupted",
    "Job",
    "LayerReport",
    "Looked",
    "MissingInput",
    "ModelRefused",
    "Paused",
    "Report",
    "Result",
    "Resumed",
    "SemrenderError",
    "Server",
    "ServerError",
    "Shot",
    "ShotLayer",
    "Status",
    "Underpainted",
    "connect",
    "read_shot",
]


def connect(device: str = "auto", *, here: bool = False, private: bool = False) -> Server:
    """A server to paint on: the one that runs, else one of this process's own, which ends with it.

    Args:
        device: "auto", "cpu", "cuda", "cuda:1" or "mps"; one that the running server does not paint on is refused.
        here: on this machine, not on the server it is connected to.
        private: one of this process's own in any case.

    Raises ServerError. It belongs to the thread that made it, and is closed by `with` or `close`.
    """
    from semrender import comps
    from shared import door

    found = None if private else door.find(here, device, comps=comps)
    return found or door.start(device, comps=comps)


def __getattr__(name: str) -> Any:
    for module, names in WHERE.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"semrender has no {name}")


def __dir__() -> list[str]:
    return __all__
