"""`semrender maya build` and `semrender maya install`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from shared import places
from shared.command import tell
from shared.errors import InputRefused


def add_commands(commands: Any) -> None:
    maya = commands.add_parser("maya", help="build or install the Maya plug-in")
    verbs = maya.add_subparsers(metavar="VERB", required=True)
    build = verbs.add_parser("build", help="a folder and .zip for Maya 2023 to 2027 on every system")
    _add_build_arguments(build, Path("build") / "maya")
    build.set_defaults(run=run_build)
    install = verbs.add_parser("install", help="build, and install it for the Maya of this user")
    _add_build_arguments(install, places.home() / "maya")
    install.add_argument("--settings", type=Path, metavar="FOLDER", help="Maya's settings (default: the user's)")
    install.add_argument("--uninstall", action="store_true", help="remove it again")
    install.set_defaults(run=run_install)


def _add_build_arguments(parser: argparse.ArgumentParser, out: Path) -> None:
    parser.add_argument("--out", type=Path, default=out, metavar="FOLDER", help="where it stays (default %(default)s)")
    parser.add_argument(
        "--wheels", type=Path, metavar="FOLDER", help="the libraries' wheels, where there is no internet"
    )


def run_build(arguments: argparse.Namespace) -> int:
    from maya_plugin import VERSION, install
    from maya_plugin.build import build

    made = build(arguments.out, arguments.wheels)
    _say(
        arguments, module=made, archive=made.with_name(f"{made.name}.zip"), installer=made / install.file_name(VERSION)
    )
    return 0


def run_install(arguments: argparse.Namespace) -> int:
    from maya_plugin import install
    from maya_plugin.build import build

    settings = arguments.settings or install.settings_folder()
    try:
        if arguments.uninstall:
            install.remove_module(settings)
            for shelf in () if arguments.json else install.shelves_left(settings):
                print(f"its shelf stays in Maya ({shelf}): right-click the tab there and choose Delete Shelf")
            return 0
        if not arguments.json:
            print("the libraries of every Maya and system are fetched: a minute", flush=True)
        made = build(arguments.out, arguments.wheels)
        _say(arguments, plug_in=made, module=install.write_module(made / install.NAME, settings))
        if not arguments.json:
            print("start Maya anew: the shelf semrender is there. The plug-in's folder must stay where it is")
    except install.Refused as refused:
        raise InputRefused(str(refused).rstrip(".")) from None
    return 0


def _say(arguments: argparse.Namespace, **made: Path) -> None:
    if arguments.json:
        tell("made", {name: str(path) for name, path in made.items()})
    else:
        print("\n".join(f"  {name:<10}{path}" for name, path in made.items()))
