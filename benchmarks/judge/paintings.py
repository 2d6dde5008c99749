"""What is judged: a model's paintings of pairs that it never saw, and what the labels alone tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.judge.segmenter import Pictures
from inference_server.models.base import PaintInput, load_model
from inference_server.models.cards import Card
from inference_server.training.pairs import Pairs
from inference_server.worker.fitting import fit_planes, unfit

SHADING = "shading"  # told apart from the other guides: it is the only one that costs a render with lights


def tellings(card: Card, pairs: Pairs) -> dict[str, tuple[str, ...]]:
    """With which guides a model is judged: none, all but a clay render, all; in the words of its title."""
    guided = bool(card.config.get("guided")) and pairs.geometry is not None
    uses = tuple(name for name in card.uses if name != SHADING) if guided else ()
    found: dict[str, tuple[str, ...]] = {"": ()}
    if uses:
        found[" guided"] = uses
    if guided and SHADING in card.uses and pairs.has_shading:
        found[" shaded"] = (*uses, SHADING)
    return found


def paint(card: Card, pairs: Pairs, told: tuple[str, ...]) -> Pictures:
    """Every pair's labels, each in its own look; told: the guides that are given where they are known of it."""
    model = load_model(card)
    table, painted = card.labels.channel_table(), []
    width, height = pairs.size
    looks = {look for option in card.options if option.name == "look" for look in option.choices}
    step = card.size.multiple
    size = (-(-width // step) * step, -(-height // step) * step)
    if card.size.fit == "stretch":
        size = (card.size.width, card.size.height)
    for n, (ids, look) in enumerate(zip(pairs.ids, pairs.looks, strict=True)):
        options = card.check_options({"look": look} if look in looks else {})
        whole = PaintInput(table[ids], seed=0, options=options, **(_known(pairs, n, told) if told else {}))
        request = fit_planes(whole, size, card.size.fit)
        picture = unfit(model.paint(request), request.channels, whole.channels, card.size.fit)
        painted.append((picture * 255 + 0.5).astype(np.uint8))
    return np.stack(painted)


def _known(pairs: Pairs, n: int, told: tuple[str, ...]) -> dict[str, Any]:
    geometry = pairs.geometry
    if geometry is None:
        return {}
    planes = {"normal": geometry.normals[n] / np.float32(127), "depth": geometry.depth[n]}
    planes["instance"] = geometry.parts[n].astype(np.int32)
    known: dict[str, Any] = {name: plane for name, plane in planes.items() if plane.any() and name in told}
    if SHADING in told and (geometry.shading[n] >= 0).any():
        known[SHADING] = geometry.shading[n].astype(np.float32)
    sun = geometry.suns[n]
    return {**known, "sun": tuple(float(v) for v in sun)} if sun.any() else known


def flat(pairs: Pairs, held: Pairs) -> Pictures:
    """The mean colour of each class in the training pairs: all that the labels alone tell."""
    table = np.zeros((65536, 3), np.uint8)
    for identity in pairs.pixels():
        table[identity] = pairs.images[pairs.ids == identity].mean(0)
    result: Pictures = table[held.ids]
    return result
