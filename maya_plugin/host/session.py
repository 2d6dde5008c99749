"""`MayaHost`: the contract with the user interface, kept by Maya."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Callable

from maya_plugin.core import exchange, policy
from maya_plugin.core.contract import (
    Assignment,
    BatchCommand,
    Camera,
    Changed,
    Finding,
    Fix,
    Layer,
    PassReport,
    Played,
    Scene,
    SceneObject,
    Settings,
    ShotRequest,
    Sound,
    Wishes,
)
from maya_plugin.core.refusal import HostRefused
from maya_plugin.core.sun import Sun
from maya_plugin.host import (
    callbacks,
    classes,
    copies,
    findings,
    frames,
    joints,
    joints_out,
    keep,
    layers,
    lights,
    objects,
    pictures,
    preview,
    projection,
    renderers,
    rescue,
    scene,
    showing,
    usd,
    viewport,
)
from shared.errors import SemrenderError
from shared.label_set import LabelSet


class MayaHost:
    """See core.contract.Host. Holds no state: all of it is in the scene."""

    def scene(self) -> Scene:
        return scene.scene()

    def settings(self) -> Settings:
        return scene.settings()

    def save_settings(self, settings: Settings) -> None:
        if scene.save_settings(settings):
            showing.refresh()

    def remembered(self) -> Mapping[str, Any]:
        return scene.remembered()

    def remember(self, panel: Mapping[str, Any]) -> None:
        scene.remember(panel)

    def layers(self) -> tuple[Layer, ...]:
        return layers.layers()

    def cameras(self) -> tuple[Camera, ...]:
        return scene.cameras()

    def check_scene(self) -> None:
        rescue.check()

    def undo_step(self, name: str) -> AbstractContextManager[None]:
        return keep.undo_step(name)

    def watch(self, tell: Callable[[str], None]) -> Callable[[], None]:
        return callbacks.watch(tell)

    def assignments(self) -> tuple[Assignment, ...]:
        return classes.assignments(scene.label_set())

    def label_set(self) -> LabelSet:
        return scene.label_set()

    def objects(self) -> tuple[SceneObject, ...]:
        return objects.scene_objects(classes.membership(scene.label_set()), rescue.own_shading())

    def prims(self) -> tuple[SceneObject, ...]:
        return usd.things(scene.label_set())

    def selection(self) -> tuple[str, ...]:
        return tuple(classes.selected())

    def assign(self, members: Mapping[int, Sequence[str]]) -> Changed:
        changed = classes.assign(members, scene.label_set())
        showing.refresh()
        return changed

    def unassign(self, members: Sequence[str]) -> Changed:
        changed = classes.unassign(members, scene.label_set())
        showing.refresh()
        return changed

    def select(self, members: Sequence[str]) -> None:
        keep.select(list(members))

    def select_class(self, class_id: int) -> int:
        members = classes.members_of(class_id, scene.label_set())
        keep.select(members)
        return len(members)

    def unassigned(self) -> tuple[str, ...]:
        left_out = scene.settings().policies
        seen = (one for one in self.objects() if policy.treatment(one.kind, False, left_out) != policy.SKIP)
        return tuple(dict.fromkeys(thing.node for thing in seen if thing.class_id is None))

    def export_classes(self, file: str) -> Changed:
        sets = [own for own in classes.class_sets() if not own.referenced]
        return Changed(exchange.write(file, scene.label_set().name, sets))

    def import_classes(self, file: str) -> Changed:
        members, notes = exchange.read(file, scene.label_set())
        changed = self.assign(members)
        return Changed(changed.members, (*notes, *changed.notes))

    def import_joints(self, file: str, wishes: Wishes) -> Changed:
        return joints.bring_in(file, wishes)

    def export_joints(self, file: str, camera: str) -> Changed:
        return joints_out.write(file, camera)

    def show_classes(self, on: bool) -> None:
        showing.show_classes(on)

    def shows_classes(self) -> bool:
        return viewport.is_on()

    def place_picture(self, file: str, camera: str, played: Played | None, color: str) -> str:
        return pictures.place(file, camera, played, color)

    def remove_picture(self, camera: str) -> None:
        pictures.remove(camera)

    def project_picture(self, file: str, camera: str, frame: int, members: Sequence[str]) -> int:
        return projection.project(file, camera, frame, members)

    def unproject_pictures(self) -> int:
        return projection.remove()

    def findings(self) -> tuple[Finding, ...]:
        return findings.findings()

    def sound(self) -> Sound | None:
        return frames.sound()

    def sun(self, frame: int) -> Sun | None:
        return lights.sun_at(frame)

    def heading(self, camera: str, frame: int) -> float:
        return lights.heading(camera, frame)

    def render_preview(self, request: ShotRequest) -> PassReport:
        return preview.render(request)

    def prepare_shot(self, request: ShotRequest) -> BatchCommand:
        return copies.prepare(request)

    def fix_for(self, error: SemrenderError) -> Fix | None:
        return error.fix if isinstance(error, HostRefused) else None

    def fix(self, name: str) -> None:
        if name == renderers.LOAD_ARNOLD.name:
            renderers.load_arnold()
        else:
            findings.fix(name)
