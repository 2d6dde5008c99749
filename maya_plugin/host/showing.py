"""Class colours in the viewport: a view, like that of any renderer, and never a change of the scene.

They follow every assignment and undo at once. Maya saves the names of overrides with its windows, so the panels are
without ours while a file is written.
"""

from __future__ import annotations

from typing import Callable

from maya import cmds
from maya.api import OpenMaya

from maya_plugin.core import passes
from maya_plugin.core.classes import Membership
from maya_plugin.core.looks import parts
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host import callbacks, classes, scene, viewport
from maya_plugin.host.drawings import Paint, drawing
from maya_plugin.host.overrides import Drawing
from maya_plugin.host.things import Thing, outlines

UNCLASSED = (0.5, 0.5, 0.5)  # instances without class beside some with one

_message = OpenMaya.MSceneMessage
_stop: list[Callable[[], None]] = []  # of the callbacks, while colours are shown
_waiting: list[bool] = []  # whether Maya was asked to refresh when it idles
_covered: list[str] = []  # panels that lost their colours for the time of a save


def show_classes(on: bool) -> None:
    """Show the palette's colours in every panel of the viewport, or the scene itself. Raises HostRefused."""
    if not on:
        end()
        return
    if not viewport.panels():
        raise HostRefused("classes are shown in the viewport", cause="This Maya has no windows")
    viewport.show(*_drawn())
    if not _stop:
        _stop.append(_follow())


def refresh() -> None:
    """What is shown as the scene is now; nothing while nothing is shown."""
    if _stop and viewport.is_on():
        viewport.show(*_drawn())


def end() -> None:
    """No colours and no callbacks."""
    while _stop:
        _stop.pop()()
    viewport.hide()


def _drawn() -> tuple[Drawing, list[str]]:
    """The drawing, and the shapes that keep their own look."""
    settings, labels = scene.settings(), scene.label_set()
    own = Membership(classes.class_sets(), labels)
    rest = labels.find(settings.rest).id if settings.rest else -1
    palette = next(iter(labels.palettes.values())).colors
    linear = cmds.colorManagementPrefs(query=True, cmEnabled=True)

    def paint(thing: Thing) -> Paint:
        found = parts(own.of(thing.path), rest)
        if all(part.identity < 0 for part in found):
            return []
        ids = [part.identity for part in found]
        colors = [UNCLASSED if one < 0 else passes.shown_value(palette[one], linear) for one in ids]
        return [(color, part.span) for color, part in zip(colors, found)]

    shown = drawing(outlines(settings), paint, UNCLASSED)
    drawn = {path for some in shown.shapes.values() for path in some} | set(shown.meshes)
    others = [
        *cmds.ls(shapes=True, long=True, noIntermediate=True, allPaths=True),
        *cmds.ls(type="instancer", long=True, allPaths=True),
    ]
    return shown, [path for path in others if path not in drawn]


def _follow() -> Callable[[], None]:
    messages = {
        _message.kBeforeSave: _cover,
        _message.kAfterSave: _uncover,
        _message.kBeforeExport: _cover,
        _message.kAfterExport: _uncover,
        **dict.fromkeys(callbacks.SCENE, _soon),
    }
    return callbacks.listen(messages, dict.fromkeys(callbacks.CHANGES, _soon))


def _soon() -> None:
    """Once when Maya idles, however much happens until then."""
    if not _waiting:
        _waiting.append(True)
        cmds.evalDeferred(_now, lowestPriority=True)


def _now() -> None:
    _waiting.clear()
    refresh()


def _cover() -> None:
    _covered[:] = viewport.covered()


def _uncover() -> None:
    viewport.uncover(_covered)
    _covered.clear()
