"""Rows of the page Paint that some models need and no render gives: files, and on what ground a face is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from maya_plugin.core.likeness import FIELDS, GROUNDS, NOT_SAID
from maya_plugin.ui.qt import QtWidgets

SHORT = 12  # characters that are seen in a narrow panel


class FileRow(QtWidgets.QWidget):
    """A file by name, or chosen; a row of a form that is there for some models."""

    def __init__(self, title: str, tip: str, browse: Callable[[], None]) -> None:
        super().__init__()
        self.title = QtWidgets.QLabel(title)
        self.file = QtWidgets.QLineEdit()
        self.file.setAccessibleName(title)
        self.file.setToolTip(tip)
        button = QtWidgets.QToolButton()
        button.setText("…")
        button.setToolTip(f"Choose the {title.lower()}")
        button.clicked.connect(browse)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.file, 1)
        row.addWidget(button)

    def show_for(self, wanted: bool) -> None:
        self.setVisible(wanted)
        self.title.setVisible(wanted)

    def text(self) -> str:
        return self.file.text().strip()


class ConsentRows(QtWidgets.QGroupBox):
    """Whose face it is: there is no default, and what a ground needs said is asked for."""

    def __init__(self) -> None:
        super().__init__("Whose face it is")
        self.basis = QtWidgets.QComboBox()
        self.basis.setAccessibleName("On the ground of")
        self.basis.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.basis.setMinimumContentsLength(SHORT)
        self.basis.addItem(NOT_SAID, "")
        for name, title in GROUNDS.items():
            self.basis.addItem(title, name)
        self.basis.currentIndexChanged.connect(lambda _: self._show())
        self.said = {name: QtWidgets.QLineEdit() for name in FIELDS}
        self._titles = {name: QtWidgets.QLabel(title) for name, (title, _) in FIELDS.items()}
        words = QtWidgets.QLabel(
            "This model changes somebody's face. What is said here is recorded in every frame and in the delivery, and"
            " never verified."
        )
        words.setWordWrap(True)
        form = QtWidgets.QFormLayout(self)
        form.addRow(words)
        form.addRow("On the ground of", self.basis)
        for name, edit in self.said.items():
            edit.setMaxLength(500)
            edit.setAccessibleName(FIELDS[name][0])
            form.addRow(self._titles[name], edit)
        self._show()

    def consent(self) -> dict[str, str]:
        """As shot.json has it; empty where nothing is said."""
        basis = str(self.basis.currentData())
        if not basis:
            return {}
        given = {name: edit.text().strip() for name, edit in self.said.items() if basis in FIELDS[name][1]}
        return {"basis": basis, **{name: text for name, text in given.items() if text}}

    def show_kept(self, kept: Any) -> None:
        kept = kept if isinstance(kept, Mapping) else {}
        self.basis.setCurrentIndex(max(0, self.basis.findData(kept.get("basis", ""))))
        for name, edit in self.said.items():
            edit.setText(str(kept.get(name, "")))

    def _show(self) -> None:
        for name, edit in self.said.items():
            wanted = str(self.basis.currentData()) in FIELDS[name][1]
            edit.setVisible(wanted)
            self._titles[name].setVisible(wanted)
