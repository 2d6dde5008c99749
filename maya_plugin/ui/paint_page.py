"""The page where frames are painted: model and options, camera and layers, range, and the picture."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maya_plugin.core.cards import Card, Models
from maya_plugin.core.contract import ARNOLD, EXTRA_PASSES, HARDWARE, Camera, Layer, Scene
from maya_plugin.core.passes import GIVES
from maya_plugin.ui.feeding import ConsentRows, FileRow
from maya_plugin.ui.options import OptionRows
from maya_plugin.ui.qt import Qt, QtWidgets, Signal
from maya_plugin.ui.scrolled import Scrolled
from maya_plugin.ui.shot_rows import FrameRange, ResultsRows
from maya_plugin.ui.strip import Strip
from maya_plugin.ui.sun_row import SunRow
from maya_plugin.ui.viewer import Viewer
from shared import inputs

RENDERERS = ((HARDWARE, "Maya Hardware 2.0"), (ARNOLD, "Arnold"))
PASSES = {
    "instance": "Instances",
    "normal": "Normals",
    "depth": "Depth",
    "shading": "Shading (clay)",
    "beauty": "Beauty",
    "motion": "Motion (not yet proven in Maya)",
}
RENDERER_WORDS = (
    "What renders the passes. Hardware 2.0 draws no displacement, and things as smooth as the viewport shows them:"
    " the outline of an Arnold beauty is Arnold's"
)
SIZES = ((1, "Full size"), (2, "Half"), (4, "Quarter"))
HOLDS = (("off", "Off: every frame by itself"), ("gentle", "Gentle"), ("strong", "Strong"))
FORMATS = (("png", "PNG, 8 bit sRGB"), ("exr", "EXR, linear half float"), ("exr-acescg", "EXR, ACEScg"))
MAX_SEED = 2**31 - 1  # what a spin box can hold; shot.json allows twice as much


@dataclass(frozen=True)
class Choices:
    """What the page is set to. `layers` are nodes, top first."""

    model: str
    options: Mapping[str, Any]
    seed: int
    camera: str  # full path of its shape
    camera_name: str
    layers: tuple[str, ...]
    renderer: str
    extra: tuple[str, ...]
    first: int
    last: int
    hold: str  # one of shared.shot.HOLDS
    divide: int  # the scene's size is divided by this
    format: str
    reference: str  # file; "" for none
    audio: str  # file; "" for the scene's
    consent: Mapping[str, str]  # as shot.json has it; empty where nothing is said
    shot: str  # "" for the scene's
    folder: str  # of the results, with tokens; "" for the rule's
    frames: Mapping[str, Any]  # of shot_rows.FrameRange, to be remembered
    sun_of_scene: bool  # whether options say where the sun stands only where the scene does not


class PaintPage(QtWidgets.QWidget):
    model_chosen = Signal(str)
    paint_frame = Signal()
    render_shot = Signal()
    place_picture = Signal()
    remove_picture = Signal()
    open_folder = Signal()
    choose_reference = Signal()
    choose_sound = Signal()
    choose_folder = Signal()
    play = Signal()
    check_scene = Signal()
    farm_job = Signal()
    project_picture = Signal()
    unproject_picture = Signal()

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewer, self.strip, self.sun = Viewer(), Strip(), SunRow()
        self._scene: Scene | None = None
        self._models = Models()
        self._listed: tuple[Sequence[Layer], Sequence[Camera]] = ((), ())
        self._wanted: Mapping[str, Any] = {}
        self._make_model()
        self._make_what()
        self._make_more()
        self._make_buttons()
        self._lay_out()
        self.show_busy("")

    # Told by the panel

    def show_models(self, models: Models, label_set: str) -> None:
        """The models; one of another label set paints too, its classes being carried over. Those that a scene cannot
        feed come last, with what they lack."""
        wanted = self.model.currentData() or self._wanted.get("model") or models.default
        self._models = models
        self.model.clear()
        lacks = {card.name: inputs.lacking(card.inputs, GIVES) for card in models.cards}
        for card in models.cards:
            if not lacks[card.name]:
                own = card.label_set in ("", label_set)
                self.model.addItem(card.title if own else f"{card.title} (classes of {card.label_set})", card.name)
        for card in models.cards:
            if lacks[card.name]:
                why = f"It {lacks[card.name]}, which the plug-in does not render"
                self._add_greyed(f"{card.title} ({lacks[card.name]})", card.name, why)
        for name, why in models.broken.items():
            self._add_greyed(f"{name} (cannot be used)", name, why)
        usable = [card.name for card in models.cards if not lacks[card.name]]
        own_first = [card.name for card in models.cards if card.label_set == label_set] + usable
        chosen = wanted if wanted in usable else next(iter(own_first), "")
        self.model.setCurrentIndex(self.model.findData(chosen) if chosen else -1)
        self._show_card()

    def card(self) -> Card | None:
        return self._models.find(str(self.model.currentData())) if self.model.currentIndex() >= 0 else None

    def show_scene(self, scene: Scene, layers: Sequence[Layer], cameras: Sequence[Camera]) -> None:
        """Frame, size, layers and cameras of the scene; what was chosen before stays chosen where it is still there."""
        before, self._scene = self._scene, scene
        another = before is None or before.path != scene.path
        if another or (layers, cameras) != self._listed:
            self._listed = (layers, cameras)
            self._list_cameras(cameras, self._wanted.get("camera") if another else self.camera.currentData())
            self._list_layers(layers, self._wanted.get("layers") if another else self.chosen_layers())
        if another:
            self.frames.show_kept(self._wanted.get("frames"))
        self.frames.show_scene(scene)
        self.results.show_scene(scene)
        self.show_frame(scene.frame)

    def show_frame(self, frame: int) -> None:
        self.frame_button.setText(f"Paint frame {frame}")

    def show_settings(self, kept: Mapping[str, Any]) -> None:
        """What the scene remembers of this page."""
        self._wanted = kept
        self.renderer.setCurrentIndex(max(0, self.renderer.findData(kept.get("renderer", HARDWARE))))
        self.scale.setCurrentIndex(max(0, self.scale.findData(kept.get("divide", 1))))
        self.format.setCurrentIndex(max(0, self.format.findData(kept.get("format", "png"))))
        self.hold.setCurrentIndex(max(0, self.hold.findData(kept.get("hold", "off"))))
        for name, box in self.extra.items():
            box.setChecked(name in kept.get("extra", ()))
        self.reference.setText(str(kept.get("reference", "")))
        self.sound.file.setText(str(kept.get("audio", "")))
        self.consent.show_kept(kept.get("consent"))
        self.results.show_kept(kept)
        self.sun.setChecked(kept.get("sun_of_scene") is not False)
        seed = kept.get("seed", 0)
        self.seed.setValue(seed if isinstance(seed, int) else 0)
        model = self.model.findData(kept.get("model", ""))
        if model >= 0:
            self.model.setCurrentIndex(model)
        self._show_card()

    def choices(self) -> Choices:
        return Choices(
            model=str(self.model.currentData() or ""),
            options=self.options.values(),
            seed=self.seed.value(),
            camera=str(self.camera.currentData() or ""),
            camera_name=self.camera.currentText(),
            layers=self.chosen_layers(),
            renderer=str(self.renderer.currentData()),
            extra=tuple(name for name, box in self.extra.items() if box.isChecked()),
            first=self.first.value(),
            last=self.last.value(),
            hold=str(self.hold.currentData()),
            divide=int(self.scale.currentData()),
            format=str(self.format.currentData()),
            reference=self._reference.text(),
            audio=self.sound.text(),
            consent=self.consent.consent(),
            shot=self.results.shot.text().strip(),
            folder=self.results.folder.text().strip(),
            frames=self.frames.kept(),
            sun_of_scene=self.sun.isChecked(),
        )

    def chosen_layers(self) -> tuple[str, ...]:
        items = [self.layers.item(i) for i in range(self.layers.count())]
        chosen = [item for item in items if item.checkState() == Qt.CheckState.Checked]
        return tuple(str(item.data(Qt.ItemDataRole.UserRole)) for item in chosen)

    def show_busy(self, words: str) -> None:
        """What is being painted, in words; "" when nothing is."""
        self.viewer.show_words(words)

    def show_result_buttons(self, on: bool) -> None:
        for button in (self._place, self._folder, self.play_button):
            button.setEnabled(on)

    # Inside

    def _list_cameras(self, cameras: Sequence[Camera], chosen: Any) -> None:
        self.camera.clear()
        for one in sorted(cameras, key=lambda each: not each.renderable):
            self.camera.addItem(one.name, one.shape)
        self.camera.setCurrentIndex(max(0, self.camera.findData(chosen)))

    def _list_layers(self, layers: Sequence[Layer], chosen: Any) -> None:
        """chosen: nodes that are ticked; None for those that render."""
        self.layers.clear()
        for layer in layers:
            item = QtWidgets.QListWidgetItem(layer.name)
            item.setData(Qt.ItemDataRole.UserRole, layer.node)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            on = layer.renderable if chosen is None else layer.node in chosen
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            self.layers.addItem(item)
        rows = min(4, max(1, len(layers)))
        self.layers.setFixedHeight(rows * self.layers.sizeHintForRow(0) + 2 * self.layers.frameWidth() + 2)

    def _add_greyed(self, title: str, name: str, why: str) -> None:
        self.model.addItem(title, name)
        position = self.model.count() - 1
        self.model.setItemData(position, why, Qt.ItemDataRole.ToolTipRole)
        self.model.model().item(position).setEnabled(False)  # type: ignore[attr-defined]

    def _choose_model(self) -> None:
        self._show_card()
        self.model_chosen.emit(str(self.model.currentData()))

    def _show_card(self) -> None:
        card = self.card()
        self._reference.show_for(card is not None and "reference" in card.inputs)
        self.sound.show_for(card is not None and "audio" in card.inputs)
        self.consent.setVisible(card is not None and card.likeness)
        if card is None:
            self.options.show_options((), {})
            self.sun.show_for((), self.options)
            self._about.setText("The server says which models there are" if not self._models.cards else "")
            return
        kept = self._wanted.get("options", {}) if self._wanted.get("model") == card.name else {}
        self.options.show_options(card.options, {**kept, **self.options.values()})
        self.sun.show_for(card.options, self.options)
        self._about.setText(f"{card.description} Licence: {card.licence}.")

    def _make_model(self) -> None:
        self.model = QtWidgets.QComboBox()
        self.model.setAccessibleName("Model")
        self.model.activated.connect(self._choose_model)
        self._about = QtWidgets.QLabel()
        self._about.setWordWrap(True)
        tip = "A picture, of any size, whose look is taken over"
        self._reference = FileRow("Reference", tip, self.choose_reference.emit)
        self.reference = self._reference.file
        tip = "The sound that the model follows, from the first frame on; empty: what the time slider plays"
        self.sound = FileRow("Sound", tip, self.choose_sound.emit)
        self.sound.file.setPlaceholderText("What the time slider plays")
        self.consent = ConsentRows()
        self.seed = QtWidgets.QSpinBox()
        self.seed.setRange(0, MAX_SEED)
        self.seed.setToolTip("The same seed gives the same picture; another one another texture")
        self._dice = QtWidgets.QPushButton("Another")
        self._dice.setToolTip("Another seed")
        self._dice.clicked.connect(lambda: self.seed.setValue(random.randrange(10_000)))

    def _make_what(self) -> None:
        self.camera = QtWidgets.QComboBox()
        self.camera.setAccessibleName("Camera")
        self.layers = QtWidgets.QListWidget()
        self.layers.setAccessibleName("Render layers")
        self.layers.setToolTip("Each ticked layer is painted as a layer of its own, in the context of the whole scene")
        self.frames = FrameRange()
        self.first, self.last = self.frames.first, self.frames.last
        self.frames.changed.connect(self._show_range)

    def _make_more(self) -> None:
        self.renderer = _combo(RENDERERS, RENDERER_WORDS)
        self.scale = _combo(SIZES, "Of the scene's render size")
        self.format = _combo(FORMATS, "Of the painted layers")
        self.hold = _combo(HOLDS, "How still the texture holds while things move (best with motion and depth)")
        self.extra = {name: QtWidgets.QCheckBox(PASSES[name]) for name in EXTRA_PASSES}
        self._more = QtWidgets.QToolButton()
        self._more.setText("More settings")
        self._more.setCheckable(True)
        self._more.setAutoRaise(True)
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.setArrowType(Qt.ArrowType.RightArrow)
        self._more.toggled.connect(self._show_more)
        self.results = ResultsRows()
        self.results.browse.clicked.connect(self.choose_folder)
        self._settings = QtWidgets.QWidget()
        form = QtWidgets.QFormLayout(self._settings)
        form.setContentsMargins(0, 0, 0, 0)
        seed = QtWidgets.QHBoxLayout()
        seed.addWidget(self.seed, 1)
        seed.addWidget(self._dice)
        form.addRow("Seed", seed)
        form.addRow("Renderer", self.renderer)
        form.addRow("Size", self.scale)
        form.addRow("Painted as", self.format)
        form.addRow("Hold still", self.hold)
        form.addRow("Shot", self.results.shot)
        form.addRow("Results", self.results.place)
        boxes = QtWidgets.QVBoxLayout()
        for box in self.extra.values():
            boxes.addWidget(box)
        form.addRow("Also render", boxes)
        self._settings.hide()

    def _make_buttons(self) -> None:
        self.frame_button = QtWidgets.QPushButton("Paint frame")
        self.frame_button.setToolTip("Render the passes of this frame here and have it painted")
        self.frame_button.clicked.connect(self.paint_frame)
        self.shot_button = QtWidgets.QPushButton("Render shot")
        self.shot_button.setToolTip("Render the range on a copy of the scene, in a process of its own, and paint it")
        self.shot_button.clicked.connect(self.render_shot)
        self.farm_button = QtWidgets.QToolButton()
        self.farm_button.setText("For a farm")
        self.farm_button.setToolTip(
            "Write the same as a job for a render farm (Open Job Description), start nothing here"
        )
        self.farm_button.clicked.connect(self.farm_job)
        self._place = QtWidgets.QToolButton()
        self._place.setText("On image plane")
        self._place.setToolTip("Put the painting on an image plane of the camera")
        self._place.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        menu = QtWidgets.QMenu(self)
        menu.addAction("Take it off again", self.remove_picture.emit)
        menu.addSeparator()
        menu.addAction("Project it onto the selection", self.project_picture.emit)
        menu.addAction("Take all projections off", self.unproject_picture.emit)
        self._place.setMenu(menu)
        self._place.clicked.connect(self.place_picture)
        self.play_button = QtWidgets.QPushButton("Play")
        self.play_button.setToolTip("Play the painted frames from memory, at the shot's rate")
        self.play_button.clicked.connect(self.play)
        self.check_button = QtWidgets.QPushButton("Check scene")
        self.check_button.setToolTip("What would be wrong or missing in the passes, with buttons to see and mend it")
        self.check_button.clicked.connect(self.check_scene)
        self._folder = QtWidgets.QPushButton("Open folder")
        self._folder.setToolTip("The folder of the painting")
        self._folder.clicked.connect(self.open_folder)

    def _lay_out(self) -> None:
        settings = QtWidgets.QWidget()
        inside = QtWidgets.QVBoxLayout(settings)
        inside.setContentsMargins(0, 0, 0, 0)
        form = QtWidgets.QFormLayout()
        inside.addLayout(form)
        inside.addWidget(self._more)
        inside.addWidget(self._settings)
        form.addRow("Model", self.model)
        form.addRow(self._about)
        for row in (self._reference, self.sound):
            form.addRow(row.title, row)
        form.addRow(self.consent)
        self.options = OptionRows(form, form.rowCount())
        form.addRow("Camera", self.camera)
        form.addRow("Layers", self.layers)
        form.addRow("Frames", self.frames)
        actions = QtWidgets.QHBoxLayout()
        actions.addWidget(self.frame_button)
        actions.addWidget(self.shot_button)
        aside = QtWidgets.QHBoxLayout()
        aside.addWidget(self.check_button)
        aside.addStretch()
        aside.addWidget(self.farm_button)
        after = QtWidgets.QHBoxLayout()
        after.addStretch()
        after.addWidget(self.play_button)
        after.addWidget(self._place)
        after.addWidget(self._folder)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(Scrolled(settings, least=6))
        column.addLayout(actions)
        column.addLayout(aside)
        column.addWidget(self.viewer, 1)
        column.addWidget(self.strip)
        column.addLayout(after)
        self.show_result_buttons(False)

    def _show_more(self, on: bool) -> None:
        self._more.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self._settings.setVisible(on)

    def _show_range(self) -> None:
        first, last = self.first.value(), self.last.value()
        self.shot_button.setText(f"Render shot {first}–{last}")
        self.shot_button.setEnabled(first <= last)
        self.farm_button.setEnabled(first <= last)


def _combo(entries: Sequence[tuple[Any, str]], tip: str) -> QtWidgets.QComboBox:
    made = QtWidgets.QComboBox()
    made.setToolTip(tip)
    for data, title in entries:
        made.addItem(title, data)
    return made
