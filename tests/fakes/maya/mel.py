"""maya.mel of the fake: the few sentences of MEL that the plug-in says."""

from __future__ import annotations

import re
from typing import Any

from maya import cmds, windows
from maya.api import OpenMaya
from maya.scene import SCENE


def eval(code: str) -> Any:
    if re.fullmatch(r"\$\w+ = \$gShelfTopLevel", code):
        return windows.TOP
    pressed = re.fullmatch(r'if \(!`pluginInfo -query -loaded "(\w+)"`\) loadPlugin "(\w+)"; (\w+) "(\w+)";', code)
    if pressed is None:
        raise RuntimeError(f"Syntax error: {code}")
    asked, plugin, command, action = pressed.groups()
    if asked not in SCENE.plugins:
        cmds.loadPlugin(plugin)
    if command not in OpenMaya.commands:
        raise RuntimeError(f'Cannot find procedure "{command}".')
    return OpenMaya.run(command, action)
