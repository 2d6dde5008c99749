"""What layers of joints add to a delivery where their model measures people in space: skeletons, as files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from inference_server.motion.posing import files_of
from inference_server.motion.solving.people import measured
from inference_server.motion.solving.solve import Ask, solve
from inference_server.worker import outputs
from inference_server.worker.keys import prepared_of
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.reading import load_prepared
from inference_server.worker.tracking import FOLDER as TRACKS
from inference_server.worker.tracking import load
from shared.delivery import DeliveryPoses
from shared.errors import DiskFull, SemrenderError
from shared.poses import Reader
from shared.tracks import Tracks
from shared.wording import counted

FOLDER = "poses"  # in the output folder


def deliver_skeletons(
    plan: Plan, layers: Sequence[LayerPlan], joints: Mapping[str, Tracks]
) -> tuple[tuple[DeliveryPoses, ...], list[str], list[str]]:
    """Write the skeletons of the people of layers; what delivery.json says of them, hashes, and notes. Raises DiskFull.

    joints: the tracks of the same people, as `joints.deliver_curves` made them.
    """
    made, hashes, notes = [], [], []
    camera = _camera(plan) if joints else None
    for own in layers:
        layer = own.layer.name
        tracks = joints.get(f"{layer}.joints")
        if tracks is None or not tracks.people:
            continue
        try:
            kept = prepared_of(plan, own)
            prepared = {} if kept is None else load_prepared(kept.file)
            people = measured(prepared, tracks.people[0].id - 1)
            if not people:
                alone = f"layer {layer}: no skeletons, since {own.card.name} sees joints in the picture alone"
                notes.append(f"{alone}; added again with --lift it has some")
                continue
            model = Reader(own.card.name, own.card.hash, own.card.licence)
            poses, said = solve(people, tracks, camera, plan.shot.rate, _ask(own), model)
            notes += [f"layer {layer}: {words}" for words in said]
            if poses is None:
                continue
            files = files_of(replace(poses, tracks=f"../{TRACKS}/{layer}.joints.json"), layer)
            for name, text in files.items():
                data = text.encode("ascii")
                outputs.keep(plan.out / FOLDER / name, data)
                hashes.append(hashlib.sha256(data).hexdigest())
            path, usd, *bvh = (f"{FOLDER}/{name}" for name in files)
            made.append(DeliveryPoses(layer, path, usd, tuple(bvh)))
            notes.append(f"layer {layer}: skeletons of {counted(len(bvh), 'person', 'people')} are in {FOLDER}/")
        except DiskFull:
            raise
        except SemrenderError as error:
            notes.append(f"no skeletons were delivered: {error.located(layer=layer)}")
    return tuple(made), hashes, notes


def _ask(own: LayerPlan) -> Ask:
    """By the layer's options; a model may leave out some of them."""
    options = own.options
    plain = Ask()
    return Ask(
        float(options.get("height", 0)) or None,
        float(options.get("lens", 0)),
        str(options.get("feet", plain.feet)),
        str(options.get("smoothing", plain.smoothing)),
    )


def _camera(plan: Plan) -> Tracks | None:
    """The tracks of the shot that have its camera; None where none have, or they cannot be read, which is said then."""
    try:
        all_of = load(plan.shot, plan.base, plan.roots)
    except SemrenderError:
        return None
    return next((tracks for tracks in all_of.values() if tracks.camera is not None), None)
