"""`python -m benchmarks.judge --pairs PAIRS --heldout PAIRS --out FOLDER [--model NAME …]`"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from benchmarks.judge import report
from benchmarks.judge.judgement import judge
from benchmarks.judge.paintings import flat, paint, tellings
from benchmarks.judge.segmenter import Pictures, Segmenter, train_segmenter
from inference_server.broker.requests import DEFAULT_MODEL
from inference_server.models.cards import load_card
from inference_server.models.catalogue import find_card
from inference_server.training.pairs import Pairs, read_pairs
from inference_server.training.sources import find_pairs
from shared.label_set import load_label_set
from shared.passes import read_label_pass

SHEET, WORST = 12, 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description="How good models are on new pairs")
    parser.add_argument("--pairs", required=True, help="real pairs: for the segmenter and the mean colours")
    parser.add_argument("--heldout", required=True, help="pairs that no model saw, judged at their own size")
    parser.add_argument("--model", action="append", default=[], help="name or folder; may be given again")
    parser.add_argument("--steps", type=int, default=400, help="of the segmenter (default 400)")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    label_set = load_label_set("coco_stuff")
    pairs = read_pairs(find_pairs(arguments.pairs), label_set)
    files = find_pairs(arguments.heldout)
    held = read_pairs(files, label_set, read_label_pass(files[0].label, label_set).ids.shape[::-1])
    classes = sorted(pairs.pixels())
    net = the_segmenter(out / "segmenter.pt", pairs, classes, arguments.steps)
    painted: dict[str, Pictures] = {}
    for name in arguments.model or [DEFAULT_MODEL]:
        card = load_card(Path(name)) if Path(name).is_dir() else find_card(name)
        title = f"{card.name} {card.hash[7:15]}"
        for words, told in tellings(card, held).items():
            painted[f"{title}{words}"] = paint(card, held, told)
    judged = {"real": held.images, "flat": flat(pairs, held), **painted}
    found = {title: judge(net, pictures, held, classes, label_set) for title, pictures in judged.items()}
    places = np.unique(np.linspace(0, len(held.ids) - 1, SHEET).astype(int))
    report.sheet(held, list(painted.values()), places.tolist(), label_set).save(out / "sheet.png")
    for title, pictures in painted.items():
        worst = np.argsort(found[title].per_picture - found["real"].per_picture)[:WORST].tolist()
        report.sheet(held, [pictures], worst, label_set).save(out / f"{title.replace(' ', '_')}_worst.png")
        print(f"{title}: worst against the real are the pairs {worst}")
    names = [label_set.by_id(identity).name for identity in classes]
    print("\n\n".join([report.summary(found), report.by_class(found, names), report.of_creases(found)]))
    content = json.dumps(report.everything(found, names), indent=1) + "\n"
    (out / "judge.json").write_text(content, encoding="utf-8")


def the_segmenter(file: Path, pairs: Pairs, classes: list[int], steps: int) -> Segmenter:
    """The one that is kept in the file, or one trained on the pairs."""
    if not file.is_file():
        net = train_segmenter(pairs, classes, steps)
        torch.save(net.state_dict(), file)
        return net
    net = Segmenter(len(classes))
    net.load_state_dict(torch.load(file, weights_only=True))
    return net.eval()


if __name__ == "__main__":
    main()
