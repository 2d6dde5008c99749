"""An instance pass before anything is painted: the right one is told, what cannot be right refused with the remedy.

The example's own pass, at half the size, written as renderers would: mixed, moved, of other frames, of nothing.
"""

from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest
from PIL import Image

from inference_server.broker.requests import job_spec
from inference_server.commands.progress import passes_in_words
from inference_server.models.cards import load_card
from inference_server.models.devices import choose_device
from inference_server.worker.check import check_job
from shared import places
from shared.errors import from_dict

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "ride_the_train"
FRAMES = (1004, 1005, 1006)


def whole(frame):
    return cv2.imread(str(EXAMPLE / "instance" / f"environment_instance.{frame}.png"), cv2.IMREAD_UNCHANGED)


def numbers(frame):
    return whole(frame)[::2, ::2]


@pytest.fixture
def checked(tmp_path, add_sleep_model, state_folder):
    """The layer's report, the problems in words and the warnings, of what `pass_of` makes of a frame."""
    add_sleep_model("taking")
    folder = places.models_folder() / "taking"
    card = places.read_json(folder / "card.json")
    inputs = {"labels": card["inputs"]["labels"], "instance": {}}
    places.write_json(folder / "card.json", {**card, "inputs": inputs})
    for frame in FRAMES:
        label = np.asarray(Image.open(EXAMPLE / "environment" / f"environment_label.{frame}.png").convert("RGB"))
        Image.fromarray(label[::2, ::2].copy()).save(tmp_path / f"label.{frame}.png")

    def ask(pass_of, **more):
        for frame in FRAMES:
            made = pass_of(frame)
            if isinstance(made, dict):
                planes = {name: np.ascontiguousarray(one) for name, one in made.items()}
                OpenEXR.File({"type": OpenEXR.scanlineimage}, planes).write(str(tmp_path / f"parts.{frame}.exr"))
            else:
                cv2.imwrite(str(tmp_path / f"parts.{frame}.png"), made)
        ending = "exr" if isinstance(made, dict) else "png"
        layer = {"name": "env", "labels": "label.####.png", "instance": f"parts.####.{ending}", **more}
        shot = {"name": "s", "fps": 24, "first": FRAMES[0], "last": FRAMES[-1], "layers": [layer]}
        spec = job_spec({"shot": {**shot, "model": load_card(folder).name}}, tmp_path, tmp_path / "out", None, False)
        report = check_job({**spec, "only_check": True}, "job", lambda: None, 2**40, choose_device("cpu"))
        problems = "; ".join(str(from_dict(problem)) for problem in report["problems"])
        return next(iter(report["layers"]), {}), problems, "; ".join(report["warnings"])

    return ask


def test_numbers_that_fit_the_labels_are_told_and_nothing_is_said_against_them(checked):
    colours = np.random.default_rng(0).integers(0, 256, (1000, 3)).astype(np.uint8)

    def channel(frame):
        return {"id": numbers(frame).astype(np.uint32)}

    for made in (numbers, lambda frame: colours[numbers(frame)], channel):
        layer, problems, warnings = checked(made)
        assert not problems and "instance" not in warnings
        assert 200 < layer["parts"]["most"] < 400 and layer["parts"]["borders"] > 0.99
        words = "; ".join(passes_in_words(layer))
        assert f"instances {layer['parts']['kind']}: {layer['parts']['most']} parts, at 100% of the borders" in words


@pytest.mark.parametrize("how", [lambda x: cv2.resize(x, (320, 180), interpolation=cv2.INTER_AREA), cv2.blur])
def test_mixed_numbers_are_refused(checked, how):
    def mixed(frame):
        made = cv2.blur(numbers(frame).astype(np.float32), (3, 3)) if how is cv2.blur else how(whole(frame) * 1.0)
        return {"id": made.astype(np.float32)}

    for made in (mixed, lambda frame: np.rint(mixed(frame)["id"]).astype(np.uint16)):
        _, problems, _ = checked(made)
        assert "numbers of the instance pass were mixed" in problems and "without a filter" in problems
        assert "layer env" in problems and "frame 1004" in problems


def test_a_pass_of_another_place_or_frame_is_refused_with_the_right_one(checked):
    _, problems, _ = checked(lambda frame: np.roll(numbers(frame), (2, 5), (0, 1)))
    assert "the instance pass does not lie on the labels, but would if it were moved by -5, -2 pixels" in problems
    _, problems, _ = checked(lambda frame: numbers(frame + 1))
    assert "the instance pass is of another frame: its numbers are one off" in problems
    assert "Its steps lie on the labels of frame 1005" in problems
    _, problems, warnings = checked(lambda frame: np.kron([[1, 2], [3, 4]], np.ones((90, 160), int)).astype(np.uint8))
    assert not problems and "are borders of the instance pass: is it of this layer" in warnings


def test_what_tells_nothing_apart_is_warned_of(checked):
    layer, problems, warnings = checked(lambda frame: np.full((180, 320), 7, np.uint8))
    assert not problems and "layer env: the instance pass is one number everywhere: it tells nothing apart" in warnings
    assert layer["parts"]["most"] == 1 and "of the borders between classes only" not in warnings


def test_a_picture_and_a_pass_of_another_size_are_refused(checked):
    noise = np.random.default_rng(1).integers(0, 255, (180, 320, 3)).astype(np.uint8)
    _, problems, _ = checked(lambda frame: cv2.blur(noise, (5, 5)))
    assert "the instance pass holds no numbers of objects" in problems and "Cryptomatte" in problems
    _, problems, _ = checked(lambda frame: whole(frame))
    assert "640x360" in problems


def test_of_an_exr_with_several_passes_one_is_named(checked):
    def made(frame):
        return {"a.id": numbers(frame).astype(np.float32), "b.id": numbers(frame).astype(np.float32)}

    _, problems, _ = checked(made)
    assert "--instance-layer. It has a.id, b.id" in problems
    layer, problems, _ = checked(made, instance_layer="b.id")
    assert not problems and layer["parts"]["kind"] == "EXR b.id"


def test_what_is_wrong_on_a_later_frame_alone_is_said_of_it(checked):
    def made(frame):
        named = {"id": numbers(frame).astype(np.uint32)}
        return named if frame != FRAMES[1] else {**named, "objectId": named["id"]}

    _, problems, _ = checked(made)
    assert "which channel of this EXR tells the objects apart is not clear" in problems
    assert "frame 1005" in problems and "parts.1005.exr" in problems and "1004" not in problems
