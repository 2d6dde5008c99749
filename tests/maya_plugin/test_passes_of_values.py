"""Normals, distances, motion and classes beside the beauty, as their reader finds them in the files."""

import math
from dataclasses import replace

import pytest

from maya_plugin.core import render_settings
from maya_plugin.core.contract import ARNOLD, HARDWARE
from shared.errors import SemrenderError
from shared.shot import read_shot
from tests.maya_plugin.conftest import WHOLE, analytic, coco, decoded, request
from tests.maya_plugin.pass_scenes import rendered

np = pytest.importorskip("numpy", reason="the server's side needs Python 3.11 and its packages")


@pytest.mark.parametrize("renderer", [HARDWARE, ARNOLD])
def test_normals_and_distances_are_floats_in_the_space_of_the_camera(host, scene, shot, tmp_path, renderer):
    """x to the right, y upwards, z towards the viewer, of length 1; the camera is turned, the tree is not."""
    from maya import cmds

    from shared.passes.data_pass import FAR, read_depth
    from shared.passes.normal_pass import read_normals

    cmds.setAttr("shotcam.rotate", 0, 12, 0, type="double3")
    asked = request(shot, tmp_path, renderer=renderer, extra=("normal", "depth"))
    report = rendered(asked)
    assert set(report.marked_open) == {"normal"} | ({"depth"} if renderer == HARDWARE else set())
    layer = read_shot(tmp_path / "out")[0].layers[0]
    assert (layer.normal, layer.depth) == ("masterLayer/normal.####.exr", "masterLayer/depth.####.exr")
    normals = read_normals(tmp_path / "out" / "masterLayer" / "normal.0001.exr").vectors
    there = np.array(decoded(tmp_path / "out" / "masterLayer" / "label.0001.png")) == coco("tree")
    expected = (-math.sin(math.radians(12)), 0.0, math.cos(math.radians(12)))
    assert there.sum() > 50 and np.abs(normals[there] - expected).max() < 1e-5
    depth = read_depth(tmp_path / "out" / "masterLayer" / "depth.0001.exr")
    assert 8.5 < depth.values[there].min() < depth.values[there].max() < 9.5
    empty = np.array(decoded(tmp_path / "out" / "masterLayer" / "label.0001.png")) == 255
    crate = read_depth(tmp_path / "out" / "masterLayer" / "depth.0001.exr").values[empty]
    assert (crate == FAR).any() and not normals[empty & (depth.values == FAR)].any()


def test_a_distance_is_never_read_from_the_beauty_beside_it(host, scene, shot, tmp_path):
    """Row 6: an aiAOV that nobody told its type writes Z.R, Z.G, Z.B, and the beauty's red lies beside it."""
    from maya_plugin.host import aovs
    from shared.errors import InputRefused
    from shared.passes import exr
    from shared.passes.data_pass import read_depth

    asked = request(shot, tmp_path, renderer=ARNOLD, extra=("depth",))
    file = tmp_path / "out" / "masterLayer" / "depth.0001.exr"
    rendered(asked)
    right = read_depth(file)
    assert right.channel == "Z" and [one for part in exr.read_exr(file) for one in part.channels if "Z" in one] == ["Z"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(aovs.OF_PASS, "depth", aovs.Aov("Z", aovs.RGB))
        rendered(asked)
    assert read_depth(file).channel == "Z.R" and np.array_equal(read_depth(file).values, right.values)
    rendered(replace(asked, extra=("normal",)))
    with pytest.raises(InputRefused, match="no depth was found"):
        read_depth(tmp_path / "out" / "masterLayer" / "normal.0001.exr")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("renderType", 1), ("regionMaxX", 20), ("regionMinY", 30)],
)
def test_arnold_renders_a_picture_and_all_of_it(host, scene, shot, tmp_path, attribute, value):
    """Row 25: a scene that exports .ass files, or was rendered in a region, by hand or by a farm."""
    from maya import cmds

    cmds.setAttr(f"defaultArnoldRenderOptions.{attribute}", value)
    report = rendered(request(shot, tmp_path, renderer=ARNOLD, extra=("beauty",)))
    assert decoded(report.labels["masterLayer"]) == analytic()
    assert (tmp_path / "out" / "masterLayer" / "beauty.0001.exr").is_file()
    assert cmds.getAttr(f"defaultArnoldRenderOptions.{attribute}") == value


def test_the_beauty_of_arnold_carries_the_classes(host, scene, shot, tmp_path):
    """Whole numbers of one channel, unfiltered; the artist's own AOVs stay out of the file."""
    from maya import cmds

    from shared.passes import exr, picture_pass

    own = cmds.createNode("aiAOV", name="own", skipSelect=True)
    cmds.setAttr(f"{own}.name", "diffuse", type="string")
    before = sorted(node.name for node in scene.all())
    rendered(request(shot, tmp_path, renderer=ARNOLD, extra=("beauty",)))
    assert sorted(node.name for node in scene.all()) == before
    file = tmp_path / "out" / "masterLayer" / "beauty.0001.exr"
    (part,) = exr.read_exr(file)
    assert set(part.channels) == {"R", "G", "B", "A", "class_plus_1"}
    expected = np.array(analytic()) + 1
    expected[expected == 256] = 0
    assert np.array_equal(part.channels["class_plus_1"], expected)
    assert set(picture_pass.whole_picture([part]).channels) >= {"r", "g", "b"}, "the picture is read as before"


@pytest.mark.parametrize("up", [True, False])
def test_motion_is_of_a_whole_frame_and_its_convention_is_proved_on_the_labels(
    host, scene, shot, tmp_path, monkeypatch, up
):
    """Arnold's own default is half a frame around this one; which way is up only the labels tell."""
    from maya import cmds, world

    from inference_server.broker.requests import job_spec
    from inference_server.models.devices import choose_device
    from inference_server.worker.check import check_job
    from maya_plugin import judging

    scene.motion_up = up
    cmds.polyCube(name="balloon", width=2.5, height=2.5, depth=0.001)
    cmds.move(-1.0, -0.5, 3.0, "balloon")
    host.assign({coco("person"): ["|balloon"]})
    world.animate("balloon", "translateX", {1: -1.2, 4: 0.6})
    world.animate("balloon", "translateY", {1: -1.0, 4: 0.8})
    scene.one("balloon")[-1].values["translate"] = (-1.2, -1.0, 3.0)

    class Server:
        process = "one of our own"

        def check(self, job, files):
            spec = job_spec(job, tmp_path / "out", tmp_path / "painted", None, uploaded=False)
            return check_job(spec, "job", lambda: None, 2**40, choose_device("cpu"))

    asked = request(shot, tmp_path, renderer=ARNOLD, extra=("depth", "motion"), last=3, layers=(WHOLE,))
    report = rendered(asked, [1, 2, 3])
    told = judging.proven(Server(), report, asked)
    assert told is None if up else told.motion_is == "to-next-down"
    if told is not None:
        rendered(told, [1, 2, 3])
        assert read_shot(tmp_path / "out")[0].layers[0].motion_is == "to-next-down"
        assert judging.proven(Server(), report, told) is None
    if up:  # what Arnold does unasked
        ours = render_settings.ARNOLD_MOTION
        forgetful = tuple(one for one in ours if not one.attribute.endswith(("motion_frames", "range_type")))
        monkeypatch.setattr(render_settings, "ARNOLD_MOTION", forgetful)
        report = rendered(asked, [1, 2, 3])
        with pytest.raises(SemrenderError, match="motion"):
            judging.proven(Server(), report, asked)
