"""Loading plug-ins as Maya does: their text is run, found on MAYA_PLUG_IN_PATH [facts 2.4]."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from maya.api import OpenMaya
from maya.scene import SCENE

autoload: dict[str, bool] = {}
_loaded: dict[str, dict[str, Any]] = {}


def bare(name: str) -> str:
    return Path(name).name[:-3] if name.endswith(".py") else name


def load(name: str) -> list[str]:
    own = bare(name)
    if own in SCENE.plugins:
        return []
    if own == "mtoa":
        if not SCENE.has_arnold:
            raise RuntimeError('Plug-in, "mtoa", was not found on MAYA_PLUG_IN_PATH.')
    else:
        folders = os.environ.get("MAYA_PLUG_IN_PATH", "").split(os.pathsep)
        found = [Path(name)] if Path(name).is_absolute() and Path(name).is_file() else []
        found += [Path(folder) / f"{own}.py" for folder in folders if (Path(folder) / f"{own}.py").is_file()]
        if not found:
            raise RuntimeError(f'Plug-in, "{name}", was not found on MAYA_PLUG_IN_PATH.')
        space: dict[str, Any] = {"__file__": str(found[0])}
        exec(compile(found[0].read_text("utf-8"), str(found[0]), "exec"), space)
        assert "maya_useNewAPI" in space
        space["initializePlugin"](OpenMaya.MObject())
        _loaded[own] = space
    SCENE.plugins.add(own)
    return [own]


def unload(name: str) -> list[str]:
    own = bare(name)
    if own not in SCENE.plugins:
        raise RuntimeError(f"{name} is not loaded")
    if own in _loaded:
        _loaded.pop(own)["uninitializePlugin"](OpenMaya.MObject())
    SCENE.plugins.discard(own)
    return [own]
