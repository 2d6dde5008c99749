"""The check of a job that only delivers: which folder, and whether every frame is there. No pass is read.

The headers of the painted files say what there is, whoever painted it on whichever machine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from inference_server.tasks import picture_tasks
from inference_server.worker import outputs
from inference_server.worker.plan import Plan
from inference_server.worker.take import choose
from shared.blocks import block_of
from shared.errors import SemrenderError, Unpainted
from shared.rates import fps_text
from shared.sequences import frames_text
from shared.shot import Shot
from shared.wording import counted


def check_delivery(
    spec: dict[str, Any], shot: Shot, taken: Collection[str], planned: Callable[[], Plan]
) -> dict[str, Any]:
    """As `check.check_job`, of a job without pictures. Raises for nothing that is in a file."""
    about: dict[str, Any] = {"shot": shot.name, "first": shot.first, "last": shot.last, "fps": shot.fps, "size": None}
    about |= {"rate": fps_text(shot.fps_num, shot.fps_den), "sound": "", "tracks": "", "layers": [], "frames": []}
    about |= {"frame_bytes": 0, "memory": 0, "estimate": {"pictures": 0, "seconds": 0.0}}
    try:
        plan = planned()
        take = choose(plan, {}, [task[:3] for task in picture_tasks(spec)], taken, spec.get("overwrite", False))
        problems: list[SemrenderError] = unpainted(take.plan)
    except SemrenderError as error:
        return {**about, "warnings": [], "problems": [error.to_dict()]}
    return {
        **about,
        "out": str(take.plan.out),
        "warnings": take.words,
        "problems": [problem.to_dict() for problem in problems],
    }


def unpainted(plan: Plan) -> list[SemrenderError]:
    """One error that names all frames that are not finished in the job's folder; none where all are there."""
    missing = {layer: [frame for frame in plan.frames if not _there(plan, layer, frame)] for layer in plan.layers}
    missing = {layer: frames for layer, frames in missing.items() if frames}
    if not missing:
        return []
    blocks = sorted({block_of(frame) for frames in missing.values() for frame in frames})
    count = counted(sum(map(len, missing.values())), "frame is", "frames are")
    where = "; ".join(f"layer {layer} {frames_text(frames)}" for layer, frames in missing.items())
    remedy = f"Paint blocks {frames_text(blocks).replace(' ', '')} and deliver again"
    return [Unpainted(f"{count} not painted: {where}", file=plan.out, remedy=remedy)]


def _there(plan: Plan, layer: str, frame: int) -> bool:
    header = outputs.read_metadata(plan.picture_path(layer, frame))
    return header is not None and header.get("shot") == plan.shot.name
