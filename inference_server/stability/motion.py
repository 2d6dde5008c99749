"""Motion passes: where the surface under every pixel was a frame before, and where it will be in the next.

Renderers agree neither on the direction in time nor on which way is up, so a convention has a name in shot.json.
Whether a pass means what its name says is tried on the labels, in `follows`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.stability.late import carry
from shared.errors import InputRefused
from shared.passes.data_pass import (
    DepthPlane,
    depth_plane,
    has_depth,
    last_word,
    motion_planes,
    read_depth,
    read_parts,
)
from shared.values import Value

Ids = NDArray[np.uint16]  # (H, W)
Field = NDArray[np.float32]  # (H, W, 2) displacement in pixels, x to the right, y downwards
Plane = NDArray[np.float32]  # (H, W)

# name -> (the frame that the vector leads to, what it is multiplied by to lead there: x right, y down)
CONVENTIONS: dict[str, tuple[int, tuple[float, float]]] = {
    "to-previous-up": (-1, (1.0, -1.0)),
    "to-previous-down": (-1, (1.0, 1.0)),
    "to-next-up": (1, (1.0, -1.0)),
    "to-next-down": (1, (1.0, 1.0)),
    "from-previous-up": (-1, (-1.0, 1.0)),
    "from-previous-down": (-1, (-1.0, -1.0)),
}
# What a layer's name says of its direction: Blender's Vector and V-Ray's velocity lead to the previous frame; Arnold's
# motionvector leads from shutter open to close, and most others do.
TO_PREVIOUS = re.compile(r"vectors?|\w*velocity|motionback|backward")
NOWHERE = np.float32(1e6)  # pixels; a vector that leads so far out is trusted by nobody
STEPS = 8  # at most, of the search that inverts a field
ROUND_TRIP = 0.5  # pixels by which there and back may differ


class Seen(Value):
    """What the renderer knows of one frame; depth grows away from the camera."""

    ids: Ids
    depth: Plane | None


class Vectors(Value):
    """A motion pass as it is in the file: one convention's field, the next frame's where the file has both, depth.

    The field leads NOWHERE where the file holds no number. channels: those that were read.
    """

    field: Field
    leads_to: int  # -1 the previous frame, 1 the next
    convention: str
    next: Field | None
    depth: DepthPlane | None
    channels: tuple[str, str] = ("", "")


def read_vectors(
    path: Path,
    convention: str | None = None,
    depth: Path | None = None,
    motion_layer: str | None = None,
    depth_layer: str | None = None,
) -> Vectors:
    """A frame's motion pass, with the depth of its own pass or that lies beside it in the file.

    convention: one of CONVENTIONS; None = as the layer's name says.
    Raises MissingInput, or InputRefused where a channel is unknown or unclear.
    """
    parts = read_parts(path)
    planes = motion_planes(path, parts, motion_layer)
    name = convention or ("to-previous-up" if TO_PREVIOUS.fullmatch(last_word(planes.name)) else "to-next-up")
    leads_to, (sign_x, sign_y) = CONVENTIONS[name]
    field = np.dstack([planes.x * np.float32(sign_x), planes.y * np.float32(sign_y)])
    field[np.isnan(field)] = NOWHERE
    following = None if planes.next is None else np.dstack([-planes.next[0], planes.next[1]])
    away = None
    if depth is not None:
        away = read_depth(depth, depth_layer)
    elif depth_layer is not None or has_depth(parts):
        away = depth_plane(path, parts, depth_layer)
    if away is not None and away.values.shape != field.shape[:2]:
        raise InputRefused(
            f"the depth pass is {away.values.shape[1]}x{away.values.shape[0]},"
            f" the motion {field.shape[1]}x{field.shape[0]}",
            file=depth or path,
            remedy="Render both at the same size",
        )
    return Vectors(field, leads_to, name, following, away, planes.channels)


def grid(height: int, width: int) -> Field:
    """(H, W, 2): where every pixel is."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return np.dstack([columns, rows])


def sampled(values: NDArray[Any], at: Field, how: int = cv2.INTER_LINEAR) -> NDArray[Any]:
    """Values at places `at`, between pixels as `how` says; outside the last ones are repeated."""
    return np.asarray(cv2.remap(values, at[..., 0], at[..., 1], how, borderMode=cv2.BORDER_REPLICATE))


def inverse(field: Field) -> Field:
    """The field that leads back: from the frame that `field` leads to, to the one it belongs to.

    Where nothing came from here to there, behind what moved, it leads NOWHERE.
    """
    back = np.empty_like(field)
    carry.invert(np.ascontiguousarray(field), STEPS, np.float32(ROUND_TRIP), back)
    return back
