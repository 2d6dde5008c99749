"""maya.standalone: a Maya without window."""

from __future__ import annotations

from maya.scene import SCENE

initialized = False


def initialize(name: str = "python") -> None:
    global initialized
    if initialized:
        raise RuntimeError("maya.standalone is already initialized")  # [open]
    initialized = True
    SCENE.program = "mayapy"


def uninitialize() -> None:
    global initialized
    initialized = False
