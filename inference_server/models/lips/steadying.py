"""Where a followed face is on every frame, steadily, and how much of a new mouth is to be shown there. Pure functions.

What is said of a frame depends on those within a finite window alone, equally on both sides: it neither leads nor lags.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.crops import steadied
from inference_server.models.faces import mesh
from inference_server.models.lips.following import MISSED, runs
from inference_server.models.lips.looking import Look
from shared.values import Value

DEVIATION = 1.0  # frames, of the Gaussian that steadies what was found
LONGER = 0.06  # of its height, that a box of the detector is longer below: it ends above chins
OUTLINE = (*mesh.OVAL, mesh.UNDER_NOSE, mesh.OVER_LIP)  # points of the mesh that a mask is made of
FADE = 3  # frames over which a mouth comes and goes beside those on which it is not shown
SEEN, FOLLOWED, UNSURE, OCCLUDED, TURNED, SILENT, GONE = range(7)
WORDS = ("seen", "followed", "unsure", "occluded", "turned", "silent", "gone")  # of the states, in deliveries
HIDDEN = (OCCLUDED, TURNED, SILENT, GONE)  # the plate is shown

Points = NDArray[np.float64]
Box = Callable[[Points], list[float]]  # left, top, right, bottom, of the points of a mesh


class Steady(Value):
    """One face on N frames, in pixels of the picture.

    places: (N,) of the frames in the clip; boxes: (N, 4) left, top, right, bottom; points: (N, 5, 2) as the detector's;
    outlines: (N, 38, 2) the points OUTLINE of the mesh, where `meshed` (N,) says so: it is believed there, or so near
    that an edge that came and went would be seen; states: (N,); sure: (N,) that a face is there, 0..1.
    """

    places: NDArray[np.int64]
    boxes: Points
    points: Points
    outlines: Points
    meshed: NDArray[np.bool_]
    states: NDArray[np.uint8]
    sure: Points


def steady(looks: Mapping[int, Look], covered: Collection[int], box: Box) -> list[Steady]:
    """A face of one shot in runs, cut where it was away: in between nothing is known of it.

    looks: at it, by place; covered: the places on which something is before its mouth; box: what of it a
    network knows.
    """
    return [_run({place: looks[place] for place in run}, covered, box) for run in runs(looks)]


def _run(looks: dict[int, Look], covered: Collection[int], box: Box) -> Steady:
    places = list(looks)
    wanted = list(range(places[0], places[-1] + 1))
    believed = [place for place, one in looks.items() if one.sure]
    rows = np.concatenate(
        [_boxes(looks, believed, box), np.array([one.face.points for one in looks.values()]).reshape(len(looks), 10)], 1
    )
    made = steadied(places, rows, wanted, DEVIATION)
    outlines = np.zeros((len(wanted), len(OUTLINE), 2))
    if believed:
        found = np.array([looks[place].mesh.points[list(OUTLINE)] for place in believed]).reshape(len(believed), -1)
        outlines = steadied(believed, found, wanted, DEVIATION).reshape(outlines.shape)
    return Steady(
        places=np.array(wanted),
        boxes=made[:, :4],
        points=made[:, 4:].reshape(-1, 5, 2),
        outlines=outlines,
        meshed=np.array([any(abs(place - one) <= MISSED for one in believed) for place in wanted]),
        states=np.array([_state(looks.get(place), place in covered) for place in wanted], np.uint8),
        sure=np.interp(wanted, places, [one.mesh.sure for one in looks.values()]),
    )


def _state(found: Look | None, covered: bool) -> int:
    if found is None:
        return FOLLOWED
    if found.turned:
        return TURNED
    if covered:
        return OCCLUDED
    return SEEN if found.sure else UNSURE


def _boxes(looks: Mapping[int, Look], believed: Sequence[int], box: Box) -> Points:
    """(N, 4): by the mesh; where that is not believed, of the detector's box what it is of it on the other frames."""
    given = np.array([one.face.box for one in looks.values()])
    corner, size = np.tile(given[:, :2], 2), np.tile(given[:, 2:], 2)
    if not believed:
        return np.asarray(corner + size * (0, 0, 1, 1 + LONGER), np.float64)
    read = {place: box(looks[place].mesh.points) for place in believed}
    row = [place in read for place in looks]
    share = np.median((np.array(list(read.values())) - corner[row]) / size[row], 0)
    made = corner + size * share
    made[row] = list(read.values())
    return np.asarray(made, np.float64)


def shown(states: NDArray[np.uint8], shots: Sequence[int]) -> NDArray[np.float64]:
    """(N,) of a new mouth, 0..1: it fades over FADE frames beside those on which it is hidden, but for cuts.

    states: (N,) of all frames in order; shots: the number of each.
    """
    numbers, hidden = np.array(shots), np.isin(states, HIDDEN)
    made = np.where(hidden, 0.0, 1.0)
    for place in np.flatnonzero(~hidden):
        for apart in range(1, FADE + 1):
            near = [other for other in (place - apart, place + apart) if 0 <= other < len(states)]
            if any(hidden[other] and numbers[other] == numbers[place] for other in near):
                made[place] = apart / (FADE + 1)
                break
    return made
