"""Label sets: the shipped data are what their sources say; hostile files are refused in words; the label code holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared import label_code, places
from shared.errors import InputRefused, MissingInput
from shared.label_set import LAST_ID, NOTHING, available, label_set_from_dict, load_label_set, plain, warnings

DATA = Path(__file__).parents[1] / "data" / "passes"


def small(**changes: Any) -> dict[str, Any]:
    """A sound label set of two classes, as JSON holds it, with changes."""
    return {
        "format": 1,
        "name": "small",
        "version": 1,
        "labels": [{"id": 3, "name": "sky"}, {"id": 7, "name": "tall tree", "aliases": ["oak"]}],
        "unlabeled": None,
        "palettes": {"own": {"colors": {"3": [10, 20, 30], "7": [200, 100, 0]}}},
    } | changes


def labels(*entries: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": 3, "name": "sky"}, {"id": 7, "name": "tree"}, *entries]


def colors(**table: Any) -> dict[str, Any]:
    return {"own": {"colors": {key.lstrip("_"): value for key, value in table.items()}}}


# --- the shipped sets -------------------------------------------------------------------------------------


def test_coco_stuff_has_the_palette_of_2020_byte_for_byte() -> None:
    reference = json.loads((DATA / "runway_palette.json").read_text())
    coco = load_label_set("coco_stuff")
    mine = {one.name: [one.id, *coco.palettes["runway"].colors[one.id]] for one in coco.labels}
    assert mine == reference and len(mine) == 183 and coco.unlabeled == 182


def test_coco_stuff_knows_what_was_never_annotated() -> None:
    never = {one.id for one in load_label_set("coco_stuff").labels if not one.annotated}
    assert never == {11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90}


def test_ade20k_keeps_its_own_ids_and_the_colour_that_two_classes_share() -> None:
    ade = load_label_set("ade20k")
    assert [one.id for one in ade.labels] == list(range(151)) and ade.unlabeled == 0
    named = {0: "other", 1: "wall", 3: "sky", 7: "road", 49: "skyscraper", 150: "flag"}
    assert {i: ade.by_id(i).name for i in named} == named
    palette = ade.palettes["controlnet"].colors
    assert palette[7] == palette[49] == (140, 140, 140) and palette[3] == (6, 230, 230)
    assert len(set(palette.values())) == 150
    assert any("road and skyscraper share" in words for words in warnings(ade))


def test_cityscapes_keeps_its_duplicate_void_colours() -> None:
    city = load_label_set("cityscapes")
    palette = city.palettes["cityscapes"].colors
    assert [one.id for one in city.labels] == list(range(34))
    assert {i for i, color in palette.items() if color == (0, 0, 0)} == {0, 1, 2, 3, 4}
    assert palette[17] == palette[18] == (153, 153, 153) and palette[26] == (0, 0, 142)


@pytest.mark.parametrize("name", ["coco_stuff", "ade20k", "cityscapes"])
def test_shipped_sets_name_their_source_and_load_from_a_path_alike(name: str) -> None:
    one = load_label_set(name)
    assert one.title and one.source and one.licence and all(p.source for p in one.palettes.values())
    assert name in available()
    path = Path(__file__).parents[2] / "shared" / "label_sets" / f"{name}.json"
    assert load_label_set(path) == load_label_set(str(path)) == one


# --- looking up -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sky", "sky-other", "Sky Other", "sky_other", " SKY-OTHER "])
def test_an_artist_finds_a_class_by_many_spellings(name: str) -> None:
    assert load_label_set("coco_stuff").find(name).id == 156


def test_a_text_is_never_an_id_and_an_id_never_a_name() -> None:
    coco = load_label_set("coco_stuff")
    assert coco.find(123).name == coco.by_id(123).name == "grass"
    for wrong in ("123", "0", "", " "):
        with pytest.raises(InputRefused):
            coco.find(wrong)
    with pytest.raises(InputRefused, match="183"):
        coco.by_id(183)


def test_a_mistyped_class_gets_the_near_names() -> None:
    with pytest.raises(InputRefused) as caught:
        load_label_set("coco_stuff").find("moutain")
    assert "mountain" in caught.value.remedy


def test_a_ground_plane_is_no_airplane() -> None:
    """ "Plane" is what Maya and Blender call a flat piece of ground."""
    for name in ("coco_stuff", "ade20k"):
        assert load_label_set(name).get("Plane") is None


# --- the hash ---------------------------------------------------------------------------------------------


def test_the_hash_covers_what_decoding_depends_on_and_nothing_else() -> None:
    base = label_set_from_dict(small()).hash
    assert base.startswith("sha256:") and len(base) == 71
    same = [small(title="a title", source="somewhere", licence="CC0"), dict(reversed(small().items()))]
    assert {label_set_from_dict(data).hash for data in same} == {base}
    other = [
        small(version=2),
        small(name="other"),
        small(unlabeled=3),
        small(labels=[{"id": 3, "name": "sky"}, {"id": 7, "name": "tall tree"}]),
        small(labels=[{**small()["labels"][0], "annotated": False}, small()["labels"][1]]),
        small(palettes=colors(_3=[10, 20, 31], _7=[200, 100, 0])),
        small(palettes={"second": small()["palettes"]["own"]}),
    ]
    assert len({base, *(label_set_from_dict(data).hash for data in other)}) == len(other) + 1


# --- sets of the user -------------------------------------------------------------------------------------


def test_a_users_set_loads_like_a_shipped_one() -> None:
    folder = places.label_sets_folder()
    folder.mkdir(parents=True)
    (folder / "small.json").write_text(json.dumps(small()), encoding="utf-8-sig")  # as Notepad writes it
    (folder / "ade20k.json").write_text(json.dumps(small(name="ade20k")))  # does not hide a shipped one
    own = load_label_set("small")
    assert own.find("OAK").id == 7 and own.palettes["own"].colors[3] == (10, 20, 30)
    assert available() == ["ade20k", "cityscapes", "cityscapes_train_ids", "coco_stuff", "small"]
    assert len(load_label_set("ade20k").labels) == 151


def test_a_set_that_calls_itself_otherwise_is_refused() -> None:
    folder = places.label_sets_folder()
    folder.mkdir(parents=True)
    (folder / "mine.json").write_text(json.dumps(small(name="coco_stuff")))
    with pytest.raises(InputRefused, match="coco_stuff"):
        load_label_set("mine")


@pytest.mark.parametrize("name", ["nope", "../coco_stuff", "a/b", "", "nope.json"])
def test_a_set_that_is_not_there(name: str) -> None:
    with pytest.raises(MissingInput):
        load_label_set(name)


def test_near_colours_are_a_warning_and_no_error() -> None:
    near = label_set_from_dict(small(palettes=colors(_3=[10, 20, 30], _7=[12, 20, 30])))
    assert len(warnings(near)) == 1 and "sky and tall tree" in warnings(near)[0]
    assert warnings(label_set_from_dict(small())) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "must be an object"),
        (small(format=2), "format"),
        (small(name="a/b"), "name"),
        (small(name="x" * 65), "name"),
        (small(version=0), "version"),
        (small(version=True), "version"),
        (small(labels=[]), "a list of 1 to 4096 classes"),
        (small(labels={}), "list"),
        (small(labels=labels({"id": 7, "name": "bush"})), "the id 7 is given twice, to 'tree' and 'bush'"),
        (small(labels=labels({"id": 8, "name": "Tree"})), "'tree' (7) and 'Tree' (8)"),
        (small(labels=labels({"id": 8, "name": "bush", "aliases": ["SKY "]})), "'sky' (3) and 'bush' (8)"),
        (small(labels=labels({"id": 8, "name": "-_ "})), "no name"),
        (small(labels=labels({"id": 8, "name": "bush", "aliases": ["-"]})), "alias"),
        (small(labels=labels({"id": 8, "name": "bush", "aliases": "hedge"})), "a list of at most 100 names"),
        (small(labels=labels({"id": 8, "name": "bu\nsh"})), "control character"),
        (small(labels=labels({"id": 8, "name": "bush", "annotated": 1})), "true or false"),
        (small(labels=labels({"id": "8", "name": "bush"})), "whole number"),
        (small(labels=labels({"id": 8.0, "name": "bush"})), "whole number"),
        (small(labels=labels({"id": -1, "name": "bush"})), "whole number"),
        (small(labels=labels({"id": LAST_ID + 1, "name": "bush"})), "whole number"),
        (small(labels=labels({"id": NOTHING, "name": "bush"})), "whole number"),
        (small(labels=labels({"name": "bush"})), 'id" is missing'),
        (small(labels=[{"id": i, "name": f"c{i}"} for i in range(5000)]), "a list of 1 to 4096 classes"),
        (small(unlabeled=4), "no class"),
        (small(palettes={}), "no palette"),
        (small(palettes={"code": small()["palettes"]["own"]}), "code"),
        (small(palettes=colors(_3=[10, 20, 30])), "no colour for 'tall tree' (7)"),
        (small(palettes=colors(_3=[10, 20, 30], _7=[1, 2, 3], _9=[4, 5, 6])), "for 9,"),
        (small(palettes=colors(_3=[10, 20, 30], _7=[1, 2])), "[red, green, blue]"),
        (small(palettes=colors(_3=[10, 20, 30], _7=[1, 2, 256])), 'palettes.own.colors.7[2]"'),
        (small(palettes=colors(_3=[10, 20, 30], _7=[1, 2, 3.5])), 'palettes.own.colors.7[2]"'),
        (small(palettes=colors(_3="#102030", _7=[1, 2, 3])), "[red, green, blue]"),
    ],
)
def test_a_faulty_set_is_refused_in_words(data: Any, words: str) -> None:
    with pytest.raises(InputRefused) as caught:
        label_set_from_dict(data)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "\xff\xfe",
        "[" * 100_000,
        '{"format": NaN}',
        '{"format": 1, "format": 1}',
        json.dumps(small()).replace('"3": [10, 20, 30]', '"3": [10, 20, 30], "3": [1, 2, 3]'),
        '{"version": ' + "9" * 5000 + "}",
    ],
)
def test_a_file_that_is_no_sound_json_is_refused_and_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputRefused) as caught:
        load_label_set(file)
    assert caught.value.file == str(file)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    with file.open("wb") as out:
        out.truncate(9 << 20)
    with pytest.raises(InputRefused, match="larger than 8 MB"):
        load_label_set(file)


def test_plain_folds_only_what_people_write_differently() -> None:
    assert plain("Wall - Other") == plain("wall_other") != plain("wall.other")


# --- the label code ---------------------------------------------------------------------------------------

CODE = np.array([label_code.encode(i) for i in range(256)], np.int64)


def classes_hit(colors_8bit: np.ndarray) -> np.ndarray:
    """For (..., 3) codes: the class whose colour each exactly is, or -1."""
    red = colors_8bit[..., 0]
    hit = (CODE[red] == colors_8bit).all(-1)
    return np.where(hit, red, -1)


def test_the_label_code_is_the_published_one() -> None:
    known = {0: (0, 91, 165), 1: (1, 242, 37), 123: (123, 232, 123), 255: (255, 196, 90)}
    assert {i: label_code.encode(i) for i in known} == known
    assert len({tuple(color) for color in CODE.tolist()}) == 256
    for wrong in (-1, 256):
        with pytest.raises(ValueError):
            label_code.encode(wrong)


def test_no_blend_of_two_codes_is_a_third_class() -> None:
    first, second = CODE[:, None], CODE[None]
    for weight in range(1, 16):
        blend = np.rint(first + (second - first) * (weight / 16)).astype(np.int64)
        hit = classes_hit(blend)
        own = np.arange(256)
        assert ((hit == -1) | (hit == own[:, None]) | (hit == own[None])).all(), weight


def test_no_srgb_view_and_no_dither_of_a_code_is_a_class() -> None:
    linear = CODE / 255
    view = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert (classes_hit(np.rint(view * 255).astype(np.int64)) == -1).all()
    steps = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), -1).reshape(-1, 3)
    for step in steps[np.abs(steps).sum(1) > 0]:
        moved = CODE + step
        legal = ((moved >= 0) & (moved <= 255)).all(1)
        assert (classes_hit(moved[legal]) == -1).all(), step


def test_codes_survive_half_float() -> None:
    half = (CODE / 255).astype(np.float16).astype(np.float64)
    assert (np.floor(half * 255 + 0.5) == CODE).all()
