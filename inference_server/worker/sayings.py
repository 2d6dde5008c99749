"""What a layer's model said of its frames beside the pictures: from the frames' headers into lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from inference_server.worker import outputs
from inference_server.worker.plan import Plan


def deliver_sayings(plan: Plan, layer: str, headers: Mapping[int, Mapping[str, Any]]) -> str:
    """Write LAYER/NAME.jsonl, a line a frame: {"frame": 1001, ...}; its name, empty where nothing was said.

    headers: of the finished frames. What holds still says what its underpaintings said.
    """
    lines = []
    for frame, header in headers.items():
        told = header
        if header.get("stage") == "hold":
            told = outputs.read_metadata(plan.path_of("underpaint", layer, frame)) or {}
        if "said" in told:
            lines.append(json.dumps({"frame": frame, **told["said"]}, ensure_ascii=False))
    if not lines:
        return ""
    path = plan.out / layer / f"{plan.stem(layer)}.jsonl"
    outputs.keep(path, ("\n".join(lines) + "\n").encode())
    return path.relative_to(plan.out).as_posix()
