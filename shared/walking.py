"""What a walk paints on a frame: for every range of layers a mixture of points.

Splines, great circles and loops are all sums of points with weights, so this needs no vectors: a mixture in w is a sum
of mapped points, each of them of a mixture of seeds in z. A frame depends on the keyframes around it alone.

Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from shared.errors import InputRefused
from shared.shot_kinds import SEED
from shared.values import Value
from shared.walk import NAMED, Circle, Point, Walk, WalkKey, span

DIGITS = 9  # of a weight: what the libraries of two machines have in common


class Seeds(Value):
    """A point in z: the sum of `weight * z(seed)`, of one class."""

    parts: Tuple[Tuple[float, int], ...]
    class_: Optional[int] = None

    def plain(self) -> List[Any]:
        return [[list(part) for part in self.parts], self.class_]


class Row(Value):
    """A point in w: row `index` of a file, as the walk names it."""

    file: str
    index: int

    def plain(self) -> List[Any]:
        return [self.file, self.index]


class Round(Value):
    """A point on a circle: how far along it, as a share of its length in w, which its generator alone knows."""

    seed: int
    waves: int
    turn: float

    def plain(self) -> List[Any]:
        return ["circle", self.seed, self.waves, self.turn]


Way = Union[Seeds, Row, Round]
Mixture = Tuple[Tuple[float, Way], ...]  # in w: weights that add up to 1, and points


class Stop(Value):
    """What the layers `first` to `last` are painted of."""

    first: int
    last: int
    mixture: Mixture

    def plain(self) -> List[Any]:
        """As JSON, for keys."""
        return [self.first, self.last, [[weight, *one.plain()] for weight, one in self.mixture]]


def stops(
    walk: Walk, frame: int, first: int, last: int, layers: int, seed: int = 0, levels: Sequence[float] = ()
) -> Tuple[Stop, ...]:
    """What a frame is painted of, from the coarsest layer to the finest.

    Args:
        first, last: frames of the shot, whose length is that of a loop.
        layers: how many the generator has.
        seed: of the layer, which routes without a point follow.
        levels: of each route on this frame, 0..1; without them the walk is as in silence.

    Raises InputRefused for a range that the generator does not have.
    """
    plain = _mixture(walk, walk.keys, walk.circle, frame, first, last)
    ways: List[Mixture] = [plain] * layers
    for stretch in walk.ranges:
        own = _mixture(walk, stretch.keys, stretch.circle, frame, first, last)
        for layer in layers_of(stretch.layers, layers):
            ways[layer] = own
    for number, (route, level) in enumerate(zip(walk.drive, levels)):
        share = route.amount * level
        if share:
            towards = goal(route.towards, seed, number)
            for layer in layers_of(route.layers, layers):
                ways[layer] = _sum([*((weight * (1 - share), one) for weight, one in ways[layer]), (share, towards)])
    found: List[Stop] = []
    for layer, mixture in enumerate(ways):
        if found and found[-1].mixture == mixture:
            found[-1] = Stop(found[-1].first, layer, mixture)
        else:
            found.append(Stop(layer, layer, mixture))
    return tuple(found)


def layers_of(layers: str, count: int) -> range:
    """The layers of a generator that has `count`; a named range may be empty. Raises InputRefused."""
    first, last = span(layers)
    if layers not in NAMED and max(first, last or 0) >= count:
        raise InputRefused(
            f'the layers "{layers}" are beyond those of the model', remedy=f"Its layers are 0 to {count - 1}"
        )
    return range(first, count if last is None else min(last + 1, count))


def goal(towards: Optional[Point], seed: int, number: int) -> Way:
    """The point that route `number`, from 0, leads to: its own, else a seed behind the layer's."""
    return Seeds(((1.0, _seed(seed + 1 + number)),)) if towards is None else _point(towards)


def key_frames(keys: Sequence[WalkKey], first: int, last: int, loop: bool) -> Tuple[float, ...]:
    """The frame of every keyframe, spread evenly where they say none: of a loop the way back is one part more."""
    parts = max(1, len(keys) if loop else len(keys) - 1)
    length = last - first + 1 if loop else last - first
    return tuple(first + number * length / parts if key.frame is None else key.frame for number, key in enumerate(keys))


def _mixture(
    walk: Walk, keys: Sequence[WalkKey], circle: Optional[Circle], frame: int, first: int, last: int
) -> Mixture:
    if circle is not None:
        turn = round((frame - first) / (last - first + 1), DIGITS)
        return ((1.0, Round(circle.seed, circle.waves, turn)),)
    times = key_frames(keys, first, last, walk.loop)
    period = last - first + 1 if walk.loop else 0
    place = _Place(keys, times, period, frame)
    if place.segment is None:
        return _sum([(1.0, _point(keys[place.before]))])
    before, after = keys[place.before], keys[place.after]
    eases = [walk.ease if key.ease is None else key.ease for key in (before, after)]
    if eases[0] == "hold":
        return _sum([(1.0, _point(before))])
    how_far = _hermite(place.segment, float(eases[0] == "through"), float(eases[1] != "rest"))
    if walk.space == "z":
        turn = how_far * math.pi / 2
        return ((1.0, _great_circle(before, after, turn)),)
    return _sum((weight, _point(keys[number])) for number, weight in place.spline(how_far).items())


class _Place:
    """Where a frame lies between keyframes: `before` and `after` by number, and how far, 0..1; None at the ends."""

    def __init__(self, keys: Sequence[WalkKey], times: Sequence[float], period: int, frame: int) -> None:
        count = len(keys)
        self.keys, self.times, self.period, self.count = keys, times, period, count
        self.segment: Optional[float] = None
        passed = [number for number, time in enumerate(times) if time <= frame]
        self.before = passed[-1] if passed else (count - 1 if period else 0)
        self.after = (self.before + 1) % count
        at_the_end = not passed or self.before == count - 1
        if count == 1 or (not period and at_the_end):
            return
        start, end = self.time(self.before if passed else -1), self.time((self.before if passed else -1) + 1)
        self.segment = (frame - start) / (end - start)

    def time(self, number: int) -> float:
        """Of a keyframe, also of those of the loop before and after."""
        turns, own = divmod(number, self.count)
        return self.times[own] + turns * self.period

    def spline(self, t: float) -> Dict[int, float]:
        """Weights of the keyframes on a cubic through them."""
        here, there = self.before, self.before + 1
        length = self.time(there) - self.time(here)
        weights: Dict[int, float] = {}

        def add(number: int, weight: float) -> None:
            weights[number % self.count] = weights.get(number % self.count, 0.0) + weight

        add(here, 1 - (3 - 2 * t) * t * t)
        add(there, (3 - 2 * t) * t * t)
        for number, share in ((here, t * (1 - t) ** 2 * length), (there, t * t * (t - 1) * length)):
            for other, slope in self.slope(number).items():
                add(other, slope * share)
        return weights

    def slope(self, number: int) -> Dict[int, float]:
        """Of the curve at a keyframe, as weights of the keyframes around it: that of the parabola through the three.

        Seeds are at right angles to one another, all as far apart, and a parabola through them would be slow at each:
        there it is as steep as makes the speed that of the way before and after on average.
        """
        first, last = number - 1, number + 1
        if not self.period:
            first, last = max(first, 0), min(last, self.count - 1)
        if first == number or last == number:
            length = self.time(last) - self.time(first)
            return {first: -1 / length, last: 1 / length}
        before, after = self.time(number) - self.time(first), self.time(last) - self.time(number)
        left, right = after / before / (before + after), before / after / (before + after)
        found = {first: -left, number: left - right, last: right}
        steepness = math.hypot(*found.values())
        if self.keys[number % self.count].seed is None or not steepness:
            return found
        times = 2 * math.sqrt(2) / (before + after) / steepness
        return {other: times * weight for other, weight in found.items()}


def _hermite(t: float, slope_before: float, slope_after: float) -> float:
    """From 0 to 1 with these slopes at the ends."""
    return slope_before * t * (1 - t) ** 2 + t * t * (3 - 2 * t) + slope_after * t * t * (t - 1)


def around(seed: int, waves: int, turn: float) -> Seeds:
    """A loop each of whose points is as normal as a seed's: a Fourier series with seeds for coefficients.

    Its speed is not even: where the waves add up it is twice what it is where they do not.
    """
    parts = []
    for wave in range(waves):
        angle = 2 * math.pi * (wave + 1) * turn
        for part, one in ((math.cos(angle), 0), (math.sin(angle), 1)):
            parts.append((part / math.sqrt(waves), _seed(seed + 2 * wave + one)))
    return _seeds(parts, None)


def _great_circle(before: WalkKey, after: WalkKey, turn: float) -> Seeds:
    """Seeds of many numbers lie at right angles, and the mapping takes all lengths for one."""
    assert before.seed is not None and after.seed is not None
    if before.seed == after.seed:
        return Seeds(((1.0, before.seed),), before.class_)
    return _seeds([(math.cos(turn), before.seed), (math.sin(turn), after.seed)], before.class_)


def _seeds(parts: Sequence[Tuple[float, int]], class_: Optional[int]) -> Seeds:
    kept = tuple((round(weight, DIGITS), seed) for weight, seed in parts if round(weight, DIGITS))
    return Seeds(((1.0, kept[0][1]),) if len(kept) == 1 and kept[0][0] > 0 else kept, class_)


def _point(point: Point) -> Way:
    if point.w is not None:
        return Row(point.w, point.index)
    assert point.seed is not None
    return Seeds(((1.0, point.seed),), point.class_)


def _sum(parts: Any) -> Mixture:
    """Equal points once, those without weight not at all."""
    found: Dict[Way, float] = {}
    for weight, point in parts:
        found[point] = found.get(point, 0.0) + weight
    return tuple((round(weight, DIGITS), point) for point, weight in found.items() if round(weight, DIGITS))


def _seed(number: int) -> int:
    return number % (SEED.high + 1)
