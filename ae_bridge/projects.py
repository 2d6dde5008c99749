"""The After Effects projects that lie beside a delivery. Nothing here opens one: what can load slowly."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from ae_bridge.tags import pack
from shared.delivery import read_delivery
from shared.values import Value


class Made(Value):
    """A project file on disk; `notes` say in words what of the delivery it does not hold."""

    path: Path
    notes: tuple[str, ...]


def project_of(delivery_path: Path) -> Made | None:
    """The newest project beside a delivery that was made of it, also one that an artist changed; None without one."""
    delivery_path = Path(delivery_path)
    delivery = read_delivery(delivery_path)
    folder = (delivery_path if delivery_path.is_dir() else delivery_path.parent).absolute()
    mark = f";d={pack(delivery.delivery_id)};".encode()
    made = [path for path in versions(folder, delivery.shot.name).values() if _holds(path, mark)]
    return Made(made[-1], ()) if made else None


def _holds(path: Path, mark: bytes) -> bool:
    try:
        return mark in path.read_bytes()
    except OSError:  # moved meanwhile, or not readable: as good as none
        return False


def versions(folder: Path, base: str) -> dict[int, Path]:
    """The projects of this name in the folder by their version, lowest first."""

    def same(text: str) -> str:  # what Windows and macOS take for one name
        return unicodedata.normalize("NFC", text).casefold()

    pattern = re.compile(rf"{re.escape(same(base))}(?:_v([0-9]+))?\.aep")
    paths = list(folder.iterdir()) if folder.is_dir() else []
    found = [(pattern.fullmatch(same(path.name)), path) for path in paths]
    return dict(sorted((int(match[1] or 1), path) for match, path in found if match))
