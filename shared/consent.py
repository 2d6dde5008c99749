"""`consent` of a layer in shot.json: on what ground somebody's face is changed. It is recorded, never verified.

There is no default: whoever asks for it says it. docs/lips.md is the reference for artists.

Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

from shared.errors import InputRefused
from shared.kinds import OneOf, Text
from shared.schema import About
from shared.values import Value

BASES = {
    "own-likeness": "the own face of whoever makes this",
    "written-release": "a release in writing",
    "synthetic-or-fictional": "nobody's face: it was drawn, rendered or generated",
    "public-domain-archive": "an archive in the public domain",
}
# Of what a model changed in a picture, and of what it made whole: the IPTC's digital source types.
VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
CHANGED = f"{VOCABULARY}compositeWithTrainedAlgorithmicMedia"
MADE = f"{VOCABULARY}trainedAlgorithmicMedia"
# The words of the visible label, by source type (EU Code of Practice on marking and labelling, 2026).
LABELS = {CHANGED: "AI MODIFIED", MADE: "AI GENERATED"}
NOTICES = tuple(LABELS.values())

LINE = Text(longest=500)


class Consent(Value):
    """On which ground; whose face it is; what it is changed for; where a written release is to be found."""

    about: ClassVar[About] = About("consent", remedy="See docs/lips.md for a complete example")

    basis: Annotated[str, OneOf(*BASES), "on what ground the face is changed"]
    who: Annotated[str, LINE, "whose face it is"] = ""
    purpose: Annotated[str, LINE, "what it is changed for"] = ""
    reference: Annotated[str, LINE, "where the release is to be found"] = ""

    def check(self) -> None:
        if self.basis == "synthetic-or-fictional":
            return
        if not self.who.strip() or not self.purpose.strip():
            raise InputRefused(
                f'a consent by {self.basis} says "who" and "purpose"', remedy="Say whose face it is, and what for"
            )
        if self.basis == "written-release" and not self.reference.strip():
            raise InputRefused('a written release has a "reference"', remedy="Say where the release is to be found")

    @property
    def words(self) -> str:
        """In a line, as deliveries and headers have it."""
        parts = [self.basis, self.who, self.purpose and f"for {self.purpose}", self.reference]
        return ", ".join(part for part in parts if part)


def together(source_types: Iterable[str]) -> str:
    """The source type of a picture whose layers are of these; empty where none is of a face.

    A made face in front of a filmed plate changes that: what is changed goes before.
    """
    there = set(source_types)
    return next((kind for kind in LABELS if kind in there), "")


def notice_of(source_types: Iterable[str]) -> str:
    """The visible label of a picture whose layers are of these source types; empty where none is of a face."""
    return LABELS.get(together(source_types), "")


def asked_for(model: str, layer: str) -> InputRefused:
    """What is said where a model changes a face and nobody said on what ground."""
    return InputRefused(
        f"the model {model} changes somebody's face, and the shot does not say on what ground",
        layer=layer,
        remedy=f'Say it with --consent, or "consent" of the layer in shot.json: {", ".join(BASES)}',
    )
