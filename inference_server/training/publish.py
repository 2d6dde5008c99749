"""From a training state to a model folder.

`python -m inference_server.training.publish STATE --about ABOUT.json --pairs PAIRS --out FOLDER`

`ABOUT.json` holds what only people know: title, description, licence, and for classes that the data does not
show the relative that stands in. Weights are stored in half precision, which the sheet does not show.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from shared.label_set import load_label_set

WEIGHTS = "weights.safetensors"


def publish(state_file: Path, about_file: Path, out: Path, pairs: Path, size: tuple[int, int]) -> None:
    """Write `out` (card.json and weights); `out.name` is the model's name."""
    state = torch.load(state_file, weights_only=True)
    about = json.loads(about_file.read_text(encoding="utf-8"))
    label_set = load_label_set(about["label_set"])
    classes: tuple[int, ...] = tuple(state["classes"])
    tensors = {
        name: tensor.half().contiguous() if tensor.is_floating_point() else tensor
        for name, tensor in state["average"].items()
    }
    content = save(tensors)
    fallbacks = {label_set.find(a).id: label_set.find(b).id for a, b in about["fallbacks"].items()}
    unlabeled = label_set.unlabeled if label_set.unlabeled is not None else classes[0]
    channel = {identity: n for n, identity in enumerate(classes)}
    looks = list(state["looks"])
    digest = hashlib.sha256()
    for file in sorted(pairs.glob("*.png")):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    count = len(list(pairs.glob("*_label.png")))
    card: dict[str, Any] = {
        "format": 1,
        "name": out.name,
        "title": about["title"],
        "version": 1,
        "family": "small",
        "description": about["description"],
        "licence": about["licence"],
        "credit": about["credit"],
        "data": (
            f"{count} rendered pairs of {size[0]}x{size[1]}, {len(classes)} classes, sha256 {digest.hexdigest()[:16]}; "
            f"trained for {state['spent'] / 60:.0f} minutes ({state['step']} steps) on two processor cores"
        ),
        "label_set": {"name": label_set.name, "version": label_set.version, "hash": label_set.hash},
        "channels": {
            "count": len(classes),
            "of": {str(identity): n for identity, n in channel.items()},
            "nothing": channel[fallbacks.get(unlabeled, unlabeled)],
        },
        "trained": list(classes),
        "fallbacks": {str(a): b for a, b in fallbacks.items()},
        "size": {"width": size[0], "height": size[1], "fit": "multiple", "multiple": 16},
        "options": [
            {
                "name": "look",
                "title": "Look",
                "kind": "choice",
                "default": looks[0],
                "choices": looks,
                "help": "Season and weather of the whole picture",
            }
        ],
        "uses": [],
        "weights": {"file": WEIGHTS, "sha256": hashlib.sha256(content).hexdigest()},
        "config": state["config"],
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / WEIGHTS).write_bytes(content)
    (out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--about", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True, help="the training pairs, for their hash")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, nargs=2, default=(256, 144))
    arguments = parser.parse_args()
    publish(arguments.state, arguments.about, arguments.out, arguments.pairs, tuple(arguments.size))


if __name__ == "__main__":
    main()
