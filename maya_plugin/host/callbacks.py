"""Maya's own news: another scene, another selection, the end. Callbacks are counted and all taken back."""

from __future__ import annotations

import logging
from typing import Any, Callable

from maya.api import OpenMaya

Tell = Callable[[str], None]

_SCENE = (
    OpenMaya.MSceneMessage.kAfterNew,
    OpenMaya.MSceneMessage.kAfterOpen,
    OpenMaya.MSceneMessage.kAfterImport,
    OpenMaya.MSceneMessage.kAfterCreateReference,
    OpenMaya.MSceneMessage.kAfterLoadReference,
    OpenMaya.MSceneMessage.kAfterUnloadReference,
)
# What may change which class things have. No Maya must know all of these events.
CHANGES = ("Undo", "Redo", "DagObjectCreated", "NameChanged", "SetModified")
_running: list[Callable[[], None]] = []


def watch(tell: Tell) -> Callable[[], None]:
    """Call `tell` as core.contract.Host.watch says; returns how to stop."""
    messages = [(message, "scene") for message in _SCENE]
    messages += [(OpenMaya.MSceneMessage.kAfterSave, "saved"), (OpenMaya.MSceneMessage.kMayaExiting, "closing")]
    ids = [OpenMaya.MSceneMessage.addCallback(message, _quiet(tell, what)) for message, what in messages]
    events = [("SelectionChanged", "selection"), *((name, "changed") for name in CHANGES)]
    known = OpenMaya.MEventMessage.getEventNames()
    ids += [OpenMaya.MEventMessage.addEventCallback(name, _quiet(tell, what)) for name, what in events if name in known]

    def stop() -> None:
        while ids:
            OpenMaya.MMessage.removeCallback(ids.pop())
        if stop in _running:
            _running.remove(stop)

    _running.append(stop)
    return stop


def stop_all() -> None:
    """Take back what nobody took back."""
    for stop in list(_running):
        stop()


def _quiet(tell: Tell, what: str) -> Callable[..., None]:
    """An exception that leaves a callback can end the callback, or Maya."""

    def told(*_: Any) -> None:
        try:
            tell(what)
        except Exception:
            logging.getLogger("semrender").exception("a listener of Maya's news failed")

    return told
