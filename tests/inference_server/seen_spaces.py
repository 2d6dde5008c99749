"""The example's own passes, at half the size, written as renderers would: other axes, spaces, lengths, frames."""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import OpenEXR
from PIL import Image

from inference_server.broker.requests import job_spec
from inference_server.models.cards import load_card
from inference_server.models.devices import choose_device
from inference_server.worker.check import check_job
from shared import places
from shared.errors import from_dict
from shared.label_set import load_label_set
from shared.passes.data_pass import read_depth
from shared.passes.normal_pass import read_normals
from shared.tracks import read_tracks

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "ride_the_train"
FRAMES = (1004, 1005, 1006)
TRACKS = read_tracks(EXAMPLE / "tracks.json")


@lru_cache(maxsize=8)
def camera_normals(frame):
    return read_normals(EXAMPLE / "normal" / f"environment_normal.{frame}.png").vectors[::2, ::2]


def example_tracks():
    return json.loads((EXAMPLE / "tracks.json").read_text())


def of_the_world(frame):
    return camera_normals(frame) @ np.array(TRACKS.view(frame)).reshape(4, 4)[:3, :3].astype(np.float32)


def write(path, planes):
    planes = {name: np.ascontiguousarray(one, np.float32) for name, one in planes.items()}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, planes).write(str(path))


def write_normals(path, vectors, layer="normal"):
    write(path, {f"{layer}.{axis}": vectors[..., n] for n, axis in enumerate("XYZ")})


def model_of(add_sleep_model, *names):
    add_sleep_model("taking")
    folder = places.models_folder() / "taking"
    card = places.read_json(folder / "card.json")
    inputs = {"labels": card["inputs"]["labels"], **{name: {} for name in names}}
    places.write_json(folder / "card.json", {**card, "inputs": inputs})
    return load_card(folder).name


def asking(tmp_path, add_sleep_model):
    """A function that asks for a check of what `normals` makes of a frame; the depth is as `depth` makes it."""
    model = model_of(add_sleep_model, "normal", "depth")
    for frame in FRAMES:
        label = np.asarray(Image.open(EXAMPLE / "environment" / f"environment_label.{frame}.png").convert("RGB"))
        Image.fromarray(label[::2, ::2].copy()).save(tmp_path / f"label.{frame}.png")

    def spec(normals=None, depth=None, tracks=False, layer="normal", more=(), **about):
        one = {"name": "env", "labels": "label.####.png", **dict(more)}
        for frame in FRAMES:
            if normals is not None:
                write_normals(tmp_path / f"normal.{frame}.exr", normals(frame), layer)
                one["normal"] = "normal.####.exr"
            if depth is not None:
                values = read_depth(EXAMPLE / "depth" / f"environment_depth.{frame}.exr").values[::2, ::2]
                write(tmp_path / f"depth.{frame}.exr", {"Z": depth(values)})
                one["depth"] = "depth.####.exr"
        if tracks:
            (tmp_path / "tracks.json").write_text(json.dumps(example_tracks() if tracks is True else tracks))
            about["tracks"] = ["tracks.json"]
        body = {
            "name": "s",
            "fps": 24,
            "first": FRAMES[0],
            "last": FRAMES[-1],
            "model": model,
            "layers": [one],
            **about,
        }
        return job_spec({"shot": body}, tmp_path, tmp_path / "out", None, False)

    return spec


def checked(spec):
    """The layer's report, the problems in words, the warnings in one text."""
    report = check_job({**spec, "only_check": True}, "job", lambda: None, 2**40, choose_device("cpu"))
    problems = "; ".join(str(from_dict(problem)) for problem in report["problems"])
    return next(iter(report["layers"]), {}), problems, "; ".join(report["warnings"])


RIGHT = [
    ("camera", lambda frame: camera_normals(frame)),
    ("camera-down", lambda frame: camera_normals(frame) * (1, -1, 1)),
    ("camera-away", lambda frame: camera_normals(frame) * (1, 1, -1)),
    ("camera-down-away", lambda frame: camera_normals(frame) * (1, -1, -1)),
    ("world", of_the_world),
]


def y_up(vectors):
    """Rows (..., 3) of a world with z up, as the example's is, in one with y up."""
    return np.asarray(vectors)[..., [0, 2, 1]] * np.array([1, 1, -1], np.float32)


def matrix_with_y_up(matrix):
    rows = np.array(matrix).reshape(4, 4)
    return np.hstack([y_up(rows[:, :3]), rows[:, 3:]]).ravel().tolist()


def tracks_with(matrix=lambda old: old, **about):
    """The example's tracks, changed."""
    body = example_tracks()
    body["camera"]["matrix"] = [matrix(one) for one in body["camera"]["matrix"]]
    return {**body, **about}


def of_one_class(folder, name):
    """Labels of nothing but this, as a table for `shot`'s `more`."""
    own = load_label_set("coco_stuff")
    for frame in FRAMES:
        Image.fromarray(np.full((180, 320), own.find(name).id, np.uint8)).save(folder / f"{name}.{frame}.png")
    return {"labels": f"{name}.####.png"}
