"""Health and metrics of a running server, and that they are told to this machine alone."""

import json
import urllib.error
import urllib.request
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from inference_server.broker.metrics import OLD_SECONDS, Figures, Metrics
from shared import places
from shared.client import Client
from shared.errors import ServerError
from tests.inference_server.servers import job_of, kill, start_server, wait_for


def asked(address, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def values(text):
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_server_tells_what_it_did(add_sleep_model, colour_frames, tmp_path):
    add_sleep_model("quick")
    process = start_server("--metrics", 0)
    try:
        address = process.stdout.readline().split()[3].removesuffix("/health,")
        with Client(places.read_json(places.connection_file())) as client:
            *_, last = client.watch(client.submit(job_of(colour_frames(), tmp_path / "out", "quick")))
        assert last["event"] == "done"
        total = last["body"]["total"]
        told = wait_for(lambda: ended(address, total))
        assert told["semrender_worker_deaths_total",] == 0
        assert told["semrender_picture_seconds_count", "cpu", "paint"] == total
        assert told["semrender_tasks_total", "deliver", "done"] == 1
        code, body = asked(f"{address}/health")
        about = json.loads(body)
        assert (code, about["status"], about["jobs"], about["waiting"]) == (200, "ok", {}, 0)
        assert asked(f"{address}/jobs")[0] == 404
        assert asked(f"{address}/health", Host="example.org:80")[0] == 403
    finally:
        kill(process)


def ended(address, total):
    told = values(asked(f"{address}/metrics")[1])
    done = told.get(("semrender_tasks_total", "paint", "painted")) == total
    ready = told.get(("semrender_worker_ready", "cpu"))  # the figures may be of a second ago
    return told if done and ready and told["semrender_tasks_waiting",] == 0 else None


@pytest.fixture
def metrics():
    one = Metrics("1", 0)
    yield one
    one.close()


def test_health_says_what_is_wrong(metrics, monkeypatch):
    assert metrics.health()[0] is False
    figures = Figures({"painting": 1}, 5, (("cpu", False, 0),), (), 1, 0, 100, 100)
    metrics.tell(figures)
    assert metrics.health()[1]["status"] == "no worker is ready"
    assert asked(f"{metrics.address}/health")[0] == 503
    metrics.tell(replace(figures, devices=(("cpu", True, 4),), machines=(("two", True, 24),)))
    assert metrics.health()[0] is True
    assert metrics.health()[1]["machines"] == [{"machine": "two", "ready": True, "pictures": 24}]
    told = values(asked(f"{metrics.address}/metrics")[1])
    assert (told["semrender_machine_ready", "two"], told["semrender_machine_pictures", "two"]) == (1, 24)
    later = metrics.figures.at + OLD_SECONDS + 1
    monkeypatch.setattr("inference_server.broker.metrics.time.monotonic", lambda: later)
    assert metrics.health()[1]["status"].startswith("the loop has not turned")


def test_a_port_that_is_taken_is_said_in_words(metrics):
    with pytest.raises(ServerError, match="--metrics"):
        Metrics("1", int(metrics.address.rpartition(":")[2]))
