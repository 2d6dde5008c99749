"""The two lines that are always there: what went wrong and how to mend it, and how the server is."""

from __future__ import annotations

from maya_plugin.core import news
from maya_plugin.ui.qt import Qt, QtCore, QtGui, QtWidgets, Signal
from maya_plugin.ui.scrolled import Scrolled
from shared.errors import SemrenderError

MOST_LINES = 12  # of a message; more can be scrolled
GREEN, AMBER, RED, GREY = "#6fb26b", "#d9a441", "#d9695b", "#8a8a8a"
_COLOURS = {
    news.READY: GREEN,
    news.STARTING: AMBER,
    news.STOPPING: AMBER,
    news.LOST: RED,
    news.ABSENT: GREY,
}


class Dot(QtWidgets.QWidget):
    """A round light; what it means stands beside it in words."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = QtGui.QColor(GREY)

    def set_colour(self, colour: str) -> None:
        self._colour = QtGui.QColor(colour)
        self.update()

    def sizeHint(self) -> QtCore.QSize:  # noqa: N802
        side = self.fontMetrics().ascent()
        return QtCore.QSize(side, side)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        side = self.fontMetrics().ascent() * 0.7
        painter.drawEllipse(QtCore.QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side))
        painter.end()


class ServerBar(QtWidgets.QWidget):
    """How the server is, and its switch."""

    start = Signal()
    stop = Signal()

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = ""
        self._dot = Dot()
        self.words = QtWidgets.QLabel()
        self.words.setWordWrap(True)
        self.button = QtWidgets.QPushButton()
        self.button.clicked.connect(self._pressed)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._dot)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self.show_server(news.Server())

    def show_server(self, server: news.Server) -> None:
        self._state = server.state
        self._dot.set_colour(_COLOURS[server.state])
        self.words.setText(server.words)
        running = server.state in (news.READY, news.STOPPING)
        self.button.setText("Stop server" if running else "Start server")
        self.button.setToolTip(
            "It finishes the frames in hand; what waits goes on when it is started again"
            if running
            else "Start the server on this machine; it goes on when Maya is closed"
        )
        self.button.setEnabled(server.state in (news.READY, news.ABSENT, news.LOST))
        self.button.setVisible(server.here)

    def _pressed(self) -> None:
        if self._state == news.READY:
            self.stop.emit()
        else:
            self.start.emit()


class MessageBar(QtWidgets.QFrame):
    """What the artist should know now: what happened, why, what to do, and a button where one exists."""

    fix = Signal()

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self._dot = Dot()
        self.words = QtWidgets.QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.words.setMinimumSize(1, 1)  # the longest word must not make the panel wider
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.button = QtWidgets.QPushButton()
        self.button.clicked.connect(self.fix)
        self._close = QtWidgets.QToolButton()
        self._close.setText("×")
        self._close.setAutoRaise(True)
        self._close.setToolTip("Close this message")
        self._close.setAccessibleName("Close this message")
        self._close.clicked.connect(self.hide)
        row = QtWidgets.QHBoxLayout(self)
        row.addWidget(self._dot, 0, Qt.AlignmentFlag.AlignTop)
        column = QtWidgets.QVBoxLayout()
        self._scrolled = Scrolled(self.words, least=2, most=MOST_LINES)
        column.addWidget(self._scrolled)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(column, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_error(self, error: SemrenderError, fix: str = "") -> None:
        """fix: label of the button; "" for none."""
        place = [f"layer {error.layer}"] if error.layer else []
        place += [f"frame {error.frame}"] if error.frame is not None else []
        head = _sentence(error.what) + (f" ({', '.join(place)})" if place else "")
        lines = [f"<b>{_html(head)}</b>"]
        lines += [_html(_sentence(text) + ".") for text in (error.cause, error.remedy) if text]
        lines += [f"<small>{_html(_short(error.file))}</small>"] if error.file else []
        self.words.setToolTip(error.file or "")
        self._show(lines, RED, fix)

    def show_note(self, words: str, button: str = "") -> None:
        self.words.setToolTip("")
        self._show([_html(words)], GREEN, button)

    def _show(self, lines: list[str], colour: str, button: str) -> None:
        self._dot.set_colour(colour)
        self.words.setText("<br>".join(lines))
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.show()
        self._scrolled.updateGeometry()


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return text[:1].upper() + text[1:]


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")


def _short(file: str) -> str:
    """The end of a path, which is what tells files apart; the whole one is in the tool tip."""
    parts = file.replace("\\", "/").split("/")
    return file if len(parts) <= 3 else "…/" + "/".join(parts[-3:])
