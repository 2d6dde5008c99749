"""After Effects as a program: where it is, how it is told to run a script, whether it still runs, how it is ended.

On Windows each job is an instance of its own. macOS has one, told by an Apple event: an artist's, who keeps it, where
one is open; and what we start is `osascript`, which may give up long before After Effects does.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import psutil

from shared.errors import MissingInput, SemrenderError

EXECUTABLE = "SEMRENDER_AFTERFX"
WINDOWS = ("Support Files/AfterFX.exe", "Support Files/AfterFX (Beta).exe")
LAST = 10.0  # seconds for what is ended to be gone
NOT_ALLOWED, TIMED_OUT = "(-1743)", "(-1712)"  # errors of Apple events
REFUSED = {
    NOT_ALLOWED: (
        "macOS does not let this program control After Effects",
        "In System Settings > Privacy & Security > Automation switch After Effects on for the program that runs this",
    ),
}


def find_executable() -> Path:
    """SEMRENDER_AFTERFX, else the newest After Effects in its usual place, a Beta last. Raises MissingInput."""
    chosen = os.environ.get(EXECUTABLE)
    if chosen:
        if Path(chosen).exists():
            return Path(chosen)
        raise MissingInput("there is no such program", file=chosen, remedy=f"Correct {EXECUTABLE}")
    found = here()
    if not found:
        raise MissingInput(
            "no After Effects was found on this machine",
            remedy=f"Name its program in {EXECUTABLE}, or use `semrender aep`, which needs none",
        )
    return found[-1]


def here() -> list[Path]:
    """Every After Effects of this machine in its usual place, the newest last."""
    if sys.platform == "win32":
        return installed(Path(os.environ.get("PROGRAMFILES", r"C:\Program Files")) / "Adobe")
    return installed(Path("/Applications"))


def installed(root: Path) -> list[Path]:
    """Every After Effects below the folder of programs, the newest last, Betas first.

    On macOS the application is called as its folder: the Render Engine that lies beside it takes no scripts.
    """

    def age(path: Path) -> tuple[bool, list[int]]:
        return "(Beta)" not in path.name, [int(number) for number in re.findall(r"\d+", path.name)]

    found = []
    for folder in sorted(root.glob("Adobe After Effects*"), key=age):
        applications = dict.fromkeys((f"{folder.name}.app", "Adobe After Effects (Beta).app"))
        found += [folder / name for name in (*applications, *WINDOWS)]
    return [path for path in found if path.exists()]


def command(program: Path, script: Path, seconds: float) -> list[str]:
    """How After Effects is told to run a script, as a list; the script's path must need no quotes."""
    if is_application(program):
        # Without words of its own an Apple event is given up after two minutes. By its path: names may be there twice.
        said = f'tell application "{program}" to DoScriptFile "{script}"'
        return ["osascript", "-e", f"with timeout of {int(seconds)} seconds", "-e", said, "-e", "end timeout"]
    # -m: an instance of its own, never the one an artist has open.
    return [str(program), "-m", "-noui", "-r", str(script)]


def is_application(program: Path) -> bool:
    """One of macOS, which is asked and not started."""
    return program.suffix.lower() == ".app"


def instances(program: Path) -> dict[int, psutil.Process]:
    """The processes of an application of macOS by number."""
    inside = f"{program}{os.sep}Contents{os.sep}"
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, IndexError):
            if process.cmdline()[0].startswith(inside):
                found[process.pid] = process
    return found


class Run:
    """After Effects with a script, from its start until it has left. `own`: the instance is ours to end."""

    def __init__(self, program: Path, script: Path, seconds: float, said: IO[bytes]) -> None:
        self._program, self._said = program, said
        self._before = set(instances(program)) if is_application(program) else set[int]()
        self.own = not self._before
        words = command(program, script, seconds)
        try:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        except OSError as error:
            raise SemrenderError("After Effects could not be started", file=words[0], cause=str(error)) from error

    def ended(self) -> bool:
        """Nothing will come any more. Raises SemrenderError where the system did not pass the script on."""
        if self._process.poll() is None:
            return False
        if not is_application(self._program) or self._process.returncode == 0:
            return True
        self._said.seek(0)
        words = self._said.read().decode("utf-8", "replace").strip()
        if TIMED_OUT in words:
            return not instances(self._program)
        for code, (fault, remedy) in REFUSED.items():
            if code in words:
                raise SemrenderError(fault, file=self._program, cause=words, remedy=remedy)
        raise SemrenderError("After Effects could not be asked to run the script", file=self._program, cause=words)

    def code(self) -> int:
        return int(self._process.returncode)

    def leave(self, seconds: float) -> None:
        """Let it quit, then end what is ours."""
        until = time.monotonic() + seconds
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        psutil.wait_procs(self._started(), max(0.0, until - time.monotonic()))
        self.end()

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        until = time.monotonic() + LAST
        while (left := self._started()) and time.monotonic() < until:  # a killed one is there for a moment
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            time.sleep(0.02)

    def _started(self) -> list[psutil.Process]:
        """Those of an application that were not there before; none where a person's does the work."""
        if not self.own or not is_application(self._program):
            return []
        return [process for pid, process in instances(self._program).items() if pid not in self._before]
