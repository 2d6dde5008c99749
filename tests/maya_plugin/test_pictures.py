"""Paintings on image planes: which frames they show and in which colour space Maya reads them."""

import pytest

from maya_plugin.core.contract import Played
from shared.errors import SemrenderError

CONFIGS = {
    "new": ("Raw", "Linear Rec.709 (sRGB)", "sRGB Encoded Rec.709 (sRGB)", "ACEScg"),
    "old": ("Raw", "scene-linear Rec.709-sRGB", "sRGB", "ACEScg"),
    "aces 1.2": ("Utility - Raw", "Utility - Linear - sRGB", "Utility - sRGB - Texture", "ACES - ACEScg"),
    "studio": ("Raw", "lin_rec709", "sRGB - Texture", "ACEScg"),
}


@pytest.fixture
def painted(scene, tmp_path):
    """A camera with a plate of somebody else, and a painted file."""
    from maya import cmds, world

    camera = world.camera()
    cmds.imagePlane(camera=camera, fileName="plate.png", name="plate")
    picture = tmp_path / "painted.0012.png"
    picture.write_bytes(b"x")
    scene.undo_queue.clear()
    return str(picture), camera


def plane():
    from maya import cmds

    (found,) = [
        one for one in cmds.ls(type="imagePlane") if cmds.attributeQuery("semrenderPicture", node=one, exists=True)
    ]
    return lambda name: cmds.getAttr(f"{found}.{name}")


def test_a_picture_is_one_step_and_leaves_other_planes_alone(scene, host, painted):
    from maya import cmds

    picture, camera = painted
    for _ in range(2):
        host.place_picture(picture, camera, None, "sRGB")
    plane()
    assert [name for name, _ in scene.undo_queue] == ["Place painted picture"] * 2
    host.remove_picture(camera)
    assert cmds.ls(type="imagePlane") == ["plateShape"]
    with pytest.raises(SemrenderError, match="is not there"):
        host.place_picture(f"{picture}x", camera, None, "sRGB")


def test_a_frame_is_seen_on_every_frame_and_a_shot_plays(host, painted):
    """A single frame was made a sequence, and vanished on scrubbing."""
    from maya import cmds

    picture, camera = painted
    host.place_picture(picture, camera, None, "sRGB")
    assert plane()("useFrameExtension") is False
    for _ in range(2):
        host.place_picture(picture, camera, Played(12, 40, 1001), "sRGB")
    value = plane()
    assert value("useFrameExtension") is True
    assert [value(name) for name in ("frameOffset", "frameIn", "frameOut")] == [12 - 1001, 12, 40]
    shape = next(one for one in cmds.ls(type="imagePlane") if one != "plateShape")
    assert cmds.listConnections(f"{shape}.frameExtension", source=True, destination=False) == ["time1"]
    host.place_picture(picture, camera, None, "sRGB")
    assert value("useFrameExtension") is False


@pytest.mark.parametrize("config", CONFIGS)
def test_the_colour_space_is_one_that_this_maya_has(scene, host, painted, config):
    """It was "sRGB", which newer configs and those of ACES do not have."""
    scene.color_spaces = CONFIGS[config]
    for color in ("sRGB", "linear Rec.709", "ACEScg"):
        assert host.place_picture(*painted, None, color) == ""
        assert plane()("colorSpace") in scene.color_spaces and plane()("ignoreColorSpaceFileRules") is True
    assert "ACEScg" in plane()("colorSpace")


def test_a_config_of_somebody_elses_is_left_to_its_rules(scene, host, painted):
    scene.color_spaces = ("film", "video")
    told = host.place_picture(*painted, None, "sRGB")
    assert "no space that is known as sRGB" in told and plane()("ignoreColorSpaceFileRules") is False
    assert plane()("colorSpace") is None
