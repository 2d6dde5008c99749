"""A model's process as semrender has it: started in a workspace of its own, asked one thing at a time, ended with all
that it started when it takes too long, takes too much memory, or is needed no more."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

import psutil

from inference_server.models.runway import content
from inference_server.models.runway.shim.runway import _wire
from shared import places
from shared.errors import ModelRefused, SemrenderError
from shared.values import Value

SHIM = Path(__file__).parent / "shim"
START = "import sys; sys.path.insert(0, sys.argv[1]); from runway import _guest; _guest.main()"
LOOK_EVERY = 0.1  # seconds
SETTING_UP = 4  # times as long as a frame a model may take to be set up
SAID_LINES = 400  # of what a model prints, the last of them
PASSED_ON = {"PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "NUMBER_OF_PROCESSORS"}
PASSED_ON |= {"OMP_NUM_THREADS", "CUDA_HOME"}
numbers = itertools.count()
log = logging.getLogger("semrender")


class Running(Value):
    """How a model is run on this machine.

    seconds: that a frame may take; memory: bytes that the process may take with all it started; confined: what the
    user was told of `_confine` when the code was allowed.
    """

    python: Path
    file: str = "runway_model.py"
    seconds: float = 300.0
    memory: int = 8 * 2**30
    network: bool = False
    confined: Mapping[str, bool] = field(default_factory=dict)


class Host:
    """One process. options: of its setup as JSON; given: fields of the setup that are files of the model."""

    def __init__(
        self,
        folder: Path,
        files: content.Files,
        running: Running,
        options: Mapping[str, Any],
        given: tuple[str, ...],
        device: str,
        seed: int = 0,
        describe: bool = False,
    ) -> None:
        self.running = running
        self.said: deque[str] = deque(maxlen=SAID_LINES)
        self.over = ""  # why the process was ended
        self.deadline = time.monotonic() + running.seconds * SETTING_UP
        self.peak = 0  # bytes
        self.workspace = _workspace()
        content.lay_out(folder, files, self.workspace, link=bool(running.confined.get("files")))
        paths = {name: content.given_path(self.workspace, files, name) for name in given}
        self.process = self._start(device)
        self._finalizer = weakref.finalize(self, _end, self.process, self.workspace)
        self._threads(self.process)
        order = {
            "file": running.file,
            "options": {**options, **paths},
            "readable": [str(folder.resolve()), str(SHIM)],
            "writable": [str(self.workspace)],
            "network": running.network,
            "seed": seed,
            "describe": describe,
        }
        hello = self._exchange(order)[0]
        for what, told in running.confined.items():
            if told and not hello["confined"].get(what):
                self.stop()
                raise ModelRefused(
                    "the model's process could not be confined as it was said when its code was allowed",
                    cause=f"This system does not take away the {what}",
                    remedy=content.AGAIN,
                )
        self.first = self._receive()[0]
        if "failed" in self.first:
            self.stop()
            raise ModelRefused(
                f"the model does not start: {self.first['failed']}",
                cause=self.first["cause"],
                remedy=remedy_of(self.first.get("kind", ""), self.last_words()),
            )
        self.deadline = float("inf")

    def run(
        self, command: str, inputs: Mapping[str, Any], blobs: list[Any], seed: int
    ) -> tuple[dict[str, Any], list[bytes]]:
        """The outputs of a command, each None, plain data, or {"blob", "shape", "dtype"}.

        Raises SemrenderError: of a mistake in the model (`alive` still), of a time or memory that is over, of an end.
        """
        self.deadline = time.monotonic() + self.running.seconds
        header, found = self._exchange({"command": command, "inputs": inputs, "seed": seed}, blobs)
        self.deadline = float("inf")
        if "outputs" not in header:
            raise SemrenderError(
                "the model failed on this frame",
                cause=str(header.get("error", "It gave no answer")),
                remedy=remedy_of(str(header.get("kind", "")), ""),
            )
        return header["outputs"], found

    @property
    def alive(self) -> bool:
        return self.process.poll() is None and not self.over

    def stop(self) -> None:
        self._finalizer()

    def last_words(self) -> str:
        """What the model printed last."""
        lines = [line for line in self.said if line.strip()]
        return lines[-1].strip()[:500] if lines else ""

    def _start(self, device: str) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        homes = {"HOME": "home", "USERPROFILE": "home", "TMPDIR": "tmp", "TEMP": "tmp", "TMP": "tmp"}
        for folder in set(homes.values()):
            (self.workspace / folder).mkdir(exist_ok=True)
        environment |= {name: str(self.workspace / folder) for name, folder in homes.items()}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg"}
        kind, _, number = device.partition(":")
        gpu = kind == "cuda"
        environment |= {"GPU": "1" if gpu else "0", "CUDA_VISIBLE_DEVICES": (number or "0") if gpu else ""}
        try:
            return subprocess.Popen(
                [str(self.running.python), "-I", "-u", "-c", START, str(SHIM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.workspace / content.CODE,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            shutil.rmtree(self.workspace, ignore_errors=True)
            raise ModelRefused(
                "the model's interpreter does not start",
                file=self.running.python,
                cause=error.strerror or str(error),
                remedy=content.AGAIN,
            ) from error

    def _threads(self, process: subprocess.Popen[bytes]) -> None:
        """They know this object by a weak name: one that nobody has any more ends its process."""
        own = weakref.ref(self)
        self.listening = threading.Thread(target=_listen, args=(process, self.said), daemon=True)
        self.listening.start()
        threading.Thread(target=_watch, args=(process, own), daemon=True).start()

    def _exchange(self, header: dict[str, Any], blobs: list[Any] | None = None) -> _wire.Message:
        assert self.process.stdin is not None
        try:
            _wire.send(self.process.stdin, header, blobs or [])  # type: ignore[arg-type]
        except _wire.Broken:
            raise self._ended() from None
        return self._receive()

    def _receive(self) -> _wire.Message:
        assert self.process.stdout is not None
        try:
            while True:
                header, blobs = _wire.receive(self.process.stdout)  # type: ignore[arg-type]
                if set(header) != {"progress"}:
                    return header, blobs
        except _wire.Broken:
            raise self._ended() from None

    def _ended(self) -> SemrenderError:
        """Why there is no answer; ends what is left."""
        over = self.over
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        code = self.process.poll()
        self.listening.join(1)
        self.stop()
        if over:
            return SemrenderError("the model's process was ended", cause=over, remedy=LIMITS)
        how = "without an answer" if code is None else f"by signal {-code}" if code < 0 else f"with code {code}"
        words = self.last_words()
        cause = f"It ended {how}" + (f"; it printed last: {words}" if words else "")
        return SemrenderError("the model's process crashed", cause=cause, remedy="See what it needs in its README")


LIMITS = "Allow more with --seconds or --memory of `semrender runway add`, or paint smaller with --size"


def remedy_of(kind: str, printed: str) -> str:
    """What to do about an error in a model's code, by the name of its class."""
    said = f"; it printed last: {printed}" if printed else ""
    if kind in ("ModuleNotFoundError", "ImportError"):
        return f"Name what is missing, or another version, with --with PACKAGE{said}"
    if kind == "PermissionError":
        return f"It may reach no network and only its own files; --network of `runway add` grants the first{said}"
    return f"The message is of the model's own code; its README says what it needs{said}"


def _workspace() -> Path:
    """A new folder; those of processes that are no more are removed."""
    root = places.private_folder(places.home() / "runway" / "work")
    for left in root.iterdir():
        number = left.name.partition("-")[0]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            shutil.rmtree(left, ignore_errors=True)
    return places.private_folder(root / f"{os.getpid()}-{next(numbers)}").resolve()


def _listen(process: subprocess.Popen[bytes], said: deque[str]) -> None:
    """What a model prints, however much: the last of it is kept."""
    assert process.stderr is not None
    with contextlib.suppress(OSError, ValueError):
        while line := process.stderr.readline(4096):
            said.append(line.decode("utf-8", "replace").rstrip())
            log.debug("model: %s", said[-1])


def _watch(process: subprocess.Popen[bytes], own: Callable[[], Host | None]) -> None:
    """End a process whose time or memory is over, and what one leaves behind."""
    while process.poll() is None:
        time.sleep(LOOK_EVERY)
        host = own()
        if host is None:
            return
        taken = _memory(process.pid)
        host.peak = max(host.peak, taken)
        if time.monotonic() > host.deadline:
            host.over = (
                f"It took longer than {host.running.seconds:g} seconds for a frame, or as many times for its start"
            )
        elif taken > host.running.memory:
            host.over = f"It took more than {host.running.memory / 2**30:.3g} GiB of memory"
        if host.over:
            break
        del host
    _kill(process)  # also what it left behind when it ended by itself


def _memory(pid: int) -> int:
    """Bytes of a process and all that it started."""
    total = 0
    for one in _family(pid):
        with contextlib.suppress(psutil.Error):
            total += one.memory_info().rss
    return total


def _family(pid: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.Error:
        return []


def _kill(process: subprocess.Popen[bytes]) -> None:
    """A process, its group, and all that it started and that left the group: they are its children, or theirs."""
    if process.poll() is None:
        family = _family(process.pid)
        while family:
            for one in family:
                with contextlib.suppress(psutil.Error):
                    one.kill() if one.pid != process.pid else one.suspend()
            family = [one for one in _family(process.pid)[1:] if one.status() != psutil.STATUS_ZOMBIE]
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.killpg(process.pid, 9)
    with contextlib.suppress(OSError):
        process.kill()
    process.wait()


def _end(process: subprocess.Popen[bytes], workspace: Path) -> None:
    _kill(process)
    for stream in (process.stdin, process.stdout, process.stderr):
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()
    shutil.rmtree(workspace, ignore_errors=True)
