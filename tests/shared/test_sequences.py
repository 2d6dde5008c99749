"""Patterns, ranges and folders, on real files named as the field names them."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InputRefused, MissingInput
from shared.passes import probe
from shared.sequences import find_sequence, frames_text, missing_frames, parse_range
from shared.shot_input import shot_from_input
from tests.shared.files import numbered, touch

EXAMPLE = Path(__file__).parents[2] / "examples" / "ride_the_train"


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("1001", [1001]),
        ("1001-1004", [1001, 1002, 1003, 1004]),
        ("1001-1010x3", [1001, 1004, 1007, 1010]),
        ("1001-1003, 1020", [1001, 1002, 1003, 1020]),
        ("-5--3", [-5, -4, -3]),
        ("-1-1", [-1, 0, 1]),
        ("3-1", [1, 2, 3]),
        ("1-3,2-4", [1, 2, 3, 4]),
        ("1–3", [1, 2, 3]),
        ("1-1000000", list(range(1, 1_000_001))),
    ],
)
def test_range(text: str, frames: list[int]) -> None:
    assert parse_range(text) == frames


@pytest.mark.parametrize("text", ["", "a", "1-", "1-2x0", "1-2x-1", "1.5-2", "1,,2", "1-2y2", "1:5", "1" * 30, "--5"])
def test_range_refused(text: str) -> None:
    with pytest.raises(InputRefused, match=r"is no range of frames.*1001-1100x2"):
        parse_range(text)


@pytest.mark.parametrize("text", ["1-1000001", "0-999999999", "1-600000,1-600000", "20000000"])
def test_range_too_large(text: str) -> None:
    with pytest.raises(InputRefused, match="too large"):
        parse_range(text)


@given(st.sets(st.integers(-3000, 3000), min_size=1, max_size=60))
def test_range_round_trip(frames: set[int]) -> None:
    assert parse_range(frames_text(frames, most=10_000)) == sorted(frames)


def test_frames_text_counts_what_it_leaves_out() -> None:
    assert frames_text([1010, 1013, 1014, 1015]) == "1010, 1013-1015"
    assert frames_text([]) == ""
    scattered = [1, 2, 4, 8, 9, 13, 20, 31]
    assert frames_text(scattered, most=3) == "1-2, 4, 8-9 and 3 more"


@pytest.mark.parametrize(
    "pattern",
    [
        "label.%04d.png",
        "label.%4d.png",
        "label.%d.png",
        "label.####.png",
        "label.#.png",
        "label.@.png",
        "label.@@@@.png",
        "label.$F4.png",
        "label.$F.png",
        "label.<f4>.png",
        "label.<F4>.png",
        "label.<frame>.png",
        "label.*.png",
        "label.[####].png",
        "label.[1001-1003].png",
        "label.1001-1003#.png",
        "label.1001-1003####.png",
        "label.####.png 1001-1003",
        "label.%04d.png 1001-1003",
        "LABEL.####.PNG",
        ".",
        "",
    ],
)
def test_every_way_to_write_it(pattern: str, tmp_path: Path) -> None:
    numbered(tmp_path, "label.%04d.png")
    touch(tmp_path, "notes.txt", "._label.1001.png", ".label.1002.png", "preview.png", "Thumbs.db")
    found = find_sequence(pattern, tmp_path)
    assert found.files == {frame: tmp_path / f"label.{frame}.png" for frame in (1001, 1002, 1003)}
    assert (found.first, found.last, found.still) == (1001, 1003, False)
    assert find_sequence(found.pattern, tmp_path).files == found.files
    assert find_sequence(tmp_path / pattern).files == found.files


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        ("sh010_v003.####.png", "sh010_v003.%04d.png"),
        ("a [final] (v2).####.png", "a [final] (v2).%04d.png"),
        ("50% grey.####.png", "50%% grey.%04d.png"),
        ("100%d.####.png", "100%%d.%04d.png"),
        ("shot #3.####.png", "shot #3.%04d.png"),
        ("ride label – 列車 ünï.%04d.png", "ride label – 列車 ünï.%04d.png"),
        ("dir [1-5] #2/x.####.png", "dir [1-5] #2/x.%04d.png"),
        ("name.####.label.png", "name.%04d.label.png"),
        ("####.png", "%04d.png"),
        ("a.b.c_####.exr", "a.b.c_%04d.exr"),
        ("$HOME.$F4.png", "$HOME.%04d.png"),
        ("a+b.(x).####.png", "a+b.(x).%04d.png"),
    ],
)
def test_names_full_of_traps(pattern: str, shape: str, tmp_path: Path) -> None:
    numbered(tmp_path, shape)
    found = find_sequence(pattern, tmp_path)
    assert found.files == {frame: tmp_path / (shape % frame) for frame in (1001, 1002, 1003)}
    of_folder = find_sequence((tmp_path / pattern).parent)
    assert of_folder.files == found.files
    assert find_sequence(of_folder.pattern).files == found.files


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        ("[####].png", "[%04d].png"),
        ("name_[####].png", "name_[%04d].png"),
        ("####.take #2.png", "%04d.take #2.png"),
        ("sh010-020####.png", "sh010-020%04d.png"),
        (".hidden.####.png", ".hidden.%04d.png"),
        ("name####", "name%04d"),
    ],
)
def test_names_that_only_a_pattern_can_tell(pattern: str, shape: str, tmp_path: Path) -> None:
    numbered(tmp_path, shape)
    found = find_sequence(pattern, tmp_path)
    assert found.files == {frame: tmp_path / (shape % frame) for frame in (1001, 1002, 1003)}


def test_padding_is_a_least_width(tmp_path: Path) -> None:
    touch(tmp_path, "a.0998.png", "a.9999.png", "a.10000.png", "a.997.png")
    assert list(find_sequence("a.####.png", tmp_path).files) == [998, 9999, 10000]
    assert list(find_sequence("a.@.png", tmp_path).files) == [997, 998, 9999, 10000]
    # A folder takes the mixture as one sequence, and its pattern says so.
    assert find_sequence(tmp_path).pattern.endswith("a.@.png")
    (tmp_path / "a.0997.png").touch()
    with pytest.raises(InputRefused, match=r'"a\.0997\.png" and "a\.997\.png" are both frame 997'):
        find_sequence("a.@.png", tmp_path)
    assert list(find_sequence("a.####.png", tmp_path).files) == [997, 998, 9999, 10000]


def test_unpadded(tmp_path: Path) -> None:
    touch(tmp_path, *(f"a{frame}.png" for frame in range(8, 12)))
    found = find_sequence(tmp_path)
    assert (list(found.files), found.padding) == ([8, 9, 10, 11], 1)
    with pytest.raises(MissingInput, match=r"no file fits.*There are a@\.png \(frames 8-11\)"):
        find_sequence("a.####.png", tmp_path)


def test_negative_frames_and_hyphens(tmp_path: Path) -> None:
    touch(tmp_path / "n", "a.-002.png", "a.-0001.png", "a.0000.png", "a.0001.png")
    assert list(find_sequence("n", tmp_path).files) == [-2, -1, 0, 1]
    assert list(find_sequence("n/a.####.png", tmp_path).files) == [-2, -1, 0, 1]
    assert list(find_sequence("n/a.####.png -1-0", tmp_path).files) == [-1, 0]
    assert find_sequence("n/a.-002.png", tmp_path).first == -2
    touch(tmp_path / "h", "a-1001.png", "a-1002.png")
    assert list(find_sequence("h", tmp_path).files) == [1001, 1002]
    assert list(find_sequence("h/a-####.png", tmp_path).files) == [1001, 1002]
    touch(tmp_path / "m", "-5.png", "5.png")
    assert list(find_sequence("m", tmp_path).files) == [-5, 5]


def test_upper_case_suffix_is_the_same_sequence(tmp_path: Path) -> None:
    touch(tmp_path, "a.1001.PNG", "a.1002.png")
    assert list(find_sequence(tmp_path).files) == [1001, 1002]
    assert list(find_sequence("a.####.png", tmp_path).files) == [1001, 1002]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems see one name")
def test_names_that_differ_in_case_stay_apart(tmp_path: Path) -> None:
    touch(tmp_path, "A.1001.png", "a.1001.png", "a.1002.png")
    assert find_sequence("a.####.png", tmp_path).files[1001].name == "a.1001.png"
    assert list(find_sequence("A.####.png", tmp_path).files) == [1001]


def test_accents_stored_decomposed(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "ünï")
    numbered(tmp_path, f"{name}.%04d.png")
    assert len(find_sequence(unicodedata.normalize("NFC", "ünï.####.png"), tmp_path).files) == 3


def test_patterns_written_on_windows(tmp_path: Path) -> None:
    numbered(tmp_path / "train", "label.%04d.png")
    assert len(find_sequence("train\\label.####.png", tmp_path).files) == 3


def test_range_in_the_pattern(tmp_path: Path) -> None:
    numbered(tmp_path, "a.%04d.png", range(1001, 1011))
    for pattern in ("a.1003-1012#.png", "a.[1003-1012].png", "a.####.png 1003-1012"):
        found = find_sequence(pattern, tmp_path)
        assert (found.first, found.last, min(found.files), max(found.files)) == (1003, 1012, 1003, 1010)
    with pytest.raises(MissingInput, match=r"no file for frames 1-5.*There are frames 1001-1010"):
        find_sequence("a.####.png 1-5", tmp_path)
    with pytest.raises(InputRefused, match="--frames 1001-1010x2"):
        find_sequence("a.####.png 1001-1010x2", tmp_path)


def test_single_file(tmp_path: Path) -> None:
    numbered(tmp_path, "a.%04d.png")
    touch(tmp_path, "sky.png", "sky_v003.png", "shot #3.png", "100%d.png", "a_[####].png", "20231123120000.png")
    one = find_sequence("a.1002.png", tmp_path)
    assert (one.files, one.first, one.last, one.still) == ({1002: tmp_path / "a.1002.png"}, 1002, 1002, False)
    for name in ("sky.png", "sky_v003.png", "100%d.png", "a_[####].png", "20231123120000.png"):
        still = find_sequence(name, tmp_path)
        assert still.still and still.file(1) == still.file(99999) == tmp_path / name
    with pytest.raises(MissingInput, match="frame 1003"):
        one.file(1003)


def test_versions_are_no_frames(tmp_path: Path) -> None:
    touch(tmp_path / "a", "sh010_v001.png", "sh010_v002.png")
    with pytest.raises(InputRefused, match=r"more than one sequence.*sh010_v001\.png \(a still\)"):
        find_sequence("a", tmp_path)
    touch(tmp_path / "b", "sh010.1001.v003.png", "sh010.1002.v003.png")
    assert list(find_sequence("b", tmp_path).files) == [1001, 1002]
    # "v" at the end of a word is no version.
    touch(tmp_path / "c", "rev1001.png", "rev1002.png")
    assert list(find_sequence("c", tmp_path).files) == [1001, 1002]


def test_missing_frames(tmp_path: Path) -> None:
    touch(tmp_path, *(f"a.{frame}.png" for frame in (1001, 1002, 1004, 1008)), "sky.png")
    found = find_sequence("a.####.png", tmp_path)
    assert missing_frames(found, 1001, 1008) == "1003, 1005-1007"
    assert missing_frames(found, 1000, 1008, 2) == "1000, 1006"
    assert missing_frames(found, 1001, 1002) == ""
    assert missing_frames(find_sequence("sky.png", tmp_path), 1, 100) == ""


def test_folders_that_are_not_one_sequence(tmp_path: Path) -> None:
    touch(tmp_path / "two", "a.1001.png", "b.1001.exr", "b.1002.exr")
    with pytest.raises(
        InputRefused, match=r"There are a\.####\.png \(frames 1001\), b\.####\.exr \(frames 1001-1002\)"
    ):
        find_sequence("two", tmp_path, "train")
    touch(tmp_path / "unclear", "tree.png", "sky2.png")
    with pytest.raises(InputRefused, match="more than one sequence"):
        find_sequence("unclear", tmp_path)
    touch(tmp_path / "many", *(f"{letter}.1001.png" for letter in "abcdefghij"))
    with pytest.raises(InputRefused, match="and 4 more"):
        find_sequence("many", tmp_path)
    touch(tmp_path / "none", "notes.txt")
    with pytest.raises(MissingInput, match="no picture"):
        find_sequence("none", tmp_path)
    touch(tmp_path / "single", "sky.png")
    assert find_sequence("single", tmp_path).still


def test_nothing_there_says_what_is(tmp_path: Path) -> None:
    numbered(tmp_path, "label.%04d.png")
    with pytest.raises(MissingInput, match=r"layer train, .*lable\.####\.png: no file fits.*label\.####\.png \(frames"):
        find_sequence("lable.####.png", tmp_path, "train")
    with pytest.raises(MissingInput, match="no such file"):
        find_sequence("label.2000.png", tmp_path)
    with pytest.raises(MissingInput, match="folder is not there"):
        find_sequence("nowhere/label.####.png", tmp_path)
    with pytest.raises(MissingInput, match="in the file name only"):
        find_sequence("####/label.png", tmp_path)
    with pytest.raises(InputRefused):
        find_sequence("x" * 5000, tmp_path)
    with pytest.raises(InputRefused):
        find_sequence("a\0b.####.png", tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_folder_without_permission(tmp_path: Path) -> None:
    folder = numbered(tmp_path / "closed", "a.%04d.png")
    folder.chmod(0)
    try:
        with pytest.raises(InputRefused, match="cannot be read"):
            shot_from_input(folder)
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize(
    ("shape", "pattern", "name"),
    [
        ("ComfyUI_%05d_.png", "ComfyUI_#####_.png", "ComfyUI"),
        ("%04d_label.png", "####_label.png", "label"),
        ("sh010_%04d_label.exr", "sh010_####_label.exr", "sh010"),
        ("shot2_%04d_1080.png", "shot2_####_1080.png", "shot2"),
        ("frame%03dbeauty.png", "frame###beauty.png", "frame"),
        ("sh010_v003_%d_id.png", "sh010_v003_@_id.png", "sh010_v003"),
        ("%04d_.png", "####_.png", "passes"),
    ],
)
def test_the_one_number_that_differs_counts_frames(shape: str, pattern: str, name: str, tmp_path: Path) -> None:
    touch(tmp_path / "passes", *(shape % frame for frame in (9, 10, 11)))
    found = find_sequence("passes", tmp_path)
    assert (found.pattern, list(found.files), found.still) == (f"passes/{pattern}", [9, 10, 11], False)
    assert find_sequence(found.pattern, tmp_path) == found
    shot, base = shot_from_input(tmp_path / "passes")
    assert (shot.name, shot.layers[0].name, shot.first, shot.last) == (name, name, 9, 11)
    assert list(find_sequence(shot.layers[0].labels, base).files) == [9, 10, 11]
    one = find_sequence(f"passes/{shape % 10}", tmp_path)
    assert (list(one.files), one.still) == ([10], False)


@pytest.mark.parametrize(
    "names",
    [
        ("sh010_v001_.png", "sh010_v002_.png"),  # versions
        ("tree2a.png", "tree3a.png"),  # a number of a word
        ("a_01_x_01_.png", "a_02_x_02_.png"),  # two numbers differ
        ("a_0001_.png", "b_0002_.png"),  # more than the number differs
    ],
)
def test_other_numbers_within_names_are_no_frames(names: tuple[str, ...], tmp_path: Path) -> None:
    touch(tmp_path / "passes", *names)
    with pytest.raises(InputRefused, match=r"more than one sequence.*\(a still\)"):
        find_sequence("passes", tmp_path)


def test_a_link_to_nothing_is_a_frame_that_cannot_be_read(tmp_path: Path) -> None:
    touch(tmp_path / "passes", "label.0001.png", "label.0002.png")
    (tmp_path / "passes" / "label.0003.png").symlink_to(tmp_path / "store" / "label.0003.png")
    (tmp_path / "passes" / "label.0004.png").symlink_to("label.0004.png")
    for found in (find_sequence("passes", tmp_path), find_sequence("passes/label.####.png", tmp_path)):
        assert list(found.files) == [1, 2, 3, 4]
    assert list(find_sequence("passes/label.0003.png", tmp_path).files) == [3]
    with pytest.raises(MissingInput, match=r"this is a link to .*store.*, and that file is not there"):
        probe(tmp_path / "passes" / "label.0003.png")
    with pytest.raises(InputRefused, match=r"label\.0004\.png"):
        probe(tmp_path / "passes" / "label.0004.png")
