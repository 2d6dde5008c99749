"""What a layer with somebody's face gets: source type and consent in its headers, a watermark, a label in previews.

It concerns layers of models whose card says `makes.likeness`, no others. `sealing` signs them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.models.cards import WATERMARK
from inference_server.provenance import watermark
from inference_server.worker.plan import LayerPlan
from shared.consent import CHANGED, MADE, notice_of, together


def is_face(own: LayerPlan) -> bool:
    return own.card.makes.likeness and own.layer.consent is not None


def told(own: LayerPlan) -> dict[str, str]:
    """What the header of a changed face, or of one made of no picture, tells; of anything else nothing."""
    if own.layer.consent is None or not is_face(own):
        return {}
    mark = number(own)
    about = {"synthetic": MADE if own.outline is None else CHANGED, "consent": own.layer.consent.words}
    return about if mark is None else {**about, "watermark": f"{mark:08x}"}


def number(own: LayerPlan) -> int | None:
    """The 32 bits in a layer's pixels: of the model and of the consent, so that one that is found leads to both; None
    without a mark."""
    if own.layer.consent is None or not is_face(own) or not own.options.get(WATERMARK.name, True):
        return None
    about = json.dumps([own.card.hash, own.layer.consent.words], ensure_ascii=True)
    return int.from_bytes(hashlib.sha256(about.encode()).digest()[:4], "big")


def content(own: LayerPlan) -> dict[str, Any]:
    """What of this the files of a frame depend on, for its key: the statement that they carry, and the mark."""
    if not is_face(own):
        return {}
    mark = number(own)
    return {"likeness": [told(own)["consent"], None if mark is None else [watermark.RECIPE, mark]]}


def marked(own: LayerPlan, picture: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """The painting (H, W, 3) with the layer's mark where it is covered (H, W)."""
    mark = number(own)
    return picture if mark is None else watermark.marked(picture, alpha, mark)


def source_type_of(layers: Iterable[LayerPlan]) -> str:
    """What a picture of these layers states; empty for most."""
    return together(told(own).get("synthetic", "") for own in layers)


def notice(layers: Iterable[LayerPlan]) -> str:
    """The visible label of a preview of these layers; empty for most."""
    return notice_of(told(own).get("synthetic", "") for own in layers)
