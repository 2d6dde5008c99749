"""The list of what a render of this scene would lack, each line to be selected and mended from here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from maya_plugin.core.contract import Finding
from maya_plugin.ui.bars import AMBER, RED
from maya_plugin.ui.qt import QtGui, QtWidgets

GOOD = "Nothing is wrong or missing: every visible thing has a class"


class FindingsDialog(QtWidgets.QDialog):
    """Stays open beside the work; looks again after each repair.

    Args:
        look: finds what there is now; None where that failed and was reported.
        select, fix: what a line's buttons do, with the members and the name of the repair.
    """

    def __init__(
        self,
        look: Callable[[], Sequence[Finding] | None],
        select: Callable[[Sequence[str]], object],
        fix: Callable[[str], object],
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Before a render")
        self._look, self._select, self._fix = look, select, fix
        self._found: Sequence[Finding] = ()
        self.list = QtWidgets.QTreeWidget()
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Findings")
        self.list.currentItemChanged.connect(lambda *_: self._refresh())
        self.list.itemDoubleClicked.connect(lambda *_: self._press(self._select_current))
        self.remedy = QtWidgets.QLabel()
        self.remedy.setWordWrap(True)
        self.select_button = QtWidgets.QPushButton("Select")
        self.select_button.setToolTip("Select what the line is about")
        self.select_button.clicked.connect(lambda: self._press(self._select_current))
        self.fix_button = QtWidgets.QPushButton("Mend")
        self.fix_button.clicked.connect(lambda: self._press(self._fix_current))
        again = QtWidgets.QPushButton("Look again")
        again.clicked.connect(self.look_again)
        close = QtWidgets.QPushButton("Close")
        close.clicked.connect(self.accept)
        buttons = QtWidgets.QHBoxLayout()
        for button in (self.select_button, self.fix_button, again, close):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.list, 1)
        column.addWidget(self.remedy)
        column.addLayout(buttons)
        side = self.fontMetrics().height()
        self.resize(side * 32, side * 16)

    def look_again(self) -> None:
        found = self._look()
        if found is None:
            return
        self._found = found
        self.list.clear()
        side = self.fontMetrics().ascent()
        for one in found:
            item = QtWidgets.QTreeWidgetItem([one.words[:1].upper() + one.words[1:]])
            dot = QtGui.QPixmap(side, side)
            dot.fill(QtGui.QColor(RED if one.stops else AMBER))
            item.setIcon(0, QtGui.QIcon(dot))
            item.setToolTip(0, "\n".join((one.remedy, *one.members[:20])))
            self.list.addTopLevelItem(item)
        self.list.setCurrentIndex(self.list.model().index(0, 0))
        self._refresh()

    def current(self) -> Finding | None:
        position = self.list.currentIndex().row()
        return self._found[position] if 0 <= position < len(self._found) else None

    def _refresh(self) -> None:
        one = self.current()
        self.remedy.setText(GOOD if one is None else f"{one.remedy}.")
        self.select_button.setEnabled(one is not None and bool(one.members))
        self.fix_button.setEnabled(one is not None and one.fix is not None)
        self.fix_button.setText(one.fix.label if one is not None and one.fix is not None else "Mend")

    def _press(self, action: Callable[[Finding], None]) -> None:
        one = self.current()
        if one is not None:
            action(one)

    def _select_current(self, one: Finding) -> None:
        if one.members:
            self._select(one.members)

    def _fix_current(self, one: Finding) -> None:
        if one.fix is not None:
            self._fix(one.fix.name)
            self.look_again()
