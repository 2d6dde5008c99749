"""Layers that have no picture (a camera, nulls, joints), in a project that is written without After Effects.

What `jsx/src/moving.jsx` does inside After Effects; both take the same files of `shared.comp_tracks`, and the tags
agree, so that After Effects updates what was made here.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import py_aep

from ae_bridge.tags import number, tag
from shared.comp_tracks import CompLayer, read_comp_tracks
from shared.delivery import Delivery, DeliveryShot
from shared.tracks import Rows

PRIME, FACTOR = 2**31 - 1, 48271
GROUPS = {
    "position": ("ADBE Transform Group", "ADBE Position"),
    "orientation": ("ADBE Transform Group", "ADBE Orientation"),
    "zoom": ("ADBE Camera Options Group", "ADBE Camera Zoom"),
}
TAGS = {"position": "kp", "orientation": "ko", "zoom": "kz", "confidence": "kc"}
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
        new = comp.add_null()
        new.source.name = layer.name
        new.source.parent_folder = nulls
        new.three_d_layer = layer.kind == "null_3d"
        new["ADBE Transform Group"]["ADBE Anchor Point"].value = [0.0, 0.0, 0.0]
    new.start_time = new.in_point = 0.0
    new.out_point = shot.frames / shot.fps
    new.name = layer.name
    new.label = py_aep.Label(layer.label)
    new.shy = layer.shy
    for name, rows in layer.keys.items():
        _fill(_property(new, name), rows, first, shot)
    new.comment = moving_tag(layer, first, shot)
    return new


def _property(layer: Any, name: str) -> Any:
    if name in GROUPS:
        group, match_name = GROUPS[name]
        return layer[group][match_name]
    effect = layer["ADBE Effect Parade"].add_property(SLIDER)
    effect.name = name
    return effect[f"{SLIDER}-0001"]


def _fill(found: Any, rows: Rows, first: int, shot: DeliveryShot) -> None:
    values = [row[0] if len(row) == 1 else [*row, 0.0][:3] for row in rows]
    if len(values) == 1:
        found.value = values[0]
    else:
        found.set_values_at_times([(first + at - shot.first) / shot.fps for at in range(len(values))], values)


def moving_tag(layer: CompLayer, first: int, shot: DeliveryShot) -> str:
    keys = {TAGS[name]: signature(rows, first) for name, rows in layer.keys.items()}
    placed = {"fps": number(shot.fps), "st": 0, "ti": 0, "to": shot.frames}
    return tag(layer.uid, shot.version, **placed, sy=int(layer.shy), lb=layer.label, **keys)


def signature(rows: Rows, first: int) -> str:
    """Keys in short: how many, and a hash of their frames and values."""
    keyed, found = len(rows) > 1, 7
    for at, row in enumerate(rows):
        frame = [(first + at) * 100] if keyed else []
        for value in [*frame, *(math.floor(one * 10000 + 0.5) for one in row)]:
            found = (found * FACTOR + value % PRIME) % PRIME
    return f"{len(rows) if keyed else 0}.{found}"
