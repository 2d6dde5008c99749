"""How calm painted frames are, measured with the renderer's exact motion.

`python -m benchmarks.warping_error --labels L.####.png --motion M.####.exr [--beauty B.####.png] [--painted P.####.png]
 [--model NAME] [--seed N]`

The warping error is the mean absolute difference, in 8-bit codes, between a frame and the one before it moved by the
motion pass, over pixels seen in both. Blur makes anything calm, so the sharpness of the same frames stands beside it
(mean square of the difference to a 5x5 mean, in squared codes of luma, over the same pixels). Painted are the
model's frames one by one, with one seed: what temporal stability starts from. The renderer's own beauty is the floor.

Motion as Blender writes it: `Vector.X/Y` in pixels, Y upwards; what is at (x, y) was at (x + X, y - Y) a frame before,
y counted downwards. `Depth.Z` decides, with the labels, what was hidden.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference_server.broker.requests import DEFAULT_MODEL
from inference_server.models.base import PaintInput, load_model
from inference_server.models.cards import Card
from inference_server.models.catalogue import find_card
from inference_server.worker.fitting import fit, unfit
from shared.errors import InputRefused
from shared.label_set import load_label_set
from shared.passes import read_label_pass
from shared.passes.exr import read_exr
from shared.sequences import find_sequence

Picture = NDArray[np.float32]  # (H, W, 3), 0..255
Ids = NDArray[np.uint16]

BORDER = 1  # pixels next to another class mix two surfaces in any filtered picture
DEPTH_TOLERANCE = 0.03  # relative; a surface does not come nearer by more in one frame
WINDOW = 5


@dataclass(frozen=True)
class Motion:
    """from_x, from_y (H, W): where each pixel was a frame before, pixels, y downwards; depth (H, W) from the camera."""

    from_x: NDArray[np.float32]
    from_y: NDArray[np.float32]
    depth: NDArray[np.float32]


def read_motion(path: Path) -> Motion:
    """From a multilayer EXR. Raises InputRefused where a channel is missing."""
    channels = {name.lower(): pixels for part in read_exr(path) for name, pixels in part.channels.items()}

    def channel(ending: str) -> NDArray[np.float32]:
        found = [pixels for name, pixels in channels.items() if name.endswith(ending)]
        if not found:
            raise InputRefused(f"the motion pass has no channel {ending}", file=path, remedy="Render vector and depth")
        return np.asarray(found[0], np.float32)

    across, up, depth = channel("vector.x"), channel("vector.y"), channel("depth.z")
    rows, columns = np.mgrid[: depth.shape[0], : depth.shape[1]].astype(np.float32)
    return Motion(columns + across, rows - up, depth)


def moved(picture: NDArray[np.float32], motion: Motion, filtering: int = cv2.INTER_LINEAR) -> NDArray[np.float32]:
    """The frame before, brought to where its surfaces are now."""
    return cv2.remap(picture, motion.from_x, motion.from_y, filtering, borderMode=cv2.BORDER_REPLICATE)


def seen_in_both(before: Ids, now: Ids, motion_before: Motion, motion: Motion) -> NDArray[np.bool_]:
    """Pixels (H, W) of `now` whose surface was in the frame before, unhidden, away from class borders."""
    height, width = now.shape
    within = (motion.from_x >= 0) & (motion.from_x <= width - 1) & (motion.from_y >= 0) & (motion.from_y <= height - 1)
    was = moved(before.astype(np.float32), motion, cv2.INTER_NEAREST)
    depth_was = moved(motion_before.depth, motion, cv2.INTER_NEAREST)
    # A moving camera changes the depth of everything a little; what was hidden lay behind something much nearer.
    near = np.abs(depth_was - motion.depth) < DEPTH_TOLERANCE * np.maximum(depth_was, motion.depth)
    moved_inside = moved(_inside(before).astype(np.float32), motion) > 0.99
    result: NDArray[np.bool_] = within & near & (was == now) & _inside(now) & moved_inside
    return result


def _inside(ids: Ids) -> NDArray[np.bool_]:
    """Where no other class is within BORDER."""
    kernel = np.ones((2 * BORDER + 1,) * 2, np.uint8)
    return np.asarray(cv2.erode(ids, kernel) == cv2.dilate(ids, kernel))


def warping_error(before: Picture, now: Picture, motion: Motion, where: NDArray[np.bool_]) -> float:
    """Mean absolute difference over `where`, 8-bit codes."""
    return float(np.abs(now - moved(before, motion))[where].mean())


def sharpness(picture: Picture, where: NDArray[np.bool_]) -> float:
    """High-frequency energy over `where`, squared 8-bit codes of luma."""
    luma = picture @ np.array([0.299, 0.587, 0.114], np.float32)
    return float(((luma - cv2.blur(luma, (WINDOW, WINDOW))) ** 2)[where].mean())


def paint(card: Card, all_ids: dict[int, Ids], seed: int) -> Iterator[tuple[int, Picture]]:
    """Every frame by itself."""
    model, table, options = load_model(card), card.labels.channel_table(), card.check_options({})
    for frame, ids in all_ids.items():
        height, width = ids.shape
        step = card.size.multiple
        size = (-(-width // step) * step, -(-height // step) * step)
        if card.size.fit == "stretch":
            size = (card.size.width, card.size.height)
        painted = fit(table[ids], size, card.size.fit)
        picture = model.paint(PaintInput(painted, None, seed, options))
        yield frame, unfit(picture, painted, table[ids], card.size.fit) * 255


def measure(
    pictures: dict[int, Picture], all_ids: dict[int, Ids], motions: dict[int, Motion]
) -> tuple[float, float, int]:
    """Mean warping error and sharpness over neighbouring frames, and how many pairs of frames there were."""
    errors, sharp = [], []
    for before, now in pairwise(sorted(pictures)):
        if now != before + 1:
            continue
        where = seen_in_both(all_ids[before], all_ids[now], motions[before], motions[now])
        errors.append(warping_error(pictures[before], pictures[now], motions[now], where))
        sharp.append(sharpness(pictures[now], where))
    if not errors:
        raise InputRefused("there are no two frames that follow each other")
    return float(np.mean(errors)), float(np.mean(sharp)), len(errors)


def read_pictures(pattern: str) -> dict[int, Picture]:
    files = find_sequence(pattern).files
    return {frame: np.asarray(Image.open(file).convert("RGB"), np.float32) for frame, file in files.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--motion", required=True)
    parser.add_argument("--beauty", help="the renderer's own pictures")
    parser.add_argument("--painted", action="append", default=[], help="finished frames; may be given again")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    card = find_card(arguments.model)
    label_set = load_label_set(card.labels.label_set.name)
    labels = find_sequence(arguments.labels)
    all_ids = {frame: read_label_pass(file, label_set).ids for frame, file in labels.files.items()}
    motions = {frame: read_motion(file) for frame, file in find_sequence(arguments.motion).files.items()}
    rows = {f"{card.name}, frame by frame": dict(paint(card, all_ids, arguments.seed))}
    rows |= {pattern: read_pictures(pattern) for pattern in arguments.painted}
    if arguments.beauty:
        rows["the renderer's beauty"] = read_pictures(arguments.beauty)
    print(f"{'':<40}{'warping error':>14}{'sharpness':>12}{'frame pairs':>13}")
    for name, pictures in rows.items():
        error, sharp, count = measure(pictures, all_ids, motions)
        print(f"{name:<40}{error:14.2f}{sharp:12.1f}{count:13}")


if __name__ == "__main__":
    main()
