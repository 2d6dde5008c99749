"""A shot of our own, so that what is measured does not hang on the scenes that others rendered.

A camera sinks and turns past bushes and houses on a meadow with a road and a river, a train comes behind them, the sun
casts shadows. Spheres, boxes and a plane, cast ray by ray: labels, exact motion and depth as Blender writes them, and
a beauty with texture that belongs to its surfaces. `python -m benchmarks.little_scene FOLDER` writes 24 frames of
label.####.png, motion.####.exr and beauty.####.png, in two minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
from numpy.typing import NDArray

from shared.label_set import load_label_set

FRAMES = range(1001, 1025)
WIDTH, HEIGHT = 480, 270
SAMPLES = 2  # a side of a pixel, of the beauty
FOCAL = 0.9  # of the width
SUN = np.array([-0.55, 0.6, -0.45]) / np.linalg.norm([-0.55, 0.6, -0.45])
FAR = 4000.0
GRASS, ROAD, RIVER, TREE, HOUSE, TRAIN, MOUNTAIN, SKY = 123, 148, 147, 168, 127, 6, 134, 156
COLOURS = {
    GRASS: (96, 140, 58), ROAD: (150, 140, 128), RIVER: (60, 110, 140), TREE: (52, 92, 40), HOUSE: (190, 160, 130),
    TRAIN: (150, 48, 40), MOUNTAIN: (128, 128, 140), SKY: (120, 170, 225),
}  # fmt: skip

Points = NDArray[np.float64]  # (..., 3); x to the right, y up, z away from the first camera


@dataclass(frozen=True)
class Thing:
    """A sphere (half: its radius, three times) or a box, that moves along x."""

    label: int
    centre: tuple[float, float, float]
    half: tuple[float, float, float]
    round: bool
    speed: float = 0.0

    def at(self, frame: int) -> Points:
        return np.array(self.centre) + (self.speed * (frame - FRAMES[0]), 0, 0)


def things() -> list[Thing]:
    rng = np.random.default_rng(7)
    found = [Thing(MOUNTAIN, (x, -300, 1500), (r, r, r), True) for x, r in ((-700, 620), (0, 540), (650, 700))]
    for x, z in ((-9, 34), (4, 52), (13, 40)):
        found.append(Thing(HOUSE, (x, 2, z), (2.6, 2, 2.2), False))
    for x, z in [(-3.5, 13), (3.2, 17), (-7, 21), *zip(rng.uniform(-30, 30, 14), rng.uniform(24, 70, 14), strict=True)]:
        radius = float(rng.uniform(0.9, 2.0))
        found.append(Thing(TREE, (float(x), radius * 0.8, float(z)), (radius,) * 3, True))
    return [*found, *(Thing(TRAIN, (-22 - 6.5 * n, 1.5, 29), (3, 1.3, 1.2), False, 0.5) for n in range(3))]


def camera(frame: int) -> tuple[Points, NDArray[np.float64]]:
    """Where it is, and its axes as rows: right, up, forward."""
    t = (frame - FRAMES[0]) / 24
    turn, nod = 0.16 * t - 0.05, -0.17 + 0.05 * t
    forward = np.array([np.sin(turn) * np.cos(nod), np.sin(nod), np.cos(turn) * np.cos(nod)])
    right = np.array([np.cos(turn), 0, -np.sin(turn)])
    return np.array([-2 + 3 * t, 4.2 - 1.6 * t, 1.5 * t]), np.stack([right, np.cross(forward, right), forward])


def rays(frame: int, width: int, height: int) -> tuple[Points, Points]:
    """Origin (3,) and directions (height, width, 3) of length one."""
    origin, axes = camera(frame)
    y, x = np.mgrid[:height, :width]
    focal = FOCAL * width
    local = np.stack([(x + 0.5 - width / 2) / focal, (height / 2 - y - 0.5) / focal, np.ones_like(x, float)], -1)
    direction = local @ axes
    return origin, direction / np.linalg.norm(direction, axis=-1, keepdims=True)


def cast(origin: Points, direction: Points, scene: list[Thing], frame: int) -> tuple[Points, NDArray[np.int64]]:
    """Nearest hits of rays: distances (H, W), infinite where there is none, and the thing's number (-1: the plane)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        nearest = -origin[..., 1] / direction[..., 1]
        nearest = np.where((nearest > 1e-3) & (nearest < FAR), nearest, np.inf)
        which = np.full(nearest.shape, -1)
        for number, thing in enumerate(scene):
            towards = origin - thing.at(frame)
            if thing.round:
                along = (direction * towards).sum(-1)
                inside = along**2 - (towards * towards).sum(-1) + thing.half[0] ** 2
                distance = np.where(inside > 0, -along - np.sqrt(np.maximum(inside, 0)), np.inf)
            else:
                one, two = (-towards - thing.half) / direction, (-towards + thing.half) / direction
                enter, leave = np.minimum(one, two).max(-1), np.maximum(one, two).min(-1)
                distance = np.where(enter < leave, enter, np.inf)
            closer = (distance > 1e-3) & (distance < nearest)
            nearest, which = np.where(closer, distance, nearest), np.where(closer, number, which)
    return nearest, which


def labels_of(points: Points, distance: Points, which: NDArray[np.int64], scene: list[Thing]) -> NDArray[np.uint16]:
    ids = np.array([thing.label for thing in scene] + [GRASS], np.uint16)[which]
    ground = which == -1
    road = np.abs(points[..., 2] - 29) < 1.6
    river = np.abs(points[..., 0] - 6 - 2.5 * np.sin(points[..., 2] / 9)) < 1.7
    ids[ground & river], ids[ground & road] = RIVER, ROAD
    ids[~np.isfinite(distance)] = SKY
    return ids


def noise(points: Points, size: float) -> Points:
    """Random values on a lattice of `size`, between them a cubic; -1..1."""
    at = points / size
    low = np.floor(at).astype(np.int64)
    t = at - low
    t = t * t * (3 - 2 * t)
    total = np.zeros(points.shape[:-1])
    for corner in np.ndindex(2, 2, 2):
        cell = low + corner
        mixed = (cell[..., 0] * 73856093) ^ (cell[..., 1] * 19349663) ^ (cell[..., 2] * 83492791)
        mixed = (mixed ^ (mixed >> 13)) * 1274126177 & 0xFFFFFFFF
        weight = np.prod(np.where(corner, t, 1 - t), -1)
        total += weight * (mixed / 2**31 - 1)
    return total


def beauty(frame: int, scene: list[Thing]) -> NDArray[np.uint8]:
    """(H, W, 3) RGB."""
    width, height = WIDTH * SAMPLES, HEIGHT * SAMPLES
    origin, direction = rays(frame, width, height)
    distance, which = cast(origin, direction, scene, frame)
    away = np.where(np.isfinite(distance), distance, 0)
    points = origin + away[..., None] * direction
    ids = labels_of(points, distance, which, scene)
    normal, moved = np.zeros_like(points), np.zeros(len(scene) + 1)
    normal[..., 1] = 1
    for number, thing in enumerate(scene):
        here = which == number
        local = (points[here] - thing.at(frame)) / thing.half
        moved[number] = thing.at(frame)[0] - thing.centre[0]
        if not thing.round:
            local = np.where(np.abs(local) == np.abs(local).max(-1, keepdims=True), np.sign(local), 0)
        normal[here] = local / np.linalg.norm(local, axis=-1, keepdims=True)
    lit = np.maximum(normal @ SUN, 0)
    shadow, _ = cast(points + 1e-2 * normal, np.broadcast_to(SUN, points.shape), scene, frame)
    lit[np.isfinite(shadow)] = 0
    own = points - np.stack([moved[which], np.zeros_like(away), np.zeros_like(away)], -1)
    texture = np.zeros_like(away)
    for size in (0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0, 40.0):  # none finer than two pixels
        texture += 0.3 * noise(own, size) * np.clip(size * FOCAL * WIDTH / np.maximum(away, 1) / 2 - 1, 0, 1)
    colour = np.array([COLOURS[label] for label in range(256) if label in COLOURS], float)
    colour = colour[np.searchsorted(sorted(COLOURS), ids)]
    picture = colour * ((0.45 + 0.75 * lit) * (1 + texture))[..., None]
    picture[ids == SKY] = COLOURS[SKY]
    small = cv2.resize(picture.clip(0, 255).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(small.round(), np.uint8)


def passes(frame: int, scene: list[Thing]) -> tuple[NDArray[np.uint16], dict[str, NDArray[np.float32]]]:
    """Labels (H, W), and the channels of a motion pass: Vector to the frame before, y upwards, and depth."""
    origin, direction = rays(frame, WIDTH, HEIGHT)
    distance, which = cast(origin, direction, scene, frame)
    away = np.where(np.isfinite(distance), distance, 1e6)
    points = origin + away[..., None] * direction
    speeds = np.array([thing.speed for thing in scene] + [0.0])
    before = points.copy()
    before[..., 0] -= np.where(np.isfinite(distance), speeds[which], 0)
    (x, y, depth), (was_x, was_y, _) = projected(points, frame), projected(before, frame - 1)
    channels = {"Vector.X": was_x - x, "Vector.Y": y - was_y, "Depth.Z": np.minimum(depth, 60000)}
    return labels_of(points, distance, which, scene), {k: v.astype(np.float32) for k, v in channels.items()}


def projected(points: Points, frame: int) -> tuple[Points, Points, Points]:
    """x and y in pixels, y downwards, and depth."""
    origin, axes = camera(frame)
    right, up, depth = np.moveaxis((points - origin) @ axes.T, -1, 0)
    focal = FOCAL * WIDTH
    return WIDTH / 2 - 0.5 + focal * right / depth, HEIGHT / 2 - 0.5 - focal * up / depth, depth


def write(folder: Path) -> Iterator[int]:
    palette = next(iter(load_label_set("coco_stuff").palettes.values())).colors
    folder.mkdir(parents=True, exist_ok=True)
    scene = things()
    for frame in FRAMES:
        ids, channels = passes(frame, scene)
        picture = np.zeros((*ids.shape, 3), np.uint8)
        for label in COLOURS:
            picture[ids == label] = palette[label]
        cv2.imwrite(str(folder / f"label.{frame}.png"), picture[..., ::-1])
        cv2.imwrite(str(folder / f"beauty.{frame}.png"), beauty(frame, scene)[..., ::-1])
        header = {"type": OpenEXR.scanlineimage}
        OpenEXR.File(header, dict(channels)).write(str(folder / f"motion.{frame}.exr"))
        yield frame


if __name__ == "__main__":
    for written in write(Path(sys.argv[1])):
        print(written)
