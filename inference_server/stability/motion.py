"""Motion passes: where the surface under every pixel was a frame before, and where it will be in the next.

Renderers agree neither on the direction in time nor on which way is up, so a convention has a name in shot.json, and
every one is tried on the labels: the label pass of one frame, moved by the motion, must be that of the other. What
does not fit is refused with the convention that would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.stability import carry
from shared.errors import InputRefused
from shared.passes.exr import read_exr
from shared.shot import near

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
# By a channel's last words: which convention, and the channels of x and y. Blender: Vector.XY leads to the previous
# frame, ZW comes from the next one; Arnold: the AOV motionvector leads from shutter open to close.
KNOWN = (
    (("vector.x", "vector.y"), "to-previous-up"),
    (("motionvector.r", "motionvector.g"), "to-next-up"),
    (("motionvector.x", "motionvector.y"), "to-next-up"),
    (("motion.x", "motion.y"), "to-next-up"),
    (("u", "v"), "to-next-up"),
    (("r", "g"), "to-next-up"),
)
DEPTHS = ("depth.z", "z", "depth.v", "depth.r", "depth", "r", "y")
STEPS = 8  # at most, of the search that inverts a field
ROUND_TRIP = 0.5  # pixels by which there and back may differ
MOVES = 0.3  # pixels; less is no test of a convention
LESS = 0.003  # share of agreeing pixels by which a convention may be behind the best one


@dataclass(frozen=True)
class Seen:
    """What the renderer knows of one frame; depth grows away from the camera."""

    ids: Ids
    depth: Plane | None


@dataclass(frozen=True)
class Vectors:
    """A motion pass as it is in the file: one convention's field, the next frame's where the file has both, depth."""

    field: Field
    leads_to: int  # -1 the previous frame, 1 the next
    convention: str
    next: Field | None
    depth: Plane | None


def read_vectors(path: Path, convention: str | None = None, depth: Path | None = None) -> Vectors:
    """A frame's motion pass. Raises InputRefused where no channel is known or a convention has no such name."""
    if convention is not None and convention not in CONVENTIONS:
        raise InputRefused(
            f'"{convention}" is no convention of motion passes',
            cause=near(convention, CONVENTIONS),
            remedy=f"Allowed: {', '.join(CONVENTIONS)}",
        )
    channels = _channels(path)
    for ends, usual in KNOWN:
        found = [_ending(channels, end) for end in ends]
        across, down = found
        if across is not None and down is not None:
            name = convention or usual
            break
    else:
        raise InputRefused(
            "no motion vectors were found",
            file=path,
            cause=f"The channels are {', '.join(sorted(channels)[:12])}",
            remedy="Render Blender's Vector pass, Arnold's motionvector, or channels named motion.X and motion.Y",
        )
    leads_to, (sign_x, sign_y) = CONVENTIONS[name]
    following = None
    if usual == "to-previous-up":
        z, w = _ending(channels, "vector.z"), _ending(channels, "vector.w")
        if z is not None and w is not None and (z.any() or w.any()):
            following = np.dstack([-z, w])
    field = np.dstack([across * np.float32(sign_x), down * np.float32(sign_y)])
    if not np.isfinite(field).all():
        raise InputRefused("the motion pass holds values that are no numbers", file=path, remedy="Render it again")
    away = read_depth(depth) if depth is not None else _ending(channels, "depth.z")
    if away is not None and away.shape != field.shape[:2]:
        raise InputRefused(
            f"the depth pass is {away.shape[1]}x{away.shape[0]}, the motion {field.shape[1]}x{field.shape[0]}",
            file=depth or path,
            remedy="Render both at the same size",
        )
    return Vectors(field, leads_to, name, following, away)


def _channels(path: Path) -> dict[str, Plane]:
    return {
        name.lower(): np.asarray(pixels, np.float32)
        for part in read_exr(path)
        for name, pixels in part.channels.items()
    }


def _ending(channels: Mapping[str, Plane], end: str) -> Plane | None:
    found = [name for name in channels if name == end or name.endswith("." + end)]
    return channels[min(found, key=len)] if found else None


def read_depth(path: Path) -> Plane:
    """A depth pass (H, W), as the renderer wrote it, away from the camera. Raises InputRefused."""
    channels = _channels(path)
    for end in DEPTHS:
        found = _ending(channels, end)
        if found is not None:
            return found
    raise InputRefused("no depth was found", file=path, cause=f"The channels are {', '.join(sorted(channels)[:12])}")


def grid(height: int, width: int) -> Field:
    """(H, W, 2): where every pixel is."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return np.dstack([columns, rows])


def sampled(values: NDArray[Any], at: Field, how: int = cv2.INTER_LINEAR) -> NDArray[Any]:
    """Values at places `at`, between pixels as `how` says; outside the last ones are repeated."""
    return np.asarray(cv2.remap(values, at[..., 0], at[..., 1], how, borderMode=cv2.BORDER_REPLICATE))


def inverse(field: Field) -> Field:
    """The field that leads back: from the frame that `field` leads to, to the one it belongs to.

    Where nothing came from here to there, behind what moved, the vector leads far out of the frame, and
    nobody trusts it.
    """
    back = np.empty_like(field)
    carry.invert(np.ascontiguousarray(field), STEPS, np.float32(ROUND_TRIP), back)
    return back


def agreement(ids: Ids, other: Ids, field: Field) -> tuple[float, int]:
    """Share of the moving pixels of `ids` whose class is that of the pixel of `other` they lead to, and their number.

    Pixels in the middle of classes cannot tell; those within 3 pixels of a border count alone.
    """
    kernel = np.ones((7, 7), np.uint8)
    border = cv2.erode(ids, kernel) != cv2.dilate(ids, kernel)
    where = border & (np.abs(field).max(2) > MOVES)
    same = sampled(other, grid(*ids.shape) + field, cv2.INTER_NEAREST) == ids
    count = int(where.sum())
    return (float(same[where].mean()) if count else 1.0), count


def check_convention(vectors: Vectors, ids: Ids, previous: Ids | None, following: Ids | None, path: Path) -> None:
    """Try every convention on the labels. Raises InputRefused where another one fits them better.

    previous, following: labels of the neighbouring frames; a convention is tried where its neighbour is there.
    """
    sign = np.array(CONVENTIONS[vectors.convention][1], np.float32)
    raw = vectors.field * sign  # a sign is its own inverse
    shares = {}
    for name, (leads_to, signs) in CONVENTIONS.items():
        other = previous if leads_to < 0 else following
        if other is not None:
            share, count = agreement(ids, other, raw * np.array(signs, np.float32))
            if count < 200:
                return
            shares[name] = share
    if vectors.convention not in shares:
        return
    best = max(shares, key=lambda name: shares[name])
    if shares[best] - shares[vectors.convention] > LESS:
        raise InputRefused(
            f'the motion pass does not move the labels as "{vectors.convention}" says',
            file=path,
            cause=f"{shares[vectors.convention]:.1%} of the moving edges stay on their class,"
            f' {shares[best]:.1%} as "{best}"',
            remedy=f'Write "motion_is": "{best}" into the layer of shot.json, if the renderer means that',
        )
