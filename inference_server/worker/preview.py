"""A picture and a short animation of a delivery: what came in beside the painted layers, composited."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference_server.provenance import source_type
from inference_server.worker import faces, outputs, png_chunks, sealing
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

LABELLED = 1  # how the label is drawn; another way makes the previews anew

Pixels = NDArray[np.uint8]
T = TypeVar("T", np.uint8, np.uint16)


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
    about.add_itxt(png_chunks.KEYWORD, json.dumps({"shows": now}))
    kind = faces.source_type_of(plan.layers.values())
    if kind:
        about.add_itxt("XML:com.adobe.xmp", source_type.packet(kind))
    middle, encoded = frames[len(frames) // 2], io.BytesIO()
    _image(side_by_side(plan, middle, PICTURE_WIDTH)).save(encoded, "PNG", pnginfo=about)
    still = sealing.embedded(plan, middle, encoded.getvalue(), picture)
    if len(frames) == 1:
        outputs.place(picture, still)
        return picture, None
    shown = animated(frames)
    with ThreadPoolExecutor(THREADS) as pool:
        halves = list(pool.map(lambda f: ready[f] if f in ready else side_by_side(plan, f, ANIMATION_WIDTH), shown))
    duration = round(1000 * (shown[1] - shown[0]) * plan.shot.fps_den / plan.shot.fps_num)
    first, *others = [_image(pixels) for pixels in halves]
    # Without key frames in between every frame is encoded once, not twice.
    settings: dict[str, Any] = {"duration": duration, "loop": 0, "quality": 70, "method": 0, "kmin": 0, "kmax": 0}
    if kind:
        settings["xmp"] = source_type.packet(kind).encode()
    moving = io.BytesIO()
    first.save(moving, "WEBP", save_all=True, append_images=others, **settings)
    outputs.place(animation, sealing.embedded(plan, middle, moving.getvalue(), animation))
    outputs.place(picture, still)  # last: it says what both show
    return picture, animation


def shows(plan: Plan, frames: list[int], keys: Mapping[str, list[str]]) -> str:
    """Hash of all that the previews and the movie depend on. keys: by layer, those of its frames."""
    layers = [
        [own.layer.name, own.layer.blend, own.layer.opacity, keys[own.layer.name]] for own in plan.layers.values()
    ]
    owns = plan.layers.values()
    label = faces.notice(owns)
    more = [label, LABELLED, sealing.signer(owns)] if label else []
    return hashlib.sha256(json.dumps([frames, layers, *more]).encode()).hexdigest()


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
    """`painted` with 8 bits, and the visible label of a changed face."""
    picture, _ = painted(plan, frame, width)
    result: Pixels = labelled((picture * 255 + 0.5).astype(np.uint8), faces.notice(plan.layers.values()))
    return result


def labelled(pixels: NDArray[T], label: str) -> NDArray[T]:
    """Whole numbers (h, w, 3) with a label at the bottom left, sized by the picture; without one they are as given."""
    if not label:
        return pixels
    from PIL import Image, ImageDraw, ImageFont

    height, width = pixels.shape[:2]
    size = max(9, min(height, width) // 18)
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(label)
    margin = size // 2
    box = Image.new("L", (round(right - left) + 2 * margin, round(bottom - top) + 2 * margin))
    ImageDraw.Draw(box).text((margin - left, margin - top), label, fill=255, font=font)
    text = np.asarray(box, np.float32)[: height - margin, : width - margin, None] / 255
    high, wide = text.shape[:2]
    result = pixels.copy()
    there = result[height - margin - high : height - margin, margin : margin + wide]
    most = np.iinfo(pixels.dtype).max
    there[:] = np.round(there * 0.4 * (1 - text) + most * text).astype(pixels.dtype)
    return result


def painted(plan: Plan, frame: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The painted layers (h, w, 3), 0..1 sRGB, over one another, top first in the plan, over black or over the plate
    that the lowest one is a patch of; and how much of each pixel (h, w) is of layers that carry a mark."""
    picture: NDArray[np.float32] | None = None
    covered: NDArray[np.float32] | None = None
    for name, own in reversed(plan.layers.items()):
        colour, alpha = _read(plan, name, own, frame, width)
        if picture is None or covered is None:
            picture, covered = _plate(own, frame, width, colour), np.zeros_like(alpha)
        carries = np.float32(faces.number(own) is not None)
        picture = colour * alpha + picture * (1 - alpha)
        covered = carries * alpha + covered * (1 - alpha)
    assert picture is not None and covered is not None
    return picture, covered[..., 0]


def _plate(own: LayerPlan, frame: int, width: int, colour: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a layer's painting lies over (h, w, 3): the picture that it is a part of, else black."""
    if own.labels is not None or own.outline is None or not own.card.makes.alpha:
        return np.zeros_like(colour)
    found = read_picture(own.outline, frame)
    shown = _shrink(found.colour * found.alpha[..., None], width)
    return shown if shown.shape == colour.shape else np.zeros_like(colour)


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
