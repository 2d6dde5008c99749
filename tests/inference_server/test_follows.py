"""Motion and depth are tried on the labels: the renderer's own is taken, whatever else is refused with its cause.

tests/data/motion: three frames of a rendered shot, a part of 160x96 pixels, with motion to the frame before and depth.
"""

from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from inference_server.stability.follows import Witness, check_depth, explained
from inference_server.stability.motion import CONVENTIONS, NOWHERE, read_vectors
from shared.errors import InputRefused
from shared.shot import MOTIONS

DATA = Path(__file__).resolve().parents[1] / "data" / "motion"
FRAMES = (1001, 1002, 1003)
IDS = {n: np.asarray(Image.open(DATA / f"label.{n}.png")).astype(np.uint16) for n in FRAMES}
RIGHT = "to-previous-up"


def planes(frame):
    channels = OpenEXR.File(str(DATA / f"motion.{frame}.exr"), separate_channels=True).parts[0].channels
    return [channels[f"rl.{end}"].pixels.astype(np.float32) for end in ("Vector.X", "Vector.Y", "Depth.Z")]


def forward(frame):
    """Nearly the vectors to the next frame: the camera's move is steady."""
    return [-plane for plane in planes(frame)[:2]]


def witnesses(tmp_path, change, convention, vectors=lambda frame: planes(frame)[:2]):
    """The frames as a layer with the motion pass that `change` makes of the renderer's, read as `convention`."""
    found = []
    for frame in FRAMES:
        x, y = (np.ascontiguousarray(one, np.float32) for one in change(*vectors(frame)))
        path = tmp_path / f"m.{frame}.exr"
        OpenEXR.File({"type": OpenEXR.scanlineimage}, {"motion.X": x, "motion.Y": y}).write(str(path))
        beside = {step: IDS[frame + step] for step in (-1, 1) if frame + step in IDS}
        found.append(Witness(frame, read_vectors(path, convention), IDS[frame], beside))
    return found


def asked(tmp_path, change, convention=RIGHT, **more):
    return explained(witnesses(tmp_path, change, convention, **more), tmp_path / "m.1001.exr")


def same(x, y):
    return x, y


def test_a_convention_of_shot_json_is_one_that_can_be_read():
    assert set(CONVENTIONS) == set(MOTIONS)


def test_the_renderers_own_motion_is_taken(tmp_path):
    assert asked(tmp_path, same) > 0.7


def test_vectors_to_the_next_frame_are_taken_as_such(tmp_path):
    for convention in ("to-next-up", "from-previous-up"):
        assert asked(tmp_path, same, convention, vectors=forward) > 0.65


@pytest.mark.parametrize("convention", sorted(set(CONVENTIONS) - {RIGHT}))
def test_another_convention_is_refused_with_the_right_one(tmp_path, convention):
    with pytest.raises(InputRefused, match=rf'does not move the labels as "{convention}".*"motion_is": "{RIGHT}"'):
        asked(tmp_path, same, convention)


def test_forward_vectors_read_as_backward_are_refused_with_both_that_fit(tmp_path):
    with pytest.raises(InputRefused, match='"to-next-up"') as refused:
        asked(tmp_path, same, RIGHT, vectors=forward)
    assert '"from-previous-up"' in str(refused.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x, y: (0 * x, 0 * y), "says that nothing moves, but the labels do.*motion blur on"),
        (lambda x, y: (x / 2, y / 2), r"about (1\.\d|2|2\.\d) times as far.*half a frame"),
        (lambda x, y: (2 * x, 2 * y), r"about 0\.[45]\d? times as far"),
        (lambda x, y: (x * 24, y * 24), r"about 0\.0\d+ times as far"),
        (lambda x, y: (x / 160, y / 96), "in parts of the picture, not in pixels"),
        (lambda x, y: (x / 80, y / 48), "in parts of the picture, not in pixels"),
        (lambda x, y: (0.5 + x / 64, 0.5 + y / 64), "0.5 means no motion"),
        (lambda x, y: (y, x), "x and y are exchanged|does not move the labels"),
        (lambda x, y: tuple(np.random.default_rng(0).normal(0, 3, (2, *x.shape))), "no motion vectors"),
        (
            lambda x, y: tuple(np.random.default_rng(0).uniform(0.4, 0.6, (2, *x.shape))),
            "explains .* of how the labels",
        ),
    ],
    ids=["black", "half", "double", "a second", "screen", "screen -1 to 1", "0 to 1", "exchanged", "noise", "beauty"],
)
def test_what_is_no_motion_in_pixels_is_refused_with_its_cause(tmp_path, change, words):
    with pytest.raises(InputRefused, match=words):
        asked(tmp_path, change)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e30])
def test_one_pixel_without_a_number_refuses_nothing(tmp_path, value):
    def holed(x, y):
        x[20, 30] = value
        return x, y

    assert asked(tmp_path, holed) > 0.7
    field = witnesses(tmp_path, holed, RIGHT)[0].vectors.field
    assert np.isfinite(field).all() and abs(field[20, 30, 0]) >= NOWHERE


def test_labels_that_do_not_move_are_no_test(tmp_path):
    zero = witnesses(tmp_path, lambda x, y: (0 * x, 0 * y), RIGHT)
    still = [Witness(one.frame, one.vectors, one.ids, {-1: one.ids, 1: one.ids}) for one in zero]
    assert explained(still, tmp_path) is None


def test_a_cut_is_no_test_either(tmp_path):
    cut = np.random.default_rng(1).integers(0, 5, (12, 20)).astype(np.uint16).repeat(8, 0).repeat(8, 1)
    one = witnesses(tmp_path, lambda x, y: (0 * x, 0 * y), RIGHT)[1]
    assert explained([Witness(one.frame, one.vectors, one.ids, {-1: cut, 1: cut})], tmp_path) is None


# --- depth ------------------------------------------------------------------------------------------------


def depth_is_asked(tmp_path, change):
    one = witnesses(tmp_path, same, RIGHT)[1]
    check_depth(one, IDS[1001], change(planes(1002)[2], 1002), change(planes(1001)[2], 1001), tmp_path / "d.exr")


@pytest.mark.parametrize("change", [lambda z, n: z, lambda z, n: z * 100, lambda z, n: z / 5000])
def test_distances_in_any_unit_are_taken(tmp_path, change):
    depth_is_asked(tmp_path, change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda z, n: 1 / z, "grows towards the camera.*1/distance"),
        (lambda z, n: 1 - z / 5000, "grows towards the camera"),
        (lambda z, n: np.random.default_rng(n).uniform(1, 2, z.shape).astype(np.float32), "towards|does not move with"),
        (lambda z, n: z * (1 if n == 1001 else 1.2), "does not move with the motion pass"),
    ],
    ids=["1/z", "white for near", "noise", "scaled by frame"],
)
def test_depth_that_contradicts_the_motion_is_refused(tmp_path, change, words):
    with pytest.raises(InputRefused, match=words):
        depth_is_asked(tmp_path, change)
