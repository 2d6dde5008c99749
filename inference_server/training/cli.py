"""`semrender train`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from inference_server.models.device_names import NAMES, device_name
from shared.command import tell


def add_commands(commands: Any) -> None:
    train = commands.add_parser("train", help="train a model on your own pairs of label pass and picture")
    train.add_argument("dataset", help="folder of pairs, label pattern (with --images), or a delivery with both passes")
    train.add_argument(
        "--name", "--out", dest="out", required=True, help="of the model, as `semrender models` will list it"
    )
    train.add_argument("--images", metavar="PATTERN", help="the pictures, when DATASET is the label pattern")
    for kind in ("normal", "depth"):
        train.add_argument(f"--{kind}", metavar="PATTERN", help=f"the {kind} passes, beside --images")
    train.add_argument(
        "--from", dest="start", default="", metavar="MODEL", help="a model, or a SPADE .pth, to go on from"
    )
    train.add_argument("--network", choices=("small", "spade"), default="small", help="of a new model (default small)")
    train.add_argument("--steps", type=_count, default=3000, help="default 3000; 1000 already show what will come")
    train.add_argument("--size", metavar="WxH", help="training size (default: the pairs' own, at most 256 long)")
    train.add_argument("--batch", type=_count, default=6, help="pairs a step (default 6)")
    train.add_argument("--rate", type=float, help="learning rate (default 0.0004, going on 0.00025)")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--label-set", default="coco_stuff", help="of the label maps")
    train.add_argument("--mode", choices=("strict", "nearest"), default="strict", help="nearest guesses soiled pixels")
    train.add_argument("--palette-png", choices=("index", "colour"), help="what a palette PNG's pixels mean")
    train.add_argument(
        "--about", type=Path, metavar="FILE", help="JSON: title, description, licence, credit, fallbacks"
    )
    train.add_argument("--device", type=device_name, default="auto", help=NAMES)
    train.add_argument("--check", action="store_true", help="only look at the pairs")
    train.add_argument("--restart", action="store_true", help="forget an unfinished training of this name")
    train.set_defaults(run=run_train)


def run_train(arguments: argparse.Namespace) -> int:
    """Exit code 0 when all steps are done, 130 when stopped on request."""
    if not arguments.json:  # the libraries take seconds to load
        print(f"{arguments.out}: reading the pairs of {arguments.dataset}", flush=True)
    from inference_server.models.devices import choose_device
    from inference_server.training.publish import read_about
    from inference_server.training.session import Request, train
    from shared.command import parse_size
    from shared.passes import ReadOptions

    request = Request(
        dataset=arguments.dataset,
        name=arguments.out,
        images=arguments.images,
        normal=arguments.normal,
        depth=arguments.depth,
        label_set=arguments.label_set,
        start=arguments.start,
        family=arguments.network,
        size=parse_size(arguments.size) if arguments.size else None,
        steps=arguments.steps,
        batch=arguments.batch,
        rate=arguments.rate,
        seed=arguments.seed,
        device=choose_device(arguments.device).name,
        restart=arguments.restart,
        check_only=arguments.check,
        about=read_about(arguments.about),
        read=ReadOptions(mode=arguments.mode, palette_png=arguments.palette_png),
    )

    def say(text: str) -> None:
        if arguments.json:
            tell("progress", {"text": text})
        else:
            print(text, flush=True)

    outcome = train(request, say)
    if arguments.json and outcome.card is not None:
        tell("done" if outcome.finished else "stopped", outcome.card.to_dict())
    return 0 if outcome.finished else 130


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count
