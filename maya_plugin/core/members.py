"""Members of class sets as text: full paths of nodes, `|city|house`, and faces, `|city|house.f[0:7]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

Span = tuple[int, int]  # the first and the last face

_FACES = re.compile(r"(?P<node>.+)\.f\[(?P<first>\d+)(?::(?P<last>\d+))?\]")


def split(member: str) -> tuple[str, Span | None]:
    """The node of a member, and its faces or None for the whole node."""
    found = _FACES.fullmatch(member)
    if found is None:
        return member, None
    first = int(found["first"])
    return found["node"], (first, int(found["last"] or first))


def faces(node: str, span: Span) -> str:
    """The member that is these faces of a node."""
    return f"{node}.f[{span[0]}:{span[1]}]"


def is_component(member: str) -> bool:
    return "." in member.rpartition("|")[2]


def is_prim(member: str) -> bool:
    """Whether it is a prim of USD: `|stage|stageShape,/World/tree`."""
    return "," in member


def face_count(members: Iterable[str]) -> int:
    spans = (split(member)[1] for member in members)
    return sum(last - first + 1 for first, last in filter(None, spans))


def upwards(path: str) -> Iterator[str]:
    """A path and all above it, nearest first: `|a|b|c`, `|a|b`, `|a`."""
    while path:
        yield path
        path = path.rpartition("|")[0]


def parent(path: str) -> str:
    return path.rpartition("|")[0]


def short(path: str) -> str:
    """The name without the nodes above it: `|city|ns:house` -> `ns:house`."""
    return path.rpartition("|")[2]


def bare(path: str) -> str:
    """The name without nodes above and without namespaces: `|city|ns:house` -> `house`."""
    return short(path).rpartition(":")[2]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sorted spans, those that touch or overlap made one."""
    result: list[Span] = []
    for first, last in sorted(spans):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        else:
            result.append((first, last))
    return result
