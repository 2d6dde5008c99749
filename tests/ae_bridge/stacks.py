"""Deliveries with soft edges, mattes, modes, handles, and what one sees of them: computed here, by nothing of ours.

Pictures are smooth and differ by layer and frame, so that a wrong frame, order or alpha is far off.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import OpenEXR

from shared.delivery import Delivery, DeliveryLayer, Matte, read_delivery
from shared.footage import frame_path
from tests.ae_bridge.deliveries import HEIGHT, WIDTH, deliver, layer, shot

FRAMES = range(1001, 1005)
BACKDROPS = ((0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0), (0.2, 0.5, 0.8, 1.0), (0.0, 0.0, 0.0, 0.0))
MODES = ("MULTIPLY", "SCREEN", "DARKEN", "LIGHTEN", "ADD", "DIFFERENCE", "EXCLUSION", "OVERLAY")


def pixels(name: str, number: int) -> np.ndarray:
    """(H, W, 4) straight RGBA, 0-1: waves, and an alpha from nothing to all."""
    seed = sum(name.encode()) * 0.7 + number * 2.3
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / 11
    waves = [np.sin(x * (1 + c / 3) + seed + c) * np.cos(y - seed * c) for c in range(4)]
    rgb = [wave / 2 + 0.5 for wave in waves[:3]]
    return np.dstack([*rgb, np.clip(waves[3] + 0.5, 0, 1)])


def paint(folder: Path, *layers: DeliveryLayer) -> None:
    for one in layers:
        footage = one.footage
        numbers = range(footage.first, footage.last + 1) if footage.sequence else [0]
        for number in numbers:
            rgba = pixels(one.name, number)
            if one.role == "matte" and one.footage.data:
                rgba[..., :3] = 1
            file = folder / frame_path(footage, number)
            if file.suffix == ".exr":
                rgba[..., :3] *= rgba[..., 3:]
                half = np.ascontiguousarray(rgba.astype(np.float16))
                header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
                OpenEXR.File(header, {"RGBA": half}).write(str(file))
            else:
                bgra = np.round(rgba[..., [2, 1, 0, 3]] * 255).astype(np.uint8)
                file.write_bytes(cv2.imencode(".png", bgra)[1].tobytes())


def rich(folder: Path) -> Path:
    """All that a comp can have."""
    early = range(999, 1007)
    ground = layer(folder, "ground", early)
    still = layer(folder, "still", FRAMES, footage={"sequence": False, "path": "still_v003.png"}, opacity=40.0)
    late = layer(folder, "late", range(1003, 1005))
    moved = layer(folder, "moved", range(1, 5), footage={"start": 1001}, opacity=62.5)
    sky = layer(folder, "m_sky", FRAMES, role="matte", footage={"data": True}, enabled=False, shy=True)
    tree = layer(folder, "m_tree", FRAMES, role="matte", footage={"data": True}, enabled=False, matte=Matte(sky.uid))
    title = layer(folder, "title", FRAMES, matte=Matte(tree.uid, "ALPHA_INVERTED"))
    solid = layer(folder, "solid", FRAMES, footage={"alpha": "IGNORE"}, matte=Matte(tree.uid), opacity=80.0)
    off = layer(folder, "off", FRAMES, enabled=False)
    labels = layer(folder, "labels", FRAMES, role="labels", footage={"data": True, "alpha": "IGNORE"}, guide=True)
    layers = [labels, title, off, moved, late, solid, still, ground, tree, sky]
    paint(folder, *layers)
    layered = {"path": "passes/crypto.1001.exr", "alpha": "IGNORE", "data": True}
    crypto = layer(folder, "crypto", FRAMES, role="cryptomatte", footage=layered, guide=True, enabled=False)
    for number in FRAMES:
        planes = {f"object00.{c}": np.zeros((HEIGHT, WIDTH), np.float32) for c in "RGBA"}
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        OpenEXR.File(header, planes).write(str(folder / frame_path(crypto.footage, number)))
    return deliver(folder, shot(FRAMES), *layers, crypto)


def modes(folder: Path) -> Path:
    layers = [layer(folder, mode.lower(), FRAMES[:1], blend=mode, opacity=70.0) for mode in MODES]
    ground = layer(folder, "ground", FRAMES[:1])
    paint(folder, *layers, ground)
    return deliver(folder, shot(FRAMES[:1]), *layers, ground)


def linear(folder: Path) -> Path:
    """Half float, premultiplied, frames before zero."""
    half = {"path": "exr/top.0000.exr", "alpha": "PREMULTIPLIED", "color": "linear Rec.709", "start": -2}
    top = layer(folder, "top", range(0, 3), footage=half)
    ground = layer(folder, "ground", range(0, 3), footage={**half, "path": "exr/ground.0000.exr"})
    paint(folder, top, ground)
    return deliver(folder, shot(range(-2, 1), 24000, 1001, pixel_aspect=2.0), top, ground)


# --- what one sees ----------------------------------------------------------------------------------------


def seen(delivery: Path, frame: int, backdrop: tuple[float, ...]) -> np.ndarray:
    """(H, W, 4): straight RGBA of the comp over a colour, in the values of the files."""
    read = read_delivery(delivery)
    picture = np.broadcast_to(np.array(backdrop), (read.shot.height, read.shot.width, 4)).copy()
    for one in reversed(read.layers):
        if one.enabled and not one.guide:
            picture = _onto(picture, _layer(read, delivery.parent, one, frame), one.blend)
    return picture


def _layer(read: Delivery, folder: Path, one: DeliveryLayer, frame: int) -> np.ndarray:
    footage = one.footage
    number = frame - footage.start_frame + footage.first
    if footage.sequence and not footage.first <= number <= footage.last:
        return np.zeros((read.shot.height, read.shot.width, 4))
    file = folder / frame_path(footage, number)
    if file.suffix == ".exr":
        rgba = OpenEXR.File(str(file)).channels()["RGBA"].pixels.astype(np.float64)
    else:
        rgba = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3]] / 255
    if footage.alpha == "PREMULTIPLIED":
        rgba[..., :3] /= np.maximum(rgba[..., 3:], 1e-6)
    if footage.alpha == "IGNORE":
        rgba[..., 3] = 1
    rgba[..., 3] *= one.opacity / 100
    if one.matte:
        by = next(other for other in read.layers if other.uid == one.matte.uid)
        cover = _layer(read, folder, replace(by, opacity=100.0), frame)[..., 3]
        rgba[..., 3] *= 1 - cover if one.matte.type == "ALPHA_INVERTED" else cover
    return rgba


def _onto(below: np.ndarray, above: np.ndarray, mode: str) -> np.ndarray:
    b, s = below[..., 3:], above[..., 3:]
    under, over = below[..., :3], above[..., :3]
    both = {
        "NORMAL": over,
        "MULTIPLY": under * over,
        "SCREEN": 1 - (1 - under) * (1 - over),
        "DARKEN": np.minimum(under, over),
        "LIGHTEN": np.maximum(under, over),
        "ADD": np.minimum(1, under + over),
        "DIFFERENCE": abs(under - over),
        "EXCLUSION": under + over - 2 * under * over,
        "OVERLAY": np.where(under <= 0.5, 2 * under * over, 1 - 2 * (1 - under) * (1 - over)),
    }[mode]
    alpha = s + b - s * b
    colour = s * (1 - b) * over + s * b * both + (1 - s) * b * under
    return np.dstack([colour / np.maximum(alpha, 1e-9), alpha])


def encoded(linear: np.ndarray) -> np.ndarray:
    """The values of sRGB (IEC 61966-2-1) for linear ones."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)


def decoded(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((np.maximum(values, 0) + 0.055) / 1.055) ** 2.4)
