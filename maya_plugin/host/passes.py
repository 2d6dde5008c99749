"""Passes of a shot: every layer, every frame, and everything back as it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Callable

from maya import cmds

from maya_plugin.core import passes, policy
from maya_plugin.core.classes import Membership
from maya_plugin.core.contract import PassReport, Scene, Settings, ShotRequest
from maya_plugin.core.looks import Traits, parts
from maya_plugin.core.members import Span, faces, parent, short
from maya_plugin.core.refusal import HostRefused
from maya_plugin.core.render_settings import EXTRAS, Setting
from maya_plugin.host import classes, layers, look, renderers, scene, tracks
from maya_plugin.host.keep import changed, untouched
from maya_plugin.host.things import Thing, things
from shared import label_code
from shared.errors import InputRefused, SemrenderError
from shared.label_set import LabelSet
from shared.places import read_json, write_json
from shared.shot import FILE_NAME, write_shot

INSTANCES = "instances.json"
BACKDROP = 1.1  # side of the cube around the camera, in far clips: its corners are within the far clip
Tell = Callable[[str, int], None]  # layer, frame: rendered


def render_passes(request: ShotRequest, frames: Sequence[int], last: int, tell: Tell) -> PassReport:
    """Render the passes of some frames and write shot.json, instances.json; the scene is as before afterwards.

    Args:
        last: the last frame that shot.json speaks of.
        tell: called for every layer and frame that is done.

    Raises HostRefused or InputRefused in words; also then the scene is as before.
    """
    passes.check_request(request)
    renderers.check(request.renderer)
    facts, settings, labels = scene.scene(), scene.settings(), scene.label_set()
    passes.check_label_set(labels)
    plans = passes.plan_layers(request.layers, layers.layers(), context=request.labels)
    shot = passes.build_shot(request, facts, settings, plans, last)
    folder = Path(request.folder)
    if request.reference:
        _copy(Path(request.reference), folder / passes.reference_name(request))
    with untouched():
        named, more = tracks.write(request, last, facts, folder)
        job = _Job(request, facts, settings, labels, folder)
        before = look.worn()
        for plan in plans:
            try:
                with layers.shown(plan.node):
                    job.layer(plan, frames, tell)
            except SemrenderError as error:
                raise error.located(layer=plan.name) from None
        after = look.worn()
    if before != after:
        lost = sorted(group for group in before if before[group] != after.get(group))
        raise HostRefused(
            f"the materials {', '.join(lost[:3])} did not come back as they were",
            cause="Maya tells their faces differently than it takes them",
            remedy="Do not save; reopen the scene, and render the shot, which works on a copy",
        )
    write_json(folder / INSTANCES, {"format": 1, "instances": job.numbers}, mode=0o644)
    write_shot(folder / FILE_NAME, replace(shot, tracks=named))
    painted = [plan.name for plan in plans if plan.painted and request.labels]
    return PassReport(
        shot_file=str(folder / FILE_NAME),
        labels={name: str(folder / passes.file_of(name, "label", frames[0], request.renderer)) for name in painted},
        classes=job.classes(),
        counts=policy.counts((thing.kind, thing.treatment) for thing in job.things),
        notes=(*job.notes(), *more),
        marked_open=tuple(kind for kind in request.extra if kind in passes.OPEN),
    )


class _Job:
    """What all layers of one render share."""

    def __init__(self, request: ShotRequest, facts: Scene, settings: Settings, labels: LabelSet, folder: Path) -> None:
        self.request = request
        self.labels = labels
        self.folder = folder
        self.size = (request.width or facts.width, request.height or facts.height)
        self.rest = labels.find(settings.rest).id if settings.rest else label_code.EMPTY
        self.membership = Membership(classes.class_sets(), labels)
        self.things = things(settings)
        known = (read_json(folder / INSTANCES) or {}).get("instances", {})
        numbered = [thing.path for thing in self.things] if "instance" in request.extra else []
        self.numbers = passes.instance_numbers(numbered, {str(path): int(n) for path, n in known.items()})

    def layer(self, plan: passes.LayerPlan, frames: Sequence[int], tell: Tell) -> None:
        """All passes of the visible layer; the context has labels only."""
        kinds = (*(["label"] if self.request.labels else []), *(self.request.extra if plan.painted else []))
        for kind in kinds:
            said = tell if kind == kinds[0] else _silent
            if kind in ("label", "instance"):
                with self._coats(kind, plan.node) as follow:
                    self._frames(plan, kind, frames, follow, said)
            else:
                with look.worn_for_a_pass(None):
                    self._frames(plan, kind, frames, lambda: None, said)

    def classes(self) -> tuple[str, ...]:
        """Names of the classes that are in the passes."""
        if not self.request.labels:
            return ()
        found = {identity for thing in self.things for identity, _, _ in self._parts(thing)}
        found = (found | {self.rest}) - {label_code.EMPTY}
        return tuple(sorted(self.labels.by_id(identity).name for identity in found))

    def notes(self) -> tuple[str, ...]:
        without = [thing for thing in self.things if self.membership.of(thing.path).whole is None]
        if not without or not self.request.labels:
            return ()
        how = self.labels.by_id(self.rest).name if self.rest != label_code.EMPTY else "outside the layer"
        return (f"{len(without)} things without class are {how}, such as {short(without[0].path)}",)

    def _frames(
        self, plan: passes.LayerPlan, kind: str, frames: Sequence[int], follow: Callable[[], None], tell: Tell
    ) -> None:
        request = self.request
        empty = passes.NO_INSTANCE if kind == "instance" else label_code.encode(label_code.EMPTY)
        with renderers.ready(request.renderer, request.camera, self.size, kind, empty):
            for frame in frames:
                cmds.currentTime(frame, edit=True)
                follow()
                target = self.folder / passes.file_of(plan.name, kind, frame, request.renderer)
                renderers.render(request.renderer, request.camera, frame, self.size, plan.node, target)
                tell(plan.name, frame)

    def _parts(self, thing: Thing) -> list[tuple[int, Traits, Span | None]]:
        return parts(self.membership.of(thing.path), self.rest, thing.materials)

    @contextmanager
    def _coats(self, kind: str, layer: str) -> Iterator[Callable[[], None]]:
        """Things wear the colours of a pass in the block; yields what moves boxes to the present frame."""
        coats: dict[look.Coat, list[str]] = {}
        hidden = []
        boxed: dict[str, str] = {}
        backdrop = ""
        for thing in self.things:
            if thing.treatment in (policy.BOX, policy.SKIP):
                hidden.append(Setting(f"{thing.path}.visibility", False, EXTRAS, "the shape's attributes"))
            if thing.treatment == policy.BOX:
                boxed[thing.path] = ""
        try:
            if kind == "label" and layer == layers.WHOLE and self.rest != label_code.EMPTY:
                backdrop = _box()
                coat = look.Coat(passes.shader_value(label_code.encode(self.rest)), Traits())
                coats[coat] = [_shape(backdrop)]
            for path in boxed:
                boxed[path] = _box()
                layers.add_to(layer, [boxed[path]], path)
            for thing in self.things:
                for identity, traits, span in self._parts(thing):
                    color = label_code.encode(identity)
                    if kind == "instance":
                        color = passes.instance_code(self.numbers[thing.path])
                    coat = look.Coat(passes.shader_value(color), traits)
                    if thing.treatment == policy.BOX:
                        coats.setdefault(look.Coat(coat.color, Traits()), []).append(_shape(boxed[thing.path]))
                        break
                    if thing.treatment != policy.SKIP:
                        coats.setdefault(coat, []).append(thing.path if span is None else faces(thing.path, span))
            with changed(hidden), look.worn_for_a_pass(coats):
                yield lambda: _follow(boxed, backdrop, self.request.camera)
        finally:
            made = [box for box in (backdrop, *boxed.values()) if box]
            if made:
                cmds.delete(made)


def _silent(layer: str, frame: int) -> None:
    """Another pass of a frame that was told."""


def _copy(file: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file), str(target))
    except shutil.SameFileError:  # it was copied here before, and chosen from here
        return
    except OSError as error:
        raise InputRefused(
            "the reference picture cannot be copied", file=file, cause=str(error), remedy="Choose another"
        ) from None


def _box() -> str:
    return cmds.polyCube(name="semrender_box", width=1, height=1, depth=1, constructionHistory=False)[0]


def _shape(transform: str) -> str:
    return (cmds.listRelatives(transform, shapes=True, fullPath=True) or [""])[0]


def _follow(boxed: Mapping[str, str], backdrop: str, camera: str) -> None:
    """Boxes around their things at the present frame, and the backdrop, seen from inside, around the camera.

    Commands: exactWorldBoundingBox, move, scale, xform, getAttr.
    """
    for path, box in boxed.items():
        x0, y0, z0, x1, y1, z1 = cmds.exactWorldBoundingBox(path)
        cmds.move((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2, box, absolute=True)
        cmds.scale(max(x1 - x0, 1e-4), max(y1 - y0, 1e-4), max(z1 - z0, 1e-4), box, absolute=True)
    if backdrop:
        x, y, z = cmds.xform(parent(camera), query=True, worldSpace=True, translation=True)
        side = BACKDROP * cmds.getAttr(f"{camera}.farClipPlane")
        cmds.move(x, y, z, backdrop, absolute=True)
        cmds.scale(side, side, side, backdrop, absolute=True)
