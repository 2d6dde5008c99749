"""A watermark is found in what compressing, moving, grading and scaling leave of it, and in nothing that has none."""

from fractions import Fraction

import cv2
import numpy as np
import pytest
from PIL import Image

from inference_server.provenance import reading, watermark
from shared.movies import SETTINGS, write_movie
from tests.conftest import ROOT

NUMBER = 0xC0FFEE42
FACES = ROOT / "tests" / "data" / "faces"


def walk(folder):
    """48 frames of rendered people who walk, of the reference data."""
    files = sorted((folder / "pose_reference" / "walk").glob("*.jpg"))
    return [np.asarray(Image.open(file), np.float32) / 255 for file in files]


def portrait(count):
    """Frames (480, 640, 3) of a photograph that drifts, with a camera's noise."""
    face = Image.open(FACES / "astronaut.jpg").convert("RGB").resize((700, 700))
    noise = np.random.default_rng(1)
    plain = np.asarray(face, np.float32) / 255
    cuts = (plain[60:540, round(10 + 0.7 * i) :][:, :640] for i in range(count))
    return [np.clip(one + noise.normal(0, 0.008, one.shape), 0, 1).astype(np.float32) for one in cuts]


def marked(frames):
    return [watermark.marked(one, np.ones(one.shape[:2], np.float32), NUMBER) for one in frames]


def codes(frames):
    return [(one * 255 + 0.5).astype(np.uint8) for one in frames]


def found(frames):
    return watermark.detect(watermark.residue((np.asarray(one, np.float32), None) for one in frames))


def film(path, frames, crf, monkeypatch):
    """As H.264 on disk."""
    monkeypatch.setitem(SETTINGS, "libx264", {"crf": str(crf), "preset": "medium"})
    write_movie(path, codes(frames), Fraction(24), "h264")
    return path


def noise_ratio(before, after):
    """Peak signal to noise of 8-bit pictures, dB."""
    apart = [np.square(a.astype(float) - b).mean() for a, b in zip(codes(before), codes(after), strict=True)]
    return 10 * np.log10(255**2 / np.mean(apart))


def test_all_bits_come_back_from_48_frames_of_a_compressed_movie(data_folder, tmp_path, monkeypatch):
    plain = walk(data_folder)
    with_it = marked(plain)
    assert len(plain) == 48 and noise_ratio(plain, with_it) >= 42
    for crf, doubtful in ((23, 0), (28, 16)):
        mark, frames = reading.watermark_of(film(tmp_path / f"{crf}.mp4", with_it, crf, monkeypatch))
        assert (mark.number, frames) == (NUMBER, 48) and mark.doubtful <= doubtful, mark
    assert reading.watermark_of(film(tmp_path / "plain.mp4", plain, 23, monkeypatch)) == (None, 48)


def test_a_portrait_carries_it_through_a_movie_and_has_none_of_its_own(tmp_path, monkeypatch):
    plain = portrait(24)
    with_it = marked(plain)
    assert noise_ratio(plain, with_it) >= 42
    mark, _ = reading.watermark_of(film(tmp_path / "it.mp4", with_it, 23, monkeypatch))
    assert mark.number == NUMBER
    assert reading.watermark_of(film(tmp_path / "plain.mp4", plain, 23, monkeypatch))[0] is None
    strongest = watermark.strongest(watermark.residue((one, None) for one in plain))
    assert strongest < watermark.THRESHOLD - 1, "far from being found where there is none"


def scaled(frame, factor):
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(frame, None, fx=factor, fy=factor, interpolation=how)


def jpeg(frame):
    _, data = cv2.imencode(".jpg", codes([frame])[0], [cv2.IMWRITE_JPEG_QUALITY, 80])
    return cv2.imdecode(data, cv2.IMREAD_COLOR).astype(np.float32) / 255


@pytest.mark.parametrize(
    "change",
    [
        jpeg,
        lambda one: np.roll(one, (5, 13), (0, 1)),
        lambda one: one[37:, 101:],
        lambda one: np.clip(one * 1.15 + 0.02, 0, 1),
        lambda one: scaled(scaled(one, 0.75), 4 / 3),
        lambda one: scaled(one, 0.5),
        lambda one: scaled(one, 1.5),
    ],
    ids=["jpeg 80", "shift", "cut", "grade", "75 % and back", "half", "larger"],
)
def test_what_is_done_to_pictures_leaves_it(change):
    mark = found([change(one) for one in marked(portrait(6))])
    assert mark is not None and (mark.number, mark.doubtful) == (NUMBER, 0), mark


def test_where_nothing_is_covered_nothing_is_changed_and_a_patch_is_read_by_its_coverage():
    plain = portrait(6)
    coverage = np.zeros(plain[0].shape[:2], np.float32)
    cv2.ellipse(coverage, (330, 300), (90, 70), 0, 0, 360, 1, -1)
    patch = [watermark.marked(one, coverage, NUMBER) for one in plain]
    for one, before in zip(patch, plain, strict=True):
        assert (one[coverage == 0] == before[coverage == 0]).all() and (one != before)[coverage > 0].any()
    assert watermark.marked(plain[0], np.zeros_like(coverage), NUMBER) is plain[0]
    alone = [one * coverage[..., None] for one in patch]  # as an EXR holds a layer
    mark = watermark.detect(watermark.residue((one, coverage) for one in alone))
    assert mark is not None and mark.number == NUMBER
    assert (watermark.marked(plain[0], coverage, NUMBER) == patch[0]).all(), "the same every time"


def test_a_patch_that_is_known_is_found_in_a_compressed_movie(tmp_path, monkeypatch):
    plain = portrait(24)
    coverage = np.zeros(plain[0].shape[:2], np.float32)
    cv2.ellipse(coverage, (330, 300), (100, 80), 0, 0, 360, 1, -1)
    patch = [watermark.marked(cv2.GaussianBlur(one, (0, 0), 2), coverage, NUMBER) for one in plain]
    with_it = [np.where(coverage[..., None] > 0, one, plate) for one, plate in zip(patch, plain, strict=True)]
    sure = []
    for name, frames in (("it", with_it), ("plain", plain)):
        piece = next(reading.pieces(film(tmp_path / f"{name}.mp4", frames, 20, monkeypatch)))
        sure.append(watermark.certainty(watermark.residue((one, None) for one in piece), NUMBER, coverage))
    assert sure[0] > watermark.UNMOVED + 2 and sure[1] < 3, sure
    smaller = [scaled(one, 0.75) for one in with_it]
    assert watermark.certainty(watermark.residue((one, None) for one in smaller), NUMBER, coverage) > watermark.UNMOVED


@pytest.mark.parametrize("picture", [np.zeros((300, 400, 3)), np.ones((300, 400, 3)), np.full((20, 30, 3), 0.5)])
def test_flat_and_small_pictures_have_none(picture):
    assert found([picture]) is None and watermark.residue([]) is None


def test_the_tile_is_the_same_for_good():
    import hashlib

    assert hashlib.sha256(watermark.tile(NUMBER).tobytes()).hexdigest()[:16] == "973b84b791d4b73e"
    assert set(np.unique(watermark.tile(0))) == {-1.0, 1.0}
    apart = (watermark.tile(0) != watermark.tile(1)).mean()
    assert apart == 1 / 64, "half of the grains carry bits, a thirty-second of those each"
