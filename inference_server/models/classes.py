"""Classes of one label set carried over to the set that a model was made for.

A class goes to the class of the same name, else to one that shares an alias, else to a relative (`kin.json`),
preferring what the model was trained on; what nobody knows goes to the set's own "unlabeled". What the artist asks
for goes before all of it.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inference_server.models.cards import Card
from shared.errors import InputRefused, MissingInput
from shared.label_set import NOTHING, Label, LabelSet, load_label_set, plain
from shared.values import Value

if TYPE_CHECKING:  # the broker, which asks whether a class can be carried, has no use for arrays
    import numpy as np
    from numpy.typing import NDArray

KIN = Path(__file__).with_name("kin.json")
FARTHEST = 2  # steps from a class to a relative: to its kind, to another of that kind; beyond is no likeness


class Carried(Value):
    """Where a class goes. target: a class of the model's set, None for its channel of nothing.

    how: "same" (one set), "asked", "name", "alias", "relative", "unknown".
    """

    label: Label
    target: Label | None
    how: str


class Carrying(Value):
    """The set that the model paints, every class of the pass's set by its id, and notes for the artist.

    `of` is empty where the pass has the model's own set and nothing was asked for.
    """

    paints: LabelSet
    of: Mapping[int, Carried]
    notes: tuple[str, ...] = ()

    def table(self, card: Card) -> NDArray[np.uint16]:
        """(65536,) id of the pass -> channel of the network."""
        own = card.labels.channel_table()
        table = own.copy()
        for identity, carried in self.of.items():
            table[identity] = own[NOTHING if carried.target is None else carried.target.id]
        return table

    def content(self) -> dict[str, int | None]:
        """What a key depends on: id -> id."""
        return {str(i): None if one.target is None else one.target.id for i, one in sorted(self.of.items())}


def carry(card: Card, label_set: LabelSet, asked: Mapping[str, str]) -> Carrying:
    """How the classes of `label_set` are painted by a model.

    asked: class of the pass -> class of the model's set, or of the pass's own, which then goes where that goes.
    Raises InputRefused for a class that does not exist, MissingInput where the model's own set is not there.
    """
    paints, notes = label_set, []
    if card.labels.label_set.name != label_set.name:
        try:
            paints = load_label_set(card.labels.label_set.name)
        except MissingInput as error:
            raise MissingInput(
                f"the label set {card.labels.label_set.name} of the model {card.name} is not there", remedy=error.remedy
            ) from None
    changed = paints.hash != card.labels.label_set.hash
    if changed:
        notes.append(
            f"the label set {paints.name} has changed since {card.name} was made: its classes are taken by their ids"
        )
    if paints is label_set and not asked and not changed:
        return Carrying(paints, {})
    known = set(card.labels.channels.of) | set(card.labels.fallbacks)
    targets = {label.id: label for label in paints.labels if label.id in known}
    trained = set(card.labels.trained)
    of = {}
    for label in label_set.labels:
        own = targets.get(label.id) if paints is label_set else None
        of[label.id] = Carried(label, own, "same") if own else _nearest(label, label_set, paints, targets, trained)
    wanted = {label_set.find(name).id: _asked(to, label_set, paints, targets, of) for name, to in asked.items()}
    return Carrying(
        paints, {**of, **{i: Carried(label_set.by_id(i), to, "asked") for i, to in wanted.items()}}, (*notes,)
    )


def _asked(
    name: str, label_set: LabelSet, paints: LabelSet, targets: Mapping[int, Label], of: Mapping[int, Carried]
) -> Label | None:
    there = paints.get(name)
    if there is not None and there.id in targets:
        return there
    own = label_set.get(name)
    if own is not None:
        return of[own.id].target
    try:
        paints.find(name)
    except InputRefused as error:
        raise InputRefused(f"the map leads to {name!r}: {error.what}", remedy=error.remedy) from None
    raise InputRefused(f"the map leads to {name!r}, for which the model has no channel")


def _nearest(
    label: Label, label_set: LabelSet, paints: LabelSet, targets: Mapping[int, Label], trained: set[int]
) -> Carried:
    names = (label.name, *label.aliases)
    same = next((one for one in targets.values() if plain(one.name) == plain(label.name)), None)
    if same is not None:
        return Carried(label, same, "name")
    if label.id == label_set.unlabeled:
        return Carried(label, targets.get(-1 if paints.unlabeled is None else paints.unlabeled), "name")
    shared = [one for name in names if (one := paints.get(name)) is not None and one.id in targets]
    if shared:
        return Carried(label, _best(shared, trained), "alias")
    for seeds in (names, _words(label.name)):
        for level in _outwards([plain(name) for name in seeds]):
            found = [one for name in level if (one := paints.get(name)) is not None and one.id in targets]
            if found and _best(found, trained).id != paints.unlabeled:
                return Carried(label, _best(found, trained), "relative")
    return Carried(label, targets.get(-1 if paints.unlabeled is None else paints.unlabeled), "unknown")


def _best(found: list[Label], trained: set[int]) -> Label:
    return next((one for one in found if one.id in trained), found[0])


def _words(name: str) -> list[str]:
    """The words of a name, its last first: in "old oak tree 2" the tree is what it is."""
    parts = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))
    several = [" ".join(parts[i:]) for i in range(1, len(parts))]
    return [*several, *reversed(parts)]


def _outwards(seeds: list[str]) -> Iterator[list[str]]:
    """Names by how near they are to the seeds, nearest first; the seeds themselves are the first level."""
    kin = _kin()
    seen = set(seeds)
    level = list(dict.fromkeys(seeds))
    for _ in range(FARTHEST + 1):
        yield level
        level = [name for name in dict.fromkeys(n for one in level for n in kin.get(one, ())) if name not in seen]
        seen.update(level)


@functools.cache
def _kin() -> dict[str, list[str]]:
    """name -> its kinds and members, in the order of the file."""
    found: dict[str, list[str]] = {}
    for kind, members in json.loads(KIN.read_text(encoding="utf-8"))["kinds"].items():
        found.setdefault(plain(kind), []).extend(plain(name) for name in members)
        for name in members:
            found.setdefault(plain(name), []).append(plain(kind))
    return found
