"""A model's process: it confines itself, runs the model's file, and answers one question at a time.

Standard input and output are the pipe to semrender until the model's first line runs; from then on what the model
prints is for its log, and what it reads is empty. Python 3.6, standard library; for pictures numpy and Pillow.
"""

import inspect
import json
import os
import random
import runpy
import sys
import traceback
from typing import Any, BinaryIO, Dict, List, Tuple

from . import _confine, _wire, data_types, declared

LONGEST = 2000  # characters of an error
FILE_BYTES = 16 * 2**30  # that the model may write into one file


class Failed(Exception):
    """In words."""


def main() -> None:
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    if hasattr(os, "register_at_fork"):  # Python 3.7. What the model forks must neither answer nor keep the line open
        os.register_at_fork(after_in_child=lambda: [os.dup2(nothing, one.fileno()) for one in (asked, answers)])
    os.dup2(2, 1)
    _confine.end_with_parent()
    order, _ = _wire.receive(asked)
    _limit()
    own = {sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.path.realpath(sys.executable))}
    readable = [*own, *sys.path, *order["readable"]]
    done = _confine.confine(readable, order["writable"], order["network"])
    _wire.send(answers, {"hello": list(sys.version_info[:3]), "confined": done})
    guest = Guest(asked, answers, order)
    declared.serve = guest.serve
    sys.argv = [order["file"]]
    sys.path.insert(1, os.getcwd())
    try:
        runpy.run_path(order["file"], run_name="__main__")
        guest.serve({})
    except BaseException as error:
        guest.end({"failed": "its file could not be run", "cause": words(error), "kind": kind(error)})


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))


class Guest:
    def __init__(self, asked: BinaryIO, answers: BinaryIO, order: Dict[str, Any]) -> None:
        self.asked, self.answers, self.order = asked, answers, order

    def end(self, header: Dict[str, Any]) -> None:
        try:
            _wire.send(self.answers, header)
        except _wire.Broken:
            pass
        sys.stderr.flush()
        os._exit(0)

    def serve(self, own: Dict[str, Any]) -> None:
        """Set the model up, then answer until nobody asks any more. own: options that the file itself names."""
        if self.order["describe"]:
            self.end({"described": declared.describe()})
        try:
            model = self._set_up(own)
        except BaseException as error:
            self.end({"failed": "it could not be set up", "cause": words(error), "kind": kind(error)})
        _wire.send(self.answers, {"ready": True})
        while True:
            try:
                header, blobs = _wire.receive(self.asked)
            except _wire.Broken:
                self.end({})
            _seed(header["seed"])
            try:
                found, arrays = self._answer(model, header, blobs)
            except BaseException as error:
                found, arrays = {"error": words(error), "kind": kind(error)}, []
            _wire.send(self.answers, found, arrays)

    def _set_up(self, own: Dict[str, Any]) -> Any:
        _seed(self.order["seed"])
        given = dict(own)
        given.update(self.order["options"])
        options = {name: value_of(name, field, given, []) for name, field in declared.options.items()}
        if declared.setup is None:
            return None
        return declared.setup(options) if takes(declared.setup, 1) else declared.setup()

    def _answer(self, model: Any, header: Dict[str, Any], blobs: List[bytes]) -> Tuple[Dict[str, Any], List[Any]]:
        command = declared.commands.get(header["command"])
        if command is None:
            raise Failed("it has no command {}".format(header["command"]))
        inputs = {name: value_of(name, field, header["inputs"], blobs) for name, field in command.inputs.items()}
        found = command.function(model, inputs)
        if inspect.isgenerator(found):
            found = self._last(found)
        return outputs_of(command.outputs, found)

    def _last(self, steps: Any) -> Any:
        """The last thing that a generator gives; a pair is the thing and how far it is, 0 to 1."""
        last = None
        for step in steps:
            last = step
            if isinstance(step, tuple) and len(step) == 2:
                last, progress = step
                _wire.send(self.answers, {"progress": float(progress)})
        return last


def takes(function: Any, count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    return True


def value_of(name: str, field: data_types.BaseType, given: Dict[str, Any], blobs: List[bytes]) -> Any:
    """What the model is given for a field. Raises Failed where it must be given and is not."""
    default = getattr(field, "default", None)
    if isinstance(field, data_types.vector) and default is None:
        default = [field.given["sampling_mean"]] * field.given["length"]
    value = given.get(name, default)
    if value is None:
        raise Failed("{} must be given, and is not".format(name))
    if isinstance(field, (data_types.image, data_types.segmentation)):
        return _picture(value, blobs)
    if isinstance(field, data_types.vector):
        return field.deserialize(value)
    return value


def _picture(about: Dict[str, Any], blobs: List[bytes]) -> Any:
    from PIL import Image

    return Image.frombytes(about["mode"], tuple(about["size"]), blobs[about["blob"]])


def outputs_of(fields: Dict[str, data_types.BaseType], found: Any) -> Tuple[Dict[str, Any], List[Any]]:
    """{"outputs": {name: value, or {"blob", "shape", "dtype"}}} and the arrays. Raises Failed."""
    if not isinstance(found, dict):
        if len(fields) != 1 and found is not None:
            raise Failed("it returned one value for {}".format(", ".join(fields)))
        found = {next(iter(fields)): found}
    if len(found) == len(fields) == 1:  # under another name than the one declared
        found = {next(iter(fields)): next(iter(found.values()))}
    outputs, arrays = {}, []  # type: Dict[str, Any], List[Any]
    for name, field in fields.items():
        value = found.get(name)
        if value is not None and isinstance(field, (data_types.image, data_types.segmentation)):
            array = pixels_of(name, value, isinstance(field, data_types.segmentation))
            value = {"blob": len(arrays), "shape": list(array.shape), "dtype": array.dtype.str}
            arrays.append(array)
        outputs[name] = told(value)
    return {"outputs": outputs}, arrays


def told(value: Any) -> Any:
    """A value as JSON has it, numbers that are none left out. Raises Failed."""
    try:
        return json.loads(json.dumps(data_types.plain(value)), parse_constant=lambda _: None)
    except (TypeError, ValueError, RecursionError) as error:
        raise Failed("it returned what is no text, number or list: {}".format(error)) from None


def pixels_of(name: str, value: Any, labels: bool) -> Any:
    """A picture as it was returned: (H, W) or (H, W, 1 to 4) uint8, uint16, or float32 from 0 to 255. Raises Failed."""
    import numpy as np
    from PIL import Image

    if isinstance(value, Image.Image):
        if value.mode == "P" and not labels:
            value = value.convert("RGBA" if "transparency" in value.info else "RGB")
        value = (
            value.convert({"1": "L", "LA": "RGBA", "PA": "RGBA"}.get(value.mode, "RGB"))
            if (value.mode not in ("L", "P", "RGB", "RGBA", "I", "F", "I;16"))
            else value
        )
    elif hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        raise Failed("{} is no picture: an array {} of {}".format(name, array.shape, array.dtype))
    if array.dtype.kind == "b":
        array = array * np.uint8(255)
    elif array.dtype.kind == "f":
        array = array.astype(np.float32)
    elif array.dtype.kind in "iu" and array.dtype not in (np.uint8, np.uint16):
        array = array.clip(0, 255).astype(np.uint8)
    elif array.dtype.kind not in "iu":
        raise Failed("{} is no picture: an array of {}".format(name, array.dtype))
    return np.ascontiguousarray(array)


def _seed(seed: int) -> None:
    """Chance begins alike for every frame, as far as the libraries that are loaded can be told."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def kind(error: BaseException) -> str:
    return type(error).__name__


def words(error: BaseException) -> str:
    """An error and the model's own line that led to it; its whole way goes to the log."""
    traceback.print_exception(type(error), error, error.__traceback__)
    if isinstance(error, Failed):
        return str(error)
    text = "{}: {}".format(kind(error), getattr(error, "message", None) or error).strip(": ")
    here = os.getcwd()
    for step in reversed(traceback.extract_tb(error.__traceback__)):
        if os.path.abspath(step.filename).startswith(here):
            return "{} ({}, line {})".format(text[:LONGEST], os.path.relpath(step.filename, here), step.lineno)
    return text[:LONGEST]


if __name__ == "__main__":
    main()
