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
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ae_bridge.build import HEADLESS, bundle
from ae_bridge.program import Run, find_executable, instances, is_application
from shared import places, schema
from shared.comp_tracks import read_comp_tracks
from shared.delivery import FILE_NAME, read_delivery, to_dict
from shared.delivery_check import validate
from shared.errors import InputRefused, SemrenderError

SECONDS = 600.0  # start included, which takes up to a minute
GRACE = 90.0  # to quit after the result is there

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
            "quit": not (is_application(program) and instances(program)),  # else a person works with it
        }
        literal = json.dumps(data, ensure_ascii=True)  # so also a literal of ES3
        script.write_text(f"{bundle(HEADLESS)}\nSemrenderAE.headless.run({literal});\n", "ascii", newline="\n")
        with (job / "said").open("w+b") as said:
            try:
                return _run(Run(program, script, seconds, said), result, seconds)
            except SemrenderError as error:
                raise error.located(file=program) from None


def _run(run: Run, result: Path, seconds: float) -> Report:
    until = time.monotonic() + seconds
    try:
        while not result.exists():
            if run.ended() and not result.exists():
                raise SemrenderError(
                    f"After Effects ended (code {run.code()}) and left no result",
                    cause="It crashed, or scripts may not write files",
                    remedy="Start it once by hand as this user, and in Preferences > Scripting & Expressions switch on "
                    "Allow Scripts to Write Files and Access Network",
                )
            if time.monotonic() > until:
                raise SemrenderError(
                    f"After Effects did not finish within {seconds:.0f} s"
                    + (" and was ended" if run.own else "; it was running before and is left alone"),
                    cause="A dialog waits for an answer (licence, crash repair, fonts), or the shot is long",
                    remedy="Start After Effects by hand as this user, answer what it asks, and try again",
                )
            time.sleep(0.1)
        run.leave(min(GRACE, max(1.0, until - time.monotonic())))
    finally:
        run.end()
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
