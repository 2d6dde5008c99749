"""Which folder a job paints into: the one asked for, or a take beside it (`shared.takes` says when)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference_server.roots import inside
from inference_server.tasks import Place
from inference_server.worker import outputs
from inference_server.worker.copying import finished
from inference_server.worker.keys import picture_key
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.provenance import files_of, look
from shared.delivery import Delivery, DeliveryLayer
from shared.footage import frame_path
from shared.sequences import frames_text
from shared.takes import delivery_in, differences, earlier, look_of, takes
from shared.values import Value
from shared.wording import counted


class Take(Value):
    """The plan in its folder, what of it is finished ([files], and its folder where that is another), what to say."""

    plan: Plan
    found: dict[Place, list[Any]]
    words: list[str]


def choose(
    plan: Plan, keys: Mapping[Place, str], unseen: Collection[Place], taken: Collection[str], overwrite: bool
) -> Take:
    """The first take in which nothing is delivered, or painted by others (`taken`), in another look.

    What is finished in the folders passed over, and in takes before the one asked for, is found too: it is copied
    instead of painted.
    unseen: the job's further pictures, which are keyed only where the choice hangs on them.
    """
    elsewhere = _earlier(plan, plan.out, keys)
    words: list[str] = []
    for folder in takes(plan.out):
        here = replace(plan, out=inside(folder, plan.roots))
        done = _done_in(here, keys)
        missing = keys.keys() - done.keys()
        there = delivery_in(here.out)
        why = [] if overwrite else _reasons(here, there, missing, unseen)
        if not why and (overwrite or str(folder) not in taken):
            own = {place: [files_of(here, header)] for place, header in done.items()}
            if words:
                words = [f"{'; '.join(words)}. So this goes into {folder}; --overwrite paints into {plan.out.name}"]
            words += _repainted(here, there, missing, len(unseen))
            return Take(here, {**elsewhere, **own}, words)
        words.append(f"{folder.name} holds another look ({', '.join(why) or 'another job paints there'})")
        for place, header in done.items():
            elsewhere.setdefault(place, [files_of(here, header), str(folder)])
    raise AssertionError  # `takes` ends with an error


def finished_of(plan: Plan, keys: Mapping[Place, str]) -> dict[Place, list[Any]]:
    """What is finished of these pictures in the job's folder, and in those that were passed over for it."""
    found = _earlier(plan, plan.asked, keys)
    for folder in takes(plan.asked):
        here = replace(plan, out=inside(folder, plan.roots))
        own = folder.name == plan.out.name
        for place, header in _done_in(here, keys).items():
            if own:
                found[place] = [files_of(here, header)]
            else:
                found.setdefault(place, [files_of(here, header), str(folder)])
        if own:
            break
    return found


def _earlier(plan: Plan, asked: Path, keys: Mapping[Place, str]) -> dict[Place, list[Any]]:
    """What is finished of these pictures in the takes before a take."""
    found: dict[Place, list[Any]] = {}
    for folder in earlier(asked):
        here = replace(plan, out=inside(folder, plan.roots))
        for place, header in _done_in(here, keys).items():
            found[place] = [files_of(here, header), str(folder)]
    return found


def _done_in(plan: Plan, keys: Mapping[Place, str]) -> dict[Place, dict[str, Any]]:
    headers = ((place, finished(plan, *place[1:], key, place[0])) for place, key in keys.items())
    return {place: header for place, header in headers if header}


def _reasons(plan: Plan, there: Delivery | None, missing: Collection[Place], unseen: Collection[Place]) -> list[str]:
    """How the look of what is delivered there differs from the job's, in words; nothing where all is finished."""
    wanted = {layer for kind, layer, _ in missing if kind != "underpaint"}
    for own, layer in _delivered(plan, there):
        further = [place for place in unseen if place[1] == own.layer.name and place[0] != "underpaint"]
        if own.layer.name not in wanted and not further:
            continue
        now = look_of(look(plan, own))
        for number in range(layer.footage.first, layer.footage.last + 1):
            header = outputs.read_metadata(plan.out / frame_path(layer.footage, number))
            if header is not None and (why := differences(look_of(header), now)):
                if own.layer.name in wanted or not all(_is_finished(plan, place) for place in further):
                    return why
                break
    return []


def _is_finished(plan: Plan, place: Place) -> bool:
    try:
        return finished(plan, *place[1:], picture_key(plan, place), place[0]) is not None
    except OSError:
        return False


def _repainted(plan: Plan, there: Delivery | None, missing: Collection[Place], unseen: int) -> list[str]:
    """A word on what is delivered there and is replaced: frames in the same look, the delivery of another shot."""
    more = f"; {counted(unseen, 'further picture is', 'further pictures are')} looked at in turn" if unseen else ""
    words = []
    if there is not None and there.shot.name != plan.shot.name:
        words.append(
            f"{plan.out.name} holds the shot {there.shot.name}: its files stay, but not delivery.json and previews"
        )
    for own, layer in _delivered(plan, there):
        span = range(
            layer.footage.start_frame, layer.footage.start_frame + layer.footage.last - layer.footage.first + 1
        )
        again = [frame for kind, name, frame in missing if kind != "underpaint" and name == own.layer.name]
        if again := [frame for frame in again if frame in span]:
            frames = counted(len(again), "delivered frame is", "delivered frames are")
            words.append(
                f"layer {own.layer.name}: {frames} painted anew ({frames_text(again)}), since"
                f" their passes or the way these are read have changed{more}"
            )
    return words


def _delivered(plan: Plan, there: Delivery | None) -> Iterator[tuple[LayerPlan, DeliveryLayer]]:
    """The job's layers that the folder's delivery has."""
    if there is None or there.shot.name != plan.shot.name:
        return
    for layer in there.layers:
        if layer.role == "painting" and layer.footage.sequence and layer.name in plan.layers:
            yield plan.layers[layer.name], layer
