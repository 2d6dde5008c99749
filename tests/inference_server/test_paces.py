"""The time before the first frame: measured here before, or said to be unknown."""

import json

import pytest

from inference_server.commands.progress import time_in_words
from inference_server.worker import paces
from shared import places
from tests.conftest import semrender


def said(*arguments):
    done = semrender("check", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_time_is_unknown_then_measured_then_said(add_sleep_model, colour_frames, tmp_path):
    folder, model = colour_frames(), add_sleep_model()
    assert "4 pictures to paint; how long that takes is known after the first ones" in said(folder, "--model", model)
    first = semrender("render", folder, "--out", tmp_path / "out", "--model", model, "--no-aep")
    assert "4 pictures to paint; how long" in first.stdout
    assert "4 pictures to paint, about 0:01 by what such pictures took here before" in said(folder, "--model", model)
    other_size = said(folder, "--model", model, "--size", "128x64")
    assert "how long that takes is known after the first ones" in other_size
    kept = semrender("render", folder, "--out", tmp_path / "out", "--model", model, "--no-aep")
    assert "0 frames painted, 4 kept" in kept.stdout and "to paint" not in kept.stdout


def test_the_time_is_the_first_picture_and_every_further_one(add_sleep_model, colour_frames):
    """Of what the file in the state folder says for this model and size, whoever measured it."""
    folder, model = colour_frames(), add_sleep_model()
    painted = semrender("render", folder, "--out", folder.parent / "out", "--model", model, "--no-aep")
    assert painted.returncode == 0
    (pace,) = paces.read()
    places.write_json(places.home() / paces.FILE, {pace: {"first": 40.0, "each": 30.0}})
    assert "about 2:10 by" in said(folder, "--model", model)
    report = json.loads(semrender("check", folder, "--model", model, "--frames", "1001-1002", "--json").stdout)
    assert report["estimate"] == {"pictures": 2, "seconds": 70.0}


def test_what_is_measured_replaces_and_completes(state_folder):
    one = paces.Paces()
    one.add("a", 9.0)
    one.keep()
    assert paces.read() == {"a": {"first": 9.0}}
    for seconds in (8.0, 1.0, 7.0, 2.0):
        one.add("b", seconds)
    one.keep()
    again = paces.Paces()
    again.add("b", 6.0)
    again.keep()
    assert paces.read() == {"a": {"first": 9.0}, "b": {"first": 6.0, "each": 2.0}}


def test_the_file_stays_small_and_keeps_what_was_measured_last(state_folder):
    one = paces.Paces()
    for number in range(paces.KEPT + 5):
        one.add(f"{number}", 1.0)
    one.keep()
    assert len(paces.read()) == paces.KEPT and f"{paces.KEPT + 4}" in paces.read() and "0" not in paces.read()


@pytest.mark.parametrize(
    "content", ["", "[1]", '{"a": 1, "b": {"first": "x"}, "c": {"first": -1}}', '{"a": {"x": []}}']
)
def test_a_damaged_file_is_as_good_as_none(state_folder, content):
    (state_folder / paces.FILE).write_text(content)
    assert paces.read() == {}


def test_no_room_for_the_file_stops_nothing(state_folder):
    (state_folder / paces.FILE).mkdir()
    one = paces.Paces()
    one.add("a", 1.0)
    one.keep()
    assert paces.read() == {}


def test_only_what_a_missing_frame_is_made_of_is_painted():
    tasks = [("underpaint", "a", n, range(0)) for n in (1, 2, 3, 4)]
    tasks += [("hold", "a", 1, range(1, 3)), ("hold", "a", 4, range(3, 5)), ("paint", "b", 1, range(0))]
    found = [("hold", "a", 1), ("underpaint", "a", 3)]
    assert paces.needed(tasks, found) == [("underpaint", "a", 4), ("hold", "a", 4), ("paint", "b", 1)]


def test_words():
    assert time_in_words({"pictures": 1, "seconds": 3.2}).startswith("1 picture to paint, about 0:03")
    assert "2 pictures to paint, about 1:00:00" in time_in_words({"pictures": 2, "seconds": 3600})
