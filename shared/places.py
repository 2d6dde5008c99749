"""Where semrender keeps things on this machine: state folder, models, connection and installation file.

Hosts such as Maya and After Effects find the interpreter and the server through these two small JSON
files and need no configuration of their own.
"""

from __future__ import annotations

import contextlib
import errno
import getpass
import json
import os
import platform
import re
import stat
import sys
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterator, List, Optional, Tuple

from shared.errors import MissingInput, SemrenderError

EXAMPLE = Path("examples") / "ride_the_train"
HOST = re.sub(r"[^A-Za-z0-9-]", "-", platform.node())[:32]


def home() -> Path:
    """The state folder: `SEMRENDER_HOME`, else the platform's place for an application's data."""
    chosen = os.environ.get("SEMRENDER_HOME")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "semrender"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "semrender"
    return Path(os.environ.get("XDG_DATA_HOME", str(Path.home() / ".local" / "share"))) / "semrender"


def user() -> str:
    """Who asks, as `name@machine`; the machine alone where the system knows no name."""
    try:
        return f"{getpass.getuser()}@{HOST}"
    except (KeyError, ImportError, OSError):
        return HOST


def models_folder() -> Path:
    """Models the user added; those that ship are inside the package."""
    return home() / "models"


def shared_models_folders() -> List[Path]:
    """Folders of models that many machines read and none writes to: `SEMRENDER_MODELS`, written as PATH is."""
    return [Path(name) for name in os.environ.get("SEMRENDER_MODELS", "").split(os.pathsep) if name]


def label_sets_folder() -> Path:
    """Label sets the user made."""
    return home() / "label_sets"


def connection_file() -> Path:
    """Written by a running server: address, keys, pid, version."""
    return home() / "connection.json"


def remote_file() -> Path:
    """A server on another machine, as `semrender connect` was told."""
    return home() / "remote.json"


def installation_file() -> Path:
    """Written by every `semrender` start: which interpreter runs it, for hosts that must start a server."""
    return home() / "installation.json"


def example_folder() -> Path:
    """The shipped shot: in the repository, else where an installed wheel puts it."""
    for root in (Path(__file__).resolve().parent.parent, Path(sys.prefix) / "share" / "semrender"):
        if (root / EXAMPLE / "shot.json").exists():
            return root / EXAMPLE
    raise MissingInput("the shipped shot is not here", remedy="Run this in a clone of the repository")


def beside(path: Path, suffix: str = ".tmp") -> Path:
    """The name of a file while it is written, to be renamed to `path`.

    No other writer has it, however many threads and machines there are; it tells whose it was, for whoever finds it
    left, and is never longer than a file name may be.
    """
    return path.with_name(f".{os.urandom(8).hex()}.{HOST}-{process_space()}-{os.getpid()}{suffix}")


@cache
def process_space() -> str:
    """In which a number of a process means one process: containers count their own, under one host name or not.

    On Linux the start of its system and the namespace tell; elsewhere a machine has one.
    """
    if not sys.platform.startswith("linux"):
        return "all"
    try:
        started = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        return started + re.sub("[^0-9]", "", str(Path("/proc/self/ns/pid").readlink()))
    except OSError:  # nobody is believed dead by a number there
        return os.urandom(6).hex()


@contextlib.contextmanager
def whole(path: Path, what: str = "the file", remedy: str = "") -> Iterator[Path]:
    """The name to write a file under; at the end of the block it is renamed to `path`. A failed one leaves nothing.

    Raises SemrenderError, "{what} could not be written", where the disk refuses.
    """
    written = beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield written
        os.replace(str(written), str(path))
    except OSError as error:
        cause = error.strerror or str(error)
        raise SemrenderError(f"{what} could not be written", file=path, cause=cause, remedy=remedy) from error
    finally:
        with contextlib.suppress(OSError):
            written.unlink()


def private_folder(folder: Path) -> Path:
    """Make a folder with those above it, each new one for its owner alone, whatever the umask; returns it.

    The state folder itself is made so even where it is older: keys, names of shots and paths are in it.
    """
    if not folder.is_dir():
        if folder.parent != folder:
            private_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(0o700)
    if os.name == "posix" and folder == home() and folder.stat().st_mode & 0o077:
        with contextlib.suppress(PermissionError):  # somebody else's, shared on purpose
            folder.chmod(0o700)
    return folder


def write_json(path: Path, data: Dict[str, Any], mode: int = 0o600) -> None:
    """Write `data` as JSON beside `path` and rename into place; never a half-written file.

    Readable by the owner alone unless `mode` says otherwise (the connection file is a capability).
    """
    if mode == 0o600:
        private_folder(path.parent)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
    written = beside(path)
    descriptor = os.open(str(written), os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(str(written), str(path))


def below(folder: Path) -> Iterator[Tuple[Path, os.stat_result]]:
    """All that is in a folder, links not followed; what others delete meanwhile is passed over."""
    for root, folders, files in os.walk(str(folder)):
        for name in folders + files:
            path = Path(root) / name
            try:
                found = path.lstat()
            except OSError:
                continue
            yield path, found


def open_file(path: Path) -> BinaryIO:
    """Open a file that somebody else named, to read. Raises OSError where it is none: a pipe would be waited for."""
    descriptor = os.open(str(path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return os.fdopen(descriptor, "rb")


def read_json(path: Path) -> Optional[Dict[str, Any]]:
    """The object in `path`, or None where there is no readable one."""
    try:
        with open_file(path) as file:
            data = json.loads(file.read().decode("utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None
