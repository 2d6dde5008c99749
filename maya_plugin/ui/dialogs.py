"""Short questions: which suggestions to take, which names to match, what to do with awkward things."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from maya_plugin.core import policy, rules
from maya_plugin.core.contract import SceneObject
from maya_plugin.core.suggest import Suggestion
from maya_plugin.ui.qt import Qt, QtGui, QtWidgets
from shared.label_set import Label, LabelSet

OK_CANCEL = QtWidgets.QDialogButtonBox.StandardButton.Ok | QtWidgets.QDialogButtonBox.StandardButton.Cancel
CHOICES = {
    policy.OPEN: "Open it in Render shot",
    policy.BOX: "Draw its box in its class",
    policy.SKIP: "Leave out",
    policy.CUT: "Cut out by its transparency",
    policy.SOLID: "Draw it whole",
}
KINDS = ((rules.NODE, "Objects and groups"), (rules.MATERIAL, "Materials"), (rules.ASSET, "Assets (references)"))


class Dialog(QtWidgets.QDialog):
    def __init__(self, title: str, accept: str, parent: QtWidgets.QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.column = QtWidgets.QVBoxLayout(self)
        self._buttons = QtWidgets.QDialogButtonBox(OK_CANCEL)
        self.ok = self._buttons.button(QtWidgets.QDialogButtonBox.StandardButton.Ok)
        self.ok.setText(accept)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    def finish(self) -> None:
        self.column.addWidget(self._buttons)


class SuggestDialog(Dialog):
    """Classes that names speak for, each with a tick; nothing is assigned unasked."""

    def __init__(
        self, found: Sequence[Suggestion], label_set: LabelSet, parent: QtWidgets.QWidget | None = None
    ) -> None:
        super().__init__("Suggested classes", "Assign", parent)
        self._entries: list[tuple[QtWidgets.QTreeWidgetItem, Suggestion]] = []
        self.tree = QtWidgets.QTreeWidget()
        self.tree.setHeaderLabels(["Class", "Because of", "Things"])
        self.tree.setRootIsDecorated(False)
        self.tree.setAccessibleName("Suggestions")
        colours = next(iter(label_set.palettes.values())).colors
        side = self.fontMetrics().height()
        for one in found:
            item = QtWidgets.QTreeWidgetItem([one.name, one.because, str(len(one.nodes))])
            pixmap = QtGui.QPixmap(side, side)
            pixmap.fill(QtGui.QColor(*colours[one.class_id]))
            item.setIcon(0, QtGui.QIcon(pixmap))
            item.setCheckState(0, Qt.CheckState.Checked)
            item.setToolTip(1, "\n".join(one.nodes[:20]))
            self.tree.addTopLevelItem(item)
            self._entries.append((item, one))
        for column in range(3):
            self.tree.resizeColumnToContents(column)
        self.column.addWidget(QtWidgets.QLabel("Untick what is wrong. One step of undo takes all of it back."))
        self.column.addWidget(self.tree, 1)
        self.finish()
        self.resize(side * 32, side * 24)

    def chosen(self) -> dict[int, tuple[str, ...]]:
        """Members to assign by class."""
        made: dict[int, tuple[str, ...]] = {}
        for item, one in self._entries:
            if item.checkState(0) == Qt.CheckState.Checked:
                made[one.class_id] = (*made.get(one.class_id, ()), *one.nodes)
        return made


class PatternDialog(Dialog):
    """Everything of a name gets a class; how much that is shows while one types."""

    def __init__(
        self,
        objects: Sequence[SceneObject],
        label: Label,
        label_set: LabelSet,
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        super().__init__(f"Assign “{label.name}” by name", "Assign", parent)
        self._objects, self._label, self._label_set = objects, label, label_set
        self.kind = QtWidgets.QComboBox()
        for kind, title in KINDS:
            self.kind.addItem(title, kind)
        self.pattern = QtWidgets.QLineEdit()
        self.pattern.setPlaceholderText("Such as pine_* or *_leaf?")
        self.pattern.textChanged.connect(self._count)
        self.kind.currentIndexChanged.connect(self._count)
        self.count = QtWidgets.QLabel()
        form = QtWidgets.QFormLayout()
        form.addRow("Look at", self.kind)
        form.addRow("Called", self.pattern)
        self.column.addLayout(form)
        self.column.addWidget(self.count)
        self.finish()
        self._count()
        self.pattern.setFocus()

    def chosen(self) -> dict[int, tuple[str, ...]]:
        text = self.pattern.text().strip()
        if not text:
            return {}
        rule = rules.Rule(text, self._label.name, str(self.kind.currentData()))
        return rules.match([rule], self._objects, self._label_set)

    def _count(self) -> None:
        nodes = [node for found in self.chosen().values() for node in found]
        example = f", such as {nodes[0].rsplit('|', 1)[-1]}" if nodes else ""
        self.count.setText(f"{len(nodes)} of {len(self._objects)} things{example}")
        self.ok.setEnabled(bool(nodes))


class PolicyDialog(Dialog):
    """What is done with things that a class shader does not simply reach."""

    def __init__(self, policies: Mapping[str, str], parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__("Awkward things", "Keep", parent)
        words = QtWidgets.QLabel("Each of them is counted in the report of a pass.")
        self.column.addWidget(words)
        form = QtWidgets.QFormLayout()
        self._read: dict[str, Callable[[], str]] = {}
        for kind in policy.AWKWARD:
            box = QtWidgets.QComboBox()
            for choice in kind.choices:
                box.addItem(CHOICES[choice], choice)
            box.setCurrentIndex(max(0, box.findData(policies.get(kind.key))))
            box.setToolTip(f"Because {kind.why}")
            self._read[kind.key] = lambda box=box: str(box.currentData())  # type: ignore[misc]
            form.addRow(kind.title[0].upper() + kind.title[1:], box)
        self.column.addLayout(form)
        self.finish()

    def chosen(self) -> dict[str, str]:
        return {key: read() for key, read in self._read.items()}
