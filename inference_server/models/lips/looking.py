"""What is seen of one face on one frame: its mesh, what colour its skin is, and what that says. Pure but for the mesh.

The mesh is read from the frame alone, in the square that its own detector finds around a face that is followed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.detector import Face, face_of
from inference_server.models.blaze import warped
from inference_server.models.faces import mesh
from inference_server.motion.bodies import Region
from shared.values import Value

AROUND = 2.2  # longer sides of a face's box: the square in which its own detector looks
LIKE_ITS_OWN = (0.08, 1.05)  # where that finds nothing: below the middle by heights of the box, and by its width
SIDE, SOFT = 192, 2.0  # of the square whose colours are taken, and of the Gaussian before, pixels
SURE = 0.0  # odds of a mesh from which on it is believed
APART = 0.3  # widths that a mesh and the five points of the detector may differ in the mean
TURNED = 40.0  # degrees, as the mesh reads them (some 55 in truth), from which on a face is a profile
NARROW = 0.28  # widths of the box between the eyes, below which it is one too
OTHER = 0.13  # of a colour, 0..1, from which on it is another
COVERED, A_DEGREE = 0.25, 0.008  # of the lower face has another colour with something before it; turning changes some
FALL = 0.85  # of the odds that the face has elsewhere in the shot
SURER = 2 / 3  # of a shot's frames are less sure than those that say how the face looks
FIVE = ((33, 133), (362, 263), (1,), (61,), (291,))  # where the five points of the detector are in the mesh

Pixels = NDArray[np.uint8]


class Reader(Protocol):
    def search(self, picture: Pixels, region: Region | None = None) -> list[mesh.Found]: ...
    def read(self, picture: Pixels, region: Region) -> mesh.Mesh: ...


class Look(Value):
    """One face on one frame. colours: (468, 3) of the picture at the points of the mesh, 0..1."""

    face: Face
    mesh: mesh.Mesh
    colours: NDArray[np.float32]

    @property
    def row(self) -> dict[str, Any]:
        """Plain data that `look_of` reads back: numbers with all their digits, colours as codes."""
        read = {"points": self.mesh.points.tolist(), "depth": self.mesh.depth.tolist(), "odds": self.mesh.odds}
        return {"face": self.face.row, **read, "colours": np.rint(self.colours * 255).astype(int).tolist()}

    @property
    def sure(self) -> bool:
        """Whether the mesh is believed: it says so itself, and lies where the detector saw eyes, nose and mouth."""
        five = np.array([self.mesh.points[list(some)].mean(0) for some in FIVE])
        apart = np.hypot(*(five - np.array(self.face.points)).T).mean()
        return self.mesh.odds > SURE and bool(apart < APART * self.face.box[2])

    @property
    def turned(self) -> bool:
        """Whether it is a profile."""
        (ax, ay), (bx, by) = self.face.points[:2]
        narrow = float(np.hypot(bx - ax, by - ay)) < NARROW * self.face.box[2]
        return narrow or abs(self.mesh.yaw) > TURNED


def look_of(row: Mapping[str, Any]) -> Look:
    read = mesh.Mesh(np.array(row["points"]), np.array(row["depth"]), row["odds"])
    return Look(face_of(row["face"]), read, np.array(row["colours"], np.float32) / np.float32(255))


def look(reader: Reader, picture: Pixels, face: Face) -> Look:
    """At a face that was followed, in a picture (H, W, 3) sRGB."""
    x, y, width, height = face.box
    middle = x + width / 2, y + height / 2
    found = reader.search(picture, Region(*middle, AROUND * max(width, height), 0.0))
    own = [
        one for one in found if abs(one.region.x - middle[0]) < width / 2 and abs(one.region.y - middle[1]) < height / 2
    ]
    if own:
        region = own[0].region
    else:
        lower, wide = LIKE_ITS_OWN
        region = mesh.region_of(middle[0], middle[1] + lower * height, wide * width, np.array(face.points[:2]))
    read = reader.read(picture, region)
    return Look(face, read, _colours(picture, region, read.points))


def _colours(picture: Pixels, region: Region, points: NDArray[np.float64]) -> NDArray[np.float32]:
    seen = cv2.GaussianBlur(warped(picture, region, SIDE, cv2.BORDER_REPLICATE), (0, 0), SOFT)
    inside = ((points - (region.x, region.y)) @ region.turn / region.side + 0.5) * SIDE - 0.5
    x, y = (inside[:, None, axis].astype(np.float32) for axis in (0, 1))
    found = cv2.remap(seen, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found[:, 0].astype(np.float32) / 255, np.float32)


def covered(looks: Mapping[int, Look]) -> set[int]:
    """The frames of a shot on which something is before the mouth of a face: a hand, a microphone.

    looks: of one face, by the frame's place. Two things tell it: the lower half has another colour than on the frames
    on which the network is surest that it is a face, as in a shadow; and it is less sure, as of a face that turns. What
    is before it on all frames is not noticed.
    """
    if len(looks) < 2:
        return set()
    odds = np.array([one.mesh.odds for one in looks.values()])
    colours = np.array([one.colours for one in looks.values()])  # (n, 468, 3)
    clear = odds >= np.quantile(odds, SURER)
    lower = _lower([one for one, good in zip(looks.values(), clear, strict=True) if good])
    usual = np.median(colours[clear], 0)
    light = (usual[~lower] + 0.02).mean(0) / (colours[:, ~lower] + 0.02).mean(1)  # (n, 3)
    other = np.abs(colours * light[:, None] - usual).max(2)[:, lower] > OTHER
    turned = np.array([abs(one.mesh.yaw) for one in looks.values()])
    found = (other.mean(1) - A_DEGREE * turned > COVERED) & (odds < FALL * np.median(odds[clear]))
    return {place for place, one in zip(looks, found, strict=True) if one}


def _lower(looks: Sequence[Look]) -> NDArray[np.bool_]:
    """(468,) which points of a mesh are below the nose and not inside the mouth."""
    down = [one.mesh.points[mesh.CHIN] - one.mesh.points[mesh.FOREHEAD] for one in looks]
    below = [(one.mesh.points - one.mesh.points[mesh.UNDER_NOSE]) @ way for one, way in zip(looks, down, strict=True)]
    lower = np.asarray(np.median(below, 0) > 0)
    lower[list(mesh.INNER_LIPS)] = False
    return lower
