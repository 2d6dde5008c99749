"""`semrender runway`: models of RunwayML, looked at and added."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference_server.models import install
from inference_server.models.runway import adding, carding, environment, permission, requirements, static
from inference_server.models.runway.host import Running
from shared.errors import Interrupted, ModelRefused, WrongArguments

ALL = "all"


def add_commands(commands: Any) -> None:
    runway = commands.add_parser("runway", help="add a model of RunwayML (runway_model.py), unmodified")
    verbs = runway.add_subparsers(title="verbs", metavar="VERB", required=True)
    look = verbs.add_parser("look", help="say what a model is; nothing of it is run")
    add = verbs.add_parser("add", help="make a model of it, whose code you allow to run")
    for one in (look, add):
        one.add_argument("folder", type=Path, help="the author's folder, with runway_model.py")
        one.add_argument("--file", default=static.FILE, help=f"the file that is run (default: {static.FILE})")
        one.add_argument("--seconds", type=float, default=300.0, help="that a frame may take (default: 300)")
        one.add_argument("--memory", type=float, default=8.0, metavar="GIB", help="that it may take (default: 8)")
        one.add_argument("--network", action="store_true", help="it may use the network")
    look.set_defaults(run=run_look)
    add.add_argument("--name", help="default: the folder's")
    add.add_argument("--command", metavar="NAME", dest="wanted", help="where it has several")
    add.add_argument("--output", metavar="NAME", help="the output that is the picture, where several are")
    add.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a field; a file by its path")
    add.add_argument("--remembers", default=ALL, metavar="FRAMES", help="how many before one decide it (default: all)")
    add.add_argument("--stateless", action="store_const", const="0", dest="remembers", help="none: any order will do")
    add.add_argument("--whole", action="store_true", help="what it makes keeps its shape (a crop), nothing beside it")
    add.add_argument("--python", type=Path, default=Path(sys.executable), help="the interpreter of its environment")
    add.add_argument("--with", action="append", default=[], dest="instead", metavar="PACKAGE", help="this one instead")
    add.add_argument("--without", action="append", default=[], metavar="PACKAGE", help="leave this one out")
    add.add_argument("--environment", type=Path, metavar="FOLDER", help="one that is there; nothing is installed")
    add.add_argument("--licence", default="", help="default: as found in the folder")
    add.add_argument("--device", default="cpu", help="to try it on (default: cpu)")
    add.add_argument("--replace", action="store_true")
    add.add_argument("--yes-run-its-code", action="store_true", dest="yes", help="do not ask")
    add.set_defaults(run=run_add)


def running_of(arguments: argparse.Namespace, python: Path, able: Mapping[str, bool]) -> Running:
    if arguments.seconds <= 0 or arguments.memory <= 0:
        raise WrongArguments("--seconds and --memory are more than 0")
    return Running(
        python=python,
        file=arguments.file,
        seconds=arguments.seconds,
        memory=int(arguments.memory * 2**30),
        network=arguments.network,
        confined={"files": able["files"], "network": able["network"] and not arguments.network},
    )


def run_look(arguments: argparse.Namespace) -> int:
    seen = adding.look(arguments.folder, arguments.file)
    if arguments.json:
        print(json.dumps(told(seen)))
        return 0
    print("\n".join(adding.words(seen, running_of(arguments, Path(sys.executable), seen.confined))))
    return 0


def told(seen: adding.Seen) -> dict[str, Any]:
    return {
        "hash": seen.hash,
        "options": dict(seen.declared.options),
        "commands": dict(seen.declared.commands),
        "unread": list(seen.declared.unread),
        "packages": list(seen.asked.packages),
        "build_steps": list(seen.asked.build_steps),
        "licence": seen.licence,
        "confined": dict(seen.confined),
    }


def run_add(arguments: argparse.Namespace) -> int:
    name = arguments.name or arguments.folder.resolve().name
    install.check_name(name, arguments.replace)
    remembers = remembered(arguments.remembers)
    given, values = parted(static.read(arguments.folder, arguments.file), arguments.set, arguments.wanted)
    seen = adding.look(arguments.folder, arguments.file, given)
    running = running_of(arguments, arguments.python, seen.confined)
    if arguments.environment is not None:
        running = replace(running, python=environment.python_of(arguments.environment))
    chosen = carding.Chosen(
        name=name,
        file=arguments.file,
        command=arguments.wanted,
        output=arguments.output,
        values=values,
        given=given,
        remembers=remembers,
        whole=arguments.whole,
        licence=arguments.licence,
    )
    if not seen.declared.unread:
        carding.card_of(seen.declared, chosen, seen.files, None)  # what is lacking is said before anybody is asked
    if not permission.is_allowed(seen.hash, running.network):
        allow(arguments, seen, running, name)
    asked = seen.asked.packages
    packages = None if arguments.environment else requirements.to_install(asked, arguments.instead, arguments.without)
    card, tried = adding.add(
        seen, chosen, running, packages, arguments.replace, lambda text: print(text, file=sys.stderr), arguments.device
    )
    if arguments.json:
        print(json.dumps({**card.to_dict(), "tried": {**vars(tried), "said": dict(tried.said)}}))
        return 0
    print(f"added {card.name}: takes {card.takes}, in {card.folder}")
    about = f"started in {tried.seconds_to_start:.1f} s, {tried.memory / 2**20:.0f} MiB"
    if tried.made is not None:
        (wide, high), alpha = tried.made
        about += f"; a picture of {wide}x{high}{' with an alpha' if alpha else ''} in {tried.seconds:.1f} s"
    print(about)
    if tried.trouble:
        print(f"on the picture that it was tried on it failed: {tried.trouble}")
    return 0


def allow(arguments: argparse.Namespace, seen: adding.Seen, running: Running, name: str) -> None:
    """Show what it is, and ask. Raises where the code is not to run, or nobody can be asked."""
    print("\n".join(adding.words(seen, running)), file=sys.stderr)
    if not arguments.yes:
        if arguments.json or not sys.stdin.isatty():
            raise ModelRefused(
                "nobody allowed this code to run, and nobody can be asked here",
                file=arguments.folder,
                remedy="Read what it is, and say --yes-run-its-code to allow it",
            )
        print("Run its code on this machine? [y/N] ", end="", file=sys.stderr, flush=True)
        if input().strip().lower() not in ("y", "yes"):
            raise Interrupted("nothing of it was run")
    permission.allow(seen.hash, running.network, name)


def remembered(text: str) -> int | None:
    """How many frames a model remembers; None: all."""
    if text == ALL:
        return None
    if not text.isdecimal() or len(text) > 6:
        raise WrongArguments(f"--remembers is a number of frames, or {ALL}")
    return int(text)


def parted(declared: static.Declared, pairs: Sequence[str], command: str | None) -> tuple[dict[str, Path], Any]:
    """What `--set` gives: (files, other values) by field. Raises WrongArguments."""
    fields = dict(declared.options)
    for name, one in declared.commands.items():
        fields.update(one["inputs"] if command in (None, name) else {})
    files: dict[str, Path] = {}
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equal, text = pair.partition("=")
        if not equal or (name not in fields and not declared.unread):
            allowed = f"Its fields are {', '.join(fields)}" if equal else "Write --set NAME=VALUE"
            raise WrongArguments(f"--set {pair} names no field of the model", remedy=allowed)
        kind = fields[name]["type"] if name in fields else "file" if Path(text).exists() else "any"
        if kind in (*carding.FILES, "image"):
            files[name] = Path(text)
        else:
            values[name] = text if kind in ("text", "category") else plain(text, kind)
    return files, values


def plain(text: str, kind: str) -> Any:
    """A value as JSON has it, or the text itself. Raises WrongArguments where a number is wanted."""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    wanted: tuple[type, ...] = {"number": (int, float), "boolean": (bool,)}.get(kind, (object,))
    if not isinstance(value, wanted) or (kind == "number" and isinstance(value, bool)):
        raise WrongArguments(f"{text!r} is no {kind}")
    return value
