"""Classes by name: patterns and tables of material or asset names become members to assign."""

from __future__ import annotations

import csv
import fnmatch
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maya_plugin.core.contract import SceneObject
from maya_plugin.core.members import bare, short, upwards
from shared.errors import InputRefused
from shared.label_set import LabelSet

NODE, MATERIAL, ASSET = "node", "material", "asset"
KINDS = (NODE, MATERIAL, ASSET)


@dataclass(frozen=True)
class Rule:
    """What is called like `pattern` (with * and ?, case does not matter) has the class `name`."""

    pattern: str
    name: str
    kind: str = NODE


def match(rules: Sequence[Rule], objects: Iterable[SceneObject], label_set: LabelSet) -> dict[int, tuple[str, ...]]:
    """Members to assign by class id; the first rule that fits a thing wins. Raises InputRefused for an unknown class.

    A node rule fits a thing when its own name or that of a group above it matches, with or without namespace.
    """
    compiled = [(_matcher(rule), rule.kind, label_set.find(rule.name).id) for rule in rules]
    found: dict[int, dict[str, None]] = {}
    for thing in objects:
        names = _names(thing)
        for matches, kind, identity in compiled:
            if any(matches(name) for name in names[kind]):
                found.setdefault(identity, {})[thing.node] = None
                break
    return {identity: tuple(nodes) for identity, nodes in found.items()}


def _matcher(rule: Rule) -> Any:
    if rule.kind not in KINDS:
        raise InputRefused(f"a rule is for {', '.join(KINDS)}, not for {rule.kind!r}")
    return re.compile(fnmatch.translate(rule.pattern.casefold())).fullmatch


def _names(thing: SceneObject) -> Mapping[str, list[str]]:
    nodes = [name.casefold() for path in upwards(thing.path) for name in {short(path), bare(path)}]
    return {
        NODE: nodes,
        MATERIAL: [name.casefold() for full in thing.materials for name in {full, bare(full)}],
        ASSET: [thing.asset.casefold()] if thing.asset else [],
    }


def read_table(file: str) -> list[Rule]:
    """Rules from a table: .json {"pattern": "class"} or .csv with the columns name, class and, if wanted, kind.

    Without a kind a name stands for materials. Raises InputRefused naming file and line.
    """
    path = Path(file)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused("the table cannot be read", file=file, cause=str(error)) from None
    if path.suffix.lower() == ".json":
        return _json_rules(text, file)
    rules = []
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and [cell.casefold() for cell in cells[:2]] == ["name", "class"]):
            continue
        if len(cells) < 2 or not cells[0] or not cells[1] or (len(cells) > 2 and cells[2] not in ("", *KINDS)):
            raise InputRefused(
                f"line {number} of the table is no rule", file=file, remedy=f"Write: name,class,{'|'.join(KINDS)}"
            )
        rules.append(Rule(cells[0], cells[1], cells[2] if len(cells) > 2 and cells[2] else MATERIAL))
    return rules


def _json_rules(text: str, file: str) -> list[Rule]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InputRefused("the table is not JSON", file=file, cause=str(error)) from None
    if not isinstance(data, dict) or not all(isinstance(name, str) for name in data.values()):
        raise InputRefused("the table must be one object of names and classes", file=file)
    return [Rule(str(pattern), name, MATERIAL) for pattern, name in data.items()]
