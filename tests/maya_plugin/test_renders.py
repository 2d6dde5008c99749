"""A render of Maya outlives the Maya that started it: its log, its events, and a session that takes it up again."""

import json
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from maya_plugin.core import renders
from maya_plugin.core.contract import BatchCommand
from maya_plugin.core.jobs import Order, new_id
from shared import places
from shared.errors import SemrenderError

# Says what it is told to say through its standard input's stand-in, a file that appears: no sleeps that race.
PROGRAM = """
import json, os, sys, time
told, go, code = sys.argv[1], sys.argv[3], int(sys.argv[2])
def say(**event):
    with open(told, "a") as lines:
        lines.write(json.dumps(event) + "\\n")
print("Maya's own chatter", flush=True)
say(event="rendered", layer="a", frame=1, done=1, total=2)
while not os.path.exists(go):
    time.sleep(0.02)
say(event="rendered", layer="a", frame=2, done=2, total=2)
if code >= 0:
    say(event="passes", shot_file="shot.json", classes=[], counts={}, notes=["a note"], marked_open=[])
    say(event="ended", code=code)
"""


class Told:
    """What a watch has told, and how to wait for it."""

    def __init__(self):
        self.events, self.error = [], None
        self.changed = threading.Condition()

    def tell(self, event):
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def ended(self, error):
        with self.changed:
            self.error = error
            self.changed.notify_all()

    def wait(self, until):
        with self.changed:
            assert self.changed.wait_for(lambda: until(self), 60)


@pytest.fixture
def started(tmp_path):
    def start(code=0):
        folder = tmp_path / ".semrender"
        told = folder / "events.jsonl"
        arguments = (sys.executable, "-c", PROGRAM, str(told), str(code), str(tmp_path / "go"))
        command = BatchCommand(arguments, {}, "", str(folder / "maya.log"), "", str(told))
        begun.append(renders.start(Order(new_id(), "sh010", str(tmp_path / "painted")), command))
        return begun[-1]

    begun = []
    yield start
    (tmp_path / "go").touch()
    for _, process in begun:
        process.wait(60)


def test_a_render_goes_on_when_its_session_ends_and_the_next_one_hears_all_of_it(started, tmp_path):
    one, process = started()
    first, second = Told(), Told()
    watch = renders.Watch(one, first.tell, first.ended, process)
    first.wait(lambda told: told.events)
    watch.leave()  # Maya is closed
    assert process.poll() is None and renders.found() == [one]
    (again,) = renders.found()
    renders.Watch(again, second.tell, second.ended)  # it is opened again, and has no handle on the process
    (tmp_path / "go").touch()
    second.wait(lambda told: told.error)
    assert [event["event"] for event in second.events] == ["rendered", "rendered", "passes"]
    assert "ended with code 0" in second.error.cause and "Maya's own chatter" in second.error.cause
    assert (tmp_path / ".semrender" / "maya.log").read_text().startswith("Maya's own chatter")
    process.wait()
    renders.forget(one.order.id)
    assert renders.found() == []


def test_a_render_that_died_meanwhile_is_told_with_its_log(started, tmp_path):
    one, process = started(code=-1)
    (tmp_path / "go").touch()
    process.wait()
    told = Told()
    renders.Watch(one, told.tell, told.ended)
    told.wait(lambda found: found.error)
    assert told.error.file.endswith("maya.log") and "no Maya was there" in told.error.cause
    assert len(told.events) == 2


def test_a_render_is_stopped_by_whoever_watches_it(started):
    one, process = started()
    told = Told()
    watch = renders.Watch(one, told.tell, told.ended)
    told.wait(lambda found: found.events)
    watch.stop()
    process.wait()
    told.wait(lambda found: found.error)


def test_the_number_of_a_render_that_is_another_process_now_is_left_alone(started, tmp_path):
    """After a restart of the machine: nobody's process is stopped, and the render counts as ended."""
    one, process = started()
    (tmp_path / "go").touch()
    process.wait()
    another = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    told = Told()
    watch = renders.Watch(replace(one, pid=another.pid), told.tell, told.ended)
    told.wait(lambda found: found.error)
    watch.stop()
    assert another.poll() is None
    another.communicate(b"\n")
    assert another.returncode == 0


def test_notes_that_are_none_are_passed_over_and_a_program_that_is_not_there_is_told(tmp_path):
    places.write_json(places.home() / "renders" / places.HOST / "odd.json", {"pid": 3})
    (places.home() / "renders" / places.HOST / "broken.json").write_text("{")
    assert renders.found() == []
    command = BatchCommand(("/no/such/maya",), {}, "", str(tmp_path / "maya.log"), "", str(tmp_path / "events.jsonl"))
    with pytest.raises(SemrenderError, match="could not be started"):
        renders.start(Order(new_id(), "sh010", ""), command)


def test_half_a_line_is_read_when_it_is_whole(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_bytes(b'{"event": "opened"}\n{"event": "ren')
    lines, at = renders._lines(str(file), 0)
    assert [json.loads(line) for line in lines] == [{"event": "opened"}]
    with file.open("ab") as more:
        more.write(b'dered"}\n')
    assert renders._lines(str(file), at)[0] == ['{"event": "rendered"}']


def test_a_session_takes_up_the_render_of_an_earlier_one_and_has_it_painted(started, tmp_path, monkeypatch):
    """Maya was closed while its passes were rendered, and is opened again."""
    from maya_plugin.core.news import Jobs
    from maya_plugin.core.session import Session

    one, process = started()
    jobs, painted = Told(), Told()
    session = Session(lambda message: jobs.tell(message) if isinstance(message, Jobs) else None)
    monkeypatch.setattr(session, "_paint", lambda order, shot_file: painted.tell((order, str(shot_file))))
    session.begin()
    try:
        jobs.wait(lambda told: any(job.done == 1 for job in told.events[-1].jobs) if told.events else False)
        (job,) = jobs.events[-1].jobs
        assert (job.id, job.state, job.name) == (one.order.id, "rendering", "sh010")
        (tmp_path / "go").touch()
        painted.wait(lambda told: told.events)
        assert painted.events == [(one.order, "shot.json")] and session._notes == {one.order.id: "a note"}
    finally:
        session.end()
        process.wait()


def test_a_render_of_another_machine_with_the_same_home_is_left_to_it(started, monkeypatch):
    noted, _ = started()
    here = places.HOST
    monkeypatch.setattr(places, "HOST", "another")
    assert renders.found() == []
    monkeypatch.setattr(places, "HOST", here)
    assert renders.found() == [noted]
