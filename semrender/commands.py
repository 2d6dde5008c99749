"""The command line: a table of what each room brings, loaded when it is typed; there is no logic here."""

from __future__ import annotations

import argparse
import atexit
import gc
import importlib
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from semrender import comps
from shared import VERSION
from shared.command import Parser, tell, unforeseen
from shared.errors import Interrupted, SemrenderError

if TYPE_CHECKING:
    from inference_server.farm.beside import Beside

# The commands by the module that adds them, with the line that says what each is for: a module is loaded when one of
# its commands is typed.
COMMANDS = {
    "inference_server.commands.cli": {
        "render": "paint a shot, a folder or a pattern of frames",
        "demo": "paint the shipped shot",
        "check": "say what is in a shot's passes, without painting",
        "doctor": "one report of versions, devices, server and paths",
    },
    "inference_server.commands.normalise_cli": {
        "clip normalise": "follow a person or face in a clip and write them at one place and size",
    },
    "inference_server.commands.skeleton_cli": {
        "skeleton": "solve people's skeletons again: height, lens, feet",
    },
    "inference_server.commands.walk_cli": {"walk": "a walk's keyframes and curves on one sheet, before it is painted"},
    "inference_server.commands.project_cli": {"project": "pictures become points of a generator, keyframes of a walk"},
    "inference_server.broker.cli": {"serve": "run the inference server until Ctrl-C"},
    "inference_server.desk.cli": {"desk": "a page in the browser: try, paint, watch and look"},
    "inference_server.commands.jobs_cli": {
        "jobs": "list, watch, cancel, pause, resume, hurry or forget jobs",
    },
    "inference_server.commands.provenance_cli": {
        "provenance": "what a file says of how it was made; sign your own final render",
    },
    "inference_server.commands.connect_cli": {
        "connect": "paint on a server of another machine",
        "disconnect": "forget the server of another machine and paint on this one",
    },
    "inference_server.farm.cli": {
        "farm": "a shot on several machines: its pieces, its delivery, a bundle for a farm",
        "join": "paint with this machine for a server that runs with --farm",
    },
    "inference_server.models.cli": {"models": "list, show, add and remove models"},
    "inference_server.datasets.cli": {"dataset": "make a folder of equal squares to train on, of clips and pictures"},
    "inference_server.models.runway.cli": {"runway": "add a model of RunwayML (runway_model.py), unmodified"},
    "inference_server.training.cli": {
        "train": "train a model on your own pairs of label pass and picture, or a generator on pictures",
    },
    "shared.cli": {
        "decode": "turn a label pass into a grey PNG of class ids",
        "labels": "which label sets there are, and which colour is which class",
        "schema": "the JSON Schema of shot.json and its kin, for your editor",
    },
    "shared.clip_cli": {"clip": "write a clip as numbered PNG frames"},
    "shared.compare_cli": {"compare": "two deliveries, sequences or clips in one sheet or movie"},
    "ae_bridge.cli": {
        "aep": "lay a delivery or a normalised clip out as a new After Effects project",
        "ae": "the panel in After Effects, and After Effects without a person",
    },
    "ae_bridge.others.cli": {
        "timeline": "one or several deliveries as an OpenTimelineIO timeline",
        "nuke": "lay a delivery out as a Nuke script",
        "blender": "lay a delivery out in Blender's compositor",
    },
    "semrender.completion": {"completion": "complete what is typed: a script for bash, zsh or fish"},
    "maya_plugin.cli": {"maya": "build or install the Maya plug-in"},
}
EXIT_CODES = """exit codes:
  0 done   1 unforeseen   2 wrong arguments   3 input refused   4 some frames failed   5 no server
  130 stopped on request"""


def beside_server(connection: dict[str, Any]) -> AbstractContextManager[int]:
    """What runs in a server's process for as long as it does: the door for the panel in After Effects."""
    from ae_bridge.doorway import doorway

    return doorway(connection)


def beside_desk(port: int | None, browser: bool) -> AbstractContextManager[int]:
    """The desk as a process beside a server's."""
    from inference_server.desk.beside import desk_process

    return desk_process(port, browser)


def beside_farm(listen: str) -> Beside:
    """The coordinator of a farm as a process beside a server's. Raises SemrenderError where it cannot be."""
    from inference_server.farm.beside import Beside

    return Beside(listen)


def parser(command: str | None, everything: bool = False) -> Parser:
    """`command` with its arguments; without one that there is all of them by name and purpose, or each with its own."""
    top = Parser(
        prog="semrender",
        description="From label passes to a painted, layered comp.",
        epilog=f"`semrender help COMMAND` says more of one.\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=VERSION, help="say the version and end")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    typed = [module for module, purposes in COMMANDS.items() if everything or command in purposes]
    for module in typed:
        importlib.import_module(module).add_commands(commands)
    for purposes in () if typed else COMMANDS.values():
        for name, purpose in purposes.items():
            commands.add_parser(name, help=purpose)
    if everything or not typed:
        commands.add_parser("help", help="what a command does and takes")
    top.set_defaults(json=False, run=lambda _: _help(top))
    if command is not None:
        top.set_defaults(beside_server=beside_server, beside_desk=beside_desk, beside_farm=beside_farm)
        top.set_defaults(command=main)
        top.set_defaults(comps=comps, after_delivery=f"{comps.__name__}:finish")
    return top


def _help(top: Parser) -> int:
    top.print_help()
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    words = _joined(arguments)
    command = next((word for word in words if not word.startswith("-")), None)
    if command == "help":
        words.remove("help")
        words.append("--help")
        command = next((word for word in words if not word.startswith("-")), None)
    return parser(command).parse_args(words)


def _joined(arguments: Sequence[str]) -> list[str]:
    """With a command of two words as one."""
    words = list(arguments)
    known = {name for purposes in COMMANDS.values() for name in purposes if " " in name}
    for place in (0, 1):  # behind `help`
        if (pair := " ".join(words[place : place + 2])) in known:
            words[place : place + 2] = [pair]
    return words


def _freeze() -> None:
    """The process ends: looking for cycles in all that it loaded takes a while.

    OpenImageIO's binding counts what is left then, and tells the artist about it in forty lines.
    """
    if "OpenImageIO" not in sys.modules:
        gc.freeze()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error becomes words on standard error and its exit code."""
    if arguments is None:
        arguments = sys.argv[1:]
        _speak_utf8(arguments)
        atexit.register(_freeze)
    as_json = "--json" in arguments
    threading.excepthook = lambda failed: _say(unforeseen(failed.exc_value or SystemError()), as_json)
    try:
        parsed = parse(arguments)
        code = int(parsed.run(parsed))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SemrenderError as error:
        return _say(error, as_json)
    except KeyboardInterrupt:
        return _say(Interrupted("stopped"), as_json)
    except Exception as error:
        return _say(unforeseen(error), as_json)


def _say(error: SemrenderError, as_json: bool) -> int:
    if as_json:
        tell("error", error.to_dict())
    print(f"semrender: {error}", file=sys.stderr)
    return error.exit_code


def _speak_utf8(arguments: Sequence[str]) -> None:
    """Paths are UTF-8, whatever the terminal is set to; what it cannot show is written with a backslash."""
    if sys.getfilesystemencoding() != "utf-8" and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        os.environ["PYTHONIOENCODING"] = f"{sys.stdout.encoding}:backslashreplace"
        os.execv(sys.executable, [sys.executable, "-P", "-m", "semrender", *arguments])
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
