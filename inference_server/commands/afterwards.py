"""What is done at the end of a job for whoever does not watch: a command is run, the desktop shows a notification.

Neither is part of the job: what goes wrong with one is a note.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.errors import WrongArguments
from shared.wording import counted

MADE = ("delivery", "project", "preview", "animation", "movie")
NOTIFY_SECONDS = 20.0  # that the desktop may take

# macOS: the texts are arguments, never part of the script.
APPLE_SCRIPT = (
    *("-e", "on run argv", "-e", "display notification (item 2 of argv) with title (item 1 of argv)", "-e", "end run"),
)
# Windows: the texts are in the environment; the name is PowerShell's own, since only what is installed may show any.
TOAST = """
$ErrorActionPreference = 'Stop'
$manager = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$page = $manager::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$lines = $page.GetElementsByTagName('text')
$lines.Item(0).AppendChild($page.CreateTextNode($env:SEMRENDER_TITLE)) | Out-Null
$lines.Item(1).AppendChild($page.CreateTextNode($env:SEMRENDER_TEXT)) | Out-Null
$shell = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
$manager::CreateToastNotifier($shell).Show([Windows.UI.Notifications.ToastNotification]::new($page))
"""


@dataclass
class Ending:
    """How a job ended: "done", "failed", "cancelled", or "lost" where the server or its files could not be had.

    made: what was made, of MADE -> file.
    """

    job: str
    out: Path
    state: str = "lost"
    done: int = 0
    total: int = 0
    made: dict[str, str] = field(default_factory=dict)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = "run this command at the end, with SEMRENDER_STATE, SEMRENDER_DELIVERY ... in its environment"
    parser.add_argument("--on-done", metavar="COMMAND", help=words)
    parser.add_argument("--notify", action="store_true", help="show a notification on the desktop at the end")


def words_of(command: str) -> str | list[str]:
    """The command as the system starts it, with no shell between. Raises WrongArguments where it is none."""
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise WrongArguments(f"--on-done {command!r} cannot be read", cause=str(error)) from error
    if not words or shutil.which(words[0].strip('"')) is None:
        raise WrongArguments(
            f"--on-done: there is no command {words[0] if words else command!r}",
            remedy="Name a program or an executable script. No shell reads the line: for one write sh -c '...'",
        )
    return command if os.name == "nt" else words


def tell(on_done: str | None, notify: bool, ending: Ending) -> None:
    notes = [] if on_done is None else run_command(on_done, ending)
    notes += show(ending) if notify else []
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


def run_command(command: str, ending: Ending) -> list[str]:
    """Run it once and wait; returns what went wrong. It writes to standard error: the other is for what was made."""
    about = {
        "JOB": ending.job,
        "STATE": ending.state,
        "OUT": str(ending.out),
        "DONE": str(ending.done),
        "TOTAL": str(ending.total),
        **{name.upper(): ending.made.get(name, "") for name in MADE},
    }
    environment = {**os.environ, **{f"SEMRENDER_{name}": value for name, value in about.items()}}
    try:
        done = subprocess.run(words_of(command), env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno())
    except (OSError, ValueError, WrongArguments) as error:
        return [f"--on-done could not be run: {error}"]
    return [f"--on-done ended with code {done.returncode}"] if done.returncode else []


def show(ending: Ending) -> list[str]:
    """Show the notification; returns why there is none."""
    title = f"semrender: {ending.out.name} is {ending.state}"
    text = f"{ending.done} of {counted(ending.total, 'frame')}, in {ending.out}"
    command, more = notification(title, text)
    if not command:
        return ["no notification was shown: this system has no notify-send (Linux: the package libnotify)"]
    try:
        told: Any = subprocess.run(
            command,
            env={**os.environ, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=NOTIFY_SECONDS,
            text=True,
            errors="replace",
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return [f"no notification was shown: {error}"]
    return [f"no notification was shown: {told.stderr.strip()[:200]}"] if told.returncode else []


def notification(title: str, text: str) -> tuple[list[str], Mapping[str, str]]:
    """The command that shows it here, and what its environment holds; nothing where there is none."""
    if sys.platform == "darwin":
        return ["osascript", *APPLE_SCRIPT, title, text], {}
    if sys.platform == "win32":
        script = ["powershell", "-NoProfile", "-NonInteractive", "-Command", TOAST]
        return script, {"SEMRENDER_TITLE": title, "SEMRENDER_TEXT": text}
    import html

    sender = shutil.which("notify-send")
    # Its second text may hold markup.
    return ([sender, "--app-name=semrender", "--", title, html.escape(text, quote=False)] if sender else []), {}
