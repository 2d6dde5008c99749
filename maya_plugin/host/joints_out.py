"""Joints that an import has made, read from the scene as they are now: moved, constrained, corrected by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maya import cmds

from maya_plugin.core import joints_out
from maya_plugin.core.chains import LENS, PICTURE, SURE
from maya_plugin.core.contract import Changed
from maya_plugin.host import joints, scene, tracks
from shared.errors import InputRefused
from shared.tracks import write_tracks

Found = tuple[int, str, str, str]  # person, kind, file, the group


def write(file: str, camera: str) -> Changed:
    """Write everybody's joints on every frame of the scene that they have keys on; the scene does not move in time.

    Args:
        camera: shape that sees those in space; "" for none.

    Raises InputRefused. Commands: getAttr, attributeQuery, currentUnit and those of host.scene.
    """
    have = joints.tagged()
    groups = sorted((key[2], key[0], key[1], node) for key, node in have.items() if key[0] != LENS and not key[3])
    facts = scene.scene()
    frames = _frames(groups, have, (facts.fps_num, facts.fps_den))
    pictures = [joints.read(node)["picture"] for _, kind, _, node in groups if kind == PICTURE]
    if any(one != pictures[0] for one in pictures):
        raise InputRefused(
            "the joints are of pictures of several sizes", remedy="Delete those that are not to be written"
        )
    picture = joints_out.Picture(*(pictures[0] if pictures else (facts.width, facts.height, facts.pixel_aspect)))
    space = any(kind != PICTURE for _, kind, _, _ in groups)
    eye = None
    if space and camera:
        eye = joints_out.Eye([tracks.matrix(camera, frame) for frame in frames], tracks.lens(camera, frames))
    people = [_seen(group, have, frames) for group in groups]
    made = joints_out.document(people, picture, frames[0] if people else 0, frames[-1] if people else 0, eye)
    write_tracks(Path(file), made)
    return Changed(sum(len(one.joints) for one in made.people))


def _frames(groups: list[Found], have: joints.Known, rate: tuple[int, int]) -> range:
    """From the first frame to the last that somebody was given keys on, by now's rate."""
    ends: list[float] = []
    for person, kind, of, _ in groups:
        for key, node in have.items():
            given = joints.read(node).get("keys") if key[:3] == (kind, of, person) and key[3] else None
            if given is not None:
                when, by = joints.keyed(given, rate)
                ends += [one * by for one in when.span]
    return range(round(min(ends)), round(max(ends)) + 1) if ends else range(0)


def _seen(group: Found, have: joints.Known, frames: range) -> joints_out.Seen:
    person, kind, of, node = group
    own = {key[3]: one for key, one in have.items() if key[:3] == (kind, of, person) and key[3]}
    tag = joints.read(node)
    order = [name for name in tag.get("joints", ()) if name in own]
    return joints_out.Seen(
        id=person,
        title=node.rpartition("|")[2].replace(":", "_"),
        layout=str(tag.get("layout", "free")),
        bones=tuple((str(a), str(b)) for a, b in tag.get("bones", ())),
        places={name: [_place(own[name], frame) for frame in frames] for name in order},
        sure={name: _sure(own[name], frames) for name in order},
        plane=[tracks.matrix(node, frame) for frame in frames] if kind == PICTURE else None,
    )


def _place(node: str, frame: int) -> tuple[float, float, float]:
    x, y, z = tracks.matrix(node, frame)[12:15]
    return x, y, z


def _sure(node: str, frames: range) -> list[float]:
    if not cmds.attributeQuery(SURE, node=node, exists=True):
        return [1.0] * len(frames)

    def at(frame: int) -> Any:
        return cmds.getAttr(f"{node}.{SURE}", time=frame)

    return [min(1.0, max(0.0, float(at(frame)))) for frame in frames]
