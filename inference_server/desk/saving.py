"""A shot.json that is written elsewhere than the shot was read from: it still names the same files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.errors import InputRefused, SemrenderError
from shared.shot import NO_SOUND, PASSES, Shot, write_shot
from shared.walk import files_of, with_files


def saved(shot: Shot, base: Path, path: Path, over: bool) -> Path:
    """Write a shot whose patterns are relative to `base` to `path`; returns where.

    over: whether a file that is there is replaced. Raises InputRefused, or SemrenderError where the disk refuses.
    """
    if not path.is_absolute() or path.suffix.lower() != ".json":
        raise InputRefused(
            "this is no whole path of a .json file", file=path, remedy="Name it such as /shows/shot.json"
        )
    if path.exists() and not over:
        raise InputRefused("there is a file of that name already", file=path, remedy="Choose another, or replace it")
    if not path.parent.is_dir():
        raise InputRefused("there is no such folder", file=path.parent, remedy="Make it, or choose another one")
    try:
        write_shot(path, moved(shot, base, path.parent))
    except OSError as error:
        raise SemrenderError("the shot could not be written", file=path, cause=error.strerror or str(error)) from error
    return path


def moved(shot: Shot, base: Path, folder: Path) -> Shot:
    """The shot with patterns relative to another folder: whole paths, unless it is the same one."""
    if folder.resolve() == base.resolve():
        return shot

    def whole(pattern: str | None) -> Any:
        return None if pattern is None else (base / pattern).as_posix()

    layers = []
    for layer in shot.layers:
        moves = {kind: whole(getattr(layer, kind)) for kind in PASSES}
        if layer.walk is not None:
            moves["walk"] = with_files(layer.walk, {name: whole(name) for name in files_of(layer.walk)})
        layers.append(replace(layer, **moves))
    audio = shot.audio if shot.audio == NO_SOUND else whole(shot.audio)
    tracks = tuple((base / name).as_posix() for name in shot.tracks)
    return replace(shot, layers=tuple(layers), context=whole(shot.context), audio=audio, tracks=tracks)
