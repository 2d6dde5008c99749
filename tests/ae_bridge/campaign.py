"""All scenarios of the core, one case for each of their parameters.

`test_ae_core.py` runs them with the core as it is, `test_mutations.py` with a mistake injected: then one must fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import getmembers, isfunction
from typing import Any

import scenarios_artist
import scenarios_import
import scenarios_mattes
import scenarios_notice
import scenarios_pins
import scenarios_project
import scenarios_sound
import scenarios_takes
import scenarios_template
import scenarios_tracks
import scenarios_versions
from steps import Open

MODULES = (
    scenarios_import,
    scenarios_versions,
    scenarios_artist,
    scenarios_mattes,
    scenarios_project,
    scenarios_tracks,
    scenarios_sound,
    scenarios_takes,
    scenarios_template,
    scenarios_notice,
    scenarios_pins,
)


@dataclass(frozen=True)
class Case:
    name: str
    function: Callable[..., None]
    arguments: tuple[tuple[str, Any], ...] = ()

    def run(self, host: Open) -> None:
        self.function(host, **dict(self.arguments))

    def __str__(self) -> str:
        return self.name + "".join(f"-{value}" for _, value in self.arguments)


def _cases(function: Callable[..., None]) -> list[Case]:
    for mark in getattr(function, "pytestmark", ()):
        name, values = mark.args
        return [Case(function.__name__, function, ((name, value),)) for value in values]
    return [Case(function.__name__, function)]


CASES = [
    case
    for module in MODULES
    for _, function in getmembers(module, isfunction)
    if function.__module__ == module.__name__ and function.__annotations__.get("host") == "Open"
    for case in _cases(function)
]
