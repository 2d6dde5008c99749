"""`semrender project`: pictures become points of a generator, which a walk passes as keyframes."""

from __future__ import annotations

import argparse
import json
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference_server.commands.progress import duration
from inference_server.datasets.choices import FACE_CROPS, PICTURE_CROPS
from inference_server.models.device_names import NAMES, device_name
from shared.command import saying, tell
from shared.errors import InputRefused, Interrupted, ModelRefused, SemrenderError, WrongArguments
from shared.values import Value
from shared.wording import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inference_server.datasets.sources import Fault, Frame, Reader, Source
    from inference_server.models.stylegan.projection import Found

PAUSE = 5.0  # seconds between two words of progress
EVERY = 24  # frames of a clip of which one is taken
APART = 24  # frames of a walk from one point to the next, as it is proposed
LEAST = 256  # pixels a side of a compared picture

Say = Callable[[str], None]


class Square(Value):
    """A picture (R, R, 3) uint8 as large as the generator paints; told: what was done to it, in words."""

    name: str
    pixels: NDArray[np.uint8]
    told: tuple[str, ...]


def add_commands(commands: Any) -> None:
    project = commands.add_parser("project", help="pictures become points of a generator, keyframes of a walk")
    words = "pictures, folders, patterns of frames, clips: each picture becomes a point"
    project.add_argument("inputs", nargs="+", metavar="PICTURE", help=words)
    project.add_argument("--model", required=True, help="a generator, see `semrender models`")
    words = "the w file that is written; FILE.png beside it compares"
    project.add_argument("--out", type=Path, required=True, metavar="FILE.npz", help=words)
    words = "w (default): pictures of the model's own kind; w+: a point for each layer, nearer to other pictures"
    project.add_argument("--space", choices=("w", "w+"), default="w", help=words)
    project.add_argument("--steps", type=_count, default=300, help="for each picture (default 300)")
    project.add_argument("--seed", type=int, default=0, help="another search, where one ended far off (default 0)")
    words = (
        "centre (default): the square in the middle; stretch: all of it, out of proportion; the surest face"
        " as ffhq: by eyes and mouth, as models of FFHQ want it, level: eyes level, or box: upright"
    )
    project.add_argument("--crop", choices=(*PICTURE_CROPS, *FACE_CROPS), default=PICTURE_CROPS[0], help=words)
    words = f"of clips, take one frame of so many (default {EVERY})"
    project.add_argument("--every", type=_count, default=EVERY, metavar="N", help=words)
    project.add_argument("--device", type=device_name, default="auto", help=NAMES)
    project.set_defaults(run=run_project)


def run_project(arguments: argparse.Namespace) -> int:
    """Exit code 0, 4 where some of the input could not be read, 130 when stopped: then nothing is written."""
    if arguments.out.suffix.lower() != ".npz":
        raise WrongArguments(f"--out {str(arguments.out)!r} is no w file", remedy="Name one, such as --out kirk.npz")

    say = saying(arguments.json)
    try:
        return _project(arguments, say)
    except KeyboardInterrupt:
        raise Interrupted("stopped, and nothing was written", remedy="The same command begins again") from None


def _project(arguments: argparse.Namespace, say: Say) -> int:
    from inference_server.datasets.sources import find_sources
    from inference_server.models.catalogue import find_card
    from inference_server.models.needs import LAYERS

    card = find_card(arguments.model)
    if card.family not in LAYERS:
        remedy = "Name a generator with --model, see `semrender models`"
        raise ModelRefused(f"the model {card.name} paints no points, its family is {card.family}", remedy=remedy)
    sources, faults = find_sources(arguments.inputs, arguments.every)
    squares = list(_squares(sources, card.size.width, arguments.crop, faults))
    if not squares:
        raise InputRefused("none of the pictures can be used", cause=faults[0].words)
    say(f"{counted(len(squares), 'picture')}, {counted(arguments.steps, 'step')} each; loading {card.name}")

    import numpy as np  # torch takes seconds to load: what is wrong with the input is said before

    from inference_server.models.devices import choose_device
    from inference_server.models.stylegan.projection import Wish, load
    from shared.places import whole
    from shared.w_files import write_points

    projector = load(card, choose_device(arguments.device).name, arguments.seed)
    wish, found = Wish(arguments.space, arguments.steps), []
    pace = _Pace(len(squares), say)
    for number, square in enumerate(squares):
        words = f"{number}  {square.name}"
        pace.begins(words, number)
        one = projector.project(square.pixels.astype(np.float32) / np.float32(255), wish, pace.told)
        told = "".join(f"; {one}" for one in square.told)
        say(f"{words}: {one.decibels:.1f} dB, {one.words}{told}")
        found.append(one)
    compared = arguments.out.with_suffix(".png")
    with whole(compared, "the comparison") as beside:
        _compare(squares, found).save(beside, "PNG")
        write_points(arguments.out, np.stack([one.ws for one in found]))
    _report(arguments, squares, found, compared, faults)
    return 4 if faults else 0


def _squares(sources: Sequence[Source], size: int, crop: str, faults: list[Fault]) -> Iterator[Square]:
    """What is cut of every picture; those of which nothing can be cut are among the faults."""
    from inference_server.datasets.detector import Detector
    from inference_server.datasets.sources import Fault, reading

    detector = Detector() if crop in FACE_CROPS else None
    for source in sources:
        with reading(source) as read:
            for frame in source.frames:
                name = (
                    frame.file.name
                    if len(source.frames) == 1 or not source.moving
                    else f"{frame.file.name} {frame.number}"
                )
                try:
                    yield _square(read, frame, name, size, crop, detector)
                except SemrenderError as error:
                    faults.append(Fault(str(frame.file), str(error)))


def _square(read: Reader, frame: Frame, name: str, size: int, crop: str, detector: Any) -> Square:
    from inference_server.datasets.crops import centre_quad, face_quad, whole_quad
    from inference_server.datasets.cutting import cut
    from inference_server.datasets.recipe import Recipe, adjusted

    picture, told = read(frame)
    height, width = picture.shape[:2]
    if detector is not None:
        faces = detector.faces(picture)
        if not faces:
            remedy = "Give --crop centre for pictures that are cut already"
            raise InputRefused("there is no face in this picture", file=frame.file, remedy=remedy)
        quad = face_quad(crop, faces[0], (width, height), 50.0)
    else:
        quad = whole_quad((width, height)) if crop == "stretch" else centre_quad((width, height))
    if (width, height) != (size, size):
        told = [*told, f"{width}x{height} cut to {size}x{size} ({crop})"]
    return Square(name, adjusted(cut(picture, quad, size), Recipe(), size), tuple(told))


def _compare(squares: Sequence[Square], found: Sequence[Found]) -> Any:
    """Of every picture itself, what was found, and what differs; many on a sheet. As an image of Pillow."""
    import numpy as np
    from PIL import Image

    from shared import comparisons

    pairs = [
        (one.pixels, (other.picture * 255 + 0.5).astype(np.uint8)) for one, other in zip(squares, found, strict=True)
    ]
    gain = comparisons.gain_for([comparisons.measured(a, b) for a, b in pairs])
    rows = []
    for number, ((a, b), one, other) in enumerate(zip(pairs, squares, found, strict=True)):
        three = (a, b, comparisons.difference(a, b, gain))
        larger = -(-LEAST // len(a))
        left, middle, right = (plane.repeat(larger, 0).repeat(larger, 1) for plane in three)
        row = comparisons.side(comparisons.side(left, middle), right)
        words = f"{other.decibels:.1f} dB, {other.words}; difference x{gain}"
        rows.append(comparisons.titled(row, f"{number}  {one.name}", "", words))
    size = comparisons.cell(rows[0], len(rows))
    return Image.fromarray(comparisons.sheet([comparisons.fitted(row, size) for row in rows]))


def _report(
    arguments: argparse.Namespace,
    squares: Sequence[Square],
    found: Sequence[Found],
    compared: Path,
    faults: Sequence[Fault],
) -> None:
    """Where the points are, and how a walk passes them."""
    out = arguments.out.as_posix()
    frames = (len(found) - 1) * APART + 1
    painted = (Path("painted") / arguments.out.stem).as_posix()
    command = ["semrender", "render", "--model", arguments.model, "--seeds", out, "--frames", f"1-{frames}"]
    command += ["--out", painted]
    keys = [{"w": out, "index": number} for number in range(len(found))]
    if arguments.json:
        points = [
            {"name": one.name, "decibels": round(other.decibels, 2), "words": other.words, "told": list(one.told)}
            for one, other in zip(squares, found, strict=True)
        ]
        left = [{"where": one.where, "words": one.words} for one in faults]
        made = {"out": str(arguments.out), "compared": str(compared), "points": points, "faults": left}
        tell("done", {**made, "walk": {"keys": keys}, "command": command})
        return
    for fault in faults:
        print(f"left out: {fault.words}")
    print(f"{counted(len(found), 'point')} of {arguments.model} in {arguments.out}, compared in {compared}")
    print(f"  {shlex.join(command)}")
    print(f'  in shot.json: "walk": {json.dumps({"keys": keys})}')


class _Pace:
    """Words on how far it is, every few seconds."""

    def __init__(self, pictures: int, say: Say) -> None:
        self.pictures, self.say = pictures, say
        self.words, self.before = "", 0
        self.began = self.last = time.monotonic()

    def begins(self, words: str, before: int) -> None:
        self.words, self.before = words, before

    def told(self, share: float, decibels: float | None) -> None:
        now, done = time.monotonic(), self.before + share
        if now - self.last >= PAUSE:
            self.last = now
            left = duration((now - self.began) / done * (self.pictures - done))
            near = "looking where to begin" if decibels is None else f"{decibels:.1f} dB"
            self.say(f"{self.words}: {share:.0%}, {near}, {left} left in all")


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count
