"""A delivery as a Nuke script, read by a reader of its own and worked out frame by frame."""

import re

import numpy as np
import pytest

from ae_bridge.others.nuke import script, write_nuke
from ae_bridge.others.stack import read_comp
from shared.errors import InputRefused
from tests.ae_bridge import nuke_script, stacks
from tests.ae_bridge.deliveries import DELIVERIES, film, ntsc, odd_names, stills
from tests.conftest import semrender


@pytest.mark.parametrize("make", DELIVERIES, ids=lambda make: make.__name__)
def test_every_delivery_is_a_script_that_reads(make, tmp_path):
    comp = read_comp(make(tmp_path))
    nodes = nuke_script.nodes(script(comp))
    reads = [one for one in nodes.values() if one["kind"] == "Read"]
    assert len(reads) == len(comp.delivery.layers)
    merged = [
        one for one in nodes.values() if one["kind"].startswith("Merge") and one.get("operation") in (None, "over")
    ]
    assert len(merged) == len(comp.shown)


@pytest.mark.parametrize("make", [stacks.rich, stacks.modes, stacks.linear], ids=lambda make: make.__name__)
def test_nuke_shows_what_the_delivery_says(make, tmp_path):
    delivery = make(tmp_path)
    comp = read_comp(delivery)
    nodes = nuke_script.nodes(script(comp))
    for frame in range(comp.shot.first, comp.shot.last + 1):
        for backdrop in stacks.BACKDROPS:
            got = nuke_script.picture(nodes, frame, backdrop)
            wanted = stacks.seen(delivery, frame, backdrop)
            colours, alpha = wanted[..., :3], wanted[..., 3:]
            colours = colours if make is stacks.linear else stacks.decoded(colours)
            assert np.abs(got - np.dstack([colours * alpha, alpha])).max() < 1e-4


def test_reads_are_as_the_delivery_says(tmp_path):
    nodes = nuke_script.nodes(script(read_comp(ntsc(tmp_path / "ntsc"))))
    root = nodes["Root"]
    assert (root["first_frame"], root["last_frame"], root["fps"]) == ("1001", "1048", "23.976")
    assert root["format"] == "64 36 0 0 64 36 1 SQ010_SH020"
    assert nodes["train"]["colorspace"] == "sRGB" and "premultiplied" not in nodes["train"]
    assert nodes["environment_over"]["mix"] == "0.625"
    nodes = nuke_script.nodes(script(read_comp(stacks.linear(tmp_path / "linear"))))
    assert nodes["Root"]["format"] == "64 36 0 0 64 36 2 SQ010_SH020"
    assert (nodes["top"]["frame_mode"], nodes["top"]["frame"], nodes["top"]["first"]) == ("start at", "-2", "0")
    assert (nodes["top"]["colorspace"], nodes["top"]["premultiplied"]) == ("linear", "true")
    nodes = nuke_script.nodes(script(read_comp(stills(tmp_path / "stills"))))
    used = {name for one in nodes.values() for name in one["inputs"]}
    assert nodes["labels"]["raw"] == "true" and "labels" not in used
    assert (nodes["backdrop_2"]["before"], nodes["backdrop_2"]["after"]) == ("hold", "hold")


def test_the_command_writes_a_new_script_and_says_what_nuke_takes_otherwise(tmp_path):
    delivery = odd_names(tmp_path)
    out = tmp_path / "comp.nk"
    done = semrender("nuke", delivery, "--out", out)
    assert done.returncode == 0 and done.stdout.strip() == str(out)
    assert "Nuke may not find files with # % [ or $ in their names" in done.stderr
    text = out.read_text("utf-8")
    files = [one["file"] for one in nuke_script.nodes(text).values() if one["kind"] == "Read"]
    assert any(file.endswith(r"#1.\[x\].%04d.png") for file in files)  # else Nuke would run x
    assert not any(re.search(r"(?<!\\)[\[$]", file) for file in files)
    with pytest.raises(InputRefused, match="there is a file of this name"):
        write_nuke(read_comp(delivery), out)
    folder = film(tmp_path / "100% done")
    assert write_nuke(read_comp(folder), tmp_path / "b.nk") == [
        f"Nuke may not find files beneath a folder with # % [ or $ in its name: {folder.parent}"
    ]
    assert out.read_text("utf-8") == text
