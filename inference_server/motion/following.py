"""Who is who from frame to frame. Pure functions of what was seen.

A clip is looked at in blocks of KEY frames. On the first frame of each the whole picture is searched, and on the others
a person is read where the frame before says. Where a close search was in vain, the blocks up to the end of a group of
GROUP frames are searched for large people only. So what is seen of a frame depends on its own group alone, and a clip
that is looked at in parts, or goes on after it was interrupted, is seen the same. `linked` says afterwards who is who.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.tracks import CUT, seen, shots
from inference_server.motion.bodies import Body, Points, Region, hips_of, torso_joints, torso_of
from shared.values import Value

KEY, GROUP = 8, 16  # frames of a block, and of a group of blocks
EMPTY = 4  # of a block without anybody, every so many frames are searched, for large people
AGAIN = 2  # of one with somebody who is half hidden
READINGS = 4  # of what was found, at most, until two in a row are as near as SETTLED
SETTLED = 0.1  # torsos, between the joints (median)
LIKELY, CLEAR = 0.8, 0.5  # how sure a body is that was found, and how clearly its torso is seen, least
FEWEST = 6  # joints by which two bodies are told apart
TWICE = 0.25  # torsos between the joints (median) of two bodies that are one, read twice
SHADES = (12, 4)  # hue and saturation, of the colours that a person is known by
COLOUR = 1.5  # torsos that a person in quite another dress is worth
FURTHEST = 1.5  # torsos and colours, beyond which it is somebody else
PATIENCE = 2.0  # seconds that a person may be gone
GLIDE = 0.4  # seconds that a person who is gone is taken to move on
SHORT, PART = 6, 0.3  # frames, and part of the clip: who is seen on fewer than both is none

Pixels = NDArray[np.uint8]
T = TypeVar("T")
PLACES = 3  # digits behind the point: what was seen is kept in a file, and read back the same


class Bodies(Protocol):
    """What finds and reads people in a picture (H, W, 3) uint8, sRGB; always the joints of one layout."""

    def search(self, picture: Pixels, closely: bool) -> list[Region]:
        """closely: also for people who are small in the picture, which takes several times as long."""

    def read(self, picture: Pixels, region: Region) -> Body | None:
        """None where nobody is in the region."""


class Sighting(Value):
    """A person on one frame. places: (K, 2) pixels; visible: (K,) 0..1; next: see `Body`; colours: (48,), sum 1."""

    places: Points
    visible: NDArray[np.float64]
    next: Region
    sure: float
    colours: NDArray[np.float64]

    @property
    def hips(self) -> Points:
        return hips_of(self.places)

    @property
    def shoulders(self) -> Points:
        """(2,): the middle of the shoulders."""
        middle: Points = self.places[torso_joints(len(self.places))[:2]].mean(0)
        return middle

    @property
    def torso(self) -> float:
        """Pixels, at least one."""
        return max(1.0, torso_of(self.places))

    @property
    def row(self) -> dict[str, Any]:
        """Plain data that `sighting_of` reads back."""
        region = [self.next.x, self.next.y, self.next.side, self.next.angle]
        numbers = {"places": self.places, "visible": self.visible, "colours": self.colours}
        return {"next": region, "sure": self.sure, **{name: value.tolist() for name, value in numbers.items()}}


def sighting_of(row: dict[str, Any]) -> Sighting:
    region = Region(*row["next"])
    places, visible, colours = (np.array(row[name], np.float64) for name in ("places", "visible", "colours"))
    return Sighting(places, visible, region, row["sure"], colours)


class Look(Value):
    """What was seen of a frame.

    unsure: whether there may be somebody more, who is half hidden. vain: whether the last close search of its group
    found nobody, and nobody was seen since.
    """

    people: tuple[Sighting, ...] = ()
    unsure: bool = False
    vain: bool = False

    @property
    def row(self) -> dict[str, Any]:
        """Plain data that `look_of` reads back."""
        return {"people": [one.row for one in self.people], "unsure": self.unsure, "vain": self.vain}


def look_of(row: Mapping[str, Any]) -> Look:
    return Look(tuple(sighting_of(one) for one in row["people"]), row["unsure"], row["vain"])


def looked(number: int, picture: Pixels, before: Mapping[str, Any] | None, bodies: Bodies) -> dict[str, Any]:
    """What was seen of a frame as plain data: "seen", what is remembered of its colours, and all of a `Look`.

    before: the same of the frame before; None on a group's first.
    """
    now = seen(picture)
    known = Look() if before is None else look_of(before)
    cut = before is None or changed(before["seen"], now)
    return {"seen": now, **look(number, known, cut, picture, bodies).row}


def look(number: int, before: Look, cut: bool, picture: Pixels, bodies: Bodies) -> Look:
    """The people on a frame.

    number: of the frame, from the clip's beginning. before: what was seen of the frame before. cut: whether it is the
    first of a shot.
    """
    fresh = cut or number % KEY == 0
    known = () if fresh else before.people
    found = _apart([bodies.read(picture, one.next) for one in known], [], picture)
    unsure = before.unsure and not fresh
    vain = before.vain and not cut and number % GROUP != 0
    missed = len(found) < len(known) or (unsure and number % AGAIN == 0)
    if fresh or missed or (not known and number % EMPTY == 0):
        closely = missed or (fresh and not vain)
        looked = [_settled(picture, region, bodies) for region in bodies.search(picture, closely)]
        found = _apart([body for body, _ in looked], found, picture)
        unsure = bool(found) and any(body is None and likely for body, likely in looked)
        vain = (closely or vain) and not found
    return Look(tuple(found), unsure, vain)


def _settled(picture: Pixels, region: Region, bodies: Bodies) -> tuple[Body | None, bool]:
    """The body in a region that was found, None where there is none; and whether one was likely.

    Read again where it says that it is, a body is read the same, and what only looks like one falls apart.
    """
    last: Body | None = None
    for _ in range(READINGS):
        body = bodies.read(picture, region if last is None else last.next)
        if body is None or body.visible[torso_joints(len(body.visible))].mean() < CLEAR:
            return None, last is not None and last.sure > LIKELY
        if last is not None and apart(body.places, last.places, max(1.0, body.torso)) < SETTLED and body.sure > LIKELY:
            return body, True
        last = body
    return None, last is not None and last.sure > LIKELY


def changed(before: str, now: str) -> bool:
    """Whether another shot begins, by what `datasets.tracks.seen` remembers of two frames."""
    one, other = (np.frombuffer(bytes.fromhex(text), np.uint8).astype(np.float32) for text in (before, now))
    return bool(np.abs(one - other).mean() > CUT)


def _apart(read: Sequence[Body | None], found: list[Sighting], picture: Pixels) -> list[Sighting]:
    """Those found before and those read now, each body once."""
    found = list(found)
    for body in read:
        if body is not None:
            one = sighting(body, picture)
            if not any(_same(one, other, picture) for other in found):
                found.append(one)
    return found


def _same(one: Sighting, other: Sighting, picture: Pixels) -> bool:
    """Whether two readings are of one body, by the joints in the picture: of half a figure the rest is guessed."""
    both = np.stack([one.places, other.places])
    inside: NDArray[np.bool_] = np.all((both >= 0) & (both <= picture.shape[1::-1]), (0, 2))
    if inside.sum() < FEWEST:
        inside[:] = True
    return apart(one.places[inside], other.places[inside], max(one.torso, other.torso)) <= TWICE


def apart(one: Points, other: Points, torso: float) -> float:
    """Torsos between two bodies: the median of their joints."""
    return float(np.median(np.hypot(*(one - other).T))) / torso


def sighting(body: Body, picture: Pixels) -> Sighting:
    """What was read of a picture (H, W, 3), with the colours of the torso."""
    r = body.next
    region = Region(*(round(value, PLACES + 3) for value in (r.x, r.y, r.side, r.angle)))
    colours = _colours(picture, body.places)
    return Sighting(body.places.round(PLACES), body.visible.round(4), region, round(body.sure, 4), colours.round(4))


def _colours(picture: Pixels, places: Points) -> NDArray[np.float64]:
    """How much of the torso has each hue and saturation: (48,), sum 1; all 0 where it is outside the picture."""
    corners = places[torso_joints(len(places))]
    low = np.floor(corners.min(0)).astype(int).clip(0)
    high = np.ceil(corners.max(0)).astype(int).clip(0, picture.shape[1::-1])
    if (high - low < 2).any():
        return np.zeros(SHADES[0] * SHADES[1])
    part = np.ascontiguousarray(picture[low[1] : high[1], low[0] : high[0]])
    inside = np.zeros(part.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull((corners - low).astype(np.int32)), 1)
    hues = cv2.cvtColor(part, cv2.COLOR_RGB2HSV)[inside > 0]
    counts = np.histogram2d(hues[:, 0], hues[:, 1], SHADES, ((0, 180), (0, 256)))[0].ravel()
    return np.asarray(counts / max(1.0, counts.sum()), np.float64)


def linked(frames: Sequence[Sequence[Sighting]], fps: float) -> list[list[int]]:
    """For each person on each frame of one shot the number of their track, from 0 in the order of appearance.

    Of all pairs of a person and a track the nearest is taken first: by the distance of their joints from where the
    track is taken to have moved, in torsos, and by their colours.
    """
    found: list[list[int]] = []
    tracks: list[list[tuple[int, Sighting]]] = []
    for time, people in enumerate(frames):
        alive = {i: track for i, track in enumerate(tracks) if time - track[-1][0] <= PATIENCE * fps}
        pairs = sorted(
            (_unlike(one, track, time, fps), number, place)
            for place, one in enumerate(people)
            for number, track in alive.items()
        )
        mine: dict[int, int] = {}
        for cost, number, place in pairs:
            if cost < FURTHEST and place not in mine and number not in mine.values():
                mine[place] = number
        for place, one in enumerate(people):
            if place not in mine:
                mine[place] = len(tracks)
                tracks.append([])
            tracks[mine[place]].append((time, one))
        found.append([mine[place] for place in range(len(people))])
    return found


def followed(
    shown: Sequence[str], frames: Sequence[Sequence[T]], link: Callable[[Sequence[Sequence[T]]], list[list[int]]]
) -> list[list[tuple[int, T]]]:
    """Each person of a clip, in the order of appearance, with the places of the frames on which they are seen.

    shown: what is remembered of each frame (`datasets.tracks.seen`); a cut makes everybody somebody new. link: says of
    the frames of one shot who is who, as `linked` does. Who is seen on a few frames only is a mistake of the network.
    """
    where: dict[int, list[tuple[int, T]]] = defaultdict(list)
    before = 0
    numbers = shots(shown)
    for shot in range(numbers[-1] + 1):
        mine = [place for place, one in enumerate(numbers) if one == shot]
        found = link([frames[place] for place in mine])
        for place, people in zip(mine, found, strict=True):
            for one, number in zip(frames[place], people, strict=True):
                where[before + number].append((place, one))
        before += max((number + 1 for people in found for number in people), default=0)
    least = min(SHORT, PART * len(frames))
    return [mine for _, mine in sorted(where.items()) if len(mine) >= least]


def _unlike(one: Sighting, track: list[tuple[int, Sighting]], time: int, fps: float) -> float:
    """How unlike a person is to a track: 0 for the same at the place where it is expected."""
    last_time, last = track[-1]
    first_time, first = track[max(0, len(track) - 4)]
    speed = (last.places - first.places).mean(0) / max(1, last_time - first_time)
    gone = time - last_time
    expected = last.places + speed * min(gone, GLIDE * fps)
    away = apart(one.places, expected, last.torso)
    if gone > 1:  # nobody knows which way somebody went who was not seen
        away /= math.sqrt(gone)
    colours = np.median([seen.colours for _, seen in track[-12:]], 0)
    return away + COLOUR * unlike_colours(one.colours, colours)


def unlike_colours(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """0 for the same to 1 (Bhattacharyya's distance of histograms); 0 where one of them is not known."""
    whole = math.sqrt(float(one.sum() * other.sum()))
    return math.sqrt(max(0.0, 1 - float(np.sqrt(one * other).sum()) / whole)) if whole > 0 else 0.0
