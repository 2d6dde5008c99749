"""What the files of a frame are called, and what their headers tell of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inference_server.roots import inside
from inference_server.worker.plan import LayerPlan, Plan
from shared.shot import resolved


def names(plan: Plan, own: LayerPlan, frame: int) -> dict[str, Any]:
    """What a frame's header tells that no pixel depends on."""
    return {
        "shot": plan.shot.name,
        "layer": own.layer.name,
        "frame": frame,
        "fps": [plan.shot.fps_num, plan.shot.fps_den],
        "pixel_aspect": plan.pixel_aspect,
        "owner": plan.owner,
    }


def look(plan: Plan, own: LayerPlan) -> dict[str, Any]:
    """What the artist chose for a layer, as its frames' headers tell it; `takes.look_of` reads it."""
    size = plan.shot.paint_size
    return {
        "model": {"name": own.card.name, "hash": own.card.hash, "licence": own.card.licence},
        "seed": resolved(plan.shot, own.layer).seed,
        "options": own.options,
        "hold": own.hold,
        "scale": plan.shot.scale or "",
        "paint_size": f"{size[0]}x{size[1]}" if size else "",
        "fill": plan.shot.fill or "",
    }


def files_of(plan: Plan, metadata: dict[str, Any]) -> dict[str, Any]:
    """{"file", "mattes": {id: file}} of a finished frame, relative to the output folder."""
    layer, frame = metadata["layer"], metadata["frame"]
    label_set = plan.layers[layer].label_set
    mattes = {
        str(i): plan.matte_path(layer, label_set.by_id(i).name, frame).relative_to(plan.out).as_posix()
        for i in metadata["mattes"]
    }
    path = plan.path_of(metadata.get("stage", "paint"), layer, frame)
    return {"file": path.relative_to(plan.out).as_posix(), "mattes": mattes}


def place(plan: Plan, path: Path) -> None:
    """Make the folder of an output file, inside the folders that may be touched."""
    inside(path, plan.roots)
    path.parent.mkdir(parents=True, exist_ok=True)
