"""A picture per look of a model, painted by it on the shipped shot's labels; of a generator, some of its seeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from inference_server.models.base import PaintInput, load_model
from inference_server.models.cards import Card, painting_size
from shared.errors import ModelRefused
from shared.label_set import NOTHING, load_label_set
from shared.passes import ReadOptions, read_label_pass
from shared.places import whole

WIDTH = 384  # of one picture, at most
GAP, LINE = 8, 18  # pixels
LOOK = "look"


def paint_sheet(card: Card, labels: Path, file: Path) -> list[str]:
    """Write the labels and a painting per look, each with its name, as a PNG; returns the looks.

    labels: a label frame of the model's label set, or of coco_stuff where the model knows its classes by name. A
    generator paints seeds instead, whose names are returned. Raises ModelRefused where the model knows none of them.
    """
    if card.inputs.walk is not None and card.inputs.labels is None:
        return _seeds(card, file)
    ids, colours = _labels(card, labels)
    size = painting_size(card, ids.shape[1], ids.shape[0], None)
    rows, columns = (np.arange(n) * m // n for n, m in ((size[1], ids.shape[0]), (size[0], ids.shape[1])))
    channels = card.labels.channel_table()[ids][np.ix_(rows, columns)]
    model = load_model(card)
    looks = [str(look) for option in card.options if option.name == LOOK for look in option.choices] or [""]
    pictures = [("labels", colours)]
    for look in looks:
        options = card.check_options({LOOK: look} if look else {})
        painted = model.paint(PaintInput(channels, options=options))
        pictures.append((look or card.name, (painted * 255).round().astype(np.uint8)))
    _write(pictures, (ids.shape[1], ids.shape[0]), file)
    return [name for name, _ in pictures[1:]]


def _seeds(card: Card, file: Path) -> list[str]:
    from inference_server.models.stylegan import family, samples

    model = load_model(card)
    if not isinstance(model, family.StyleGan):
        raise ModelRefused(f"{card.name} is no generator whose seeds could be shown")
    return samples.paint(model.net, float(card.check_options({})["psi"]), file)


def _labels(card: Card, file: Path) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Ids of the model's own set, classes carried over by name, and the labels as colours."""
    shown = load_label_set("coco_stuff")
    ids = read_label_pass(file, shown, ReadOptions()).ids
    with Image.open(file) as picture:
        colours = np.asarray(picture.convert("RGB"))
    own = load_label_set(card.labels.label_set.name)
    if own.hash == shown.hash:
        return ids, colours
    by_name = {label.name: label.id for label in own.labels}
    table = np.full(NOTHING + 1, NOTHING, np.uint16)
    for label in shown.labels:
        table[label.id] = by_name.get(label.name.split("-")[0], by_name.get(label.name, NOTHING))
    if (table[ids] == NOTHING).all():
        raise ModelRefused(f"{card.name} paints {own.name}, which has no class of the shipped labels")
    return table[ids], colours


def _write(pictures: list[tuple[str, NDArray[np.uint8]]], size: tuple[int, int], file: Path) -> None:
    wide = min(WIDTH, size[0])
    high = round(size[1] * wide / size[0])
    sheet = Image.new("RGB", (len(pictures) * (wide + GAP) - GAP, high + LINE), "white")
    draw = ImageDraw.Draw(sheet)
    for place, (name, pixels) in enumerate(pictures):
        left = place * (wide + GAP)
        draw.text((left, 3), name, fill="black")
        sheet.paste(Image.fromarray(pixels).resize((wide, high), Image.Resampling.LANCZOS), (left, LINE))
    with whole(file, "the sheet") as beside:
        sheet.save(beside, "PNG")
