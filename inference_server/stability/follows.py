"""Whether motion and depth are what they are said to be: the labels of two frames are the witnesses.

A pixel whose vector leads to another class in the other frame is a contradiction, unless something of that class was
led there too and hides it. Standing still contradicts every label that moves; that is the measure: the share of those
contradictions which a pass leaves over. The renderer's own motion leaves 14 to 27 % (what is uncovered, and half pixels
at outlines), half of it 51 to 68 %, no motion 100 %, the wrong direction more than 120 % (ride and crane, 640x360).
What hides a surface must be nearer than it: that is the witness of depth.

The directions in time have different uncovered edges, so only what leads to the same frame is compared pixel by pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference_server.stability.flow import flow
from inference_server.stability.motion import CONVENTIONS, NOWHERE, Field, Ids, Plane, Vectors
from shared.errors import InputRefused
from shared.label_set import NOTHING
from shared.passes.data_pass import FAR
from shared.values import Value

ENOUGH = 100  # pixels that stand against something, for a verdict
GOOD = 0.35  # share left over that is not asked about any further
FITS = 0.45  # share left over by a convention that is worth naming
HOPELESS = 0.6  # share left over by the best of all: a cut, or labels that flicker, and no test of motion
ALIKE = 0.9  # of two conventions that lead to the same frame the one behind leaves over more than 1 / ALIKE
CLEARLY = 0.6  # the same for what leads to different frames or has another length
SHIFTED = 0.75  # as CLEARLY, for vectors of the frame beside; right ones leave over half of what those do
SLACK = 0.02  # of a share left over, that is chance
MOST_PIXELS = 2**19  # of a frame that is looked at; larger ones are thinned out
NOTHING_MOVES = 1e-4  # pixels
SAME_DEPTH = 0.03  # relative, as `carry` follows a surface
INVERTED = 0.35  # share of what hides that is nearer; 80 to 90 % where depth is right, 10 to 20 % inverted
KEEPS = 0.75  # share of surfaces that keep their depth; 98 % where it is right, 70 % with the depth of another place


ENCODED = "It is a picture from 0 to 1 in which 0.5 means no motion"
# What else vectors may be, in words, and as vectors to scale.
ENCODINGS: dict[str, Callable[[Field], Field]] = {
    "": lambda raw: raw,
    ENCODED: lambda raw: raw - np.float32(0.5),
    "Its x and y are exchanged": lambda raw: raw[..., ::-1],
}


class Witness(Value):
    """A frame's motion with the layer's own labels (NOTHING outside) there and in the frames beside it."""

    frame: int
    vectors: Vectors
    ids: Ids
    beside: Mapping[int, Ids]  # -1 and 1


class Landing(Value):
    """Where pixels are led to: place (flat) in the other frame; what is inside it, fits, is hidden, contradicts."""

    place: NDArray[np.int32]
    inside: NDArray[np.bool_]
    fits: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    against: NDArray[np.bool_]


def landing(ids: Ids, other: Ids, field: Field) -> Landing:
    """Follow every pixel of a layer (H, W) to the other frame."""
    height, width = ids.shape
    rows, columns = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)
    x, y = np.rint(columns + field[..., 0]), np.rint(rows + field[..., 1])
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    place = np.where(inside, y, 0).astype(np.int32) * width + np.where(inside, x, 0).astype(np.int32)
    fits = inside & (other.ravel()[place] == ids)
    reached = np.zeros(ids.size, bool)
    reached[place[fits]] = True
    off = inside & ~fits & (ids != NOTHING)
    return Landing(place, inside, fits, off & reached[place], off & ~reached[place])


def against(ids: Ids, other: Ids, field: Field) -> int:
    """Pixels of a frame that contradict a motion; all that change where it leads most of them out of the picture."""
    led = landing(ids, other, field)
    own = ids != NOTHING
    lost = np.count_nonzero(led.inside & own) < np.count_nonzero(own) / 2
    return len(np.flatnonzero(own & (ids != other) if lost else led.against))


def explained(witnesses: Iterable[Witness], file: Path) -> float | None:
    """The share of how the labels move that the pass explains; None where nothing moves enough to tell.

    Raises InputRefused where another convention, another scale or plain optical flow explains the labels far better.
    """
    tried = [pair for witness in witnesses for pair in _pairs(witness)]
    left = _left_over(tried)
    declared = tried[0].convention if tried else ""
    if declared not in left:
        return None
    own = left[declared]
    ahead = CONVENTIONS[declared][0]
    fitting = {
        name: share
        for name, share in left.items()
        if share < own * (ALIKE if CONVENTIONS[name][0] == ahead else CLEARLY) - SLACK and share < FITS
    }
    best = min(fitting.values(), default=own)
    if own > GOOD:
        _refuse_what_is_none([pair for pair in tried if pair.step == ahead], own, best, file)
    if fitting:
        names = [name for name, share in fitting.items() if share <= best / ALIKE + SLACK]
        raise InputRefused(
            f'the motion pass does not move the labels as "{declared}" says',
            file=file,
            cause=f"It explains {_percent(own)} of how they move, as "
            + " or ".join(f'"{name}" {_percent(left[name])}' for name in names),
            remedy=f'Write "motion_is": "{names[0]}" into the layer of shot.json, or --motion-is {names[0]},'
            " if the renderer means that",
        )
    return max(0.0, 1 - own)


def check_time(witness: Witness, shifted: Mapping[int, Vectors], file: Path) -> None:
    """Look whether the vectors of the frame before or after fit better. shifted: these, by -1 and 1.

    Raises InputRefused.
    """
    other, every = witness.beside.get(witness.vectors.leads_to), _thinned(witness.ids)
    if other is None:
        return
    ids, other = witness.ids[::every, ::every], other[::every, ::every]
    still = against(ids, other, np.zeros((*ids.shape, 2), np.float32))
    if still < ENOUGH:
        return
    share = {
        by: against(ids, other, vectors.field[::every, ::every] / np.float32(every)) / still
        for by, vectors in {0: witness.vectors, **shifted}.items()
    }
    best = min(share, key=lambda by: share[by])
    if best and share[best] < SHIFTED * share[0] - SLACK:
        raise InputRefused(
            "the motion pass is of another frame: its numbers are one off",
            file=file,
            cause=f"It explains {_percent(share[0])} of how the labels move, the vectors of frame"
            f" {witness.frame + best} {_percent(share[best])}",
            remedy="Give its files the numbers of the frames that they belong to",
        )


def check_depth(witness: Witness, other: Ids, depth: Plane, other_depth: Plane, file: Path) -> None:
    """Look whether depth says the same as the motion. depth, other_depth: (H, W), of the frame and where it leads to.

    Raises InputRefused where depth grows towards the camera, or a surface does not keep its depth.
    """
    every = _thinned(witness.ids)
    here, there = depth[::every, ::every], other_depth[::every, ::every]
    field = witness.vectors.field[::every, ::every] / np.float32(every)
    led = landing(witness.ids[::every, ::every], other[::every, ::every], field)
    before = np.full(here.size, np.inf, np.float32)
    np.minimum.at(before, led.place[led.fits], here[led.fits])
    hidden = led.hidden & (here < FAR) & (before[led.place] != here)
    nearer = before[led.place[hidden]] < here[hidden]
    if nearer.size >= ENOUGH and nearer.mean() < INVERTED:
        raise InputRefused(
            "the depth pass grows towards the camera",
            file=file,
            cause=f"Of what hides something else when it moves only {nearer.mean():.0%} is nearer by this pass",
            remedy="Render the distance from the camera, neither 1/distance nor white for near",
        )
    seen = there.ravel()[led.place]
    both = led.fits & (here < FAR) & (seen < FAR)
    keeps = np.abs(here[both] - seen[both]) <= SAME_DEPTH * np.maximum(here[both], seen[both])
    if keeps.size >= ENOUGH and keeps.mean() < KEEPS:
        raise InputRefused(
            "the depth pass does not move with the motion pass",
            file=file,
            cause=f"Only {keeps.mean():.0%} of the surfaces keep their depth from one frame to the next",
            remedy="Give the distance from the camera, of the same frames, not scaled to each frame's own range",
        )


class _Pair(Value):
    """Two frames: what stands against no motion, each convention, and optical flow where none is good."""

    convention: str
    raw: Field  # as in the file
    ids: Ids
    other: Ids
    step: int
    still: int
    counts: Mapping[str, int]
    flow: Field | None
    by_flow: int


def _pairs(witness: Witness) -> Iterable[_Pair]:
    """The pairs of a witness that can tell something."""
    every = _thinned(witness.ids)
    convention = witness.vectors.convention
    raw = witness.vectors.field[::every, ::every] / np.float32(every) * _sign(convention)
    ids = witness.ids[::every, ::every]
    for step, beside in witness.beside.items():
        other = beside[::every, ::every]
        still = against(ids, other, np.zeros_like(raw))
        if still < ENOUGH // 4:
            continue
        counts = {name: against(ids, other, raw * _sign(name)) for name, (to, _) in CONVENTIONS.items() if to == step}
        best = min(counts.values())
        doubtful = best > GOOD * still and step == CONVENTIONS[convention][0]
        flows = flow(ids, other) if doubtful else None
        by_flow = best if flows is None else against(ids, other, flows)
        if min(best, by_flow) < HOPELESS * still:
            yield _Pair(convention, raw, ids, other, step, still, counts, flows, by_flow)


def _left_over(tried: list[_Pair]) -> dict[str, float]:
    """Share of the contradictions that each convention leaves over, of those with enough to tell."""
    left = {}
    for name, (step, _) in CONVENTIONS.items():
        still = sum(pair.still for pair in tried if pair.step == step)
        if still >= ENOUGH:
            left[name] = sum(pair.counts[name] for pair in tried if pair.step == step) / still
    return left


def _refuse_what_is_none(tried: list[_Pair], own: float, best: float, file: Path) -> None:
    """Say what vectors are that are none in pixels. own, best: share left over as declared, by the best convention.

    Raises InputRefused where they fit clearly better when they are scaled or changed, or optical flow does.
    """
    still = sum(pair.still for pair in tried)
    what = f"the motion pass explains {_percent(own)} of how the labels move"
    whole = "Render vectors in pixels over one whole frame, as float, without clamping, and without motion blur"
    values = np.concatenate([pair.raw[_known(pair.raw)].ravel() for pair in tried])
    flows = sum(pair.by_flow for pair in tried) < CLEARLY * best * still
    if flows and np.abs(values).max(initial=0) < NOTHING_MOVES:
        raise InputRefused(
            "the motion pass says that nothing moves, but the labels do",
            file=file,
            cause="Some renderers leave it black where motion blur is switched off",
            remedy="Switch motion blur on in the renderer, with vectors in place of blur, and render it again",
        )
    left = {}
    for words, change in ENCODINGS.items():
        if words != ENCODED or 0 <= values.min(initial=0) <= values.max(initial=0) <= 1:
            fitted = [(pair, change(pair.raw)) for pair in tried]
            scale = _scale(fitted)
            left[words] = sum(against(pair.ids, pair.other, raw * scale) for pair, raw in fitted), scale
    words = min(left, key=lambda one: left[one][0])
    cause, (least, scale) = words, left[words]
    if least < CLEARLY * best * still:
        across, down = np.abs(scale)
        if not words and across > tried[0].ids.shape[1] / 8 and down > tried[0].ids.shape[0] / 8:
            cause = "It is in parts of the picture, not in pixels"
        elif not words:
            cause = f"The labels move about {across:.2g} times as far as it says"
            cause += ", as with a shutter of half a frame" if 1.5 < across < 3 else ""
    elif flows:
        cause = "Even optical flow explains more, so these are no motion vectors, or those of other frames"
    else:
        return
    raise InputRefused(what, file=file, cause=cause, remedy=whole)


def _scale(fitted: list[tuple[_Pair, Field]]) -> Field:
    """(2,): what vectors are multiplied by to be most like the flow, where labels change; by weighted medians."""
    scales = []
    for axis in (0, 1):
        vectors, wanted = [], []
        for pair, raw in fitted:
            where = (pair.ids != pair.other) & _known(pair.raw)
            vectors.append(raw[..., axis][where])
            wanted.append(pair.flow[..., axis][where] if pair.flow is not None else raw[..., axis][where])
        by, to = np.concatenate(vectors), np.concatenate(wanted)
        by, to = by[by != 0], to[by != 0]
        order = np.argsort(to / by)
        weight = np.cumsum(np.abs(by[order]))
        scales.append((to / by)[order][np.searchsorted(weight, weight[-1] / 2)] if by.size else 1)
    return np.array(scales, np.float32)


def _known(raw: Field) -> NDArray[np.bool_]:
    return np.asarray((np.abs(raw) < NOWHERE / 100).all(2))


def _thinned(ids: Ids) -> int:
    return max(1, round(math.sqrt(ids.size / MOST_PIXELS)))


def _sign(convention: str) -> Field:
    return np.array(CONVENTIONS[convention][1], np.float32)  # its own inverse


def _percent(left: float) -> str:
    return f"{max(0.0, 1 - left):.0%}"
