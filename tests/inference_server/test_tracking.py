"""Tracks of a shot on their way into the output folder; the frames know nothing of them."""

import json

import pytest

from inference_server.broker.requests import job_spec
from inference_server.worker import tracking
from shared import handing
from shared.comp_tracks import read_comp_tracks
from shared.delivery import DeliveryShot, read_delivery
from shared.delivery_check import validate
from shared.errors import InputRefused
from shared.shot import Shot
from shared.tracks import read_tracks
from tests.conftest import semrender

AHEAD = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]


def tracks(file, **changes):
    camera = {"name": "shotCam", "matrix": [AHEAD], "focal": [36], "film": 36}
    found = {"format": 1, "first": 1000, "last": 1010, "width": 64, "height": 36, "camera": camera, **changes}
    file.write_text(json.dumps(found))
    return file


def test_tracks_are_checked_delivered_and_enter_no_key(colour_frames, add_sleep_model, tmp_path):
    labels, out, model = colour_frames(count=2), tmp_path / "out", add_sleep_model()
    moves = [[x, 0, -100] for x in range(11)]
    file = tracks(tmp_path / "layout.json", nulls=[{"name": "door", "points": moves}], last=1001)
    command = ("render", labels, "--out", out, "--model", model, "--movie", "none", "--no-aep")
    done = semrender(*command, "--tracks", file)
    assert done.returncode == 3, done.stderr
    assert (
        '"nulls[0].points" has 11 values, and 1000 to 1001 are 2 frames' in done.stderr and "layout.json" in done.stderr
    )

    assert semrender(*command).returncode == 0
    without, pictures = read_delivery(out), {p: p.stat().st_mtime_ns for p in out.rglob("*.png") if "shot" in p.stem}
    tracks(file, nulls=[{"name": "door", "points": moves}])
    done = semrender(*command, "--tracks", file)
    assert done.returncode == 0, done.stderr
    assert "tracks: layout: camera shotCam, null door" in done.stdout
    delivery = read_delivery(out)
    validate(delivery, out)
    assert {p: p.stat().st_mtime_ns for p in pictures} == pictures  # tracks are no part of a painting
    assert delivery.shot.version == without.shot.version + 1
    [one] = delivery.tracks
    assert (one.name, one.path, one.comp) == ("layout", "tracks/layout.json", "tracks/layout.comp.json")
    assert read_tracks(out / one.path) == read_tracks(file)
    found = read_comp_tracks(out / one.comp)
    assert found.first == 1001 and found.layers[1].keys["position"] == ((33, 18, 100), (34, 18, 100))
    assert found.layers[0].uid == "shot/L/shotCam/camera"
    before = (out / "delivery.json").read_bytes()
    assert semrender(*command, "--tracks", file).returncode == 0
    assert (out / "delivery.json").read_bytes() == before


@pytest.fixture
def judged(tmp_path):
    def judge(*files):
        data = {"name": "s", "fps": 24, "first": 1001, "last": 1004, "layers": [{"name": "a", "labels": "a.png"}]}
        shot = Shot.from_dict({**data, "tracks": [str(file) for file in files]})
        problems, warnings, _ = tracking.judge(shot, tmp_path, None, (64, 36))
        return " ".join(map(str, problems)), warnings

    return judge


def test_what_does_not_fit_the_shot_is_said(judged, tmp_path):
    assert judged(tracks(tmp_path / "a.json")) == ("", [])
    short = judged(tracks(tmp_path / "a.json", first=1002, last=1003))[0]
    assert "the tracks go from 1002 to 1003, the shot has frames 1001, 1004 too. Write them for 1001 to 1004" in short
    assert "of a picture of 64x64, the passes are 64x36" in judged(tracks(tmp_path / "a.json", height=64))[0]
    assert judged(tracks(tmp_path / "a.json", width=1919, height=1080))[0] == ""  # rounded by a renderer
    assert "there is no such file" in judged(tmp_path / "none.json")[0]
    (tmp_path / "other").mkdir()
    twice = tracks(tmp_path / "a.json"), tracks(tmp_path / "other" / "A.json")
    assert "two tracks files are named A" in judged(*twice)[0]
    assert "have the camera shotCam" in judged(twice[0], tracks(tmp_path / "b.json"))[0]


@pytest.fixture
def delivered(tmp_path):
    """Deliver a.json with frames of the shot 1000 to 1010 into a folder."""
    data = {"name": "s", "fps": 24, "first": 1000, "last": 1010, "layers": [{"name": "a", "labels": "a.png"}]}
    of = Shot.from_dict({**data, "tracks": ["a.json"]})

    def deliver(first=1000, last=1010, out="out"):
        shot = DeliveryShot("s", "s", 64, 36, 24, 24, 1, first, last, last - first + 1)
        return tracking.deliver_tracks(of, tmp_path, None, shot, tmp_path / out)

    return deliver


def test_a_few_frames_have_the_tracks_of_the_whole_shot(delivered, tmp_path):
    """Fetched into the folder of the whole shot, they leave its camera as it was."""
    moves = [[x, 0, -100] for x in range(11)]
    tracks(tmp_path / "a.json", nulls=[{"name": "door", "points": moves}])
    for first, last in ((1000, 1010), (1004, 1005)):
        delivered(first, last, str(first))
    part, whole = (tmp_path / str(first) / "tracks" / "a.comp.json" for first in (1004, 1000))
    assert part.read_bytes() == whole.read_bytes()
    assert len(read_comp_tracks(part).layers[1].keys["position"]) == 11


def test_tracks_written_anew_while_the_job_painted_are_judged_again(delivered, tmp_path):
    file, moves = tmp_path / "a.json", [[x, 0, -100] for x in range(6)]
    tracks(file, first=1005, nulls=[{"name": "door", "points": moves}])
    for spoil, words in (
        (lambda: None, "the tracks go from 1005 to 1010, the shot has frames 1000-1004 too"),
        (lambda: tracks(file, height=64), "of a picture of 64x64"),
        (lambda: file.write_text(file.read_text()[:50]), "the JSON is broken"),
        (file.unlink, "there is no such file"),
        (lambda: (tracks(file), (tmp_path / "out").write_text("in the way")), "could not be written"),
    ):
        spoil()
        made, hashes, [note] = delivered()
        assert (made, hashes) == ((), []) and note.startswith("no tracks were delivered: ") and words in note
        assert not (tmp_path / "out" / "tracks").exists()


def test_tracks_go_along_to_a_server_on_another_disk(colour_frames, tmp_path):
    colour_frames(count=1)
    (tmp_path / "other").mkdir()
    files = [tracks(tmp_path / "a.json"), tracks(tmp_path / "other" / "a.json")]
    data = {"name": "s", "fps": 24, "first": 1001, "last": 1001, "layers": [{"name": "a", "labels": "labels"}]}
    shot, sent = handing.uploadable(Shot.from_dict({**data, "tracks": ["a.json", str(files[1])]}), tmp_path)
    assert shot.tracks == ("tracks/0/a.json", "tracks/1/a.json")
    assert [sent[name] for name in shot.tracks] == files
    with pytest.raises(InputRefused, match="must lie in its job's folder"):
        job_spec({"shot": {**data, "tracks": [str(files[1])]}}, tmp_path, tmp_path / "out", None, True)


def test_a_shifted_camera_is_told(judged, tmp_path):
    camera = {"name": "c", "matrix": [AHEAD], "focal": [36], "film": 36, "centre": [35, 18]}
    problems, [warning] = judged(tracks(tmp_path / "a.json", camera=camera))
    assert problems == "" and "shifted by +3, +0 pixels" in warning
