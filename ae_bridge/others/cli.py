"""`semrender timeline`, `nuke`, `blender`: a delivery in programs other than After Effects."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from shared.command import tell

DELIVERY = "a delivery.json, or the folder it is in"


def add_commands(commands: Any) -> None:
    timeline = commands.add_parser("timeline", help="one or several deliveries as an OpenTimelineIO timeline")
    timeline.add_argument("deliveries", type=Path, nargs="+", metavar="DELIVERY", help=f"{DELIVERY}, in their order")
    timeline.add_argument("--out", type=Path, required=True, metavar="FILE", help="the new .otio")
    timeline.add_argument("--movies", action="store_true", help="the shots' movies instead of their layers")
    timeline.set_defaults(run=run_timeline)
    nuke = commands.add_parser("nuke", help="lay a delivery out as a Nuke script")
    nuke.add_argument("delivery", type=Path, help=DELIVERY)
    nuke.add_argument("--out", type=Path, required=True, metavar="FILE", help="the new .nk")
    nuke.set_defaults(run=run_nuke)
    blender = commands.add_parser("blender", help="lay a delivery out in Blender's compositor")
    blender.add_argument("delivery", type=Path, help=DELIVERY)
    blender.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the new .py, to run in Blender, or .blend"
    )
    blender.set_defaults(run=run_blender)


def run_timeline(arguments: argparse.Namespace) -> int:
    from ae_bridge.others.stack import read_comp
    from ae_bridge.others.timeline import write_timeline

    comps = [read_comp(path) for path in arguments.deliveries]
    return _say(arguments, write_timeline(comps, arguments.out, arguments.movies))


def run_nuke(arguments: argparse.Namespace) -> int:
    from ae_bridge.others.nuke import write_nuke
    from ae_bridge.others.stack import read_comp

    return _say(arguments, write_nuke(read_comp(arguments.delivery), arguments.out))


def run_blender(arguments: argparse.Namespace) -> int:
    from ae_bridge.others.blender import write_blender
    from ae_bridge.others.stack import read_comp

    return _say(arguments, write_blender(read_comp(arguments.delivery), arguments.out))


def _say(arguments: argparse.Namespace, notes: list[str]) -> int:
    if arguments.json:
        tell("made", {"file": str(arguments.out.absolute()), "notes": notes})
        return 0
    for note in notes:
        print(f"semrender: note: {note}", file=sys.stderr)
    print(arguments.out.absolute())
    return 0
