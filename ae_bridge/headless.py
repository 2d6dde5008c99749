"""A delivery into a project by After Effects itself, with nobody at the screen.

After Effects takes no arguments for scripts and its exit code says nothing: each job is one generated script
with its data inside, and the job is done when its result file is there. One job a machine; what hangs is ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ae_bridge.build import HEADLESS, bundle
from shared import places, schema
from shared.comp_tracks import read_comp_tracks
from shared.delivery import FILE_NAME, read_delivery, to_dict
from shared.delivery_check import validate
from shared.errors import InputRefused, MissingInput, SemrenderError

SECONDS = 600.0  # start included, which takes up to a minute
GRACE = 90.0  # to quit after the result is there
EXECUTABLE = "SEMRENDER_AFTERFX"

Report = dict[str, Any]


def import_headless(
    delivery_path: Path, project: Path, executable: Path | None = None, seconds: float = SECONDS
) -> Report:
    """Import a delivery in a fresh After Effects and save the project; returns the core's report.

    Raises InputRefused where the delivery cannot be used or the project exists, SemrenderError where After
    Effects does not do it in time, with what is likely to hold it.
    """
    delivery_path, project = Path(delivery_path), Path(project).absolute()
    delivery = read_delivery(delivery_path)
    folder = (delivery_path if delivery_path.is_dir() else delivery_path.parent).absolute()
    try:
        validate(delivery, folder)
    except SemrenderError as error:
        raise error.located(file=folder / FILE_NAME) from None
    if project.suffix.lower() != ".aep" or project.exists():
        fault = "there is a project of that name" if project.exists() else "an After Effects project is named *.aep"
        raise InputRefused(fault, file=project, remedy="Choose another name")
    project.parent.mkdir(parents=True, exist_ok=True)
    program = executable or find_executable()
    with _one_at_a_time(), _job_folder() as job:
        result = job / "result.json"
        script = job / "job.jsx"
        data = {
            "delivery": to_dict(delivery),
            "tracks": [schema.plain(read_comp_tracks(folder / one.comp)) for one in delivery.tracks],
            "folder": folder.as_posix(),
            "project": project.as_posix(),
            "result": result.as_posix(),
        }
        literal = json.dumps(data, ensure_ascii=True)  # so also a literal of ES3
        script.write_text(f"{bundle(HEADLESS)}\nSemrenderAE.headless.run({literal});\n", "ascii", newline="\n")
        return _run(command(program, script), result, seconds)


def command(program: Path, script: Path) -> list[str]:
    """How After Effects is told to run a script, as a list; the script's path must need no quotes."""
    if program.suffix.lower() == ".app":
        words = f'tell application "{program.stem}" to DoScriptFile "{script}"'
        return ["osascript", "-e", words]
    # -m: an instance of its own, never the one an artist has open.
    return [str(program), "-m", "-noui", "-r", str(script)]


def find_executable() -> Path:
    """SEMRENDER_AFTERFX, else the newest After Effects in its usual place. Raises MissingInput."""
    chosen = os.environ.get(EXECUTABLE)
    if chosen:
        if Path(chosen).exists():
            return Path(chosen)
        raise MissingInput("there is no such program", file=chosen, remedy=f"Correct {EXECUTABLE}")
    if sys.platform == "win32":
        root, pattern = (
            Path(os.environ.get("PROGRAMFILES", r"C:\Program Files")) / "Adobe",
            "*/Support Files/AfterFX.exe",
        )
    else:
        root, pattern = Path("/Applications"), "Adobe After Effects */Adobe After Effects *.app"
    found = sorted(root.glob(pattern), key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))])
    if not found:
        raise MissingInput(
            "no After Effects was found on this machine",
            remedy=f"Name its program in {EXECUTABLE}, or use `semrender aep`, which needs none",
        )
    return found[-1]


def _run(words: list[str], result: Path, seconds: float) -> Report:
    until = time.monotonic() + seconds
    try:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise SemrenderError("After Effects could not be started", file=words[0], cause=str(error)) from error
    try:
        while not result.exists():
            ended = process.poll() is not None
            if ended and not result.exists():
                raise SemrenderError(
                    f"After Effects ended (code {process.returncode}) and left no result",
                    file=words[0],
                    cause="It crashed, or scripts may not write files",
                    remedy="Start it once by hand as this user, and in Preferences > Scripting & Expressions switch on "
                    "Allow Scripts to Write Files and Access Network",
                )
            if time.monotonic() > until:
                raise SemrenderError(
                    f"After Effects did not finish within {seconds:.0f} s and was ended",
                    file=words[0],
                    cause="A dialog waits for an answer (licence, crash repair, fonts), or the shot is long",
                    remedy="Start After Effects by hand as this user, answer what it asks, and try again",
                )
            time.sleep(0.1)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(min(GRACE, max(1.0, until - time.monotonic())))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    report = places.read_json(result)
    if report is None or not isinstance(report.get("errors"), list):
        raise SemrenderError("the result that After Effects wrote cannot be read", file=result)
    if not report.get("ok"):
        said = " ".join(str(entry.get("words", "")) for entry in report["errors"][:5])
        raise SemrenderError("After Effects could not import the delivery", cause=said)
    return report


@contextlib.contextmanager
def _job_folder() -> Iterator[Path]:
    """A folder whose path needs no quotes: After Effects takes a quoted script path and runs nothing."""
    roots = [places.home() / "after_effects", Path(os.environ.get("PROGRAMDATA", "/var/tmp")) / "semrender"]
    roots.append(Path(tempfile.gettempdir()) / "semrender")
    plain = [root for root in roots if re.fullmatch(r"[\w.:~/\\-]+", str(root), re.ASCII)]
    if not plain:
        raise SemrenderError(
            "there is no folder whose path After Effects can be given",
            file=roots[0],
            cause="Its path has a space or a character that is not ASCII",
            remedy="Set SEMRENDER_HOME to a plain path",
        )
    job = plain[0] / "jobs" / uuid.uuid4().hex[:12]
    job.mkdir(parents=True)
    try:
        yield job
    finally:
        shutil.rmtree(job, ignore_errors=True)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """The system lets go of the lock when its holder dies, however that happens."""
    file = places.home() / "after_effects" / "headless.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as held:
        try:
            _lock(held.fileno())
        except OSError:
            raise SemrenderError(
                "another headless import runs on this machine", file=file, remedy="Wait until it has ended"
            ) from None
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
