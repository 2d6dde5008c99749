"""From a checkpoint of Wav2Lip's authors to a model folder.

`wav2lip.pth` and `wav2lip_gan.pth` hold the weights in `state_dict`, beside what only training needs; their names may
begin with `module.`. `Wav2Lip-SD-GAN.pt` and `Wav2Lip-SD-NOGAN.pt` are programs (TorchScript). Nothing is read but
tensors.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from inference_server.models import cards, scripted
from inference_server.models.install import check_name, install
from inference_server.models.lips import network
from inference_server.models.tensors import read_tensors
from shared.errors import ModelRefused

WEIGHTS = "weights.safetensors"
REMEDY = "Give wav2lip.pth, wav2lip_gan.pth or Wav2Lip-SD-GAN.pt"
RESEARCH = "research, academic and personal use; no commercial use (trained on LRS2)"

BEGINNING = 2**20  # bytes of a file in which the names of its weights begin
MARK = b"face_encoder_blocks."
# What else its authors publish, by the beginning of one of its names: what it is in words.
OTHERS = {
    "conv3_3_norm.": "a face detector (S3FD), and paints no mouths: semrender finds faces by itself",
    "face_encoder.0.": "the expert that judges lips in training (SyncNet), and paints none",
    "binary_pred.": "the judge of faces in training, and paints none",
}
LARGER = ("face_encoder_blocks.7.", "face_encoder_blocks.8.")  # of networks of others, for larger faces

OPTIONS: list[dict[str, Any]] = [
    {
        "name": "offset",
        "kind": "number",
        "default": 0,
        "min": -500,
        "max": 500,
        "title": "Sound later",
        "help": "milliseconds by which the mouth comes before the sound; 0: as published",
        "prepares": False,
    },
    {
        "name": "face",
        "kind": "integer",
        "default": 1,
        "min": 1,
        "max": 20,
        "title": "Face",
        "help": "which one, the largest is 1; every other stays as it is",
    },
    {
        "name": "score",
        "kind": "number",
        "default": 0.85,
        "min": 0.6,
        "max": 1,
        "title": "Sureness",
        "help": "least that a face has; lower where none is found",
    },
    {
        "name": "silence",
        "kind": "choice",
        "default": "close",
        "choices": ["close", "keep"],
        "title": "Where nothing is heard",
        "help": "close: the mouth closes; keep: that of the plate stays",
        "prepares": False,
    },
    {
        "name": "keep_colour",
        "kind": "boolean",
        "default": True,
        "title": "Keep the colours",
        "help": "the mouth gets the colours of the skin around it",
        "prepares": False,
    },
]


def looks_like(path: Path) -> bool:
    """Whether a file is a checkpoint of a lip network, by the names in it."""
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        if scripted.is_script(path):
            return MARK.rstrip(b".") in scripted.listing(path)
        with path.open("rb") as file:
            start = file.read(BEGINNING)
            return any(mark in start for mark in (MARK, *(name.encode() for name in OTHERS)))
    except (OSError, ModelRefused):
        return False


def add_lips(path: Path, name: str, licence: str | None = None, replace: bool = False) -> cards.Card:
    """Add a checkpoint to the user's models. Raises ModelRefused in words for anything but a Wav2Lip generator."""
    check_name(name, replace)
    state = {key.removeprefix("module."): tensor.float() for key, tensor in _tensors(path).items()}
    if larger := next((key for key in state if key.startswith(LARGER)), None):
        raise ModelRefused(
            "this network paints larger faces than Wav2Lip's 96 pixels",
            file=path,
            cause=f"It holds {larger}",
            remedy=REMEDY,
        )
    for start, what in OTHERS.items():
        if any(key.startswith(start) for key in state):
            raise ModelRefused(f"this is {what}", file=path, remedy=REMEDY)
    network.filled(state, str(path))
    content = save({key: tensor.clone().contiguous() for key, tensor in state.items()})
    card = card_of(name, hashlib.sha256(content).hexdigest(), path.name, licence or RESEARCH)
    return install(name, card, {WEIGHTS: content}, replace)


def _tensors(path: Path) -> dict[str, torch.Tensor]:
    if scripted.is_script(path):
        return {name: torch.from_numpy(values) for name, values in scripted.read_script(path).items()}
    return read_tensors(path, "state_dict", REMEDY) or read_tensors(path, remedy=REMEDY)


def card_of(name: str, sha256: str, source: str, licence: str) -> dict[str, Any]:
    """The card of a generator."""
    return {
        "format": cards.FORMAT,
        "name": name,
        "title": "Wav2Lip: a mouth follows a sound",
        "version": 1,
        "family": "lips",
        "description": f"Added from {source}",
        "licence": licence,
        "credit": "Network after Prajwal et al., ACM Multimedia 2020; weights by their author",
        "inputs": {"picture": {"needed": True}, "audio": {"needed": True}},
        "makes": {"kind": "pictures", "alpha": True, "likeness": True},
        "size": {"width": 1920, "height": 1080, "fit": "multiple", "multiple": 1},
        "options": OPTIONS,
        "weights": {"file": WEIGHTS, "sha256": sha256},
    }
