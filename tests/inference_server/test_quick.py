"""What has little to do loads little: the libraries that take long to load are left out where nothing is painted."""

import json
import subprocess
import sys

import pytest

from inference_server.broker.requests import job_spec
from inference_server.models.catalogue import available_cards
from shared import schema
from shared.shot import Shot
from shared.shot_input import shot_from_input
from tests.conftest import ROOT, semrender

HEAVY = ("torch", "numba")


def loaded(code, *modules):
    """Which of these modules a fresh interpreter has loaded after the code."""
    ask = f"{code}\nimport sys; print([name for name in {modules!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, cwd=ROOT, check=True)
    return done.stdout.splitlines()[-1]


def test_the_broker_has_no_arrays():
    code = "import inference_server.broker.broker, inference_server.commands.cli"
    assert loaded(code, "numpy", "cv2", "torch", "asyncio") == "[]"


# Where all is painted already: what the processes need not load. Each takes longer than the work that is left.
UNNEEDED = {
    "client": ("sqlite3", "numpy", "logging", "hashlib", "tqdm", "ae_bridge", "shared.delivery", "shared.label_set")
    + ("inference_server.models.cards", "inference_server.broker"),
    "broker": ("numpy", "shared.delivery", "shared.sequences", "prometheus_client"),
    "worker": (*HEAVY, "numpy.ma", "av", "PIL", "OpenEXR", "OpenImageIO", "fileseq", "py_aep", "scipy"),
}
EVERYWHERE = ("importlib.metadata", "email")
LISTS = """
import atexit, os, sys

def told():
    with open(os.path.join(os.environ["LISTS"], str(os.getpid())), "w") as file:
        file.write("\\n".join([" ".join(sys.orig_argv), *sys.modules]))

end = os._exit
os._exit = lambda code: (told(), end(code))
atexit.register(told)
"""


def test_rendering_again_loads_little_in_all_three_processes(add_sleep_model, colour_frames, tmp_path, monkeypatch):
    shot = {"name": "sh", "fps": 24, "first": 1001, "last": 1002, "model": add_sleep_model()}
    shot["layers"] = [{"name": "all", "labels": f"{colour_frames(count=2)}/shot.####.png"}]
    (tmp_path / "shot.json").write_text(json.dumps(shot))
    job = ("render", tmp_path / "shot.json", "--out", tmp_path / "out")
    assert semrender(*job).returncode == 0
    (tmp_path / "lists").mkdir()
    (tmp_path / "sitecustomize.py").write_text(LISTS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("LISTS", str(tmp_path / "lists"))
    done = semrender(*job)
    assert done.returncode == 0 and "2 kept" in done.stdout and ".aep" in done.stdout and "movie.mp4" in done.stdout
    assert "painting:" not in done.stderr, "no bar where there is nothing to wait for"
    lists = [file.read_text().splitlines() for file in (tmp_path / "lists").iterdir()]
    assert len(lists) == 3
    for command, *modules in lists:
        who = "broker" if " serve " in command else "worker" if "worker.worker" in command else "client"
        assert [who, *{*UNNEEDED[who], *EVERYWHERE} & set(modules)] == [who]


@pytest.mark.parametrize("size", [None, (8192, 4320)], ids=["whole", "tiled"])
@pytest.mark.parametrize("model", sorted(available_cards()[0]))
def test_a_new_shot_is_checked_without_torch(model, size, tmp_path):
    """Also what painting it will take, in tiles too."""
    shot, base = shot_from_input(str(ROOT / "examples" / "ride_the_train" / "shot.json"))
    described = {**shot.to_dict(), "model": model, "options": {}, **({"paint_size": list(size)} if size else {})}
    for layer in described["layers"]:
        layer.pop("model", None)
        there = {"picture": layer["labels"], "reference": str(ROOT / "docs" / "images" / "match_grade.png")}
        there["walk"] = {"keys": [{"seed": 1}, {"seed": 2}]}
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
    assert schema.declared(Shot) is schema.declared(Shot)
