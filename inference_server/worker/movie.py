"""The movie of a delivery: the composite of its layers at full size, beside the previews."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.provenance import source_type, watermark
from inference_server.worker import faces, outputs, sealing
from inference_server.worker.plan import Plan
from inference_server.worker.preview import labelled, painted
from shared.delivery import DeliveryAudio
from shared.movies import SUFFIXES, about_movie, write_movie
from shared.sounds import Part, Sound

NAME = "movie"
VERSION = 1  # of how movies are written; another one is written anew
WIDEST = 2**16
READERS = 2  # composites made ahead of the encoder, which bounds the memory
DEPTH: dict[str, Any] = {"h264": np.uint8, "prores": np.uint16}


def bring_movie(
    plan: Plan, frames: list[int], shown: str, folder: Path, audio: Sequence[DeliveryAudio] = ()
) -> Path | None:
    """Write movie.mp4 or movie.mov where it does not show these very frames; None for one frame or "none".

    shown: hash of what it is to show, see `preview.shows`. audio: the delivery's, whose first is heard. A movie of
    frames that are no more goes. Raises SemrenderError where none can be written.
    """
    now = f"semrender {VERSION} {shown} {plan.shot.fps_num}/{plan.shot.fps_den} {plan.pixel_aspect:g}"
    fps = Fraction(plan.shot.fps_num, plan.shot.fps_den)
    sound = None
    if audio:
        file = audio[0].footage
        now += f" {file.sha256}"
        sound = Part(folder / file.path, *Sound(folder / file.path, file.start).samples_of(frames[0], frames[-1], fps))
    there = {kind: folder / f"{NAME}{suffix}" for kind, suffix in SUFFIXES.items()}
    about = {kind: about_movie(path) for kind, path in there.items() if path.is_file()}
    for kind, told in about.items():
        if told is not None and told.startswith("semrender ") and told != now:
            there[kind].unlink(missing_ok=True)
    if plan.movie == "none" or len(frames) == 1:
        return None
    path = there[plan.movie]
    if about.get(plan.movie) == now:
        return path
    with outputs.placing(path) as beside:
        write_movie(beside, _composites(plan, frames), fps, plan.movie, plan.pixel_aspect, now, sound)
        if kind := faces.source_type_of(plan.layers.values()):
            with beside.open("ab") as end:
                end.write(source_type.box(kind))
            sealing.embed(plan, frames[0], beside, path.name)
    return path


def _composite(plan: Plan, frame: int, kind: type[Any]) -> NDArray[Any]:
    """What the movie shows; of a changed face with its mark all over, since layers have it where they are alone."""
    picture, carries = painted(plan, frame, WIDEST)
    marks = [mark for mark in map(faces.number, plan.layers.values()) if mark is not None]
    if marks:
        picture = watermark.marked(picture, np.asarray(carries < 0.5, np.float32), marks[0])
    return labelled(outputs.to_integers(picture, kind), faces.notice(plan.layers.values()))


def _composites(plan: Plan, frames: list[int]) -> Iterator[NDArray[Any]]:
    kind = DEPTH[plan.movie]
    with ThreadPoolExecutor(READERS) as pool:
        coming: deque[Future[NDArray[Any]]] = deque()
        for frame in frames:
            coming.append(pool.submit(_composite, plan, frame, kind))
            if len(coming) > READERS:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
