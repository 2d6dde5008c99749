"""The camera of a shot and its marked points, written beside the passes."""

import math

import pytest

from shared.comp_tracks import comp_tracks
from shared.delivery import DeliveryShot
from shared.shot import read_shot
from shared.tracks import read_tracks
from tests.maya_plugin.conftest import SIZE, coco, decoded, request
from tests.maya_plugin.pass_scenes import state


def seen(layers, name, aspect=1.0, size=SIZE):
    """The pixel on which a comp's camera sees a null of the first frame."""
    camera = next(one for one in layers if one.kind == "camera")
    point = next(one for one in layers if one.name == name).keys["position"][0]
    place, turn = camera.keys["position"][0], camera.keys["orientation"][0]
    x, y, z = ((a - b) * (aspect if axis == 0 else 1) for axis, (a, b) in enumerate(zip(point, place)))
    a, b, c = map(math.radians, turn)
    y, z = y * math.cos(a) + z * math.sin(a), z * math.cos(a) - y * math.sin(a)
    x, z = x * math.cos(b) - z * math.sin(b), z * math.cos(b) + x * math.sin(b)
    x, y = x * math.cos(c) + y * math.sin(c), y * math.cos(c) - x * math.sin(c)
    zoom = camera.keys["zoom"][0][0]
    return size[0] / 2 + x * zoom / z / aspect, size[1] / 2 + y * zoom / z


def of(first, last, aspect=1.0, size=SIZE):
    return DeliveryShot("s", "s", *size, 24, 24, 1, first, last, last - first + 1, aspect)


@pytest.fixture
def marked(shot):
    """A small thing of a class of its own, and a point in the middle of it; the camera looks a little aside."""
    from maya import cmds

    cmds.polyCube(name="lamp", width=0.6, height=0.6, depth=0.6)
    cmds.move(0.8, 0.9, 2.0, "lamp")
    cmds.createNode("transform", name="rig", skipSelect=True)
    cmds.setAttr("rig.scale", 2, 2, 2, type="double3")
    spot = cmds.createNode("transform", name="spot", parent="rig", skipSelect=True)
    cmds.move(0.8, 0.9, 2.0, spot)
    cmds.setAttr(f"{spot}.translate", 0.4, 0.45, 1.0, type="double3")  # twice as far, as the rig is as large
    cmds.sets(name="semrenderNulls", empty=True)
    cmds.sets(spot, edit=True, forceElement="semrenderNulls")
    cmds.setAttr("shotcam.rotate", -4, 6, 10, type="double3")
    return shot


@pytest.mark.parametrize(
    ("lens", "aspect"),
    [
        ({}, 1.0),
        ({"filmFit": 1}, 1.0),
        ({"filmFit": 2}, 1.0),
        ({"filmFit": 3}, 1.0),
        ({"horizontalFilmOffset": 0.11, "verticalFilmOffset": -0.07, "filmFit": 2}, 1.0),
        ({"lensSqueezeRatio": 1.3, "cameraScale": 0.9, "focalLength": 28.0}, 1.0),
        ({}, 1.3),
    ],
    ids=str,
)
def test_the_comp_sees_a_null_where_maya_rendered_it(host, marked, tmp_path, lens, aspect):
    """Of every film fit the point lies in the middle of what was rendered around it, to a pixel and a half."""
    from maya import cmds

    host.assign({coco("person"): ["|lamp"]})
    for name, value in lens.items():
        cmds.setAttr(f"{marked}.{name}", value)
    cmds.setAttr("defaultResolution.pixelAspect", aspect)
    report = host.render_preview(request(marked, tmp_path))
    rows = decoded(report.labels["masterLayer"])
    found = [(x, y) for y, row in enumerate(rows) for x, one in enumerate(row) if one == coco("person")]
    assert found
    tracks = read_tracks(tmp_path / "out" / "tracks.json")
    assert (tracks.width, tracks.height) == SIZE and tracks.pixel_aspect == pytest.approx(aspect)
    x, y = seen(comp_tracks(tracks, of(1, 1, aspect)).layers, "spot", aspect)
    middle = [(min(values) + max(values) + 1) / 2 for values in zip(*found)]
    if tracks.camera.centre is not None:  # what no camera of After Effects does: the check says it
        x, y = x + tracks.camera.centre[0] - SIZE[0] / 2, y + tracks.camera.centre[1] - SIZE[1] / 2
    assert (x, y) == pytest.approx(middle, abs=1.5)


def test_what_moves_is_asked_without_moving_the_scene(host, scene, marked, tmp_path):
    from maya import cmds, world

    from maya_plugin.host.passes import render_passes

    world.animate("shotcam", "translateX", {1: 0.0, 3: 2.0})
    world.animate("shotcamShape", "focalLength", {1: 35.0, 3: 45.0})
    scene.up = "z"
    cmds.currentTime(1, edit=True)
    cmds.file(modified=False)
    scene.undo_queue.clear()
    before = state(scene)
    render_passes(request(marked, tmp_path, last=3), [1], 3, lambda layer, frame: None)
    assert state(scene) == before
    shot, _ = read_shot(tmp_path / "out" / "shot.json")
    assert shot.tracks == ("tracks.json",)
    tracks = read_tracks(tmp_path / "out" / "tracks.json")
    camera = tracks.camera
    assert (tracks.first, tracks.last, tracks.up, tracks.centimetres) == (1, 3, "z", 1.0)
    assert (camera.name, camera.focal, [one[12] for one in camera.matrix]) == ("shotcam", (35, 40, 45), [0, 1, 2])
    assert camera.film == pytest.approx(1.41732 * 25.4)
    [null] = tracks.nulls
    assert null.name == "spot" and null.points == (pytest.approx((0.8, 0.9, 2.0)),)
    host.render_preview(request(marked, tmp_path, last=3))
    assert read_tracks(tmp_path / "out" / "tracks.json").last == 1  # no frame is asked for that nobody waits for


def test_a_camera_that_no_comp_has_is_a_note(host, marked, tmp_path):
    from maya import cmds

    cmds.setAttr(f"{marked}.orthographic", True)
    report = host.render_preview(request(marked, tmp_path))
    assert any("orthographic" in note for note in report.notes)
    assert read_shot(tmp_path / "out" / "shot.json")[0].tracks == ()


def test_what_is_marked_and_is_no_transform_is_a_note(host, marked, tmp_path):
    """Faces, a shape, a material and a set in the set: the passes are rendered, and the transforms are nulls."""
    from maya import cmds

    cmds.polyCube(name="box")
    cmds.sets(name="nested", empty=True)
    others = ["box.f[0]", "lampShape", "lambert1", "nested"]
    for one in (*others, "rig"):
        cmds.sets(one, edit=True, addElement="semrenderNulls")
    report = host.render_preview(request(marked, tmp_path))
    [note] = [one for one in report.notes if "semrenderNulls" in one]
    assert note.startswith("in semrenderNulls only transforms become nulls, not ")
    assert sorted(note.partition("not ")[2].replace("boxShape", "box").split(", ")) == sorted(others)
    assert [one.name for one in read_tracks(tmp_path / "out" / "tracks.json").nulls] == ["spot", "rig"]


def test_a_reference_of_the_shots_own_folder_stays_where_it_is(host, shot, tmp_path):
    """Chosen again in a later session, from where the first one copied it to."""
    from dataclasses import replace

    from maya_plugin.core.passes import reference_name

    of = replace(request(shot, tmp_path), reference=str(tmp_path / "out" / "reference.png"))
    file = tmp_path / "out" / reference_name(of)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"picture")
    host.render_preview(replace(of, reference=str(file)))
    assert file.read_bytes() == b"picture"
