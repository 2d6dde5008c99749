"""The delivery of what several machines painted: once, of all frames, or not at all and said which are missing."""

import subprocess
import sys

import pytest

from inference_server.worker import outputs
from shared.delivery import read_delivery
from tests.conftest import ROOT, semrender
from tests.inference_server.farm.conftest import farm, files

QUIET = ("--progress", "none")
pytestmark = pytest.mark.usefixtures("resident")


def painted(shot, out, *blocks, more=()):
    for block in blocks:
        farm("chunk", shot, "--out", out, "--blocks", block, *QUIET, *more)


def test_the_version_rises_by_one_whoever_painted_how_many_pieces(farm_shot, tmp_path):
    shot, out = farm_shot(), tmp_path / "out"
    semrender("render", shot, "--out", out)
    assert read_delivery(out).shot.version == 1
    for label in (shot.parent / "all").iterdir():  # new passes in the same look
        label.write_bytes((shot.parent / "all" / "label.1005.png").read_bytes())
    before = (out / "delivery.json").read_bytes(), (out / "preview.png").read_bytes()
    painted(shot, out, "83", "84")
    assert ((out / "delivery.json").read_bytes(), (out / "preview.png").read_bytes()) == before
    farm("deliver", shot, "--out", out, *QUIET)
    assert read_delivery(out).shot.version == 2 and (out / "preview.png").read_bytes() != before[1]
    farm("deliver", shot, "--out", out, *QUIET)
    assert read_delivery(out).shot.version == 2, "nothing new"


def test_frames_that_are_missing_are_named_and_nothing_is_delivered(farm_shot, tmp_path):
    shot, out = farm_shot(count=30, layers=("a", "b")), tmp_path / "out"
    painted(shot, out, "83", "85")
    (out / "b" / "sh_b.1002.png").unlink()
    done = farm("deliver", shot, "--out", out, "--wait", "0", *QUIET, code=4)
    assert "25 frames are not painted: layer a 1009-1020; layer b 1002, 1009-1020." in done.stderr
    assert "Paint blocks 83-84 and" in done.stderr
    assert not (out / "delivery.json").exists() and not (out / "preview.png").exists()


def test_it_waits_for_what_a_shared_disk_tells_of_late(farm_shot, tmp_path):
    shot, out = farm_shot(), tmp_path / "out"
    painted(shot, out, "83", "84")
    late, aside = out / "all" / "sh_all.1002.png", tmp_path / "aside.png"
    late.rename(aside)
    command = [sys.executable, "-m", "semrender", "farm", "deliver", str(shot), "--out", str(out), "--wait", "120"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert "1 frame is not painted: layer all 1002: they are looked for again" in process.stderr.readline()
        aside.rename(late)
        process.communicate(timeout=60)
    assert process.returncode == 0 and read_delivery(out).shot.frames == 12


def test_a_server_is_found_or_begun_once_however_often_it_looks(farm_shot, tmp_path):
    done = farm("deliver", farm_shot(), "--out", tmp_path / "out", "--wait", "0.5", code=4)
    assert done.stderr.count("looked for again") == 1 and done.stdout.count("the server at") == 1


def test_a_delivery_reads_no_pass_and_paints_nothing(farm_shot, tmp_path):
    shot, out = farm_shot(), tmp_path / "out"
    painted(shot, out, "83", "84")
    before = files(out)
    farm("deliver", shot, "--out", out, "--no-aep", "--movie", "none", *QUIET)
    after = files(out)
    assert after.keys() - before.keys() == {"preview.png", "preview.webp"} and before.items() <= after.items()
    assert not list(out.glob("*.aep"))


def test_another_look_goes_into_a_take_piece_by_piece_and_is_delivered_there(farm_shot, tmp_path):
    shot, out = farm_shot(), tmp_path / "out"
    semrender("render", shot, "--out", out)
    before = files(out)
    shot.write_text(shot.read_text().replace('"fps"', '"seed": 5, "fps"'))
    painted(shot, out, "84", "83")
    farm("deliver", shot, "--out", out, *QUIET)
    assert files(out) == before and read_delivery(tmp_path / "out_take002").layers[0].provenance.seed == 5


def test_linear_frames(farm_shot, tmp_path):
    shot, out = farm_shot(), tmp_path / "out"
    painted(shot, out, "83", "84", more=("--format", "exr"))
    farm("deliver", shot, "--out", out, "--format", "exr", *QUIET)
    assert read_delivery(out).layers[0].footage.path.endswith(".exr")


def test_the_frames_say_who_asked_and_what_painted_them(farm_shot, tmp_path):
    out = tmp_path / "out"
    painted(farm_shot(), out, "83", more=("--owner", "ada@studio"))
    header = outputs.read_metadata(out / "all" / "sh_all.1001.png")
    assert header["owner"] == "ada@studio" and header["device"]


def test_several_kinds_of_devices_are_a_note(farm_shot, tmp_path):
    shot, out = farm_shot(), tmp_path / "out"
    painted(shot, out, "83", "84")
    for frame in (1003, 1004):
        picture, aside = out / "all" / f"sh_all.{frame}.png", tmp_path / f"{frame}.png"
        picture.rename(aside)
        outputs.copy_picture(aside, picture, {**outputs.read_metadata(aside), "device": "Another Card"})
    said = farm("deliver", shot, "--out", out).stdout
    assert "layer all was painted on several devices" in said and "Another Card: 1003-1004)" in said
