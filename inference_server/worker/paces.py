"""How long painting took on this machine before, so that a time can be said before the first frame.

One file in the state folder: by device, model, precision and size the seconds of the first picture, which includes
loading the model, and of each further one. What was never measured here is not guessed.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from inference_server.models.cards import PRECISION, painting_size
from inference_server.worker.plan import LayerPlan, Plan
from shared import places

FILE = "paces.json"
KEPT = 200  # kinds of pictures, those measured last
TASK = tuple[str, str, int]  # kind, layer, frame

log = logging.getLogger("semrender.worker")


def pace_of(plan: Plan, own: LayerPlan, kind: str, size: tuple[int, int], device: str) -> str:
    """What the time for a picture depends on.

    Args:
        kind: "paint", "underpaint" or "hold".
        size: width and height of the pass.
        device: in words.
    """
    if kind == "hold":
        return f"hold {own.hold}, {size[0]}x{size[1]}, {device}"
    width, height = painting_size(own.card, *size, plan.shot.paint_size, plan.shot.scale)
    precision = own.options.get(PRECISION) or "float32"
    return f"{own.card.hash[:16]} {precision}, {width}x{height} in {plan.shot.paint_memory:g} GiB, {device}"


class Paces:
    """What one worker measures."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, list[float]] = {}

    def add(self, pace: str, seconds: float) -> None:
        with self._lock:
            self._taken.setdefault(pace, []).append(seconds)

    def keep(self) -> None:
        """Write what was measured into the state folder, where there is room for it."""
        with self._lock:
            taken = {pace: list(seconds) for pace, seconds in self._taken.items()}
        known = read()
        for pace, (first, *further) in taken.items():
            each = median(further) if further else known.pop(pace, {}).get("each")
            known.pop(pace, None)
            known[pace] = {"first": round(first, 3), **({} if each is None else {"each": round(each, 3)})}
        if not taken:
            return
        try:
            places.write_json(places.home() / FILE, dict(list(known.items())[-KEPT:]))
        except OSError as error:
            log.warning("how long painting took could not be kept: %s", error)


def read() -> dict[str, dict[str, float]]:
    """{pace: {"first", "each"}} in seconds; what cannot be read is left out."""
    found: Any = places.read_json(places.home() / FILE)
    return {pace: times for pace, times in (found or {}).items() if _sound(times)}


def _sound(times: Any) -> bool:
    numbers = times.values() if isinstance(times, dict) else [None]
    return all(isinstance(one, (int, float)) and 0 <= one < 1e9 for one in numbers)


def estimate(
    plan: Plan, tasks: Iterable[TASK], size: tuple[int, int], device: str, known: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """{"pictures": how many are to be painted, "seconds": about how long that takes, None where it is not known}."""
    paces: Counter[str] = Counter()
    for (kind, layer), count in Counter((kind, layer) for kind, layer, _ in tasks).items():
        paces[pace_of(plan, plan.layers[layer], kind, size, device)] += count
    total = 0.0
    for pace, count in paces.items():
        times = known.get(pace, {})
        if "first" not in times or (count > 1 and "each" not in times):
            return {"pictures": paces.total(), "seconds": None}
        total += times["first"] + (count - 1) * times.get("each", 0.0)
    return {"pictures": paces.total(), "seconds": round(total, 1)}


def needed(tasks: Iterable[tuple[str, str, int, Sequence[int]]], found: Iterable[TASK]) -> list[TASK]:
    """The tasks whose pictures are not there, without underpaintings that no missing frame is made of."""
    there = set(found)
    missing = [task for task in tasks if task[:3] not in there]
    under = {(layer, frame) for kind, layer, _, made_of in missing if kind == "hold" for frame in made_of}
    return [task[:3] for task in missing if task[0] != "underpaint" or (task[1], task[2]) in under]
