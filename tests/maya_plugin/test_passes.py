"""Label passes by the fake's renderers: exact with every setting, soiled without one of them, and no trace."""

import pytest

from maya_plugin.core import passes, render_settings
from maya_plugin.core.contract import ARNOLD
from shared import label_code
from shared.errors import SemrenderError
from shared.shot import read_shot
from tests.maya_plugin.conftest import WHOLE, analytic, coco, decoded, read_png, request
from tests.maya_plugin.pass_scenes import busy_scene, labels_of, rendered, state


@pytest.mark.parametrize("renderer", ["hardware", "arnold"])
@pytest.mark.parametrize("answer", ["text", "list"])
def test_a_label_pass_is_exact(host, scene, shot, tmp_path, renderer, answer):
    """Acceptance 2: decoded == analytic map, nothing invalid."""
    scene.answer_style = answer
    assert labels_of(host, shot, tmp_path, renderer=renderer) == analytic()


@pytest.mark.parametrize("fit", [0, 1, 2, 3])
def test_the_pictures_size_and_the_film_fit_are_the_beautys(host, scene, shot, tmp_path, fit):
    from maya import cmds

    cmds.setAttr(f"{shot}.filmFit", fit)
    rendered(request(shot, tmp_path, extra=("beauty",)))
    label = read_png(tmp_path / "out" / "masterLayer" / "label.0001.png")
    beauty = read_png(tmp_path / "out" / "masterLayer" / "beauty.0001.png")
    covered = [[[pixel[3] > 0 for pixel in row] for row in picture] for picture in (label, beauty)]
    assert covered[0] == covered[1]


SOILED = [
    ("hardware", "hardwareRenderingGlobals.multiSampleEnable", True),
    ("hardware", "defaultColorMgtGlobals.outputTransformEnabled", True),
    ("hardware", "hardwareRenderingGlobals.gammaCorrectionEnable", True),
    ("hardware", "hardwareRenderingGlobals.ssaoEnable", True),
    ("hardware", "hardwareRenderingGlobals.hwFogEnable", True),
    ("hardware", "hardwareRenderingGlobals.bloomEnable", True),
    ("hardware", "hardwareRenderingGlobals.xrayMode", True),
    ("hardware", "hardwareRenderingGlobals.renderMode", 1),
    ("hardware", "hardwareRenderingGlobals.motionBlurEnable", True),
    ("hardware", "hardwareRenderingGlobals.transparencyAlgorithm", 1),
    ("arnold", "defaultArnoldRenderOptions.AASamples", 3),
    ("arnold", "defaultArnoldFilter.aiTranslator", "gaussian"),
    ("arnold", "defaultArnoldDriver.dither", True),
    ("arnold", "defaultArnoldDriver.colorManagement", 2),
    ("arnold", "defaultArnoldRenderOptions.motion_blur_enable", True),
]


@pytest.mark.parametrize(("renderer", "attribute", "value"), SOILED)
def test_every_setting_is_needed_and_is_made_by_us(
    host, scene, shot, tmp_path, monkeypatch, renderer, attribute, value
):
    """What the artist left on is switched off and on again; where the plug-in forgets it, the pass is soiled."""
    from maya import cmds, world

    table = "ARNOLD_LABELS" if renderer == ARNOLD else "HARDWARE_LABELS"
    cmds.setAttr(f"{shot}.depthOfField", True)
    world.animate("tree", "translateX", {1: -1.5, 2: 1.5})
    card = cmds.shadingNode("checker", asTexture=True, name="leaves")
    cmds.connectAttr(f"{card}.outColor", "bark.transparency")
    values = {"type": "string"} if isinstance(value, str) else {}
    cmds.setAttr(attribute, value, **values)
    if attribute.startswith("defaultArnoldRenderOptions.motion"):
        cmds.setAttr("defaultArnoldRenderOptions.ignoreMotionBlur", False)
    clean = labels_of(host, shot, tmp_path, renderer=renderer)
    assert not any(identity is None for row in clean for identity in row)
    assert cmds.getAttr(attribute) == value, "it is the artist's again"
    ours = getattr(render_settings, table)
    forgotten = "defaultColorMgtGlobals" if "ColorMgt" in attribute else attribute  # its two switches both suffice
    monkeypatch.setattr(render_settings, table, tuple(one for one in ours if not one.attribute.startswith(forgotten)))
    soiled = labels_of(host, shot, tmp_path, renderer=renderer)
    assert any(identity is None for row in soiled for identity in row), "the fake shows a forgotten setting"


@pytest.mark.parametrize("extra", [(), ("instance", "beauty")])
def test_a_preview_leaves_no_trace(host, scene, shot, tmp_path, extra):
    """Acceptance 3."""
    legacy = busy_scene(scene, shot, host)
    before = state(scene, copy=True)
    rendered(request(shot, tmp_path, layers=(legacy, WHOLE), extra=extra))
    assert state(scene, copy=True) == before


@pytest.mark.parametrize("renderer", ["hardware", "arnold"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_render_that_fails_leaves_no_trace_either(host, scene, shot, tmp_path, renderer, at):
    from maya_plugin.host import passes as host_passes

    legacy = busy_scene(scene, shot, host)
    before = state(scene, copy=True)
    count = 0

    def break_down(**_):
        nonlocal count
        count += 1
        if count == at:
            raise RuntimeError("out of video memory")

    scene.hooks["ogsRender" if renderer == "hardware" else "arnoldRender"] = break_down
    asked = request(shot, tmp_path, layers=(legacy, WHOLE), renderer=renderer, last=2)
    with pytest.raises(SemrenderError, match="out of video memory"):
        host_passes.render_passes(asked, [1, 2], 2, lambda layer, frame: None)
    assert state(scene, copy=True) == before


def test_shading_that_cannot_be_changed_is_said_and_everything_is_back(host, scene, shot, tmp_path):
    def locked(*members, edit=False, forceElement="", **_):
        if "semrender" in forceElement:
            raise RuntimeError("the node is locked")

    before = state(scene, copy=True)
    scene.hooks["sets"] = locked
    with pytest.raises(SemrenderError, match="takes no members"):
        rendered(request(shot, tmp_path))
    scene.hooks.clear()
    assert state(scene, copy=True) == before


def test_layers_are_rendered_by_themselves_with_the_whole_scene_as_context(host, scene, shot, tmp_path):
    from maya import cmds, world

    front = world.layer("front", "tree")
    cmds.namespace(addNamespace=":ns")
    back = world.layer("ns:back ground", "river", "crate", setup=False)
    found = host.layers()
    assert [(one.node, one.name, one.whole) for one in found] == [
        (front, "front", False),
        (back, back, False),
        (WHOLE, "masterLayer", True),
    ]
    report = rendered(request(shot, tmp_path, layers=(front, back), model="countryside", seed=4))
    written, base = read_shot(tmp_path / "out")
    assert [layer.name for layer in written.layers] == ["front", passes._file_name(back, set())]
    assert written.context == "full/label.####.png" and (base / "full" / "label.0001.png").is_file()
    assert (written.model, written.seed, written.fps_num, written.width) == ("countryside", 4, 24, 96)
    whole = analytic()
    empty = label_code.EMPTY
    assert decoded(base / "full" / "label.0001.png") == whole
    tree = coco("tree")
    assert decoded(report.labels["front"]) == [[one if one == tree else empty for one in row] for row in whole]


def test_a_material_override_of_a_layer_does_not_hide_the_classes(host, scene, shot, tmp_path):
    from maya import world

    clay = world.shader("clay")
    layer = world.layer("clay_layer", "tree", "river", "crate")
    world.material_override("all_clay", layer, clay)
    host.assign({coco("river"): ["|tree.f[0:1]"]})
    report = rendered(request(shot, tmp_path, layers=(layer,)))
    found = {identity for row in decoded(report.labels["clay_layer"]) for identity in row}
    assert None not in found and coco("river") in found
    from maya import cmds

    assert cmds.getAttr("all_clay.selfEnabled") is True


def test_a_layer_that_cannot_be_shown_is_named(host, scene, shot, tmp_path):
    from maya import world

    layer = world.layer("broken", "tree")
    calls = []

    def fail(wanted):
        calls.append(wanted.name())
        if wanted.name() == "broken":
            raise RuntimeError("missing node")

    scene.hooks["switchToLayer"] = fail
    with pytest.raises(SemrenderError, match="cannot switch to the render layer"):
        rendered(request(shot, tmp_path, layers=(layer,)))
    assert calls == ["broken", "broken", WHOLE]
