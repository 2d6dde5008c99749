"""Which channels of an EXR are its motion and its depth: named layers first, the red of a picture never."""

import numpy as np
import OpenEXR
import pytest

from shared.errors import InputRefused
from shared.passes.data_pass import FAR, motion_planes, read_depth, read_parts, unlike_before

SHAPE = (6, 8)


def plane(value):
    return np.full(SHAPE, value, np.float32)


def write(path, names, part=None, values=None):
    """An EXR whose n-th channel holds n + 1 everywhere, or what `values` says."""
    channels = {name: (values or {}).get(name, plane(n + 1)) for n, name in enumerate(names)}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(str(path))
    return path


def motion(path, wanted=None):
    return motion_planes(path, read_parts(path), wanted)


BEAUTY = ["R", "G", "B", "A"]


@pytest.mark.parametrize(
    ("names", "across", "down"),
    [
        ([*BEAUTY, "velocity.R", "velocity.G", "velocity.B"], "velocity.R", "velocity.G"),
        ([*BEAUTY, "VRayVelocity.R", "VRayVelocity.G"], "VRayVelocity.R", "VRayVelocity.G"),
        ([*BEAUTY, "motionvector.X", "motionvector.Y", "motionvector.Z"], "motionvector.X", "motionvector.Y"),
        ([*BEAUTY, "motionVectors.r", "motionVectors.g", "N.X", "N.Y"], "motionVectors.r", "motionVectors.g"),
        (["rl.Combined.R", "rl.Combined.G", "rl.Vector.X", "rl.Vector.Y"], "rl.Vector.X", "rl.Vector.Y"),
        ([*BEAUTY, "MotionVector2D.red", "MotionVector2D.green"], "MotionVector2D.red", "MotionVector2D.green"),
        ([*BEAUTY, "FinalImageMotionVectors.R", "FinalImageMotionVectors.G"],
         "FinalImageMotionVectors.R", "FinalImageMotionVectors.G"),
        ([*BEAUTY, "mv.u", "mv.v", "uv.u", "uv.v"], "mv.u", "mv.v"),
        (["R", "G", "B"], "R", "G"),
        (["X", "Y"], "X", "Y"),
    ],
)  # fmt: skip
def test_the_layer_that_says_motion_is_read(tmp_path, names, across, down):
    path = write(tmp_path / "m.exr", names)
    found = motion(path)
    assert found.channels == (across, down)
    assert (found.x == names.index(across) + 1).all() and (found.y == names.index(down) + 1).all()


@pytest.mark.parametrize(
    "names", [[*BEAUTY, "diffuse.R", "diffuse.G"], [*BEAUTY, "Z"], ["N.X", "N.Y", "N.Z"], [*BEAUTY, "uv.u", "uv.v"]]
)
def test_colours_and_normals_are_never_motion(tmp_path, names):
    with pytest.raises(InputRefused, match=r"no motion vectors were found.*motion_layer") as refused:
        motion(write(tmp_path / "m.exr", names))
    assert names[-1].split(".")[0] in str(refused.value)


def test_two_layers_of_vectors_are_a_question(tmp_path):
    path = write(tmp_path / "m.exr", ["forward.u", "forward.v", "backward.u", "backward.v"])
    with pytest.raises(InputRefused, match=r'not clear: "backward", "forward".*"motion_layer".*--motion-layer'):
        motion(path)
    assert motion(path, "backward").channels == ("backward.u", "backward.v")
    with pytest.raises(InputRefused, match=r'no layer "sideward".*forward'):
        motion(path, "sideward")


def test_a_layer_of_a_part_is_named_by_the_part(tmp_path):
    path = tmp_path / "m.exr"
    parts = [
        OpenEXR.Part({"type": OpenEXR.scanlineimage}, {c: plane(n) for c in "RGB"}, name)
        for n, name in ((0.5, "beauty"), (3, "velocity"))
    ]
    OpenEXR.File(parts).write(str(path))
    assert motion(path).name == "velocity" and (motion(path).x == 3).all()
    assert motion(path, "beauty").name == "beauty"


def test_what_is_no_number_is_unknown_and_refuses_nothing(tmp_path):
    holes = plane(2)
    holes[1, 2], holes[3, 4] = np.inf, np.nan
    found = motion(write(tmp_path / "m.exr", ["X", "Y"], values={"X": holes}))
    assert np.isnan(found.x[1, 2]) and np.isnan(found.y[3, 4]) and np.isnan(found.x).sum() == 2


@pytest.mark.parametrize(
    ("names", "channel"),
    [
        ([*BEAUTY, "zDepth.R", "zDepth.G", "zDepth.B"], "zDepth.R"),
        ([*BEAUTY, "Z"], "Z"),
        ([*BEAUTY, "Normal.X", "Normal.Y", "Normal.Z", "depth.Z"], "depth.Z"),
        (["N.X", "N.Y", "N.Z", *BEAUTY, "Depth.V"], "Depth.V"),
        (["rl.Combined.R", "rl.Combined.G", "rl.Combined.B", "rl.Mist.Z", "rl.Depth.Z"], "rl.Depth.Z"),
        (["rl.Denoising Depth.Z", "rl.Depth.Z"], "rl.Depth.Z"),
        ([*BEAUTY, "VRayZDepth.R"], "VRayZDepth.R"),
        ([*BEAUTY, "depth"], "depth"),
        ([*BEAUTY, "Z", "ZBack"], "Z"),
        (["Y"], "Y"),
    ],
)
def test_the_channel_that_says_depth_is_read(tmp_path, names, channel):
    path = write(tmp_path / "d.exr", names, values={n: plane(5) for n in names if n.lower().startswith("zdepth")})
    assert read_depth(path).channel == channel


@pytest.mark.parametrize(
    "names", [BEAUTY, ["Normal.X", "Normal.Y", "Normal.Z"], [*BEAUTY, "P.X", "P.Y", "P.Z"], ["rl.Mist.Z", *BEAUTY]]
)
def test_the_red_of_a_picture_and_the_z_of_a_normal_are_never_depth(tmp_path, names):
    with pytest.raises(InputRefused, match=r"no depth was found.*depth_layer|that is a picture, no depth"):
        read_depth(write(tmp_path / "d.exr", names))


def test_depths_of_two_render_layers_are_a_question(tmp_path):
    path = write(tmp_path / "d.exr", ["one.Depth.Z", "two.Depth.Z"])
    with pytest.raises(InputRefused, match=r'"one.Depth", "two.Depth".*"depth_layer"'):
        read_depth(path)
    assert read_depth(path, "two.Depth").channel == read_depth(path, "two.Depth.Z").channel == "two.Depth.Z"


def test_red_green_and_blue_alike_are_a_depth(tmp_path):
    path = write(tmp_path / "d.exr", ["R", "G", "B"], values={c: plane(7) for c in "RGB"})
    assert (read_depth(path).values == 7).all()


def test_a_negative_depth_loses_its_sign_and_holes_are_far(tmp_path):
    z = plane(-7)
    z[0], z[1, 0], z[2, 0] = 0, np.nan, -np.inf
    found = read_depth(write(tmp_path / "d.exr", ["Z"], values={"Z": z}))
    assert (found.values[3:] == 7).all() and (found.values[0] == FAR).all()
    assert found.values[1, 0] == FAR and found.values[2, 0] == FAR
    assert found.mended == ("sign", "holes")


def test_a_coordinate_of_both_signs_is_no_depth(tmp_path):
    z = plane(-7)
    z[:, :3] = 4
    with pytest.raises(InputRefused, match="distances of both signs"):
        read_depth(write(tmp_path / "d.exr", ["Z"], values={"Z": z}))


def test_only_what_is_read_otherwise_than_before_counts_in_a_key(tmp_path):
    assert unlike_before(write(tmp_path / "b.exr", ["rl.Vector.X", "rl.Vector.Y", "rl.Depth.Z"])) == []
    assert unlike_before(write(tmp_path / "z.exr", [*BEAUTY, "Z"])) == []
    assert unlike_before(write(tmp_path / "v.exr", [*BEAUTY, "zDepth.R"])) == ["zDepth.R"]
    assert unlike_before(write(tmp_path / "n.exr", ["Z"], values={"Z": plane(-3)})) == ["sign"]


def test_a_png_is_no_depth_pass(tmp_path):
    path = tmp_path / "d.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 60)
    with pytest.raises(InputRefused, match="a motion or depth pass is an EXR"):
        read_depth(path)
