"""Which frames a shot has, what it is called and where its results go: three rows of the page Paint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maya_plugin.core import ranges, results
from maya_plugin.core.contract import Scene
from maya_plugin.ui.qt import QtWidgets, Signal
from shared.errors import InputRefused

LAST_FRAME = 10_000_000
SHORT, USUAL = 6, 9  # characters that are seen in a narrow panel


class FrameRange(QtWidgets.QWidget):
    """Where the range comes from, and its two ends; whoever changes an end by hand has a range of his own."""

    changed = Signal()

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene | None = None
        self.source = QtWidgets.QComboBox()
        self.source.setAccessibleName("Frames")
        self.source.setToolTip("Which frames Render shot renders")
        self.source.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.source.setMinimumContentsLength(SHORT)
        for name, title in ranges.TITLES.items():
            self.source.addItem(title, name)
        self.source.activated.connect(lambda _: self._follow())
        self.first, self.last = QtWidgets.QSpinBox(), QtWidgets.QSpinBox()
        for box, name in ((self.first, "First frame"), (self.last, "Last frame")):
            box.setRange(-LAST_FRAME, LAST_FRAME)
            box.setAccessibleName(name)
            box.setMinimumWidth(box.fontMetrics().averageCharWidth() * USUAL)  # the widest number needs far more
            box.valueChanged.connect(self._by_hand)
        self._words = QtWidgets.QLabel()
        self._words.setWordWrap(True)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.source, 1)
        row.addWidget(self.first, 1)
        row.addWidget(QtWidgets.QLabel("to"))
        row.addWidget(self.last, 1)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self._words)
        self._words.hide()

    def show_scene(self, scene: Scene) -> None:
        self._scene = scene
        self._follow()

    def show_kept(self, kept: Any) -> None:
        """As `kept` gave it: the source, and the ends of a range by hand."""
        kept = kept if isinstance(kept, Mapping) else {}
        position = self.source.findData(kept.get("source", ranges.SLIDER))
        self.source.setCurrentIndex(max(0, position))
        ends = kept.get("ends")
        if self.source.currentData() == ranges.CUSTOM and isinstance(ends, (list, tuple)) and len(ends) == 2:
            self._show(int(ends[0]), int(ends[1]))

    def kept(self) -> dict[str, Any]:
        return {"source": self.source.currentData(), "ends": [self.first.value(), self.last.value()]}

    def _follow(self) -> None:
        if self._scene is None:
            return
        source = str(self.source.currentData())
        found = ranges.span(self._scene, source)
        if found is not None:
            self._show(*found)
        self._say(ranges.words(self._scene, source))

    def _show(self, first: int, last: int) -> None:
        for box, value in ((self.first, first), (self.last, last)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        self.changed.emit()

    def _by_hand(self) -> None:
        self.source.setCurrentIndex(self.source.findData(ranges.CUSTOM))
        self._say("")
        self.changed.emit()

    def _say(self, words: str) -> None:
        self._words.setText(words)
        self._words.setVisible(bool(words))


class ResultsRows:
    """The shot's name and the folder of its results, as rows of a form; empty, they are what the rule says."""

    def __init__(self) -> None:
        self.shot, self.folder = QtWidgets.QLineEdit(), QtWidgets.QLineEdit()
        self.shot.setAccessibleName("Shot")
        self.shot.setToolTip(
            "What the results are filed under, whatever version the scene has; empty: the scene's name. With its"
            " sequence, sq010/sh010, two shots of one name stay apart in After Effects"
        )
        self.folder.setAccessibleName("Results")
        tokens = "\n".join(f"<{token}>  {means}" for token, means in results.TOKENS.items())
        self._tip = f"Where the results go; empty: by the rule. In the path you may write\n{tokens}"
        self.browse = QtWidgets.QToolButton()
        self.browse.setText("…")
        self.browse.setToolTip("Choose a folder for the results")
        self.place = QtWidgets.QWidget()
        row = QtWidgets.QHBoxLayout(self.place)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.folder, 1)
        row.addWidget(self.browse)
        self._scene: Scene | None = None
        for edit in (self.shot, self.folder):
            edit.textChanged.connect(lambda _: self._show_place())

    def show_scene(self, scene: Scene) -> None:
        self._scene = scene
        self.shot.setPlaceholderText(scene.shot)
        self._show_place()

    def show_kept(self, kept: Mapping[str, Any]) -> None:
        self.shot.setText(str(kept.get("shot", "")))
        self.folder.setText(str(kept.get("folder", "")))

    def _show_place(self) -> None:
        if self._scene is None:
            return
        shot = self.shot.text().strip()
        self.folder.setPlaceholderText(str(results.folder(self._scene, "", shot)))
        try:
            where = str(results.folder(self._scene, self.folder.text(), shot))
        except InputRefused as error:
            where = f"{error.what}. {error.remedy}"
        self.folder.setToolTip(f"{where}\n\n{self._tip}")
