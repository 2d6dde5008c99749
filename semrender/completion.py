"""`semrender completion`: the script by which a shell completes commands, options and their values."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

SHELLS = ("bash", "zsh", "fish")
FILES = ("FILE", "PATTERN")  # how help shows what is a file
INPUTS = ("input", "dataset")  # arguments that are files or folders


def add_commands(commands: Any) -> None:
    completion = commands.add_parser("completion", help="complete what is typed: a script for bash, zsh or fish")
    completion.add_argument("shell", choices=SHELLS)
    completion.set_defaults(run=run_completion)


def run_completion(arguments: argparse.Namespace) -> int:
    import shtab

    from semrender.commands import parser  # which mounts this module

    everything = parser(None, everything=True)
    for action in _actions(everything):
        if action.metavar == "FOLDER":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif action.metavar in FILES or action.dest in INPUTS or action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(everything, arguments.shell))
    return 0


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Of a command and all below it."""
    found = []
    for action in parser._actions:
        found.append(action)
        if isinstance(action, argparse._SubParsersAction):
            found += [one for below in action.choices.values() for one in _actions(below)]
    return found
