"""A clip through a model of RunwayML that misbehaves on single frames: the shot goes on, and the frames are named."""

import json
import re

import numpy as np

from tests.conftest import semrender
from tests.inference_server.runway_models import add, plain
from tests.inference_server.test_clip_source import COUNT, FLASH, clip_file

# What the model does on a frame by how bright it is: the clip's frames are 40, 41, 42 ... codes.
BODY = """
number = int(round(float(pixels.mean()))) - 40
print("frame", number, flush=True)
sys.stderr.write("noise" * 1000)
open("scratch.txt", "a").write("here")
if number == 3:
    time.sleep(600)
if number == 6:
    os._exit(7)
if number == 9:
    raise ValueError("not this one")
if number == 12:
    return None
if number == 15:
    if os.fork() == 0:
        time.sleep(600)
if number == 20:
    os.kill(os.getpid(), 11)
return 255 - pixels
"""
HANGS, DIES, RAISES, NONE, CRASHES = 4, 7, 10, 13, 21  # frames, which count from 1


def test_the_shot_goes_on_and_the_frames_are_named(tmp_path):
    card, _ = add(plain(tmp_path / "moody", BODY), seconds=3)
    clip = clip_file(tmp_path / "singer.mov", "png", "rgb24", "pcm_s16le")
    done = semrender("--json", "render", clip, "--model", card.name, "--out", tmp_path / "out", "--no-aep")
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in said
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    failed = {one["frame"]: one for one in events if one.get("event") == "frame" and one.get("state") == "failed"}
    assert sorted(failed) == [HANGS, DIES, RAISES, NONE, CRASHES], said
    painted = {int(path.stem[-4:]) for path in (tmp_path / "out" / "singer").glob("*.png")}
    assert painted == set(range(1, COUNT + 1)) - set(failed)
    assert not list(tmp_path.glob("**/scratch.txt")), "it writes into a copy of its folder"
    assert FLASH + 1 in painted and np.all([re.search(r"\S", str(one["error"])) for one in failed.values()])
