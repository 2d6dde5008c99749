"""A saved copy of the scene, and the process that renders it: the artist's session goes on meanwhile."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

from maya import cmds

from maya_plugin.core import machine, passes
from maya_plugin.core.contract import ARNOLD, HARDWARE, BatchCommand, ShotRequest
from maya_plugin.core.members import is_component
from maya_plugin.core.programs import BATCH_ARGUMENTS
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host import classes, layers, objects, renderers, scene, usd
from maya_plugin.host.keep import untouched

BATCH = f"{__name__.partition('.host.')[0]}.batch"  # the command, beside this package wherever it is built to

LICENCE = "The render runs in a Maya of its own without window and takes one Maya licence until it has finished"
HIDDEN = ".semrender"  # folder of the copy, below that of the shot
SUFFIXES = {"mayaAscii": ".ma", "mayaBinary": ".mb"}


def prepare(request: ShotRequest) -> BatchCommand:
    """Write the copy and the request, and say how to start. Raises HostRefused or InputRefused in words.

    Commands: file (exportAll), workspace.
    """
    passes.check_request(request)
    renderers.check(request.renderer)
    if request.renderer == HARDWARE:
        machine.check_hardware(_version())  # before a scene of gigabytes is copied in vain
    passes.check_label_set(scene.label_set())
    passes.plan_layers(request.layers, layers.layers())
    facts = scene.scene()
    folder = Path(request.folder) / HIDDEN
    copy = _write(facts.path, facts.name, folder)
    asked = folder / "request.json"
    had = Counter(kind for _, kind in objects.shapes())
    labels = scene.label_set()
    prims = {prim: labels.by_id(identity).name for prim, identity in usd.labelled(labels).items()}
    full = replace(request, name=request.name or facts.name, classed=tuple(_classed()), shapes=dict(had), prims=prims)
    try:
        asked.write_text(json.dumps(asdict(full)), encoding="utf-8")
    except OSError as error:
        raise _unwritable(asked, str(error)) from None
    project = cmds.workspace(query=True, rootDirectory=True)
    told = folder / "events.jsonl"
    arguments = [str(copy), "--request", str(asked), "--project", project, "--events", str(told)]
    program, more = _program(request.renderer, arguments)
    return BatchCommand(
        arguments=program,
        environment={"PYTHONPATH": _python_path(), "MAYA_DISABLE_CIP": "1", **more},
        request_file=str(asked),
        log_file=str(folder / "maya.log"),
        licence=LICENCE,
        events_file=str(told),
    )


def _write(path: str, name: str, folder: Path) -> Path:
    """The copy, of the type that the scene has: Maya changes none that holds what it does not know.

    It has the scene's name and XGen's files beside it, which are found by that name. Raises HostRefused.
    """
    kind = (cmds.file(query=True, type=True) or ["mayaAscii"])[0]
    kind = kind if kind in SUFFIXES else "mayaAscii"  # a scene that was never saved, or imported from elsewhere
    copy = folder / f"{name}{SUFFIXES[kind]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with untouched():
            cmds.file(copy.as_posix(), exportAll=True, type=kind, preserveReferences=True, force=True)
        for beside in Path(path).parent.glob(f"{_escaped(name)}__*.xg*") if path else ():
            shutil.copyfile(str(beside), str(folder / beside.name))
    except OSError as error:
        raise _unwritable(copy, str(error)) from None
    except RuntimeError as error:
        unknown = sorted(set(cmds.unknownPlugin(query=True, list=True) or []))
        if unknown or "unknown" in str(error):
            raise HostRefused(
                "the scene holds what this Maya does not know, and cannot be copied with it",
                file=copy,
                cause=f"{error} It needs {', '.join(unknown)}" if unknown else str(error),
                remedy="Load these plug-ins, or clean the scene (File > Optimize Scene Size > Unknown Nodes)",
            ) from None
        raise _unwritable(copy, str(error)) from None
    return copy


def _unwritable(file: Path, cause: str) -> HostRefused:
    return HostRefused(
        "the copy of the scene cannot be written", file=file, cause=cause, remedy="Choose another folder"
    )


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in name)


def _classed() -> list[str]:
    """The nodes that have a class, by full path."""
    found = [member for own in classes.class_sets() for member in own.members if not is_component(member)]
    return list(dict.fromkeys(found))


def _python_path() -> str:
    """What a fresh Maya needs to find this package, zmq and msgpack, before what the studio has."""
    found = []
    for name in (__name__.partition(".")[0], "zmq", "msgpack"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            found.append(str(Path(spec.origin).parent.parent))
    found += os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join(one for one in dict.fromkeys(found) if one)


def _program(renderer: str, arguments: list[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """How to start, and what to add to the environment: mayapy for Arnold; Hardware 2.0 wants Maya itself, in batch.

    Raises HostRefused where the Maya that runs has none beside it.
    """
    folder = Path(os.environ.get("MAYA_LOCATION", "")) / "bin"
    windows = sys.platform == "win32"
    if renderer == ARNOLD:
        program = folder / ("mayapy.exe" if windows else "mayapy")
        command, more = [str(program), "-m", BATCH, *arguments], {}
    else:
        program = folder / ("mayabatch.exe" if windows else "maya")
        start = f'python("import {BATCH} as batch; batch.in_maya()")'
        command = [str(program), *([] if windows else ["-batch"]), "-command", start]
        more = {BATCH_ARGUMENTS: json.dumps(arguments)}
    if not program.is_file():
        raise HostRefused(
            f"this Maya has no {program.name}", file=program, remedy="Set MAYA_LOCATION to Maya's own folder"
        )
    return tuple(command), more


def _version() -> str:
    return str(cmds.about(version=True))
