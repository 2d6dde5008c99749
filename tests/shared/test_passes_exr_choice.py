"""What of an EXR is taken for labels: one rule over all parts, layers and channels, and refusals that settle it."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

import semrender
from shared.errors import InputRefused
from shared.label_set import NOTHING, load_label_set
from shared.passes import probe
from shared.passes.exr_header import read_headers
from tests.shared.reading import read, refused

COCO = load_label_set("coco_stuff")
IDS = np.repeat(np.array([[168, 123, 6, 156]], np.uint16), 24, 0).repeat(8, 1)  # (24, 32)
OTHER = np.roll(IDS, 8, 1)
DEPTH = np.repeat(np.linspace(1, 90, IDS.size // 4, dtype=np.float32), 4).reshape(IDS.shape)
Channels = dict[str, np.ndarray]


def colours(ids: np.ndarray, layer: str = "", kind: Any = np.float16) -> Channels:
    table = np.zeros((256, 3), np.float32)
    for identity, colour in COCO.palettes["runway"].colors.items():
        table[identity] = np.array(colour, np.float32) / 255
    return {f"{layer}{letter}": table[ids][..., i].astype(kind) for i, letter in enumerate("RGB")}


def write(path: Path, *parts: tuple[str, Channels], **header: Any) -> Path:
    base = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, **header}
    made = [
        OpenEXR.Part({**base}, {name: np.ascontiguousarray(v) for name, v in channels.items()}, name)
        for name, channels in parts
    ]
    OpenEXR.File(made).write(str(path))
    return path


def damaged(path: Path, part: int) -> Path:
    """The pixels of one part made garbage: its chunks begin with its number."""
    content, headers = bytearray(path.read_bytes()), read_headers(path)
    entries = sum(header.chunks or 0 for header in headers)
    table = next(i for i in range(len(content)) if int.from_bytes(content[i : i + 8], "little") == i + 8 * entries)
    for entry in range(entries):
        start = int.from_bytes(content[table + 8 * entry : table + 8 * entry + 8], "little")
        if int.from_bytes(content[start : start + 4], "little") == part:
            size = int.from_bytes(content[start + 8 : start + 12], "little")
            content[start + 12 : start + 12 + size] = b"\xaa" * size
    path.write_bytes(content)
    return path


# --- damage -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_part_that_is_damaged_is_named_whichever_it_is(
    tmp_path: Path, part: int, capfd: pytest.CaptureFixture[str]
) -> None:
    parts = [("label", colours(IDS)), ("depth", {"Z": DEPTH}), ("ids", {"id": IDS.astype(np.float32)})]
    file = damaged(write(tmp_path / "a.exr", *parts), part)
    for options in ({}, {"exr_layer": "label"}, {"encoding": "ids"}):
        error = refused(file, **options)
        assert "3 parts" in error.what and error.what.endswith(parts[part][0]) and "again" in error.remedy
    assert probe(file).kind == "EXR, 3 parts", "its pixels are decoded when they are read, and not to look"
    assert capfd.readouterr() == ("", ""), "the library's own words"


def test_json_is_json_whatever_the_library_prints(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = damaged(write(tmp_path / "a.exr", ("label", colours(IDS)), ("depth", {"Z": DEPTH})), 0)
    assert semrender.main(["--json", "decode", str(file)]) == 3
    out, err = capfd.readouterr()
    assert "EXR_ERR" not in err + out and "Warning" not in err + out
    answers = [json.loads(line) for line in (out + err).splitlines() if line.startswith("{")]
    assert answers and "label" in json.dumps(answers)


def test_a_deep_image_is_refused_in_words(tmp_path: Path) -> None:
    deep = np.empty(IDS.shape, object)
    for place in np.ndindex(IDS.shape):
        deep[place] = np.array([1.0, 2.0], np.float32)
    header = {"compression": OpenEXR.ZIPS_COMPRESSION, "type": OpenEXR.deepscanline}
    OpenEXR.File(header, {"Z": deep, "R": deep, "G": deep, "B": deep}).write(str(tmp_path / "a.exr"))
    error = refused(tmp_path / "a.exr")
    assert "deep" in error.what and "flat" in error.remedy
    with pytest.raises(InputRefused, match="deep"):
        probe(tmp_path / "a.exr")


@pytest.mark.parametrize("names", [("owner",), ("owner", "comments", "where")])
def test_texts_that_are_not_utf8_do_not_decide(tmp_path: Path, names: tuple[str, ...]) -> None:
    file = write(tmp_path / "a.exr", ("", colours(IDS)), **dict.fromkeys(names, "Atelier-Renee"))
    file.write_bytes(file.read_bytes().replace(b"Atelier-Renee", b"Atelier-Ren\xe9\xff"))
    assert (read(file).ids == IDS).all()


def test_names_that_are_not_utf8_do_not_decide(tmp_path: Path) -> None:
    layers = {**colours(OTHER, "Etap#."), **colours(IDS, "label."), "e#.Z": DEPTH, "z#.Z": DEPTH}
    file = write(tmp_path / "a.exr", ("rendu#", layers), title="ab")
    head, kind, rest = file.read_bytes().partition(b"scanlineimage\0")
    file.write_bytes(head.replace(b"#", b"\xe9").replace(b"title\0", b"titl\xe8\0") + kind + rest)
    assert (read(file, exr_layer="label").ids == IDS).all()
    assert (read(file, exr_layer="Etapé").ids == OTHER).all()
    assert "rendué.Etapé" in refused(file).remedy


def test_a_window_far_larger_than_the_frame_is_refused_by_the_header(tmp_path: Path) -> None:
    file = write(tmp_path / "a.exr", ("", {name: np.zeros((16, 16), np.float16) for name in "RGB"}))
    content = file.read_bytes()
    start = content.index(b"dataWindow\0box2i\0") + len(b"dataWindow\0box2i\0") + 4
    corners = np.array([0, 0, 14999, 14999], "<i4").tobytes()
    file.write_bytes(content[:start] + corners + content[start + 16 :])
    assert "15000x15000 for a frame of 16x16" in refused(file).what


# --- choice -----------------------------------------------------------------------------------------------


def test_two_layers_of_a_name_are_listed_and_a_full_name_settles_it(tmp_path: Path) -> None:
    file = write(tmp_path / "a.exr", ("", {**colours(OTHER, "env.label."), **colours(IDS, "train.label.")}))
    for options in ({}, {"exr_layer": "label"}, {"exr_layer": "LABEL"}):
        assert "env.label, train.label" in refused(file, **options).remedy
    assert (read(file, exr_layer="train.label").ids == IDS).all()
    assert (read(file, exr_layer="env").ids == OTHER).all()


def test_two_parts_with_a_layer_of_one_name(tmp_path: Path) -> None:
    parts = [("left", colours(IDS, "label.")), ("right", colours(OTHER, "label."))]
    file = write(tmp_path / "a.exr", *parts)
    assert "left.label, right.label" in refused(file, exr_layer="label").remedy
    assert (read(file, exr_layer="right.label").ids == OTHER).all()
    assert (read(file, exr_layer="left").ids == IDS).all()


def test_layers_that_differ_in_case_or_spelling_only(tmp_path: Path) -> None:
    file = write(tmp_path / "a.exr", ("", {**colours(IDS, "label."), **colours(OTHER, "Label.")}))
    assert (read(file, exr_layer="label").ids == IDS).all() and (read(file, exr_layer="Label").ids == OTHER).all()
    assert "Label, label" in refused(file, exr_layer="LABEL").remedy
    small = {name.lower(): pixels for name, pixels in colours(OTHER).items()}
    both = write(tmp_path / "b.exr", ("", {**colours(IDS), **small}))
    names = re.findall(r"It has (.*)", refused(both).remedy)[0].rstrip(".").split(", ")
    assert len(set(names)) == 2
    assert [bool((read(both, exr_layer=name).ids == ids).all()) for name, ids in zip(names, (IDS, OTHER), strict=True)]


def test_two_id_channels_are_listed_even_beside_one_layer_of_colours(tmp_path: Path) -> None:
    ids = {"a.id": IDS.astype(np.float32), "b.id": OTHER.astype(np.float32)}
    file = write(tmp_path / "a.exr", ("", {**ids, **colours(IDS)}))
    for options in ({}, {"encoding": "ids"}, {"exr_layer": "id"}):
        assert "a.id" in refused(file, **options).remedy and "b.id" in refused(file, **options).remedy
    assert (read(file, exr_layer="b.id").ids == OTHER).all()
    assert (read(file, encoding="colour").ids == IDS).all()


def test_ids_that_the_label_colours_contradict_are_asked_about(tmp_path: Path) -> None:
    numbers = np.where(IDS == 6, 1, 2).astype(np.float32)  # of objects: ids of classes too
    file = write(tmp_path / "a.exr", ("", {**colours(IDS), "id": numbers}))
    error = refused(file)
    assert "differ" in error.what and "--exr-layer id or --exr-layer RGB" in error.remedy
    assert (read(file, exr_layer="RGB").ids == IDS).all() and (read(file, exr_layer="id").ids == numbers).all()
    agreeing = write(tmp_path / "b.exr", ("", {**colours(IDS), "id": IDS.astype(np.float32)}))
    assert "ids" in read(agreeing).facts.kind
    black = {letter: np.zeros(IDS.shape, np.float16) for letter in "RGB"}
    assert "ids" in read(write(tmp_path / "c.exr", ("", {**black, "id": numbers}))).facts.kind


def test_an_integer_channel_of_another_name_beside_colours_is_asked_about(tmp_path: Path) -> None:
    file = write(tmp_path / "a.exr", ("", {**colours(IDS), "objectNumber": np.ones(IDS.shape, np.uint32)}))
    assert "RGB, objectNumber" in refused(file).remedy
    assert (read(file, exr_layer="RGB").ids == IDS).all()


@pytest.mark.parametrize("name", ["Z", "depth", "depth.Z", "A", "mist"])
def test_an_only_channel_that_is_something_else_is_no_id_channel_without_a_word(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "a.exr", ("", {name: np.ones(IDS.shape, np.float32)}))
    assert name in refused(file).remedy
    assert (read(file, encoding="ids").ids == 1).all() and (read(file, exr_layer=name).ids == 1).all()


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.uint32])
def test_ids_in_three_channels(tmp_path: Path, kind: Any) -> None:
    file = write(tmp_path / "a.exr", ("", {letter: IDS.astype(kind) for letter in "RGB"}))
    assert "equal whole numbers" in refused(file).what and "--encoding ids" in refused(file).remedy
    assert (read(file, encoding="ids").ids == IDS).all()
    assert (read(file, encoding="ids", exr_layer="RGB").ids == IDS).all()
    beside = write(
        tmp_path / "b.exr", ("", {**{f"c.{x}": IDS.astype(kind) for x in "RGB"}, **colours(OTHER), "Z": DEPTH})
    )
    assert (read(beside, encoding="ids").ids == IDS).all()
    assert "differ" in refused(beside, encoding="ids", exr_layer="RGB").what


def test_numbers_that_are_no_ids_any_more_say_why(tmp_path: Path) -> None:
    half = write(tmp_path / "a.exr", ("", {"id": np.full((4, 4), 2050, np.float16)}))
    assert "half" in refused(half).cause
    divided = write(tmp_path / "b.exr", ("", {"id": (IDS / 255).astype(np.float32)}))
    assert "/ 255" in refused(divided).cause and (read(divided, mode="nearest").ids == IDS).all()
    filtered = np.where(IDS == 6, 6.5, IDS).astype(np.float32)
    assert "filtered" in refused(write(tmp_path / "c.exr", ("", {"id": filtered}))).cause


def test_luminance_and_chroma_are_no_ids(tmp_path: Path) -> None:
    channels = {name: np.ones((8, 8), np.float16) for name in ("Y", "RY", "BY")}
    assert "RY" in refused(write(tmp_path / "a.exr", ("", channels))).remedy
    assert "RY" in refused(write(tmp_path / "b.exr", ("", {"Y": channels["Y"], "RY": channels["RY"]}))).remedy


# --- colour and alpha -------------------------------------------------------------------------------------


def test_colours_behind_alpha_zero_are_outside(tmp_path: Path) -> None:
    alpha = (IDS != 156).astype(np.float16)
    sky = DEPTH[..., None] / 97 + np.zeros(3, np.float32)
    for case, fill in (("sky", sky), ("nan", np.full((*IDS.shape, 3), np.nan))):
        channels = colours(IDS)
        for i, letter in enumerate("RGB"):
            channels[letter] = np.where(alpha > 0, channels[letter], fill[..., i]).astype(np.float16)
        found = read(write(tmp_path / f"{case}.exr", ("", {**channels, "A": alpha})))
        assert (found.ids == np.where(alpha > 0, IDS, NOTHING)).all() and (found.coverage == alpha).all()


@pytest.mark.parametrize("associated", [True, False])
def test_low_alpha_in_half_floats_keeps_its_class(tmp_path: Path, associated: bool) -> None:
    alpha = np.linspace(0.004, 1, IDS.size, dtype=np.float32).reshape(IDS.shape)
    channels = {
        letter: (pixels.astype(np.float32) * (alpha.astype(np.float16) if associated else 1)).astype(np.float16)
        for letter, pixels in colours(IDS).items()
    }
    found = read(write(tmp_path / "a.exr", ("", {**channels, "A": alpha.astype(np.float16)})))
    assert (found.ids == IDS).all() and (found.facts.kind == "EXR colours of RGB")


# --- nothing but words ------------------------------------------------------------------------------------


def _flip(content: bytearray, random: np.random.Generator) -> None:
    for _ in range(random.integers(1, 6)):
        content[random.integers(len(content))] ^= 1 << random.integers(8)


def _cut(content: bytearray, random: np.random.Generator) -> None:
    start = random.integers(len(content))
    del content[start : start + random.integers(1, 40)]


def _fill(content: bytearray, random: np.random.Generator) -> None:
    start = random.integers(min(len(content), 700))
    content[start : start + 4] = random.choice([b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\xff" * 4, b"\1\0\0\0"])


@pytest.mark.parametrize("change", [_flip, _cut, _fill])
def test_damaged_bytes_end_in_words(
    tmp_path: Path, change: Callable[[bytearray, np.random.Generator], None], capfd: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(14)
    sound = [
        write(tmp_path / "a.exr", ("label", colours(IDS)), ("depth", {"Z": DEPTH}), owner="me").read_bytes(),
        write(tmp_path / "b.exr", ("", {**colours(IDS), "id": IDS.astype(np.uint32)})).read_bytes(),
    ]
    for turn in range(70):
        content = bytearray(sound[turn % 2])
        change(content, random)
        (tmp_path / "c.exr").write_bytes(content)
        for use in (probe, read):
            with contextlib.suppress(InputRefused):
                use(tmp_path / "c.exr")
    assert capfd.readouterr() == ("", "")
