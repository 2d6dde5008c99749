"""What all commands have in common: help, wrong arguments in words, `--json`, the report of a failure.

Python >= 3.11; the host programs do not load it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from shared import VERSION, places
from shared.errors import InputRefused, SemrenderError, WrongArguments
from shared.wording import near

SCHEMA = 1  # of the objects that `--json` prints


class Parser(argparse.ArgumentParser):
    """A parser whose refusals are errors in words with the usage of the very command that was typed.

    Takes `--json` at every place of the command line. `values` are words that are no options although they may begin
    with "-", as keys do.
    """

    values: re.Pattern[str] | None = None

    def __init__(self, **about: Any) -> None:
        super().__init__(**about)
        words = "results and errors as JSON, one object a line, for scripts"
        self.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=words)

    def error(self, message: str) -> NoReturn:
        self._refuse(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = super().parse_known_args(args, namespace)
        option = next((word.partition("=")[0] for word in unknown if word.startswith("-")), None)
        if option is not None:
            known = [word for action in self._actions for word in action.option_strings]
            self._refuse(f"there is no option {option!r}", near(option, known))
        if unknown:
            self._refuse(f"nothing is expected at {unknown[0]!r}")
        return found, unknown

    def _parse_optional(self, arg_string: str) -> Any:
        """None where a word is no option. Overridden for `values` alone."""
        if self.values is not None and self.values.fullmatch(arg_string):
            return None
        return super()._parse_optional(arg_string)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuses a word that is none of the choices. Overridden for its words alone."""
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            name = "/".join(action.option_strings) or str(action.metavar or action.dest)
            hint = near(str(value), choices)
            self._refuse(f"{name} {str(value)!r} is not known", hint or f"There are {', '.join(choices)}")

    def _refuse(self, what: str, cause: str = "") -> NoReturn:
        self.print_usage(sys.stderr)
        raise WrongArguments(what, cause=cause, remedy=f"See `{self.prog} --help`")


def parse_size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT in pixels. Raises InputRefused."""
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise InputRefused(f"--size {text!r} is no size", remedy="Write WIDTHxHEIGHT, such as 512x288") from None
    return width, height


def tell(event: str, body: dict[str, Any]) -> None:
    """One object of `--json`: the event, the version of these objects, when, and what there is to say."""
    print(json.dumps({"event": event, "schema": SCHEMA, "time": round(time.time(), 3), **body}), flush=True)


def saying(as_json: bool) -> Callable[[str], None]:
    """How a long command says what it does: in words, or with --json as events named "progress"."""

    def say(text: str) -> None:
        if as_json:
            tell("progress", {"text": text})
        else:
            print(text, flush=True)

    return say


def unforeseen(error: BaseException, what: str = "the command failed in a way that nobody foresaw") -> SemrenderError:
    """Words for a failure that nobody thought of, and a file that says all there is to know of it."""
    file = _report(error)
    remedy = "This file says how: please send it to whoever looks after semrender" if file else ""
    return SemrenderError(what, file=file, remedy=remedy)


_reports: dict[str, Path] = {}  # by where it happened: a thousand frames that fail alike need one


def _report(error: BaseException) -> Path | None:
    """Write version, system, command line and traceback into the state folder; None where no disk takes it."""
    where = "".join(traceback.format_tb(error.__traceback__))
    if where in _reports:
        return _reports[where]
    lines = [
        f"semrender {VERSION}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {json.dumps(sys.argv)}",
        "",
        *traceback.format_exception(error),
    ]
    name = f"report-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{len(_reports)}.txt"
    for folder in (places.home() / "reports", Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError):
            places.private_folder(folder)
            (folder / name).write_text("\n".join(lines), "utf-8", errors="backslashreplace")
            _reports[where] = folder / name
            return folder / name
    return None
