"""`semrender aep`: a delivery becomes a new After Effects project."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def add_commands(commands: Any) -> None:
    aep = commands.add_parser("aep", help="lay a delivery out as a new After Effects project")
    aep.add_argument("delivery", type=Path, help="a delivery.json, or the folder it is in")
    aep.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the .aep to write, or its folder (default: beside delivery.json); never replaces a file",
    )
    aep.set_defaults(run=run_aep)


def run_aep(arguments: argparse.Namespace) -> int:
    from ae_bridge.aep import make_project

    made = make_project(arguments.delivery, arguments.out)
    if arguments.json:
        print(json.dumps({"event": "made", "project": str(made.path), "notes": made.notes}))
        return 0
    for note in made.notes:
        print(f"semrender: note: {note}", file=sys.stderr)
    print(made.path)
    return 0
