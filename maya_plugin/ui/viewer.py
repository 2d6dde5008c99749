"""Labels and painting in one picture, divided by a wipe that mouse and arrow keys move."""

from __future__ import annotations

import threading
from pathlib import Path

from maya_plugin.ui.qt import Qt, QtCore, QtGui, QtWidgets, Signal

STEP = 0.05  # of the width, per arrow key
INVITATION = "Paint a frame and it appears here"
GRIP = 2  # pixels to each side of the line


class Viewer(QtWidgets.QWidget):
    """Shows `preview.png` of a painted job: its left half is the labels, its right half the painting."""

    loaded = Signal(object, str)  # (QImage, file), from the loading thread

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Labels and painting")
        self.setToolTip("Drag the line, or move it with the arrow keys: labels to its left, painting to its right")
        policy = QtWidgets.QSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.loaded.connect(self._show)
        self.file = ""
        self.wipe = 0.5  # of the picture's width
        self.words = ""
        self._labels: QtGui.QImage | None = None
        self._painting: QtGui.QImage | None = None

    def show_file(self, file: Path) -> None:
        """Load a picture on a thread of its own; it appears when it is there."""

        def load() -> None:
            image = QtGui.QImage(str(file))
            self.loaded.emit(image, str(file))

        threading.Thread(target=load, name="semrender picture", daemon=True).start()

    def show_words(self, words: str) -> None:
        """What is going on, in place of a picture or over the one before; "" for nothing."""
        self.words = words
        self.update()

    def has_picture(self) -> bool:
        return self._painting is not None

    def sizeHint(self) -> QtCore.QSize:  # noqa: N802
        side = self.fontMetrics().height()
        return QtCore.QSize(side * 20, side * 10)

    def minimumSizeHint(self) -> QtCore.QSize:  # noqa: N802
        side = self.fontMetrics().height()
        return QtCore.QSize(side * 12, side * 8)

    def set_wipe(self, wipe: float) -> None:
        self.wipe = min(1.0, max(0.0, wipe))
        self.update()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QtGui.QPalette.ColorRole.Base))
        if self._labels is None or self._painting is None:
            painter.setPen(self.palette().color(QtGui.QPalette.ColorRole.PlaceholderText))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), self.words or INVITATION)
            painter.end()
            return
        area = self._area()
        line = area.left() + area.width() * self.wipe
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, self._painting)
        painter.setClipRect(QtCore.QRectF(area.left(), area.top(), line - area.left(), area.height()))
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(area, self._labels)
        painter.setClipping(False)
        painter.setPen(QtGui.QPen(QtGui.QColor(255, 255, 255), GRIP))
        painter.drawLine(QtCore.QPointF(line, area.top()), QtCore.QPointF(line, area.bottom()))
        self._caption(painter, area.bottomLeft(), "labels")
        self._caption(painter, area.bottomRight(), "painting")
        if self.words:
            self._caption(painter, QtCore.QPointF(area.center().x(), area.top()), self.words)
        if self.hasFocus():
            painter.setPen(QtGui.QPen(self.palette().color(QtGui.QPalette.ColorRole.Highlight), GRIP))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area)
        painter.end()

    def _caption(self, painter: QtGui.QPainter, place: QtCore.QPointF, text: str) -> None:
        """Text on a dark strip, moved into the widget where it would stick out."""
        metrics = self.fontMetrics()
        gap = metrics.height() / 3
        box = QtCore.QRectF(0, 0, metrics.horizontalAdvance(text) + 2 * gap, metrics.height() + gap)
        box.moveCenter(place)
        inside = self._area()
        box.moveLeft(max(inside.left(), min(box.left(), inside.right() - box.width())))
        box.moveTop(max(inside.top(), min(box.top(), inside.bottom() - box.height())))
        painter.fillRect(box, QtGui.QColor(0, 0, 0, 150))
        painter.setPen(QtGui.QColor(235, 235, 235))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)

    def _area(self) -> QtCore.QRectF:
        """Where the picture is: as large as fits, in its own proportions."""
        assert self._painting is not None
        size = QtCore.QSizeF(self._painting.size()).scaled(
            QtCore.QSizeF(self.size()), Qt.AspectRatioMode.KeepAspectRatio
        )
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        return QtCore.QRectF(QtCore.QPointF(left, top), size)

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:  # noqa: N802
        self._follow(event)

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:  # noqa: N802
        self._follow(event)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:  # noqa: N802
        step = {int(Qt.Key.Key_Left): -STEP, int(Qt.Key.Key_Right): STEP}.get(int(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.set_wipe(self.wipe + step)

    def _follow(self, event: QtGui.QMouseEvent) -> None:
        if self._painting is None:
            return
        place = event.position() if hasattr(event, "position") else event.localPos()
        area = self._area()
        self.set_wipe((place.x() - area.left()) / max(1.0, area.width()))

    def _show(self, image: QtGui.QImage, file: str) -> None:
        if image.isNull():
            self.show_words(f"{Path(file).name} cannot be shown")
            return
        half = image.width() // 2
        self._labels = image.copy(0, 0, half, image.height())
        self._painting = image.copy(half, 0, half, image.height())
        self.file = file
        self.update()
