"""Models describe themselves: `card.json` beside the weights, readable without torch.

Broker, command line, Maya and After Effects build lists and controls from cards. A card is hostile input:
it is checked here, and the weights it names are checked against their hash when they are loaded. Every
offset between the ids of a label set and the channels of a network is in `channels`, as an explicit table.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared import places, protocol
from shared.errors import InputRefused, ModelRefused, SemrenderError
from shared.label_set import NOTHING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHIPPED = Path(__file__).parent / "models" / "weights"
FORMAT = 1
MAX_CARD = 4 * 2**20  # bytes
MAX_LISTED = protocol.MAX_HEADER * 3 // 4  # bytes of all cards: they are told in one message
MAX_SIDE = 32768
FITS = ("stretch", "multiple")
SCALES = {"coarse": 2, "medium": 4, "fine": 8}  # painting size over the native one, which the model learned at
PRECISION, AUTO = "precision", "auto"  # an option, and the choice of it that a device resolves
KINDS = ("choice", "number", "integer", "boolean")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class LabelSetRef:
    name: str
    version: int
    hash: str


@dataclass(frozen=True)
class Channels:
    """count: of the network's input; of: id -> channel; nothing: the channel of what no class covers."""

    count: int
    of: Mapping[int, int]
    nothing: int


@dataclass(frozen=True)
class Size:
    """Native size and fit rule. "stretch": labels are resized to it by nearest neighbour, the painting back.
    "multiple": painted at the pass's own size, its last rows and columns repeated up to a multiple."""

    width: int
    height: int
    fit: str
    multiple: int = 1


@dataclass(frozen=True)
class Option:
    """A control the artist sees."""

    name: str
    title: str
    kind: str  # one of KINDS
    default: Any
    choices: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    help: str = ""


@dataclass(frozen=True)
class Weights:
    file: str
    sha256: str


@dataclass(frozen=True)
class Card:
    """One model, as its card says and as checked."""

    folder: Path
    name: str
    title: str
    version: int
    family: str
    label_set: LabelSetRef
    channels: Channels
    trained: tuple[int, ...]  # ids the model really saw
    fallbacks: Mapping[int, int]  # id never seen -> the nearest relative that was
    size: Size
    options: tuple[Option, ...]
    uses: tuple[str, ...]  # further passes that the network reads: "instance"
    licence: str
    credit: str
    description: str
    data: str
    weights: Weights
    config: Mapping[str, Any]  # of the family
    source: Mapping[str, Any] = field(repr=False)  # the card as read, for the wire

    @property
    def hash(self) -> str:
        """ "sha256:..." over everything in the card that the pixels depend on."""
        names = ("family", "label_set", "channels", "fallbacks", "size", "options", "uses", "weights", "config")
        content = {name: self.source.get(name) for name in names}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    @property
    def unfinished(self) -> str:
        """Words about a training that has not reached its last step; empty for a model that is finished."""
        training = self.source.get("training")
        done, steps = (training.get(name) if isinstance(training, dict) else None for name in ("step", "steps"))
        if not isinstance(done, int) or not isinstance(steps, int) or done >= steps:
            return ""
        return f"half trained: {done} of {steps} steps"

    def channel_table(self) -> NDArray[np.uint16]:
        """(65536,) id -> channel; NOTHING has its channel, an id the model does not know gives 65535."""
        import numpy as np  # the broker reads cards and needs no arrays

        table = np.full(NOTHING + 1, NOTHING, np.uint16)
        for identity, channel in self.channels.of.items():
            table[identity] = channel
        for identity, relative in self.fallbacks.items():
            table[identity] = table[relative]
        table[NOTHING] = self.channels.nothing
        return table

    def untrained(self, ids: Iterable[int]) -> list[tuple[int, int]]:
        """The ids among these that the model never saw, each with the relative that stands in (or itself)."""
        known = set(self.trained)
        return [(i, self.fallbacks.get(i, i)) for i in ids if i not in known]

    def check_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All options with their values, defaults filled in. Raises ModelRefused naming what is allowed."""
        names = [option.name for option in self.options]
        for name in given:
            if name not in names:
                allowed = f"Its options are {', '.join(names)}" if names else "It has no options"
                raise ModelRefused(f"the model {self.name} has no option {name!r}", remedy=allowed)
        return {option.name: _value(option, given.get(option.name, option.default)) for option in self.options}

    def to_dict(self) -> dict[str, Any]:
        """The card as plain data, for controls on the other side of the wire."""
        options = [
            {**option, "choices": list(mine.choices), "help": mine.help} if mine.name == PRECISION else option
            for option, mine in zip(self.source.get("options", []), self.options, strict=True)
        ]
        return {**self.source, "options": options, "hash": self.hash}


def load_card(folder: Path) -> Card:
    """Read and check the card of a model folder. Raises ModelRefused naming file and field."""
    file = folder / "card.json"
    try:
        with places.open_file(file) as opened:
            text = opened.read(MAX_CARD + 1)
        if len(text) > MAX_CARD:
            raise ModelRefused("the card is too large to be one", file=file)
        data = json.loads(text.decode("utf-8"), parse_constant=_no_number)
    except OSError as error:
        cause = str(error.strerror)
        raise ModelRefused(
            "the model has no card that can be read", file=file, cause=cause, remedy="Add the model again"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ModelRefused("the card is not JSON", file=file, cause=str(error)) from error
    try:
        card = _card(folder, data)
        _check_telling(card)
        return card
    except SemrenderError as error:
        raise error.located(file=file) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        cause = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ModelRefused(
            "the card does not have the fields of a card", file=file, cause=cause, remedy="Add the model again"
        ) from error


def available_cards() -> tuple[dict[str, Card], dict[str, SemrenderError]]:
    """Models by name, shipped and added, and those that cannot be used with the reason."""
    found: dict[str, Card] = {}
    broken: dict[str, SemrenderError] = {}
    told = 0
    for root in (SHIPPED, places.models_folder()):
        folders = sorted(root.iterdir()) if root.is_dir() else []
        for folder in folders:
            if not folder.is_dir() or folder.name.startswith("."):
                continue
            try:
                card = load_card(folder)
                if card.name != folder.name:
                    raise ModelRefused(f"the card's name is {card.name!r}, the folder's {folder.name!r}", file=folder)
                told += len(json.dumps(card.source))
                if told > MAX_LISTED:
                    raise ModelRefused(
                        "the cards of all models are too large to be listed together",
                        file=folder,
                        remedy="Remove models that are not used",
                    )
                found[card.name] = card
            except SemrenderError as error:
                error.file = _printable(str(error.file or folder))
                broken[_printable(folder.name)] = error
    return found, broken


def find_card(name: str) -> Card:
    """The model of this name. Raises ModelRefused with near names, or with why it cannot be used."""
    found, broken = available_cards()
    if name in found:
        return found[name]
    if name in broken:
        raise broken[name]
    near = difflib.get_close_matches(name, found, 3)
    raise ModelRefused(
        f"there is no model named {name!r}",
        remedy=f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(found) or 'none'}",
    )


def painting_size(
    card: Card, width: int, height: int, requested: tuple[int, int] | None, scale: str | None = None
) -> tuple[int, int]:
    """The size (width, height) at which a pass of width x height is painted.

    Both are rounded up to the card's multiple. "stretch" paints at the native size unless another is asked for.
    scale: one of SCALES, for the others: the texture is as large in the frame whatever the size of the pass; never
    larger than the pass. What is requested goes before it.
    """
    if requested is not None:
        wide, high = requested
    elif card.size.fit == "stretch":
        wide, high = card.size.width, card.size.height
    else:
        times = math.inf if scale is None else SCALES[scale]
        less = min(1, times * math.sqrt(card.size.width * card.size.height / (width * height)))
        wide, high = max(1, round(width * less)), max(1, round(height * less))
    step = card.size.multiple
    return -(-wide // step) * step, -(-high // step) * step


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _printable(text: str) -> str:
    """Of a name that may hold bytes of no text."""
    return text.encode("utf-8", "backslashreplace").decode()


def _check_telling(card: Card) -> None:
    """A card that cannot be sent would hide all the others. Raises ModelRefused."""
    try:
        protocol.unpack(protocol.reply("", {"models": [card.to_dict()]}))
    except (ValueError, OverflowError, RecursionError, SemrenderError) as error:
        cause = "A whole number in it is too large" if isinstance(error, OverflowError) else _printable(str(error))
        if isinstance(error, InputRefused):
            cause = "A text in it holds half of a character (a lone surrogate)"
        raise ModelRefused("the card cannot be told to anyone", cause=cause, remedy="Add the model again") from error


def _card(folder: Path, data: Any) -> Card:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ModelRefused(f"this is not a card of format {FORMAT}", remedy="Update semrender, or add the model again")
    if not NAME.fullmatch(_text(data, "name")):
        raise ModelRefused("the name may hold letters, digits, dot, dash and underscore only")
    labels, channels, size, weights = (data[name] for name in ("label_set", "channels", "size", "weights"))
    of = _ids(channels["of"], "channels")
    count, nothing = _whole(channels["count"], 1, NOTHING), _whole(channels["nothing"], 0, NOTHING - 1)
    if any(channel >= count for channel in (*of.values(), nothing)):
        raise ModelRefused(f"a channel is outside the network's {count}")
    fallbacks = _ids(data.get("fallbacks", {}), "fallbacks")
    trained = tuple(_whole(i, 0, NOTHING - 1) for i in data["trained"])
    if missing := sorted(set(fallbacks.values()) - (set(of) & set(trained))):
        raise ModelRefused(f"fallbacks name classes that the model never saw: {missing[:5]}")
    fit = size["fit"]
    if fit not in FITS:
        raise ModelRefused(f"unknown fit rule {fit!r}", remedy=f"Allowed are {', '.join(FITS)}")
    file = _text(weights, "file")
    if not NAME.fullmatch(file):
        raise ModelRefused("the weights must be a file in the model's own folder")
    return Card(
        folder=folder,
        name=data["name"],
        title=_text(data, "title"),
        version=_whole(data["version"], 0, 10**6),
        family=_text(data, "family"),
        label_set=LabelSetRef(_text(labels, "name"), _whole(labels["version"], 0, 10**6), _text(labels, "hash")),
        channels=Channels(count, of, nothing),
        trained=trained,
        fallbacks=fallbacks,
        size=Size(
            _whole(size["width"], 1, MAX_SIDE),
            _whole(size["height"], 1, MAX_SIDE),
            fit,
            _whole(size.get("multiple", 1), 1, 1024),
        ),
        options=tuple(_option(option) for option in data.get("options", [])),
        uses=tuple(str(use) for use in data.get("uses", [])),
        licence=_text(data, "licence"),
        credit=str(data.get("credit", "")),
        description=str(data.get("description", "")),
        data=str(data.get("data", "")),
        weights=Weights(file, _text(weights, "sha256")),
        config=dict(data.get("config", {})),
        source=data,
    )


def _text(data: Any, name: str) -> str:
    value = data[name]
    if not isinstance(value, str):
        raise ModelRefused(f"{name} must be text")
    return value


def _whole(value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ModelRefused(f"{value!r} is no whole number from {low} to {high}")
    return value


def _ids(table: Any, name: str) -> dict[int, int]:
    """A JSON table of ids, whose keys are text."""
    if not isinstance(table, dict):
        raise ModelRefused(f"{name} must be a table of ids")
    return {_whole(int(k), 0, NOTHING - 1): _whole(v, 0, NOTHING - 1) for k, v in table.items()}


def _option(data: Any) -> Option:
    kind = data["kind"]
    if kind not in KINDS:
        raise ModelRefused(f"unknown kind of option {kind!r}", remedy=f"Allowed are {', '.join(KINDS)}")
    choices = tuple(str(choice) for choice in data.get("choices", ()))
    more = ""
    if data["name"] == PRECISION and "half" in choices and AUTO not in choices:
        more = "; auto takes it only there"
        choices += (AUTO,)  # of every model that can; it is no part of the card, whose hash is in every frame's key
    option = Option(
        name=_text(data, "name"),
        title=str(data.get("title", data["name"])),
        kind=kind,
        default=data["default"],
        choices=choices,
        min=data.get("min"),
        max=data.get("max"),
        help=f"{data.get('help', '')}{more}",
    )
    _value(option, option.default)
    return option


def _value(option: Option, value: Any) -> Any:
    """The value, if the option allows it. Raises ModelRefused with what is allowed."""
    if option.kind == "choice":
        fits, allowed = value in option.choices, f"one of {', '.join(option.choices)}"
    elif option.kind == "boolean":
        fits, allowed = isinstance(value, bool), "true or false"
    else:
        types = (int,) if option.kind == "integer" else (int, float)
        low = -math.inf if option.min is None else option.min
        high = math.inf if option.max is None else option.max
        fits = isinstance(value, types) and not isinstance(value, bool) and low <= value <= high
        allowed = f"{'a whole number' if option.kind == 'integer' else 'a number'} from {low} to {high}"
    if not fits:
        raise ModelRefused(f"{value!r} is no value for the option {option.name}", remedy=f"Allowed is {allowed}")
    return value
