"""Painting from the page: what was named or dropped becomes a shot, which is checked, tried on a frame, and painted.

The shot that the page changes is kept: a page that was closed, or a desk that was started anew, goes on with it.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
from starlette.responses import Response
from starlette.routing import Route

from inference_server.desk import drafts, sources, swatches, walks
from inference_server.desk.asking import Asked, Body, frame_of, get, post, told
from inference_server.desk.desk import Desk
from inference_server.desk.drops import FOLDER, Drops, taking
from inference_server.desk.keeping import kept_folder
from inference_server.desk.looks import JOB, class_at, of_asked
from inference_server.desk.marked import seen
from inference_server.desk.saving import saved
from inference_server.desk.sources import LABELS, PICTURE, SHOT, Source
from inference_server.desk.thumbs import encoded, shrunk
from shared import handing, inputs, places
from shared.client import Client
from shared.errors import InputRefused, MissingInput, SemrenderError, ServerError, from_dict
from shared.label_set import load_label_set
from shared.passes import ReadOptions
from shared.rates import parse_fps
from shared.sequences import parse_range
from shared.shot import Shot, ShotLayer
from shared.told import failure

Rate = tuple[int, int]

KEPT = 64  # shots
LARGEST = 2560  # pixels of the longer side of a picture of a pass
TRIED = "desk_tried"
TRIED_SECONDS = 86400.0  # that tried frames are kept
TRY_PRIORITY = 50  # somebody looks at the page
ENDED = ("done", "failed", "cancelled")


class Painter:
    """What the routes of one desk share. Each method is a route of its name."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.drops = Drops()
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Source] = OrderedDict()
        self._paths: dict[str, tuple[Path, str, Rate | None]] = {}

    def open(self, asked: Asked) -> Body:
        """A folder, pattern or file of this machine (`path`), dropped files (`drop`), what a `job` was asked for, or a
        `walk` by a model of that name, which needs nothing else.

        kind: what pictures without a shot.json are, "labels" or "picture"; fps: the rate of a clip.
        """
        kind = asked.body.get("kind", "")
        if kind not in ("", LABELS, PICTURE):
            raise InputRefused("pictures are labels or pictures")
        fps = parse_fps(asked.text("fps")) if asked.body.get("fps") else None
        if "job" in asked.body:
            at = asked.text("job")
            source = self._of_job(at)
        elif "drop" in asked.body:
            at = asked.text("drop")
            source = self._of_drop(at, kind, fps)
        elif "walk" in asked.body:
            model = asked.text("walk", 255)
            at = self.drops.begin()
            source = walks.begun(self.drops.folder(at), model)
        else:
            path = Path(asked.text("path").strip().strip('"')).expanduser()
            if not path.is_absolute():
                raise InputRefused("this is no whole path", file=path, remedy="Begin it at the root of the disk")
            source = sources.of_path(path, kind, fps)
            at = self._name(path, kind, fps)
        self._keep(at, source)
        return {"at": at}

    def example(self, asked: Asked) -> Body:
        """The shipped shot, for who has nothing at hand."""
        folder = places.example_folder()
        at = self._name(folder)
        self._keep(at, sources.of_path(folder))
        return {"at": at}

    def drop(self, asked: Asked) -> Body:
        """The name of a drop whose files come now."""
        return {"drop": self.drops.begin()}

    def forget(self, asked: Asked) -> Body:
        """A drop that was broken off: what came of it goes."""
        self.drops.forget(asked.path["drop"])
        return {}

    def show(self, asked: Asked) -> Body:
        """The shot as it was left, what else is known of it, and where its painting would go."""
        at = asked.path["at"]
        source = self._find(at)
        shot = source.shot
        return {
            "at": at,
            "title": source.title,
            "kind": source.kind,
            "base": str(source.base),
            "shot": shot.to_dict(),
            "frames": [shot.first, shot.last],
            "notes": list(source.notes),
            "dropped": source.base.is_relative_to(places.home() / FOLDER),
            "out": str(_painted() / source.title),
        }

    def check(self, asked: Asked) -> Body:
        """What `semrender check` says of it."""
        source = self._posted(asked)
        with self._desk.link.client() as client:
            job = handing.describe(source.shot, source.base, _numbers(asked), _layers(asked))
            report = client.check({**job, "out": job["base"]})
        return {**report, "problems": [told(_near(one, source.base)) for one in report.get("problems", ())]}

    def lacking(self, asked: Asked) -> Body:
        """What each model lacks of the shot, in words."""
        there = given(self._posted(asked).shot, _layers(asked))
        with self._desk.link.client() as client:
            cards = client.models()["models"]
        return {"lacking": {card["name"]: inputs.lacking(card["inputs"], there) for card in cards}}

    def as_(self, asked: Asked) -> Body:
        """Take the pictures for another `kind`; whatever was set for them before goes."""
        at, kind = asked.path["at"], asked.text("kind")
        if kind not in (LABELS, PICTURE):
            raise InputRefused("pictures are labels or pictures")
        if at in self._paths:
            path, _, fps = self._paths[at]
            source = sources.of_path(path, kind, fps)
            self._name(path, kind, fps)
        else:
            source = self._of_drop(at, kind)
        self._keep(at, source)
        return {"at": at}

    def walks(self, asked: Asked) -> Body:
        """Where the keyframes of its walks are, and what the sound does on every frame."""
        return walks.told(self._posted(asked))

    def names(self, asked: Asked) -> Body:
        """The names in a layer's Cryptomatte, on the frame that is looked at, with the class that each means."""
        from shared.passes.names import names_in

        source = self._posted(asked)
        layer = _layer(source.shot, asked.text("layer"))
        frame = frame_of(asked.body.get("frame"))
        file = sources.file_of(source.shot, source.base, layer, LABELS, frame)
        label_set = load_label_set(layer.label_set or source.shot.label_set)
        crypto, rows = names_in([file], label_set, ReadOptions.from_dict(layer.read))
        return {"crypto": crypto, "names": [one._asdict() for one in rows]}

    def picture(self, asked: Asked) -> Response:
        """A frame of a `layer`, or of all: labels in their colours, refused pixels marked; `X-Refused` counts them,
        `X-Words` says why."""
        source = self._find(asked.path["at"])
        name = asked.query.get("layer", "")
        layers = [_layer(source.shot, name)] if name else source.shot.layers
        shown = seen(source.shot, source.base, layers, frame_of(asked.query.get("frame")))
        height, width = shown.pixels.shape[:2]
        pixels = np.ascontiguousarray(np.dstack([shown.pixels[..., 2::-1], shown.pixels[..., 3:]]))
        content = encoded(shrunk(pixels, LARGEST) if max(height, width) > LARGEST else pixels, ".png", "")
        headers = {"X-Size": f"{width}x{height}", "X-Refused": str(shown.refused), "X-Words": quote(shown.words)}
        return Response(content, headers=headers, media_type="image/png")

    def class_(self, asked: Asked) -> Body:
        """The class at `u`, `v` (0..1) of a frame of the passes; null outside the layers."""
        source = self._find(asked.path["at"])
        u, v = asked.part("u"), asked.part("v")
        frame = frame_of(asked.query.get("frame"))
        labels = of_asked(source.shot, source.base, range(frame, frame + 1))[0]
        return {"class": class_at(labels, frame, u, v, lambda one, number: one.ids(number))}

    def try_(self, asked: Asked) -> Body:
        """Have a `frame` or some `frames` painted by themselves, in nobody's list; `tried` says how far they are."""
        source = self._posted(asked)
        frames = _numbers(asked) or [frame_of(asked.body.get("frame"))]
        folder = kept_folder(TRIED, TRIED_SECONDS)
        alone = tuple(replace(layer, hold=None) for layer in source.shot.layers)
        shot = replace(source.shot, hold="off", layers=alone)
        job = handing.describe(shot, source.base, frames, _layers(asked))
        job.update(out=str(folder / secrets.token_hex(8)), priority=TRY_PRIORITY, offer=False, comp=False, movie="none")
        with self._desk.link.client() as client:
            _sees(client, shot, source.base, Path(job["out"]))
            return {"job": client.submit(job)}

    def tried(self, asked: Asked) -> Body:
        """Where a tried frame stands: its `state`, and in `words` why it failed."""
        job = asked.path["job"]
        with self._desk.link.client() as client:
            stand = client.ask("show", job)
            words = ""
            if stand["state"] == "failed":
                events = client.request("events", {"job": job, "since": 0})[0]["events"]
                last = next((body for _, name, body in reversed(events) if name == "failed"), None)
                words = "" if last is None else str(failure(last, Path(stand["out"])))
        return {"state": stand["state"], "words": words, "ended": stand["state"] in ENDED}

    def render(self, asked: Asked) -> Body:
        """Hand the shot over to be painted into the folder `out`."""
        source = self._posted(asked)
        out = Path(asked.text("out").strip().strip('"')).expanduser()
        if not out.is_absolute():
            raise InputRefused(
                "the output folder is no whole path", file=out, remedy="Begin it at the root of the disk"
            )
        handing.apart_from_passes(source.shot, source.base, out)
        job = handing.describe(source.shot, source.base, _numbers(asked), _layers(asked))
        job.update({name: asked.body[name] for name in ("format", "movie", "comp") if name in asked.body})
        with self._desk.link.client() as client:
            _sees(client, source.shot, source.base, out)
            return {"job": client.submit({**job, "out": str(out)})}

    def save(self, asked: Asked) -> Body:
        """Write the shot.json to `path`; over another file only where `replace` says so."""
        source = self._posted(asked)
        path = Path(asked.text("path").strip().strip('"')).expanduser()
        if path.parent == _painted():
            path.parent.mkdir(exist_ok=True)
        return {"path": str(saved(source.shot, source.base, path, asked.body.get("replace") is True))}

    def _posted(self, asked: Asked) -> Source:
        """The source with the shot as the page has it now, which is kept. Raises InputRefused."""
        source = self._find(asked.path["at"])
        if "shot" in asked.body:
            source = replace(source, shot=Shot.from_dict(asked.body["shot"]))
            self._keep(asked.path["at"], source)
        return source

    def _name(self, path: Path, kind: str = "", fps: Rate | None = None) -> str:
        """Of a path from now on; the same one keeps its name."""
        with self._lock:
            known = next((at for at, about in self._paths.items() if about[0] == path), None)
            at = known or secrets.token_urlsafe(12)
            self._paths[at] = path, kind, fps
        return at

    def _keep(self, at: str, source: Source) -> None:
        with self._lock:
            self._kept[at] = source
            self._kept.move_to_end(at)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        drafts.keep(at, source)

    def _find(self, at: str) -> Source:
        """As it is kept, else as its files say. Raises in words."""
        with self._lock:
            known = self._kept.get(at)
        if known is None:
            known = drafts.kept(at)
        if known is None:
            if JOB.fullmatch(at):
                known = self._of_job(at)
            elif at in self._paths:
                known = sources.of_path(*self._paths[at])
            else:
                known = self._of_drop(at)
            self._keep(at, known)
        return known

    def _of_drop(self, at: str, kind: str = "", fps: Rate | None = None) -> Source:
        """A sound alone leads a walk."""
        folder = self.drops.folder(at)
        sound = sources.lone_sound(folder)
        return walks.begun(folder, sound=sound) if sound else sources.of_drop(folder, kind, fps)

    def _of_job(self, job: str) -> Source:
        with self._desk.link.client() as client:
            before = client.ask("asked", job)
        if before["collect"] is not None:
            raise InputRefused(
                "this job came from a machine without a shared disk, and its passes with it",
                remedy=f"Paint it again from there: {before['collect']['host'] or 'nobody said where'}",
            )
        shot = Shot.from_dict(before["shot"])
        return Source(shot.name, SHOT, shot, Path(before["base"]))


def routes(desk: Desk) -> list[Route]:
    painter = Painter(desk)
    at = "/api/paint/{at}"
    return [
        get("/api/label-sets", swatches.listed),
        get("/api/label-sets/{name}", swatches.shown),
        post("/api/paint", painter.open),
        post("/api/paint/example", painter.example),
        post("/api/paint/dropped", painter.drop),
        Route("/api/paint/dropped/{drop}", taking(painter.drops), methods=["PUT"]),
        post("/api/paint/dropped/{drop}/forget", painter.forget),
        get("/api/paint/tried/{job}", painter.tried),
        get(at, painter.show),
        get(f"{at}/picture", painter.picture),
        get(f"{at}/class", painter.class_),
        post(f"{at}/check", painter.check),
        post(f"{at}/lacking", painter.lacking),
        post(f"{at}/as", painter.as_),
        post(f"{at}/names", painter.names),
        post(f"{at}/walks", painter.walks),
        post(f"{at}/try", painter.try_),
        post(f"{at}/render", painter.render),
        post(f"{at}/save", painter.save),
    ]


def _painted() -> Path:
    """Where paintings go that nobody gave another place."""
    return Path.home() / "semrender"


def given(shot: Shot, layers: list[str] | None) -> tuple[str, ...]:
    """The inputs that every layer which is painted has."""
    painted = [layer for layer in shot.layers if layers is None or layer.name in layers]
    there = [name for name in inputs.WORDS if all(getattr(layer, name, None) is not None for layer in painted)]
    return tuple([*there, "audio"] if inputs.may_sound(shot) else there)


def _near(problem: Body, base: Path) -> SemrenderError:
    """A problem whose file is named as the shot names it: the page shows the folder once."""
    error = from_dict(problem)
    if error.file is not None and Path(error.file).is_relative_to(base):
        error.file = Path(error.file).relative_to(base).as_posix()
    return error


def _sees(client: Client, shot: Shot, base: Path, out: Path) -> None:
    if not handing.shares_disk(client, shot, base, out):
        raise ServerError(
            "the server does not see these files",
            file=base,
            cause="It is on another machine, and the disks are not shared",
            remedy="Use `semrender render`, which sends them, or open the desk of that machine through an SSH tunnel",
        )


def _layer(shot: Shot, name: str) -> ShotLayer:
    for layer in shot.layers:
        if layer.name == name:
            return layer
    raise MissingInput("the shot has no such layer", layer=name)


def _numbers(asked: Asked) -> list[int] | None:
    return parse_range(asked.text("frames")) if asked.body.get("frames") else None


def _layers(asked: Asked) -> list[str] | None:
    """Those that are painted; None = all."""
    layers = asked.body.get("layers")
    if layers is None:
        return None
    if not isinstance(layers, list) or not layers or not all(isinstance(name, str) for name in layers):
        raise InputRefused("no layer is chosen", remedy="Choose at least one")
    return layers
