"""From a training to a model folder: weights, card and sample sheet."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import field
from pathlib import Path
from typing import Any

from PIL import Image
from safetensors.torch import save
from torch import Tensor

from inference_server.models import cards
from inference_server.models.checkpoint import PRECISION, WEIGHTS
from inference_server.models.install import install
from inference_server.training.networks import Start
from inference_server.training.pairs import Pairs
from shared import inputs
from shared.errors import InputRefused, MissingInput
from shared.label_set import LabelSet
from shared.values import Value

SAMPLES = "samples.png"
ABOUT = ("title", "description", "licence", "credit", "fallbacks")


class About(Value):
    """What only people know. fallbacks: name of a class that the pairs do not show -> the relative that stands in."""

    title: str = ""
    description: str = ""
    licence: str = "as its author decides"
    credit: str = ""
    fallbacks: dict[str, str] = field(default_factory=dict)


def read_about(file: Path | None) -> About:
    """From JSON. Raises MissingInput or InputRefused naming the key."""
    if file is None:
        return About()
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if unknown := sorted(set(data) - set(ABOUT)):
            raise InputRefused(f"{unknown[0]!r} says nothing here", file=file, remedy=f"Known are {', '.join(ABOUT)}")
        return About(**data)
    except OSError as error:
        raise MissingInput("the description is not there", file=file) from error
    except (ValueError, TypeError) as error:
        raise InputRefused("the description is no JSON object", file=file, cause=str(error)) from error


def write_model(
    name: str,
    start: Start,
    state: dict[str, Tensor],
    label_set: LabelSet,
    pairs: Pairs,
    about: About,
    history: dict[str, Any],
    samples: Image.Image,
) -> cards.Card:
    """Put the model among the user's. Small networks are stored in half precision, which no sheet shows."""
    half = start.family == "small"
    tensors = {key: tensor.cpu() for key, tensor in state.items() if not key.endswith("num_batches_tracked") or half}
    if half:
        tensors = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in tensors.items()}
    content = save({key: tensor.contiguous() for key, tensor in tensors.items()})
    card = make_card(name, start, label_set, pairs, about, history, hashlib.sha256(content).hexdigest())
    sheet = io.BytesIO()
    samples.save(sheet, "PNG")
    return install(name, card, {WEIGHTS: content, SAMPLES: sheet.getvalue()}, replace=True)


def make_card(
    name: str,
    start: Start,
    label_set: LabelSet,
    pairs: Pairs,
    about: About,
    history: dict[str, Any],
    sha256: str,
) -> dict[str, Any]:
    """The card; `training` in it is for people and scripts, no pixel depends on it."""
    width, height = pairs.size
    fallbacks = dict(start.fallbacks)
    for missing, relative in about.fallbacks.items():
        identity, stand_in = label_set.find(missing).id, label_set.find(relative).id
        if identity not in start.channels.of and stand_in in start.trained:
            fallbacks[identity] = stand_in
    total = sum(pairs.pixels().values())
    shares = {label_set.by_id(i).name: round(n / total, 5) for i, n in pairs.pixels().items()}
    options = [PRECISION]
    if start.family == "small" and len(start.looks) > 1:
        options.insert(0, _look_option(start.looks))
    if start.guided and pairs.geometry is not None and pairs.geometry.suns.any():
        options[-1:-1] = SUN
    return {
        "format": cards.FORMAT,
        "name": name,
        "title": about.title or name,
        "version": 1,
        "family": start.family,
        "description": about.description,
        "licence": about.licence,
        "credit": about.credit,
        "data": (
            f"{len(pairs.ids)} pairs, trained at {width}x{height}, {len(shares)} classes, "
            f"sha256 {pairs.sha256[:16]}; {history['step']} of {history['steps']} steps, {history['minutes']} minutes"
        ),
        "training": {"pairs": len(pairs.ids), "sha256": pairs.sha256, "shares": shares, **history},
        "inputs": cards.plain_inputs(
            cards.LabelsInput(
                cards.LabelSetRef(label_set.name, label_set.version, label_set.hash),
                start.channels,
                start.trained,
                fallbacks,
            ),
            start.uses,
        ),
        "size": {
            "width": start.config.get("width", width),
            "height": start.config.get("height", height),
            "fit": "stretch" if start.family == "spade" else "multiple",
            "multiple": start.multiple,
        },
        "options": options,
        "weights": {"file": WEIGHTS, "sha256": sha256},
        "config": start.config,
    }


def _angle(name: str, title: str, default: float, least: float, most: float, words: str) -> dict[str, Any]:
    ends = {"min": least, "max": most}
    return {"name": name, "title": title, "kind": "number", "default": default, **ends, "help": words}


SUN = (
    _angle(
        inputs.SUN[0],
        "Sun from",
        120.0,
        -360.0,
        360.0,
        "Degrees, clockwise from where the camera looks on the first frame: 90 from the right, 180 from behind",
    ),
    _angle(inputs.SUN[1], "Sun's height", 40.0, 0.0, 90.0, "Degrees above the horizon"),
)


def _look_option(looks: tuple[str, ...]) -> dict[str, Any]:
    names = [look or "own" for look in looks]
    return {
        "name": "look",
        "title": "Look",
        "kind": "choice",
        "default": names[0],
        "choices": names,
        "help": "Season and weather of the whole picture",
    }
