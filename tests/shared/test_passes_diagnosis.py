"""Soiled passes: strict always refuses and finds the cause on the pixels; `nearest` guesses soberly or not at all."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from shared.errors import InputRefused
from shared.label_set import NOTHING, load_label_set
from shared.passes import LabelPass, ReadOptions, read_label_pass

DATA = Path(__file__).parents[1] / "data" / "passes"
COCO = load_label_set("coco_stuff")
TRUTH = np.asarray(Image.open(DATA / "truth.png")).astype(np.uint16)
PALETTE = np.zeros((256, 3), np.uint8)
for identity, color in COCO.palettes["runway"].colors.items():
    PALETTE[identity] = color

Picture = np.ndarray
Fault = Callable[[Picture], Picture]


def read(path: Path, mode: str = "strict") -> LabelPass:
    return read_label_pass(path, COCO, ReadOptions(mode=mode))


def refused(path: Path, mode: str = "strict") -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        read(path, mode)
    return caught.value


def saved(pixels: Picture, folder: Path) -> Path:
    """Always the same innocent name: the cause must come from the pixels."""
    Image.fromarray(pixels).save(folder / "clean.png")
    return folder / "clean.png"


# --- faults, one by one -----------------------------------------------------------------------------------


def anti_aliased(rgb: Picture) -> Picture:
    """Four samples a pixel, weighted."""
    wide = np.pad(rgb.astype(np.float32), ((0, 1), (0, 1), (0, 0)), "edge")
    mixed = 0.4 * wide[:-1, :-1] + 0.25 * wide[1:, :-1] + 0.25 * wide[:-1, 1:] + 0.1 * wide[1:, 1:]
    return np.rint(mixed).astype(np.uint8)


def srgb_view(rgb: Picture) -> Picture:
    linear = rgb / 255
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(encoded * 255).astype(np.uint8)


def filmic_view(rgb: Picture) -> Picture:
    """Like AgX: channels mixed, then a curve with a shoulder."""
    mixed = rgb / 255 @ np.array([[0.84, 0.04, 0.08], [0.08, 0.88, 0.08], [0.08, 0.08, 0.84]])
    return np.rint(np.clip(1.1 * mixed / (mixed + 0.25), 0, 1) * 255).astype(np.uint8)


def dithered(rgb: Picture) -> Picture:
    chance = np.random.default_rng(7)
    step = chance.integers(-1, 2, rgb.shape) * (chance.random(rgb.shape) < 0.3)
    return np.clip(rgb + step, 0, 255).astype(np.uint8)


def jpeg(quality: int) -> Fault:
    def compress(rgb: Picture) -> Picture:
        file = io.BytesIO()
        Image.fromarray(rgb).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file).convert("RGB"))

    return compress


def resized(factor: float, interpolation: int) -> Fault:
    def resize(rgb: Picture) -> Picture:
        size = int(rgb.shape[1] * factor), int(rgb.shape[0] * factor)
        return np.asarray(cv2.resize(rgb, size, interpolation=interpolation))

    return resize


FAULTS: dict[str, Fault] = {
    "anti-aliasing": anti_aliased,
    "sRGB view": srgb_view,
    "filmic view": filmic_view,
    "dither": dithered,
    "jpeg 75": jpeg(75),
    "jpeg 95": jpeg(95),
    "cubic, twice as large": resized(2, cv2.INTER_CUBIC),
    "linear, smaller": resized(0.7, cv2.INTER_LINEAR),
}
CAUSES = {
    "anti-aliasing": "anti-aliasing",
    "sRGB view": "sRGB view",
    "filmic view": "view transform such as AgX",
    "dither": "dither",
    "jpeg 75": "JPEG",
    "jpeg 95": "JPEG",
    "cubic, twice as large": "resized with interpolation",
    "linear, smaller": "interpolation",
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_is_refused_with_its_cause(name: str, tmp_path: Path) -> None:
    soiled = FAULTS[name](PALETTE[TRUTH])
    error = refused(saved(soiled, tmp_path))
    assert CAUSES[name] in error.cause, error.cause
    assert error.remedy and error.file == str(tmp_path / "clean.png")


@pytest.mark.parametrize(
    ("file", "cause", "remedy"),
    [
        ("anti_aliased.png", "anti-aliasing", "without anti-aliasing"),
        ("srgb_view.png", "sRGB view", "Raw"),
        ("agx_view.png", "AgX", "Raw"),
        ("dithered.png", "dither", "dithering to 0"),
        ("lossy.jpg", "JPEG", "PNG or EXR"),
    ],
)
def test_the_renderers_faults_are_named_under_any_file_name(file: str, cause: str, remedy: str, tmp_path: Path) -> None:
    disguised = tmp_path / "exact_label_pass.png"
    disguised.write_bytes((DATA / file).read_bytes())
    error = refused(disguised)
    assert cause in error.cause and remedy in error.remedy


def test_the_words_say_where_how_many_and_what_is_nearest(tmp_path: Path) -> None:
    pixels = PALETTE[TRUTH].copy()
    pixels[200, 300] = (60, 55, 53)
    pixels[201, 10] = (94, 219, 255)
    what = refused(saved(pixels, tmp_path)).what
    assert what.startswith("2 of 230400 pixels") and "x 300, y 200" in what
    assert "(60, 55, 53)" in what and "nearest is mountain" in what and "runway" in what


def test_any_two_faults_together_are_still_refused(tmp_path: Path) -> None:
    small = PALETTE[TRUTH[::2, ::2]]
    for first, second in itertools.permutations(FAULTS, 2):
        error = refused(saved(FAULTS[second](FAULTS[first](small)), tmp_path))
        assert error.cause and error.remedy, f"{first}, then {second}"


def test_a_single_wrong_pixel_is_refused_anywhere(tmp_path: Path) -> None:
    for y, x in ((0, 0), (359, 639), (180, 320)):
        pixels = PALETTE[TRUTH].copy()
        pixels[y, x, 1] ^= 1
        assert refused(saved(pixels, tmp_path)).what.startswith("1 of 230400 pixels")


def test_an_object_without_a_class_colour_is_no_compression(tmp_path: Path) -> None:
    pixels = PALETTE[TRUTH].copy()
    pixels[TRUTH == 6] = (200, 100, 50)
    error = refused(saved(pixels, tmp_path))
    assert "JPEG" not in error.cause and "200, 100, 50" in str(error)


def test_one_pixel_of_another_colour_is_no_dither(tmp_path: Path) -> None:
    pixels = PALETTE[TRUTH].copy()
    pixels[200, 300] = (255, 0, 255)
    assert "dither" not in refused(saved(pixels, tmp_path)).cause


def test_a_photograph_is_refused_in_both_modes(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    coarse = chance.integers(0, 256, (9, 16, 3)).astype(np.uint8)
    smooth = cv2.resize(coarse, (320, 180), interpolation=cv2.INTER_CUBIC)
    noisy = np.clip(smooth + chance.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)
    file = saved(noisy, tmp_path)
    assert refused(file).cause and refused(file, "nearest").cause


def test_transparent_pixels_are_never_faults(tmp_path: Path) -> None:
    pixels = np.dstack([PALETTE[TRUTH], np.full(TRUTH.shape, 255, np.uint8)])
    pixels[:100] = (1, 2, 3, 0)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = read(tmp_path / "a.png")
    assert (found.ids[:100] == NOTHING).all() and (found.ids[100:] == TRUTH[100:]).all()
    pixels[50, 50] = (1, 2, 3, 1)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    what = refused(tmp_path / "a.png").what
    assert what.startswith("1 of 166401 pixels") and "x 50, y 50" in what


# --- nearest ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "least", "guessed"),
    [
        ("clean.png", 1, (0, 0)),
        ("dithered.png", 1, (30_000, 45_000)),
        ("srgb_view.png", 1, (0, 0)),
        ("anti_aliased.png", 0.99, (15_000, 15_600)),
        ("lossy.jpg", 0.975, (150_000, 200_000)),
    ],
)
def test_nearest_on_the_renderers_faults(file: str, least: float, guessed: tuple[int, int]) -> None:
    found = read(DATA / file, "nearest")
    assert (found.ids == TRUTH).mean() >= least
    assert guessed[0] <= found.facts.guessed <= guessed[1]
    assert set(found.facts.classes) <= set(np.unique(TRUTH).tolist()), "a class that is not in the picture"


def test_nearest_says_that_it_undid_a_view() -> None:
    assert any("sRGB" in words for words in read(DATA / "srgb_view.png", "nearest").facts.warnings)


def test_nearest_keeps_exact_pixels(tmp_path: Path) -> None:
    soiled = anti_aliased(PALETTE[TRUTH])
    untouched = (soiled == PALETTE[TRUTH]).all(2)
    found = read(saved(soiled, tmp_path), "nearest")
    assert (found.ids == TRUTH)[untouched].all() and found.facts.guessed == (~untouched).sum()


def test_nearest_refuses_a_view_that_it_cannot_undo() -> None:
    error = refused(DATA / "agx_view.png", "nearest")
    assert "too far" in error.what and "--mode nearest" not in error.remedy


def test_nearest_refuses_a_large_area_that_only_comes_near_an_absent_class(tmp_path: Path) -> None:
    """Nine tenths are 6 codes off snow, which is nowhere; what is left is black: not all of it is unlabeled."""
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[:90] = PALETTE[158].astype(int) + (-6, -6, -6)
    refused(saved(pixels, tmp_path), "nearest")
