"""Paint frame: the passes of one frame in the artist's own session, which they leave as it is.

Labels and instances are drawn by the viewport (see `viewport`), whatever renderer is chosen. A layer that is not the
visible one is made so for the moment, by the same command as in Render Setup. A beauty is rendered by the renderer
itself with the artist's shading, and so are Arnold's values. What would need other shading is left to a shot.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from maya import cmds

from maya_plugin.core import passes, policy
from maya_plugin.core.classes import ClassOf
from maya_plugin.core.contract import ARNOLD, PassReport, ShotRequest
from maya_plugin.core.looks import names_of_parts, parts
from maya_plugin.core.members import upwards
from maya_plugin.core.png import write_png
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host import layers, renderers, viewport
from maya_plugin.host.drawings import Paint, drawing
from maya_plugin.host.passes import render_passes
from maya_plugin.host.stage import Given
from maya_plugin.host.things import Thing, reshaped
from shared import instance_code, label_code

BEAUTY = "beauty"


def render(request: ShotRequest) -> PassReport:
    """The passes of frame `request.first`. Raises HostRefused or InputRefused in words; the scene is as before."""
    values = [kind for kind in request.extra if kind not in (*renderers.CODES, BEAUTY)]
    by_coats = values if request.renderer != ARNOLD else [kind for kind in values if kind == passes.SHADING]
    if by_coats:
        raise HostRefused(
            f"a frame of the open scene has no {' and no '.join(by_coats)} by {request.renderer}",
            cause="It is drawn with other materials, and those of your scene are not touched",
            remedy="Render a shot of this one frame, which works on a copy"
            + ("" if passes.SHADING in by_coats else ", or choose Arnold"),
        )
    return render_passes(request, [request.first], request.first, lambda layer, frame: None, scenery=View)


class View:
    """One frame as the viewport draws it."""

    policies: ClassVar[Mapping[str, str]] = {"cards": policy.SOLID}  # a flat colour knows no texture

    def __init__(self, given: Given) -> None:
        self._request, self._size, self._things = given.request, given.size, given.things
        self._membership, self._rest, self._numbers = given.membership, given.rest, given.numbers
        self._angular: set[str] = set()  # smoothed meshes that are drawn as triangles
        self._smooth: set[str] = set()  # those that are not, and of one number

    def open(self) -> None:
        """Nothing is made."""
        self._before = layers.current()

    def close(self) -> None:
        """Commands: editRenderLayerGlobals; maya.app.renderSetup, where another layer is visible."""
        self._to(self._before)

    def carry_classes(self) -> int:
        """Nothing is written on the artist's shapes."""
        return 0

    def go_to(self, frame: int) -> None:
        """Commands: currentTime, where it is another."""
        if cmds.currentTime(query=True) != frame:
            cmds.currentTime(frame, edit=True)

    def render(self, layer: str, kind: str, frame: int, target: Path) -> None:
        """One pass of a layer: labels and instances drawn, others rendered. Raises HostRefused."""
        self._to(layer)
        request = self._request
        if kind not in renderers.CODES:
            with renderers.ready(request.renderer, self._size, kind):
                renderers.render(request.renderer, request.camera, frame, self._size, layer, target)
            return
        empty = instance_code.NOTHING if kind == "instance" else label_code.encode(label_code.EMPTY)
        if kind == "label" and layer == layers.WHOLE:
            empty = label_code.encode(self._rest)
        seen = _seen(layer)
        shown = drawing((one for one in self._things if one.path in seen), lambda one: self._paint(one, kind))
        self._angular.update(path for path in shown.meshes if cmds.getAttr(f"{path}.displaySmoothMesh"))
        rows = viewport.picture(request.camera, frame, self._size, layer, passes.shader_value(empty), shown)
        try:
            write_png(target, rows)
        except OSError as error:
            raise HostRefused(
                "the pass cannot be written", file=target, cause=str(error), remedy="Choose another folder"
            ) from None

    def notes(self) -> list[str]:
        """In what the frame differs from a rendered shot."""
        cards = sum(thing.treatment == policy.SOLID for thing in self._things)
        other = reshaped(self._things) if self._request.renderer == ARNOLD else []
        told = (
            (cards, "leaf or alpha card", "whole in this frame; a rendered shot can cut it out"),
            (len(other), "displaced or subdivided thing", "drawn as without that in this frame"),
            (len(self._smooth), "smoothed mesh of several materials", "of one number in this frame"),
            (len(self._angular), "smoothed mesh with faces or instances of several classes", "drawn unsmoothed"),
        )
        return [f"{number} × {what} {how}" for number, what, how in told if number]

    def _to(self, layer: str) -> None:
        if layer != layers.current():
            layers.switch(layer)

    def _paint(self, thing: Thing, kind: str) -> Paint:
        if kind == "instance":
            return self._numbered(thing)
        found = parts(self._membership.of(thing.path), self._rest)
        return [(passes.shader_value(label_code.encode(part.identity)), part.span) for part in found]

    def _numbered(self, thing: Thing) -> Paint:
        """A mesh that is drawn smooth is one part: by triangles it would have another outline than its label."""
        names = names_of_parts(thing.path, thing.groups)
        found = parts(ClassOf(None), 0, groups=thing.groups)
        if len(found) > 1 and cmds.getAttr(f"{thing.path}.displaySmoothMesh"):
            self._smooth.add(thing.path)
            found = found[:1]
        return [
            (passes.shader_value(instance_code.encode(self._numbers[names[part.group]])), part.span) for part in found
        ]


def _seen(layer: str) -> set[str]:
    """Full paths of the shapes that are visible in the visible layer. Commands: ls, editRenderLayerMembers."""
    seen = {
        *cmds.ls(shapes=True, long=True, noIntermediate=True, allPaths=True, visible=True),
        *cmds.ls(type="instancer", long=True, allPaths=True, visible=True),
    }
    members = layers.members(layer)
    return seen if members is None else {path for path in seen if not members.isdisjoint(upwards(path))}
