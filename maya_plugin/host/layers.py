"""Render layers of both systems, found through their connections and never by their names."""

from __future__ import annotations

from maya import cmds

from maya_plugin.core.contract import Layer
from maya_plugin.core.refusal import HostRefused

WHOLE = "defaultRenderLayer"
MATERIAL_OVERRIDES = ("materialOverride", "shaderOverride")


def layers() -> tuple[Layer, ...]:
    """The scene's own render layers in the order of Render Setup or of the old editor, top first, the whole scene last.

    Commands: listConnections, getAttr; maya.app.renderSetup.
    """
    own = cmds.listConnections("renderLayerManager.renderLayerId", type="renderLayer") or []
    found = []
    for node in _ordered(list(dict.fromkeys(own))):  # layers of references are not connected to the scene's manager
        setup = _setup_layer(node)
        name = "masterLayer" if node == WHOLE else setup or node
        found.append(Layer(node, name, node == WHOLE, bool(cmds.getAttr(f"{node}.renderable"))))
    return tuple(sorted(found, key=lambda layer: layer.whole))


def current() -> str:
    """The visible layer. Commands: editRenderLayerGlobals."""
    return cmds.editRenderLayerGlobals(query=True, currentRenderLayer=True)


def material_overrides() -> list[str]:
    """They hide faces from us, and would draw themselves instead of a class. Commands: allNodeTypes, ls."""
    known = cmds.allNodeTypes()
    return [one for kind in MATERIAL_OVERRIDES if kind in known for one in cmds.ls(type=kind)]


def has_own_shading(node: str) -> bool:
    """Whether what is assigned while a layer is visible goes for that layer alone: those of the old system."""
    return node not in ("", WHOLE) and not _setup_layer(node)


def members(node: str) -> set[str] | None:
    """Full paths of what the visible layer has, groups as groups; None for everything.

    Commands: editRenderLayerMembers.
    """
    if node == WHOLE:
        return None
    return set(cmds.editRenderLayerMembers(node, query=True, fullNames=True) or [])


def add_to(node: str, members: list[str], like: str) -> None:
    """New nodes belong to a layer where `like` does. Commands: editRenderLayerMembers."""
    if node == WHOLE:
        return
    have = set(cmds.editRenderLayerMembers(node, query=True, fullNames=True) or [])
    if any(path in have for path in (like, like.rpartition("|")[0])):
        cmds.editRenderLayerMembers(node, members, noRecurse=True)


def _ordered(nodes: list[str]) -> list[str]:
    """The order decides what lies on top in a comp; connections have that in which layers were made."""
    if any(_setup_layer(node) for node in nodes):
        from maya.app.renderSetup.model import renderSetup

        order = {layer.name(): place for place, layer in enumerate(renderSetup.instance().getRenderLayers())}
        return sorted(nodes, key=lambda node: order.get(_setup_layer(node), len(order)))
    return sorted(nodes, key=lambda node: -int(cmds.getAttr(f"{node}.displayOrder")))  # new ones lie on top


def _setup_layer(node: str) -> str:
    """The Render Setup layer that a legacy layer node stands for, or an empty string."""
    if "renderSetupLayer" not in cmds.allNodeTypes():  # Render Setup is a plug-in of its own
        return ""
    return (cmds.listConnections(f"{node}.message", type="renderSetupLayer") or [""])[0]


def switch(node: str) -> None:
    """Make a layer the visible one. Raises HostRefused. Commands: editRenderLayerGlobals; maya.app.renderSetup."""
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
