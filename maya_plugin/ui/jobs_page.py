"""What is being made and what was made: progress, pause, cancel, and where to go from a finished painting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maya_plugin.core import people
from maya_plugin.core.jobs import LOCAL, OTHER, Job, words
from maya_plugin.ui.qt import Qt, QtCore, QtGui, QtWidgets, Signal

JOB = Qt.ItemDataRole.UserRole


class JobModel(QtCore.QAbstractListModel):
    """Newest first. A job keeps its row while only its state changes, so that a choice stays chosen."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: tuple[Job, ...] = ()

    def set_jobs(self, jobs: tuple[Job, ...]) -> None:
        same = [job.id for job in jobs] == [job.id for job in self._jobs]
        if not same:
            self.beginResetModel()
        before, self._jobs = self._jobs, jobs
        if not same:
            self.endResetModel()
            return
        for position, (old, new) in enumerate(zip(before, jobs)):
            if old != new:
                self.dataChanged.emit(self.index(position), self.index(position))

    def rowCount(self, parent: Any = None) -> int:  # noqa: N802
        return len(self._jobs)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        job = self._jobs[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return job.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(text for text in (job.out, job.note, *job.machines, str(job.error or "")) if text)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{job.name}: {words(job)}"
        return job if role == JOB else None

    def find(self, identity: str) -> int:
        return next((i for i, job in enumerate(self._jobs) if job.id == identity), -1)


class JobDelegate(QtWidgets.QStyledItemDelegate):
    """Two lines, a name and a state, and a bar where something moves."""

    def sizeHint(self, option: Any, index: Any) -> QtCore.QSize:  # noqa: N802
        return QtCore.QSize(100, int(option.fontMetrics.height() * 3))

    def paint(self, painter: QtGui.QPainter, option: Any, index: Any) -> None:
        job: Job = index.data(JOB)
        self.initStyleOption(option, index)
        option.text = ""
        widget = option.widget
        widget.style().drawControl(QtWidgets.QStyle.ControlElement.CE_ItemViewItem, option, painter, widget)
        chosen = bool(option.state & QtWidgets.QStyle.StateFlag.State_Selected)
        role = QtGui.QPalette.ColorRole.HighlightedText if chosen else QtGui.QPalette.ColorRole.Text
        ink = option.palette.color(role)
        metrics = option.fontMetrics
        gap = metrics.height() // 3
        painter.save()
        area = option.rect.adjusted(2 * gap, gap, -2 * gap, -gap)
        painter.setPen(ink)
        name = metrics.elidedText(job.name, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignTop), name)
        faint = QtGui.QColor(ink)
        faint.setAlphaF(0.7)
        painter.setPen(faint)
        said = job.error.what if job.error is not None else words(job)
        line = metrics.elidedText(said, Qt.TextElideMode.ElideRight, area.width())
        below = QtCore.QRect(area.left(), area.top() + metrics.height() + gap // 3, area.width(), metrics.height())
        painter.drawText(below, int(Qt.AlignmentFlag.AlignTop), line)
        if not job.ended and job.total:
            bar = QtCore.QRect(area.left(), area.bottom() - gap // 2, area.width(), max(2, gap // 2))
            painter.fillRect(bar, QtGui.QColor(0, 0, 0, 80))
            bar.setWidth(int(bar.width() * job.done / job.total))
            colour = ink if chosen else option.palette.color(QtGui.QPalette.ColorRole.Highlight)
            painter.fillRect(bar, colour)
        painter.restore()


class JobsPage(QtWidgets.QWidget):
    pause = Signal(str)
    resume = Signal(str)
    cancel = Signal(str)
    show_result = Signal(str)  # job ids, all of them
    open_folder = Signal(str)
    send = Signal(str)
    bring_in = Signal(str)  # folder of a painting

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = JobModel(self)
        self.list = QtWidgets.QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(JobDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName("Jobs")
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._refresh())
        self.list.doubleClicked.connect(lambda _: self._emit(self.show_result))
        self._pause = QtWidgets.QPushButton("Pause")
        self._pause.clicked.connect(self._pause_or_resume)
        self._cancel = QtWidgets.QPushButton("Cancel")
        self._cancel.setToolTip("What is finished stays")
        self._cancel.clicked.connect(lambda: self._emit(self.cancel))
        self._result = QtWidgets.QPushButton("Show result")
        self._result.clicked.connect(lambda: self._emit(self.show_result))
        self._folder = QtWidgets.QPushButton("Open folder")
        self._folder.clicked.connect(lambda: self._emit(self.open_folder))
        self._send = QtWidgets.QPushButton("Send to After Effects")
        self._send.setToolTip("Lay the painted layers out as a new After Effects project")
        self._send.clicked.connect(lambda: self._emit(self.send))
        self._people = QtWidgets.QPushButton("Bring in people")
        self._people.setToolTip("Make joints of the people that were found in the clip, or move those that are there")
        self._people.clicked.connect(self._emit_folder)
        self._peopled: dict[str, bool] = {}  # of jobs that are done: whether there are people in them
        self._empty = QtWidgets.QLabel("Nothing was rendered yet: press Paint frame or Render shot on the page Paint")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lay_out()
        self.show_jobs(())

    def show_jobs(self, jobs: tuple[Job, ...]) -> None:
        chosen, newest = self.current(), self.model.index(0).data(JOB)
        self.model.set_jobs(jobs)
        new = bool(jobs) and (newest is None or newest.id != jobs[0].id)
        if jobs and (chosen is None or (new and jobs[0].kind != OTHER)):
            self.list.setCurrentIndex(self.model.index(0))  # it is what the artist has just asked for
        elif chosen is not None:
            self.choose(chosen.id)
        self._stack.setCurrentWidget(self.list if jobs else self._empty)
        self._refresh()

    def choose(self, identity: str) -> None:
        position = self.model.find(identity)
        if position >= 0:
            self.list.setCurrentIndex(self.model.index(position))

    def current(self) -> Job | None:
        index = self.list.currentIndex()
        job: Job | None = index.data(JOB) if index.isValid() else None
        return job

    def _lay_out(self) -> None:
        self._stack = QtWidgets.QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.list)
        first, second = QtWidgets.QHBoxLayout(), QtWidgets.QHBoxLayout()
        for button in (self._pause, self._cancel, self._folder):
            first.addWidget(button)
        for button in (self._result, self._send):
            second.addWidget(button)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self._stack, 1)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self._people)

    def _refresh(self) -> None:
        job = self.current()
        moving = job is not None and not job.ended
        on_server = job is not None and job.state not in LOCAL
        self._pause.setText("Resume" if job is not None and job.state == "paused" else "Pause")
        self._pause.setEnabled(moving and on_server)
        self._cancel.setEnabled(moving)
        self._folder.setEnabled(job is not None)
        done = job is not None and job.state == "done"
        failed = job is not None and job.state == "failed"
        self._result.setEnabled(done or failed)
        self._result.setText("Show what failed" if failed else "Show result")
        self._send.setEnabled(done)
        self._people.setVisible(done and self._has_people(job))

    def _pause_or_resume(self) -> None:
        job = self.current()
        self._emit(self.resume if job is not None and job.state == "paused" else self.pause)

    def _has_people(self, job: Job | None) -> bool:
        if job is None:
            return False
        if job.id not in self._peopled:
            self._peopled[job.id] = any(people.delivered(Path(job.out)))
        return self._peopled[job.id]

    def _emit_folder(self) -> None:
        job = self.current()
        if job is not None:
            self.bring_in.emit(job.out)

    def _emit(self, signal: Any) -> None:
        job = self.current()
        if job is not None:
            signal.emit(job.id)
