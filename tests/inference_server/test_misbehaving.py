"""Models and workers that misbehave: the frame is blamed, the others are painted, the server lives."""

import pytest

from shared.servers import private_server
from tests.conftest import semrender
from tests.inference_server.servers import channel_of, job_of, running_server


def misbehaving(add_sleep_model, how):
    """A stand-in that misbehaves where it has to paint a tree."""
    return add_sleep_model(config={"seconds": 0.0, "misbehaves": {str(channel_of("tree")): how}})


def frames_with_one_tree(colour_frames, count=8, bad=3):
    folder, plain = colour_frames("labels", count=count), colour_frames("plain", only="sky")
    for n in range(count):
        if n != bad:
            (folder / f"shot.{1001 + n}.png").write_bytes((plain / "shot.1001.png").read_bytes())
    return folder


@pytest.mark.parametrize("how", ["exit", "poison"])
def test_a_frame_that_kills_two_workers_is_quarantined_and_the_others_are_painted(
    how, add_sleep_model, colour_frames, tmp_path
):
    model = misbehaving(add_sleep_model, how)
    folder = frames_with_one_tree(colour_frames)
    with running_server() as client:
        pid = client.hello("test")["pid"]
        for _ in range(2):
            ended = list(client.watch(client.submit(job_of(folder, tmp_path / "out", model))))[-1]
            assert ended["event"] == "failed" and ended["body"]["done"] == 7, ended
            (error,) = ended["body"]["errors"]
            assert error["frame"] == 1004 and "died while it held this frame" in error["what"]
            deaths = client.request("hello", {"protocol": 2, "min_protocol": 2})[0]["deaths"]
            assert deaths == 2, "the second job kills no worker: the frame is in quarantine"
        assert client.hello("test")["pid"] == pid
    with running_server() as client:  # the quarantine outlives the server, until someone says it is mended
        ended = list(client.watch(client.submit(job_of(folder, tmp_path / "out", model))))[-1]
        assert ended["event"] == "failed" and client.hello("test")["deaths"] == 0
        assert semrender("jobs", "clean", "--quarantine").returncode == 0
        ended = list(client.watch(client.submit(job_of(folder, tmp_path / "out", model))))[-1]
        assert client.hello("test")["deaths"] == 2


def test_a_hanging_frame_ends_its_worker_at_the_deadline(add_sleep_model, colour_frames, tmp_path):
    model = misbehaving(add_sleep_model, "hang")
    with running_server("--deadline", "1.5") as client:
        job = client.submit(job_of(frames_with_one_tree(colour_frames), tmp_path / "out", model))
        ended = list(client.watch(job))[-1]
    assert ended["event"] == "failed" and ended["body"]["done"] == 7
    assert "did not answer for 2 s" in ended["body"]["errors"][0]["cause"]


def test_lack_of_memory_fails_the_frame_in_words_and_the_worker_lives(add_sleep_model, colour_frames, tmp_path):
    model = misbehaving(add_sleep_model, "memory")
    with private_server("test", "cpu") as client:
        job = client.submit(job_of(frames_with_one_tree(colour_frames), tmp_path / "out", model))
        ended = list(client.watch(job))[-1]
        assert client.hello("test")["deaths"] == 0
    (error,) = ended["body"]["errors"]
    assert "not enough memory" in error["what"] and "--size" in error["remedy"]


def test_too_little_memory_is_said_before_the_run(add_sleep_model, colour_frames, tmp_path, monkeypatch):
    from inference_server.broker.requests import job_spec
    from inference_server.models.devices import choose_device
    from inference_server.worker.check import check_job

    job = job_of(colour_frames(), tmp_path / "out", add_sleep_model())
    spec = job_spec(job, tmp_path / "labels", tmp_path / "out", None, uploaded=False)
    report = check_job(spec, "a", lambda: None, memory=1000, device=choose_device("cpu"))
    assert any("GiB of memory" in words and "--size" in words for words in report["warnings"])
    assert not check_job(spec, "a", lambda: None, memory=10**12, device=choose_device("cpu"))["warnings"]


def test_models_beyond_the_budget_make_room_for_the_one_in_use(add_sleep_model, monkeypatch):
    from inference_server.models import base
    from inference_server.models.catalogue import find_card

    names = [add_sleep_model(f"m{n}", seconds=n) for n in range(3)]
    monkeypatch.setattr(base, "memory", lambda card, *_: (100, 0))
    resident = base.Resident("cpu", budget=250)
    one, two, three = (find_card(name) for name in names)
    first = resident.get(one)
    resident.get(two)
    assert resident.get(one) is first
    resident.get(three)  # the second goes: it was used longest ago
    assert resident.get(one) is first
    assert len(resident._models) == 2
