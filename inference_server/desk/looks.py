"""What a look has: the reels of a job, of a delivery or of any pictures on this machine, and the takes beside it."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from inference_server.desk.desk import Desk
from inference_server.desk.opened import inside
from inference_server.desk.reels import (
    NONE,
    Labels,
    Layer,
    Letters,
    Reel,
    Shown,
    delivered,
    footage_of,
    labelled,
    of_layer,
    over,
    stamp_of,
)
from shared.delivery import FILE_NAME, Delivery, DeliveryLayer, read_delivery
from shared.errors import MissingInput, SemrenderError
from shared.frames import beat, find_pass
from shared.label_set import load_label_set
from shared.passes import ReadOptions
from shared.shot import Shot
from shared.sounds import Sound, sound_of_shot
from shared.takes import delivery_in, differences, looks_of
from shared.values import Value

KEPT = 16  # looks in memory: lists of names
MOST_BESIDE = 200  # folders that are searched for takes
MOST_TAKES = 48
OF_PICTURES = ("beauty", "picture")  # passes that are looked at
UNDER = "frame_by_frame"  # folder of what held frames are made of
MOVIES = ("movie.mp4", "movie.mov")
PAINTING, LABELS = "painting", "labels"
JOB = re.compile("[0-9a-f]{32}")
LOOPBACK = "tcp://127.0.0.1:"


class Look(Value):
    """frames: of its time line. aspect: of a pixel. reels: by name, the painting first."""

    title: str
    folder: Path
    frames: range
    fps: Fraction
    aspect: float
    reels: dict[str, Reel]
    labels: tuple[Labels, ...] = ()
    job: str = ""
    delivery: Delivery | None = None
    notes: tuple[str, ...] = ()
    sound: Sound | None = None

    @property
    def movie(self) -> Path | None:
        if self.delivery is None:
            return None
        return next((self.folder / name for name in MOVIES if (self.folder / name).is_file()), None)

    def reel(self, name: str) -> Reel:
        """Raises MissingInput."""
        if name not in self.reels:
            raise MissingInput("there are no such pictures in it", remedy="Open it again")
        return self.reels[name]


class Looks:
    """By the name under which a folder was opened, or the identity of a job; what is in use is kept."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Look] = OrderedDict()

    def find(self, at: str, anew: bool = False) -> Look:
        """Raises MissingInput, InputRefused or ServerError."""
        with self._lock:
            known = self._kept.get(at)
            if known is not None and not anew:
                self._kept.move_to_end(at)
                return known
        found = of_job(self._desk, at) if JOB.fullmatch(at) else of_folder(self._desk.opened.path(at))
        with self._lock:
            self._kept[at] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def open(self, path: Path) -> str:
        """The name of a folder, delivery.json, clip or picture from now on. Raises MissingInput or InputRefused."""
        place = path.parent if path.name == FILE_NAME else path
        job = next((one["job"] for one in self._desk.feed.jobs() if one["out"] == str(place)), None)
        return job or self._desk.opened.open(place)


def of_folder(path: Path) -> Look:
    """A delivery, or whatever pictures a file, a folder or a clip has. Raises MissingInput or InputRefused."""
    if not (path / FILE_NAME).is_file():
        return _of_pictures(path)
    delivery = read_delivery(path)
    shot = delivery.shot
    frames = range(shot.first, shot.last + 1)
    painted = [delivered(path, one, frames) for one in delivery.layers if one.role == "painting" and one.enabled]
    labels, notes = _delivered_labels(path, delivery, frames)
    reels = _reels(painted, labels, [*_passes(path, delivery, frames), *_under(path, painted, frames)])
    return Look(
        title=path.name,
        folder=path,
        frames=frames,
        fps=Fraction(shot.fps_num, shot.fps_den),
        aspect=shot.pixel_aspect,
        reels=reels,
        labels=labels,
        delivery=delivery,
        notes=notes,
        sound=_heard(path, delivery),
    )


def of_job(desk: Desk, job: str) -> Look:
    """A job, painted or on its way; its passes are read where it asked for them. Raises in words."""
    with desk.link.client() as client:
        about = client.ask("show", job)
        here = client.address.startswith(LOOPBACK)
    asked, folder = about["asked"], Path(about["out"])
    if not here and not folder.is_dir():
        raise MissingInput(
            "the files of this job are on the server's disk", file=folder, remedy="Collect them, then open their folder"
        )
    shot = Shot.from_dict(asked["shot"])
    frames = range(min(asked["frames"]), max(asked["frames"]) + 1)
    delivery = delivery_in(folder)
    if delivery is not None and delivery.shot.name != shot.name:
        delivery = None
    before = {one.name: one for one in (delivery.layers if delivery else ()) if one.role == "painting"}
    painted = []
    for layer in shot.layers:
        if layer.name in asked["layers"]:
            painted.append(_painted(desk, job, folder, layer.name, frames, layer.opacity))
        elif layer.name in before:
            painted.append(delivered(folder, before[layer.name], frames))
    labels, passes, notes = of_asked(shot, Path(asked["base"]), frames)
    mattes = [] if delivery is None else _mattes(folder, delivery, frames)
    return Look(
        title=about["name"],
        folder=folder,
        frames=frames,
        fps=Fraction(shot.fps_num, shot.fps_den),
        aspect=shot.pixel_aspect or (delivery.shot.pixel_aspect if delivery else 1.0),
        reels=_reels(painted, labels, [*passes, *_under(folder, painted, frames), *mattes]),
        labels=labels,
        job=job,
        delivery=delivery,
        notes=notes,
        sound=_heard(folder, delivery) or _asked_sound(shot, Path(asked["base"])),
    )


def _heard(folder: Path, delivery: Delivery | None) -> Sound | None:
    """The sound that was delivered."""
    heard = [one.footage for one in (delivery.audio if delivery else ()) if one.enabled]
    return Sound(inside(folder, heard[0].path), heard[0].start) if heard else None


def _asked_sound(shot: Shot, base: Path) -> Sound | None:
    """The sound that a job will have; what is wrong with it the job says."""
    try:
        return sound_of_shot(shot, lambda name: base / name)
    except SemrenderError:
        return None


def _of_pictures(path: Path) -> Look:
    from shared.compared import open_compared

    found = open_compared(path)
    numbers = [1] if found.frames is None else list(found.frames)
    frames = range(numbers[0], numbers[-1] + 1)
    there = set(numbers)

    def picture(frame: int) -> Shown:
        if frame not in there:
            raise MissingInput("there is no file for this frame", file=path.name, frame=frame)
        return Shown(f"{stamp_of(path)}.{frame}", lambda: found.picture(frame))

    letters = "".join("p" if frame in there else NONE for frame in frames)
    reel = Reel(PAINTING, "picture", found.name, lambda: letters, picture)
    fps = found.fps or Fraction(24)
    folder = path if path.is_dir() else path.parent
    return Look(
        found.name, folder, frames, fps, found.pixel_aspect, {PAINTING: reel}, notes=found.notes, sound=found.sound
    )


def _reels(painted: list[Layer], labels: tuple[Labels, ...], more: list[Reel]) -> dict[str, Reel]:
    found = [over(painted, "")] if painted else []
    if len(painted) > 1:
        found += [of_layer(layer, "layer", layers=(layer.name,)) for layer in painted]
    if labels:
        found.append(labelled(labels, ""))
    if len(labels) > 1:
        found += [labelled([one], one.layer, f"labels:{one.layer}") for one in labels]
    return {reel.name: reel for reel in [*found, *more]}


def _painted(desk: Desk, job: str, folder: Path, layer: str, frames: range, opacity: float) -> Layer:
    """A layer of a job, as far as the server says it is."""

    def letters() -> str:
        with desk.link.client() as client:
            told = client.ask("pictures", job, layer=layer)
        known = dict(zip(told["frames"], told["states"], strict=True))
        return "".join(known.get(frame, NONE) for frame in frames)

    def file(frame: int) -> Path:
        with desk.link.client() as client:
            told = client.ask("picture", job, layer=layer, frame=frame)
        if told["file"] is None:
            raise MissingInput("this frame is not painted yet", layer=layer, frame=frame)
        return inside(folder, told["file"])

    return Layer(layer, frames, letters, file, opacity=opacity)


def of_asked(shot: Shot, base: Path, frames: range) -> tuple[tuple[Labels, ...], list[Reel], tuple[str, ...]]:
    """Labels and pictures that a shot names; what is not there is a note."""
    labels, reels, notes = [], [], []
    for layer in shot.layers:
        for kind in (LABELS, *OF_PICTURES):
            pattern = getattr(layer, kind)
            if pattern is None:
                continue
            try:
                files = find_pass(kind, pattern, base, layer.name, beat(shot, layer))
                there = "".join("p" if files.still or frame in files.files else "w" for frame in frames)
                if kind == LABELS:
                    label_set = load_label_set(layer.label_set or shot.label_set)
                    read = ReadOptions.from_dict(layer.read)
                    labels.append(Labels(layer.name, label_set, read, _said(there), files.file))
                else:
                    reels.append(_pass_reel(kind, layer.name, _said(there), files))
            except SemrenderError as error:
                notes.append(f"the {kind} pass cannot be shown: {error.located(layer=layer.name)}")
    return tuple(labels), reels, tuple(notes)


def _said(letters: str) -> Letters:
    return lambda: letters


def _pass_reel(kind: str, layer: str, letters: Letters, files: Any) -> Reel:
    def picture(frame: int) -> Shown:
        from shared.passes.clip_pass import read_picture

        def make() -> Any:
            import numpy as np

            found = read_picture(files, frame)
            return np.asarray(np.dstack([found.colour, found.alpha]) * 255 + 0.5, np.uint8)

        file = files.file(frame)
        if files.clip is None:
            return Shown(stamp_of(file), make, file)
        return Shown(f"{stamp_of(file)}.{frame}", make)

    return Reel(f"{kind}:{layer}", kind, layer, letters, picture, (layer,))


def _delivered_labels(folder: Path, delivery: Delivery, frames: range) -> tuple[tuple[Labels, ...], tuple[str, ...]]:
    """The label passes that were delivered, of paintings whose label set is known here."""
    sets = {one.name: one.provenance.label_set for one in delivery.layers if one.role == "painting"}
    found, notes = [], []
    for one in delivery.layers:
        name = _of(one, LABELS)
        if one.role != LABELS or name not in sets:
            continue
        try:
            letters, file = footage_of(folder, one.footage, frames)
            found.append(Labels(name, load_label_set(sets[name]), ReadOptions(), letters, file))
        except SemrenderError as error:
            notes.append(f"the classes of {name} have no names here: {error}")
    return tuple(found), tuple(notes)


def _passes(folder: Path, delivery: Delivery, frames: range) -> list[Reel]:
    found = []
    for one in delivery.layers:
        if one.role in OF_PICTURES:
            name = _of(one, one.role)
            found.append(of_layer(delivered(folder, one, frames), one.role, name, f"{one.role}:{name}", (name,)))
    return [*found, *_mattes(folder, delivery, frames)]


def _of(one: DeliveryLayer, kind: str) -> str:
    """The painted layer that a pass belongs to: the delivery calls it "train beauty"."""
    return one.name.removesuffix(f" {kind}")


def _mattes(folder: Path, delivery: Delivery, frames: range) -> list[Reel]:
    mattes = [delivered(folder, one, frames) for one in delivery.layers if one.role == "matte"]
    return [of_layer(one, "matte") for one in mattes]


def _under(folder: Path, painted: list[Layer], frames: range) -> list[Reel]:
    """Of layers that hold still: their frames as each was painted by itself."""
    from shared.sequences import find_sequence

    found = []
    for layer in painted:
        place = folder / UNDER / layer.name
        if not place.is_dir():
            continue
        try:
            files = find_sequence(inside(folder, f"{UNDER}/{layer.name}"))
        except SemrenderError:
            continue  # an empty folder, as of a job that has just begun
        there = "".join("p" if frame in files.files else NONE for frame in frames)
        alone = Layer(layer.name, frames, _said(there), files.file)
        found.append(of_layer(alone, "under", layers=(layer.name,)))
    return found


def beside(look: Look) -> Iterator[tuple[Path, list[str]]]:
    """The other takes of a delivered shot, folders that lie beside, and in words what is different in each."""
    if look.delivery is None:
        return
    base = look.folder.name.partition("_take")[0]
    names = sorted(entry for entry in look.folder.parent.iterdir() if entry.is_dir())[: MOST_BESIDE * 10]
    near = [path for path in names if path.name.startswith(base)]
    mine = {one.name: one for one in look.delivery.layers if one.role == "painting"}
    count = 0
    for path in (near + [path for path in names if path not in near])[:MOST_BESIDE]:
        other = delivery_in(path) if path != look.folder and (path / FILE_NAME).is_file() else None
        if other is None or other.shot.uid != look.delivery.shot.uid or count == MOST_TAKES:
            continue
        count += 1
        words = [
            word
            for one in other.layers
            if one.role == "painting" and one.name in mine
            for word in differences(looks_of(mine[one.name])[0], looks_of(one)[0])
        ]
        yield path, list(dict.fromkeys(words))


def class_at(labels: Iterable[Labels], frame: int, u: float, v: float, read: Any) -> dict[str, Any] | None:
    """The class in the topmost of some labels that has one there; None outside all.

    u, v: 0..1 from the left and from the top. read: ids of labels on a frame.
    """
    from shared.label_set import NOTHING

    for one in labels:
        ids = read(one, frame)
        height, width = ids.shape
        identity = int(ids[min(int(v * height), height - 1), min(int(u * width), width - 1)])
        if identity != NOTHING:
            palette = next(iter(one.label_set.palettes.values()))
            label = one.label_set.by_id(identity)
            return {"layer": one.layer, "id": identity, "name": label.name, "rgb": list(palette.colors[identity])}
    return None
