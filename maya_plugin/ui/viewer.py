"""Labels and painting, or two paintings, in one place, divided by a wipe that mouse and arrow keys move."""

from __future__ import annotations

import threading
from pathlib import Path

from maya_plugin.ui.qt import Qt, QtCore, QtGui, QtWidgets, Signal
from maya_plugin.ui.strip import Snapshot

STEP = 0.05  # of the width, per arrow key
INVITATION = "Paint a frame and it appears here"
GRIP = 2  # pixels to each side of the line


class Viewer(QtWidgets.QWidget):
    """Shows `preview.png` of a painted job: its left half is the labels, its right half the painting."""

    arrived = Signal(object)  # Snapshot of a painting that was loaded and is on show
    _loaded = Signal(object, str, str, str)  # QImage, file, job, words; from the loading thread

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Labels and painting")
        self.setToolTip("Drag the line, or move it with the arrow keys")
        policy = QtWidgets.QSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self._loaded.connect(self._arrive)
        self.wipe = 0.5  # of the picture's width
        self.words = ""
        self._left: QtGui.QImage | None = None
        self._right: QtGui.QImage | None = None
        self._captions = ("labels", "painting")

    def show_file(self, file: Path, job: str, words: str) -> None:
        """Load the preview of a job on a thread of its own; it appears when it is there.

        words: what painted it.
        """

        def load() -> None:
            self._loaded.emit(QtGui.QImage(str(file)), str(file), job, words)

        threading.Thread(target=load, name="semrender picture", daemon=True).start()

    def show_snapshot(self, shown: Snapshot, beside: Snapshot | None = None) -> None:
        """A painting right of the line; left of it its labels, or another painting."""
        self._right = shown.painting
        self._left = shown.labels if beside is None else beside.painting
        self._captions = ("labels", "painting") if beside is None else (beside.words, shown.words)
        self.update()

    def show_frame(self, picture: QtGui.QImage) -> None:
        """A frame of a flip-book, over the whole place."""
        self._left = self._right = picture
        self._captions = ("", "")
        self.update()

    def show_words(self, words: str) -> None:
        """What is going on, in place of a picture or over the one before; "" for nothing."""
        self.words = words
        self.update()

    def has_picture(self) -> bool:
        return self._right is not None

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
        if self._left is None or self._right is None:
            painter.setPen(self.palette().color(QtGui.QPalette.ColorRole.PlaceholderText))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), self.words or INVITATION)
            painter.end()
            return
        area = self._area()
        line = area.left() + area.width() * self.wipe
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, self._right)
        if self._left is self._right:
            self._words_over(painter, area)
            painter.end()
            return
        painter.setClipRect(QtCore.QRectF(area.left(), area.top(), line - area.left(), area.height()))
        labels = self._captions[0] == "labels"  # ids have no colours between them
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform, not labels)
        painter.drawImage(area, self._left)
        painter.setClipping(False)
        painter.setPen(QtGui.QPen(QtGui.QColor(255, 255, 255), GRIP))
        painter.drawLine(QtCore.QPointF(line, area.top()), QtCore.QPointF(line, area.bottom()))
        self._caption(painter, area.bottomLeft(), self._captions[0])
        self._caption(painter, area.bottomRight(), self._captions[1])
        self._words_over(painter, area)
        if self.hasFocus():
            painter.setPen(QtGui.QPen(self.palette().color(QtGui.QPalette.ColorRole.Highlight), GRIP))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area)
        painter.end()

    def _words_over(self, painter: QtGui.QPainter, area: QtCore.QRectF) -> None:
        if self.words:
            self._caption(painter, QtCore.QPointF(area.center().x(), area.top()), self.words, 1.0)

    def _caption(self, painter: QtGui.QPainter, place: QtCore.QPointF, text: str, share: float = 0.5) -> None:
        """Text on a dark strip, moved in where it would stick out, no wider than a share of the picture."""
        metrics = self.fontMetrics()
        gap = metrics.height() / 3
        text = metrics.elidedText(
            text, Qt.TextElideMode.ElideRight, max(1, int(share * self._area().width() - 3 * gap))
        )
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
        assert self._right is not None
        size = QtCore.QSizeF(self._right.size()).scaled(QtCore.QSizeF(self.size()), Qt.AspectRatioMode.KeepAspectRatio)
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
        if self._right is None:
            return
        place = event.position() if hasattr(event, "position") else event.localPos()
        area = self._area()
        self.set_wipe((place.x() - area.left()) / max(1.0, area.width()))

    def _arrive(self, image: QtGui.QImage, file: str, job: str, words: str) -> None:
        if image.isNull():
            self.show_words(f"{Path(file).name} cannot be shown")
            return
        half = image.width() // 2
        labels, painting = image.copy(0, 0, half, image.height()), image.copy(half, 0, half, image.height())
        shown = Snapshot(job, words, labels, painting)
        self.show_snapshot(shown)
        self.arrived.emit(shown)
