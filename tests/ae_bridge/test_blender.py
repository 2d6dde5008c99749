"""A delivery in Blender: the script that builds it, and what a real Blender renders of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ae_bridge.others.blender import PROGRAM, write_blender
from ae_bridge.others.stack import read_comp
from shared.errors import InputRefused, MissingInput, SemrenderError
from tests.ae_bridge import stacks
from tests.ae_bridge.deliveries import every_blend_and_label, odd_names
from tests.conftest import ROOT, semrender

BLENDER = os.environ.get("SEMRENDER_BPY")  # a Python that has bpy (4.2 to 5.0)
needs_blender = pytest.mark.skipif(not BLENDER, reason="SEMRENDER_BPY names no Python with bpy")


def demo(folder):
    """The beginning of the shipped shot, painted."""
    shot = ROOT / "examples" / "ride_the_train" / "shot.json"
    home = {**os.environ, "SEMRENDER_HOME": str(folder / "state")}
    wanted = ("--frames", "1001-1002", "--movie", "none", "--no-aep")
    done = semrender("render", shot, "--out", folder, *wanted, env=home, seconds=600)
    assert done.returncode == 0, done.stderr
    return folder / "delivery.json"


COMPS = (stacks.rich, stacks.modes, stacks.linear, demo)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """What Blender renders of every comp: (comp, backdrop, frame) -> (H, W, 4) straight, 0-1; one process."""
    assert BLENDER
    wanted, made = [], {}
    for make in COMPS:
        folder = tmp_path_factory.mktemp(make.__name__)
        delivery = make(folder)
        comp = read_comp(delivery)
        write_blender(comp, folder / "comp.py")
        frames = list(range(comp.shot.first, comp.shot.last + 1))
        made[make] = (delivery, frames, folder)
        wanted.append(
            {"script": str(folder / "comp.py"), "out": str(folder), "frames": frames, "backdrops": stacks.BACKDROPS}
        )
    driver = Path(__file__).with_name("draw_in_blender.py")
    done = subprocess.run([BLENDER, driver, json.dumps(wanted)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return made


@needs_blender
@pytest.mark.parametrize("make", COMPS, ids=lambda make: make.__name__)
def test_blender_shows_what_the_delivery_says(drawn, make):
    delivery, frames, folder = drawn[make]
    for frame in frames:
        for number, backdrop in enumerate(stacks.BACKDROPS):
            got = cv2.imread(str(folder / f"{number}.{frame}.png"), cv2.IMREAD_UNCHANGED)
            wanted = stacks.seen(delivery, frame, backdrop)
            values = stacks.encoded(wanted[..., :3]) if make is stacks.linear else wanted[..., :3]
            colours = got[..., [2, 1, 0]] * (got[..., 3:] / 255) - values.clip(0, 1) * 255 * wanted[..., 3:]
            off = max(np.abs(colours).max(), np.abs(got[..., 3] - wanted[..., 3] * 255).max())
            assert off <= 1, f"frame {frame} over {backdrop}: {off:.2f} levels"


@needs_blender
def test_a_blend_is_built_by_blender(tmp_path, monkeypatch):
    monkeypatch.setenv(PROGRAM, BLENDER)
    delivery = stacks.modes(tmp_path)
    out = tmp_path / "comp.blend"
    assert write_blender(read_comp(delivery), out) == []
    ask = "import bpy, sys; bpy.ops.wm.open_mainfile(filepath=sys.argv[1]); [s] = bpy.data.scenes; print('one', s.name)"
    done = subprocess.run([BLENDER, "-c", ask, out], capture_output=True, text=True, check=False)
    assert "one SQ010_SH020" in done.stdout.splitlines(), done.stderr


def test_the_script_is_ascii_and_says_what_is_in_it(tmp_path):
    delivery = odd_names(tmp_path)
    out = tmp_path / "comp.py"
    done = semrender("blender", delivery, "--out", out)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.strip() == str(out)
    text = out.read_text("ascii")
    names = {}
    exec(
        compile(text.partition("COMP = ")[2].partition("\nif __name__")[0].join(["COMP = ", ""]), "comp", "exec"), names
    )
    comp = names["COMP"]
    assert [one["name"] for one in comp["layers"]] == ["environment", "train", "列" * 60]
    assert all(Path(one["file"]).is_file() for one in comp["layers"])
    compile(text, "comp.py", "exec")
    again = semrender("blender", delivery, "--out", out)
    assert again.returncode == 3 and "there is a file of this name" in again.stderr


def test_what_blender_cannot_do_is_said(tmp_path, monkeypatch):
    notes = write_blender(read_comp(every_blend_and_label(tmp_path)), tmp_path / "comp.py")
    assert "layer dissolve: DISSOLVE means something else in every program; it is laid over as NORMAL" in notes
    assert not any("MULTIPLY" in note for note in notes)
    comp = read_comp(stacks.linear(tmp_path / "below"))
    [note] = write_blender(comp, tmp_path / "below.py")
    assert note == "Blender has no frames from -2 to 0: they begin at frame 0 there"
    with pytest.raises(InputRefused, match=r"its name ends in \.py or \.blend"):
        write_blender(comp, tmp_path / "comp.nk")
    monkeypatch.setenv(PROGRAM, str(tmp_path / "none"))
    with pytest.raises(MissingInput, match="names no program"):
        write_blender(comp, tmp_path / "comp.blend")
    monkeypatch.setenv(PROGRAM, sys.executable)
    with pytest.raises(SemrenderError, match=r"(?s)Blender could not build the comp.*No module named 'bpy'"):
        write_blender(comp, tmp_path / "comp.blend")
    assert not (tmp_path / "comp.blend").exists()
