"""Passes of a shot: frames outside, layers and passes inside, and shot.json beside them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Callable, Optional

from maya_plugin.core import passes, policy
from maya_plugin.core.classes import Membership
from maya_plugin.core.contract import HARDWARE, PassReport, Scene, Settings, ShotRequest
from maya_plugin.core.looks import names_of_parts
from maya_plugin.core.members import short
from maya_plugin.host import classes, layers, lights, renderers, scene, tracks
from maya_plugin.host.keep import untouched
from maya_plugin.host.stage import Given, Scenery, Stage, on_stage
from maya_plugin.host.things import reshaped, things
from shared import label_code
from shared.errors import InputRefused, SemrenderError
from shared.label_set import LabelSet
from shared.places import read_json, write_json
from shared.shot import FILE_NAME, write_shot
from shared.wording import counted

INSTANCES = "instances.json"
# Frames after which somebody looks at what is there: whether it can be read, whether motion is right.
LOOKED_AT = (1, 3)
Tell = Callable[[str, int], None]  # layer, frame: rendered
Look = Callable[[PassReport, int], Optional[ShotRequest]]


def render_passes(
    request: ShotRequest,
    frames: Sequence[int],
    last: int,
    tell: Tell,
    look: Look = lambda report, count: None,
    scenery: type[Scenery] = Stage,
) -> PassReport:
    """Render the passes of some frames and write shot.json, instances.json; the scene is as before afterwards.

    Args:
        last: the last frame that shot.json speaks of.
        tell: called for every layer and frame that is done.
        look: called after LOOKED_AT and all frames, with a report and how many frames are there; shot.json then speaks
            of these alone. It may raise to end the render, or return the request as shot.json is to say it.
        scenery: what the passes are made on.

    Raises HostRefused or InputRefused in words; also then the scene is as before.
    """
    passes.check_request(request)
    renderers.check(request.renderer)
    facts, settings, labels = scene.scene(), scene.settings(), scene.label_set()
    passes.check_label_set(labels)
    job = _Job(request, facts, settings, labels, scenery)
    if request.reference:
        _copy(Path(request.reference), job.folder / passes.reference_name(request))
    with untouched():
        carried = job.stage.carry_classes()
        with on_stage(job.stage):
            for count, frame in enumerate(frames, 1):
                job.frame(frame, tell)
                if count in LOOKED_AT and count < len(frames):
                    job.request = job.feasible(look(job.report(frames[:count], frame), count) or job.request)
        report = job.report(frames, last)
        changed = look(report, len(frames))
        if changed is not None:
            job.request = job.feasible(changed)
            report = job.report(frames, last)
    unsaid = f"{carried} things are locked and carry no class into the beauty"
    return replace(report, notes=(*report.notes, *([unsaid] if carried else [])))


class _Job:
    """What all frames of one render share."""

    def __init__(
        self, request: ShotRequest, facts: Scene, settings: Settings, labels: LabelSet, scenery: type[Scenery]
    ) -> None:
        self.facts, self.settings, self.labels = facts, settings, labels
        self.folder = Path(request.folder)
        self.plans = passes.plan_layers(request.layers, layers.layers(), context=request.labels)
        self.rest = labels.find(settings.rest).id if settings.rest else label_code.EMPTY
        self.membership = Membership(classes.class_sets(), labels)
        self.things = things(replace(settings, policies={**settings.policies, **scenery.policies}))
        known = (read_json(self.folder / INSTANCES) or {}).get("instances", {})
        self.numbers = {str(name): int(number) for name, number in known.items()}
        names = {name for thing in self.things for name in names_of_parts(thing.path, thing.groups).values()}
        self.too_many = passes.too_many(request, len(names))
        self.unlit = passes.unlit(request, passes.SHADING in request.extra and lights.shine(request.renderer))
        self.request = request = self.feasible(request)
        if "instance" in request.extra:
            self.numbers = passes.instance_numbers(names, self.numbers)
        size = (request.width or facts.width, request.height or facts.height)
        self.stage = scenery(Given(request, size, self.things, self.membership, self.rest, self.numbers))
        passes.build_shot(request, facts, settings, self.plans, request.last)  # refuses before anything is rendered

    def feasible(self, request: ShotRequest) -> ShotRequest:
        """Without the guides that this scene has none of."""
        request = passes.without(request, "instance") if self.too_many else request
        return passes.without(request, passes.SHADING) if self.unlit else request

    def frame(self, frame: int, tell: Tell) -> None:
        """All passes of all layers at one frame; the context has labels only."""
        self.stage.go_to(frame)
        for plan in self.plans:
            labels = ["label"] if self.request.labels else []
            for kind in (*labels, *(self.request.extra if plan.painted else [])):
                target = self.folder / passes.file_of(plan.name, kind, frame, self.request.renderer)
                try:
                    self.stage.render(plan.node, kind, frame, target)
                except SemrenderError as error:
                    raise error.located(layer=plan.name) from None
            tell(plan.name, frame)

    def report(self, frames: Sequence[int], last: int) -> PassReport:
        """Write what speaks of the frames that are there up to `last`, and say what they are."""
        request = self.request
        named, more = tracks.write(request, last, self.facts, self.folder)
        write_json(self.folder / INSTANCES, {"format": 1, "instances": self.numbers}, mode=0o644)
        shot = passes.build_shot(request, self.facts, self.settings, self.plans, last)
        write_shot(self.folder / FILE_NAME, replace(shot, tracks=named))
        painted = [plan.name for plan in self.plans if plan.painted and request.labels]
        first = {name: passes.file_of(name, "label", frames[0], request.renderer) for name in painted}
        return PassReport(
            shot_file=str(self.folder / FILE_NAME),
            labels={name: str(self.folder / file) for name, file in first.items()},
            classes=self._classes(),
            counts=policy.counts((thing.kind, thing.treatment) for thing in self.things),
            notes=(*self._notes(), *more),
            marked_open=tuple(kind for kind in request.extra if kind in passes.OPEN[request.renderer]),
        )

    def _classes(self) -> tuple[str, ...]:
        """Names of the classes that are in the passes."""
        if not self.request.labels:
            return ()
        found = {self.rest}
        for thing in self.things:
            own = self.membership.of(thing.path)
            found |= {self.rest if own.whole is None else own.whole, *own.faces}
        return tuple(sorted(self.labels.by_id(identity).name for identity in found - {label_code.EMPTY}))

    def _notes(self) -> list[str]:
        notes = []
        seen = [thing for thing in self.things if thing.treatment != policy.SKIP]
        without = [thing for thing in seen if self.membership.of(thing.path).whole is None]
        if without and self.request.labels:
            how = self.labels.by_id(self.rest).name if self.rest != label_code.EMPTY else "outside the layer"
            words = counted(len(without), "thing without class is", "things without class are")
            notes.append(f"{words} {how}, such as {short(without[0].path)}")
        notes += self.stage.notes()
        notes += [words for words in (self.too_many, self.unlit) if words]
        other = reshaped(self.things) if self.request.renderer == HARDWARE else []
        if other:
            words = counted(len(other), "thing is displaced or subdivided", "things are displaced or subdivided")
            notes.append(
                f"{words}, such as {short(other[0])}: Hardware 2.0 draws what is there without that; Arnold keeps the"
                " outline of its beauty"
            )
        return notes


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
