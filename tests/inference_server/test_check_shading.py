"""A shading pass before anything is painted: the right one is told, what cannot be right refused with the remedy.

The example's own pass, at half the size, written as renderers would: other lights, cut off, coloured, moved, nothing.
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
from inference_server.worker.plan import make_plan
from inference_server.worker.reading import decode
from shared import places
from shared.errors import from_dict
from shared.passes.shading_pass import NOTHING, read_shading
from shared.srgb import from_light
from tests.conftest import semrender

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "ride_the_train"
FRAMES = (1004, 1005, 1006)
SKY = (95, 219, 255)
FULL = 0.776  # of these frames at this size: 98% is darker
MODEL = "taking"


def labels(frame):
    return np.asarray(Image.open(EXAMPLE / "environment" / f"environment_label.{frame}.png").convert("RGB"))[::2, ::2]


def light(frame):
    """Linear, 1 where it is full."""
    return read_shading(EXAMPLE / "shading" / f"environment_shading.{frame}.png").light[::2, ::2] / FULL


def sky(frame):
    return (labels(frame) == SKY).all(2)


def exr(made, alpha=None):
    """Channels of a plane, or of colours; alpha: multiplied in, as renderers do."""
    colour = made if made.ndim == 3 else np.repeat(made[..., None], 3, 2)
    cover = np.ones(made.shape[:2]) if alpha is None else alpha
    planes = dict(zip("RGB", (colour * cover[..., None]).transpose(2, 0, 1), strict=True))
    return planes if alpha is None else {**planes, "A": cover}


def png(linear):
    return np.rint(from_light(linear) * 255).astype(np.uint8)


@pytest.fixture
def shot(tmp_path, add_sleep_model, state_folder):
    """The job of what `pass_of` makes of a frame, in one layer or several."""
    add_sleep_model(MODEL)
    folder = places.models_folder() / MODEL
    card = places.read_json(folder / "card.json")
    places.write_json(folder / "card.json", {**card, "inputs": {"labels": card["inputs"]["labels"], "shading": {}}})
    for frame in FRAMES:
        Image.fromarray(labels(frame).copy()).save(tmp_path / f"label.{frame}.png")

    def write(name, pass_of):
        for frame in FRAMES:
            made = pass_of(frame)
            if isinstance(made, dict):
                planes = {channel: np.ascontiguousarray(one, np.float32) for channel, one in made.items()}
                OpenEXR.File({"type": OpenEXR.scanlineimage}, planes).write(str(tmp_path / f"{name}.{frame}.exr"))
            else:
                cv2.imwrite(str(tmp_path / f"{name}.{frame}.png"), made)
        return f"{name}.####.{'exr' if isinstance(made, dict) else 'png'}"

    def job(pass_of, beside=None, **more):
        layer = {"name": "env", "labels": "label.####.png", "shading": write("clay", pass_of), **more}
        layers = [layer]
        if beside is not None:
            layers.append({**layer, "name": "far", "shading": write("far", beside)})
        about = {"name": "s", "fps": 24, "first": FRAMES[0], "last": FRAMES[-1], "layers": layers}
        return job_spec({"shot": {**about, "model": load_card(folder).name}}, tmp_path, tmp_path / "out", None, False)

    return job


@pytest.fixture
def checked(shot):
    """The first layer's report, the problems in words and the warnings."""

    def ask(pass_of, **more):
        spec = {**shot(pass_of, **more), "only_check": True}
        report = check_job(spec, "job", lambda: None, 2**40, choose_device("cpu"))
        problems = "; ".join(str(from_dict(problem)) for problem in report["problems"])
        return next(iter(report["layers"]), {}), problems, "; ".join(report["warnings"])

    return ask


def test_clay_in_the_shots_lights_is_told_and_nothing_is_said_against_it(checked):
    sunset = np.array([1.0, 0.75, 0.45])
    shade = np.array([0.5, 0.7, 1.0])

    def coloured(frame):  # by two lights, one warm and one cold
        part = light(frame).clip(0, 1)[..., None]
        return exr(light(frame)[..., None] * (part * sunset + (1 - part) * shade), 1 - sky(frame))

    for made in (
        lambda frame: exr(light(frame)),
        lambda frame: {"Y": light(frame)},
        coloured,
        lambda f: png(light(f) * 0.9),
    ):
        layer, problems, warnings = checked(made)
        assert not problems and "shading" not in warnings
        assert 0.6 < layer["shading"]["light"] < 1.1 and layer["shading"]["white"] == 1
        words = "; ".join(passes_in_words(layer))
        assert f"shading {layer['shading']['kind']}: full light {layer['shading']['light']:.3g}, white 1" in words


@pytest.mark.parametrize(("times", "right"), [(3.9, "3.9"), (0.3, "0.3"), (150, "150")])
def test_a_pass_of_another_white_is_refused_with_the_right_one_which_is_taken(checked, times, right):
    def bright(frame):
        return exr(light(frame) * times, 1 - sky(frame))

    _, problems, _ = checked(bright)
    assert f'Write "shading_white": {right} into the layers of shot.json, or --shading-white {right}' in problems
    assert "layer env" in problems and "frame 1004" in problems and "clay.1004.exr" in problems
    assert f"full light in the shading pass is {right}, and its white is said to be 1" in problems
    layer, problems, warnings = checked(bright, shading_white=float(right))
    assert not problems and "shading" not in warnings and layer["shading"]["light"] == pytest.approx(times, rel=0.1)


def test_what_is_bright_in_the_sky_is_no_surface(checked):
    """A dome that was left in the picture shines more than all that it lights."""
    layer, problems, _ = checked(lambda frame: exr(np.where(sky(frame), 50, light(frame))))
    assert not problems and layer["shading"]["light"] < 1.1


def test_a_layer_that_lies_in_shadow_is_measured_with_the_others_of_its_white(checked):
    def dark(frame):
        return exr(light(frame) * 0.2)

    _, problems, _ = checked(dark)
    assert '"shading_white": 0.2' in problems
    layer, problems, _ = checked(dark, beside=lambda frame: exr(light(frame)))
    assert not problems and 0.6 < layer["shading"]["light"] < 1.1


def test_a_picture_that_was_cut_off_at_white_is_warned_of_and_where_much_was_refused(checked):
    for much, said in ((1.2, "is cut off at white: render it as EXR"), (1.02, "")):
        _, problems, warnings = checked(lambda frame, much=much: png(light(frame) * much))
        assert not problems and ("cut off" in warnings) == bool(said) and said in warnings
    for made in (lambda frame: png(light(frame) * 3), lambda frame: exr(np.minimum(light(frame) * 3, 1))):
        _, problems, _ = checked(made)
        assert "is cut off at white: nothing tells its light apart" in problems and "less exposure" in problems


def test_a_beauty_is_warned_of(checked):
    def beauty(frame):
        return exr(light(frame)[..., None] * (0.2 + labels(frame) / 255), 1 - sky(frame))

    _, problems, warnings = checked(beauty)
    assert not problems and "layer env: the shading pass has the colours of many things, as a beauty has" in warnings


def test_one_value_is_warned_of_nothing_too_and_black_refused(checked):
    layer, problems, warnings = checked(lambda frame: exr(np.full((180, 320), 0.7)))
    assert not problems and "layer env: the shading pass is one value everywhere" in warnings
    assert layer["shading"]["light"] is None and "no light" in "; ".join(passes_in_words(layer))
    _, problems, _ = checked(lambda frame: exr(np.zeros((180, 320))))
    assert "the shading pass is black everywhere" in problems and "with the lights of the shot" in problems
    _, problems, warnings = checked(lambda frame: exr(light(frame) * 0, np.zeros((180, 320))))
    assert not problems and "holds nothing where the layer is" in warnings


def test_a_pass_of_another_place_or_size_is_refused(checked):
    def moved(frame):
        return exr(*(np.roll(one, (3, 6), (0, 1)) for one in (light(frame), 1 - sky(frame))))

    _, problems, _ = checked(moved)
    assert "the shading pass does not lie on the labels, but would if it were moved by -6, -3 pixels" in problems
    _, problems, _ = checked(lambda frame: exr(light(frame)[::2, ::2]))
    assert "the shading pass is 160x90" in problems and "320x180" in problems


def test_of_an_exr_with_several_layers_one_is_named(checked):
    def made(frame):
        return {f"{name}.{c}": light(frame) * (3 if name == "b" else 1) for name in "ab" for c in "RGB"}

    _, problems, _ = checked(made)
    assert (
        "which layer of this EXR is the shading is not clear" in problems and "--shading-layer. It has a, b" in problems
    )
    layer, problems, _ = checked(made, shading_layer="b", shading_white=3)
    assert not problems and layer["shading"]["kind"] == "EXR b"


def test_a_model_is_told_nothing_of_the_sky_whatever_the_file_holds(shot):
    plan = make_plan(shot(lambda frame: exr(np.where(sky(frame), 50, light(frame)))), "job")
    plane = decode(plan, "env", 1004).request.shading[:180, :320]
    assert (plane[sky(1004)] == NOTHING).all() and np.allclose(plane[~sky(1004)], light(1004)[~sky(1004)], atol=1e-5)


def test_the_command_line_names_it_its_layer_and_its_white(shot, tmp_path):
    def made(frame):
        return {f"{name}.{c}": light(frame) * (3 if name == "b" else 1) for name in "ab" for c in "RGB"}

    shot(made)
    taken = ("--model", MODEL, "--shading", tmp_path / "clay.####.exr", "--shading-layer", "b")
    done = semrender("check", tmp_path / "label.####.png", *taken)
    assert done.returncode != 0 and "--shading-white 3" in done.stderr + done.stdout
    done = semrender("check", tmp_path / "label.####.png", *taken, "--shading-white", "3")
    assert done.returncode == 0 and "shading EXR b: full light 3" in done.stdout and "white 3" in done.stdout, (
        done.stderr
    )


def test_a_model_that_does_not_take_it_says_so(checked, shot):
    folder = places.models_folder() / MODEL
    card = places.read_json(folder / "card.json")
    places.write_json(folder / "card.json", {**card, "inputs": {"labels": card["inputs"]["labels"]}})
    layer, problems, warnings = checked(lambda frame: exr(light(frame) * 40))
    assert not problems and "shading" not in layer and "does not take its shading" in warnings
