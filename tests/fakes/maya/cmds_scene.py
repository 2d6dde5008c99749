"""The scene as a whole: files, references, time, undo."""

from __future__ import annotations

from pathlib import Path as FilePath

from maya import files
from maya.command import command
from maya.scene import NO, SCENE


@command(undoable=False)
def about(*, apiVersion=NO, batch=NO, version=NO, majorVersion=NO, product=NO):
    if apiVersion:
        return 20230000
    if product:
        return "Maya 2023"
    if batch:
        return SCENE.hooks.get("interactive") is None
    return "2023"


@command()
def currentTime(time=NO, /, *, query=NO, edit=NO):
    if query:
        return SCENE.time
    before, now = SCENE.time, float(time)

    def put(value):
        SCENE.time = value

    modified = SCENE.modified
    SCENE.change(lambda: put(now), lambda: put(before))
    SCENE.modified = modified  # moving in time does not make a scene unsaved [open]
    return now


@command(undoable=False)
def upAxis(*, query, axis):
    return SCENE.up


@command(undoable=False)
def file(
    path="",
    /,
    *,
    query=NO,
    sceneName=NO,
    modified=NO,
    newFile=NO,
    force=NO,
    exportAll=NO,
    type="",
    preserveReferences=NO,
    open=NO,
    reference=NO,
    namespace="",
    rename="",
    save=NO,
    loadReference="",
):
    if query:
        return [SCENE.file_type] if type else SCENE.modified if modified else SCENE.path
    if modified is not NO:
        SCENE.modified = modified
    elif newFile:
        _refuse_loss(force)
        SCENE.reset()
        SCENE.modified = False
    elif exportAll:
        if type != SCENE.file_type and any(node.kind.startswith("unknown") for node in SCENE.all()):
            raise RuntimeError(files.UNKNOWN_DATA)
        files.write(SCENE, path)
    elif open:
        _refuse_loss(force)
        if not FilePath(path).is_file():
            raise RuntimeError(f"File not found: {path}")
        SCENE.reset()
        files.read(SCENE, path)
        SCENE.path, SCENE.modified = path, False
        SCENE.file_type = "mayaBinary" if path.endswith(".mb") else "mayaAscii"
        SCENE.undo_queue.clear()
        if files.left_out(SCENE):
            raise RuntimeError("Errors have occurred while reading this scene that may result in data loss.")
    elif reference:
        if not FilePath(path).is_file():
            raise RuntimeError(f"File not found: {path}")
        files.refer(SCENE, path, namespace)
        SCENE.undo_queue.clear()  # not undoable
    elif loadReference:
        node = SCENE.one(loadReference)[-1]
        if node.kind != "reference" or "file" not in node.values:
            raise RuntimeError(f"{loadReference} is not associated with a file")
        node.values.pop("unloaded", None)
    elif rename:
        SCENE.path = rename
    elif save:
        if not SCENE.path:
            raise RuntimeError("No file name specified")  # [open] the words
        files.write(SCENE, SCENE.path)
        SCENE.modified = False
    return path or rename


@command(undoable=False)
def redo():
    SCENE.redo()


@command(undoable=False)
def referenceQuery(
    node,
    /,
    *,
    isNodeReferenced=NO,
    isLoaded=NO,
    filename=NO,
    withoutCopyNumber=NO,
    nodes=NO,
    dagPath=NO,
    editStrings=NO,
):
    one = SCENE.one(node)[-1]
    if editStrings:
        return list(one.edits) or None
    if isNodeReferenced:
        return one.reference is not None
    if one.kind != "reference" or "file" not in one.values:
        raise RuntimeError(f"{node} is not associated with a file")
    if isLoaded:
        return not one.values.get("unloaded") and one.values["file"] not in SCENE.missing_files
    if filename:
        return one.values["file"]
    return [SCENE.short(SCENE.paths(n)[0]) for n in SCENE.all() if n.reference is one] or None


@command(undoable=False)
def undo():
    SCENE.undo()


@command(undoable=False)
def undoInfo(*, openChunk=NO, chunkName="", closeChunk=NO, stateWithoutFlush=NO, query=NO, state=NO, undoName=NO):
    if query:
        return SCENE.recording if state else (SCENE.undo_queue[-1][0] if SCENE.undo_queue else "")
    if openChunk:
        SCENE.begin(chunkName)
    elif closeChunk:
        SCENE.end()
    elif stateWithoutFlush is not NO:
        SCENE.recording = stateWithoutFlush
    return None


@command(undoable=False)
def unknownPlugin(*, query, list):
    """Of what a scene requires and this Maya has not [public code]."""
    return sorted(SCENE.missing_plugins) or None


@command(undoable=False)
def playbackOptions(*, query, minTime=NO, maxTime=NO):
    return SCENE.slider[0] if minTime else SCENE.slider[1]


@command(undoable=False)
def timeControl(name, /, *, query, rangeVisible=NO, rangeArray=NO, sound=NO):
    """The end of a marked range is the frame after the last; without one, the present frame [docs, public code]."""
    if sound:
        return SCENE.heard  # the node whose sound is played, "" for none [docs]
    if rangeVisible:
        return SCENE.marked is not None
    return list(SCENE.marked or (SCENE.time, SCENE.time + 1))


@command(undoable=False)
def workspace(path="", /, *, query=NO, rootDirectory=NO, openWorkspace=NO, fileRuleEntry=""):
    if fileRuleEntry:
        return SCENE.file_rules.get(fileRuleEntry, "")
    if query:
        return SCENE.project
    SCENE.project = path
    return None


def _refuse_loss(force: bool) -> None:
    if SCENE.modified and not force:
        raise RuntimeError("Unsaved changes.")
