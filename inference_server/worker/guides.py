"""The passes of a shot as layers of its delivery, where it asks for them: beneath everything, shy guides, switched off.

What After Effects reads as it is (pictures, an EXR of plain RGB or of a Cryptomatte) is copied byte for byte; of an EXR
with layers what the painting reads of it becomes an EXR of plain RGB, float, the values unchanged. Labels become
colours of their set. Values are marked as such: they are no colours, and nobody may manage them as some.

A clip becomes frames, those that the painting was made of: their turn, rate and fields are what the model saw, whatever
another program would make of the file. As a layer's picture it is its source: to be seen below it, and still a guide.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from inference_server.roots import inside
from inference_server.worker import outputs
from inference_server.worker.keys import hash_of, input_hash
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.reading import read_labels
from shared import uids
from shared.delivery import DeliveryLayer, DeliveryShot, Footage
from shared.errors import DiskFull, InputRefused, SemrenderError
from shared.frames import beat, find_pass
from shared.passes import exr, formats, picture_pass, pictures, shading_pass
from shared.passes.clip_pass import read_codes
from shared.passes.colour import colours
from shared.passes.data_pass import motion_planes, normal_channels, read_depth, read_parts
from shared.passes.exr_header import Header, read_headers
from shared.places import read_json
from shared.sequences import Sequence as Files
from shared.sequences import frames_text
from shared.shot import Shot

FOLDER = "passes"  # in the output folder
INDEX = "passes.json"  # what each file in it was made of
GUIDE_LABEL = 12  # a label colour of After Effects: brown
READ_AS_THEY_ARE = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".tga", ".dpx", ".iff", ".exr")
WRITTEN = 1  # how files are written that are no copies; goes up whenever the same pass would give another file
WRITERS = 2  # files at once
SOURCE = "source"  # what a clip is called that a layer was made of
COLOURS = ("picture", "beauty", "shading")  # all others are values

Channels = dict[str, Any]  # name -> (H, W)


def judge(shot: Shot) -> list[SemrenderError]:
    """Passes that are asked for and that no layer has."""
    lacking = [kind for kind in shot.passes if all(getattr(layer, kind) is None for layer in shot.layers)]
    return [
        InputRefused(
            f"the {kind} pass is to be delivered, and no layer has one",
            remedy=f'Give "{kind}" in a layer of the shot, or leave it out of "passes"',
        )
        for kind in lacking
    ]


def deliver_guides(
    plan: Plan, layers: Sequence[LayerPlan], shot: DeliveryShot
) -> tuple[tuple[DeliveryLayer, ...], list[str], list[str]]:
    """Bring the passes that the shot asks for into the output folder: their layers, hashes of them, and notes.

    A pass that After Effects could not show, or that has not every delivered frame, is a note: the paintings are there.
    Raises DiskFull.
    """
    if not plan.shot.passes:
        return (), [], []
    known = read_json(plan.out / FOLDER / INDEX) or {}
    now: dict[str, str] = {}
    found, notes = [], []
    for own in layers:
        for kind in plan.shot.passes:
            pattern = getattr(own.layer, kind)
            if pattern is None:
                continue
            try:
                files = find_pass(kind, pattern, plan.base, own.layer.name, beat(plan.shot, own.layer))
                found.append(_guide(plan, own, kind, files, shot, known, now))
            except DiskFull:
                raise
            except SemrenderError as error:
                notes.append(_note(kind, own, error))
            except OSError as error:  # of reading: what writes says it in words
                file, cause = error.filename or plan.base / pattern, error.strerror or str(error)
                notes.append(_note(kind, own, InputRefused("the file cannot be read", file=file, cause=cause)))
    if now != known:
        outputs.keep(plan.out / FOLDER / INDEX, json.dumps(now, indent=1).encode("ascii"))
    return tuple(found), [f"{name}{now[name]}" for name in now], notes


def _note(kind: str, own: LayerPlan, error: SemrenderError) -> str:
    return f"the {kind} pass is not delivered: {error.located(layer=own.layer.name)}"


def _guide(
    plan: Plan,
    own: LayerPlan,
    kind: str,
    files: Files,
    shot: DeliveryShot,
    known: dict[str, Any],
    now: dict[str, str],
) -> DeliveryLayer:
    frames = range(shot.first, shot.last + 1)
    lacking = [] if files.still else [frame for frame in frames if frame not in files.files]
    if lacking:
        raise InputRefused(f"frames {frames_text(lacking)} are not there", remedy="Render them, and deliver again")
    first = inside(files.file(shot.first), plan.roots)
    role, as_it_is = (kind, False) if files.clip is not None else _how(own, kind, first)
    drawn = files.clip is not None or role == "labels"
    suffix = first.suffix.lower() if as_it_is else ".png" if drawn else ".exr"
    name = f"{plan.stem(own.layer.name)}_{kind}"
    folder = plan.out / FOLDER / own.layer.name / kind
    number = {frame: "" if files.still else f".{plan.file_number(frame):04d}" for frame in frames}
    targets = {frame: folder / f"{name}{number[frame]}{suffix}" for frame in (frames[:1] if files.still else frames)}
    _bring(plan, own, kind, files, targets, as_it_is, known, now)
    source = files.clip is not None and kind == "picture"
    footage = Footage(
        uid=uids.footage_uid(shot.uid, own.layer.name, kind),
        name=name,
        path=targets[shot.first].relative_to(plan.out).as_posix(),
        width=shot.width,
        height=shot.height,
        sequence=not files.still,
        first=0 if files.still else plan.file_number(shot.first),
        last=0 if files.still else plan.file_number(shot.last),
        start=None if files.still else shot.first,
        pixel_aspect=shot.pixel_aspect,
        alpha=_alpha(kind, targets[shot.first]),
        color="" if kind in COLOURS else "values, not colours",
        data=kind not in COLOURS,
        version=shot.version,
        sha1_first=hashlib.sha1(targets[shot.first].read_bytes(), usedforsecurity=False).hexdigest(),
    )
    return DeliveryLayer(
        uid=uids.layer_uid(shot.uid, own.layer.name, kind),
        name=f"{own.layer.name} {SOURCE if source else kind}",
        footage=footage,
        role=role,
        label=GUIDE_LABEL,
        enabled=source,
        guide=True,
        shy=not source,
    )


def _bring(
    plan: Plan,
    own: LayerPlan,
    kind: str,
    files: Files,
    targets: dict[int, Path],
    as_it_is: bool,
    known: dict[str, Any],
    now: dict[str, str],
) -> None:
    """Write the files of a pass that are not there yet as they should be. targets: by frame."""
    how = None if as_it_is else _read_with(plan, own, kind)

    def write(frame: int) -> tuple[str, str]:
        target = targets[frame]
        key = target.relative_to(plan.out).as_posix()
        made_of = hash_of({"file": input_hash(plan, files, frame), "written": how})
        if known.get(key) != made_of or not target.is_file():
            outputs.make_folder(target.parent)
            if as_it_is:
                outputs.place(target, files.file(frame).read_bytes())
            elif files.clip is not None:
                outputs.write_png(target, read_codes(files, frame)[0], {})
            elif kind == "labels":
                _write_labels(target, own, frame)
            else:
                outputs.write_values(target, _values(own, kind, files.file(frame)), plan.pixel_aspect)
        return key, made_of

    with ThreadPoolExecutor(WRITERS) as pool:
        now.update(pool.map(write, targets))


def _how(own: LayerPlan, kind: str, first: Path) -> tuple[str, bool]:
    """The role of a pass, and whether its files are copied as they are."""
    if not pictures.read_head(first).startswith(pictures.EXR):
        if kind == "labels":
            raw = formats.read_picture(first)
            return kind, raw.colours is None and raw.samples.ndim == 3 and first.suffix.lower() in READ_AS_THEY_ARE
        if first.suffix.lower() not in READ_AS_THEY_ARE:
            raise InputRefused("After Effects reads no such files", file=first, remedy="Render it as PNG, TIFF or EXR")
        return kind, True
    headers = read_headers(first)
    if kind == "labels":
        crypto = any(name.startswith("cryptomatte/") for header in headers for name in header.attributes)
        return ("cryptomatte", True) if crypto else (kind, False)
    return kind, len(headers) == 1 and _plain(headers[0])


def _read_with(plan: Plan, own: LayerPlan, kind: str) -> list[Any]:
    """What a file of ours depends on beside the pass."""
    if kind == "labels":
        return [WRITTEN, own.layer.read, own.label_set.hash]
    layer = getattr(own.layer, f"{kind}_layer", None)
    return [WRITTEN, layer, plan.pixel_aspect]


def _plain(header: Header) -> bool:
    names = {channel.name for channel in header.channels}
    return {"R", "G", "B"} <= names <= {"R", "G", "B", "A"}


def _values(own: LayerPlan, kind: str, file: Path) -> Channels:
    """What the painting reads of a pass, as red, green and blue."""
    if kind == "depth":
        return dict.fromkeys("RGB", read_depth(file, own.layer.depth_layer).raw)
    if kind == "motion":
        found = motion_planes(file, read_parts(file), own.layer.motion_layer)
        return {"R": np.nan_to_num(found.x), "G": np.nan_to_num(found.y), "B": np.zeros_like(found.x)}
    if kind == "normal":
        layer, names = normal_channels(file, exr.read_exr(file), own.layer.normal_layer)
        return {to: np.nan_to_num(layer.plane(name), posinf=0, neginf=0) for to, name in zip("RGB", names, strict=True)}
    parts = exr.read_exr(file)
    if kind == "shading":
        chosen = shading_pass.layer_of(parts, own.layer.shading_layer)
        if not chosen.is_colour:
            return dict.fromkeys("RGB", chosen.part.channels[chosen.channels["x"]])
    else:
        chosen = picture_pass.whole_picture(parts)
    return {letter.upper(): chosen.part.channels[name] for letter, name in chosen.channels.items()}


def _write_labels(target: Path, own: LayerPlan, frame: int) -> None:
    ids = read_labels(own, frame).ids
    alpha = np.where(ids == np.iinfo(ids.dtype).max, 0, 255).astype(np.uint8)
    outputs.write_png(target, np.dstack([colours(own.label_set, ids), alpha]), {})


def _alpha(kind: str, file: Path) -> str:
    if kind not in COLOURS:
        return "IGNORE"
    if file.suffix == ".exr":
        names = [channel.name for header in read_headers(file) for channel in header.channels]
        return "PREMULTIPLIED" if "A" in names else "IGNORE"
    return "IGNORE" if formats.read_picture(file).alpha is None else "STRAIGHT"
