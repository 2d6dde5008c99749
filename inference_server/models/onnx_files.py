"""ONNX files, judged before anything runs them: an ONNX file is data, as long as it names nothing beyond itself.

A file is a Protocol Buffers message (onnx.proto of ONNX 1.x; field numbers as there). Read are only which operators it
uses and where its tensors lie. Refused are operators of other domains than ONNX's own, which a library of its author
would have to bring, and tensors that lie in other files, whose paths may lead anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from shared.errors import MissingInput, ModelRefused
from shared.wording import one_line

MAX_FILE = 2**31 - 1  # bytes: no message is larger
DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
DEEPEST = 24  # graphs within graphs
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
GRAPH, TRAINING, FUNCTION = 7, 20, 25  # of a model
NODES, INITIALISERS, SPARSE = 1, 5, 15  # of a graph
OPERATOR, ATTRIBUTES, DOMAIN = 4, 5, 7  # of a node
TENSORS, GRAPHS, SPARSES = (5, 10), (6, 11), (22, 23)  # of an attribute
ELSEWHERE, LOCATION = 13, 14  # of a tensor: where it lies, and whether that is outside
FUNCTION_NODES = 7


class Part(NamedTuple):
    """A field of a message: its number, a whole number, or where its bytes begin and end."""

    field: int
    number: int
    start: int
    end: int


def looks_like(file: Path) -> bool:
    """Whether a file is an ONNX model: a message with a version, and a graph."""
    if not file.is_file() or file.stat().st_size > MAX_FILE:
        return False
    with file.open("rb") as opened:
        if opened.read(1) != b"\x08":  # ir_version, which writers put first
            return False
        opened.seek(0)
        content = memoryview(opened.read())
    try:
        fields = [part.field for part in _parts(content, 0, len(content))]
    except ValueError:
        return False
    return GRAPH in fields


def read_checked(file: Path) -> bytes:
    """The bytes of a model that names nothing beyond itself. Raises MissingInput, ModelRefused."""
    if not file.is_file():  # a pipe would be waited for
        raise MissingInput("the model's file is not there", file=file)
    if file.stat().st_size > MAX_FILE:
        raise ModelRefused("the file is larger than an ONNX model can be", file=file)
    content = file.read_bytes()
    try:
        _model(memoryview(content), file)
    except ValueError:
        raise ModelRefused(
            "this is no ONNX model, or it is damaged", file=file, remedy="Export it, or fetch it, again"
        ) from None
    return content


def _model(content: memoryview, file: Path) -> None:
    graphs = 0
    for part in _parts(content, 0, len(content)):
        if part.field == GRAPH:
            graphs += 1
            _graph(content, part, file, 0)
        elif part.field == TRAINING:
            for one in _parts(content, part.start, part.end):
                if one.field in (1, 2):
                    _graph(content, one, file, 1)
        elif part.field == FUNCTION:
            for one in _parts(content, part.start, part.end):
                if one.field == FUNCTION_NODES:
                    _node(content, one, file, 1)
    if graphs != 1:
        raise ValueError("no graph")


def _graph(content: memoryview, place: Part, file: Path, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("graphs in graphs")
    for part in _parts(content, place.start, place.end):
        if part.field == NODES:
            _node(content, part, file, depth)
        elif part.field == INITIALISERS:
            _tensor(content, part, file)
        elif part.field == SPARSE:
            _sparse(content, part, file)


def _node(content: memoryview, place: Part, file: Path, depth: int) -> None:
    operator = domain = ""
    for part in _parts(content, place.start, place.end):
        if part.field == OPERATOR:
            operator = _text(content, part)
        elif part.field == DOMAIN:
            domain = _text(content, part)
        elif part.field == ATTRIBUTES:
            _attribute(content, part, file, depth)
    if domain not in DOMAINS:
        raise ModelRefused(
            f"the model uses the operator {one_line(operator)} of {one_line(domain)}, which is none of ONNX's own",
            file=file,
            cause="It would have to be brought by a library of its author, and that is code",
            remedy="Export it with the standard operators alone (for ONNX Runtime)",
        )


def _attribute(content: memoryview, place: Part, file: Path, depth: int) -> None:
    for part in _parts(content, place.start, place.end):
        if part.field in GRAPHS:
            _graph(content, part, file, depth + 1)
        elif part.field in TENSORS:
            _tensor(content, part, file)
        elif part.field in SPARSES:
            _sparse(content, part, file)


def _sparse(content: memoryview, place: Part, file: Path) -> None:
    for part in _parts(content, place.start, place.end):
        if part.field in (1, 2):
            _tensor(content, part, file)


def _tensor(content: memoryview, place: Part, file: Path) -> None:
    for part in _parts(content, place.start, place.end):
        if part.field == ELSEWHERE or (part.field == LOCATION and part.number != 0):
            raise ModelRefused(
                "the model keeps tensors in other files",
                file=file,
                cause="Where they lie is written in it, and may be anywhere on this machine",
                remedy="Save it as one file: onnx.save_model(…, save_as_external_data=False)",
            )


def _text(content: memoryview, part: Part) -> str:
    return bytes(content[part.start : part.end][:200]).decode("utf-8", "replace")


def _parts(content: memoryview, start: int, end: int) -> Iterator[Part]:
    """The fields of a message. Raises ValueError where it is none."""
    while start < end:
        key, start = _varint(content, start, end)
        field, wire = key >> 3, key & 7
        number, begin = 0, start
        if wire == VARINT:
            number, start = _varint(content, start, end)
        elif wire == BYTES:
            length, begin = _varint(content, start, end)
            start = begin + length
        elif wire in (FIXED64, FIXED32):
            start += 8 if wire == FIXED64 else 4
        else:
            raise ValueError("no such wire type")
        if start > end or field == 0:
            raise ValueError("beyond the end")
        if wire != BYTES and wire != VARINT:
            continue
        yield Part(field, number, begin if wire == BYTES else 0, start if wire == BYTES else 0)


def _varint(content: memoryview, start: int, end: int) -> tuple[int, int]:
    """A whole number, and where it ends."""
    value = shift = 0
    while start < end and shift < 64:
        byte = content[start]
        start += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, start
        shift += 7
    raise ValueError("no number")
