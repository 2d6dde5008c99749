"""From a published SPADE checkpoint to a model folder.

`latest_net_G.pth` is a plain state dict. It says its width and kind by its shapes; what shapes cannot say
(`more` against `normal`, the native size) comes from `opt.txt` beside it or from the caller. Spectral
normalisation is folded: weight = W / sigma. Nothing is unpickled but tensors, `opt.pkl` is never touched.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import shutil
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from inference_server import cards
from inference_server.models.spade import SpadeConfig, SpadeNet, fill
from shared import places
from shared.errors import MissingInput, ModelRefused
from shared.label_set import LabelSet, load_label_set

WEIGHTS = "weights.safetensors"
UNREADABLE = (pickle.UnpicklingError, RuntimeError, EOFError, zipfile.BadZipFile, ValueError, KeyError, TypeError)
# Cityscapes networks have 35 label channels for the ids 0..33 (license plate, -1, has none in a picture).
LABEL_CHANNELS = {"cityscapes": 35}
PUBLISHED = {"cityscapes": ("more", 512, 256)}  # layers, width, height of the published models; else 256x256


def add_checkpoint(
    path: Path,
    name: str,
    label_set_name: str,
    size: tuple[int, int] | None = None,
    layers: str | None = None,
    licence: str = "as given by its author",
    replace: bool = False,
) -> cards.Card:
    """Add a checkpoint to the user's models under `name`.

    Args:
        size: native (width, height); layers: "normal", "more" or "most"; both where `opt.txt` does not say them.

    Raises ModelRefused in words for anything but a SPADE generator that fits the label set.
    """
    if not cards.NAME.fullmatch(name):
        raise ModelRefused(f"{name!r} is no name for a model", remedy="Use letters, digits, dot, dash and underscore")
    if (cards.SHIPPED / name).exists():
        raise ModelRefused(f"{name} is the name of a model that ships with semrender", remedy="Choose another name")
    target = places.models_folder() / name
    if target.exists() and not replace:
        raise ModelRefused(f"there is a model named {name} already", remedy="Remove it first, or add --replace")
    label_set = load_label_set(label_set_name)
    state = fold(read_state(path), path)
    config = infer_config(state, label_set, read_options(path.with_name("opt.txt")), size, layers, path)
    fill(SpadeNet(config), state, str(path))
    content = save({key: tensor.contiguous() for key, tensor in state.items()})
    card = make_card(name, config, label_set, hashlib.sha256(content).hexdigest(), path.name, licence)
    beside = target.with_name(f".{name}.adding")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    (beside / WEIGHTS).write_bytes(content)
    places.write_json(beside / "card.json", card, 0o644)
    cards.load_card(beside)
    if target.exists():
        shutil.rmtree(target)
    beside.rename(target)
    return cards.load_card(target)


def remove_model(name: str) -> Path:
    """Remove a model that the user added. Raises ModelRefused for a shipped one."""
    if (cards.SHIPPED / name).exists():
        raise ModelRefused(f"{name} ships with semrender and stays")
    target = places.models_folder() / name
    if not cards.NAME.fullmatch(name) or not target.is_dir():
        cards.find_card(name)  # raises with near names
    shutil.rmtree(target)
    return target


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint, read without running any code in it."""
    if not path.is_file():
        raise MissingInput("the checkpoint is not there", file=path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise ModelRefused(
            "this is no checkpoint that can be read safely",
            file=path,
            cause=str(error).splitlines()[0][:200] if str(error) else "It is damaged",
            remedy="Give the plain state dict that training wrote (latest_net_G.pth)",
        ) from error
    tensors = isinstance(state, dict) and all(isinstance(value, Tensor) for value in state.values())
    if not tensors or "fc.weight" not in state:
        raise ModelRefused(
            "this is no SPADE generator", file=path, cause="There is no fc.weight", remedy="Give its latest_net_G.pth"
        )
    return {str(key): tensor for key, tensor in state.items()}


def fold(state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Plain float32 weights: spectral normalisation (Miyato et al., arXiv 1802.05957) divided in.

    Newer files hold u and v, older ones u and the normalised weight; with u alone v is one power step away.
    """
    folded = {}
    for key, tensor in state.items():
        stem, _, kind = key.rpartition(".")
        if kind in ("weight_u", "weight_v") or (kind == "weight" and f"{stem}.weight_orig" in state):
            continue
        if kind != "weight_orig":
            folded[key] = tensor.float() if tensor.is_floating_point() else tensor
            continue
        u, v = state.get(f"{stem}.weight_u"), state.get(f"{stem}.weight_v")
        if v is None and f"{stem}.weight" in state:
            folded[f"{stem}.weight"] = state[f"{stem}.weight"].float()
            continue
        if u is None:
            raise ModelRefused(f"the checkpoint has {key} without its weight_u", file=path)
        matrix = tensor.float().flatten(1)
        if v is None:
            v = torch.nn.functional.normalize(matrix.T @ u.float(), dim=0)
        sigma = u.float() @ (matrix @ v.float())
        folded[f"{stem}.weight"] = tensor.float() / sigma
    return folded


def read_options(path: Path) -> dict[str, str]:
    """`opt.txt` of a training run: lines of "name: value [default: ...]"; empty where there is none."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = (re.match(r"\s*(\w+): (\S+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def infer_config(
    state: dict[str, Tensor],
    label_set: LabelSet,
    options: dict[str, str],
    size: tuple[int, int] | None,
    layers: str | None,
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
    semantic_nc = int(shared.shape[1])
    labels = LABEL_CHANNELS.get(label_set.name, max(label.id for label in label_set.labels) + 1)
    if semantic_nc - labels not in (0, 1):
        raise ModelRefused(
            f"the checkpoint wants {semantic_nc} input channels; "
            f"{label_set.name} gives {labels}, or {labels + 1} with instance edges",
            file=path,
            cause="It was trained on another label set",
            remedy="Name that label set with --label-set",
        )
    default_layers, width, height = PUBLISHED.get(label_set.name, ("normal", 256, 256))
    if "up_4.conv_0.weight" in state:
        layers = "most"
    layers = layers or options.get("num_upsampling_layers", default_layers)
    if size is not None:
        width, height = size
    elif "crop_size" in options:
        width = int(options["crop_size"])
        height = round(width / float(options.get("aspect_ratio", 1)))
    config = SpadeConfig(
        semantic_nc=semantic_nc,
        ngf=int(ngf),
        layers=layers,
        instance_edges=semantic_nc > labels,
        norm="batch" if "head_0.norm_0.param_free_norm.running_mean" in state else "instance",
        kernel=int(shared.shape[2]),
        hidden=int(shared.shape[0]),
        use_vae=first.ndim == 2,
        z_dim=int(first.shape[1]) if first.ndim == 2 else 256,
        width=width,
        height=height,
    )
    if width % config.step or height % config.step:
        words = f"{width}x{height} is no multiple of {config.step}"
        raise ModelRefused(words, remedy="Say the native size with --size")
    return config


def make_card(
    name: str, config: SpadeConfig, label_set: LabelSet, sha256: str, source: str, licence: str
) -> dict[str, Any]:
    """The card of an added checkpoint. Its channel table is explicit: id -> id, what is NOTHING -> unlabeled.

    `channels.count` counts label channels; the edge channel comes on top (`config.instance_edges`).
    """
    ids = [label.id for label in label_set.labels]
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
        "label_set": {"name": label_set.name, "version": label_set.version, "hash": label_set.hash},
        "channels": {
            "count": config.semantic_nc - config.instance_edges,
            "of": {str(identity): identity for identity in ids},
            "nothing": label_set.unlabeled if label_set.unlabeled is not None else 0,
        },
        "trained": [label.id for label in label_set.labels if label.annotated],
        "fallbacks": {},
        "size": {"width": config.width, "height": config.height, "fit": "stretch", "multiple": config.step},
        "options": [],
        "uses": ["instance"] if config.instance_edges else [],
        "weights": {"file": WEIGHTS, "sha256": sha256},
        "config": json.loads(json.dumps(asdict(config))),
    }
