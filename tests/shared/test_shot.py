"""shot.json: what is read, what is refused, and in which words."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from shared.errors import InputRefused, MissingInput
from shared.file_names import name_fault
from shared.rates import fps_text, parse_fps
from shared.shot import Shot, ShotLayer, layer_seed, read_shot, resolved, write_shot
from shared.shot_kinds import MAX_LAYERS

EXAMPLE = Path(__file__).parents[2] / "examples" / "ride_the_train"

FULL = {
    "format": 1,
    "name": "sh010 – 列車 (final)",
    "fps": "24000/1001",
    "first": -5,
    "last": 100,
    "width": 1920,
    "height": 1080,
    "pixel_aspect": 2.0,
    "context": "full/label.####.exr",
    "context_read": {"palette": "code"},
    "fill": "grass",
    "label_set": "ade20k",
    "model": "spade",
    "options": {"strength": 0.5, "tiles": [2, 3], "edges": True},
    "seed": 7,
    "paint_size": [512, 256],
    "layers": [
        {
            "name": "train",
            "labels": "train/label.%04d.png",
            "instance": "train/instance.####.png",
            "motion": "train/motion.####.exr",
            "depth": "train/depth.####.exr",
            "beauty": "train/beauty.####.png",
            "label_set": "coco_stuff",
            "model": "small",
            "options": {"tiles": 4},
            "seed": 8,
            "blend": "MULTIPLY",
            "opacity": 50.0,
            "read": {"encoding": "cryptomatte", "names": {"Pine*": "tree"}, "classes": ["tree", "sky-other"]},
            "mattes": ["tree", "river"],
        },
        {
            "name": "sky",
            "labels": "sky.png",
            "mattes": "all",
            "shading": "sky/clay.####.exr",
            "shading_layer": "VRayRawTotalLighting",
            "shading_white": 3.9,
        },
    ],
}


def minimal(**changes: object) -> dict[str, object]:
    return {
        "name": "s",
        "fps": 24,
        "first": 1,
        "last": 2,
        "layers": [{"name": "a", "labels": "a.png"}],
        **changes,
    }


def with_layer(**changes: object) -> dict[str, object]:
    return minimal(layers=[{"name": "a", "labels": "a.png", **changes}])


def test_every_key_arrives() -> None:
    shot = Shot.from_dict(FULL)
    assert (shot.fps_num, shot.fps_den) == (24000, 1001) and shot.fps == pytest.approx(23.976, abs=1e-4)
    assert (shot.first, shot.last, len(shot.frames)) == (-5, 100, 106)
    assert (shot.width, shot.height, shot.pixel_aspect, shot.paint_size) == (1920, 1080, 2.0, (512, 256))
    assert (shot.context, shot.context_read, shot.fill) == (
        "full/label.####.exr",
        {"palette": "code"},
        "grass",
    )
    assert (shot.label_set, shot.model, shot.seed) == ("ade20k", "spade", 7)
    train, sky = shot.layers
    assert train == ShotLayer(
        "train",
        "train/label.%04d.png",
        "train/instance.####.png",
        "train/motion.####.exr",
        "train/depth.####.exr",
        "train/beauty.####.png",
        "coco_stuff",
        "small",
        {"tiles": 4},
        8,
        "MULTIPLY",
        50.0,
        FULL["layers"][0]["read"],  # type: ignore[index]
        ("tree", "river"),
    )
    clay = {"shading": "sky/clay.####.exr", "shading_layer": "VRayRawTotalLighting", "shading_white": 3.9}
    assert sky == ShotLayer("sky", "sky.png", mattes="all", **clay)  # type: ignore[arg-type]
    assert train.shading is None and train.shading_white == 1


def test_plain_data_round_trip() -> None:
    shot = Shot.from_dict(FULL)
    assert shot.to_dict() == FULL
    assert Shot.from_dict(shot.to_dict()) == shot
    small = Shot.from_dict(minimal())
    assert small.to_dict() == {"format": 1, **minimal()}
    # A zero that is not the default must survive.
    kept = replace(small, layers=(replace(small.layers[0], opacity=0.0, seed=0, options={}, model=""),))
    assert Shot.from_dict(kept.to_dict()) == kept


def test_null_is_as_good_as_absent() -> None:
    assert Shot.from_dict(minimal(context=None, model=None, seed=None)) == Shot.from_dict(minimal())


def test_file_round_trip(tmp_path: Path) -> None:
    folder = tmp_path / "dir – 列車 100%"
    folder.mkdir()
    shot = Shot.from_dict(FULL)
    write_shot(folder / "shot.json", shot)
    assert read_shot(folder) == read_shot(folder / "shot.json") == (shot, folder.resolve())
    assert "列車" in (folder / "shot.json").read_text(encoding="utf-8")
    assert [entry.name for entry in folder.iterdir()] == ["shot.json"]


def test_the_shipped_example() -> None:
    shot, base = read_shot(EXAMPLE)
    assert (shot.name, shot.first, shot.last, shot.width, shot.height) == (
        "ride_the_train",
        1001,
        1024,
        640,
        360,
    )
    assert [layer.name for layer in shot.layers] == ["train", "environment"]
    assert shot.layers[1].mattes == ("tree", "river", "mountain")
    assert base == EXAMPLE.resolve()


@pytest.mark.parametrize(
    ("written", "rational"),
    [
        (24, (24, 1)),
        (24.0, (24, 1)),
        (25, (25, 1)),
        (12.5, (25, 2)),
        (23.976, (24000, 1001)),
        ("23.98", (24000, 1001)),
        (29.97, (30000, 1001)),
        (47.952, (48000, 1001)),
        (59.94, (60000, 1001)),
        (119.88, (120000, 1001)),
        ("24000/1001", (24000, 1001)),
        ([30000, 1001], (30000, 1001)),
        ((48, 2), (24, 1)),
        (23.9, (239, 10)),
        # As programs write the number: Maya with all its digits, a tracker cut short, ffprobe as a ratio of decimals.
        (24000 / 1001, (24000, 1001)),
        (30000 / 1001, (30000, 1001)),
        (120000 / 1001, (120000, 1001)),
        ("23.976023976023976023976", (24000, 1001)),
        (23.97, (24000, 1001)),
        ("23.97", (24000, 1001)),
        (59.95, (60000, 1001)),
        (119.88, (120000, 1001)),
        (47.95, (48000, 1001)),
        (14.98, (15000, 1001)),
        ("2997/100", (30000, 1001)),
        ([23976, 1000], (24000, 1001)),
        (24.000000000000004, (24, 1)),
        (23.9999, (24, 1)),
        (5, (5, 1)),
        (15, (15, 1)),
        (16.666666666666668, (50, 3)),
        (12.499999999999998, (25, 2)),
        (29.5, (59, 2)),
    ],
)
def test_fps(written: object, rational: tuple[int, int]) -> None:
    assert parse_fps(written) == rational


@pytest.mark.parametrize("text, rate", [("24", (24, 1)), ("12.5", (25, 2)), ("24000/1001 (23.976)", (24000, 1001))])
def test_fps_in_words(text: str, rate: tuple[int, int]) -> None:
    assert fps_text(*rate) == text


@pytest.mark.parametrize(
    "written",
    [
        0,
        -24,
        1000,
        "fast",
        "",
        "24/0",
        [24],
        [24, 0],
        [24, 1.5],
        True,
        math.inf,
        math.nan,
        1e-9,
        "1" * 500,
        {},
    ],
)
def test_fps_refused(written: object) -> None:
    with pytest.raises(InputRefused, match=r'"fps" is .*24000/1001'):
        parse_fps(written)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "a shot must be an object"),
        (minimal(layer=[]), r'no key "layer".*Perhaps "layers"'),
        (minimal(blend="ADD"), r'no key "blend".*This key belongs to the layers'),
        (with_layer(context="x"), r'layer a: a layer has no key "context".*This key belongs to the shot'),
        (with_layer(lables="x"), r'layer a: .*no key "lables".*Perhaps "labels"'),
        (minimal(layers=[{"name": "a"}]), "layer a: the layer has neither labels nor a picture"),
        (minimal(layers=[{"labels": "a"}]), r'layer number 1 from the top: "layers\[0\].name" is missing'),
        (
            minimal(layers=["a"]),
            r'layer number 1 from the top: "layers\[0\]" is "a".*an object',
        ),
        (minimal(layers=[]), "layers.*1 to 256"),
        (minimal(layers={}), "layers.*1 to 256"),
        (minimal(fps=None), '"fps" is missing'),
        (minimal(first="1001"), r'"first" is "1001".*whole number'),
        (minimal(first=True), '"first" is true'),
        (minimal(first=1.5), '"first" is 1.5'),
        (minimal(last=0), r'"last" is 0.*from first \(1\)'),
        (minimal(first=0, last=1_000_000), '"last" is 1000000'),
        (minimal(first=-(10**12)), '"first" is -1000000000000'),
        (minimal(last=10**40), '"last" is a huge number'),
        (minimal(width=640), "come together"),
        (minimal(sequence="sq010"), 'without "project"'),
        (minimal(width=0, height=10), '"width" is 0.*1 to 32768'),
        (minimal(width=640, height=40000), '"height" is 40000'),
        (minimal(pixel_aspect=math.nan), '"pixel_aspect" is NaN'),
        (minimal(pixel_aspect=0), '"pixel_aspect" is 0'),
        (minimal(paint_size=[1]), r'"paint_size" is a list of 1.*\[width, height\]'),
        (minimal(paint_size=[512, 0]), r'"paint_size\[1\]" is 0'),
        (minimal(seed=-1), '"seed" is -1'),
        (minimal(seed=2**32), '"seed" is 4294967296'),
        (minimal(format=2), "newer semrender"),
        (minimal(options={"a": {"b": {"c": 1}}}), '"options.a" is an object'),
        (minimal(options={"a": math.inf}), '"options.a" is Infinity'),
        (minimal(options={1: 2}), '"options" is 1'),
        (minimal(context=""), '"context" is "".*pattern'),
        (minimal(context="a\0b"), r'"context" is "a\\u0000b".*control characters'),
        (with_layer(labels="C:\renders"), r"control characters; in paths write / instead of"),
        (minimal(model="\ud800"), '"model" is .*control characters'),
        (minimal(label_set=b"x"), "of the kind bytes"),
        (with_layer(labels="x" * 5000), "1 to 4096 characters"),
        (with_layer(blend="MULTIPL"), 'Perhaps "MULTIPLY"'),
        (with_layer(blend=3), "blending modes"),
        (with_layer(opacity=101), r'"layers\[0\].opacity" is 101.*0 to 100'),
        (with_layer(mattes="tree"), r'"layers\[0\].mattes" is "tree".*\["tree", "river"\]'),
        (with_layer(mattes=[1]), r'"layers\[0\].mattes" is 1'),
        (with_layer(motion_is="to-previus-up"), 'Perhaps "to-previous-up".*Allowed: to-previous-up, '),
        (with_layer(motion_layer=1), r'"layers\[0\].motion_layer" is 1'),
        (with_layer(shading_white=0), r'"layers\[0\].shading_white" is 0'),
        (with_layer(shading_white="bright"), r'"layers\[0\].shading_white" is "bright"'),
        (with_layer(shading_layer=""), r'"layers\[0\].shading_layer" is ""'),
        (with_layer(read="strict"), r'"layers\[0\].read" is "strict"'),
        (minimal(name="a/b"), r'"name" is "a/b".*contains /'),
        (minimal(layers=[{"name": n, "labels": "a"} for n in ("Sky", "sky")]), 'names "Sky" and "sky"'),
        (minimal(layers=[{"name": n, "labels": "a"} for n in ("ü", "u\u0308")]), "one file name"),
    ],
)
def test_refused_in_words(data: object, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        Shot.from_dict(data)


def test_as_many_layers_as_allowed() -> None:
    layers = [{"name": f"layer {n}", "labels": "a.png"} for n in range(MAX_LAYERS + 1)]
    assert len(Shot.from_dict(minimal(layers=layers[:-1])).layers) == MAX_LAYERS
    with pytest.raises(InputRefused, match="a list of 257"):
        Shot.from_dict(minimal(layers=layers))


def test_blend_as_an_artist_writes_it() -> None:
    assert Shot.from_dict(with_layer(blend="soft light")).layers[0].blend == "SOFT_LIGHT"


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "a ", " a", "a.", "CON", "nul.txt", "com1", "a\nb", "a:b", "x" * 101, "車" * 90],
)
def test_names_that_cannot_be_files(name: str) -> None:
    assert name_fault(name)


@pytest.mark.parametrize("name", ["train", "列車 ünï (final v2)", "100% grey #3", "console", ".hidden", "車" * 66])
def test_names_that_can_be_files(name: str, tmp_path: Path) -> None:
    assert name_fault(name) == ""
    (tmp_path / f"{name}.1001.png").touch()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"name": "a",}', "broken at line 1, column"),
        (b'{"name": "C:\\scenes"}', "Write / instead of"),
        (b'{"name": "a", "name": "b"}', 'key "name" stands there twice'),
        (b'{"fps": NaN}', "NaN"),
        (b"\xff\xfe{", "UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"first": ' + b"9" * 5000 + b"}", "number too large"),
        (b"", "broken at line 1"),
    ],
)
def test_broken_files(text: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "shot.json").write_bytes(text)
    with pytest.raises(InputRefused, match=words) as caught:
        read_shot(tmp_path)
    assert caught.value.file == str(tmp_path / "shot.json")


def test_missing_and_oversized_files(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match=r"shot\.json: there is no such file"):
        read_shot(tmp_path)
    with open(tmp_path / "shot.json", "wb") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(InputRefused, match="larger than 16 MB"):
        read_shot(tmp_path)


def test_notepad_writes_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "shot.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(minimal()).encode())
    assert read_shot(tmp_path)[0] == Shot.from_dict(minimal())


def test_resolved_leaves_nothing_open() -> None:
    shot = Shot.from_dict(FULL)
    train, sky = (resolved(shot, layer) for layer in shot.layers)
    # Another model: the options of the shot are not its own.
    assert (train.label_set, train.model, train.options, train.seed) == (
        "coco_stuff",
        "small",
        {"tiles": 4},
        8,
    )
    assert (sky.label_set, sky.model, sky.options, sky.seed) == ("ade20k", "spade", FULL["options"], 7)
    own = replace(shot.layers[1], options={"strength": 1.0}, seed=0)
    assert resolved(shot, own).options == {"strength": 1.0, "tiles": [2, 3], "edges": True}
    assert layer_seed(shot, own) == 0
