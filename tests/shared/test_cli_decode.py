"""`semrender decode` and `semrender labels`, through the same parser as the command's."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared import cli, places
from shared.errors import InputRefused, MissingInput
from shared.label_set import load_label_set
from shared.passes.colour import packed
from tests.conftest import semrender

DATA = Path(__file__).parents[1] / "data" / "passes"
TRUTH = np.asarray(Image.open(DATA / "truth.png"))


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    cli.add_commands(parser.add_subparsers(required=True))
    parsed = parser.parse_args([str(one) for one in arguments])
    return int(parsed.run(parsed))


# --- decode -----------------------------------------------------------------------------------------------


def test_decode_writes_the_truth_as_8_bit_grey(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new folder" / "ids.png"
    assert run("decode", DATA / "clean.png", "--out", out) == 0
    with Image.open(out) as picture:
        assert picture.mode == "L" and (np.asarray(picture) == TRUTH).all()
    assert [file.name for file in out.parent.iterdir()] == ["ids.png"]
    text = capsys.readouterr().out
    assert "640x360" in text and "runway" in text and "46411 px" in text and "river" in text


def test_nothing_is_255_and_reads_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("decode", DATA / "layer_train.png", "--out", tmp_path / "ids.png") == 0
    pixels = np.asarray(Image.open(tmp_path / "ids.png"))
    assert set(np.unique(pixels).tolist()) == {6, 255}
    assert "nothing" in capsys.readouterr().out
    assert run("--json", "decode", tmp_path / "ids.png", "--out", tmp_path / "again.png") == 0
    assert (np.asarray(Image.open(tmp_path / "again.png")) == pixels).all()


def test_a_large_set_is_written_in_16_bits(tmp_path: Path) -> None:
    labels = [{"id": i, "name": f"class {i}"} for i in (3, 255)]
    palettes = {"own": {"colors": {"3": [1, 2, 3], "255": [200, 0, 0]}}}
    large = tmp_path / "large.json"
    large.write_text(json.dumps({"format": 1, "name": "large", "version": 1, "labels": labels, "palettes": palettes}))
    Image.fromarray(np.array([[[1, 2, 3, 255], [200, 0, 0, 255], [9, 9, 9, 0]]], np.uint8)).save(tmp_path / "a.png")
    assert run("decode", tmp_path / "a.png", "--label-set", large, "--out", tmp_path / "ids.png") == 0
    with Image.open(tmp_path / "ids.png") as picture:
        assert picture.mode == "I;16" and np.asarray(picture).tolist() == [[3, 255, 65535]]


def test_json_for_scripts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "ids.png"
    assert run("--json", "decode", DATA / "dithered.png", "--mode", "nearest", "--out", out) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["size"] == [640, 360] and found["written"] == {"file": str(out), "depth": 8}
    assert found["classes"][0] == {"id": 147, "name": "river", "pixels": 46411}
    assert sum(one["pixels"] for one in found["classes"]) + found["nothing"] == 640 * 360
    assert found["guessed"] == 38065 and found["label_set"]["hash"] == load_label_set("coco_stuff").hash


def test_without_out_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("decode", DATA / "clean.png") == 0 and list(tmp_path.iterdir()) == []


def test_a_refusal_keeps_the_old_result(tmp_path: Path) -> None:
    out = tmp_path / "ids.png"
    out.write_bytes(b"before")
    with pytest.raises(InputRefused) as caught:
        run("decode", DATA / "anti_aliased.png", "--out", out)
    assert caught.value.exit_code == 3 and "anti-aliasing" in str(caught.value)
    with pytest.raises(MissingInput):
        run("decode", tmp_path / "missing.png", "--out", out)
    assert out.read_bytes() == b"before" and len(list(tmp_path.iterdir())) == 1


def test_every_option_reaches_the_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("decode", DATA / "palette_index.png", "--palette-png", "index") == 0
    assert run("decode", DATA / "multilayer.exr", "--exr-layer", "IndexMA") == 0
    assert "IndexMA" in capsys.readouterr().out
    table = tmp_path / "names.json"
    table.write_text(json.dumps({"*plain*": "grass", "равнина": "grass", "name*": "tree"}), encoding="utf-8")
    special = DATA / "spec_special_chars.exr"
    assert run("decode", special, "--names", table, "--uncovered", "sky", "--encoding", "cryptomatte") == 0
    text = capsys.readouterr().out
    assert "tree" in text and "sky-other" in text and "nothing" not in text
    with pytest.raises(InputRefused):
        run("decode", DATA / "clean.png", "--palette", "code")
    with pytest.raises(InputRefused):
        run("decode", DATA / "crypto.exr", "--crypto", "asset")
    shared_colour = tmp_path / "road.png"
    Image.fromarray(np.full((2, 2, 3), 140, np.uint8)).save(shared_colour)
    assert run("decode", shared_colour, "--label-set", "ade20k", "--classes", "road, sky") == 0
    assert "road" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["[]", "{", '{"a": 1}', '{"a": null}', "[" * 100_000])
def test_a_table_of_names_that_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "names.json").write_text(content)
    with pytest.raises(InputRefused) as caught:
        run("decode", DATA / "crypto.exr", "--names", tmp_path / "names.json")
    assert caught.value.file == str(tmp_path / "names.json")


def test_the_result_never_replaces_its_source_and_is_a_png(tmp_path: Path) -> None:
    source = tmp_path / "label.png"
    source.write_bytes((DATA / "clean.png").read_bytes())
    with pytest.raises(InputRefused, match="replace"):
        run("decode", source, "--out", tmp_path / "." / "label.png")
    assert source.read_bytes() == (DATA / "clean.png").read_bytes()
    with pytest.raises(InputRefused, match="PNG"):
        run("decode", source, "--out", tmp_path / "ids.jpg")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputRefused) as caught:
        run("decode", source, "--out", tmp_path / "file" / "ids.png")
    assert caught.value.cause


# --- labels -----------------------------------------------------------------------------------------------


def test_labels_lists_all_sets_and_says_which_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    places.label_sets_folder().mkdir(parents=True)
    (places.label_sets_folder() / "broken.json").write_text("{")
    for words in (["labels"], ["labels", "list"]):
        assert run(*words) == 0
        lines = capsys.readouterr().out.splitlines()
        assert any("coco_stuff" in line and "183 classes" in line and "runway" in line for line in lines)
        assert any("broken" in line and "cannot be used" in line for line in lines)
    assert run("--json", "labels") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["ade20k"]["classes"] == 151 and "error" in rows["broken"]
    assert rows["ade20k"]["hash"] == load_label_set("ade20k").hash


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("sky", [156, 157]),
        ("ocean", [154]),
        ("147", [147]),
        ("60,55,50", [134]),
        ("(60, 55, 50)", [134]),
        ("60 55 51", [134, 109, 42]),
        ("#3c3732", [134]),
    ],
)
def test_which_colour_is_which_class(words: str, ids: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "labels", "show", "coco_stuff", "--find", words) == 0
    said = capsys.readouterr()
    assert [one["id"] for one in json.loads(said.out)["classes"]] == ids
    assert ("nearest" in said.err) == (words == "60 55 51")


def test_show_tells_ids_colours_and_what_to_mind(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("labels", "show", "coco_stuff") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 184 and sum("never annotated" in line for line in lines) == 11
    assert any(line.split()[:3] == ["134", "mountain", "60,55,50"] for line in lines)
    assert run("labels", "show", "ade20k", "--find", "road") == 0
    assert "same colour as skyscraper" in capsys.readouterr().out
    assert run("labels", "show", "coco_stuff", "--palette", "code", "--find", "grass") == 0
    assert "123,232,123" in capsys.readouterr().out
    for wrong in (["nope"], ["coco_stuff", "--palette", "nope"], ["coco_stuff", "--find", "moutain"]):
        with pytest.raises(InputRefused) as caught:
            run("labels", "show", *wrong)
        assert caught.value.remedy


@pytest.mark.parametrize("name", ["coco_stuff", "ade20k", "cityscapes"])
def test_the_sheet_shows_every_colour(name: str, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    assert run("labels", "show", name, "--out", out) == 0
    pixels = np.asarray(Image.open(out).convert("RGB"))
    assert pixels.shape[0] < 2500 and pixels.shape[1] < 2500
    area = np.bincount(packed(pixels).ravel(), minlength=1 << 24)
    colors = next(iter(load_label_set(name).palettes.values())).colors
    swatches = packed(np.array([list(colors.values())], np.uint8))
    assert (area[swatches] >= 1500).all(), "a swatch is missing or covered"
    assert run("labels", "show", name, "--find", "person", "--out", tmp_path / "one.png") == 0


def test_a_picture_of_another_library_is_told_of_in_one_line(tmp_path: Path) -> None:
    """OpenImageIO's binding has forty of its own where what it made is left over at the end."""
    (tmp_path / "it.tif").write_bytes(b"no picture")
    done = semrender("decode", tmp_path / "it.tif")
    assert done.returncode == 3 and len(done.stderr.splitlines()) == 1, done.stderr
