"""What the small network is told of the geometry."""

import numpy as np

from inference_server.models import needs
from inference_server.models.small import guides

NORMAL, LIGHT, DISTANCE, CREASE, STEP, HAS_NORMAL, HAS_DEPTH, SUN = (0, 1, 2), 3, 4, 5, 6, 7, 8, (9, 10, 11)
PART, SHARE, SHADING = 12, 13, 14


def test_what_is_not_there_is_nothing():
    assert not guides.planes((4, 6), None, None, None).any()
    alone = guides.planes((4, 6), None, None, (0, 1, 0))
    assert not alone[..., :9].any() and (alone[..., SUN] == (0, 1, 0)).all()


def test_a_roof_has_one_crease_and_is_lit_on_one_side():
    normal = np.zeros((5, 8, 3), np.float32)
    normal[:, :4], normal[:, 4:] = (-0.6, 0, 0.8), (0.6, 0, 0.8)
    normal[0] = 0  # sky
    made = guides.planes((5, 8), normal, None, (0.6, 0, 0.8))
    angle = np.arccos(0.8**2 - 0.6**2)
    assert np.allclose(made[1:, 3:5, CREASE], np.sin(angle / 2), atol=1e-6)
    assert not made[1:, :3, CREASE].any() and not made[1:, 5:, CREASE].any() and not made[0, :, CREASE].any()
    assert np.allclose(made[1:, :4, LIGHT], 0.28, atol=1e-6) and np.allclose(made[1:, 4:, LIGHT], 1)
    assert made[1:, :, HAS_NORMAL].all() and not made[0, :, HAS_NORMAL].any()


def test_a_plane_seen_at_a_slant_has_no_step_and_an_edge_has_one():
    rows = np.arange(20, dtype=np.float32)[:, None] + 3
    ground = np.repeat(60 / rows, 12, 1).astype(np.float32)  # of a level camera: 1 / depth grows downwards evenly
    made = guides.planes((20, 12), None, ground, None)
    assert made[1:-1, :, STEP].max() < 1e-5
    ground[:, 6:] *= 2
    made = guides.planes((20, 12), None, ground, None)
    assert made[1:-1, 5:7, STEP].min() > 0.99 and made[1:-1, :5, STEP].max() < 1e-5
    assert np.allclose(guides.planes((20, 12), None, ground * 7, None)[..., STEP], made[..., STEP], atol=1e-5)


def test_the_distance_is_told_in_octaves_and_far_is_as_far_as_it_goes():
    depth = np.array([[8, 16, 0.01, 1e10]], np.float32)
    made = guides.planes((1, 4), None, depth, None)[0]
    assert np.allclose(made[:, DISTANCE], [0, 1 / 6, -4 / 6, np.log2(250) / 6], atol=1e-6)
    assert made[:, HAS_DEPTH].tolist() == [1, 1, 1, 0]


def share_of(made):
    return 2 ** (-made[..., SHARE] / guides.OCTAVE)


def test_a_part_ends_on_both_sides_of_its_border_and_numbers_mean_nothing():
    parts = np.array([[7, 7, 7, 7, 2], [7, 7, 900, 7, 2], [7, 7, 7, 7, 2]], np.int32)
    made = guides.planes((3, 5), None, None, None, parts)
    assert (made[..., PART] / guides.LOUD).tolist() == [[0, 0, 1, 1, 1], [0, 1, 1, 1, 1], [0, 0, 1, 1, 1]]
    assert not made[..., :PART].any()
    assert np.allclose(share_of(made)[:, [0, 4]], (11 / 15, 3 / 15)) and np.isclose(share_of(made)[1, 2], 1 / 15)
    assert np.array_equal(guides.planes((3, 5), None, None, None, 5 - parts), made)
    assert not guides.planes((3, 5), None, None, None, np.ones((3, 5), np.int32)).any()


def test_the_share_of_a_part_is_of_the_pixels_around_and_no_further():
    parts = np.zeros((40, 40), np.int32)
    parts[18:22, 18:22] = 1  # a window in a wall
    share = share_of(guides.planes((40, 40), None, None, None, parts))
    side = 2 * needs.PART_REACH + 1
    assert np.isclose(share[19, 19], 16 / side**2) and np.isclose(share[19, 17], 1 - 16 / side**2)
    assert share[19, 18 - needs.PART_REACH] < 1 and share[19, 17 - needs.PART_REACH] == 1


def test_what_has_no_parts_is_in_one_piece_whatever_a_pass_says():
    parts = np.arange(24, dtype=np.int32).reshape(4, 6)
    channels = np.zeros((4, 6), np.uint16)
    channels[:, 3:] = 1
    made = guides.planes((4, 6), None, None, None, guides.joined(parts, channels, (0,)))
    assert not made[:, :2, PART].any() and made[:, 2:, PART].all()
    assert guides.joined(None, channels, (0,)) is None


def test_shadow_is_not_the_same_as_nothing_known():
    shading = np.array([[-1, 0, 0.02, 0.5, 1, 2, 50]], np.float32)
    made = guides.planes((1, 7), None, None, None, None, shading)
    unknown, dark, dim, half, full, twice, more = made[0, :, SHADING]
    assert unknown == 0 < dark < dim < half < full < twice == more
    assert full == guides.LIT and half - dim > full - half  # as eyes tell tones apart
    assert not made[..., :SHADING].any()


def test_what_is_no_clay_has_no_shading_whatever_a_pass_says():
    channels = np.zeros((2, 4), np.uint16)
    channels[:, 2:] = 3
    known = guides.lit(np.full((2, 4), 0.7, np.float32), channels, (3,))
    assert (known[:, :2] == np.float32(0.7)).all() and (known[:, 2:] < 0).all()
    assert guides.lit(None, channels, (3,)) is None


def test_half_the_size_keeps_thin_lines():
    made = np.zeros((4, 4, guides.PLANES), np.float32)
    made[1, 1] = 1
    small = guides.halved(made)
    assert small.shape == (2, 2, guides.PLANES) and not small[0, 1].any() and not small[1].any()
    assert small[0, 0].tolist() == [1 if n in (CREASE, STEP, PART) else 0.25 for n in range(guides.PLANES)]
