"""What the desk has done by a command of semrender, as a person would: it imports no other room for it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from shared.errors import SemrenderError, from_dict

SECONDS = 600.0


def commanded(*words: str) -> dict[str, Any]:
    """Run `semrender --json WORDS`; returns the last object that it printed. Raises its error."""
    command = [sys.executable, "-P", "-m", "semrender", "--json", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=SECONDS, check=False
    )
    said = [line for line in done.stdout.splitlines() if line.startswith("{")]
    last: dict[str, Any] = json.loads(said[-1]) if said else {}
    if done.returncode:
        raise from_dict(last) if last.get("event") == "error" else SemrenderError(done.stderr.strip()[-1000:])
    return last
