"""Layers that change a part of a picture: where they do, as a matte of their own, white with the coverage in alpha.

Nobody needs it to see the layer, whose alpha it is; with it an artist cuts a grade or a grain of their own the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.worker import outputs
from inference_server.worker.plan import Plan
from inference_server.worker.writing import write_matte
from shared.consent import CHANGED

NAME = "mouth"  # what is changed, of a class that no label set has


def is_patch(header: Mapping[str, Any]) -> bool:
    """Whether a layer changes what somebody looks like, by the header of a frame."""
    return header.get("synthetic") == CHANGED


def fill_patches(plan: Plan, layer: str, headers: Mapping[int, dict[str, Any]]) -> None:
    """Write the matte of each frame that has none yet, or one of another painting."""
    for frame, header in headers.items():
        found = outputs.read_metadata(plan.matte_path(layer, NAME, frame))
        if found is None or found.get("key") != header["key"]:
            write_matte(plan, layer, NAME, frame, header, _alpha(plan.picture_path(layer, frame)))


def _alpha(path: Path) -> NDArray[np.float32]:
    if path.suffix == ".png":
        import cv2

        stored: Any = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
        alpha: NDArray[np.float32] = stored[..., 3].astype(np.float32) / np.float32(np.iinfo(stored.dtype).max)
        return alpha
    import OpenEXR

    alpha = OpenEXR.File(str(path)).channels()["RGBA"].pixels[..., 3].astype(np.float32)
    return alpha
