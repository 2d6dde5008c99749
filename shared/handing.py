"""A shot handed to a server: as a job by its paths, or with its files where the server does not see this disk.

Python >= 3.11; the host programs do not load it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.client import Client
from shared.errors import InputRefused
from shared.file_names import is_clip
from shared.sequences import find_sequence
from shared.shot import NO_SOUND, PASSES, Shot, named_files
from shared.walk import files_of, with_files

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
    files: dict[str, Path] = {}

    def moved(pattern: str | None, folder: str) -> str | None:
        if pattern is None:
            return None
        clip = base / pattern
        if is_clip(clip) and clip.is_file():
            files[f"{folder}/{clip.name}"] = clip
            return f"{folder}/{clip.name}"
        for path in find_sequence(pattern, base).files.values():
            files[f"{folder}/{path.name}"] = path
        return folder

    moves: dict[str, Any]
    layers = []
    for number, layer in enumerate(shot.layers):
        moves = {kind: moved(getattr(layer, kind), f"{number}_{kind}") for kind in PASSES}
        if layer.walk is not None:
            names = {
                name: f"{number}_walk/{place}_{Path(name).name}" for place, name in enumerate(files_of(layer.walk))
            }
            files.update({sent: base / name for name, sent in names.items()})
            moves["walk"] = with_files(layer.walk, names)
        layers.append(replace(layer, **moves))
    tracks = {f"tracks/{number}/{Path(name).name}": base / name for number, name in enumerate(shot.tracks)}
    files.update(tracks)
    audio = shot.audio
    if audio is not None and audio != NO_SOUND:
        audio = f"audio/{Path(audio).name}"
        files[audio] = base / str(shot.audio)
    sent = replace(
        shot, layers=tuple(layers), context=moved(shot.context, "context"), tracks=tuple(tracks), audio=audio
    )
    return sent, files
