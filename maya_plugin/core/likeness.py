"""On what ground somebody's face is changed, as the panel asks for it; `shared.consent` says what is enough."""

from __future__ import annotations

from collections.abc import Mapping

from shared import schema
from shared.consent import BASES, Consent
from shared.errors import InputRefused

NOT_SAID = "Not said: nothing is painted"
GROUNDS = {
    "own-likeness": "My own face",
    "written-release": "A release in writing",
    "synthetic-or-fictional": "Nobody's face: drawn, rendered or generated",
    "public-domain-archive": "An archive in the public domain",
}
_SOMEBODY = tuple(name for name in BASES if name != "synthetic-or-fictional")
FIELDS = {  # title, and the grounds that need it said
    "who": ("Whose face", _SOMEBODY),
    "purpose": ("What for", _SOMEBODY),
    "reference": ("Where the release is", ("written-release",)),
}


def check(title: str, said: Mapping[str, str]) -> None:
    """Raises InputRefused where it is not enough for a model that changes a face."""
    if not said:
        raise InputRefused(
            f"{title} changes somebody's face, and nobody says on what ground",
            remedy="Say it at Whose face it is, on the page Paint; it is recorded with every frame",
        )
    basis = str(said.get("basis", ""))
    for name, (label, grounds) in FIELDS.items():
        if basis in grounds and not said.get(name, "").strip():
            raise InputRefused(f"“{label}” is empty", remedy=f"“{GROUNDS[basis]}” needs it said")
    schema.read(Consent, dict(said))
