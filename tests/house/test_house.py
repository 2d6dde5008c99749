"""Promises of the repository itself: commands in the README, rooms, Maya-safe modules, files one can read."""

import importlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import maya_plugin
import shared
from semrender import commands
from shared.command import Parser
from tests.conftest import ROOT, semrender

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
MAYA_SAFE = next(one["source_modules"] for one in CONTRACTS if one["name"].startswith("what Maya imports of shared"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
ROOMS = ("semrender", "shared", "inference_server", "ae_bridge", "maya_plugin")


def readme():
    return (ROOT / "README.md").read_text("utf-8")


def test_ci_runs_the_readmes_test_command():
    command = next(line for line in readme().splitlines() if "tools/verify.py" in line)
    script = (ROOT / ".ci" / "run").read_text()
    steps = [step.strip() for step in command.split("&&")]
    assert len(steps) == 4
    for step in steps:
        assert step in script.replace("--quiet ", "")


def test_the_version_is_said_alike():
    assert importlib.metadata.version("semrender") == shared.VERSION == maya_plugin.VERSION
    assert semrender("--version").stdout.strip() == shared.VERSION


def test_the_lock_has_a_version_in_range_of_everything_that_is_installed():
    metadata = importlib.metadata.metadata("semrender")
    lines = (ROOT / "tools" / "locked.txt").read_text().splitlines()
    locked = {}
    for one in map(Requirement, filter(lambda line: not line.startswith("#"), lines)):
        if one.marker is None or one.marker.evaluate():
            locked[canonicalize_name(one.name)] = str(one.specifier).removeprefix("==")
    for text in metadata.get_all("Requires-Dist"):
        asked = Requirement(text)
        if asked.name == "torch" or (asked.marker and not asked.marker.evaluate({"extra": "test"})):
            continue
        assert asked.specifier.contains(locked[canonicalize_name(asked.name)]), text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pictures_pages_and_headings_that_a_page_names_are_there(page):
    for path, heading in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), path
        if heading:
            titles = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.M)
            assert heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, heading


def test_every_page_of_the_docs_is_found_from_the_readme():
    assert {page.name for page in PAGES[2:]} <= set(re.findall(r"\]\(docs/([^)#]+)", readme()))


def test_every_command_has_help():
    names = re.findall(r"^    (\w+) ", semrender("--help").stdout, re.M)
    assert {"render", "demo", "check", "serve", "doctor", "models", "decode", "labels", "aep"} <= set(names)
    for name in names:
        assert semrender(name, "--help").returncode == 0


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_lives_there_and_what_it_may_import(room):
    text = (ROOT / room / "__init__.py").read_text("utf-8")
    assert text.startswith('"""') and "import" in text


@pytest.mark.parametrize("name", MAYA_SAFE)
def test_what_maya_imports_needs_no_big_package(name):
    """In a fresh interpreter, since other tests have imported everything."""
    code = (
        f"import sys, {name}; "
        "print([m for m in ('numpy','cv2','OpenEXR','PIL','fileseq','torch','sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def loaded(code, *modules):
    """Which of these modules a fresh interpreter has loaded after the code."""
    ask = f"{code}; import sys; print([name for name in {modules!r} if name in sys.modules])"
    return subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout.strip()


def test_commands_are_ready_without_loading_torch():
    names = [name for names in commands.COMMANDS.values() for name in names]
    code = f"from semrender import commands; [commands.parser(name) for name in {names}]"
    assert loaded(code, "torch", "numba", "cv2", "OpenEXR") == "[]"


def test_help_loads_no_room():
    code = "from semrender import commands; commands.parser(None)"
    assert loaded(code, "zmq", "numpy", "inference_server", "ae_bridge") == "[]"


@pytest.mark.parametrize("module", commands.COMMANDS)
def test_the_list_of_commands_is_what_the_rooms_add(module):
    """The list stands in for rooms that are not loaded."""
    top = Parser().add_subparsers()
    importlib.import_module(module).add_commands(top)
    added = {action.dest: action.help for action in top._choices_actions}
    assert added == commands.COMMANDS[module]


def test_the_default_model_is_small_and_licensed():
    from inference_server.broker.requests import DEFAULT_MODEL
    from inference_server.models.catalogue import SHIPPED, find_card

    folder = SHIPPED / DEFAULT_MODEL
    assert sum(file.stat().st_size for file in folder.iterdir()) < 12 * 2**20
    card = find_card(DEFAULT_MODEL)
    assert card.licence == "Apache-2.0" and card.data
    covered = set(card.labels.trained) | set(card.labels.fallbacks)
    assert covered == set(range(183)), "every class of the label set is known or has a relative"
