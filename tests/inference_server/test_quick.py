"""What has little to do loads little: the libraries that take long to load are left out where nothing is painted."""

import json
import subprocess
import sys

import pytest

from inference_server.broker.requests import job_spec
from inference_server.models.catalogue import available_cards
from shared import schema
from shared.label_set import load_label_set
from shared.shot_input import shot_from_input
from tests.conftest import ROOT

HEAVY = ("torch", "numba")


def loaded(code, *modules):
    """Which of these modules a fresh interpreter has loaded after the code."""
    ask = f"{code}\nimport sys; print([name for name in {modules!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, cwd=ROOT, check=True)
    return done.stdout.splitlines()[-1]


def test_the_broker_has_no_arrays():
    code = "import inference_server.broker.broker, inference_server.commands.cli"
    assert loaded(code, "numpy", "cv2", "torch", "asyncio") == "[]"


def test_the_client_reads_no_ledger_and_no_delivery():
    code = "from semrender import commands; commands.parser('render')"
    assert loaded(code, "sqlite3", "numpy", "shared.delivery") == "[]"


@pytest.mark.parametrize("size", [None, (8192, 4320)], ids=["whole", "tiled"])
@pytest.mark.parametrize("model", sorted(available_cards()[0]))
def test_a_new_shot_is_checked_without_torch(model, size, tmp_path):
    """Also what painting it will take, in tiles too."""
    shot, base = shot_from_input(str(ROOT / "examples" / "ride_the_train" / "shot.json"))
    described = {**shot.to_dict(), "model": model, **({"paint_size": list(size)} if size else {})}
    for layer in described["layers"]:
        layer.pop("model", None)
        there = {"picture": layer["labels"], "reference": str(ROOT / "docs" / "images" / "match_grade.png")}
        layer |= {kind: there[kind] for kind in available_cards()[0][model].uses if kind in there}
    spec = job_spec({"shot": described, "frames": [shot.first]}, base, tmp_path / "out", None, False)
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    code = f"""
import json
from inference_server.worker.check import check_job
from inference_server.models.devices import choose_device
spec = json.load(open({str(tmp_path / "spec.json")!r}))
report = check_job(spec, "j", lambda: None, 1 << 40, choose_device("cpu"))
assert report["memory"] > 0 and not report["problems"], report
"""
    assert loaded(code, *HEAVY) == "[]"


def test_what_a_document_declares_is_evaluated_once():
    load_label_set("coco_stuff")
    before = schema._hints.cache_info().misses
    load_label_set("coco_stuff")
    assert schema._hints.cache_info().misses == before
