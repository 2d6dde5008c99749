"""Paths of one machine as another one has them: `/mnt/show` here is `S:/show` there.

A rule names a folder and what stands for it; the first that fits a path is taken. Paths that are relative to their
shot are the same everywhere. Rules come from the command line, or from a file as Open Job Description writes it
(specification 2023-09, "Path Mapping").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from shared.errors import InputRefused
from shared.places import read_json
from shared.shot import NO_SOUND, PASSES, Shot, ShotLayer
from shared.values import Value
from shared.walk import files_of, with_files

WINDOWS = re.compile(r"[A-Za-z]:[\\/]|[\\/]{2}[^\\/]")  # a drive, or a server's share


class Rule(Value):
    source: PurePath  # of a system's own kind: Windows ignores case and takes both slashes
    target: str


def rule_of(text: str) -> Rule:
    """A rule as it is typed, `/mnt/show=S:/show`. Raises InputRefused."""
    source, equals, target = text.partition("=")
    if not equals or not target.strip() or not (source.startswith("/") or WINDOWS.match(source)):
        raise InputRefused(f"--map {text!r} is no pair of folders", remedy="Write FROM=TO, such as /mnt/show=S:/show")
    return Rule(_pure(source), target.strip())


def rules_in(file: Path) -> list[Rule]:
    """The rules of a file of Open Job Description. Raises InputRefused."""
    found = read_json(file)
    rows = None if found is None else found.get("path_mapping_rules", [])
    try:
        if not isinstance(rows, list):
            raise TypeError
        kinds = {"POSIX": PurePosixPath, "WINDOWS": PureWindowsPath}
        return [
            Rule(kinds[row["source_path_format"].upper()](row["source_path"]), str(row["destination_path"]))
            for row in rows
        ]
    except (TypeError, KeyError, AttributeError):
        raise InputRefused(
            "this is no file of path mapping rules", file=file, remedy='It holds {"path_mapping_rules": [...]}'
        ) from None


def mapped(path: str, rules: Iterable[Rule]) -> str:
    """The path as this machine has it; as it is where no rule fits."""
    for rule in rules:
        own = type(rule.source)(path)
        if own.is_relative_to(rule.source):
            return Path(rule.target, *own.relative_to(rule.source).parts).as_posix()
    return path


def mapped_shot(shot: Shot, rules: Iterable[Rule]) -> Shot:
    """The shot with every path that it names as this machine has it."""
    rules = list(rules)

    def own(name: str | None) -> str | None:
        return None if name is None else mapped(name, rules)

    def layer_of(layer: ShotLayer) -> ShotLayer:
        passes: dict[str, Any] = {kind: own(getattr(layer, kind)) for kind in PASSES}
        walk = layer.walk
        if walk is not None:
            walk = with_files(walk, {name: mapped(name, rules) for name in files_of(walk)})
        return replace(layer, label_set=own(layer.label_set), walk=walk, **passes)

    return replace(
        shot,
        layers=tuple(layer_of(layer) for layer in shot.layers),
        context=own(shot.context),
        label_set=mapped(shot.label_set, rules),
        tracks=tuple(mapped(name, rules) for name in shot.tracks),
        audio=shot.audio if shot.audio == NO_SOUND else own(shot.audio),
    )


def _pure(text: str) -> PurePath:
    return PureWindowsPath(text) if WINDOWS.match(text) else PurePosixPath(text)
