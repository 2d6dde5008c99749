"""What normalising a clip is worth: the same reading of the raw clip and of the normalised one, against the truth.

`python -m benchmarks.motion REFERENCE`, REFERENCE being a folder with `walk/` and `walk_truth.npz`. The walk is read as
it is, and as a part of a frame two and four times as wide, as somebody further away would be. Both clips are read one
picture at a time by the same network: the raw one as the published package does, in the square that its detector finds
in the whole picture; the normalised one in the canvas as it is, where the person stands already. Then the layer of
joints that the product delivers, smoothed. Printed are, of COCO's joints where the raw clip shows somebody:

- lost: frames on which nobody was found;
- jitter: standard deviation of the error from its moving average of five frames, pixels of the source;
- error: of the median joint, torsos;
- sure: how sure a joint is on average, 0 to 1, where a frame without anybody counts 0.

At the end stands what is asked of a small person in a large frame: that they are found, and how steadily they stand.
"""

from __future__ import annotations

import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.commands.normalising import Request, normalise
from inference_server.models.catalogue import find_card
from inference_server.models.pose.blazepose import BlazePose
from inference_server.motion.bodies import Region
from inference_server.motion.document import way_of
from inference_server.motion.following import GROUP, look_of, looked
from inference_server.motion.joints import smoothed
from inference_server.motion.normalising import TALL, ways
from inference_server.motion.reading import Pictures, read_people
from inference_server.motion.template import read_template
from shared.layouts import BLAZEPOSE_33, COCO_17

COCO = [BLAZEPOSE_33.index(name) for name in COCO_17]
WHOLE = 40  # frames on which all of the person is in the picture
WIDER = (1, 2, 4)
Pixels = NDArray[np.uint8]


def plain(bodies: BlazePose, pictures: list[Pixels]) -> list[Any]:
    """What is read of each picture by itself, None where nobody is found."""
    read = []
    for picture in pictures:
        found = bodies._detected(picture, 0, 0)
        read.append(bodies.read(picture, found[0][1]) if found else None)
    return read


def wide(picture: Pixels, times: int) -> tuple[Pixels, tuple[int, int]]:
    """A picture in a frame so many times as wide, filled with the mean of its first rows; and where it lies."""
    height, width = picture.shape[:2]
    if times == 1:
        return picture, (0, 0)
    large = np.empty((height * times, width * times, 3), np.uint8)
    large[:] = picture[:40].mean((0, 1))
    left, top = width * times * 3 // 20, height * times * 9 // 20
    large[top : top + height, left : left + width] = picture
    return large, (left, top)


def jitter(places: NDArray[np.float64]) -> float:
    """(F, 17, 2), NaN where there is nothing: the deviation from the moving average of five frames."""
    windows = np.lib.stride_tricks.sliding_window_view(places, 5, axis=0)
    return float(np.sqrt(np.nanmean((places[2:-2] - windows.mean(-1)) ** 2)))


def main(reference: Path) -> None:
    card = find_card("blazepose")
    bodies = BlazePose(card, card.folder, "cpu")
    truth = np.load(reference / "walk_truth.npz")["keypoints"][:WHOLE, 0, :17]
    torso = np.hypot(*(truth[:, [5, 6]].mean(1) - truth[:, [11, 12]].mean(1)).T)
    files = sorted((reference / "walk").glob("*.jpg"))[:WHOLE]
    plates = [np.asarray(cv2.imread(str(file), cv2.IMREAD_COLOR_RGB), np.uint8) for file in files]
    print(f"{'frame':>11} {'clip':>10} {'lost':>5} {'jitter':>7} {'error':>6} {'sure':>6}")
    for times in WIDER:
        pictures, corners = zip(*(wide(plate, times) for plate in plates), strict=True)
        with tempfile.TemporaryDirectory() as folder:
            source, out = Path(folder) / "source", Path(folder) / "out"
            source.mkdir()
            for number, picture in enumerate(pictures):
                cv2.imwrite(str(source / f"walk.{number:04d}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            request = Request(clip=str(source / "walk.####.png"), out=out, template=read_template("person"))
            (person,) = normalise(request, lambda text: None).people
            canvases = [
                np.asarray(
                    cv2.imread(str(out / person.files.replace("####", f"{n:04d}")), cv2.IMREAD_COLOR_RGB), np.uint8
                )
                for n in range(person.first, person.last + 1)
            ]
        side = len(canvases[0])
        raw = plain(bodies, list(pictures))
        made = [bodies.read(canvas, Region(side / 2, side / 2, side, 0.0)) for canvas in canvases]
        ways = [way_of(row) for row in person.to_source]
        size = (pictures[0].shape[1], pictures[0].shape[0])
        (joints,) = read_people(Pictures(pictures), size, bodies, Fraction(24))
        steady = smoothed(joints.places, joints.states, "light")
        found = {
            "raw": [None if one is None else (one.places[COCO], one.visible[COCO]) for one in raw],
            "normalised": [
                None if one is None else (back(one.places[COCO], way), one.visible[COCO])
                for one, way in zip(made, ways, strict=True)
            ],
            "layer": [(places[COCO], sure[COCO]) for places, sure in zip(steady, joints.sure, strict=True)],
        }
        both = [number for number, one in enumerate(found["raw"]) if one is not None] or range(WHOLE)
        for name, read in found.items():
            there = [one for one in read if one is not None]
            places = np.full((WHOLE, 17, 2), np.nan)
            for number in both:
                if (one := read[number]) is not None:
                    places[number] = one[0] - corners[number]
            sure = sum(float(one[1].mean()) for one in there) / WHOLE
            words = f"{pictures[0].shape[1]}x{pictures[0].shape[0]:<6} {name:>10} {WHOLE - len(there):5d}"
            if there:
                away = np.hypot(*np.moveaxis(places - truth, -1, 0)) / torso[:, None]
                words += f" {jitter(places - truth):7.2f} {np.nanmedian(away):6.3f}"
            else:
                words += f" {'-':>7} {'-':>6}"
            print(f"{words} {sure:6.3f}")
    accepted(bodies, reference)


def accepted(bodies: BlazePose, reference: Path) -> None:
    """All 48 frames in one of 2560x1440: on how many somebody is found, and what is true of the normalised clip."""
    truth = np.load(reference / "walk_truth.npz")
    points, names = truth["keypoints"][:, 0], [str(name) for name in truth["names"]]
    files = sorted((reference / "walk").glob("*.jpg"))
    plates = [np.asarray(cv2.imread(str(file), cv2.IMREAD_COLOR_RGB), np.uint8) for file in files]
    pictures, corners = zip(*(wide(plate, 4) for plate in plates), strict=True)
    found = sum(bool(bodies._detected(picture, 0, 0)) for picture in pictures)
    shown = Pictures(pictures)
    rows = list(shown.each("people", lambda n, one, before: looked(n, one, before, bodies), GROUP))
    read = [look_of(row).people for row in rows]
    (joints,) = read_people(shown, (pictures[0].shape[1], pictures[0].shape[0]), bodies, Fraction(24))
    places = joints.places[:, COCO] - np.array(corners)[:, None]
    torso = np.hypot(*(points[:, [5, 6]].mean(1) - points[:, [11, 12]].mean(1)).T)
    away = np.hypot(*np.moveaxis(places - points[:, :17], -1, 0)) / torso[:, None]
    inside = truth["in_frame"][:, 0, :17]
    seen = np.array([(one.hips[0], one.hips[1], TALL * one.torso, 0.0) for (one,) in read])
    made = ways(range(len(read)), seen, range(len(read)), Fraction(24), read_template("person"), "follow")
    middles = points[:, [11, 12]].mean(1) + np.array(corners)
    hips = np.array([back(one[None], way)[0] for one, way in zip(middles, made, strict=True)])
    feet = [names.index(name) for name in names if "toe" in name or "heel" in name]
    tall = points[:, feet, 1].max(1) - points[:, 0, 1]
    scaled = tall * [way[0, 0] for way in made]
    whole = slice(0, WHOLE)  # further on the feet are outside, and the truth of them, too
    there = sum(bool(one) for one in read)
    print(f"2560x1440: found on {there} of {len(read)} frames, by the plain detector on {found}")
    print(f"joints in the picture: median {np.median(away[inside]):.3f} torsos")
    print(f"true middle of the hips: at most {np.abs(hips / 512 - 0.5).max():.1%} of the canvas from its centre")
    spread = [f"{one[whole].std() / one[whole].mean():.1%}" for one in (scaled, tall)]
    print(f"true height: varies by {spread[0]} on the canvas, {spread[1]} in the source")


def back(places: NDArray[np.float64], way: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places (17, 2) of the canvas in the source."""
    moved: NDArray[np.float64] = np.column_stack([places, np.ones(len(places))]) @ way.T
    return moved


if __name__ == "__main__":
    main(Path(sys.argv[1]))
