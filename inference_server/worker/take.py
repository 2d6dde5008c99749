"""Which folder a job paints into: the one asked for, or a take beside it (`shared.takes` says when)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from inference_server.roots import inside
from inference_server.worker import outputs
from inference_server.worker.copying import finished
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.provenance import files_of, look
from shared.delivery import DeliveryLayer
from shared.footage import frame_path
from shared.sequences import frames_text
from shared.takes import delivery_in, differences, look_of, takes

Place = tuple[str, str, int]  # kind, layer and frame of a task


@dataclass(frozen=True)
class Take:
    """The plan in its folder, what of it is finished ([files], and its folder where that is another), what to say."""

    plan: Plan
    found: dict[Place, list[Any]]
    words: list[str]


def choose(plan: Plan, keys: Mapping[Place, str], taken: Collection[str], overwrite: bool) -> Take:
    """The first take in which nothing is delivered, or painted by others (`taken`), in another look.

    What is finished in the folders passed over is found too: it is copied instead of painted.
    """
    elsewhere: dict[Place, list[Any]] = {}
    words: list[str] = []
    for folder in takes(plan.out):
        here = replace(plan, out=inside(folder, plan.roots))
        done = {place: header for place, key in keys.items() if (header := finished(here, *place[1:], key, place[0]))}
        why = [] if overwrite else _reasons(here, keys.keys() - done.keys())
        if not why and (overwrite or str(folder) not in taken):
            own = {place: [files_of(here, header)] for place, header in done.items()}
            if words:
                words = [f"{'; '.join(words)}. So this goes into {folder}; --overwrite paints into {plan.out.name}"]
            words += _repainted(here, keys.keys() - done.keys())
            return Take(here, {**elsewhere, **own}, words)
        words.append(f"{folder.name} holds another look ({', '.join(why) or 'another job paints there'})")
        for place, header in done.items():
            elsewhere.setdefault(place, [files_of(here, header), str(folder)])
    raise AssertionError  # `takes` ends with an error


def _reasons(plan: Plan, missing: Collection[Place]) -> list[str]:
    """How the look of what is delivered there differs from the job's, in words; nothing where all is finished."""
    wanted = {layer for kind, layer, _ in missing if kind != "underpaint"}
    for own, layer in _delivered(plan):
        if own.layer.name not in wanted:
            continue
        now = look_of(look(plan, own))
        for number in range(layer.footage.first, layer.footage.last + 1):
            header = outputs.read_metadata(plan.out / frame_path(layer.footage, number))
            if header is not None and (why := differences(look_of(header), now)):
                return why
    return []


def _repainted(plan: Plan, missing: Collection[Place]) -> list[str]:
    """A word on what is delivered there and is replaced: frames in the same look, the delivery of another shot."""
    words = []
    there = delivery_in(plan.out)
    if there is not None and there.shot.name != plan.shot.name:
        words.append(
            f"{plan.out.name} holds the shot {there.shot.name}: its files stay, but not delivery.json and previews"
        )
    for own, layer in _delivered(plan):
        span = range(
            layer.footage.start_frame, layer.footage.start_frame + layer.footage.last - layer.footage.first + 1
        )
        again = [frame for kind, name, frame in missing if kind != "underpaint" and name == own.layer.name]
        if again := [frame for frame in again if frame in span]:
            words.append(
                f"layer {own.layer.name}: {len(again)} delivered frames are painted anew ({frames_text(again)}), since"
                " their passes or the way these are read have changed"
            )
    return words


def _delivered(plan: Plan) -> Iterator[tuple[LayerPlan, DeliveryLayer]]:
    """The job's layers that the folder's delivery has."""
    there = delivery_in(plan.out)
    if there is None or there.shot.name != plan.shot.name:
        return
    for layer in there.layers:
        if layer.role == "painting" and layer.footage.sequence and layer.name in plan.layers:
            yield plan.layers[layer.name], layer
