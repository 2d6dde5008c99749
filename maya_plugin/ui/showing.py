"""Looking at what was painted: the picture, the strip of those before it, the flip-book of a shot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from maya_plugin.core import painted
from maya_plugin.core.jobs import Job
from maya_plugin.ui.flipbook import FlipBook
from maya_plugin.ui.paint_page import PaintPage
from maya_plugin.ui.qt import QtGui
from maya_plugin.ui.strip import Snapshot
from shared.delivery import read_delivery
from shared.errors import InputRefused, SemrenderError

PREVIEW = "preview.png"


class Showing:
    """Args: tell: called with the id of the job whose picture is on show, when the strip brings one back."""

    def __init__(self, page: PaintPage, tell: Callable[[str], None]) -> None:
        self._page, self._viewer, self._tell = page, page.viewer, tell
        self._shown: Snapshot | None = None
        self._beside: Snapshot | None = None
        self._first = 0  # frame of the flip-book's first picture
        self.flipbook = FlipBook(page)
        self.flipbook.frame.connect(self._frame)
        self.flipbook.reading.connect(lambda done, total: self._viewer.show_words(f"Reading {done} of {total} frames"))
        self.flipbook.stopped.connect(self._stopped)
        self._viewer.arrived.connect(self._arrived)
        page.strip.chosen.connect(self._choose)
        page.strip.compared.connect(self._compare)

    def show(self, job: Job) -> None:
        """The newest picture of a job; it joins the strip when it is loaded."""
        self.flipbook.stop()
        try:
            words = painted.words(read_delivery(Path(job.out)))
        except SemrenderError:  # no delivery: the picture says enough
            words = job.name
        self._viewer.show_file(Path(job.out) / PREVIEW, job.id, words)

    def play(self, job: Job) -> None:
        """Play the painted shot, or stop what plays. Raises InputRefused where there is nothing to play."""
        if self.flipbook.running:
            self.flipbook.stop()
            return
        delivery = read_delivery(Path(job.out))
        frames = painted.frames(delivery, Path(job.out))
        movie = next(Path(job.out).glob("movie.*"), None)
        if len(frames) < 2:
            what = "one frame was painted" if frames else "the painted layers are EXR, which the panel does not play"
            instead = f"Open {movie.name} of its folder" if movie and not frames else "Render the shot"
            raise InputRefused(what, file=job.out, remedy=instead)
        self._first = delivery.shot.first
        self._page.play_button.setText("Stop")
        self._viewer.show_words("Reading the frames …")
        self.flipbook.play(frames, delivery.shot.fps)

    def _arrived(self, snapshot: Snapshot) -> None:
        self._shown, self._beside = snapshot, None
        self._page.strip.add(snapshot)

    def _choose(self, snapshot: Snapshot) -> None:
        self.flipbook.stop()
        self._shown = snapshot
        self._tell(snapshot.job)
        self._viewer.show_snapshot(snapshot, self._beside)

    def _compare(self, beside: Snapshot | None) -> None:
        self.flipbook.stop()
        self._beside = beside
        if self._shown is not None:
            self._viewer.show_snapshot(self._shown, beside)

    def _frame(self, picture: QtGui.QImage, position: int) -> None:
        self._viewer.show_words(f"{self._first + position}")
        self._viewer.show_frame(picture)

    def _stopped(self) -> None:
        self._page.play_button.setText("Play")
        self._viewer.show_words("")
        if self._shown is not None:
            self._viewer.show_snapshot(self._shown, self._beside)
