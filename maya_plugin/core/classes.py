"""Which class a thing has: the rule, and what an assignment takes away from other classes.

The class of a shape is, in this order: for single faces the class of those faces; the class of the shape itself; that
of the nearest transform above it which has one; else none. An assignment is the last word: whatever is below the
assigned node loses the class it had, so that exceptions are made after the rule, never before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from maya_plugin.core.members import Span, faces, is_component, merged, parent, split, upwards
from shared.label_set import LabelSet

CHUNK = 500  # members in one command; longer lists make Maya slow


@dataclass(frozen=True)
class ClassSet:
    """One objectSet of a class, as the scene has it. The name is the truth; the id is that of `label_set`."""

    node: str
    label_set: str
    class_id: int
    name: str
    members: tuple[str, ...] = ()
    referenced: bool = False  # comes with an asset: cannot lose members

    def resolved(self, label_set: LabelSet) -> int | None:
        """The id of this class in a label set, or None where that has no such class."""
        label = label_set.get(self.name)
        return None if label is None else label.id


@dataclass(frozen=True)
class ClassOf:
    """The class of a shape, and of those of its faces that differ."""

    whole: int | None
    faces: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)

    def on(self, span: Span | None) -> list[int | None]:
        """The classes on some of the shape's faces, or, without a span, on all of them."""
        if span is None:  # whether the faces with a class are all there are is not known
            return list(dict.fromkeys((self.whole, *self.faces)))
        shared = {identity: _shared(span, spans) for identity, spans in self.faces.items()}
        covered = sum(last - first + 1 for first, last in merged(one for some in shared.values() for one in some))
        found: list[int | None] = [identity for identity, some in shared.items() if some]
        return found if covered > span[1] - span[0] else list(dict.fromkeys((self.whole, *found)))


class Membership:
    """All class sets of a scene as one table. The scene's own sets win over those that come with an asset."""

    def __init__(self, sets: Iterable[ClassSet], label_set: LabelSet) -> None:
        self._nodes: dict[str, int] = {}
        self._faces: dict[str, dict[int, list[Span]]] = {}
        for own in sorted(sets, key=lambda one: not one.referenced):
            identity = own.resolved(label_set)
            if identity is None:
                continue
            for member in own.members:
                node, span = split(member)
                if span is not None:
                    self._faces.setdefault(node, {}).setdefault(identity, []).append(span)
                elif not is_component(member):
                    self._nodes[node] = identity

    def of(self, shape: str) -> ClassOf:
        """The class of a shape by its full path."""
        whole = next((self._nodes[path] for path in upwards(shape) if path in self._nodes), None)
        spans: dict[int, list[Span]] = {}
        for node in (parent(shape), shape):  # Maya tells faces under the name of either
            for identity, found in self._faces.get(node, {}).items():
                spans.setdefault(identity, []).extend(found)
        return ClassOf(whole, {identity: tuple(merged(found)) for identity, found in spans.items()})


def to_remove(members: Sequence[str], have: Sequence[str]) -> list[str]:
    """Which of the members that a set has must go when `members` are given to another.

    Whole nodes go with all that is below them, faces with the faces they share.
    """
    nodes = {member for member in members if not is_component(member)}
    spans: dict[str, list[Span]] = {}
    for member in members:
        node, span = split(member)
        if span is not None:
            spans.setdefault(node, []).append(span)
    gone = []
    for member in have:
        node, span = split(member)
        if any(path in nodes for path in upwards(node)):
            gone.append(member)
        elif span is not None:
            gone += [faces(node, both) for both in _shared(span, _same_node(node, spans))]
    return gone


def _same_node(node: str, spans: Mapping[str, list[Span]]) -> list[Span]:
    """The spans of a node, under its own name or its transform's or shape's."""
    found = list(spans.get(node, ()))
    for other, more in spans.items():
        if other != node and (parent(other) == node or parent(node) == other):
            found += more
    return merged(found)


def _shared(span: Span, others: Iterable[Span]) -> list[Span]:
    both = ((max(span[0], first), min(span[1], last)) for first, last in others)
    return [one for one in both if one[0] <= one[1]]


def chunks(members: Sequence[str]) -> Iterable[list[str]]:
    for start in range(0, len(members), CHUNK):
        yield list(members[start : start + CHUNK])
