"""Layers with keys (a camera, nulls, joints, a normalised clip), in a project written without After Effects.

What `jsx/src/moving.jsx` does inside After Effects; both take the same files of `shared.comp_tracks` and
`shared.comp_templates`, and the tags agree, so that After Effects updates what was made here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import py_aep

from ae_bridge.tags import SEED, markers_tag, mixed, number, tag
from shared.comp_tracks import CompLayer, read_comp_tracks
from shared.delivery import Delivery, DeliveryShot, Marker
from shared.tracks import Rows

GROUPS = {
    "anchor": ("ADBE Transform Group", "ADBE Anchor Point"),
    "scale": ("ADBE Transform Group", "ADBE Scale"),
    "rotation": ("ADBE Transform Group", "ADBE Rotate Z"),
    "position": ("ADBE Transform Group", "ADBE Position"),
    "orientation": ("ADBE Transform Group", "ADBE Orientation"),
    "zoom": ("ADBE Camera Options Group", "ADBE Camera Zoom"),
}
TAGS = {
    **{"position": "kp", "orientation": "ko", "zoom": "kz"},
    **{"anchor": "ka", "scale": "ks", "rotation": "kr", "confidence": "kc"},
}
OURS = {"semrender": "1"}  # parameters of a marker, by which an update knows it again
SLIDER = "ADBE Slider Control"
Placed = tuple[CompLayer, int]  # and the frame of its first key


def moving_layers(delivery: Delivery, folder: Path) -> list[Placed]:
    """The layers of a delivery's tracks, top first. Raises MissingInput or InputRefused naming the file."""
    files = [read_comp_tracks(folder / one.comp) for one in delivery.tracks]
    return [(layer, file.first) for file in files for layer in file.layers]


def has_null(layers: list[Placed]) -> bool:
    return any(layer.kind != "camera" for layer, _ in layers)


def add_moving(
    comp: py_aep.CompItem, nulls: py_aep.FolderItem | None, layers: list[Placed], shot: DeliveryShot
) -> None:
    """Add them on top of a comp; nulls: the folder for what nulls are made of."""
    added: dict[str, Any] = {}
    for layer, first in reversed(layers):
        added[layer.uid] = _add(comp, nulls, layer, first, shot)
    for layer, _ in layers:
        if layer.parent in added:
            added[layer.uid].set_parent_with_jump(added[layer.parent])


def _add(
    comp: py_aep.CompItem, nulls: py_aep.FolderItem | None, layer: CompLayer, first: int, shot: DeliveryShot
) -> Any:
    new: Any
    if layer.kind == "camera":
        new = comp.add_camera(layer.name)
        new.auto_orient = py_aep.AutoOrientType.NO_AUTO_ORIENT
    else:
        new = add_null(comp, nulls, layer)
    new.start_time = new.in_point = 0.0
    new.out_point = shot.frames / shot.fps
    new.name = layer.name
    new.label = py_aep.Label(layer.label)
    new.shy = layer.shy
    fill(new, layer, first, shot)
    add_markers(new, layer.markers, shot)
    new.comment = moving_tag(layer, first, shot)
    return new


def add_null(comp: py_aep.CompItem, nulls: py_aep.FolderItem | None, layer: CompLayer) -> Any:
    new: Any = comp.add_null()
    new.source.name = layer.name
    new.source.parent_folder = nulls
    new.source.pixel_aspect = comp.pixel_aspect  # what hangs on it keeps its place in pixels of the null
    new.three_d_layer = layer.kind == "null_3d"
    new["ADBE Transform Group"]["ADBE Anchor Point"].value = [0.0, 0.0, 0.0]
    return new


def fill(new: Any, layer: CompLayer, first: int, shot: DeliveryShot) -> None:
    """The keys of a new layer, that of each frame from `first`."""
    for name, rows in layer.keys.items():
        found = _property(new, name)
        if name == "position" and layer.kind == "null_2d" and len(rows) > 1:
            found.dimensions_separated = True  # keys of two numbers may get tangents, which lead past what is between
            for axis in (0, 1):
                _fill(found.get_separation_follower(axis), tuple((row[axis],) for row in rows), first, shot)
        else:
            _fill(found, rows, first, shot)


def _property(layer: Any, name: str) -> Any:
    if name in GROUPS:
        group, match_name = GROUPS[name]
        return layer[group][match_name]
    effect = layer["ADBE Effect Parade"].add_property(SLIDER)
    effect.name = name
    return effect[f"{SLIDER}-0001"]


def _fill(found: Any, rows: Rows, first: int, shot: DeliveryShot) -> None:
    deep = 100.0 if found.match_name == "ADBE Scale" else 0.0
    values = [row[0] if len(row) == 1 else [*row, deep][:3] for row in rows]
    if len(values) == 1:
        found.value = values[0]
    else:
        found.set_values_at_times([(first + at - shot.first) / shot.fps for at in range(len(values))], values)


def moving_tag(layer: CompLayer, first: int, shot: DeliveryShot) -> str:
    keys = signatures(layer, first)
    placed = {"fps": number(shot.fps), "st": 0, "ti": 0, "to": shot.frames}
    marked = markers_tag(layer.markers, 0, shot)
    return tag(layer.uid, shot.version, **placed, sy=int(layer.shy), lb=layer.label, **keys, **marked)


def signatures(layer: CompLayer, first: int) -> dict[str, str]:
    return {TAGS[name]: signature(rows, first) for name, rows in layer.keys.items()}


def add_markers(layer: Any, markers: Sequence[Marker], shot: DeliveryShot) -> None:
    for one in markers:
        value = py_aep.MarkerValue(one.words, params=OURS)
        value.duration = (one.last - one.first + 1) / shot.fps
        layer.marker.set_value_at_time((one.first - shot.first) / shot.fps, value)


def signature(rows: Rows, first: int) -> str:
    """Keys in short: how many, a hash of their frames and values, and the first of the frames."""
    keyed, found = len(rows) > 1, SEED
    for at, row in enumerate(rows):
        frame = [(first + at) * 100] if keyed else []
        found = mixed(found, [*frame, *(math.floor(one * 10000 + 0.5) for one in row)])
    return f"{len(rows)}.{found}.{first}" if keyed else f"0.{found}"
