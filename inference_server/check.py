"""Everything that can be said about a job before the first frame is painted.

Every file that will be read is looked at (there, whole, of the right size); the first frame of every layer
is decoded strictly. What is found travels as plain data: the client prints it, Maya and After Effects show it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from inference_server.painting import LayerPlan, Plan, make_plan
from shared.errors import SemrenderError
from shared.frames import check_frames
from shared.label_set import NOTHING
from shared.passes import probe, read_label_pass
from shared.shot import Shot

PROBLEMS_TOLD = 50


def check_job(spec: dict[str, Any], job: str) -> dict[str, Any]:
    """{"size": [w, h], "layers": [...], "warnings": [words], "problems": [error, ...]}; raises for nothing."""
    shot = Shot.from_dict(spec["shot"])
    wanted = replace(shot, layers=tuple(layer for layer in shot.layers if layer.name in spec["layers"]))
    report = check_frames(wanted, Path(spec["base"]), probe, spec["frames"])
    problems = list(report.problems)
    layers: list[dict[str, Any]] = []
    warnings: list[str] = []
    if not problems:
        try:
            plan = make_plan(spec, job)
        except SemrenderError as error:
            problems.append(error)
        else:
            for own in plan.layers.values():
                try:
                    found = first_frame(plan, own)
                except SemrenderError as error:
                    problems.append(error.located(layer=own.layer.name, frame=plan.frames[0]))
                    continue
                layers.append(found)
                warnings += found.pop("warnings")
    words = [problem.to_dict() for problem in problems[:PROBLEMS_TOLD]]
    more = len(problems) - PROBLEMS_TOLD
    if more > 0:
        words.append(SemrenderError(f"and {more} more problems of this kind").to_dict())
    size = list(report.size) if report.size else None
    return {"size": size, "layers": layers, "warnings": list(dict.fromkeys(warnings)), "problems": words}


def first_frame(plan: Plan, own: LayerPlan) -> dict[str, Any]:
    """What is in a layer's first frame: classes with their share of the pixels, and what the artist should know."""
    frame = plan.frames[0]
    labels = read_label_pass(own.labels.file(frame), own.label_set, own.read)
    present = {i: n for i, n in labels.facts.classes.items() if i != NOTHING}
    around = set(present)
    if plan.context is not None and (labels.ids == NOTHING).any():
        context = read_label_pass(plan.context.file(frame), own.label_set, plan.context_read)
        around |= {int(i) for i in np.unique(context.ids) if i != NOTHING}
    warnings = [f"layer {own.layer.name}: {words}" for words in labels.facts.warnings]
    for identity, instead in own.card.untrained(sorted(around)):
        name, relative = own.label_set.by_id(identity).name, own.label_set.by_id(instead).name
        painted = "nobody knows what it looks like" if instead == identity else f"it is painted as {relative}"
        warnings.append(f"{own.card.name} never saw {name}: {painted}")
    if not present:
        warnings.append(f"layer {own.layer.name}: nothing is covered on frame {frame}")
    pixels = labels.ids.size
    classes = [
        {"id": i, "name": own.label_set.by_id(i).name, "share": round(n / pixels, 4)}
        for i, n in sorted(present.items(), key=lambda item: -item[1])
    ]
    about = {"name": own.layer.name, "model": own.card.name, "classes": classes, "guessed": labels.facts.guessed}
    return {**about, "warnings": warnings}
