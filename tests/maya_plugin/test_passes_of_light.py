"""The light of a scene on clay, as its reader finds it in the files: from its lights, and from nothing else."""

import math
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from maya_plugin.core import passes, render_settings
from maya_plugin.core.contract import ARNOLD, HARDWARE
from shared.errors import SemrenderError
from shared.shot import read_shot
from tests.maya_plugin.conftest import analytic, coco, decoded, request
from tests.maya_plugin.pass_scenes import busy_scene, rendered, state

np = pytest.importorskip("numpy", reason="the server's side needs Python 3.11 and its packages")

RENDERERS = [HARDWARE, ARNOLD]
TURNED = 50.0  # degrees of the crate about y


@pytest.fixture
def sun(shot):
    """A light from above and the right, on a scene of which one thing is turned; the light's shape."""
    from maya import cmds, world

    cmds.setAttr("crate.rotate", 0, TURNED, 0, type="double3")
    world.shader("rust", "crate", color=(0.7, 0.1, 0.0))
    transform = world.shape("directionalLight", "sun")
    cmds.setAttr(f"{transform}.rotate", -35, 30, 0, type="double3")
    return f"{transform}Shape"


def falls(turned=0.0):
    """The cosine at which the sun falls on what faces the camera and is turned about y by these degrees."""
    return math.cos(math.radians(35)) * math.cos(math.radians(30 - turned))


def light_of(tmp_path, frame=1):
    from shared.passes.shading_pass import read_shading

    return read_shading(tmp_path / "out" / "masterLayer" / f"shading.{frame:04d}.exr")


def where(tmp_path, name):
    return np.array(decoded(tmp_path / "out" / "masterLayer" / "label.0001.png")) == coco(name)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_shading_is_the_light_of_the_scene_on_clay(host, scene, shot, sun, tmp_path, renderer):
    """What faces the sun alike is alike, whatever it is made of; what turns away is darker."""
    from maya import cmds

    cmds.setAttr(f"{sun}.intensity", 1.6)
    host.assign({coco("car"): ["|crate"]})
    report = rendered(request(shot, tmp_path, renderer=renderer, extra=("shading",)))
    assert "shading" in report.marked_open
    layer = read_shot(tmp_path / "out")[0].layers[0]
    assert (layer.shading, layer.shading_white) == ("masterLayer/shading.####.exr", passes.CLAY)
    found = light_of(tmp_path)
    tree, river, crate = (where(tmp_path, name) for name in ("tree", "river", "car"))
    assert tree.sum() > 50 and crate.sum() > 20
    assert np.allclose(found.light[tree & found.there], 1.6 * 0.5 * falls(), atol=2e-3)
    inner = river & found.there
    inner[:-1] &= river[1:]
    assert np.allclose(found.light[inner], found.light[tree].max(), atol=2e-3), "materials do not leak"
    middle = np.median(found.light[crate])
    assert abs(middle - 1.6 * 0.5 * falls(TURNED)) < 2e-3 and middle > found.light[tree].max()
    if renderer == HARDWARE:  # Arnold's edges are smooth, as those of its beauty
        assert np.array_equal(found.there, np.array(decoded(report.labels["masterLayer"])) != 255)


@pytest.mark.parametrize(
    ("renderer", "table", "setting"),
    [
        (HARDWARE, "HARDWARE_SHADING", "hardwareRenderingGlobals.lightingMode"),
        (HARDWARE, "HARDWARE_SHADING", "defaultColorMgtGlobals"),
        (HARDWARE, "HARDWARE_SHADING", "hardwareRenderingGlobals.floatingPointRTEnable"),
        (ARNOLD, "ARNOLD_SHADING", "defaultArnoldRenderOptions.ignoreLights"),
        (ARNOLD, "ARNOLD_SHADING", "defaultArnoldDriver.colorManagement"),
    ],
)
def test_a_setting_that_is_forgotten_shows(host, scene, shot, sun, tmp_path, monkeypatch, renderer, table, setting):
    from maya import cmds

    cmds.setAttr("hardwareRenderingGlobals.lightingMode", 0)
    cmds.setAttr("defaultArnoldRenderOptions.ignoreLights", True)
    asked = request(shot, tmp_path, renderer=renderer, extra=("shading",))
    rendered(asked)
    right = light_of(tmp_path).light
    ours = getattr(render_settings, table)
    monkeypatch.setattr(render_settings, table, tuple(one for one in ours if not one.attribute.startswith(setting)))
    rendered(asked)
    assert np.abs(light_of(tmp_path).light - right).max() > 1e-3


@pytest.mark.parametrize("renderer", RENDERERS)
def test_in_the_dark_it_is_left_out_unasked_and_refused_where_it_is_asked_for(host, scene, shot, tmp_path, renderer):
    from maya import cmds, world

    dark = request(shot, tmp_path, renderer=renderer, extra=("shading",))
    with pytest.raises(SemrenderError, match=r"no visible light.*Make a light"):
        rendered(dark)
    assert not list((tmp_path / "out").rglob("*.png")), "before anything is rendered"
    report = rendered(replace(dark, guides=("shading",)))
    assert read_shot(tmp_path / "out")[0].layers[0].shading is None
    assert any("without shading" in note for note in report.notes)
    world.shape("ambientLight", "everywhere")
    world.shape("RedshiftPhysicalSun", "of_another_renderer")
    hidden = world.shape("directionalLight", "sun")
    cmds.setAttr(f"{hidden}.visibility", False)
    with pytest.raises(SemrenderError, match="no visible light"):
        rendered(dark)
    world.shape("aiSkyDomeLight", "dome")
    if renderer == HARDWARE:
        with pytest.raises(SemrenderError, match="no visible light that hardware knows"):
            rendered(dark)
    else:
        rendered(dark)
        assert light_of(tmp_path).light.max() == pytest.approx(0.5, abs=1e-3)


def test_a_second_lit_render_by_arnold_is_asked_for(shot, tmp_path):
    wants = {"labels": {"needed": True}, "normal": {}, "shading": {}}
    asked = request(shot, tmp_path)
    assert passes.fed(asked, "Small", wants).guides == ("normal", "shading")
    assert passes.fed(replace(asked, renderer=ARNOLD), "Small", wants).guides == ("normal",)
    ticked = passes.fed(replace(asked, renderer=ARNOLD, extra=("shading",)), "Small", wants)
    assert ticked.extra == ("normal", "shading") and ticked.guides == ("normal",)
    needs = {"labels": {"needed": True}, "shading": {"needed": True}}
    assert passes.fed(replace(asked, renderer=ARNOLD), "Small", needs).extra == ("shading",)


def test_what_a_frame_is_painted_without_is_named(shot, tmp_path):
    wants = {"labels": {"needed": True}, "instance": {}, "normal": {}, "shading": {}}
    frame = request(shot, tmp_path, extra=("instance",))
    assert passes.left_out(frame, wants, ()) == ("normal", "shading")
    of_arnold = replace(frame, renderer=ARNOLD, extra=("normal",))
    assert passes.left_out(of_arnold, wants, ()) == (), "a shot of it has none either"
    assert passes.left_out(of_arnold, {}, ("shading",)) == ("shading",)


def test_a_guide_that_hardware_would_have_made_is_not_made_by_arnold_instead(host, scene, shot, sun, tmp_path):
    """Where Hardware 2.0 draws nothing, a batch goes on with Arnold."""
    report = rendered(request(shot, tmp_path, renderer=ARNOLD, extra=("shading",), guides=("shading",)))
    assert not list((tmp_path / "out").rglob("shading*")) and any("without shading" in one for one in report.notes)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_clay_is_cut_out_as_its_label(host, scene, shot, sun, tmp_path, renderer):
    from maya import cmds

    card = cmds.shadingNode("checker", asTexture=True, name="leaves")
    cmds.connectAttr(f"{card}.outColor", "bark.transparency")
    if renderer == ARNOLD:  # one sample and no filter, so that edges can be compared
        cmds.setAttr("defaultArnoldRenderOptions.AASamples", 1)
        cmds.setAttr("defaultArnoldFilter.aiTranslator", "closest", type="string")
    host.assign({coco("car"): ["|crate"]})
    report = rendered(request(shot, tmp_path, renderer=renderer, extra=("shading",)))
    labels, there = np.array(decoded(report.labels["masterLayer"])), light_of(tmp_path).there
    assert (labels[np.array(analytic()) == coco("tree")] == 255).any(), "there are holes"
    assert np.array_equal(there, labels != 255)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_passes_after_it_are_as_before(host, scene, shot, sun, tmp_path, renderer):
    """Coats wear their colours again on the next frame."""
    from maya import cmds

    cmds.setAttr("crate.rotate", 0, 0, 0, type="double3")
    asked = request(shot, tmp_path, renderer=renderer, extra=("instance", "normal", "shading", "beauty"), last=2)
    rendered(asked, [1, 2])
    for frame in (1, 2):
        assert decoded(tmp_path / "out" / "masterLayer" / f"label.{frame:04d}.png") == analytic()
    assert np.array_equal(light_of(tmp_path, 1).light, light_of(tmp_path, 2).light)


class Stopped(BaseException):
    """Esc, as Maya raises it in a script."""


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("error", [None, RuntimeError("out of video memory"), Stopped()])
def test_it_leaves_no_trace_also_where_it_breaks_off(host, scene, shot, sun, tmp_path, renderer, error):
    legacy = busy_scene(scene, shot, host)
    before, count = state(scene, copy=True), 0

    def break_down(**_):
        nonlocal count
        count += 1
        if error is not None and count == 2:  # the first is the label
            raise error

    scene.hooks["ogsRender" if renderer == HARDWARE else "arnoldRender"] = break_down
    asked = request(shot, tmp_path, renderer=renderer, extra=("shading",), layers=(legacy,))
    if error is None:
        rendered(asked)
    else:
        with pytest.raises((SemrenderError, Stopped)):
            rendered(asked)
    assert count >= 2 and state(scene, copy=True) == before


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_frame_of_the_open_scene_has_none(host, scene, shot, sun, tmp_path, renderer):
    """It would need other materials."""
    before = state(scene)
    with pytest.raises(SemrenderError, match=r"no shading by .*Render a shot of this one frame"):
        host.render_preview(request(shot, tmp_path, renderer=renderer, extra=("shading",)))
    assert state(scene) == before


class Server:
    """The real check, without a socket."""

    process = "one of our own"

    def check(self, job, files):
        from inference_server.broker.requests import job_spec
        from inference_server.models.devices import choose_device
        from inference_server.worker.check import check_job

        spec = job_spec(job, Path(job["base"]), Path(job["out"]), None, uploaded=False)
        return check_job(spec, "job", lambda: None, 2**40, choose_device("cpu"))


@pytest.fixture
def model(add_sleep_model):
    """The name of a model that takes labels and shading."""
    from inference_server.models.catalogue import find_card
    from shared import places

    folder = places.models_folder() / add_sleep_model()
    card = places.read_json(folder / "card.json")
    places.write_json(folder / "card.json", {**card, "inputs": {**card["inputs"], "shading": {}}})
    return find_card(folder.name).name


@pytest.mark.parametrize("intensity", [1.2, 30.0])
def test_full_light_is_measured_on_the_first_frame_and_holds_for_all(
    host, scene, shot, sun, tmp_path, model, intensity
):
    """By two digits. On the second the sun is weaker, which is to be seen."""
    from maya import world

    from maya_plugin import batch

    host.assign({coco("car"): ["|crate"]})  # the brightest
    world.animate(sun.rpartition("|")[2], "intensity", {1: intensity, 2: intensity / 2})
    full = passes.CLAY * intensity * falls(TURNED)
    asked = request(shot, tmp_path, model=model, extra=("shading",), guides=("shading",), last=2)
    batch._render(Namespace(paint=False), tmp_path / "shot.ma", asked, Server(), notes := [])
    assert notes == []
    written, base = read_shot(tmp_path / "out")
    assert written.layers[0].shading_white == pytest.approx(full, rel=0.05)
    job = {"shot": written.to_dict(), "base": str(base), "out": str(tmp_path / "painted")}
    found = Server().check(job, None)
    assert found["problems"] == [] and found["layers"][0]["shading"]["white"] == written.layers[0].shading_white
    first, second = (light_of(tmp_path, frame).plane(written.layers[0].shading_white).max() for frame in (1, 2))
    assert first == pytest.approx(1, rel=0.05) and second == pytest.approx(first / 2)
