"""The card of a model of RunwayML, made of what it declares and of what was chosen when it was added.

`config` of such a card: `file` that is run, its `command`, the `output` that is the picture (None: there is none);
`planes` {field: [plane of a frame, channels]}; `pictures` {field: channels} that are always the same file; `vector`
{field: {length, mean, std}}; `options` {option: ["setup" or "command", field, choices]}; `values` of further fields and
`files` given for some, of either side; `colours` of an output's labels by id; `remembers`, how many frames before one
decide it, null for all; `whole`, whether what it makes keeps its shape; `packages`, a hash of its environment's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inference_server.models import cards
from inference_server.models.runway import content, labelling
from inference_server.models.runway.static import Declared
from shared.errors import InputRefused, ModelRefused
from shared.values import Value

RECIPE = 1  # goes up whenever the same card would give other pixels
PICTURES = ("image", "segmentation")
CONTROLS = ("number", "category", "boolean")
FILES = ("file", "directory")
NOMINAL = (1280, 720)  # pixels, of a model that takes any size
Field = Mapping[str, Any]


class Chosen(Value):
    """What was said when a model was added. values: of fields that no frame and no option gives; given: files."""

    name: str
    file: str
    command: str | None = None
    output: str | None = None
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    given: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    remembers: int | None = None
    whole: bool = False
    licence: str = ""
    packages: str = ""


def command_of(declared: Declared, name: str | None) -> str:
    """The command that is meant. Raises InputRefused where that is not clear."""
    names = list(declared.commands)
    if name is None and len(names) == 1:
        return names[0]
    if name in declared.commands:
        return str(name)
    what = "the model declares no command" if not names else "the model has several commands"
    if name is not None:
        what = f"the model has no command {name!r}"
    raise InputRefused(what, remedy=f"Name one with --command: {', '.join(names)}" if names else "")


def output_of(declared: Declared, command: str, name: str | None) -> str | None:
    """The output that is the picture; None where all outputs are words and numbers. Raises InputRefused."""
    pictures = [one for one, field in declared.commands[command]["outputs"].items() if field["type"] in PICTURES]
    if name is not None and name not in pictures:
        raise InputRefused(f"{name!r} is no picture that {command} makes", remedy=f"It makes {', '.join(pictures)}")
    return name or next(iter(pictures), None)


def fields(declared: Declared, command: str) -> Iterator[tuple[str, str, Field]]:
    """("setup" or "command", name, field) of all that the model is given."""
    for name, field in declared.options.items():
        yield "setup", name, field
    for name, field in declared.commands[command]["inputs"].items():
        yield "command", name, field


def card_of(
    declared: Declared, chosen: Chosen, files: content.Files, made: tuple[tuple[int, int], bool] | None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The card as JSON, and the label set that is to be written with it, where it needs one of its own.

    made: (width, height) and whether with an alpha, of the picture that it made when it was tried; None: it was not.
    Raises ModelRefused for a field that must be given and is not, and for a combination that no layer has.
    """
    command = command_of(declared, chosen.command)
    output = output_of(declared, command, chosen.output)
    config: dict[str, Any] = {
        "recipe": RECIPE,
        "file": chosen.file,
        "command": command,
        "output": output,
        "planes": {},
        "pictures": {},
        "vector": {},
        "options": {},
        "values": {"setup": {}, "command": {}},
        "files": {"setup": [], "command": []},
        "remembers": chosen.remembers,
        "whole": chosen.whole,
        "packages": chosen.packages,
        "bytes": sum(size for size, _ in files.values()),
    }
    inputs: dict[str, Any] = {}
    label_set = None
    options: list[dict[str, Any]] = []
    lacking = []
    for side, name, field in fields(declared, command):
        kind = field["type"]
        if name in chosen.given:
            config["pictures" if kind == "image" else "files"].update(
                {name: field["channels"]} if kind == "image" else {side: [*config["files"][side], name]}
            )
        elif name in chosen.values:
            config["values"][side][name] = chosen.values[name]
        elif kind == "image" and side == "command" and len(inputs.keys() & {"picture", "beauty"}) < 2:
            plane = "beauty" if "picture" in inputs else "picture"
            inputs[plane] = {"needed": True}
            config["planes"][name] = [plane, field["channels"]]
        elif kind == "segmentation" and side == "command" and "labels" not in inputs:
            inputs["labels"], label_set = labelling.labels_input(chosen.name, field)
            config["planes"][name] = ["labels", 1]
        elif kind == "vector" and side == "command" and not config["vector"]:
            inputs["walk"] = {}
            about = {"length": field["length"], "mean": field["sampling_mean"], "std": field["sampling_std"]}
            config["vector"][name] = about
        elif kind in CONTROLS:
            option = name if all(one["name"] != name for one in options) else f"{side}.{name}"
            options.append(control(option, field))
            config["options"][option] = [side, name, field["choices"] if kind == "category" else None]
        elif field.get("default") is None:
            lacking.append(f"{name} ({said(field)})")
    if lacking:
        raise ModelRefused(
            f"the model must be given {' and '.join(lacking)}",
            remedy="Say it with --set NAME=VALUE, of a file its path",
        )
    if not inputs:
        raise ModelRefused(
            f"{command} takes no picture, no segmentation and no vector",
            remedy="A layer of a shot has nothing to give it",
        )
    if "walk" in inputs and not inputs.keys() & {"picture", "labels"}:
        inputs["walk"] = {"needed": True}
    picture = {} if output is None else declared.commands[command]["outputs"][output]
    if picture.get("type") == "segmentation":
        config["colours"] = {str(i): list(colour) for i, colour in labelling.colours(picture).items()}
    alpha = chosen.whole or (made[1] if made else picture.get("channels") == 4)
    card = {
        "format": cards.FORMAT,
        "name": chosen.name,
        "title": f"{chosen.name}: {command} of RunwayML",
        "version": 1,
        "family": "runway",
        "licence": chosen.licence,
        "description": str(declared.commands[command].get("description") or ""),
        "inputs": inputs,
        "makes": {"kind": "pictures", "alpha": alpha},
        "size": size_of(declared.commands[command]["inputs"], config["planes"], picture, made),
        "options": options,
        "weights": {"file": content.LIST, "sha256": content.hash_of(files)},
        "config": config,
    }
    return card, label_set


def size_of(inputs: Mapping[str, Field], planes: Mapping[str, Any], picture: Field, made: Any) -> dict[str, Any]:
    """That of the declared input; of a model without one, that of what it makes."""
    for name in planes:
        wide, high = inputs[name].get("width"), inputs[name].get("height")
        if wide and high:
            return {"width": wide, "height": high, "fit": "stretch", "multiple": 1}
    if planes:
        return {"width": NOMINAL[0], "height": NOMINAL[1], "fit": "multiple", "multiple": 1}
    wide, high = made[0] if made else (picture.get("width") or 512, picture.get("height") or 512)
    return {"width": wide, "height": high, "fit": "stretch", "multiple": 1}


def control(name: str, field: Field) -> dict[str, Any]:
    """An option of a card."""
    about = {"name": name, "help": str(field.get("description") or "")}
    if field["type"] == "boolean":
        return {**about, "kind": "boolean", "default": bool(field["default"])}
    if field["type"] == "category":
        choices = [str(one) for one in field["choices"]]
        return {**about, "kind": "choice", "choices": choices, "default": str(field["default"])}
    low, high = field.get("min"), field.get("max")
    numbers = [field["default"], *(one for one in (low, high, field.get("step")) if one is not None)]
    whole = len(numbers) > 1 and all(isinstance(one, int) for one in numbers)
    default = field["default"]
    default = default if low is None else max(default, low)
    default = default if high is None else min(default, high)
    return {
        **about,
        "kind": "integer" if whole else "number",
        "default": default,
        **({} if low is None else {"min": low}),
        **({} if high is None else {"max": high}),
    }


def said(field: Field) -> str:
    """A field in words: "image 640x360", "number 0..1, default 0.8"."""
    words = [str(field["type"])]
    if field.get("width") and field.get("height"):
        words.append(f"{field['width']}x{field['height']}")
    if field.get("channels") not in (None, 3):
        words.append(f"of {field['channels']} channels")
    if field.get("length"):
        words.append(f"of {field['length']}")
    if field.get("label_to_id"):
        words.append(f"of {len(field['label_to_id'])} classes")
    if field.get("is_directory"):
        words[0] = "directory"
    if field.get("extension"):
        words.append(str(field["extension"]))
    if field.get("choices"):
        words.append(f"({', '.join(map(str, field['choices']))})")
    if field["type"] == "number":
        words.append(f"{field.get('min', '')}..{field.get('max', '')}")
    if field.get("default") not in (None, "", []) and field["type"] != "vector":
        words.append(f"default {field['default']}")
    return " ".join(word for word in words if word != "..")
