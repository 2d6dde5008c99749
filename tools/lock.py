"""Lock what the README's two commands install to the newest versions that fit, and run every check with them.

`python tools/lock.py` writes `tools/locked.txt` and passes only if the checks do. setup.py says what semrender works
with; the lock says what was run. torch is not in it, since its build belongs to the user's card: the README's command
names the version. `tools/newest.py` says what the newest versions outside the lock would break.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "tools" / "locked.txt"
TORCH = "torch==2.13.0"
PYTHON = "3.11"
OF_TORCH = re.compile(r"(torch|triton|nvidia-|cuda-)")  # the build's own parts
HEAD = "# Versions that were run together. Written by tools/lock.py; setup.py has the ranges.\n"


def environment(folder: Path) -> Path:
    """A fresh virtual environment in `folder`; returns its interpreter."""
    venv.create(folder, with_pip=True)
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def pip(python: Path, *arguments: str) -> None:
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *arguments], check=True, cwd=ROOT)


def resolved() -> str:
    """The lock's text: what the `test` extra needs, for all systems and Pythons that semrender runs on."""
    with tempfile.TemporaryDirectory() as folder:
        python = environment(Path(folder) / "uv")
        pip(python, "uv")
        (Path(folder) / "torch.txt").write_text(TORCH)
        out = Path(folder) / "locked.txt"
        command = [str(python), "-m", "uv", "pip", "compile", "setup.py", "--extra", "test", "--universal", "--quiet"]
        command += ["--python-version", PYTHON, "--constraint", f"{folder}/torch.txt", "--no-header", "--no-annotate"]
        subprocess.run([*command, "--output-file", str(out)], check=True, cwd=ROOT)
        lines = out.read_text().splitlines()
    return HEAD + "".join(f"{line}\n" for line in lines if not OF_TORCH.match(line))


def main() -> int:
    LOCK.write_text(resolved())
    with tempfile.TemporaryDirectory() as folder:
        python = environment(Path(folder) / "locked")
        pip(python, "-c", str(LOCK), TORCH)
        pip(python, "-c", str(LOCK), "-e", ".[test]")
        return subprocess.run([str(python), "tools/verify.py"], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
