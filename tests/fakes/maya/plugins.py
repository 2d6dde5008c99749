"""Loading plug-ins as Maya does: their text is run, found on MAYA_PLUG_IN_PATH [facts 2.4]."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from maya.api import OpenMaya
from maya.scene import SCENE

autoload: dict[str, bool] = {}  # pluginPrefs: Maya loads these at its next start, and warns where they are gone
security = ["off"]  # secure loading: "off", or what is pressed: "allow", "deny" (an error), "deny quietly" [open which]
TRUSTED = (
    "SafeModeAllowedlistPaths"  # its preference, an array of folders; Maya refuses changes by script [public code]
)
SHIPPED = ("AbcImport", "mayaUsdPlugin", "gpuCache")  # with Maya; loaded where a scene or a person wants them
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
    elif own in ("mayaHIK", "mayaCharacterization"):
        if own not in SCENE.human_ik:
            raise RuntimeError(f'Plug-in, "{own}", was not found on MAYA_PLUG_IN_PATH.')
    elif own not in SHIPPED:
        folders = os.environ.get("MAYA_PLUG_IN_PATH", "").split(os.pathsep)
        found = [Path(name)] if Path(name).is_absolute() and Path(name).is_file() else []
        found += [Path(folder) / f"{own}.py" for folder in folders if (Path(folder) / f"{own}.py").is_file()]
        if not found:
            raise RuntimeError(f'Plug-in, "{name}", was not found on MAYA_PLUG_IN_PATH.')
        if not _allowed(found[0]):
            if security[0] == "deny":
                raise RuntimeError(f"The plug-in {found[0]} is not in a trusted location.")  # [open] the words
            return []
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
    if own in _loaded and any(map(OpenMaya.is_in_the_queue, OpenMaya.commands)):
        raise RuntimeError(f'Plug-in, "{own}", cannot be unloaded because it is still in use.')  # what can be undone
    if own in _loaded:
        _loaded.pop(own)["uninitializePlugin"](OpenMaya.MObject())
    SCENE.plugins.discard(own)
    return [own]


def load_kept() -> list[str]:
    """At Maya's start: the plug-ins of its preferences; what it warned of."""
    warned = []
    for name in [name for name, on in autoload.items() if on]:
        try:
            load(name)
        except RuntimeError as error:
            warned.append(str(error))
    return warned


def _allowed(file: Path) -> bool:
    """Its folder is trusted, or somebody presses Allow, with "Apply to all plug-ins in this location"."""
    from maya import cmds_ui

    folder = file.parent.as_posix()
    listed = SCENE.options.get(TRUSTED, [])
    if security[0] == "off" or folder in listed:
        return True
    cmds_ui.dialogs.append(f"Maya asks whether to load {file.name} from a location that is not trusted")
    if security[0] != "allow":
        return False
    SCENE.options[TRUSTED] = [*listed, folder]
    return True
