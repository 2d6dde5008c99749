"""A walk that is said on the command line, and the shot that it is where no file says one."""

from __future__ import annotations

import argparse
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from shared.errors import WrongArguments
from shared.file_names import name_fault
from shared.rates import parse_fps
from shared.sequences import parse_range
from shared.shot import NO_SOUND, Shot
from shared.walk import EASES, PRESETS, SPACES

SUCH = "Such as --seeds 1,5,9, or --seeds 1,kirk.npz"
RATE = "24"  # frames a second where nothing says another


def add_arguments(parser: argparse.ArgumentParser) -> None:
    walk = parser.add_argument_group("a walk, for models that are generators (docs/walks.md)")
    words = (
        "keyframes, spread evenly over the frames: seeds, or points of w files as kirk.npz (all) or kirk.npz:2;"
        " alone they are the shot: --frames 1-96, or as long as --audio"
    )
    walk.add_argument("--seeds", metavar="A,B,C", help=words)
    walk.add_argument("--loop", action="store_true", help="the last frame leads back to the first")
    walk.add_argument("--ease", choices=EASES, help="how keyframes are passed (default through)")
    walk.add_argument("--space", choices=SPACES, help="w: smoothly through them; z: on great circles (default w)")
    walk.add_argument("--drive", choices=tuple(PRESETS), help="how the sound of --audio moves it")


def walk_of(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """The walk as in shot.json; None without one. Raises WrongArguments."""
    given = {name: getattr(arguments, name) for name in ("ease", "space", "drive") if getattr(arguments, name)}
    if arguments.loop:
        given["loop"] = True
    if arguments.seeds is None:
        if given:
            raise WrongArguments(
                f"--{next(iter(given))} says nothing without --seeds", remedy="Name some, such as --seeds 1,5,9"
            )
        return None
    keys = [key for text in arguments.seeds.split(",") if text.strip() for key in _keys(text.strip())]
    if not keys:
        raise WrongArguments(f"--seeds {arguments.seeds!r} names none", remedy=SUCH)
    return {"keys": keys, **given}


def _keys(text: str) -> list[dict[str, Any]]:
    """The keyframes that a seed or a w file is. Raises WrongArguments, or InputRefused for the file."""
    if text.isdecimal():
        return [{"seed": int(text)}]
    found = re.fullmatch(r"(.+\.npz)(?::(\d+))?", text, re.IGNORECASE)
    if found is None:
        raise WrongArguments(f"--seeds: {text!r} is no seed and no w file", remedy=SUCH)
    from shared.w_files import read_points, read_row

    file = Path(found[1]).absolute()
    if found[2] is None:
        return [{"w": str(file), "index": index} for index in range(len(read_points(file)))]
    read_row(file, int(found[2]))
    return [{"w": str(file), "index": int(found[2])}]


def shot_alone(arguments: argparse.Namespace, walk: dict[str, Any] | None) -> Shot:
    """The shot of a walk for which no input is named. Raises WrongArguments, or InputRefused for its sound.

    arguments: with `refuse`, which shows the usage of the command and raises.
    """
    if walk is None:
        arguments.refuse("nothing is named that could be painted; required: input, or --seeds for a generator")
    if not arguments.model:
        raise WrongArguments(
            "seeds alone do not say which model paints", remedy="Name a generator with --model, see `semrender models`"
        )
    num, den = parse_fps(arguments.fps or RATE)
    frames = _frames(arguments, Fraction(num, den))
    name = arguments.model if not name_fault(arguments.model) else "walk"
    layer = {"name": name, "walk": walk}
    return Shot.from_dict({"name": name, "fps": [num, den], "first": frames[0], "last": frames[-1], "layers": [layer]})


def _frames(arguments: argparse.Namespace, fps: Fraction) -> list[int]:
    if arguments.frames:
        frames = parse_range(arguments.frames)
        if frames != list(range(frames[0], frames[-1] + 1)):
            raise WrongArguments(
                f"--frames {arguments.frames} has gaps", remedy="A walk alone is a range, such as 1-96"
            )
        return frames
    if not arguments.audio or arguments.audio == NO_SOUND:
        raise WrongArguments(
            "how long the walk is is not said", remedy="Say --frames 1-96, or name a sound with --audio"
        )
    from shared.sounds import frames_of, heard_alone

    return list(range(1, frames_of(heard_alone(Path(arguments.audio)), fps) + 1))
