"""Left and right taken for one another: put in where the truth is known, found exactly; else nothing is changed."""

from fractions import Fraction

import numpy as np
import pytest

from inference_server.motion.bodies import Body, Region
from inference_server.motion.reading import finished
from inference_server.motion.sides import exchanged
from shared.layouts import BLAZEPOSE_33, COCO_17, SIDES

LIMBS = {
    "legs": ("knee", "ankle"),
    "arms": ("elbow", "wrist"),
    "trunk": ("shoulder", "hip"),
    "all": ("shoulder", "hip", "elbow", "wrist", "knee", "ankle"),
}
FRAMES = 48


def walker():
    """(48, 17, 2): half from the side, so that legs and arms cross twice a stride, on the way across the picture."""
    time = np.arange(FRAMES) / 24
    places = np.zeros((FRAMES, 17, 2))
    places[:] = (0, 30)
    places[:, :5, 0] += (0, 2, -2, 4, -4)
    for side, sign in (("left", 1), ("right", -1)):
        swing = sign * np.sin(2 * np.pi * time)
        for joint, across, swings, down in (
            *(("shoulder", 14, 0, 50), ("elbow", 15, -14, 75), ("wrist", 13, -24, 98), ("hip", 9, 0, 110)),
            *(("knee", 9, 22, 150), ("ankle", 8, 40, 190)),
        ):
            places[:, COCO_17.index(f"{side}_{joint}"), 0] = sign * across + swings * swing
            places[:, COCO_17.index(f"{side}_{joint}"), 1] = down
    places[..., 0] += 60 + 80 * time[:, None]
    return places


def swapped(places, frames, joints):
    made = places.copy()
    for joint in joints:
        left, right = (COCO_17.index(f"{side}_{joint}") for side in SIDES)
        made[np.ix_(frames, [left, right])] = made[np.ix_(frames, [right, left])]
    return made


def put_back(places, sure=None):
    there = np.ones(len(places), bool)
    return exchanged(places, np.ones(places.shape[:2]) if sure is None else sure, there, COCO_17)


@pytest.mark.parametrize("noise", [0, 1, 2])
def test_limbs_that_cross_are_left_alone(noise):
    places = walker() + np.random.default_rng(0).normal(0, noise, (FRAMES, 17, 2))
    assert (put_back(places) == np.arange(17)).all()


@pytest.mark.parametrize("limbs", LIMBS)
@pytest.mark.parametrize("frames", [(20,), range(8, 14), range(36, 48), range(3), (5, 6, 17, 30, 31)])
def test_what_was_exchanged_is_exactly_that(limbs, frames):
    true = walker() + np.random.default_rng(1).normal(0, 1, (FRAMES, 17, 2))
    read = swapped(true, list(frames), LIMBS[limbs])
    found = read[np.arange(FRAMES)[:, None], put_back(read)]
    away = np.hypot(*np.moveaxis(found - true, -1, 0))
    assert away.max() < 8  # where a pair lies on one another, within an eighth of the torso, nobody can know
    assert (away > 0).any(1).sum() <= 2


def test_on_the_rendered_walk_every_exchange_is_found_and_none_where_is_none(data_folder):
    true = np.load(data_folder / "pose_reference" / "walk_truth.npz")["keypoints"][:, 0, :17]
    rng = np.random.default_rng(2)
    for trial in range(60):
        clean = true + rng.normal(0, trial % 3, true.shape)
        assert (put_back(clean) == np.arange(17)).all()
        first = int(rng.integers(0, 46))
        frames = list(range(first, min(48, first + int(rng.integers(1, 12)))))
        read = swapped(clean, frames, LIMBS[list(LIMBS)[trial % 4]])
        assert (read[np.arange(48)[:, None], put_back(read)] == clean).all()
    published = np.load(data_folder / "pose_reference" / "walk_blazepose.npz")["static_image"]
    found = exchanged(published[..., :2], published[..., 3], np.ones(48, bool), BLAZEPOSE_33)
    assert (found == np.arange(33)).all()


def test_a_person_is_put_right_with_how_sure_and_in_space_and_it_is_said():
    true = walker()
    sure = np.linspace(0.6, 1, 17)
    bodies = []
    for frame, places in enumerate(swapped(true, range(20, 26), LIMBS["legs"])):
        own = sure.copy()
        if 20 <= frame < 26:
            own[13:17] = sure[[14, 13, 16, 15]]
        space = np.concatenate([places, np.zeros((17, 1))], 1)
        bodies.append(Body(places, own, own, space, Region(0, 0, 1, 0), 0.9))
    read = finished(bodies, (640, 360), Fraction(24))
    assert np.allclose(read.places, true) and np.allclose(read.sure, sure) and np.allclose(read.space[..., :2], true)
    assert read.swapped[20:26, 13:].all() and read.swapped.sum() == 24
    assert np.allclose(read.raw[22, 15], true[22, 16])  # as it was read
