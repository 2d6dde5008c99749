"""Deliveries with real, small pictures, as the tests of the bridge need them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from shared.delivery import (
    Color,
    Delivery,
    DeliveryLayer,
    DeliveryShot,
    Footage,
    Matte,
    MatteClass,
    Project,
    Provenance,
    write_delivery,
)
from shared.footage import frame_path
from shared.rates import fps_literal
from shared.shot_kinds import BLENDS
from shared.uids import footage_uid, layer_uid

WIDTH, HEIGHT = 64, 36
UID = "show/sq010/sh020"


def picture(path: Path, channels: int = 4, width: int = WIDTH, height: int = HEIGHT) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shade = sum(path.name.encode()) % 200
    pixels = np.full((height, width, channels), shade, np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())  # paths that OpenCV cannot spell


def exr(path: Path) -> None:
    import OpenEXR

    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((HEIGHT, WIDTH, 4), 0.25, np.float16)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, {"RGBA": pixels}).write(str(path))


def sequence(
    folder: Path, name: str, frames: range, role: str = "painting", changes: dict[str, Any] | None = None
) -> Footage:
    """Real pictures on disk and their description."""
    path = f"{role}/{name}/{name}.{frames[0]:04d}.png"
    footage = Footage(
        uid=footage_uid(UID, name, role),
        name=f"sh020_{name}",
        path=path,
        width=WIDTH,
        height=HEIGHT,
        first=frames[0],
        last=frames[-1],
    )
    footage = replace(footage, **(changes or {}))
    write = exr if footage.path.endswith(".exr") else picture
    for number in frames if footage.sequence else frames[:1]:
        write(folder / frame_path(footage, number))
    return footage


def layer(
    folder: Path, name: str, frames: range, *, role: str = "painting", footage: Any = None, **changes: Any
) -> DeliveryLayer:
    made = sequence(folder, name, frames, role, footage)
    return replace(DeliveryLayer(layer_uid(UID, name, role), name, made, role=role), **changes)


def matte(folder: Path, name: str, frames: range, number: int) -> DeliveryLayer:
    """A class matte as the server delivers it."""
    return layer(
        folder,
        f"m_{name}",
        frames,
        role="matte",
        footage={"data": True},
        enabled=False,
        shy=True,
        label=14,
        class_=MatteClass(number, name, (number, 0, 0)),
    )


def shot(frames: range, num: int = 24, den: int = 1, **changes: Any) -> DeliveryShot:
    made = DeliveryShot(
        uid=UID,
        name="SQ010_SH020",
        width=WIDTH,
        height=HEIGHT,
        fps=fps_literal(num, den),
        fps_num=num,
        fps_den=den,
        first=frames[0],
        last=frames[-1],
        frames=len(frames),
        version=3,
    )
    return replace(made, **changes)


def deliver(folder: Path, of: DeliveryShot, *layers: DeliveryLayer, **changes: Any) -> Path:
    delivery = Delivery("id", "2026-11-23T05:00:00Z", "test", of, layers)
    return write_delivery(replace(delivery, **changes), folder)


def two_layers(folder: Path, frames: range = range(1001, 1004)) -> list[DeliveryLayer]:
    made = Provenance(model="small", label_set="coco_stuff", seed=7)
    return [
        layer(folder, "train", frames, provenance=made),
        layer(folder, "environment", frames, blend="SCREEN", opacity=62.5),
    ]


def film(folder: Path) -> Path:
    return deliver(folder, shot(range(1001, 1004)), *two_layers(folder))


def ntsc(folder: Path) -> Path:
    frames = range(1001, 1049)
    return deliver(folder, shot(frames, 24000, 1001), *two_layers(folder, frames))


def pal_from_zero(folder: Path) -> Path:
    return deliver(folder, shot(range(0, 5), 25), *two_layers(folder, range(0, 5)))


def one_frame(folder: Path) -> Path:
    return deliver(folder, shot(range(0, 1), 30000, 1001), *two_layers(folder, range(0, 1)))


def from_below_zero(folder: Path) -> Path:
    of = shot(range(-5, 3), 60000, 1001)
    return deliver(folder, of, layer(folder, "train", range(0, 8), footage={"start": -5}))


def anamorphic(folder: Path) -> Path:
    frames = range(1, 4)
    of = shot(frames, 30, pixel_aspect=2.0)
    return deliver(folder, of, layer(folder, "train", frames, footage={"pixel_aspect": 2.0}))


def handles(folder: Path) -> Path:
    """Footage that begins before the shot, after it, and that ends before it."""
    of = shot(range(1009, 1017), 24000, 1001)
    return deliver(
        folder,
        of,
        layer(folder, "both", range(1001, 1025)),
        layer(folder, "late", range(1012, 1017)),
        layer(folder, "short", range(1009, 1011)),
        layer(folder, "renumbered", range(1, 9), footage={"start": 1009}),
    )


def late_in_a_long_shot(folder: Path) -> Path:
    """Where a frame of 1/23.976 s and one of 1001/24000 s are no longer the same."""
    of = shot(range(1, 30_001), 24000, 1001)
    return deliver(folder, of, layer(folder, "train", range(29_990, 29_993)))


def stills(folder: Path) -> Path:
    frames = range(1001, 1004)
    plain = {"sequence": False, "path": "backdrop.png"}
    numbered = {"sequence": False, "path": "labels_v003.png", "alpha": "IGNORE", "data": True}
    return deliver(
        folder,
        shot(frames),
        layer(folder, "labels", frames, role="labels", footage=numbered, guide=True, enabled=False),
        layer(folder, "train", frames),
        layer(folder, "backdrop", frames, footage=plain),
    )


def three_mattes(folder: Path) -> Path:
    frames = range(1001, 1004)
    mattes = [matte(folder, name, frames, n) for n, name in enumerate(("tree", "river", "sky-other"))]
    train, environment = two_layers(folder)
    train = replace(train, matte=Matte(mattes[1].uid))
    environment = replace(environment, matte=Matte(mattes[0].uid, "ALPHA_INVERTED"))
    third = layer(folder, "haze", frames, matte=Matte(mattes[1].uid, "LUMA"), label=9)
    return deliver(folder, shot(frames), third, train, environment, *mattes)


def fourteen_mattes(folder: Path) -> Path:
    """More than fit beside the layers; two of them are in use."""
    frames = range(1001, 1003)
    mattes = [matte(folder, f"class {n}", frames, n) for n in range(14)]
    train = layer(folder, "train", frames, matte=Matte(mattes[12].uid))
    again = layer(folder, "again", frames, matte=Matte(mattes[3].uid, "LUMA_INVERTED"))
    return deliver(folder, shot(frames), train, again, *mattes)


def odd_names(folder: Path) -> Path:
    folder = folder / "dé l;iv 100% [x] 列車 ' &"
    frames = range(1001, 1004)
    of = shot(frames, name="sh 020 – 列車 50% (final) and a name that is longer than thirty-one characters")
    odd = {"path": "tr%20 é/列車 %04d #1.[x].1001.png", "name": "n" * 200}
    return deliver(folder, of, layer(folder, "列" * 60, frames, footage=odd), *two_layers(folder, frames))


def linear_exr(folder: Path) -> Path:
    frames = range(1001, 1004)
    half = {"path": "exr/train.1001.exr", "alpha": "PREMULTIPLIED", "color": "scene_linear_rec709"}
    project = Project(32, Color(linearize=True))
    return deliver(folder, shot(frames), layer(folder, "train", frames, footage=half), project=project)


def beyond_its_padding(folder: Path) -> Path:
    frames = range(9998, 10003)
    return deliver(folder, shot(frames), layer(folder, "train", frames))


def stale_frames(folder: Path) -> Path:
    """An earlier, longer render left frames on both sides."""
    layers = [layer(folder, "train", range(1001, 1011))]
    sequence(folder, "train", range(995, 1021))
    return deliver(folder, shot(range(1001, 1011)), *layers)


def every_blend_and_label(folder: Path) -> Path:
    frames = range(1, 2)
    layers = [
        layer(folder, blend.lower(), frames, blend=blend, label=n % 17, opacity=float(n), shy=n % 3 == 0)
        for n, blend in enumerate(BLENDS)
    ]
    return deliver(folder, shot(frames), *layers, project=Project(apply="never"))


DELIVERIES: list[Callable[[Path], Path]] = [
    film,
    ntsc,
    pal_from_zero,
    one_frame,
    from_below_zero,
    anamorphic,
    handles,
    late_in_a_long_shot,
    stills,
    three_mattes,
    fourteen_mattes,
    odd_names,
    linear_exr,
    beyond_its_padding,
    stale_frames,
    every_blend_and_label,
]
