"""What a shot of label passes consists of: layers, files, colours, and the shot.json that names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import NamedTuple

from maya_plugin.core.contract import ARNOLD, EXTRA_PASSES, HARDWARE, Layer, Scene, Settings, ShotRequest
from shared import inputs, instance_code, label_code, schema
from shared.consent import Consent
from shared.errors import InputRefused, ModelRefused
from shared.file_names import name_fault
from shared.label_set import LabelSet
from shared.shot import Shot, ShotLayer

CONTEXT = "full"  # the folder of the whole scene's labels, which every layer is painted as part of
SUFFIX = {"label": "png", "instance": "png"}  # beauty as the renderer's table says, all others are float EXR
CAN = {HARDWARE: ("instance", "normal", "depth", "shading", "beauty"), ARNOLD: EXTRA_PASSES}
GUIDES = ("instance", "normal", "depth", "shading")  # rendered unasked for a model that only uses them
SHADING = "shading"  # light and shadow on clay; a second lit render by Arnold, which is not made unasked
CLAY = 0.5  # what clay throws back; as bright as that it is where a light of intensity 1 falls straight on it
DRAWN = ("instance",)  # of these, what the viewport draws without touching the scene
MANY_PARTS = 5000
GIVES = ("labels", "picture", "reference", "audio", *EXTRA_PASSES)  # to a model, by one renderer or the other
OPEN = {
    HARDWARE: ("normal", "depth", "shading"),
    ARNOLD: ("normal", "shading", "motion"),
}  # passes that no real Maya has confirmed

Color = tuple[int, int, int]


@dataclass(frozen=True)
class LayerPlan:
    """One render layer: Maya's node, the name of folder and shot layer, and whether it is painted by itself."""

    node: str
    name: str
    painted: bool = True


def fed(request: ShotRequest, title: str, wants: inputs.Inputs, guides: Sequence[str] = GUIDES) -> ShotRequest:
    """The request with the passes that a model needs, and the guides that it uses; its picture is the beauty.

    wants: the inputs of its card. Without labels the alpha of the beauty says where a layer is, and hold needs labels.
    guides: what is rendered unasked.
    Raises ModelRefused where the scene and the artist do not give all of it.
    """
    files = {"reference": request.reference, "audio": request.audio}
    there = [name for name in GIVES if files.get(name, True)]
    if lacks := inputs.lacking(wants, there):
        can_be_chosen = set(inputs.missing(wants, there)) <= set(files)
        remedy = "Choose it, or another model" if can_be_chosen else "Choose another model"
        raise ModelRefused(f"{title} {lacks}", remedy=remedy)
    needed = inputs.needed(wants)
    asked = {*request.extra, *needed}
    made = _unasked(request.renderer)
    unasked = [name for name in guides if name in wants and name in made and name not in asked]
    picture = "picture" in needed or ("picture" in wants and "beauty" in request.extra)
    wanted = {*asked, *unasked, *(["beauty"] if picture else [])}
    return replace(
        request,
        extra=tuple(name for name in EXTRA_PASSES if name in wanted),
        guides=tuple(unasked),
        labels="labels" in wants or request.hold != "off" or not picture,
        picture=picture,
        reference=request.reference if "reference" in wants else "",
        audio=request.audio if "audio" in wants else "",
    )


def _unasked(renderer: str) -> tuple[str, ...]:
    return tuple(one for one in GUIDES if one != SHADING or renderer == HARDWARE)


def left_out(request: ShotRequest, wants: inputs.Inputs, ticked: Sequence[str]) -> tuple[str, ...]:
    """What a frame of the open scene is painted without, and a shot would have: no viewport draws it.

    wants: the inputs of the model, which uses some; ticked: what the artist wants rendered.
    """
    wished = {*ticked, *(one for one in _unasked(request.renderer) if one in wants)}
    return tuple(one for one in GUIDES if one in wished and one not in (*DRAWN, *request.extra))


def reference_name(request: ShotRequest) -> str:
    """The reference's copy in the shot's folder."""
    return f"reference{Path(request.reference).suffix.lower()}"


def plan_layers(wanted: Sequence[str], layers: Iterable[Layer], context: bool = True) -> tuple[LayerPlan, ...]:
    """The layers to render, top first, and last the whole scene where layers need it as context.

    Raises InputRefused for a layer that is not in the scene.
    """
    known = {layer.node: layer for layer in layers}
    plans: list[LayerPlan] = []
    for node in wanted:
        if node not in known:
            raise InputRefused(
                f"there is no render layer {node}",
                remedy=f"The scene has {', '.join(one.name for one in known.values())}",
            )
        plans.append(LayerPlan(node, _file_name(known[node].name, {plan.name.casefold() for plan in plans})))
    if not plans:
        raise InputRefused("no render layer is chosen", remedy="Choose at least one layer")
    whole = next((layer for layer in known.values() if layer.whole), None)
    if context and whole is not None and whole.node not in wanted:
        plans.append(LayerPlan(whole.node, CONTEXT, painted=False))
    return tuple(plans)


def _file_name(name: str, taken: set[str]) -> str:
    """A layer's name as a folder, different from the others on every system and from the context's."""
    safe = re.sub(r"[^\w.-]+", "_", name).strip(" .") or "layer"
    if name_fault(safe):
        safe = f"layer_{safe}"[:80]
    base, number = safe, 2
    while safe.casefold() in taken | {CONTEXT}:
        safe, number = f"{base}_{number}", number + 1
    return safe


def suffix(kind: str, renderer: str) -> str:
    return SUFFIX.get(kind) or ("png" if kind == "beauty" and renderer == HARDWARE else "exr")


def pattern(layer: str, kind: str, renderer: str) -> str:
    """The pass of a layer as shot.json names it."""
    return f"{layer}/{kind}.####.{suffix(kind, renderer)}"


def file_of(layer: str, kind: str, frame: int, renderer: str) -> str:
    """One frame of a pass, relative to the shot's folder."""
    sign = "-" if frame < 0 else ""
    return f"{layer}/{kind}.{sign}{abs(frame):04d}.{suffix(kind, renderer)}"


def check_request(request: ShotRequest) -> None:
    """Raises InputRefused for passes that the renderer cannot give, and for an empty range."""
    if request.renderer not in CAN:
        raise InputRefused(f"labels are rendered by {' or '.join(CAN)}, not by {request.renderer!r}")
    cannot = [kind for kind in request.extra if kind not in CAN[request.renderer]]
    if cannot:
        raise InputRefused(
            f"{request.renderer} cannot render {' and '.join(cannot)}",
            remedy=f"Choose Arnold, or only {' and '.join(CAN[request.renderer])}",
        )
    if request.last < request.first:
        raise InputRefused(f"the range ends ({request.last}) before it begins ({request.first})")


def check_label_set(label_set: LabelSet) -> None:
    """Raises InputRefused for a set with more classes than the self-checking colours have room for."""
    last = max(label.id for label in label_set.labels)
    if last > label_code.LAST:
        raise InputRefused(
            f"the label set {label_set.name} has ids up to {last}; label passes have room for 0 to {label_code.LAST}",
            remedy="Choose a smaller set, or render ids or Cryptomatte with your renderer",
        )


def build_shot(request: ShotRequest, scene: Scene, settings: Settings, plans: Sequence[LayerPlan], last: int) -> Shot:
    """The shot.json of rendered passes, frames request.first to `last`. Raises InputRefused as shared.shot does."""
    context = next((plan.name for plan in plans if not plan.painted), None)
    if context is None and len(plans) > 1 and request.labels:  # the whole scene is one of the layers
        context = next((plan.name for plan in plans if plan.node == "defaultRenderLayer"), None)
    layers = []
    for plan in plans:
        if plan.painted:
            files = {kind: pattern(plan.name, kind, request.renderer) for kind in request.extra}
            if request.picture:
                files["picture"] = files["beauty"]
            if request.reference:
                files["reference"] = reference_name(request)
            layer = ShotLayer(plan.name, motion_is=request.motion_is or None)
            if request.labels:
                labels = pattern(plan.name, "label", request.renderer)
                layer = replace(layer, labels=labels, read={"palette": label_code.NAME})
            if "normal" in files:
                layer = replace(layer, normal_is="camera")
            if SHADING in files:
                layer = replace(layer, shading_white=CLAY if request.white is None else request.white)
            layers.append(replace(layer, **files))  # type: ignore[arg-type]  # the extra passes are fields
    shot = replace(
        described(request, scene, settings, request.first, last, layers),
        width=request.width or scene.width,
        height=request.height or scene.height,
        pixel_aspect=scene.pixel_aspect,
        centimetres=depth_unit(request, scene),
        context=None if context is None else pattern(context, "label", request.renderer),
        context_read={} if context is None else {"palette": label_code.NAME},
    )
    return Shot.from_dict(shot.to_dict())


def depth_unit(request: ShotRequest, scene: Scene) -> float | None:
    """Centimetres of a unit of the depth pass: Hardware 2.0 counts as Maya does inside, Arnold in the scene's unit."""
    if "depth" not in request.extra:
        return None
    return scene.unit if request.renderer == ARNOLD else 1.0


def described(
    request: ShotRequest, scene: Scene, settings: Settings, first: int, last: int, layers: Sequence[ShotLayer]
) -> Shot:
    """A shot of this scene by its names, rate and range, painted as the request says."""
    names = shot_names(request.name or scene.name, scene.project)
    consent = schema.read(Consent, dict(request.consent)) if request.consent else None
    return Shot(
        name=names.name,
        project=names.project,
        sequence=names.sequence,
        rate=(scene.fps_num, scene.fps_den),
        first=first,
        last=last,
        layers=tuple(replace(layer, consent=consent) for layer in layers),
        audio=request.audio or None,
        audio_start=request.audio_start if request.audio else None,
        label_set=settings.label_set,
        model=request.model,
        options=dict(request.options),
        seed=request.seed,
        hold=request.hold,
    )


class ShotNames(NamedTuple):
    name: str
    project: str | None = None
    sequence: str | None = None


def shot_names(told: str, project: str) -> ShotNames:
    """What a shot is called: with project and sequence two shots of one name are told apart.

    Args:
        told: the artist's words, `sh010` or `sq010/sh010`, or the scene's name.
        project: folder of Maya's project; one that was never set is called `default` and is no show.
    """
    *sequence, name = [part for part in re.split(r"[/\\]", told) if part.strip()] or [told]
    own, show = _file_name(name.strip(), set()), PurePath(project).name
    if not sequence:
        return ShotNames(own, _file_name(show, set()) if show not in ("", "default") else None)
    return ShotNames(own, _file_name(show, set()), _file_name("_".join(one.strip() for one in sequence), set()))


def shader_value(color: Color) -> tuple[float, float, float]:
    """8-bit codes as the value of a shader; a renderer that rounds gives back the codes."""
    red, green, blue = color
    return red / 255.0, green / 255.0, blue / 255.0


def instance_numbers(names: Iterable[str], known: Mapping[str, int]) -> dict[str, int]:
    """A number for every part, the ones that are known first: stable from frame to frame and render to render."""
    numbers = dict(known)
    free = max(numbers.values(), default=-1) + 1
    for name in sorted(set(names) - set(numbers)):
        numbers[name] = free
        free += 1
    if free > instance_code.LAST + 1:
        raise InputRefused(f"the scene has more than {instance_code.LAST} parts, more than an instance pass can number")
    return numbers


def too_many(request: ShotRequest, parts: int) -> str:
    """Why numbers that nobody asked for are not rendered; empty where they are. Each part has a shader of its own."""
    if "instance" not in request.guides or parts <= MANY_PARTS:
        return ""
    return (
        f"Painted without numbers of parts: the scene has {parts}, and more than {MANY_PARTS} take long to tell apart;"
        " tick Instances to have them"
    )


def unlit(request: ShotRequest, lights: bool) -> str:
    """Why a shading pass that nobody asked for is not rendered; empty where it is, or was never wanted.

    lights: whether the renderer finds some in the scene. Raises InputRefused for one that is asked for in the dark.
    """
    if SHADING not in request.extra:
        return ""
    dark = f"no visible light that {request.renderer} knows shines in the scene"
    if SHADING not in request.guides:
        if lights:
            return ""
        raise InputRefused(
            f"there is nothing to be seen in a shading pass: {dark}",
            cause="Maya's own light behind the camera is no sun",
            remedy="Make a light, such as a directional one for the sun, or untick Shading",
        )
    if not lights:
        return f"Painted without shading: {dark}"
    twice = "Painted without shading, for which Arnold renders the scene once more: tick Shading to have it"
    return twice if request.renderer == ARNOLD else ""


def without(request: ShotRequest, kind: str) -> ShotRequest:
    extra, guides = (tuple(one for one in some if one != kind) for some in (request.extra, request.guides))
    return replace(request, extra=extra, guides=guides)


def shown_value(color: Color, linear: bool) -> tuple[float, float, float]:
    """A palette's colour as the value of a shader that looks like it; `linear` where Maya manages colour."""
    red, green, blue = shader_value(color)
    if not linear:
        return red, green, blue
    return _linear(red), _linear(green), _linear(blue)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
