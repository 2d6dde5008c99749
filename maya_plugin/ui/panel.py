"""The panel: three pages, what went wrong above them, the server below."""

from __future__ import annotations

from collections.abc import Callable

from maya_plugin.core.cards import Models
from maya_plugin.core.news import Jobs, Names, Problem, Project, Server
from maya_plugin.ui.bars import MessageBar, ServerBar
from maya_plugin.ui.class_actions import ClassActions
from maya_plugin.ui.classes_page import ClassesPage
from maya_plugin.ui.cryptomatte import CryptomatteActions
from maya_plugin.ui.jobs_page import JobsPage
from maya_plugin.ui.paint_actions import PaintActions
from maya_plugin.ui.paint_page import PaintPage
from maya_plugin.ui.people_actions import PeopleActions
from maya_plugin.ui.qt import QShortcut, Qt, QtCore, QtGui, QtWidgets, alive
from maya_plugin.ui.services import Services
from maya_plugin.ui.work import Work

COALESCE_MS = 50  # a selection changes once per pick


class Panel(QtWidgets.QWidget):
    """Lives inside whatever the host docks it in; ends with `leave`."""

    def __init__(self, services: Services, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.services = services
        self.host = services.host
        self.classes, self.paint, self.jobs = ClassesPage(), PaintPage(), JobsPage()
        self.messages, self.server = MessageBar(), ServerBar()
        self._models = Models()
        self._lay_out()
        self.work = Work(services, self.messages)
        self.class_actions = ClassActions(self.work, self.classes, self.paint)
        self.paint_actions = PaintActions(self.work, self.paint, self.jobs, self.pages.setCurrentWidget)
        self.cryptomatte = CryptomatteActions(self.work, self.class_actions, self.paint_actions, self.paint)
        self.people = PeopleActions(self.work, self.class_actions, self.paint, self.jobs)
        self.paint.model_chosen.connect(lambda _: self.class_actions.show_rows())
        self.classes.label_set_chosen.connect(lambda _: self._show_models())
        self.server.start.connect(services.session.start_server)
        self.server.stop.connect(services.session.stop_server)
        services.messages.message.connect(self._told)
        self._stale = False  # whether the classes may have changed since they were counted
        self._selection_timer = self._timer(self._show_selection)
        self._scene_timer = self._timer(self.load)
        self._change_timer = self._timer(self._look_again)
        self._stop_watching: Callable[[], None] | None = self.host.watch(self._watched)
        self.load()

    def load(self) -> None:
        """Everything that the scene says."""
        self._stale = False
        self.work.do(self.class_actions.load)
        self.work.do(self._show_scene)
        self._show_models()
        self.work.do(self.host.check_scene)

    def leave(self) -> None:
        """Stop listening to the host and the session; safe to call twice."""
        if self._stop_watching is not None:
            self._stop_watching()
            self._stop_watching = None
            if alive(self):  # else Qt has already disconnected it
                self.services.messages.message.disconnect(self._told)

    def event(self, event: QtCore.QEvent) -> bool:
        # What changed while the artist was elsewhere, such as the frame.
        if event.type() == QtCore.QEvent.Type.Enter:
            self.work.do(self._look_again)
        return super().event(event)

    def _lay_out(self) -> None:
        self.pages = QtWidgets.QTabWidget()
        self.pages.addTab(self.classes, "Classes")
        self.pages.addTab(self.paint, "Paint")
        self.pages.addTab(self.jobs, "Jobs")
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.messages)
        column.addWidget(self.pages, 1)
        column.addWidget(self.server)
        for position in range(self.pages.count()):
            keys = QShortcut(QtGui.QKeySequence(f"Ctrl+{position + 1}"), self)
            keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)  # elsewhere the keys are the host's
            keys.activated.connect(lambda position=position: self.pages.setCurrentIndex(position))

    def _timer(self, action: Callable[[], None]) -> QtCore.QTimer:
        timer = QtCore.QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(COALESCE_MS)
        timer.timeout.connect(lambda: self.work.do(action))
        return timer

    def _watched(self, what: str) -> None:
        if not alive(self):  # deleted with a workspace, without a word
            self.leave()
        elif what == "scene":  # comes once for every reference of a scene
            self._scene_timer.start()
        elif what == "changed":
            self._stale = True
            self._change_timer.start()
        elif what == "selection":
            self._selection_timer.start()

    def _told(self, message: object) -> None:
        if isinstance(message, Server):
            self.server.show_server(message)
        elif isinstance(message, Models):
            self._models = message
            self._show_models()
        elif isinstance(message, Jobs):
            self.paint_actions.show_jobs(message.jobs)
        elif isinstance(message, Problem):
            self.paint_actions.show_problem(message)
        elif isinstance(message, Project):
            self.paint_actions.show_project(message)
        elif isinstance(message, Names):
            self.work.do(lambda: self.cryptomatte.show_names(message))

    def _show_scene(self) -> None:
        self.paint.show_settings(self.host.remembered())
        self.paint.show_scene(self.host.scene(), self.host.layers(), self.host.cameras())

    def _show_models(self) -> None:
        self.work.do(lambda: self.paint.show_models(self._models, self.host.settings().label_set))
        self.class_actions.show_rows()

    def _show_selection(self) -> None:
        self.classes.show_selection(self.host.selection())

    def _look_again(self) -> None:
        self.paint.show_scene(self.host.scene(), self.host.layers(), self.host.cameras())
        if self._stale and self.isVisible():  # a scan of the whole scene
            self._stale = False
            self.class_actions.refresh()
