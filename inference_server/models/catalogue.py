"""The models there are: those that ship, and those the user added."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from inference_server.models.cards import FILE_NAME, Card, load_card, printable
from inference_server.models.needs import known
from shared import places, protocol
from shared.errors import ModelRefused, SemrenderError

DEFAULT_MODEL = "countryside_3"
SHIPPED = Path(__file__).parent / "weights"
MAX_LISTED = protocol.MAX_HEADER * 3 // 4  # bytes of all cards: they are told in one message


def available_cards() -> tuple[dict[str, Card], dict[str, SemrenderError]]:
    """Models by name, shipped and added, and those that cannot be used with the reason."""
    return _read(_folders())


def find_card(name: str, hash: str = "") -> Card:
    """The model of this name. Raises ModelRefused with near names, or with why it cannot be used.

    hash: of the one that a job was made with, which another machine may have sent where the user has another or none.
    """
    if hash and (received := _received(name, hash)) is not None:
        return received
    found, broken = _read(
        folder for folder in _folders() if printable(folder.name) == name
    )  # the others' cards take as long
    if name in found:
        return found[name]
    if name in broken:
        raise broken[name]
    found, _ = available_cards()
    near = difflib.get_close_matches(name, found, 3)
    raise ModelRefused(
        f"there is no model named {name!r}",
        remedy=f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(found) or 'none'}",
    )


def received_folder(home: Path, name: str, hash: str) -> Path:
    """Where a model lies that came from another machine; hash: "sha256:..." of its card. Raises ModelRefused."""
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", hash) or not re.fullmatch(FILE_NAME, name):
        raise ModelRefused(f"{name[:64]!r} with the hash {hash[:80]!r} is no model")
    return home / "received" / hash.removeprefix("sha256:") / name


def _received(name: str, hash: str) -> Card | None:
    folder = received_folder(places.home(), name, hash)
    if not folder.is_dir():
        return None
    card = load_card(folder)
    known(card)
    return card if (card.name, card.hash) == (name, hash) else None


def _folders() -> Iterator[Path]:
    """Of models that may be one: those that ship, those of all machines, and before any of its name the user's own."""
    for root in (SHIPPED, *places.shared_models_folders(), places.models_folder()):
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if folder.is_dir() and not folder.name.startswith("."):
                yield folder


def _read(folders: Iterable[Path]) -> tuple[dict[str, Card], dict[str, SemrenderError]]:
    """The cards in these folders by name, and why the others cannot be used."""
    found: dict[str, Card] = {}
    broken: dict[str, SemrenderError] = {}
    told = 0
    for folder in folders:
        try:
            card = load_card(folder)
            if card.name != folder.name:
                raise ModelRefused(f"the card's name is {card.name!r}, the folder's {folder.name!r}", file=folder)
            known(card)
            told += len(json.dumps(card.source))
            if told > MAX_LISTED:
                raise ModelRefused(
                    "the cards of all models are too large to be listed together",
                    file=folder,
                    remedy="Remove models that are not used",
                )
            found[card.name] = card
        except SemrenderError as error:
            error.file = printable(str(error.file or folder))
            broken[printable(folder.name)] = error
    return found, broken
