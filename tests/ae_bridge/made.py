"""Deliveries as plain data, for the fake After Effects: no file of them exists."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.delivery import (
    Delivery,
    DeliveryAudio,
    DeliveryLayer,
    DeliveryShot,
    Effect,
    Footage,
    Matte,
    MatteClass,
    Project,
    Provenance,
    SoundFile,
    to_dict,
)
from shared.rates import fps_literal
from shared.uids import footage_uid, layer_uid, sound_uids

Data = dict[str, Any]
UID = "show/sh"
WIDTH, HEIGHT = 64, 36
FRAMES = range(1001, 1011)


def painting(name: str, frames: range = FRAMES, **changes: Any) -> DeliveryLayer:
    """A layer; `footage` changes its files, `uid` is that of the shot."""
    role, uid = changes.get("role", "painting"), changes.pop("shot", UID)
    path = f"{role}/{name}/{name}.{frames[0]:04d}.png"
    files = Footage(
        footage_uid(uid, name, role),
        f"F_{name}",
        path,
        WIDTH,
        HEIGHT,
        first=frames[0],
        last=frames[-1],
        version=changes.pop("version", 1),
    )
    files = replace(files, **changes.pop("footage", {}))
    made = Provenance(model="small", label_set="coco_stuff", seed=7)
    return replace(DeliveryLayer(layer_uid(uid, name, role), name, files, provenance=made), **changes)


def matte(name: str, frames: range = FRAMES, layer: str = "train", uid: str = UID, **changes: Any) -> DeliveryLayer:
    """A class matte as the server delivers it."""
    files = Footage(
        footage_uid(uid, layer, "matte", name),
        f"F_m_{name}",
        f"matte/{layer}_{name}.{frames[0]:04d}.png",
        WIDTH,
        HEIGHT,
        first=frames[0],
        last=frames[-1],
        data=True,
    )
    return DeliveryLayer(
        layer_uid(uid, layer, "matte", name),
        f"m_{name}",
        files,
        role="matte",
        enabled=False,
        shy=True,
        label=14,
        class_=MatteClass(3, name),
        **changes,
    )


def sound(frames: range = FRAMES, **changes: Any) -> DeliveryAudio:
    """The sound of a whole shot as the server delivers it; `footage` changes its file."""
    layer, files = sound_uids(UID)
    samples = round(len(frames) / 24 * 48000)
    made = SoundFile(files, "SH.wav", "audio/SH.wav", 48000, 2, 24, samples, frames[0])
    made = replace(made, version=changes.pop("version", 1), **changes.pop("footage", {}))
    return replace(DeliveryAudio(layer, "SH sound", made, 7), **changes)


def shot(frames: range = FRAMES, num: int = 24, den: int = 1, **changes: Any) -> DeliveryShot:
    fps = fps_literal(num, den)
    made = DeliveryShot(UID, "SH", WIDTH, HEIGHT, fps, num, den, frames[0], frames[-1], len(frames))
    return replace(made, **changes)


def delivery(*layers: DeliveryLayer, of: DeliveryShot | None = None, **changes: Any) -> Data:
    of = of or shot()
    made = Delivery(f"id{of.version}", "2026-11-23T05:00:00Z", "test", of, layers, Project())
    return to_dict(replace(made, **changes))


def cut(uid: str, kind: str = "ALPHA") -> Matte:
    return Matte(layer_uid(UID, "train", "matte", uid), kind)


def effect(layer: DeliveryLayer, name: str, **values: float) -> Effect:
    return Effect(layer.uid, name, values)


def version(number: int, *layers: DeliveryLayer, frames: range = FRAMES, **changes: Any) -> Data:
    """The delivery of version `number`; its files are in a folder of that version."""
    newer = [replace(one, footage=replace(one.footage, version=number)) for one in layers]
    return delivery(*newer, of=shot(frames, version=number), **changes)
