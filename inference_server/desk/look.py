"""The viewer: what a look has, how far its frames are, a picture, the class at a point, the movie, the folder."""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from inference_server.desk import folders
from inference_server.desk.asking import Asked, Body, frame_of, get, post
from inference_server.desk.desk import Desk
from inference_server.desk.looks import Looks, beside, class_at
from inference_server.desk.reels import Ids, Labels, Shown, is_plain, stamp_of
from inference_server.desk.thumbs import Thumbs, encoded, shrunk
from shared import places
from shared.errors import InputRefused, MissingInput
from shared.sounds import write_wav

SIDES = (384, 960, 1920)  # pixels of the longer side that a page may ask for; without one it gets them all
MOST_PIXELS = 2**26  # of a picture that is sent whole
KEPT = 192 * 2**20  # bytes of pictures for pages
KEPT_IDS = 96 * 2**20
AT_ONCE = 3  # pictures that are decoded
KEPT_SOUNDS = 4
LONGEST_SOUND = 3600  # seconds


class Viewer:
    """What the routes of one desk share. Each method is a route of its name."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.looks = Looks(desk)
        self._pictures = Thumbs(KEPT)
        self._turn = threading.Semaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._sounds = tempfile.TemporaryDirectory(prefix="semrender-desk-")
        self._ids: OrderedDict[tuple[str, str, str], Ids] = OrderedDict()

    def open(self, asked: Asked) -> Body:
        """A folder, delivery.json, clip or picture of this machine that the user names."""
        return {"at": self.looks.open(Path(asked.text("path").strip()).expanduser())}

    def show(self, asked: Asked) -> Body:
        """What a look has, as it is now; and the takes beside it."""
        at = asked.path["at"]
        look = self.looks.find(at, anew=True)
        size = None if look.delivery is None else [look.delivery.shot.width, look.delivery.shot.height]
        takes = [
            {"at": self._desk.opened.open(path), "title": path.name, "differs": words} for path, words in beside(look)
        ]
        return {
            "at": at,
            "title": look.title,
            "folder": str(look.folder),
            "job": look.job,
            "size": size,
            "aspect": look.aspect,
            "fps": [look.fps.numerator, look.fps.denominator],
            "first": look.frames.start,
            "last": look.frames.stop - 1,
            "reels": [{"name": one.name, "kind": one.kind, "title": one.title} for one in look.reels.values()],
            "labelled": bool(look.labels),
            "takes": takes,
            "movie": None if look.movie is None else look.movie.name,
            "sounds": look.sound is not None,
            "notes": list(look.notes),
        }

    def letters(self, asked: Asked) -> Body:
        """How far each frame of a reel is, from the look's first on."""
        look = self.looks.find(asked.path["at"])
        return {"first": look.frames.start, "letters": look.reel(_name(asked)).letters()}

    def picture(self, asked: Asked) -> Response:
        """A frame of a reel, whole or with a longer `side` of at most so many pixels; `X-Size` is that of the whole."""
        look, frame = self.looks.find(asked.path["at"]), frame_of(asked.query.get("frame"))
        side = asked.query.get("side", "")
        if side and side not in map(str, SIDES):
            raise InputRefused("pictures have other sizes", remedy=f"Ask for {', '.join(map(str, SIDES))}")
        shown = look.reel(_name(asked)).picture(frame)
        tag = f'"{hashlib.sha256(f"{shown.stamp} {side}".encode()).hexdigest()[:24]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}  # a frame that is painted again is another one
        if asked.seen == tag:
            return Response(status_code=304, headers=headers)
        plain = None if shown.plain is None else is_plain(shown.plain, MOST_PIXELS)
        if shown.plain is not None and plain is not None and max(plain) <= int(side or MOST_PIXELS):
            return FileResponse(shown.plain, headers={**headers, **_size(*plain)}, media_type="image/png")
        made = self._pictures.of((asked.path["at"], _name(asked), str(frame), tag), lambda: self._made(shown, side))
        head, _, content = made.partition(b"\n")
        width, height = map(int, head.split())
        kind = "image/png" if content.startswith(b"\x89PNG") else "image/webp"
        return Response(content, headers={**headers, **_size(width, height)}, media_type=kind)

    def _made(self, shown: Shown, side: str) -> bytes:
        """The size of the whole picture, a new line, and the file for the page."""
        with self._turn:
            pixels = shown.make()
        height, width = pixels.shape[:2]
        blue_first = np.ascontiguousarray(np.dstack([pixels[..., 2::-1], pixels[..., 3:]]))
        if side or width * height > MOST_PIXELS:
            content = encoded(shrunk(blue_first, int(side or SIDES[-1])), ".webp", "")
        else:
            content = encoded(blue_first, ".png", "")
        return f"{width} {height}\n".encode() + content

    def class_(self, asked: Asked) -> Body:
        """The class at `u`, `v` (0..1) of a frame, by name; `class` is null outside the layers."""
        look = self.looks.find(asked.path["at"])
        u, v = asked.part("u"), asked.part("v")
        layers = look.reel(_name(asked)).layers
        labels = [one for one in look.labels if one.layer in layers]
        return {"class": class_at(labels, frame_of(asked.query.get("frame")), u, v, self._read)}

    def _read(self, labels: Labels, frame: int) -> Ids:
        """The ids of a frame, those asked for of late from memory."""
        file = labels.file(frame)
        key = str(file), stamp_of(file), labels.label_set.hash
        with self._lock:
            if key in self._ids:
                self._ids.move_to_end(key)
                return self._ids[key]
        with self._turn:
            found = labels.ids(frame)
        with self._lock:
            self._ids[key] = found
            while sum(one.nbytes for one in self._ids.values()) > KEPT_IDS and len(self._ids) > 1:
                self._ids.popitem(last=False)
        return found

    def movie(self, asked: Asked) -> Response:
        """The movie that the delivery has, to keep."""
        look = self.looks.find(asked.path["at"])
        file = look.movie
        if file is None:
            raise MissingInput("there is no movie of it", remedy="It is written when all frames are painted")
        return FileResponse(file, filename=f"{look.title}{file.suffix}", headers={"Cache-Control": "no-cache"})

    def sound(self, asked: Asked) -> Response:
        """The sound of all its frames as WAV, beginning with the first."""
        look = self.looks.find(asked.path["at"])
        if look.sound is None:
            raise MissingInput("it has no sound")
        if len(look.frames) / look.fps > LONGEST_SOUND:
            raise InputRefused("its sound is too long to be played here", remedy="Look at the movie")
        stamp = f"{stamp_of(look.sound.file)} {look.sound} {look.frames} {look.fps}"
        file = Path(self._sounds.name) / f"{hashlib.sha256(stamp.encode()).hexdigest()[:24]}.wav"
        with self._turn:
            if not file.exists():
                for old in sorted(file.parent.iterdir(), key=lambda one: one.stat().st_mtime)[: -KEPT_SOUNDS + 1]:
                    old.unlink()
                with places.whole(file, "the sound") as beside:
                    write_wav(beside, look.sound, look.frames.start, look.frames.stop - 1, look.fps)
        return FileResponse(file, headers={"Cache-Control": "no-cache"}, media_type="audio/wav")

    def folder(self, asked: Asked) -> Body:
        """Show the folder in a window of the desk's own machine."""
        look = self.looks.find(asked.path["at"])
        folders.show(look.folder)
        return {"folder": str(look.folder)}


def routes(desk: Desk) -> list[Route]:
    viewer = Viewer(desk)
    at = "/api/look/{at}"
    return [
        post("/api/look", viewer.open),
        get(at, viewer.show),
        get(f"{at}/letters", viewer.letters),
        get(f"{at}/picture", viewer.picture),
        get(f"{at}/class", viewer.class_),
        get(f"{at}/movie", viewer.movie),
        get(f"{at}/sound", viewer.sound),
        post(f"{at}/folder", viewer.folder),
    ]


def _name(asked: Asked) -> str:
    return asked.query.get("reel", "")


def _size(width: int, height: int) -> dict[str, str]:
    return {"X-Size": f"{width}x{height}"}
