"""The broker's bookkeeping: order, retries, endings."""

import pytest

from inference_server.jobs import Job, frames_and_layers, next_task
from shared.errors import InputRefused, SemrenderError
from shared.shot import Shot

SPEC = {"frames": [1, 2, 3], "layers": ["train", "sky"], "out": "/out"}
DIED = SemrenderError("the worker died")


def painting_job() -> Job:
    job = Job("a", SPEC)
    check = job.take()
    assert check is not None and check.kind == "check"
    assert job.take() is None  # nothing is painted before the check
    job.finish(check.id, {"problems": [], "warnings": ["w"]})
    return job


def finish_all(job: Job) -> list[str]:
    done = []
    while (task := job.take()) is not None:
        done.append(task.kind)
        job.finish(task.id, {"state": "painted"})
    return done


def test_frames_go_in_order_with_all_layers_of_a_frame_together():
    job = painting_job()
    first = [job.take() for _ in range(4)]
    assert [(t.frame, t.layer) for t in first if t] == [(1, "train"), (1, "sky"), (2, "train"), (2, "sky")]


def test_a_job_ends_with_its_delivery():
    job = painting_job()
    assert finish_all(job) == ["paint"] * 6 + ["deliver"]
    assert job.state == "done"
    name, body = job.events[-1]
    assert (name, body["painted"], body["total"]) == ("done", 6, 6)
    assert [e[0] for e in job.events] == ["checked"] + ["frame"] * 6 + ["done"]


def test_problems_of_the_check_end_the_job_before_painting():
    job = Job("a", SPEC)
    check = job.take()
    job.finish(check.id, {"problems": [SemrenderError("truncated").to_dict()]})
    assert job.state == "failed" and job.take() is None
    assert job.events[-1][1]["errors"][0]["what"] == "truncated"


def test_a_failed_frame_does_not_stop_the_others_but_prevents_the_delivery():
    job = painting_job()
    bad = job.take()
    job.fail(bad.id, SemrenderError("no class"))
    assert finish_all(job) == ["paint"] * 5
    assert job.state == "failed"
    body = job.events[-1][1]
    assert (body["done"], body["total"], len(body["errors"])) == (5, 6, 1)
    assert (body["errors"][0]["layer"], body["errors"][0]["frame"]) == ("train", 1)


def test_a_task_whose_worker_died_is_tried_once_more_then_failed():
    job = painting_job()
    task = job.take()
    job.lose(task.id, DIED)
    again = job.take()
    assert again.id == task.id
    job.lose(again.id, DIED)
    assert job.errors[0]["what"] == "the worker died"
    assert all(t.id != task.id for t in job.waiting)


def test_cancel_ends_at_once_and_late_results_change_nothing():
    job = painting_job()
    task = job.take()
    job.cancel()
    events = list(job.events)
    job.finish(task.id, {"state": "painted"})
    job.fail(task.id, DIED)
    job.cancel()
    assert job.state == "cancelled" and job.events == events and job.take() is None


def test_the_next_job_begins_when_the_first_has_nothing_to_hand_out():
    first, second = Job("a", SPEC), Job("b", SPEC)
    assert next_task([first, second]).job == "a"
    assert next_task([first, second]).job == "b"
    assert next_task([first, second]) is None


def test_unknown_layers_and_frames_are_refused_with_what_there_is():
    shot = Shot.from_dict(
        {"name": "s", "fps": 24, "first": 1, "last": 3, "layers": [{"name": "sky", "labels": "s.#.png"}]}
    )
    assert frames_and_layers(shot, None, None) == ([1, 2, 3], ["sky"])
    with pytest.raises(InputRefused, match="Its layers are sky"):
        frames_and_layers(shot, None, ["train"])
    with pytest.raises(InputRefused, match="from 1 to 3"):
        frames_and_layers(shot, [3, 4], None)
    with pytest.raises(InputRefused):
        frames_and_layers(shot, [], None)
