"""The classes of a `segmentation` field: a label set that has them, and where each id of it goes."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from typing import Any

from shared import label_set as sets
from shared.errors import InputRefused, SemrenderError
from shared.label_set import LabelSet
from shared.values import Value

SHARE = 0.9  # of a field's classes that a label set must know by name to be taken for its own
GOLDEN = 0.61803398875  # of a turn: hues that stay apart however many there are


class Matched(Value):
    """of: id of the set -> id of the model, of the classes that both have."""

    found: LabelSet
    of: Mapping[int, int]


def labels_input(name: str, field: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The labels input of a card, channels being the model's ids; and the set of its own that is to be written, as
    JSON, where none has its names.

    Raises InputRefused for a field with ids that no 8-bit picture has, or names that no set can have.
    """
    ids = {str(label): identity for label, identity in field["label_to_id"].items()}
    if not all(isinstance(one, int) and 0 <= one <= 255 for one in ids.values()):
        raise InputRefused("the classes of the model have ids that are not 0 to 255")
    matched, data = known(ids), None
    if matched is None:
        data = own(name, field, ids)
        matched = Matched(sets.label_set_from_dict(data), {identity: identity for identity in ids.values()})
        if name in sets.available() and sets.load_label_set(name).source != matched.found.source:
            raise InputRefused(f"there is a label set named {name} already", remedy="Give the model another --name")
    rest = ids.get("unlabeled", ids[field["default_label"]])
    of = {label.id: matched.of.get(label.id, rest) for label in matched.found.labels}
    about = {
        "label_set": {"name": matched.found.name, "version": matched.found.version, "hash": matched.found.hash},
        "channels": {"count": max(ids.values()) + 1, "of": {str(i): of[i] for i in sorted(of)}, "nothing": rest},
        "trained": sorted(matched.of),
    }
    return about, data


def known(ids: Mapping[str, int]) -> Matched | None:
    """The set on this machine that has most of these names, and then most of their ids; none that lacks many."""
    found: list[Matched] = []
    for name in sets.available():
        try:
            candidate = sets.load_label_set(name)
        except SemrenderError:
            continue  # somebody's own, damaged: whoever uses it is told
        pairs = {label.id: identity for text, identity in ids.items() if (label := candidate.get(text)) is not None}
        if len(pairs) >= SHARE * len(ids):
            found.append(Matched(candidate, pairs))
    return max(found, key=lambda one: (len(one.of), sum(a == b for a, b in one.of.items())), default=None)


def own(name: str, field: Mapping[str, Any], ids: Mapping[str, int]) -> dict[str, Any]:
    """A set of the model's classes, as JSON."""
    shades = colours(field)
    return {
        "format": sets.FORMAT,
        "name": name,
        "version": 1,
        "title": f"Classes of {name}",
        "source": "its runway_model.py",
        "labels": [{"id": identity, "name": label} for label, identity in ids.items()],
        "palettes": {"runway": {"colors": {str(i): list(shades[i]) for i in sorted(ids.values())}}},
    }


def colours(field: Mapping[str, Any]) -> dict[int, tuple[int, int, int]]:
    """A colour (8-bit codes) by id: that of the field, else of RunwayML's palette, which COCO-Stuff is shipped in."""
    table = sets.load_label_set("coco_stuff").palettes["runway"].colors
    given = field.get("label_to_color") or {}
    found = {}
    for label, identity in field["label_to_id"].items():
        hue = colorsys.hsv_to_rgb(identity * GOLDEN % 1, 0.7, 0.9)
        further = table.get(identity, tuple(round(255 * part) for part in hue))
        red, green, blue = given.get(label, further)
        found[int(identity)] = (int(red), int(green), int(blue))
    return found
