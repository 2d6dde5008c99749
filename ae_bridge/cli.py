"""`semrender aep`: a new project without After Effects. `semrender ae`: what needs one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from shared.command import tell

DELIVERY = "a delivery.json, or the folder it is in"


def add_commands(commands: Any) -> None:
    aep = commands.add_parser("aep", help="lay a delivery or a normalised clip out as a new After Effects project")
    aep.add_argument("delivery", type=Path, help=f"{DELIVERY}; a normalised.json likewise")
    aep.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the .aep to write, or its folder (default: beside delivery.json); never replaces a file",
    )
    aep.add_argument(
        "--ae",
        type=int,
        choices=range(23, 27),
        metavar="23-26",
        help="the oldest After Effects that is to open it (default: SEMRENDER_AE, else the newest here, else 23)",
    )
    aep.set_defaults(run=run_aep)

    bridge = commands.add_parser("ae", help="the panel in After Effects, and After Effects without a person")
    actions = bridge.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, run, words in (
        ("install", run_install, "put the panel into every After Effects of this user"),
        ("uninstall", run_uninstall, "take it out again"),
    ):
        action = actions.add_parser(name, help=words)
        action.add_argument("--to", type=Path, metavar="FOLDER", help="a folder of panels (default: found out)")
        action.set_defaults(run=run)
    package = actions.add_parser("package", help="the panel as an archive, for machines without Python")
    package.add_argument("--out", type=Path, metavar="FILE", help="the .zip, or its folder (default: the current one)")
    package.set_defaults(run=run_package)
    drop = actions.add_parser("drop", help="put deliveries into the panel's list; what is painted gets there by itself")
    drop.add_argument("deliveries", type=Path, nargs="+", metavar="DELIVERY", help=DELIVERY)
    drop.set_defaults(run=run_drop)
    watch = actions.add_parser("watch", help="list the deliveries of a shared folder too; alone: say which are watched")
    watch.add_argument("folder", type=Path, nargs="?", help="a folder in which shots are painted, by whomever")
    watch.set_defaults(run=run_watch)
    unwatch = actions.add_parser("unwatch", help="list them no longer")
    unwatch.add_argument("folder", type=Path)
    unwatch.set_defaults(run=run_unwatch)
    headless = actions.add_parser("import", help="import a delivery with After Effects itself, nobody at the screen")
    headless.add_argument("delivery", type=Path, help=DELIVERY)
    headless.add_argument("--project", type=Path, required=True, metavar="FILE", help="the new .aep")
    headless.add_argument("--limit", type=float, default=600, metavar="S", help="end it after so long (default 600)")
    headless.set_defaults(run=run_import)
    proxies = actions.add_parser("proxies", help="half-size pictures beside a delivery, for the panel's Half Size")
    proxies.add_argument("delivery", type=Path, help=DELIVERY)
    proxies.set_defaults(run=run_proxies)
    split = actions.add_parser("split", help="one EXR sequence for each pass of a multi-channel one")
    split.add_argument("files", type=Path, nargs="+", help="EXR files of one sequence")
    split.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="gets one folder a pass")
    split.set_defaults(run=run_split)


def run_aep(arguments: argparse.Namespace) -> int:
    from ae_bridge.aep import make_project
    from ae_bridge.inbox import announce
    from ae_bridge.templates import is_template, make_template_project

    if is_template(arguments.delivery):
        made = make_template_project(arguments.delivery, arguments.out, arguments.ae)
        notes = list(made.notes)
    else:
        made = make_project(arguments.delivery, arguments.out, arguments.ae)
        notes = [*made.notes, *announce(arguments.delivery)]
    if arguments.json:
        tell("made", {"project": str(made.path), "notes": notes})
        return 0
    for note in notes:
        print(f"semrender: note: {note}", file=sys.stderr)
    print(made.path)
    return 0


def run_install(arguments: argparse.Namespace) -> int:
    from ae_bridge.install import install

    _say(arguments, "installed", install(arguments.to))
    if not arguments.json:
        print("Start After Effects anew; the panel is in its Window menu.")
    return 0


def run_uninstall(arguments: argparse.Namespace) -> int:
    from ae_bridge.install import uninstall

    _say(arguments, "removed", uninstall(arguments.to))
    return 0


def run_package(arguments: argparse.Namespace) -> int:
    from ae_bridge.package import write_package

    _say(arguments, "packed", [write_package(arguments.out)])
    return 0


def run_drop(arguments: argparse.Namespace) -> int:
    from ae_bridge.inbox import drop

    _say(arguments, "dropped", [drop(delivery)["folder"] for delivery in arguments.deliveries])
    return 0


def run_watch(arguments: argparse.Namespace) -> int:
    from ae_bridge.inbox import watch, watched

    _say(arguments, "watched", watched() if arguments.folder is None else [watch(arguments.folder)])
    return 0


def run_unwatch(arguments: argparse.Namespace) -> int:
    from ae_bridge.inbox import unwatch

    _say(arguments, "unwatched", [unwatch(arguments.folder)])
    return 0


def run_proxies(arguments: argparse.Namespace) -> int:
    from ae_bridge.proxies import make_proxies

    _say(arguments, "made", make_proxies(arguments.delivery))
    return 0


def run_import(arguments: argparse.Namespace) -> int:
    from ae_bridge.headless import import_headless

    report = import_headless(arguments.delivery, arguments.project, seconds=arguments.limit)
    if arguments.json:
        tell("made", {"project": str(arguments.project.absolute()), "report": report})
        return 0
    for entry in report.get("warnings", []):
        print(f"semrender: note: {entry['words']}", file=sys.stderr)
    print(arguments.project.absolute())
    return 0


def run_split(arguments: argparse.Namespace) -> int:
    from ae_bridge.split import named_by, refuse_equal_names, split

    files = named_by(arguments.files)
    refuse_equal_names(files)
    made: dict[str, None] = {}
    for file in files:
        made.update(dict.fromkeys(str(path.parent) for path in split(file, arguments.out)))
    _say(arguments, "made", list(made))
    return 0


def _say(arguments: argparse.Namespace, event: str, files: list[Any]) -> None:
    if arguments.json:
        tell(event, {"files": [str(file) for file in files]})
    else:
        print("\n".join(str(file) for file in files) or f"nothing {event}")
