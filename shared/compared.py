"""What is compared: a delivery, frames, one picture or a clip, each as 8-bit pictures over black by frame number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.delivery import FILE_NAME, Delivery, DeliveryLayer, read_delivery
from shared.errors import InputRefused, MissingInput
from shared.file_names import is_clip
from shared.footage import frame_path
from shared.passes.clip_pass import opened
from shared.passes.picture_pass import read_picture_pass
from shared.sequences import find_sequence, frames_text
from shared.sounds import Sound, has_sound
from shared.values import Value
from shared.wording import near

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]


class Compared(Value):
    """One of the two. `picture(frame)` gives (H, W, 3) uint8, sRGB, composited over black.

    frames: those that there are, ascending; None for a picture without a number, which stands on every frame.
    fps: None where nothing says it. notes: what is shown otherwise than in the comp, in words.
    """

    name: str
    frames: Sequence[int] | None
    picture: Callable[[int], Pixels]
    fps: Fraction | None = None
    pixel_aspect: float = 1.0
    notes: tuple[str, ...] = ()
    sound: Sound | None = None


class Laid(Value):
    """A picture of a stack of layers. alpha: as in the delivery; opacity: percent."""

    name: str
    file: Path
    alpha: str
    opacity: float


def is_delivery(path: Path) -> bool:
    return path.name == FILE_NAME or (path / FILE_NAME).is_file()


def open_compared(path: Path, layer: str | None = None) -> Compared:
    """The pictures of a delivery (of one `layer` of it, or all over one another), of a clip, or of files.

    Interlaced clips are made whole. Raises MissingInput or InputRefused naming the file.
    """
    if is_delivery(path):
        folder = path.parent if path.name == FILE_NAME else path
        return _delivery(read_delivery(path), folder, layer)
    if is_clip(path):
        with opened(path) as clip:
            first, numbers, fps, aspect = clip.first, clip.frames, clip.fps, clip.pixel_aspect
        sound = Sound(path, first) if has_sound(path) else None
        return Compared(path.name, numbers, lambda n: _of_clip(path, n), fps, aspect, sound=sound)
    found = find_sequence(path)
    frames = None if found.still else list(found.files)
    return Compared(path.name or path.resolve().name, frames, lambda frame: _codes(*_read(found.file(frame))))


def _of_clip(path: Path, frame: int) -> Pixels:
    with opened(path) as clip:
        return _flat(clip.frame(frame, "auto"))


def laid_over(layers: Sequence[Laid]) -> Pixels:
    """Pictures over one another, top first, over black; at least one. Raises MissingInput or InputRefused."""
    under: Plane | None = None
    for one in reversed(layers):
        colour, alpha = _read(one.file)
        alpha = np.ones_like(alpha) if one.alpha == "IGNORE" else alpha
        alpha = (alpha * np.float32(one.opacity / 100))[..., None]
        if under is not None and under.shape != colour.shape:
            raise InputRefused("the layers have different sizes", file=one.file, layer=one.name)
        under = colour * alpha if under is None else colour * alpha + under * (1 - alpha)
    assert under is not None
    return _eight_bits(under)


def shared_frames(a: Compared, b: Compared, asked: Sequence[int] | None) -> tuple[list[int], list[str]]:
    """The frames that both have, of those `asked` for (None = all), and what is left out in words.

    Raises MissingInput, with the frames of both, where they have none in common.
    """
    if a.frames is None and b.frames is None:
        return [1], []
    both = [set(one.frames) for one in (a, b) if one.frames is not None]
    wanted = set.intersection(*both)
    if asked is not None:
        wanted &= set(asked)
    if not wanted:
        there = [f"{one.name} has {frames_text(one.frames)}" for one in (a, b) if one.frames is not None]
        raise MissingInput(
            "there is no frame to compare" if asked is None else f"none of the frames {frames_text(asked)} is in both",
            cause="; ".join(there),
            remedy="Frames are compared by number; `semrender clip CLIP --first 1001` writes a clip with other numbers",
        )
    notes = []
    if asked is not None and (lacking := set(asked) - wanted):
        notes.append(f"not in both: {frames_text(lacking)}")
    for one in (a, b):
        alone = set(one.frames or ()) - wanted
        if asked is None and alone:
            notes.append(f"only in {one.name}: {frames_text(alone)}")
    return sorted(wanted), notes


def _delivery(delivery: Delivery, folder: Path, name: str | None) -> Compared:
    if name is None:
        layers = [one for one in delivery.layers if one.role == "painting" and one.enabled]
    else:
        layers = [one for one in delivery.layers if one.name == name]
    if not layers:
        names = [one.name for one in delivery.layers]
        what = "no layer of the delivery is shown" if name is None else f'the delivery has no layer "{name}"'
        cause = f"There are {', '.join(names)}" if names else ""
        raise InputRefused(what, file=folder / FILE_NAME, cause=cause, remedy=near(name or "", names))
    notes = []
    for one in layers:
        if one.blend != "NORMAL" and name is None:
            notes.append(f"layer {one.name} is blended {one.blend} in the comp, here it lies over those below")
        if one.matte is not None:
            notes.append(f"layer {one.name} is cut by a matte in the comp, here it is whole")
    shot = delivery.shot
    files = {one.uid: _files(one, folder, range(shot.first, shot.last + 1)) for one in layers}

    def picture(frame: int) -> Pixels:
        laid = [
            Laid(one.name, files[one.uid][frame], one.footage.alpha, one.opacity)
            for one in layers
            if frame in files[one.uid]
        ]
        try:
            return laid_over(laid)
        except InputRefused as error:
            raise error.located(frame=frame) from None

    frames = sorted(set().union(*files.values()))
    label = folder.resolve().name if name is None else f"{folder.resolve().name} {name}"
    heard = [Sound(folder / one.footage.path, one.footage.start) for one in delivery.audio[:1] if one.enabled]
    fps, sound = Fraction(shot.fps_num, shot.fps_den), next(iter(heard), None)
    return Compared(label, frames, picture, fps, shot.pixel_aspect, tuple(notes), sound)


def _files(layer: DeliveryLayer, folder: Path, shot: range) -> dict[int, Path]:
    """The file of each frame of the shot on which the layer is to be seen."""
    footage = layer.footage
    if not footage.sequence:
        return dict.fromkeys(shot, folder / footage.path)
    numbers = range(footage.first, footage.last + 1)
    start = footage.start_frame - footage.first
    return {n + start: folder / frame_path(footage, n) for n in numbers if n not in footage.missing}


def _read(file: Path) -> tuple[Plane, Plane]:
    found = read_picture_pass(file)
    return found.colour, found.alpha


def _codes(colour: Plane, alpha: Plane) -> Pixels:
    return _eight_bits(colour * alpha[..., None])


def _flat(pixels: NDArray[np.uint8 | np.uint16]) -> Pixels:
    """A picture of a clip over black, with 8 bits."""
    if pixels.dtype == np.uint8 and pixels.shape[2] == 3:
        return np.asarray(pixels, np.uint8)
    values = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    alpha = values[..., 3] if pixels.shape[2] == 4 else np.ones(pixels.shape[:2], np.float32)
    return _codes(values[..., :3], alpha)


def _eight_bits(values: Plane) -> Pixels:
    return (values * 255 + 0.5).astype(np.uint8)
