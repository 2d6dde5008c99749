"""Where pairs come from: a folder, two patterns, or a delivery with label and beauty passes. Only names, no pixels."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any, cast

from shared.delivery import FILE_NAME, DeliveryLayer, read_delivery
from shared.errors import InputRefused, MissingInput
from shared.footage import frame_path
from shared.sequences import find_sequence, frames_text
from shared.values import Value

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
ENDINGS = {
    "normal": ("_normal.exr", "_normal.png", "_guides.exr"),
    "depth": ("_depth.exr", "_guides.exr"),
    "instance": ("_instance.png", "_instance.exr"),
    "shading": ("_shading.exr", "_shading.png"),
}
FOLDERS = {"normal": "normals", "depth": "depth", "instance": "instances", "shading": "shading"}
LAYOUT = (
    "Put NAME_label.png beside NAME_image.png, or the same names into the folders labels and images, "
    "or say the pictures' pattern with --images"
)


class View(Value):
    """How a pair was seen. to_world: (3, 3) rows that turn a camera's directions into the world's, z up; None where the
    normals are the camera's own. sun: unit vector towards it, in the world, or else in camera space."""

    to_world: tuple[tuple[float, ...], ...] | None = None
    sun: tuple[float, float, float] | None = None


class PairFiles(Value):
    """One pair. look: a condition that the labels do not tell (season, weather), empty where none is known.

    guides: its passes of the kinds of ENDINGS; normals and depth may be one file.
    """

    label: Path
    image: Path
    look: str = ""
    guides: Mapping[str, Path] = field(default_factory=dict)
    view: View = View()


def find_pairs(
    source: str, images: str | None = None, guides: Mapping[str, str | None] | None = None
) -> list[PairFiles]:
    """The pairs of a folder, of a delivery, or of a label pattern with the patterns of pictures and guides (ENDINGS).

    Raises MissingInput where a label map has no picture or nothing is there at all.
    """
    path, patterns = Path(source), {kind: one for kind, one in (guides or {}).items() if one is not None}
    if images is not None:
        return _sequences(source, images, patterns)
    if patterns:
        raise InputRefused(f"--{next(iter(patterns))} goes with --images", remedy=LAYOUT)
    if path.name == FILE_NAME or (path / FILE_NAME).is_file():
        return _delivery(path)
    if not path.is_dir():
        raise MissingInput("the folder of the pairs is not there", file=source, remedy=LAYOUT)
    if (path / "labels").is_dir() and (path / "images").is_dir():
        return _two_folders(path)
    return _suffixes(path)


def _suffixes(folder: Path) -> list[PairFiles]:
    """NAME_label.* beside NAME_image.*; `meta.jsonl` may name a look for each number."""
    pictures = {f.stem.removesuffix("_image"): f for f in folder.iterdir() if _is_picture(f, "_image")}
    labels = sorted(f for f in folder.iterdir() if f.stem.endswith("_label") and not f.name.startswith("."))
    names = [f.stem.removesuffix("_label") for f in labels]
    rows = {number: row for file in sorted(folder.glob("meta*.jsonl")) for number, row in _table(file).items()}
    looks = [str(rows.get(_number(name), {}).get("look", "")) for name in names]
    pairs = _joined(folder, labels, names, pictures, looks)
    views = {n: _view(f, row) for f in sorted(folder.glob("cameras*.jsonl")) for n, row in _table(f).items()}
    passes = {file.name: file for file in folder.iterdir() if not file.name.startswith(".")}

    def guides(name: str) -> dict[str, Path]:
        there = {kind: [passes[name + end] for end in ends if name + end in passes] for kind, ends in ENDINGS.items()}
        return {kind: files[0] for kind, files in there.items() if files}

    return [
        replace(pair, guides=guides(name), view=views.get(_number(name), View()))
        for name, pair in zip(names, pairs, strict=True)
    ]


def _two_folders(folder: Path) -> list[PairFiles]:
    """The same names in labels and images; in those of the guides too, where there are such folders."""
    pictures = {f.stem: f for f in (folder / "images").iterdir() if _is_picture(f, "")}
    labels = sorted(f for f in (folder / "labels").iterdir() if f.is_file() and not f.name.startswith("."))
    pairs = _joined(folder / "labels", labels, [f.stem for f in labels], pictures, [""] * len(labels))
    passes: dict[str, dict[str, Path]] = {}
    for kind, name in FOLDERS.items():
        files = (folder / name).iterdir() if (folder / name).is_dir() else ()
        passes[kind] = {f.stem: f for f in files if not f.name.startswith(".")}
    return [replace(pair, guides=_there(passes, pair.label.stem)) for pair in pairs]


def _there(passes: Mapping[str, Mapping[Any, Path]], key: Any) -> dict[str, Path]:
    return {kind: files[key] for kind, files in passes.items() if key in files}


def _joined(
    folder: Path, labels: list[Path], names: list[str], pictures: dict[str, Path], looks: list[str]
) -> list[PairFiles]:
    if not labels:
        alone = "; pictures without labels teach a generator: --network stylegan2"
        raise MissingInput("there are no pairs here", file=folder, remedy=LAYOUT + alone)
    for file, name in zip(labels, names, strict=True):
        if name not in pictures:
            raise MissingInput("the label map has no picture", file=file, remedy=LAYOUT)
    return [PairFiles(f, pictures[n], look) for f, n, look in zip(labels, names, looks, strict=True)]


def _is_picture(file: Path, ending: str) -> bool:
    return file.suffix.lower() in PICTURES and file.stem.endswith(ending) and not file.name.startswith(".")


def _number(name: str) -> str:
    return name.lstrip("0") or "0"


def _table(file: Path) -> dict[str, dict[str, Any]]:
    """Number of the pair -> what one line of the file says of it."""
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        return {str(int(row["i"])): row for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise InputRefused(
            "what is said of the pairs cannot be read", file=file, cause=str(error), remedy="Mend the file or remove it"
        ) from error


def _view(file: Path, row: dict[str, Any]) -> View:
    """{"to_world": 4x4, "sun": [x, y, z]}, each if known; two numbers of a sun are degrees of the world's z: turned
    clockwise from +y, and above the horizon."""
    try:
        matrix, sun = row.get("to_world"), row.get("sun")
        turned = None if matrix is None else tuple(tuple(float(v) for v in line[:3]) for line in matrix[:3])
        if sun is not None and len(sun) == 2:
            around, above = (math.radians(float(angle)) for angle in sun)
            flat = math.cos(above)
            sun = (math.sin(around) * flat, math.cos(around) * flat, math.sin(above))
        towards = None if sun is None else tuple(float(v) / math.hypot(*sun) for v in sun)
        if (turned is not None and [len(line) for line in turned] != [3, 3, 3]) or (towards and len(towards) != 3):
            raise ValueError("a matrix has 4 rows of 4 numbers, a sun 2 or 3")
    except (ValueError, TypeError, IndexError, ZeroDivisionError) as error:
        raise InputRefused(
            f"the camera of pair {row['i']} cannot be read",
            file=file,
            cause=str(error),
            remedy="Mend or remove the line",
        ) from error
    return View(turned, cast(Any, towards))


def _sequences(labels: str, images: str, patterns: Mapping[str, str]) -> list[PairFiles]:
    ours, theirs = find_sequence(labels), find_sequence(images)
    _all_there(sorted(ours.files), theirs.files, images)
    guides = {kind: find_sequence(pattern) for kind, pattern in patterns.items()}
    return [
        PairFiles(
            ours.file(frame),
            theirs.file(frame),
            guides={kind: one.file(frame) for kind, one in guides.items() if frame in one.files},
        )
        for frame in sorted(ours.files)
    ]


def _all_there(frames: list[int], there: Iterable[int], where: str) -> None:
    if lacking := sorted(set(frames) - set(there)):
        raise MissingInput(
            f"these label frames have no picture: {frames_text(lacking)}",
            file=where,
            remedy="Render them, or leave their labels out",
        )


def _delivery(path: Path) -> list[PairFiles]:
    """The label pass and the beauty pass of a delivery, frame by frame, with the guides that it has."""
    delivery = read_delivery(path)
    folder = path if path.is_dir() else path.parent
    labels, beauty = (_frames(delivery.layers, role, folder) for role in ("labels", "beauty"))
    _all_there(sorted(labels), beauty, str(path))
    roles = {layer.role for layer in delivery.layers}
    guides = {role: _frames(delivery.layers, role, folder) for role in ENDINGS if role in roles}
    return [PairFiles(labels[frame], beauty[frame], guides=_there(guides, frame)) for frame in sorted(labels)]


def _frames(layers: Iterable[DeliveryLayer], role: str, folder: Path) -> dict[int, Path]:
    """Frame of the shot -> file, of the only layer with this role."""
    found = [layer.footage for layer in layers if layer.role == role and layer.footage.sequence]
    if len(found) != 1:
        raise InputRefused(
            f"the delivery has {len(found)} layers with the role {role!r}, not one",
            file=folder / FILE_NAME,
            remedy="Give the label pass's pattern, and the pictures' with --images",
        )
    footage = found[0]
    numbers = range(footage.first, footage.last + 1)
    return {footage.start_frame + n - footage.first: folder / frame_path(footage, n) for n in numbers}
