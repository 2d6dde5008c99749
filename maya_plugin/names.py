"""The names of a scene for a Cryptomatte, without a window: what `batch --names FILE` does instead of rendering.

With `--rendered FRAME.exr` only the names that the file explains are written, what is missing on either side is told,
and a shot.json beside them makes that sequence paintable: no pass is rendered a second time.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from maya_plugin.core import cryptomatte_names, cryptomatte_shot, programs
from maya_plugin.core.contract import ShotRequest
from maya_plugin.core.cryptomatte_names import ANY, MATERIAL, RENDERERS, WHAT, Table
from shared.shot import FILE_NAME, write_shot


@dataclass(frozen=True)
class Written:
    table: Table
    notes: tuple[str, ...]
    shot_file: str = ""  # where a rendered file was given


def add_arguments(parser: argparse.ArgumentParser) -> None:
    asked = parser.add_argument_group("names for a Cryptomatte, instead of label passes")
    asked.add_argument("--names", type=Path, metavar="FILE.json", help="write names and classes there")
    asked.add_argument("--names-of", choices=WHAT, default=MATERIAL, help="what is named (default %(default)s)")
    asked.add_argument(
        "--names-by", default=ANY, metavar="RULE", help=f"{', '.join(RENDERERS)}, or a template such as {{bare_shape}}"
    )
    asked.add_argument("--rendered", type=Path, metavar="FRAME.exr", help="a frame to check the names against")


def templates(rule: str, what: str) -> tuple[str, ...]:
    """Those of a renderer by its name, else the rule itself. Raises InputRefused."""
    return (rule,) if "{" in rule else cryptomatte_names.templates_of(rule, what)


def write(parsed: argparse.Namespace, request: ShotRequest) -> Written:
    """Write the names of the open scene, and the shot of the rendered file into the request's folder.

    Raises InputRefused in words.
    """
    from maya_plugin.host.session import MayaHost

    host, what = MayaHost(), parsed.names_of
    settings, labels = host.settings(), host.label_set()
    rendered = None
    if parsed.rendered is not None:
        rendered = programs.read_rendered(parsed.rendered.absolute(), settings.label_set, what)
    things = (*host.objects(), *host.prims())
    table = cryptomatte_names.table(things, labels, templates(parsed.names_by, what), rendered, settings.inner)
    cryptomatte_shot.write_names(parsed.names.absolute(), table.names)
    if rendered is None:
        return Written(table, table.notes(what))
    shot = cryptomatte_shot.build(request, host.scene(), settings, rendered, table.names)
    written = Path(request.folder) / FILE_NAME
    write_shot(written, shot)
    return Written(table, table.notes(what), str(written))
