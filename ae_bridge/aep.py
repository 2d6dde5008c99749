"""A delivery becomes a new After Effects project, on a machine without After Effects.

py_aep writes the file; the rules that make the comp right are here: footage gets its frame rate before it
becomes a layer, layer times count from the first frame of the comp, and every thing carries its uid in its
comment so that an update can find it. What a file made this way cannot hold comes back as notes, in words.
An existing project is never touched: the new one takes the next free version number.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any

import py_aep

from ae_bridge.moving import add_markers, add_moving, has_null, moving_layers
from ae_bridge.program import here
from ae_bridge.projects import Made
from ae_bridge.saving import save, wanted
from ae_bridge.sounding import add_sounds, import_sound
from ae_bridge.tags import comp_tag, footage_tag, is_guide, is_shown, layer_frames, layer_tag, notice_tag, tag
from shared.delivery import (
    Color,
    Delivery,
    DeliveryLayer,
    DeliveryNotice,
    DeliveryShot,
    Footage,
    Project,
    read_delivery,
)
from shared.delivery_check import validate
from shared.errors import InputRefused, SemrenderError

# What the file says it was saved by, by the major version: an older After Effects refuses it, a newer one opens it as a
# converted copy without a name. 23 brought mattes that may lie anywhere in the stack, 24 OCIO.
VERSIONS = {23: "23.0x59", 24: "24.0x55", 25: "25.6x101", 26: "26.0x67"}
OCIO_SINCE = 24
VERSION_NAME = "SEMRENDER_AE"  # of the environment
NOTICE_SIZE, NOTICE_BASE = 0.06, 0.94  # of the comp's height
MATTES_IN_COMP = 12  # more make the layer stack unreadable; they move to a comp of their own


def write_project(delivery_path: Path, out: Path | None = None) -> Path:
    """Write the project of a delivery and return its path; `make_project` with the notes in the log."""
    made = make_project(delivery_path, out)
    for note in made.notes:
        logging.getLogger(__name__).warning("%s", note)
    return made.path


def make_project(delivery_path: Path, out: Path | None = None, ae: int | None = None) -> Made:
    """Write the project of a delivery.

    Args:
        delivery_path: a delivery.json or the folder it is in.
        out: the file to write, or a folder; without it `<shot>_v001.aep` beside delivery.json. Where there is
            a file of that name already, the next version number is taken.
        ae: the oldest After Effects that is to open it, of VERSIONS; see `project_version`.

    Raises InputRefused where the delivery is damaged, incomplete or beyond what After Effects can hold,
    SemrenderError where the file cannot be written.
    """
    delivery_path = Path(delivery_path)
    delivery = read_delivery(delivery_path)
    # Absolute, but not resolved: artists know their mounts by name, not where these lead.
    folder = (delivery_path if delivery_path.is_dir() else delivery_path.parent).absolute()
    try:
        validate(delivery, folder)
        project, notes = _build(delivery, folder, ae or project_version())
    except SemrenderError as error:
        raise error.located(file=delivery_path) from None
    return Made(save(project, wanted(delivery.shot.name, folder, None if out is None else Path(out))), tuple(notes))


# --- the project ------------------------------------------------------------------------------------------


def project_version() -> int:
    """The version that projects are made for: SEMRENDER_AE, else the newest After Effects here, else the oldest that
    can be. Raises InputRefused."""
    named = os.environ.get(VERSION_NAME)
    if named:
        if not named.isdecimal() or int(named) not in VERSIONS:
            raise InputRefused(
                f"{VERSION_NAME} is {named!r}", remedy=f"It is one of {', '.join(map(str, VERSIONS))}, or not there"
            )
        return int(named)
    years = [re.search(r"20(\d\d)", str(path)) for path in here()]
    known = [min(int(year[1]), max(VERSIONS)) for year in years if year and int(year[1]) >= min(VERSIONS)]
    return max(known, default=min(VERSIONS))


def _build(delivery: Delivery, folder: Path, ae: int) -> tuple[py_aep.Project, list[str]]:
    shot = delivery.shot
    ocio = delivery.project.color.mode == "ocio" and delivery.project.apply == "if_empty"
    project = py_aep.new(version=VERSIONS[max(ae, OCIO_SINCE) if ocio else ae]).project
    # Before any import: in an OCIO project footage gets its colour space from the config's file rules.
    notes = _set_colours(project, delivery.project) + _effect_notes(delivery)

    top = add_folder(project.root_folder, shot.name, f"{shot.uid}/D", shot)
    footage_folder = add_folder(top, "footage", f"{shot.uid}/D/footage", shot)
    mattes_folder = footage_folder
    if any(layer.role == "matte" for layer in delivery.layers):
        mattes_folder = add_folder(top, "mattes", f"{shot.uid}/D/mattes", shot)

    items: dict[str, py_aep.FootageItem] = {}
    for layer in delivery.layers:
        try:
            items[layer.uid] = _import(project, layer, folder, shot)
        except SemrenderError as error:
            raise error.located(layer=layer.name, file=folder / layer.footage.path) from None
        items[layer.uid].parent_folder = mattes_folder if layer.role == "matte" else footage_folder

    for sound in delivery.audio:
        try:
            items[sound.uid] = import_sound(project, sound, folder, shot)
        except SemrenderError as error:
            raise error.located(layer=sound.name, file=folder / sound.footage.path) from None
        items[sound.uid].parent_folder = footage_folder

    moving = moving_layers(delivery, folder)
    nulls = add_folder(top, "nulls", f"{shot.uid}/D/nulls", shot) if has_null(moving) else None

    stack, aside = split_mattes(delivery.layers)
    comp = add_comp(top, shot, shot.name)
    comp.hide_shy_layers = True
    uids = [
        *(one.uid for one in delivery.notices),
        *(one.uid for one, _ in moving),
        *(one.uid for one in stack),
        *(one.uid for one in delivery.audio),
    ]
    comp.comment = " ".join([*notes, comp_tag(delivery, shot.uid, uids)])
    add_sounds(comp, delivery.audio, items, shot)
    _add_layers(comp, stack, items, shot)
    add_moving(comp, nulls, moving, shot)
    for notice in delivery.notices:
        _add_notice(comp, notice, shot)
    if aside:
        mattes = add_comp(mattes_folder, shot, f"{shot.name}_mattes")
        mattes.comment = comp_tag(delivery, f"{shot.uid}/C/mattes", [layer.uid for layer in aside])
        _add_layers(mattes, aside, items, shot)
    return project, notes


def split_mattes(
    layers: tuple[DeliveryLayer, ...],
) -> tuple[list[DeliveryLayer], list[DeliveryLayer]]:
    """The layers of the shot's comp, and the mattes that are so many that they get a comp of their own.

    A matte stays where a layer uses it: After Effects links mattes within one comp only.
    """
    used = {layer.matte.uid for layer in layers if layer.matte}
    mattes = [layer for layer in layers if layer.role == "matte"]
    if len(mattes) <= MATTES_IN_COMP:
        return list(layers), []
    aside = [layer for layer in mattes if layer.uid not in used and layer.matte is None]
    apart = {layer.uid for layer in aside}
    return [layer for layer in layers if layer.uid not in apart], aside


def _set_colours(project: py_aep.Project, wanted: Project) -> list[str]:
    """Depth and colour management; what needs files that this machine lacks becomes a note."""
    if wanted.apply != "if_empty":
        return []
    color = wanted.color
    # After Effects refuses 16 bits per channel together with OCIO.
    bits = 32 if color.mode == "ocio" and wanted.bits_per_channel == 16 else wanted.bits_per_channel
    project.bits_per_channel = py_aep.BitsPerChannel(bits)
    if color.mode == "ocio":
        return _set_ocio(project, color)
    project.linearize_working_space = color.linearize
    try:
        project.working_space = color.working_space or "None"
    except (ValueError, LookupError, OSError):
        return [f"Choose the working space {color.working_space} in the project settings."]
    return []


def _set_ocio(project: py_aep.Project, color: Color) -> list[str]:
    if color.ocio_config is None or not Path(color.ocio_config).is_file():
        config, space = color.ocio_config or "your configuration", color.working_space or "a working space"
        return [f"Choose OCIO, {config} and {space} in the project settings."]
    project.color_management_system = py_aep.ColorManagementSystem.OCIO
    project.ocio_configuration_file = color.ocio_config
    try:
        if color.working_space:
            project.working_space = color.working_space
    except (ValueError, LookupError, OSError):
        return [f"{color.ocio_config} has no colour space {color.working_space}: choose the working space."]
    return []


def _effect_notes(delivery: Delivery, most: int = 10) -> list[str]:
    """Effects of plug-ins can only be added by After Effects itself."""
    names = {layer.uid: layer.name for layer in delivery.layers}
    wanted: dict[str, list[str]] = {}
    for effect in delivery.effects[:1000]:
        wanted.setdefault(effect.match_name, []).append(names[effect.layer])
    for layer in delivery.layers:  # for picking by hand
        if layer.role == "cryptomatte" and layer.name not in wanted.setdefault("Cryptomatte", []):
            wanted["Cryptomatte"].append(layer.name)
    return [
        f"Add the effect {effect} by hand to {', '.join(layers[:most])}{' ...' * (len(layers) > most)}."
        for effect, layers in list(wanted.items())[:most]
        if layers
    ]


def add_folder(parent: py_aep.FolderItem, name: str, uid: str, shot: DeliveryShot) -> py_aep.FolderItem:
    folder = parent.add_folder(name)
    folder.comment = tag(uid, shot.version)
    return folder


def add_comp(parent: py_aep.FolderItem, shot: DeliveryShot, name: str) -> py_aep.CompItem:
    try:
        comp = parent.add_comp(name, shot.width, shot.height, shot.pixel_aspect, shot.frames / shot.fps, shot.fps)
        comp.display_start_frame = shot.first
    except ValueError as error:
        frames = f"{shot.frames} frames from {shot.first} at {shot.fps:g} fps"
        raise InputRefused(
            f"After Effects cannot hold a comp of {shot.width}x{shot.height}, {frames}",
            cause=str(error),
            remedy="A comp has 4 to 30000 pixels a side and lasts at most 3 hours",
        ) from None
    return comp


# --- footage and layers -----------------------------------------------------------------------------------


def _import(project: py_aep.Project, layer: DeliveryLayer, folder: Path, shot: DeliveryShot) -> py_aep.FootageItem:
    """The footage item of a layer, interpreted as delivered."""
    footage = layer.footage
    try:
        item = _import_files(project, folder / footage.path, footage)
    except Exception as error:  # whatever the look into a damaged picture raises
        cause = f"{type(error).__name__}: {error}"
        raise InputRefused("the picture cannot be read", cause=cause, remedy="Deliver it again") from error
    _check_import(item, layer)

    source = item.main_source
    if footage.sequence:
        # Before it becomes a layer, which takes its length from the rate of this moment.
        source.conform_frame_rate = shot.fps
    if source.has_alpha:
        source.alpha_mode = py_aep.AlphaMode[footage.alpha]
    if footage.data:
        source.preserve_rgb = True
    item.pixel_aspect = footage.pixel_aspect
    item.name = footage.name
    item.label = py_aep.Label(layer.label)  # the layer takes it over
    item.comment = " ".join([*_painted_by(layer), footage_tag(layer, shot)])
    return item


def _import_files(project: py_aep.Project, path: Path, footage: Footage) -> py_aep.FootageItem:
    options = py_aep.ImportOptions(path)
    options.sequence = footage.sequence

    def imported() -> py_aep.FootageItem:
        item = project.import_file(options)
        assert isinstance(item, py_aep.FootageItem)  # layered pictures become comps only when asked to
        return item

    item = imported()
    if footage.sequence and (item.start_frame, item.end_frame) != (footage.first, footage.last):
        # The folder holds more of this sequence, as an earlier, longer render leaves it.
        item.remove()
        options.range_start, options.range_end = footage.first, footage.last
        item = imported()
    return item


def _check_import(item: py_aep.FootageItem, layer: DeliveryLayer) -> None:
    footage = layer.footage
    if (item.width, item.height) != (footage.width, footage.height):
        raise InputRefused(
            f"the picture is {item.width}x{item.height}, the delivery says {footage.width}x{footage.height}",
            remedy="Deliver the shot again",
        )
    if footage.sequence and (item.start_frame, item.end_frame) != (footage.first, footage.last):
        raise InputRefused(
            f"After Effects would read frames {item.start_frame} to {item.end_frame} here",
            cause="There are other pictures of this name",
            remedy="Move them to another folder",
        )
    if layer.role == "matte" and not item.main_source.has_alpha:
        raise InputRefused("the matte has no alpha channel", remedy="Deliver the shot again")


def _painted_by(layer: DeliveryLayer) -> list[str]:
    """One line for the person who looks at the comment."""
    made = layer.provenance
    labels = f", labels {made.label_set}" if made.label_set else ""
    face = f", a face was changed ({made.consent.partition(',')[0]})" if made.synthetic else ""
    return [f"Painted by {made.model}, seed {made.seed}{labels}{face}."] if made.model else []


def _add_layers(
    comp: py_aep.CompItem,
    layers: list[DeliveryLayer],
    items: dict[str, py_aep.FootageItem],
    shot: DeliveryShot,
) -> None:
    added = {}
    for layer in reversed(layers):  # each new layer goes on top
        added[layer.uid] = _add_layer(comp, layer, items[layer.uid], shot)
    for layer in layers:
        if layer.matte is not None:
            kind = py_aep.TrackMatteType[layer.matte.type]
            added[layer.uid].set_track_matte(added[layer.matte.uid], kind)
    for layer in layers:  # last, since a layer that becomes a matte is switched off
        added[layer.uid].enabled = is_shown(layer)


def _add_layer(
    comp: py_aep.CompItem, layer: DeliveryLayer, item: py_aep.FootageItem, shot: DeliveryShot
) -> py_aep.AVLayer:
    new = comp.add(item)
    start, begin, _ = layer_frames(layer, shot)
    # Seconds from the first frame of the comp, whatever number that shows.
    new.start_time = start / shot.fps
    new.in_point = (start + begin) / shot.fps
    new.name = layer.name
    new.blending_mode = py_aep.BlendingMode[layer.blend]
    new.guide_layer = is_guide(layer)
    new.shy = layer.shy
    new.transform.opacity.value = layer.opacity
    add_markers(new, layer.markers, shot)
    new.comment = layer_tag(layer, shot)
    return new


def _add_notice(comp: py_aep.CompItem, notice: DeliveryNotice, shot: DeliveryShot) -> None:
    """The visible label, as a text that the artist turns on; `jsx/src/notice.jsx` makes the same."""
    new: Any = comp.add_text(notice.text)
    document = new["ADBE Text Properties"]["ADBE Text Document"].value
    document.font_size = max(1.0, float(int(comp.height * NOTICE_SIZE + 0.5)))
    document.fill_color = [1.0, 1.0, 1.0]
    document.justification = py_aep.ParagraphJustification.CENTER_JUSTIFY
    new.transform.position.value = [comp.width / 2, float(int(comp.height * NOTICE_BASE + 0.5)), 0.0]
    new.start_time = new.in_point = 0.0
    new.out_point = shot.frames / shot.fps
    new.name = notice.name
    new.label = py_aep.Label(notice.label)
    new.enabled = notice.enabled
    new.comment = notice_tag(notice, shot)
