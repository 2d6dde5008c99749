"""Models describe themselves: `card.json` beside the weights, readable without torch.

Broker, command line, Maya and After Effects build lists and controls from cards. A card is hostile input:
it is checked here, and the weights it names are checked against their hash when they are loaded.

A card says which inputs its model takes and what it makes. Every offset between the ids of a label set and the
channels of a network is in `inputs.labels.channels`, as an explicit table. Cards of format 1 know labels alone and
have the fields of that input at their top; they are read as what they would be today.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from shared import documents, inputs, protocol, schema
from shared.errors import InputRefused, MissingInput, ModelRefused, SemrenderError
from shared.kinds import Anything, Data, Flag, IdKey, ListOf, Number, OneOf, TableOf, Text, Whole
from shared.label_set import NOTHING
from shared.schema import About, Outside
from shared.values import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = 2
OF_LABELS = ("label_set", "channels", "trained", "fallbacks")  # fields of a card of format 1 that its labels input has
MAX_CARD = 4 * 2**20  # bytes
MAX_SIDE = 32768
FITS = ("stretch", "multiple")
MAKES = ("pictures", "joints")
SCALES = {"coarse": 2, "medium": 4, "fine": 8}  # painting size over the native one, which the model learned at
PRECISION, AUTO = "precision", "auto"  # an option, and the choice of it that a device resolves
KINDS = ("choice", "number", "integer", "boolean")
FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

WORDS = Text(longest=100_000)
PLAIN_NAME = Text(longest=64, least=1, pattern=FILE_NAME, hint="letters, digits, dot, dash and underscore only")
OWN_FILE = replace(PLAIN_NAME, what="a file in the model's own folder, its name")
VERSION = Whole(0, 10**6)
SIDE = Whole(1, MAX_SIDE)
ID = Whole(0, NOTHING - 1)
IDS = TableOf(ID, IdKey(NOTHING - 1), what='a table of ids such as {"6": 0}')


class Bound(Number):
    """A number as it stands: a whole one stays whole."""

    def read(self, value: Any, key: str) -> float:
        super().read(value, key)
        return value if isinstance(value, int) else float(value)


def _about(what: str, **more: Any) -> About:
    again = "Add the model again"
    return About(what, strict=False, remedy=again, newer="Update semrender, or add the model again", **more)


class LabelSetRef(Value):
    about: ClassVar[About] = _about("label set")

    name: Annotated[str, WORDS]
    version: Annotated[int, VERSION]
    hash: Annotated[str, WORDS]


class Channels(Value):
    """The channels of a network's input."""

    about: ClassVar[About] = _about("table of channels")

    count: Annotated[int, Whole(1, NOTHING), "how many there are"]
    of: Annotated[Mapping[int, int], IDS, "id -> channel"]
    nothing: Annotated[int, ID, "the channel of what no class covers"]


class LabelsInput(Value):
    """How a network is told what stands where."""

    about: ClassVar[About] = _about("labels input")

    label_set: LabelSetRef
    channels: Channels
    trained: Annotated[tuple[int, ...], ListOf(ID), "ids that the model really saw"]
    fallbacks: Annotated[Mapping[int, int], IDS, "id never seen -> the nearest relative that was"] = field(
        default_factory=dict
    )

    def check(self) -> None:
        if any(channel >= self.channels.count for channel in (*self.channels.of.values(), self.channels.nothing)):
            raise InputRefused(f"a channel is outside the network's {self.channels.count}")
        if missing := sorted(set(self.fallbacks.values()) - (set(self.channels.of) & set(self.trained))):
            raise InputRefused(f"fallbacks name classes that the model never saw: {missing[:5]}")

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


class Input(Value):
    """A further input of a model."""

    about: ClassVar[About] = _about("input")

    needed: Annotated[bool, Flag(), "whether the model cannot do without; else it is used when there"] = False


class Inputs(Value):
    """What a model takes of a layer, by the type of the input."""

    about: ClassVar[About] = About("model's inputs", remedy="Add the model again")

    labels: LabelsInput | None = None
    picture: Input | None = None
    normal: Input | None = None
    depth: Input | None = None
    motion: Input | None = None
    instance: Input | None = None
    shading: Input | None = None
    beauty: Input | None = None
    audio: Input | None = None
    walk: Input | None = None
    reference: Input | None = None


class Makes(Value):
    """What a model makes of its inputs."""

    about: ClassVar[About] = _about("result")

    kind: Annotated[str, OneOf(*MAKES)] = "pictures"
    alpha: Annotated[bool, Flag(), "whether its pictures have an alpha of their own"] = False
    likeness: Annotated[bool, Flag(), "whether it changes somebody's face: the shot says on what ground"] = False


class Size(Value):
    """Native size and fit rule. "stretch": inputs are resized to it (labels by nearest neighbour), the painting back.
    "multiple": painted at the pass's own size, its last rows and columns repeated up to a multiple."""

    about: ClassVar[About] = _about("size")

    width: Annotated[int, SIDE, "pixels"]
    height: Annotated[int, SIDE, "pixels"]
    fit: Annotated[str, OneOf(*FITS), "the fit rule"]
    multiple: Annotated[int, Whole(1, 1024)] = 1


class Option(Value):
    """A control the artist sees."""

    about: ClassVar[About] = _about("option")

    name: Annotated[str, WORDS]
    kind: Annotated[str, OneOf(*KINDS)]
    default: Annotated[Any, Anything()]
    title: Annotated[str, WORDS] = ""
    choices: Annotated[tuple[str, ...], ListOf(WORDS), "of a choice"] = ()
    min: Annotated[float | None, Bound(-1e18, 1e18)] = None
    max: Annotated[float | None, Bound(-1e18, 1e18)] = None
    help: Annotated[str, WORDS] = ""
    prepares: Annotated[bool, Flag(), "whether what the model prepares of a layer depends on it"] = True

    def check(self) -> None:
        self.judge(self.default)

    def judge(self, value: Any) -> Any:
        """The value, if the option allows it. Raises ModelRefused with what is allowed."""
        if self.kind == "choice":
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                value = repr(value)  # a choice "2", as JSON and --option read it
            fits, allowed = value in self.choices, f"one of {', '.join(self.choices)}"
        elif self.kind == "boolean":
            fits, allowed = isinstance(value, bool), "true or false"
        else:
            types = (int,) if self.kind == "integer" else (int, float)
            low = -math.inf if self.min is None else self.min
            high = math.inf if self.max is None else self.max
            fits = isinstance(value, types) and not isinstance(value, bool) and low <= value <= high
            above = "" if self.min is None else f" from {low:g}"
            below = "" if self.max is None else f" {'to' if above else 'up to'} {high:g}"
            allowed = f"{'a whole number' if self.kind == 'integer' else 'a number'}{above}{below}"
        if not fits:
            raise ModelRefused(f"{value!r} is no value for the option {self.name}", remedy=f"Allowed is {allowed}")
        return value


# What every model that changes or makes a face can be asked for, whatever its card says.
UNSEEN = "32 bits that nobody sees say in the pixels that a model made them"
WATERMARK = Option("watermark", "boolean", True, "Watermark", help=UNSEEN)


class Weights(Value):
    about: ClassVar[About] = _about("weights")

    file: Annotated[str, OWN_FILE]
    sha256: Annotated[str, WORDS]


class Card(Value):
    """One model, as its card says and as checked."""

    about: ClassVar[About] = _about("card", header={"format": FORMAT})

    folder: Annotated[Path, Outside()]
    source: Annotated[Mapping[str, Any], Outside()] = field(repr=False)  # the card as read
    name: Annotated[str, PLAIN_NAME]
    title: Annotated[str, WORDS]
    version: Annotated[int, VERSION]
    family: Annotated[str, WORDS, "whose code paints"]
    inputs: Annotated[Inputs, schema.Record(Inputs), "what the model takes"]
    size: Size
    licence: Annotated[str, WORDS]
    weights: Weights
    makes: Makes = Makes()
    options: tuple[Option, ...] = ()
    credit: Annotated[str, WORDS] = ""
    description: Annotated[str, WORDS] = ""
    data: Annotated[str, WORDS, "what it was trained on"] = ""
    config: Annotated[Mapping[str, Any], TableOf(Anything()), "of the family"] = field(default_factory=dict)

    @property
    def labels(self) -> LabelsInput:
        """The labels input. Raises ModelRefused for a model that takes none."""
        if self.inputs.labels is None:
            raise ModelRefused(f"the model {self.name} takes no label pass", remedy="Choose a model that paints labels")
        return self.inputs.labels

    @property
    def uses(self) -> tuple[str, ...]:
        """The inputs beside labels."""
        return tuple(name for name in self.wants if name != "labels")

    @property
    def wants(self) -> Data:
        """The inputs as JSON, which `shared.inputs` reads."""
        return schema.plain(self.inputs)

    @property
    def unbound(self) -> bool:
        """Whether it paints of no pass: then always at its own size, however large the frame is."""
        return self.inputs.labels is None and self.inputs.picture is None

    @property
    def takes(self) -> str:
        """The inputs in words."""
        return inputs.said(self.wants)

    @cached_property
    def hash(self) -> str:
        """ "sha256:..." over everything in the card that the pixels depend on, the same in either format."""
        names = ("family", "label_set", "channels", "fallbacks", "size", "options", "uses", "weights", "config")
        flat = _flat(self.source)
        content = {name: flat.get(name) for name in names}
        content.update({name: flat[name] for name in ("inputs", "makes") if flat.get(name)})
        if content["options"]:  # what an option is of decides no pixel
            content["options"] = [{k: v for k, v in one.items() if k != "prepares"} for one in content["options"]]
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

    def check_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All options with their values, defaults filled in. Raises ModelRefused naming what is allowed."""
        names = [option.name for option in self.options]
        for name in given:
            if name not in names:
                allowed = f"Its options are {', '.join(names)}" if names else "It has no options"
                raise ModelRefused(f"the model {self.name} has no option {name!r}", remedy=allowed)
        try:
            return {option.name: option.judge(given.get(option.name, option.default)) for option in self.options}
        except ModelRefused as error:
            raise ModelRefused(f"{error.what} of the model {self.name}", remedy=error.remedy) from None

    def preparing(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Options as what is prepared of a layer depends on them: the others have the value that the card gives."""
        fixed = {option.name: option.default for option in self.options if not option.prepares}
        return {**options, **fixed}

    def to_dict(self) -> dict[str, Any]:
        """The card as plain data in today's format, for controls on the other side of the wire."""
        return {**_today(self.source), "options": [schema.plain(one) for one in self.options], "hash": self.hash}


def plain_inputs(labels: LabelsInput, uses: Iterable[str]) -> Data:
    """What a card says of a model that takes labels, and uses more where it is there."""
    return {"labels": schema.plain(labels), **{name: {} for name in uses}}


def load_card(folder: Path) -> Card:
    """Read and check the card of a model folder. Raises ModelRefused naming file and field."""
    file = folder / "card.json"
    try:
        data = documents.load(file, "a card", MAX_CARD)
        card = schema.read(Card, _today(data), folder=folder, source=data)
        options = tuple(_completed(option) for option in card.options)
        card = replace(card, options=(*options, WATERMARK) if card.makes.likeness else options)
        _check_telling(card)
        return card
    except MissingInput:
        raise ModelRefused("the model has no card", file=file, remedy="Add the model again") from None
    except InputRefused as error:
        remedy = error.remedy or "Add the model again"
        raise ModelRefused(error.what, file=file, cause=error.cause, remedy=remedy) from None


def _today(data: Any) -> Any:
    """A card of format 1 in the form of format 2; any other data as it is."""
    if not isinstance(data, dict) or data.get("format") != 1:
        return data
    uses = data.get("uses", [])
    further = {str(name): {} for name in uses} if isinstance(uses, list) else {"uses": uses}
    labels = {name: data[name] for name in OF_LABELS if name in data}
    rest = {name: value for name, value in data.items() if name not in (*OF_LABELS, "uses")}
    return {**rest, "format": FORMAT, "inputs": {"labels": labels, **further}}


def _flat(source: Mapping[str, Any]) -> dict[str, Any]:
    """A card of format 2 with the fields of its labels at the top, as format 1 has them: hashes stay."""
    if source.get("format") == 1:
        return dict(source)
    inputs = dict(source.get("inputs", {}))
    labels = inputs.pop("labels", {})
    plain_uses = all(one == {} for one in inputs.values()) and set(inputs) <= {"instance"}
    uses, rest = (list(inputs), {}) if plain_uses else ([], inputs)
    return {**source, "fallbacks": {}, **labels, "uses": uses, "inputs": rest}


def _completed(option: Option) -> Option:
    """With a title, and for every model that can paint in half precision the choice that leaves it to the device; no
    part of the card, whose hash is in every frame's key."""
    option = replace(option, title=option.title or option.name)
    if option.name != PRECISION or "half" not in option.choices or AUTO in option.choices:
        return option
    return replace(option, choices=(*option.choices, AUTO), help=f"{option.help}; auto takes it only there")


def painting_size(
    card: Card, width: int, height: int, requested: tuple[int, int] | None, scale: str | None = None
) -> tuple[int, int]:
    """The size (width, height) at which a pass of width x height is painted.

    Both are rounded up to the card's multiple. "stretch" paints at the native size unless another is asked for.
    scale: one of SCALES, for the others: the texture is as large in the frame whatever the size of the pass; never
    larger than the pass. What is requested goes before it.
    """
    if requested is not None and not card.unbound:
        wide, high = requested
    elif card.size.fit == "stretch" or card.unbound:
        wide, high = card.size.width, card.size.height
    else:
        times = math.inf if scale is None else SCALES[scale]
        less = min(1, times * math.sqrt(card.size.width * card.size.height / (width * height)))
        wide, high = max(1, round(width * less)), max(1, round(height * less))
    step = card.size.multiple
    return -(-wide // step) * step, -(-high // step) * step


def printable(text: str) -> str:
    """Of a name that may hold bytes of no text."""
    return text.encode("utf-8", "backslashreplace").decode()


def _check_telling(card: Card) -> None:
    """A card that cannot be sent would hide all the others. Raises ModelRefused."""
    try:
        protocol.unpack(protocol.reply("", {"models": [card.to_dict()]}))
    except (ValueError, OverflowError, RecursionError, SemrenderError) as error:
        cause = "A whole number in it is too large" if isinstance(error, OverflowError) else printable(str(error))
        if isinstance(error, InputRefused):
            cause = "A text in it holds half of a character (a lone surrogate)"
        raise ModelRefused("the card cannot be told to anyone", cause=cause, remedy="Add the model again") from error
