"""A shot handed to a server: as a job by its paths, or with its files where the server does not see this disk.

Python >= 3.11; the host programs do not load it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared import places
from shared.client import Client
from shared.errors import InputRefused
from shared.file_names import is_clip
from shared.sequences import find_sequence
from shared.shot import NO_SOUND, PASSES, Shot, named_files
from shared.walk import files_of, with_files

END_BYTES = 65536  # of a file, at either end, that two machines compare

Body = dict[str, Any]


def describe(shot: Shot, base: Path, frames: list[int] | None, layers: list[str] | None) -> Body:
    """What of a shot is asked for; None = all."""
    return {"shot": shot.to_dict(), "base": str(base.resolve()), "frames": frames, "layers": layers}


def apart_from_passes(shot: Shot, base: Path, out: Path) -> None:
    """Refuse to paint into the folder of a pass, where paintings would be taken for passes the next time."""
    painted = [out.resolve(), *((out / layer.name).resolve() for layer in shot.layers)]
    for place in (base / pattern for _, pattern in named_files(shot)):
        folder = place if place.is_dir() else place.parent
        if folder.resolve() in painted:
            raise InputRefused(
                "the output folder is the folder of a pass",
                file=folder,
                remedy="Give --out a folder of its own",
            )


def shares_disk(client: Client, shot: Shot, base: Path, out: Path) -> bool:
    """Whether the server sees the passes and the output folder."""
    first = shot.layers[0]
    readable: Path | None
    if pattern := first.labels or first.picture:
        readable = next(iter(find_sequence(pattern, base, first.name).files.values()))
    else:
        named = (base / name for _, name in named_files(shot))
        readable = next((file for file in named if file.is_file()), None)
    return client.shares_disk(readable, out)


def uploadable(shot: Shot, base: Path) -> tuple[Shot, dict[str, Path]]:
    """The shot with every pass and file in a folder of its own below its base, and the files that belong there."""
    sent, files = numbered(shot, base)
    return sent, {name: path for name, (path, _) in files.items()}


def numbered(shot: Shot, base: Path) -> tuple[Shot, dict[str, tuple[Path, int | None]]]:
    """As `uploadable`; each file with the frame that it is, None for what belongs to all of them."""
    files: dict[str, tuple[Path, int | None]] = {}

    def moved(pattern: str | None, folder: str, goes_on: bool = False) -> str | None:
        """goes_on: frames behind its end show some of those before."""
        if pattern is None:
            return None
        clip = base / pattern
        if is_clip(clip) and clip.is_file():
            files[f"{folder}/{clip.name}"] = clip, None
            return f"{folder}/{clip.name}"
        found = find_sequence(pattern, base)
        for frame, path in found.files.items():
            files[f"{folder}/{path.name}"] = path, None if found.still or goes_on else frame
        return folder

    moves: dict[str, Any]
    layers = []
    for number, layer in enumerate(shot.layers):
        goes_on = layer.clip_end is not None
        moves = {kind: moved(getattr(layer, kind), f"{number}_{kind}", goes_on) for kind in PASSES}
        if layer.walk is not None:
            names = {
                name: f"{number}_walk/{place}_{Path(name).name}" for place, name in enumerate(files_of(layer.walk))
            }
            files.update({sent: (base / name, None) for name, sent in names.items()})
            moves["walk"] = with_files(layer.walk, names)
        layers.append(replace(layer, **moves))
    tracks = {f"tracks/{number}/{Path(name).name}": base / name for number, name in enumerate(shot.tracks)}
    files.update({name: (path, None) for name, path in tracks.items()})
    audio = shot.audio
    if audio is not None and audio != NO_SOUND:
        audio = f"audio/{Path(audio).name}"
        files[audio] = base / str(shot.audio), None
    sent = replace(
        shot, layers=tuple(layers), context=moved(shot.context, "context"), tracks=tuple(tracks), audio=audio
    )
    return sent, files


def mark_of(path: Path) -> list[Any]:
    """By which two machines tell whether a path leads both to the same file: its bytes, the millisecond in which it was
    last changed, and a hash of its first and its last. Raises OSError."""
    import hashlib  # slow to load

    with places.open_file(path) as file:
        found = os.fstat(file.fileno())
        digest = hashlib.sha256(file.read(END_BYTES))
        file.seek(max(0, found.st_size - END_BYTES))
        digest.update(file.read(END_BYTES))
    return [found.st_size, found.st_mtime_ns // 10**6, digest.hexdigest()]


def mark_if_there(path: Path) -> list[Any] | None:
    """As `mark_of`; None where there is no such file."""
    try:
        return mark_of(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
