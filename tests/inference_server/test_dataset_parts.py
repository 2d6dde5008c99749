"""What datasets are made of: quads and their inverse, smoothing, cutting, shots and people, twins, recipes."""

import math

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from inference_server.datasets import crops, cutting, detector, likeness, tracks
from inference_server.datasets.detector import Detector, Face, face_of
from inference_server.datasets.journal import Journal
from inference_server.datasets.recipe import Balance, Gamma, Levels, Recipe, Resize, Saturation, Unsharp, adjusted
from inference_server.datasets.sources import find_sources
from inference_server.datasets.stills import read_still
from shared import schema
from tests.conftest import ROOT


def face(turn=0.0, at=(200.0, 150.0), score=0.9):
    """A face 80 wide and 100 high, turned by degrees about the middle of its box."""
    points = np.array([[-20, -15], [20, -15], [0, 5], [-15, 25], [15, 25]], float)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    turned = points @ np.array([[c, -s], [s, c]]).T + at
    return Face((at[0] - 40, at[1] - 50, 80, 100), tuple(map(tuple, turned.tolist())), score)


def smooth_picture(height=300, width=400):
    y, x = np.mgrid[:height, :width].astype(np.float32)
    planes = 128 + 100 * np.sin(x / 40), 128 + 100 * np.cos(y / 50), 128 + 60 * np.sin((x + y) / 60)
    return np.stack(planes, -1).astype(np.uint8)


def test_a_large_picture_is_searched_small_and_its_faces_are_where_they_are():
    portrait = np.asarray(Image.open(ROOT / "tests" / "data" / "faces" / "astronaut.jpg"))
    small, large = (cv2.resize(portrait, None, fx=k, fy=k, interpolation=cv2.INTER_CUBIC) for k in (2, 4))
    one, other = (Detector().faces(picture)[0] for picture in (small, large))
    assert max(small.shape) == detector.LONG_SIDE and one.score > 0.9
    assert np.abs(np.array(other.row[:14]) / 2 - one.row[:14]).max() < 2


def test_ffhq_is_twice_the_eyes_or_nearly_twice_the_way_to_the_mouth():
    quad = crops.face_quad("ffhq", face(), (400, 300), 50)
    # eyes 40 apart, 40 to the mouth: x = 80 long is scaled to max(2 * 40, 1.8 * 40); centre a tenth below the eyes
    assert np.allclose(quad, [[120, 59], [120, 219], [280, 219], [280, 59]])
    turned = crops.face_quad("ffhq", face(30), (400, 300), 50)
    assert math.degrees(math.atan2(*(turned[3] - turned[0])[::-1])) == pytest.approx(30)
    assert crops.side_of(turned) == pytest.approx(160)


@pytest.mark.parametrize("turn", [-40, 0, 25])
def test_level_makes_the_eyes_level_and_box_stays_upright(turn):
    one = face(turn)
    to_crop = crops.to_crop(crops.face_quad("level", one, (400, 300), 50), 256)
    left, right = (to_crop @ (*point, 1) for point in one.points[:2])
    assert left[1] == pytest.approx(right[1]) and left[0] < right[0]
    box = crops.face_quad("box", one, (400, 300), 50)
    assert box[0, 0] == box[1, 0] and crops.side_of(box) == pytest.approx(200)


def test_a_box_is_moved_inward_then_shrunk():
    assert crops.face_quad("box", face(at=(60, 60)), (400, 300), 50)[0].tolist() == [0, 0]
    assert crops.side_of(crops.face_quad("box", face(), (400, 300), 20)) == 300


def test_the_way_back_is_exact_and_lays_a_crop_over_its_plate():
    plate = smooth_picture()
    quad = crops.face_quad("ffhq", face(17), (400, 300), 50)
    there, back = (np.vstack([m, [0, 0, 1]]) for m in (crops.to_picture(quad, 160), crops.to_crop(quad, 160)))
    assert np.abs(there @ back - np.eye(3)).max() < 1e-12
    corners = crops.to_picture(quad, 160) @ np.array([[0, 0, 160, 160], [0, 160, 160, 0], [1, 1, 1, 1]])
    assert np.allclose(corners.T, quad, atol=1e-9)
    crop = cutting.cut(plate, quad, 160)
    by_index = crops.to_crop(quad, 160)
    by_index[:, 2] += by_index[:, 0] / 2 + by_index[:, 1] / 2 - 0.5
    laid = cv2.warpAffine(crop, by_index, (400, 300), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
    inside = cv2.fillConvexPoly(np.zeros(plate.shape[:2], np.uint8), quad.astype(np.int32), 1)
    inside = cv2.erode(inside, np.ones((9, 9)))
    assert inside.sum() > 15000
    assert np.abs(laid.astype(int) - plate)[inside > 0].max() <= 2


def test_smoothed_quads_are_squares_that_look_no_further_than_their_window():
    rng = np.random.default_rng(0)
    frames = [*range(20), *range(26, 60)]  # nobody was found on six
    quads = np.stack([crops.ffhq_quad(face(5 * rng.normal(), 200 + 3 * rng.normal(size=2))) for _ in frames])
    smooth = crops.smoothed(frames, quads, list(range(60)), 2.0)
    right, down = smooth[:, 3] - smooth[:, 0], smooth[:, 1] - smooth[:, 0]
    assert np.allclose((right * down).sum(1), 0) and np.allclose(np.hypot(*right.T), np.hypot(*down.T))
    steps = [np.hypot(*np.diff(q.mean(1), axis=0).T).mean() for q in (quads, smooth)]
    assert steps[1] < steps[0] / 3
    part = [i for i, frame in enumerate(frames) if 34 <= frame <= 46]
    assert np.allclose(crops.smoothed([frames[i] for i in part], quads[part], [40], 2.0)[0], smooth[40])
    assert np.allclose(crops.smoothed(frames, quads, frames, 0.0), quads)


def test_a_cut_is_the_picture_itself_averaged_or_mirrored_and_soft_beyond_the_border():
    picture = np.random.default_rng(1).integers(0, 256, (128, 128, 3), np.uint8)
    assert (cutting.cut(picture, crops.whole_quad((128, 128)), 128) == picture).all()
    half = adjusted(cutting.cut(picture, crops.whole_quad((128, 128)), 64), Recipe(), 64)
    assert np.abs(half - picture.reshape(64, 2, 64, 2, 3).mean((1, 3))).max() <= 0.51
    beyond = crops.whole_quad((128, 128)) - [64, 0]
    assert cutting.part_beyond(beyond, (128, 128)) == pytest.approx(0.5)
    left = cutting.cut(picture, beyond, 128)
    assert (left[:, 64:] == picture[:, :64]).all()
    assert left[:, :40].std() < 0.5 * picture.std() and left[:, :40].mean() == pytest.approx(picture.mean(), abs=10)


def test_shots_end_where_all_changes_and_not_where_much_does():
    still, other = smooth_picture(90, 120), 255 - smooth_picture(90, 120)[::-1]
    pan = [np.roll(still, 12 * n, 1) for n in range(8)]
    seen = [tracks.seen(one) for one in [*pan, *[other] * 4, *pan]]
    assert tracks.shots(seen) == [0] * 8 + [1] * 4 + [2] * 8
    assert tracks.shots([]) == [] and tracks.shots(seen[:1]) == [0]


def test_people_are_followed_through_gaps_and_past_each_other():
    left = [face(at=(100 + 5 * n, 150)) for n in range(6)]
    right = [face(at=(300 - 5 * n, 150)) for n in range(6)]
    pictures = [[left[0]], [right[1], left[1]], [right[2]], [], [left[4], right[4]], [right[5], left[5]]]
    assert tracks.linked(pictures) == [[0], [1, 0], [1], [], [0, 1], [1, 0]]
    assert tracks.linked([[left[0]], [], [], [], [left[0]]]) == [[0], [], [], [], [1]], "too long away"
    assert face_of(left[0].row) == left[0]


def test_of_twins_the_sharpest_stays():
    pictures = [smooth_picture(64, 64), smooth_picture(64, 64), smooth_picture(64, 64)[:, ::-1]]
    pictures[0] = cv2.GaussianBlur(pictures[1], (0, 0), 3)
    hashes = [likeness.difference_hash(np.ascontiguousarray(one)) for one in pictures]
    sharp = [likeness.sharpness(np.ascontiguousarray(one)) for one in pictures]
    assert sharp[0] < sharp[1]
    assert likeness.twins(hashes, sharp, 4) == {0: 1}
    assert likeness.twins(["0" * 16, "0" * 15 + "1", "0" * 14 + "ff"], [1, 2, 3], 2) == {0: 1}
    assert likeness.twins(["0" * 16] * 3, [1, 1, 1], -1) == {} and likeness.twins([], [], 2) == {}


def test_each_step_of_a_recipe_does_what_it_says():
    picture = (smooth_picture() // 2 + 40)[:256, :256]
    plane = picture.astype(np.float32) / 255
    low, high = int(picture.min()), int(picture.max())  # ImageMagick's -auto-level
    auto = adjusted(picture, Recipe((Levels(),)), 256)
    assert np.abs(auto - (picture.astype(float) - low) / (high - low) * 255).max() <= 1
    each = adjusted(picture, Recipe((Levels(each=True),)), 256)
    assert (each.min((0, 1)) == 0).all() and (each.max((0, 1)) == 255).all()
    assert Gamma()(plane, 256).mean() == pytest.approx(0.5, abs=0.02)
    assert np.ptp(Balance()(plane, 256).mean((0, 1))) < 1e-3
    assert np.ptp(Saturation(0.0)(plane, 256), axis=2).max() < 1e-6
    assert likeness.sharpness(adjusted(picture, Recipe((Unsharp(amount=2.0),)), 256)) > likeness.sharpness(picture)
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert (adjusted(stripes, Recipe((Resize(linear=True),)), 32) == 188).all(), "half of the light"
    assert (adjusted(stripes, Recipe(), 32) == 128).all()


def test_a_recipe_has_one_hash_and_reads_back():
    recipe = Recipe((Levels(0.5, 99.5), Resize(), Unsharp()))
    again = schema.read(Recipe, schema.plain(recipe))
    assert again.steps == recipe.steps and again.digest == recipe.digest
    assert Recipe((Levels(0.5, 99.4), Resize(), Unsharp())).digest != recipe.digest


def test_a_journal_passes_over_a_line_that_was_cut_short(tmp_path):
    with Journal(tmp_path / "j") as journal:
        journal.add("a", 1)
        journal.add("b", [2])
    (tmp_path / "j").write_text((tmp_path / "j").read_text()[:-4])
    with Journal(tmp_path / "j") as journal:
        assert (journal.get("a"), journal.get("b")) == (1, None)
        journal.add("b", 3)
    with Journal(tmp_path / "j") as journal:
        assert list(journal) == ["a", "b"] and journal.get("b") == 3


def test_pictures_of_one_folder_are_one_source_and_clips_their_own(tmp_path):
    for name in ("a10.png", "a2.png", ".hidden.png"):
        cv2.imwrite(str(tmp_path / name), np.full((4, 4, 3), len(name), np.uint8))
    (tmp_path / "b.mp4").write_bytes(b"no clip")
    sources, faults = find_sources([str(tmp_path)], 5)
    assert [[frame.file.name for frame in source.frames] for source in sources] == [["a2.png", "a10.png"]]
    assert [one.where for one in faults] == [f"{tmp_path}/b.mp4"]
    sources, _ = find_sources([str(tmp_path / "a2.png"), str(tmp_path / "a10.png")], 5)
    assert [source.name for source in sources] == [tmp_path.as_posix()] and not sources[0].moving
    assert find_sources([str(tmp_path / "a#.png")], 5)[0][0].moving
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "copy.png").write_bytes((tmp_path / "a2.png").read_bytes())
    first, second = find_sources([str(tmp_path), str(tmp_path / "other")], 5)[0]
    assert len(first.frames) == 2 and second.frames == ()
    assert second.notes == ("1 frame left out that an input before has, byte by byte",)


def test_a_picture_with_a_profile_is_brought_to_srgb(tmp_path):
    pixels = np.full((4, 4, 3), (200, 100, 50), np.uint8)
    srgb, lab = (ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes() for name in ("sRGB", "LAB"))
    swapped = srgb.replace(b"rXYZ", b"????", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"????", b"bXYZ", 1)
    for name, profile in (("srgb", srgb), ("lab", lab), ("swapped", swapped), ("none", b"none at all")):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png", icc_profile=profile)
    read = {name: read_still(tmp_path / f"{name}.png") for name in ("srgb", "lab", "swapped", "none")}
    assert read["srgb"][1] == read["lab"][1] == [] and (read["srgb"][0] == pixels).all()
    assert read["none"][1] == ["its colour profile cannot be read, taken for sRGB"]
    assert read["swapped"][1] == ["brought from sRGB built-in to sRGB"]
    assert np.abs(read["swapped"][0].astype(int) - pixels[..., ::-1]).max() <= 2
