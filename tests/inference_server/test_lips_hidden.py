"""Where no new mouth is shown: a face that is lost, a hand before it, a profile. The job goes on, and says so."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from inference_server.datasets.detector import Detector
from inference_server.models.faces.mesh import LIPS, NOSE, OVAL, FaceMesh
from inference_server.models.lips import looking, masking, steadying
from inference_server.models.lips.wav2lip import Wav2Lip
from shared import places
from tests.conftest import ROOT, semrender
from tests.inference_server.heads import Head
from tests.inference_server.speakers import add_known
from tests.inference_server.test_lips import clicks

SKIN = np.array([196, 150, 130])


@pytest.fixture(scope="module")
def reader():
    return FaceMesh("cpu")


@pytest.fixture(scope="module")
def head(reader):
    picture = np.asarray(Image.open(ROOT / "tests" / "data" / "faces" / "astronaut.jpg").convert("RGB"))
    return Head(picture, reader)


def hand(picture, x, y, wide):
    """Four fingers before a picture, from the right."""
    made = picture.copy()
    for one in range(4):
        row, thick = int(y + (one - 1.5) * wide / 4), max(2, int(wide / 4.4))
        ends = (int(x - wide / 2), row), (int(x + wide * 1.2), row + 3)
        cv2.line(made, *ends, tuple(int(v) for v in SKIN - 8 * one), thick, cv2.LINE_AA)
        below = [(end[0], end[1] + thick // 2) for end in ends]
        cv2.line(made, *below, (110, 70, 60), 2, cv2.LINE_AA)
    return made


def microphone(picture, x, y, wide):
    made = cv2.circle(picture.copy(), (int(x), int(y)), int(wide / 2), (30, 30, 32), -1, cv2.LINE_AA)
    return cv2.line(made, (int(x), int(y)), (int(x + wide / 2), int(y + 3 * wide)), (50, 50, 50), 8, cv2.LINE_AA)


def test_what_is_before_a_mouth_is_noticed_and_what_is_not_is_not_taken_for_it(head, reader):
    mouth = head.points[list(LIPS)].mean(0)
    wide = 0.28 * head.high
    empty = cv2.GaussianBlur(head.picture, (0, 0), 12)
    plain = [head.drawn(head.picture, 0, 0.06 * abs(np.sin(i / 2))) for i in range(12)]
    lit = [np.uint8(head.picture * 0.6), np.uint8(np.clip(head.picture * (1.1, 1.0, 0.8), 0, 255))]
    shadow = np.where(np.arange(head.picture.shape[1])[None, :, None] < mouth[0], 0.7, 1.0)
    turned = [head.drawn(empty, yaw, 0.03) for yaw in (-30, -15, 15, 30)]
    free = [*plain, *lit, np.uint8(head.picture * shadow), *turned]
    before = [hand(head.picture, *mouth, wide), hand(head.picture, mouth[0], mouth[1] + wide / 3, wide)]
    before += [hand(one, *mouth, wide) for one in plain[2:4]]
    before += [microphone(head.picture, *mouth, wide), microphone(plain[2], mouth[0], mouth[1] + 5, wide)]
    detector = Detector()
    looks = {
        place: looking.look(reader, one, detector.faces(np.ascontiguousarray(one))[0])
        for place, one in enumerate([*free, *before])
    }
    assert looking.covered(looks) == set(range(len(free), len(free) + len(before)))
    assert not any(one.turned for one in looks.values())
    profile = {yaw: head.drawn(empty, yaw) for yaw in (60, 75, 90)}
    found = {yaw: looking.look(reader, one, detector.faces(one)[0]) for yaw, one in profile.items()}
    assert all(one.turned for one in found.values())


@pytest.mark.parametrize("opening", [0.0, 0.06])
def test_all_of_the_lips_is_new_and_neither_nose_nor_jaw(head, reader, opening):
    picture = head.drawn(head.picture, 0, opening)
    found = looking.look(reader, picture, Detector().faces(picture)[0])
    (run,) = steadying.steady({0: found}, (), Wav2Lip.box)
    mask = masking.of_outline(picture.shape[:2], run.boxes[0], run.outlines[0]).new
    shown = [mask[int(y), int(x)] for x, y in found.mesh.points]
    assert min(shown[place] for place in LIPS) > 0.9
    assert max(shown[place] for place in (*OVAL, NOSE)) < 0.02


def test_an_edge_does_not_flicker_where_the_mesh_is_now_sure_and_now_not(head, reader):
    found = looking.look(reader, head.picture, Detector().faces(head.picture)[0])
    doubtful = replace(found, mesh=replace(found.mesh, odds=-2.0))
    (run,) = steadying.steady(dict(enumerate([found, doubtful] * 4 + [doubtful] * 6)), (), Wav2Lip.box)
    assert run.meshed.tolist() == [True] * 10 + [False] * 4
    words = [steadying.WORDS[state] for state in run.states]
    assert words == ["seen", "unsure"] * 4 + ["unsure"] * 6
    assert np.ptp(run.boxes, 0).max() < 0.01 and np.ptp(run.outlines, 0).max() < 0.01


def test_a_job_goes_on_where_a_face_is_lost_hidden_or_turned(head, monkeypatch, tmp_path):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    add_known(places.models_folder(), loud=3.0)
    mouth = head.points[list(LIPS)].mean(0)
    empty = cv2.GaussianBlur(head.picture, (0, 0), 12)
    face = [head.drawn(empty, 0, 0.05 * abs(np.sin(i / 3))) for i in range(48)]
    face[8:18] = [empty] * 10
    face[26:31] = [hand(one, *mouth, 0.28 * head.high) for one in face[26:31]]
    face[40:48] = [head.drawn(empty, 75) for _ in range(8)]
    plate = tmp_path / "plate"
    plate.mkdir()
    for place, one in enumerate(face):
        Image.fromarray(one).save(plate / f"plate.{1001 + place}.png")
    sound = clicks(tmp_path / "voice.wav", [3, 20, 28, 36], seconds=2)
    done = semrender(
        *("render", plate / "plate.####.png", "--model", "known", "--audio", sound, "--out", tmp_path / "out"),
        *("--no-aep", "--movie", "none", "--consent", "synthetic-or-fictional", "--option", "score=0.6"),
    )
    assert done.returncode == 0, done.stderr
    assert "layer plate: on 1009-1018: no face: the plate stays" in done.stdout + done.stderr
    assert "layer plate: on 1041-1048: a profile: the plate stays" in done.stdout + done.stderr
    lines = [json.loads(line) for line in (tmp_path / "out" / "plate" / "plate.jsonl").read_text().splitlines()]
    states = [line["face"] for line in lines]
    assert states[:8] == ["seen"] * 8 and states[8:18] == ["gone"] * 10 and states[18:26] == ["seen"] * 8
    assert states[26:31] == ["occluded"] * 5 and states[31:40] == ["seen"] * 9 and states[40:] == ["turned"] * 8
    made = [np.asarray(Image.open(file)) for file in sorted((tmp_path / "out" / "plate").glob("*.png"))]
    most = np.array([one[..., 3].max() for one in made]) / 255
    hidden = np.isin(states, ("gone", "occluded", "turned"))
    assert len(made) == 48 and (most[hidden] == 0).all()  # the plate is shown
    assert np.abs(most[[5, 6, 7, 18, 19, 20]] - [0.75, 0.5, 0.25, 0.25, 0.5, 0.75]).max() < 0.01
    assert (most[[0, 1, 2, 3, 4, 21, 22, 35]] > 0.99).all()
    assert [line["shown"] for line in lines[24:33]] == [0.5, 0.25, 0, 0, 0, 0, 0, 0.25, 0.5]
    assert "before the mouth" in lines[28]["lips"] and "profile" in lines[44]["lips"] and "no face" in lines[9]["lips"]
