"""From a generator's training to a model folder."""

from __future__ import annotations

import hashlib
import io
from typing import Any

from PIL import Image
from safetensors.torch import save

from inference_server.models import cards
from inference_server.models.checkpoint import WEIGHTS
from inference_server.models.install import SAMPLES, install
from inference_server.models.stylegan import controls
from inference_server.models.stylegan.network import StyleGan2
from inference_server.training.gan.begin import Start
from inference_server.training.gan.data import Pictures
from inference_server.training.publish import About


def write_model(
    name: str,
    start: Start,
    net: StyleGan2,
    pictures: Pictures,
    about: About,
    history: dict[str, Any],
    samples: Image.Image,
) -> cards.Card:
    """Put the generator among the user's models, in half precision, which no sheet shows."""
    content = save({key: tensor.half().contiguous().cpu() for key, tensor in net.state_dict().items()})
    sheet = io.BytesIO()
    samples.save(sheet, "PNG")
    card = make_card(name, start, pictures, about, history, hashlib.sha256(content).hexdigest())
    return install(name, card, {WEIGHTS: content, SAMPLES: sheet.getvalue()}, replace=True)


def make_card(
    name: str, start: Start, pictures: Pictures, about: About, history: dict[str, Any], sha256: str
) -> dict[str, Any]:
    """The card; `training` in it is for people and scripts, no pixel depends on it."""
    parent, side = start.parent, pictures.size
    licence = about.licence if parent is None else f"{about.licence}; it went on from {parent.name}: {parent.licence}"
    return {
        "format": cards.FORMAT,
        "name": name,
        "title": about.title or name,
        "version": 1,
        "family": "stylegan",
        "description": about.description,
        "licence": licence,
        "credit": about.credit,
        "data": (
            f"{len(pictures.values)} pictures of {side}x{side}, sha256 {pictures.sha256[:16]}; "
            f"{history['kimg']:g} thousand were shown in {history['minutes']} minutes"
        ),
        "training": {"pictures": len(pictures.values), "sha256": pictures.sha256, **history},
        "inputs": controls.INPUTS,
        "size": {"width": side, "height": side, "fit": "stretch"},
        "options": controls.options(start.config),
        "weights": {"file": WEIGHTS, "sha256": sha256},
        "config": start.config,
    }
