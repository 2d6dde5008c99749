"""From files of published networks to a model that reads people: judged, recognised by what they make, and copied.

A model is one network that reads joints. Beside it may lie a detector that finds people for it; without one they are
found by BlazePose's detector, which ships.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from inference_server.models import cards
from inference_server.models.install import check_name, install
from inference_server.models.onnx_files import read_checked
from inference_server.models.onnx_network import OnnxNetwork
from inference_server.models.pose.cards import HEATMAPS, RTMO, SIMCC, YOLOX, card_of, lifting
from inference_server.models.pose.networks import ORDERS, WORDS, Kind, kind_of
from shared.errors import ModelRefused
from shared.layouts import LAYOUTS
from shared.wording import one_line

READER, DETECTOR = "reader.onnx", "detector.onnx"
LICENCE = "as given by its author; the code of MMPose and its kin is Apache-2.0"
DATA = (
    "Not in the file. What such networks are published with was learned from data that is often not for commercial use"
    " (COCO-WholeBody, Human-Art, AI Challenger, Halpe, Human3.6M): their authors call the weights free to use and have"
    " not answered whether they are; your studio decides"
)
LIKE = {SIMCC: "RTMPose", HEATMAPS: "ViTPose", RTMO: "RTMO"}


def add_network(
    path: Path,
    name: str,
    detector: Path | None = None,
    order: str | None = None,
    lift: Path | None = None,
    licence: str | None = None,
    replace: bool = False,
) -> cards.Card:
    """Add a network of joints to the user's models.

    Args:
        detector: of people, an ONNX file, too.
        order: "rgb" or "bgr", of the channels that the network learned with; None: as those of its kind did.
        lift: a checkpoint of MotionBERT, which makes points in space of what is read.

    Raises ModelRefused in words for anything but networks that are known here.
    """
    check_name(name, replace)
    content = read_checked(path)
    kind = kind_of(OnnxNetwork(content, str(path), "cpu"), path)
    if kind.name == YOLOX:
        raise ModelRefused(
            "this network finds people and reads no joints",
            file=path,
            remedy=f"Give it with --detector {path.name} beside one that reads them",
        )
    files = {READER: content}
    config: dict[str, Any] = {
        "network": kind.name,
        "layout": kind.layout,
        "order": order or ORDERS[kind.name],
    }
    if detector is not None:
        files[DETECTOR] = _detector(detector, kind, path)
        config["detector"] = {"file": DETECTOR, "sha256": _sha256(files[DETECTOR])}
    card = card_of(name, kind.layout, config, {"file": READER, "sha256": _sha256(content)})
    words = [WORDS[kind.name], f"which sees {kind.size[0]}x{kind.size[1]} pixels, {config['order'].upper()}"]
    if kind.depth:
        words.append("and says a depth, which is not used")
    found = "itself" if kind.name == RTMO else detector.name if detector else "BlazePose's detector, which ships"
    card["description"] = f"Added from {one_line(path.name)}: {', '.join(words)}. People are found by {found}."
    lifting(card, files, lift)
    card["title"] = f"Like {LIKE[kind.name]}: {len(LAYOUTS[kind.layout])} joints of every person"
    card["licence"], card["data"] = licence or LICENCE, DATA
    return install(name, card, files, replace)


def _detector(file: Path, kind: Kind, path: Path) -> bytes:
    """The bytes of a detector. Raises ModelRefused for another network, and beside one that finds people itself."""
    if kind.name == RTMO:
        raise ModelRefused(f"{path.name} finds people itself", file=file, remedy="Leave --detector out")
    content = read_checked(file)
    found = kind_of(OnnxNetwork(content, str(file), "cpu"), file)
    if found.name != YOLOX:
        raise ModelRefused("this is no detector of people", file=file, cause=f"It is {WORDS[found.name]}")
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
