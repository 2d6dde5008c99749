"""Names for a Cryptomatte from the panel: the questions, and what is made of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maya_plugin.core import cryptomatte_names, cryptomatte_shot, jobs, results
from maya_plugin.core.contract import ShotRequest
from maya_plugin.core.cryptomatte_names import ANY, ASSET, MATERIAL, OBJECT, Rendered, Table, templates_of
from maya_plugin.core.jobs import Order, new_id
from maya_plugin.core.news import Names
from maya_plugin.ui.class_actions import ClassActions
from maya_plugin.ui.dialogs import Dialog
from maya_plugin.ui.paint_actions import PaintActions
from maya_plugin.ui.paint_page import PaintPage
from maya_plugin.ui.qt import QtWidgets
from maya_plugin.ui.services import Services
from maya_plugin.ui.work import Work
from shared.errors import InputRefused
from shared.shot import FILE_NAME, write_shot
from shared.wording import counted

OWN = "own"
KINDS = ((OBJECT, "Objects"), (MATERIAL, "Materials"), (ASSET, "Assets (references)"))
BY = (
    (ANY, "Not known: every way of all"),
    ("arnold", "Arnold"),
    ("redshift", "Redshift"),
    ("vray", "V-Ray"),
    ("renderman", "RenderMan"),
    (OWN, "A rule of your own"),
)
FRAMES = "OpenEXR (*.exr)"
TABLES = "JSON (*.json)"
WORDS = (
    "A render that is there already has its labels in its Cryptomatte. With a frame of it, the way of naming is found "
    "out, and the whole sequence can be painted."
)


@dataclass(frozen=True)
class Asked:
    what: str
    templates: tuple[str, ...]
    frame: str  # a rendered file, "" for none


class CryptomatteDialog(Dialog):
    """What the Cryptomatte is of, who rendered it, and a frame of it."""

    def __init__(self, services: Services, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__("Export names for Cryptomatte", "Write", parent)
        self._services = services
        words = QtWidgets.QLabel(WORDS)
        words.setWordWrap(True)
        self.column.addWidget(words)
        form = QtWidgets.QFormLayout()
        self.what, self.by = QtWidgets.QComboBox(), QtWidgets.QComboBox()
        for box, entries in ((self.what, KINDS), (self.by, BY)):
            for key, title in entries:
                box.addItem(title, key)
        self.what.setToolTip("What has a name of its own in the Cryptomatte")
        self.by.setToolTip("Each renderer names things in a way of its own")
        self.rule = QtWidgets.QLineEdit("{bare_shape}")
        self.rule.setToolTip(
            "Such as {namespace}_{bare_transform}. Fields: path, transform_path, shape, transform, tail, namespace, "
            "outer, asset, material, group; bare_ before one is without namespaces"
        )
        self.frame = QtWidgets.QLineEdit()
        self.frame.setMinimumWidth(220)
        self.frame.setPlaceholderText("none: only the table")
        choose = QtWidgets.QPushButton("Choose…")
        choose.clicked.connect(self._choose)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.frame, 1)
        row.addWidget(choose)
        form.addRow("It is of", self.what)
        form.addRow("Rendered by", self.by)
        form.addRow("Rule", self.rule)
        form.addRow("A frame of it", row)
        self.column.addLayout(form)
        self.by.currentIndexChanged.connect(self._by_chosen)
        self.rule.setEnabled(False)
        self.finish()

    def chosen(self) -> Asked:
        """Raises InputRefused for an own rule that makes no name."""
        what, by = str(self.what.currentData()), str(self.by.currentData())
        templates = (self.rule.text().strip(),) if by == OWN else templates_of(by, what)
        return Asked(what, templates, self.frame.text().strip())

    def _by_chosen(self, _: int) -> None:
        self.rule.setEnabled(self.by.currentData() == OWN)

    def _choose(self) -> None:
        file = self._services.file_to_open(self, "A rendered frame with a Cryptomatte", FRAMES)
        if file:
            self.frame.setText(file)


class CryptomatteActions:
    def __init__(self, work: Work, classes: ClassActions, paint: PaintActions, page: PaintPage) -> None:
        self._work, self._host, self._services = work, work.host, work.services
        self._classes, self._paint, self._page = classes, paint, page
        self._asked: Asked | None = None
        classes.offer("Export names for &Cryptomatte…", self.ask)

    def ask(self) -> None:
        dialog = CryptomatteDialog(self._services, self._page)
        if not self._services.run_dialog(dialog):
            return
        asked = dialog.chosen()
        if asked.frame:
            self._asked = asked
            self._work.note("Reading the names in the rendered file …")
            self._services.session.read_rendered(asked.frame, self._classes.label_set.name, asked.what)
            return
        table = self._table(asked, None)
        file = self._services.file_to_save(self._page, "Names for Cryptomatte", TABLES)
        if file:
            cryptomatte_shot.write_names(Path(file), table.names)
            self._work.note(_words(table, asked.what))

    def show_names(self, told: Names) -> None:
        """The rendered file was read: the table and the shot are written, which can be painted."""
        asked = self._asked
        if asked is None or asked.frame != told.rendered.file:
            return
        self._asked = None
        table = self._table(asked, told.rendered)
        if not table.names and not told.rendered.means:
            raise InputRefused(
                "no name of the rendered file is one of the scene",
                file=told.rendered.file,
                cause=f"It has {', '.join(table.unnamed[:3])}" if table.unnamed else "",
                remedy="Look whether it is of this scene, and whether objects, materials or assets were chosen",
            )
        scene = self._host.scene()
        chosen = self._page.choices()
        places = results.of_rendered(scene, chosen.folder, chosen.shot)
        results.make(places.passes)
        request = ShotRequest(
            folder=str(places.passes),
            camera=chosen.camera,
            first=scene.first,
            last=scene.last,
            layers=(),
            model=chosen.model,
            options=chosen.options,
            seed=chosen.seed,
            hold=chosen.hold,
            name=chosen.shot or scene.shot,
            consent=self._paint.consent(chosen),
        )
        shot = cryptomatte_shot.build(request, scene, self._host.settings(), told.rendered, table.names)
        cryptomatte_shot.write_names(places.passes / cryptomatte_shot.NAMES, table.names)
        written = places.passes / FILE_NAME
        write_shot(written, shot)
        order = Order(new_id(), f"{shot.name}, rendered", str(places.painted), jobs.SHOT, chosen.camera, chosen.format)
        self._work.note(_words(table, asked.what), "Paint", lambda: self._paint.paint_shot(order, str(written)))

    def _table(self, asked: Asked, rendered: Rendered | None) -> Table:
        things, inner = (*self._host.objects(), *self._host.prims()), self._host.settings().inner
        return cryptomatte_names.table(things, self._classes.label_set, asked.templates, rendered, inner)


def _words(table: Table, what: str) -> str:
    written = f"{counted(len(table.names), 'name')} of {counted(table.things, 'thing')} written."
    return " ".join([written, *(f"{note[0].upper()}{note[1:]}." for note in table.notes(what))])
