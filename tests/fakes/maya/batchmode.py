"""The program `maya -batch -command MEL` (on Windows `mayabatch -command MEL`). No Maya has this module."""

from __future__ import annotations

import sys

from maya import mel
from maya.scene import SCENE

if __name__ == "__main__":
    arguments = [one for one in sys.argv[1:] if one != "-batch"]
    assert arguments[0] == "-command" and len(arguments) == 2, arguments
    SCENE.program = "mayabatch"
    mel.eval(arguments[1])
