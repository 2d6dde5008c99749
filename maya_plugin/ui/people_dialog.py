"""What is asked before people come into the scene: of which file, at which times, seen by which camera."""

from __future__ import annotations

from collections.abc import Sequence

from maya_plugin.core import timing
from maya_plugin.core.chains import SPACE
from maya_plugin.core.contract import Camera, Wishes
from maya_plugin.core.people import Document
from maya_plugin.core.skeletons import BONE, WORLD
from maya_plugin.ui.dialogs import Dialog
from maya_plugin.ui.qt import QtWidgets

AS_IS = {"world": "As the shot's own camera saw them", "floor": "On a floor, below where the camera is taken to be"}
ORIENTS = ((WORLD, "Of the space: jointOrient is zero"), (BONE, "X down the bone, Y to the front"))


class PeopleDialog(Dialog):
    """Only what there is to ask of the chosen file is shown."""

    def __init__(
        self,
        documents: Sequence[Document],
        rate: timing.Rate,
        cameras: Sequence[Camera],
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        super().__init__("Bring in people", "Bring in", parent)
        self._documents, self._rate = documents, rate
        self.what = QtWidgets.QComboBox()
        self.what.setAccessibleName("People")
        for document in documents:
            self.what.addItem(document.words)
        self.what.setVisible(len(documents) > 1)
        self._words = QtWidgets.QLabel()
        self._words.setWordWrap(True)
        self.ways = {way: QtWidgets.QRadioButton() for way in timing.WAYS}
        self._times = QtWidgets.QGroupBox()
        column = QtWidgets.QVBoxLayout(self._times)
        for button in self.ways.values():
            column.addWidget(button)
            button.toggled.connect(lambda _: self._allow())
        self.camera, self.orient = QtWidgets.QComboBox(), QtWidgets.QComboBox()
        self.camera.setToolTip("A camera of the scene sees them where the picture had them, also while it moves")
        self.orient.setToolTip("What the axes of a joint follow where its rotation is zero")
        for key, title in ORIENTS:
            self.orient.addItem(title, key)
        self.camera.addItem("", "")
        for one in cameras:
            self.camera.addItem(f"Seen by {one.name}", one.shape)
        self.stance = QtWidgets.QCheckBox("A T-pose one frame before the first")
        self.lens = QtWidgets.QCheckBox("The camera that saw them, to lay them over the clip")
        self.characterize = QtWidgets.QCheckBox("Define HumanIK characters on it, to retarget from")
        self.characterize.toggled.connect(self._stand)
        self._space = QtWidgets.QWidget()
        form = QtWidgets.QFormLayout(self._space)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("They stand", self.camera)
        form.addRow("Axes of joints", self.orient)
        form.addRow(self.lens)
        form.addRow(self.stance)
        form.addRow(self.characterize)
        for widget in (self.what, self._words, self._times, self._space):
            self.column.addWidget(widget)
        self.finish()
        self.camera.currentIndexChanged.connect(lambda _: self._show_lens())
        self.what.currentIndexChanged.connect(lambda _: self._show())
        self._show()

    @staticmethod
    def is_needed(documents: Sequence[Document], rate: timing.Rate) -> bool:
        (first, *others) = documents
        return bool(others) or first.kind == SPACE or _differs(first, rate)

    def document(self) -> Document:
        return self._documents[max(0, self.what.currentIndex())]

    def wishes(self) -> Wishes:
        way = next((way for way, button in self.ways.items() if button.isChecked()), "")
        if self.document().kind != SPACE:
            return Wishes(time=way)
        return Wishes(
            time=way,
            camera=str(self.camera.currentData()),
            orient=str(self.orient.currentData()),
            stance=self.stance.isChecked(),
            lens=self.lens.isChecked(),
            characterize=self.characterize.isChecked(),
        )

    def _show(self) -> None:
        document, rate = self.document(), self.document().rate
        self._words.setText(document.words)
        self._words.setVisible(len(self._documents) == 1)
        if rate is not None:
            self._times.setTitle(f"It has {timing.words(rate)} frames a second, the scene {timing.words(self._rate)}")
            for way, words in timing.WAYS.items():
                self.ways[way].setText(words.format(file=timing.words(rate)))
        self._times.setVisible(_differs(document, self._rate))
        self._space.setVisible(document.kind == SPACE)
        self._show_lens()
        self.camera.setItemText(0, AS_IS.get(getattr(document.content, "space", ""), ""))
        self._allow()

    def _show_lens(self) -> None:
        """Where a camera of the scene sees them, the file's would stand elsewhere."""
        own = not self.camera.currentData()
        self.lens.setEnabled(own)
        self.lens.setChecked(self.lens.isChecked() and own)

    def _stand(self, on: bool) -> None:
        """A character is defined on the T-pose."""
        self.stance.setChecked(self.stance.isChecked() or on)
        self.stance.setEnabled(not on)

    def _allow(self) -> None:
        said = any(button.isChecked() for button in self.ways.values())
        self.ok.setEnabled(said or not _differs(self.document(), self._rate))


def _differs(document: Document, rate: timing.Rate) -> bool:
    return document.rate is not None and not timing.same(document.rate, rate)
