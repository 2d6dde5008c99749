"""The scene set up for one pass after another; from each to the next only what differs is changed.

Frames come outside and passes inside, so that every frame is evaluated once: a rig that takes a second, a cache that is
read and a simulation that only goes forward are asked for each frame one time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from maya import cmds

from maya_plugin.core import passes, policy
from maya_plugin.core.classes import Membership
from maya_plugin.core.contract import ARNOLD, HARDWARE, ShotRequest
from maya_plugin.core.looks import PLAIN, Traits, by_faces, names_of_parts, parts
from maya_plugin.core.members import faces, parent, short
from maya_plugin.core.refusal import HostRefused
from maya_plugin.core.render_settings import EXTRAS, Setting
from maya_plugin.host import aovs, layers, renderers
from maya_plugin.host.coats import Coat, Wardrobe
from maya_plugin.host.keep import changed
from maya_plugin.host.lens import Follower
from maya_plugin.host.objects import face_count
from maya_plugin.host.things import Thing
from shared import instance_code, label_code

BACKDROP = 1.1  # side of the cube around the camera, in far clips: its corners are within the far clip
BEAUTY = "beauty"
# Ways to hide a shape, each for where the one before is locked or driven: plugs and the value that hides.
WAYS = (
    (("visibility", False),),
    (("lodVisibility", False),),
    (("overrideEnabled", True), ("overrideVisibility", False)),
)


@dataclass(frozen=True)
class Given:
    """What all passes of a render are made of, whatever they are made on."""

    request: ShotRequest
    size: tuple[int, int]  # pixels
    things: Sequence[Thing]
    membership: Membership
    rest: int  # id of what has no class
    numbers: Mapping[str, int]  # name of a part -> its number; none where none are asked for


class Scenery(Protocol):
    """What passes are made on: `Stage` in a process that has the scene for itself, `preview.View` in the artist's."""

    policies: ClassVar[Mapping[str, str]]  # that stand above the scene's

    def __init__(self, given: Given) -> None: ...

    def open(self) -> None: ...
    def close(self) -> None: ...
    def go_to(self, frame: int) -> None: ...
    def render(self, layer: str, kind: str, frame: int, target: Path) -> None: ...
    def carry_classes(self) -> int: ...
    def notes(self) -> list[str]:
        """In what the passes are not as they were asked for, or not as the beauty."""
        ...


class Stage:
    """The scene in coats. Opened by `on_stage`."""

    policies: ClassVar[Mapping[str, str]] = {}

    def __init__(self, given: Given) -> None:
        self._request, self._size, self._things = given.request, given.size, given.things
        self._membership, self._rest, self._numbers = given.membership, given.rest, given.numbers
        self._boxes: dict[str, str] = {}
        self._backdrop = ""
        self._layer = ""
        self._kind = ""
        self._setup, self._hidden, self._overrides = ExitStack(), ExitStack(), ExitStack()
        self._coated = False
        self._unhidden: list[str] = []  # what cannot be hidden: it will be drawn in its own colours

    def open(self) -> None:
        """Make what the passes need: camera, boxes, backdrop, coats."""
        self._layer = layers.current()
        with ExitStack() as back:  # each of these happens, whatever the others do
            back.callback(self._delete_boxes)
            if self._rest != label_code.EMPTY:
                self._backdrop = _box()
            for thing in self._things:
                if thing.treatment == policy.BOX:
                    self._boxes[thing.path] = _box()
                    for node in self._request.layers:
                        layers.add_to(node, [self._boxes[thing.path]], thing.path)
            self._lens = Follower(self._request.camera)
            back.callback(self._lens.close)
            self._wardrobe = Wardrobe(self._coats())
            back.callback(self._wardrobe.close)
            back.callback(self._leave_layer, self._layer)
            back.callback(self._hidden.close)
            back.callback(self._setup.close)
            self._back = back.pop_all()

    def close(self) -> None:
        """Everything as it was before."""
        self._back.close()

    def _delete_boxes(self) -> None:
        made = [box for box in (self._backdrop, *self._boxes.values()) if box]
        if made:
            cmds.delete(made)

    def go_to(self, frame: int) -> None:
        """The scene at a frame, evaluated once. Commands: currentTime."""
        cmds.currentTime(frame, edit=True)
        self._lens.update()
        self._follow()

    def render(self, layer: str, kind: str, frame: int, target: Path) -> None:
        """One pass of a layer at the present frame. Raises HostRefused."""
        self._show(layer, kind)
        request = self._request
        camera = request.camera if kind == BEAUTY else self._lens.shape
        renderers.render(request.renderer, camera, frame, self._size, layer, target)

    def _show(self, layer: str, kind: str) -> None:
        before, self._kind = self._kind, kind
        coats = kind != BEAUTY
        if _setup(before) != _setup(kind):
            self._setup.close()
            self._setup.enter_context(renderers.ready(self._request.renderer, self._size, kind))
            self._setup.enter_context(self._cameras(kind))
        if layer != self._layer or coats != self._wardrobe.on or not before:
            self._dress(layer, coats, first=not before)
        if coats:
            # Arnold's values come from AOVs, whatever the coats show.
            by_coats = kind in (*renderers.CODES, passes.SHADING) or self._request.renderer == HARDWARE
            self._wardrobe.show(kind if by_coats else "label")
            empty = instance_code.NOTHING if kind == "instance" else label_code.encode(label_code.EMPTY)
            color = passes.shader_value(empty) if kind in renderers.CODES else (0.0, 0.0, 0.0)
            cmds.setAttr(f"{self._lens.shape}.backgroundColor", *color, type="double3")
        for box in self._boxes.values():
            cmds.setAttr(f"{box}.visibility", coats)
        if self._backdrop:
            cmds.setAttr(f"{self._backdrop}.visibility", kind == "label" and layer == layers.WHOLE)

    def _dress(self, layer: str, coats: bool, first: bool) -> None:
        """Make the layer the visible one, in coats or in its own look; one of the old system has shading of its own."""
        moved = layer != self._layer
        apart = moved and (layers.has_own_shading(self._layer) or layers.has_own_shading(layer))
        if coats != self._wardrobe.on or apart:
            if self._wardrobe.on:
                self._wardrobe.own_look()
            self._hidden.close()
        overridden = self._overrides_go(coats) if first or coats != self._coated else False
        self._coated = coats
        if moved or overridden:
            self._layer = ""  # where that fails nobody knows which one is visible
            layers.switch(layer)
            self._layer = layer
        if coats and not self._wardrobe.on:
            self._wardrobe.wear()
            self._hide()
        elif not coats and first:
            self._wardrobe.own_look()

    def _overrides_go(self, coats: bool) -> bool:
        """Materials that a layer overrides would draw themselves instead of a class; the beauty has them."""
        self._overrides.close()
        if not coats:
            return bool(layers.material_overrides())
        found = [Setting(f"{one}.selfEnabled", False, EXTRAS, "Render Setup") for one in layers.material_overrides()]
        self._overrides.enter_context(changed(found))
        return bool(found)

    def _leave_layer(self, layer: str) -> None:
        had = bool(layers.material_overrides())
        self._overrides.close()
        if layer != self._layer or had:
            layers.switch(layer)

    @contextmanager
    def _cameras(self, kind: str) -> Iterator[None]:
        """Image planes would be drawn as if they were things; Arnold asks whether the beauty's camera renders."""
        with ExitStack() as back:
            if kind == BEAUTY:
                wanted = [Setting(f"{self._request.camera}.renderable", True, EXTRAS, "Renderable Cameras")]
            else:
                planes = cmds.ls(type="imagePlane", long=True)
                wanted = [Setting(f"{plane}.displayMode", 0, EXTRAS, "the image plane") for plane in planes]
            for one in wanted:
                with contextlib.suppress(HostRefused):  # locked by a reference: the renderer shows whether it matters
                    back.enter_context(changed([one]))
            yield

    def _hide(self) -> None:
        self._unhidden = []
        for thing in self._things:
            if thing.treatment in (policy.BOX, policy.SKIP) and not self._hide_one(thing.path):
                self._unhidden.append(thing.path)

    def _hide_one(self, path: str) -> bool:
        for way in WAYS:
            settings = [Setting(f"{path}.{name}", value, EXTRAS, "the shape's attributes") for name, value in way]
            try:
                self._hidden.enter_context(changed(settings))
            except HostRefused:
                continue
            return True
        return False

    def _coats(self) -> dict[Coat, list[str]]:
        """What each part of each thing wears: a whole thing, or all of its faces by their numbers."""
        found: dict[Coat, list[str]] = {}
        if self._backdrop:
            found[self._coat(self._rest, "", PLAIN)] = [_shape(self._backdrop)]
        for thing in self._things:
            if thing.treatment == policy.SKIP:
                continue
            groups = thing.groups if "instance" in self._request.extra else {}
            alike = parts(self._membership.of(thing.path), self._rest, thing.materials, groups)
            if thing.treatment == policy.BOX:
                coat = self._coat(alike[0].identity, thing.path, PLAIN)
                found.setdefault(coat, []).append(_shape(self._boxes[thing.path]))
                continue
            names = names_of_parts(thing.path, groups)
            # A mesh that wears its materials by faces is drawn green once it is given a whole one and then faces.
            worn_by_faces = thing.kind == "mesh" and thing.groups and None not in thing.groups.values()
            if worn_by_faces and len(alike) > 1:
                alike = by_faces(alike, face_count(thing.path))
            for part in alike:
                member = thing.path if part.span is None else faces(thing.path, part.span)
                found.setdefault(self._coat(part.identity, names[part.group], part.traits), []).append(member)
        return found

    def _coat(self, identity: int, name: str, traits: Traits) -> Coat:
        number = self._numbers.get(name) if "instance" in self._request.extra else None
        instance = instance_code.NOTHING if number is None else instance_code.encode(number)
        return Coat((("label", label_code.encode(identity)), ("instance", instance)), traits)

    def _follow(self) -> None:
        """Boxes around their things at the present frame, and the backdrop, seen from inside, around the camera.

        Commands: exactWorldBoundingBox, move, scale, xform, getAttr.
        """
        for path, box in self._boxes.items():
            x0, y0, z0, x1, y1, z1 = cmds.exactWorldBoundingBox(path)
            cmds.move((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2, box, absolute=True)
            cmds.scale(max(x1 - x0, 1e-4), max(y1 - y0, 1e-4), max(z1 - z0, 1e-4), box, absolute=True)
        if self._backdrop:
            camera = self._request.camera
            x, y, z = cmds.xform(parent(camera), query=True, worldSpace=True, translation=True)
            side = BACKDROP * cmds.getAttr(f"{camera}.farClipPlane")
            cmds.move(x, y, z, self._backdrop, absolute=True)
            cmds.scale(side, side, side, self._backdrop, absolute=True)

    def notes(self) -> list[str]:
        if not self._unhidden:
            return []
        one = short(self._unhidden[0])
        return [f"{len(self._unhidden)} things cannot be hidden and draw themselves, such as {one}"]

    def carry_classes(self) -> int:
        """Whole things say their class to Arnold's beauty; returns how many could not."""
        if self._request.renderer != ARNOLD or BEAUTY not in self._request.extra:
            return 0
        classes = {thing.path: self._membership.of(thing.path).whole for thing in self._things}
        rest = aovs.NO_CLASS if self._rest == label_code.EMPTY else self._rest
        return aovs.carry_classes({path: rest if one is None else one for path, one in classes.items()})


@contextmanager
def on_stage(stage: Scenery) -> Iterator[Scenery]:
    """The scene is set up in the block, and as before afterwards."""
    stage.open()
    try:
        yield stage
    finally:
        stage.close()


def _setup(kind: str) -> str:
    """Passes of one name are rendered with the same settings."""
    return "codes" if kind in renderers.CODES else kind


def _box() -> str:
    return cmds.polyCube(name="semrender_box", width=1, height=1, depth=1, constructionHistory=False)[0]


def _shape(transform: str) -> str:
    return (cmds.listRelatives(transform, shapes=True, fullPath=True) or [""])[0]
