"""What the viewer can put on its stage: pictures by frame number, wherever they lie, each read when it is asked for.

A reel is made of a painted layer, of all of them over one another, of labels in the colours of their set, of a pass or
a clip. Nothing is read before a frame is asked for: a reel of 10,000 frames costs a list of names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference_server.desk.opened import inside
from shared.delivery import DeliveryLayer, Footage
from shared.errors import InputRefused, MissingInput
from shared.footage import frame_path
from shared.label_set import NOTHING, LabelSet
from shared.passes import ReadOptions
from shared.values import Value

Pixels = NDArray[np.uint8]
Ids = NDArray[np.uint16]
Letters = Callable[[], str]

WORST = "fxwr"  # of several layers a frame is as far as the one that is least far; see Jobs.pictures for the letters
NONE = "-"  # no frame of the reel
STRAIGHT = "STRAIGHT"


class Shown(Value):
    """The picture of a frame. stamp: another one where the pixels may be others.

    plain: a file that may be sent as it is, if it is a PNG that every browser shows alike. make: (H, W, 3) or
    (H, W, 4) uint8, red first, sRGB, straight alpha.
    """

    stamp: str
    make: Callable[[], Pixels]
    plain: Path | None = None


class Reel(Value):
    """letters: of each frame of the look, how far it is. layers: those whose labels say what is in its picture."""

    name: str
    kind: str  # "painting", "layer", "under", "labels", "beauty", "picture", "matte"
    title: str
    letters: Letters
    picture: Callable[[int], Shown]
    layers: tuple[str, ...] = ()


class Layer(Value):
    """A painted layer. frames: on which it is; file: where one lies, raises MissingInput."""

    name: str
    frames: range
    letters: Letters
    file: Callable[[int], Path]
    alpha: str = STRAIGHT
    opacity: float = 100.0


class Labels(Value):
    """The labels of a layer, read as its painting reads them. file: of a frame; raises MissingInput."""

    layer: str
    label_set: LabelSet
    read: ReadOptions
    letters: Letters
    file: Callable[[int], Path]

    def ids(self, frame: int) -> Ids:
        """(H, W). Raises MissingInput or InputRefused: a pixel that is no class is refused, never guessed."""
        from shared.passes import read_label_pass

        return read_label_pass(self.file(frame), self.label_set, self.read).ids


def footage_of(folder: Path, footage: Footage, frames: range) -> tuple[Letters, Callable[[int], Path]]:
    """How far the frames of delivered footage are, and where each lies."""
    shift = footage.first - footage.start_frame

    def number(frame: int) -> int | None:
        if not footage.sequence:
            return 0
        found = frame + shift
        return found if footage.first <= found <= footage.last else None

    def letters() -> str:
        there = _names(folder, footage)
        numbers = ((frame, number(frame)) for frame in frames)
        return "".join(
            NONE if n is None else "p" if frame_path(footage, n).rpartition("/")[2] in there else "w"
            for _, n in numbers
        )

    def file(frame: int) -> Path:
        n = number(frame)
        if n is None:
            raise MissingInput("it has no such frame", frame=frame)
        return inside(folder, frame_path(footage, n))

    return letters, file


def _names(folder: Path, footage: Footage) -> set[str]:
    try:
        with os.scandir(inside(folder, footage.path).parent) as entries:
            return {entry.name for entry in entries}
    except (OSError, MissingInput):
        return set()


def delivered(folder: Path, one: DeliveryLayer, frames: range) -> Layer:
    """A layer of a delivery."""
    letters, file = footage_of(folder, one.footage, frames)
    footage = one.footage
    start = footage.start_frame
    on = range(start, start + footage.last - footage.first + 1) if footage.sequence else frames
    return Layer(one.name, on, letters, file, footage.alpha, one.opacity)


def of_layer(layer: Layer, kind: str, title: str = "", name: str = "", layers: tuple[str, ...] = ()) -> Reel:
    """A layer alone, with its alpha."""

    def picture(frame: int) -> Shown:
        file = layer.file(frame)
        ignored = layer.alpha == "IGNORE"
        return Shown(stamp_of(file), lambda: read(file, ignored), file)

    return Reel(name or f"{kind}:{layer.name}", kind, title or layer.name, layer.letters, picture, layers)


def over(layers: Sequence[Layer], title: str) -> Reel:
    """All layers over one another as the comp has them, over black."""
    first = layers[0]
    names = tuple(layer.name for layer in layers)
    if len(layers) == 1 and first.opacity == 100:
        return of_layer(first, "painting", title, "painting", names)

    def letters() -> str:
        return "".join(_least(together) for together in zip(*(layer.letters() for layer in layers), strict=True))

    def picture(frame: int) -> Shown:
        from shared.compared import Laid, laid_over

        there = [layer for layer in layers if frame in layer.frames]
        if not there:
            raise MissingInput("no layer has this frame", frame=frame)
        laid = [Laid(layer.name, layer.file(frame), layer.alpha, layer.opacity) for layer in there]
        return Shown("+".join(stamp_of(one.file) for one in laid), lambda: laid_over(laid))

    return Reel("painting", "painting", title, letters, picture, names)


def _least(letters: Sequence[str]) -> str:
    here = [letter for letter in letters if letter != NONE]
    return next((worst for worst in WORST if worst in here), here[0] if here else NONE)


def labelled(labels: Sequence[Labels], title: str, name: str = "labels") -> Reel:
    """Labels in the colours of their set, the layers over one another."""

    def letters() -> str:
        return "".join(_least(together) for together in zip(*(one.letters() for one in labels), strict=True))

    def picture(frame: int) -> Shown:
        files = [one.file(frame) for one in labels]
        return Shown("+".join(map(stamp_of, files)), lambda: _coloured(labels, frame))

    return Reel(name, "labels", title, letters, picture, tuple(one.layer for one in labels))


def _coloured(labels: Sequence[Labels], frame: int) -> Pixels:
    from shared.passes.colour import colours

    picture: Pixels | None = None
    for one in reversed(labels):
        ids = one.ids(frame)
        there = ids != NOTHING
        now = np.dstack([colours(one.label_set, ids), there.astype(np.uint8) * 255])
        if picture is not None and picture.shape != now.shape:
            raise InputRefused("the labels of the layers have different sizes", layer=one.layer, frame=frame)
        picture = now if picture is None else np.where(there[..., None], now, picture)
    assert picture is not None
    return picture


def stamp_of(file: Path) -> str:
    """Of a file as it is now. Raises MissingInput."""
    try:
        found = file.stat()
    except OSError as error:
        raise MissingInput("there is no such file", file=file.name) from error
    return f"{found.st_mtime_ns:x}.{found.st_size:x}.{found.st_ino:x}"


def read(file: Path, opaque: bool = False) -> Pixels:
    """A picture of any kind that is read here, (H, W, 4). Raises MissingInput or InputRefused naming the file."""
    from shared.passes.picture_pass import read_picture_pass

    found = read_picture_pass(file)
    alpha = np.ones_like(found.alpha) if opaque else found.alpha
    return np.asarray(np.dstack([found.colour, alpha]) * 255 + 0.5, np.uint8)


def is_plain(file: Path, most: int) -> tuple[int, int] | None:
    """Width and height of a PNG of so many pixels at most that a browser shows as `read` does; else None."""
    from shared.passes.pictures import PNG, png_header, read_head

    if not read_head(file).startswith(PNG):
        return None
    width, height, depth, colour = png_header(file)
    return (width, height) if depth == 8 and colour in (2, 6) and 0 < width * height <= most else None
