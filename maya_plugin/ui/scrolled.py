"""A scroll area that is as high as what is in it while there is room."""

from __future__ import annotations

from maya_plugin.ui.qt import Qt, QtCore, QtGui, QtWidgets


class Scrolled(QtWidgets.QScrollArea):
    """Args: least, most: lines of text that it shows at the least and at the most."""

    def __init__(self, inside: QtWidgets.QWidget, least: int, most: int = 1000) -> None:
        super().__init__()
        self._inside, self._least, self._most = inside, least, most
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setWidget(inside)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Preferred, QtWidgets.QSizePolicy.Policy.Maximum)
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        inside.installEventFilter(self)

    def sizeHint(self) -> QtCore.QSize:  # noqa: N802
        inside, line = self._inside, self.fontMetrics().height()
        # As narrow as beside a scroll bar: Qt would not take one away again that was there for a moment.
        width = self.width() - self.style().pixelMetric(QtWidgets.QStyle.PixelMetric.PM_ScrollBarExtent)
        high = inside.heightForWidth(width) if inside.hasHeightForWidth() else inside.sizeHint().height()
        return QtCore.QSize(self._least_width(), min(high, line * self._most))

    def minimumSizeHint(self) -> QtCore.QSize:  # noqa: N802
        line = self.fontMetrics().height()
        return QtCore.QSize(self._least_width(), min(line * self._least, self.sizeHint().height()))

    def _least_width(self) -> int:
        return self._inside.minimumWidth() or self._inside.minimumSizeHint().width()

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.updateGeometry()  # another width needs another height

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:  # noqa: N802
        if event.type() == QtCore.QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
