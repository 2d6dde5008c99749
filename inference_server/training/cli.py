"""`semrender train`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from inference_server.models.device_names import NAMES, device_name
from shared.command import saying, tell
from shared.errors import InputRefused

GENERATOR = "stylegan2"
GUIDES = ("normal", "depth", "instance", "shading")
OF_PAIRS = ("images", *GUIDES, "steps", "palette_png")
OF_GENERATORS = ("kimg", "hours", "gamma", "mirror")


def add_commands(commands: Any) -> None:
    train = commands.add_parser(
        "train", help="train a model on your own pairs of label pass and picture, or a generator on pictures"
    )
    train.add_argument(
        "dataset",
        help="folder of pairs, label pattern (with --images), or a delivery with both passes; of a generator the "
        "folder that `semrender dataset` makes, or another one of squares",
    )
    train.add_argument(
        "--name", "--out", dest="out", required=True, help="of the model, as `semrender models` will list it"
    )
    train.add_argument(
        "--network", choices=("small", "spade", GENERATOR), default="small", help="of a new model (default small)"
    )
    train.add_argument(
        "--from", dest="start", default="", metavar="MODEL", help="a model, or a SPADE .pth, to go on from"
    )
    train.add_argument(
        "--size", metavar="WxH", help="training size (default: the pictures' own, pairs at most 256 long)"
    )
    train.add_argument(
        "--batch", type=_count, help="pairs or pictures a step (default 6; 8 of a generator, 32 on a GPU)"
    )
    words = "learning rate (default 0.0004, going on 0.00025; of a generator 0.005, of a large one 0.0025)"
    train.add_argument("--rate", type=float, help=words)
    train.add_argument("--seed", type=int, default=0)
    train.add_argument(
        "--about", type=Path, metavar="FILE", help="JSON: title, description, licence, credit, fallbacks"
    )
    train.add_argument("--device", type=device_name, default="auto", help=NAMES)
    train.add_argument("--check", action="store_true", help="only look at the pairs or pictures")
    train.add_argument("--restart", action="store_true", help="forget an unfinished training of this name")
    pairs = train.add_argument_group("of pairs")
    pairs.add_argument("--images", metavar="PATTERN", help="the pictures, when DATASET is the label pattern")
    for kind in GUIDES:
        pairs.add_argument(f"--{kind}", metavar="PATTERN", help=f"the {kind} passes, beside --images")
    pairs.add_argument("--steps", type=_count, help="default 3000; 1000 already show what will come")
    pairs.add_argument("--label-set", default="coco_stuff", help="of the label maps")
    pairs.add_argument("--mode", choices=("strict", "nearest"), default="strict", help="nearest guesses soiled pixels")
    pairs.add_argument("--palette-png", choices=("index", "colour"), help="what a palette PNG's pixels mean")
    generators = train.add_argument_group(f"of a generator (--network {GENERATOR})")
    generators.add_argument("--kimg", type=_positive, help="thousand pictures that it is shown (default 1000)")
    generators.add_argument("--hours", type=_positive, help="of training, after which it stops for now")
    generators.add_argument("--mirror", action="store_true", default=None, help="half of the pictures are mirrored")
    generators.add_argument(
        "--gamma", type=_positive, help="weight of R1; more where all comes out alike (default by size and batch)"
    )
    train.set_defaults(run=run_train)


def run_train(arguments: argparse.Namespace) -> int:
    """Exit code 0 when all steps are done, 130 when stopped on request."""
    generator = arguments.network == GENERATOR
    for name in OF_PAIRS if generator else OF_GENERATORS:
        if getattr(arguments, name) is not None:
            raise InputRefused(
                f"--{name.replace('_', '-')} says nothing to a training with --network {arguments.network}",
                remedy="Leave it out" if generator else f"Leave it out, or add --network {GENERATOR}",
            )
    if not arguments.json:  # the libraries take seconds to load
        what = "pictures" if generator else "pairs"
        print(f"{arguments.out}: reading the {what} of {arguments.dataset}", flush=True)

    say = saying(arguments.json)
    outcome = (_train_generator if generator else _train_pairs)(arguments, say)
    if arguments.json and outcome.card is not None:
        tell("done" if outcome.finished else "stopped", outcome.card.to_dict())
    return 0 if outcome.finished else 130


def _train_pairs(arguments: argparse.Namespace, say: Callable[[str], None]) -> Any:
    from inference_server.models.devices import choose_device
    from inference_server.training.publish import read_about
    from inference_server.training.session import Request, train
    from shared.command import parse_size
    from shared.passes import ReadOptions

    request = Request(
        dataset=arguments.dataset,
        name=arguments.out,
        images=arguments.images,
        guides={kind: getattr(arguments, kind) for kind in GUIDES},
        label_set=arguments.label_set,
        start=arguments.start,
        family=arguments.network,
        size=parse_size(arguments.size) if arguments.size else None,
        steps=arguments.steps or 3000,
        batch=arguments.batch or 6,
        rate=arguments.rate,
        seed=arguments.seed,
        device=choose_device(arguments.device).name,
        restart=arguments.restart,
        check_only=arguments.check,
        about=read_about(arguments.about),
        read=ReadOptions(mode=arguments.mode, palette_png=arguments.palette_png),
    )
    return train(request, say)


def _train_generator(arguments: argparse.Namespace, say: Callable[[str], None]) -> Any:
    from inference_server.models.devices import choose_device
    from inference_server.training.gan.session import Request, train
    from inference_server.training.publish import read_about

    request = Request(
        dataset=arguments.dataset,
        name=arguments.out,
        start=arguments.start,
        size=_side(arguments.size) if arguments.size else None,
        kimg=arguments.kimg,
        hours=arguments.hours,
        batch=arguments.batch,
        rate=arguments.rate,
        gamma=arguments.gamma,
        mirror=bool(arguments.mirror),
        seed=arguments.seed,
        device=choose_device(arguments.device).name,
        restart=arguments.restart,
        check_only=arguments.check,
        about=read_about(arguments.about),
    )
    return train(request, say)


def _side(text: str) -> int:
    """64 or 64x64. Raises InputRefused for what is no size of a generator."""
    from inference_server.datasets.choices import SIZES

    sides = {part for part in text.lower().split("x") if text.lower().count("x") < 2}
    if len(sides) == 1 and (side := sides.pop()).isdecimal() and int(side) in SIZES:
        return int(side)
    raise InputRefused(f"{text} is no size of a generator", remedy=f"Use one of {', '.join(map(str, SIZES))}")


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return value
