"""A machine that would paint something else is refused in words: another version, or another model of the name."""

from __future__ import annotations

from collections.abc import Mapping

from inference_server.models import catalogue
from shared import VERSION, places
from shared.errors import InputRefused, ModelRefused

PROGRAM = "semrender"
DIGITS = 12  # of a card's hash


def written(models: Mapping[str, str]) -> str:
    """What a chunk expects of its machine, in one word: `semrender=0.1.0,countryside_3=41ab...`.

    models: name -> hash.
    """
    pairs = {PROGRAM: VERSION} | {name: short(hash) for name, hash in models.items()}
    return ",".join(f"{name}={value}" for name, value in pairs.items())


def short(hash: str) -> str:
    return hash.removeprefix("sha256:")[:DIGITS]


def expect(text: str) -> None:
    """Raises ModelRefused or InputRefused that names this machine where it is otherwise than `written` said."""
    for pair in filter(None, text.split(",")):
        name, _, value = pair.rpartition("=")
        if name == PROGRAM:
            if value != VERSION:
                raise InputRefused(
                    f"{places.HOST} runs semrender {VERSION}, the job was made by {value}",
                    remedy="Have one version on all machines",
                )
            continue
        try:
            found = short(catalogue.find_card(name).hash)
        except ModelRefused as error:
            error.what = f"{places.HOST}: {error.what}"
            raise
        if found != value:
            raise ModelRefused(
                f"{places.HOST} has another {name} ({found}, the job wants {value})",
                remedy="Add the job's there with `semrender models add`, or name its folder in SEMRENDER_MODELS",
            )
