"""A painted shot played from memory, frame by frame at its own rate."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from pathlib import Path

from maya_plugin.ui.qt import Qt, QtCore, QtGui, Signal

MEMORY = 384 * 2**20  # bytes; longer shots are kept smaller
TOLD = 8  # frames read between two words on how far it is


class FlipBook(QtCore.QObject):
    """Reads on a thread of its own and plays when all frames are there; `stop` ends either."""

    frame = Signal(object, int)  # QImage, position from 0
    reading = Signal(int, int)  # frames read, of how many
    stopped = Signal()
    _read = Signal(object, object)  # the run, its pictures

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._run: object = None  # what is read or played now; another one makes a thread's result void
        self._pictures: Sequence[QtGui.QImage] = ()
        self._position = 0
        self._timer = QtCore.QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._next)
        self._read.connect(self._begin)

    @property
    def running(self) -> bool:
        """Whether it reads or plays."""
        return self._run is not None

    def play(self, frames: Sequence[Sequence[Path]], fps: float) -> None:
        """frames: for each frame the files of its layers, lowest first."""
        self.stop()
        run = self._run = object()
        self._timer.setInterval(max(1, round(1000 / fps)))

        def read() -> None:
            made: list[QtGui.QImage] = []
            for files in frames:
                if self._run is not run:
                    return
                made.append(composite(files, len(frames)))
                if len(made) % TOLD == 0:
                    self.reading.emit(len(made), len(frames))
            self._read.emit(run, made)

        threading.Thread(target=read, name="semrender flip-book", daemon=True).start()

    def stop(self) -> None:
        if self._run is not None:
            self._run, self._pictures = None, ()
            self._timer.stop()
            self.stopped.emit()

    def _begin(self, run: object, pictures: Sequence[QtGui.QImage]) -> None:
        if run is self._run:
            self._pictures, self._position = pictures, -1
            self._next()
            self._timer.start()

    def _next(self) -> None:
        self._position = (self._position + 1) % len(self._pictures)
        self.frame.emit(self._pictures[self._position], self._position)


def composite(files: Sequence[Path], count: int) -> QtGui.QImage:
    """Layers over each other, lowest first, so small that `count` of them fit into MEMORY; missing files are clear."""
    made = QtGui.QImage()
    for file in files:
        layer = QtGui.QImage(str(file))
        if layer.isNull():
            continue
        share = math.sqrt(MEMORY / (4.0 * count * layer.width() * layer.height()))
        if share < 1:
            size = layer.size() * share
            smooth = Qt.TransformationMode.SmoothTransformation
            layer = layer.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        if made.isNull():
            made = QtGui.QImage(layer.size(), QtGui.QImage.Format.Format_ARGB32_Premultiplied)
            made.fill(Qt.GlobalColor.transparent)
        painter = QtGui.QPainter(made)
        painter.drawImage(made.rect(), layer)
        painter.end()
    return made
