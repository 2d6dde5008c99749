"""The layers of a job before its first frame is painted: what is in them, and whether it can be right.

Each tried frame's files are read once. Of all layers one frame is looked at before the next is read, so a pass that
layers have in common is read once, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from inference_server.models.cards import PRECISION
from inference_server.models.devices import Device
from inference_server.worker import sealing, sounding, space, walking
from inference_server.worker.check_parts import Parts, judge_parts, look_at_parts
from inference_server.worker.check_passes import check_depths, check_motion
from inference_server.worker.check_shading import Light, Lit, judge_shading, light_of, lit_with, look_at_shading
from inference_server.worker.check_space import (
    Away,
    Facing,
    judge_depth,
    judge_normals,
    look_at_depth,
    look_at_normals,
)
from inference_server.worker.check_tried import Labels, Passes, Tried, tried_frames
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.planes import read_sized
from shared.consent import asked_for
from shared.errors import InputRefused, SemrenderError
from shared.label_set import NOTHING
from shared.passes import LabelPass, probe
from shared.passes.clip_pass import clip_told
from shared.passes.stated import stated
from shared.rates import fps_text, resampled

GUESSED = ("relative", "unknown")  # how a class of another set was carried over, where no name said it


class Looks:
    """What was found of a layer on the frames that are tried."""

    def __init__(self, plan: Plan, own: LayerPlan) -> None:
        self.plan, self.own = plan, own
        self.labels = Labels(own, own.labels) if own.labels else None
        self.report: dict[str, Any] = {"warnings": []}
        self.began: space.States = ()
        self.depths: list[Away] = []
        self.normals: list[Facing] = []
        self.parts: list[Parts] = []
        self.lit: list[Lit] = []
        self.light: list[Light] = []
        self.fault: SemrenderError | None = None

    def look(self, frame: int, after: int | None, passes: Passes, device: Device) -> None:
        """At one more frame; of a layer at fault, or that the job does not paint, at its light alone.

        after: the frame that is looked at next.
        """
        one = Tried(self.plan, self.own, frame, self.labels, passes)
        if self.own.layer.name in self.plan.layers and self.fault is None:
            try:
                self._look(one, device)
            except SemrenderError as error:
                self.fault = error.located(layer=self.own.layer.name, frame=frame)
        if "shading" in self.own.inputs:
            with contextlib.suppress(SemrenderError):
                self.light.append(light_of(one))
        if self.labels is not None:
            self.labels.go_on(after)

    def _look(self, one: Tried, device: Device) -> None:
        if one.is_first:
            self.began = space.states(one.plan, one.own) if "normal" in one.own.inputs else ()
            self._tell(begun(one, device))
        if "depth" in one.own.inputs:
            self.depths.append(look_at_depth(one))
        if "normal" in one.own.inputs:
            self.normals.append(look_at_normals(one))
        if "instance" in one.own.inputs:
            self.parts.append(look_at_parts(one))
        if "shading" in one.own.inputs:
            self.lit.append(look_at_shading(one))

    def judge(self, beside: list[Light]) -> None:
        """Report what the looks say together, or name the fault. beside: light of layers with the same white."""
        if self.fault is not None:
            return
        name, frame = self.own.layer.name, self.plan.frames[0]
        try:
            for about in self._judged(beside):
                self._tell({**about, "warnings": [f"layer {name}: {words}" for words in about["warnings"]]})
        except SemrenderError as error:
            self.fault = error.located(layer=name, frame=frame)

    def _judged(self, beside: list[Light]) -> Iterator[dict[str, Any]]:
        if self.depths:
            yield judge_depth(self.plan, self.depths)
        if self.normals:
            yield judge_normals(self.plan, self.own, self.began, self.normals)
        if self.parts:
            yield judge_parts(self.own, self.parts)
        if self.lit:
            yield judge_shading(self.own, self.lit, np.concatenate(self.light), beside)

    def _tell(self, about: dict[str, Any]) -> None:
        self.report = {**self.report, **about, "warnings": [*self.report["warnings"], *about["warnings"]]}


def check_layers(plan: Plan, device: Device) -> tuple[list[dict[str, Any]], list[str], list[SemrenderError]]:
    """The report of each layer that can be painted, what the artist should know, and the fault of each other."""
    every = [Looks(plan, own) for own in (*plan.layers.values(), *lit_with(plan))]
    passes = Passes()
    frames = tried_frames(plan)
    for frame, after in zip(frames, [*frames[1:], None], strict=True):
        for looks in every:
            looks.look(frame, after, passes, device)
    mine = every[: len(plan.layers)]
    for looks in mine:
        white = looks.own.layer.shading_white
        others = [one for one in every if one is not looks and one.own.layer.shading_white == white]
        looks.judge([light for one in others for light in one.light])
    warnings = [words for looks in mine for words in looks.report.pop("warnings")]
    layers = [looks.report for looks in mine if looks.fault is None]
    return layers, warnings, [looks.fault for looks in mine if looks.fault is not None]


def check_piece(plan: Plan, device: Device) -> tuple[list[str], list[SemrenderError]]:
    """What this machine has to say of layers that were checked with the whole job, and why it cannot paint some."""
    words: list[str] = []
    faults: list[SemrenderError] = []
    for own in plan.layers.values():
        try:
            words += check_precision(own, device)
            sealing.signer([own])
        except SemrenderError as error:
            faults.append(error.located(layer=own.layer.name, frame=plan.frames[0]))
    return words, faults


def begun(one: Tried, device: Device) -> dict[str, Any]:
    """What can be said by the first frame alone. Raises SemrenderError."""
    plan, own = one.plan, one.own
    words = check_precision(own, device)
    if own.sound is not None and plan.shot.audio is not None and own.walk is None:  # walks have no end
        words += sounding.unheard(plan.shot, own.sound)
    first = first_frame(one)
    moving, away = check_motion(plan, own), check_depths(one)
    words += [*first["warnings"], *moving["warnings"], *away["warnings"]]
    return {**first, **moving, **away, "warnings": words}


def check_precision(own: LayerPlan, device: Device) -> list[str]:
    """Raises ModelRefused where a layer is to be painted in a precision that the device does not have."""
    if own.options.get(PRECISION) != "half":
        return []
    device.half.check()
    if device.half.gains or device.half.factor is None:
        return []
    times = f"{1 / device.half.factor:.1f} times as long as float32"
    return [f"precision=half takes about {times} on this {device.about}; precision=auto chooses what is quicker"]


def contradictions(plan: Plan, own: LayerPlan) -> list[str]:
    """What a pass's header states otherwise than the shot, which goes before it."""
    if own.outline is None:
        return []
    found = stated(own.outline.file(plan.frames[0]))
    words = []
    source = "header" if own.outline.clip is None else "clip"
    aspect, shape = plan.pixel_aspect, found.pixel_aspect
    if shape is not None and abs(shape - aspect) > 0.001:
        words.append(f"layer {own.layer.name}: its {source} states pixels of {shape:g}:1, the shot {aspect:g}:1")
    if found.fps is not None and found.fps != (plan.shot.fps_num, plan.shot.fps_den):
        rates = fps_text(*found.fps), fps_text(plan.shot.fps_num, plan.shot.fps_den)
        told = f"layer {own.layer.name}: its {source} states {rates[0]} fps, the shot {rates[1]}"
        if own.outline.clip is not None:
            told += f": {resampled(Fraction(*found.fps), Fraction(*plan.shot.rate))}"
        words.append(told)
    if found.uneven:
        words.append(f"layer {own.layer.name}: its clip's pictures come at uneven times; each frame shows the nearest")
    if own.outline.clip is not None:
        words += [f"layer {own.layer.name}: its clip {told}" for told in clip_told(own.outline)]
    return words


def first_frame(one: Tried) -> dict[str, Any]:
    """What is in a layer's first frame, each pass of it read strictly, and what the artist should know."""
    plan, own, frame = one.plan, one.own, one.frame
    labels = None if one.labels is None else one.labels.whole(frame)
    coverage = None if labels is None else labels.coverage
    for _, read in read_sized(own, frame, coverage, one.read):
        coverage = read.alpha if coverage is None else coverage
    if own.sound is None and (wanted := own.card.inputs.audio) is not None and wanted.needed:
        what = f"the model {own.card.name} needs a sound, and the shot has none"
        raise InputRefused(what, remedy="Name one with --audio FILE")
    if own.card.makes.likeness and own.layer.consent is None:
        raise asked_for(own.card.name, own.layer.name)
    sealing.signer([own])  # in words, if it cannot be signed with
    about = {
        "name": own.layer.name,
        "model": own.card.name,
        "precision": own.options.get(PRECISION),  # None: the model leaves no choice
        "inputs": {kind: probe(source.file(frame)).kind for kind, source in own.inputs.items()}
        | ({} if own.sound is None else {"audio": own.sound.file.name})
        | ({} if own.walk is None else {"walk": walking.in_words(own)}),
    }
    none = {"labels": "", "guessed": 0, "classes": [], "carried": [], "warnings": []}
    found = {**about, **(none if labels is None else what_labels_hold(one, labels))}
    if own.walk is not None:
        found["warnings"] += walking.judge(plan, own)
    if own.card.unfinished:
        found["warnings"].append(f"the model {own.card.name} is {own.card.unfinished}")
    if plan.shot.scale is not None and own.card.size.fit == "stretch":
        found["warnings"].append(f"{own.card.name} paints at its own size: the scale {plan.shot.scale} does nothing")
    found["warnings"] += contradictions(plan, own)
    optional = ("picture", "normal", "instance", "shading", "reference", "walk")
    given = [kind for kind in optional if getattr(own.layer, kind)]
    taken = () if own.walk is None else ("walk",)
    if unused := [kind for kind in given if kind not in taken and kind not in (*own.inputs, *plan.shot.passes)]:
        words = f"layer {own.layer.name}: the model {own.card.name} does not take its {' and '.join(unused)}"
        found["warnings"].append(words)
    if coverage is not None and not coverage.any():
        found["warnings"].append(f"layer {own.layer.name}: nothing is covered on frame {frame}")
    return found


def what_labels_hold(one: Tried, labels: LabelPass) -> dict[str, Any]:
    """Classes of the first frame with their share of the pixels, and what becomes of them."""
    own = one.own
    present = {i: n for i, n in labels.facts.classes.items() if i != NOTHING}
    around = set(present)
    if (labels.ids == NOTHING).any():
        around |= one.around() - {NOTHING}
    warnings = [f"layer {own.layer.name}: {words}" for words in labels.facts.warnings]
    carried, more = carried_classes(own, around) if own.table is not None else ([], [])
    warnings += more
    pixels = labels.ids.size
    classes = [
        {"id": i, "name": own.label_set.by_id(i).name, "share": round(n / pixels, 4)}
        for i, n in sorted(present.items(), key=lambda item: -item[1])
    ]
    facts = {"labels": labels.facts.kind, "guessed": labels.facts.guessed}
    return {**facts, "classes": classes, "carried": carried, "warnings": warnings}


def carried_classes(own: LayerPlan, ids: set[int]) -> tuple[list[dict[str, Any]], list[str]]:
    """What becomes of classes that are not painted as themselves, and what the artist should know.

    Returns rows {"class", "becomes", "how", "painted_as"}: the class of the model's set, how it was found, and the
    class whose look it gets; and warnings.
    """
    rows: list[dict[str, Any]] = []
    warnings = [f"layer {own.layer.name}: {note}" for note in own.carrying.notes]
    model, paints = own.card.name, own.carrying.paints
    for identity in sorted(ids):
        name = own.label_set.by_id(identity).name
        carried = own.carrying.of.get(identity)
        target = paints.by_id(identity) if carried is None else carried.target
        becomes = look = "nothing" if target is None else target.name
        for known, instead in [] if target is None else own.card.labels.untrained([target.id]):
            look = paints.by_id(instead).name
            if carried is None or carried.how not in GUESSED:
                as_what = "nobody knows what it looks like" if instead == known else f"it is painted as {look}"
                warnings.append(f"{model} never saw {becomes}: {as_what}")
        if carried is None or carried.how == "same":
            continue
        rows.append({"class": name, "becomes": becomes, "how": carried.how, "painted_as": look})
        if carried.how in GUESSED:
            near = "nothing near it" if carried.how == "unknown" else f"but {becomes}"
            quoted = f"'{name}=CLASS'" if " " in name else f"{name}=CLASS"
            warnings.append(f"{paints.name} has no {name}, {near}: it is painted as {look}; choose with --map {quoted}")
    return rows, warnings
