"""maya.mel of the fake: the few sentences of MEL that the plug-in says."""

from __future__ import annotations

import re
from typing import Any

from maya import cmds, cmds_ui, human_ik, windows
from maya.api import OpenMaya
from maya.scene import SCENE

PRESSED = re.compile(
    r'if \(!`pluginInfo -query -loaded "(?P<asked>\w+)"` && catch\(`loadPlugin "(?P<plugin>\w+)"`\)\) '
    r'warning "(?P<words>[^"]+)"; else (?P<command>\w+) "(?P<action>\w+)";'
)


def eval(code: str) -> Any:
    if re.fullmatch(r"\$\w+ = \$gShelfTopLevel", code):
        return windows.TOP if windows.up[0] and not windows.kiosk[0] else ""
    said = re.fullmatch(r'python\("([^"]*)"\)', code)
    if said is not None:
        exec(said[1], {})
        return None
    if re.fullmatch(r"\$\w+ = \$gPlayBackSlider", code):
        return "MainPlaybackRangeLayout|formLayout9|frameLayout2|timeControl1"
    added = re.fullmatch(r'addNewShelfTab "(\w+)"', code)
    if added:
        return windows.add_tab(added[1])
    loaded = re.fullmatch(r"loadShelf\((\d+)\)", code)
    if loaded:
        return windows.load_shelf(int(loaded[1]))
    if re.match(r"(exists|set\w*|hik\w*)\b", code):
        return human_ik.eval(code)
    own = re.fullmatch(r"(\w+) (\d+)", code)
    if own is not None and own[1] in OpenMaya.commands:
        return OpenMaya.run(own[1], own[2])
    pressed = PRESSED.fullmatch(code)
    if pressed is None:
        raise RuntimeError(f"Syntax error: {code}")
    if pressed["asked"] not in SCENE.plugins:
        try:
            cmds.loadPlugin(pressed["plugin"])
        except RuntimeError:  # catch
            cmds_ui.warnings.append(pressed["words"])
            return None
    if pressed["command"] not in OpenMaya.commands:
        raise RuntimeError(f'Cannot find procedure "{pressed["command"]}".')
    return OpenMaya.run(pressed["command"], pressed["action"])
