"""The names that a Cryptomatte pass holds, with the classes they mean."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from shared.errors import InputRefused
from shared.label_set import LabelSet
from shared.names import Named
from shared.passes import cryptomatte, cryptomatte_ranks, exr, pictures
from shared.passes.label_pass import ReadOptions


def names_in(files: Iterable[Path], label_set: LabelSet, options: ReadOptions) -> tuple[str, list[Named]]:
    """The Cryptomatte that was chosen, and its names: those of the manifests, and ids that are there without one;
    largest first. Raises InputRefused.
    """
    found: dict[str, Named] = {}
    crypto = ""
    for file in files:
        try:
            crypto, names = _names_of(file, label_set, options)
        except InputRefused as error:
            raise error.located(file=file) from None
        for one in names:
            if one.name not in found or one.share > found[one.name].share:
                found[one.name] = one
    return crypto, sorted(found.values(), key=lambda one: (-one.share, one.name))


def unused(table: Iterable[str], names: Iterable[Named]) -> list[str]:
    """The names and patterns of a table that none of the names fits."""
    held = [one.name.lower() for one in names]
    whole = set(held)
    return [one for one in table if one.lower() not in whole and not fnmatch.filter(held, one.lower())]


def _names_of(file: Path, label_set: LabelSet, options: ReadOptions) -> tuple[str, list[Named]]:
    cryptos = cryptomatte_ranks.find(exr.read_exr(file)) if pictures.read_head(file).startswith(pictures.EXR) else []
    if not cryptos:
        raise InputRefused("there is no Cryptomatte in this file", remedy="Colours and ids have no names")
    choice = cryptomatte.choose(file, cryptos, label_set, options)
    areas: dict[int, float] = {}
    for ids, cover in choice.crypto.pairs:
        values, place = np.unique(ids, return_inverse=True)
        for value, area in zip(values, np.bincount(place.ravel(), cover.ravel()), strict=True):
            areas[int(value)] = areas.get(int(value), 0.0) + float(area)
    pixels = choice.crypto.pairs[0][0].size
    names = dict(choice.manifest.names)
    for bits, area in areas.items():
        number = f"{bits:08x}"
        known = isinstance(choice.table.get(bits), int) and number not in options.names
        if bits and area > 0 and bits not in names and not known:
            names[bits] = number
    rows = []
    for bits, name in names.items():
        identity = choice.table.get(bits)
        means = label_set.by_id(identity).name if isinstance(identity, int) else ""
        rows.append(Named(name, round(areas.get(bits, 0.0) / pixels, 6), means))
    return choice.crypto.name, rows
