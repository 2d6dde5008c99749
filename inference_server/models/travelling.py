"""Models on their way to another machine: which files belong to one, and whether they are those that its card names.

Nothing of a model is run or read as anything but bytes here. A program of somebody's does not travel.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from inference_server.models.cards import FILE_NAME, Card
from shared.errors import ModelRefused

MOST_FILES = 16


def files_of(card: Card) -> dict[str, str]:
    """The weights and what the card names beside them: file name -> SHA-256. Raises ModelRefused for a program."""
    if card.family == "runway":
        raise ModelRefused(
            f"the model {card.name} is a program of its author's, which is not sent to other machines",
            remedy="Add it on each with `semrender runway add`",
        )
    named = [one for one in card.config.values() if isinstance(one, dict) and {"file", "sha256"} <= one.keys()]
    parts = [(card.weights.file, card.weights.sha256), *((one["file"], one["sha256"]) for one in named)]
    found = {str(file): str(sha256) for file, sha256 in parts}
    if len(found) > MOST_FILES or not all(re.fullmatch(FILE_NAME, file) for file in found):
        raise ModelRefused(f"the model {card.name} names files that are none", file=card.folder / "card.json")
    return found


def check(file: Path, sha256: str) -> None:
    """Raises ModelRefused where a file is not the one that a card names."""
    with file.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest() != sha256:
            raise ModelRefused(
                "the weights are not those that the card describes",
                file=file.name,
                cause="Damaged or changed where they came from",
                remedy="Add the model again there",
            )
