"""`semrender clip`: a clip as numbered PNG frames."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from shared import places
from shared.errors import InputRefused
from shared.rates import fps_text, parse_fps
from shared.shot import DEINTERLACE

Commands = Any  # argparse has no public name for what add_subparsers returns


def add_commands(commands: Commands) -> None:
    """Register `clip`; it sets `run(arguments) -> exit code`."""
    clip = commands.add_parser("clip", help="write a clip as numbered PNG frames")
    clip.add_argument("clip", type=Path, help="mp4, mov, mkv, webm, gif, avi, ts, mts or mxf")
    clip.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the frames go")
    clip.add_argument("--fps", help="constant rate of the frames: 24, 23.976, 24000/1001 (default: the clip's own)")
    clip.add_argument("--first", type=int, default=1, help="number of the first frame (default 1)")
    add_deinterlace(clip)
    clip.set_defaults(run=run_clip)


def add_deinterlace(parser: Any) -> None:
    """`--deinterlace`, for a parser or a group of it."""
    words = "of an interlaced clip: auto makes whole pictures of it, top or bottom says which field is the earlier"
    parser.add_argument(
        "--deinterlace", nargs="?", const="auto", choices=DEINTERLACE, help=f"{words}, off takes it as it is"
    )


def run_clip(arguments: argparse.Namespace) -> int:
    """Write the frames and say what the clip is. Raises MissingInput, InputRefused or SemrenderError in words."""
    from shared.clips import Clip

    if arguments.first < 0:
        raise InputRefused(f"--first is {arguments.first}", remedy="Number the files from 0 or above")
    fps = None if arguments.fps is None else parse_fps(arguments.fps)
    with Clip(arguments.clip, fps, arguments.first) as clip:
        for words in clip.told(arguments.deinterlace):
            print(f"note: the clip {words}", file=sys.stderr)
        for number in clip.frames:
            _write(arguments.out / f"{arguments.clip.stem}.{number:04d}.png", clip.frame(number, arguments.deinterlace))
        rate = fps_text(clip.fps.numerator, clip.fps.denominator)
        found = {
            "first": clip.frames[0],
            "last": clip.frames[-1],
            "fps": rate,
            "pixel_aspect": clip.pixel_aspect,
            "variable": clip.variable,
            "out": str(arguments.out),
        }
    if arguments.json:
        print(json.dumps(found))
    else:
        uneven = ", of pictures at uneven times" if found["variable"] else ""
        aspect = "" if clip.pixel_aspect == 1 else f", pixel aspect {clip.pixel_aspect:g}"
        print(f"frames {found['first']}-{found['last']} at {rate} fps{uneven}{aspect}, in {arguments.out}")
    return 0


def _write(path: Path, pixels: Any) -> None:
    import cv2

    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    _, encoded = cv2.imencode(".png", cv2.cvtColor(pixels, order), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    with places.whole(path, "the frame") as beside:
        beside.write_bytes(encoded.tobytes())
