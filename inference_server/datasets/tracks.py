"""Where a shot ends, and which faces of a shot are one person's. Pure functions.

PySceneDetect would find cuts more finely, but brings a second OpenCV that overwrites ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.detector import Face

SEEN = 8  # blocks a side of what is remembered of a picture
CUT = 24.0  # codes by which the blocks of two pictures differ on average, of which one shot has fewer
JUMP = 1.5  # times what its neighbours change, least: so is a cut told from a camera that is moved fast
SAME = 0.3  # overlap (intersection by union) of boxes that are one face
PATIENCE = 2  # pictures in a row on which a face may be missed


def seen(picture: NDArray[np.uint8]) -> str:
    """What is remembered of a picture (H, W, 3): its colours in 8x8 blocks, as text."""
    return np.asarray(cv2.resize(picture, (SEEN, SEEN), interpolation=cv2.INTER_AREA), np.uint8).tobytes().hex()


def shots(pictures: Sequence[str]) -> list[int]:
    """The number of the shot, from 0, that each picture of a clip belongs to, by what is remembered of them."""
    blocks = np.array([np.frombuffer(bytes.fromhex(one), np.uint8) for one in pictures], np.float32)
    changes = np.abs(np.diff(blocks, axis=0)).mean(1) if len(pictures) > 1 else np.zeros(0)
    found, shot = [0] if pictures else [], 0
    for place, change in enumerate(changes):
        around = np.delete(changes[max(0, place - 2) : place + 3], min(place, 2))
        shot += bool(change > CUT and change > JUMP * (np.median(around) if len(around) else 0))
        found.append(shot)
    return found


def overlap(a: Face, b: Face) -> float:
    """Intersection by union of the boxes, 0 to 1."""
    across = min(a.box[0] + a.box[2], b.box[0] + b.box[2]) - max(a.box[0], b.box[0])
    down = min(a.box[1] + a.box[3], b.box[1] + b.box[3]) - max(a.box[1], b.box[1])
    both = max(0.0, across) * max(0.0, down)
    return both / max(a.box[2] * a.box[3] + b.box[2] * b.box[3] - both, 1e-9)


def linked(pictures: Sequence[Sequence[Face]]) -> list[list[int]]:
    """For each face of each picture of one shot the number of its track, from 0 in the order of appearance."""
    tracks: list[list[int]] = []
    last: dict[int, tuple[int, Face]] = {}  # track -> when and as what it was seen last
    count = 0
    for time, faces in enumerate(pictures):
        alive = {track: face for track, (when, face) in last.items() if time - when <= PATIENCE + 1}
        pairs = [(overlap(face, one), track, i) for i, one in enumerate(faces) for track, face in alive.items()]
        mine: dict[int, int] = {}
        for close, track, i in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
            if close > SAME and i not in mine and track not in mine.values():
                mine[i] = track
        for i in range(len(faces)):
            if i not in mine:
                mine[i], count = count, count + 1
        last.update({track: (time, faces[i]) for i, track in mine.items()})
        tracks.append([mine[i] for i in range(len(faces))])
    return tracks
