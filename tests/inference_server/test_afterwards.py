"""What is done at the end of a job: the command of --on-done, once, and a notification of the desktop."""

import os
import sys

import pytest

from inference_server.commands import afterwards
from inference_server.commands.afterwards import Ending
from shared.errors import WrongArguments
from tests.conftest import semrender

posix = pytest.mark.skipif(os.name == "nt", reason="the scripts are for a POSIX shell")


def script(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@posix
def test_the_command_is_run_once_with_what_was_made(add_sleep_model, colour_frames, tmp_path):
    told = tmp_path / "told"
    command = script(tmp_path, "tell it", f'env | grep ^SEMRENDER_ | sort >> "{told}"; echo "$1" >> "{told}"; exit 3')
    out = tmp_path / "out; touch hacked"
    done = semrender(
        *("render", colour_frames(), "--out", out, "--model", add_sleep_model(), "--no-aep"),
        *("--on-done", f"'{command}' '$(touch hacked)'"),
        cwd=tmp_path,
    )
    assert done.returncode == 0 and "note: --on-done ended with code 3" in done.stderr, done.stderr
    lines = told.read_text().splitlines()
    assert lines[-1] == "$(touch hacked)" and not (tmp_path / "hacked").exists()
    about = dict(line.split("=", 1) for line in lines[:-1])
    assert (about["SEMRENDER_STATE"], about["SEMRENDER_DELIVERY"]) == ("done", str(out / "delivery.json"))
    assert (about["SEMRENDER_DONE"], about["SEMRENDER_TOTAL"], about["SEMRENDER_PROJECT"]) == ("4", "4", "")
    assert [line.partition("=")[0] for line in lines].count("SEMRENDER_STATE") == 1


@posix
def test_it_is_run_for_a_job_that_failed_too(add_sleep_model, colour_frames, tmp_path):
    command = script(tmp_path, "tell", f'echo $SEMRENDER_STATE > "{tmp_path}/told"')
    labels = colour_frames()
    sorted(labels.glob("*.png"))[1].write_bytes(b"no picture")
    done = semrender(
        "render", labels, "--out", tmp_path / "out", "--model", add_sleep_model(), "--on-done", command, "--notify"
    )
    assert done.returncode == 3 and (tmp_path / "told").read_text() == "failed\n"


@pytest.mark.parametrize("command", ["", "no-such-program --now", "'open"])
def test_a_command_that_is_none_is_a_wrong_argument(command, tmp_path):
    with pytest.raises(WrongArguments, match="--on-done"):
        afterwards.words_of(command)


def test_nobody_waits_for_a_job_that_is_detached(colour_frames, tmp_path):
    done = semrender("render", colour_frames(), "--out", tmp_path / "out", "--detach", "--notify")
    assert done.returncode == 2 and "jobs watch" in done.stderr


@pytest.fixture
def ending(tmp_path):
    return Ending("job", tmp_path / "<sh>010", "done", 4, 4)


@posix
def test_a_notification_is_shown_where_the_desktop_can(ending, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    script(tmp_path, "notify-send", f'printf "%s\\n" "$@" > "{tmp_path}/shown"')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert afterwards.show(ending) == []
    _, _, title, text = (tmp_path / "shown").read_text().splitlines()
    assert title == "semrender: <sh>010 is done" and text.startswith("4 of 4 frames") and "&lt;sh&gt;010" in text
    script(tmp_path, "notify-send", "echo no bus >&2; exit 1")
    assert afterwards.show(ending) == ["no notification was shown: no bus"]
    monkeypatch.setenv("PATH", "")
    assert "notify-send" in afterwards.show(ending)[0]


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_the_texts_are_no_part_of_the_script(platform, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    command, environment = afterwards.notification("title", "'; rm -rf /")
    script = [part for part in command if "rm -rf" in part]
    assert script == (["'; rm -rf /"] if platform == "darwin" else [])
    assert ("'; rm -rf /" in environment.values()) == (platform == "win32")
