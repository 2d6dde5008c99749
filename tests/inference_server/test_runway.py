"""Models of RunwayML: read without running a line, allowed, hosted, whatever they return."""

import json

import numpy as np
import pytest

from inference_server.models.base import PaintInput
from inference_server.models.runway import adding, carding, permission, requirements, static
from inference_server.models.runway.memory import to_see
from shared.errors import InputRefused, ModelRefused, SemrenderError
from shared.label_set import load_label_set
from tests.conftest import semrender
from tests.inference_server.runway_models import add, frame, painter, plain, write

PICTURE = np.linspace(0, 1, 20 * 32 * 3, dtype=np.float32).reshape(20, 32, 3)
CODES = (PICTURE * 255 + 0.5).astype(np.uint8)


def ways(folder, bodies):
    """One model of all of these; the option `way` says which of them returns."""
    text = ""
    for place, body in enumerate(bodies):
        text += f"\ndef way{place}(pixels):\n" + "\n".join(f"    {line}" for line in body.splitlines()) + "\n"
    names = [f"way{place}" for place in range(len(bodies))]
    return write(
        folder,
        f"""{text}
inputs = {{"image": image, "way": category(choices={["none", *names]})}}
@runway.command("make", inputs=inputs, outputs={{"output": image}})
def make(model, inputs):
    pixels = np.array(inputs["image"])
    return pixels if inputs["way"] == "none" else globals()[inputs["way"]](pixels)
""",
    )


DECLARES = """
import util.names as names
from util.tables import label_to_id
FACTOR = 2 * 32
inputs = {
    "map": segmentation(label_to_id=label_to_id, width=10 * FACTOR, height=360),
    "noise": runway.vector(length=512, sampling_std=0.5),
    "truncation": number(default=.8, min=0, max=1, step=0.01),
    "count": number(min=1, max=50, default=20, step=1),
    "mode": category(choices=["a", "b"], description="which"),
    "still": boolean(default=True),
    "words": text,
}
inputs["more"] = number
last = None
open("canary", "w").close()

@runway.setup(options={"checkpoint": runway.file(extension=".pth"), "odd": names.made_up(3)})
def setup(opts):
    return None

@runway.command("make", inputs=inputs, outputs={"image": image(channels=4), "words": text}, description="Paints")
def make(model, inputs):
    global last
    last = inputs
"""


def test_a_file_is_read_and_not_a_line_of_it_is_run(tmp_path):
    folder = write(tmp_path / "model", DECLARES)
    (folder / "util").mkdir()
    (folder / "util" / "tables.py").write_text(
        "known = {0: 'sky', 1: 'sea'}\nlabel_to_id = {v: k for k, v in known.items()}\n"
    )
    (folder / "requirements.txt").write_text("torch==1.2.0 # old\nrunway-python\n--find-links x\nPillow<7\n")
    (folder / "runway.yml").write_text("python: 3.6\nbuild_steps:\n  - rm -rf /\n  - if_gpu: x\nfiles:\n  - a\n")
    (folder / "LICENSE").write_text("MIT License\n")
    seen = adding.look(folder)
    declared, inputs = seen.declared, seen.declared.commands["make"]["inputs"]
    assert not (folder / "canary").exists()
    assert inputs["map"]["label_to_id"] == {"sky": 0, "sea": 1} and inputs["map"]["width"] == 640
    assert inputs["noise"] == {"length": 512, "sampling_mean": 0, "sampling_std": 0.5, "type": "vector"}
    assert inputs["more"] == {"default": 0, "type": "number"} and inputs["words"]["default"] == ""
    assert declared.keeps == ("last",) and declared.unread == ("the option odd",)
    assert declared.options == {"checkpoint": {"is_directory": False, "extension": ".pth", "type": "file"}}
    said = "\n".join(adding.words(seen, adding_defaults()))
    for words in ("segmentation 640x360 of 2 classes", "number 0..1 default 0.8", "torch==1.2.0", "not run   rm -rf /"):
        assert words in said
    assert requirements.to_install(seen.asked.packages, ["torch>=2"]) == ("torch>=2", "Pillow<7", "numpy")
    assert requirements.to_install(["dlib", "scipy"], ["dlib-bin"], ["dlib"])[:2] == ("scipy", "dlib-bin")
    assert seen.licence == "MIT, see LICENSE" and seen.asked.left_out == ("runway-python", "--find-links x")


def adding_defaults():
    from inference_server.models.runway.host import Running

    return Running(python="python")


@pytest.mark.parametrize(
    "text",
    ["a = [1] * 99999999\nb = [a, a]", "a = [1]\n" + "a = [a, a, a, a]\n" * 40, "a = [x for x in range(10**9)]"]
    + ["a = 9 ** 9 ** 9", "a = [[y for y in range(4000)] for x in range(4000)]", "a = " + "-" * 5000 + "1"],
)
def test_tables_that_never_end_are_not_followed(tmp_path, text):
    outputs = '{"o": array(item_type=a)}'
    more = f'{text}\n@runway.command("make", inputs={{"image": image}}, outputs={outputs})\ndef f(m, i): 1\n'
    try:
        assert static.read(write(tmp_path, more)).unread == ("output o of make",)
    except InputRefused as error:
        assert "no Python" in str(error)


@pytest.mark.parametrize(("text", "words"), [("def (", "no Python"), ("import runway\n", "declares no command")])
def test_what_is_no_model_is_said(tmp_path, text, words):
    (tmp_path / "runway_model.py").write_text(text)
    with pytest.raises(InputRefused, match=words):
        static.read(tmp_path)


def test_without_permission_no_line_runs(tmp_path):
    folder = plain(tmp_path / "model", f"open({str(tmp_path / 'canary')!r}, 'w')\nreturn pixels")
    (folder / "runway_model.py").write_text(
        f"open({str(tmp_path / 'canary')!r}, 'w')\n" + (folder / "runway_model.py").read_text()
    )
    done = semrender("runway", "add", folder, "--environment", "/nowhere")
    assert done.returncode == 3 and "is no Python environment" in done.stderr
    done = semrender("runway", "add", folder)
    assert (
        done.returncode == 3 and "--yes-run-its-code" in done.stderr and "command   make: image: image" in done.stderr
    )
    assert not (tmp_path / "canary").exists() and not permission.file().exists()

    card, _ = add(plain(tmp_path / "other", "return pixels"))
    permission.file().unlink()  # as on another machine
    with pytest.raises(ModelRefused, match="nobody allowed"):
        painter(card)
    permission.allow(card.weights.sha256, False, "other")
    (card.folder / "code" / "runway_model.py").write_text("changed")
    with pytest.raises(ModelRefused, match="has changed since"):
        painter(card)


RETURNS = {
    "bare": ("return 255 - pixels", 255 - CODES),
    "of its name": ("return {'output': 255 - pixels}", 255 - CODES),
    "of another name": ("return {'image': Image.fromarray(255 - pixels)}", 255 - CODES),
    "floats": ("return pixels / 2.0 - 10", np.clip(CODES / 2.0 - 10, 0, 255)),
    "grey": ("return Image.fromarray(pixels).convert('L').convert('1')", None),
    "one channel": ("return pixels[..., :1]", CODES[..., :1].repeat(3, 2)),
    "sixteen bits": ("return pixels[..., 0].astype(np.uint16) * 257", CODES[..., :1].repeat(3, 2)),
    "a palette": ("return Image.fromarray(pixels // 255 * 255).quantize(8)", None),
    "a generator": ("yield pixels, 0.5\nyield 255 - pixels, 1.0", 255 - CODES),
    "another size": (
        "return Image.fromarray(pixels[:1, :1]).resize((64, 40))",
        CODES[:1, :1].repeat(20, 0).repeat(32, 1),
    ),
}


def test_whatever_is_returned_is_a_picture(tmp_path):
    card, _ = add(ways(tmp_path / "model", [body for body, _ in RETURNS.values()]))
    model = painter(card)
    for place, (how, (_, wanted)) in enumerate(RETURNS.items()):
        found = model.paint(frame(PICTURE, card, options={"way": f"way{place}"}))
        assert found.shape == (20, 32, 3) and found.dtype == np.float32 and 0 <= found.min() <= found.max() <= 1, how
        assert wanted is None or np.abs(found * 255 - wanted).max() < 0.01, how
    model.close()


def test_a_crop_keeps_its_shape_where_that_is_asked(tmp_path):
    card, _ = add(plain(tmp_path / "model", "return np.full((40, 40, 3), 255)"), whole=True)
    model = painter(card)
    found = model.paint(frame(PICTURE, card))
    assert (
        found.shape == (20, 32, 4)
        and (found[:, 6:26] == 1).all()
        and not found[:, :6].any()
        and not found[:, 26:].any()
    )
    model.close()


def test_an_alpha_is_kept(tmp_path):
    body = "return Image.fromarray(np.dstack([pixels, pixels[..., 0]]))"
    card, tried = add(plain(tmp_path / "model", body))
    assert card.makes.alpha and tried.made == ((256, 144), True)
    model = painter(card)
    found = model.paint(frame(PICTURE, card))
    assert found.shape == (20, 32, 4) and np.abs(found[..., 3] * 255 - CODES[..., 0]).max() < 0.01


ODD = {
    "return None": "returned None",
    "return {'output': 'words'}": "no picture",
    "return pixels[0, 0]": "no picture: an array",
    "return {'a': 1, 'b': 2}": "returned None",
    "raise ValueError('too dark')": r"ValueError: too dark \(runway_model.py, line \d+\)",
    "import not_there": "--with PACKAGE",
}


def test_what_is_no_picture_is_said_and_the_next_frame_goes_on(tmp_path):
    card, _ = add(ways(tmp_path / "model", list(ODD)))
    model = painter(card)
    for place, words in enumerate(ODD.values()):
        with pytest.raises(SemrenderError, match=words):
            model.paint(frame(PICTURE, card, options={"way": f"way{place}"}))
        assert (model.paint(frame(PICTURE, card)) == CODES / np.float32(255)).all()
    model.close()


LABELLED = """
ids = {"sky-other": 7, "sea": 3, "railroad": 200}
@runway.command("make", inputs={"map": segmentation(label_to_id=ids, width=32, height=20), "back": image(channels=1)},
    outputs={"seen": segmentation(label_to_id=ids, label_to_color={"sea": (1, 2, 3)}), "count": number, "odd": any})
def make(model, inputs):
    found = np.array(inputs["map"])
    assert inputs["map"].mode == inputs["back"].mode == "L"
    return {"seen": found, "count": np.float32((found == 3).mean()), "odd": [float("nan"), np.arange(2)]}
runway.run()
"""


def test_labels_in_and_out_with_words_beside(tmp_path):
    card, _ = add(write(tmp_path / "own", LABELLED))
    assert card.inputs.labels is not None and card.inputs.picture is not None  # names that a shipped set has
    assert card.labels.label_set.name == "coco_stuff" and (card.size.width, card.size.fit) == (32, "stretch")
    coco = load_label_set("coco_stuff")
    assert card.labels.channels.of[coco.find("sea").id] == 3 and card.labels.trained == tuple(
        sorted(coco.find(name).id for name in ("sky-other", "sea", "railroad"))
    )
    model = painter(card)
    channels = np.full((20, 32), 7, np.uint16)
    channels[:10] = 3
    found = model.paint(frame(PICTURE, card, channels=channels))
    assert (np.round(found[:10] * 255) == (1, 2, 3)).all() and model.said == {"count": 0.5, "odd": [None, [0, 1]]}
    model.close()

    odd = LABELLED.replace('"sky-other"', '"glorb"').replace('"railroad"', '"frump"')
    card, _ = add(write(tmp_path / "odd", odd))
    assert card.labels.label_set.name == "odd" and load_label_set("odd").find("glorb").id == 7


VECTOR = """
@runway.command("make", inputs={"z": vector(length=6, sampling_mean=1, sampling_std=0.5)}, outputs={"image": image})
def make(model, inputs):
    assert inputs["z"].dtype == np.float64
    return np.full((8, 8, 3), inputs["z"][0] * 10)
runway.run()
"""


def test_a_vector_is_of_the_walk_and_of_the_seed_without_one(tmp_path):
    from shared.walking import Round, Seeds, Stop

    card, _ = add(write(tmp_path / "model", VECTOR))
    assert card.source["inputs"] == {"walk": {"needed": True}} and (card.size.width, card.size.height) == (8, 8)
    model = painter(card)
    numbers = [np.random.RandomState(seed).randn(6)[0] for seed in (4, 5)]
    blank = np.zeros((8, 8, 3), np.float32)
    found = model.paint(frame(blank, card, seed=4))
    assert found[0, 0, 0] * 25.5 == pytest.approx(max(0, 1 + numbers[0] / 2), abs=1e-5)
    walk = (Stop(0, 0, ((1.0, Seeds(((0.5, 4), (0.5, 5)))),)),)
    found = model.paint(frame(blank, card, walk=walk))
    assert found[0, 0, 0] * 25.5 == pytest.approx(max(0, 1 + (numbers[0] + numbers[1]) / 4), abs=1e-5)
    circle = (Stop(0, 0, ((1.0, Round(4, 1, 0.125)),)),)  # an eighth of the way from seed 4 to the circle's other one
    found = model.paint(frame(blank, card, walk=circle))
    assert found[0, 0, 0] * 25.5 == pytest.approx(max(0, 1 + (numbers[0] + numbers[1]) / 8**0.5), abs=1e-5)
    model.close()


TWO = """
@runway.setup(options={"gain": number(default=1, min=0, max=2, step=1), "weights": runway.file,
    "kind": text(default="a")})
def setup(opts):
    open(opts["weights"]).read() == "w" or 1 / 0
    return opts["gain"]
inputs = {"front": image, "back": image, "third": image(channels=4), "amount": number(default=5, min=0, max=10)}
@runway.command("mix", inputs=inputs, outputs={"o": image})
def mix(gain, inputs):
    return np.array(inputs["front"]) * 0 + np.array(inputs["back"]) * gain + inputs["amount"]
@runway.command("other", inputs={"image": image}, outputs={"o": image})
def other(model, inputs): return inputs["image"]
"""


def test_several_pictures_options_and_what_must_be_given(tmp_path):
    folder = write(tmp_path / "model", TWO)
    (tmp_path / "w.pth").write_text("w")
    still = tmp_path / "third.png"
    from PIL import Image

    Image.new("RGB", (4, 4)).save(still)
    with pytest.raises(InputRefused, match=r"several commands.*mix, other"):
        add(folder)
    with pytest.raises(ModelRefused, match=r"must be given weights \(file\) and third"):
        add(folder, command="mix")
    card, _ = add(folder, command="mix", given={"weights": tmp_path / "w.pth", "third": still})
    assert set(card.source["inputs"]) == {"picture", "beauty"}
    assert [(one.name, one.kind, one.default) for one in card.options] == [
        ("gain", "integer", 1),
        ("amount", "integer", 5),
    ]
    model = painter(card)
    back = np.full_like(PICTURE, 0.2)
    found = model.paint(frame(PICTURE, card, beauty=back, options={"gain": 2, "amount": 3}))
    assert np.abs(found * 255 - 105).max() < 0.01
    model.close()


STATEFUL = """
last, count = None, 0
@runway.command("flow", inputs={"image": image}, outputs={"image": image})
def flow(model, inputs):
    global last, count
    now, before = np.array(inputs["image"]).astype(float), last
    last, count = now, count + 1
    return {"image": None if before is None else np.abs(now - before) + count}
runway.run()
"""


def test_what_a_model_remembers_is_shown_to_it_again(tmp_path):
    from tests.inference_server.runway_models import Shown

    card, _ = add(write(tmp_path / "model", STATEFUL), remembers=None)
    requests = [frame(np.full((8, 8, 3), level, np.float32), card) for level in (0.0, 0.2, 0.6, 0.1)]

    def at(place):
        marks = [f"m{number}" for number in range(place + 1)]
        return PaintInput(**{**vars(requests[place]), "history": Shown(requests, marks)})

    model = painter(card)
    in_order = [model.paint(at(place)) for place in range(4)]
    assert in_order[0].max() * 255 == pytest.approx(2)  # its own frame before
    assert in_order[3].max() * 255 == pytest.approx(128 + 5, abs=1)
    for place in (2, 0, 3):
        assert (model.paint(at(place)) == in_order[place]).all(), "in any order"
    assert len(model.chains) == 2
    model.close()
    alone = painter(card)
    assert (alone.paint(at(3)) == in_order[3]).all(), "by itself"
    alone.close()


@pytest.mark.parametrize(
    ("seen", "marks", "remembers", "wanted"),
    [
        ("", "x", 0, 0),
        ("ab", "abc", None, 0),
        ("a", "abcd", None, 2),
        ("ab", "a", None, None),
        ("xb", "abc", None, None),
        ("", "abc", None, 2),
        ("zab", "bc", 1, 0),
        ("za", "bc", 1, 1),
        ("zab", "abcd", 3, 1),
        ("ab", "abcd", 3, 1),
        ("xyab", "abcd", 3, 1),
        ("zabc", "abcd", 3, 0),
        ("z", "a", 1, None),
    ],
)
def test_what_a_process_must_still_see(seen, marks, remembers, wanted):
    assert to_see(list(seen), list(marks), remembers) == wanted


def test_a_card_of_controls():
    assert carding.control("n", {"type": "number", "default": 0, "min": 2})["default"] == 2
    assert carding.control("n", {"type": "number", "default": 0.5, "min": 0, "max": 1})["kind"] == "number"


def test_a_clip_with_a_bad_frame_words_and_a_memory(tmp_path):
    """Frames in, a sequence and lines of JSON out; a frame that fails is named, and the shot goes on."""
    from PIL import Image

    text = (
        STATEFUL.replace('{"image": image})\n', '{"image": image, "mean": number})\n')
        .replace("    last, count", "    if now.max() == 102: raise ValueError('no')\n    last, count")
        .replace("+ count}", '+ count, "mean": now.mean()}')
    )
    card, _ = add(write(tmp_path / "model", text), remembers=1)
    plate = tmp_path / "plate"
    plate.mkdir()
    for number, level in enumerate((10, 30, 102, 60, 90)):
        Image.new("RGB", (16, 8), (level,) * 3).save(plate / f"p.{number + 1:04d}.png")
    done = semrender("render", plate, "--model", card.name, "--out", tmp_path / "out", "--no-aep")
    assert (
        done.returncode == 4
        and "frame 3" in done.stderr + done.stdout
        and "ValueError: no" in done.stdout + done.stderr
    )
    assert len(list((tmp_path / "out" / "p").glob("*.png"))) == 4
    Image.new("RGB", (16, 8), (50, 50, 50)).save(plate / "p.0003.png")
    done = semrender("render", plate, "--model", card.name, "--out", tmp_path / "out", "--no-aep")
    assert done.returncode == 0 and "2 frames painted, 3 kept" in done.stdout, done.stdout + done.stderr
    lines = [json.loads(line) for line in (tmp_path / "out" / "p" / "p.jsonl").read_text().splitlines()]
    assert [(one["frame"], one["mean"]) for one in lines] == [(1, 10), (2, 30), (3, 50), (4, 60), (5, 90)]
