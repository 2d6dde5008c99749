"""From a published SPADE checkpoint to a model folder.

`latest_net_G.pth` is a plain state dict. It says its width and kind by its shapes; what shapes cannot say
(`more` against `normal`, the native size) comes from `opt.txt` beside it or from the caller. Spectral
normalisation is folded: weight = W / sigma. Nothing is read but tensors (`tensors`), `opt.pkl` is never touched.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from inference_server.models import cards
from inference_server.models.install import check_name, install
from inference_server.models.spade.network import UPSAMPLINGS, SpadeConfig, check_state
from inference_server.models.tensors import read_tensors
from shared.errors import ModelRefused
from shared.label_set import LabelSet, load_label_set

WEIGHTS = "weights.safetensors"
GIVEN = "as given by its author"  # a licence that nobody said
MAX_OPTIONS = 2**20  # characters of opt.txt
# Cityscapes networks have 35 label channels for the ids 0..33 (license plate, -1, has none in a picture).
LABEL_CHANNELS = {"cityscapes": 35}
PUBLISHED = {"cityscapes": ("more", 512, 256)}  # layers, width, height of the published models; else 256x256


def add_checkpoint(
    path: Path,
    name: str,
    label_set_name: str,
    size: tuple[int, int] | None = None,
    layers: str | None = None,
    licence: str = GIVEN,
    replace: bool = False,
    no_instance: bool = False,
) -> cards.Card:
    """Add a checkpoint to the user's models under `name`.

    Args:
        size: native (width, height); layers: "normal", "more" or "most"; both where `opt.txt` does not say them.
        no_instance: one input channel more than classes is don't-care, not the instance-edge map.

    Raises ModelRefused in words for anything but a SPADE generator that fits the label set.
    """
    check_name(name, replace)
    label_set = load_label_set(label_set_name)
    state = fold(read_state(path), path)
    config = infer_config(state, label_set, read_options(path.with_name("opt.txt")), size, layers, no_instance, path)
    check_state(config, state, str(path))
    content = save({key: tensor.clone().contiguous() for key, tensor in state.items()})  # clone: some share memory
    card = make_card(name, config, label_set, hashlib.sha256(content).hexdigest(), path.name, licence)
    return install(name, card, {WEIGHTS: content}, replace)


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint, read without running any code in it."""
    state = read_tensors(path)
    if "fc.weight" not in state:
        raise ModelRefused(
            "this is no SPADE generator", file=path, cause="There is no fc.weight", remedy="Give its latest_net_G.pth"
        )
    return state


def fold(state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Plain float32 weights: spectral normalisation (Miyato et al., arXiv 1802.05957) divided in.

    Newer files hold u and v, older ones u and the normalised weight; with u alone v is one power step away.
    Vectors that belong to no weight stay, so that `fill` names them.
    """
    folded = {}
    for key, tensor in state.items():
        stem, _, kind = key.rpartition(".")
        if f"{stem}.weight_orig" in state and kind in ("weight", "weight_u", "weight_v"):
            continue
        if kind == "weight_orig":
            key, tensor = f"{stem}.weight", _folded(state, stem, path)
        folded[key] = tensor.float() if tensor.is_floating_point() else tensor
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ModelRefused(f"the checkpoint's {key} holds values that are no numbers", file=path)
    return folded


def _folded(state: dict[str, Tensor], stem: str, path: Path) -> Tensor:
    """W / sigma of one layer."""
    weight, u, v = (state.get(f"{stem}.weight_{part}") for part in ("orig", "u", "v"))
    assert weight is not None
    if v is None and f"{stem}.weight" in state:
        return state[f"{stem}.weight"]
    matrix = weight.float().flatten(1) if weight.ndim > 1 else weight.float()[None]
    fits = weight.ndim > 1 and u is not None and u.shape == matrix.shape[:1]
    if not fits or (v is not None and v.shape != matrix.shape[1:]):
        raise ModelRefused(f"the spectral normalisation of {stem} is incomplete or of another shape", file=path)
    assert u is not None
    v = torch.nn.functional.normalize(matrix.T @ u.float(), dim=0) if v is None else v.float()
    sigma = float(u.float() @ (matrix @ v))
    if sigma == 0 or not math.isfinite(sigma):
        raise ModelRefused(f"the spectral norm of {stem} is {sigma}", file=path, cause="The checkpoint is damaged")
    return weight.float() / sigma


def read_options(path: Path) -> dict[str, str]:
    """`opt.txt` of a training run: lines of "name: value [default: ...]"; empty where there is none."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = file.read(MAX_OPTIONS).splitlines()
    found = (re.match(r"\s*(\w+): (\S+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def infer_config(
    state: dict[str, Tensor],
    label_set: LabelSet,
    options: dict[str, str],
    size: tuple[int, int] | None,
    layers: str | None,
    no_instance: bool,
    path: Path,
) -> SpadeConfig:
    """The configuration that the shapes, `opt.txt` and the caller describe. Raises ModelRefused."""
    try:
        first, shared = state["fc.weight"], state["head_0.norm_0.mlp_shared.0.weight"]
        ngf = state["head_0.conv_0.weight"].shape[0] // 16
    except (KeyError, IndexError) as error:
        raise ModelRefused("this is no SPADE generator", file=path, cause=f"It lacks {error}") from error
    if first.ndim not in (2, 4) or shared.ndim != 4 or ngf < 1:
        raise ModelRefused("this is no SPADE generator", file=path, cause="Its first layers have other shapes")
    default_layers, width, height = PUBLISHED.get(label_set.name, ("normal", 256, 256))
    if "up_4.conv_0.weight" in state:
        layers = "most"
    layers = layers or options.get("num_upsampling_layers", default_layers)
    if layers not in UPSAMPLINGS:
        raise ModelRefused(
            f"num_upsampling_layers is {layers!r}, in --layers or opt.txt",
            file=path,
            remedy=f"Use {', '.join(UPSAMPLINGS)}",
        )
    width, height = size or _native_size(options, width, height, path)
    semantic_nc = int(shared.shape[1])
    no_instance = no_instance or options.get("no_instance") == "True"
    config = SpadeConfig(
        semantic_nc=semantic_nc,
        ngf=int(ngf),
        layers=layers,
        instance_edges=_has_edges(semantic_nc, label_set, options, no_instance, path),
        norm="batch" if "head_0.norm_0.param_free_norm.running_mean" in state else "instance",
        kernel=int(shared.shape[2]),
        hidden=int(shared.shape[0]),
        use_vae=first.ndim == 2,
        z_dim=int(first.shape[1]) if first.ndim == 2 else 256,
        width=width,
        height=height,
    )
    if min(width, height) < config.step or width % config.step or height % config.step:
        words = f"{width}x{height} is no multiple of {config.step}"
        raise ModelRefused(words, file=path, remedy="Say the native size with --size")
    return config


def _native_size(options: dict[str, str], width: int, height: int, path: Path) -> tuple[int, int]:
    if "crop_size" not in options:
        return width, height
    try:
        width = int(options["crop_size"])
        return width, round(width / float(options.get("aspect_ratio", 1)))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise ModelRefused(
            "opt.txt beside the checkpoint gives no size", file=path, cause=str(error), remedy="Say it with --size"
        ) from error


def _has_edges(semantic_nc: int, label_set: LabelSet, options: dict[str, str], no_instance: bool, path: Path) -> bool:
    """Whether the last input channel is the instance-edge map.

    One channel more than classes is that map, or the don't-care class of a set without `unlabeled`: then
    `opt.txt` or --no-instance says so.
    """
    labels = LABEL_CHANNELS.get(label_set.name, max(label.id for label in label_set.labels) + 1)
    if label_set.unlabeled is None and (no_instance or options.get("contain_dontcare_label") == "True"):
        labels = max(labels, min(semantic_nc, labels + 1))
    more = semantic_nc - labels
    if more not in (0, 1) or (more == 1 and no_instance):
        raise ModelRefused(
            f"the checkpoint wants {semantic_nc} input channels; "
            f"{label_set.name} gives {labels}, or {labels + 1} with instance edges",
            file=path,
            cause="It was trained on another label set",
            remedy="Name that label set with --label-set",
        )
    return more == 1


PRECISION = {
    "name": "precision",
    "title": "Precision",
    "kind": "choice",
    "default": "float32",
    "choices": ["float32", "half"],
    "help": "half is faster where the device computes in bfloat16 or float16; the pictures differ a little",
}


def make_card(
    name: str, config: SpadeConfig, label_set: LabelSet, sha256: str, source: str, licence: str
) -> dict[str, Any]:
    """The card of an added checkpoint. Its channel table is explicit: id -> id, what is NOTHING -> unlabeled.

    `count` of the channels counts label channels; the edge channel comes on top (`config.instance_edges`).
    """
    ids = [label.id for label in label_set.labels]
    count = config.semantic_nc - config.instance_edges
    dont_care = count - 1 if count > max(ids) + 1 else 0
    unlabeled = label_set.unlabeled
    return {
        "format": cards.FORMAT,
        "name": name,
        "title": f"SPADE, {label_set.title}",
        "version": 1,
        "family": "spade",
        "description": f"Added from {source}",
        "licence": licence,
        "credit": "Network after Park et al., CVPR 2019; weights by their author",
        "data": "",
        "inputs": cards.plain_inputs(
            cards.LabelsInput(
                cards.LabelSetRef(label_set.name, label_set.version, label_set.hash),
                cards.Channels(count, {i: i for i in ids}, dont_care if unlabeled is None else unlabeled),
                tuple(label.id for label in label_set.labels if label.annotated),
            ),
            ["instance"] if config.instance_edges else [],
        ),
        "size": {"width": config.width, "height": config.height, "fit": "stretch", "multiple": config.step},
        "options": [PRECISION] if config.kernel == 3 else [],
        "weights": {"file": WEIGHTS, "sha256": sha256},
        "config": json.loads(json.dumps(asdict(config))),
    }
