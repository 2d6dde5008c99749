"""A normalised clip becomes a new project without After Effects; what `jsx/src/template.jsx` makes inside of it.

Both take the same file of `shared.comp_templates`, and the tags agree.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import py_aep

from ae_bridge.aep import VERSIONS, add_comp, add_folder, project_version
from ae_bridge.moving import add_null, fill, signatures
from ae_bridge.projects import Made
from ae_bridge.saving import save, wanted
from ae_bridge.tags import tag
from shared.comp_templates import FILE_NAME, CompPerson, CompTemplate, read_comp_template
from shared.comp_tracks import CompLayer
from shared.delivery import DeliveryShot
from shared.delivery_check import MAX_FPS
from shared.errors import InputRefused, SemrenderError
from shared.tracks import Rows

SAME_SHAPE = 0.005  # part by which a clip may be wider, or less wide, as After Effects reads it


def is_template(path: Path) -> bool:
    """Whether a path is a normalised.json, or the folder of one, and no delivery."""
    return path.name in ("normalised.json", FILE_NAME) or (path / FILE_NAME).is_file()


def make_template_project(path: Path, out: Path | None = None, ae: int | None = None) -> Made:
    """Write the project of a normalised clip: a comp of the clip, and one for each person who stands still.

    path: its normalised.json, or the folder. out, ae: as of `aep.make_project`. Raises InputRefused, SemrenderError.
    """
    folder = (path if path.is_dir() else path.parent).absolute()
    template = read_comp_template(folder)
    try:
        project, notes = _build(template, ae or project_version())
    except SemrenderError as error:
        raise error.located(file=folder / FILE_NAME) from None
    return Made(save(project, wanted(f"{template.name}_normalised", folder, out)), tuple(notes))


def _build(template: CompTemplate, ae: int) -> tuple[py_aep.Project, list[str]]:
    if template.fps > MAX_FPS:
        raise InputRefused(f"After Effects holds at most {MAX_FPS} frames a second, the clip has {template.fps:g}")
    project = py_aep.new(version=VERSIONS[ae]).project
    top = project.root_folder.add_folder(template.name)
    top.comment = tag(f"{template.uid}/D", 1)
    item, notes = _import(project, template)
    item.parent_folder = top
    across, down = item.width / template.width, item.height / template.height
    shot = _shot(template, item)
    comp = add_comp(top, shot, template.name)
    clip = comp.add(item)
    clip.start_time = 0.0
    clip.name = template.name
    nulls = add_folder(top, "nulls", f"{template.uid}/D/nulls", shot)
    for person in template.people:
        _still(top, item, person, shot, across, down)
        _back(comp, clip, nulls, person, shot, across, down)
    return project, notes


def _shot(template: CompTemplate, item: py_aep.FootageItem) -> DeliveryShot:
    """The clip as what keys are counted from."""
    return DeliveryShot(
        uid=template.uid,
        name=template.name,
        width=item.width,
        height=item.height,
        fps=template.fps,
        fps_num=round(template.fps * 1000),
        fps_den=1000,
        first=template.first,
        last=template.first + template.frames - 1,
        frames=template.frames,
        pixel_aspect=item.pixel_aspect,
    )


def _import(project: py_aep.Project, template: CompTemplate) -> tuple[py_aep.FootageItem, list[str]]:
    path = Path(template.clip)
    options = py_aep.ImportOptions(path)
    options.sequence = template.sequence
    try:
        item = project.import_file(options)
        assert isinstance(item, py_aep.FootageItem)
    except Exception as error:  # whatever the look into a file raises that After Effects may still read
        cause = f"{type(error).__name__}: {error}"
        remedy = "Where it is: use the panel in After Effects, which reads what After Effects reads"
        raise InputRefused(f"the clip {path} cannot be read", cause=cause, remedy=remedy) from error
    if template.sequence:
        item.main_source.conform_frame_rate = template.fps
    shape = item.width * item.pixel_aspect * template.height / (item.height * template.width)
    if abs(shape - 1) > SAME_SHAPE:
        raise InputRefused(
            f"After Effects reads {path} as {item.width}x{item.height} pixels of aspect {item.pixel_aspect:g}, it was"
            f" normalised as {template.width}x{template.height}",
            cause="It is turned by its own tag, or another file by now",
            remedy="Write it upright once (an intermediate file), and normalise that",
        )
    notes = []
    if abs(item.frame_rate - template.fps) > 1e-3:
        notes.append(
            f"{path.name} has {item.frame_rate:g} frames a second, it was normalised at {template.fps:g}: unless"
            " that was asked for (--fps), see Interpret Footage."
        )
    return item, notes


def _still(
    top: py_aep.FolderItem,
    item: py_aep.FootageItem,
    person: CompPerson,
    shot: DeliveryShot,
    across: float,
    down: float,
) -> None:
    size = replace(shot, width=person.width, height=person.height, pixel_aspect=1.0)
    comp = add_comp(top, size, person.name)
    comp.comment = tag(person.uid, 1)
    layer = comp.add(item)
    layer.start_time = 0.0
    layer.name = person.source.name
    layer.label = py_aep.Label(person.source.label)
    keys = person.source.keys
    scaled = {
        "anchor": _times(keys["anchor"], across, down),
        "scale": _times(keys["scale"], 1 / down, 1 / down),
        "rotation": keys["rotation"],
    }
    _write(layer, replace(person.source, keys=scaled), person.first, shot)


def _back(
    comp: py_aep.CompItem,
    clip: py_aep.AVLayer,
    nulls: py_aep.FolderItem,
    person: CompPerson,
    shot: DeliveryShot,
    across: float,
    down: float,
) -> None:
    null = add_null(comp, nulls, person.back)
    null.source.pixel_aspect = 1.0  # those of the canvas are square
    null.start_time = null.in_point = 0.0
    null.out_point = shot.frames / shot.fps
    null.name = person.back.name
    null.label = py_aep.Label(person.back.label)
    null.set_parent_with_jump(clip)
    keys = person.back.keys
    scaled = {
        "anchor": keys["anchor"],
        "position": _times(keys["position"], across, down),
        "scale": _times(keys["scale"], down, down),
        "rotation": keys["rotation"],
    }
    _write(null, replace(person.back, keys=scaled), person.first, shot)


def _write(layer: py_aep.AVLayer, planned: CompLayer, first: int, shot: DeliveryShot) -> None:
    fill(layer, planned, first, shot)
    layer.comment = tag(planned.uid, 1, **signatures(planned, first))


def _times(rows: Rows, across: float, down: float) -> Rows:
    return tuple((x * across, y * down) for x, y in rows)
