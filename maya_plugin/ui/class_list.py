"""The classes as a list: swatch, name, what is said of it, how much of the scene has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from maya_plugin.core.cards import Card
from maya_plugin.core.contract import Assignment
from maya_plugin.ui.qt import Qt, QtCore, QtGui, QtWidgets, Signal
from shared.label_set import LabelSet, plain

ALL, IN_SCENE, RECENT = "all", "scene", "recent"
ROW = Qt.ItemDataRole.UserRole
MISSING = (128, 128, 128)


@dataclass(frozen=True)
class Row:
    class_id: int
    name: str
    aliases: tuple[str, ...]
    colour: tuple[int, int, int]  # sRGB
    remark: str = ""  # such as "never trained; painted as grass"
    objects: int = 0
    faces: int = 0

    @property
    def used(self) -> bool:
        return bool(self.objects or self.faces)

    @property
    def count(self) -> str:
        parts = [str(self.objects)] if self.objects else []
        parts += [f"{self.faces} faces"] if self.faces else []
        return " + ".join(parts)


def rows(label_set: LabelSet, card: Card | None, assigned: Iterable[Assignment]) -> list[Row]:
    """Every class of the set by name, after those of the scene that the set does not have."""
    have = {one.class_id: one for one in assigned}
    colours = next(iter(label_set.palettes.values())).colors
    lost = [
        Row(one.class_id, one.name, (), MISSING, f"not in {label_set.name}", one.objects, one.faces)
        for one in have.values()
        if one.missing
    ]
    made = []
    for label in sorted(label_set.labels, key=lambda one: one.name.casefold()):
        one = have.get(label.id)
        objects, faces = (one.objects, one.faces) if one is not None and not one.missing else (0, 0)
        remark = _remark(label.id, label.annotated, label_set, card)
        made.append(Row(label.id, label.name, label.aliases, colours[label.id], remark, objects, faces))
    return lost + made


def _remark(class_id: int, annotated: bool, label_set: LabelSet, card: Card | None) -> str:
    if card is None:
        return "" if annotated else "never trained by any model"
    if card.label_set != label_set.name or card.knows(class_id):
        return ""
    relative = label_set.get(card.fallbacks.get(class_id, class_id))
    if relative is None or relative.id == class_id:
        return f"unknown to {card.title}"
    return f"painted as {relative.name}"


class ClassModel(QtCore.QAbstractListModel):
    """Rows that pass the search and the view."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Row] = []
        self._shown: list[Row] = []
        self._recent: tuple[int, ...] = ()
        self._view = ALL
        self._search = ""

    def set_rows(self, found: list[Row], recent: tuple[int, ...]) -> None:
        self._all, self._recent = found, recent
        self._choose()

    def set_view(self, view: str, search: str) -> None:
        self._view, self._search = view, search
        self._choose()

    def rowCount(self, parent: Any = None) -> int:  # noqa: N802
        return len(self._shown)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name
        if role == Qt.ItemDataRole.ToolTipRole:
            also = f"Also: {', '.join(row.aliases)}" if row.aliases else ""
            remark = f"The model was never shown this class: {row.remark}" if row.remark else ""
            return "\n".join(text for text in (f"{row.name} ({row.class_id})", also, remark) if text)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(text for text in (row.name, row.remark, row.count) if text)
        return row if role == ROW else None

    def find(self, class_id: int) -> int:
        """Position of a class among the shown ones, -1 where it is not."""
        return next((i for i, row in enumerate(self._shown) if row.class_id == class_id), -1)

    def _choose(self) -> None:
        self.beginResetModel()
        if self._view == RECENT:
            by_id: Mapping[int, Row] = {row.class_id: row for row in self._all}
            shown = [by_id[i] for i in self._recent if i in by_id]
        else:
            shown = [row for row in self._all if row.used or self._view == ALL]
        word = plain(self._search)
        if word:
            ranked = [(rank, row) for row in shown for rank in [_rank(row, word)] if rank is not None]
            shown = [row for _, row in sorted(ranked, key=lambda entry: entry[0])]
        self._shown = shown
        self.endResetModel()


def _rank(row: Row, word: str) -> int | None:
    """How well a class answers a search; 0 is best, None not at all."""
    name = plain(row.name)
    if name.startswith(word):
        return 0 if name == word else 1
    if any(plain(alias).startswith(word) for alias in row.aliases):
        return 2
    return 3 if any(word in plain(one) for one in (row.name, *row.aliases)) else None


class ClassDelegate(QtWidgets.QStyledItemDelegate):
    """Draws a row with the host's own style and palette."""

    def sizeHint(self, option: Any, index: Any) -> QtCore.QSize:  # noqa: N802
        return QtCore.QSize(100, int(option.fontMetrics.height() * 1.5))

    def paint(self, painter: QtGui.QPainter, option: Any, index: Any) -> None:
        row: Row = index.data(ROW)
        self.initStyleOption(option, index)
        option.text = ""
        widget = option.widget
        widget.style().drawControl(QtWidgets.QStyle.ControlElement.CE_ItemViewItem, option, painter, widget)
        chosen = bool(option.state & QtWidgets.QStyle.StateFlag.State_Selected)
        role = QtGui.QPalette.ColorRole.HighlightedText if chosen else QtGui.QPalette.ColorRole.Text
        ink = option.palette.color(role)
        faint = QtGui.QColor(ink)
        faint.setAlphaF(0.6)
        metrics = option.fontMetrics
        gap = metrics.height() // 3
        painter.save()
        area = option.rect.adjusted(gap, 0, -gap, 0)
        side = metrics.height()
        swatch = QtCore.QRect(area.left(), area.top() + (area.height() - side) // 2, int(side * 1.6), side)
        painter.setPen(QtGui.QPen(QtGui.QColor(0, 0, 0, 90)))
        painter.setBrush(QtGui.QColor(*row.colour))
        painter.drawRect(swatch)
        area.setLeft(swatch.right() + 2 * gap)
        middle = Qt.AlignmentFlag.AlignVCenter
        if row.count:
            painter.setPen(ink)
            painter.drawText(area, int(middle | Qt.AlignmentFlag.AlignRight), row.count)
            area.setRight(area.right() - metrics.horizontalAdvance(row.count) - 2 * gap)
        painter.setPen(ink)
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(middle), name)
        area.setLeft(area.left() + metrics.horizontalAdvance(name) + 2 * gap)
        if row.remark and area.width() > 3 * side:
            painter.setPen(faint)
            painter.drawText(
                area, int(middle), metrics.elidedText(row.remark, Qt.TextElideMode.ElideRight, area.width())
            )
        painter.restore()


class ClassView(QtWidgets.QListView):
    """Enter or a double click assigns."""

    assign = Signal()

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(ClassDelegate(self))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QtWidgets.QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumHeight(self.fontMetrics().height() * 8)
        self.setAccessibleName("Classes")
        self.doubleClicked.connect(lambda _: self.assign.emit())

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:  # noqa: N802
        if event.key() in (int(Qt.Key.Key_Return), int(Qt.Key.Key_Enter)):
            self.assign.emit()
        else:
            super().keyPressEvent(event)
