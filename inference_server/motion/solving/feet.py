"""Feet that stand: when they do, where, and legs that keep them there.

All in a space whose y is up, centimetres. A foot's point is its toe, or its ankle where toes are not measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inference_server.motion.solving.body import Rest
from inference_server.motion.solving.turning import Turns, places
from inference_server.motion.solving.turns import Array, about, across, frame, smallest, unit
from shared.values import Value

SLOW = 0.15  # heights a second: a foot that stands, at least
SLOWER = 0.3  # of the speed of feet that step, 90 % of which are below it: a foot that stands, too
STEP = 2.5  # heights a second: no foot steps faster than a walk's, for that
FASTER = 2  # times as fast: it stands no more
LOW, HIGH = 0.04, 0.07  # heights above the floor, the same
FLAT = 0.015  # heights above where it stands: a toe that is still coming down
LEAST = 3  # frames that a foot stands
EASE = 3  # frames before and after, over which a leg leaves the way that was read
LOWEST = 5  # percent of the toes' heights that lie below the floor
STEADY = 2.0  # frames: the deviation of the Gaussian over how far the hips are moved
TRIES = 4  # to bring the hips near enough steadily, before they are brought so at once
PLANE = 0.2  # of the thigh, from the line between hip and ankle to the knee: less, and a knee bends forwards
STRAIGHT = 0.9995  # of a leg's length, at most
SIDES = ("Left", "Right")

Mask = NDArray[np.bool_]
Span = tuple[int, int]  # first and last frame


class Standing(Value):
    """What came of it: turns and root as given, with feet that stand; spans by side, from frame 0."""

    turns: Turns
    root: Array
    spans: Mapping[str, Sequence[Span]]
    floor: float


def toe_of(rest: Rest, side: str) -> str:
    return f"{side}ToeBase" if f"{side}ToeBase" in rest.offsets else f"{side}Foot"


def floor_of(toes: Sequence[Array], seen: Sequence[Mask]) -> float:
    """The height below which almost no toe is; of toes that are never seen, where legs that hang down end."""
    heights = np.concatenate([toe[mask, 1] for toe, mask in zip(toes, seen, strict=True)])
    return float(np.percentile(heights if len(heights) else np.concatenate([toe[:, 1] for toe in toes]), LOWEST))


def spans_of(toes: Sequence[Array], seen: Sequence[Mask], floor: float, height: float, fps: float) -> list[list[Span]]:
    """When each foot stands: slow and low from its first frame on, until it is fast or high, without its coming down.

    What is slow is measured by the clip's own steps: places in depth tremble, of a foot that stands too.
    """
    speeds = [_speed(toe) * fps / height for toe in toes]
    all_of = np.concatenate([speed[mask] for speed, mask in zip(speeds, seen, strict=True)])
    slow = max(SLOW, SLOWER * min(STEP, float(np.percentile(all_of, 90)))) if len(all_of) else SLOW
    return [
        [
            span
            for first, last in _runs(mask, speed, (toe[:, 1] - floor) / height, slow)
            if (span := _flat(toe[:, 1], first, last, FLAT * height)) is not None
        ]
        for toe, mask, speed in zip(toes, seen, speeds, strict=True)
    ]


def _speed(toe: Array) -> Array:
    """(F,) centimetres a frame."""
    before, after = np.maximum(np.arange(len(toe)) - 1, 0), np.minimum(np.arange(len(toe)) + 1, len(toe) - 1)
    return np.asarray(np.linalg.norm(toe[after] - toe[before], axis=1) / np.maximum(after - before, 1))


def _runs(seen: Mask, speed: Array, above: Array, slow: float) -> list[Span]:
    begins = seen & (speed < slow) & (above < LOW)
    stays = seen & (speed < FASTER * slow) & (above < HIGH)
    spans: list[Span] = []
    place = 0
    while place < len(seen):
        if not begins[place]:
            place += 1
            continue
        last = place
        while last + 1 < len(seen) and stays[last + 1]:
            last += 1
        spans.append((place, last))
        place = last + 1
    return spans


def _flat(heights: Array, first: int, last: int, most: float) -> Span | None:
    """The span without frames at its ends on which the toe is higher than where it stands; None where few are left."""
    down = np.flatnonzero(heights[first : last + 1] <= np.median(heights[first : last + 1]) + most)
    span = first + int(down[0]), first + int(down[-1])
    return span if span[1] - span[0] + 1 >= LEAST else None


def standing(turns: Turns, rest: Rest, root: Array, seen: Mapping[str, Mask], fps: float, how: str) -> Standing:
    """Held where they stand.

    seen: (F,) by side, on which frames a leg is known. how: "auto", "always" (both stand all along) or "never".
    """
    at = places(turns, rest, root)
    toes = {side: at[toe_of(rest, side)] for side in SIDES}
    floor = floor_of([toes[side] for side in SIDES], [seen[side] for side in SIDES])
    found = spans_of([toes[side] for side in SIDES], [seen[side] for side in SIDES], floor, rest.height, fps)
    spans = dict(zip(SIDES, found, strict=True))
    floor = ground_of(toes, spans, floor)
    if how == "always":
        known = {side: np.flatnonzero(seen[side]) for side in SIDES}
        spans = {side: [(int(one[0]), int(one[-1]))] if len(one) else [] for side, one in known.items()}
    if how == "never" or not any(spans.values()):
        return Standing(turns, root, spans, floor)
    held = {side: [_held(toes[side], span, floor) for span in spans[side]] for side in SIDES}
    moved = root + _shift(toes, spans, held)
    for steady in (True,) * TRIES + (False,):
        further = _further(places(turns, rest, moved), rest, spans, held)
        moved = moved + (_smooth(further) if steady else further)
    at = places(turns, rest, moved)
    made = dict(turns)
    for side in SIDES:
        way = _way(at[toe_of(rest, side)], spans[side], held[side])
        made.update(_reached(made, rest, at, side, at[f"{side}Foot"] + way))
        if f"{side}ToeBase" in made and spans[side]:
            made[f"{side}ToeBase"] = _flat_toes(made[f"{side}Foot"], spans[side])
    return Standing(made, moved, spans, floor)


def ground_of(toes: Mapping[str, Array], spans: Mapping[str, Sequence[Span]], floor: float) -> float:
    """How high feet stand, in the middle; where none ever does, the floor."""
    stood = [toes[side][first : last + 1, 1] for side in SIDES for first, last in spans[side]]
    return float(np.median(np.concatenate(stood))) if stood else floor


def _held(toe: Array, span: Span, floor: float) -> Array:
    place = np.median(toe[span[0] : span[1] + 1], 0)
    return np.array([place[0], floor, place[2]])


def _shift(
    toes: Mapping[str, Array], spans: Mapping[str, Sequence[Span]], held: Mapping[str, Sequence[Array]]
) -> Array:
    """(F, 3) by which the hips are moved: as the feet that stand ask for on average, steadily."""
    frames = len(toes["Left"])
    asked, count = np.zeros((frames, 3)), np.zeros(frames)
    for side in SIDES:
        for (first, last), place in zip(spans[side], held[side], strict=True):
            asked[first : last + 1] += place - toes[side][first : last + 1]
            count[first : last + 1] += 1
    known = np.flatnonzero(count)
    wanted = asked[known] / count[known, None]
    return _smooth(np.column_stack([np.interp(np.arange(frames), known, wanted[:, axis]) for axis in range(3)]))


def _further(
    at: Mapping[str, Array], rest: Rest, spans: Mapping[str, Sequence[Span]], held: Mapping[str, Sequence[Array]]
) -> Array:
    """(F, 3) by which the hips must come nearer to feet that stand further away than a leg is long."""
    way, count = np.zeros_like(at["Hips"]), np.zeros(len(at["Hips"]))
    for side in SIDES:
        long = STRAIGHT * sum(float(np.linalg.norm(rest.offsets[f"{side}{part}"])) for part in ("Leg", "Foot"))
        for (first, last), place in zip(spans[side], held[side], strict=True):
            part = slice(first, last + 1)
            leg = place - at[toe_of(rest, side)][part] + at[f"{side}Foot"][part] - at[f"{side}UpLeg"][part]
            lacks = np.maximum(np.linalg.norm(leg, axis=1) - long, 0)
            way[part] += lacks[:, None] * unit(leg)
            count[part] += lacks > 0
    return np.asarray(way / np.maximum(count, 1)[:, None])


def _smooth(filled: Array) -> Array:
    reach = round(3 * STEADY)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / STEADY) ** 2)
    padded = np.pad(filled, ((reach, reach), (0, 0)), "edge")
    return np.column_stack([np.convolve(padded[:, axis], weights / weights.sum(), "valid") for axis in range(3)])


def _way(toe: Array, spans: Sequence[Span], held: Sequence[Array]) -> Array:
    """(F, 3) by which a foot is moved: wholly where it stands, eased before and after."""
    total, way = np.zeros(len(toe)), np.zeros_like(toe)
    for span, place in zip(spans, held, strict=True):
        weight = _part(len(toe), span)
        total += weight
        way += weight[:, None] * (place - toe)
    return np.asarray(way / np.maximum(total, 1)[:, None])


def _part(frames: int, span: Span) -> Array:
    """(F,) how far a foot stands: 1 in the span, eased to 0 before and after."""
    at = np.arange(frames)
    away = np.maximum(np.maximum(span[0] - at, at - span[1]), 0) / (EASE + 1)
    part = np.clip(1 - away, 0, 1)
    return np.asarray(part * part * (3 - 2 * part))


def _flat_toes(foot: Array, spans: Sequence[Span]) -> Array:
    """(F, 3, 3): toes of a foot that stands on them bend so that they lie on the floor."""
    way = foot[..., 2]
    bend = np.where(way[:, 1] < 0, np.arctan2(-way[:, 1], np.hypot(way[:, 0], way[:, 2])), 0)
    part = np.max([_part(len(foot), span) for span in spans], 0)
    return np.asarray(about(unit(np.cross(way, [0.0, 1.0, 0.0])), part * bend) @ foot)


def _reached(turns: Turns, rest: Rest, at: Mapping[str, Array], side: str, ankle: Array) -> Turns:
    """The leg whose ankle is there, or as near as it can be; the knee in its plane and about its hinge alone, the foot
    turned as it was."""
    thigh, shin = (float(np.linalg.norm(rest.offsets[f"{side}{part}"])) for part in ("Leg", "Foot"))
    hip, knee, was = at[f"{side}UpLeg"], at[f"{side}Leg"], at[f"{side}Foot"]
    along = unit(ankle - hip)
    far = np.clip(np.linalg.norm(ankle - hip, axis=1), abs(thigh - shin) + 1e-3, STRAIGHT * (thigh + shin))
    before = unit(was - hip)
    forward, bent = unit(across(turns[f"{side}UpLeg"][..., 2], before)), across(knee - hip, before)
    lacks = np.maximum(PLANE * thigh - np.linalg.norm(bent, axis=1), 0)  # a leg that is almost straight has no plane
    bent = unit(np.einsum("fij,fj->fi", smallest(before, along), bent + lacks[:, None] * forward))
    cosine = np.clip((thigh**2 + far**2 - shin**2) / (2 * thigh * far), -1, 1)
    there = hip + thigh * (cosine[:, None] * along + np.sqrt(1 - cosine**2)[:, None] * bent)
    end = hip + far[:, None] * along
    still = (np.linalg.norm(ankle - was, axis=1) < 1e-9)[:, None, None]  # nothing asked: not even its last bit is moved
    hinge = unit(np.cross(bent, along))
    upper, lower = frame(hinge, hip - there), frame(hinge, there - end)
    return {
        f"{side}UpLeg": np.where(still, turns[f"{side}UpLeg"], upper),
        f"{side}Leg": np.where(still, turns[f"{side}Leg"], lower),
    }
