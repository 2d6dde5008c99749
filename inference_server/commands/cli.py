"""`semrender render`, `demo`, `check` and `doctor`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, cast

from inference_server.commands import afterwards, consenting, render, walked
from inference_server.models.device_names import NAMES, device_name
from inference_server.tasks import FORMATS, MOVIES
from shared import asked, places
from shared.changes import STATED, Changes
from shared.clip_cli import add_deinterlace
from shared.command import parse_size
from shared.errors import InputRefused
from shared.inputs import WORDS
from shared.sequences import parse_range
from shared.shot import CLIP_ENDS, GUIDES, HOLDS, MOTIONS, NORMALS, OF_ANY_SIZE, PASSES, SCALES, Shot
from shared.shot_input import shot_from_input

MOVING = ("motion", "depth")  # passes that have a group of their own in the help


def add_commands(commands: Any) -> None:
    painting = commands.add_parser("render", help="paint a shot, a folder or a pattern of frames")
    words = (
        "shot.json, a folder, one frame, or a pattern such as label.####.png: labels, or pictures where the model takes"
    )
    painting.add_argument("input", nargs="?", help=f"{words} no labels; nothing with --seeds")
    words = "folder for the painted layers (default: painted/NAME-OF-THE-SHOT here)"
    painting.add_argument("--out", type=Path, metavar="FOLDER", help=words)
    add_shot_arguments(painting)
    _add_render_arguments(painting)
    painting.set_defaults(run=run_render)

    demo = commands.add_parser("demo", help="paint the shipped shot")
    demo.add_argument("--out", type=Path, default=Path("painted") / "ride_the_train")
    _add_render_arguments(demo)
    demo.set_defaults(run=run_demo)

    check = commands.add_parser("check", help="say what is in a shot's passes, without painting")
    check.add_argument("input", nargs="?")
    add_shot_arguments(check)
    check.add_argument("--device", type=device_name, default="auto", help=argparse.SUPPRESS)
    _add_here(check)
    check.add_argument("--all", action="store_true", help="list every class, not the largest alone")
    check.set_defaults(run=run_check)

    doctor = commands.add_parser("doctor", help="one report of versions, devices, server and paths")
    doctor.set_defaults(run=run_doctor)


def add_shot_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(refuse=parser.error)
    shot = parser.add_argument_group("the shot (what shot.json says otherwise)")
    shot.add_argument("--model", help="see `semrender models`")
    shot.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the model")
    shot.add_argument("--seed", type=int, help="of the texture (default 0)")
    shot.add_argument("--frames", metavar="RANGE", help="1001-1024, 1001-1100x2, 1001,1005")
    words = "of a clip: seconds, or [hours:]minutes:seconds, from which it is painted"
    shot.add_argument("--from", dest="clip_from", metavar="TIME", help=f"{words}; frames keep their numbers")
    shot.add_argument("--to", dest="clip_to", metavar="TIME", help="up to which")
    shot.add_argument("--layer", action="append", metavar="NAME", help="only this layer; may be given again")
    shot.add_argument("--size", metavar="WxH", help="paint at this size; the output keeps the pass's size")
    shot.add_argument("--hold", choices=HOLDS, help="how still the texture holds while things move (default off)")
    shot.add_argument(
        "--scale", choices=SCALES, help="how large the texture is (default: painted at the size of the pass)"
    )
    shot.add_argument("--memory", type=float, metavar="GIB", help="larger frames are painted in tiles (default 3)")
    shot.add_argument("--fps", help="24, 23.976, 24000/1001")
    shot.add_argument("--mattes", metavar="CLASSES", help="none, all, or class names separated by commas")
    shot.add_argument("--context", metavar="PATTERN", help="label pass of the full frame, for layers")
    shot.add_argument(
        "--map", action="append", default=[], metavar="CLASS=CLASS", help="paint a class as another; may be given again"
    )
    shot.add_argument("--fill", metavar="CLASS", help="class outside a layer where there is no context")
    words = "of the movie and the comp, any file that has some, or none (default: that of a clip that is painted)"
    shot.add_argument("--audio", metavar="FILE", help=words)
    shot.add_argument("--audio-start", type=int, metavar="FRAME", help="on which it begins (default: the first)")
    shot.add_argument(
        "--passes", metavar="A,B", help=f"delivered too, as guide layers beneath all: {', '.join(GUIDES)}"
    )
    shot.add_argument(
        "--tracks",
        action="append",
        metavar="FILE",
        help="a camera, points, joints for the comp (docs/tracks.md); may be given again",
    )
    further = parser.add_argument_group(
        "what else `semrender models show NAME` says that it takes (of every layer, or of those of --layer)"
    )
    for name in (name for name in PASSES if name not in ("labels", *MOVING)):
        one = name in OF_ANY_SIZE
        words = f"{WORDS[name]}{', one file of any size' if one else ' of every frame'}; none: without the shot's"
        further.add_argument(f"--{name}", metavar="FILE" if one else "PATTERN", help=words)
    further.add_argument("--normal-is", choices=NORMALS, metavar="CONVENTION", help=", ".join(NORMALS))
    further.add_argument("--normal-layer", metavar="NAME", help="EXR layer of the normals, where it is not clear")
    words = "EXR layer, channel or Cryptomatte of the instances, where it is not clear"
    further.add_argument("--instance-layer", metavar="NAME", help=words)
    words = "EXR layer or channel of the shading, where it is not clear"
    further.add_argument("--shading-layer", metavar="NAME", help=words)
    words = "linear value that clay has in full light (default 1)"
    further.add_argument("--shading-white", type=float, metavar="LIGHT", help=words)
    add_deinterlace(further)
    words = "what pictures show behind their end, up to that of --audio: the last one, or all back and forth"
    further.add_argument("--clip-end", choices=CLIP_ENDS, help=words)
    words = "of a unit of the scene, and of depth (default: as the tracks say, or 100)"
    further.add_argument("--centimetres", type=float, metavar="LENGTH", help=words)
    walked.add_arguments(parser)
    consenting.add_arguments(parser)
    moving = parser.add_argument_group(
        "motion and depth, for --hold or the model (of every layer, or of those of --layer)"
    )
    moving.add_argument("--motion", metavar="PATTERN", help="motion vectors in pixels, EXR")
    moving.add_argument("--motion-is", choices=MOTIONS, metavar="CONVENTION", help=", ".join(MOTIONS))
    moving.add_argument("--motion-layer", metavar="NAME", help="EXR layer of the vectors, where it is not clear")
    moving.add_argument("--depth", metavar="PATTERN", help="distance from the camera, EXR")
    moving.add_argument("--depth-layer", metavar="NAME", help="EXR layer of the depth, where it is not clear")
    reading = parser.add_argument_group("how the label passes are read")
    reading.add_argument("--label-set", help="coco_stuff, ade20k, cityscapes or a file")
    reading.add_argument("--palette", help="the colours' palette (default: found out)")
    reading.add_argument("--mode", choices=("strict", "nearest"), help="nearest guesses soiled pixels and counts them")
    reading.add_argument("--palette-png", choices=("index", "colour"), help="what a palette PNG's pixels mean")
    reading.add_argument("--encoding", choices=("colour", "ids", "cryptomatte"))
    reading.add_argument("--exr-layer", help="EXR layer, channel or part that holds the labels")
    reading.add_argument("--crypto", help="which Cryptomatte: material, object, asset")
    reading.add_argument("--uncovered", metavar="CLASS", help="class of pixels that no Cryptomatte object covers")
    reading.add_argument("--classes", metavar="A,B", help="the shot's classes; they settle a colour that two share")
    reading.add_argument("--names", type=Path, metavar="FILE", help="table of names and classes, .csv or .json")


def _add_render_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, default="png", help="png: 8-bit sRGB; exr: linear half float")
    movie = "beside the layers: h264 is movie.mp4, prores (422 HQ) movie.mov (default h264)"
    parser.add_argument("--movie", choices=MOVIES, default="h264", help=movie)
    parser.add_argument("--device", type=device_name, default="auto", help=f"{NAMES}, where no server runs")
    _add_here(parser)
    parser.add_argument("--priority", type=int, default=0, help="-100 to 100; higher goes first (default 0)")
    parser.add_argument("--detach", action="store_true", help="hand the job to the running server and return its id")
    afterwards.add_arguments(parser)
    parser.add_argument("--overwrite", action="store_true", help="paint over delivered frames of another look")
    parser.add_argument("--no-aep", action="store_true", help="do not write an After Effects project")


def _add_here(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--here", action="store_true", help="on this machine, not on the server it is connected to")


def shot_from_arguments(arguments: argparse.Namespace) -> tuple[Shot, Path, list[int] | None]:
    """The input's shot with what the command line changes, its base folder, and the frames asked for."""
    card = _card(arguments.model) if arguments.model else None
    walk, changes = walked.walk_of(arguments), _changes(arguments)
    if (consent := consenting.consent_of(arguments)) is not None:
        changes["consent"] = consent
    alone = arguments.input is None
    if walk is not None and not alone:
        changes["walk"] = walk
    source = walked.shot_alone(arguments, walk) if alone else arguments.input
    made, base, notes = asked.shot_of(source, ".", arguments.layer, changes, card)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    return made, base, parse_range(arguments.frames) if arguments.frames and not alone else None


def _card(model: str) -> dict[str, Any] | None:
    """The card of a model of this machine; None where it is a server's alone."""
    from inference_server.models import catalogue  # a shot names its models itself

    found = catalogue.available_cards()[0].get(model)
    return None if found is None else found.to_dict()


def _changes(arguments: argparse.Namespace) -> Changes:
    """What the command line wants otherwise, from its texts."""
    plain = (
        "model",
        "seed",
        "fill",
        "label_set",
        "scale",
        "hold",
        "memory",
        "context",
        "fps",
        "clip_from",
        "clip_to",
        "names",
        "tracks",
        "audio",
        "audio_start",
        "centimetres",
    )
    moving = (*STATED, *(name for name in PASSES if name != "labels"))
    found: dict[str, Any] = {name: getattr(arguments, name) for name in (*plain, *moving)}
    found["size"] = None if arguments.size is None else parse_size(arguments.size)
    found = {name: value for name, value in found.items() if value is not None}
    found["options"] = dict(_option(text) for text in arguments.option)
    found["map"] = _map(arguments.map)
    if arguments.mattes is not None:
        text = arguments.mattes
        found["mattes"] = text if text in ("none", "all") else [name.strip() for name in text.split(",")]
    if arguments.passes is not None:
        found["passes"] = [name.strip() for name in arguments.passes.split(",") if name.strip()]
    ways = ("palette", "mode", "palette_png", "encoding", "exr_layer", "crypto", "uncovered")
    found["read"] = {name: getattr(arguments, name) for name in ways if getattr(arguments, name) is not None}
    if arguments.classes is not None:
        found["read"]["classes"] = [name.strip() for name in arguments.classes.split(",")]
    return cast(Changes, found)


def _map(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for name, equals, to in pairs:
        if not (name.strip() and equals and to.strip()):
            raise InputRefused(
                f"--map {name + equals + to!r} is no pair of classes",
                remedy="Write CLASS=CLASS, such as building-other=house",
            )
    return {name.strip(): to.strip() for name, _, to in pairs}


def _option(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputRefused(f"--option {text!r} has no value", remedy="Write NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def run_render(arguments: argparse.Namespace) -> int:
    shot, base, frames = shot_from_arguments(arguments)
    return render.render(arguments, shot, base, frames, arguments.layer)


def run_demo(arguments: argparse.Namespace) -> int:
    shot, base = shot_from_input(str(places.example_folder() / "shot.json"))
    return render.render(arguments, shot, base, None, None)


def run_check(arguments: argparse.Namespace) -> int:
    shot, base, frames = shot_from_arguments(arguments)
    return render.check(arguments, shot, base, frames, arguments.layer)


def run_doctor(arguments: argparse.Namespace) -> int:
    from inference_server.commands.doctor import report

    found = report()
    if arguments.json:
        print(json.dumps(found, indent=1))
    else:
        for name, value in found.items():
            lines = value if isinstance(value, list) else [value]
            print(f"{name:<16}{lines[0] if lines else 'none'}")
            for line in lines[1:]:
                print(f"{'':<16}{line}")
    return 0
