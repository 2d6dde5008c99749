"""Controls for the options of a model, built from its card: a new option needs no change here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
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
        self._holder: QtWidgets.QWidget | None = None  # of a row that stands above an option

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

    def enable(self, names: Collection[str], on: bool) -> None:
        for name, control in zip(self._read, self._controls):
            if name in names:
                control.setEnabled(on)

    def above(self, name: str, row: QtWidgets.QWidget) -> None:
        """Put a row above the one of an option; it moves along. PySide2 cannot take a row out without deleting it."""
        row.setParent(None)
        if self._holder is not None:
            self._form.removeRow(self._holder)
        self._holder = QtWidgets.QWidget()
        inside = QtWidgets.QVBoxLayout(self._holder)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(row)
        place: Any = self._form.getWidgetPosition(self._controls[list(self._read).index(name)])
        self._form.insertRow(place[0], self._holder)

    def put(self, values: Mapping[str, float]) -> None:
        """Numbers into their controls."""
        for name, control in zip(self._read, self._controls):
            if name in values and isinstance(control, QtWidgets.QDoubleSpinBox):
                control.setValue(values[name])

    def _control(self, option: Option, value: Any) -> tuple[QtWidgets.QWidget, Callable[[], Any]]:
        if option.kind == "choice":
            choice = QtWidgets.QComboBox()
            choice.addItems(list(option.choices))
            choice.setCurrentText(str(value) if value in option.choices else str(option.default))
            choice.currentIndexChanged.connect(lambda _: self.changed.emit())
            return choice, choice.currentText
        if option.kind == "boolean":
            check = QtWidgets.QCheckBox()
            check.setChecked(value if isinstance(value, bool) else option.default)
            check.toggled.connect(lambda _: self.changed.emit())
            return check, check.isChecked
        if option.kind in ("integer", "number"):
            return self._number(option, value)
        shown = QtWidgets.QLabel(str(option.default))  # of a newer server: it stays as it is
        return shown, lambda: option.default

    def _number(self, option: Option, value: Any) -> tuple[QtWidgets.QWidget, Callable[[], Any]]:
        """Every value of the card is shown exactly."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            value = option.default
        far = max(WHOLE, abs(option.default))
        low, high = -far if option.min is None else option.min, far if option.max is None else option.max
        if option.kind == "integer" and far == WHOLE:
            whole = QtWidgets.QSpinBox()
            whole.setRange(int(max(low, -WHOLE)), int(min(high, WHOLE)))
            whole.setValue(int(min(max(value, low), high, WHOLE)))
            whole.valueChanged.connect(lambda _: self.changed.emit())
            return whole, whole.value
        number = QtWidgets.QDoubleSpinBox()
        number.setDecimals(0 if option.kind == "integer" else max(3, *map(_digits, (option.default, low, high, value))))
        number.setRange(float(low), float(high))
        number.setSingleStep((float(high) - float(low)) / 20 if high - low < 20 else 1.0)
        number.setValue(float(value))
        number.valueChanged.connect(lambda _: self.changed.emit())
        return number, number.value if option.kind == "number" else lambda: round(number.value())


def _digits(value: float) -> int:
    """How many stand behind the point."""
    return max(0, -int(Decimal(repr(float(value))).normalize().as_tuple().exponent))
