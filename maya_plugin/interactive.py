"""Where host and panel meet, in a Maya with windows: shelf, dock, and the one session with the server.

The panel may be closed and opened again while jobs go on: the session lives as long as the plug-in.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from maya_plugin.host import commands, dock, shelf
from maya_plugin.host.session import MayaHost
from maya_plugin.ui.panel import Panel
from maya_plugin.ui.qt import QtWidgets, alive, widget_at
from maya_plugin.ui.services import Services, services

TITLE = "semrender"
# Python that Maya keeps between quotes, so in one line each. Where the module is gone, nothing happens.
FILL = (
    f"import importlib.util as u; n = {__name__.partition('.')[0]!r}; "
    f"u.find_spec(n) and __import__({__name__.rpartition('.')[0] + '.restored'!r}, fromlist=['fill']).fill()"
)
CLOSED = f"import sys; m = sys.modules.get({__name__!r}); m and m.closed()"
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
    shelf.ready(ICONS)


def stop() -> None:
    """Called when the plug-in is unloaded: panel and thread are gone afterwards. The shelf's buttons load it again."""
    dock.close()
    closed()
    _end_session()


def show() -> Panel | None:
    """The panel, opened or brought to the front; None where Maya has no place for it yet."""
    dock.show(TITLE, FILL, CLOSED)
    if _panel is None and dock.address():  # restored empty, or a hidden tab that Maya would fill later
        _fill(widget_at(dock.address()))
    return _panel


def fill() -> None:
    """Called by Maya when it has made the control, also while it restores its workspace at the start."""
    _fill(widget_at(dock.being_filled()))


def _fill(parent: QtWidgets.QWidget) -> None:
    """A panel for the control; one that was there before makes room."""
    global _panel
    if _panel is not None and alive(_panel):
        _panel.setParent(None)
        _panel.deleteLater()
    closed()
    panel = _panel = Panel(_session(), parent)
    panel.destroyed.connect(lambda *_: _lost(panel))  # Maya may delete it with a workspace, and not say so
    layout = parent.layout() or QtWidgets.QVBoxLayout(parent)
    layout.addWidget(panel)


def closed() -> None:
    """Called by Maya when the control was closed; Qt deletes the panel with it."""
    global _panel
    if _panel is not None:
        _panel.leave()
        _panel = None


def _lost(panel: Panel) -> None:
    global _panel
    panel.leave()
    if _panel is panel:
        _panel = None


def _press(action: Callable[[Panel], object]) -> Callable[[], None]:
    """A shelf button: what it does is seen in the panel."""

    def pressed() -> None:
        panel = show()
        if panel is not None:
            action(panel)
        else:
            dock.later(again)

    def again() -> None:
        panel = show()
        if panel is not None:
            action(panel)

    return pressed


def _session() -> Services:
    global _services, _stop_watching
    if _services is None:
        host = MayaHost()
        _services = services(host)
        _services.session.begin()
        _stop_watching = host.watch(_heard)
    else:
        _services.session.repeat()
    return _services


def _heard(what: str) -> None:
    """At Maya's end only the thread is stopped: Maya takes everything else down, and does not like to be helped."""
    if what == "closing" and _services is not None:
        _services.session.end(wait=False)


def _end_session() -> None:
    global _services, _stop_watching
    if _stop_watching is not None:
        _stop_watching()
        _stop_watching = None
    if _services is not None:
        _services.session.end()
        _services = None
