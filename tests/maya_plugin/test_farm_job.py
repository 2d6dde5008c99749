"""A shot as a job for a farm: the file is what the specification says, and its two commands do the work."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from maya_plugin.core import farm
from maya_plugin.core.contract import BatchCommand, ShotRequest
from maya_plugin.core.jobs import Order
from shared.delivery import read_delivery
from shared.errors import InputRefused
from tests.maya_plugin.conftest import coco
from tests.maya_plugin.in_qt.memory_host import WHOLE, MemoryHost

ORDER = Order("0" * 32, "valley, 1–2", "", format="png")


def run(step, parameters):
    """What a farm does with a step that has one task."""
    names = dict(parameters)
    for environment in step.get("stepEnvironments", ()):
        names_of = {**os.environ, **environment["variables"]}
    action = step["script"]["actions"]["onRun"]
    words = [
        re.sub(r"\{\{Param\.(\w+)\}\}", lambda m: names[m[1]], one) for one in (action["command"], *action["args"])
    ]
    environment = names_of if step.get("stepEnvironments") else dict(os.environ)
    return subprocess.run(words, env=environment, capture_output=True, text=True)


def test_the_two_steps_render_and_paint(tmp_path):
    host = MemoryHost(tmp_path / "project", size=(96, 54))
    host.classes = {"|set|meadow": coco("grass"), "|train|loco": coco("train"), "|set|sky_dome": coco("sky-other")}
    passes, painted = tmp_path / "shot" / "passes", tmp_path / "shot" / "painted"
    command = host.prepare_shot(ShotRequest(str(passes), "|shotCam|shotCamShape", 1, 2, (WHOLE,)))
    order = Order(ORDER.id, ORDER.name, str(painted), format="png")
    file = farm.write(order, command, passes)
    job = json.loads(file.read_text("utf-8"))
    parameters = {one["name"]: one["default"] for one in job["parameterDefinitions"]}
    for one in job["parameterDefinitions"]:
        if one["type"] == "PATH":  # defaults are joined to the template's folder, and may not be absolute
            assert not Path(one["default"]).is_absolute() and ".." not in one["default"]
            parameters[one["name"]] = str(file.parent / one["default"])
    parameters["Semrender"] = str(Path(sys.executable).parent / "semrender")
    used = set(re.findall(r"\{\{Param\.(\w+)\}\}", json.dumps(job)))
    assert used == set(parameters), "every parameter is used, and none is missing"
    rendering, painting = job["steps"]
    assert painting["dependencies"] == [{"dependsOn": rendering["name"]}]
    done = run(rendering, parameters)
    assert done.returncode == 0 and (passes / "shot.json").is_file(), done.stderr
    done = run(painting, parameters)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_delivery(painted).shot.frames == 2


def test_what_a_farm_cannot_be_told_is_refused_by_name(tmp_path):
    command = BatchCommand(("maya",), {"PYTHONPATH": "/x:" * 900}, "r", "l", "", "e")
    with pytest.raises(InputRefused, match="PYTHONPATH cannot be told to a farm"):
        farm.write(ORDER, command, tmp_path / "passes")
    assert not list(tmp_path.iterdir())
