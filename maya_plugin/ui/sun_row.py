"""A box above the two numbers of a model that is told where the sun stands: as in the scene, or by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maya_plugin.core import sun
from maya_plugin.core.cards import Option
from maya_plugin.ui.options import OptionRows
from maya_plugin.ui.qt import QtWidgets, Signal
from shared.inputs import SUN

WORDS = "Sun as in the scene"


class SunRow(QtWidgets.QCheckBox):
    asked = Signal()  # where the sun of the scene stands: answered by `show_sun`

    def __init__(self) -> None:
        super().__init__(WORDS)
        self.setChecked(True)
        self.setToolTip(
            "The brightest light that shines from one direction, or a sun of your renderer. Off: the numbers below are"
            " yours, counted from where the camera looks on the first frame"
        )
        self._rows: OptionRows | None = None
        self.toggled.connect(self._settle)
        self.hide()

    def show_for(self, options: Sequence[Option], rows: OptionRows) -> None:
        """For the controls of a model's options."""
        self._rows = rows
        told = sun.takes(one.name for one in options)
        if told:
            rows.above(SUN[0], self)
        self.setVisible(told)
        self._settle()

    def of_scene(self) -> bool:
        """Whether the sun of the scene is wanted, by a model that is told of one."""
        return self.isChecked() and not self.isHidden()

    def show_sun(self, light: str, values: Mapping[str, float]) -> None:
        """Where it stands, by which light; "" where the scene has none, for which the numbers are the artist's."""
        assert self._rows is not None
        self.setText(f"{WORDS}: {light}" if light else f"{WORDS} (it has none)")
        self._rows.enable(SUN, not light)
        self._rows.put(values)

    def _settle(self) -> None:
        self.setText(WORDS)
        if self._rows is not None:
            self._rows.enable(SUN, True)
        if self.of_scene():
            self.asked.emit()
