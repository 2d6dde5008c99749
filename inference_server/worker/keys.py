"""Keys of frames: a hash of all that a frame's files depend on, and of nothing else."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from inference_server.models.needs import ALL, PREPARES, RECIPES, REMEMBERS
from inference_server.roots import inside
from inference_server.stability.window import block, paintings, window
from inference_server.tasks import Place
from inference_server.worker import faces, space, walking
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.sun import sun_of
from shared.errors import MissingInput
from shared.passes.clip_pass import picture_number
from shared.passes.data_pass import unlike_before
from shared.sequences import Sequence
from shared.shot import resolved
from shared.values import Value
from shared.walk import files_of

RECIPE = 3  # of the pixels; goes up whenever the same key would give another picture
HOLD_RECIPE = 4  # of holding; goes up whenever the same underpaintings would give another held frame


def picture_key(plan: Plan, place: Place) -> str:
    """The key of a task's picture: painted, underpainted or held."""
    kind, layer, frame = place
    return (hold_key if kind == "hold" else frame_key)(plan, plan.layers[layer], frame)


def frame_key(plan: Plan, own: LayerPlan, frame: int) -> str:
    """Hash of everything that the files of a painted frame, or an underpainting, depend on."""
    return key_with(plan, own, frame, prepared_of(plan, own))


def key_with(plan: Plan, own: LayerPlan, frame: int, prepared: Prepared | None) -> str:
    """As `frame_key`, where what was prepared of the layer is known."""
    content = _content(plan, own, frame)
    return hash_of(content if prepared is None else {**content, "prepared": prepared.key})


def _content(plan: Plan, own: LayerPlan, frame: int) -> dict[str, Any]:
    """What a frame depends on, but for what was prepared of its layer."""
    alone = _alone(plan, own, frame)
    if own.card.family not in REMEMBERS:
        return alone
    return {**alone, "before": [mark for _, mark in before(plan, own, frame)]}


def before(plan: Plan, own: LayerPlan, frame: int) -> list[tuple[int, str]]:
    """The frames before one that its model remembers, oldest first, each with its mark; those that are not there are
    passed over."""
    most = REMEMBERS[own.card.family](own.card)
    first = plan.shot.first if most is None else max(plan.shot.first, frame - most)
    marks = ((number, _mark(plan, own, number)) for number in range(first, frame))
    return [(number, mark) for number, mark in marks if mark is not None]


def mark(plan: Plan, own: LayerPlan, frame: int) -> str:
    """The hash of what a frame is painted from, its own passes alone."""
    return hash_of(_alone(plan, own, frame))


def _mark(plan: Plan, own: LayerPlan, frame: int) -> str | None:
    """As `mark`, found once for all the frames that remember this one; None where a pass of it is not there."""
    if frame not in own.marks:
        try:
            own.marks[frame] = mark(plan, own, frame)
        except (MissingInput, OSError):
            own.marks[frame] = None
    return own.marks[frame]


def _alone(plan: Plan, own: LayerPlan, frame: int) -> dict[str, Any]:
    """What a frame depends on of its own."""
    under = own.hold != "off"
    content = {
        "recipe": RECIPE,
        "stage": "underpaint" if under else "paint",
        "model": own.card.hash,
        "label_set": own.label_set.hash if own.labels else None,
        "labels": input_hash(plan, own.labels, frame),
        "context": None if own.outline is None else input_hash(plan, plan.context, frame),
        "instance": input_hash(plan, own.inputs.get("instance"), frame),
        "read": own.layer.read,
        "context_read": plan.shot.context_read,
        "fill": plan.shot.fill,
        "options": own.options,
        "seed": resolved(plan.shot, own.layer).seed,
        "paint_size": plan.shot.paint_size,  # with `scale` and the size of the pass: the painting size
        "scale": plan.shot.scale,
        "paint_memory": plan.shot.paint_memory,  # with the painting size: the tiles
        "precision": "float32",
        "format": plan.format,
        "mattes": "none" if under else own.layer.mattes,
        "holdout": [] if under else holdout_hashes(plan, own, frame),
    }
    if own.card.family in RECIPES:
        content["family_recipe"] = RECIPES[own.card.family]
    if own.carrying.of:
        content["painted_as"] = own.carrying.content()
    if PREPARES.get(own.card.family) == ALL:  # what was prepared says something of each frame by itself
        content["frame"] = [frame, *plan.shot.rate]
    if more := _further(plan, own, frame):
        content["inputs"] = more
    return content if under else {**content, **faces.content(own)}


def hold_key(plan: Plan, own: LayerPlan, frame: int) -> str:
    """Hash of everything that the files of a held frame depend on."""
    where = frame, own.hold, plan.shot.first, plan.shot.last
    frames, made_of, (began, ended) = window(*where), paintings(*where), block(*where)
    prepared = prepared_of(plan, own)
    content = {
        "recipe": RECIPE,
        "stage": "hold",
        "hold_recipe": HOLD_RECIPE,
        "hold": own.hold,
        "window": [frames[0] - frame, frames[-1] - frame],
        "underpaintings": [(number - frame, key_with(plan, own, number, prepared)) for number in made_of],
        "block": [began - frame, ended - frame, ended == plan.shot.last],
        "passes": [_passes_of(plan, own, number) for number in range(began, ended + 1)],
        "motion_is": own.layer.motion_is,
        "motion_layer": own.layer.motion_layer,
        "depth_layer": own.layer.depth_layer,
        "format": plan.format,
        "mattes": own.layer.mattes,
        "holdout": holdout_hashes(plan, own, frame),
        **faces.content(own),
    }
    return hash_of(content)


def _passes_of(plan: Plan, own: LayerPlan, frame: int) -> list[str | None] | None:
    """Hashes of the passes that say what moves where; None where one is not there, and nothing is known to be still."""
    try:
        passes = [own.outline, plan.context, own.motion, own.depth]
        if own.labels is not None and own.shown is not None:
            passes.append(own.shown[1])
        return [input_hash(plan, one, frame) for one in passes]
    except MissingInput:
        return None


class Prepared(Value):
    """What was found out of a layer before its first frame. key: in the frames' keys; file: where it is kept.

    The key hashes all that the frames depend on that were looked at. The file is named by as much, but for the options
    that decide nothing of it, which count as the card has them.
    """

    key: str
    file: Path


def prepared_of(plan: Plan, own: LayerPlan) -> Prepared | None:
    """None for a model that prepares nothing."""
    if own.driven and own.sound is not None:
        assert own.walk is not None
        heard = [_hash_of_file(plan, own.sound.file), list(plan.shot.rate)]
        routes = [walking.heard_by(one) for one in own.walk.drive]
        key = of_file = hash_of({"stage": "hear", "audio": heard, "routes": routes})
    elif not own.prepared_from:
        return None
    elif PREPARES[own.card.family] < ALL:
        key, of_file = _prepared(plan, own)
    else:
        if "prepared" not in own.known:  # of a long shot it takes a while, and all of its frames ask
            own.known["prepared"] = _prepared(plan, own)
        key, of_file = own.known["prepared"]
    return Prepared(key, plan.out / "prepared" / own.layer.name / f"{of_file}.npz")


def _prepared(plan: Plan, own: LayerPlan) -> tuple[str, str]:
    """Keys of what is prepared: with all options, and with those that decide it."""
    frames = [_content(plan, own, one) for one in own.prepared_from]
    content: dict[str, Any] = {"stage": "prepare", "frames": frames}
    if own.sound is not None:
        content["audio"] = [plan.shot.first - own.sound.start, plan.shot.last - own.sound.start]
    key = hash_of(content)
    options = own.card.preparing(own.options)
    for frame in frames:
        frame["options"] = options
    return key, hash_of(content)


def _further(plan: Plan, own: LayerPlan, frame: int) -> dict[str, Any]:
    """Hashes of what the model takes beside labels and instances, and how it is read."""
    found: dict[str, Any] = {n: input_hash(plan, one, frame) for n, one in own.inputs.items() if n != "instance"}
    if own.sound is not None:
        found["audio"] = [_hash_of_file(plan, own.sound.file), frame - own.sound.start, list(plan.shot.rate)]
    if (sun := sun_of(plan, own, frame)) is not None:
        found["sun"] = sun
    if own.walk is not None:
        found |= walking.content(plan, own, frame, {name: _of_walk(plan, name) for name in files_of(own.walk)})
    if "motion" in found:
        found |= {"motion_is": own.layer.motion_is, "motion_layer": own.layer.motion_layer}
    if "instance" in own.inputs and own.layer.instance_layer is not None:
        found["instance_layer"] = own.layer.instance_layer
    if "shading" in own.inputs:
        found |= {"shading_layer": own.layer.shading_layer, "shading_white": own.layer.shading_white}
    for kind in space.KINDS:
        found |= space.content(plan, own, kind, frame) if kind in found else {}
    return found


def holdout_hashes(plan: Plan, own: LayerPlan, frame: int) -> list[Any]:
    """Hashes of the passes that cut the layer."""
    if not own.before:
        return []
    passes = [(other.labels, other.depth) for other in own.before]
    reads = [layer.read for layer in plan.shot.layers if layer.name in own.layer.holdout]
    hashes = [input_hash(plan, sequence, frame) for pair in passes for sequence in pair]
    depths = [(own.depth, own.layer.depth_layer), *((other.depth, other.depth_layer) for other in own.before)]
    unlike = [unlike_before(next(iter(depth.files.values())), layer) for depth, layer in depths if depth is not None]
    return [input_hash(plan, own.depth, frame), *hashes, *reads, *([unlike] if any(unlike) else [])]


def hash_of(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def input_hash(plan: Plan, sequence: Sequence | None, frame: int) -> str | None:
    """SHA-256 of a pass's file; of a clip with the number of its picture, from 0, and how that is deinterlaced.

    Every pass is keyed before it is decoded, so this is also where a link is caught.
    """
    if sequence is None:
        return None
    found = _hash_of_file(plan, sequence.file(frame))
    if sequence.clip is None:
        return found
    how = sequence.clip.deinterlace
    return f"{found}:{picture_number(sequence, frame)}" + (f":{how}" if how not in (None, "off") else "")


def _of_walk(plan: Plan, name: str) -> str:
    try:
        return _hash_of_file(plan, plan.base / name)
    except OSError:
        raise MissingInput("the w file is not there", file=plan.base / name, remedy="Name one that is") from None


def _hash_of_file(plan: Plan, file: Path) -> str:
    path = inside(file, plan.roots)
    state = path.stat()
    return _file_hash(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4096)
def _file_hash(path: Path, changed: int, size: int) -> str:
    """A held frame asks for the passes of its whole window; a file that is as old and long as it was is the same."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
