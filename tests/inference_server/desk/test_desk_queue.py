"""The queue in a real browser, against a real server with a model that paints as many frames as the test lets it."""

import http.client
import json
import sqlite3

import pytest

from shared import places
from tests.inference_server.desk.conftest import enter, fresh_page
from tests.inference_server.servers import job_of, kill, running_server, start_server, stop, wait_for


def chosen(page):
    return page.locator(".list [aria-selected=true]")


def pictures(page, layer=0):
    """The frames of a layer's strip whose small picture is there."""
    frames = page.locator(".strip").nth(layer).locator(".frame")
    loaded = "all.filter((one) => one.querySelector('img').naturalWidth > 0)"
    return frames.evaluate_all(f"(all) => {loaded}.map((one) => one.innerText.trim()).sort()")


NOTES = """
    window.notes = [];
    window.Notification = class {
        static permission = "granted";
        static requestPermission() { return Promise.resolve("granted"); }
        constructor(_, about) { window.notes.push(about.body); }
    };
    Object.defineProperty(document, "hidden", {get: () => true});
"""


def heard(desk, path, enough):
    """The events of a stream until there are enough: (identity, name, data)."""
    line = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=30)
    line.request("GET", path, headers={"Cookie": desk.cookie})
    found, now = [], {}
    stream = line.getresponse()
    while not enough(found):
        word, _, rest = stream.readline().decode().rstrip().partition(": ")
        if word:
            now[word] = rest
        elif now:
            found.append((now.get("id", ""), now.get("event"), json.loads(now.get("data", "null"))))
            now = {}
    line.close()
    return found


def test_a_stream_that_broke_goes_on_where_it_ended(desk, add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    with running_server() as client:
        job = client.submit(job_of(colour_frames(count=4), tmp_path / "out", model))
        last = list(client.watch(job))[-1]["n"]
        wait_for(lambda: (known := desk.serving.desk.feed.job(job)) and known["ended"] and known["events"] == last)
        moment, name, told = heard(desk, "/api/feed", lambda found: any(one[2]["jobs"] for one in found))[-1]
        assert (name, told["all"], [one["job"] for one in told["jobs"]]) == ("jobs", True, [job])
        path = f"/api/feed?job={job}&last={moment}"
        numbers = [one[2]["n"] for one in heard(desk, path, lambda found: len(found) >= 2) if one[1] == "event"]
        assert numbers == list(range(1, 1 + len(numbers)))
        path = f"/api/feed?job={job}&last={moment.partition('/')[0]}/{numbers[-1]}"
        rest = heard(desk, path, lambda found: any(one[1] == "event" and one[2]["n"] == last for one in found))
        assert [one[2]["n"] for one in rest if one[1] == "event"] == list(range(numbers[-1] + 1, last + 1))
        assert not any(one[2]["jobs"] for one in rest if one[1] == "jobs"), "what it has is not told again"


def test_waiting_jobs_are_dragged(page, desk, add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    labels = colour_frames(count=1)
    with running_server() as client:
        jobs = []
        for number in range(3):
            asked = job_of(labels, tmp_path / str(number), model)
            jobs.append(client.submit({**asked, "shot": {**asked["shot"], "name": f"sh{number}", "seed": number}}))

        def order():
            waiting = sorted(client.jobs(), key=lambda one: (-one["priority"], one["created"]))
            return [jobs.index(one["job"]) for one in waiting]

        enter(page, desk)
        rows = page.locator(".list .job")
        rows.filter(has_text="sh2").wait_for()
        rows.filter(has_text="sh2").drag_to(rows.filter(has_text="sh0"), target_position={"x": 100, "y": 5})
        wait_for(lambda: order() == [2, 0, 1])
        page.locator(".list .job[data-index='0']", has_text="sh2").wait_for()
        rows.filter(has_text="sh0").click()
        page.keyboard.press("Alt+ArrowDown")
        wait_for(lambda: order() == [2, 1, 0])
        for job in jobs:
            client.cancel(job)
        gate(None)


def test_a_night_is_watched(browser, page, desk, add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    labels = colour_frames(count=6)
    with running_server() as client:
        page.add_init_script(NOTES)
        enter(page, desk)
        page.get_by_text("No job has been asked for yet.").wait_for()
        page.get_by_role("button", name="Notify me").click()
        first = client.submit(job_of(labels, tmp_path / "first", model))
        page.get_by_role("option").filter(has_text="painting").wait_for()
        page.keyboard.press("j")
        page.get_by_role("heading", name="shot").wait_for()
        gate(2)
        wait_for(lambda: pictures(page) == ["1001", "1002"])
        page.get_by_text("2 of 6 frames").wait_for()
        assert page.locator("canvas.map").get_attribute("aria-label").startswith("2 finished")

        page.keyboard.press("p")
        page.get_by_role("button", name="Resume").wait_for()
        assert client.ask("show", first)["paused"] == "asked"
        gate(None)
        page.keyboard.press("p")
        page.locator(".detail .chip", has_text="done").wait_for()
        page.get_by_text("shot is painted.").wait_for()
        assert page.evaluate("window.notes") == ["shot is painted."]
        wait_for(lambda: len(pictures(page)) == 6)

        page.get_by_text("Log", exact=True).click()
        page.locator(".log", has_text="is done").wait_for()
        assert page.locator(".facts", has_text="stand-in").count() == 1, "what was asked"

        gate(0)
        other = job_of(labels, tmp_path / "second", model, frames=[1001])
        second = client.submit({**other, "shot": {**other["shot"], "seed": 7}})
        with fresh_page(browser, "phone", "light") as other:  # two pages at once
            enter(other, desk, f"queue/{second}")
            other.get_by_role("button", name="Cancel job").click()
            other.get_by_role("button", name="Undo").click()
            wait_for(lambda: [job["state"] for job in client.jobs()].count("painting") == 1)
        page.locator(".list .job", has_text="cancelled").wait_for()
        page.goto("about:blank")
        gate(None)
        known = desk.serving.desk.feed.jobs
        wait_for(lambda: [job["state"] for job in known()].count("done") == 2)
        page.goto(f"{desk.site}/#/queue")
        page.get_by_text("While this page was closed 1 job ended.").wait_for()


def test_failed_frames_say_why_and_what_to_do(page, desk, add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model(config={"seconds": 0, "fails": 1})
    with running_server() as client:
        labels = colour_frames(count=3)
        (labels / "shot.1002.png").write_bytes(b"no picture")
        job = client.submit(job_of(labels, tmp_path / "out", model))
        enter(page, desk, f"queue/{job}")
        page.locator(".detail .chip", has_text="failed").wait_for()
        row = page.locator(".failures tbody tr").first
        row.wait_for()
        assert "shot.1002.png" in row.inner_text()
        page.get_by_text("Why nothing was painted").wait_for()


def test_the_page_stays_while_the_server_dies_and_comes_back(
    page, desk, add_gated_model, gate, colour_frames, tmp_path
):
    model = add_gated_model()
    process = start_server()
    try:
        from shared.client import Client

        with Client(places.read_json(places.connection_file())) as client:
            job = client.submit(job_of(colour_frames(count=4), tmp_path / "out", model))
        enter(page, desk, f"queue/{job}")
        gate(1)
        wait_for(lambda: pictures(page) == ["1001"])
        kill(process)
        page.locator("#bar .server.lost", has_text="no server runs").wait_for()
        process = start_server()  # which may begin one, too
        wait_for(lambda: pictures(page) == ["1001", "1002"])
        gate(None)
        page.locator(".detail .chip", has_text="done").wait_for()
        wait_for(lambda: pictures(page) == ["1001", "1002", "1003", "1004"])
    finally:
        stop(process)


@pytest.fixture
def long_ledger(add_sleep_model, colour_frames, tmp_path):
    """A ledger of 5,000 jobs that have ended, one of them with 10,000 frames."""
    model = add_sleep_model()
    with running_server() as client:
        job = client.submit(job_of(colour_frames(count=1), tmp_path / "out", model))
        *_, last = client.watch(job)
        assert last["event"] == "done"
    ledger = sqlite3.connect(places.home() / "ledger.sqlite")
    columns = "out, spec, only_check, paused, priority, painted, kept, copied, unended, report, events, created"
    ledger.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)"
        f" INSERT INTO jobs (id, name, state, total, failed, ended, {columns})"
        " SELECT printf('%032x', i), 'shot ' || i, CASE i % 5 WHEN 0 THEN 'failed' ELSE 'done' END, total,"
        f" i % 5 = 0, ended - i * 60, {columns} FROM n, jobs WHERE id = ?",
        (job,),
    )
    big = f"{1:032x}"
    ledger.execute("UPDATE jobs SET total = 10000, painted = 10000, name = 'long' WHERE id = ?", (big,))
    ledger.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
        " INSERT INTO tasks (job, kind, layer, frame, state, outcome)"
        " SELECT ?, 'paint', json_extract(spec, '$.layers[0]'), i, 'done', 'painted' FROM n, jobs WHERE id = ?",
        (big, job),
    )
    ledger.commit()
    ledger.close()
    return big


def test_five_thousand_jobs_and_ten_thousand_frames(page, desk, long_ledger):
    with running_server():
        line = page.context.new_cdp_session(page)  # a slow one
        slow = {"offline": False, "latency": 200, "downloadThroughput": 60_000, "uploadThroughput": 30_000}
        line.send("Network.emulateNetworkConditions", slow)
        enter(page, desk)
        page.locator(".list .job").first.wait_for()
        line.send("Network.emulateNetworkConditions", {**slow, "latency": 0, "downloadThroughput": -1})
        page.get_by_text("5,000 jobs").wait_for()
        rows = page.locator(".list [role=option]:visible")
        assert 8 < rows.count() < 40, "only what is seen is there"
        page.locator(".list").focus()
        page.keyboard.press("End")
        page.get_by_role("option", name="shot 4999").wait_for()
        assert chosen(page).get_attribute("aria-posinset") == "5000"
        page.get_by_role("combobox").select_option("failed")
        page.get_by_text("999 jobs").wait_for()
        page.get_by_role("combobox").select_option("all")
        page.get_by_role("searchbox").fill("long")
        page.get_by_role("option", name="long").click()
        page.get_by_text("10,000 finished").wait_for()
        assert page.locator(".strip .frame:visible").count() < 30
        page.locator(".strip").focus()
        page.keyboard.press("End")
        page.get_by_role("option", name="Frame 10000: painted").wait_for()
