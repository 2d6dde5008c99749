"""Where host and panel meet, in a Maya with windows: shelf, dock, and the one session with the server.

The panel may be closed and opened again while jobs go on: the session lives as long as the plug-in.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from maya_plugin.host import commands, dock, shelf
from maya_plugin.host.session import MayaHost
from maya_plugin.ui.panel import Panel
from maya_plugin.ui.qt import widget_at
from maya_plugin.ui.services import Services, services

TITLE = "semrender"
ICONS = Path(__file__).resolve().parent / "icons"

_services: Services | None = None
_panel: Panel | None = None
_stop_watching: Callable[[], None] | None = None


def start() -> None:
    """Called when the plug-in is loaded."""
    commands.ACTIONS.update(
        panel=_press(lambda panel: None),
        showClasses=_press(lambda panel: panel.class_actions.show_classes(not panel.host.shows_classes())),
        paintFrame=_press(lambda panel: panel.work.do(panel.paint_actions.paint_frame)),
        renderShot=_press(lambda panel: panel.work.do(panel.paint_actions.render_shot)),
        sendToAfterEffects=_press(lambda panel: panel.work.do(panel.paint_actions.send_latest)),
    )
    shelf.build(ICONS)


def stop() -> None:
    """Called when the plug-in is unloaded: panel, shelf and thread are gone afterwards."""
    dock.close()
    closed()
    shelf.remove()
    _end_session()


def show() -> Panel:
    """The panel, opened or brought to the front."""
    run = f"import {__name__} as semrender; semrender."
    dock.show(TITLE, f"{run}fill()", f"{run}closed()")
    assert _panel is not None
    return _panel


def fill() -> None:
    """Called by Maya when it has made the control, also while it restores its workspace at the start."""
    global _panel
    closed()
    parent = widget_at(dock.being_filled())
    _panel = Panel(_session(), parent)
    layout = parent.layout()
    assert layout is not None
    layout.addWidget(_panel)


def closed() -> None:
    """Called by Maya when the control was closed; Qt deletes the panel with it."""
    global _panel
    if _panel is not None:
        _panel.leave()
        _panel = None


def _press(action: Callable[[Panel], object]) -> Callable[[], None]:
    """A shelf button: what it does is seen in the panel."""

    def pressed() -> None:
        action(show())

    return pressed


def _session() -> Services:
    global _services, _stop_watching
    if _services is None:
        host = MayaHost()
        _services = services(host)
        _services.session.begin()
        _stop_watching = host.watch(lambda what: _end_session() if what == "closing" else None)
    else:
        _services.session.repeat()
    return _services


def _end_session() -> None:
    global _services, _stop_watching
    if _stop_watching is not None:
        _stop_watching()
        _stop_watching = None
    if _services is not None:
        _services.session.end()
        _services = None
