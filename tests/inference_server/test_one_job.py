"""What is wrong with one job, its disk or its answers is that job's business: the server and the others go on."""

import signal

import psutil
import pytest

from inference_server.broker import crew, space
from inference_server.broker.crew import Crew
from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from inference_server.broker.space import Disks
from inference_server.broker.supervisor import Worker
from inference_server.worker import worker
from shared import places, protocol
from shared.client import Client
from shared.errors import ServerError
from shared.servers import private_server
from tests.inference_server.servers import job_of, running_server, start_server, stop, wait_for

LARGE = protocol.MAX_HEADER - protocol.MARGIN


def test_a_job_that_no_worker_could_be_told_is_not_accepted(state_folder, add_sleep_model, colour_frames, tmp_path):
    with private_server("test", "cpu") as client:
        job = job_of(colour_frames(count=1), tmp_path / "out", add_sleep_model())
        names = {f"{n:04d}": "x" * 4000 for n in range(LARGE // 4007)}
        large = {**job, "shot": {**job["shot"], "context_read": {"names": names}}}
        with pytest.raises(ServerError, match="too large"):
            client.submit(large)
        assert list(client.watch(client.submit(job)))[-1]["event"] == "done"


class Process:
    returncode = None

    def poll(self):
        return None


class AtOnce:
    """Disks that answer before they are asked; one that hangs is given up as early, one that is slow says nothing."""

    hangs = slow = None

    def ask(self, folder, work, then, seconds):
        def silent():
            raise ServerError("the disk does not answer")

        if folder != self.slow:
            then(silent if folder == self.hangs else work)


def later(monkeypatch):
    """Let 100 s go by."""
    monkeypatch.setattr(space.time, "monotonic", lambda now=space.time.monotonic: now() + 100)


@pytest.fixture
def crew_of_one(monkeypatch, tmp_path):
    """A crew whose worker is ready and only listens, over a ledger in memory."""
    monkeypatch.setattr(crew, "start_worker", lambda *_: Worker("cpu", Process(), b"w"))
    jobs = Jobs(Ledger(None))
    made = Crew(jobs, Disks(jobs, 0, AtOnce()), {}, "cpu", 1, 900.0, patient=True)
    made._ready(made.workers[b"w"], {"device": "cpu"})
    return made


def spec(out, **more):
    return {"shot": {"name": "s"}, "frames": [1, 2, 3], "layers": ["a"], "out": str(out), **more}


def test_what_cannot_be_told_to_a_worker_fails_alone(crew_of_one, tmp_path):
    """As a ledger of the version before may hold it."""
    jobs = crew_of_one._jobs
    jobs.open("poison", spec(tmp_path, names="x" * protocol.MAX_HEADER))
    jobs.open("sound", spec(tmp_path))
    crew_of_one.dispatch()
    assert jobs.summary("poison")["state"] == "failed" and "too large" in jobs.errors("poison")[0]["what"]
    (task,) = crew_of_one.workers[b"w"].tasks.values()
    assert task.job == "sound"


def test_errors_of_a_job_are_told_as_far_as_a_message_holds_them(crew_of_one, tmp_path):
    jobs = crew_of_one._jobs
    jobs.open("a", spec(tmp_path))
    task = jobs.next_task("a", ())
    jobs.begin(task)
    frames = [["paint", "a", frame, str(frame), None] for frame in (1, 2, 3)]
    jobs.finish(task.id, {"problems": [], "frames": frames})
    for _ in range(3):
        task = jobs.next_task("a", ())
        jobs.begin(task)
        jobs.fail(task.id, ServerError("x" * (LARGE // 2)))
    (_, name, body) = jobs.events("a", 0)[-1]
    assert name == "failed" and len(body["errors"]) == 1 and body["failed"] == 3
    protocol.event(name, "a", 9, body)


class Line:
    """A worker's socket, of which only the sending matters."""

    def __init__(self):
        self.sent = []

    def send_multipart(self, frames):
        self.sent.append(protocol.unpack(frames)[0])


class Answering(worker.Worker):
    def __init__(self):
        self.socket, self.spoke = Line(), 0.0


@pytest.mark.parametrize(
    "body",
    [{"state": "painted", "file": "b\udce4ume.png"}, {"report": "x" * protocol.MAX_HEADER}],
    ids=["not UTF-8", "too large"],
)
def test_an_answer_that_cannot_be_sent_fails_its_task(body):
    answering = Answering()
    answering.answer(worker.Running({"id": 7, "layer": "a", "frame": 3}, "encoding", None), body)
    (message,) = answering.socket.sent
    assert message["task"] == 7 and message["error"]["frame"] == 3


@pytest.mark.parametrize(
    ("words", "told"), [("b\udce4ume.png is not there", "\\xe4ume.png"), ("x" * protocol.MAX_HEADER, "xxx")]
)
def test_words_that_cannot_be_sent_fail_the_task_too(words, told):
    answering = Answering()
    answering.fail(worker.Running({"id": 7, "layer": "a", "frame": 3}, "encoding", None), ServerError(words))
    (message,) = answering.socket.sent
    assert message["task"] == 7 and told in message["error"]["what"] + message["error"]["cause"]


def test_what_a_check_found_of_many_frames_comes_in_pieces(crew_of_one, tmp_path):
    jobs, own = crew_of_one._jobs, crew_of_one.workers[b"w"]
    numbers = list(range(1, 1001))
    jobs.open("a", {**spec(tmp_path), "frames": numbers})
    crew_of_one.dispatch()
    (task,) = own.tasks.values()
    long = "sh010_environment_" * 5 + "fire hydrant"
    files = {"file": f"{long}.png", "mattes": {str(n): f"{long}.{n}.png" for n in range(40)}}
    frames = [["paint", "a", number, f"{number:064x}", files] for number in numbers]
    answering = Answering()
    answering.answer(worker.Running({"id": task.id}, "encoding", None), {"problems": [], "frames": frames})
    assert len(answering.socket.sent) > 2
    for message in answering.socket.sent:
        ended = crew_of_one.heard(b"w", protocol.pack(message))
    assert ended and jobs.summary("a")["done"] == 1000 and not own.parts


def test_a_folder_that_is_out_of_reach_pauses_its_job_and_no_other(crew_of_one, tmp_path, monkeypatch):
    jobs = crew_of_one._jobs
    for job in "ab":
        jobs.open(job, spec(tmp_path / job))
    crew_of_one.dispatch()
    for task in list(crew_of_one.workers[b"w"].tasks.values()):
        crew_of_one._ended(crew_of_one.workers[b"w"], {"task": task.id, "body": {"problems": []}})
    (tmp_path / "a").symlink_to("x" * 300)
    later(monkeypatch)  # what was found before is too old
    crew_of_one.dispatch()
    assert jobs.summary("a")["state"] == "paused"
    assert (
        jobs.summary("a")["paused"].startswith("out of reach: ") and str(tmp_path / "a") in jobs.summary("a")["paused"]
    )
    assert {task.job for task in crew_of_one.workers[b"w"].tasks.values()} == {"b"}
    (tmp_path / "a").unlink()
    later(monkeypatch)
    crew_of_one._disks.look()
    assert jobs.summary("a")["state"] == "painting"


def test_a_job_whose_disk_hangs_waits_in_words_and_nothing_of_it_is_handed_out(crew_of_one, tmp_path, monkeypatch):
    jobs, disks = crew_of_one._jobs, crew_of_one._disks
    for job in "ab":
        jobs.open(job, spec(tmp_path / job))
    disks._aside.hangs = tmp_path / "a"
    crew_of_one.dispatch()
    words = f"out of reach: {tmp_path / 'a'}: the disk does not answer"
    assert jobs.summary("a")["paused"].startswith(words)
    assert {task.job for task in crew_of_one.workers[b"w"].tasks.values()} == {"b"}
    later(monkeypatch)
    disks.look()
    assert jobs.summary("a")["paused"].startswith(words), "it is not told as well before it answers"
    disks._aside.hangs = None
    later(monkeypatch)
    disks.look()
    assert jobs.summary("a")["state"] == "checking"


def test_a_disk_is_waited_for_a_moment_and_then_others_go_first(crew_of_one, tmp_path, monkeypatch):
    jobs, disks = crew_of_one._jobs, crew_of_one._disks
    for job in "ab":
        jobs.open(job, spec(tmp_path / job))
    disks._aside.slow = tmp_path / "a"
    crew_of_one.dispatch()
    assert not crew_of_one.workers[b"w"].tasks and not jobs.summary("a")["paused"]
    later(monkeypatch)
    crew_of_one.dispatch()
    assert {task.job for task in crew_of_one.workers[b"w"].tasks.values()} == {"b"}
    assert not jobs.summary("a")["paused"], "nothing is known yet"


def test_a_job_that_has_room_and_cannot_write_is_tried_ever_more_slowly(crew_of_one, tmp_path):
    """A quota: the disk has space, and takes nothing of this user."""
    jobs, disks = crew_of_one._jobs, crew_of_one._disks
    jobs.open("a", spec(tmp_path))
    for _ in range(20):
        disks.refused("a", 1, "a.png")
        jobs.resume("a")
    assert disks._waiting["a"].patience == space.MOST_SECONDS


def test_the_end_of_a_session_blames_no_frame(add_gated_model, gate, colour_frames, tmp_path):
    """SIGTERM reaches server and worker, as a service manager or a shutdown sends it, night by night."""
    model = add_gated_model()
    job = None
    for _ in range(3):
        gate(1)
        server = start_server()
        with Client(places.read_json(places.connection_file())) as client:
            job = job or client.submit(job_of(colour_frames(count=30), tmp_path / "out", model))
            done = client.jobs()[0]["done"]
            wait_for(lambda c=client, d=done: c.jobs()[0]["done"] > d)  # and the next frame waits at the gate
            for process in [psutil.Process(server.pid), *psutil.Process(server.pid).children()]:
                process.send_signal(signal.SIGTERM)
        gate(None)
        server.wait(60)
        stop(server)
        assert server.returncode == 0
        ledger = Ledger(places.home() / "ledger.sqlite")
        assert ledger.row("SELECT sum(deaths) AS n FROM tasks")["n"] == 0
        assert not ledger.rows("SELECT * FROM quarantine")
        ledger.close()
    with running_server() as client:
        assert list(client.watch(job))[-1]["event"] == "done"


def test_a_worker_that_is_killed_with_its_ending_server_blames_no_frame(crew_of_one, tmp_path):
    jobs = crew_of_one._jobs
    jobs.open("a", spec(tmp_path))
    crew_of_one.dispatch()
    crew_of_one.workers[b"w"].killed = f"killed by signal {signal.SIGKILL}"
    assert crew_of_one.supervise(ending=True) and not crew_of_one.workers
    task = jobs.next_task("a", ())
    assert task.kind == "check" and task.deaths == 0
