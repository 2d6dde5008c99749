"""Deliveries of a shot of three frames, and their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.delivery import (
    Color,
    Delivery,
    DeliveryLayer,
    DeliveryShot,
    Effect,
    Footage,
    Matte,
    MatteClass,
    Project,
    Provenance,
    write_delivery,
)
from shared.footage import frame_path
from shared.uids import footage_uid, layer_uid, shot_uid

SHOT = shot_uid("ride", "sh020")


def painting(name: str = "train", **changes: Any) -> DeliveryLayer:
    footage = Footage(
        uid=footage_uid(SHOT, name, "painting"),
        name=f"sh020_{name}",
        path=f"{name}/sh020_{name}.1001.png",
        width=64,
        height=36,
        first=1001,
        last=1003,
    )
    return replace(DeliveryLayer(uid=layer_uid(SHOT, name, "painting"), name=name, footage=footage), **changes)


def full() -> Delivery:
    """Every key at something else than its default."""
    train = painting(
        label=9,
        blend="MULTIPLY",
        guide=True,
        opacity=62.5,
        matte=Matte(layer_uid(SHOT, "train", "matte", "train"), "ALPHA_INVERTED"),
        provenance=Provenance("small", "sha256:ab", "Apache-2.0", "coco_stuff", "sha256:cd", 7, {"strength": "0.5"}),
    )
    still = Footage(
        uid=footage_uid(SHOT, "train", "matte", "train"),
        name="m_train_train",
        path="mattes/train.png",
        width=64,
        height=36,
        sequence=False,
        pixel_aspect=2.0,
        alpha="IGNORE",
        color="none",
        data=True,
        version=3,
        sha1_first="da39a3ee",
    )
    matte = DeliveryLayer(
        uid=layer_uid(SHOT, "train", "matte", "train"),
        name="m_train_train",
        footage=still,
        role="matte",
        enabled=False,
        shy=True,
        class_=MatteClass(6, "train", (0, 80, 100)),
    )
    return Delivery(
        delivery_id="2026-11-23T05-00-00Z_ab12",
        created="2026-11-23T05:00:00Z",
        generator="semrender 0.1",
        shot=DeliveryShot(SHOT, "sh020 – 列車", 64, 36, 23.976, 24000, 1001, 1001, 1003, 3, 2.0, 3),
        layers=(train, matte),
        project=Project(32, Color("ocio", "ACEScg", True, "//srv/config.ocio"), "never"),
        effects=(Effect(train.uid, "Cryptomatte", {"Cryptomatte-0002": 1.0}),),
    )


def minimal() -> Delivery:
    shot = DeliveryShot(SHOT, "sh020", 64, 36, 24.0, 24, 1, 1001, 1003, 3)
    return Delivery("id", "2026-11-23T05:00:00Z", "", shot, (painting(),))


def on_disk(folder: Path, delivery: Delivery) -> Path:
    """The delivery with a file for every frame; what is in them does not matter here."""
    for layer in delivery.layers:
        for number in range(layer.footage.first, layer.footage.last + 1):
            path = folder / frame_path(layer.footage, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"picture")
    return write_delivery(delivery, folder)
