"""The first half of a frame's way: its passes become what the network is given.

The worker calls `decode` from a thread, so that the next frame is read while the device paints.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.models.base import PaintInput
from inference_server.models.cards import painting_size
from inference_server.stability.tiles import Tile, choose_tiles
from inference_server.worker.copying import Finished, settled
from inference_server.worker.fitting import fit
from inference_server.worker.keys import frame_key
from inference_server.worker.plan import Ids, LayerPlan, Plan
from shared.errors import InputRefused
from shared.label_set import NOTHING
from shared.passes import LabelPass, read_label_pass
from shared.passes.formats import read_picture
from shared.shot import resolved


@dataclass(frozen=True)
class Decoded:
    """A frame ready to be painted; `request` is None where the layer is empty on this frame, or is held.

    channels: (H, W) as in the request, at the size of the pass; tiles: of the request.
    """

    layer: str
    frame: int
    key: str
    labels: LabelPass
    request: PaintInput | None
    stage: str = "paint"
    channels: Ids | None = None
    tiles: tuple[Tile, ...] = ()


def decode(
    plan: Plan, layer: str, frame: int, key: str | None = None, source: dict[str, Any] | None = None
) -> Decoded | Finished:
    """Read a frame's passes and prepare them for the network, unless it is already painted.

    Of a layer that is to hold still this is the underpainting.
    key: what the check found; another one now means that a pass was changed meanwhile.
    source: where the picture of this key already is. Raises SourceLost where it is not.
    """
    own = plan.layers[layer]
    stage = "paint" if own.hold == "off" else "underpaint"
    found = settled(plan, own, frame, stage, frame_key(plan, own, frame), key, source)
    if isinstance(found, Finished):
        return found
    labels = read_label_pass(own.labels.file(frame), own.label_set, own.read)
    height, width = labels.ids.shape
    if (labels.ids == NOTHING).all():
        return Decoded(layer, frame, found, labels, None, stage)
    ids = in_context(plan, own, labels.ids, frame)
    unknown = np.unique(ids[own.table[ids] == NOTHING])
    if unknown.size:  # the card knows every id of its label set, so this is a damaged card
        raise InputRefused(f"the model {own.card.name} has no channel for the ids {unknown.tolist()}")
    instance = read_instances(own.instance.file(frame), ids) if own.instance else None
    size = painting_size(own.card, width, height, plan.shot.paint_size, plan.shot.scale)
    channels = own.table[ids]
    request = PaintInput(
        channels=fit(channels, size, own.card.size.fit),
        instance=None if instance is None else fit(instance, size, own.card.size.fit),
        seed=resolved(plan.shot, own.layer).seed or 0,
        options=own.options,
    )
    tiles = choose_tiles(own.card, size, plan.shot.paint_memory)
    return Decoded(layer, frame, found, labels, request, stage, channels, tiles)


def in_context(plan: Plan, own: LayerPlan, ids: Ids, frame: int) -> Ids:
    """Fill what is outside the layer: from the full label pass, else a chosen class, else the nearest class."""
    outside = ids == NOTHING
    if not outside.any():
        return ids
    ids = ids.copy()
    if plan.context is not None:
        around = read_label_pass(plan.context.file(frame), own.label_set, plan.context_read).ids
        if around.shape != ids.shape:
            raise InputRefused(
                f"the context is {around.shape[1]}x{around.shape[0]}, the layer {ids.shape[1]}x{ids.shape[0]}",
                file=plan.context.file(frame),
                remedy="Render both at the same size",
            )
        ids[outside] = around[outside]
        outside = ids == NOTHING
    if plan.shot.fill is not None:
        ids[outside] = own.label_set.find(plan.shot.fill).id
    elif outside.any():
        ids[outside] = nearest(ids, outside)[outside]
    return ids


def nearest(ids: Ids, outside: NDArray[np.bool_]) -> Ids:
    """For every pixel the id of the nearest pixel that is not outside."""
    import cv2

    _, index = cv2.distanceTransformWithLabels(outside.astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(int(index.max()) + 1, np.uint16)
    table[index[~outside]] = ids[~outside]
    result: Ids = table[index]
    return result


def read_instances(path: Path, ids: Ids) -> NDArray[np.int32]:
    """An instance pass as one number per pixel (H, W): a grey or colour picture, each value one object."""
    pixels = read_picture(path).samples
    if pixels.shape[:2] != ids.shape:
        raise InputRefused(
            f"the instance pass is {pixels.shape[1]}x{pixels.shape[0]}",
            file=path,
            remedy=f"Give a PNG of {ids.shape[1]}x{ids.shape[0]} with one value per object",
        )
    if pixels.ndim == 2 and pixels.dtype.kind in "ui":
        return pixels.astype(np.int32)
    values = pixels.reshape(ids.size, -1)
    _, numbers = np.unique(values, axis=0, return_inverse=True)
    return numbers.reshape(ids.shape).astype(np.int32)
