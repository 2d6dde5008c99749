"""Render layers of both systems, found through their connections and never by their names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from maya import cmds

from maya_plugin.core.contract import Layer
from maya_plugin.core.refusal import HostRefused
from maya_plugin.core.render_settings import EXTRAS, Setting
from maya_plugin.host.keep import changed

WHOLE = "defaultRenderLayer"
MATERIAL_OVERRIDES = ("materialOverride", "shaderOverride")


def layers() -> tuple[Layer, ...]:
    """The scene's own render layers, Render Setup's in its order, the whole scene last. Commands: listConnections."""
    own = cmds.listConnections("renderLayerManager.renderLayerId", type="renderLayer") or []
    found = []
    for node in dict.fromkeys(own):  # layers of references are not connected to the scene's manager
        setup = _setup_layer(node)
        name = "masterLayer" if node == WHOLE else setup or node
        found.append(Layer(node, name, node == WHOLE, bool(cmds.getAttr(f"{node}.renderable"))))
    return tuple(sorted(found, key=lambda layer: layer.whole))


@contextmanager
def shown(node: str) -> Iterator[None]:
    """A layer is the visible one in the block, without the materials it overrides; then the one before.

    Commands: editRenderLayerGlobals, ls, setAttr; maya.app.renderSetup.
    """
    before = cmds.editRenderLayerGlobals(query=True, currentRenderLayer=True)
    # A material override hides faces from us, and would draw itself instead of a class.
    overrides = [
        Setting(f"{override}.selfEnabled", False, EXTRAS, "Render Setup")
        for kind in MATERIAL_OVERRIDES
        if kind in cmds.allNodeTypes()
        for override in cmds.ls(type=kind)
    ]
    with ExitStack() as back:
        if before != node or overrides:
            back.callback(lambda: _switch(before))
        back.enter_context(changed(overrides))
        if before != node or overrides:
            _switch(node)
        yield


def add_to(node: str, members: list[str], like: str) -> None:
    """New nodes belong to a layer where `like` does. Commands: editRenderLayerMembers."""
    if node == WHOLE:
        return
    have = set(cmds.editRenderLayerMembers(node, query=True, fullNames=True) or [])
    if any(path in have for path in (like, like.rpartition("|")[0])):
        cmds.editRenderLayerMembers(node, members, noRecurse=True)


def _setup_layer(node: str) -> str:
    """The Render Setup layer that a legacy layer node stands for, or an empty string."""
    if "renderSetupLayer" not in cmds.allNodeTypes():  # Render Setup is a plug-in of its own
        return ""
    return (cmds.listConnections(f"{node}.message", type="renderSetupLayer") or [""])[0]


def _switch(node: str) -> None:
    for last in (False, True):  # overrides of compounds and their children may fail once
        try:
            setup = _setup_layer(node)
            if setup or (node == WHOLE and any(_setup_layer(one.node) for one in layers())):
                from maya.app.renderSetup.model import renderSetup

                model = renderSetup.instance()
                model.switchToLayer(model.getRenderLayer(setup) if setup else model.getDefaultRenderLayer())
            else:
                cmds.editRenderLayerGlobals(currentRenderLayer=node)
            return
        except RuntimeError as error:
            if last:
                raise HostRefused(
                    f"Maya cannot switch to the render layer {node}",
                    cause=str(error),
                    remedy="Nodes that the layer needs may be missing: load its references, or repair the layer",
                ) from None
