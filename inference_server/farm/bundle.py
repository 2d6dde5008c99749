"""A shot as a job of Open Job Description, in a folder that `openjd run` and Deadline Cloud take as it is.

Template, values and assets are plain data; the names are those of the specification (jobtemplate-2023-09 with
TASK_CHUNKING, RFC 0001). The parameter is a block, not a frame: schedulers even chunks out, and a count of frames
would never end at an anchor of what holds still. Painting is one step: a step that waits for another one makes every
machine fetch all that the other made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inference_server.farm import expected
from inference_server.models import catalogue
from inference_server.models.cards import Card, painting_size
from inference_server.stability.tiles import painting_memory
from inference_server.tasks import frames_and_layers
from inference_server.worker.plan import size_of
from shared import places
from shared.blocks import MOST_PER_RUN, blocks_of, written
from shared.frames import beat, find_pass
from shared.shot import NO_SOUND, PASSES, Shot, resolved
from shared.values import Value
from shared.walk import files_of

MIB = 2**20
DRIVER_MIB = 1024  # of a card that its driver and the libraries on it take
SPARE = 1.25  # what is predicted, and what is asked for
NAME = 64  # characters of a job's name that every implementation takes
PAINT_SECONDS, DELIVER_SECONDS, ENTER_SECONDS, LEAVE_SECONDS, CANCEL_SECONDS = 14400, 3600, 600, 120, 60

Body = dict[str, Any]


class Asked(Value):
    """What of a shot is exported, and how. device: "gpu" asks for machines with a card, "cpu" for any."""

    shot: Shot
    base: Path
    file: Path
    out: Path
    layers: tuple[str, ...] | None
    format: str
    device: str
    blocks_per_chunk: int
    chunk_seconds: int


def files_of_bundle(asked: Asked) -> dict[str, Body]:
    """The bundle's files by name. Raises InputRefused where the shot or a model of it cannot be used."""
    frames, layers = frames_and_layers(asked.shot, None, asked.layers)
    cards = _cards(asked.shot, layers)
    shared = [card for card in cards.values() if card.folder.parent != catalogue.SHIPPED]
    return {
        "template.json": template(asked, cards),
        "parameter_values.json": _values(asked),
        "asset_references.json": _assets(asked, layers, frames, shared),
    }


def write(folder: Path, files: dict[str, Body]) -> None:
    for name, body in files.items():
        places.write_json(folder / name, body, mode=0o644)


def template(asked: Asked, cards: dict[str, Card]) -> Body:
    """The job template."""
    shot = asked.shot
    common = ["--out", "{{Param.Out}}", "--format", asked.format, "--owner", "{{Param.Owner}}", "--progress", "openjd"]
    common += ["--map-file", "{{Session.PathMappingRulesFile}}"]
    chosen = [] if asked.layers is None else [word for name in asked.layers for word in ("--layer", name)]
    enter = ["farm", "enter", "--home", "{{Session.WorkingDirectory}}/semrender", "--models", "{{Param.Models}}"]
    enter += ["--device", "cpu" if asked.device == "cpu" else "auto"]
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": f"semrender {shot.name}"[:NAME],
        "parameterDefinitions": [
            {"name": "Shot", "type": "PATH", "objectType": "FILE", "dataFlow": "IN"},
            {"name": "Out", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "OUT"},
            {"name": "Models", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "NONE"},
            {"name": "Blocks", "type": "STRING", "default": written(blocks_of(shot.first, shot.last))},
            {
                "name": "BlocksPerChunk",
                "type": "INT",
                "default": asked.blocks_per_chunk,
                "minValue": 1,
                "maxValue": MOST_PER_RUN,
            },
            {"name": "ChunkSeconds", "type": "INT", "default": asked.chunk_seconds, "minValue": 0},
            {"name": "Owner", "type": "STRING", "default": places.user()},
            {"name": "Semrender", "type": "STRING", "default": "semrender"},
        ],
        "jobEnvironments": [
            {
                "name": "Server",
                "script": {
                    "actions": {
                        "onEnter": _action(enter, ENTER_SECONDS),
                        "onExit": _action(["farm", "leave"], LEAVE_SECONDS),
                    }
                },
            }
        ],
        "steps": [
            {
                "name": "Paint",
                **requirements(asked, cards),
                "parameterSpace": {
                    "taskParameterDefinitions": [
                        {
                            "name": "Block",
                            "type": "CHUNK[INT]",
                            "range": "{{Param.Blocks}}",
                            "chunks": {
                                "defaultTaskCount": "{{Param.BlocksPerChunk}}",
                                "targetRuntimeSeconds": "{{Param.ChunkSeconds}}",
                                "rangeConstraint": "CONTIGUOUS",
                            },
                        }
                    ]
                },
                "script": {
                    "actions": {
                        "onRun": {
                            **_action(
                                [
                                    *("farm", "chunk", "{{Param.Shot}}", "--blocks", "{{Task.Param.Block}}"),
                                    *("--expect", expected.written({card.name: card.hash for card in cards.values()})),
                                    *(*common, *chosen),
                                ],
                                PAINT_SECONDS,
                            ),
                            "cancelation": {
                                "mode": "NOTIFY_THEN_TERMINATE",
                                "notifyPeriodInSeconds": CANCEL_SECONDS,
                            },
                        }
                    }
                },
            },
            {
                "name": "Deliver",
                "dependencies": [{"dependsOn": "Paint"}],
                "script": {
                    "actions": {
                        "onRun": _action(["farm", "deliver", "{{Param.Shot}}", *common, *chosen], DELIVER_SECONDS)
                    }
                },
            },
        ],
    }


def _action(words: list[str], seconds: int) -> Body:
    return {"command": "{{Param.Semrender}}", "args": words, "timeout": seconds}


def requirements(asked: Asked, cards: dict[str, Card]) -> Body:
    """What a machine needs to paint: the most that any layer's model is predicted to take, in MiB."""
    shot = asked.shot
    width, height = size_of(shot, asked.base, None, cards.values())
    most = max(
        painting_memory(card, painting_size(card, width, height, shot.paint_size, shot.scale), shot.paint_memory)
        for card in cards.values()
    )
    needed = int(most * SPARE / MIB) + DRIVER_MIB
    needed = -(-needed // 1024) * 1024
    if asked.device == "cpu":
        return {"hostRequirements": {"amounts": [{"name": "amount.worker.memory", "min": needed}]}}
    amounts = [{"name": "amount.worker.gpu", "min": 1}, {"name": "amount.worker.gpu.memory", "min": needed}]
    return {"hostRequirements": {"amounts": amounts}}


def _cards(shot: Shot, layers: list[str]) -> dict[str, Card]:
    """The card of every layer that is painted, by the layer's name."""
    return {
        layer.name: catalogue.find_card(resolved(shot, layer).model or catalogue.DEFAULT_MODEL)
        for layer in shot.layers
        if layer.name in layers
    }


def _values(asked: Asked) -> Body:
    values = {"Shot": asked.file, "Out": asked.out, "Models": places.models_folder()}
    return {"parameterValues": [{"name": name, "value": str(value)} for name, value in values.items()]}


def _assets(asked: Asked, layers: list[str], frames: list[int], shared: list[Card]) -> Body:
    """What goes to a machine that sees none of our disks, and what comes back."""
    shot, base = asked.shot, asked.base
    found = {asked.file}
    for layer in (layer for layer in shot.layers if layer.name in layers):
        for kind in PASSES:
            if (pattern := getattr(layer, kind)) is not None:
                one = find_pass(kind, pattern, base, layer.name, beat(shot, layer))
                found |= {one.file(frame) for frame in frames if one.still or frame in one.files}
        found |= {base / name for name in (() if layer.walk is None else files_of(layer.walk))}
    if shot.context is not None:
        one = find_pass("labels", shot.context, base, "context", beat(shot, shot.layers[0]))
        found |= set(one.files.values())
    single = [*shot.tracks, shot.label_set, *(layer.label_set or "" for layer in shot.layers)]
    single += [] if shot.audio in (None, NO_SOUND) else [str(shot.audio)]
    found |= {base / name for name in single if (base / name).is_file()}
    for card in shared:
        found |= {file for file in card.folder.rglob("*") if file.is_file()}
    return {
        "assetReferences": {
            "inputs": {"filenames": sorted(str(file.absolute()) for file in found), "directories": []},
            "outputs": {"directories": [str(asked.out)]},
            "referencedPaths": [],
        }
    }
