"""Takes: nothing that was delivered is painted over.

A folder holds one look of a shot: what paints its layers (model, options, seed, hold, scale) is the same on every
frame. Asked for with another look, the painting goes into a take beside the folder: `sh020`, `sh020_take002`,
`sh020_take003` ... A take is found by what is in it, so the same request again goes on in the same take. New passes in
the same look are a new version of the delivery, in place.

Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Iterator, List, Mapping, Optional

from shared.delivery import Delivery, DeliveryLayer, Provenance, of_version, read_delivery
from shared.errors import InputRefused, SemrenderError

MOST = 1000
HEAD = 2**17  # bytes of a painted file in which its provenance stands

SETTINGS = ("hold", "scale", "paint_size", "fill")  # of the shot, as texts

Look = Mapping[str, Any]  # "model", "model_hash", "seed", "options" {name: text}, and where known those of SETTINGS


def takes(folder: Path) -> Iterator[Path]:
    """The folder itself, then the takes beside it. Raises InputRefused after a thousand."""
    yield folder
    base, _, number = folder.name.partition("_take")
    for take in range(int(number) + 1 if number.isdigit() else 2, MOST):
        yield folder.with_name(f"{base}_take{take:03d}")
    raise InputRefused("there are too many takes", file=folder, remedy="Remove some")


def earlier(folder: Path) -> Iterator[Path]:
    """The folder and the takes that a take lies beside, as far as they are there."""
    base, take, number = folder.name.partition("_take")
    if take and number.isdigit():
        names = [base, *(f"{base}_take{one:03d}" for one in range(2, int(number)))]
        yield from (path for path in map(folder.with_name, names) if path.is_dir())


def differences(before: Look, now: Look) -> List[str]:
    """What differs between two looks, in words: `seed 0 -> 5`. What one of them does not know is not compared."""
    words = []
    if before["model_hash"] != now["model_hash"]:
        renamed = before["model"] != now["model"]
        words.append(f"model {before['model']} -> {now['model']}" if renamed else f"{now['model']} was changed")
    for name in ("seed", *SETTINGS):
        if name in before and name in now and before[name] != now[name]:
            words.append(f"{name} {_said(before[name])} -> {_said(now[name])}")
    if before["model"] == now["model"]:
        old, new = before["options"], now["options"]
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                words.append(f"{name} {_said(old.get(name))} -> {_said(new.get(name))}")
    return words


def _said(value: Any) -> str:
    return "-" if value in (None, "") else str(value)


def look_of(header: Mapping[str, Any]) -> Look:
    """The look that the header of a painted file tells; one of an earlier version tells less."""
    model = header["model"]
    look = {"model": model["name"], "model_hash": model["hash"], "seed": header["seed"] or 0}
    options = {name: str(value) for name, value in header["options"].items()}
    return {**look, "options": options, **{name: header[name] for name in SETTINGS if name in header}}


def looks_of(layer: DeliveryLayer) -> List[Look]:
    """The looks that a delivered layer is made of; one, unless somebody painted over it on purpose."""
    return [_look(one) for one in (layer.provenance, *(part.provenance for part in layer.parts))]


def _look(provenance: Provenance) -> Look:
    return {name: value for name, value in asdict(provenance).items() if value is not None}


def delivery_in(folder: Path) -> Optional[Delivery]:
    """The delivery of a folder; None where there is no readable one."""
    try:
        return read_delivery(folder)
    except SemrenderError:
        return None


def take_for(delivery: Delivery, folder: Path) -> Path:
    """Where a delivery that comes from elsewhere belongs: the folder asked for, or the first take in its look."""
    for take in takes(folder):
        there = delivery_in(take)
        if there is None or there.shot.uid != delivery.shot.uid:
            return take
        delivered = {layer.uid: layer for layer in there.layers if layer.role == "painting"}
        if not any(
            differences(before, now)
            for layer in delivery.layers
            if layer.uid in delivered
            for before in looks_of(delivered[layer.uid])
            for now in looks_of(layer)
        ):
            return take
    raise AssertionError  # `takes` ends with an error


def joined(before: Optional[Delivery], now: Delivery) -> Delivery:
    """The delivery of a folder that had one and gets files of another: as much of the shot as is there.

    now: in the look of the one before. A range of its frames, or some of its layers, leave the rest as it was.
    """
    if before is None or before.shot.uid != now.shot.uid:
        return now
    old, new = before.shot, now.shot
    version = old.version + (before.delivery_id.rpartition("_")[2] != now.delivery_id.rpartition("_")[2])
    now = replace(now, audio=of_version(now.audio, version), notices=now.notices or before.notices)
    fresh = {one.uid: replace(one, footage=replace(one.footage, version=version)) for one in now.layers}
    shot = replace(new, version=version)
    if (old.width, old.height) != (new.width, new.height) or not old.first <= new.first <= new.last <= old.last:
        return replace(now, shot=shot, layers=tuple(fresh.values()))
    layers = before.layers
    if (old.first, old.last) == (new.first, new.last):
        added = [one for uid, one in fresh.items() if uid not in {one.uid for one in layers}]
        layers = (*(fresh.get(one.uid, one) for one in layers), *added)
    shot = replace(shot, first=old.first, last=old.last, frames=old.frames)
    made = replace(now, shot=shot, layers=layers)
    same = replace(made, delivery_id=before.delivery_id, created=before.created, generator=before.generator)
    return before if same == before else made


def key_of(file: Path) -> Optional[str]:
    """The key in the header of a painted picture or matte; None where there is none."""
    try:
        with file.open("rb") as opened:
            head = opened.read(HEAD)
        header = json.loads(_png_text(head) if file.suffix == ".png" else _exr_text(head))
        return str(header["key"])
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return None


def _png_text(head: bytes) -> bytes:
    at = 8
    while True:
        length, kind = struct.unpack(">I4s", head[at : at + 8])
        if kind == b"iTXt" and head.startswith(b"semrender\0", at + 8):
            return head[at + 8 + len("semrender") + 5 : at + 8 + length]
        at += length + 12


def _exr_text(head: bytes) -> bytes:
    found = re.search(rb"\0semrender\0string\0", head)
    if found is None:
        raise ValueError
    (length,) = struct.unpack("<i", head[found.end() : found.end() + 4])
    return head[found.end() + 4 : found.end() + 4 + length]
