"""Normals and depth before anything is painted: the right ones are found out, wrong ones refused with what is right.

The example's own passes, at half the size, written as renderers would: other axes, spaces, lengths, codes, frames.
"""

import json
import os
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from inference_server.commands.progress import passes_in_words
from inference_server.worker import check_layers
from inference_server.worker.keys import frame_key
from inference_server.worker.plan import make_plan
from inference_server.worker.reading import decode
from inference_server.worker.space import TWO_SIDED, normal_is
from shared.label_set import load_label_set
from shared.passes import read_label_pass
from shared.srgb import from_light
from tests.inference_server.seen_spaces import (
    EXAMPLE,
    FRAMES,
    RIGHT,
    asking,
    camera_normals,
    checked,
    of_one_class,
    of_the_world,
    write_normals,
)


@pytest.fixture
def shot(tmp_path, add_sleep_model, state_folder):
    return asking(tmp_path, add_sleep_model)


@pytest.mark.parametrize(("name", "normals"), RIGHT)
def test_what_the_axes_are_is_found_out_and_painted_alike(shot, name, normals):
    spec = shot(normals, lambda z: z, tracks=True)
    layer, problems, warnings = checked(spec)
    assert not problems and "normals" not in warnings, (problems, warnings)
    assert (layer["normal"]["is"], layer["normal"]["how"]) == (name, "found out") and layer["normal"]["against"] < 0.05
    assert any(f"normal.Z, {name} (found out)" in line for line in passes_in_words(layer))
    plan = make_plan(spec, "job")
    given = decode(plan, "env", 1005).request.normal
    assert np.abs(given[:180] - camera_normals(1005)).max() < 1e-5


@pytest.mark.parametrize(("name", "normals"), [RIGHT[0], RIGHT[1], RIGHT[4]])
def test_a_wrong_convention_is_refused_with_the_right_ones_name(shot, name, normals):
    wrong = "camera-away" if name == "camera" else "camera"
    _, problems, _ = checked(shot(normals, lambda z: z, tracks=True, more={"normal_is": wrong}.items()))
    assert f'normals are not as "{wrong}" says' in problems and f"--normal-is {name}" in problems
    assert "layer env, frame 1004" in problems and "normal.1004.exr" in problems


def test_normals_alone_tell_that_y_is_turned_over(shot):
    layer, problems, _ = checked(shot(lambda frame: camera_normals(frame) * (1, -1, 1)))
    assert not problems and layer["normal"]["is"] == "camera-down"


def test_normals_of_the_world_without_a_camera_are_refused(shot):
    _, problems, _ = checked(shot(of_the_world, lambda z: z))
    assert "may be the world's, which only the camera can tell" in problems and "--tracks" in problems
    _, problems, _ = checked(shot(of_the_world, layer="N", more={"normal_is": "world"}.items()))
    assert "the shot has no camera to see them by" in problems and "layer env" in problems


def test_leaves_and_domes_may_show_their_backs(shot):
    """Cards of leaves, and a dome that is modelled to be seen from outside, are what they are."""
    either = load_label_set("coco_stuff").beginning(*TWO_SIDED)

    def backs(frame):
        ids = read_label_pass(
            EXAMPLE / "environment" / f"environment_label.{frame}.png", load_label_set("coco_stuff")
        ).ids
        normals = camera_normals(frame).copy()
        normals[np.isin(ids[::2, ::2], either)] *= -1
        return normals

    layer, problems, warnings = checked(shot(backs))
    assert not problems and "normals" not in warnings
    assert layer["normal"]["is"] == "camera" and layer["normal"]["against"] < 0.05


def test_normals_of_another_camera_are_refused(shot):
    def turned(frame):
        return np.roll(camera_normals(frame)[::-1], 1, -1)

    _, problems, _ = checked(shot(turned, lambda z: z, tracks=True))
    assert "the normals do not fit the camera of these frames" in problems


def test_a_name_decides_where_nothing_else_can(shot, tmp_path):
    """A wall that faces the camera alone: every axis but z may be turned over."""
    facing = np.zeros((180, 320, 3), np.float32) + (0, 0, 1)
    wall = of_one_class(tmp_path, "house")
    _, problems, _ = checked(shot(lambda frame: facing, layer="N", more=wall.items()))
    assert "the shot has no camera to see them by" in problems
    layer, problems, _ = checked(shot(lambda frame: facing, layer="camera_normal", more=wall.items()))
    assert layer["normal"]["is"] == "camera" and not problems


def test_normals_of_the_frame_beside_are_refused(shot):
    _, problems, _ = checked(shot(lambda frame: camera_normals(frame + 1), lambda z: z))
    assert "frame 1005" in problems and "its numbers are one off" in problems and "normals of frame 1004" in problems


def test_a_frame_that_is_still_rendered_stops_no_other(shot, tmp_path):
    spec = shot(camera_normals, lambda z: z)
    (tmp_path / "normal.1006.exr").write_bytes((tmp_path / "normal.1006.exr").read_bytes()[:2000])
    layer, problems, _ = checked({**spec, "frames": [1004, 1005]})
    assert not problems and layer["normal"]["is"] == "camera"


def test_normals_that_are_shifted_are_refused(shot):
    _, problems, _ = checked(shot(lambda frame: np.roll(camera_normals(frame), 4, 1)))
    assert "does not lie on the labels: it is off by about 4 pixels" in problems and "overscan" in problems


def test_a_depth_that_is_shifted_or_of_the_frame_beside_is_refused(shot, tmp_path):
    _, problems, _ = checked(shot(depth=lambda z: np.roll(z, (2, 5), (0, 1))))
    assert "would if it were moved by -5, -2 pixels" in problems and "depth.1004.exr" in problems, problems
    spec = shot(depth=lambda z: z)
    for frame, of in ((1004, 1005), (1005, 1006)):
        (tmp_path / f"depth.{of}.exr").replace(tmp_path / f"depth.{frame}.exr")
    shutil.copy(tmp_path / "depth.1005.exr", tmp_path / "depth.1006.exr")
    _, problems, _ = checked({**spec, "frames": [1004, 1005]})
    assert "the depth pass is of another frame" in problems and "labels of frame 1005" in problems, problems


def test_normals_whose_negative_side_was_cut_off_are_refused(shot, tmp_path):
    _, problems, _ = checked(shot(lambda frame: np.maximum(camera_normals(frame), 0), lambda z: z))
    assert "what is below zero was cut off" in problems and "float EXR" in problems, problems
    for frame in FRAMES:
        codes = np.rint(np.maximum(camera_normals(frame), 0) * 255).astype(np.uint8)
        Image.fromarray(codes).save(tmp_path / f"n.{frame}.png")
    _, problems, _ = checked(shot(depth=lambda z: z, more={"normal": "n.####.png"}.items()))
    assert "what is below zero was cut off" in problems, problems


def test_what_is_no_normal_is_refused(shot, tmp_path):
    beauty = np.random.default_rng(2).random((180, 320, 3), np.float32)
    _, problems, _ = checked(shot(lambda frame: beauty))
    assert re.search(r"holds no normals: \d\d% of its vectors are not of one length.*normal_layer", problems)
    _, problems, _ = checked(shot(lambda frame: 0 * camera_normals(frame)))
    assert "100% of what the labels cover has no normal" in problems and "empty" in problems


def test_other_lengths_and_smoothed_edges_are_mended_and_said(shot):
    layer, problems, warnings = checked(shot(lambda frame: camera_normals(frame) * 3, lambda z: z))
    assert not problems and "the normals are 3 long and are made 1 long" in warnings
    assert layer["normal"]["is"] == "camera"

    def smoothed(frame):
        normals = camera_normals(frame)
        return (normals + np.roll(normals, 1, 1) + np.roll(normals, 1, 0)) / 3

    layer, problems, warnings = checked(shot(smoothed, lambda z: z))
    assert not problems and "of another length than the others, as where an edge was smoothed" in warnings


def test_no_numbers_are_no_surface(shot):
    def holes(frame):
        normals = camera_normals(frame).copy()
        normals[:20], normals[20:40] = np.nan, np.inf
        return normals

    spec = shot(holes, lambda z: np.where(z > 200, np.inf, z))
    _, problems, _ = checked(spec)
    request = decode(make_plan(spec, "job"), "env", 1004).request
    assert not problems and not request.normal[:40].any() and np.isfinite(request.normal).all()
    assert (request.depth[:10] == 1e10).all() and np.isfinite(request.depth).all()


def test_a_sky_with_normals_and_a_class_without_are_said(shot):
    """The example has a sky dome."""
    layer, problems, _ = checked(shot(camera_normals))
    assert not problems and any("100% of the sky has some" in line for line in passes_in_words(layer))

    def without(frame):
        normals = camera_normals(frame).copy()
        normals[-40:] = 0
        return normals

    _, problems, warnings = checked(shot(without))
    assert re.search(r"\d+% of what the labels cover has no normal, most of it \w+", warnings), warnings
    assert not problems


def test_pictures_of_normals_8_bit_16_bit_and_colour_managed(shot, tmp_path):
    import cv2

    def png(code, top=255):
        for frame in FRAMES:
            codes = np.rint(code((camera_normals(frame) + 1) / 2) * top).astype(np.uint8 if top == 255 else np.uint16)
            cv2.imwrite(str(tmp_path / f"n.{frame}.png"), codes[..., ::-1])
        return checked(shot(depth=lambda z: z, more={"normal": "n.####.png"}.items()))

    for top in (255, 65535):
        layer, problems, _ = png(lambda values: values, top)
        assert not problems and layer["normal"]["is"] == "camera" and layer["normal"]["against"] < 0.05
    _, problems, _ = png(from_light)
    assert "colour-managed" in problems and "no view transform" in problems
    layer, problems, _ = png(lambda values: values * (1, -1, 1) + (0, 1, 0))
    assert not problems and layer["normal"]["is"] == "camera-down"


def test_a_depth_that_is_not_in_metres_is_warned_of_with_the_remedy(shot):
    layer, problems, warnings = checked(shot(depth=lambda z: z / 1000))
    assert not problems and '"centimetres"' in warnings and "Maya has 1, Blender 100" in warnings
    layer, problems, warnings = checked(shot(depth=lambda z: z / 1000, centimetres=100000))
    assert not problems and "centimetres" not in warnings and 10 < layer["metres"] < 500


def test_all_frames_of_a_shot_have_one_convention_whichever_are_painted(shot):
    """One frame that cannot tell is read as the others, and the key says by what."""
    spec = shot(lambda frame: camera_normals(frame) * (1, -1, 1), lambda z: z)
    keys = []
    for frames in (list(FRAMES), [1005]):
        plan = make_plan({**spec, "frames": frames}, "job")
        keys.append(frame_key(plan, plan.layers["env"], 1005))
    assert keys[0] == keys[1]
    said = shot(more={"normal_is": "camera-down", "normal": "normal.####.exr", "depth": "depth.####.exr"}.items())
    plan = make_plan(said, "job")
    assert frame_key(plan, plan.layers["env"], 1005) == keys[0], "saying what was found out paints nothing anew"
    assert json.dumps(said)


def test_a_pass_that_is_rendered_anew_while_it_is_checked_is_found_out_anew(shot, tmp_path, monkeypatch):
    spec = shot(camera_normals, lambda z: z, tracks=True)
    judge = check_layers.judge_normals

    def late(*asked):
        for frame in FRAMES:
            file = tmp_path / f"normal.{frame}.exr"
            write_normals(file, camera_normals(frame) * (1, -1, 1))
            later = file.stat().st_mtime_ns + 10**9
            os.utime(file, ns=(later, later))
        return judge(*asked)

    monkeypatch.setattr(check_layers, "judge_normals", late)
    layer, problems, _ = checked(spec)
    assert not problems and layer["normal"]["is"] == "camera"
    plan = make_plan(spec, "job")
    assert normal_is(plan, plan.layers["env"]) == "camera-down"
