"""The drop folder: what the panel in After Effects finds without asking anybody.

One small file a delivery and `index.json` over all of them, in the state folder. Absolute paths are resolved
here and nowhere else: delivery.json itself knows relative ones only. Written beside and renamed.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any

from shared import places
from shared.delivery import FILE_NAME, read_delivery
from shared.errors import SemrenderError

MOST = 200  # deliveries in the index, newest first; older ones leave the drop folder, never the disk

Entry = dict[str, Any]  # {"uid", "name", "version", "deliveryId", "created", "folder", "dropped"}


def inbox_folder() -> Path:
    return places.home() / "after_effects" / "inbox"


def drop(delivery_path: Path) -> Entry:
    """Offer a delivery to the panel; doing it again only renews the entry. Raises SemrenderError."""
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
    }
    try:
        places.write_json(_entry_file(folder), entry)
        write_index()
    except OSError as error:
        raise SemrenderError(
            "the panel of After Effects could not be told of the delivery",
            file=inbox_folder(),
            cause=error.strerror or str(error),
            remedy="Free space or allow writing, then `semrender ae drop`",
        ) from error
    return entry


def entries() -> list[Entry]:
    """What was dropped and still has its delivery.json, newest first."""
    found = []
    for file in inbox_folder().glob("entry-*.json"):
        entry = places.read_json(file)
        if entry is not None and (Path(str(entry.get("folder"))) / FILE_NAME).is_file():
            found.append(entry)
    return sorted(found, key=lambda entry: (str(entry["created"]), str(entry["folder"])), reverse=True)


def write_index() -> Path:
    """Rebuilt from the entries, again if these changed meanwhile: of two who drop at once the last saw both."""
    file = inbox_folder() / "index.json"
    newest = entries()
    while True:
        for entry in newest[MOST:]:
            with contextlib.suppress(OSError):
                _entry_file(Path(str(entry["folder"]))).unlink()
        places.write_json(file, {"schema": "semrender.inbox", "schema_version": 1, "entries": newest[:MOST]})
        written, newest = newest[:MOST], entries()
        if newest[:MOST] == written:
            return file


def _entry_file(folder: Path) -> Path:
    return inbox_folder() / f"entry-{hashlib.sha256(folder.as_posix().encode()).hexdigest()[:16]}.json"
