"""What another program read of people in a clip, as what is read here: OpenPose's, AlphaPose's and EasyMocap's JSON.

- OpenPose writes a file a frame: {"people": [{"person_id": [-1], "pose_keypoints_2d": [x, y, confidence, ...]}]}.
- AlphaPose, and results in COCO's form, are one list: [{"image_id": "12.jpg", "keypoints": [x, y, confidence, ...],
  "idx": 3}].
- EasyMocap writes a file a frame: {"annots": [{"personID": 0, "keypoints": [[x, y, confidence], ...]}]}.

How many joints there are says which. A joint with confidence 0 is not there. Pixels are taken as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.motion.bodies import TORSO, Body, Region, evened, names_of
from inference_server.motion.following import PART, SHADES, SHORT, Sighting, linked
from inference_server.motion.reading import Read, finished
from shared.errors import InputRefused
from shared.layouts import LAYOUTS
from shared.values import Value

OTHERS = {136: "halpe26"}  # counts of joints of which the first are a layout that is known here
DRAWN = {"OpenPose": 0.1, "AlphaPose": 0.3, "EasyMocap": 0.1}  # how sure a joint is from which on it counts as seen
MOST = 100  # people of a frame
TALL = 0.3  # of what is known of a body's height: from shoulders to hips, where neither is known
FURTHEST = 1_000_000  # pixels
NOBODY = -1  # the id of somebody who has none
NUMBER = re.compile(r"\d+")

Points = NDArray[np.float64]


class Figure(Value):
    """A person of a frame. joints: (K, 3) x, y in pixels and confidence; id: NOBODY where the file does not say one."""

    joints: Points
    id: int = NOBODY


def program_of(data: Any) -> str:
    """Whose file this is, "" where that is not known."""
    if isinstance(data, dict):
        return "OpenPose" if "people" in data else "EasyMocap" if "annots" in data else ""
    return "AlphaPose" if isinstance(data, list) and (not data or "keypoints" in _table(data[0])) else ""


def figures_of(data: Any, program: str) -> list[tuple[str, Figure]]:
    """The people of a file, each with the name of their frame, "" where the file is one. Raises InputRefused."""
    if program == "AlphaPose":
        rows = [(str(_table(one).get("image_id", "")), one, "keypoints", "idx") for one in data]
    else:
        people = data.get("people" if program == "OpenPose" else "annots")
        if not isinstance(people, list) or len(people) > MOST:
            raise InputRefused(f"a frame has no list of up to {MOST} people", cause=f"It is {type(people).__name__}")
        keys = ("pose_keypoints_2d", "person_id") if program == "OpenPose" else ("keypoints", "personID")
        rows = [("", one, *keys) for one in people]
    found = []
    for frame, one, joints, identity in rows:
        points = _points(_table(one).get(joints))
        if points is not None:
            found.append((frame, Figure(points, _id(_table(one).get(identity)))))
    return found


def number_in(name: str) -> int | None:
    """The last number in the name of a frame, without its ending: 12 of "dance_000000000012_keypoints.json"."""
    numbers = NUMBER.findall(re.sub(r"\.[A-Za-z]\w*$", "", name))
    return int(numbers[-1][-9:]) if numbers else None


def layout_of(figures: Iterable[Figure]) -> str:
    """The layout of all of them. Raises InputRefused where they have several."""
    counts = sorted({len(one.joints) for one in figures})
    if len(counts) != 1:
        raise InputRefused(f"people have {' and '.join(map(str, counts))} joints", remedy="Give those of one model")
    return next(name for name, names in LAYOUTS.items() if len(names) == counts[0])


def body_of(figure: Figure, drawn: float) -> Body | None:
    """A figure as what is read of a picture; joints that are not there are nowhere and not seen. None: none are.

    drawn: how sure a joint is from which on it counts as seen.
    """
    sure = np.clip(figure.joints[:, 2], 0, 1)
    there = sure > 0
    if not there.any():
        return None
    places = _whole(figure.joints[:, :2], there)
    reach = np.abs(places[there] - places[there].mean(0)).max()
    x, y = places[there].mean(0)
    visible = evened(sure, drawn)
    square = Region(float(x), float(y), max(1.0, 2.5 * float(reach)), 0.0)
    return Body(places, visible, visible, np.full((len(places), 3), np.nan), square, float(sure[there].mean()))


def _whole(places: Points, there: NDArray[np.bool_]) -> Points:
    """Places (K, 2) where joints that are not there are beside those that are, so that a body has a size."""
    names = names_of(len(places))
    made = places.copy()
    low, high = places[there].min(0), places[there].max(0)
    size = np.array([0.0, TALL * (high[1] - low[1])])
    middles: list[Points | None] = []
    for pair in (TORSO[:2], TORSO[2:]):
        known = [names.index(name) for name in pair if there[names.index(name)]]
        middles.append(places[known].mean(0) if known else None)
    shoulders, hips = middles
    if shoulders is None:
        shoulders = hips - size if hips is not None else (low + high) / 2 - size / 2
    if hips is None:
        hips = shoulders + size
    for middle, pair in ((shoulders, TORSO[:2]), (hips, TORSO[2:])):
        for name in pair:
            if not there[names.index(name)]:
                made[names.index(name)] = middle
    others = ~there & ~np.isin(np.arange(len(names)), [names.index(name) for name in TORSO])
    made[others] = hips
    return made


def _table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InputRefused("a person is no table", cause=f"It is {type(value).__name__}")
    return value


def _points(value: Any) -> Points | None:
    """(K, 3) of a list of numbers, or of rows of three. None: of an empty list. Raises InputRefused."""
    try:
        flat = np.array(value, np.float64).ravel()
    except (TypeError, ValueError):
        flat = np.full(1, np.nan)
    if not flat.size:
        return None
    count = flat.size // 3
    if count in OTHERS:
        count, flat = len(LAYOUTS[OTHERS[count]]), flat[: 3 * len(LAYOUTS[OTHERS[count]])]
    known = [len(names) for names in LAYOUTS.values() if names]
    if isinstance(value, list) and not np.abs(flat).max() <= FURTHEST:  # nor is NaN
        what = "a person's joints are not all numbers, or are further away than any picture goes"
        raise InputRefused(what, cause=f"Allowed are up to {FURTHEST:,} pixels")
    if flat.size != 3 * count or count not in known:
        counts = ", ".join(str(one) for one in sorted([*known, *OTHERS]))
        raise InputRefused(
            "a person's joints are not x, y, confidence of joints that are known here",
            cause=f"There are {np.size(value)} values" if isinstance(value, list) else "They are no list",
            remedy=f"Known are layouts of {counts} joints",
        )
    return flat.reshape(count, 3)


def _id(value: Any) -> int:
    """A person's number, of 3, 3.0, "3" or [3]; NOBODY for anything else."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    try:
        return max(NOBODY, min(int(value), 10**6))
    except (TypeError, ValueError, OverflowError):
        return NOBODY


def read_figures(frames: Sequence[Sequence[Figure]], drawn: float, size: tuple[int, int], fps: Fraction) -> list[Read]:
    """Everybody in a clip, by the ids in the file; where it has none, by where they move, in the order of appearance.

    size: (width, height) of the pictures. No picture is looked at.
    """
    pairs = [[(one, body) for one in people if (body := body_of(one, drawn)) is not None] for people in frames]
    bodies = [[body for _, body in people] for people in pairs]
    whose = one_each([[one for one, _ in people] for people in pairs])
    least = 1.0
    if whose is None:
        none = np.zeros(SHADES[0] * SHADES[1])
        seen = [[Sighting(one.places, one.visible, one.next, one.sure, none) for one in people] for people in bodies]
        whose = linked(seen, float(fps))
        least = min(SHORT, PART * len(frames))
    found: dict[int, list[Body | None]] = {}
    for place, (people, numbers) in enumerate(zip(bodies, whose, strict=True)):
        for body, number in zip(people, numbers, strict=True):
            found.setdefault(number, [None] * len(frames))[place] = body
    long = [mine for _, mine in sorted(found.items()) if sum(one is not None for one in mine) >= least]
    return [finished(mine, size, fps) for mine in long]


def one_each(frames: Sequence[Sequence[Figure]]) -> list[list[int]] | None:
    """For each figure of each frame whose it is, by the ids in the file, from 0 in their order; None where some have
    none, or a frame has one twice."""
    if any(one.id == NOBODY for people in frames for one in people):
        return None
    if any(len({one.id for one in people}) < len(people) for people in frames):
        return None
    order = {number: place for place, number in enumerate(sorted({one.id for people in frames for one in people}))}
    return [[order[one.id] for one in people] for people in frames]
