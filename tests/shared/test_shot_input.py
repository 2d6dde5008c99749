"""From whatever was typed to a shot."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from shared.errors import InputRefused, MissingInput
from shared.protocol import pack
from shared.sequences import find_sequence, missing_frames
from shared.shot_input import shot_from_input
from tests.shared.files import numbered, touch
from tests.shared.test_sequences import EXAMPLE


def test_input_is_a_shot_json() -> None:
    shot, base = shot_from_input(EXAMPLE)
    assert (shot, base) == shot_from_input(EXAMPLE / "shot.json")
    assert shot.name == "ride_the_train" and base == EXAMPLE.resolve()
    for pattern in (shot.context, *(layer.labels for layer in shot.layers)):
        assert pattern and list(find_sequence(pattern, base).files) == list(shot.frames)


@pytest.mark.parametrize("given_as", ["folder", "pattern"])
def test_input_is_a_sequence(given_as: str, tmp_path: Path) -> None:
    folder = numbered(tmp_path / "dir – 列車 ünï", "ride label – 列車 (v2).%04d.png")
    source = folder if given_as == "folder" else folder / "ride label – 列車 (v2).####.png"
    shot, base = shot_from_input(source)
    assert (shot.name, shot.fps_num, shot.fps_den, shot.first, shot.last) == (
        "ride label – 列車 (v2)",
        24,
        1,
        1001,
        1003,
    )
    assert (shot.width, shot.context, len(shot.layers), base) == (None, None, 1, folder)
    assert find_sequence(shot.layers[0].labels, base).files[1003].name == "ride label – 列車 (v2).1003.png"


def test_input_is_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbered(tmp_path / "frames", "%04d.png")
    monkeypatch.chdir(tmp_path / "frames")
    for source in (".", "####.png", "../frames", "../frames/%04d.png"):
        shot, base = shot_from_input(source)
        assert base.is_absolute() and len(find_sequence(shot.layers[0].labels, base).files) == 3
        assert shot.layers[0].name == "frames"


def test_input_is_one_file(tmp_path: Path) -> None:
    numbered(tmp_path, "a.%04d.png")
    touch(tmp_path, "sky.png", "what?.png" if os.name != "nt" else "what.png")
    shot, _ = shot_from_input(tmp_path / "a.1002.png")
    assert (shot.first, shot.last, shot.layers[0].name) == (1002, 1002, "a")
    shot, base = shot_from_input(tmp_path / "sky.png")
    assert (shot.first, shot.last, shot.layers[0].name) == (1, 1, "sky")
    assert find_sequence(shot.layers[0].labels, base).still
    if os.name != "nt":
        assert shot_from_input(tmp_path / "what?.png")[0].layers[0].name == "what_"


def test_input_with_a_range_and_a_gap(tmp_path: Path) -> None:
    touch(tmp_path, "a.1001.png", "a.1003.png", "a.1004.png")
    shot, base = shot_from_input(tmp_path / "a.####.png")
    assert (shot.first, shot.last) == (1001, 1004)
    assert missing_frames(find_sequence(shot.layers[0].labels, base), shot.first, shot.last) == "1002"
    shot, _ = shot_from_input(f"{tmp_path}/a.####.png 1003-1006")
    assert (shot.first, shot.last, shot.layers[0].labels) == (1003, 1006, "a.####.png")


def test_folders_as_layers(tmp_path: Path) -> None:
    numbered(tmp_path / "sh010" / "10_sky", "sky.%04d.png", range(1003, 1006))
    numbered(tmp_path / "sh010" / "9_train", "label.%04d.png")
    touch(tmp_path / "sh010", "11_ground/ground.png", "notes/read me.txt", ".cache/a.1001.png")
    shot, base = shot_from_input(tmp_path / "sh010")
    assert [layer.name for layer in shot.layers] == ["9_train", "10_sky", "11_ground"]
    assert (shot.name, shot.first, shot.last) == ("sh010", 1001, 1005)
    assert [len(find_sequence(layer.labels, base).files) for layer in shot.layers] == [3, 3, 1]


def test_folders_whose_order_is_open(tmp_path: Path) -> None:
    numbered(tmp_path / "train", "a.%04d.png")
    shot, _ = shot_from_input(tmp_path)
    assert [layer.name for layer in shot.layers] == ["train"]
    numbered(tmp_path / "environment", "a.%04d.png")
    with pytest.raises(InputRefused, match=r"on top: environment, train.*01_train.*shot\.json"):
        shot_from_input(tmp_path)


def test_input_that_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="no picture"):
        shot_from_input(tmp_path)
    with pytest.raises(MissingInput, match="folder is not there"):
        shot_from_input(tmp_path / "a" / "b")
    with pytest.raises(MissingInput, match="no such file"):
        shot_from_input(tmp_path / "a.json")
    (tmp_path / "a.json").write_text(json.dumps({"name": "x"}))
    with pytest.raises(InputRefused, match='"fps" is missing'):
        shot_from_input(tmp_path / "a.json")


def test_input_of_too_many_frames(tmp_path: Path) -> None:
    touch(tmp_path, "a.0001.png", "a.5000000.png")
    with pytest.raises(InputRefused, match='"last" is 5000000'):
        shot_from_input(tmp_path)


def test_a_stray_picture_never_stands_for_a_folder_of_sequences(tmp_path: Path) -> None:
    touch(tmp_path, "sheet.png", "label/s_label.1001.png", "label/s_label.1002.png", "vecz/s_vecz.1001.exr")
    with pytest.raises(InputRefused) as caught:
        shot_from_input(tmp_path)
    words = str(caught.value)
    assert "label/s_label.####.png (frames 1001-1002), vecz/s_vecz.####.exr (frames 1001), sheet.png (a still)" in words
    assert "Name one of them" in words
    (tmp_path / "sheet.png").unlink()
    with pytest.raises(InputRefused, match=r"label/s_label\.####\.png \(frames 1001-1002\).*Name one of them"):
        shot_from_input(tmp_path)


def test_a_name_of_many_bytes_is_shortened_between_characters(tmp_path: Path) -> None:
    touch(tmp_path, "列車" * 22 + ".0001.png")
    shot, _ = shot_from_input(tmp_path)
    assert shot.name == "列車" * 18 and len(f"{shot.name}_{shot.layers[0].name}.0001.png".encode()) <= 255
    touch(tmp_path / "plain", "x" * 100 + ".0001.png")
    assert shot_from_input(tmp_path / "plain")[0].name == "x" * 100, "names that fitted stay"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_utf8_is_told_readably(tmp_path: Path) -> None:
    touch(tmp_path / "mixed", "a.0001.png")
    bad = os.fsencode(tmp_path / "mixed") + b"/b\xe4ume.0001.png"
    Path(os.fsdecode(bad)).write_bytes(b"")
    for source in (tmp_path / "mixed", Path(os.fsdecode(bad))):
        with pytest.raises(InputRefused) as caught:
            shot_from_input(source)
        assert r"b\xe4ume" in str(caught.value)
        json.dumps(caught.value.to_dict(), ensure_ascii=False).encode()
        pack({"error": caught.value.to_dict()})
