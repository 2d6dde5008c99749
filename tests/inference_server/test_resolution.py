"""The measures of benchmarks.resolution find what they are told of, and nothing else."""

import cv2
import numpy as np
import pytest

from benchmarks.resolution import edge_distances, seam_energy, step_of
from inference_server.stability.tiles import Tile

TILES = tuple(Tile(slice(0, 96), slice(0, 128), slice(0, 96), kept) for kept in (slice(0, 64), slice(64, 128)))


def texture():
    return np.random.default_rng(0).random((96, 128, 3), np.float32) * np.float32(0.2)


def test_a_seam_is_found_and_texture_is_none():
    whole = texture()
    assert seam_energy(whole, whole, TILES) == 1
    seam = whole.copy()
    seam[:, 64:] += 0.1
    assert seam_energy(seam, whole, TILES) > 1.05
    blended = whole.copy()
    blended[:, 62:66] = 0.1
    assert seam_energy(blended, whole, TILES) < 0.95  # a blur where tiles meet is one too
    assert np.isnan(seam_energy(whole, whole, TILES[:1]))


def discs(shift=(0.0, 0.0), blur=0.0):
    """Bright discs on dark, drawn at 8 times the size and averaged, moved by parts of a pixel; and their labels."""
    large = np.zeros((8 * 240, 8 * 320), np.float32)
    for x in range(40, 320, 60):
        for y in range(40, 240, 60):
            centre = (round(8 * (x + shift[0])), round(8 * (y + shift[1])))
            cv2.circle(large, centre, 8 * 22, 1, -1)
    grey = cv2.resize(large, (320, 240), interpolation=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(grey, (0, 0), blur) if blur else grey
    noise = np.random.default_rng(1).normal(0, 0.03, (240, 320, 3))
    return (grey[..., None] * 0.6 + 0.2 + noise).astype(np.float32)


def test_the_edge_distance_is_the_shift():
    labels = (discs().mean(2) > 0.5).astype(np.uint16)
    exact = np.median(edge_distances(discs(), labels))
    soft = np.median(edge_distances(discs(blur=1.2), labels))
    assert exact < 0.25 and soft < 0.35
    for shift in (1, 2, 3):
        found = np.median(edge_distances(discs((shift, shift)), labels))
        assert found == pytest.approx(shift * 1.2, abs=0.4 * shift)  # along rows and columns, of slanted edges more


def test_a_step_is_placed_in_parts_of_a_pixel():
    for place in (4, 5.25, 6, 7.5):
        samples = np.clip(np.arange(12) + 1 - place, 0, 1)[None]  # averaged over each pixel
        assert step_of(samples)[0] == pytest.approx(place, abs=0.26)
    assert step_of(np.r_[np.zeros(6), np.ones(6)][None])[0] == 6


def test_classes_of_one_colour_have_no_edge_to_measure():
    labels = (discs().mean(2) > 0.5).astype(np.uint16)
    assert edge_distances(np.full((240, 320, 3), 0.5, np.float32), labels).size == 0
