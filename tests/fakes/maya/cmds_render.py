"""Render layers, colour management and the two renderers."""

from __future__ import annotations

from maya import renderers, viewport
from maya.command import command, flat
from maya.scene import NO, SCENE


@command(undoable=False)
def arnoldRender(*, batch, seq, camera, width, height):
    if "mtoa" not in SCENE.plugins:
        raise AttributeError("module 'maya.cmds' has no attribute 'arnoldRender'")
    renderers.arnold(SCENE, SCENE.one(camera), float(seq), width, height)


@command(undoable=False)
def colorManagementPrefs(*, query, cmEnabled=NO, inputSpaceNames=NO):
    """The names are of the config: those of Maya's own changed with 2026.2, those of ACES are others [public code]."""
    if inputSpaceNames:
        return list(SCENE.color_spaces)
    return SCENE.value(SCENE.nodes["defaultColorMgtGlobals"][0], "cmEnabled")


@command(undoable=False)
def editRenderLayerGlobals(*, query=NO, currentRenderLayer):
    if query:
        return SCENE.current_layer
    layer = SCENE.one(currentRenderLayer)[-1]
    if any(c[0] is layer and c[2].kind == "renderSetupLayer" for c in SCENE.connections):
        raise RuntimeError("a layer of Render Setup is switched by Render Setup")  # [open] Maya half-switches
    SCENE.current_layer = layer.name
    return layer.name


@command()
def editRenderLayerMembers(layer, /, *members, query=NO, fullNames=NO, noRecurse=NO):
    name = SCENE.one(layer)[-1].name
    have = SCENE.layer_members.setdefault(name, [])
    if query:
        return [SCENE.full(path) if fullNames else SCENE.short(path) for path in have] or None
    new = [SCENE.one(member) for member in flat(members)]
    SCENE.change(lambda: have.extend(new), lambda: have.__delitem__(slice(len(have) - len(new), None)))
    return None


@command(undoable=False)
def ogsRender(
    *,
    camera,
    frame,
    width,
    height,
    layer,
    noRenderView,
    enableMultisample=NO,
    enableFloatingPointRenderTarget=NO,
):
    override = viewport.of_render(SCENE)
    if override is None:
        made = renderers.hardware(SCENE, SCENE.one(camera), frame, width, height, layer)
    else:
        made = viewport.rendered(SCENE, override, SCENE.one(camera), width, height, layer)
    return [made] if SCENE.answer_style == "list" else made
