"""A shot of pictures that are rendered already: their Cryptomatte is the label pass, by a table of names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from maya_plugin.core.contract import Scene, Settings, ShotRequest
from maya_plugin.core.cryptomatte_names import Rendered
from maya_plugin.core.passes import described
from shared.errors import InputRefused
from shared.places import write_json
from shared.shot import MAX_FRAME_NUMBER, Shot, ShotLayer

NAMES = "names.json"  # beside shot.json: the same table for the command line, --names
LAYER = "beauty"
ID = re.compile("[0-9a-f]{8}")  # what the reader calls an id that the manifest does not name
FEW = 20  # such ids are things that the renderer left out of it; many are a file that was resized, which is refused


def build(request: ShotRequest, scene: Scene, settings: Settings, rendered: Rendered, names: Mapping[str, str]) -> Shot:
    """The shot of the sequence that a rendered file is of, from its first to its last frame. Raises InputRefused.

    Args:
        request: the folder of shot.json, and how to paint.
    """
    file = Path(rendered.file)
    pattern, frames = sequence(file)
    layer = ShotLayer(LAYER, labels=_from(Path(request.folder), file.with_name(pattern)))
    known = {**rendered.means, **names}
    read = {"encoding": "cryptomatte", "crypto": rendered.crypto, "names": known}
    if settings.rest:  # of a table the first that fits a name decides
        nameless = [name for name in rendered.shares if ID.fullmatch(name) and name not in known]
        few = nameless if len(nameless) <= FEW else []
        read["names"] = {**known, **dict.fromkeys([*few, "*"], settings.rest)}
        read["uncovered"] = settings.rest
    first, last = (frames[0], frames[-1]) if frames else (scene.frame, scene.frame)
    shot = described(request, scene, settings, first, last, [replace(layer, read=read)])
    return Shot.from_dict(shot.to_dict())


def sequence(file: Path) -> tuple[str, list[int]]:
    """The pattern of a frame's file name and the frames that lie beside it, sorted; none for a still.

    The number is the last before the suffix; a version (v003) is none. Raises InputRefused where nothing is there.
    """
    parts = re.fullmatch(r"(.*?)(-?)(\d+)(\.\w+)", file.name)
    if not file.is_file():
        raise InputRefused("there is no such picture", file=file)
    if parts is None or re.search(r"(^|[^a-z])v$", parts[1], re.IGNORECASE):
        return file.name, []
    of_it = re.compile(f"{re.escape(parts[1])}(-?\\d+){re.escape(parts[4])}")
    numbers = [found[1] for found in (of_it.fullmatch(one.name) for one in file.parent.iterdir()) if found]
    widths = {len(number.lstrip("-")) for number in numbers}
    frames = sorted(int(number) for number in numbers if abs(int(number)) <= MAX_FRAME_NUMBER)
    marks = "#" * widths.pop() if len(widths) == 1 else "#" * (min(widths) if _padded(numbers) else 1)
    return f"{parts[1]}{marks}{parts[4]}", frames


def write_names(file: Path, names: Mapping[str, str]) -> None:
    """The table alone, as `--names` reads it. Raises InputRefused where it cannot be written."""
    try:
        write_json(file, dict(names), mode=0o644)
    except OSError as error:
        raise InputRefused("the names cannot be written there", file=file, cause=str(error)) from None


def _padded(numbers: list[str]) -> bool:
    return any(number.lstrip("-").startswith("0") for number in numbers)


def _from(folder: Path, file: Path) -> str:
    """Relative to the folder, or as it is where that is on another drive."""
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:
        return file.as_posix()
