"""A strip of what was painted: a click shows one again, a second one beside it compares two."""

from __future__ import annotations

from dataclasses import dataclass

from maya_plugin.ui.qt import Qt, QtCore, QtGui, QtWidgets, Signal

MOST = 24  # pictures kept; the oldest go first
TIP = "Click: show it. Right click: put it on the left of the line, to compare two"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A painting as it looked when it was there: a frame is painted over until it pleases, this stays."""

    job: str
    words: str  # what painted it
    labels: QtGui.QImage
    painting: QtGui.QImage


class Strip(QtWidgets.QListWidget):
    chosen = Signal(object)  # Snapshot to show
    compared = Signal(object)  # Snapshot for the left side; None for the labels again

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Painted so far")
        self.setToolTip(TIP)
        self.setFlow(QtWidgets.QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setHorizontalScrollMode(QtWidgets.QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        side = self.fontMetrics().height()
        self.setIconSize(QtCore.QSize(side * 5, side * 3))
        self.setFixedHeight(side * 5)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask)
        self.itemClicked.connect(lambda item: self.chosen.emit(_snapshot(item)))
        self.itemActivated.connect(lambda item: self.chosen.emit(_snapshot(item)))
        self.hide()

    def add(self, snapshot: Snapshot) -> None:
        """The newest stands first and is the current one."""
        icon = QtGui.QIcon(QtGui.QPixmap.fromImage(snapshot.painting))
        item = QtWidgets.QListWidgetItem(icon, "")
        item.setData(Qt.ItemDataRole.UserRole, snapshot)
        item.setToolTip(f"{snapshot.words}\n{TIP}")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, snapshot.words)
        self.insertItem(0, item)
        while self.count() > MOST:
            self.takeItem(self.count() - 1)
        self.setCurrentItem(item)
        self.setVisible(self.count() > 1)  # one alone is what the viewer shows

    def menu(self, item: QtWidgets.QListWidgetItem) -> QtWidgets.QMenu:
        made = QtWidgets.QMenu(self)
        made.addAction("Put it on the left, to compare", lambda: self.compared.emit(_snapshot(item)))
        made.addAction("Labels on the left again", lambda: self.compared.emit(None))
        return made

    def _ask(self, place: QtCore.QPoint) -> None:
        item = self.itemAt(place)
        if item is not None:
            self.menu(item).popup(self.viewport().mapToGlobal(place))


def _snapshot(item: QtWidgets.QListWidgetItem) -> Snapshot:
    found: Snapshot = item.data(Qt.ItemDataRole.UserRole)
    return found
