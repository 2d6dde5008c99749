"""A walk on the page: the one that is begun with, where its keyframes are, and what a sound does on every frame."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from inference_server.desk.asking import Body
from inference_server.desk.sources import WALK, Source
from shared.errors import SemrenderError
from shared.file_names import name_fault
from shared.hearing import Heard, Samples, hear
from shared.shot import Shot
from shared.sounds import Sound, frames_of, heard_alone, sound_of_shot
from shared.walk import PRESETS, Route, Walk
from shared.walking import key_frames

FRAMES, RATE = 96, 24
SEEDS = (1, 2, 3)
ROUND = 7  # pictures of a circle
MOST_FRAMES = 20_000  # of a curve
OWN = "own"


def begun(base: Path, model: str = "", sound: str = "") -> Source:
    """A walk of nothing but a model, as long as the sound where one lies in `base`. Raises in words."""
    name = Path(sound).stem or model
    walk: Body = {"keys": [{"seed": seed} for seed in SEEDS], **({"drive": next(iter(PRESETS))} if sound else {})}
    last = _lasts(base / sound, Fraction(RATE)) if sound else FRAMES
    named = name if name and not name_fault(name) else "walk"
    shot: Body = {"name": named, "fps": RATE, "first": 1, "last": last, "layers": [{"name": named, "walk": walk}]}
    shot |= {key: given for key, given in (("model", model), ("audio", sound)) if given}
    return Source(named, WALK, Shot.from_dict(shot), base)


def told(source: Source) -> Body:
    """Of each layer that walks: the `frames` of its keyframes, or of some of its circle; what drives it, the name of a
    preset, "own" or ""; the `curves` of its routes over the shot. And how many frames the sound lasts.

    Of a sound that cannot be read there are none: the check says why.
    """
    shot = source.shot
    found: dict[str, Body] = {}
    lasts = None
    sound: Sound | None = None
    try:
        sound = sound_of_shot(shot, lambda name: source.base / name)
        if sound is not None and any(layer.walk is not None for layer in shot.layers):
            lasts = _lasts(sound.file, Fraction(*shot.rate))
    except SemrenderError:
        sound = None
    for layer in shot.layers:
        if layer.walk is not None:
            frames = [round(time) for time in key_frames(layer.walk.keys, shot.first, shot.last, layer.walk.loop)]
            if layer.walk.circle is not None:
                frames = [shot.first + number * (shot.last + 1 - shot.first) // ROUND for number in range(ROUND)]
            curves = [] if sound is None else [_curve(shot, sound, route) for route in layer.walk.drive]
            found[layer.name] = {"frames": frames, "drive": _driven(layer.walk), "curves": curves}
    return {"layers": found, "lasts": lasts}


def _driven(walk: Walk) -> str:
    return next((name for name, routes in PRESETS.items() if walk.drive == routes), OWN if walk.drive else "")


def _curve(shot: Shot, sound: Sound, route: Route) -> Body:
    state = sound.file.stat()
    heard = _hear(sound.file, state.st_mtime_ns, state.st_size, route, Fraction(*shot.rate))
    frames = range(shot.first, min(shot.last, shot.first + MOST_FRAMES) + 1)
    values = [round(heard.at(frame - sound.start), 3) for frame in frames]
    return {"feature": route.feature, "layers": route.layers, "amount": route.amount, "values": values}


def _lasts(file: Path, fps: Fraction) -> int:
    """How many frames a sound lasts. Raises MissingInput or InputRefused."""
    state = file.stat() if file.is_file() else None
    return frames_of(_samples(file, *((state.st_mtime_ns, state.st_size) if state else (0, 0))), fps)


@lru_cache(maxsize=2)
def _samples(file: Path, changed: int, size: int) -> Samples:
    """A sound is decoded once for all that is asked of it, while somebody turns its routes."""
    return heard_alone(file)


@lru_cache(maxsize=32)
def _hear(file: Path, changed: int, size: int, route: Route, fps: Fraction) -> Heard:
    return hear(_samples(file, changed, size), route, fps)
