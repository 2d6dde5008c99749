"""Layers that are heard and not seen, in a project that is written without After Effects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import py_aep

from ae_bridge.tags import number, pack, tag
from shared.delivery import DeliveryAudio, DeliveryShot
from shared.errors import InputRefused

Items = Mapping[str, py_aep.FootageItem]  # by the uid of their layer


def import_sound(project: py_aep.Project, layer: DeliveryAudio, folder: Path, shot: DeliveryShot) -> py_aep.FootageItem:
    """The footage item of a sound. Raises InputRefused for a file that is none."""
    footage = layer.footage
    try:
        item = project.import_file(py_aep.ImportOptions(folder / footage.path))
        assert isinstance(item, py_aep.FootageItem)
    except Exception as error:  # whatever the look into a damaged file raises
        cause = f"{type(error).__name__}: {error}"
        raise InputRefused("the sound cannot be read", cause=cause, remedy="Deliver the shot again") from error
    if not item.has_audio or item.has_video:
        raise InputRefused("this is no sound", remedy="Deliver the shot again")
    item.name = footage.name
    item.label = py_aep.Label(layer.label)  # the layer takes it over
    written = {"fp": pack(footage.path), "n": sound_frames(layer, shot)}
    item.comment = tag(footage.uid, footage.version, **written)
    return item


def add_sounds(comp: py_aep.CompItem, layers: tuple[DeliveryAudio, ...], items: Items, shot: DeliveryShot) -> None:
    """Add them to a comp, each on top of what is there."""
    for layer in reversed(layers):
        new = comp.add(items[layer.uid])
        start, begin, end = sound_span(layer, shot)
        new.start_time = start / shot.fps
        new.in_point = (start + begin) / shot.fps
        new.name = layer.name
        new.shy = False
        new.audio_enabled = layer.enabled
        placed = {"fps": number(shot.fps), "st": start, "ti": begin, "to": end}
        kept = {"sy": 0, "au": int(layer.enabled), "lb": layer.label}
        new.comment = tag(layer.uid, layer.footage.version, **placed, **kept)


def sound_frames(layer: DeliveryAudio, shot: DeliveryShot) -> int:
    """How many frames of the shot it lasts."""
    return max(1, int(layer.footage.samples / layer.footage.rate * shot.fps + 0.5))


def sound_span(layer: DeliveryAudio, shot: DeliveryShot) -> tuple[int, int, int]:
    """Where it starts in the comp, and its in and out from there, in frames; what is before the comp is hidden."""
    start, frames = layer.footage.start - shot.first, sound_frames(layer, shot)
    return start, min(max(0, -start), frames - 1), frames
