"""maya.standalone: a Maya without window."""

from __future__ import annotations

initialized = False


def initialize(name: str = "python") -> None:
    global initialized
    if initialized:
        raise RuntimeError("maya.standalone is already initialized")  # [open]
    initialized = True


def uninitialize() -> None:
    global initialized
    initialized = False
