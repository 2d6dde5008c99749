"""The second half of a frame's way: the painting is cut by the layer's coverage and becomes files.

The worker calls `encode` from a thread, so that the last frame is written while the device paints.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.worker import faces, outputs, sealing
from inference_server.worker.fitting import Picture, keep_near, unbox, unfit
from inference_server.worker.holdout import held_out
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.provenance import files_of, look, names, place
from inference_server.worker.reading import Decoded
from shared.label_set import NOTHING
from shared.passes import LabelPass


def encode(
    plan: Plan, decoded: Decoded, picture: Picture | None, device: str = "", said: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Cut the painting by the layer's coverage and write it with its mattes; returns the event's body.

    device: that painted it, in words; said: by the model beside its picture.
    """
    own = plan.layers[decoded.layer]
    height, width = decoded.coverage.shape
    under = decoded.stage == "underpaint"
    alpha = decoded.coverage
    if own.before and own.depth is not None and not under:
        depth = own.depth.file(decoded.frame)
        alpha = held_out(alpha, depth, own.layer.depth_layer, own.before, decoded.frame)
    if picture is None:
        whole = np.zeros((height, width, 3), np.float32)
    elif decoded.request is None or decoded.channels is None:
        whole = picture  # held: as large as the pass already
    elif own.card.unbound:
        whole = unbox(picture[..., :3], (height, width), own.card.size, plan.pixel_aspect)
    else:
        sizes = decoded.request.channels, decoded.channels
        whole = unfit(picture[..., :3], *sizes, own.card.size.fit)
        if own.card.makes.alpha:
            alpha = alpha * unfit(picture[..., 3:].repeat(3, -1), *sizes, own.card.size.fit)[..., 0].clip(0, 1)
    labels = decoded.labels
    present = {} if labels is None else {i: n for i, n in labels.facts.classes.items() if i != NOTHING}
    mattes = [] if under or labels is None else matte_ids(own, present)
    metadata = {
        "generator": "semrender",
        "key": decoded.key,
        "stage": decoded.stage,
        **names(plan, own, decoded.frame),
        **look(plan, own),
        "format": plan.format,
        "size": [width, height],
        "label_set": {"name": own.label_set.name, "hash": own.label_set.hash} if labels else {"name": "", "hash": ""},
        "device": device,
        "classes": {str(i): n for i, n in present.items()},
        "mattes": mattes,
        "guessed": labels.facts.guessed if labels else 0,
        **({"said": dict(said)} if said else {}),
        **faces.told(own),
    }
    if labels is not None:
        for identity in mattes:
            name, coverage = own.label_set.by_id(identity).name, matte(labels, identity)
            write_matte(plan, decoded.layer, name, decoded.frame, metadata, coverage)
    path = plan.path_of(decoded.stage, decoded.layer, decoded.frame)
    place(plan, path)
    if under:
        outputs.write_png(path, outputs.to_integers(whole, np.uint8 if plan.format == "png" else np.uint16), metadata)
    else:
        shown = keep_near(faces.marked(own, whole, alpha), alpha)
        with sealing.sealed(plan, own, decoded.frame, path) as signs:
            outputs.write_picture(path, shown, alpha, metadata, signs)  # last: with it the frame is finished
    return {"state": "painted", **files_of(plan, metadata), "guessed": metadata["guessed"]}


def matte_ids(own: LayerPlan, present: dict[int, int]) -> list[int]:
    """The classes of this frame that get a matte, as the layer asks."""
    if own.layer.mattes == "none":
        return []
    if own.layer.mattes == "all":
        return sorted(present)
    return sorted(own.label_set.find(name).id for name in own.layer.mattes)


def matte(labels: LabelPass, identity: int) -> NDArray[np.float32]:
    """Coverage (H, W) of one class: the source's own where it has it, else the layer's where the id is."""
    if labels.soft is not None:
        soft = labels.soft.get(identity)
        return np.zeros(labels.ids.shape, np.float32) if soft is None else soft
    return np.where(labels.ids == identity, labels.coverage, np.float32(0))


def write_matte(
    plan: Plan, layer: str, name: str, frame: int, metadata: dict[str, Any], coverage: NDArray[np.float32]
) -> None:
    """A matte is white with the coverage in alpha: alpha is never colour-managed."""
    path = plan.matte_path(layer, name, frame)
    place(plan, path)
    white = np.full((*coverage.shape, 4), 255, np.uint8)
    white[..., 3] = outputs.to_bytes(coverage)
    outputs.write_png(path, white, {**metadata, "matte": name})
