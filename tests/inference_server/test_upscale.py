"""Upscaling guided by the labels: nothing crosses an edge, nothing is lost inside."""

import cv2
import numpy as np
import pytest

from inference_server.stability.upscale import upscale
from inference_server.worker.fitting import fit


def labels_and_picture(seed, size=(150, 97), small=(40, 26), classes=6, block=9):
    random = np.random.default_rng(seed)
    width, height = size
    coarse = random.integers(0, classes, (height // block + 1, width // block + 1))
    wanted = np.kron(coarse, np.ones((block, block), int))[:height, :width].astype(np.uint16)
    wanted[random.random(wanted.shape) < 0.02] = classes  # single pixels too
    painted = fit(wanted, small, "stretch")
    return wanted, painted, random.random((*painted.shape, 3), np.float32)


@pytest.mark.parametrize("seed", range(20))
def test_no_colour_of_another_class_enters(seed):
    """Whatever the others are painted with, the pixels of a class stay the same bits."""
    random = np.random.default_rng(seed)
    small = tuple(int(n) for n in random.integers(8, 90, 2))
    wanted, painted, picture = labels_and_picture(seed, small=small)
    before = upscale(picture, painted, wanted)
    for own in np.unique(painted):
        other = np.where((painted == own)[..., None], picture, 1 - picture).astype(np.float32)
        after = upscale(other, painted, wanted)
        here = wanted == own
        assert np.array_equal(after[here], before[here])
        assert len(np.unique(painted)) == 1 or not np.array_equal(after[~here], before[~here])


def test_flat_colours_stay_flat():
    wanted, painted, _ = labels_and_picture(1)
    colours = np.random.default_rng(5).random((7, 3), np.float32)
    found = upscale(colours[painted], painted, wanted)
    known = np.isin(wanted, np.unique(painted))
    assert known.mean() > 0.9 and np.abs(found - colours[wanted])[known].max() < 1e-5


def test_without_edges_it_is_plain_bicubic():
    wanted, painted = np.zeros((97, 150), np.uint16), np.zeros((26, 40), np.uint16)
    picture = np.random.default_rng(2).random((26, 40, 3), np.float32)
    plain = np.clip(cv2.resize(picture, (150, 97), interpolation=cv2.INTER_CUBIC), 0, 1)
    assert np.array_equal(upscale(picture, painted, wanted), plain)
    # The loop for edges agrees with it where it has nothing to leave out.
    wanted[:, 75:] = painted[:, 20:] = 1
    smooth = np.repeat(cv2.GaussianBlur(picture, (0, 0), 4)[..., :1], 3, 2)
    plain = cv2.resize(smooth, (150, 97), interpolation=cv2.INTER_CUBIC)
    assert np.abs(upscale(smooth, painted, wanted) - plain).max() < 0.02


def test_a_class_far_from_its_painted_pixels_takes_the_nearest_of_them():
    painted = np.zeros((20, 20), np.uint16)
    painted[2, 3] = painted[17, 18] = 4
    wanted = np.zeros((80, 80), np.uint16)
    wanted[40:44, 30:34] = 4  # nearer to the first
    picture = np.zeros((20, 20, 3), np.float32)
    picture[2, 3], picture[17, 18] = (1, 0, 0), (0, 1, 0)
    found = upscale(picture, painted, wanted)
    assert (found[40:44, 30:34] == (1, 0, 0)).all() and found[wanted == 0].max() == 0


def test_a_class_that_was_lost_shows_what_was_painted_there():
    painted, wanted = np.zeros((20, 20), np.uint16), np.zeros((80, 80), np.uint16)
    wanted[40, 40] = 9
    picture = np.full((20, 20, 3), 0.5, np.float32)
    assert np.allclose(upscale(picture, painted, wanted), 0.5)


def test_one_direction_may_keep_its_size():
    wanted, painted, picture = labels_and_picture(3, size=(60, 50), small=(60, 20))
    assert upscale(picture, painted, wanted).shape == (50, 60, 3)
    wanted, painted, picture = labels_and_picture(3, size=(5, 3), small=(1, 1), block=2)
    assert np.isfinite(upscale(picture, painted, wanted)).all()


def test_mixed_colours_of_a_soft_edge_leave_no_rim():
    wanted, painted = np.zeros((120, 160), np.uint16), np.zeros((30, 40), np.uint16)
    wanted[:, 80:] = painted[:, 20:] = 1
    colours = np.array([[0.2, 0.3, 0.1], [0.8, 0.4, 0.9]], np.float32)
    soft = cv2.GaussianBlur(colours[painted], (0, 0), 0.7)
    assert np.abs(upscale(soft, painted, wanted) - colours[wanted]).max() < 0.01
    plain = cv2.resize(soft, (160, 120), interpolation=cv2.INTER_CUBIC)
    assert np.abs(plain - colours[wanted]).max() > 0.2


def test_a_class_too_thin_to_have_an_inside_keeps_its_colour():
    painted = np.zeros((30, 40), np.uint16)
    painted[14, :] = 1
    wanted = np.repeat(np.repeat(painted, 4, 0), 4, 1)
    colours = np.array([[0.2, 0.3, 0.1], [0.8, 0.4, 0.9]], np.float32)
    assert np.abs(upscale(colours[painted], painted, wanted) - colours[wanted]).max() < 1e-5
