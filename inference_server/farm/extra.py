"""What the tier of several machines needs beyond semrender itself; who lacks it is told what to install."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from typing import Any

from inference_server import builds
from shared import PYTHON, VERSION
from shared.errors import SemrenderError, ServerError

BUILD = "build"
NEEDED = ("distributed", "cryptography")


def needed() -> None:
    """Raises SemrenderError where a library is not installed; loads none."""
    for name in NEEDED:
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            raise SemrenderError(
                f"a farm of several machines needs the library {name}, which is not installed here",
                remedy="Install it: pip install 'semrender[farm]'",
            ) from None


def versions() -> dict[str, str]:
    """What has to be the same on all machines of a farm."""
    return {
        "semrender": VERSION,
        "Python": PYTHON,
        "distributed": importlib.metadata.version("distributed"),
        BUILD: builds.own(),
    }


def compare(machine: str, its: Mapping[str, Any], coordinator: str, wanted: Mapping[str, Any]) -> None:
    """Raises ServerError that names what of a machine's `versions` differs from those of its farm."""
    for name, version in wanted.items():
        if its.get(name) == version:
            continue
        runs = f"{name} {its.get(name, 'of another time')}, the farm of {coordinator} runs {version}"
        if name == BUILD:  # the version is the same
            runs = f"another build of semrender {VERSION} than the farm of {coordinator}"
        raise ServerError(
            f"{machine} runs {runs}", remedy="Have the same semrender, Python and semrender[farm] on all machines"
        )
