"""Which way is up: what the ground tells of the axes of normals, and what one class of it alone does not."""

from functools import partial

import numpy as np
import pytest
from PIL import Image

from shared.label_set import load_label_set
from tests.inference_server.seen_spaces import (
    FRAMES,
    RIGHT,
    TRACKS,
    asking,
    camera_normals,
    checked,
    matrix_with_y_up,
    of_one_class,
    of_the_world,
    tracks_with,
    y_up,
)


@pytest.fixture
def shot(tmp_path, add_sleep_model, state_folder):
    return asking(tmp_path, add_sleep_model)


@pytest.mark.parametrize("depth", [None, lambda z: z])
@pytest.mark.parametrize(("name", "normals"), RIGHT)
def test_ground_and_sky_tell_without_a_camera(shot, name, normals, depth):
    """The ground looks to where the sky lies: y is found out, and normals of the world are refused."""
    layer, problems, _ = checked(shot(normals, depth))
    if name == "world":
        assert "may be the world's, which only the camera can tell" in problems
    else:
        assert not problems and layer["normal"]["is"] == name


@pytest.mark.parametrize(("name", "normals"), RIGHT)
def test_the_ground_tells_where_there_is_no_depth(shot, name, normals):
    """Also by a camera that stands still, and in a world with y up."""
    first = TRACKS.view(FRAMES[0])
    still = tracks_with(lambda old: list(first))
    turn = np.array(first).reshape(4, 4)[:3, :3].astype(np.float32)
    one = (lambda frame: camera_normals(frame) @ turn) if name == "world" else normals
    layer, problems, _ = checked(shot(one, tracks=still))
    assert not problems and layer["normal"]["is"] == name
    raised = tracks_with(matrix_with_y_up, up="y")
    other = (lambda frame: y_up(of_the_world(frame))) if name == "world" else normals
    layer, problems, _ = checked(shot(other, tracks=raised, layer="N" if name == "world" else "normal"))
    assert not problems and layer["normal"]["is"] == name


def test_a_world_with_another_axis_up_than_the_tracks_have_is_refused_by_that_name(shot):
    raised = tracks_with(matrix_with_y_up, up="y")
    for layer, depth in (("N", None), ("N", lambda z: z), ("normal", lambda z: z)):
        _, problems, _ = checked(shot(of_the_world, depth, layer=layer, tracks=raised))
        assert "the world's with another axis up than the tracks have" in problems, problems
        assert "Export the tracks with the same axis up" in problems


@pytest.mark.parametrize(("name", "normals"), [RIGHT[0], RIGHT[4]])
def test_tracks_that_call_another_axis_up_are_refused(shot, name, normals):
    wrong = tracks_with(up="y")
    _, problems, _ = checked(shot(normals, lambda z: z, more={"normal_is": name}.items(), tracks=wrong))
    assert "the tracks say that y is up, and by the normals the ground looks along z" in problems, problems
    assert 'Write "up": "z" into the file of the tracks' in problems


def falling(folder, beside="river"):
    """Water that falls towards the camera below a sky, a house before it; its right half is called as you like.

    Returns its normals as `shot` takes them, in the camera's space, and the labels for `more`.
    """
    own = load_label_set("coco_stuff")
    classes = {name: own.find(name).id for name in ("sky", "river", "house", beside)}
    for frame in FRAMES:
        ids = np.full((180, 320), classes["river"], np.uint8)
        ids[:, 160:] = classes[beside]
        ids[120:, 100:180] = classes["house"]
        ids[:50] = classes["sky"]
        Image.fromarray(ids).save(folder / f"fall.{frame}.png")

    def normals(frame, lies=()):
        turn = np.array(TRACKS.view(frame)).reshape(4, 4)[:3, :3]
        level = turn[2] * (1, 1, 0)
        standing, lying = level / np.linalg.norm(level) @ turn.T, turn[:, 2]
        ids = np.asarray(Image.open(folder / f"fall.{frame}.png"))
        down = np.isin(ids, [classes[name] for name in lies])[..., None]
        vectors = np.where(down, lying, standing) * (ids != classes["sky"])[..., None]
        return vectors.astype(np.float32)

    return normals, {"labels": "fall.####.png"}


@pytest.mark.parametrize("tracks", [False, True])
def test_one_class_of_ground_may_stand_and_it_is_said(shot, tmp_path, tracks):
    """Water falls: what one class says alone is no proof that an axis is wrong, whoever knows the camera."""
    normals, labels = falling(tmp_path)
    layer, problems, warnings = checked(shot(normals, tracks=tracks, more=labels.items()))
    assert not problems and layer["normal"]["is"] == "camera" and layer["normal"]["against"] < 0.05
    assert "river does not look up by the normals" in warnings and "as a waterfall" in warnings
    assert "If it lies, the normals" in warnings and "of the surfaces turn away" in warnings, "the other reading"
    normals, labels = falling(tmp_path, beside="grass")
    layer, problems, warnings = checked(shot(partial(normals, lies=["grass"]), tracks=tracks, more=labels.items()))
    assert not problems and layer["normal"]["is"] == "camera" and "grass does not" not in warnings


@pytest.mark.parametrize("tracks", [False, True])
def test_two_classes_of_ground_that_stand_are_a_wrong_axis(shot, tmp_path, tracks):
    normals, labels = falling(tmp_path, beside="grass")
    more = {"normal_is": "camera", **labels}
    _, problems, warnings = checked(shot(normals, tracks=tracks, more=more.items()))
    assert "the normals" in problems and "of the surfaces turn away" in problems and "waterfall" not in warnings


def test_tracks_with_another_axis_up_than_one_class_has_are_said(shot, tmp_path):
    """The grass is filmed with z up, and the tracks say y: it could be a cliff, which the words tell."""
    normals, labels = falling(tmp_path, beside="grass")
    lying = partial(normals, lies=["grass", "river"])
    for frame in FRAMES:
        path = tmp_path / f"fall.{frame}.png"
        ids = np.asarray(Image.open(path)).copy()
        ids[:, :160] = load_label_set("coco_stuff").find("house").id
        Image.fromarray(ids).save(path)
    more = {"normal_is": "camera", **labels}
    _, problems, warnings = checked(shot(lying, more=more.items(), tracks=tracks_with(up="y")))
    assert not problems and "grass does not look up by the normals" in warnings
    assert "the tracks say that y is up, and by the normals the ground looks along z" in warnings, warnings
    assert 'Write "up": "z" into the file of the tracks' in warnings


def test_rough_ground_from_straight_above_is_no_doubt(shot, tmp_path):
    """Half of its slopes turn from the top of the picture; no sky and no camera say which way is up."""
    slopes = np.random.default_rng(5).normal(0, 0.4, (180, 320, 2)).astype(np.float32)
    rough = np.dstack([slopes, np.ones((180, 320), np.float32)])
    rough /= np.linalg.norm(rough, axis=2, keepdims=True)
    layer, problems, warnings = checked(shot(lambda frame: rough, more=of_one_class(tmp_path, "grass").items()))
    assert not problems and "normals" not in warnings and layer["normal"]["is"] == "camera"
