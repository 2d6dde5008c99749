"""`semrender dataset`: a folder of equal squares to learn from, of faces or of anything."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from inference_server.datasets.choices import FACE_CROPS, PICTURE_CROPS, SIZES
from shared.command import saying, tell


def add_commands(commands: Any) -> None:
    dataset = commands.add_parser("dataset", help="make a folder of equal squares to train on, of clips and pictures")
    kinds = dataset.add_subparsers(title="kinds", metavar="KIND", required=True)
    faces = kinds.add_parser("faces", help="the faces in clips and pictures")
    _common(faces)
    faces.add_argument(
        "--crop",
        choices=FACE_CROPS,
        default=FACE_CROPS[0],
        help="ffhq (default): by eyes and mouth, as networks trained on FFHQ want it; level: eyes level; box: upright",
    )
    faces.add_argument(
        "--percent", type=float, default=50.0, help="of the height, that the face takes in level and box"
    )
    faces.add_argument("--score", type=float, default=0.85, help="least that a face has, 0.6 to 1 (default 0.85)")
    faces.add_argument("--people", metavar="1,3-5", help="only these, as numbered in people.png (default: all)")
    pictures = kinds.add_parser("pictures", help="whole pictures and frames, for things without faces")
    _common(pictures)
    words = "centre (default): the square in the middle; stretch: all of it, out of proportion"
    pictures.add_argument("--crop", choices=PICTURE_CROPS, default=PICTURE_CROPS[0], help=words)
    pictures.set_defaults(score=1.0, percent=50.0, people=None)


def _common(kind: argparse.ArgumentParser) -> None:
    kind.add_argument("inputs", nargs="+", metavar="INPUT", help="clips, folders, patterns of frames, pictures")
    kind.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the dataset goes")
    kind.add_argument("--size", type=int, choices=SIZES, default=256, help="pixels a side (default 256)")
    kind.add_argument("--every", type=_count, default=5, help="of clips, take one frame of so many (default 5)")
    words = "bits within which two pictures of a shot are twins, of which one is kept (default 2; -1 keeps all)"
    kind.add_argument("--distance", type=int, default=2, choices=range(-1, 65), metavar="BITS", help=words)
    kind.add_argument("--recipe", type=Path, metavar="FILE", help="JSON: steps that adjust every picture")
    kind.set_defaults(run=run_dataset)


def run_dataset(arguments: argparse.Namespace) -> int:
    """Exit code 0 with a dataset, 4 where some of the input could not be read, 130 when stopped."""
    from inference_server.datasets.choosing import Wish
    from inference_server.datasets.recipe import Recipe, read_recipe
    from inference_server.datasets.session import Request, make
    from shared.errors import InputRefused, Interrupted
    from shared.sequences import parse_range
    from shared.wording import counted

    if not 0.6 <= arguments.score <= 1:
        raise InputRefused(f"--score is {arguments.score:g}", remedy="Allowed: 0.6 to 1; below 0.6 nothing is a face")
    if not 10 <= arguments.percent <= 100:
        raise InputRefused(f"--percent is {arguments.percent:g}", remedy="Allowed: 10 to 100")
    wish = Wish(
        crop=arguments.crop,
        size=arguments.size,
        recipe=Recipe() if arguments.recipe is None else read_recipe(arguments.recipe),
        score=arguments.score,
        percent=arguments.percent,
        distance=arguments.distance,
        people=None if arguments.people is None else frozenset(parse_range(arguments.people)),
    )

    say = saying(arguments.json)
    try:
        outcome = make(Request(tuple(arguments.inputs), arguments.out, wish, arguments.every), say)
    except KeyboardInterrupt:
        raise Interrupted("stopped", remedy="The same command goes on from here") from None
    dataset = outcome.dataset
    if arguments.json:
        sources = [
            {"name": s.name, "looked": s.looked, "kept": s.kept, "rejected": s.rejected, "notes": list(s.notes)}
            for s in dataset.sources
        ]
        faults = [{"where": one.where, "words": one.words} for one in outcome.faults]
        about = {"out": str(arguments.out), "pictures": len(dataset.pictures), "notes": list(dataset.notes)}
        tell("done", {**about, "sources": sources, "faults": faults})
        return 4 if faults else 0
    for source in dataset.sources:
        left = "".join(f", {count} {reason}" for reason, count in source.rejected.items())
        print(f"{source.name}: {counted(source.looked, 'frame')}, {source.kept} kept{left}")
        for note in source.notes:
            print(f"  {note}")
    for fault in outcome.faults:
        print(f"left out: {fault.words}")
    print(f"{counted(len(dataset.pictures), 'picture')} of {dataset.size}x{dataset.size} in {arguments.out}")
    for note in dataset.notes:
        print(note)
    return 4 if outcome.faults else 0


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count
