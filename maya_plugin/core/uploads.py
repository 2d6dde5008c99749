"""Which files a shot of ours names, for a server that does not see this disk.

`shared.sequences` expands what artists write by hand; it is not Maya-safe. The plug-in writes its patterns itself:
`#` for each digit of the frame, relative to the folder of shot.json.
"""

from __future__ import annotations

import re
from pathlib import Path

from shared.errors import MissingInput
from shared.shot import PASSES, Shot


def files_of(shot: Shot, base: Path) -> dict[str, Path]:
    """Name below `base` -> file, for every pass of every frame. Raises MissingInput."""
    patterns = {getattr(layer, kind): layer.name for layer in shot.layers for kind in PASSES}
    patterns[shot.context] = ""
    found: dict[str, Path] = {}
    for pattern, layer in patterns.items():
        for frame in shot.frames if pattern else ():
            name = _file(str(pattern), frame)
            path = base / name
            if not path.is_file():
                raise MissingInput("the pass was not rendered", file=path, layer=layer or None, frame=frame)
            found[name] = path
    return found


def _file(pattern: str, frame: int) -> str:
    sign = "-" if frame < 0 else ""
    return re.sub(r"#+", lambda marks: f"{sign}{abs(frame):0{len(marks.group())}d}", pattern)
