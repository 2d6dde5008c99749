"""The script of a headless job in the strict fake, and mistakes injected into it: each must be noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest
from fake_host import SRC, AfterEffects, Data, Node, core_sources, pictures
from made import delivery, painting

FOLDER, RESULT, PROJECT = "/show/sh", "/jobs/100%25 a/result.json", "/out/sh 1%.aep"
SCRIPT = "headless.jsx"
Open = Callable[..., AfterEffects]


class Job:
    """One headless job, and what it left."""

    def __init__(self, open_host: Open, before: str = "", there: bool = True, **options: object) -> None:
        one = delivery(painting("train"))
        job: Data = {"delivery": one, "folder": FOLDER, "project": PROJECT, "result": RESULT, "tracks": []}
        job["quit"] = options.pop("quit", True)
        host = open_host(mayTouchFiles=True, plugins=["desk"], **options)
        if there:
            host.put(*pictures(one, FOLDER))
        if before:
            host.artist(before)
        call = f"SemrenderAE.headless.run({json.dumps(job)});"
        self.ended = host.node.ask(op="run", code=call, input=None, actor="script")
        self.dump = host.dump()
        self.files = [path for path in host.run("host.files()").splitlines() if path.startswith("/jobs/")]
        self.versions = host.run("host.versions(input)", RESULT)
        text = host.run("host.text(input)", RESULT) if RESULT in self.files else ""
        self.result = json.loads(text) if text else None
        assert self.ended["violations"] == [], self.ended["violations"]
        assert "alert" not in self.ended or not self.ended["alert"], "a message waits for a person"

    def said(self) -> str:
        return str(self.result and self.result["errors"])


def left(job: Job, *, saved: bool, closed: bool, quit: bool) -> None:
    dump = job.dump
    assert (dump["saved"] == [PROJECT], dump["closed"] > 0, dump["quit"]) == (saved, closed, quit)


def a_delivery_becomes_a_project(open_host: Open) -> None:
    job = Job(open_host)
    assert job.result["ok"] and job.files == [RESULT] and job.versions == 1, "whole as soon as it has its name"
    left(job, saved=True, closed=True, quit=True)


def a_delivery_that_cannot_be_imported_is_not_saved(open_host: Open) -> None:
    job = Job(open_host, there=False)
    assert not job.result["ok"] and job.result["errors"]
    left(job, saved=False, closed=True, quit=True)


def what_stops_the_work_is_told(open_host: Open) -> None:
    job = Job(open_host, preferences={"saves": False})
    assert "could not be saved" in job.said() and not job.result["ok"]
    left(job, saved=False, closed=True, quit=True)


def without_the_preference_it_leaves_quietly(open_host: Open) -> None:
    job = Job(open_host, preferences={"write": False})
    assert job.result is None
    left(job, saved=True, closed=True, quit=True)


def a_project_of_a_person_is_left_alone(open_host: Open) -> None:
    job = Job(open_host, "app.project.items.addFolder('work');", quit=False)
    assert "left alone" in job.said()
    left(job, saved=False, closed=False, quit=False)
    assert [item["name"] for item in job.dump["items"]] == ["work"]


def a_saved_project_without_items_is_a_persons(open_host: Open) -> None:
    job = Job(open_host, "app.project.save(new File('/theirs.aep'));", quit=False)
    assert "left alone" in job.said()
    left(job, saved=False, closed=False, quit=False)


def an_empty_one_of_a_person_is_used_and_left_empty(open_host: Open) -> None:
    job = Job(open_host, quit=False)
    assert job.result["ok"] and job.dump["items"] == []
    left(job, saved=True, closed=True, quit=False)


def a_template_that_our_own_opened_does_not_keep_it_open(open_host: Open) -> None:
    """Preferences: a new project loads a template. The instance is ours: it is refused, and quits."""
    job = Job(open_host, "app.project.items.addFolder('template');")
    assert "left alone" in job.said()
    left(job, saved=False, closed=True, quit=True)


CASES = [
    a_delivery_becomes_a_project,
    a_delivery_that_cannot_be_imported_is_not_saved,
    what_stops_the_work_is_told,
    without_the_preference_it_leaves_quietly,
    a_project_of_a_person_is_left_alone,
    a_saved_project_without_items_is_a_persons,
    an_empty_one_of_a_person_is_used_and_left_empty,
    a_template_that_our_own_opened_does_not_keep_it_open,
]
# (what stands there, the mistake)
MISTAKES = [
    ('path.replace(/%/g, "%25")', "path"),
    ('fileAt(path + ".tmp")', "fileAt(path)"),
    ('        file.rename(path.replace(/^.*\\//, ""));\n', ""),
    ("        file.write(text);\n", ""),
    ("app.project.numItems > 0 || app.project.file !== null) {", "app.project.numItems > 0) {"),
    ("app.project.numItems > 0 || app.project.file !== null) {", "app.project.file !== null) {"),
    ("        if (report.ok) {", "        if (true) {"),
    ("app.project.save(fileAt(job.project));", ""),
    ("job.quit || (app.project.numItems === 0 && app.project.file === null)", "true"),
    ("job.quit || (app.project", "(app.project"),
    ("        app.beginSuppressDialogs();\n", ""),
    ("            app.endSuppressDialogs(false);\n", ""),
    ('result = failed("After Effects stopped the work: " + e.message);', "throw e;"),
    ("// Scripts may not write files.", "throw e2; // Scripts may not write files."),
    ("app.project.close(CloseOptions.DO_NOT_SAVE_CHANGES);", ""),
    ("            if (job.quit) {\n", "            if (mine) {\n"),
    ("app.quit();", ""),
]


@pytest.fixture
def sources() -> dict[str, str]:
    text = (SRC.parent / "headless" / SCRIPT).read_text("ascii")
    return {**core_sources(), SCRIPT: text}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_headless(node: Node, sources: dict[str, str], case: Callable[[Open], None]) -> None:
    case(partial(AfterEffects, node, sources))


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistake_is_noticed(node: Node, sources: dict[str, str], number: int) -> None:
    right, wrong = MISTAKES[number]
    assert sources[SCRIPT].count(right) == 1, right
    sources[SCRIPT] = sources[SCRIPT].replace(right, wrong)
    for case in CASES:
        try:
            case(partial(AfterEffects, node, sources))
        except (AssertionError, KeyError, TypeError, ValueError):
            return
    raise AssertionError(f"no scenario notices: {right} -> {wrong}")
