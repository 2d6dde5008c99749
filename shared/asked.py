"""The shot that somebody asks for: read, or made of a folder or pattern, with what is wanted otherwise.

Python >= 3.11; the host programs do not load it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from shared import inputs
from shared.changes import Changes, changed
from shared.errors import InputRefused
from shared.rates import parse_fps, parse_time
from shared.shot import FILE_NAME, NO_SOUND, Shot
from shared.shot_input import Span, shot_from_input

Source = str | Path | Shot


def shot_of(
    source: Source,
    base: str | Path,
    layers: Iterable[str] | None,
    changes: Changes,
    card: Mapping[str, Any] | None,
) -> tuple[Shot, Path, tuple[str, ...]]:
    """The shot with what is wanted otherwise, the folder of its patterns, and in words what had to be left out.

    card: of the model that `changes` names, as its card.json says; None without one, or where only a server has it.
    """
    kind = "labels" if card is None else inputs.frames_are(card["inputs"])
    if isinstance(source, Shot):
        if _span(changes) != (None, None):
            raise InputRefused("times cut a clip, and this is a shot", remedy="Say its first and last frame")
        shot, folder = source, Path(base).absolute()
    else:
        fps = parse_fps(changes["fps"]) if "fps" in changes else None
        shot, folder = shot_from_input(source, kind, fps, _span(changes))
    if not changes:
        return shot, folder, ()
    known = None if card is None else [str(option["name"]) for option in card.get("options", ())]
    made, notes = changed(shot, changes, listed(layers), known)
    if "clip_end" in changes and not isinstance(source, Shot) and not _written(Path(source)):
        made = _as_long_as_its_sound(made)
    return made, folder, notes


def _written(source: Path) -> bool:
    """Whether a shot.json says how long the shot is."""
    return source.suffix.lower() == ".json" or (source / FILE_NAME).is_file()


def _as_long_as_its_sound(shot: Shot) -> Shot:
    """A shot whose pictures go on behind their end: to that of its sound. Raises MissingInput or InputRefused."""
    from shared.sounds import frames_of, heard_alone  # what decodes sounds takes a while to load

    if shot.audio in (None, NO_SOUND):
        raise InputRefused(
            "--clip-end says nothing without --audio",
            cause="The frames of the pictures are all there is",
            remedy="Name the sound, or write a shot.json whose last frame lies behind the clip",
        )
    count = frames_of(heard_alone(Path(str(shot.audio))), Fraction(*shot.rate))
    start = shot.first if shot.audio_start is None else shot.audio_start
    return Shot.from_dict(replace(shot, last=max(shot.last, start + count - 1)).to_dict())


def _span(changes: Changes) -> Span:
    begins, ends = changes.get("clip_from"), changes.get("clip_to")
    return None if begins is None else parse_time(begins), None if ends is None else parse_time(ends)


def listed(layers: Iterable[str] | None) -> list[str] | None:
    if layers is None:
        return None
    return [layers] if isinstance(layers, str) else list(layers)
