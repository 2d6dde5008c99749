"""maya.app.renderSetup.model.renderSetup: layers by their own names, switched with the scene's legacy layers."""

from __future__ import annotations

from maya.scene import SCENE


class RenderLayer:
    own = legacy = "defaultRenderLayer"

    def name(self) -> str:
        return self.own


class RenderSetup:
    def getDefaultRenderLayer(self) -> RenderLayer:
        return RenderLayer()

    def getRenderLayers(self) -> list[RenderLayer]:
        """Top first, as the artist has ordered them [docs]."""
        found = {c.name: a.name for a, _, c, d in SCENE.connections if d == "legacyRenderLayer"}
        layers = []
        for own in sorted(found, key=lambda name: (SCENE.layer_order or list(found)).index(name)):
            layer = RenderLayer()
            layer.own, layer.legacy = own, found[own]
            layers.append(layer)
        return layers

    def getRenderLayer(self, renderLayerName: str) -> RenderLayer:
        for a, _, c, d in SCENE.connections:
            if c.kind == "renderSetupLayer" and c.name == renderLayerName and d == "legacyRenderLayer":
                found = RenderLayer()
                found.own, found.legacy = c.name, a.name
                return found
        raise Exception(f"Render setup layer '{renderLayerName}' not found")  # [open] the words

    def switchToLayer(self, renderLayer: RenderLayer) -> None:
        if "switchToLayer" in SCENE.hooks:
            SCENE.hooks["switchToLayer"](renderLayer)
        SCENE.current_layer = renderLayer.legacy  # the switch is not undoable [facts 3.1]


def instance() -> RenderSetup:
    return RenderSetup()
