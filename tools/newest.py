"""What breaks with the newest version of everything: `python tools/newest.py [torch==VERSION]`. Not part of the tests.

The checks run once with all of setup.py's ranges at their newest. Where they fail, the packages that differ from the
lock are halved until one is found that fails without the others; it is told, held at the locked version, and the rest
is tried again. A range in setup.py that admits what breaks is to be narrowed. torch is the newest, or the one named.

PySide6 is the one library whose newest version nobody runs: Maya brings its own, and setup.py has what Mayas bring. A
newer one is not installed, not even to be tried: what it breaks, as 6.12.0 broke the end of a Python 3.11, is no news.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from lock import LOCK, OF_TORCH, ROOT, environment, pip
from packaging.requirements import Requirement

MAYAS_QT = "pyside6-essentials"
TOLD = 30  # lines of a failed check

Versions = dict[str, str]


def locked() -> Versions:
    lines = [Requirement(line) for line in LOCK.read_text().splitlines() if not line.startswith("#")]
    here = [line for line in lines if line.marker is None or line.marker.evaluate()]
    return {line.name: str(line.specifier).removeprefix("==") for line in here}


def installed(python: Path) -> Versions:
    command = [str(python), "-m", "pip", "list", "--format", "json", "--exclude-editable"]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {one["name"].lower().replace("_", "-"): one["version"] for one in listed}


def tried(torch: str, held: Versions) -> tuple[Versions, str]:
    """What was installed with `held` at its versions and all else at its newest, and the end of what failed."""
    with tempfile.TemporaryDirectory() as folder:
        python = environment(Path(folder) / "newest")
        constraints = Path(folder) / "held.txt"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in held.items()))
        pip(python, "--upgrade", "-c", str(constraints), torch, "pip", "setuptools")
        pip(python, "--upgrade", "--upgrade-strategy", "eager", "-c", str(constraints), torch, "-e", ".[test]")
        done = subprocess.run([str(python), "tools/verify.py", "-x"], cwd=ROOT, capture_output=True, text=True)
        words = "\n".join((done.stdout + done.stderr).splitlines()[-TOLD:]) or f"exit code {done.returncode}"
        return installed(python), words if done.returncode else ""


def culprit(torch: str, suspects: list[str], good: Versions) -> str:
    """The one suspect, or the first of several, whose newest version fails while the others are locked."""
    while len(suspects) > 1:
        half = suspects[: len(suspects) // 2]
        _, words = tried(torch, {name: version for name, version in good.items() if name not in half})
        suspects = half if words else suspects[len(half) :]
    return suspects[0]


def main() -> int:
    torch = sys.argv[1] if len(sys.argv) > 1 else "torch"
    good, held, broken = locked(), {}, 0
    while True:
        newest, words = tried(torch, held)
        if not words:
            break
        broken += 1
        differ = [n for n in good if newest.get(n, good[n]) != good[n] and n not in held and not OF_TORCH.match(n)]
        if not differ:
            print(f"the checks fail with the locked versions, too:\n{words}")
            return 1
        name = culprit(torch, differ, good)
        print(f"{name} {newest[name]} breaks what {good[name]} does not:\n{words}\n", flush=True)
        held[name] = good[name]
    print(f"not tried: PySide6 newer than {newest[MAYAS_QT]}, the newest that a Maya of this Python carries (setup.py)")
    newer = sorted(f"{n} {newest[n]} (locked {v})" for n, v in good.items() if newest.get(n, v) != v)
    print(f"all else passes at its newest; newer than the lock: {', '.join(newer) or 'nothing'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
