"""Batch renders of Maya: processes that outlive the Maya that started them, and are found again.

A render appends its events to a file, and a note in the state folder says where; so whoever comes later reads all that
it told, from the beginning. Nothing that it says goes through a pipe that ends with its reader.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from maya_plugin.core import events
from maya_plugin.core.contract import BatchCommand
from maya_plugin.core.jobs import Order
from maya_plugin.core.programs import apart
from shared import places
from shared.errors import SemrenderError

POLL_SECONDS = 0.2
CHATTER_LINES = 5
CHATTER_BYTES = 4096
WINDOWS = sys.platform == "win32"

Tell = Callable[[events.Event], None]
Ended = Callable[[SemrenderError], None]  # what is to be said where it made no passes


@dataclass(frozen=True)
class Started:
    """A render that was started, as the note of it says."""

    order: Order
    pid: int
    arguments: tuple[str, ...]  # of the process: another may have its number by now
    events_file: str
    log_file: str


def start(order: Order, command: BatchCommand) -> tuple[Started, subprocess.Popen[bytes]]:
    """Start a render and note it; all that it prints goes into its log. Raises SemrenderError."""
    log = Path(command.log_file)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        Path(command.events_file).write_bytes(b"")
        with log.open("wb") as output:
            process = subprocess.Popen(
                list(command.arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **command.environment},
                **apart(survives=True),
            )
    except OSError as error:
        raise SemrenderError(
            "Maya's batch process could not be started",
            file=command.arguments[0],
            cause=error.strerror or str(error),
            remedy="It lies beside Maya itself; repair the installation of Maya",
        ) from error
    started = Started(order, process.pid, tuple(command.arguments), command.events_file, command.log_file)
    places.write_json(_note(order.id), asdict(started))
    return started, process


def found() -> list[Started]:
    """The renders that were started on this machine and that nobody has taken to their end."""
    result = []
    for file in sorted(_note("").parent.glob("*.json")):
        noted = places.read_json(file)
        with contextlib.suppress(KeyError, TypeError, ValueError):
            if noted is not None:
                own = {"order": Order(**noted["order"]), "arguments": tuple(noted["arguments"])}
                result.append(Started(**{**noted, **own}))
    return result


def forget(order: str) -> None:
    """The render's end is known, and what it made is in other hands."""
    _note(order).unlink(missing_ok=True)


class Watch:
    """Reads what a render tells, on a thread of its own: tell(event) for every one, then ended(error).

    Args: process: where this program started it.
    """

    def __init__(
        self, started: Started, tell: Tell, ended: Ended, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self._started, self._tell, self._ended, self._process = started, tell, ended, process
        self._ours = process is not None or _is_ours(started)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._read, name="semrender render", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the render and whatever it started."""
        if not self._alive():
            return
        if WINDOWS:
            kill = ["taskkill", "/T", "/F", "/PID", str(self._started.pid)]
            subprocess.run(kill, capture_output=True, **apart(survives=False))
        else:
            with contextlib.suppress(OSError):
                os.killpg(self._started.pid, signal.SIGTERM)

    def leave(self) -> None:
        """Look away; the render goes on."""
        self._left.set()

    def _read(self) -> None:
        code: int | None = None
        at = 0
        while not self._left.is_set():
            alive = self._alive()  # before the last look at the file
            lines, at = _lines(self._started.events_file, at)
            for line in lines:
                event = events.parse(line)
                if event is not None and event["event"] == "ended":
                    code, alive = int(event["code"]), False
                elif event is not None:
                    self._tell(event)
            if not alive:
                if code is None and self._process is not None:
                    code = self._process.wait()
                self._ended(_stopped_early(self._started.log_file, code))
                return
            self._left.wait(POLL_SECONDS)

    def _alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        return self._ours and _lives(self._started.pid)


def _note(order: str) -> Path:
    return places.home() / "renders" / places.HOST / f"{order}.json"  # a home may be shared by machines


def _lines(file: str, at: int) -> tuple[list[str], int]:
    """The whole lines from a place on, and where the next begin."""
    try:
        with open(file, "rb") as lines:
            lines.seek(at)
            data = lines.read()
    except OSError:
        return [], at
    whole = data[: data.rfind(b"\n") + 1]
    return whole.decode("utf-8", "replace").splitlines(), at + len(whole)


def _stopped_early(log: str, code: int | None) -> SemrenderError:
    cause = f"It ended with code {code}" if code is not None else "It ended while no Maya was there to see it"
    chatter = _chatter(log)
    cause += f", last it said: {chatter}" if chatter else ""
    return SemrenderError("Maya's batch process stopped early", file=log, cause=cause, remedy="See that file")


def _chatter(file: str) -> str:
    """The last that was said beside the events."""
    try:
        with open(file, "rb") as log:
            log.seek(max(0, Path(file).stat().st_size - CHATTER_BYTES))
            said = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join([line.strip() for line in said if line.strip() and events.parse(line) is None][-CHATTER_LINES:])


def _is_ours(started: Started) -> bool:
    """Whether the process of that number is the one that was started; nobody may stop another's."""
    if WINDOWS:
        return Path(_image(started.pid)).name.casefold() == Path(started.arguments[0]).name.casefold()
    try:
        told = subprocess.run(["ps", "-ww", "-p", str(started.pid), "-o", "args="], capture_output=True, text=True)
    except OSError:  # a system without ps
        return _lives(started.pid)
    return started.arguments[-1] in told.stdout


def _image(pid: int) -> str:
    """The file of a process's program, on Windows; "" where there is no such process."""
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    path, size = ctypes.create_unicode_buffer(32768), ctypes.c_ulong(32768)
    found = handle and kernel.QueryFullProcessImageNameW(handle, 0, path, ctypes.byref(size))
    if handle:
        kernel.CloseHandle(handle)
    return path.value if found else ""


def _lives(pid: int) -> bool:
    """Whether there is a process of that number, of ours or not."""
    if not WINDOWS:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return False
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == 259  # STILL_ACTIVE
