"""The sun of a scene: which light it is, and where it stands as a model is told."""

import math

import pytest

from maya_plugin.core import sun
from maya_plugin.core.sun import Light, Sun
from shared.inputs import SUN


def light(name="sunlight", rotate=(0, 0, 0), **values):
    """A directional light, whose shape is returned: it shines along its -z."""
    from maya import cmds, world

    transform = world.shape("directionalLight", name)
    cmds.setAttr(f"{transform}.rotate", *rotate, type="double3")
    for attribute, value in values.items():
        cmds.setAttr(f"{transform}Shape.{attribute}", value)
    return f"{transform}Shape"


def angles(host, camera, frame=1):
    found = host.sun(frame)
    assert found is not None
    return found.name, sun.of_scene(found, host.heading(camera, frame))


@pytest.fixture
def camera(scene):
    from maya import world

    return world.camera()


def about(azimuth, elevation):
    return dict(zip(SUN, (azimuth, elevation)))


@pytest.mark.parametrize(
    "rotate, turned, wanted",
    [
        ((-35, 0, 0), 0, about(-180, 35)),  # it stands behind the camera
        ((-35, 90, 0), 0, about(90, 35)),
        ((-35, -90, 0), 0, about(-90, 35)),
        ((-90, 0, 0), 0, about(-180, 90)),
        ((-35, 90, 0), -30, about(60, 35)),  # the camera turns to the right, towards it
    ],
)
def test_angles_are_those_that_the_light_has_for_the_camera(host, camera, rotate, turned, wanted):
    from maya import cmds

    light(rotate=rotate)
    cmds.setAttr("shotcam.rotate", -10, turned, 0, type="double3")
    name, found = angles(host, camera)
    assert name == "sunlight" and found[SUN[1]] == pytest.approx(wanted[SUN[1]], abs=0.01)
    if wanted[SUN[1]] < 90:
        assert math.cos(math.radians(found[SUN[0]] - wanted[SUN[0]])) == pytest.approx(1, abs=1e-6)


def test_the_brightest_visible_light_from_above_is_the_sun(host, camera):
    from maya import cmds

    assert host.sun(1) is None
    light("rim", (40, 0, 0), intensity=9)  # from below
    assert host.sun(1) is None
    key = light("key", (-30, 90, 0))
    light("fill", (-30, -90, 0), intensity=0.5)
    assert host.sun(1).name == "key"
    cmds.setAttr(f"{key}.color", 0.1, 0.1, 0.1, type="double3")
    assert host.sun(1).name == "fill"
    cmds.addAttr(key, longName="aiExposure", attributeType="double")  # as MtoA does
    cmds.setAttr(f"{key}.aiExposure", 5.0)
    assert host.sun(1).name == "key"
    cmds.setAttr("key.visibility", False)
    assert host.sun(1).name == "fill"


def test_a_light_that_moves_stands_where_it_does_on_the_first_frame(host, camera, scene):
    from maya import world

    light()
    world.animate("sunlight", "rotateX", {1: -20, 11: -60})
    assert angles(host, camera, 1)[1][SUN[1]] == 20 and angles(host, camera, 6)[1][SUN[1]] == 40
    assert scene.time == 1


def test_suns_of_renderers_go_before_directional_lights(host, camera, scene):
    from maya import cmds, world

    light("key", (-30, 90, 0), intensity=100)
    world.shape("RedshiftPhysicalSun", "rsSun")
    cmds.setAttr("rsSun.rotate", -50, 0, 0, type="double3")
    assert angles(host, camera) == ("rsSun", about(-180, 50))
    cmds.delete("rsSun")
    above = cmds.createNode("transform", name="vraySun", skipSelect=True)
    cmds.createNode("VRaySunTarget", name="target", parent=above, skipSelect=True)
    stands = cmds.createNode("transform", name="geo", parent=above, skipSelect=True)
    shape = cmds.createNode("VRaySunShape", name="vray", parent=stands, skipSelect=True)
    cmds.setAttr(f"{above}.translate", 500, 0, 0, type="double3")
    cmds.setAttr(f"{stands}.translate", 0, 20, -20, type="double3")
    assert angles(host, camera) == ("geo", about(0, 45))
    cmds.setAttr(f"{shape}.enabled", False)
    assert host.sun(1).name == "key"


def test_a_physical_sky_is_turned_with_its_dome(host, camera):
    from maya import cmds, world

    assert host.sun(1) is None, "aiSkyDomeLight is no type that this Maya knows"
    cmds.loadPlugin("mtoa")
    dome = world.shape("aiSkyDomeLight", "dome")
    assert host.sun(1) is None, "a dome with a picture has no direction"
    sky = cmds.shadingNode("aiPhysicalSky", asUtility=True, name="sky")
    cmds.connectAttr(f"{sky}.outColor", f"{dome}Shape.color")
    assert angles(host, camera) == ("sky", about(-180, 45)), "azimuth 90 is +z, behind a camera that looks along -z"
    cmds.setAttr(f"{sky}.azimuth", 0.0)
    assert angles(host, camera) == ("sky", about(90, 45))
    cmds.setAttr("dome.rotate", 0, 90, 0, type="double3")
    assert angles(host, camera) == ("sky", about(0, 45))
    cmds.setAttr(f"{sky}.useDegrees", False)
    cmds.setAttr(f"{sky}.sunDirection", 0, 1, 1, type="double3")
    assert angles(host, camera) == ("sky", about(90, 45))
    cmds.setAttr(f"{sky}.enableSun", False)
    assert host.sun(1) is None


STAGE = """#usda 1.0
def Xform "World" {
    double3 xformOp:rotateXYZ = (0, 90, 0)
    def DistantLight "sun" { double3 xformOp:rotateXYZ = (-40, 0, 0) }
    def DistantLight "moon" { float inputs:intensity = 9e9
        token visibility = "invisible" }
}
"""


def test_lights_of_usd_are_lights(host, camera, tmp_path):
    from maya import cmds, world

    (tmp_path / "set.usda").write_text(STAGE)
    stage = world.shape("mayaUsdProxyShape", "stage")
    cmds.setAttr(f"{stage}Shape.filePath", str(tmp_path / "set.usda"), type="string")
    assert angles(host, camera) == ("sun", about(90, 40))
    light("weak", (-30, 0, 0), intensity=1)
    assert host.sun(1).name == "sun", "50000 of a disc of half a degree are three times as bright"
    light("strong", (-30, 0, 0), intensity=9)
    assert host.sun(1).name == "strong"
    cmds.setAttr("strong.visibility", False)
    cmds.setAttr("stage.visibility", False)
    assert host.sun(1).name == "weak"


def test_with_z_up_the_horizon_is_the_ground(host, camera, scene):
    from maya import cmds

    scene.up = "z"
    light(rotate=(60, 0, 0))  # it shines down and along y
    cmds.setAttr("shotcam.rotate", 90, 0, 0, type="double3")  # looks along y
    assert angles(host, camera)[1] == about(-180, 30)
    cmds.setAttr("shotcam.rotate", 90, 0, -90, type="double3")  # along x
    assert angles(host, camera)[1] == about(90, 30)


def test_numbers_of_the_artist_are_carried_to_another_first_frame():
    mine = {**about(100.5, 20.25), "look": "dusk"}
    assert sun.by_hand(mine, 30.0, 30.0) == mine
    assert sun.by_hand(mine, 30.0, 50.0) == {**mine, SUN[0]: 80.5}
    assert sun.by_hand(about(-170, 0), 0.0, 30.0) == about(160, 0)


def test_a_camera_that_looks_straight_down_has_the_heading_of_the_top_of_its_picture():
    down = (1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1)
    assert sun.heading_of(down, "y") == 0
    up = (1, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 1)
    assert sun.heading_of(up, "y") == 0
    assert sun.chosen([Light("l", (0, 1, 0), 1.0)], "y") == Sun("l", 0.0, 90.0)
