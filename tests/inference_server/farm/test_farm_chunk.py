"""Pieces of a shot painted apart, by the real command, are the shot as one machine paints it."""

import random
import subprocess
import sys

import cv2
import numpy as np
import pytest

from inference_server.stability.window import paintings as made_of
from shared.blocks import blocks_of, frames_of, runs, written
from shared.delivery import read_delivery
from shared.label_set import load_label_set
from tests.conftest import ROOT, semrender
from tests.inference_server.farm.conftest import farm, files, paintings
from tests.inference_server.servers import channel_of

HELD = {"hold": "strong"}
QUIET = ("--progress", "none")


def test_a_chunk_paints_exactly_its_frames_and_delivers_nothing(farm_shot, tmp_path):
    out = tmp_path / "out"
    farm("chunk", farm_shot(count=30), "--out", out, "--blocks", "84", *QUIET)
    assert sorted(files(out)) == [f"all/sh_all.{frame}.png" for frame in range(1009, 1021)]
    assert not (out / "delivery.json").exists()


def test_a_held_layer_is_painted_and_held_in_one_piece(farm_shot, tmp_path, state_folder):
    out = tmp_path / "out"
    farm("chunk", farm_shot(count=48, **HELD), "--out", out, "--blocks", "85", *QUIET)
    own = frames_of([85], 1001, 1048)
    under = {frame for number in own for frame in made_of(number, "strong", 1001, 1048)}
    names = [f"all/sh_all.{frame}.png" for frame in own]
    names += [f"frame_by_frame/all/sh_all.{frame}.png" for frame in sorted(under)]
    assert sorted(files(out)) == sorted(names) and paintings(state_folder) == len(under)


@pytest.mark.parametrize("first, per", [(1001, 1), (1001, 4), (-40, 2)])
def test_pieces_of_any_size_are_byte_for_byte_what_one_machine_paints(farm_shot, tmp_path, first, per, resident):
    """A layer that holds strongly, one gently, one not; pieces in any order, each a second time."""
    layers = {"a": {"hold": "strong"}, "b": {"hold": "gentle", "mattes": "all"}, "c": {"hold": "off"}}
    shot, last = farm_shot(first, 26, layers=tuple(layers), **layers), first + 25
    done = semrender("render", shot, "--out", tmp_path / "whole")
    assert done.returncode == 0, done.stderr
    pieces = [written(run) for run in runs(first, last, per)]
    order = random.Random(per).sample(pieces, len(pieces)) + pieces[:2]
    for piece in order:
        farm("chunk", shot, "--out", tmp_path / "apart", "--blocks", piece, *QUIET)
    farm("deliver", shot, "--out", tmp_path / "apart", *QUIET, "--wait", "0")
    assert files(tmp_path / "apart") == files(tmp_path / "whole")
    one, other = (read_delivery(tmp_path / name) for name in ("apart", "whole"))
    assert (one.layers, one.shot, one.project) == (other.layers, other.shot, other.project)


sky = load_label_set("coco_stuff").palettes["runway"].colors[load_label_set("coco_stuff").find("sky").id]
SKY = cv2.imencode(".png", np.full((36, 64, 3), sky[::-1], np.uint8))[1].tobytes()
PAINTER = """
import sys
from semrender import main
for block in sys.argv[2:]:
    assert main([*sys.argv[1].split("|"), "--blocks", block]) == 0
"""


def test_two_at_once_into_one_folder_end_in_the_same_files(farm_shot, tmp_path):
    """Two machines, each with a server of its own, paint the same pieces in opposite order."""
    shot, out = farm_shot(count=30, **HELD), tmp_path / "out"
    words = "|".join(("farm", "chunk", str(shot), "--out", str(out), *QUIET))
    orders = (["83", "84", "85"], ["85", "84", "83"])
    commands = [[sys.executable, "-c", PAINTER, words, *order] for order in orders]
    both = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for command in commands]
    assert [(process.wait(120), process.stderr.read()) for process in both] == [(0, "")] * 2
    farm("deliver", shot, "--out", out, *QUIET, "--wait", "0")
    semrender("render", shot, "--out", tmp_path / "whole")
    assert files(out) == files(tmp_path / "whole") and not list(out.rglob("*.tmp*"))


@pytest.mark.parametrize("per", [1, 4])
def test_pieces_of_a_held_shot_in_one_folder_are_painted_once(farm_shot, tmp_path, state_folder, per, resident):
    shot = farm_shot(count=48, **HELD)
    for run in runs(1001, 1048, per):
        farm("chunk", shot, "--out", tmp_path / "out", "--blocks", written(run), *QUIET)
    assert paintings(state_folder) == 48


def test_how_much_is_painted_twice_where_no_disk_is_shared():
    """The anchor before each piece, and the two ends of what stands still: none where the piece is that."""

    def factor(per):
        pieces = [frames_of(run, 1001, 1240) for run in runs(1001, 1240, per)]
        made = [{one for frame in piece for one in made_of(frame, "strong", 1001, 1240)} for piece in pieces]
        return sum(map(len, made)) / 240

    assert [factor(per) for per in (1, 4, 12)] == pytest.approx([1.217, 1.042, 1.021], abs=0.001)


def test_blocks_that_are_not_there_are_refused(farm_shot, tmp_path, resident):
    done = farm("chunk", farm_shot(), "--out", tmp_path / "out", "--blocks", "7-9", code=3)
    assert "blocks 83-84" in done.stderr
    assert (
        "no layer named sky"
        in farm("chunk", farm_shot(), "--out", tmp_path / "out", "--blocks", "83", "--layer", "sky", code=3).stderr
    )
    farm("chunk", farm_shot(), "--out", tmp_path / "out", "--blocks", "x", code=3)
    farm("chunk", farm_shot(), "--out", tmp_path / "out", code=2)


def test_a_pass_that_cannot_be_read_is_exit_code_3_and_stops_its_own_piece_alone(farm_shot, tmp_path, resident):
    shot = farm_shot()
    broken = shot.parent / "all" / "label.1003.png"
    broken.write_bytes(broken.read_bytes()[:200])
    done = farm("chunk", shot, "--out", tmp_path / "out", "--blocks", "83", code=3)
    assert "1003" in done.stderr
    farm("chunk", shot, "--out", tmp_path / "out", "--blocks", "84", *QUIET)


def test_a_frame_that_cannot_be_painted_is_exit_code_4_and_the_others_are_there(
    farm_shot, add_sleep_model, tmp_path, resident
):
    """The model fails on what has a tree, which only two frames have not."""
    add_sleep_model("bad", config={"seconds": 0.0, "misbehaves": {str(channel_of("tree")): "memory"}})
    shot = farm_shot(model="bad")
    for frame in (1001, 1005):
        (shot.parent / "all" / f"label.{frame}.png").write_bytes(SKY)
    done = farm("chunk", shot, "--out", tmp_path / "out", "--blocks", "83", *QUIET, code=4)
    assert "6 of 8 frames failed" in done.stderr
    assert sorted(files(tmp_path / "out")) == ["all/sh_all.1001.png", "all/sh_all.1005.png"]


def test_one_layer_alone(farm_shot, tmp_path):
    shot = farm_shot(layers=("a", "b"))
    farm("chunk", shot, "--out", tmp_path / "out", "--blocks", "83", "--layer", "b", *QUIET)
    assert {name.split("/")[0] for name in files(tmp_path / "out")} == {"b"}


def test_paths_inside_the_shot_are_mapped(farm_shot, tmp_path, resident):
    shot = farm_shot(all={"labels": "/mnt/show/all/label.####.png"})
    text = shot.read_text()
    rule = f"/mnt/show={shot.parent}"
    farm("chunk", "/mnt/show/shot.json", "--out", tmp_path / "out", "--blocks", "83", "--map", rule, *QUIET)
    assert len(files(tmp_path / "out")) == 8 and shot.read_text() == text
    farm("chunk", shot, "--out", tmp_path / "out", "--blocks", "83", code=3)


def test_a_machine_that_would_paint_otherwise_is_refused_by_name(farm_shot, tmp_path, resident):
    from shared.places import HOST

    arguments = ("chunk", farm_shot(), "--out", tmp_path / "out", "--blocks", "83", "--progress", "openjd", "--expect")
    for pairs, words in (
        ("semrender=0.0.9", "runs semrender"),
        ("stand-in=123456789abc", "has another stand-in"),
        ("countryside_9=1", "there is no model named 'countryside_9'"),
    ):
        done = farm(*arguments, pairs, code=3)
        assert done.stdout.startswith("openjd_fail: ") and HOST in done.stdout and words in done.stdout
    assert not (tmp_path / "out").exists()


def test_progress_is_told_as_open_job_description_and_nothing_else_begins_a_line(farm_shot, tmp_path, resident):
    """A file's name is a stranger's: no order to the engine comes of it."""
    shot = farm_shot(name="openjd_env")
    done = farm("chunk", shot, "--out", tmp_path / "a\nopenjd_env: EVIL=1\n", "--blocks", "83", "--progress", "openjd")
    lines = done.stdout.splitlines()
    assert all(line.startswith(("openjd_progress: ", "openjd_status: ")) for line in lines), lines
    reached = [float(line.split()[1]) for line in lines if line.startswith("openjd_progress")]
    assert reached == sorted(reached) and reached[-1] == 100
    (shot.parent / "all" / "label.1001.png").unlink()
    done = farm(
        "chunk", shot, "--out", tmp_path / "b\nopenjd_env: EVIL=1\n", "--blocks", "83", "--progress", "openjd", code=3
    )
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["openjd_fail"] and not done.stderr


def test_progress_as_json_is_that_of_a_render(farm_shot, tmp_path):
    import json

    done = farm("chunk", farm_shot(), "--out", tmp_path / "out", "--blocks", "83", "--progress", "json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["checked", *["frame"] * 8, "done", "made"]
    assert {event["done"] for event in events if event["event"] == "frame"} == set(range(1, 9))


def test_the_blocks_of_a_shot_are_a_line_each(farm_shot):
    shot = farm_shot(count=100)
    assert farm("blocks", shot).stdout.split() == ["83", "84-87", "88-91"]
    assert farm("blocks", shot, "--per", "1").stdout.split() == [str(block) for block in blocks_of(1001, 1100)]
