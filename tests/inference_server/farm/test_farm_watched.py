"""A farm's job is one job wherever an artist looks: real server and watchers, machines that take runs by the verbs."""

import time

import pytest

from inference_server.commands import doctor
from inference_server.commands.jobs_cli import table
from inference_server.desk.feed import Feed
from inference_server.desk.link import Link
from maya_plugin.core import jobs as maya_jobs
from maya_plugin.core.news import Jobs
from maya_plugin.core.session import Session
from shared import door, places
from shared.client import Client
from shared.connection import known_connection
from tests.ae_bridge.test_doorway import ask as ask_from_after_effects
from tests.conftest import semrender
from tests.inference_server.farm.coordinators import Farm
from tests.inference_server.servers import job_of, kill, start_server, stop, wait_for

FRAMES = 30  # 1001-1030: blocks 83-85


class Watchers:
    """The list of `semrender jobs`, Maya's session, the panel's door and the desk; what each saw of a job, in order."""

    def __init__(self, job):
        self.job = job
        self.seen = {"jobs": [], "maya": [], "after effects": [], "desk": []}
        self.session = Session(self._maya)
        self.feed = Feed(Link())
        self.feed.start()
        self.session.begin()

    def _maya(self, message):
        if isinstance(message, Jobs):
            self.seen["maya"] += [job for job in message.jobs if job.id == self.job]

    def look(self, client, done):
        """Everybody has seen that so many are done."""
        (known,) = [one for one in client.jobs() if one["job"] == self.job]
        self.seen["jobs"].append(known)
        self.seen["after effects"].append(ask_from_after_effects("progress", job=self.job))
        desk = wait_for(lambda: (found := self.feed.job(self.job)) and found["done"] == done and found)
        self.seen["desk"].append(desk)
        wait_for(lambda: self.seen["maya"] and self.seen["maya"][-1].done == done)
        assert known["done"] == done == self.seen["after effects"][-1]["done"]

    def counts(self, who):
        return [one.done if isinstance(one, maya_jobs.Job) else one["done"] for one in self.seen[who]]

    def close(self):
        self.session.end()
        self.feed.close()


@pytest.fixture
def server(state_folder):
    """Begins a server, again if asked; a client that finds it."""
    running = []

    def begin():
        for process in running:
            kill(process)
        running[:] = [start_server()]
        return Client(places.read_json(places.connection_file()), find=known_connection)

    yield begin
    stop(running[0])


def test_one_job_for_all_who_watch_through_a_machine_that_leaves_and_a_server_that_dies(
    server, farm_shot, tmp_path, state_folder
):
    shot = farm_shot(count=FRAMES).parent / "all"
    client = server()
    farm = Farm(client)
    farm.meet("own", "two")
    job = client.submit(job_of(shot, tmp_path / "out", "stand-in"))
    watchers = Watchers(job)
    try:
        runs = [farm.take("own"), farm.take("two")]
        assert [len(run["frames"]) for run in runs] == [8, 12], "it was cut without being asked to be"
        farm.told(runs[1], "two", 5)
        watchers.look(client, 5)
        farm.paint(runs[0], "own")
        watchers.look(client, 13)
        known = watchers.seen["jobs"][-1]
        shares = {one["name"]: (one["done"], one["hand"], one["state"]) for one in known["farm"]["machines"]}
        assert shares == {"own": (8, 0, "waiting"), "two": (5, 12, "painting")}
        assert f"13/{FRAMES}, 1 machine" in table([known], time.time())[1] and known["left"] > 0
        wait_for(lambda: ", 1 machine" in maya_jobs.words(watchers.seen["maya"][-1]))
        assert watchers.seen["maya"][-1].seconds_left > 0 and watchers.seen["after effects"][-1]["left"] > 0
        assert watchers.seen["after effects"][-1]["machines"] == {"painting": 1, "words": []}
        farm.meet("own")
        watchers.look(client, 13)
        words = "Machine two has left; its 12 frames are painted by others"
        assert watchers.seen["after effects"][-1]["machines"]["words"] == [words]
        wait_for(lambda: words in watchers.seen["maya"][-1].machines)
        client.close()
        client = server()  # the one before was killed
        farm = Farm(client)
        watchers.look(client, 13)
        farm.meet("own")
        for done in (20, FRAMES):  # 12 and 10 frames, of which the five that are lost were told before
            farm.paint(farm.take("own"), "own")
            watchers.look(client, done)
        wait_for(lambda: client.ask("show", job)["state"] == "done")
        for who in watchers.seen:
            counts = watchers.counts(who)
            assert counts == sorted(counts) and counts[-1] == FRAMES, who
        assert [one["job"] for one in client.jobs()] == [job], "its pieces are in nobody's list"
        said = semrender("jobs", "show", job).stdout
        assert f"machine own     {FRAMES} frames" in said
        frames = client.request("pictures", {"job": job, "layer": "all"})[0]
        assert frames["states"] == "p" * FRAMES
        thumb = client.request("listed")[0]["jobs"][0]["thumb"]
        file = client.ask("picture", job, layer=thumb[0], frame=thumb[1])["file"]
        assert (tmp_path / "out" / file).is_file()
        assert semrender("--json", "jobs", "watch", job, "--no-aep").returncode == 0
    finally:
        watchers.close()
        client.close()


def test_cancel_and_pause_reach_who_paints_and_the_jobs_that_are_not_cut_are_painted_as_ever(
    server, farm_shot, tmp_path, state_folder
):
    shot = farm_shot(count=FRAMES).parent / "all"
    client = server()
    with client, door.find(here=True) as ours:
        farm = Farm(client)
        farm.meet("own")
        alone = client.submit(job_of(shot, tmp_path / "alone", "stand-in"))
        assert list(client.watch(alone))[-1]["event"] == "done", "one machine needs no farm"
        farm.meet("own", "two")
        few = client.submit({**job_of(shot, tmp_path / "few", "stand-in"), "frames": [1001, 1002]})
        assert list(client.watch(few))[-1]["event"] == "done", "one block is no work for two"
        job = ours.submit(shot, tmp_path / "out", model="stand-in", comp=False)
        run = farm.take("two")
        for verb in ("pause", "cancel"):
            client.ask(verb, job.id)
            began = time.monotonic()
            wait_for(lambda run=run: not farm.told(run, "two", 1))
            assert time.monotonic() - began < 2.0 or verb == "pause"
            if verb == "pause":
                assert client.request("take_chunk", {"machine": "farm"})[0]["chunk"] is None
                client.ask("resume", job.id)
                run = farm.take("two")
        assert client.request("machines")[0]["machines"][1]["hand"] == []
        assert client.hello("test")["machines"][1]["name"] == "two"
        farm.meet("own", "two")
        assert "machine two: semrender 1, cpu, 0 frames in hand" in doctor.server()
