"""The tracks of a shot (cameras, points, joints): judged before the first frame is painted, delivered at the end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from inference_server.roots import inside
from inference_server.worker import outputs
from shared import schema
from shared.comp_tracks import comp_tracks, text_of
from shared.delivery import DeliveryShot, DeliveryTracks
from shared.errors import DiskFull, InputRefused, SemrenderError
from shared.file_names import folded
from shared.sequences import frames_text
from shared.shot import Shot
from shared.tracks import Tracks, read_tracks

FOLDER = "tracks"  # in the output folder
Size = tuple[int, int]


def load(shot: Shot, base: Path, roots: Sequence[str] | None) -> dict[str, Tracks]:
    """The shot's tracks by the names of their files, without suffix. Raises MissingInput or InputRefused."""
    found: dict[str, Tracks] = {}
    for name in shot.tracks:
        file = inside(base / name, roots)
        if folded(file.stem) in map(folded, found):
            raise InputRefused(f"two tracks files are named {file.stem}", file=file, remedy="Rename one of them")
        found[file.stem] = read_tracks(file)
    return found


def judge(
    shot: Shot, base: Path, roots: Sequence[str] | None, size: Size | None
) -> tuple[list[SemrenderError], list[str], str]:
    """What is wrong with a shot's tracks, what the artist should know, and what is in them, in words.

    size: (width, height) of the passes, None where that is not known.
    """
    warnings: list[str] = []
    try:
        all_of = load(shot, base, roots)
    except SemrenderError as error:
        return [error], [], ""
    problems = _all_faults(shot, base, all_of, size)
    for name, tracks in all_of.items():
        middle = (tracks.width / 2, tracks.height / 2)
        camera = tracks.camera
        if camera is not None and camera.centre is not None and camera.centre != middle:
            off = ", ".join(f"{a - b:+g}" for a, b in zip(camera.centre, middle, strict=True))
            warnings.append(
                f"tracks {name}: the camera {camera.name} is shifted by {off} pixels, which a camera of After Effects"
                " cannot be: in the comp it looks straight on"
            )
    return problems, warnings, "; ".join(f"{name}: {', '.join(_things(tracks))}" for name, tracks in all_of.items())


def _all_faults(shot: Shot, base: Path, all_of: dict[str, Tracks], size: Size | None) -> list[SemrenderError]:
    faults: list[SemrenderError] = []
    for tracks, file in zip(all_of.values(), shot.tracks, strict=True):
        faults += [fault.located(file=base / file) for fault in _faults(shot, tracks, size)]
    names = [one for tracks in all_of.values() for one in _things(tracks)]
    for twice in sorted({one for one in names if names.count(one) > 1}):
        faults.append(InputRefused(f"two tracks files have the {twice}", remedy="Give each one a name of its own"))
    return faults


def _faults(shot: Shot, tracks: Tracks, size: Size | None) -> list[SemrenderError]:
    faults: list[SemrenderError] = []
    lacking = [frame for frame in (shot.first, shot.last) if not tracks.first <= frame <= tracks.last]
    if lacking:
        without = (frame for frame in shot.frames if not tracks.first <= frame <= tracks.last)
        faults.append(
            InputRefused(
                f"the tracks go from {tracks.first} to {tracks.last}, the shot has frames {frames_text(without)} too",
                remedy=f"Write them for {shot.first} to {shot.last}",
            )
        )
    if size is not None and abs(tracks.width * size[1] - tracks.height * size[0]) > max(size[1], tracks.height):
        faults.append(
            InputRefused(
                f"the tracks are of a picture of {tracks.width}x{tracks.height}, the passes are {size[0]}x{size[1]}",
                cause="The two have another shape, so that one does not lie on the other",
                remedy="Write the tracks for the resolution of the passes",
            )
        )
    return faults


def _things(tracks: Tracks) -> list[str]:
    cameras = [] if tracks.camera is None else [f"camera {tracks.camera.name}"]
    return [*cameras, *(f"null {one.name}" for one in tracks.nulls), *(f"person {one.id}" for one in tracks.people)]


def deliver_tracks(
    of: Shot,
    base: Path,
    roots: Sequence[str] | None,
    shot: DeliveryShot,
    out: Path,
    made_here: Mapping[str, Tracks] = MappingProxyType({}),
) -> tuple[tuple[DeliveryTracks, ...], list[str], list[str]]:
    """Write the tracks of the whole shot into the output folder, whichever of its frames are delivered.

    made_here: by name, those that models made.
    Returns what delivery.json says of them, hashes, and notes. Somebody may have written them anew since they were
    judged: that they cannot be used now is a note, since the paintings are there. Raises DiskFull.
    """
    whole = replace(shot, first=of.first, last=of.last, frames=len(of.frames))
    made, hashes = [], []
    try:
        all_of = load(of, base, roots)
        for fault in _all_faults(of, base, all_of, (shot.width, shot.height)):
            raise fault
        all_of.update(made_here)
        for name, tracks in all_of.items():
            texts = {
                f"{name}.json": json.dumps(schema.plain(tracks)) + "\n",
                f"{name}.comp.json": text_of(comp_tracks(tracks, whole)),
            }
            for file, text in texts.items():
                data = text.encode("ascii")
                outputs.keep(out / FOLDER / file, data)
                hashes.append(hashlib.sha256(data).hexdigest())
            made.append(DeliveryTracks(name, *(f"{FOLDER}/{file}" for file in texts)))
    except DiskFull:
        raise
    except SemrenderError as error:
        return (), [], [f"no tracks were delivered: {error}"]
    return tuple(made), hashes, []
