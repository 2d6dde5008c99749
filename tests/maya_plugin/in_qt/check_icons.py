"""The icons of the shelf, drawn by Qt's reader of SVG."""

from pathlib import Path

import pytest

from maya_plugin.ui.qt import QtCore, QtGui

try:
    from PySide6 import QtSvg
except ImportError:
    from PySide2 import QtSvg

ICONS = Path(__file__).parents[3] / "maya_plugin" / "icons"


@pytest.mark.parametrize("side", [32, 64])
@pytest.mark.parametrize("name", ["classes", "show", "paint", "shot", "send"])
def test_an_icon_of_the_shelf_fills_its_square_at_every_density(name, side):
    drawing = QtSvg.QSvgRenderer(str(ICONS / f"semrender_{name}.svg"))
    assert drawing.isValid() and drawing.defaultSize() == QtCore.QSize(32, 32)
    image = QtGui.QImage(side, side, QtGui.QImage.Format.Format_ARGB32)
    image.fill(QtGui.QColor(0, 0, 0, 0))
    painter = QtGui.QPainter(image)
    drawing.render(painter)
    painter.end()
    covered = sum(image.pixelColor(x, y).alpha() > 127 for x in range(side) for y in range(side))
    assert covered > 0.25 * side * side
