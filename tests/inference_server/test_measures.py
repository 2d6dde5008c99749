"""The measures measure: known motion, known fidelity, known texture, and the locked camera."""

import numpy as np
import OpenEXR
import pytest

from benchmarks import warping_error
from benchmarks.judge import creases, measures, segmenter
from inference_server.broker.requests import DEFAULT_MODEL
from inference_server.models.base import PaintInput, load_model
from inference_server.models.catalogue import find_card
from shared.errors import InputRefused
from shared.label_set import load_label_set
from shared.passes import read_label_pass
from tests.conftest import ROOT


def moving_square(frame, size=(60, 90), step=4):
    """A near square passes in front of a still wall: ids, picture, Blender's Vector.X/Y and depth."""
    rng = np.random.default_rng(0)
    picture = rng.uniform(0, 255, (*size, 3)).astype(np.float32)
    ids, depth = np.full(size, 5, np.uint16), np.full(size, 100, np.float32)
    across, up = np.zeros(size, np.float32), np.zeros(size, np.float32)
    place = np.s_[10 + 2 * frame : 30 + 2 * frame, 10 + step * frame : 34 + step * frame]
    picture[place] = rng.uniform(0, 255, (20, 24, 3))
    # What is here was `step` to the left and 2 higher: X to the left is negative, Y counts upwards.
    ids[place], depth[place], across[place], up[place] = 9, 20, -step, 2
    return ids, picture, {"Vector.X": across, "Vector.Y": up, "Depth.Z": depth}


def read(tmp_path, frame, channels):
    path = tmp_path / f"{frame}.exr"
    OpenEXR.File({}, {f"layer.{name}": pixels for name, pixels in channels.items()}).write(str(path))
    return warping_error.read_motion(path)


def test_exact_motion_has_no_error_and_hidden_pixels_do_not_count(tmp_path):
    ids, pictures, motions = {}, {}, {}
    for frame in (1, 2, 3):
        ids[frame], pictures[frame], channels = moving_square(frame)
        motions[frame] = read(tmp_path, frame, channels)
    where = warping_error.seen_in_both(ids[1], ids[2], motions[1], motions[2])
    uncovered = (ids[1] == 9) & (ids[2] == 5)
    assert uncovered.any() and not where[uncovered].any() and where.mean() > 0.7
    error, sharp, count = warping_error.measure(pictures, ids, motions)
    assert count == 2 and error == 0 and sharp > 100
    flicker = {frame: picture + 6 * (frame % 2) for frame, picture in pictures.items()}
    assert warping_error.measure(flicker, ids, motions)[0] == pytest.approx(6, abs=1e-3)
    still = dict.fromkeys(pictures, pictures[1])
    assert warping_error.measure(still, ids, motions)[0] > 5  # what does not follow the motion is no calm
    blurred = {frame: np.full_like(picture, 128) for frame, picture in pictures.items()}
    assert warping_error.measure(blurred, ids, motions)[:2] == (0, 0)  # calm, and its sharpness says how


def test_a_motion_pass_without_depth_is_refused(tmp_path):
    channels = moving_square(1)[2]
    del channels["Depth.Z"]
    with pytest.raises(InputRefused, match=r"no channel depth.z"):
        read(tmp_path, 1, channels)


def test_the_motion_of_the_real_shot_carries_its_labels(data_folder):
    """Warping the labels settles the signs: 98 % agree with exact motion, 97 % without any."""
    ride, label_set = data_folder / "ride", load_label_set("coco_stuff")
    before, now = (read_label_pass(ride / "label_png" / f"ride_label.{n}.png", label_set).ids for n in (1011, 1012))
    motion = warping_error.read_motion(ride / "motion_exr" / "ride_vecz.1012.exr")
    carried = warping_error.moved(before.astype(np.float32), motion, warping_error.cv2.INTER_NEAREST)
    assert (carried == now).mean() > 0.98 > 0.975 > (before == now).mean()


def test_a_locked_camera_gives_a_locked_picture():
    """A train drives through a still frame: where no label near changed, no pixel changes; the noise stands still."""
    frame = ROOT / "examples" / "ride_the_train" / "full_frame" / "full_frame_label.1012.png"
    label_set = load_label_set("coco_stuff")
    ids = read_label_pass(frame, label_set).ids[60:252]
    ids = np.concatenate([ids[:, :320]] * 2, 1)
    moved_train = ids.copy()
    moved_train[100:130, 560:600] = label_set.find("train").id
    model = load_model(find_card(DEFAULT_MODEL))
    table, options = model.card.labels.channel_table(), model.card.check_options({})
    one, other, again = (model.paint(PaintInput(table[i], None, 3, options)) for i in (ids, moved_train, ids))
    assert (one == again).all()
    assert np.abs(one[:, :300] - other[:, :300]).max() * 255 < 1e-2
    assert np.abs(one[100:130, 560:600] - other[100:130, 560:600]).max() > 0.1


def test_overlap_energy_and_distance_know_good_from_flat():
    rng = np.random.default_rng(1)
    wanted = np.zeros((2, 40, 40), np.int64)
    wanted[:, 20:] = 1
    everywhere = np.ones(wanted.shape, bool)
    right, one_class = (measures.confusion(found, wanted, everywhere, 3) for found in (wanted, wanted * 0))
    assert measures.overlap(right.sum(0))[:2].tolist() == [1, 1] and np.isnan(measures.overlap(right.sum(0))[2])
    assert measures.overlap(one_class.sum(0))[:2].tolist() == [0.5, 0]
    assert measures.overlap_interval(right) == (1, 1, 1) and measures.overlap_interval(one_class)[0] == 0.25

    ids = wanted.astype(np.uint16)
    textured = rng.integers(60, 200, (2, 40, 40, 3)).astype(np.uint8)
    flat = np.full_like(textured, 128)
    assert (measures.energy(textured, ids, [0, 1]) > 100).all() and (measures.energy(flat, ids, [0, 1]) < 1e-3).all()

    real, alike = rng.normal(0, 1, (2, 10, 30, 16)).astype(np.float32)
    distance, low, high = measures.kid_interval(alike, real)
    assert low <= 0.05 and abs(distance) < 0.05 and high < 0.2
    assert measures.kid_interval(alike + 1, real)[1] > high


def a_roof(pictures=2):
    """A gable of one class on a flat ground of another: normals, ids, and the line where the roof's sides meet."""
    normals, ids = np.zeros((pictures, 60, 90, 3), np.float32), np.full((pictures, 60, 90), 7, np.uint16)
    normals[..., 1] = 1
    ids[:, 8:52, 10:80] = 3
    normals[:, 8:52, 10:45] = -0.8, 0, 0.6
    normals[:, 8:52, 45:80] = 0.8, 0, 0.6
    return normals, ids


def test_creases_are_looked_for_inside_a_class_and_beside_flat_surface():
    normals, ids = a_roof(1)
    crease, flat = creases.creases_and_flats(normals[0], ids[0])
    inside = np.s_[10:50]
    assert crease[inside, 44:46].all() and crease.sum() == 2 * 40  # and not along the outline
    assert flat[inside, 12:43].all() and flat[inside, 47:78].all() and not flat[inside, 43:47].any()

    bent = normals[0].copy()
    bent[..., :45, 0], bent[..., :45, 2] = np.sin(0.6), np.cos(0.6)  # 19 degrees apart: neither a crease nor flat
    crease, flat = creases.creases_and_flats(bent, np.full_like(ids[0], 3))
    assert not crease[10:50, 44:46].any() and not flat[10:50, 44:46].any()

    unknown = normals[0].copy()
    unknown[30:, :] = 0
    crease, flat = creases.creases_and_flats(unknown, ids[0])
    assert not crease[28:].any() and not flat[28:].any() and crease[10:28, 44:46].all()


def test_a_picture_with_an_edge_on_every_crease_has_one_and_noise_a_half():
    """Also where the whole picture is graded, and where only half of the creases are painted."""
    normals, ids = a_roof(4)
    groups, rng = {"roof": [3], "nothing": [9]}, np.random.default_rng(2)
    lit = (np.clip(normals @ np.array([0.6, 0.3, 0.74], np.float32), 0, 1) * 200).astype(np.uint8)
    shaded = np.repeat(lit[..., None], 3, -1)
    found = creases.shown(shaded, normals, ids, groups)
    assert (found["roof"].auc, found["roof"].low, found["roof"].high) == (1, 1, 1)
    assert (found["roof"].creases, found["roof"].pictures) == (320, 4)
    assert np.isnan(found["nothing"].auc) and found["nothing"].pictures == 0
    assert creases.shown(shaded // 4 + 90, normals, ids, groups)["roof"].auc == 1
    half = shaded.copy()
    half[:, 30:] = 100
    assert creases.shown(half, normals, ids, groups)["roof"].auc == pytest.approx(0.75, abs=0.02)
    assert creases.shown(shaded * 0, normals, ids, groups)["roof"].auc == 0.5
    noise = rng.integers(0, 256, shaded.shape).astype(np.uint8)
    assert creases.shown(noise, normals, ids, groups)["roof"].auc == pytest.approx(0.5, abs=0.05)
    blurred = rng.integers(110, 140, shaded.shape).astype(np.uint8) // 2 + shaded // 2  # grain does not hide an edge
    assert creases.shown(blurred, normals, ids, groups)["roof"].auc > 0.95


def test_the_chance_that_one_is_greater():
    three = np.array([1, 2, 3], np.float32)
    assert creases.area(three + 3, three) == 1 and creases.area(three, three + 3) == 0
    assert creases.area(three, three) == 0.5 and creases.area(np.float32([2]), three) == 0.5


def test_the_segmenter_reads_pictures_of_any_size():
    net = segmenter.Segmenter(5).eval()
    numbers, features = segmenter.read(net, np.zeros((2, 90, 150, 3), np.uint8))
    assert numbers.shape == (2, 90, 150) and features.shape == (2, 64, 22, 37)
