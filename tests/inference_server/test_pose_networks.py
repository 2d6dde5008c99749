"""Networks of joints that a user brings: known by what they make, judged before they are run, read to half a pixel.

No published weights are here: each file is built with a known answer, in the shapes that are published.
"""

import json
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from inference_server.models import install
from inference_server.models.base import load_model
from inference_server.models.catalogue import find_card
from inference_server.models.onnx_files import looks_like, read_checked
from inference_server.models.onnx_network import OnnxNetwork
from inference_server.models.pose import adding, boxes, flat, heatmaps, rtmo, simcc, yolox
from inference_server.models.pose.networks import kind_of
from inference_server.motion import following
from inference_server.motion.bodies import Region
from shared.delivery import read_delivery
from shared.errors import ModelRefused
from shared.layouts import COCO_17, HALPE_26, LAYOUTS
from shared.tracks import read_tracks
from tests.conftest import ROOT, semrender
from tests.inference_server import pose_networks as known

SIZE = (640, 360)
HALF = 0.5  # pixels


def opened(file):
    return OnnxNetwork(read_checked(file), file.name, "cpu")


def away(read, true):
    return float(np.hypot(*(read - true).T).max())


@pytest.mark.parametrize(
    ("make", "named", "options", "wanted"),
    [
        (known.simcc, "yolox.onnx", {"layout": "coco17"}, ("simcc", "coco17", False)),
        (known.simcc, "a.onnx", {"layout": "halpe26"}, ("simcc", "halpe26", False)),
        (known.simcc, "a.onnx", {"layout": "wholebody133", "size": (288, 384)}, ("simcc", "wholebody133", False)),
        (
            known.simcc,
            "a.onnx",
            {"layout": "wholebody133", "size": (288, 384), "depth": True},
            ("simcc", "wholebody133", 1),
        ),
        (known.heatmaps, "rtmpose.onnx", {"layout": "wholebody133"}, ("heatmaps", "wholebody133", False)),
        (known.rtmo, "vitpose.onnx", {}, ("rtmo", "coco17", False)),
        (known.yolox, "end2end.onnx", {}, ("yolox", "", False)),
        (known.yolox, "end2end.onnx", {"labels": False}, ("yolox", "", False)),
        (known.raw_yolox, "rtmo.onnx", {}, ("yolox", "", False)),
        (known.raw_yolox, "rtmo.onnx", {"classes": 1, "size": (416, 416)}, ("yolox", "", False)),
    ],
)
def test_a_network_is_what_it_makes_and_not_what_it_is_called(tmp_path, make, named, options, wanted):
    file = make(tmp_path / named, **options)
    assert looks_like(file)
    kind = kind_of(opened(file), file)
    assert (kind.name, kind.layout, kind.depth) == wanted


def test_the_raw_grid_of_a_detector_is_decoded():
    """A box of 96x64 around (200, 120) from the cell that it lies in, stride 16, as YOLOX's head would say it."""
    size = (320, 320)
    rows = np.zeros((yolox.cells(size), 85))
    cell = 40 * 40 + 7 * 20 + 12  # behind the finest grid: row 7, column 12
    rows[cell, :6] = (200 / 16 - 12, 120 / 16 - 7, np.log(96 / 16), np.log(64 / 16), 0.9, 0.8)
    found, scores = yolox.decoded(rows, size)
    assert np.allclose(found[cell], (152, 88, 248, 152)) and scores[cell] == pytest.approx(0.72)
    assert (np.delete(scores, cell) == 0).all()


FIGURE = known.figure("coco17", 320.3, 170.7, 45)
REGIONS = (Region(320.3, 170.7, 214.0, 0.0), Region(311.0, 176.0, 200.0, 0.0))


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("make", [known.simcc, known.heatmaps, known.rtmo])
def test_joints_are_read_where_they_are_to_half_a_pixel(tmp_path, make, region):
    network = opened(make(tmp_path / "network.onnx"))
    if make is known.rtmo:
        reader = rtmo.Rtmo(network, "bgr")
    else:
        reader = (simcc.SimCC if make is known.simcc else heatmaps.Heatmaps)(network, (192, 256), "rgb")
    body = reader.read(known.drawn(SIZE, [FIGURE]), region)
    assert away(body.places, FIGURE) < HALF and body.visible.min() > 0.9 and body.sure > 0.9
    assert np.isnan(body.space).all() and abs(body.next.x - 320.3) < HALF
    assert reader.read(known.drawn(SIZE, []), region) is None


def test_a_network_that_is_never_quite_sure_still_sees_a_body():
    """Published ones say 0.5 to 0.8 of joints that all can see, and hardly 0.2 where nobody is."""
    modest = flat.body_of(FIGURE, np.full(17, 0.5), 0.75)
    assert modest.sure > following.LIKELY and (modest.visible > 0.5).all()
    assert flat.body_of(FIGURE, np.full(17, 0.2), 0.75) is None
    upper = np.where(FIGURE[:, 1] < 175, 0.6, 0.05)  # the legs are behind a table
    body = flat.body_of(FIGURE, upper, 0.75)
    assert body.sure > following.LIKELY and (body.visible[13:] < 0.5).all()
    assert body.next.side == pytest.approx(flat.LARGER * 2 * flat.BEYOND * np.abs(FIGURE[:13] - (320.3, 170.7)).max())


def test_the_place_between_cells_is_found_to_a_hundredth():
    """DARK on bumps whose middles are known."""
    rng = np.random.default_rng(0)
    middles = rng.uniform(8, 40, (20, 2))
    rows, columns = np.mgrid[:64, :48]
    maps = np.exp(-((columns - middles[:, :1, None]) ** 2 + (rows - middles[:, 1:, None]) ** 2) / 8).astype(np.float32)
    assert np.abs(heatmaps.refined(maps) - middles).max() < 0.01
    assert np.isfinite(heatmaps.refined(np.zeros((3, 64, 48), np.float32))).all()


def test_colours_are_given_in_the_order_that_the_card_says(tmp_path):
    """One that learned with blue first sees nobody otherwise."""
    picture = known.drawn(SIZE, [FIGURE])
    network = opened(known.simcc(tmp_path / "bgr.onnx", order="bgr"))
    assert away(simcc.SimCC(network, (192, 256), "bgr").read(picture, REGIONS[0]).places, FIGURE) < HALF
    other = simcc.SimCC(network, (192, 256), "rgb").read(picture, REGIONS[0])
    assert other is None or away(other.places, FIGURE) > 5
    file = known.simcc(tmp_path / "rgb.onnx")
    assert adding.add_network(file, "first").config["order"] == "rgb"  # as the published ones learned
    assert adding.add_network(file, "second", order="bgr").config["order"] == "bgr"
    assert adding.add_network(known.rtmo(tmp_path / "rtmo.onnx"), "third").config["order"] == "bgr"


def test_people_are_found_in_the_whole_or_closely_and_each_once(tmp_path):
    detector = yolox.Yolox(opened(known.yolox(tmp_path / "yolox.onnx", palettes=2, size=(320, 320))), "bgr")
    two = [known.figure("coco17", 150, 180, 50), known.figure("coco17", 480, 170, 40)]
    found = detector.search(known.drawn(SIZE, two), closely=True)
    assert len(found) == 2
    for one, true in zip(sorted(found, key=lambda one: one.box[0]), two, strict=True):
        assert np.abs(one.box - [*true.min(0), *true.max(0)]).max() < 3
    tiny = [known.figure("coco17", 1500, 600, 80)]
    wide = known.drawn((1920, 1080), tiny, radius=4)
    assert not detector.search(wide, closely=False)
    (one,) = detector.search(wide, closely=True)
    assert np.abs(one.box - [*tiny[0].min(0), *tiny[0].max(0)]).max() < 4


def test_a_raw_grid_in_which_nobody_is_finds_nobody(tmp_path):
    detector = yolox.Yolox(opened(known.raw_yolox(tmp_path / "raw.onnx")), "bgr")
    assert detector.search(known.drawn(SIZE, [FIGURE]), closely=True) == []


def test_a_box_at_the_edge_of_a_square_is_somebody_cut_off():
    def look(part):
        high, wide = part.shape[:2]
        if (high, wide) == (300, 600):
            return []
        return [boxes.Found(0.7, np.array([10.0, 10, wide, high - 10]))]

    found = boxes.searched(np.zeros((300, 600, 3), np.uint8), look, 320, True)
    assert [one.box[2] for one in found] == [600]  # it ends where the picture does


def test_networks_of_other_shapes_are_refused_with_what_they_make(tmp_path):
    graph = known.Graph(64, 64)
    graph.output(graph.total("input", 1), "mask", ["batch", 1, 64, 64])
    file = graph.save(tmp_path / "rtmpose.onnx")
    with pytest.raises(ModelRefused, match="Of a picture of 64x64 it makes 1x1x64x64"):
        adding.add_network(file, "mine")
    detector, reader = known.yolox(tmp_path / "yolox.onnx"), known.simcc(tmp_path / "simcc.onnx")
    for path, more, words in (
        (detector, {}, "finds people and reads no joints"),
        (reader, {"detector": reader}, "no detector of people"),
        (known.rtmo(tmp_path / "rtmo.onnx"), {"detector": detector}, "finds people itself"),
    ):
        with pytest.raises(ModelRefused, match=words):
            adding.add_network(path, "mine", **more)
    wrong = semrender("models", "add", tmp_path, "--name", "x", "--detector", detector)
    assert wrong.returncode != 0


def test_where_onnxruntime_is_missing_the_extra_is_named_and_a_changed_file_is_noticed(tmp_path, monkeypatch):
    file = known.simcc(tmp_path / "simcc.onnx")
    card = adding.add_network(file, "mine")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "onnxruntime", None)
        with pytest.raises(ModelRefused, match=r"semrender\[onnx\]"):
            load_model(card)
    load_model(card)
    (card.folder / "reader.onnx").write_bytes(known.simcc(tmp_path / "other.onnx", layout="halpe26").read_bytes())
    with pytest.raises(ModelRefused, match="not those that the card describes"):
        load_model(card)


def test_a_models_folder_goes_to_another_machine_whole(tmp_path, state_folder, monkeypatch):
    detector = known.yolox(tmp_path / "detector.onnx")
    card = adding.add_network(known.simcc(tmp_path / "network.onnx"), "mine", detector)
    lent = shutil.copytree(card.folder, tmp_path / "lent")
    again = install.add_folder(lent, "theirs")
    assert {file.name for file in again.folder.iterdir()} == {file.name for file in card.folder.iterdir()}
    assert again.hash == card.hash and load_model(again)._bodies.search(known.drawn(SIZE, [FIGURE]))
    (lent / "detector.onnx").write_bytes(detector.read_bytes() + b" ")
    with pytest.raises(ModelRefused, match="not the one that the card describes"):
        install.add_folder(lent, "third")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": "own"}, '"network"'),
        ({"layout": "free"}, '"layout"'),
        ({"layout": "halpe26"}, "not what the card says"),
        ({"network": "heatmaps"}, "not what the card says"),
        ({"detector": {"file": "../../x", "sha256": "0"}}, '"detector.file"'),
        ({"detector": 3}, '"detector"'),
    ],
)
def test_a_card_that_says_something_else_is_refused(tmp_path, change, words):
    card = adding.add_network(known.simcc(tmp_path / "network.onnx"), "mine")
    file = card.folder / "card.json"
    content = json.loads(file.read_text())
    content["config"] |= change
    file.write_text(json.dumps(content))
    with pytest.raises(ModelRefused, match=words):
        load_model(find_card("mine"))


def clip(folder, frames, people):
    """Numbered pictures of figures that walk and swing their arms; the pattern, and where they are, (F, P, K, 2)."""
    folder.mkdir()
    true = []
    for number in range(frames):
        now = [
            known.figure(layout, x + speed * number, y, size, np.sin(number / 3))
            for layout, x, y, size, speed in people
        ]
        Image.fromarray(known.drawn(SIZE, now)).save(folder / f"dots.{1001 + number}.png")
        true.append(now)
    return folder / "dots.####.png", np.array(true)


@pytest.mark.parametrize("make", [known.simcc, known.heatmaps])
def test_a_network_with_a_detector_from_file_to_tracks(tmp_path, make):
    layout = "halpe26" if make is known.simcc else "coco17"
    pattern, true = clip(tmp_path / "clip", 10, [(layout, 230.3, 170.6, 45, 6.1)])
    added = semrender(
        *("models", "add", make(tmp_path / "network.onnx", layout=layout), "--name", "mine"),
        *("--detector", known.yolox(tmp_path / "detector.onnx", layout=layout)),
    )
    assert added.returncode == 0, added.stderr
    assert "Apache-2.0" in added.stdout and "not for commercial use" in added.stdout
    listed = semrender("models").stdout
    assert "mine" in listed and f"{len(LAYOUTS[layout])} joints of every person" in listed
    out = tmp_path / "out"
    done = semrender("render", pattern, "--model", "mine", "--option", "smoothing=off", "--out", out)
    assert done.returncode == 0, done.stderr
    delivery = read_delivery(out)
    tracks = read_tracks(out / delivery.tracks[0].path)
    (person,) = tracks.people
    assert person.layout == layout and tuple(person.joints) == LAYOUTS[layout] and not person.gaps
    read = np.array([person.joints[name] for name in LAYOUTS[layout]]).transpose(1, 0, 2)
    off = np.hypot(*np.moveaxis(read[..., :2] - true[:, 0], -1, 0))
    assert off.max() < HALF and read[..., 2].min() > 0.9
    painted = np.asarray(Image.open(out / "dots" / "dots.1005.png"))
    for name in ("left_wrist", "right_ankle", "nose"):
        x, y = true[4, 0, LAYOUTS[layout].index(name)].astype(int)
        assert painted[y, x, 3] == 255
    if layout == "halpe26":
        again = semrender(
            "render", pattern, "--model", "mine", "--option", "layout=body25", "--out", tmp_path / "body25"
        )
        assert again.returncode == 0, again.stderr
        (body,) = read_tracks(tmp_path / "body25" / "tracks" / "dots.joints.json").people
        assert body.layout == "body25" and len(body.joints) == 25
        hip = np.array(body.joints["hip"])[:, :2]
        assert np.abs(hip - true[:, 0, HALPE_26.index("hip")]).max() < 2


def test_two_people_by_one_network_from_file_to_tracks(tmp_path):
    pattern, true = clip(tmp_path / "clip", 10, [("coco17", 150, 170, 45, 6), ("coco17", 500, 180, 40, -5)])
    added = semrender("models", "add", known.rtmo(tmp_path / "network.onnx"), "--name", "mine")
    assert added.returncode == 0, added.stderr
    done = semrender("render", pattern, "--model", "mine", "--option", "smoothing=off", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    people = read_tracks(tmp_path / "out" / "tracks" / "dots.joints.json").people
    assert len(people) == 2
    for person in people:
        read = np.array([person.joints[name] for name in COCO_17]).transpose(1, 0, 2)[..., :2]
        off = [np.hypot(*np.moveaxis(read - true[:, number], -1, 0)).max() for number in range(2)]
        assert min(off) < HALF


def test_without_a_detector_people_are_found_by_the_one_that_ships(tmp_path):
    """A network that says the same of every picture shows which part of it was looked at: the one with the person."""
    graph = known.Graph(192, 256)
    where = known.figure("coco17", 96, 130, 60)
    for name, axis, many in (("simcc_x", 0, 384), ("simcc_y", 1, 512)):
        peaks = np.zeros((1, 17, many), np.float32)
        peaks[0, np.arange(17), (2 * where[:, axis]).round().astype(int)] = 0.9
        none = graph.node("Mul", graph.node("ReduceMean", "input", axes=[1, 2, 3], keepdims=0), graph.const(0.0))
        none = graph.node("Reshape", none, graph.const([-1, 1, 1], np.int64))
        graph.output(graph.node("Add", graph.const(peaks), none), name, ["batch", 17, many])
    card = adding.add_network(graph.save(tmp_path / "network.onnx"), "mine")
    assert "BlazePose's detector" in card.description
    picture = np.asarray(Image.open(ROOT / "tests" / "data" / "pose" / "walk.1036.jpg"))
    bodies = load_model(card)._bodies
    shipped = load_model(find_card("blazepose"))._bodies
    (true,) = following.look(0, following.Look(), True, picture, shipped).people
    (region,) = bodies.search(picture)[:1]
    assert np.hypot(*(true.hips - (region.x, region.y))) < 0.2 * true.torso
    assert 3 < region.side / true.torso < 6 and region.angle == 0
    body = bodies.read(picture, region)
    assert np.hypot(*(body.hips - true.hips)) < 0.3 * true.torso
