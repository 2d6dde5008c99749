"""A shot as a job for a farm: an Open Job Description bundle (openjd-specifications, jobtemplate-2023-09).

Two steps: Maya renders the passes of the saved copy, then semrender paints them. Deadline Cloud takes the folder as it
is (`deadline bundle submit FOLDER`), `openjd run` runs a step on one machine, and other queues run its two commands.
What Maya reads is told by paths of this machine: the folder of the shot, the project and the plug-in must lie where the
farm's machines find them by the same paths. The folders of passes and painting are told relative to the template, as
the specification has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maya_plugin.core.contract import BatchCommand
from maya_plugin.core.jobs import Order
from shared import places
from shared.errors import InputRefused

FILE = "template.json"
LONGEST = 2048  # characters of an environment variable, by the specification
NAME = 128


def write(order: Order, command: BatchCommand, passes: Path) -> Path:
    """Write the job of a shot beside its passes and its painting; the template's path.

    Args:
        command: what renders the passes into `passes`, where shot.json is afterwards.

    Raises InputRefused for what the specification does not take, SemrenderError where the disk refuses.
    """
    file = passes.parent / FILE
    for name, value in command.environment.items():
        if len(value) > LONGEST or "{{" in value:
            raise InputRefused(
                f"{name} cannot be told to a farm",
                cause=f"It has {len(value)} characters; a job takes {LONGEST}, and none with {{{{",
                remedy="Shorten it where Maya is started, or render the passes here and paint on the farm",
            )
    places.write_json(file, template(order, command, passes), 0o644)
    return file


def template(order: Order, command: BatchCommand, passes: Path) -> dict[str, Any]:
    program, *arguments = command.arguments
    parameters = [
        _text("Maya", program, "the program of Maya that renders the passes"),
        _text("Semrender", "semrender", "the command of semrender where the painting is done"),
        _folder("Passes", passes.name),
        _folder("Painted", Path(order.out).relative_to(passes.parent).as_posix()),
    ]
    maya = {"name": "Maya", "variables": dict(command.environment)}
    shot = "{{Param.Passes}}/shot.json"
    paint = ["render", shot, "--out", "{{Param.Painted}}", "--format", order.format]
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "name": f"semrender {order.name}"[:NAME],
        "parameterDefinitions": parameters,
        "steps": [
            {
                "name": "Passes",
                "description": "One Maya licence",
                "stepEnvironments": [maya],
                "script": {"actions": {"onRun": {"command": "{{Param.Maya}}", "args": arguments}}},
            },
            {
                "name": "Paint",
                "dependencies": [{"dependsOn": "Passes"}],
                "script": {"actions": {"onRun": {"command": "{{Param.Semrender}}", "args": paint}}},
            },
        ],
    }


def _text(name: str, default: str, what: str) -> dict[str, Any]:
    return {"name": name, "type": "STRING", "default": default, "description": what}


def _folder(name: str, default: str) -> dict[str, Any]:
    return {"name": name, "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "OUT", "default": default}
