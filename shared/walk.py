"""`walk` of a layer in shot.json: a way through what a generator can paint.

A generator paints a picture of a point: of a seed, or of a row of a w file (npz with the key `w`, as projection writes
it). A walk says which points are passed on which frames; a sound may drive it. `shared.walking` makes of it what is
painted on a frame. docs/walks.md is the reference for artists.

Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Iterator, Mapping, Optional, Tuple

from shared.errors import InputRefused
from shared.kinds import Data, Kind, ListOf, Number, OneOf, Whole, refused
from shared.schema import About, Key, Record
from shared.shot_kinds import FILE, FRAME, SEED
from shared.values import Value

MAX_KEYS = 10_000
MAX_ROUTES = 64
MAX_LAYER = 255
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FEATURES = ("rms", "bass", "mid", "high", "speech", "onset", *(f"chroma.{note}" for note in NOTES))
# Of a generator of 256 pixels and more, coarse to fine: (first, last or None for all that follow).
NAMED = {"all": (0, None), "pose": (0, 3), "features": (4, 7), "colour": (8, None)}
EASES = ("through", "rest", "hold")
SPACES = ("w", "z")
TIME = Number(0, 10_000)  # milliseconds

Span = Tuple[int, Optional[int]]


class Layers(Kind):
    """A range of a generator's layers as text: "0-3", "8-", "5", or one of NAMED."""

    pattern = rf"{'|'.join(NAMED)}|[0-9]{{1,3}}(-[0-9]{{0,3}})?"

    def read(self, value: Any, key: str) -> str:
        allowed = f'a range of layers such as "0-3", "8-" or "5", or {", ".join(NAMED)}'
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise refused(key, value, allowed)
        first, last = span(value)
        if max(first, last or 0) > MAX_LAYER or (last is not None and last < first):
            raise refused(key, value, allowed)
        return value

    def schema(self) -> Data:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


class Point(Value):
    """What a picture is painted of: a seed, or a row of a w file."""

    about: ClassVar[About] = About("point of a walk", remedy="See docs/walks.md for a complete example")

    seed: Annotated[Optional[int], SEED, "as the published tools count them"] = None
    w: Annotated[Optional[str], FILE, "npz whose key w holds points, as published projectors write them"] = None
    index: Annotated[int, Whole(0, 10**6), "which of the points in the w file, from 0"] = 0
    class_: Annotated[Optional[int], Whole(0, 65535), Key("class"), "of a seed, for models that know classes"] = None

    def check(self) -> None:
        if (self.seed is None) == (self.w is None):
            raise InputRefused(f'a {self.about.what} has either "seed" or "w"', remedy="Give one of them")
        if self.w is None and self.index:
            raise InputRefused('"index" says nothing without "w"', remedy="Leave it out, or name the w file")
        if self.w is not None and self.class_ is not None:
            raise InputRefused('"class" says nothing beside "w", which has its class in it', remedy="Leave it out")


class WalkKey(Point):
    """A point, and the frame on which it is passed."""

    about: ClassVar[About] = About("keyframe", remedy="See docs/walks.md for a complete example")

    frame: Annotated[Optional[int], FRAME, "of all keyframes or of none: then they are spread evenly"] = None
    ease: Annotated[Optional[str], OneOf(*EASES), "how it is passed; else as the walk says"] = None


class Circle(Value):
    """A loop of its own, without keyframes: round through seeds that follow one another."""

    about: ClassVar[About] = About("circle", remedy="See docs/walks.md for a complete example")

    seed: Annotated[int, SEED, "the first; each wave takes two"]
    waves: Annotated[int, Whole(1, 16), "more of them wander farther"] = 2


class Stretch(Value):
    """A range of layers that goes a way of its own."""

    about: ClassVar[About] = About("range", remedy="See docs/walks.md for a complete example")

    layers: Annotated[str, Layers()]
    keys: Annotated[Tuple[WalkKey, ...], ListOf(Record(WalkKey), MAX_KEYS, what="keyframes")] = ()
    circle: Optional[Circle] = None

    def check(self) -> None:
        _one_way(self.keys, self.circle)


class Route(Value):
    """How a feature of the sound moves a range of layers: at its loudest `amount` of the way to another point."""

    about: ClassVar[About] = About("route", remedy="See docs/walks.md for a complete example")

    feature: Annotated[str, OneOf(*FEATURES), "what is listened to"]
    layers: Annotated[str, Layers()] = "all"
    towards: Annotated[Optional[Point], Record(Point), "else a seed that follows the layer's"] = None
    amount: Annotated[float, Number(-2, 2), "of the way, where the feature is at its strongest"] = 0.5
    attack: Annotated[float, TIME, "milliseconds until it has followed a rise"] = 0.0
    release: Annotated[float, TIME, "milliseconds until it has fallen back"] = 150.0
    offset: Annotated[float, Number(-10_000, 10_000), "milliseconds; below 0 the picture leads"] = 0.0
    power: Annotated[float, Number(0.1, 10), "above 1 only loud places move much"] = 1.0


PRESETS = {
    "speech": (Route("speech", "pose", None, 0.35, 40.0, 120.0), Route("speech", "features", None, 0.6, 40.0, 120.0)),
    "music": (
        Route("bass", "pose", None, 0.4, 20.0, 350.0, 0.0, 1.5),
        Route("mid", "features", None, 0.35, 40.0, 250.0),
        Route("onset", "colour", None, 0.5, 0.0, 300.0),
    ),
}


class Drive(Kind):
    """Routes of the sound, or the name of some."""

    routes = ListOf(Record(Route), MAX_ROUTES, 1, "routes")

    def read(self, value: Any, key: str) -> Tuple[Route, ...]:
        if isinstance(value, str):
            if value not in PRESETS:
                raise refused(key, value, f"{', '.join(PRESETS)}, or a list of routes")
            return PRESETS[value]
        return self.routes.read(value, key)

    def plain(self, value: Any) -> Any:
        return self.routes.plain(value)

    def schema(self) -> Data:
        return {"anyOf": [{"enum": list(PRESETS)}, self.routes.schema()]}


class Walk(Value):
    """A way through what a generator can paint: keyframes, or a circle."""

    about: ClassVar[About] = About("walk", remedy="See docs/walks.md for a complete example")

    keys: Annotated[Tuple[WalkKey, ...], ListOf(Record(WalkKey), MAX_KEYS, what="keyframes"), "of all layers"] = ()
    circle: Annotated[Optional[Circle], Record(Circle), "instead of keyframes"] = None
    space: Annotated[str, OneOf(*SPACES), "w: smoothly through the keyframes; z: on great circles between seeds"] = "w"
    ease: Annotated[str, OneOf(*EASES), "how keyframes are passed that say nothing themselves"] = "through"
    loop: Annotated[bool, "whether the last frame leads back to the first"] = False
    ranges: Annotated[
        Tuple[Stretch, ...], ListOf(Record(Stretch), MAX_LAYER, what="ranges"), "layers that go ways of their own"
    ] = ()
    drive: Annotated[Tuple[Route, ...], Drive(), "how the sound moves it: speech, music, or routes"] = ()

    def check(self) -> None:
        _one_way(self.keys, self.circle)
        taken: list[tuple[int, float, str]] = []
        for stretch in self.ranges:
            first, last = span(stretch.layers)
            for low, high, other in taken:
                if first <= high and low <= (float("inf") if last is None else last):
                    raise InputRefused(
                        f'the ranges "{other}" and "{stretch.layers}" have layers in common', remedy="Part them"
                    )
            taken.append((first, float("inf") if last is None else last, stretch.layers))
        if self.space == "z":
            points = [key for keys in (self.keys, *(one.keys for one in self.ranges)) for key in keys]
            if any(point.seed is None for point in points):
                raise InputRefused('a point of a w file is none of the space "z"', remedy='Give "space": "w"')
            if len({point.class_ for point in points}) > 1:
                raise InputRefused('in the space "z" all seeds have one class', remedy='Give "space": "w"')


def span(layers: str) -> Span:
    """First and last of a range of layers; None for all that follow."""
    if layers in NAMED:
        return NAMED[layers]
    first, dash, last = layers.partition("-")
    return int(first), (int(last) if last else None) if dash else int(first)


def points_of(walk: Walk) -> Iterator[Point]:
    """Every point that a walk names."""
    yield from walk.keys
    for stretch in walk.ranges:
        yield from stretch.keys
    for route in walk.drive:
        if route.towards is not None:
            yield route.towards


def files_of(walk: Walk) -> Tuple[str, ...]:
    """The w files that a walk names, each once."""
    return tuple(dict.fromkeys(point.w for point in points_of(walk) if point.w is not None))


def with_files(walk: Walk, names: Mapping[str, str]) -> Walk:
    """The walk with its w files under other names."""

    def moved(keys: Tuple[WalkKey, ...]) -> Tuple[WalkKey, ...]:
        return tuple(key if key.w is None else replace(key, w=names[key.w]) for key in keys)

    drive = tuple(
        route
        if route.towards is None or route.towards.w is None
        else replace(route, towards=replace(route.towards, w=names[route.towards.w]))
        for route in walk.drive
    )
    ranges = tuple(replace(one, keys=moved(one.keys)) for one in walk.ranges)
    return replace(walk, keys=moved(walk.keys), ranges=ranges, drive=drive)


def judge(walk: Walk, first: int, last: int) -> None:
    """How a walk lies in the frames of a shot. Raises InputRefused."""
    for keys in (walk.keys, *(one.keys for one in walk.ranges)):
        frames = [key.frame for key in keys if key.frame is not None]
        outside = [frame for frame in frames if not first <= frame <= last]
        if outside and walk.loop:
            raise InputRefused(
                f"the keyframe {outside[0]} is outside the shot, whose frames {first}-{last} are the loop",
                remedy="Move it, or leave the frames of all keyframes out",
            )
        if frames and (max(frames) < first or min(frames) > last) and len(frames) > 1:
            raise InputRefused(
                f"no keyframe is on the way of frames {first}-{last}: they are on {min(frames)}-{max(frames)}",
                remedy="Move them, or leave the frames of all keyframes out",
            )


def _one_way(keys: Tuple[WalkKey, ...], circle: Optional[Circle]) -> None:
    if bool(keys) == (circle is not None):
        raise InputRefused('a way has either "keys" or a "circle"', remedy='Give one, such as "keys": [{"seed": 1}]')
    frames = [key.frame for key in keys]
    given = [frame for frame in frames if frame is not None]
    if given and len(given) < len(frames):
        raise InputRefused(
            "some keyframes say their frame and some do not", remedy="Give it to all of them, or to none"
        )
    for before, after in zip(given, given[1:]):
        if after <= before:
            raise InputRefused(
                f"the keyframe {after} stands behind the keyframe {before}", remedy="Each frame once, in their order"
            )
