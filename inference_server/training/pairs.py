"""Pairs in memory: read strictly, brought to one training size, checked before an hour is spent on them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from inference_server.models.small import guides
from inference_server.training.sources import PairFiles
from shared.errors import InputRefused
from shared.label_set import NOTHING, SKY, LabelSet
from shared.passes import ReadOptions, read_label_pass
from shared.passes.data_pass import read_depth
from shared.passes.instance_pass import read_instances
from shared.passes.normal_pass import read_normals, to_camera
from shared.passes.shading_pass import read_shading
from shared.values import Value
from shared.wording import counted

LONG_SIDE = 256  # of the default training size
STEP = 16  # the training size is a multiple of this
LEAST_PIXELS, LEAST_PICTURES = 2000, 3  # of a class, at training size
FEW_PAIRS = 20
LEAST_LENGTH = 0.5  # of a normal; a mean of several that is shorter is an edge's
AWAY, TURNED_AWAY = 19, 0.15  # a normal's z (127 is one) and the share of such beyond which a pass is another's
STRETCH = 1.03  # largest change of the aspect ratio that goes unmentioned


Kind = TypeVar("Kind", bound=np.generic)


class Geometry(Value):
    """How things stand in N pairs, camera space; what is not known is 0.

    normals (N, H, W, 3) int8, 127 is one; depth (N, H, W) float32 metres; suns (N, 3) unit vectors; parts (N, H, W)
    uint16, the parts of things in each picture, from 1 on; shading (N, H, W) float16 the linear light on clay, 1 in
    full light, below 0 where it is not known.
    """

    normals: NDArray[np.int8]
    depth: NDArray[np.float32]
    suns: NDArray[np.float32]
    parts: NDArray[np.uint16]
    shading: NDArray[np.float16]

    def part(self, chosen: slice) -> Geometry:
        return Geometry(
            self.normals[chosen], self.depth[chosen], self.suns[chosen], self.parts[chosen], self.shading[chosen]
        )


class Pairs(Value):
    """ids (N, H, W) uint16 of the label set or NOTHING; images (N, H, W, 3) uint8 sRGB; looks: N names;
    sha256: over all files, in order; geometry: None where no pair has any; sky: ids of what is behind everything."""

    ids: NDArray[np.uint16]
    images: NDArray[np.uint8]
    looks: tuple[str, ...]
    sha256: str
    geometry: Geometry | None = None
    sky: tuple[int, ...] = ()

    def part(self, chosen: slice) -> Pairs:
        geometry = None if self.geometry is None else self.geometry.part(chosen)
        return replace(
            self, ids=self.ids[chosen], images=self.images[chosen], looks=self.looks[chosen], geometry=geometry
        )

    def seen(self, n: int) -> NDArray[np.float32]:
        """The guides (H, W, PLANES) of one pair, as `guides.planes`."""
        known = self.geometry
        if known is None:
            return guides.planes(self.ids.shape[1:], None, None, None)
        normals, shading = known.normals[n] / np.float32(127), known.shading[n].astype(np.float32)
        return known_planes(normals, known.depth[n], known.suns[n], known.parts[n], shading)

    @property
    def has_parts(self) -> bool:
        return self.geometry is not None and bool(self.geometry.parts.any())

    @property
    def has_shading(self) -> bool:
        return self.geometry is not None and bool((self.geometry.shading >= 0).any())

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.ids.shape[2], self.ids.shape[1]

    def pixels(self) -> dict[int, int]:
        """Class id -> pixels, NOTHING left out, in the order of the ids."""
        ids, counts = np.unique(self.ids, return_counts=True)
        return {int(i): int(n) for i, n in zip(ids, counts, strict=True) if i != NOTHING}


def known_planes(
    normal: NDArray[np.float32],
    depth: NDArray[np.float32],
    sun: NDArray[np.float32],
    parts: NDArray[np.uint16],
    shading: NDArray[np.float32],
) -> NDArray[np.float32]:
    """The guides (H, W, PLANES) of normals (H, W, 3), depth (H, W), a sun (3), parts and shading (H, W); all 0 is not
    known, of shading all below 0."""
    return guides.planes(
        depth.shape,
        normal if normal.any() else None,
        depth if depth.any() else None,
        (float(sun[0]), float(sun[1]), float(sun[2])) if sun.any() else None,
        parts if parts.any() else None,
        shading if (shading >= 0).any() else None,
    )


def read_pairs(
    files: list[PairFiles], label_set: LabelSet, size: tuple[int, int] | None = None, read: ReadOptions | None = None
) -> Pairs:
    """Read all pairs and bring them to `size` (width, height), by default the first pair's aspect ratio, 256 long.

    A label map and its picture must have one size. Raises MissingInput and InputRefused naming the file.
    """
    ids, images, digest = [], [], hashlib.sha256()
    for pair in files:
        own = read_label_pass(pair.label, label_set, read).ids
        image = _picture(pair.image)
        if image.shape[:2] != own.shape:
            raise InputRefused(
                f"the picture is {image.shape[1]}x{image.shape[0]}, its label map {own.shape[1]}x{own.shape[0]}",
                file=pair.image,
                cause="They were not rendered together, or one was resized",
                remedy="Render both at one size",
            )
        size = size or training_size(own.shape[1], own.shape[0])
        ids.append(nearest(own, size))
        images.append(image if image.shape[1::-1] == size else cv2.resize(image, size, interpolation=cv2.INTER_AREA))
        for file in dict.fromkeys((pair.label, pair.image, *pair.guides.values())):
            digest.update(file.read_bytes())
    if len(ids) < 2:
        raise InputRefused("one pair is no training set", file=files[0].label, remedy=f"Give {FEW_PAIRS} or more")
    assert size is not None
    geometry = read_geometry(files, size)
    if geometry is not None:
        digest.update(geometry.suns.tobytes())
    looks, sky = tuple(pair.look for pair in files), tuple(label_set.beginning(*SKY))
    return Pairs(np.stack(ids), np.stack(images), looks, digest.hexdigest(), geometry, sky)


def read_geometry(files: list[PairFiles], size: tuple[int, int]) -> Geometry | None:
    """The geometry of all pairs at `size` (width, height), None where none has any. Raises as `read_pairs`."""
    if not any(pair.guides or pair.view.sun for pair in files):
        return None
    width, height = size
    normals = np.zeros((len(files), height, width, 3), np.int8)
    depth, suns = np.zeros((len(files), height, width), np.float32), np.zeros((len(files), 3), np.float32)
    parts = np.zeros((len(files), height, width), np.uint16)
    shading = np.full((len(files), height, width), -1, np.float16)
    for n, pair in enumerate(files):
        turn = np.eye(3, dtype=np.float32) if pair.view.to_world is None else np.array(pair.view.to_world, np.float32)
        if "normal" in pair.guides:
            found: NDArray[Any] = to_camera(read_normals(pair.guides["normal"]).vectors, turn)
            found = cv2.resize(found, size, interpolation=cv2.INTER_AREA) if found.shape[1::-1] != size else found
            length = np.linalg.norm(found, axis=2, keepdims=True)
            normals[n] = np.rint(np.where(length > LEAST_LENGTH, found / np.maximum(length, 1e-6), 0) * 127)
        if "depth" in pair.guides:
            depth[n] = nearest(read_depth(pair.guides["depth"]).values, size)
        if "instance" in pair.guides:
            found = nearest(read_instances(pair.guides["instance"]).numbers, size)
            parts[n] = np.unique(found, return_inverse=True)[1].reshape(found.shape) + 1
        if "shading" in pair.guides:
            shading[n] = _light(read_shading(pair.guides["shading"]).light, size)
        if pair.view.sun is not None:
            suns[n] = np.array(pair.view.sun, np.float32) @ turn
    return Geometry(normals, depth, suns, parts, shading)


def training_size(width: int, height: int) -> tuple[int, int]:
    """The size itself where its long side is 256 or less, else in proportion; multiples of 16."""
    scale = min(1.0, LONG_SIDE / max(width, height))
    wide, high = (max(STEP, round(side * scale / STEP) * STEP) for side in (width, height))
    return wide, high


def nearest(ids: NDArray[Kind], size: tuple[int, int]) -> NDArray[Kind]:
    """Ids or depth at another (width, height): the pixel under each new pixel's centre, so that none is invented."""
    if ids.shape[::-1] == size:
        return ids
    rows = ((np.arange(size[1]) + 0.5) * ids.shape[0] / size[1]).astype(int)
    columns = ((np.arange(size[0]) + 0.5) * ids.shape[1] / size[0]).astype(int)
    result: NDArray[Kind] = ids[rows[:, None], columns]
    return result


def _light(found: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """A shading at another (width, height); where anything of it is not known, nothing is."""
    if found.shape[::-1] == size:
        return found
    known = cv2.resize((found >= 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    light = cv2.resize(found, size, interpolation=cv2.INTER_AREA)
    return np.where(known > 1 - 1e-6, light, np.float32(-1))


def _picture(file: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(file) as picture:
            return np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise InputRefused(
            "the picture cannot be read", file=file, cause=str(error).split("\n")[0], remedy="Save it as 8-bit PNG"
        ) from error


def class_rows(pairs: Pairs, label_set: LabelSet) -> list[str]:
    """What an artist reads before it starts: class, share of the pixels, in how many pictures; largest first."""
    total = pairs.ids.size
    rows = []
    for identity, count in sorted(pairs.pixels().items(), key=lambda item: -item[1]):
        pictures = int((pairs.ids == identity).any((1, 2)).sum())
        rows.append(f"{label_set.by_id(identity).name:<20}{count / total:7.2%}  in {counted(pictures, 'picture')}")
    return rows


def geometry_row(pairs: Pairs) -> str:
    """In how many pairs what is known of the geometry; empty where nothing is."""
    known = pairs.geometry
    if known is None:
        return ""
    planes: dict[str, NDArray[Any]] = {
        "normals": known.normals,
        "depth": known.depth,
        "the sun": known.suns,
        "parts": known.parts,
        "shading": known.shading >= 0,
    }
    counts = {name: int(plane.reshape(len(plane), -1).any(1).sum()) for name, plane in planes.items()}
    rare = ("parts", "shading")
    return ", ".join(f"{name} in {count}" for name, count in counts.items() if count or name not in rare)


def _turned_away(known: Geometry) -> int:
    """Pairs whose normals look away from the camera, which no surface in its picture does."""
    facing = known.normals[..., 2]
    there = known.normals.any(3).sum((1, 2))
    return int(((facing < -AWAY).sum((1, 2)) > TURNED_AWAY * np.maximum(there, 1)).sum())


def warnings(pairs: Pairs, label_set: LabelSet, original: tuple[int, int]) -> list[str]:
    """What will probably disappoint. `original` is the first pair's (width, height)."""
    found = []
    if len(pairs.ids) < FEW_PAIRS:
        found.append(f"{counted(len(pairs.ids), 'pair is', 'pairs are')} few; a look needs {FEW_PAIRS}, better 200")
    for identity, count in pairs.pixels().items():
        pictures = int((pairs.ids == identity).any((1, 2)).sum())
        if count < LEAST_PIXELS or pictures < LEAST_PICTURES:
            name = label_set.by_id(identity).name
            found.append(
                f"{name}: {counted(count, 'pixel')} in {counted(pictures, 'picture')} is too little to learn from"
            )
    aspect = (original[0] / original[1]) / (pairs.size[0] / pairs.size[1])
    if not 1 / STRETCH < aspect < STRETCH:
        found.append(f"{original[0]}x{original[1]} is stretched to {pairs.size[0]}x{pairs.size[1]} for training")
    if pairs.geometry is not None and (away := _turned_away(pairs.geometry)):
        found.append(
            f"the normals of {counted(away, 'pair')} look away from the camera; where they are the world's, "
            "cameras.jsonl must say how the camera stood"
        )
    outside = float((pairs.ids == NOTHING).mean())
    if outside > 0:
        found.append(f"{outside:.1%} of the pixels have no class and teach nothing")
    return found
