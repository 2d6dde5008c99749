"""The files of footage, by their numbers. Maya-safe: Python 3.9, standard library only."""

from __future__ import annotations

from shared.delivery import Footage


def frame_path(footage: Footage, number: int) -> str:
    """The relative path of the file with this number; of a still always the one file."""
    if not footage.sequence:
        return footage.path
    prefix, _, suffix = number_in(footage)
    return f"{prefix}{number:0{footage.padding}d}{suffix}"


def number_in(footage: Footage) -> tuple[str, str, str]:
    """The path before, in and after its frame number: After Effects takes all digits before the suffix."""
    folder, slash, name = footage.path.rpartition("/")
    stem, dot, suffix = name.rpartition(".") if "." in name else (name, "", "")
    prefix = stem.rstrip("0123456789")
    return folder + slash + prefix, stem[len(prefix) :], dot + suffix
