"""Assignments as a JSON file, for another scene or another artist.

{"format": 1, "label_set": "coco_stuff", "classes": {"tree": ["|forest|pine1", "|forest|rock.f[0:3]"]}}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from maya_plugin.core.classes import ClassSet
from shared.errors import InputRefused
from shared.label_set import LabelSet
from shared.places import write_json

FORMAT = 1


def write(file: str, label_set: str, sets: Iterable[ClassSet]) -> int:
    """Write the members of all sets; returns how many."""
    classes: dict[str, list[str]] = {}
    for own in sets:
        classes.setdefault(own.name, []).extend(own.members)
    classes = {name: sorted(set(members)) for name, members in sorted(classes.items()) if members}
    try:
        write_json(Path(file), {"format": FORMAT, "label_set": label_set, "classes": classes}, mode=0o644)
    except OSError as error:
        raise InputRefused("the classes cannot be written there", file=file, cause=str(error)) from None
    return sum(map(len, classes.values()))


def read(file: str, label_set: LabelSet) -> tuple[dict[int, tuple[str, ...]], tuple[str, ...]]:
    """Members by class id, and notes on classes that the scene's label set does not have. Raises InputRefused."""
    try:
        data = json.loads(Path(file).read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputRefused("the file cannot be read as JSON", file=file, cause=str(error)) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT or not _is_table(data.get("classes")):
        raise InputRefused("this is no file of classes that semrender exported", file=file)
    found: dict[int, tuple[str, ...]] = {}
    notes = []
    for name, members in data["classes"].items():
        label = label_set.get(name)
        if label is None:
            notes.append(f"the label set {label_set.name} has no class {name}: {len(members)} members left out")
        else:
            found[label.id] = found.get(label.id, ()) + tuple(members)
    return found, tuple(notes)


def _is_table(classes: object) -> bool:
    return isinstance(classes, Mapping) and all(
        isinstance(members, list) and all(isinstance(member, str) for member in members) for members in classes.values()
    )
