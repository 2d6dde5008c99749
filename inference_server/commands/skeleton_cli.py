"""`semrender skeleton`: people's skeletons solved again in another way, in seconds, without reading the clip."""

from __future__ import annotations

import argparse
import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.poses import FEET, SMOOTHINGS

SUFFIX = ".poses.json"
NOT_KNOWN = "none"
HALF = 18.0  # millimetres: half of the film that lenses are named by


def add_commands(commands: Any) -> None:
    skeleton = commands.add_parser("skeleton", help="solve people's skeletons again: height, lens, feet")
    skeleton.add_argument("file", type=Path, help="NAME.poses.json of a delivery")
    words = "sole to crown, centimetres, of everybody, or ID=CM of one; 0: as read; may be repeated"
    skeleton.add_argument("--height", action="append", default=[], metavar="CM", help=words)
    lens = skeleton.add_mutually_exclusive_group()
    lens.add_argument("--lens", type=float, metavar="MM", help="as if the picture were 36 mm wide; 0: not known")
    lens.add_argument("--view-angle", type=float, metavar="DEGREES", help="of the lens, from left to right")
    words = "a tracks file with the camera that saw them, in whose space they stand; none: it is not known"
    skeleton.add_argument("--camera", type=Path, metavar="FILE", help=words)
    words = "auto: held where they stand; always: both stand all along; never"
    skeleton.add_argument("--feet", choices=FEET, help=words)
    skeleton.add_argument("--smoothing", choices=SMOOTHINGS, help="of what was measured")
    words = "where poses, BVH and USD go (default: in place of those that are there)"
    skeleton.add_argument("--out", type=Path, metavar="FOLDER", help=words)
    skeleton.set_defaults(run=run_skeleton)


def run_skeleton(arguments: argparse.Namespace) -> int:
    """What is not said stays as it was. Raises MissingInput, InputRefused or SemrenderError naming the file."""
    from inference_server.motion.posing import camera_of, files_of, solved_again
    from shared.places import whole
    from shared.poses import read_poses

    file: Path = arguments.file
    poses = read_poses(file)
    try:
        tracks = _tracks(file, poses.tracks)
        camera = camera_of(poses, tracks) if arguments.camera is None else _camera(arguments.camera)
        made, notes = solved_again(poses, tracks, _ask(arguments, poses), camera)
    except SemrenderError as error:
        raise error.located(file=file) from None
    out = file.parent if arguments.out is None else arguments.out
    if made.tracks is not None and out.absolute() != file.parent.absolute():
        made = replace(made, tracks=_from(out, file.parent / made.tracks))
    name = file.name.removesuffix(SUFFIX) if file.name.endswith(SUFFIX) else file.stem
    written = []
    for each, text in files_of(made, name).items():
        path = out / (file.name if each.endswith(SUFFIX) else each)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as beside:
            beside.write_text(text, encoding="ascii", newline="\n")
        written.append(path)
    if arguments.json:
        print(json.dumps({"files": [str(path) for path in written], "notes": notes}))
        return 0
    for words in notes:
        print(f"note: {words}")
    for person in made.people:
        stood = sum(last - first + 1 for spans in person.contacts.values() for first, last in spans)
        print(
            f"{person.label}: {person.height:.0f} cm ({'said' if person.height_from == 'artist' else 'as read'}),"
            f" frames {person.first}-{person.last}, feet stand on {stood} of {2 * person.frames}"
        )
    for path in written:
        print(f"  {path}")
    return 0


def _tracks(file: Path, named: str | None) -> Any:
    from shared.tracks import read_tracks

    if named is None:
        raise InputRefused("it names no tracks file, which says where people are in the picture")
    try:
        return read_tracks(file.parent / named)
    except MissingInput as error:
        remedy = "Keep the folders of a delivery together"
        raise MissingInput("the tracks file of its people is not there", file=error.file, remedy=remedy) from None


def _camera(file: Path) -> Any:
    from shared.tracks import read_tracks

    if str(file) == NOT_KNOWN:
        return None
    tracks = read_tracks(file)
    if tracks.camera is None:
        raise InputRefused("there is no camera in it", file=file, remedy="Write it with the shot's camera")
    return tracks


def _ask(arguments: argparse.Namespace, poses: Any) -> Any:
    from inference_server.motion.posing import asked, with_heights

    ask = asked(poses)
    ids = [one.id for one in poses.people]
    heights: dict[int, float | None] = {}
    for text in arguments.height:
        who, _, number = text.rpartition("=")
        try:
            value, chosen = float(number), [int(who)] if who else ids
        except ValueError:
            value, chosen = math.nan, []
        if not (value == 0 or 1 <= value <= 1000) or not set(chosen) <= set(ids):
            people = ", ".join(map(str, ids))
            raise InputRefused(
                f"--height {text} is no height", remedy=f"Write 1 to 1000 cm, or ID=CM of person {people}; 0 as read"
            )
        heights.update(dict.fromkeys(chosen, value or None))
    lens = arguments.lens
    if arguments.view_angle is not None:
        if not 0.5 <= arguments.view_angle <= 175:
            raise InputRefused(f"--view-angle {arguments.view_angle:g} is no view", remedy="Write 0.5 to 175 degrees")
        lens = HALF / math.tan(math.radians(arguments.view_angle) / 2)
    if lens is not None and not (lens == 0 or 0.5 <= lens <= 5000):
        raise InputRefused(f"--lens {lens:g} is no lens", remedy="Write 0.5 to 5000 millimetres, or 0")
    return replace(
        with_heights(ask, heights),
        lens=ask.lens if lens is None else lens,
        feet=arguments.feet or ask.feet,
        smoothing=arguments.smoothing or ask.smoothing,
    )


def _from(folder: Path, file: Path) -> str:
    """The way from a folder to a file, with /; where there is none (another drive), the whole path."""
    try:
        return Path(os.path.relpath(file.absolute(), folder.absolute())).as_posix()
    except ValueError:
        return file.absolute().as_posix()
