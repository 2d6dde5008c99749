"""The files that poses are delivered as, and poses that are solved once more of what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from inference_server.motion.bvh import bvh_of
from inference_server.motion.solving.people import of_poses
from inference_server.motion.solving.solve import FILM, Ask, solve
from inference_server.motion.usd import usd_of
from shared.errors import InputRefused
from shared.poses import Poses, text_of
from shared.tracks import Tracks


def files_of(poses: Poses, name: str) -> dict[str, str]:
    """Their content, ASCII, by name: poses, stage, then a BVH file for each person.

    Raises InputRefused for poses that are too large for a file.
    """
    fps = poses.fps_num / poses.fps_den
    return {
        f"{name}.poses.json": text_of(poses),
        f"{name}.usda": usd_of(poses),
        **{f"{name}.person_{one.id}.bvh": bvh_of(one, fps) for one in poses.people},
    }


def asked(poses: Poses) -> Ask:
    """What these were solved by."""
    lens = poses.camera.focal[0] * FILM / poses.camera.film if poses.lens_from == "artist" else 0.0
    heights = {one.id: one.height for one in poses.people if one.height_from == "artist"}
    return Ask(heights, lens, poses.feet, poses.smoothing)


def solved_again(poses: Poses, tracks: Tracks, ask: Ask, camera: Tracks | None) -> tuple[Poses, list[str]]:
    """Of what was measured, otherwise; and notes.

    tracks: of the same people. camera: tracks with the one that saw them, of their frames; None: it is not known.
    Raises InputRefused where nothing measured is in the file, or these are not of the same people, frames and picture.
    """
    people = of_poses(poses)
    if not people:
        raise InputRefused("it holds no measured points, of which skeletons are solved")
    lacking = sorted({one.id for one in people} - {one.id for one in tracks.people})
    if lacking or (tracks.first, tracks.last) != (poses.first, poses.last):
        raise InputRefused(
            f"its tracks file is of frames {tracks.first} to {tracks.last} and people"
            f" {', '.join(str(one.id) for one in tracks.people)}, it is of {poses.first} to {poses.last} and people"
            f" {', '.join(str(one.id) for one in people)}",
            remedy="Keep the two that were delivered together",
        )
    if camera is not None:
        if camera.first > poses.first or camera.last < poses.last:
            raise InputRefused(
                f"the camera is known from {camera.first} to {camera.last}, people from {poses.first} to {poses.last}",
                remedy="Write it for all of their frames",
            )
        if abs(camera.width * poses.height - camera.height * poses.width) > max(camera.height, poses.height):
            raise InputRefused(
                f"the camera is of a picture of {camera.width}x{camera.height}, they are in one of"
                f" {poses.width}x{poses.height}, of another shape",
                remedy="Write it for the picture that people were read of",
            )
    made, notes = solve(people, tracks, camera, (poses.fps_num, poses.fps_den), ask, poses.model)
    if made is None:
        raise InputRefused("; ".join(notes))
    return replace(made, tracks=poses.tracks), notes


def camera_of(poses: Poses, tracks: Tracks) -> Tracks | None:
    """Tracks with the camera in whose space these stand; None where that is unknown."""
    if poses.space != "world":
        return None
    return replace(tracks, up="y", centimetres=1.0, camera=poses.camera, people=())


def with_heights(ask: Ask, heights: Mapping[int, float | None]) -> Ask:
    """Some people's heights said anew; None as read."""
    known = ask.height if isinstance(ask.height, Mapping) else {}
    return replace(ask, height={who: cm for who, cm in {**known, **heights}.items() if cm is not None})
