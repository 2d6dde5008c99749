"""What layers of joints add to a delivery: tracks, delivered as any others are, and a sheet of their curves."""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from inference_server.motion.delivered import tracks_of
from inference_server.worker import outputs
from inference_server.worker.keys import prepared_of
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.reading import load_prepared
from inference_server.worker.tracking import FOLDER
from shared.errors import DiskFull, SemrenderError
from shared.tracks import Tracks


def deliver_curves(plan: Plan, layers: Sequence[LayerPlan]) -> tuple[dict[str, Tracks], list[str]]:
    """The joints that layers made, by the name of their tracks, and notes; the sheets are written. Raises DiskFull."""
    made: dict[str, Tracks] = {}
    notes: list[str] = []
    for own in layers:
        if own.card.makes.kind != "joints":
            continue
        from inference_server.motion.curves import curves  # what draws takes a while to load

        name = f"{own.layer.name}.joints"
        try:
            kept = prepared_of(plan, own)
            prepared = {} if kept is None else load_prepared(kept.file)
            if not prepared:
                continue
            before = sum(len(one.people) for one in made.values())
            layout, smoothing = str(own.options["layout"]), str(own.options["smoothing"])
            tracks = tracks_of(prepared, layout, smoothing, plan.pixel_aspect, before)
            sheet = curves(tracks, f"{plan.shot.name}, {own.layer.name}: frames {tracks.first}-{tracks.last}")
            _, encoded = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
            outputs.keep(plan.out / FOLDER / f"{name}.png", encoded.tobytes())
            made[name] = tracks
        except DiskFull:
            raise
        except SemrenderError as error:
            notes.append(f"no joints were delivered: {error.located(layer=own.layer.name)}")
    return made, notes
