"""Networks as TensorFlow Lite files (`.tflite`) run by torch: what published pose and face networks are made of.

The file is a FlatBuffer (tensorflow/compiler/mlir/lite/schema/schema.fbs, version 3): tables of fields, each found by
its number. Weights may be half floats, and sparse (a tree of dense and compressed dimensions, in blocks). The operators
are those of convolutional networks in floats; another one is refused by its number. Nothing of the file is executed.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from shared.errors import ModelRefused
from shared.values import Value

DTYPES = {0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64, 9: np.int8}  # TensorType
INDICES = {1: np.int32, 2: np.uint16, 3: np.uint8}  # SparseIndexVector
DENSE = 0  # DimensionType
ADD, CONCATENATION, CONV, DEPTHWISE, DEPTH_TO_SPACE, DEQUANTIZE = 0, 2, 3, 4, 5, 6
LOGISTIC, MAX_POOL, RELU, RESHAPE, RESIZE_BILINEAR, PAD, PRELU, DENSIFY = 14, 17, 19, 22, 23, 34, 54, 124
ACTIVATIONS: dict[int, Callable[[Tensor], Tensor]] = {
    0: lambda x: x,
    1: functional.relu,
    3: functional.relu6,
}

Step = Callable[..., Tensor]


class Table:
    """A table of a FlatBuffer: fields by number, the default where one is not written."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at
        self._fields = at - struct.unpack_from("<i", data, at)[0]
        self._size = struct.unpack_from("<H", data, self._fields)[0]

    def _place(self, field: int) -> int:
        """Where a field stands, 0 where it does not."""
        entry = 4 + 2 * field
        offset = struct.unpack_from("<H", self._data, self._fields + entry)[0] if entry < self._size else 0
        return self._at + offset if offset else 0

    def number(self, field: int, kind: str = "i", default: int = 0) -> int:
        place = self._place(field)
        return int(struct.unpack_from("<" + kind, self._data, place)[0]) if place else default

    def table(self, field: int) -> Table | None:
        place = self._place(field)
        return Table(self._data, self._follow(place)) if place else None

    def tables(self, field: int) -> list[Table]:
        start, count = self._vector(field)
        return [Table(self._data, self._follow(start + 4 * one)) for one in range(count)]

    def values(self, field: int, dtype: Any = np.int32) -> NDArray[Any]:
        start, count = self._vector(field)
        return np.frombuffer(self._data, dtype, count, start)

    def _vector(self, field: int) -> tuple[int, int]:
        place = self._place(field)
        if not place:
            return 0, 0
        start = self._follow(place)
        return start + 4, struct.unpack_from("<I", self._data, start)[0]

    def _follow(self, place: int) -> int:
        return place + int(struct.unpack_from("<I", self._data, place)[0])


class Operation(Value):
    step: Step
    inputs: tuple[int, ...]
    output: int


class Network:
    """Pictures (1, H, W, 3) float32 in, the outputs of the file in their order, as numpy arrays."""

    def __init__(self, operations: Sequence[Operation], input_: int, outputs: Sequence[int], device: str) -> None:
        self._operations, self._input, self._outputs, self._device = operations, input_, outputs, device
        last: dict[int, int] = {}
        for place, one in enumerate(operations):
            last.update(dict.fromkeys(one.inputs, place))
        self._last = {tensor: place for tensor, place in last.items() if tensor not in outputs}

    @torch.inference_mode()
    def __call__(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # the layers are so small that threads wait for one another most of the time
        try:
            return self._run(picture)
        finally:
            torch.set_num_threads(threads)

    def _run(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        first = torch.from_numpy(np.ascontiguousarray(picture)).to(self._device).permute(0, 3, 1, 2)
        known = {self._input: first}
        for place, one in enumerate(self._operations):
            known[one.output] = one.step(*(known[tensor] for tensor in one.inputs))
            for tensor in one.inputs:
                if self._last.get(tensor) == place:
                    known.pop(tensor, None)
        return [_outside(known[one]).cpu().numpy() for one in self._outputs]


def load_network(file: Path, sha256: str, device: str = "cpu") -> Network:
    """The network of a file that has this hash. Raises ModelRefused."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelRefused("the model's weights are missing", file=file, remedy="Add the model again") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        cause, remedy = "Damaged or changed", "Add the model again"
        raise ModelRefused("the weights are not those that they should be", file=file, cause=cause, remedy=remedy)
    return read_network(content, file.name, device)


def read_network(data: bytes, name: str, device: str = "cpu") -> Network:
    """The network of a file's content. Raises ModelRefused naming it."""
    try:
        if data[4:8] != b"TFL3":
            raise ModelRefused("this is no TensorFlow Lite file", file=name, remedy="Add the model again")
        return _network(data, name, device)
    except (struct.error, IndexError, ValueError, KeyError) as error:
        raise ModelRefused("the network cannot be read", file=name, cause=repr(error)) from error


def _network(data: bytes, name: str, device: str) -> Network:
    model = Table(data, struct.unpack_from("<I", data)[0])
    codes = [max(one.number(0, "b"), one.number(3)) for one in model.tables(1)]
    buffers, graph = model.tables(4), model.tables(2)[0]
    tensors = graph.tables(0)
    constants: dict[int, NDArray[Any]] = {}
    for place, tensor in enumerate(tensors):
        values = buffers[tensor.number(2, "I")].values(0, np.uint8)
        if len(values):
            constants[place] = _constant(tensor, values)
    operations = []
    for one in graph.tables(3):
        code, inputs, output = codes[one.number(0, "I")], one.values(1).tolist(), int(one.values(2)[0])
        if code in (DEQUANTIZE, DENSIFY) and inputs[0] in constants:
            constants[output] = constants[inputs[0]].astype(np.float32)
            continue
        if code not in STEPS:
            raise ModelRefused(f"the operator {code} is not known", file=name, remedy="Update semrender")
        step = STEPS[code](one.table(4), [constants.get(i) for i in inputs], device)
        operations.append(Operation(step, tuple(i for i in inputs if i not in constants and i >= 0), output))
    return Network(operations, int(graph.values(1)[0]), graph.values(2).tolist(), device)


def _constant(tensor: Table, raw: NDArray[np.uint8]) -> NDArray[Any]:
    values = raw.view(DTYPES[tensor.number(1, "b")])
    shape = tuple(tensor.values(0).tolist())
    sparsity = tensor.table(6)
    return values.reshape(shape) if sparsity is None else _dense(sparsity, values, shape)


def _dense(sparsity: Table, values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A sparse tensor with its zeros: its dimensions are gone through in an order, those behind the last are blocks."""
    order, blocks = sparsity.values(0).tolist(), sparsity.values(1).tolist()
    levels = sparsity.tables(2)
    sizes = [level.number(1) for level in levels]
    for place, of in enumerate(blocks):
        block = order.index(len(shape) + place)
        outer = order.index(of)
        sizes[outer] = shape[of] // sizes[block] if levels[outer].number(0, "b") != DENSE else sizes[outer]
    for place, level in enumerate(levels):
        if level.number(0, "b") != DENSE and order[place] < len(shape) and order[place] not in blocks:
            sizes[place] = shape[order[place]]
    places = np.array(list(_walk(levels, 0, 0)), np.int64).reshape(len(values), len(levels))
    whole = np.zeros(sizes, values.dtype)
    whole[tuple(places.T)] = values
    axes = []
    for axis in range(len(shape)):
        axes.append(order.index(axis))
        axes += [order.index(len(shape) + place) for place, of in enumerate(blocks) if of == axis]
    return whole.transpose(axes).reshape(shape)


def _walk(levels: list[Table], depth: int, before: int) -> Iterator[tuple[int, ...]]:
    """The places of the values that are written, in their order."""
    if depth == len(levels):
        yield ()
        return
    level = levels[depth]
    if level.number(0, "b") == DENSE:
        size = level.number(1)
        for one in range(size):
            yield from ((one, *rest) for rest in _walk(levels, depth + 1, before * size + one))
        return
    segments, indices = (_vector(level, field) for field in (2, 4))
    for at in range(int(segments[before]), int(segments[before + 1])):
        yield from ((int(indices[at]), *rest) for rest in _walk(levels, depth + 1, at))


def _vector(level: Table, field: int) -> NDArray[Any]:
    held = level.table(field + 1)
    assert held is not None
    return held.values(0, INDICES[level.number(field, "B")])


def _outside(x: Tensor) -> Tensor:
    """As the file has it: channels last."""
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


def _weights(values: NDArray[Any] | None, device: str) -> Tensor | None:
    return None if values is None else torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(device)


def _same(size: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> list[int]:
    """left, right, top, bottom that TensorFlow's "SAME" puts around rows and columns."""
    around: list[int] = []
    for n, k, s, d in zip(size, kernel, stride, dilation, strict=True):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        around = [total // 2, total - total // 2, *around]
    return around


def _convolution(options: Table | None, constants: list[Any], device: str, depthwise: bool) -> Step:
    assert options is not None
    same, stride = options.number(0, "b") == 0, (options.number(2), options.number(1))
    more = 1 if depthwise else 0
    activation = ACTIVATIONS[options.number(3 + more, "b")]
    dilation = (options.number(5 + more, default=1), options.number(4 + more, default=1))
    order = (3, 0, 1, 2) if depthwise else (0, 3, 1, 2)
    weight, bias = _weights(constants[1].transpose(order), device), _weights(constants[2], device)
    assert weight is not None
    groups = len(weight) if depthwise else 1

    def step(x: Tensor) -> Tensor:
        padding: Any = 0
        if same:
            around = _same(x.shape[2:], weight.shape[2:], stride, dilation)
            if around[0] == around[1] and around[2] == around[3]:
                padding = (around[2], around[0])
            else:
                x = functional.pad(x, around)
        return activation(functional.conv2d(x, weight, bias, stride, padding, dilation, groups))

    return step


def _pool(options: Table | None, constants: list[Any], device: str) -> Step:
    assert options is not None
    same, stride = options.number(0, "b") == 0, (options.number(2), options.number(1))
    kernel, activation = (options.number(4), options.number(3)), ACTIVATIONS[options.number(5, "b")]

    def step(x: Tensor) -> Tensor:
        if same:
            x = functional.pad(x, _same(x.shape[2:], kernel, stride, (1, 1)), value=-torch.inf)
        return activation(functional.max_pool2d(x, kernel, stride))

    return step


def _add(options: Table | None, constants: list[Any], device: str) -> Step:
    activation = ACTIVATIONS[0 if options is None else options.number(0, "b")]
    held = [weight for one in constants if (weight := _weights(one, device)) is not None]

    def step(*tensors: Tensor) -> Tensor:
        one, other = [*tensors, *held]
        return activation(one + other)

    return step


def _concatenation(options: Table | None, constants: list[Any], device: str) -> Step:
    axis = 0 if options is None else options.number(0)

    def step(*tensors: Tensor) -> Tensor:
        inside = (0, 2, 3, 1)[axis] if tensors[0].ndim == 4 else axis
        return torch.cat(tensors, inside)

    return step


def _pad(options: Table | None, constants: list[Any], device: str) -> Step:
    _, rows, columns, channels = constants[1].tolist()
    around = [*columns, *rows, *channels]
    return lambda x: functional.pad(x, around)


def _prelu(options: Table | None, constants: list[Any], device: str) -> Step:
    slope = _weights(constants[1].reshape(-1), device)
    assert slope is not None
    return lambda x: functional.prelu(x, slope)


def _resize(options: Table | None, constants: list[Any], device: str) -> Step:
    corners, middles = (False, False) if options is None else (options.number(2, "B"), options.number(3, "B"))
    if not corners and not middles:
        raise ValueError("pictures are enlarged from their corners")
    size = constants[1].tolist()
    return lambda x: functional.interpolate(x, size, mode="bilinear", align_corners=bool(corners))


def _reshape(options: Table | None, constants: list[Any], device: str) -> Step:
    shape: list[int] = []
    if len(constants) > 1 and constants[1] is not None:
        shape = constants[1].tolist()
    elif options is not None:
        shape = options.values(0).tolist()

    def step(x: Tensor) -> Tensor:
        shaped = _outside(x).reshape(shape)
        return shaped.permute(0, 3, 1, 2) if shaped.ndim == 4 else shaped

    return step


def _depth_to_space(options: Table | None, constants: list[Any], device: str) -> Step:
    assert options is not None
    size = options.number(0)

    def step(x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        parts = x.reshape(n, size, size, c // size**2, h, w).permute(0, 3, 4, 1, 5, 2)
        return parts.reshape(n, c // size**2, h * size, w * size)

    return step


def _plain(function: Callable[[Tensor], Tensor], options: Table | None, constants: list[Any], device: str) -> Step:
    return function


STEPS: dict[int, Callable[[Table | None, list[Any], str], Step]] = {
    ADD: _add,
    CONCATENATION: _concatenation,
    CONV: partial(_convolution, depthwise=False),
    DEPTHWISE: partial(_convolution, depthwise=True),
    DEPTH_TO_SPACE: _depth_to_space,
    LOGISTIC: partial(_plain, torch.sigmoid),
    MAX_POOL: _pool,
    RELU: partial(_plain, functional.relu),
    RESHAPE: _reshape,
    RESIZE_BILINEAR: _resize,
    PAD: _pad,
    PRELU: _prelu,
}
