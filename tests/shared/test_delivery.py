"""delivery.json: what is written, what is read back, and what is refused in which words."""

from __future__ import annotations

import copy
import json
import math
import shutil
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.delivery import (
    Delivery,
    from_dict,
    read_delivery,
    to_dict,
    write_delivery,
)
from shared.delivery_check import validate
from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.rates import fps_literal
from shared.uids import footage_uid, layer_uid
from tests.shared.deliveries import full, minimal, painting

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("num", "den", "literal"),
    [
        (24000, 1001, 23.976),
        (24, 1, 24),
        (25, 1, 25),
        (30000, 1001, 29.97),
        (30, 1, 30),
        (48000, 1001, 47.952),
        (50, 1, 50),
        (60000, 1001, 59.94),
        (120000, 1001, 119.88),
        (25, 2, 12.5),
    ],
)
def test_fps_literal(num: int, den: int, literal: float) -> None:
    assert fps_literal(num, den) == literal


def test_uids_are_stable_and_keep_what_separates_tags_out() -> None:
    assert layer_uid("a/b", "train", "painting") == "a/b/L/train/painting"
    assert footage_uid("a/b", "train", "matte", "sky-other") == "a/b/F/train/matte/sky-other"
    assert layer_uid("s", "a/b;c]=[%", "matte", "d/e") == "s/L/a%2Fb%3Bc%5D%3D%5B%25/matte/d%2Fe"
    assert layer_uid("s", "a/b", "c") != layer_uid("s", "a", "b/c")
    decomposed = unicodedata.normalize("NFD", "é")
    assert layer_uid("s", decomposed, "painting") == layer_uid("s", "é", "painting")


def test_every_key_comes_back(tmp_path: Path) -> None:
    delivery = full()
    assert from_dict(json.loads(json.dumps(to_dict(delivery)))) == delivery
    path = write_delivery(delivery, tmp_path / "new folder")
    assert path.read_bytes().isascii()
    assert read_delivery(path) == read_delivery(path.parent) == delivery
    assert [p.name for p in path.parent.iterdir()] == ["delivery.json"]


def test_keys_are_those_of_the_contract() -> None:
    data = to_dict(full())
    assert data["schema"] == "semrender.delivery" and data["schema_version"] == 1
    assert " ".join(data["shot"]) == (
        "uid name width height fps fps_num fps_den first last frames pixel_aspect version"
    )
    assert data["layers"][1]["class"] == {"id": 6, "name": "train", "rgb": [0, 80, 100]}
    assert data["layers"][0]["matte"] == {"uid": "ride/sh020/L/train/matte/train", "type": "ALPHA_INVERTED"}
    assert data["layers"][0]["class"] is None and data["layers"][1]["matte"] is None
    assert " ".join(data["layers"][0]["footage"]) == (
        "uid name path width height sequence first last start padding missing pixel_aspect alpha color data"
        " version sha1_first"
    )


def test_the_documented_example_is_a_delivery() -> None:
    text = (REPOSITORY / "docs" / "delivery.md").read_text(encoding="utf-8")
    example = json.loads(text.split("```json\n")[1].split("```")[0])
    delivery = from_dict(example)
    assert to_dict(delivery) == example
    with pytest.raises(InputRefused, match="does not exist: sh020/L/train/matte/train"):
        validate(delivery, REPOSITORY)  # as the page says


def test_what_has_a_default_may_be_absent_and_unknown_keys_are_ignored() -> None:
    data = to_dict(minimal())
    full_layer = data["layers"][0]
    needed = ("uid", "name", "path", "width", "height", "first", "last")
    layer = {
        "uid": full_layer["uid"],
        "name": "train",
        "footage": {k: full_layer["footage"][k] for k in needed},
    }
    data = {**data, "layers": [{**layer, "maya_layer": "rs_train"}], "from_the_future": {"a": [1]}}
    del data["project"], data["effects"], data["shot"]["pixel_aspect"]
    assert from_dict(data) == minimal()


@pytest.mark.parametrize(
    "broken",
    [
        replace(minimal(), generator="two\nlines"),
        replace(minimal(), layers=(painting(opacity=math.nan),)),
        replace(minimal(), layers=(painting(footage=replace(painting().footage, path="../a.1001.png")),)),
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, broken: Delivery) -> None:
    path = write_delivery(minimal(), tmp_path)
    before = path.read_bytes()
    with pytest.raises(InputRefused):
        write_delivery(broken, tmp_path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_where_the_disk_refuses(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SemrenderError, match=r"could not be written.*allow writing"):
        write_delivery(minimal(), tmp_path / "file")


def test_runs_on_the_oldest_python_of_maya() -> None:
    python = shutil.which("python3.9")
    if python is None or subprocess.run([python, "-V"], capture_output=True).returncode != 0:
        pytest.skip("no python3.9 here")
    script = (
        "import json, shared.delivery as d\n"
        "footage = d.Footage('f', 'a', 'a.1.png', 8, 8, first=1, last=1, padding=1)\n"
        "shot = d.DeliveryShot('s', 's', 8, 8, 24.0, 24, 1, 1, 1, 1)\n"
        "delivery = d.Delivery('i', 'c', 'g', shot, (d.DeliveryLayer('l', 'a', footage),))\n"
        "assert d.from_dict(json.loads(json.dumps(d.to_dict(delivery)))) == delivery\n"
    )
    done = subprocess.run([python, "-c", script], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


HUGE = 10**400
REFUSED = [  # (path to the value, the value, words)
    (("schema",), "segsuite.ae", '"schema" must be "semrender.delivery"'),
    (("schema_version",), 2, "schema_version is 2, this semrender reads 1"),
    (("schema_version",), True, "schema_version is true"),
    (("schema_version",), None, "schema_version is null"),
    (("delivery_id",), "", '"delivery_id" is ""'),
    (("shot",), None, '"shot" is missing'),
    (("shot",), [], '"shot" is a list of 0'),
    (("shot", "name"), "../../evil", r"it contains /"),
    (("shot", "name"), "CON", "Windows reserves it"),
    (("shot", "width"), 0, '"shot.width" is 0'),
    (("shot", "width"), True, '"shot.width" is true'),
    (("shot", "width"), 64.0, '"shot.width" is 64.0'),
    (("shot", "height"), 10**9, "from 1 to 32768"),
    (("shot", "height"), HUGE, "a huge number"),
    (("shot", "fps"), "24", '"shot.fps" is "24"'),
    (("shot", "fps"), math.nan, '"shot.fps" is NaN'),
    (("shot", "fps"), math.inf, '"shot.fps" is Infinity'),
    (("shot", "fps_den"), 0, '"shot.fps_den" is 0'),
    (("shot", "frames"), 10**7, '"shot.frames" is 10000000'),
    (("layers",), None, '"layers" is missing'),
    (("layers",), {}, '"layers" is an object of 0'),
    (("layers", 0), "train", r'"layers\[0\]" is "train"'),
    (("layers", 0, "uid"), "a;v=9]]", r'"layers\[0\].uid" is "a;v=9\]\]".*separate the values of a tag'),
    (("layers", 0, "uid"), "a" * 2000, "1 to 1000 characters"),
    (("layers", 0, "name"), "a\nb", r'"layers\[0\].name" is "a\\nb"'),
    (("layers", 0, "name"), "\ud800", r'"layers\[0\].name" is "\\ud800"'),
    (
        ("layers", 0, "role"),
        "paint",
        r'layer train: "layers\[0\].role" is "paint". Perhaps "painting" is meant',
    ),
    (("layers", 0, "label"), 17, "from 0 to 16"),
    (("layers", 0, "blend"), "MULTIPLI", 'Perhaps "MULTIPLY"'),
    (("layers", 0, "blend"), ["ADD"], "is a list of 1"),
    (("layers", 0, "enabled"), 1, "true or false"),
    (("layers", 0, "opacity"), 101, "from 0 to 100"),
    (("layers", 0, "opacity"), -0.1, "from 0 to 100"),
    (("layers", 0, "matte"), "m", "an object"),
    (("layers", 0, "matte"), {"uid": "m", "type": "CLONE"}, "ALPHA, ALPHA_INVERTED, LUMA, LUMA_INVERTED"),
    (("layers", 0, "footage", "alpha"), "premultiplied", "STRAIGHT, PREMULTIPLIED, IGNORE"),
    (("layers", 0, "footage", "padding"), 0, "from 1 to 9"),
    (("layers", 0, "footage", "first"), -5, "whole number from 0"),
    (("layers", 0, "footage", "missing"), [1002.5], r'"layers\[0\].footage.missing\[0\]" is 1002.5'),
    (("layers", 0, "provenance"), {"options": {"a": 1}}, '"layers.*options.a" is 1'),
    (("layers", 0, "provenance"), {"seed": -1}, "seed"),
    (("project",), {"bits_per_channel": 12}, "Allowed: 8, 16, 32"),
    (("project",), {"bits_per_channel": 16.0}, "is 16.0"),
    (("project",), {"color": {"mode": "aces"}}, "Allowed: adobe, ocio"),
    (("effects",), [{"layer": "x"}], r'"effects\[0\].match_name" is missing'),
    (("effects",), [{"layer": "x", "match_name": "m", "set": {"a": "b"}}], r"effects\[0\].set.a"),
]
PATHS = [
    "../outside/a.1001.png",
    "train/../../a.1001.png",
    "/etc/passwd",
    "//server/share/a.1001.png",
    "C:/Windows/a.1001.png",
    "C:a.1001.png",
    "a.1001.png:stream",
    "train\\a.1001.png",
    "..\\a.1001.png",
    "./a.1001.png",
    "train//a.1001.png",
    "train/",
    "a\0.png",
    "a?.1001.png",
    "",
    " ",
    "x" * 5000,
    7,
    None,
    ["a.png"],
]


def changed(path: tuple[str | int, ...], value: Any) -> Any:
    data = copy.deepcopy(to_dict(minimal()))
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return data


@pytest.mark.parametrize(("path", "value", "words"), REFUSED)
def test_hostile_value_is_refused_in_words(path: tuple[str | int, ...], value: Any, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        from_dict(changed(path, value))


@pytest.mark.parametrize("path", PATHS)
def test_path_must_stay_in_the_folder(path: Any) -> None:
    with pytest.raises(InputRefused, match=r"layers\[0\].footage.path") as refused:
        from_dict(changed(("layers", 0, "footage", "path"), path))
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("data", [None, [], "delivery", 7, {}, {"layers": []}])
def test_other_data_is_no_delivery(data: Any) -> None:
    with pytest.raises(InputRefused, match="this is no delivery"):
        from_dict(data)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from([row[0] for row in REFUSED] + [("layers", 0, "footage", "path")]),
)
def test_any_value_anywhere_is_read_or_refused(value: Any, path: tuple[str | int, ...]) -> None:
    try:
        delivery = from_dict(changed(path, value))
    except InputRefused as error:
        assert str(error)
    else:
        assert from_dict(to_dict(delivery)) == delivery


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "broken at line 1, column 1"),
        (b"{", "broken at line 1, column 2"),
        (b'{"schema": "semrender.delivery",\n "shot": }', "broken at line 2"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 10_000, "number too large"),
        (b"null", "no delivery"),
    ],
)
def test_damaged_file_is_refused_naming_it(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "delivery.json"
    file.write_bytes(content)
    with pytest.raises(InputRefused, match=words) as refused:
        read_delivery(file)
    assert refused.value.file == str(file)


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    whole = write_delivery(full(), tmp_path).read_bytes()
    file = tmp_path / "cut.json"
    for length in range(0, len(whole) - 2, 37):
        file.write_bytes(whole[:length])
        with pytest.raises(InputRefused):
            read_delivery(file)


def test_no_file_is_missing_input(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no.json"):
        with pytest.raises(MissingInput, match="there is no such file"):
            read_delivery(path)


def test_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = write_delivery(minimal(), tmp_path)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_delivery(file) == minimal()
