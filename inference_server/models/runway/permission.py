"""Whose code may run on this machine: asked once for what a model consists of, by the hash of all its files."""

from __future__ import annotations

import datetime
from pathlib import Path

from inference_server.models.cards import Card
from shared import places
from shared.errors import ModelRefused


def file() -> Path:
    return places.home() / "runway" / "allowed.json"


def is_allowed(content: str, network: bool) -> bool:
    return _key(content, network) in (places.read_json(file()) or {})


def allow(content: str, network: bool, name: str) -> None:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    known = places.read_json(file()) or {}
    places.write_json(file(), {**known, _key(content, network): {"name": name, "when": now}})


def _key(content: str, network: bool) -> str:
    return f"{content} with the network" if network else content


def check(card: Card, network: bool) -> None:
    """Raises ModelRefused for a model whose code nobody allowed on this machine."""
    if not is_allowed(card.weights.sha256, network):
        raise ModelRefused(
            f"the model {card.name} is a program of its author's, which nobody allowed to run on this machine",
            remedy="Add it here: semrender runway add FOLDER shows what it is, and asks",
        )
