"""What long clips take: the memory of normalising one and of preparing its joints, by how many frames it has.

`python -m benchmarks.motion_memory REFERENCE [FRAMES]`, REFERENCE being a folder with `walk/`. The walk is enlarged to
3840x2160 and goes back and forth in an H.264 clip, of FRAMES (48) and of twice as many: with 40 the memory for pictures
that were decoded (384 MiB) is full. Each run is a process of its own, whose peak is read from the system. Then 10,000
small frames are gone through with two people on each, by a stand-in for the networks that knows them at once: what is
left is what is kept of each frame.
"""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import psutil

from inference_server.broker.requests import job_spec
from inference_server.commands.normalising import Request, normalise
from inference_server.models.base import load_model
from inference_server.models.looking import Frames
from inference_server.motion.bodies import Body, Region
from inference_server.motion.reading import Pixels, Read, read_people
from inference_server.motion.template import read_template
from inference_server.worker.plan import make_plan
from inference_server.worker.preparing import Journal, prepare
from shared.clips import Clip as Shown

LARGE, SMALL = (3840, 2160), (96, 54)
MANY = 10_000


def clip_of(plates: list[Path], frames: int, file: Path) -> Path:
    """An H.264 clip of so many frames, back and forth."""
    order = itertools.cycle([*plates, *plates[-2:0:-1]])
    with av.open(str(file), "w") as movie:
        stream = movie.add_stream("libx264", rate=Fraction(24), options={"preset": "ultrafast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = *LARGE, "yuv420p"
        for plate in itertools.islice(order, frames):
            large = cv2.resize(cv2.imread(str(plate)), LARGE, interpolation=cv2.INTER_CUBIC)
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(large, "bgr24")))
        movie.mux(stream.encode())
    return file


def normalised(clip: Path, out: Path) -> None:
    normalise(Request(clip=str(clip), out=out, template=read_template("person")), lambda text: None)


def prepared(clip: Path, out: Path) -> None:
    layer = {"name": "walk", "picture": str(clip)}
    with Shown(clip) as shown:
        last = shown.frames[-1]
    body = {"name": "s", "fps": 24, "first": 1, "last": last, "model": "blazepose", "layers": [layer], "audio": "none"}
    plan = make_plan(job_spec({"shot": body}, clip.parent, out, None, False), "job")
    own = plan.layers["walk"]
    prepare(plan, own, load_model(own.card))


class Known:
    """Two people who walk on the spot."""

    def search(self, picture: Pixels, closely: bool) -> list[Region]:
        return [Region(x, 27.0, 40.0, 0.0) for x in (30.0, 66.0)]

    def read(self, picture: Pixels, region: Region) -> Body | None:
        x = min((30.0, 66.0), key=lambda one: abs(one - region.x))
        places = np.array([[x, 27.0]] * 33) + np.linspace(-8, 8, 66).reshape(33, 2)
        ones = np.ones(33)
        return Body(places, ones, ones, np.zeros((33, 3)), Region(x, 27.0, 40.0, 0.0), 0.9)


class Clip:
    """Small pictures, of which none is kept."""

    def __init__(self, frames: int, notes: Journal) -> None:
        picture = np.zeros((SMALL[1], SMALL[0], 3), np.uint8)
        self._frames = Frames(range(frames), lambda number: picture, notes)
        self.each = self._frames.each


def gone_through(frames: int, folder: Path) -> list[Read]:
    with Journal(folder / "notes.jsonl") as notes:
        return read_people(Clip(frames, notes), SMALL, Known(), Fraction(24))


def measured(what: str, *words: object) -> tuple[float, float]:
    """Memory in MiB, its peak or of frames what is there at the end beside the programs, and seconds of a run."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.motion_memory", "--run", what, *map(str, words)],
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout.splitlines()[-1])[1] / 1024, time.monotonic() - began


def run(what: str, *words: str) -> None:
    if what == "normalise":
        normalised(Path(words[0]), Path(words[1]))
    elif what == "prepare":
        prepared(Path(words[0]), Path(words[1]))
    else:
        before = psutil.Process().memory_info().rss
        found = gone_through(int(words[0]), Path(words[1]))
        print(json.dumps([len(found), (psutil.Process().memory_info().rss - before) / 1024]))
        return
    print(json.dumps([0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))


def main(reference: Path, frames: int) -> None:
    plates = sorted((reference / "walk").glob("*.jpg"))[:40]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = {count: clip_of(plates, count, folder / f"{count}.mp4") for count in (frames, 2 * frames)}
        for what in ("normalise", "prepare"):
            peaks = {}
            for count, clip in clips.items():
                peaks[count], seconds = measured(what, clip, folder / f"{what}{count}")
                print(f"{what}, 3840x2160, {count} frames: {peaks[count]:.0f} MiB, {seconds / count:.2f} s a frame")
            slope = (peaks[2 * frames] - peaks[frames]) / frames
            print(f"{what}: {1000 * slope:.0f} MiB more for 1000 frames more")
        for count in (MANY // 10, MANY):
            (folder / f"through{count}").mkdir()
            kept, seconds = measured("through", count, folder / f"through{count}")
            each = kept * 2**20 / 2 / count
            print(f"two people on {count} frames, no networks: {kept:.0f} MiB, {each:.0f} bytes each, {seconds:.0f} s")


if __name__ == "__main__":
    if sys.argv[1] == "--run":
        run(*sys.argv[2:])
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 48)
