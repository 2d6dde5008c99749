"""`semrender farm`: what a queue calls on every machine, and what an artist calls once."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from inference_server.models.device_names import NAMES, device_name
from inference_server.tasks import FORMATS, MOVIES
from shared.blocks import MOST_PER_RUN, PER_RUN, runs, written
from shared.errors import MissingInput, SemrenderError, ServerError
from shared.shot import read_shot

OPENJD, JSON, NONE = "openjd", "json", "none"
WAIT_SECONDS = 60.0  # for what other machines wrote to be seen here
RETRIES = 5  # of a task, on Deadline Cloud


def add_commands(commands: Any) -> None:
    farm = commands.add_parser("farm", help="a shot on several machines: its pieces, its delivery, a bundle for a farm")
    verbs = farm.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_pieces(verbs)
    _add_session(verbs)
    _add_export(verbs)
    _add_machines(commands, verbs)


def _add_pieces(verbs: Any) -> None:
    blocks = verbs.add_parser("blocks", help="the pieces of a shot, a run of blocks a line, for a loop or an array")
    blocks.add_argument("shot", type=Path, help="shot.json")
    blocks.add_argument("--per", type=_count, default=PER_RUN, help=f"blocks of 12 frames a run (default {PER_RUN})")
    blocks.set_defaults(run=run_blocks)

    chunk = verbs.add_parser("chunk", help="paint some blocks of a shot on this machine; delivers nothing")
    words = "83-91 or 5: block k is the frames 12k+1 to 12k+12, see `semrender farm blocks`"
    chunk.add_argument("--blocks", required=True, metavar="RANGE", help=words)
    chunk.values = re.compile(r"-[0-9][-0-9x:,]*")  # blocks below zero are no options
    words = "refuse a machine of another version or with another model, NAME=VALUE,..., as `farm export` writes it"
    chunk.add_argument("--expect", default="", metavar="PAIRS", help=words)
    deliver = verbs.add_parser("deliver", help="lay out what all machines painted: delivery, previews, movie, comp")
    deliver.add_argument("--movie", choices=MOVIES, default="h264", help="beside the layers (default h264)")
    deliver.add_argument("--no-aep", action="store_true", help="do not write an After Effects project")
    words = f"seconds to look again for frames that are missing (default {WAIT_SECONDS:.0f})"
    deliver.add_argument("--wait", type=float, default=WAIT_SECONDS, metavar="S", help=words)
    for verb in (chunk, deliver):
        verb.add_argument("shot", type=Path, help="shot.json")
        verb.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for the painted layers")
        verb.add_argument("--layer", action="append", metavar="NAME", help="only this layer; may be given again")
        verb.add_argument("--format", choices=FORMATS, default="png", help="png: 8-bit sRGB; exr: linear half float")
        verb.add_argument("--overwrite", action="store_true", help="paint over delivered frames of another look")
        verb.add_argument("--owner", default="", metavar="NAME", help="who asked for it (default: who runs this)")
        words = "a folder of the shot's paths that is another one here; may be given again"
        verb.add_argument("--map", action="append", default=[], metavar="FROM=TO", help=words)
        words = "path mapping rules as Open Job Description writes them"
        verb.add_argument("--map-file", type=Path, metavar="FILE", help=words)
        words = "how progress is told: as Open Job Description, as JSON, or not (default: a bar)"
        verb.add_argument("--progress", choices=(OPENJD, JSON, NONE), help=words)
        words = f"{NAMES}, where no server runs"
        verb.add_argument("--device", type=device_name, default="auto", help=words)
        verb.set_defaults(run=run_piece, verb=verb.prog.split()[-1], here=True, on_done=None, notify=False)


def _add_session(verbs: Any) -> None:
    enter = verbs.add_parser("enter", help="start this machine's server for the chunks to come, and say how to find it")
    words = "folders of models that many machines read; may be given again"
    enter.add_argument("--models", type=Path, action="append", default=[], metavar="FOLDER", help=words)
    enter.add_argument("--device", type=device_name, default="auto", help=NAMES)
    leave = verbs.add_parser("leave", help="end the server that `enter` started")
    for verb in (enter, leave):
        verb.add_argument("--home", type=Path, metavar="FOLDER", help="its state folder (default: SEMRENDER_HOME)")
        verb.set_defaults(run=run_session, verb=verb.prog.split()[-1])


def _add_export(verbs: Any) -> None:
    export = verbs.add_parser(
        "export", help="write a shot as a job of Open Job Description, for `openjd` and Deadline Cloud"
    )
    export.add_argument("shot", type=Path, help="shot.json")
    export.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for the painted layers")
    export.add_argument("--bundle", type=Path, required=True, metavar="FOLDER", help="for the job's files")
    export.add_argument("--layer", action="append", metavar="NAME", help="only this layer; may be given again")
    export.add_argument("--format", choices=FORMATS, default="png", help="png: 8-bit sRGB; exr: linear half float")
    words = "gpu: machines with a card that has the memory; cpu: any that have it (default gpu)"
    export.add_argument("--device", choices=("gpu", "cpu"), default="gpu", help=words)
    words = f"12 frames each, that a machine takes at once (default {PER_RUN})"
    export.add_argument("--blocks-per-chunk", type=_count, default=PER_RUN, metavar="N", help=words)
    words = "how long a chunk should take, for a scheduler that grows chunks by itself (default 0: as many as said)"
    export.add_argument("--chunk-seconds", type=int, default=0, metavar="S", help=words)
    export.set_defaults(run=run_export)
    submit = verbs.add_parser("submit", help="hand a bundle to a farm whose program is installed here")
    submit.add_argument("bundle", type=Path, help="the folder that `farm export` wrote")
    submit.add_argument("--to", choices=("deadline",), required=True, help="deadline: AWS Deadline Cloud")
    submit.set_defaults(run=run_submit)


def _add_machines(commands: Any, verbs: Any) -> None:
    words = "paint with this machine for a server that runs with --farm"
    join = commands.add_parser("join", help=words)
    join.add_argument("address", nargs="?", help="HOST or HOST:PORT, as the farm's server says; once joined, optional")
    join.add_argument("code", nargs="?", help="that it says with it, good once and for an hour; not once joined")
    join.add_argument("--name", type=_name, metavar="NAME", help="of this machine in the farm (default: its own)")
    join.add_argument("--device", type=device_name, default="auto", help=f"{NAMES}, where no server runs")
    words = "a folder of the farm's paths that is another one here; may be given again"
    join.add_argument("--map", action="append", default=[], metavar="FROM=TO", help=words)
    join.add_argument("--own", action="store_true", help=argparse.SUPPRESS)
    join.set_defaults(run=run_machine, verb="join")
    code = verbs.add_parser("code", help="one more code to join with; on the machine whose server runs with --farm")
    code.set_defaults(run=run_code)
    coordinator = verbs.add_parser("coordinator")  # what `serve --farm` runs beside the server
    coordinator.add_argument("--host", required=True)
    coordinator.add_argument("--port", type=int, required=True)
    coordinator.set_defaults(run=run_machine, verb="coordinator")


def run_machine(arguments: argparse.Namespace) -> int:
    from inference_server.farm import extra

    extra.needed()
    from inference_server.farm import coordinating, join

    return {"join": join.run_join, "coordinator": coordinating.run_coordinator}[arguments.verb](arguments)


def run_code(arguments: argparse.Namespace) -> int:
    from inference_server.farm import codes

    code = codes.make()
    print(json.dumps({"code": code, "seconds": codes.SECONDS}) if arguments.json else code)
    return 0


def _name(text: str) -> str:
    from inference_server.farm.gate import NAME

    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("up to 48 letters, digits, dots and dashes")
    return text


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= MOST_PER_RUN:
        raise argparse.ArgumentTypeError(f"from 1 to {MOST_PER_RUN}")
    return value


def run_blocks(arguments: argparse.Namespace) -> int:
    shot, _ = read_shot(arguments.shot)
    found = [written(run) for run in runs(shot.first, shot.last, arguments.per)]
    print(json.dumps({"blocks": found}) if arguments.json else "\n".join(found))
    return 0


def run_piece(arguments: argparse.Namespace) -> int:
    from inference_server.farm import chunk, telling

    if arguments.json:
        arguments.progress = JSON
    arguments.json = arguments.progress == JSON
    run = {"chunk": chunk.run_chunk, "deliver": chunk.run_deliver}[arguments.verb]
    try:
        return run(arguments)
    except SemrenderError as error:
        if arguments.progress != OPENJD:
            raise
        return telling.refuse(error)


def run_session(arguments: argparse.Namespace) -> int:
    from inference_server.farm import session, telling

    try:
        return {"enter": session.run_enter, "leave": session.run_leave}[arguments.verb](arguments)
    except SemrenderError as error:
        return telling.refuse(error)


def run_export(arguments: argparse.Namespace) -> int:
    from inference_server.farm import bundle
    from shared.handing import apart_from_passes

    shot, base = read_shot(arguments.shot)
    out = arguments.out.absolute()
    apart_from_passes(shot, base, out)
    file = arguments.shot.absolute()
    asked = bundle.Asked(
        shot=shot,
        base=base,
        file=file / "shot.json" if file.is_dir() else file,
        out=out,
        layers=None if arguments.layer is None else tuple(arguments.layer),
        format=arguments.format,
        device=arguments.device,
        blocks_per_chunk=arguments.blocks_per_chunk,
        chunk_seconds=arguments.chunk_seconds,
    )
    bundle.write(arguments.bundle, bundle.files_of_bundle(asked))
    if arguments.json:
        print(json.dumps({"bundle": str(arguments.bundle.absolute())}))
    else:
        print(f"{arguments.bundle}: template.json, parameter_values.json, asset_references.json")
    return 0


def run_submit(arguments: argparse.Namespace) -> int:
    if not (arguments.bundle / "template.json").is_file():
        raise MissingInput(
            "there is no bundle",
            file=arguments.bundle / "template.json",
            remedy="Write one with `semrender farm export`",
        )
    program = shutil.which("deadline")
    if program is None:
        raise ServerError(
            "the program of Deadline Cloud is not installed here",
            remedy="Install it with `pip install deadline`, sign in with `deadline auth login`, and try again",
        )
    command = [program, "bundle", "submit", str(arguments.bundle), "--yes", "--max-retries-per-task", str(RETRIES)]
    return subprocess.run(command, check=False).returncode
