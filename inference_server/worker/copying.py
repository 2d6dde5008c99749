"""A frame that needs no painting: on disk already, or copied from where it is."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from inference_server.worker import faces, outputs, sealing
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.provenance import files_of, look, names, place
from shared.errors import InputRefused
from shared.values import Value


class Finished(Value):
    """A frame that needs no painting: it was on disk with the right key, or was copied from where it was."""

    body: dict[str, Any]


class SourceLost(Exception):
    """What was to be copied is not there any more."""


def settled(
    plan: Plan, own: LayerPlan, frame: int, stage: str, key: str, checked: str | None, source: dict[str, Any] | None
) -> Finished | str:
    """The frame where it is on disk already or was copied, else its key. checked: the key that the check found."""
    if checked is not None and checked != key:
        raise InputRefused(
            "a pass of this frame was changed after the job was accepted",
            file=None if own.outline is None else own.outline.file(frame),
            remedy="Run the same command again when nothing writes it any more",
        )
    if found := kept(plan, own.layer.name, frame, key, stage):
        return found
    if source is not None:
        return Finished({"state": "copied", **copy_painting(plan, own, frame, key, source, stage)})
    return key


def copy_painting(
    plan: Plan, own: LayerPlan, frame: int, key: str, source: dict[str, Any], stage: str
) -> dict[str, Any]:
    """Copy a frame with the same key from another place, under this job's names. Raises SourceLost."""
    out = Path(source["out"])
    picture = out / source["file"]
    before = outputs.read_metadata(picture)
    if before is None or before.get("key") != key:
        raise SourceLost(str(picture))
    # The key stands for the pixels; what they are called (a model under two names) is this job's.
    metadata = {**before, **names(plan, own, frame), **look(plan, own), **faces.told(own)}
    for identity, file in source["mattes"].items():
        found = outputs.read_metadata(out / file)
        if found is None or found.get("key") != key:
            raise SourceLost(str(out / file))
        target = plan.matte_path(own.layer.name, own.label_set.by_id(int(identity)).name, frame)
        place(plan, target)
        _copy(out / file, target, {**metadata, "matte": found["matte"]})
    target = plan.path_of(stage, own.layer.name, frame)
    place(plan, target)
    with nullcontext() if stage == "underpaint" else sealing.sealed(plan, own, frame, target) as signs:
        _copy(picture, target, metadata, signs)
    return files_of(plan, metadata)


def _copy(source: Path, target: Path, metadata: dict[str, Any], seal: sealing.Seal | None = None) -> None:
    try:
        outputs.copy_picture(source, target, metadata, seal)
    except InputRefused as error:
        raise SourceLost(str(source)) from error


def kept(plan: Plan, layer: str, frame: int, key: str, stage: str) -> Finished | None:
    """The end of a frame that is whole on disk under this key."""
    metadata = finished(plan, layer, frame, key, stage)
    return None if metadata is None else Finished({"state": "kept", **files_of(plan, metadata)})


def finished(plan: Plan, layer: str, frame: int, key: str, stage: str) -> dict[str, Any] | None:
    """The provenance of a frame that is whole on disk, mattes included, under this key; else None."""
    metadata = outputs.read_metadata(plan.path_of(stage, layer, frame))
    if metadata is None or metadata.get("key") != key:
        return None
    own = plan.layers[layer]
    for identity in metadata.get("mattes", []):
        found = outputs.read_metadata(plan.matte_path(layer, own.label_set.by_id(identity).name, frame))
        if found is None or found.get("key") != key:
            return None
    return metadata
