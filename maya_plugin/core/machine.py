"""What this machine's Maya was seen to do without windows, so that nobody waits for it a second time."""

from __future__ import annotations

from pathlib import Path

from maya_plugin.core.refusal import HostRefused
from shared import places


def _file() -> Path:
    return places.home() / f"maya_hardware-{places.HOST}.json"  # a home may be shared by machines


def remember_hardware(version: str, cause: str) -> None:
    """Whether Hardware 2.0 drew in a Maya of this version; "" where it did, else why not."""
    known = places.read_json(_file()) or {}
    if known.get(version) != cause:
        places.write_json(_file(), {**known, version: cause})


def check_hardware(version: str) -> None:
    """Raises HostRefused where Hardware 2.0 was tried in vain. It is tried anew when the file named is deleted."""
    cause = (places.read_json(_file()) or {}).get(version)
    if cause:
        raise HostRefused(
            "Hardware 2.0 does not draw in a Maya without windows on this machine",
            file=_file(),
            cause=str(cause),
            remedy="Choose Arnold (More settings > Renderer); after a new driver delete that file to try again",
        )
