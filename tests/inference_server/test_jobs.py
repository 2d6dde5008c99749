"""The rules of jobs and tasks, on a real ledger: order, retries, endings, restarts."""

import pytest

from inference_server.broker.entry import MOST_PICTURES
from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from inference_server.tasks import frames_and_layers
from shared.errors import InputRefused, SemrenderError, ServerError
from shared.shot import Shot

SPEC = {"shot": {"name": "s"}, "frames": [1, 2, 3], "layers": ["train", "sky"], "out": "/out"}
DIED = SemrenderError("the worker died")
PAIRS = [(layer, frame) for frame in (1, 2, 3) for layer in ("train", "sky")]


@pytest.fixture
def jobs():
    return Jobs(Ledger(None))


def keys(pairs=PAIRS, kept=(), same=()):
    """What a check says of the frames; `kept` are finished, `same` have one key."""
    made = []
    for layer, frame in pairs:
        key = "same" if (layer, frame) in same else f"{layer}{frame}"
        files = {"file": f"{layer}.{frame}.png", "mattes": {}} if (layer, frame) in kept else None
        made.append(["paint", layer, frame, key, files])
    return made


def take(jobs, job="a", painting=()):
    task = jobs.next_task(job, painting)
    if task is not None:
        jobs.begin(task)
    return task


def open_checked(jobs, job="a", **how):
    jobs.open(job, SPEC)
    check = take(jobs, job)
    assert check.kind == "check" and take(jobs, job) is None, "nothing is painted before the check"
    jobs.finish(check.id, {"problems": [], "warnings": ["w"], "frames": keys(**how)})


def painted(task):
    return {"state": "painted", "file": f"{task.layer}.{task.frame}.png", "mattes": {}}


def finish_all(jobs, job="a"):
    done = []
    while (task := take(jobs, job)) is not None:
        done.append(task)
        jobs.finish(task.id, {} if task.kind == "deliver" else painted(task))
    return done


def names(jobs, job="a"):
    return [name for _, name, _ in jobs.events(job, 0, 1000)]


def last(jobs, job="a"):
    return jobs.events(job, 0, 1000)[-1][2]


def test_frames_go_in_order_with_all_layers_of_a_frame_together(jobs):
    open_checked(jobs)
    assert [(t.layer, t.frame) for t in (take(jobs) for _ in range(4))] == PAIRS[:4]


def test_a_job_ends_with_its_delivery(jobs):
    open_checked(jobs)
    assert [task.kind for task in finish_all(jobs)] == ["paint"] * 6 + ["deliver"]
    assert jobs.summary("a")["state"] == "done" and jobs.active() == []
    assert (last(jobs)["painted"], last(jobs)["total"]) == (6, 6)
    assert names(jobs) == ["checked"] + ["frame"] * 6 + ["done"]
    assert [n for n, _, _ in jobs.events("a", 0)] == list(range(1, 9))
    assert jobs.events("a", 7)[0][1] == "done"


def test_problems_of_the_check_end_the_job_before_painting(jobs):
    jobs.open("a", SPEC)
    jobs.finish(take(jobs).id, {"problems": [SemrenderError("truncated").to_dict()]})
    assert jobs.summary("a")["state"] == "failed" and take(jobs) is None
    assert last(jobs)["errors"][0]["what"] == "truncated" and last(jobs)["frames_failed"] == 0


def test_a_failed_frame_does_not_stop_the_others_but_prevents_the_delivery(jobs):
    open_checked(jobs)
    jobs.fail(take(jobs).id, SemrenderError("no class"))
    assert [task.kind for task in finish_all(jobs)] == ["paint"] * 5
    assert jobs.summary("a")["state"] == "failed"
    body = last(jobs)
    assert (body["done"], body["total"], body["failed"]) == (5, 6, 1) and names(jobs)[-1] == "failed"
    assert (body["errors"][0]["layer"], body["errors"][0]["frame"]) == ("train", 1)


def test_a_task_whose_worker_died_is_tried_once_more_then_quarantined_for_every_job(jobs):
    open_checked(jobs)
    task = take(jobs)
    jobs.lose(task.id, DIED)
    again = take(jobs)
    assert again.id == task.id and again.deaths == 1
    jobs.lose(again.id, DIED)
    finish_all(jobs)
    assert jobs.errors("a")[0]["what"] == "the worker died"
    open_checked(jobs, "b")
    assert jobs.quarantined(take(jobs, "b")).what == "the worker died"
    jobs.clean(before=0, quarantine=True)
    assert jobs.quarantined(task) is None


def test_cancel_ends_at_once_and_late_results_change_nothing_but_are_remembered(jobs):
    open_checked(jobs)
    task = take(jobs)
    jobs.cancel("a")
    before = jobs.events("a", 0)
    jobs.finish(task.id, painted(task))
    jobs.fail(task.id, DIED)
    jobs.cancel("a")
    assert jobs.summary("a")["state"] == "cancelled" and jobs.events("a", 0) == before and take(jobs) is None
    open_checked(jobs, "b")
    assert take(jobs, "b").source == {"out": "/out", "file": "train.1.png", "mattes": {}}


def test_a_key_that_is_being_painted_is_not_begun_again_and_then_copied(jobs):
    open_checked(jobs, same=[("train", 1), ("train", 3)])
    first = take(jobs)
    held = {first.key}
    others = [take(jobs, painting=held) for _ in range(5)]
    assert [(t.layer, t.frame) for t in others if t] == [("sky", 1), ("train", 2), ("sky", 2), ("sky", 3)]
    jobs.finish(first.id, painted(first))
    copy = take(jobs, painting=held)
    assert (copy.layer, copy.frame, copy.source["file"]) == ("train", 3, "train.1.png")
    jobs.give_back(copy.id, lost_source=True)
    assert take(jobs).source is None, "what is not there any more is painted"


def test_finished_frames_are_kept_at_the_check(jobs):
    open_checked(jobs, kept=PAIRS[:4])
    assert [(t.layer, t.frame) for t in finish_all(jobs)] == [*PAIRS[4:], (None, None)]
    assert (last(jobs)["kept"], last(jobs)["painted"]) == (4, 2)


def test_after_a_restart_finished_frames_are_looked_at_again_and_told_once(jobs):
    open_checked(jobs)
    for _ in range(3):
        task = take(jobs)
        jobs.finish(task.id, painted(task))
    take(jobs)  # in hand when the server dies
    seen = len(names(jobs))
    assert jobs.recover() == 1
    check = take(jobs)
    assert check.kind == "check" and take(jobs) is None
    jobs.finish(check.id, {"problems": [], "frames": keys(kept=PAIRS[:2])})  # the third is gone
    assert [(t.layer, t.frame) for t in finish_all(jobs)] == [*PAIRS[2:], (None, None)]
    assert names(jobs)[seen:] == ["resumed"] + ["frame"] * 4 + ["done"]
    assert last(jobs)["painted"] == 6


def test_recovering_a_job_that_was_ending(jobs):
    open_checked(jobs)
    for _ in range(6):
        task = take(jobs)
        jobs.finish(task.id, painted(task))
    assert take(jobs).kind == "deliver"
    jobs.recover()
    jobs.finish(take(jobs).id, {"problems": [], "frames": keys(kept=PAIRS)})
    assert [task.kind for task in finish_all(jobs)] == ["deliver"]
    assert jobs.summary("a")["state"] == "done" and last(jobs)["painted"] == 6


def test_pause_resume_and_priority(jobs):
    for job in "abc":
        jobs.open(job, SPEC)
    jobs.prioritise("c", 5)
    assert [row["id"] for row in jobs.active()] == ["c", "a", "b"]
    assert [row["id"] for row in jobs.active(above=0)] == ["c"]
    jobs.pause("a", "asked")
    assert [row["id"] for row in jobs.active()] == ["c", "b"] and jobs.summary("a")["state"] == "paused"
    jobs.resume("a")
    jobs.resume("a")
    assert [row["id"] for row in jobs.active()] == ["c", "a", "b"]
    assert names(jobs) == ["paused", "resumed"]


def test_clean_forgets_ended_jobs_only(jobs):
    open_checked(jobs)
    finish_all(jobs)
    open_checked(jobs, "b")
    assert jobs.clean(before=1e12) == ["a"] and not jobs.known("a") and jobs.known("b")
    assert jobs.ledger.row("SELECT count(*) FROM tasks WHERE job = 'a'")[0] == 0
    with pytest.raises(ServerError):
        jobs.summary("a")


def test_the_oldest_paintings_are_forgotten(jobs, monkeypatch):
    monkeypatch.setattr("inference_server.broker.jobs.PAINTINGS_KEPT", 2)
    open_checked(jobs)
    finish_all(jobs)
    jobs.clean(before=0)
    kept = [row["key"] for row in jobs.ledger.rows("SELECT key FROM paintings ORDER BY rowid")]
    assert kept == ["train3", "sky3"]


@pytest.mark.parametrize("frames, layers", [(100_001, 1), (50_000, MOST_PICTURES // 50_000 + 1)])
def test_too_many_tasks_are_refused(jobs, frames, layers):
    with pytest.raises(InputRefused, match="at most"):
        jobs.open("a", {**SPEC, "frames": range(frames), "layers": [f"l{n}" for n in range(layers)]})
    assert not jobs.known("a")


@pytest.fixture
def in_pieces(monkeypatch):
    monkeypatch.setattr("inference_server.broker.entry.PIECE", 2)


def test_a_long_job_is_painted_while_its_further_pictures_are_looked_at(jobs, in_pieces):
    jobs.open("a", SPEC)
    check = take(jobs)
    assert check.places == (("paint", "train", 1), ("paint", "sky", 1)) and take(jobs) is None
    jobs.finish(check.id, {"problems": [], "frames": keys(PAIRS[:2])})
    look = take(jobs)
    assert (look.kind, look.places) == ("look", (("paint", "train", 2), ("paint", "sky", 2))), "one piece ahead"
    first, second, further = take(jobs), take(jobs), take(jobs)
    assert [(t.layer, t.frame) for t in (first, second)] == PAIRS[:2]
    assert further.places == (("paint", "train", 3), ("paint", "sky", 3)) and take(jobs) is None
    jobs.finish(further.id, {"frames": keys(PAIRS[4:], kept=PAIRS[4:5])})
    jobs.finish(look.id, {"frames": keys(PAIRS[2:4])})
    for task in (first, second):
        jobs.finish(task.id, painted(task))
    assert [(t.kind, t.layer, t.frame) for t in finish_all(jobs)] == [
        *(("paint", *pair) for pair in (*PAIRS[2:4], PAIRS[5])),
        ("deliver", None, None),
    ]
    assert (last(jobs)["painted"], last(jobs)["kept"], last(jobs)["total"]) == (5, 1, 6)


def test_a_long_check_says_how_far_it_is(jobs):
    jobs.open("a", SPEC)
    check = take(jobs)
    jobs.looked("a", 2000)
    jobs.looked("gone", 2000)
    jobs.finish(check.id, {"problems": [], "frames": keys()})
    jobs.looked("a", 4000)
    assert names(jobs) == ["looked", "checked"] and jobs.events("a", 0)[0][2] == {"files": 2000}


def test_a_pass_that_went_away_fails_its_frame_when_its_turn_comes(jobs, in_pieces):
    jobs.open("a", {**SPEC, "layers": ["train"]})
    jobs.finish(take(jobs).id, {"problems": [], "frames": keys([("train", 1), ("train", 2)])})
    gone = SemrenderError("gone").to_dict()
    jobs.finish(take(jobs).id, {"frames": [["paint", "train", 3, None, gone]]})
    assert [task.frame for task in finish_all(jobs)] == [1, 2]
    assert (last(jobs)["done"], last(jobs)["frames_failed"]) == (2, 1)
    assert (last(jobs)["errors"][0]["what"], last(jobs)["errors"][0]["frame"]) == ("gone", 3)


def test_a_long_job_goes_on_after_a_restart(jobs, in_pieces):
    jobs.open("a", SPEC)
    jobs.finish(take(jobs).id, {"problems": [], "frames": keys(PAIRS[:2])})
    jobs.finish(take(jobs).id, {"frames": keys(PAIRS[2:4])})
    for _ in range(2):
        task = take(jobs)
        jobs.finish(task.id, painted(task))
    jobs.recover()
    check = take(jobs)
    assert check.again and len(check.places) == 2
    jobs.finish(check.id, {"problems": [], "frames": keys(PAIRS[:2], kept=PAIRS[:2])})
    look = take(jobs)
    jobs.finish(look.id, {"frames": keys(PAIRS[2:4])})
    further = take(jobs)
    jobs.finish(further.id, {"frames": keys(PAIRS[4:])})
    assert [(t.layer, t.frame) for t in finish_all(jobs)][:-1] == PAIRS[2:]
    assert last(jobs)["painted"] == 6


def test_held_frames_of_a_long_job_need_what_other_pieces_hold(jobs, monkeypatch):
    monkeypatch.setattr("inference_server.broker.entry.PIECE", 5)
    jobs.open("a", HELD)
    answers = {tuple(entry[:3]): entry for entry in held_keys(kept=[("hold", 2), ("hold", 3)])}
    done = []
    while (task := take(jobs)) is not None:
        done.append((task.kind, task.frame))
        found = {"problems": [], "frames": [answers[place] for place in task.places]}
        jobs.finish(task.id, found if task.kind in ("check", "look") else painted(task) if task.key else {})
    assert jobs.summary("a")["state"] == "done" and sum(kind == "look" for kind, _ in done) == 2
    assert {frame for kind, frame in done if kind == "underpaint"} >= {6, 7, 8, 9}
    assert (last(jobs)["kept"], last(jobs)["painted"]) == (2, 4)


HELD = {**SPEC, "shot": {"name": "s", "first": 1, "last": 9}, "frames": [2, 3, 7], "holds": {"train": "gentle"}}


def held_keys(kept=()):
    under = [["underpaint", "train", frame, f"u{frame}", None] for frame in range(1, 10)]
    ends = [
        [kind, layer, frame, f"{kind}{frame}", {"file": "f"} if (kind, frame) in kept else None]
        for kind, layer in (("hold", "train"), ("paint", "sky"))
        for frame in (2, 3, 7)
    ]
    return under + ends


def test_a_frame_is_held_as_soon_as_its_window_is_painted(jobs):
    """Anchors of a gentle hold: 6, and the ends of the shot; frames beside those asked for are painted too."""
    jobs.open("a", HELD)
    jobs.finish(take(jobs).id, {"problems": [], "frames": held_keys()})
    done = [(task.kind, task.layer, task.frame) for task in finish_all(jobs)]
    under = [frame for kind, _, frame in done if kind == "underpaint"]
    assert under == list(range(1, 10))
    assert done.index(("hold", "train", 2)) > done.index(("underpaint", "train", 6))
    assert done.index(("hold", "train", 3)) < done.index(("underpaint", "train", 7))
    assert done.index(("hold", "train", 7)) > done.index(("underpaint", "train", 9))
    assert done[-1][0] == "deliver"


def test_what_lies_under_a_finished_frame_is_not_painted_again(jobs):
    jobs.open("a", HELD)
    jobs.finish(take(jobs).id, {"problems": [], "frames": held_keys(kept=[("hold", 2), ("hold", 3)])})
    done = [(task.kind, task.frame) for task in finish_all(jobs)]
    # What stands still takes its pixels from the first painting of its block.
    assert [frame for kind, frame in done if kind == "underpaint"] == [1, 6, 7, 8, 9]
    assert (last(jobs)["kept"], last(jobs)["total"]) == (2, 6)


def test_a_failed_underpainting_fails_the_frames_that_need_it(jobs):
    jobs.open("a", HELD)
    jobs.finish(take(jobs).id, {"problems": [], "frames": held_keys()})
    while (task := take(jobs)) is not None:
        if task.kind == "underpaint" and task.frame == 8:
            jobs.fail(task.id, SemrenderError("truncated"))
        else:
            jobs.finish(task.id, {} if task.kind == "deliver" else painted(task))
    assert names(jobs)[-1] == "failed"
    assert last(jobs)["errors"][0]["layer"] == "train" and last(jobs)["errors"][0]["frame"] == 8
    assert (last(jobs)["done"], last(jobs)["frames_failed"], jobs.summary("a")["failed"]) == (5, 1, 1)


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


def test_a_layer_is_prepared_once_before_its_frames_and_not_where_they_are_there(jobs):
    jobs.open("a", {**SPEC, "prepares": ["sky"]})
    check = take(jobs)
    jobs.finish(check.id, {"problems": [], "warnings": [], "frames": keys()})
    prepare, *frames = (take(jobs) for _ in range(4))
    assert (prepare.kind, prepare.layer, prepare.frame) == ("prepare", "sky", None)
    assert [task.layer for task in frames] == ["train"] * 3 and take(jobs) is None, "the sky waits for it"
    jobs.finish(prepare.id, {"state": "prepared"})
    assert [(task.kind, task.layer) for task in (take(jobs) for _ in range(3))] == [("paint", "sky")] * 3
    jobs.recover()
    again = take(jobs)
    assert again.kind == "check"
    jobs.finish(again.id, {"problems": [], "warnings": [], "frames": keys(kept=PAIRS)})
    assert take(jobs).kind == "deliver"


def test_what_could_not_be_prepared_fails_its_layer_alone(jobs):
    jobs.open("a", {**SPEC, "prepares": ["sky"]})
    jobs.finish(take(jobs).id, {"problems": [], "warnings": [], "frames": keys()})
    jobs.fail(take(jobs).id, SemrenderError("no reference"))
    assert [(task.kind, task.layer) for task in finish_all(jobs)] == [("paint", "train")] * 3
    assert last(jobs)["errors"][0]["what"] == "no reference"
    assert [last(jobs)[name] for name in ("done", "failed", "frames_failed")] == [3, 3, 3]


def test_what_could_not_be_prepared_before_any_picture_is_refused(jobs):
    jobs.open("a", {**SPEC, "layers": ["sky"], "prepares": ["sky"]})
    jobs.finish(take(jobs).id, {"problems": [], "frames": keys(PAIRS[1::2])})
    jobs.fail(take(jobs).id, SemrenderError("no reference"))
    assert (last(jobs)["frames_failed"], jobs.summary("a")["failed"]) == (0, 3), "the reason is one for all"


def test_every_piece_of_a_long_job_waits_for_what_is_prepared(jobs, monkeypatch):
    monkeypatch.setattr("inference_server.broker.entry.PIECE", 2)
    pairs = [("sky", frame) for frame in (1, 2, 3)]
    jobs.open("a", {**SPEC, "layers": ["sky"], "prepares": ["sky"]})
    jobs.finish(take(jobs).id, {"problems": [], "frames": keys(pairs[:2], kept=pairs[:2])})
    prepare, look = take(jobs), take(jobs)
    assert (prepare.kind, look.kind) == ("prepare", "look"), "frames that are there still leave one that may not be"
    jobs.finish(look.id, {"frames": keys(pairs[2:])})
    assert take(jobs) is None
    jobs.finish(prepare.id, {"state": "prepared"})
    assert [(task.kind, task.frame) for task in finish_all(jobs)] == [("paint", 3), ("deliver", None)]
