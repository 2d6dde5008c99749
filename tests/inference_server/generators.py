"""Generators for the tests: the reference's, read without executing anything, and random ones."""

import io
import json
import lzma
import pickle
from collections import OrderedDict
from functools import cache

import numpy as np
import torch
from numpy._core import multiarray

from inference_server.models.stylegan import network


class Node:
    """What stands for a pickled module: its name and its attributes."""

    def __init__(self, meta):
        self.name, self.state = meta["class_name"], meta["state"]


class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        known = {
            "_load_from_bytes": lambda content: torch.load(io.BytesIO(content), weights_only=True),
            "_rebuild_tensor_v2": lambda storage, offset, size, stride, *_: torch.empty(0).set_(
                storage._untyped_storage, offset, size, stride
            ),
            "_rebuild_parameter": lambda tensor, *_: tensor,
            "_reconstruct_persistent_obj": Node,
            "OrderedDict": OrderedDict,
            "EasyDict": dict,
            "set": set,
            "scalar": multiarray.scalar,
            "_reconstruct": multiarray._reconstruct,
            "ndarray": np.ndarray,
            "dtype": np.dtype,
        }
        return known[name]


@cache
def reference(folder, name):
    """The sizes, weights, pictures and pickled network of a reference: its G_ema."""
    folder = folder / "stylegan2_reference"
    with lzma.open(folder / f"{name}.pkl.xz") as file:
        net = Reader(file).load()["G_ema"]
    sizes = json.loads((folder / f"{name}.json").read_text())
    state = {key: tensor for key, tensor in tensors(net).items() if not key.endswith("resample_filter")}
    return sizes, state, dict(np.load(folder / f"{name}.npz")), net


def tensors(node, prefix=""):
    """The state dict of a pickled module."""
    inside = node.state
    found = {prefix + name: value for kind in ("_parameters", "_buffers") for name, value in inside[kind].items()}
    for name, child in inside["_modules"].items():
        found |= tensors(child, f"{prefix}{name}.")
    return {name: value for name, value in found.items() if value is not None}


def config_of(sizes):
    """The card's configuration of a reference StyleGAN2."""
    steps = [2**k for k in range(2, sizes["img_resolution"].bit_length())]
    channels = {str(r): min(sizes["channel_base"] // r, sizes["channel_max"]) for r in steps}
    same = {name: sizes[name] for name in ("z_dim", "w_dim", "c_dim", "mapping_layers", "conv_clamp")}
    return {"network": "stylegan2", "resolution": sizes["img_resolution"], "channels": channels, **same}


SIZES = {
    "z_dim": 8,
    "c_dim": 0,
    "w_dim": 12,
    "img_resolution": 32,
    "mapping_layers": 2,
    "channel_base": 512,
    "channel_max": 40,
    "conv_clamp": 256,
}


def random_stylegan2(**changes):
    """A small generator whose biases, noise and average are none of them zero."""
    torch.manual_seed(1)
    net = network.build(config_of({**SIZES, **changes})).eval().requires_grad_(False)
    for name, value in net.state_dict().items():
        if name.endswith(("noise_strength", "w_avg")) or (name.endswith("bias") and "affine" not in name):
            value.normal_(0, 0.3)
    return net
