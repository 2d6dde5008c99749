"""What the panel needs of a model's card, as the server sends it (`models`): controls, licence, what it was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.errors import ModelRefused


@dataclass(frozen=True)
class Option:
    """A control. `kind` is "choice", "number", "integer" or "boolean", or one of a newer server; min and max are None
    where open."""

    name: str
    title: str
    kind: str
    default: Any
    choices: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    help: str = ""


@dataclass(frozen=True)
class Card:
    name: str
    title: str
    description: str
    licence: str
    inputs: Mapping[str, Any]  # that it takes, as the card says; `shared.inputs` reads them
    label_set: str  # "" for a model that takes no labels
    trained: frozenset[int]  # ids that the model was shown
    fallbacks: Mapping[int, int]  # id that it was never shown -> the relative that is painted instead
    options: tuple[Option, ...]
    likeness: bool = False  # whether it changes somebody's face: the shot says on what ground

    def knows(self, class_id: int) -> bool:
        return class_id in self.trained


@dataclass(frozen=True)
class Models:
    """What the server offers. `broken`: name -> why it cannot be used."""

    cards: tuple[Card, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    default: str = ""

    def find(self, name: str) -> Card | None:
        """The card of this name, "" being the server's default."""
        wanted = name or self.default
        return next((card for card in self.cards if card.name == wanted), None)


def read_models(answer: Mapping[str, Any]) -> Models:
    """From the answer to `models`. Raises ModelRefused for what is no such answer."""
    try:
        cards = tuple(read_card(card) for card in answer["models"])
        return Models(cards, dict(answer["broken"]), str(answer["default"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelRefused(
            "the server describes its models in a way this plug-in does not know",
            cause=repr(error),
            remedy="Bring plug-in and server to the same version",
        ) from error


def read_card(data: Mapping[str, Any]) -> Card:
    inputs = dict(data["inputs"])
    labels = inputs.get("labels", {})
    return Card(
        name=str(data["name"]),
        title=str(data["title"]),
        description=str(data.get("description", "")),
        licence=str(data["licence"]),
        inputs=inputs,
        label_set=str(labels["label_set"]["name"]) if labels else "",
        trained=frozenset(int(i) for i in labels.get("trained", ())),
        fallbacks={int(i): int(relative) for i, relative in labels.get("fallbacks", {}).items()},
        options=tuple(_option(option) for option in data.get("options", ())),
        likeness=bool(dict(data.get("makes", {})).get("likeness", False)),
    )


def _option(data: Mapping[str, Any]) -> Option:
    return Option(
        name=str(data["name"]),
        title=str(data.get("title", data["name"])),
        kind=str(data["kind"]),
        default=data["default"],
        choices=tuple(str(choice) for choice in data.get("choices", ())),
        min=data.get("min"),
        max=data.get("max"),
        help=str(data.get("help", "")),
    )
