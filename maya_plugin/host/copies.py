"""A saved copy of the scene, and the mayapy process that renders it: the artist's session goes on meanwhile."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path

from maya import cmds

from maya_plugin.core import passes
from maya_plugin.core.contract import BatchCommand, ShotRequest
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host import layers, renderers, scene
from maya_plugin.host.keep import untouched

BATCH = f"{__name__.partition('.host.')[0]}.batch"  # the command, beside this package wherever it is built to

LICENCE = "The render runs in a Maya of its own without window and takes one Maya licence until it has finished"
HIDDEN = ".semrender"  # folder of the copy, below that of the shot


def prepare(request: ShotRequest) -> BatchCommand:
    """Write the copy and the request, and say how to start. Raises HostRefused or InputRefused in words.

    Commands: file (exportAll), workspace.
    """
    passes.check_request(request)
    renderers.check(request.renderer)
    passes.check_label_set(scene.label_set())
    passes.plan_layers(request.layers, layers.layers())
    name = request.name or scene.scene().name
    folder = Path(request.folder) / HIDDEN
    copy = folder / "scene.ma"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with untouched():
            cmds.file(copy.as_posix(), exportAll=True, type="mayaAscii", preserveReferences=True, force=True)
        asked = folder / "request.json"
        asked.write_text(json.dumps(asdict(replace(request, name=name))), encoding="utf-8")
    except (OSError, RuntimeError) as error:
        raise HostRefused(
            "the copy of the scene cannot be written", file=copy, cause=str(error), remedy="Choose another folder"
        ) from None
    project = cmds.workspace(query=True, rootDirectory=True)
    arguments = (_mayapy(), "-m", BATCH, str(copy), "--request", str(asked), "--project", project)
    return BatchCommand(
        arguments=arguments,
        environment={"PYTHONPATH": os.pathsep.join(_packages()), "MAYA_DISABLE_CIP": "1"},
        request_file=str(asked),
        log_file=str(folder / "maya.log"),
        licence=LICENCE,
    )


def open_scene(path: str, project: str | None) -> None:
    """Open a scene in a process of its own. Raises HostRefused where Maya cannot. Commands: workspace, file."""
    try:
        if project:
            cmds.workspace(project, openWorkspace=True)
        cmds.file(path, open=True, force=True)
    except RuntimeError as error:
        if not cmds.file(query=True, sceneName=True):  # Maya also raises for what is only missing in it
            raise HostRefused("Maya cannot open the scene", file=path, cause=str(error)) from None


def _packages() -> list[str]:
    """Folders that a fresh mayapy needs to find this package, zmq and msgpack."""
    found = []
    for name in (__name__.partition(".")[0], "zmq", "msgpack"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            found.append(str(Path(spec.origin).parent.parent))
    return list(dict.fromkeys(found))


def _mayapy() -> str:
    """The interpreter of the Maya that runs. Raises HostRefused where it has none beside it."""
    folder = Path(os.environ.get("MAYA_LOCATION", "")) / "bin"
    program = folder / ("mayapy.exe" if sys.platform == "win32" else "mayapy")
    if not program.is_file():
        raise HostRefused("this Maya has no mayapy", file=program, remedy="Set MAYA_LOCATION to Maya's own folder")
    return str(program)
