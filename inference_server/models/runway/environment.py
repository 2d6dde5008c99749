"""The environment of a model: packages in a folder of their own, made by uv where it is, else by venv or virtualenv."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from shared import places
from shared.errors import MissingInput, ModelRefused

ASK = "import json, sys, glob, os; print(json.dumps([list(sys.version_info[:2]), sorted(os.path.basename(one) for p in sys.path for one in glob.glob(os.path.join(p, '*.dist-info')))]))"  # noqa: E501
OLDEST = [3, 6]


def python_of(environment: Path) -> Path:
    """The interpreter of an environment. Raises MissingInput."""
    for name in ("bin/python", "Scripts/python.exe", "bin/python3"):
        if (environment / name).exists():
            return (environment / name).absolute()
    raise MissingInput("this is no Python environment", file=environment, remedy="Name the folder that has bin/python")


def about(python: Path) -> tuple[str, str]:
    """(its version, a hash of which packages it has in which versions). Raises ModelRefused."""
    try:
        done = subprocess.run([str(python), "-I", "-c", ASK], capture_output=True, text=True, timeout=60)
        version, packages = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ModelRefused("the interpreter does not run", file=python, cause=str(error)) from error
    if version < OLDEST:
        raise ModelRefused(f"Python {version[0]}.{version[1]} is too old", file=python, remedy="Name one from 3.6 on")
    return f"{version[0]}.{version[1]}", hashlib.sha256(json.dumps(packages).encode()).hexdigest()[:12]


def steps(environment: Path, python: Path, packages: Sequence[str], uv: str | None) -> list[list[str]]:
    """The commands that make an environment with these packages."""
    if uv:
        return [
            [uv, "venv", "--python", str(python), str(environment)],
            [uv, "pip", "install", "--python", str(environment), "--", *packages],
        ]
    inside = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return [
        [str(python), "-m", "venv", str(environment)],
        [str(inside), "-m", "pip", "install", "--disable-pip-version-check", "--", *packages],
    ]


def make(python: Path, packages: Sequence[str], tell: Callable[[str], None] = lambda _: None) -> Path:
    """The interpreter of an environment with these packages, made unless it is there. Raises ModelRefused."""
    named = json.dumps([str(python), about(python)[0], sorted(packages)])
    environment = places.home() / "runway" / "environments" / hashlib.sha256(named.encode()).hexdigest()[:12]
    ready = environment / "semrender.json"
    if ready.is_file():
        return python_of(environment)
    shutil.rmtree(environment, ignore_errors=True)
    places.private_folder(environment.parent)
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    try:
        for command in steps(environment, python, packages, uv):
            tell(" ".join(command))
            _do(command)
    except BaseException:
        shutil.rmtree(environment, ignore_errors=True)
        raise
    places.write_json(ready, {"python": str(python), "packages": list(packages)})
    return python_of(environment)


def _do(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    except OSError as error:
        raise ModelRefused("the environment could not be made", cause=f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise ModelRefused(
            "the packages that the model asks for could not be installed",
            cause=" / ".join(lines[-6:])[:2000],
            remedy="--with NAME takes another version of one, --python names an interpreter that they were made for, "
            "--environment takes an environment that is there",
        )
