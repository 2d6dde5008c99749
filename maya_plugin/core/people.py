"""A file with people in it, whatever its kind, and the chains of joints that it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maya_plugin.core import joints
from maya_plugin.core.chains import Chain
from maya_plugin.core.contract import Wishes
from maya_plugin.core.timing import Rate
from shared.tracks import Tracks, read_tracks


@dataclass(frozen=True)
class Document:
    file: Path
    rate: Rate | None  # None where nothing says it
    tracks: Tracks


def read(file: Path) -> Document:
    """Raises MissingInput or InputRefused."""
    return Document(file, joints.rate_beside(file), read_tracks(file))


def chains(document: Document, wishes: Wishes) -> tuple[tuple[Chain, ...], tuple[str, ...]]:
    """Of everybody who has a joint; and notes."""
    return joints.figures(document.tracks, document.file)
