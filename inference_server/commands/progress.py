"""What a person or a script sees of a job while it goes on: the passes, a bar, what was made."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from shared.command import tell
from shared.told import (
    Checked,
    Chunk,
    Event,
    Frame,
    Gone,
    Looked,
    Paused,
    Preparing,
    Result,
    Resumed,
    Underpainted,
    finished,
)
from shared.wording import counted

Body = dict[str, Any]
NARROW = 60  # columns of a terminal, below which frames are only counted
CLASSES_SHOWN = 6  # of a layer; `check --all` shows the rest


class Teller:
    """Progress for a person: a bar with frames per second and time left."""

    def __init__(self) -> None:
        self.done, self.total = 0, 0
        self.began = time.monotonic()
        self.bar: Any = None
        self.under, self.of_under = 0, 0  # underpaintings of layers that hold still: most of the work
        self.device: Body | None = None  # a job of an older ledger does not say

    def tell(self, event: Event) -> None:
        if isinstance(event, Looked):
            print(counted(event.files, "file was looked at", "files were looked at"), flush=True)
        elif isinstance(event, Checked):
            self.total = event.total
            show_report(dict(event.body))
            self.of_under = event.body.get("under_total", 0)
            if event.body.get("estimate", {}).get("pictures") != 0:  # all was painted before, as far as is known
                self._show_bar()
        elif isinstance(event, Preparing):
            if self.bar is None:
                self._show_bar()
            self.bar.set_postfix_str(f"looks at {event.layer}: {event.done} of {event.total}")
        elif isinstance(event, Frame):
            self.done = event.done
            if self.bar is not None or event.state != "kept":
                self._reached(event, event.failed)
            if event.error is not None:
                self.bar.write(str(event.error))
        elif isinstance(event, Underpainted):
            self.under = event.done
            self._reached(event)
        elif isinstance(event, Chunk):
            self.done = event.done
            self._moved(event.machine, event.failed)
            if event.why:
                self.bar.write(f"{event.machine} could not paint a piece, which others do: {event.why}")
            if event.error is not None:
                self.bar.write(str(event.error))
        elif isinstance(event, Gone):
            (self.bar.write if self.bar is not None else print)(event.words)
        elif isinstance(event, Paused | Resumed):  # also before the first frame: a wait is never silent
            (self.bar.write if self.bar is not None else print)(f"{event.name}: {event.why}")

    def _show_bar(self) -> None:
        from tqdm import tqdm

        unit = " paintings" if self.of_under else " frames"
        self.bar = tqdm(total=self.total + self.of_under, unit=unit, desc="painting", **_room(_columns()))

    def _reached(self, event: Frame | Underpainted, failed: int = 0) -> None:
        self._moved(f"{event.layer} {event.frame}", failed)

    def _moved(self, where: str, failed: int) -> None:
        if self.bar is None:
            self._show_bar()
        self.bar.set_postfix_str(where, refresh=False)
        self.bar.update(max(0, self.done + self.under + failed - self.bar.n))

    def finished(self) -> str:
        return finished(self.done, self.total)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()

    def made(self, result: Result) -> None:
        seconds = time.monotonic() - self.began if result.seconds is None else result.seconds
        copied = f", {result.copied} copied from the same frame elsewhere" if result.copied else ""
        under = f" (held still, from {counted(result.underpainted, 'painting')})" if result.underpainted else ""
        frames = counted(result.painted, "frame")
        if result.painted or result.kept or result.copied:  # else it was painted elsewhere, and this is its delivery
            print(f"{frames} painted{under}, {result.kept} kept from before{copied}, in {seconds:.1f} s")
        for note in result.notes:
            print(f"note: {note}")
        for name, path in files_of(result).items():
            print(f"  {name:<10}{path}")


def files_of(result: Result) -> dict[str, str]:
    """What a person opens of a result: name -> path."""
    made = {
        "delivery": result.delivery,
        "preview": result.preview,
        "animation": result.animation,
        "movie": result.movie,
    }
    return {name: str(path) for name, path in {**made, "project": result.comp}.items() if path is not None}


def _room(columns: int) -> Body:
    """How the bar fits a terminal of so many columns, as arguments of tqdm."""
    if columns == 0:
        return {"ncols": 80, "nrows": 24}
    if columns < NARROW:  # the bar's own way there is a line that wraps
        return {"ncols": max(1, columns - 1), "bar_format": "{n_fmt}/{total_fmt} {bar}"}
    return {"dynamic_ncols": True}


def _columns() -> int:
    """Of the terminal; 0 where it does not say, as in `script` and some containers."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return 0


class JsonTeller(Teller):
    """The same for a script: one JSON object a line."""

    def __init__(self, job: str, server: str) -> None:
        super().__init__()
        self.job, self.server = job, server

    def tell(self, event: Event) -> None:
        body = event.body
        if not isinstance(event, Preparing):  # it counts looks, not pictures
            self.done, self.total = body.get("done", self.done), body.get("total", self.total)
        self.device = body.get("device", self.device)
        tell(event.name, {"job": self.job, **body})

    def made(self, result: Result) -> None:
        tell("made", {"job": self.job, "device": self.device, "server": self.server, **files_of(result)})


def show_report(report: Body, most: int | None = CLASSES_SHOWN) -> None:
    size = ", " + "x".join(str(n) for n in report["size"]) if report["size"] else ""
    memory = f", painting takes about {report['memory'] / 2**20:.0f} MiB" if report.get("memory") else ""
    rate = report.get("rate") or f"{report['fps']:.6g}"  # a job of an older ledger has no words for it
    device = f", on the {device_in_words(report['device'], report['layers'])}" if report.get("device") else ""
    print(f"{report['shot']}: frames {report['first']}-{report['last']}{size}, {rate} fps{device}{memory}")
    if report.get("estimate", {}).get("pictures"):  # a server of before does not say
        print(f"  {time_in_words(report['estimate'])}")
    if report.get("sound"):  # a server of before does not say
        print(f"  sound: {report['sound']}")
    if report.get("tracks"):
        print(f"  tracks: {report['tracks']}")
    for layer in report["layers"]:
        classes = ", ".join(f"{c['name']} {c['share']:.0%}" for c in layer["classes"][:most])
        untold = 0 if most is None else len(layer["classes"]) - most
        more = f" and {untold} more" if untold > 0 else ""
        print(f"  {layer['name']:<14}{layer['model']:<14}{classes}{more}")
        if layer.get("labels"):  # a job of an older ledger does not say
            print(f"  {'':<14}labels read from {layer['labels']}")
        for kind, file in layer.get("inputs", {}).items():
            print(f"  {'':<14}{kind} read from {file}")
        if layer["guessed"]:
            pixels = counted(layer["guessed"], "guessed pixel", "guessed pixels")
            print(f"  {'':<14}{pixels} in the first frame")
        show_carried(layer.get("carried", []))
        for words in passes_in_words(layer):
            print(f"  {'':<14}{words}")
    for warning in report["warnings"]:
        print(f"warning: {warning}")


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, as in 2:05 or 1:00:00."""
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def time_in_words(estimate: Body) -> str:
    """How long painting will take by what it took before, or that nobody knows."""
    pictures = f"{counted(estimate['pictures'], 'picture')} to paint"
    if estimate["seconds"] is None:
        return (
            f"{pictures}; how long that takes is known after the first ones, since none like them was painted here yet"
        )
    return f"{pictures}, about {duration(max(1.0, estimate['seconds']))} by what such pictures took here before"


def device_in_words(device: Body, layers: list[Body]) -> str:
    """The device, the precisions, and what another one would gain."""
    asked = [layer["precision"] for layer in layers]
    used = " and ".join(sorted({precision or "float32" for precision in asked}))
    gain = device["half"] or 0.0  # not measured
    hint = f" (--option precision=auto: about {gain:g} times as fast)" if "float32" in asked and gain > 1 else ""
    return f"{device['about']}{f' in {used}' if used else ''}{hint}"  # a check that refuses knows no layer


def passes_in_words(layer: Body) -> list[str]:
    """Which channels of a layer's motion, depth and guides are read, and what the test of them said."""
    words = []
    if "motion" in layer:
        motion = layer["motion"]
        share = motion["explains"]
        whose = "their" if motion["of"] == "labels" else "its"
        unsure = f"the {motion['of']} cannot tell whether it is right"
        tested = unsure if share is None else f"explains {share:.0%} of {whose} movement"
        words.append(f"motion {', '.join(motion['channels'])}, {motion['is']}: {tested}")
    if "follows" in layer:
        words.append(f"hold follows {layer['follows']}")
    if "depth" in layer:
        before = "".join(f", before it {name}: {channel}" for name, channel in layer["depth"]["before"].items())
        words.append(f"depth {layer['depth']['channel']}{before}")
    if "metres" in layer:
        words.append(f"depth {layer['metres']:.3g} m in the middle of the first frame")
    if "normal" in layer:
        normal = layer["normal"]
        channels = "".join(f"{name}, " for name in normal["channels"])
        against = normal["against"]
        tested = "too little surface to tell" if against is None else f"{against:.0%} of the surface contradicts that"
        dome = f"; {normal['sky']:.0%} of the sky has some, as of a dome" if normal["sky"] > 0.05 else ""
        words.append(f"normals {channels}{normal['is']} ({normal['how']}): {tested}{dome}")
    if "parts" in layer:
        parts = layer["parts"]
        share = "" if parts["borders"] is None else f", at {parts['borders']:.0%} of the borders between classes"
        words.append(f"instances {parts['kind']}: {counted(parts['most'], 'part', 'parts')}{share}")
    if "shading" in layer:
        shading = layer["shading"]
        light = "no light" if shading["light"] is None else f"full light {shading['light']:.3g}"
        words.append(f"shading {shading['kind']}: {light}, white {shading['white']:g}")
    return words


HOW = {"relative": "a relative", "unknown": "nothing is near it", "asked": "as asked", "alias": "another name for it"}


def show_carried(rows: list[Body]) -> None:
    """The table of what became of the classes of another label set."""
    wide = max((len(row["class"]) for row in rows), default=0)
    for row in rows:
        look = row["becomes"] if row["becomes"] == row["painted_as"] else f"{row['becomes']}, as {row['painted_as']}"
        how = f" ({HOW[row['how']]})" if row["how"] in HOW else ""
        print(f"  {'':<14}{row['class']:<{wide}} -> {look}{how}")
