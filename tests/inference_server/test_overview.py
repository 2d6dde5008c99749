"""What those ask who watch over a server: what is new, each picture, the machine, the log."""

import pytest

from inference_server.broker.news import News
from inference_server.models.devices import Meter
from shared.errors import SemrenderError
from tests.inference_server.farm.conftest import spoil
from tests.inference_server.servers import job_of, running_server, wait_for


def test_news_are_told_once_and_begin_anew_with_each_server():
    news = News()
    begin = news.now
    assert news.since(begin, 10) == ([], begin)
    for job in "abcab":
        news.changed(job)
    assert news.since(begin, 10) == (["c", "a", "b"], news.now)
    some, moment = news.since(begin, 2)
    assert some == ["c", "a"] and news.since(moment, 2) == (["b"], news.now)
    assert news.since(news.now, 10) == ([], news.now)
    for moment in ("", "x", ".", f"{begin}x", News().now):
        assert news.since(moment, 10) is None


def test_a_processor_has_no_card_to_measure():
    assert Meter("cpu").due() is None


def test_who_watches_is_told_what_is_new(add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    labels = colour_frames(count=3)
    with running_server() as client:
        listed = client.request("listed")[0]
        assert listed["jobs"] == [] and listed["next"] is None
        job = client.submit(job_of(labels, tmp_path / "out", model))
        gate(2)
        wait_for(lambda: client.ask("show", job)["done"] == 2)
        news = client.request("news", {"since": listed["now"]})[0]
        assert (news["known"], news["gone"]) == (True, [])
        (layer,) = client.ask("show", job)["asked"]["layers"]
        assert [(one["job"], one["thumb"]) for one in news["jobs"]] == [(job, [layer, 1002])]
        assert client.request("news", {"since": "another.7"})[0]["known"] is False
        told = client.ask("pictures", job, layer=layer)
        assert (told["frames"], told["states"]) == ([1001, 1002, 1003], "ppr")
        found = client.ask("picture", job, layer=layer, frame=1001)
        assert found["failed"] is None and client.fetch(job, found["file"]).startswith(b"\x89PNG")
        assert client.ask("picture", job, layer=layer, frame=1003) == {"file": None, "failed": None}
        assert client.ask("picture", job, layer="nothing", frame=7)["file"] is None
        events = client.ask("events", job, since=1)["events"]
        assert [one[0] for one in events] == list(range(2, 2 + len(events))) and events[-1][1] == "frame"

        machine = client.request("machine")[0]
        (worker,) = machine["workers"]
        assert worker["in_hand"] == [{"job": job, "kind": "paint", "layer": layer, "frame": 1003}]
        assert worker["memory"] > 2**20 and machine["memory"]["total"] > machine["memory"]["free"] > 0
        assert machine["disks"][0]["total"] > machine["disks"][0]["free"]

        gate(None)
        assert list(client.watch(job))[-1]["event"] == "done"
        lines = client.ask("log", job)["lines"]
        assert any("is done" in one["what"] for one in lines) and any("frame 1001" in one["what"] for one in lines)
        again = client.submit(job_of(labels, tmp_path / "copy", model))
        assert list(client.watch(again))[-1]["body"]["copied"] == 3
        assert client.ask("picture", job, layer=layer, frame=1001) == found, "though another job has it last"
        tried = client.submit(job_of(labels, tmp_path / "try", model, offer=False))
        assert next(one for one in client.jobs() if one["job"] == tried)["tried"] is True

        moment = client.request("listed")[0]["now"]
        wait_for(lambda: client.ask("show", tried)["ended"])
        client.request("clean", {"days": 0})
        gone = client.request("news", {"since": moment})[0]
        assert set(gone["gone"]) >= {job, again} and client.request("listed")[0]["jobs"] == []
        for verb in ("pictures", "picture", "events", "log"):
            with pytest.raises(SemrenderError, match="does not know that job"):
                client.ask(verb, job, layer=layer, frame=1)
        assert client.request("sample", {"model": "countryside", "offset": 0})[1][0].startswith(b"\x89PNG")
        assert client.request("sample", {"model": model, "offset": 0})[0] == {"own": True, "size": 0, "bytes": 0}


def test_what_was_to_be_made_of_a_picture_that_failed_has_failed_too(add_sleep_model, colour_frames, tmp_path):
    labels, model = colour_frames(count=20), "stand-in"
    add_sleep_model(model)
    spoil(labels / "shot.1011.png")
    with running_server() as client:
        asked = job_of(labels, tmp_path / "out", model)
        (layer,) = asked["shot"]["layers"]
        layer["hold"] = "gentle"
        job = client.submit(asked)
        *_, last = client.watch(job)
        assert (last["event"], last["body"]["failed"], len(last["body"]["errors"])) == ("failed", 5, 1)
        (error,) = last["body"]["errors"]
        assert client.ask("pictures", job, layer=layer["name"])["states"] == "p" * 8 + "fffff" + "p" * 7
        assert error["frame"] == 1011
        assert client.ask("picture", job, layer=layer["name"], frame=1013) == {"file": None, "failed": error}
        assert client.ask("picture", job, layer=layer["name"], frame=1014)["failed"] is None
