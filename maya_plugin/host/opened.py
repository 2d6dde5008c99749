"""A copy that was opened in a Maya of its own: what is missing in it, and all that makes it fit for passes.

Nothing here is given back: it happens in a copy.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from maya import cmds

from maya_plugin.core import machine
from maya_plugin.core.contract import HARDWARE, ShotRequest
from maya_plugin.core.members import parent, short
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host import imports, objects, renderers, rescue, scene

NAMED = 3
TRY_SIZE = (16, 16)


def try_hardware() -> str:
    """Draw one frame of an empty scene; why it failed, or an empty text. What came of it is remembered.

    Commands: createNode, about, and those of host.renderers.
    """
    transform = cmds.createNode("transform", name="semrender_try", skipSelect=True)
    camera = cmds.createNode("camera", name="semrender_tryShape", parent=transform, skipSelect=True)
    cause = ""
    with TemporaryDirectory(prefix="semrender_") as folder:
        try:
            with renderers.ready(HARDWARE, TRY_SIZE, "label"):
                renderers.render(HARDWARE, camera, 1, TRY_SIZE, "defaultRenderLayer", Path(folder) / "try.png")
        except HostRefused as error:
            cause = error.cause or error.what
    machine.remember_hardware(str(cmds.about(version=True)), cause)
    return cause


def open_copy(path: str, project: str | None) -> list[str]:
    """Open a scene; what could not be loaded with it, in words. Raises HostRefused where Maya opens nothing.

    Commands: workspace, file, ls, referenceQuery, unknownPlugin.
    """
    said = ""
    try:
        if project:
            cmds.workspace(project, openWorkspace=True)
        cmds.file(path, open=True, force=True)
    except RuntimeError as error:
        if not cmds.file(query=True, sceneName=True):  # Maya also raises for what is only missing in it
            raise HostRefused("Maya cannot open the scene", file=path, cause=str(error)) from None
        said = str(error).strip()
    return _missing(said)


def _missing(said: str) -> list[str]:
    notes = []
    plugins = sorted(set(cmds.unknownPlugin(query=True, list=True) or []))
    if plugins:
        notes.append(f"plug-ins that the scene needs are not in this Maya: {', '.join(plugins)}")
    unknown = objects.unknown_nodes()
    if unknown:
        notes.append(f"{len(unknown)} nodes are of types that this Maya does not know, such as {_some(unknown)}")
    unloaded = objects.unloaded_references()
    if unloaded:
        notes.append(f"{len(unloaded)} references are not loaded: {_some(unloaded)}")
    if said and not notes:
        notes.append(f"Maya said while it opened the scene: {said.splitlines()[0]}")
    return notes


def made_ready(request: ShotRequest, missing: list[str]) -> list[str]:
    """Make the opened copy fit for passes; what the artist should know. Everything that changes the copy begins here.

    Raises HostRefused where something with a class is gone. Commands: ls, lockNode, setAttr, getAttr.
    """
    notes = [*missing, *_compared(request, missing)]
    notes += imports.open_caches(scene.settings(), scene.label_set(), request.prims)
    for group in cmds.ls(type="shadingEngine"):
        with contextlib.suppress(RuntimeError):  # locked by hand or against viruses; by its reference it stays so
            cmds.lockNode(group, lock=False, lockUnpublished=False)
    if rescue.left():
        rescue.put_back()
    kept = _drawn_plainly()
    if kept:
        notes.append(f"{len(kept)} things keep how the viewport draws them, such as {_some(kept)}: they are locked")
    notes += _dynamics(request)
    return notes


def _compared(request: ShotRequest, missing: list[str]) -> list[str]:
    """The copy against the session that it was made in. Raises HostRefused where something with a class is gone."""
    if not cmds.objExists(request.camera):
        raise HostRefused(
            f"the camera {short(parent(request.camera))} is not in the copy of the scene", cause="; ".join(missing)
        )
    gone = [path for path in request.classed if not cmds.objExists(path)]
    if gone:
        raise HostRefused(
            f"{len(gone)} things that have a class are not in the copy of the scene, such as {_some(gone)}",
            cause="; ".join(missing) or "The Maya that renders has other plug-ins or paths than the session",
            remedy="Make the plug-ins, references and paths known to a Maya without windows, then render again",
        )
    have = Counter(kind for _, kind in objects.shapes())
    less = {kind: number - have[kind] for kind, number in request.shapes.items() if have[kind] < number}
    words = ", ".join(f"{number} x {kind}" for kind, number in sorted(less.items()))
    return [f"the session had more than its copy: {words}"] if less else []


def _drawn_plainly() -> list[str]:
    """Surfaces are drawn as such, whatever display layers and drawing overrides say; returns what stays otherwise."""
    plain = {"displayType": 0, "levelOfDetail": 0, "shading": True}
    kept = [one for one in cmds.ls(type="displayLayer") if not _all_set(one, plain)]
    plain = {"overrideDisplayType": 0, "overrideLevelOfDetail": 0, "overrideShading": True}
    seen: set[str] = set()
    for path, _ in objects.shapes():
        while path and path not in seen:
            seen.add(path)
            if cmds.getAttr(f"{path}.overrideEnabled") and not _all_set(path, plain):
                kept.append(path)
            path = parent(path)
    return kept


def _all_set(node: str, values: dict[str, int]) -> bool:
    done = True
    for name, value in values.items():
        if cmds.getAttr(f"{node}.{name}") != value:
            try:
                cmds.setAttr(f"{node}.{name}", value)
            except RuntimeError:
                done = False
    return done


def _dynamics(request: ShotRequest) -> list[str]:
    """Simulations without a cache begin where the render begins, unlike in the session."""
    known = set(cmds.allNodeTypes())
    solvers = [one for one in cmds.ls(type="nucleus") if cmds.getAttr(f"{one}.enable")] if "nucleus" in known else []
    late = [one for one in solvers if cmds.getAttr(f"{one}.startFrame") < request.first]
    if not late or ("cacheFile" in known and cmds.ls(type="cacheFile")):
        return []
    return [f"{_some(late)} simulates without a cache, from before frame {request.first} on: cache it, then render"]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(short(name) for name in names[:NAMED]) + more
