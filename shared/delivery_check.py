"""Whether the parts of a delivery fit together, and whether all of its files are there.

Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from shared.delivery import Delivery, DeliveryLayer, DeliveryShot, Footage
from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.footage import frame_path, number_in
from shared.rates import fps_literal
from shared.shot import MAX_FRAMES
from shared.wording import counted, number_ranges

MAX_FPS = 99  # of a comp and of footage in After Effects


def validate(delivery: Delivery, folder: Path) -> None:
    """Check that the parts of a delivery fit together and that all of its files are in the folder.

    Raises InputRefused for the first contradiction, and MissingInput naming the frames that are not there.
    """
    _validate_shot(delivery.shot)
    layers = {layer.uid: layer for layer in delivery.layers}
    _once([layer.uid for layer in delivery.layers], "layers")
    _once([layer.footage.uid for layer in delivery.layers], "footage items")
    listings: dict[Path, set[str]] = {}
    for layer in delivery.layers:
        try:
            if layer.matte is not None and layer.matte.uid not in layers:
                raise InputRefused(f"its matte is a layer that does not exist: {layer.matte.uid}")
            _validate_files(layer.footage, Path(folder), listings)
        except SemrenderError as error:
            raise error.located(layer=layer.name) from None
    _validate_mattes(layers)
    for one in delivery.tracks:
        for name in (one.path, one.comp):
            _there(Path(folder) / name, listings)
    for poses in delivery.poses:
        for name in (poses.path, poses.usd, *poses.bvh):
            _there(Path(folder) / name, listings)
    for sound in delivery.audio:
        _there(Path(folder) / sound.footage.path, listings, "sound")
    for effect in delivery.effects:
        if effect.layer not in layers:
            raise InputRefused(f"an effect is for a layer that does not exist: {effect.layer}")


def _validate_shot(shot: DeliveryShot) -> None:
    frames = shot.last - shot.first + 1
    if shot.frames != frames:
        raise InputRefused(f"frames is {shot.frames}, but {shot.first} to {shot.last} are {frames}")
    literal = fps_literal(shot.fps_num, shot.fps_den)
    if abs(shot.fps - literal) > 1e-6:
        raise InputRefused(
            f"fps is {shot.fps:g}, but fps_num/fps_den is {shot.fps_num}/{shot.fps_den}",
            remedy=f"Write {literal:g}",
        )
    if shot.fps > MAX_FPS:
        raise InputRefused(
            f"fps is {shot.fps:g}, After Effects holds at most {MAX_FPS}",
            remedy="The painted frames are there; give the shot a lower fps to get a comp",
        )


def _once(uids: list[str], what: str) -> None:
    seen: set[str] = set()
    for uid in uids:
        if uid in seen:
            raise InputRefused(f"two {what} have the uid {uid}", remedy="A uid names one thing")
        seen.add(uid)


def _validate_mattes(layers: dict[str, DeliveryLayer]) -> None:
    """A matte may have a matte itself, but following them must end."""
    reached: dict[str, str] = {}  # uid -> the layer that the walk to it began at
    for start in layers:
        uid = start
        while uid not in reached:
            reached[uid] = start
            matte = layers[uid].matte
            if matte is None:
                break
            uid = matte.uid
        else:
            if reached[uid] == start:
                raise InputRefused("it is its own matte, or that of its mattes", layer=layers[uid].name)


def _there(path: Path, listings: dict[Path, set[str]], what: str = "file") -> None:
    if _nfc(path.name) not in _listing(path.parent, listings):
        raise MissingInput(f"the {what} is not there", file=path, remedy="Deliver the shot again")


def _validate_files(footage: Footage, folder: Path, listings: dict[Path, set[str]]) -> None:
    first = folder / footage.path
    if not footage.sequence:
        _there(first, listings)
        return
    if not footage.first <= footage.last < footage.first + MAX_FRAMES:
        raise InputRefused(f"the footage ends at {footage.last} and begins at {footage.first}", file=first)
    if number_in(footage)[1] != f"{footage.first:0{footage.padding}d}":
        raise InputRefused(
            f"the file name does not end with its frame number {footage.first:0{footage.padding}d}",
            file=first,
            cause="After Effects takes all digits at the end of a name for the number, and never a minus",
            remedy="Name it like train.1001.png; for frames below 0 number the files from 0 and say start",
        )
    numbers = range(footage.first, footage.last + 1)
    there = _listing(first.parent, listings)
    # Every path of the sequence differs in the name alone.
    missing = {n for n in numbers if _nfc(frame_path(footage, n).rpartition("/")[2]) not in there}
    missing.update(footage.missing)
    if missing:
        frames = counted(len(numbers), "frame")
        raise MissingInput(
            f"{counted(len(missing), f'of {frames} is', f'of {frames} are')} missing: {number_ranges(missing)}",
            file=first,
            frame=min(missing) if len(missing) == 1 else None,
            cause="After Effects would show colour bars there",
            remedy="Render again; what is finished is skipped",
        )


def _listing(folder: Path, listings: dict[Path, set[str]]) -> set[str]:
    """Names of the files in a folder, listed once; NFC, as a Mac may have decomposed them."""
    if folder not in listings:
        try:
            with os.scandir(str(folder)) as entries:
                listings[folder] = {_nfc(entry.name) for entry in entries if entry.is_file()}
        except OSError:
            listings[folder] = set()
    return listings[folder]


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
