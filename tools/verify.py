"""Every check of the repository, in order, stopping at the first that fails.

Run it with the interpreter of an environment that has the `test` extra: `python tools/verify.py`. What follows on the
command line is pytest's.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sys.executable).parent

CHECKS = [
    [str(SCRIPTS / "ruff"), "check", "."],
    [str(SCRIPTS / "mypy")],
    [str(SCRIPTS / "lint-imports")],
    [sys.executable, "-m", "pytest", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"],
]


def main() -> int:
    for command in [*CHECKS[:-1], [*CHECKS[-1], *sys.argv[1:]]]:
        print("$", " ".join(Path(part).name if part == command[0] else part for part in command), flush=True)
        code = subprocess.run(command, cwd=ROOT).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
