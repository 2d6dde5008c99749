"""What colour each part of a shape takes in a label pass, as a list of assignments to make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maya_plugin.core.classes import ClassOf
from maya_plugin.core.members import Span, merged


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

Part = tuple[int, Traits, "Span | None"]  # id, traits, faces or None for the whole shape


def parts(class_of: ClassOf, rest: int, materials: Mapping[Traits, Iterable[Span] | None]) -> list[Part]:
    """The parts of a shape, the whole first and then the faces that differ.

    Args:
        rest: the id of what has no class.
        materials: the traits of its materials; None for that of the whole shape, else the faces that have it.
    """
    whole = next((traits for traits, spans in materials.items() if spans is None), PLAIN)
    base = rest if class_of.whole is None else class_of.whole
    found: list[Part] = [(base, whole, None)]
    by_faces = {traits: merged(spans) for traits, spans in materials.items() if spans is not None}
    for traits, spans in by_faces.items():
        if traits != whole:
            found += [(base, traits, span) for span in spans]
    for identity, own in class_of.faces.items():
        found += [(identity, whole, span) for span in own]
        for traits, others in by_faces.items():
            if traits != whole:
                found += [(identity, traits, both) for both in _shared(own, others)]
    return found


def _shared(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    return [
        (max(first, low), min(last, high))
        for first, last in spans
        for low, high in others
        if max(first, low) <= min(last, high)
    ]
