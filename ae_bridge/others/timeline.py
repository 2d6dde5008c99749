"""Deliveries as a timeline of OpenTimelineIO: shots one after another, a video track for each layer, the sound below.

The JSON is written here, as its library is compiled and has no build for every Python and system; the tests read it
back with that library. Times are those that the files have for an editing program: the numbers of a sequence, zero for
a sound. The takes beside a delivery are other media of its clips, by the name of the take. Not every program reads
sequences of pictures in a timeline: one of the deliveries' movies is read by all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ae_bridge.others.stack import Comp, empty, frames_of, read_comp
from ae_bridge.others.writing import claim, keep
from shared import schema
from shared.delivery import DeliveryAudio, DeliveryLayer, Footage
from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.footage import number_in

THIS = "DEFAULT_MEDIA"  # the key of the medium that OpenTimelineIO itself gives
MOVIES = ("movie.mov", "movie.mp4")
ORIGINAL = "original"  # of a take, the delivery that it lies beside

Data = dict[str, Any]


def write_timeline(comps: list[Comp], out: Path, movies: bool = False) -> list[str]:
    """Write the timeline of deliveries, in their order; notes.

    movies: one track of the movies beside the deliveries, instead of their layers.

    Raises InputRefused for other frame rates and where there is such a file, MissingInput where a delivery has no
    movie, SemrenderError where the disk refuses.
    """
    claim(out, ".otio")
    notes: list[str] = []
    keep(out, json.dumps(timeline(comps, out.stem, notes, movies), indent=1) + "\n")
    return notes


def timeline(comps: list[Comp], name: str, notes: list[str], movies: bool) -> Data:
    first = comps[0].shot
    rate = Fraction(first.fps_num, first.fps_den)
    for comp in comps:
        if Fraction(comp.shot.fps_num, comp.shot.fps_den) != rate:
            raise InputRefused(
                f"it has {comp.shot.fps:g} frames a second, {first.name} has {first.fps:g}",
                file=comp.folder,
                remedy="Make a timeline of each rate",
            )
    shots = [Shot(comp, rate, notes) for comp in comps]
    if movies:
        seen = [_track("V1", "Video", (shot.movie() for shot in shots))]
    else:
        notes += [note for shot in shots for note in shot.untold()]
        deepest = max(len(comp.shown) for comp in comps)
        below = max(len(comp.sources) for comp in comps)
        seen = [
            *(_track(f"Source {n + 1}", "Video", (o for shot in shots for o in shot.source(n))) for n in range(below)),
            *(_track(f"V{n + 1}", "Video", (o for shot in shots for o in shot.pictures(n))) for n in range(deepest)),
        ]
    loudest = max(len(comp.delivery.audio) for comp in comps)
    tracks = [
        *seen,
        *(_track(f"A{n + 1}", "Audio", (one for shot in shots for one in shot.sounds(n))) for n in range(loudest)),
    ]
    start = first.first if len(comps) == 1 else 0  # of one shot the frames are those of the shot
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "name": name,
        "metadata": {},
        "global_start_time": _time(start, rate),
        "tracks": _item("Stack.1", "tracks", children=tracks),
    }


class Shot:
    """What one delivery puts on the tracks."""

    def __init__(self, comp: Comp, rate: Fraction, notes: list[str]) -> None:
        self.comp, self.rate = comp, rate
        self.takes = dict(_takes(comp, notes))

    def untold(self) -> Iterator[str]:
        yield from empty(self.comp)
        for layer in self.comp.shown:
            if layer.matte or layer.blend != "NORMAL" or layer.opacity != 100:
                words = "a timeline knows no mattes, modes and opacities; they are in its metadata"
                yield f"{self.comp.shot.name}, layer {layer.name}: {words}"

    def movie(self) -> Data:
        shot, file = self.comp.shot, _movie(self.comp)
        if file is None:
            raise MissingInput("it has no movie", file=self.comp.folder, remedy="Render it with --movie h264")
        same = {
            name: one for name, one in self.takes.items() if (one.shot.first, one.shot.last) == (shot.first, shot.last)
        }
        others = {name: movie for name, one in same.items() if (movie := _movie(one))}
        media = {
            name: {
                "OTIO_SCHEMA": "ExternalReference.1",
                "target_url": one.as_uri(),
                "available_range": self._range(0, shot.frames),
            }
            for name, one in {THIS: file, **others}.items()
        }
        return self._clip(shot.name, self._range(0, shot.frames), media)

    def pictures(self, track: int) -> Iterator[Data]:
        return self._laid(self.comp.shown, track)

    def source(self, track: int) -> Iterator[Data]:
        """Of what the paintings were made: below them, and switched off."""
        return self._laid(self.comp.sources, track, enabled=False)

    def _laid(self, layers: list[DeliveryLayer], track: int, **more: Any) -> Iterator[Data]:
        shot = self.comp.shot
        seen = frames_of(layers[track], shot) if track < len(layers) else range(0)
        if not seen:
            yield self._gap(shot.frames)
            return
        layer = layers[track]
        footage = layer.footage
        begin = seen.start - footage.start_frame + footage.first if footage.sequence else 0
        media = {THIS: self._medium(self.comp, layer)}
        for name, comp in self.takes.items():
            other = next((one for one in comp.shown if one.uid == layer.uid), None)
            if other is not None and _stands_for(other.footage, footage, seen):
                media[name] = self._medium(comp, other)
        yield self._gap(seen.start - shot.first)
        name, told = f"{shot.name} {layer.name}", {"semrender": _told(layer)}
        yield self._clip(name, self._range(begin, len(seen)), media, metadata=told, **more)
        yield self._gap(shot.last + 1 - seen.stop)

    def sounds(self, track: int) -> Iterator[Data]:
        shot = self.comp.shot
        if track >= len(self.comp.delivery.audio):
            yield self._gap(shot.frames)
            return
        sound = self.comp.delivery.audio[track]
        files = sound.footage
        whole = int(files.samples * self.rate / files.rate)  # frames
        begin, end = max(files.start, shot.first), min(files.start + whole, shot.last + 1)
        if begin >= end:
            yield self._gap(shot.frames)
            return
        yield self._gap(begin - shot.first)
        heard, media = self._range(begin - files.start, end - begin), {THIS: self._sound(sound, whole)}
        yield self._clip(sound.name, heard, media, enabled=sound.enabled)
        yield self._gap(shot.last + 1 - end)

    def _medium(self, comp: Comp, layer: DeliveryLayer) -> Data:
        footage = layer.footage
        if not footage.sequence:
            file = (comp.folder / footage.path).as_uri()
            length = self._range(0, comp.shot.frames)
            return {"OTIO_SCHEMA": "ExternalReference.1", "target_url": file, "available_range": length}
        before, _, after = number_in(footage)
        folder, _, prefix = before.rpartition("/")
        return {
            "OTIO_SCHEMA": "ImageSequenceReference.1",
            "name": f"{footage.name} v{footage.version}",
            "available_range": self._range(footage.first, footage.last - footage.first + 1),
            "target_url_base": (comp.folder / folder).as_uri() + "/",
            "name_prefix": quote(prefix),
            "name_suffix": quote(after),
            "start_frame": footage.first,
            "frame_step": 1,
            "rate": float(self.rate),
            "frame_zero_padding": footage.padding,
            "missing_frame_policy": "error",
            "metadata": {"semrender": _told(layer)},
        }

    def _sound(self, sound: DeliveryAudio, frames: int) -> Data:
        file = (self.comp.folder / sound.footage.path).as_uri()
        return {"OTIO_SCHEMA": "ExternalReference.1", "target_url": file, "available_range": self._range(0, frames)}

    def _clip(self, name: str, seen: Data, media: dict[str, Data], **more: Any) -> Data:
        return _item("Clip.2", name, source_range=seen, media_references=media, active_media_reference_key=THIS, **more)

    def _gap(self, frames: int) -> Data:
        return _item("Gap.1", "", source_range=self._range(0, frames))

    def _range(self, start: int, frames: int) -> Data:
        start_time, duration = _time(start, self.rate), _time(frames, self.rate)
        return {"OTIO_SCHEMA": "TimeRange.1", "start_time": start_time, "duration": duration}


def _time(frames: int, rate: Fraction) -> Data:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": float(frames), "rate": float(rate)}


def _track(name: str, kind: str, items: Iterable[Data]) -> Data:
    some = [one for one in items if one["source_range"]["duration"]["value"]]
    return _item("Track.1", name, kind=kind, children=some)


def _item(of: str, name: str, **more: Any) -> Data:
    return {"OTIO_SCHEMA": of, "name": name, "metadata": {}, "effects": [], "markers": [], "enabled": True, **more}


def _movie(comp: Comp) -> Path | None:
    files = [comp.folder / name for name in MOVIES]
    return next((file for file in files if file.is_file()), None)


def _stands_for(other: Footage, footage: Footage, seen: range) -> bool:
    """Whether the same numbers of another sequence are the same frames, and it has all that are seen."""
    if not other.sequence or not footage.sequence:
        return other.sequence == footage.sequence
    same = other.first - other.start_frame == footage.first - footage.start_frame
    return same and other.start_frame <= seen.start and seen.stop <= other.start_frame + other.last - other.first + 1


def _told(layer: DeliveryLayer) -> Data:
    """What a timeline has no place for."""
    return {
        "matte": layer.matte and {"uid": layer.matte.uid, "type": layer.matte.type},
        "uid": layer.uid,
        "version": layer.footage.version,
        "blend": layer.blend,
        "opacity": layer.opacity,
        "alpha": layer.footage.alpha,
        "color": layer.footage.color,
        "provenance": schema.plain(layer.provenance),
    }


def _takes(comp: Comp, notes: list[str]) -> Iterator[tuple[str, Comp]]:
    """The other takes of the same shot beside a delivery, by name."""
    base = re.sub(r"_take[0-9]{3}$", "", comp.folder.name)
    beside = sorted(comp.folder.parent.glob("*_take[0-9][0-9][0-9]"))
    for folder in [comp.folder.with_name(base), *(one for one in beside if one.name[: -len("_take000")] == base)]:
        if folder == comp.folder or not folder.is_dir():
            continue
        try:
            take = read_comp(folder)
        except MissingInput:
            continue
        except SemrenderError as error:
            notes.append(f"the take {folder.name} is left out: {error}")
            continue
        if take.shot.uid == comp.shot.uid and take.shot.fps == comp.shot.fps:
            yield folder.name[len(base) + 1 :] or ORIGINAL, take
