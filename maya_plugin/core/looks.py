"""What colour each part of a shape takes in a label pass, as a list of assignments to make."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from maya_plugin.core.classes import ClassOf
from maya_plugin.core.members import Span


@dataclass(frozen=True)
class Traits:
    """What a class shader takes over from the artist's material, so that the outline stays that of the beauty.

    Plugs of Maya; "" where there is none. `cutout` is one plug of three channels, or three of one channel each with ""
    where a channel has none. `inverted` says that they are opacities, 1 where it is solid.
    """

    displacement: str = ""
    cutout: tuple[str, ...] = ()
    inverted: bool = False


PLAIN = Traits()


@dataclass(frozen=True)
class Part:
    """Faces of a shape that are alike, None for all that are in no other part."""

    identity: int  # of the class
    traits: Traits = PLAIN
    group: str = ""  # the shading group
    span: Span | None = None


def parts(
    class_of: ClassOf,
    rest: int,
    materials: Mapping[Traits, Iterable[Span] | None] = MappingProxyType({}),
    groups: Mapping[str, Iterable[Span] | None] = MappingProxyType({}),
) -> list[Part]:
    """The parts of a shape, the whole first and then, in their order, the faces that differ; none has faces of another.

    Args:
        rest: the id of what has no class.
        materials: the traits of its materials; None for that of the whole shape, else the faces that have it.
        groups: its shading groups, likewise, where they are to be told apart.
    """
    whole: list[Any] = [
        rest if class_of.whole is None else class_of.whole,
        next((traits for traits, spans in materials.items() if spans is None), PLAIN),
        next((group for group, spans in groups.items() if spans is None), ""),
    ]
    values: list[Mapping[Any, Iterable[Span] | None]] = [class_of.faces, materials, groups]
    said = [
        (place, value, span)
        for place, every in enumerate(values)
        for value, spans in every.items()
        for span in spans or ()
    ]
    edges = sorted({edge for _, _, (first, last) in said for edge in (first, last + 1)})
    rows = [list(whole) for _ in edges]  # of the faces from an edge to the next
    for place, value, (first, last) in said:
        for number in range(bisect_left(edges, first), bisect_left(edges, last + 1)):
            rows[number][place] = value
    found = [Part(*whole)]
    for row, start, after in zip(rows, edges, edges[1:]):
        before, own = found[-1], Part(*row)
        if row == whole:
            continue
        if before.span is not None and before.span[1] == start - 1 and replace(before, span=None) == own:
            start = before.span[0]
            found.pop()
        found.append(replace(own, span=(start, after - 1)))
    return found


def by_faces(found: Iterable[Part], count: int) -> list[Part]:
    """The parts of a mesh of `count` faces, the whole as those of its faces that are in no other part."""
    whole, *others = found
    result, free = [], 0
    for part in others:
        assert part.span is not None
        first, last = part.span[0], min(part.span[1], count - 1)
        if first > last:
            continue
        if first > free:
            result.append(replace(whole, span=(free, first - 1)))
        result.append(replace(part, span=(first, last)))
        free = last + 1
    return [*result, *([replace(whole, span=(free, count - 1))] if free < count else [])]


def names_of_parts(path: str, groups: Mapping[str, Iterable[Span] | None]) -> dict[str, str]:
    """What the parts of a shape are called, by shading group: `|house|houseShape`, `|house|houseShape glassSG`.

    What is mostly there, that of the whole or else the first, is called as the shape; so is what has no group.
    """
    usual = next((group for group, spans in groups.items() if spans is None), min(groups, default=""))
    return {"": path, **{group: path if group == usual else f"{path} {group}" for group in groups}}
