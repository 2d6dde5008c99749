"""A layer's walk: what a frame is painted of, and how the sound moves it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.models.cards import Card
from inference_server.models.needs import LAYERS
from inference_server.roots import inside
from inference_server.worker.plan import LayerPlan, Plan
from shared.errors import InputRefused
from shared.hearing import SILENCE, Heard, hear
from shared.shot import resolved
from shared.sounds import RATE, heard_alone
from shared.w_files import read_row
from shared.walk import Route, points_of, span
from shared.walking import Row, Stop, layers_of, stops
from shared.wording import counted

RECIPE = 2  # of walks; goes up whenever the same way would give other pixels
HEARD_BY = ("feature", "attack", "release", "offset", "power")  # what of a route decides its curve

Rows = Mapping[Row, NDArray[np.float32]]


def layers_in(card: Card) -> int:
    """How many layers of a model take a point of their own."""
    return LAYERS[card.family](card) if card.family in LAYERS else 1


def stops_on(plan: Plan, own: LayerPlan, frame: int, prepared: Mapping[str, NDArray[Any]] | None) -> tuple[Stop, ...]:
    """What the layer is painted of on a frame. prepared: by `curves`; None: as in silence."""
    assert own.walk is not None
    levels = (
        [] if prepared is None or own.sound is None else levels_at(prepared, own.walk.drive, frame - own.sound.start)
    )
    seed = resolved(plan.shot, own.layer).seed or 0
    return stops(own.walk, frame, plan.shot.first, plan.shot.last, layers_in(own.card), seed, levels)


def turn_of(plan: Plan, frame: int) -> float:
    """How far a frame is in the shot: 0 on the first, 1 behind the last."""
    return (frame - plan.shot.first) / len(plan.shot.frames)


def content(plan: Plan, own: LayerPlan, frame: int, hashes: Mapping[str, str]) -> dict[str, Any]:
    """What a frame's pixels depend on by its walk, for its key; what is heard is in the key of what was prepared.

    hashes: of the w files that the walk names.
    """
    assert own.walk is not None
    routes = [[route.layers, _named(route), route.amount] for route in own.walk.drive]
    here = stops_on(plan, own, frame, None)
    files = {one.file for stop in here for _, one in stop.mixture if isinstance(one, Row)}
    files |= {route.towards.w for route in own.walk.drive if route.towards is not None and route.towards.w is not None}
    return {
        "walk": [RECIPE, *(stop.plain() for stop in here)],
        **({"files": {file: hashes[file] for file in sorted(files)}} if files else {}),
        **({"routes": routes} if routes else {}),
        **({"turn": round(turn_of(plan, frame), 9)} if own.options.get("noise") == "loop" else {}),
        **({"size": list(plan.size), "pixel_aspect": plan.pixel_aspect} if own.outline is None else {}),
    }


def _named(route: Route) -> list[Any] | None:
    return (
        None if route.towards is None else [getattr(route.towards, name) for name in ("seed", "w", "index", "class_")]
    )


def rows_of(plan: Plan, own: LayerPlan) -> Rows:
    """The points of the w files that the walk names: (w_dim,) or (layers, w_dim). Raises in words."""
    assert own.walk is not None
    found: dict[Row, NDArray[np.float32]] = {}
    for point in points_of(own.walk):
        if point.w is not None:
            found[Row(point.w, point.index)] = read_row(inside(plan.base / point.w, plan.roots), point.index)
    return found


def heard_by(route: Route) -> list[Any]:
    """What of a route its curve depends on."""
    return [getattr(route, name) for name in HEARD_BY]


def curves(plan: Plan, own: LayerPlan) -> dict[str, NDArray[Any]]:
    """The curve of every route over the whole sound, which `levels_at` reads. Raises MissingInput or InputRefused."""
    assert own.walk is not None and own.sound is not None
    samples = heard_alone(own.sound.file)
    found: dict[str, NDArray[Any]] = {}
    for number, route in enumerate(own.walk.drive):
        heard = hear(samples, route, Fraction(*plan.shot.rate))
        found |= {f"first{number}": np.array(heard.first), f"curve{number}": heard.values}
    return found


def levels_at(prepared: Mapping[str, NDArray[Any]], routes: tuple[Route, ...], moment: int) -> list[float]:
    """How far each route is on a frame of the sound, 0..1."""
    parts = [(int(prepared[f"first{number}"]), prepared[f"curve{number}"]) for number in range(len(routes))]
    return [Heard(first, values).at(moment) for first, values in parts]


def judge(plan: Plan, own: LayerPlan) -> list[str]:
    """What the artist should know of a layer's walk. Raises in words where it cannot be painted."""
    assert own.walk is not None
    name, count = own.layer.name, layers_in(own.card)
    words = []
    for part in dict.fromkeys([*(one.layers for one in own.walk.ranges), *(one.layers for one in own.walk.drive)]):
        if not layers_of(part, count):
            words.append(
                f"layer {name}: {part} begins at layer {span(part)[0]}, and the model has {count}: it has none"
            )
    classes = int(own.card.config.get("c_dim", 0))
    for stop in stops_on(plan, own, plan.shot.first, None):
        for _, point in stop.mixture:
            number = getattr(point, "class_", None)
            if number is not None and number >= classes:
                known = f"Its classes are 0 to {classes - 1}" if classes else "It knows none"
                raise InputRefused(f"the model {own.card.name} has no class {number}", remedy=known)
    for row, values in rows_of(plan, own).items():
        wide = own.card.config.get("w_dim", values.shape[-1])
        if values.shape[-1] != wide or (values.ndim == 2 and len(values) != count):
            raise InputRefused(
                f"a point of this w file is {values.shape}, and one of the model {own.card.name} ({wide},)"
                f" or ({count}, {wide})",
                file=plan.base / row.file,
                remedy="Name points that were projected with this model",
            )
    if own.driven:
        words += _heard(plan, own)
    return words


def _heard(plan: Plan, own: LayerPlan) -> list[str]:
    if own.sound is None:
        raise InputRefused("the walk is driven by a sound, and the shot has none", remedy="Name one with --audio FILE")
    samples = heard_alone(own.sound.file)
    loudest = float(np.abs(samples).max(initial=0.0))
    if loudest < SILENCE:
        return [f"layer {own.layer.name}: the sound {own.sound.file.name} is silent: it moves nothing"]
    ends = own.sound.start + len(samples) * Fraction(*plan.shot.rate) / RATE
    if ends < plan.shot.first or own.sound.start > plan.shot.last:
        return [f"layer {own.layer.name}: nothing of the sound is heard in the shot: it moves nothing"]
    if ends < plan.shot.last:
        return [f"layer {own.layer.name}: the sound ends on frame {int(ends)}: from there on it moves nothing"]
    return []


def in_words(own: LayerPlan) -> str:
    """A walk as the check tells it."""
    walk = own.walk
    assert walk is not None
    way = counted(len(walk.keys), "keyframe") if walk.keys else "a circle"
    more = ["a loop"] if walk.loop and walk.keys else []
    more += [f"{counted(len(walk.ranges), 'range')} of layers with ways of their own"] if walk.ranges else []
    more += [f"driven by {', '.join(dict.fromkeys(route.feature for route in walk.drive))}"] if walk.drive else []
    return ", ".join([way, *more])
