"""What a layer's model said of its frames beside the pictures: from the frames' headers into lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from inference_server.models.lips.agreement import agreement
from inference_server.worker import outputs
from inference_server.worker.plan import Plan
from shared.delivery import Marker
from shared.sequences import frames_text

# What of a frame is to be looked at, by what a model says of its face; `silent` is a choice, `seen` is well.
FACES = {
    "followed": "the face was missed and followed through",
    "unsure": "not sure of the face: look here",
    "occluded": "something before the mouth: the plate stays",
    "turned": "a profile: the plate stays",
    "gone": "no face: the plate stays",
}


def marks(plan: Plan, layer: str, headers: Mapping[int, Mapping[str, Any]]) -> tuple[Marker, ...]:
    """Runs of frames of a layer that are to be looked at, by what its model said of them."""
    found: list[Marker] = []
    for frame, said in _said(plan, layer, headers).items():
        words = FACES.get(str(said.get("face")))
        if words is not None and found and found[-1].last == frame - 1 and found[-1].words == words:
            found[-1] = Marker(found[-1].first, frame, words)
        elif words is not None:
            found.append(Marker(frame, frame, words))
    return tuple(found)


def deliver_sayings(plan: Plan, layer: str, headers: Mapping[int, Mapping[str, Any]]) -> list[str]:
    """Write LAYER/NAME.jsonl, a line a frame: {"frame": 1001, ...}; notes on it, none where nothing was said.

    headers: of the finished frames.
    """
    said = _said(plan, layer, headers)
    if not said:
        return []
    lines = [json.dumps({"frame": frame, **one}, ensure_ascii=False) for frame, one in said.items()]
    path = plan.out / layer / f"{plan.stem(layer)}.jsonl"
    outputs.keep(path, ("\n".join(lines) + "\n").encode())
    words = [f"what its model said of each frame is in {path.relative_to(plan.out).as_posix()}"]
    return [f"layer {layer}: {one}" for one in (*_faces(said), *words, _mouth(list(said.values()))) if one]


def _faces(said: Mapping[int, Mapping[str, Any]]) -> list[str]:
    """What of the frames is to be looked at, each with the frames of which it is so."""
    found: dict[str, list[int]] = {}
    for frame, one in said.items():
        if (words := FACES.get(str(one.get("face")))) is not None:
            found.setdefault(words, []).append(frame)
    return [f"on {frames_text(sorted(frames))}: {words}" for words, frames in found.items()]


def _said(plan: Plan, layer: str, headers: Mapping[int, Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """By frame, of those of which something was said. What holds still says what its underpaintings said."""
    said = {}
    for frame, header in headers.items():
        told = header
        if header.get("stage") == "hold":
            told = outputs.read_metadata(plan.path_of("underpaint", layer, frame)) or {}
        if "said" in told:
            said[frame] = told["said"]
    return said


def _mouth(said: Sequence[Mapping[str, Any]]) -> str:
    """Of frames in a row whose model says how far a mouth opens, and how loud it is: whether it follows."""
    if not any("opening" in one for one in said):
        return ""
    found = agreement([one.get("opening") for one in said], [one.get("loud", 0.0) for one in said])
    return "" if found is None else found.words
