"""A farm's job as the artist sees it: who paints how much, how long it takes yet, who has left or is refused."""

import pytest

from inference_server.broker.chunks import CARE_SECONDS, Chunks
from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from inference_server.broker.members import SILENT_SECONDS, Member
from shared.errors import FramesFailed, InputRefused, MachineRefused, SemrenderError, ServerError
from tests.inference_server.farm.test_farm_rows import SPEC

FARM = "farm"  # in whose name a coordinator takes runs
ONE, TWO, OWN = Member("one", 2), Member("two", 2), Member("here", 2, own=True)


@pytest.fixture
def jobs():
    return Jobs(Ledger(None))


def enter(jobs, name="a", **more):
    """A job that was looked at, three runs of 16, 24 and 32 pictures."""
    jobs.open(name, SPEC, **more)
    check = jobs.next_task(name, ())
    jobs.begin(check)
    jobs.finish(check.id, {"problems": [], "frames": []})


@pytest.fixture
def chunks(jobs):
    enter(jobs)
    found = Chunks(jobs)
    found.meet([ONE, TWO, OWN], 0.0)
    return found


def take(chunks, machine, now=0.0):
    run = chunks.take(FARM, now, hands_on=True)
    assert chunks.told(run["task"], FARM, 0, now, machine)
    return run


def machines(jobs, job="a"):
    farm = jobs.summary(job)["farm"]
    assert farm["painting"] == sum(one["state"] == "painting" for one in farm["machines"])
    return {one["name"]: (one["done"], one["hand"], one["state"]) for one in farm["machines"]}


def said(jobs, job="a"):
    return [body["words"] for _, name, body in jobs.events(job, 0) if name == "machine"]


def done(jobs, job="a"):
    return [body["done"] for _, name, body in jobs.events(job, 0) if name == "chunk"]


def test_who_paints_how_much(jobs, chunks):
    first, second = take(chunks, "one"), take(chunks, "two")
    chunks.told(first["task"], FARM, 10, 1.0)
    assert machines(jobs) == {"one": (10, 16, "painting"), "two": (0, 24, "painting")}
    assert jobs.summary("a")["done"] == 10
    chunks.end(first["task"], FARM, {"painted": 15, "kept": 1, "copied": 0}, 2.0, "one")
    chunks.told(second["task"], FARM, 3, 3.0)
    assert machines(jobs) == {"one": (16, 0, "waiting"), "two": (3, 24, "painting")}
    assert jobs.summary("a")["done"] == 19 and [one["name"] for one in chunks.there()] == ["one", "two", "here"]
    assert [len(one["hand"]) for one in chunks.there()] == [0, 1, 0]


def test_who_has_painted_how_much_survives_the_server_and_nothing_goes_back(jobs, chunks):
    first, second = take(chunks, "one"), take(chunks, "two")
    chunks.end(first["task"], FARM, {"painted": 16, "kept": 0, "copied": 0}, 1.0, "one")
    chunks.told(second["task"], FARM, 20, 1.0)
    again = Jobs(jobs.ledger)
    again.recover()
    later = Chunks(again)
    assert again.summary("a")["done"] == 36 and machines(again) == {"one": (16, 0, "waiting")}
    check = again.next_task("a", ())
    again.begin(check)
    again.finish(check.id, {"problems": [], "frames": []})
    later.meet([ONE, TWO], 0.0)
    run = take(later, "two")
    later.told(run["task"], FARM, 1, 1.0)
    assert again.summary("a")["done"] == 36, "what it paints again was told before"
    later.end(run["task"], FARM, {"painted": 4, "kept": 20, "copied": 0}, 2.0, "two")
    assert again.summary("a")["done"] == 40 and done(again) == sorted(done(again))


def left(jobs, now):
    return jobs.left(jobs.row("a"), now)


def test_time_left_is_by_what_all_machines_do(jobs, chunks):
    first, second = take(chunks, "one"), take(chunks, "two")
    assert left(jobs, 1.0) is None and jobs.summary("a")["left"] is None, "nobody can know yet"
    for second_of in range(1, 9):
        chunks.told(first["task"], FARM, second_of, float(second_of))
        chunks.told(second["task"], FARM, 2 * second_of, float(second_of))
    assert left(jobs, 8.0) == pytest.approx((72 - 24) / 3), "one and two pictures a second"
    assert left(jobs, 16.0) == pytest.approx(2 * (72 - 24) / 3), "nothing came since"


def test_a_pause_is_no_part_of_the_time_left_and_who_leaves_or_comes_is_at_once(jobs, chunks):
    first, second = take(chunks, "one"), take(chunks, "two")
    for run in (first, second):
        chunks.told(run["task"], FARM, 8, 8.0)
    assert left(jobs, 8.0) == pytest.approx((72 - 16) / 2)
    jobs.pause("a", "asked")
    chunks.care(8.0)
    chunks.end(first["task"], FARM, {"painted": 8, "kept": 8, "copied": 0}, 500.0, "one")  # it was on its way
    assert left(jobs, 500.0) is None, "nothing goes on"
    jobs.resume("a")
    take(chunks, "one", 1000.0)
    rest, pace = 72 - 16, 8 / 8  # seconds of a machine that a picture took; what it did uncalled is none of it
    assert left(jobs, 1000.0) == pytest.approx(rest * pace), "of one machine"
    take(chunks, "two", 1000.0)
    assert left(jobs, 1000.0) == pytest.approx(rest * pace / 2)
    chunks.meet([TWO, OWN], 1000.0)
    assert left(jobs, 1000.0) == pytest.approx(rest * pace)


def test_what_was_there_already_says_nothing_of_a_machines_speed_once_its_run_has_ended(jobs, chunks):
    run = take(chunks, "one")
    chunks.told(run["task"], FARM, 12, 1.0)  # twelve were there, which nobody knows
    chunks.told(run["task"], FARM, 16, 9.0)
    chunks.end(run["task"], FARM, {"painted": 4, "kept": 12, "copied": 0}, 9.0, "one")
    assert jobs.paces.each("a", "one", 9.0) == pytest.approx(9.0 / 4)


def test_what_is_painted_again_is_not_there_yet(jobs, chunks):
    run = take(chunks, "one")
    chunks.told(run["task"], FARM, 10, 10.0)
    assert left(jobs, 10.0) == pytest.approx(62)
    chunks.meet([TWO, OWN], 10.0)
    take(chunks, "two", 10.0)
    assert left(jobs, 10.0) == pytest.approx(72) and jobs.summary("a")["done"] == 10, "what was told was told"


def test_a_machine_that_leaves_is_named_and_its_runs_are_for_others(jobs, chunks):
    first, second = take(chunks, "one"), take(chunks, "one")
    chunks.told(first["task"], FARM, 5, 1.0)
    chunks.meet([TWO, OWN], 2.0)
    assert said(jobs) == ["Machine one has left; its 40 frames are painted by others"]
    assert machines(jobs) == {"one": (0, 0, "left")} and not chunks.told(second["task"], FARM, 1, 2.0)
    assert take(chunks, "two")["task"] == first["task"] and jobs.summary("a")["done"] == 5
    chunks.meet([ONE, TWO, OWN], 3.0)
    take(chunks, "one", 3.0)
    assert machines(jobs)["one"][2] == "painting"


@pytest.mark.parametrize(
    "left, words", [(True, "Machine one has left; its 16 frames are painted by others"), (False, None)]
)
def test_a_server_that_dies_is_no_machine_that_leaves(jobs, chunks, left, words):
    run = take(chunks, "one")
    chunks.fail(run["task"], FARM, ServerError("its server died"), {}, 1.0, "one", left)
    assert said(jobs) == ([words] if words else [])
    *_, (_, _, last) = jobs.events("a", 0)
    assert (last["state"], last.get("why", "")) == ("lost", "" if left else "its server died.")


@pytest.mark.parametrize("error", [SemrenderError("one could not, unforeseen"), FramesFailed("2 of 16 frames failed")])
def test_what_fails_on_one_machine_another_tries_and_what_fails_on_two_has_failed(jobs, chunks, error):
    run = take(chunks, "one")
    chunks.fail(run["task"], FARM, error, {}, 1.0, "one")
    *_, (_, _, last) = jobs.events("a", 0)
    assert (last["state"], last["why"], jobs.summary("a")["failed"]) == ("lost", f"{error}", 0)
    assert chunks.take("one", 1.0) is None
    again = chunks.take(FARM, 1.0, hands_on=True)
    assert (again["task"], again["without"]) == (run["task"], ["one"])
    chunks.told(again["task"], FARM, 0, 1.0, "two")
    chunks.fail(again["task"], FARM, error, {"painted": 14, "kept": 0, "copied": 0}, 2.0, "two")
    assert (jobs.summary("a")["done"], jobs.summary("a")["failed"]) == (14, 2)


def test_where_no_other_machine_is_there_or_the_input_is_refused_it_has_failed_at_once(jobs, chunks):
    run = take(chunks, "one")
    chunks.fail(run["task"], FARM, InputRefused("the pass is damaged"), {}, 1.0, "one")
    assert jobs.summary("a")["failed"] == run["pictures"]
    tried, failed = take(chunks, "one"), SemrenderError("unforeseen")
    chunks.fail(tried["task"], FARM, failed, {}, 1.0, "one")
    chunks.meet([ONE], 2.0)
    assert take(chunks, "one")["task"] == tried["task"], "the other ones have left: it may try again"
    chunks.fail(tried["task"], FARM, failed, {}, 3.0, "one")
    alone = take(chunks, "one")
    chunks.fail(alone["task"], FARM, failed, {}, 4.0, "one")
    assert jobs.summary("a")["failed"] == jobs.summary("a")["total"] == 72


def test_a_machine_that_is_refused_gets_no_more_of_the_job_and_the_rest_goes_on(jobs, chunks):
    run = take(chunks, "one")
    chunks.fail(run["task"], FARM, MachineRefused("one has another countryside"), {}, 1.0, "one")
    words = "Machine one does not paint this: one has another countryside."
    assert said(jobs) == [words] and machines(jobs)["one"] == (0, 0, "refused")
    again = chunks.take(FARM, 2.0, hands_on=True)
    assert (again["task"], again["without"]) == (run["task"], ["one"]), "others may"
    assert chunks.take("one", 2.0) is None
    chunks.told(again["task"], FARM, 0, 2.0, "two")
    chunks.fail(again["task"], FARM, MachineRefused("two has no model"), {}, 3.0, "two")
    third = take(chunks, "here", 3.0)
    chunks.fail(third["task"], FARM, MachineRefused("nor here"), {}, 4.0, "here")
    chunks.care(5.0)
    assert jobs.summary("a")["state"] == "paused" and "nor here" in jobs.summary("a")["paused"]
    assert jobs.ledger.row("SELECT max(deaths) AS n FROM tasks")["n"] == 0, "no run is to blame"
    chunks.meet([ONE, TWO, OWN, Member("new", 2)], 6.0)
    chunks.care(7.0)
    assert jobs.summary("a")["state"] == "painting" and take(chunks, "new", 7.0)["task"] == run["task"]


def test_a_job_whose_farm_is_silent_says_so_and_goes_on_by_itself(jobs, chunks):
    chunks.care(SILENT_SECONDS)
    assert jobs.summary("a")["state"] == "painting"
    chunks.care(SILENT_SECONDS + 2 * CARE_SECONDS)
    assert jobs.summary("a")["paused"].startswith("no machine: none of its farm has been heard of for 15 s")
    chunks.meet([ONE], SILENT_SECONDS + 3)
    chunks.care(SILENT_SECONDS + 4)
    assert jobs.summary("a")["state"] == "painting" and take(chunks, "one", 20.0)


def test_pictures_that_fail_do_not_take_the_rest_of_their_run_along(jobs, chunks):
    runs = [take(chunks, "one") for _ in range(3)]
    error = InputRefused("the pass is damaged", frame=1003)
    chunks.fail(runs[0]["task"], FARM, error, {"painted": 15, "kept": 0, "copied": 0}, 1.0, "one")
    for run in runs[1:]:
        chunks.end(run["task"], FARM, {"painted": run["pictures"], "kept": 0, "copied": 0}, 2.0, "one")
    told = jobs.summary("a")
    assert (told["state"], told["done"], told["failed"]) == ("failed", 71, 1)
    *_, (_, name, last) = jobs.events("a", 0)
    assert (name, last["frames_failed"], last["errors"][0]["frame"]) == ("failed", 1, 1003)


def failed_pictures(*errors):
    return FramesFailed(f"{len(errors)} of 16 frames failed").with_frames(errors)


def test_each_picture_that_was_refused_is_named_at_once_and_the_others_of_its_run_are_painted(jobs, chunks):
    runs = [take(chunks, "one") for _ in range(3)]
    errors = [InputRefused("damaged", layer="a", frame=1003), InputRefused("not there", layer="b", frame=1005)]
    chunks.fail(runs[0]["task"], FARM, failed_pictures(*errors), {"painted": 12, "kept": 2, "copied": 0}, 1.0, "one")
    assert (jobs.summary("a")["done"], jobs.summary("a")["failed"]) == (14, 2), "no second machine tries"
    *_, (_, _, last) = jobs.events("a", 0)
    assert (last["state"], last["error"]["what"], "errors" in last["error"]) == (
        *("failed", "2 of 16 frames failed"),
        False,
    )
    assert jobs.pictures("a", "a")[1] == "ppfppppp" + "r" * 28 and jobs.pictures("a", "b")[1][:8] == "ppppfppp"
    for run in runs[1:]:
        chunks.end(run["task"], FARM, {"painted": run["pictures"], "kept": 0, "copied": 0}, 2.0, "one")
    *_, (_, name, last) = jobs.events("a", 0)
    assert (name, last["done"], last["failed"], last["frames_failed"]) == ("failed", 70, 2, 2)
    assert (last["painted"], last["kept"], last["copied"]) == (68, 2, 0)
    assert last["errors"] == [one.to_dict() for one in errors]


def test_where_one_picture_failed_of_another_cause_another_machine_tries_the_run(jobs, chunks):
    run = take(chunks, "one")
    error = failed_pictures(InputRefused("damaged", layer="a", frame=1003), SemrenderError("no memory"))
    chunks.fail(run["task"], FARM, error, {"painted": 14, "kept": 0, "copied": 0}, 1.0, "one")
    assert (jobs.summary("a")["done"], jobs.summary("a")["failed"]) == (0, 0)
    assert chunks.take(FARM, 1.0, hands_on=True)["without"] == ["one"]


def test_what_held_pictures_are_made_of_is_named_once_and_every_picture_made_of_it_has_failed(jobs):
    jobs.open("a", {**SPEC, "layers": ["a", "b"], "holds": {"a": "gentle"}})
    check = jobs.next_task("a", ())
    jobs.begin(check)
    jobs.finish(check.id, {"problems": [], "frames": []})
    chunks = Chunks(jobs)
    chunks.meet([ONE], 0.0)
    runs = [take(chunks, "one") for _ in range(3)]
    under, own = (InputRefused("damaged", layer=layer, frame=1011) for layer in "ab")
    for run, errors, failed in zip(runs, ([], [under, own], [under]), (0, 6, 3), strict=True):
        counts = {"painted": run["pictures"] - failed, "kept": 0, "copied": 0}
        if errors:
            chunks.fail(run["task"], FARM, failed_pictures(*errors), counts, 1.0, "one")
        else:
            chunks.end(run["task"], FARM, counts, 1.0, "one")
    *_, (_, _, last) = jobs.events("a", 0)
    assert (last["done"], last["failed"]) == (63, 9)
    assert last["errors"] == [under.to_dict(), own.to_dict()]
    states = {layer: jobs.pictures("a", layer)[1] for layer in "ab"}
    assert states["b"][:20] == "p" * 10 + "f" + "p" * 9
    assert states["a"][:20] == "p" * 8 + "fffff" + "p" * 7, "the window of 1008 to 1014, its ends left out"
    assert states["a"][20:] == states["b"][20:] == "f" * 16, "of which nobody knows which are not there"


def test_cancelled_it_is_nobodys_at_once(jobs, chunks):
    run = take(chunks, "one")
    chunks.told(run["task"], FARM, 4, 1.0)
    jobs.cancel("a")
    chunks.care(1.1)
    assert not chunks.told(run["task"], FARM, 5, 1.2) and [one["hand"] for one in chunks.there()] == [[], [], []]
    assert (jobs.summary("a")["state"], jobs.summary("a")["done"]) == ("cancelled", 4)


def test_what_is_more_urgent_takes_the_place_of_what_no_machine_has_begun_with(jobs, chunks):
    begun, ahead = take(chunks, "one"), take(chunks, "one")
    chunks.told(begun["task"], FARM, 3, 0.5)
    other = take(chunks, "two", 0.5)
    enter(jobs, "b", priority=5)
    chunks.care(1.0 + CARE_SECONDS)
    assert [chunks.told(run["task"], FARM, 3, 2.5) for run in (begun, ahead, other)] == [True, False, False]
    assert [take(chunks, name, 3.0)["job"] for name in ("one", "two")] == ["b", "b"]
    jobs.prioritise("a", 9)
    assert chunks.take(FARM, 3.0, hands_on=True)["job"] == "a", "the next is of the urgent one"


def test_pieces_of_a_listed_job_are_in_nobodys_list(jobs, chunks):
    jobs.open("p", {**SPEC, "part": "paint", "of": "a", "holds": {}, "frames": [1001]}, priority=3)
    jobs.open("q", {**SPEC, "part": "paint", "of": "of-another-machine", "holds": {}, "frames": [1001]})
    assert [job["job"] for job in jobs.summaries()] == ["a", "q"] and not jobs.is_listed("p")
    jobs.cancel("q")
    assert [job["job"] for job in jobs.page(None, 10)[0]] == ["a"] and jobs.summary("p")["priority"] == 3
