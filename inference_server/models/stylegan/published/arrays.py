"""Tensors that are not read before somebody asks for their numbers: where they lie in the file, as what.

What a file says of one is checked when it is said; numbers come out as float32 in one piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.models.stylegan.published.machine import Built, Name, Text, refuse

KINDS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}  # of NumPy that may be in a file
TORCH = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bf",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}
MOST = 2**40  # elements of anything: beyond it no product of sizes is reckoned


def width(kind: str) -> int:  # bytes of a number
    return 2 if kind == "bf" else int(kind[2:])


def content(value: Any) -> memoryview:
    """The bytes that stand in a pickle: as they are, or (protocol 2) as a text of the characters 0 to 255."""
    if isinstance(value, memoryview):
        return value
    try:
        if isinstance(value, Text):
            return memoryview(str(value.raw, "utf-8").encode("latin1"))
        if isinstance(value, str):
            return memoryview(value.encode("latin1"))
    except UnicodeError:
        pass
    refuse("it has something else where bytes should be")


class Storage:
    """Numbers of one kind in a row. source: `content` of it is where they lie, from byte `start` on."""

    __slots__ = ("count", "kind", "source", "start")

    def __init__(self, kind: str, count: int) -> None:
        self.kind, self.count = kind, count
        self.source: Any = None
        self.start = 0

    def place(self, source: Any, start: int, length: int) -> None:
        """Say where the numbers are. length: of the source. Raises ModelRefused where they are not all there."""
        if self.count * width(self.kind) > length - start:
            refuse(f"it claims {self.count:,} numbers, and holds {max(0, length - start):,} bytes of them")
        self.source, self.start = source, start


class Tensor:
    """A view of a storage: its shape and, in elements, where it begins and how far apart its neighbours are."""

    __slots__ = ("offset", "shape", "storage", "strides")

    def __init__(self, storage: Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides
        numbers = (offset, *shape, *strides)
        if len(shape) != len(strides) or not all(type(n) is int and 0 <= n <= MOST for n in numbers):
            refuse(f"it has a tensor of the impossible shape {_short(shape)} at {_short(offset)}")
        count = 1
        for n in shape:
            count *= n
            if count > MOST:
                break
        last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
        if count > storage.count or (count and last >= storage.count):
            refuse(
                f"it has a tensor {_short(shape)} that claims more numbers than the {storage.count:,} of its storage"
            )

    def numbers(self) -> NDArray[np.float32]:
        kind = self.storage.kind
        plain = np.dtype("<u2") if kind == "bf" else np.dtype(kind)
        flat = np.frombuffer(content(self.storage.source), plain, self.storage.count, self.storage.start)
        steps = tuple(n * plain.itemsize for n in self.strides)
        view = np.lib.stride_tricks.as_strided(flat[self.offset :], self.shape, steps, writeable=False)
        if kind == "bf":
            return np.asarray(view.astype(np.uint32) << 16).view(np.float32)
        with np.errstate(over="ignore"):  # what is too large for float32 is found as no number
            return np.array(view, np.float32, order="C")


def _short(value: Any) -> str:
    return repr(value)[:60]


def stored(pid: Any) -> tuple[str, Storage]:
    """The key and the storage, not yet placed, of a persistent id of torch: ("storage", type, key, device, count)."""
    if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != "storage" or not isinstance(pid[1], Name):
        refuse("it refers to something that is no storage of torch's")
    count, kind = pid[4], TORCH.get(pid[1].where[1])
    if kind is None or pid[1].where[0] != "torch":
        refuse(f"it has numbers of the kind {pid[1]}")
    if type(count) is not int or not 0 <= count <= MOST or not isinstance(pid[2], str):
        refuse(f"it has a storage of {_short(count)} numbers")
    if len(pid) == 6 and pid[5] is not None:
        refuse(
            "it has a storage that is part of another, as torch wrote before 0.4", "Save it again with a newer torch"
        )
    return pid[2], Storage(kind, count)


def tensor(arguments: Sequence[Any]) -> Tensor:
    """Of `torch._utils._rebuild_tensor_v2`: storage, offset, shape, strides, and what training needs."""
    storage, offset, shape, strides, *rest = arguments
    if not isinstance(storage, Storage) or not isinstance(shape, tuple) or not isinstance(strides, tuple):
        refuse("it has a tensor without a storage")
    if len(rest) > 3:
        raise TypeError
    return Tensor(storage, offset, shape, strides)


def parameter(arguments: Sequence[Any]) -> Tensor:
    """Of `torch._utils._rebuild_parameter`: the tensor, and what training needs."""
    if not isinstance(arguments[0], Tensor) or len(arguments) > 3:
        refuse("it has a parameter that is no tensor")
    return arguments[0]


class Kind(Built):
    """NumPy's dtype. Its state says the order of the bytes."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code

    def plain(self) -> str:
        order = self.state[1] if isinstance(self.state, tuple) and len(self.state) > 1 else "<"
        order = order if isinstance(order, str) else str(order, "latin1")
        if order not in ("<", ">", "|", "="):
            refuse(f"it has numbers in the order {_short(order)}")
        return (">" if order == ">" else "<") + self.code


def kind(arguments: Sequence[Any]) -> Kind:
    """Of `numpy.dtype`: code, and two flags."""
    code = arguments[0] if isinstance(arguments[0], str) else str(arguments[0], "latin1")
    if code not in KINDS:
        what = "Python objects" if code.startswith("O") else _short(code)
        refuse(f"it has an array of {what} (numpy.dtype), where a generator has numbers")
    return Kind(code)


class Array(Built):
    """NumPy's array. Its state: version, shape, kind, whether columns come first, bytes."""

    __slots__ = ()

    def tensor(self) -> Tensor:
        if not isinstance(self.state, tuple) or len(self.state) != 5:
            refuse("it has an array without its numbers")
        return laid(*self.state[1:])


def laid(shape: Any, kind: Any, columns: Any, value: Any) -> Tensor:
    if not isinstance(shape, tuple) or not isinstance(kind, Kind):
        refuse("it has an array whose shape or kind is none")
    if not all(type(n) is int and 0 <= n <= MOST for n in shape):
        refuse(f"it has an array of the impossible shape {_short(shape)}")
    strides, step = [], 1
    for n in shape if columns is True else reversed(shape):
        strides.append(step)
        step = min(step * n, MOST)
    if columns is not True:
        strides.reverse()
    storage = Storage(kind.plain(), step)
    storage.place(value, 0, len(content(value)))
    return Tensor(storage, 0, shape, tuple(strides))


def array(arguments: Sequence[Any]) -> Array:
    """Of `numpy.core.multiarray._reconstruct`: class, shape and kind of an empty one."""
    if not isinstance(arguments[0], Name) or arguments[0].where != ("numpy", "ndarray"):
        refuse("it rebuilds what is no array of NumPy's")
    return Array()


def buffered(arguments: Sequence[Any]) -> Tensor:
    """Of `numpy.core.numeric._frombuffer`, which protocol 5 writes: bytes, kind, shape, order, and of newer NumPy which
    axis of these stands where."""
    value, kind, shape, order, *axes = arguments
    found = laid(shape, kind, order == "F", value)
    if not axes or axes[0] is None:
        return found
    if not isinstance(axes[0], tuple) or sorted(axes[0]) != list(range(len(found.shape))):
        refuse("it has an array with impossible axes (numpy.core.numeric._frombuffer)")
    turned = [[numbers[axis] for axis in axes[0]] for numbers in (found.shape, found.strides)]
    return Tensor(found.storage, 0, tuple(turned[0]), tuple(turned[1]))


def number(arguments: Sequence[Any]) -> float | int | bool:
    """Of `numpy.core.multiarray.scalar`: kind and bytes."""
    found = laid((), arguments[0], False, arguments[1])
    flat = np.frombuffer(content(found.storage.source), found.storage.kind, 1)
    value: float | int | bool = flat[0].item()
    return value


def encoded(arguments: Sequence[Any]) -> Any:
    """Of `_codecs.encode`, which protocol 2 writes around bytes: the text, which `content` reads."""
    text, coding = arguments
    if not isinstance(text, str | Text) or coding != "latin1":
        refuse("it has a text in another coding where bytes should be (_codecs.encode)")
    return text


def plain(value: Any) -> Any:
    """A number or a flag, where a file may have it as an array without dimensions; all else as it is."""
    if isinstance(value, Array | Tensor):
        found = value.tensor() if isinstance(value, Array) else value
        if found.shape == ():
            return found.numbers().item()
    return value
