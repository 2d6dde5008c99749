"""`semrender compare`: two takes, passes or clips in one sheet or movie."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared import places
from shared.errors import InputRefused

if TYPE_CHECKING:
    from shared.compared import Compared
    from shared.comparisons import Difference, Pixels
    from shared.sounds import Part

HOWS = ("side", "wipe", "difference")
MOVIES = {".mp4": "h264", ".mov": "prores"}
MOST = 12  # frames on a sheet; of more, evenly spaced ones
FPS = Fraction(24)  # of a movie where neither of the two says its rate


def add_commands(commands: Any) -> None:
    """Register `compare`; it sets `run(arguments) -> exit code`."""
    compare = commands.add_parser("compare", help="two deliveries, sequences or clips in one sheet or movie")
    words = "a delivery's folder, a folder or pattern of frames, a picture or a clip"
    compare.add_argument("a", type=Path, metavar="A", help=words)
    compare.add_argument("b", type=Path, metavar="B", help="another; scaled to the size of A")
    compare.add_argument("--out", type=Path, required=True, metavar="FILE", help="a sheet (.png) or movie (.mp4, .mov)")
    compare.add_argument("--how", choices=HOWS, default="side", help="default: side, A on the left and B on the right")
    compare.add_argument("--layer", help="one layer of a delivery (default: all that were painted, over one another)")
    compare.add_argument("--frames", metavar="RANGE", help="1001-1100, 1001-1100x2 (default: all that both have)")
    compare.set_defaults(run=run_compare)


def run_compare(arguments: argparse.Namespace) -> int:
    """Write the sheet or movie and say what it shows. Raises MissingInput, InputRefused or SemrenderError in words."""
    from shared import compared, comparisons
    from shared.sequences import frames_text, parse_range

    out: Path = arguments.out
    if out.suffix.lower() not in (".png", *MOVIES):
        raise InputRefused(f"--out is {out.name}", remedy="Write .png for a sheet, .mp4 or .mov for a movie")
    if arguments.layer is not None and not any(compared.is_delivery(path) for path in (arguments.a, arguments.b)):
        raise InputRefused("--layer names a layer of a delivery, and neither is one", remedy="Leave --layer away")
    a = compared.open_compared(arguments.a, arguments.layer)
    b = compared.open_compared(arguments.b, arguments.layer)
    if a.name == b.name:
        a, b = (replace(one, name=name) for one, name in zip((a, b), _apart(arguments.a, arguments.b), strict=True))
    asked = None if arguments.frames is None else parse_range(arguments.frames)
    frames, left_out = compared.shared_frames(a, b, asked)
    notes = [*left_out, *(f"{one.name}: {note}" for one in (a, b) for note in one.notes)]
    size, other = (one.picture(frames[0]).shape[:2] for one in (a, b))
    if size != other:
        notes.append("{} is {}x{}, scaled to {}x{}".format(b.name, *other[::-1], *size[::-1]))
    pair = partial(_pair, a, b, size=size)
    found: dict[str, Any] = {"out": str(out), "how": arguments.how, "frames": frames, "notes": notes}
    differences: dict[int, Difference] = {}
    if arguments.how == "difference":
        differences = {frame: comparisons.measured(*pair(frame)) for frame in frames}
        found["differences"] = [
            {"frame": frame, "mean": round(one.mean, 4), "largest": one.largest} for frame, one in differences.items()
        ]
        found["gain"] = comparisons.gain_for(list(differences.values()))
    draw = _drawer(pair, (a.name, b.name), arguments.how, frames, differences, found.get("gain", 1))
    if out.suffix.lower() == ".png":
        found["shown"] = shown = frames[:: -(-len(frames) // MOST)]
        with places.whole(out, "the comparison") as beside:
            _write_sheet(beside, [draw(frame, len(shown)) for frame in shown])
    else:
        from shared.movies import write_movie

        fps, kind = a.fps or b.fps or FPS, MOVIES[out.suffix.lower()]
        notes += _about_rate(fps, a, b)
        with places.whole(out, "the comparison") as beside, tempfile.TemporaryDirectory() as folder:
            sound = _sound(a, frames, fps, Path(folder) / "sound", notes)
            write_movie(beside, map(draw, frames), fps, kind, a.pixel_aspect, sound=sound)
    if arguments.json:
        print(json.dumps(found))
        return 0
    some = found.get("shown", frames)
    print(f"{out}: {'frame' if len(some) == 1 else 'frames'} {frames_text(some)} of {a.name} and {b.name}")
    if differences:
        mean = sum(one.mean for one in differences.values()) / len(differences)
        frame, most = max(differences.items(), key=lambda item: item[1].largest)
        print(
            f"mean difference {mean:.3g}, largest {most.largest} (frame {frame}), of 255; shown times {found['gain']}"
        )
    for note in notes:
        print(note)
    return 0


def _apart(a: Path, b: Path) -> tuple[str, str]:
    """The ends of two paths, from the last folder on in which they differ."""
    parts = a.resolve().parts, b.resolve().parts
    shortest = min(map(len, parts))
    size = next((n for n in range(1, shortest) if parts[0][-n] != parts[1][-n]), 1)
    return "/".join(parts[0][-size:]), "/".join(parts[1][-size:])


def _drawer(
    pair: Callable[[int], tuple[Pixels, Pixels]],
    names: tuple[str, str],
    how: str,
    frames: list[int],
    differences: dict[int, Difference],
    gain: int,
) -> Callable[..., Pixels]:
    """A function of a frame, and of how many a sheet has, that draws the two with words above."""
    from shared import comparisons

    lines = {frame: (place + 1) / (len(frames) + 1) for place, frame in enumerate(frames)}

    def draw(frame: int, on_sheet: int | None = None) -> Pixels:
        first, second = pair(frame)
        words = names[0], str(frame), names[1]
        if how == "side":
            picture = comparisons.side(first, second)
        elif how == "wipe":
            picture = comparisons.wipe(first, second, lines[frame])
        else:
            picture = comparisons.difference(first, second, gain)
            one = differences[frame]
            words = f"x {gain} |A - B|", str(frame), f"mean {one.mean:.3g}, largest {one.largest}"
        if on_sheet is not None:
            picture = comparisons.fitted(picture, comparisons.cell(picture, on_sheet))
        return comparisons.titled(picture, *words)

    return draw


def _pair(a: Compared, b: Compared, frame: int, size: tuple[int, int]) -> tuple[Pixels, Pixels]:
    from shared.comparisons import fitted

    return fitted(a.picture(frame), size), fitted(b.picture(frame), size)


def _sound(a: Compared, frames: list[int], fps: Fraction, path: Path, notes: list[str]) -> Part | None:
    """The sound of the first, cut to the frames; written to `path`."""
    from shared.sounds import Part, write_wav

    if a.sound is None:
        return None
    if frames != list(range(frames[0], frames[-1] + 1)):
        notes.append("the frames have gaps, so the movie has no sound")
        return None
    return Part(path, 0, write_wav(path, a.sound, frames[0], frames[-1], fps).samples)


def _about_rate(fps: Fraction, a: Compared, b: Compared) -> list[str]:
    """What is to be said of the rate of a movie."""
    from shared.rates import fps_text

    told = fps_text(fps.numerator, fps.denominator)
    if a.fps and b.fps and a.fps != b.fps:
        return [f"{b.name} runs at {fps_text(b.fps.numerator, b.fps.denominator)} fps, the movie at {told}"]
    return [] if a.fps or b.fps else [f"the movie runs at {told} fps, as neither says its rate"]


def _write_sheet(path: Path, cells: list[Pixels]) -> None:
    import cv2

    from shared.comparisons import sheet

    _, encoded = cv2.imencode(".png", cv2.cvtColor(sheet(cells), cv2.COLOR_RGB2BGR))
    path.write_bytes(encoded.tobytes())
