"""What a `runway_model.py` imports as `runway`: the interface of RunwayML's Model SDK 0.6, served by semrender.

Python 3.6, standard library. There is no network here: `run` hands over to whoever hosts the model.
"""

from typing import Any, Callable, Dict, Optional

from . import data_types, exceptions
from .data_types import (
    any,
    array,
    boolean,
    category,
    directory,
    file,
    image,
    image_bounding_box,
    image_landmarks,
    image_point,
    number,
    segmentation,
    text,
    vector,
)

__version__ = "0.6.1"
__all__ = [
    "any",
    "array",
    "boolean",
    "category",
    "command",
    "data_types",
    "directory",
    "exceptions",
    "file",
    "image",
    "image_bounding_box",
    "image_landmarks",
    "image_point",
    "number",
    "run",
    "segmentation",
    "setup",
    "text",
    "vector",
]


class Declared:
    """What the model's file has declared so far."""

    def __init__(self) -> None:
        self.setup = None  # type: Optional[Callable[..., Any]]
        self.options = {}  # type: Dict[str, data_types.BaseType]
        self.commands = {}  # type: Dict[str, Command]
        self.serve = None  # type: Optional[Callable[[Dict[str, Any]], None]]

    def describe(self) -> Dict[str, Any]:
        """As plain data: {"options": {name: field}, "commands": {name: {"inputs", "outputs", "description"}}}."""
        return {
            "options": data_types.describe(self.options),
            "commands": {name: one.describe() for name, one in self.commands.items()},
        }


class Command:
    def __init__(self, function: Callable[..., Any], inputs: Any, outputs: Any, description: Optional[str]) -> None:
        self.function = function
        self.inputs = data_types.named(inputs)
        self.outputs = data_types.named(outputs)
        self.description = description

    def describe(self) -> Dict[str, Any]:
        return {
            "inputs": data_types.describe(self.inputs),
            "outputs": data_types.describe(self.outputs),
            "description": self.description or "",
        }


declared = Declared()


def setup(decorated: Any = None, options: Any = None) -> Any:
    """The function that loads the model, decorated with or without parentheses."""
    if decorated is not None and not callable(decorated):
        decorated, options = None, decorated

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        declared.setup, declared.options = function, data_types.named(options or {})
        return function

    return decorate if decorated is None else decorate(decorated)


def command(name: str, inputs: Any = None, outputs: Any = None, description: Optional[str] = None) -> Any:
    """A function that makes outputs of inputs."""
    if not inputs or not outputs:
        raise exceptions.MissingArgumentError("outputs" if inputs else "inputs")

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        declared.commands[name] = Command(function, inputs, outputs, description)
        return function

    return decorate


def run(*_: Any, **named: Any) -> None:
    """Ports and addresses mean nothing here; `model_options` are what the file itself would set up with."""
    if declared.serve is not None:
        declared.serve(named.get("model_options") or {})
