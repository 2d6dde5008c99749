"""Who is not let in, and in which words. No browser and no server is needed."""

import itertools
import json
import os
import re
import stat

import pytest

from inference_server.desk import guard, serving
from inference_server.desk.opened import Opened
from inference_server.desk.order import Waiting, in_order, moved
from shared import places
from shared.errors import InputRefused, MissingInput, ServerError


def refused(answer, status, words):
    got, found = answer
    text = found["error"]["words"] if isinstance(found, dict) else found.decode()
    assert (got, words in text) == (status, True), (got, text)


def test_strangers_are_told_why_they_are_not_let_in(desk):
    refused(desk.ask("GET", "/api/models", Cookie=None), 401, "was not let in")
    refused(desk.ask("GET", "/", Cookie=None), 401, "`semrender desk` prints")
    refused(desk.ask("GET", "/", Cookie=f"{desk.cookie.partition('=')[0]}=guess"), 401, "was not let in")
    refused(desk.ask("GET", "/enter?key=guess"), 403, "secret in this address is wrong")
    refused(desk.ask("GET", "/enter"), 403, "secret in this address is wrong")
    for host in ("semrender.example", "semrender.example:80", "127.0.0.1.example:1", "[::1]:1", "", "localhost.:1"):
        refused(desk.ask("GET", "/", Host=host), 403, "is not called")
    for origin in (
        "http://evil.example",
        "null",
        f"https://127.0.0.1:{desk.port}",
        f"http://127.0.0.1:{desk.port + 1}",
    ):
        refused(desk.ask("POST", "/api/models/small/agree", {}, Origin=origin), 403, "another site")
        refused(desk.ask("GET", "/api/models", Origin=origin), 403, "another site")
    refused(desk.ask("POST", "/api/models/small/agree", {}, Origin=None), 403, "another site")
    for site in ("cross-site", "same-site"):  # another port of this machine is the same site to a cookie
        refused(desk.ask("GET", "/api/models", **{"Sec-Fetch-Site": site}), 403, "another site")
    assert desk.ask("GET", "/", Host=f"localhost:{desk.port + 1}", Origin=None)[0] == 200, "through an SSH tunnel"


def test_the_cookie_is_for_this_browser_and_this_site_alone(desk):
    status, headers, _ = desk.raw("GET", f"/enter?key={desk.serving.key}")
    assert (status, headers["location"]) == (303, "/")
    cookie = headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and str(desk.port) in cookie.partition("=")[0]
    assert desk.serving.key not in headers["set-cookie"]
    status, headers, _ = desk.raw("GET", f"/enter?key={desk.serving.key}", headers={"Sec-Fetch-Site": "cross-site"})
    assert (status, headers["refresh"]) == (200, "0; url=/"), "a strict cookie comes back from a page of ours alone"
    for path in ("/", "/js/main.js", "/api/models", "/nothing"):
        _, headers, _ = desk.raw("GET", path, headers={"Cookie": desk.cookie})
        assert headers["content-security-policy"] == guard.POLICY, path
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert "unsafe" not in guard.POLICY and "default-src 'none'" in guard.POLICY


@pytest.mark.parametrize(
    "path",
    [
        "/../../setup.py",
        "/js/../../../app.py",
        "/%2e%2e/%2e%2e/app.py",
        "/js/..%2f..%2f..%2fapp.py",
        "//etc/passwd",
        "/js/%00",
    ],
)
def test_no_path_leads_out_of_the_page(desk, path):
    status, found = desk.ask("GET", path)
    assert status == 404 and b"import" not in found and b"root:" not in found


def test_what_no_request_may_be_is_refused_in_words(desk):
    refused(desk.ask("POST", "/api/models/small/agree", b"{" * 5000), 422, "no JSON")
    refused(desk.ask("POST", "/api/models/small/agree", b"[]"), 422, "no JSON object")
    refused(desk.ask("POST", "/api/models/small/agree", b" " * (2**20 + 1)), 422, "too long")
    refused(desk.ask("POST", "/api/models/small/agree", {"licence": 3}), 422, '"licence" is no text')
    refused(desk.ask("GET", "/api/models"), 503, "no server runs")


def test_only_what_was_opened_is_found(tmp_path):
    inner = tmp_path / "shot"
    inner.mkdir()
    (inner / "label.1001.png").write_bytes(b"x")
    (tmp_path / "secret").write_bytes(b"x")
    (inner / "out").symlink_to(tmp_path / "secret")
    opened = Opened()
    name = opened.open(inner)
    assert opened.open(inner) == name and str(inner) not in name
    assert opened.path(name, "label.1001.png").name == "label.1001.png"
    for below in ("../secret", str(tmp_path / "secret"), "out", "a/../../secret", "\0", "x" * 5000, "nothing"):
        with pytest.raises(MissingInput):
            opened.path(name, below)
    with pytest.raises(MissingInput):
        opened.path("guess")
    with pytest.raises(InputRefused):
        opened.open(inner.relative_to(tmp_path))


def test_the_note_is_for_its_user_alone_and_goes_with_the_desk(desk, monkeypatch):
    assert stat.S_IMODE(serving.note().stat().st_mode) == 0o600 or os.name == "nt"
    assert serving.running() == desk.address
    shown = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    serving.browse(desk.address)
    page = places.home() / "desk.html"
    assert shown == [page.as_uri()] and desk.serving.key not in shown[0] and desk.address in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600 or os.name == "nt"
    with pytest.raises(ServerError, match=r"port .* cannot be used"):
        serving.listening(desk.port)
    desk.serving.stop()
    for _ in itertools.count():
        if not serving.note().exists():
            break
    assert serving.running() is None
    places.write_json(serving.note(), {"port": 1, "key": "x"})
    assert serving.running() is None


def test_every_module_of_the_page_makes_elements_and_no_html():
    unsafe = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|javascript:")
    files = [*(serving.Path(guard.__file__).parent / "static").rglob("*.js")]
    assert len(files) > 5
    for file in files:
        assert not unsafe.search(file.read_text("utf-8")), file
    html = (serving.Path(guard.__file__).parent / "static" / "index.html").read_text("utf-8")
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=|https?:", html)


def queue(*priorities):
    return [Waiting(job=str(n), priority=priority, entered=float(n)) for n, priority in enumerate(priorities)]


@pytest.mark.parametrize(
    "priorities", [(0, 0, 0, 0), (3, 0, 0, -2), (100, 100, 100), (-100, -100, -100), (5, 4, 3, 2, 1)]
)
def test_a_dragged_job_stands_where_it_was_dropped(priorities):
    jobs = queue(*priorities)
    names = [one.job for one in in_order(jobs)]
    for job, before in itertools.product(names, [*names, None]):
        if job == before:
            continue
        wanted = [name for name in names if name != job]
        wanted.insert(len(wanted) if before is None else wanted.index(before), job)
        changes = moved(jobs, job, before)
        after = [Waiting(job=j.job, priority=changes.get(j.job, j.priority), entered=j.entered) for j in jobs]
        assert [one.job for one in in_order(after)] == wanted, (job, before, changes)
        assert all(-100 <= priority <= 100 for priority in changes.values())


def test_dragging_changes_as_few_priorities_as_it_can():
    assert moved(queue(0, 0, 0, 0, 0), "4", "3") == {"3": -1}
    assert moved(queue(9, 5, 0), "2", "1") == {"2": 6}
    with pytest.raises(InputRefused, match="does not wait"):
        moved(queue(0, 0), "7", "0")


def test_the_words_of_an_error_are_all_told(desk):
    status, found = desk.ask("GET", "/api/jobs/nothing")
    assert status == 503 and json.dumps(found) and set(found["error"]) >= {"what", "cause", "remedy", "words", "code"}
