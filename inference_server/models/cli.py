"""`semrender models`: list, show, add, remove."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from pathlib import Path
from typing import Any

from inference_server.models import cards, catalogue
from shared import inputs, places
from shared.command import parse_size
from shared.errors import Interrupted, ModelRefused
from shared.label_set import load_label_set
from shared.shot import PASSES


def add_commands(commands: Any) -> None:
    models = commands.add_parser("models", help="list, show, add and remove models")
    verbs = models.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="all models (also without a verb)")
    for one in (models, listing):
        one.set_defaults(run=run_list)
    show = verbs.add_parser("show", help="what a model is, knows and lets you choose")
    show.add_argument("name")
    show.add_argument(
        "--out",
        type=Path,
        metavar="PNG",
        help="paint the shipped labels in every look, or a generator's seeds, into this file",
    )
    show.set_defaults(run=run_show)
    add = verbs.add_parser(
        "add", help="add a model's folder, or a published file: a StyleGAN, SPADE or Wav2Lip checkpoint, a pose network"
    )
    add.add_argument(
        "file",
        type=Path,
        help="folder with card.json, as `semrender train` makes it; a generator (.pkl, .pt); SPADE's latest_net_G.pth; "
        "wav2lip.pth, Wav2Lip-SD-GAN.pt; a network of people's joints (.onnx); joints that OpenPose, AlphaPose or "
        "EasyMocap read of a clip (folder, .json)",
    )
    add.add_argument("--name", help="default: the folder's own; a file needs one")
    add.add_argument("--label-set", help="the label set that a SPADE checkpoint was trained on, which needs it")
    add.add_argument("--size", metavar="WxH", help="native size (default: opt.txt beside it, else 256x256)")
    add.add_argument("--layers", choices=("normal", "more", "most"), help="default: opt.txt, else the published one")
    add.add_argument(
        "--no-instance", action="store_true", help="an extra input channel is don't-care, not object edges"
    )
    add.add_argument("--licence", help="default: what the file lets one know")
    add.add_argument("--detector", type=Path, metavar="ONNX", help="finds people for a pose network (YOLOX)")
    add.add_argument("--lift", type=Path, metavar="BIN", help="makes points in space of its joints (MotionBERT)")
    add.add_argument(
        "--order", choices=("rgb", "bgr"), help="of a pose network's colours (default: as its kind learned)"
    )
    words = "it changes or makes somebody's face: shots say on what ground, and what it paints is marked"
    add.add_argument("--likeness", action="store_true", help=words)
    add.add_argument("--replace", action="store_true")
    add.set_defaults(run=run_add)
    remove = verbs.add_parser("remove", help="remove a model that was added")
    remove.add_argument("name")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.add_argument("--aside", action="store_true", help="`restore` brings it back, until the next is put aside")
    remove.set_defaults(run=run_remove)
    restore = verbs.add_parser("restore", help="bring back the model that was removed last with --aside")
    restore.add_argument("name")
    restore.set_defaults(run=run_restore)


def run_list(arguments: argparse.Namespace) -> int:
    found, broken = catalogue.available_cards()
    if arguments.json:
        words = {name: str(error) for name, error in broken.items()}
        print(json.dumps({"models": [card.to_dict() for card in found.values()], "broken": words}))
        return 0
    wide = max((len(card.takes) for card in found.values()), default=0)
    for card in found.values():
        classes = f"{len(card.labels.trained)} classes" if card.inputs.labels else ""
        print(f"{card.name:<20}{card.family:<13}{card.takes:<{wide}}  {classes:<12}{title(card)}")
    for name, error in broken.items():
        print(f"{name:<20}cannot be used: {error}")
    return 0


def title(card: cards.Card) -> str:
    return f"{card.title} ({card.unfinished})" if card.unfinished else card.title


def class_rows(card: cards.Card) -> list[str]:
    """The classes the model has seen, and what the others of its label set are painted as."""
    if card.inputs.labels is None:
        return []
    label_set = load_label_set(card.labels.label_set.name)
    if label_set.hash != card.labels.label_set.hash:
        return [f"of {card.labels.label_set.name}, which has changed since the model was made"]
    names = {label.id: label.name for label in label_set.labels}
    relatives: dict[int, list[str]] = {}
    for identity, relative in card.labels.fallbacks.items():
        relatives.setdefault(relative, []).append(names.get(identity, str(identity)))
    rows = []
    for name, identity in sorted((names.get(identity, str(identity)), identity) for identity in card.labels.trained):
        also = ", ".join(sorted(relatives.get(identity, [])))
        rows.append(f"{name}; also for {also}" if also else name)
    return rows


def run_show(arguments: argparse.Namespace) -> int:
    card = catalogue.find_card(arguments.name)
    sheet = {}
    if arguments.out:
        from inference_server.models.sheet import paint_sheet

        labels = places.example_folder() / "full_frame" / "full_frame_label.1012.png"
        sheet = {"picture": str(arguments.out), "looks": paint_sheet(card, labels, arguments.out)}
    if arguments.json:
        print(json.dumps({**card.to_dict(), **sheet}))
        return 0
    rule = "labels are stretched to it" if card.size.fit == "stretch" else "paints the pass's own size"
    fit = f"{card.size.width}x{card.size.height}, {rule}, multiples of {card.size.multiple}"
    if card.unbound:
        fit = f"{card.size.width}x{card.size.height}, in the middle of a frame of another size"
    rows = [
        ("title", title(card)),
        ("about", card.description),
        ("family", card.family),
        *(("input", given(name, card.wants)) for name in card.wants),
        ("makes", "pictures with an alpha of their own" if card.makes.alpha else card.makes.kind),
        ("classes", f"{len(card.labels.trained)} were seen in training" if card.inputs.labels else ""),
        ("native size", fit),
        ("licence", card.licence),
        ("credit", card.credit),
        ("data", card.data),
        ("hash", card.hash),
        *(("option", option_row(option)) for option in card.options),
    ]
    for name, value in rows:
        if value:
            print(f"{name:<14}{value}".rstrip())
    if card.inputs.labels is not None:
        print(f"{'seed':<14}another one gives another grain of the texture; forms and colours stay")
    label = "classes"
    for row in class_rows(card):
        lines = textwrap.wrap(row, 100, subsequent_indent="  ", break_on_hyphens=False)
        for line in lines:
            print(f"{label:<14}{line}")
            label = ""
    if sheet:
        print(f"{'picture':<14}{sheet['picture']}")
    return 0


def given(name: str, wants: inputs.Inputs) -> str:
    """Whether a model cannot do without an input, and where it is named."""
    what = f"{name} of {wants[name]['label_set']['name']}" if name == "labels" else name
    need = "needed" if name in inputs.needed(wants) else "used where it is there"
    way = inputs.argument(name, wants)
    where = " of a layer" if name in (*PASSES, "walk") else ""
    return f'{what}, {need}: {f"{way}, or " if way else ""}"{name}"{where} in shot.json'


def option_row(option: cards.Option) -> str:
    """What `--option` and shot.json may set."""
    bounds = f"{option.kind}, {'' if option.min is None else option.min}..{'' if option.max is None else option.max}"
    if option.kind == "boolean":
        return f"{option.name}={json.dumps(option.default)} (true, false) {option.help}"
    return f"{option.name}={option.default} ({', '.join(option.choices) or bounds}) {option.help}"


def run_add(arguments: argparse.Namespace) -> int:
    if arguments.file.is_dir() and not _of_others(arguments.file):
        from inference_server.models.install import add_folder

        card = add_folder(arguments.file, arguments.name, arguments.replace)
    elif arguments.name is None:
        raise ModelRefused("a file does not say its name", file=arguments.file, remedy="Say it with --name")
    elif _of_musetalk(arguments.file):
        from inference_server.models.lips.musetalk_published import add_musetalk

        card = add_musetalk(arguments.file, arguments.name, arguments.licence, arguments.replace)
    elif arguments.label_set is None:
        card = _add_pose(arguments) or _add_generator(arguments)
    else:
        card = _add_checkpoint(arguments)
    if arguments.likeness:
        from inference_server.models.install import say_likeness

        card = say_likeness(card.name)
    if arguments.json:
        print(json.dumps(card.to_dict()))
    else:
        print(f"added {card.name}: {card.title}, {card.size.width}x{card.size.height}, in {card.folder}")
        print(f"licence: {card.licence}")
        if card.family == "pose" and card.data:
            print(f"data: {card.data}")
    return 0


def _of_others(folder: Path) -> bool:
    """Whether a folder is no model's, but MuseTalk's weights, or joints that another program read of a clip."""
    return not (folder / "card.json").exists() and (_of_musetalk(folder) or any(folder.glob("*.json")))


def _of_musetalk(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    from inference_server.models.lips.musetalk_published import looks_like

    return looks_like(folder)


def _add_pose(arguments: argparse.Namespace) -> cards.Card | None:
    """The model of a network of joints, or of joints that were read; None where the file is neither."""
    from inference_server.models.onnx_files import looks_like

    path, licence, replace = arguments.file, arguments.licence, arguments.replace
    if looks_like(path) or path.suffix.lower() == ".onnx":  # one that is damaged is told so
        from inference_server.models.pose.adding import add_network

        detector, order, lift = arguments.detector, arguments.order, arguments.lift
        return add_network(path, arguments.name, detector, order, lift, licence, replace)
    if arguments.detector or arguments.order:
        raise ModelRefused("--detector and --order are of pose networks (.onnx)", file=path)
    if path.is_dir() or path.suffix.lower() == ".json":
        from inference_server.models.pose.importing import add_figures

        return add_figures(path, arguments.name, arguments.lift, licence, replace)
    if arguments.lift:
        raise ModelRefused("--lift is of pose networks, and of joints that were read", file=path)
    return None


def _add_generator(arguments: argparse.Namespace) -> cards.Card:
    from inference_server.models.lips.published import add_lips, looks_like
    from inference_server.models.stylegan.published.adding import add_published

    of_checkpoints = {"--size": arguments.size, "--layers": arguments.layers, "--no-instance": arguments.no_instance}
    if given := [name for name, value in of_checkpoints.items() if value]:
        raise ModelRefused(
            f"{given[0]} is of SPADE checkpoints, and so is --label-set, which is not there",
            file=arguments.file,
            remedy="Add --label-set, or leave both out for a generator",
        )
    if looks_like(arguments.file):
        return add_lips(arguments.file, arguments.name, arguments.licence, arguments.replace)
    return add_published(arguments.file, arguments.name, arguments.licence, arguments.replace)


def _add_checkpoint(arguments: argparse.Namespace) -> cards.Card:
    from inference_server.models.checkpoint import GIVEN, add_checkpoint

    return add_checkpoint(
        arguments.file,
        arguments.name,
        arguments.label_set,
        parse_size(arguments.size) if arguments.size else None,
        arguments.layers,
        arguments.licence or GIVEN,
        arguments.replace,
        arguments.no_instance,
    )


def run_remove(arguments: argparse.Namespace) -> int:
    from inference_server.models.install import remove_model

    if not arguments.yes and not arguments.aside:
        _ask_to_remove(arguments)
    removed = remove_model(arguments.name, arguments.aside)
    print(json.dumps({"removed": str(removed)}) if arguments.json else f"removed {removed}")
    return 0


def run_restore(arguments: argparse.Namespace) -> int:
    from inference_server.models.install import restore_model

    card = restore_model(arguments.name)
    print(json.dumps(card.to_dict()) if arguments.json else f"{card.name} is back, in {card.folder}")
    return 0


def _ask_to_remove(arguments: argparse.Namespace) -> None:
    """A trained model is hours of work and has no copy. Raises where it is not to go, or nobody can be asked."""
    if not (places.models_folder() / arguments.name).is_dir():
        return  # the words about that are better than a question
    if arguments.json or not sys.stdin.isatty():
        raise ModelRefused(
            f"{arguments.name} would be gone for good, and nobody can be asked here", remedy="Say --yes to remove it"
        )
    answer = input(f"Remove {arguments.name} and its weights in {places.models_folder()} for good? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise Interrupted(f"{arguments.name} stays")
