"""Progress as whoever runs a chunk wants it: for a person, as JSON, as Open Job Description, or not at all."""

from __future__ import annotations

import time

from inference_server.commands.progress import JsonTeller, Teller
from shared import door
from shared.errors import SemrenderError
from shared.told import Checked, Event, Frame, Looked, Paused, Preparing, Result, Resumed, Underpainted
from shared.wording import counted

BETWEEN_SECONDS = 1.0  # messages; an engine keeps them all


def one_line(text: object) -> str:
    """No line of a stranger's, of a file's name or a shot's, begins with what an engine would take for an order."""
    return " ".join(str(text).split())


def say(kind: str, text: object) -> None:
    """A message of Open Job Description ("How Jobs Are Run", stdout/stderr messages): status, progress, fail or env."""
    print(f"openjd_{kind}: {one_line(text)}", flush=True)


class QuietTeller(Teller):
    """Counts, and says nothing."""

    def tell(self, event: Event) -> None:
        if isinstance(event, Checked):
            self.total = event.total
            self.of_under = event.body.get("under_total", 0)
        elif isinstance(event, Frame):
            self.done = event.done
        elif isinstance(event, Underpainted):
            self.under = event.done

    def made(self, result: Result) -> None:
        pass


class OpenJdTeller(QuietTeller):
    """Per cent of what is to be painted, underpaintings counted, and a few words of where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.said, self.when = -1.0, 0.0

    def tell(self, event: Event) -> None:
        super().tell(event)
        if isinstance(event, Checked):
            self._progress(0)
            for warning in event.report.warnings:
                say("status", f"warning: {warning}")
        elif isinstance(event, Looked):
            say("status", counted(event.files, "file was looked at", "files were looked at"))
        elif isinstance(event, Preparing):
            say("status", f"looks at layer {event.layer}: {event.done} of {event.total}")
        elif isinstance(event, Frame):
            if event.error is not None:
                say("status", f"failed: {event.error}")
            self._progress(event.failed, f"layer {event.layer}, frame {event.frame}: {event.state}")
        elif isinstance(event, Underpainted):
            self._progress(0, f"layer {event.layer}, frame {event.frame}: painted, not yet held")
        elif isinstance(event, Paused | Resumed):
            say("status", f"{event.name}: {event.why}")

    def _progress(self, failed: int, words: str = "") -> None:
        whole = self.total + self.of_under
        reached = 100.0 * (self.done + self.under + failed) / whole if whole else 100.0
        now = time.monotonic()
        if reached > self.said and (now - self.when >= BETWEEN_SECONDS or reached >= 100.0):
            self.said, self.when = reached, now
            say("progress", f"{min(reached, 100.0):.1f}")
            if words:
                say("status", words)

    def made(self, result: Result) -> None:
        frames = counted(result.painted, "frame")
        made = f"{frames} painted, {result.kept} kept from before" if result.delivery is None else "delivered"
        say("status", f"{made}, into {result.folder}")
        for note in result.notes:
            say("status", f"note: {note}")


def teller_of(kind: str | None, job: door.Job) -> Teller:
    """kind: of --progress; None: for a person."""
    if kind == "openjd":
        return OpenJdTeller()
    if kind == "json":
        return JsonTeller(job.id, job.server.address)
    return Teller() if kind is None else QuietTeller()


def refuse(error: SemrenderError) -> int:
    """An error as Open Job Description is told why a task failed; its exit code."""
    say("fail", error)
    return error.exit_code
