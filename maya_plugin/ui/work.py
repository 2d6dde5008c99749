"""What both halves of the panel share: doing something for the artist and saying what went wrong."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from maya_plugin.core.contract import Fix
from maya_plugin.core.news import ABSENT, LOST
from maya_plugin.core.refusal import explain
from maya_plugin.ui.bars import MessageBar
from maya_plugin.ui.services import Services
from shared.errors import SemrenderError, ServerError

log = logging.getLogger("semrender.maya")
Result = TypeVar("Result")


class Work:
    """Runs actions of the artist; whatever they raise becomes words, with a button where something can be mended."""

    def __init__(self, services: Services, bar: MessageBar) -> None:
        self.services = services
        self.host = services.host
        self._bar = bar
        self._press: Callable[[], None] | None = None
        bar.fix.connect(self._pressed)

    def do(self, action: Callable[[], Result]) -> Result | None:
        """The action's result, or None where it failed and was reported."""
        try:
            return action()
        except SemrenderError as error:
            self.report(error)
        except Exception as error:
            log.exception("unforeseen")
            self.report(SemrenderError("something unforeseen happened in the plug-in", cause=repr(error)))
        return None

    def report(self, error: SemrenderError, renderer: str = "") -> None:
        """renderer: of the pass that was refused, so that the setting to change can be named."""
        if renderer:
            error = explain(error, renderer)
        label, self._press = self._remedy(error)
        self._bar.show_error(error, label)

    def note(self, words: str, button: str = "", press: Callable[[], None] | None = None) -> None:
        self._press = press
        self._bar.show_note(words, button)

    def _remedy(self, error: SemrenderError) -> tuple[str, Callable[[], None] | None]:
        fix = self._fix_of_host(error)
        if fix is not None:
            name = fix.name
            return fix.label, lambda: self._fix(name)
        server = self.services.session.server
        if isinstance(error, ServerError) and server.here and server.state in (ABSENT, LOST):
            return "Start server", self.services.session.start_server
        return "", None

    def _fix_of_host(self, error: SemrenderError) -> Fix | None:
        try:
            return self.host.fix_for(error)
        except SemrenderError:
            return None

    def _fix(self, name: str) -> None:
        self._bar.hide()
        self.do(lambda: self.host.fix(name))

    def _pressed(self) -> None:
        if self._press is not None:
            self._press()


class Stopwatch:
    """Whether something takes longer than a person notices."""

    LONG = 0.25  # seconds

    def __init__(self) -> None:
        self.slow = False

    def __enter__(self) -> Stopwatch:
        self._began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.slow = time.monotonic() - self._began > self.LONG
