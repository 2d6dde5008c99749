"""The camera of a poses file as nodes: through it skeletons lie on the picture. Pure: no maya, no Qt."""

from __future__ import annotations

from pathlib import Path

from maya_plugin.core import turns
from maya_plugin.core.chains import ANGLE, LENGTH, LENS, Chain, Channel, Link, Numbers, file_key, three
from maya_plugin.core.skeletons import UPRIGHT
from maya_plugin.core.tracks import HORIZONTAL, INCH
from shared.poses import Poses


def chain(poses: Poses, file: Path, up: str = "y") -> Chain:
    """A transform that moves as the file's camera does, and the camera's shape below it; `up` is the scene's axis."""
    camera, key = poses.camera, file_key(file)
    matrices = camera.matrix
    places = [tuple(one[12:15]) for one in matrices]
    rows = [tuple((one[at], one[at + 1], one[at + 2]) for at in (0, 4, 8)) for one in matrices]
    moving = (*three("translate", places, LENGTH), *three("rotate", turns.followed(rows, "xyz"), ANGLE))
    return Chain(
        of=key,
        id=0,
        kind=LENS,
        title=f"the camera of {key}",
        group=f"{key}_seen",
        first=poses.first,
        last=poses.last,
        links=(
            Link("stand", "", moving, node=f"{key}_camera", type="transform"),
            Link(
                "lens",
                "stand",
                (Channel("focalLength", camera.focal),),
                node=f"{key}_cameraShape",
                type="camera",
                still=_film(poses),
            ),
        ),
        up=UPRIGHT if up == "z" else (),
    )


def _film(poses: Poses) -> dict[str, Numbers]:
    """Of Maya's camera: inches, the offsets to the right and up; the width of the picture covers the film."""
    camera = poses.camera
    wide, ratio = camera.film / INCH, poses.width / poses.height * poses.pixel_aspect
    x, y = camera.centre or (poses.width / 2, poses.height / 2)
    return {
        "filmFit": (float(HORIZONTAL),),
        "horizontalFilmAperture": (wide,),
        "verticalFilmAperture": (wide / ratio,),
        "horizontalFilmOffset": ((0.5 - x / poses.width) * wide,),
        "verticalFilmOffset": ((y / poses.height - 0.5) * wide / ratio,),
    }
