"""Handing a shot of ours to the server: by its paths, or with its files where the server does not see this disk.

`shared.sequences` expands what artists write by hand; it is not Maya-safe. The plug-in writes its patterns itself:
`#` for each digit of the frame, relative to the folder of shot.json.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from maya_plugin.core.jobs import FRAME, Order
from shared.client import Client
from shared.errors import MissingInput
from shared.shot import Shot, named_files, read_shot


def submit(client: Client, order: Order, shot_file: Path) -> bool:
    """Hand an order over; whether its files were sent, so that what is painted must be fetched. Raises SemrenderError.

    The id of the order makes a repetition harmless.
    """
    shot, base = read_shot(shot_file)
    files = files_of(shot, base)
    job: dict[str, Any] = {"job": order.id, "shot": shot.to_dict(), "base": str(base), "out": order.out}
    job.update(format=order.format, priority=order.priority)
    job["overwrite"] = order.kind == FRAME  # a frame is tried out until it pleases; a shot is kept,
    job["offer"] = order.kind != FRAME  # and is in the lists of After Effects
    sent = not client.shares_disk(next(iter(files.values())), Path(order.out))
    client.submit(job, files if sent else None)
    return sent


def files_of(shot: Shot, base: Path) -> dict[str, Path]:
    """Name below `base` -> file, for every pass of every frame. Raises MissingInput."""
    found: dict[str, Path] = {}
    for layer, pattern in named_files(shot):
        for frame in shot.frames:
            name = _file(pattern, frame)
            path = base / name
            if not path.is_file():
                raise MissingInput("the pass was not rendered", file=path, layer=layer, frame=frame)
            found[name] = path
    return found


def _file(pattern: str, frame: int) -> str:
    sign = "-" if frame < 0 else ""
    return re.sub(r"#+", lambda marks: f"{sign}{abs(frame):0{len(marks.group())}d}", pattern)
