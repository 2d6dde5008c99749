"""The tensors of a TorchScript archive, which is a program: none of it is run, its code is not even looked at.

`torch.jit.save` writes a zip of one pickle, `data.pkl`, an object of objects with tensors for attributes, of one entry
`data/KEY` for every storage, and of the source of their classes below `code/`. Names joined by dots are those of the
module's state dict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.models import archive
from inference_server.models.stylegan.published import arrays, streams
from inference_server.models.stylegan.published.machine import Built, Maker, Steps, refuse
from shared.errors import ModelRefused

CODE = "code/"  # parts of it that are packed, and that nobody reads
CLASSES = "__torch__."  # begins the names of the classes that are written there
MODULES, DEPTH = 5000, 16
SHARED = 4  # times the file's bytes: halves become twice as long, and tensors may share their numbers


def is_script(path: Path) -> bool:
    """Whether a file is an archive with a program in it. Raises ModelRefused for a damaged one."""
    if not path.is_file() or not archive.is_archive(path):
        return False
    return any(name.partition("/")[2].startswith(CODE) for name in archive.names(path))


def listing(path: Path) -> bytes:
    """The part of a script that names its tensors. Raises ModelRefused."""
    parts = archive.parts(path, CODE)
    place = next((place for name, place in parts.items() if name.endswith("/data.pkl")), archive.Place(0, 0))
    with path.open("rb") as file:
        file.seek(place.start)
        return file.read(place.length)


def read_script(path: Path) -> dict[str, NDArray[np.float32]]:
    """The tensors of a script by name, as float32. Raises ModelRefused."""
    parts = archive.parts(path, CODE)
    data = memoryview(path.read_bytes())
    try:
        value = streams.archived(data, parts, _Names(NAMES), Steps())
        if not isinstance(value, Built):
            refuse("it holds no module")
        found = dict(_tensors(value))
        if sum(4 * int(np.prod(one.shape)) for one in found.values()) > SHARED * len(data):
            refuse("its tensors together claim more numbers than the file holds")
        return {name: one.numbers() for name, one in found.items()}
    except ModelRefused as error:
        raise error.located(file=path) from None


def _tensors(top: Built) -> Iterator[tuple[str, arrays.Tensor]]:
    waiting, count = [("", top, 0)], 0
    while waiting:
        path, module, depth = waiting.pop()
        count += 1
        if count > MODULES or depth > DEPTH:
            refuse("it holds more modules within modules than any network")
        for name, one in (module.state if isinstance(module.state, dict) else {}).items():
            if isinstance(one, arrays.Tensor):
                yield f"{path}{name}", one
            elif isinstance(one, Built):
                waiting.append((f"{path}{name}.", one, depth + 1))


class _Names(dict[tuple[str, str], "Maker | None"]):
    """Names that are known, and those of classes of the script itself: an object of one is its attributes."""

    def __contains__(self, where: object) -> bool:
        return super().__contains__(where) or (isinstance(where, tuple) and str(where[0]).startswith(CLASSES))

    def __missing__(self, where: tuple[str, str]) -> Maker:
        return lambda arguments: Built()


def _first(arguments: Sequence[Any]) -> Any:
    return arguments[0]


NAMES: Mapping[tuple[str, str], "Maker | None"] = {
    **streams.STORAGES,
    ("torch._utils", "_rebuild_tensor_v2"): arrays.tensor,
    ("torch._utils", "_rebuild_parameter"): arrays.parameter,
    ("collections", "OrderedDict"): lambda arguments: {},
    **{("torch.jit._pickle", f"build_{kind}list"): _first for kind in ("int", "double", "bool", "tensor")},
    ("torch.jit._pickle", "restore_type_tag"): _first,
}
