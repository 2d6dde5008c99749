"""The lists of deliveries that the panel in After Effects shows without asking anybody.

One list is in the state folder. Any other folder becomes a shared list by `watch`: it gets `semrender_index.json`, and
whoever paints beneath it, on any machine, finds it on the way up and adds what was painted. A delivery is an entry
file that never changes, under a name that its folder and its id make; the index is what the entry files of a list hold,
read together, so that of several writers none needs a lock and the last has seen all. Written beside and renamed.

Folders are relative to that of a shared index, which every system mounts elsewhere, and absolute in our own; resolved
here and nowhere else: delivery.json knows relative ones only.
"""

from __future__ import annotations

import contextlib
import hashlib
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared import places
from shared.delivery import FILE_NAME, read_delivery
from shared.errors import MissingInput, SemrenderError
from shared.values import Value

MOST = 500  # deliveries in an index, newest first; older ones leave it, never the disk
SHARED = "semrender_index.json"  # an index in the folder that it is of
ENTRIES = ".semrender_list"  # beside it
WINDOWS = sys.platform == "win32"
RETRIES = 20  # Windows renames over no file that somebody reads just then

Entry = dict[str, Any]  # {"uid", "name", "version", "deliveryId", "created", "folder", "by"}


class Listing(Value):
    """Where an index and its entry files are. root: what its folders are relative to; None = they are absolute."""

    index: Path
    entries: Path
    root: Path | None = None

    def folder(self, entry: Entry) -> Path:
        return Path(entry["folder"]) if self.root is None else self.root / entry["folder"]


def inbox_folder() -> Path:
    return places.home() / "after_effects" / "inbox"


def watched_file() -> Path:
    return places.home() / "after_effects" / "watched.json"


def own_list() -> Listing:
    return Listing(inbox_folder() / "index.json", inbox_folder())


def list_of(folder: Path) -> Listing:
    return Listing(folder / SHARED, folder / ENTRIES, folder)


def drop(delivery_path: Path) -> Entry:
    """Add a delivery to our own list and those of the shared folders it is in; again only renews it.

    Raises SemrenderError where one of them cannot be written; the others are.
    """
    delivery_path = Path(delivery_path)
    delivery = read_delivery(delivery_path)
    # Absolute, but not resolved: artists know their mounts by name, not where these lead.
    folder = (delivery_path if delivery_path.is_dir() else delivery_path.parent).absolute()
    entry = {
        "uid": delivery.shot.uid,
        "name": delivery.shot.name,
        "version": delivery.shot.version,
        "deliveryId": delivery.delivery_id,
        "created": delivery.created,
        "folder": folder.as_posix(),
        "by": places.user(),
    }
    failed: list[tuple[Path, OSError]] = []
    for to in [own_list(), *shared_lists(folder)]:
        try:
            _add(to, entry)
        except OSError as error:
            failed.append((to.index, error))
    for file, fault in failed:
        raise SemrenderError(
            "the panel of After Effects could not be told of the delivery",
            file=file,
            cause=fault.strerror or str(fault),
            remedy="Free space or allow writing, then `semrender ae drop`",
        ) from fault
    return entry


def announce(delivery_path: Path) -> tuple[str, ...]:
    """`drop`, with what a list could not be told in words: what was painted is there all the same."""
    try:
        drop(delivery_path)
    except SemrenderError as error:
        return (str(error),)
    return ()


def shared_lists(folder: Path) -> Iterator[Listing]:
    """The shared lists that a delivery in this folder belongs to, the nearest first."""
    for above in (folder, *folder.parents):
        if _is_shared(above):
            yield list_of(above)


def _is_shared(folder: Path) -> bool:
    return (folder / SHARED).is_file() or (folder / ENTRIES).is_dir()  # a lost index is made anew


def entries(of: Listing | None = None) -> list[Entry]:
    """What was added and still has its delivery.json, newest first; the folders are absolute."""
    of = of or own_list()
    return [{**entry, "folder": of.folder(entry).as_posix()} for entry in _sorted(of, _files(of))[0]]


def write_index(of: Listing | None = None) -> Path:
    """Rebuilt from the entries, again if these changed meanwhile: of two who add at once the last saw both."""
    of = of or own_list()
    files = _files(of)
    while True:
        shown, gone = _sorted(of, files)
        _write(of, of.index, {"schema": "semrender.inbox", "schema_version": 1, "entries": shown})
        for name in gone:
            with contextlib.suppress(OSError):
                (of.entries / name).unlink()
        before, files = files, _files(of)
        if files <= before:
            return of.index


# --- shared folders ---------------------------------------------------------------------------------------


def watched() -> list[Path]:
    """The shared folders whose deliveries are listed here."""
    told = (places.read_json(watched_file()) or {}).get("folders")
    return [Path(folder) for folder in told if isinstance(folder, str)] if isinstance(told, list) else []


def watch(folder: Path) -> Path:
    """List the deliveries of a folder here, too; one that has no index yet gets it. Raises SemrenderError."""
    folder = Path(folder).absolute()
    if not folder.is_dir():
        raise MissingInput("there is no such folder", file=folder)
    if not (folder / SHARED).is_file():
        try:
            _make_folder(list_of(folder))
            write_index(list_of(folder))
        except OSError as error:
            raise SemrenderError(
                "the folder cannot be made a shared one",
                file=folder,
                cause=error.strerror or str(error),
                remedy="Allow writing there, or watch a folder that somebody else has shared",
            ) from error
    _keep([*(one for one in watched() if one != folder), folder])
    return folder


def unwatch(folder: Path) -> Path:
    """Its deliveries are no longer listed here; for everybody else nothing changes. Raises MissingInput."""
    folder = Path(folder).absolute()
    if folder not in watched():
        raise MissingInput("this folder is not watched", file=folder, remedy="See `semrender ae watch`")
    _keep([one for one in watched() if one != folder])
    return folder


def _keep(folders: list[Path]) -> None:
    places.write_json(watched_file(), {"folders": [folder.as_posix() for folder in folders]})


# --- entries ----------------------------------------------------------------------------------------------


def _add(to: Listing, entry: Entry) -> None:
    if to.root is not None:
        entry = {**entry, "folder": Path(entry["folder"]).relative_to(to.root).as_posix()}
    _make_folder(to)
    name = _name(entry)
    for before in to.entries.glob(f"{name.rpartition('-')[0]}[-.]*"):
        if before.name != name:
            with contextlib.suppress(OSError):
                before.unlink()
    _write(to, to.entries / name, entry)
    write_index(to)


def _files(of: Listing) -> set[str]:
    return {file.name for file in of.entries.glob("entry-*.json")}


def _sorted(of: Listing, files: set[str]) -> tuple[list[Entry], list[str]]:
    """The entries of these files that are shown, newest first, and the files that are of no more use.

    What the index holds already is not read again: on a share each file is a journey. An entry whose delivery is not to
    be seen stays for a while: its disk may come back.
    """
    told = (places.read_json(of.index) or {}).get("entries")
    known = {_name(entry): entry for entry in told if _whole(entry)} if isinstance(told, list) else {}
    read = {name: known.get(name) or places.read_json(of.entries / name) for name in files}
    whole = [(name, entry) for name, entry in read.items() if entry is not None and _whole(entry)]
    shown: dict[str, Entry] = {}
    gone: list[str] = []
    for at, (name, entry) in enumerate(
        sorted(whole, key=lambda one: (one[1]["created"], one[1]["folder"], one[0]), reverse=True)
    ):
        there = (of.folder(entry) / FILE_NAME).is_file()
        if there and len(shown) < MOST and entry["folder"] not in shown:
            shown[entry["folder"]] = entry
        elif there or at >= 2 * MOST:
            gone.append(name)
    return list(shown.values()), gone


def _whole(entry: Any) -> bool:
    keys = ("created", "folder", "deliveryId")
    return isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in keys)


def _name(entry: Entry) -> str:
    folder, delivery = (hashlib.sha256(entry[key].encode()).hexdigest()[:16] for key in ("folder", "deliveryId"))
    return f"entry-{folder}-{delivery}.json"


def _make_folder(of: Listing) -> None:
    """As open as the shared folder itself, whatever our umask."""
    if of.root is not None and not of.entries.is_dir():
        of.entries.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):  # a share that knows no modes, or somebody else has just made it
            of.entries.chmod(stat.S_IMODE(of.root.stat().st_mode))


def _write(of: Listing, file: Path, data: dict[str, Any]) -> None:
    for left in reversed(range(RETRIES)):
        try:
            return places.write_json(file, data, 0o600 if of.root is None else 0o666)
        except PermissionError:
            if not WINDOWS or not left:
                raise
            time.sleep(0.05)
