"""Nothing that was delivered is painted over: another look goes into a take, and a take is found again."""

import json

import numpy as np
import pytest

from inference_server.broker.requests import job_spec
from inference_server.models import sleep
from inference_server.worker import outputs
from inference_server.worker.deliver import deliver
from inference_server.worker.plan import make_plan
from inference_server.worker.reading import decode
from inference_server.worker.writing import encode
from shared.delivery import read_delivery
from shared.errors import SemrenderError
from shared.takes import takes
from tests.conftest import semrender
from tests.inference_server.servers import job_of, running_server


@pytest.fixture
def server(state_folder, add_sleep_model):
    add_sleep_model("nap")
    add_sleep_model("other")  # the same under another name
    with running_server() as client:
        yield client


def render(*arguments):
    done = semrender("--json", "render", *arguments, "--no-aep")
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def bytes_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def seeds(folder):
    return [outputs.read_metadata(path)["seed"] for path in sorted((folder / "shot").glob("*.png"))]


def test_another_seed_goes_into_a_take_and_the_same_again_is_kept_there(server, colour_frames, tmp_path):
    labels, out = colour_frames(), tmp_path / "sh"
    render(labels, "--out", out, "--model", "nap")
    first = bytes_of(out)
    events = render(labels, "--out", out, "--model", "nap", "--seed", 5)
    checked = next(event for event in events if event["event"] == "checked")
    assert any(
        "sh holds another look (seed 0 -> 5)" in words and "sh_take002" in words for words in checked["warnings"]
    )
    assert bytes_of(out) == first and seeds(tmp_path / "sh_take002") == [5] * 4
    assert events[-1]["delivery"] == str(tmp_path / "sh_take002" / "delivery.json")
    for seed, folder in ((5, "sh_take002"), (0, "sh"), (9, "sh_take003")):
        before = {event["event"]: event for event in render(labels, "--out", out, "--model", "nap", "--seed", seed)}
        assert before["done"]["out"] == str(tmp_path / folder)
        assert before["done"]["painted"] == (4 if seed == 9 else 0)
    assert bytes_of(out) == first


def test_one_frame_of_another_look_leaves_the_shot_as_it_is(server, colour_frames, tmp_path):
    labels, out = colour_frames(), tmp_path / "sh"
    render(labels, "--out", out, "--model", "nap")
    first = bytes_of(out)
    render(labels, "--out", out, "--model", "nap", "--seed", 5, "--frames", 1002)
    assert bytes_of(out) == first
    assert read_delivery(tmp_path / "sh_take002").shot.frames == 1


def test_what_was_never_delivered_may_be_painted_over(server, colour_frames, tmp_path):
    labels, out = colour_frames(), tmp_path / "sh"
    render(labels, "--out", out, "--model", "nap")
    (out / "delivery.json").unlink()
    render(labels, "--out", out, "--model", "nap", "--seed", 5)
    assert seeds(out) == [5] * 4 and not (tmp_path / "sh_take002").exists()


def test_overwrite_paints_over_and_the_delivery_says_which_frames(server, colour_frames, tmp_path):
    labels, out = colour_frames(), tmp_path / "sh"
    render(labels, "--out", out, "--model", "nap")
    events = render(labels, "--out", out, "--model", "nap", "--seed", 5, "--frames", "1002-1003", "--overwrite")
    layer = read_delivery(out).layers[0]
    assert layer.provenance.seed == 0 and read_delivery(out).shot.frames == 4
    assert [(part.first, part.last, part.provenance.seed) for part in layer.parts] == [(1002, 1003, 5)]
    notes = next(event for event in events if event["event"] == "done")["notes"]
    assert notes == ["layer shot: frames 1002-1003 were painted otherwise than the rest"]


def test_new_passes_in_the_same_look_are_a_new_version_in_place_and_said(server, colour_frames, tmp_path):
    labels, out = colour_frames(), tmp_path / "sh"
    render(labels, "--out", out, "--model", "nap")
    (labels / "shot.1002.png").write_bytes((labels / "shot.1001.png").read_bytes())
    events = render(labels, "--out", out, "--model", "nap")
    warnings = next(event for event in events if event["event"] == "checked")["warnings"]
    assert any("1 delivered frame is painted anew (1002)" in words for words in warnings)
    assert read_delivery(out).shot.version == 2 and not (tmp_path / "sh_take002").exists()


def test_a_take_of_one_layer_has_the_others_too(server, colour_frames, tmp_path):
    for name, only in (("front", "tree"), ("back", None)):
        colour_frames(folder=f"passes/{name}", name=name, only=only)
    shot = {"name": "sh", "fps": 24, "first": 1001, "last": 1004, "model": "nap"}
    shot["layers"] = [{"name": name, "labels": f"{name}/{name}.####.png"} for name in ("front", "back")]
    job = {"shot": shot, "base": str(tmp_path / "passes"), "out": str(tmp_path / "sh")}
    assert list(server.watch(server.submit(job)))[-1]["event"] == "done"
    again = {**job, "shot": {**shot, "seed": 3}, "layers": ["front"]}
    assert list(server.watch(server.submit(again)))[-1]["event"] == "done"
    layers = {layer.name: layer.provenance.seed for layer in read_delivery(tmp_path / "sh_take002").layers}
    assert layers == {"front": 3, "back": 0}


def test_held_otherwise_is_another_look_and_its_underpaintings_are_copied(server, colour_frames, tmp_path):
    labels, out = colour_frames(), tmp_path / "sh"
    render(labels, "--out", out, "--model", "nap", "--hold", "strong")
    first = bytes_of(out)
    render(labels, "--out", out, "--model", "nap", "--hold", "gentle")
    assert bytes_of(out) == first
    take = tmp_path / "sh_take002"
    assert read_delivery(take).layers[0].provenance.hold == "gentle"
    for path in (out / "frame_by_frame").rglob("*.png"):
        assert outputs.read_metadata(path)["key"] == outputs.read_metadata(take / path.relative_to(out))["key"]


def test_a_look_that_the_headers_of_before_do_not_tell_is_taken_for_the_same(server, colour_frames, tmp_path):
    labels, out = colour_frames(count=1), tmp_path / "sh"
    render(labels, "--out", out, "--model", "nap")
    picture = next((out / "shot").glob("*.png"))
    header = outputs.read_metadata(picture)
    for name in ("scale", "paint_size", "fill"):
        del header[name]
    outputs.copy_picture(picture, picture, {**header, "key": "of before"})
    render(labels, "--out", out, "--model", "nap")
    assert not (tmp_path / "sh_take002").exists() and outputs.read_metadata(picture)["scale"] == ""


def test_two_unfinished_jobs_of_different_looks_do_not_share_a_folder(server, colour_frames, tmp_path):
    labels, out = colour_frames(), tmp_path / "sh"
    jobs = []
    for seed in (1, 2):
        job = job_of(labels, out, "nap")
        jobs.append(server.submit({**job, "shot": {**job["shot"], "seed": seed}}))
        server.ask("pause", jobs[-1])
    for job in reversed(jobs):
        server.ask("resume", job)
        assert list(server.watch(job))[-1]["event"] == "done"
    folders = {job["job"]: job["out"] for job in server.jobs()}
    assert sorted(folders[job] for job in jobs) == [str(out), str(tmp_path / "sh_take002")]
    assert [seeds(tmp_path / folders[job]) for job in jobs] == [[1] * 4, [2] * 4]


def test_a_model_of_another_name_that_is_the_same_is_the_same_look(server, colour_frames, tmp_path):
    labels, out = colour_frames(), tmp_path / "sh"
    render(labels, "--out", out, "--model", "nap")
    done = next(e for e in render(labels, "--out", out, "--model", "other") if e["event"] == "done")
    assert (done["kept"], done["out"]) == (4, str(out))


def test_who_paints_over_another_look_meanwhile_is_noticed_at_the_delivery(state_folder, tmp_path, colour_frames):
    labels, out = colour_frames(), tmp_path / "sh"
    sleep.add("nap", 0.0)
    spec = job_spec(job_of(labels, out, "nap"), labels, out, None, uploaded=False)
    plan = make_plan(spec, "a")
    for frame in plan.frames:
        decoded = decode(plan, "shot", frame)
        encode(plan, decoded, np.zeros((36, 64, 3), np.float32))
    picture = plan.picture_path("shot", 1003)
    outputs.copy_picture(picture, picture, {**outputs.read_metadata(picture), "seed": 8, "key": "another"})
    with pytest.raises(SemrenderError, match=r"another job painted over this frame in another look \(seed 0 -> 8\)"):
        deliver(plan, {})
    assert not (out / "delivery.json").exists()


def test_another_shot_in_the_folder_is_said(server, colour_frames, tmp_path):
    out = tmp_path / "both"
    render(colour_frames(), "--out", out, "--model", "nap")
    first = bytes_of(out / "shot")
    events = render(colour_frames(folder="others", name="other"), "--out", out, "--model", "nap")
    warnings = next(event for event in events if event["event"] == "checked")["warnings"]
    assert any(words.startswith("both holds the shot shot") for words in warnings)
    assert bytes_of(out / "shot") == first and read_delivery(out).shot.name == "other"


def test_takes_go_on_from_a_take(tmp_path):
    names = [path.name for path, _ in zip(takes(tmp_path / "sh_take007"), range(3), strict=False)]
    assert names == ["sh_take007", "sh_take008", "sh_take009"]
