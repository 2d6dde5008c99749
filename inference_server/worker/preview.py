"""A picture and a short animation of a delivery: what came in beside the painted layers, composited."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.worker import outputs
from inference_server.worker.plan import LayerPlan, Plan
from shared.label_set import NOTHING
from shared.passes import read_label_pass
from shared.passes.clip_pass import read_picture
from shared.passes.colour import colours
from shared.srgb import from_light

PICTURE_WIDTH = 960  # of each half, at most
ANIMATION_WIDTH = 288
ANIMATION_FRAMES = 48  # at most; a longer shot is sampled evenly
THREADS = 2

Pixels = NDArray[np.uint8]


@dataclass
class Previews:
    """Pictures of the animation, made while the device paints other frames."""

    written: dict[int, set[str]] = field(default_factory=dict)  # frame -> layers painted by this worker
    ready: dict[int, Pixels] = field(default_factory=dict)


def animated(frames: Sequence[int]) -> Sequence[int]:
    """The frames of the animation: all of a short shot, evenly spaced ones of a long one."""
    return frames[:: -(-len(frames) // ANIMATION_FRAMES)]


def write_previews(
    plan: Plan, frames: list[int], now: str, folder: Path, ready: Mapping[int, Pixels]
) -> tuple[Path, Path | None]:
    """Write preview.png (the middle frame) and, for more than one frame, preview.webp, where they do not show `now`.

    ready: pictures of the animation that were made while other frames were painted.
    """
    picture, animation = folder / "preview.png", folder / "preview.webp"
    found = outputs.read_metadata(picture) if len(frames) == 1 or animation.is_file() else None
    if found is not None and found.get("shows") == now:
        return picture, animation if len(frames) > 1 else None
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_itxt(outputs.KEYWORD, json.dumps({"shows": now}))
    encoded = io.BytesIO()
    _image(side_by_side(plan, frames[len(frames) // 2], PICTURE_WIDTH)).save(encoded, "PNG", pnginfo=about)
    if len(frames) == 1:
        outputs.place(picture, encoded.getvalue())
        return picture, None
    shown = animated(frames)
    with ThreadPoolExecutor(THREADS) as pool:
        halves = list(pool.map(lambda f: ready[f] if f in ready else side_by_side(plan, f, ANIMATION_WIDTH), shown))
    duration = round(1000 * (shown[1] - shown[0]) * plan.shot.fps_den / plan.shot.fps_num)
    first, *others = [_image(pixels) for pixels in halves]
    # Without key frames in between every frame is encoded once, not twice.
    settings = {"duration": duration, "loop": 0, "quality": 70, "method": 0, "kmin": 0, "kmax": 0}
    moving = io.BytesIO()
    first.save(moving, "WEBP", save_all=True, append_images=others, **settings)
    outputs.place(animation, moving.getvalue())
    outputs.place(picture, encoded.getvalue())  # last: it says what both show
    return picture, animation


def shows(plan: Plan, frames: list[int], keys: Mapping[str, list[str]]) -> str:
    """Hash of all that the previews and the movie depend on. keys: by layer, those of its frames."""
    layers = [
        [own.layer.name, own.layer.blend, own.layer.opacity, keys[own.layer.name]] for own in plan.layers.values()
    ]
    return hashlib.sha256(json.dumps([frames, layers]).encode()).hexdigest()


def side_by_side(plan: Plan, frame: int, width: int) -> Pixels:
    """(h, 2w, 3): the passes as they came, and what was made of them, at most `width` wide; (h, w, 3) without any."""
    if all(own.outline is None for own in plan.layers.values()):
        return composite(plan, frame, width)
    return np.concatenate([before(plan, frame, width), composite(plan, frame, width)], 1)


def before(plan: Plan, frame: int, width: int) -> Pixels:
    """(h, w, 3): class colours of the context where there is one, else the passes of the layers over one another."""
    own = next(one for one in plan.layers.values() if one.outline is not None)
    if plan.context is not None and own.labels is not None:
        ids = read_label_pass(plan.context.file(frame), own.label_set, plan.context_read).ids
        return colours(own.label_set, _thin(ids, width))
    picture: Pixels | None = None
    for own in reversed(plan.layers.values()):
        if own.outline is None:
            continue
        coloured, there = _pass_picture(own, frame, width)
        picture = coloured if picture is None else np.where(there[..., None], coloured, picture)
    assert picture is not None
    return picture


def _pass_picture(own: LayerPlan, frame: int, width: int) -> tuple[Pixels, NDArray[np.bool_]]:
    """The colours (h, w, 3) of a layer's classes, or its picture where it has no labels; and (h, w) where it is."""
    if own.labels is None:
        assert own.outline is not None
        found = read_picture(own.outline, frame)
        return outputs.to_bytes(_shrink(found.colour, width)), _shrink(found.alpha, width) > 0
    ids = _thin(read_label_pass(own.labels.file(frame), own.label_set, own.read).ids, width)
    return colours(own.label_set, ids), ids != NOTHING


def composite(plan: Plan, frame: int, width: int) -> Pixels:
    """`painted` with 8 bits."""
    result: Pixels = (painted(plan, frame, width) * 255 + 0.5).astype(np.uint8)
    return result


def painted(plan: Plan, frame: int, width: int) -> NDArray[np.float32]:
    """The painted layers (h, w, 3), 0..1 sRGB, over one another, top first in the plan, over black."""
    picture: NDArray[np.float32] | None = None
    for name, own in reversed(plan.layers.items()):
        colour, alpha = _read(plan, name, own, frame, width)
        under = np.zeros_like(colour) if picture is None else picture
        picture = colour * alpha + under * (1 - alpha)
    assert picture is not None
    return picture


def _read(
    plan: Plan, name: str, own: LayerPlan, frame: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colour (h, w, 3) sRGB-encoded and alpha (h, w, 1) of a finished frame, times the layer's opacity."""
    path = plan.picture_path(name, frame)
    if path.suffix == ".png":
        import cv2

        stored: Any = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
        pixels = _shrink(stored, width).astype(np.float32) / np.float32(255)
        colour, alpha = pixels[..., 2::-1], pixels[..., 3:]
    else:
        import OpenEXR

        pixels = _shrink(OpenEXR.File(str(path)).channels()["RGBA"].pixels.astype(np.float32), width)
        alpha = pixels[..., 3:]
        colour = from_light(pixels[..., :3] / np.maximum(alpha, 1e-4))
    return colour, alpha * np.float32(own.layer.opacity / 100)


def _size(pixels: NDArray[Any], width: int) -> tuple[int, int]:
    height, wide = pixels.shape[:2]
    return (wide, height) if wide <= width else (width, max(1, round(height * width / wide)))


def _shrink(pixels: NDArray[Any], width: int) -> NDArray[Any]:
    """A picture at most `width` wide, averaged."""
    import cv2

    size = _size(pixels, width)
    return pixels if size == pixels.shape[1::-1] else np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _thin(ids: NDArray[np.uint16], width: int) -> NDArray[np.uint16]:
    """Ids at most `width` wide, never averaged."""
    wide, high = _size(ids, width)
    rows = (np.arange(high) * ids.shape[0] // high)[:, None]
    thinned: NDArray[np.uint16] = ids[rows, np.arange(wide) * ids.shape[1] // wide]
    return thinned


def _image(pixels: Pixels) -> Any:
    from PIL import Image

    return Image.fromarray(pixels)
