"""Which colour is which class: the label sets of this machine, for a list that is searched."""

from __future__ import annotations

from inference_server.desk.asking import Asked, Body
from shared.errors import InputRefused, MissingInput
from shared.label_set import available, load_label_set, warnings


def listed(asked: Asked) -> Body:
    """All label sets by name; one that cannot be used says why."""
    found = []
    for name in available():
        try:
            one = load_label_set(name)
        except InputRefused as error:
            found.append({"name": name, "title": name, "classes": 0, "wrong": str(error)})
        else:
            found.append({"name": name, "title": one.title, "classes": len(one.labels), "wrong": ""})
    return {"sets": found}


def shown(asked: Asked) -> Body:
    """The classes of a set with their names and, in each palette, their colour as (r, g, b)."""
    name = asked.path["name"]
    if name not in available():
        raise MissingInput(f"there is no label set named {name!r}")
    one = load_label_set(name)
    classes = [
        {
            "id": label.id,
            "name": label.name,
            "aliases": list(label.aliases),
            "annotated": label.annotated,
            "colours": {palette.name: list(palette.colors[label.id]) for palette in one.palettes.values()},
        }
        for label in one.labels
    ]
    palettes = list(one.palettes)
    return {"name": name, "title": one.title, "palettes": palettes, "classes": classes, "notes": warnings(one)}
