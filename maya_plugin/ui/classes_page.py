"""The page where things get their class: search, assign, see what has which class."""

from __future__ import annotations

from collections.abc import Sequence

from maya_plugin.ui.class_list import ALL, IN_SCENE, RECENT, ROW, ClassModel, ClassView, Row
from maya_plugin.ui.qt import QShortcut, Qt, QtGui, QtWidgets, Signal

VIEWS = ((ALL, "All"), (IN_SCENE, "In the scene"), (RECENT, "Recent"))


class ClassesPage(QtWidgets.QWidget):
    """Shows what it is told and says what the artist wants; knows no host."""

    label_set_chosen = Signal(str)
    assign = Signal(int)
    remove = Signal()
    select_members = Signal(int)
    select_unassigned = Signal()
    suggest = Signal()
    show_classes = Signal(bool)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ClassModel(self)
        self.label_set = QtWidgets.QComboBox()
        self.label_set.setToolTip("The label set: which classes there are. Every model paints it")
        self.label_set.setAccessibleName("Label set")
        self.label_set.activated.connect(lambda _: self.label_set_chosen.emit(str(self.label_set.currentData())))
        self.search = QtWidgets.QLineEdit()
        self.search.setPlaceholderText("Search classes (Ctrl+F)")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("A name or another word for it; Enter gives the first one to the selection")
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._assign_first)
        self.list = ClassView()
        self.list.setModel(self.model)
        self.list.assign.connect(self._assign)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._refresh_buttons())
        self.views = self._view_tabs()
        self._make_buttons()
        self._lay_out()
        self._selected: tuple[str, ...] = ()
        self.show_selection(())
        self.show_unassigned(None)
        find = QShortcut(QtGui.QKeySequence("Ctrl+F"), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.search.setFocus)

    # Told by the panel

    def show_label_sets(self, names: Sequence[tuple[str, str]], chosen: str) -> None:
        """(name, title) of each."""
        self.label_set.clear()
        for name, title in names:
            self.label_set.addItem(title.split(" (")[0], name)
            self.label_set.setItemData(self.label_set.count() - 1, title, Qt.ItemDataRole.ToolTipRole)
        self.label_set.setCurrentIndex(max(0, self.label_set.findData(chosen)))

    def show_classes_rows(self, rows: list[Row], recent: tuple[int, ...]) -> None:
        chosen = self.current()
        self.model.set_rows(rows, recent)
        used = sum(row.used for row in rows)
        self.views.setTabText(1, f"In the scene ({used})" if used else "In the scene")
        if chosen is not None:
            self._choose(self.model.find(chosen.class_id))
        self._refresh_buttons()

    def show_selection(self, members: tuple[str, ...]) -> None:
        self._selected = members
        names = [member.rsplit("|", 1)[-1] for member in members[:3]]
        more = f" and {len(members) - 3} more" if len(members) > 3 else ""
        self._selection.setText(
            f"Selected: {', '.join(names)}{more}"
            if members
            else "Nothing is selected: pick objects or faces in the scene"
        )
        self._refresh_buttons()

    def show_unassigned(self, number: int | None) -> None:
        """None where counting would take too long."""
        if number is None:
            words = "Things without class"
        else:
            words = f"{number} things have no class" if number != 1 else "1 thing has no class"
        self._without.setText(words if number != 0 else "Everything has a class")
        self._select_without.setEnabled(number != 0)
        self._suggest.setEnabled(number != 0)

    def show_classes_on(self, on: bool) -> None:
        self._look.setChecked(on)

    def set_menu(self, menu: QtWidgets.QMenu) -> None:
        self._more.setMenu(menu)

    def current(self) -> Row | None:
        index = self.list.currentIndex()
        row: Row | None = index.data(ROW) if index.isValid() else None
        return row

    # Inside

    def _view_tabs(self) -> QtWidgets.QTabBar:
        tabs = QtWidgets.QTabBar()
        tabs.setAccessibleName("Which classes are listed")
        tabs.setDrawBase(False)
        tabs.setExpanding(True)
        for view, title in VIEWS:
            tabs.setTabData(tabs.addTab(title), view)
        tabs.currentChanged.connect(self._filter)
        return tabs

    def _make_buttons(self) -> None:
        self._selection = QtWidgets.QLabel()
        self._selection.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred)
        self._assign_button = QtWidgets.QPushButton("Assign")
        self._assign_button.setToolTip("Give the class to what is selected (Enter, or a double click on the class)")
        self._assign_button.clicked.connect(self._assign)
        self._members = QtWidgets.QPushButton("Select members")
        self._members.setToolTip("Select everything in the scene that has this class")
        self._members.clicked.connect(self._select)
        self._remove = QtWidgets.QPushButton("Remove")
        self._remove.setToolTip("Take the class away from what is selected")
        self._remove.clicked.connect(self.remove)
        self._without = QtWidgets.QLabel()
        self._select_without = QtWidgets.QPushButton("Select them")
        self._select_without.clicked.connect(self.select_unassigned)
        self._suggest = QtWidgets.QPushButton("Suggest…")
        self._suggest.setToolTip("Look for classes in the names of objects, materials and assets; you confirm them")
        self._suggest.clicked.connect(self.suggest)
        self._look = QtWidgets.QPushButton("Show classes")
        self._look.setCheckable(True)
        self._look.setToolTip("Show the classes' colours in the viewport; press again for your own look")
        self._look.clicked.connect(self.show_classes)
        self._more = QtWidgets.QToolButton()
        self._more.setText("More")
        self._more.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setSizePolicy(QtWidgets.QSizePolicy.Policy.Preferred, QtWidgets.QSizePolicy.Policy.Fixed)

    def _lay_out(self) -> None:
        top = QtWidgets.QHBoxLayout()
        top.addWidget(self.search, 3)
        top.addWidget(self.label_set, 2)
        actions = QtWidgets.QHBoxLayout()
        actions.addWidget(self._assign_button, 2)
        actions.addWidget(self._members, 1)
        actions.addWidget(self._remove, 1)
        without = QtWidgets.QHBoxLayout()
        without.addWidget(self._without, 1)
        without.addWidget(self._select_without)
        without.addWidget(self._suggest)
        look = QtWidgets.QHBoxLayout()
        look.addWidget(self._look, 1)
        look.addWidget(self._more)
        column = QtWidgets.QVBoxLayout(self)
        column.addLayout(top)
        listed = QtWidgets.QVBoxLayout()
        listed.setSpacing(0)
        listed.addWidget(self.views)
        listed.addWidget(self.list, 1)
        column.addLayout(listed, 1)
        column.addWidget(self._selection)
        column.addLayout(actions)
        column.addWidget(_line())
        column.addLayout(without)
        column.addLayout(look)

    def _view(self) -> str:
        return str(self.views.tabData(self.views.currentIndex()))

    def _filter(self, *_: object) -> None:
        self.model.set_view(self._view(), self.search.text())
        if self.search.text():
            self._choose(0)
        self._refresh_buttons()

    def _choose(self, position: int) -> None:
        if 0 <= position < self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(position))

    def _refresh_buttons(self) -> None:
        row, number = self.current(), len(self._selected)
        name = f"“{row.name}”" if row else "a class"
        self._assign_button.setText(f"Assign {name}")
        self._assign_button.setEnabled(row is not None and number > 0)
        self._members.setEnabled(row is not None and row.used)
        self._remove.setEnabled(number > 0)

    def _assign_first(self) -> None:
        if self.current() is None:
            self._choose(0)
        self._assign()

    def _assign(self) -> None:
        row = self.current()
        if row is not None:
            self.assign.emit(row.class_id)

    def _select(self) -> None:
        row = self.current()
        if row is not None:
            self.select_members.emit(row.class_id)


def _line() -> QtWidgets.QFrame:
    line = QtWidgets.QFrame()
    line.setFrameShape(QtWidgets.QFrame.Shape.HLine)
    line.setFrameShadow(QtWidgets.QFrame.Shadow.Sunken)
    return line
