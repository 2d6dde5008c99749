"""What happens on the page of classes: from the artist's wish to the host and back to the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from maya_plugin.core import rules
from maya_plugin.core.contract import Assignment, Changed
from maya_plugin.core.suggest import suggest
from maya_plugin.ui.class_list import rows
from maya_plugin.ui.classes_page import ClassesPage
from maya_plugin.ui.dialogs import PatternDialog, PolicyDialog, SuggestDialog
from maya_plugin.ui.paint_page import PaintPage
from maya_plugin.ui.qt import QtWidgets
from maya_plugin.ui.work import Stopwatch, Work
from shared.errors import InputRefused
from shared.label_set import LabelSet, available, load_label_set

RECENT = 12  # classes that are remembered
JSON_FILES = "JSON (*.json)"
TABLES = "Tables (*.csv *.json)"


class ClassActions:
    def __init__(self, work: Work, page: ClassesPage, paint: PaintPage) -> None:
        self._work, self._host, self._page, self._paint = work, work.host, page, paint
        self._services = work.services
        self._label_set: LabelSet | None = None
        self._assigned: tuple[Assignment, ...] = ()
        self._recent: tuple[int, ...] = ()
        self._watch = Stopwatch()
        page.label_set_chosen.connect(lambda name: work.do(lambda: self.choose_label_set(name)))
        page.assign.connect(lambda class_id: work.do(lambda: self.assign(class_id)))
        page.remove.connect(lambda: work.do(self.remove))
        page.select_members.connect(lambda class_id: work.do(lambda: self._host.select_class(class_id)))
        page.select_unassigned.connect(lambda: work.do(self.select_unassigned))
        page.suggest.connect(lambda: work.do(self.suggest))
        page.show_classes.connect(self.show_classes)
        self._more = self._menu()
        page.set_menu(self._more)

    @property
    def label_set(self) -> LabelSet:
        if self._label_set is None:
            raise InputRefused("the scene's label set cannot be loaded", remedy="Choose another one at the top")
        return self._label_set

    def offer(self, title: str, action: Callable[[], None]) -> None:
        """One more entry of the menu."""
        self._more.addAction(title).triggered.connect(lambda *_: self._work.do(action))

    # What the scene says

    def load(self) -> None:
        """Everything anew: another scene, or another label set."""
        settings = self._host.settings()
        self._page.show_label_sets([(name, _title(name)) for name in available()], settings.label_set)
        self._label_set = None
        recent = self._host.remembered().get("recent", ())
        self._recent = tuple(i for i in recent if isinstance(i, int)) if isinstance(recent, (list, tuple)) else ()
        self._watch = Stopwatch()
        self._label_set = load_label_set(settings.label_set)
        self.refresh()
        self._page.show_selection(self._host.selection())
        self._page.show_classes_on(self._host.shows_classes())

    def refresh(self) -> None:
        """What is assigned now."""
        self._assigned = self._host.assignments()
        self.show_rows()
        if self._watch.slow:
            self._page.show_unassigned(None)
            return
        with self._watch:
            number = len(self._host.unassigned())
        self._page.show_unassigned(number)

    def show_rows(self) -> None:
        if self._label_set is not None:
            found = rows(self._label_set, self._paint.card(), self._assigned)
            self._page.show_classes_rows(found, self._recent)

    # What the artist wants

    def choose_label_set(self, name: str) -> None:
        self._host.save_settings(replace(self._host.settings(), label_set=name))
        self.load()

    def assign(self, class_id: int) -> None:
        members = self._host.selection()
        if not members:
            raise InputRefused("nothing is selected", remedy="Select objects, groups or faces in the scene first")
        with self._host.undo_step(f"Assign {self.label_set.by_id(class_id).name}"):
            self._remember(class_id)
            changed = self._host.assign({class_id: members})
        self._after(changed)

    def assign_all(self, members: Mapping[int, Sequence[str]]) -> None:
        if not members:
            raise InputRefused("nothing in the scene is called like that", remedy="Look at the names in the Outliner")
        changed = self._host.assign(members)
        self._after(changed)
        total = sum(len(found) for found in members.values())
        self._work.note(f"{total} things have a class now." + "".join(f" {note}." for note in changed.notes))

    def remove(self) -> None:
        self._after(self._host.unassign(self._host.selection()))

    def select_unassigned(self) -> None:
        found = self._host.unassigned()
        self._host.select(found)
        self._page.show_unassigned(len(found))

    def suggest(self) -> None:
        found = suggest(self._host.objects(), self.label_set)
        if not found:
            self._work.note("No name in the scene says what a thing is. Assign by selection, by name or by a table.")
            return
        dialog = SuggestDialog(found, self.label_set, self._page)
        if self._services.run_dialog(dialog) and dialog.chosen():
            self.assign_all(dialog.chosen())

    def show_classes(self, on: bool) -> None:
        self._work.do(lambda: self._host.show_classes(on))
        shown = self._work.do(self._host.shows_classes)
        self._page.show_classes_on(bool(shown))

    def by_name(self) -> None:
        row = self._page.current()
        if row is None:
            raise InputRefused("no class is chosen", remedy="Choose the class in the list first")
        label = self.label_set.by_id(row.class_id)
        dialog = PatternDialog(self._host.objects(), label, self.label_set, self._page)
        if self._services.run_dialog(dialog):
            self.assign_all(dialog.chosen())

    def by_table(self) -> None:
        file = self._services.file_to_open(self._page, "Table of material or asset names", TABLES)
        if file:
            self.assign_all(rules.match(rules.read_table(file), self._host.objects(), self.label_set))

    def export(self) -> None:
        file = self._services.file_to_save(self._page, "Export classes", JSON_FILES)
        if file:
            changed = self._host.export_classes(file)
            self._work.note(f"The classes of {changed.members} members were written.")

    def bring_in(self) -> None:
        file = self._services.file_to_open(self._page, "Import classes", JSON_FILES)
        if file:
            changed = self._host.import_classes(file)
            self._after(changed)
            notes = "".join(f" {note}." for note in changed.notes)
            self._work.note(f"{changed.members} members got their class.{notes}")

    def policies(self) -> None:
        settings = self._host.settings()
        dialog = PolicyDialog(settings.policies, self._page)
        if self._services.run_dialog(dialog):
            self._host.save_settings(replace(settings, policies=dialog.chosen()))

    def inside(self) -> None:
        """What the names inside caches and stand-ins mean, kept in the scene."""
        file = self._services.file_to_open(self._page, "Table of names inside caches", TABLES)
        if file:
            inner = {rule.pattern: self.label_set.find(rule.name).name for rule in rules.read_table(file)}
            self._host.save_settings(replace(self._host.settings(), inner=inner))
            self._work.note(f"{len(inner)} names inside caches have a class, where Render shot opens them.")

    def rest(self, leave_out: bool) -> None:
        """What is done with things that have no class."""
        row = self._page.current()
        if not leave_out and row is None:
            raise InputRefused("no class is chosen", remedy="Choose the class in the list first")
        name = "" if leave_out or row is None else row.name
        self._host.save_settings(replace(self._host.settings(), rest=name))
        what = f"is painted as {name}" if name else "is left out of the painting, and hides what is behind it"
        self._work.note(f"What has no class {what}.")

    def _menu(self) -> QtWidgets.QMenu:
        menu = QtWidgets.QMenu(self._page)
        entries: tuple[tuple[str, Callable[[], None]] | None, ...] = (
            ("Assign by &name…", self.by_name),
            ("Assign by a &table…", self.by_table),
            None,
            ("&Export classes…", self.export),
            ("&Import classes…", self.bring_in),
            None,
            ("&Leave out what has no class", lambda: self.rest(True)),
            ("&Paint what has no class as the chosen one", lambda: self.rest(False)),
            ("&Awkward things…", self.policies),
            ("&Classes inside caches, by a table…", self.inside),
        )
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            else:
                title, action = entry
                menu.addAction(title).triggered.connect(lambda *_, action=action: self._work.do(action))
        return menu

    def _remember(self, class_id: int) -> None:
        self._recent = (class_id, *(i for i in self._recent if i != class_id))[:RECENT]
        self._host.remember({"recent": list(self._recent)})

    def _after(self, changed: Changed) -> None:
        self.refresh()
        if changed.notes:
            self._work.note(" ".join(f"{note}." for note in changed.notes))


def _title(name: str) -> str:
    try:
        return load_label_set(name).title or name
    except InputRefused:
        return name
