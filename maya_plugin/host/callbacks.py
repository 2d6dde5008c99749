"""Maya's own news: another scene, another selection, the end. Callbacks are counted and all taken back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Callable

from maya.api import OpenMaya

Tell = Callable[[str], None]
Action = Callable[[], None]

SCENE = (
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

    def telling(what: str) -> Callable[[], None]:
        return lambda: tell(what)

    messages = {message: telling("scene") for message in SCENE}
    messages[OpenMaya.MSceneMessage.kAfterSave] = telling("saved")
    messages[OpenMaya.MSceneMessage.kMayaExiting] = telling("closing")
    changes = {name: telling("changed") for name in CHANGES}
    return listen(messages, {"SelectionChanged": telling("selection"), **changes})


def listen(messages: Mapping[int, Action], events: Mapping[str, Action]) -> Callable[[], None]:
    """Call something at messages of scenes and at events of Maya; returns how to stop."""
    ids = [OpenMaya.MSceneMessage.addCallback(message, _quiet(action)) for message, action in messages.items()]
    known = OpenMaya.MEventMessage.getEventNames()
    ids += [
        OpenMaya.MEventMessage.addEventCallback(name, _quiet(action))
        for name, action in events.items()
        if name in known
    ]

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


def _quiet(action: Action) -> Callable[..., None]:
    """An exception that leaves a callback can end the callback, or Maya."""

    def told(*_: Any) -> None:
        try:
            action()
        except Exception:
            logging.getLogger("semrender").exception("a listener of Maya's news failed")

    return told
