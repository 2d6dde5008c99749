"""What the worker looks at of a long job: every file at once, what is in them piece by piece."""

import pytest

from inference_server.broker.requests import job_spec
from inference_server.models.devices import choose_device
from inference_server.tasks import picture_tasks
from inference_server.worker.check import check_job, look
from inference_server.worker.plan import make_plan
from tests.conftest import semrender
from tests.inference_server.servers import job_of


@pytest.fixture
def asked(add_sleep_model, colour_frames, tmp_path):
    labels, out = colour_frames(count=6), tmp_path / "out"
    return job_spec(job_of(labels, out, add_sleep_model()), labels, out, None, uploaded=False)


def check(spec, some, step=lambda: None, **more):
    return check_job(spec, "job", step, 2**40, choose_device("cpu"), (), some, **more)


def test_the_pieces_have_the_keys_of_the_whole(asked, tmp_path):
    every = [task[:3] for task in picture_tasks(asked)]
    whole = check(asked, every)["frames"]
    first = check(asked, every[:2])
    assert first["frames"] == whole[:2] and first["estimate"]["pictures"] == 6
    plan = make_plan(asked, "job")
    assert look(plan, every[2:], lambda: None)["frames"] == whole[2:]


def test_what_is_finished_is_found_in_its_piece_and_counted_before(asked, tmp_path):
    labels = tmp_path / "labels"
    model = asked["models"]["shot"]["name"]
    done = semrender("render", labels, "--out", asked["out"], "--model", model, "--frames", "1004-1005", "--no-aep")
    assert done.returncode == 0, done.stderr
    every = [task[:3] for task in picture_tasks(asked)]
    report = check(asked, every[:2])
    assert report["estimate"]["pictures"] == 4 and [entry[4] for entry in report["frames"]] == [None, None]
    found = {entry[2]: entry[4] for entry in look(make_plan(asked, "job"), every[2:], lambda: None)["frames"]}
    assert [frame for frame in found if found[frame]] == [1004, 1005]
    # Moved to a take, the piece finds it in the folder that was passed over.
    moved = {**asked, "out": f"{asked['out']}_take002"}
    elsewhere = look(make_plan(moved, "job"), every[3:4], lambda: None)["frames"]
    assert elsewhere[0][4] == found[1004] and elsewhere[0][5] == asked["out"]


def test_another_look_is_found_although_only_later_pictures_have_it(asked, tmp_path):
    model = asked["models"]["shot"]["name"]
    seeded = ("--model", model, "--seed", 5, "--frames", "1004-1005", "--no-aep")
    assert semrender("render", tmp_path / "labels", "--out", asked["out"], *seeded).returncode == 0
    every = [task[:3] for task in picture_tasks(asked)]
    assert check(asked, every[:2])["out"] == f"{asked['out']}_take002"


def test_a_pass_that_went_away_is_said_of_its_frame(asked, tmp_path):
    every = [task[:3] for task in picture_tasks(asked)]
    plan = make_plan(asked, "job")
    (tmp_path / "labels" / "shot.1004.png").unlink()
    frames = look(plan, every[2:], lambda: None)["frames"]
    (gone,) = [entry for entry in frames if entry[3] is None]
    assert gone[2] == 1004 and "cannot be read any more" in gone[4]["what"]


def test_after_a_restart_only_what_is_keyed_is_looked_at(asked):
    every = [task[:3] for task in picture_tasks(asked)]
    steps = []
    report = check(asked, every[:2], lambda: steps.append(1), again=True, planned=lambda: make_plan(asked, "job"))
    assert len(report["frames"]) == 2 and len(steps) == 4, "each of two files, once as a whole, once for its key"


def test_a_cancelled_look_stops(asked, tmp_path):
    class Cancelled(Exception):
        pass

    def step():
        raise Cancelled

    with pytest.raises(Cancelled):
        check(asked, [], step)
