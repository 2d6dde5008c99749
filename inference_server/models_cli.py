"""`semrender models`: list, show, add, remove."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from inference_server import cards
from inference_server.cli import parse_size
from shared.errors import ModelRefused


def add_commands(commands: Any) -> None:
    models = commands.add_parser("models", help="list, show, add and remove models")
    verbs = models.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="all models (also without a verb)")
    for one in (models, listing):
        one.set_defaults(run=run_list)
    show = verbs.add_parser("show", help="what a model is, knows and lets you choose")
    show.add_argument("name")
    show.set_defaults(run=run_show)
    add = verbs.add_parser("add", help="add a model's folder, or a published SPADE checkpoint (latest_net_G.pth)")
    add.add_argument("file", type=Path, help="folder with card.json, as `semrender train` makes it, or the checkpoint")
    add.add_argument("--name", help="default: the folder's own; a checkpoint needs one")
    add.add_argument("--label-set", help="the label set that a checkpoint was trained on")
    add.add_argument("--size", metavar="WxH", help="native size (default: opt.txt beside it, else 256x256)")
    add.add_argument("--layers", choices=("normal", "more", "most"), help="default: opt.txt, else the published one")
    add.add_argument(
        "--no-instance", action="store_true", help="an extra input channel is don't-care, not object edges"
    )
    add.add_argument("--licence", default="as given by its author")
    add.add_argument("--replace", action="store_true")
    add.set_defaults(run=run_add)
    remove = verbs.add_parser("remove", help="remove a model that was added")
    remove.add_argument("name")
    remove.set_defaults(run=run_remove)


def run_list(arguments: argparse.Namespace) -> int:
    found, broken = cards.available_cards()
    if arguments.json:
        words = {name: str(error) for name, error in broken.items()}
        print(json.dumps({"models": [card.to_dict() for card in found.values()], "broken": words}))
        return 0
    for card in found.values():
        print(f"{card.name:<20}{card.family:<8}{card.label_set.name:<14}{len(card.trained)} classes  {card.title}")
    for name, error in broken.items():
        print(f"{name:<20}cannot be used: {error}")
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    card = cards.find_card(arguments.name)
    if arguments.json:
        print(json.dumps(card.to_dict()))
        return 0
    rule = "labels are stretched to it" if card.size.fit == "stretch" else "paints the pass's own size"
    fit = f"{card.size.width}x{card.size.height}, {rule}, multiples of {card.size.multiple}"
    rows = {
        "title": card.title,
        "about": card.description,
        "family": card.family,
        "labels": f"{card.label_set.name}, {len(card.trained)} of its classes seen in training",
        "native size": fit,
        "licence": card.licence,
        "credit": card.credit,
        "data": card.data,
        "hash": card.hash,
    }
    for name, value in rows.items():
        if value:
            print(f"{name:<14}{value}")
    for option in card.options:
        bounds = "true, false" if option.kind == "boolean" else f"{option.min} to {option.max}"
        allowed = ", ".join(option.choices) or bounds
        print(f"{'option':<14}{option.name}={option.default} ({allowed}) {option.help}")
    return 0


def run_add(arguments: argparse.Namespace) -> int:
    if arguments.file.is_dir():
        from inference_server.models.install import add_folder

        card = add_folder(arguments.file, arguments.name, arguments.replace)
    else:
        card = _add_checkpoint(arguments)
    if arguments.json:
        print(json.dumps(card.to_dict()))
    else:
        print(f"added {card.name}: {card.title}, {card.size.width}x{card.size.height}, in {card.folder}")
    return 0


def _add_checkpoint(arguments: argparse.Namespace) -> cards.Card:
    from inference_server.models.checkpoint import add_checkpoint

    if arguments.name is None or arguments.label_set is None:
        raise ModelRefused(
            "a checkpoint does not say its name and label set",
            file=arguments.file,
            remedy="Say them with --name and --label-set",
        )
    return add_checkpoint(
        arguments.file,
        arguments.name,
        arguments.label_set,
        parse_size(arguments.size) if arguments.size else None,
        arguments.layers,
        arguments.licence,
        arguments.replace,
        arguments.no_instance,
    )


def run_remove(arguments: argparse.Namespace) -> int:
    from inference_server.models.install import remove_model

    removed = remove_model(arguments.name)
    print(json.dumps({"removed": str(removed)}) if arguments.json else f"removed {removed}")
    return 0
