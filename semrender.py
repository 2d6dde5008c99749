"""`semrender`: the command that joins the rooms. Each room brings its own commands; there is no logic here."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from contextlib import AbstractContextManager
from importlib import metadata
from pathlib import Path
from typing import Any

from shared.errors import SemrenderError

ROOMS = (
    "inference_server.cli",
    "inference_server.jobs_cli",
    "inference_server.models_cli",
    "inference_server.training.cli",
    "shared.cli",
    "ae_bridge.cli",
    "maya_plugin.cli",
)
EXIT_CODES = """exit codes:
  0 done   1 unforeseen   2 wrong arguments   3 input refused   4 some frames failed   5 no server
  130 stopped on request"""


def version() -> str:
    try:
        return metadata.version("semrender")
    except metadata.PackageNotFoundError:
        return "0 (not installed)"


def make_comp(delivery: Path) -> tuple[Path, tuple[str, ...]]:
    """Render, then lay out: the one place where the server's output meets After Effects. Path and notes."""
    from ae_bridge.aep import make_project
    from ae_bridge.inbox import drop

    drop(delivery)
    made = make_project(delivery)
    return made.path, made.notes


def beside_server(connection: dict[str, Any]) -> AbstractContextManager[int]:
    """What runs in a server's process for as long as it does: the door for the panel in After Effects."""
    from ae_bridge.doorway import doorway

    return doorway(connection)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="semrender",
        description="From label passes to a painted, layered comp.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=version())
    top.add_argument("--json", action="store_true", help="results and errors as JSON, for scripts")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for room in ROOMS:
        importlib.import_module(room).add_commands(commands)
    top.set_defaults(version_text=version(), make_comp=make_comp, beside_server=beside_server)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; an error becomes words on standard error and its exit code."""
    parsed = parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except SemrenderError as error:
        if parsed.json:
            print(json.dumps({"event": "error", **error.to_dict()}), flush=True)
        print(f"semrender: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("semrender: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
