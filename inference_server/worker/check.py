"""Everything that can be said about a job before the first frame is painted.

Every file that will be read is looked at (there, whole, of the right size); the first frame of every layer
is decoded strictly. What is found travels as plain data: the client prints it, Maya and After Effects show it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference_server.models.cards import painting_size
from inference_server.models.devices import Device
from inference_server.roots import inside, patterns_inside
from inference_server.stability.hold import memory as hold_memory
from inference_server.stability.tiles import painting_memory
from inference_server.tasks import PIECE, Picture, Place, picture_tasks
from inference_server.worker import guides, outputs, paces, sounding, tracking
from inference_server.worker.check_delivery import check_delivery
from inference_server.worker.check_layers import check_layers, check_piece
from inference_server.worker.keys import picture_key
from inference_server.worker.plan import Plan, make_plan
from inference_server.worker.take import choose, finished_of
from inference_server.worker.writing import matte_ids
from shared.errors import MissingInput, SemrenderError
from shared.frames import CONTEXT, Probed, check_frames, faults_by_frame
from shared.passes import probe
from shared.rates import fps_text
from shared.sequences import Sequence
from shared.shot import Shot
from shared.wording import counted

PROBLEMS_TOLD = 50


def check_job(
    spec: dict[str, Any],
    job: str,
    step: Callable[[], None],
    memory: int,
    device: Device,
    taken: Collection[str] = (),
    places: Iterable[Iterable[Any]] = (),
    again: bool = False,
    planned: Callable[[], Plan] | None = None,
) -> dict[str, Any]:
    """Look at all that a job will read, and at what of it is painted already.

    Args:
        step: called for every file that was looked at.
        memory: bytes that painting may take.
        device: that will paint.
        taken: folders in which other jobs paint another look.
        places: (kind, layer, frame) of the pictures to be keyed; none: as many as one look goes through.
        again: every file was looked at before, so only theirs are; the others are when their turn comes.
        planned: the job's plan, where somebody keeps it.

    Returns {"shot", "first", "last", "fps", "rate": it in words, "sound", "tracks": in words, "size": [w, h], "layers":
    [...], "warnings": [words], "problems": [error, ...], "frame_bytes": of one frame's files at their largest,
    "memory": bytes that painting takes, "estimate": what is to be painted and how long that takes
    (`paces.estimate`), "out": the folder that is painted into, "frames": [[kind, layer, frame, key, files or None],
    ...]}, files being those of a finished frame; where that is not in "out", its folder stands behind; where the
    key is None, the error in their place says why. Of a job of more pictures than `places` the estimate takes what
    lies there for finished. Raises for nothing that is in a file.
    """
    shot = Shot.from_dict(spec["shot"])
    patterns_inside(shot, Path(spec["base"]), spec["roots"])
    if spec.get("part") == "deliver" and not spec.get("only_check"):
        return check_delivery(spec, shot, taken, planned or (lambda: make_plan(spec, job)))
    wanted = replace(shot, layers=tuple(layer for layer in shot.layers if layer.name in spec["layers"]))

    def seen(path: Path) -> Probed:
        step()
        return probe(inside(path, spec["roots"]))

    tasks = list(picture_tasks(spec))
    elsewhere = spec.get("part") == "farm"  # each machine keys what it paints
    first = [] if elsewhere else as_places(places) or [task[:3] for task in tasks[:PIECE]]
    wanted_frames = {frame for _, _, frame in first} if again else {task[2] for task in tasks}
    listed = labels_listed(planned) if again and planned else {}
    report = check_frames(wanted, Path(spec["base"]), seen, sorted(wanted_frames), listed)
    unfit, warnings, followed = tracking.judge(shot, Path(spec["base"]), spec["roots"], report.size)
    mute, sound = sounding.judge(shot, Path(spec["base"]), spec["roots"])
    piece = bool(spec.get("of"))  # its job was checked: what has become of single frames since is said of these alone
    apart = _apart(faults_by_frame(wanted, Path(spec["base"]), seen, report, wanted_frames), tasks) if piece else {}
    problems = [*([] if piece else report.problems), *unfit, *mute, *guides.judge(shot)]
    layers: list[dict[str, Any]] = []
    size = report.size
    more: dict[str, Any] = {"frame_bytes": 0, "memory": 0, "frames": []}
    if not problems:
        try:
            plan = planned() if planned else make_plan(spec, job)
        except SemrenderError as error:
            problems.append(error)
        else:
            layers, told, problems = ([], *check_piece(plan, device)) if piece else check_layers(plan, device)
            warnings += told
            if not problems and not spec.get("only_check"):
                try:
                    outputs.try_folder(inside(plan.out, plan.roots))
                except SemrenderError as error:
                    problems.append(error)
            if not problems:
                size = size or plan.size
                if plan.part == "whole":  # who paints a piece of what others paint too reads no folder of theirs
                    outputs.sweep(plan.out)
                keys, faults = keys_of(plan, [place for place in first if place not in apart], step)
                faults.update((place, apart[place]) for place in first if place in apart)
                keyed = set(first)
                unseen = [task[:3] for task in tasks if task[:3] not in keyed]
                take = choose(plan, keys, unseen, taken, spec.get("overwrite", False))
                warnings += take.words
                there = {*take.found, *standing(take.plan, unseen)}
                unpainted = {layer for kind, layer, number in keys if (kind, layer, number) not in take.found}
                unpainted |= {place[1] for place in unseen}
                more = {"out": str(take.plan.out), **costs(plan, unpainted, size)}
                waiting = paces.needed(tasks, there)
                more["estimate"] = paces.estimate(plan, waiting, size, device.about, paces.read())
                more["frames"] = entries(keys, take.found, faults)
                if more["memory"] > memory:
                    warnings.append(
                        f"painting takes about {more['memory'] / 2**30:.1f} GiB of memory and {memory / 2**30:.1f} GiB"
                        " are free; a smaller --memory or --size takes less"
                    )
    words = [problem.to_dict() for problem in problems[:PROBLEMS_TOLD]]
    untold = len(problems) - PROBLEMS_TOLD
    if untold > 0:
        words.append(SemrenderError(f"and {counted(untold, 'more problem', 'more problems')} of this kind").to_dict())
    about = {"shot": shot.name, "first": shot.first, "last": shot.last, "fps": shot.fps}
    about["size"] = None if size is None else list(size)
    about["sound"] = sound
    about["tracks"] = followed
    about["rate"] = fps_text(shot.fps_num, shot.fps_den)
    about["device"] = {"name": device.name, "about": device.about, "half": device.half.factor}
    return {**about, "layers": layers, "warnings": list(dict.fromkeys(warnings)), "problems": words, **more}


def labels_listed(planned: Callable[[], Plan]) -> dict[tuple[str, str], Sequence]:
    """The label passes, where the plan can be made; why it cannot is said later."""
    with contextlib.suppress(SemrenderError):
        return {(name, "labels"): own.labels for name, own in planned().layers.items() if own.labels}
    return {}


def look(plan: Plan, places: Iterable[Iterable[Any]], step: Callable[[], None]) -> dict[str, Any]:
    """The keys of a further piece of a long job's pictures, and what of it is finished: "frames" as in `check_job`."""
    keys, faults = keys_of(plan, as_places(places), step)
    return {"frames": entries(keys, finished_of(plan, keys), faults)}


def _apart(faults: Iterable[tuple[int, SemrenderError]], tasks: Iterable[Picture]) -> dict[Place, SemrenderError]:
    """The pictures whose own passes are not there or do not fit, each with the reason."""
    found = {(fault.layer, frame): fault for frame, fault in faults}
    named = (((kind, layer, frame), {(layer, frame), (CONTEXT, frame)}) for kind, layer, frame, _ in tasks)
    return {place: found[one] for place, names in named for one in names & found.keys()}


def as_places(places: Iterable[Iterable[Any]]) -> list[Place]:
    return [(kind, layer, frame) for kind, layer, frame in places]


def keys_of(
    plan: Plan, places: Iterable[Place], step: Callable[[], None]
) -> tuple[dict[Place, str], dict[Place, SemrenderError]]:
    """The key of every picture, and why some have none: passes that went away after they were looked at."""
    keys: dict[Place, str] = {}
    faults: dict[Place, SemrenderError] = {}
    for place in places:
        try:
            keys[place] = picture_key(plan, place)
        except SemrenderError as error:
            faults[place] = error
        except OSError as error:
            faults[place] = MissingInput(
                "a pass of this frame cannot be read any more",
                file=error.filename,
                cause=error.strerror or str(error),
                remedy="Render it again, and run the same command again",
            )
        step()
    return keys, faults


def entries(
    keys: Mapping[Place, str], found: Mapping[Place, list[Any]], faults: Mapping[Place, SemrenderError]
) -> list[list[Any]]:
    """What the broker is told of each picture."""
    told = [[*place, key, *found.get(place, [None])] for place, key in keys.items()]
    return told + [[*place, None, error.to_dict()] for place, error in faults.items()]


def standing(plan: Plan, places: Iterable[Place]) -> set[Place]:
    """The pictures in whose place there is a file, whatever it is: each folder is listed once."""
    listed: dict[tuple[str, str], set[str]] = {}
    found = set()
    for kind, layer, frame in places:
        if (kind, layer) not in listed:
            folder = plan.path_of(kind, layer, frame).parent
            listed[kind, layer] = {file.stem for file in folder.iterdir()} if folder.is_dir() else set()
        if (stems := listed[kind, layer]) and f"{plan.stem(layer)}.{plan.file_number(frame):04d}" in stems:
            found.add((kind, layer, frame))
    return found


def costs(plan: Plan, unpainted: Collection[str], size: tuple[int, int]) -> dict[str, int]:
    """What painting these layers will take. Without one nothing is asked of a model, whose libraries load slowly."""
    width, height = size
    frame_bytes, memory = 0, 0
    for own in (plan.layers[name] for name in plan.layers if name in unpainted):
        mattes = len(own.label_set.labels) if own.layer.mattes == "all" else len(matte_ids(own, {}))
        raw = width * height * (4 if plan.format == "png" else 8)
        frame_bytes = max(frame_bytes, raw + mattes * width * height // 16)
        painted = painting_size(own.card, width, height, plan.shot.paint_size, plan.shot.scale)
        memory = max(memory, painting_memory(own.card, painted, plan.shot.paint_memory))
        if own.hold != "off":
            memory = max(memory, hold_memory(own.hold, width, height, own.motion is None))
    return {"frame_bytes": frame_bytes, "memory": memory}
