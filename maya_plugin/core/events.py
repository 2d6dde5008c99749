"""The lines that a batch render prints: one JSON object each, for the panel, a farm or a person.

| event | fields |
|---|---|
| opened | scene, frames, layers |
| rendered | frame, layer, done, total |
| passes | shot_file, classes, counts, notes, marked_open |
| checked | warnings |
| painted | frame, layer, done, total; of a farm frame is null |
| delivered | delivery_file |
| names | file, count, notes, shot_file |
| error | as SemrenderError.to_dict() |
| ended | code: the exit code, which nobody else tells who was not there |

Whatever else Maya prints on the way is not an event.
"""

from __future__ import annotations

import json
import re
from typing import Any

EVENTS = ("opened", "rendered", "passes", "checked", "painted", "delivered", "names", "error", "ended")

Event = dict[str, Any]


def line(event: str, **more: Any) -> str:
    """One line of text without its end."""
    assert event in EVENTS
    return json.dumps({"event": event, **more}, ensure_ascii=True)


def parse(text: str) -> Event | None:
    """The event in a printed line, or None where it is Maya's own chatter."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.get("event") in EVENTS else None


def frame_range(text: str) -> tuple[int, int] | None:
    """ "1001-1024", "-5-10" or "7" as first and last frame; None for anything else."""
    found = re.fullmatch(r"(-?[0-9]{1,8})(?:-(-?[0-9]{1,8}))?", text.strip())
    if found is None:
        return None
    first = int(found[1])
    return first, int(found[2] or first)
