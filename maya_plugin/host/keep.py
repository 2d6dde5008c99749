"""What a change to the scene owes the artist: one undo step, or, where it is temporary, no trace at all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from maya import cmds
from maya.api import OpenMaya

from maya_plugin.core.refusal import HostRefused
from maya_plugin.core.render_settings import Setting, Value


@contextmanager
def undo_step(name: str) -> Iterator[None]:
    """Everything in the block is one undo step. Commands: undoInfo."""
    cmds.undoInfo(openChunk=True, chunkName=name)
    try:
        yield
    finally:
        cmds.undoInfo(closeChunk=True)


@contextmanager
def in_root() -> Iterator[None]:
    """New nodes get the names that they are given, whatever namespace is the current one.

    No commands: changing the namespace would be a step of undo.
    """
    space = OpenMaya.MNamespace
    before = space.currentNamespace()
    space.setCurrentNamespace(":")
    try:
        yield
    finally:
        if space.namespaceExists(before):
            space.setCurrentNamespace(before)


@contextmanager
def unrecorded() -> Iterator[None]:
    """Nothing in the block reaches the undo queue, and the scene is as saved as before. Commands: undoInfo, file."""
    recording = cmds.undoInfo(query=True, state=True)
    modified = cmds.file(query=True, modified=True)
    if recording:
        cmds.undoInfo(stateWithoutFlush=False)
    try:
        yield
    finally:
        with ExitStack() as last:
            if recording:
                last.callback(lambda: cmds.undoInfo(stateWithoutFlush=True))
            last.callback(lambda: cmds.file(modified=modified))


@contextmanager
def untouched() -> Iterator[None]:
    """Nothing in the block reaches the undo queue; selection, time and the scene's modified flag come back.

    Commands: undoInfo, file, ls, select, currentTime.
    """
    selected = cmds.ls(selection=True, long=True, ufeObjects=True)
    time = cmds.currentTime(query=True)
    with unrecorded():
        try:
            yield
        finally:
            with ExitStack() as last:  # each of these happens, whatever the other does
                if cmds.ls(selection=True, long=True, ufeObjects=True) != selected:  # who listens hears of nothing
                    last.callback(lambda: select(selected))
                if cmds.currentTime(query=True) != time:
                    last.callback(lambda: cmds.currentTime(time, edit=True))


def select(members: list[str]) -> None:
    """Select these, or nothing. Commands: select."""
    if members:
        cmds.select(members, replace=True, noExpand=True)
    else:
        cmds.select(clear=True)


@contextmanager
def changed(settings: Iterable[Setting]) -> Iterator[None]:
    """Attributes have these values in the block and their own again after it, connections and locks included.

    Raises HostRefused naming the attribute where one does not take its value. Commands: getAttr, setAttr,
    attributeQuery, listConnections, connectAttr, disconnectAttr.
    """
    with ExitStack() as back:
        for one in settings:
            if one.optional and not _exists(one.attribute):
                continue
            _change(one, back)
        yield


def _exists(plug: str) -> bool:
    node, _, attribute = plug.partition(".")
    return cmds.objExists(node) and cmds.attributeQuery(attribute, node=node, exists=True)


def _change(setting: Setting, back: ExitStack) -> None:
    plug = setting.attribute
    try:
        before = cmds.getAttr(plug)
        if _same(before, setting.value) and not _driver(plug):
            return
        if cmds.getAttr(plug, lock=True):
            cmds.setAttr(plug, lock=False)
            back.callback(lambda: cmds.setAttr(plug, lock=True))
        driver = _driver(plug)
        if driver:
            cmds.disconnectAttr(driver, plug)
            back.callback(lambda: cmds.connectAttr(driver, plug, force=True))
        back.callback(lambda: set_value(plug, before))
        set_value(plug, setting.value)
        if not _same(cmds.getAttr(plug), setting.value):
            raise RuntimeError(f"it stays at {cmds.getAttr(plug)}")
    except (RuntimeError, ValueError) as error:
        raise HostRefused(
            f"{plug} cannot be set to {setting.value!r} for the label pass",
            cause=f"It is locked, driven or overridden: {error}",
            remedy=f"Look at {setting.place}; render layer overrides on it must go",
        ) from None


def _same(have: Any, wanted: Value) -> bool:
    """Maya keeps some numbers as 32-bit floats."""
    if isinstance(have, float) and isinstance(wanted, (int, float)):
        return math.isclose(have, wanted, rel_tol=1e-5)
    return bool(have == wanted)


def _driver(plug: str) -> str:
    return (cmds.listConnections(plug, source=True, destination=False, plugs=True) or [""])[0]


def set_value(plug: str, value: Any) -> None:
    """setAttr for numbers, texts and the [(x, y, z)] that getAttr gives for three numbers."""
    if value is None or isinstance(value, str):
        cmds.setAttr(plug, value or "", type="string")
    elif isinstance(value, list):
        cmds.setAttr(plug, *value[0], type="double3")
    else:
        cmds.setAttr(plug, value)
