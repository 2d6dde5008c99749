"""The programs that the panel starts: the server, `semrender aep`, `semrender names`; Maya's own are in `renders`.

They run outside Maya's Python: what Maya puts into its environment for itself is taken out.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from maya_plugin.core.cryptomatte_names import Rendered
from shared import places
from shared.errors import InputRefused, MissingInput, SemrenderError, ServerError, from_dict

MAYAS_OWN = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "QT_PLUGIN_PATH", "QML2_IMPORT_PATH")
# Environment variable of a batch within `maya -batch`: quotes within MEL within a command line differ per system.
BATCH_ARGUMENTS = "SEMRENDER_BATCH"
COMMAND_SECONDS = 300.0
WINDOWS = sys.platform == "win32"


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in MAYAS_OWN}


@contextlib.contextmanager
def without_mayas_own() -> Iterator[None]:
    """What is started in the block has a Python of its own; Maya and the studio's plug-ins keep theirs."""
    taken = {name: os.environ.pop(name) for name in MAYAS_OWN if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)


def server_python() -> str:
    """The Python that runs the server; never Maya's own. Raises MissingInput where none is installed."""
    python = (places.read_json(places.installation_file()) or {}).get("python")
    if not isinstance(python, str) or not Path(python).is_file():
        raise MissingInput(
            "no semrender server is installed on this machine",
            cause=f"Its Python was {python}" if isinstance(python, str) else "",
            remedy="Install it (docs/maya.md says how) and run `semrender serve` once",
        )
    return python


def server_log() -> Path:
    return places.home() / "logs" / "started-by-maya.log"


def start_server() -> subprocess.Popen[bytes]:
    """A server that outlives Maya, so that a night's work goes on. Raises MissingInput where none is installed."""
    command = [server_python(), "-P", "-m", "semrender", "serve"]
    log = server_log()
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=clean_environment(),
                cwd=str(places.home()),
                **apart(survives=True),
            )
    except OSError as error:
        raise ServerError(
            "the server could not be started",
            file=command[0],
            cause=error.strerror or str(error),
            remedy="Run `semrender serve` once in a terminal, so that its place is known again",
        ) from error


def why_it_ended(process: subprocess.Popen[bytes]) -> ServerError:
    """Words for a server that ended before it answered."""
    try:
        said = server_log().read_text("utf-8", "replace").strip().splitlines()[-3:]
    except OSError:
        said = []
    return ServerError(
        "the server did not start",
        file=server_log(),
        cause=" ".join(said)[-600:] or f"It ended with code {process.returncode}",
        remedy="Run `semrender doctor` in a terminal",
    )


def make_project(delivery: Path) -> tuple[Path, tuple[str, ...]]:
    """A new After Effects project of a delivery, by `semrender aep`. Returns it and what the artist should know."""
    said, words = _run(["aep", str(delivery)], "no After Effects project was written", delivery)
    for event in reversed(said):
        if event.get("event") == "made":
            return Path(event["project"]), tuple(str(note) for note in event.get("notes", ()))
    raise SemrenderError("no After Effects project was written", file=delivery, cause=words)


def offer(delivery: Path, failed: Callable[[SemrenderError], None]) -> None:
    """Into the lists of After Effects: this machine's, and those of the shared folders that the delivery is in.

    In a thread of its own. Where semrender is not installed there is no list.
    """

    def run() -> None:
        try:
            _run(["ae", "drop", str(delivery)], "After Effects was not told of what was painted", delivery)
        except MissingInput:
            pass
        except SemrenderError as error:
            failed(error)

    threading.Thread(target=run, name="semrender ae drop", daemon=True).start()


def read_rendered(file: Path, label_set: str, what: str) -> Rendered:
    """The names in the Cryptomatte of a rendered file, by `semrender labels names`: Maya reads no EXR.

    Args:
        what: of core.cryptomatte_names.WHAT. Where no Cryptomatte of the file is called so, its only one is read.
    """
    asked = ["labels", "names", str(file), "--label-set", label_set]
    failed = "the names in the rendered file were not read"
    try:
        said, words = _run([*asked, "--crypto", what], failed, file)
    except InputRefused as refused:
        if "has no Cryptomatte" not in refused.what:
            raise
        said, words = _run(asked, failed, file)
    for event in said:
        if "crypto" in event:
            shares = {str(one["name"]): float(one["share"]) for one in event["names"]}
            means = {str(one["name"]): str(one["means"]) for one in event["names"] if one["means"]}
            return Rendered(str(file), str(event["crypto"]), shares, means)
    raise SemrenderError(failed, file=file, cause=words)


def _run(arguments: Sequence[str], failed: str, file: Path) -> tuple[list[dict[str, Any]], str]:
    """What a command of semrender told, and its last other words. Raises what it told as an error."""
    command = [server_python(), "-P", "-m", "semrender", "--json", *arguments]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=clean_environment(),
            timeout=COMMAND_SECONDS,
            **apart(survives=False),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SemrenderError(failed, file=file, cause=str(error)) from error
    said = []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        with contextlib.suppress(ValueError):
            said.append(json.loads(line))
    for event in reversed(said):
        if event.get("event") == "error":
            raise from_dict(event)
    return said, done.stderr.decode("utf-8", "replace").strip()[-600:]


def apart(survives: bool) -> dict[str, Any]:
    """Arguments of Popen: no window on Windows, and, to survive, a process group of its own."""
    if not WINDOWS:
        return {"start_new_session": survives}
    flags = 0x08000000  # CREATE_NO_WINDOW
    return {"creationflags": flags | 0x00000200 if survives else flags}  # CREATE_NEW_PROCESS_GROUP
