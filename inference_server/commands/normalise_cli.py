"""`semrender clip normalise`: somebody in a clip, brought to one place and size, as a sequence of their own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from shared.command import saying, tell


def add_commands(commands: Any) -> None:
    words = "follow a person or face in a clip and write them at one place and size"
    normalise = commands.add_parser("clip normalise", help=words)
    normalise.add_argument("clip", metavar="CLIP", help="mp4, mov, mkv, webm or gif, or a pattern such as a.####.png")
    normalise.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the sequences go")
    normalise.add_argument("--people", metavar="1,3-5", help="only these, as numbered in people.png (default: all)")
    modes = "follow (default); lock: one scale and place for the whole clip; source: the picture stays as it is"
    normalise.add_argument("--mode", choices=("follow", "lock", "source"), default="follow", help=modes)
    words = "person (default), face, or a file of your own: where on which canvas, how large and how steadily"
    normalise.add_argument("--template", default="person", metavar="FILE", help=words)
    normalise.add_argument(
        "--fps", help="constant rate of the frames: 24, 23.976, 24000/1001 (default: the clip's own)"
    )
    normalise.add_argument("--first", type=int, default=1, help="number of a clip's first frame (default 1)")
    normalise.set_defaults(run=run_normalise)


def run_normalise(arguments: argparse.Namespace) -> int:
    """Exit code 0 with the sequences, 130 when stopped. Raises SemrenderError in words."""
    from inference_server.commands.normalising import Request, normalise
    from inference_server.motion.template import read_template
    from shared.errors import Interrupted
    from shared.rates import parse_fps
    from shared.sequences import parse_range
    from shared.wording import counted

    request = Request(
        clip=arguments.clip,
        out=arguments.out,
        template=read_template(arguments.template),
        mode=arguments.mode,
        people=None if arguments.people is None else frozenset(parse_range(arguments.people)),
        fps=None if arguments.fps is None else parse_fps(arguments.fps),
        first=arguments.first,
    )

    say = saying(arguments.json)
    try:
        made = normalise(request, say)
    except KeyboardInterrupt:
        raise Interrupted("stopped", remedy="The same command goes on from here") from None
    if arguments.json:
        people = [{"id": one.id, "first": one.first, "last": one.last, "files": one.files} for one in made.people]
        tell("done", {"out": str(arguments.out), "people": people, "notes": list(made.notes)})
        return 0
    for one in made.people:
        print(f"person {one.id}: frames {one.first}-{one.last}, {one.files}")
    for note in made.notes:
        print(f"note: {note}")
    print(f"{counted(len(made.people), 'person', 'people')} in {arguments.out}, ways there and back in normalised.json")
    return 0
