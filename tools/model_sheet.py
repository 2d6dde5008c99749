"""What a model adds: labels, mean colour per class, painting, reference picture, side by side for some frames.

`python tools/model_sheet.py --labels L.####.png --beauty B.####.png --frames 1001,1012 --pairs PAIRS --out sheet.png`
The mean colours are those of the training pairs: the best picture that knows the labels and nothing else.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from inference_server.broker.requests import DEFAULT_MODEL
from inference_server.models.base import PaintInput, load_model
from inference_server.models.catalogue import find_card
from inference_server.training.pairs import read_pairs
from inference_server.training.sources import find_pairs
from inference_server.worker.fitting import fit, unfit
from inference_server.worker.preview import colours
from shared.label_set import load_label_set
from shared.passes import read_label_pass
from shared.sequences import find_sequence, parse_range


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--beauty", required=True)
    parser.add_argument("--frames", required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    card = find_card(arguments.model)
    model, label_set = load_model(card), load_label_set(card.labels.label_set.name)
    pairs = read_pairs(find_pairs(str(arguments.pairs)), label_set)
    flat = np.zeros((65536, 3), np.uint8)
    for identity in pairs.pixels():
        flat[identity] = pairs.images[pairs.ids == identity].mean(0)
    labels, beauty = find_sequence(arguments.labels), find_sequence(arguments.beauty)
    rows = []
    for frame in parse_range(arguments.frames):
        ids = read_label_pass(labels.file(frame), label_set).ids
        height, width = ids.shape
        step = card.size.multiple
        size = (-(-width // step) * step, -(-height // step) * step)
        wanted = card.labels.channel_table()[ids]
        channels = fit(wanted, size, card.size.fit)
        picture = model.paint(PaintInput(channels, None, arguments.seed, card.check_options({})))
        painted = (unfit(picture, channels, wanted, card.size.fit) * 255 + 0.5).astype(np.uint8)
        real = np.asarray(Image.open(beauty.file(frame)).convert("RGB"))
        rows.append(np.concatenate([colours(label_set, ids), flat[ids], painted, real], 1))
    Image.fromarray(np.concatenate(rows)).save(arguments.out, optimize=True)


if __name__ == "__main__":
    main()
