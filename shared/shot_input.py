"""From any input that a person names (a shot.json, a folder, a pattern, a file) to a shot."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import InputRefused
from shared.file_names import MAX_NAME, is_clip, name_fault
from shared.frame_numbers import NUMBER, split_name
from shared.sequences import Sequence, find_sequence, in_words, listed, no_picture, sequences_in
from shared.shot import FILE_NAME, Shot, ShotLayer, read_shot

if TYPE_CHECKING:
    from shared.clips import Clip

Span = tuple[Fraction | None, Fraction | None]  # seconds after a clip's beginning: from, and up to

RATES = (24, 25, 30, 50, 60)  # for a clip that has none of its own
MOST_BYTES = 108  # of a name that is made from the files: twice that, a matte's name and a number are 255


def shot_from_input(
    source: str | Path, kind: str = "labels", fps: tuple[int, int] | None = None, span: Span = (None, None)
) -> tuple[Shot, Path]:
    """The shot that an input stands for, and the absolute folder its patterns are relative to.

    - a `shot.json`, or a folder with one: that shot;
    - a pattern, a file, or a folder of pictures: one layer, at the frame rate that its header states, else 24;
    - a clip: one layer of its frames, from 1, at its own rate or another, as wide as its pixels are;
    - a folder without pictures of its own: its sub-folders are the layers. Their names must begin with
      numbers, top first (`01_train`, `02_environment`), since no other order would be more than a guess.

    kind: what pictures without a shot.json are, "labels" or "picture".
    fps: the rate of a clip's frames; None = its own. span: what of a clip is wanted; its frames keep their numbers.
    Raises MissingInput or InputRefused.
    """
    path = Path(source).absolute()
    with in_words(path):
        clip = is_clip(path) and path.is_file()
        if span != (None, None) and not clip:
            raise InputRefused("times cut a clip, and this is none", remedy="Say which frames, such as --frames 25-48")
        if (path / FILE_NAME).is_file() or (path.suffix.lower() == ".json" and not path.is_dir()):
            return read_shot(path)
        if clip:
            return _shot_of_clip(path, kind, fps, span), path.parent
        if path.is_dir():
            numbered, stills = sequences_in(path)
            below = [] if numbered else _below(path)
            if stills and below:
                raise InputRefused(
                    "this folder holds several sequences", cause=listed(below + stills), remedy="Name one of them"
                )
            if not numbered and not stills:
                return _layered_shot(path, kind), path
        folder, pattern = (path, "") if path.is_dir() else (path.parent, path.name)
        found = find_sequence(pattern, folder)
        name = _layer_name(found)
        return _plain_shot(name, {name: found}, kind), folder


def _shot_of_clip(path: Path, kind: str, fps: tuple[int, int] | None, span: Span) -> Shot:
    from shared.clips import Clip  # what decodes clips takes a while to load

    if kind == "labels":
        raise InputRefused(
            "a clip is no label pass",
            cause="What compresses a clip changes its values",
            remedy="Give numbered PNG or EXR files, or name a model that takes pictures, such as --model match_grade",
        )
    with Clip(path, fps, first=1) as clip:
        if fps is None:
            check_even(clip)
        rate = (clip.fps.numerator, clip.fps.denominator)
        name, frames = _usable(path.stem), _within(clip.frames, clip.fps, span)
        layer = replace(_layer(name, kind, path.name), clip_start=None if frames[0] == 1 else 1)
        return Shot.from_dict(Shot(name, rate, frames[0], frames[-1], (layer,), passes=("picture",)).to_dict())


def _within(frames: range, fps: Fraction, span: Span) -> range:
    """The frames of a clip that begin at or after one time and before the other."""
    begins, ends = span
    first = frames[0] if begins is None else frames[0] + math.ceil(begins * fps)
    last = frames[-1] if ends is None else min(frames[-1], frames[0] + math.ceil(ends * fps) - 1)
    if not first <= last:
        length = f"{float(len(frames) / fps):.4g} seconds"
        raise InputRefused("no frame of the clip lies between these times", cause=f"It is {length} long")
    return range(first, last + 1)


def check_even(clip: Clip) -> None:
    """Raises InputRefused for a clip whose own rate says nothing of when its pictures are seen."""
    if clip.variable:
        near = min(RATES, key=lambda rate: abs(rate - clip.fps))
        raise InputRefused(
            f"the clip's pictures come at uneven times, {float(clip.fps):.4g} a second on average",
            file=clip.path,
            cause="Phones and screen recorders write such clips",
            remedy=f"Say the rate of its frames, such as --fps {near}: each shows the picture nearest in time",
        )


def _below(path: Path) -> list[Sequence]:
    """The sequences in the folders of a folder, with patterns relative to it."""
    folders = [entry for entry in sorted(path.iterdir()) if entry.is_dir() and not entry.name.startswith(".")]
    return [
        replace(one, pattern=f"{folder.name}/{one.pattern}") for folder in folders for one in sequences_in(folder)[0]
    ]


def _layered_shot(path: Path, kind: str) -> Shot:
    folders = [entry for entry in sorted(path.iterdir()) if entry.is_dir() and not entry.name.startswith(".")]
    folders = [entry for entry in folders if any(sequences_in(entry))]
    if not folders:
        raise no_picture(path)
    numbers = {entry: re.match("[0-9]{1,8}", entry.name) for entry in folders}
    order = {entry: int(number[0]) for entry, number in numbers.items() if number}
    if len(folders) > 1 and len(set(order.values())) < len(folders):
        raise InputRefused(
            "it is open which of these layers is on top: " + ", ".join(entry.name for entry in folders),
            cause=listed(_below(path)) if any(_below(path)) else "",
            remedy="Name one of them to paint it alone. For layers begin the names of the folders with numbers, "
            "top first (01_train, 02_environment), or write a shot.json (docs/shot.md)",
        )
    folders.sort(key=lambda entry: order.get(entry, 0))
    layers = {_usable(entry.name): find_sequence(entry.name, path, entry.name) for entry in folders}
    return _plain_shot(_usable(path.name), layers, kind)


def _plain_shot(name: str, layers: dict[str, Sequence], kind: str) -> Shot:
    moving = [one for one in layers.values() if not one.still] or list(layers.values())
    stack = tuple(_layer(layer, kind, one.pattern) for layer, one in layers.items())
    shot = Shot(name, _rate_of(moving[0]), min(one.first for one in moving), max(one.last for one in moving), stack)
    return Shot.from_dict(shot.to_dict())  # with all its bounds


def _layer(name: str, kind: str, pattern: str) -> ShotLayer:
    return ShotLayer(name, labels=pattern) if kind == "labels" else ShotLayer(name, picture=pattern)


def _rate_of(found: Sequence) -> tuple[int, int]:
    from shared.passes.stated import stated  # the readers of pictures take a while to load

    file = next(iter(found.files.values()))
    return (stated(file).fps if file.suffix.lower() in (".exr", ".sxr") else None) or (24, 1)


def _layer_name(found: Sequence) -> str:
    """Named after the files, without number and separators; after the folder where that leaves nothing."""
    frame, file = next(iter(found.files.items()))
    parts = split_name(file.name)
    before, behind = file.stem, ""
    if parts is not None and int(parts[1]) == frame:
        before = parts[0]
    elif not found.still:
        number = next(one for one in NUMBER.finditer(file.name) if int(one[0]) == frame)
        before, behind = file.name[: number.start()], file.stem[number.end() :]
    return _usable(before.rstrip(" ._-") or behind.strip(" ._-") or file.absolute().parent.name)


def _usable(name: str) -> str:
    cleaned = re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]', "_", name).strip(" .")[:MAX_NAME]
    cleaned = cleaned.encode()[:MOST_BYTES].decode(errors="ignore").strip(" .")
    return "layer" if name_fault(cleaned) else cleaned
