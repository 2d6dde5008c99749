"""Controls for the options of a model, built from its card: a new option needs no change here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from maya_plugin.core.cards import Option
from maya_plugin.ui.qt import QtCore, QtWidgets, Signal

WHOLE = 2**31 - 1  # what a spin box can hold


class OptionRows(QtCore.QObject):
    """Rows of a form, from `position` on."""

    changed = Signal()

    def __init__(self, form: QtWidgets.QFormLayout, position: int) -> None:
        super().__init__()
        self._form, self._position = form, position
        self._controls: list[QtWidgets.QWidget] = []
        self._read: dict[str, Callable[[], Any]] = {}

    def show_options(self, options: Sequence[Option], values: Mapping[str, Any]) -> None:
        """Controls for these, at `values` where it has them and they are allowed, else at their defaults."""
        for control in self._controls:
            self._form.removeRow(control)
        self._controls, self._read = [], {}
        for option in options:
            value = values.get(option.name, option.default)
            control, self._read[option.name] = self._control(option, value)
            control.setToolTip(option.help)
            control.setAccessibleName(option.title)
            self._form.insertRow(self._position + len(self._controls), option.title, control)
            self._controls.append(control)

    def values(self) -> dict[str, Any]:
        return {name: read() for name, read in self._read.items()}

    def _control(self, option: Option, value: Any) -> tuple[QtWidgets.QWidget, Callable[[], Any]]:
        if option.kind == "choice":
            choice = QtWidgets.QComboBox()
            choice.addItems(list(option.choices))
            choice.setCurrentText(str(value) if value in option.choices else str(option.default))
            choice.currentIndexChanged.connect(lambda _: self.changed.emit())
            return choice, choice.currentText
        if option.kind == "boolean":
            check = QtWidgets.QCheckBox()
            check.setChecked(bool(value))
            check.toggled.connect(lambda _: self.changed.emit())
            return check, check.isChecked
        low = -WHOLE if option.min is None else option.min
        high = WHOLE if option.max is None else option.max
        if not isinstance(value, (int, float)):
            value = option.default
        if option.kind == "integer":
            whole = QtWidgets.QSpinBox()
            whole.setRange(int(max(low, -WHOLE)), int(min(high, WHOLE)))
            whole.setValue(int(value))
            whole.valueChanged.connect(lambda _: self.changed.emit())
            return whole, whole.value
        number = QtWidgets.QDoubleSpinBox()
        number.setDecimals(3)
        number.setRange(float(low), float(high))
        number.setSingleStep((float(high) - float(low)) / 20 if high - low < 1000 else 1.0)
        number.setValue(float(value))
        number.valueChanged.connect(lambda _: self.changed.emit())
        return number, number.value
