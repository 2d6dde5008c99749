"""The family pose: what is read agrees with the published model and the truth; a layer of joints from clip to comp."""

import json
from fractions import Fraction

import numpy as np
import py_aep
import pytest
from PIL import Image

from inference_server.models.base import PaintInput, load_model
from inference_server.models.catalogue import find_card
from inference_server.models.looking import Frames
from inference_server.models.pose.blazepose import BlazePose
from inference_server.motion import following, joints
from inference_server.motion.reading import Pictures, read_people
from shared.comp_tracks import read_comp_tracks
from shared.delivery import read_delivery
from shared.layouts import BLAZEPOSE_33, COCO_17
from shared.tracks import read_tracks
from tests.conftest import ROOT, semrender

CARD = find_card("blazepose")
CLIP = ROOT / "tests" / "data" / "pose" / "walk.####.jpg"
COCO = [BLAZEPOSE_33.index(name) for name in COCO_17]
RATE = Fraction(24)


def pictures(pattern, frames):
    return [np.asarray(Image.open(str(pattern).replace("####", str(frame)))) for frame in frames]


@pytest.fixture(scope="module")
def bodies():
    return BlazePose(CARD, CARD.folder, "cpu")


@pytest.fixture(scope="module")
def reference(data_folder):
    return data_folder / "pose_reference"


def torsos(truth):
    """(F,) pixels, of COCO's joints (F, 17, 2)."""
    return np.hypot(*(truth[:, [5, 6]].mean(1) - truth[:, [11, 12]].mean(1)).T)


def found(bodies, picture):
    return bodies.read(picture, bodies._detected(picture, 0, 0)[0][1])


def test_a_picture_is_read_as_the_published_package_reads_it(bodies, reference):
    """mediapipe 0.10.21 as static_image_mode: mean 0.15 pixels and 3.4 mm."""
    wanted = np.load(reference / "walk_blazepose.npz")
    frames = range(0, 48, 6)
    read = [found(bodies, picture) for picture in pictures(reference / "walk" / "walk.####.jpg", range(1001, 1049, 6))]
    away = np.array(
        [np.hypot(*(one.places - wanted["static_image"][i, :, :2]).T) for i, one in zip(frames, read, strict=True)]
    )
    assert away.mean() <= 0.5 and np.percentile(away, 95) <= 1.5
    space = np.array(
        [np.linalg.norm(one.space - wanted["static_world"][i], axis=1) for i, one in zip(frames, read, strict=True)]
    )
    assert space.mean() <= 0.008


@pytest.mark.parametrize(("name", "middle", "worst"), [("astronaut", 1.5, 6), ("camera", 6, np.inf)])
def test_hard_pictures_are_read_as_well(bodies, reference, name, middle, worst):
    wanted = np.load(reference / f"{name}_blazepose.npz")["image"]
    picture = np.asarray(Image.open(reference / f"{name}.png").convert("RGB"))
    clear = wanted[:, 3] >= 0.5
    away = np.hypot(*(found(bodies, picture).places - wanted[:, :2]).T)[clear]
    assert np.median(away) <= middle and away.max() <= worst


@pytest.fixture(scope="module")
def walk(bodies, reference):
    shown = Pictures(pictures(reference / "walk" / "walk.####.jpg", range(1001, 1049)))
    people = read_people(shown, (640, 360), bodies, RATE)
    truth = np.load(reference / "walk_truth.npz")
    return people, truth["keypoints"][:, 0, :17], truth["in_frame"][:, 0, :17]


def test_a_walk_is_where_it_truly_is_and_outside_is_said(walk):
    (person,), true, inside = walk
    away = np.hypot(*np.moveaxis(person.places[:, COCO] - true, -1, 0)) / torsos(true)[:, None]
    assert np.median(away[inside]) <= 0.045 and (away[inside] < 0.2).mean() >= 0.98
    seen = person.states[:, COCO] <= joints.FILLED
    assert not seen[:, 15:][~inside[:, 15:] & (true[:, 15:, 1] > 363)].any() and seen[inside].mean() > 0.97


def test_smoothing_takes_jitter_and_no_accuracy_and_a_square_that_moves_smoothly_has_less_to_begin_with(
    walk, reference
):
    (person,), true, inside = walk
    true, inside = true[:40], inside[:40]  # all of them are in the picture
    published = np.load(reference / "walk_blazepose.npz")["static_image"][:40, COCO, :2]
    light = joints.smoothed(person.places, person.states, "light")
    jitter, error = {}, {}
    for name, places in {"published": published, "raw": person.raw[:40, COCO], "light": light[:40, COCO]}.items():
        jitter[name] = np.linalg.norm(np.diff(places - true, 2, axis=0), axis=-1).mean()
        error[name] = np.hypot(*np.moveaxis(places - true, -1, 0))[inside].mean()
    assert jitter["raw"] < 0.75 * jitter["published"], "each frame is read twice, in squares that move smoothly"
    assert jitter["light"] <= 0.85 * jitter["raw"] and jitter["light"] <= 0.6 * jitter["published"]
    assert error["light"] <= error["raw"] + 0.1 and error["raw"] <= error["published"] + 0.1


def test_who_crosses_whom_stays_who_they_are_and_hidden_is_said(bodies, reference):
    shown = Pictures(pictures(reference / "cross" / "cross.####.jpg", range(1001, 1025)))
    people = read_people(shown, (640, 360), bodies, RATE)
    true = np.load(reference / "cross_truth.npz")["keypoints"][:, :, :17]
    assert len(people) == 2
    for number, person in enumerate(people):
        away = (
            np.hypot(*np.moveaxis(person.places[:, COCO] - true[:, number], -1, 0)) / torsos(true[:, number])[:, None]
        )
        seen = person.states[:, COCO] == joints.SEEN
        assert np.median(away[seen]) <= 0.06
        assert all(np.median(away[frame][seen[frame]]) <= 0.1 for frame in range(24) if seen[frame].any())
    hidden = (people[0].states == joints.HIDDEN).all(1)
    assert hidden[12:16].all() and not hidden[:11].any() and not hidden[19:].any()
    assert not (people[1].states == joints.HIDDEN).all(1).any() and (people[0].sure[hidden] == 0).all()


def test_a_small_person_in_a_wide_picture_is_found_where_the_plain_detector_finds_nobody(bodies):
    wide = []
    for picture in pictures(CLIP, (1033, 1034)):
        large = np.empty((1440, 2560, 3), np.uint8)
        large[:] = picture[:40].mean((0, 1))
        large[648:1008, 384:1024] = picture
        wide.append(large)
    assert not bodies._detected(wide[0], 0, 0)
    (person,) = following.look(0, following.Look(), True, wide[0], bodies).people
    alone = found(bodies, pictures(CLIP, (1033,))[0])
    assert following.apart(person.places - (384, 648), alone.places, alone.torso) < 0.05
    assert len(following.look(1, following.Look((person,)), False, wide[1], bodies).people) == 1


def test_pictures_without_anybody_have_nobody_in_them(bodies):
    for seed in range(3):
        noise = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), np.uint8)
        picture = np.asarray(Image.fromarray(noise).resize((320, 180), Image.Resampling.BICUBIC))
        assert following.look(0, following.Look(), True, picture, bodies).people == ()


def frames_of(shown, **options):
    given = {"smoothing": "light", "layout": "blazepose33", **options}
    for number, picture in enumerate(shown, 1033):
        channels = np.zeros(picture.shape[:2], np.uint16)
        yield PaintInput(channels, picture=picture.astype(np.float32) / 255, options=given, frame=number, fps=RATE)


def test_a_frame_shows_the_joints_that_are_seen_and_nothing_else():
    model = load_model(CARD)
    requests = list(frames_of(pictures(CLIP, range(1033, 1036))))
    prepared = model.prepare(Frames([one.frame for one in requests], {one.frame: one for one in requests}.__getitem__))
    painted = model.paint(PaintInput(**{**vars(requests[1]), "prepared": prepared}))
    assert painted.shape == (360, 640, 4) and model.said["person 1"]["seen"] == 33
    places = prepared["places"][0, 1]
    for joint in (11, 12, 15, 16, 23, 24, 27, 28):
        x, y = places[joint].astype(int)
        assert painted[y, x, 3] == 1
    left, right = (painted[tuple(places[joint].astype(int)[::-1])][:3] for joint in (15, 16))
    assert left[2] > left[0] and right[0] > right[2]  # blue is the person's left
    assert 0.001 < (painted[..., 3] > 0).mean() < 0.03
    half = PaintInput(**{**vars(requests[1]), "prepared": prepared, "channels": np.zeros((180, 320), np.uint16)})
    x, y = (places[24] / 2).astype(int)
    assert model.paint(half)[y, x, 3] == 1


def test_a_layer_of_joints_comes_into_the_comp_and_a_frame_painted_alone_is_the_same(tmp_path):
    out = tmp_path / "out"
    done = semrender("render", CLIP, "--model", "blazepose", "--out", out)
    assert done.returncode == 0, done.stderr
    delivery = read_delivery(out)
    (layer,) = delivery.layers
    assert layer.role == "painting" and layer.provenance.model_licence == "Apache-2.0"
    (named,) = delivery.tracks
    tracks = read_tracks(out / named.path)
    (person,) = tracks.people
    assert named.name == "walk.joints" and (tracks.first, tracks.last, tracks.width) == (1033, 1040, 640)
    assert tuple(person.joints) == BLAZEPOSE_33 and len(person.joints["nose"]) == 8
    assert all(gap.why in ("filled", "hidden", "outside") for gap in person.gaps)
    nulls = read_comp_tracks(out / named.comp).layers
    (wrist,) = [one for one in nulls if one.name == "person 1 left_wrist"]
    assert np.abs(np.array(wrist.keys["position"]) - np.array(person.joints["left_wrist"])[:, :2]).max() < 1e-3
    comp = py_aep.parse(out / "walk_v001.aep").project.compositions[0]
    assert {"person 1", "person 1 left_wrist"} <= {one.name for one in comp.layers}
    said = [json.loads(line) for line in (out / "walk" / "walk.jsonl").read_text().splitlines()]
    assert said[0]["frame"] == 1033 and sum(said[0]["person 1"].values()) == 33
    assert Image.open(out / "tracks" / "walk.joints.png").width == 1280
    alone = tmp_path / "alone"
    done = semrender("render", CLIP, "--model", "blazepose", "--frames", "1036", "--out", alone)
    assert done.returncode == 0, done.stderr
    name = "walk/walk.1036.png"
    assert np.array_equal(np.asarray(Image.open(alone / name)), np.asarray(Image.open(out / name)))


def test_nobody_in_a_layer_is_said_in_words(tmp_path):
    for number in (1, 2):
        Image.new("RGB", (320, 180), (90, 120, 90)).save(tmp_path / f"wall.{number:04d}.png")
    done = semrender("render", tmp_path / "wall.####.png", "--model", "blazepose", "--out", tmp_path / "out")
    assert done.returncode != 0 and "no person is found on the 2 frames of this layer" in done.stderr + done.stdout
