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
@torch.inference_mode(False)
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


def alias_free_config(net):
    """The card's configuration of a pickled alias-free network."""
    inside = net.state["_modules"]["synthesis"].state
    waves = inside["_modules"]["input"].state

    def layer(name):
        own = inside["_modules"][name].state
        shapes = {kind: own["_buffers"][kind] for kind in ("up_filter", "down_filter")}
        return {
            "name": name,
            "inner": int(own["in_channels"]),
            "outer": int(own["out_channels"]),
            "kernel": int(own["conv_kernel"]),
            "up": int(own["up_factor"]),
            "down": int(own["down_factor"]),
            "padding": [int(n) for n in own["padding"]],
            **{kind: None if taps is None else list(taps.shape) for kind, taps in shapes.items()},
            "colours": bool(own["is_torgb"]),
            "clamp": own["conv_clamp"],
        }

    return {
        "network": "stylegan3",
        "resolution": int(inside["img_resolution"]),
        **{name: int(net.state[name]) for name in ("z_dim", "w_dim", "c_dim")},
        "mapping_layers": sum(name.startswith("fc") for name in net.state["_modules"]["mapping"].state["_modules"]),
        "output_scale": float(inside["output_scale"]),
        "input": {
            "channels": int(waves["channels"]),
            "size": int(waves["size"][0]),
            **{name: float(waves[name]) for name in ("sampling_rate", "bandwidth")},
        },
        "layers": [layer(name) for name in inside["layer_names"]],
    }


def small_alias_free(kernel=3, radial=False, **changes):
    """The configuration of a small one: (channels, rate, size) of each layer lead from 16 waves to 24 pixels."""
    plan = [(9, 16, 28), (7, 32, 40), (5, 32, 40), (4, 32, 24)]
    layers, inner, before, size = [], 9, 16, 28
    for number, (outer, rate, out) in enumerate(plan):
        up, up_taps, down_taps = 2 * rate // before, 6 * rate // before, 8
        critical = number > 1
        padding = (out - 1) * 2 + 1 - (size + kernel - 1) * up + up_taps + down_taps - 2
        layers.append(
            {
                "name": f"L{number}_{out}_{outer}",
                "inner": inner,
                "outer": outer,
                "kernel": kernel,
                "up": up,
                "down": 2,
                "padding": [(padding + up) // 2, padding - (padding + up) // 2] * 2,
                "up_filter": [up_taps],
                "down_filter": [down_taps] * (2 if radial and not critical else 1),
                "colours": False,
                "clamp": 1.5,
            }
        )
        inner, before, size = outer, rate, out
    colours = {"name": "L4_24_3", "inner": 4, "outer": 3, "kernel": 1, "up": 1, "down": 1, "padding": [0] * 4}
    colours |= {"up_filter": None, "down_filter": None, "colours": True, "clamp": 256}
    return {
        "network": "stylegan3",
        "resolution": 24,
        "z_dim": 16,
        "w_dim": 16,
        "c_dim": 0,
        "mapping_layers": 2,
        "output_scale": 0.25,
        "input": {"channels": 9, "size": 28, "sampling_rate": 16.0, "bandwidth": 2.0},
        "layers": [*layers, colours],
        **changes,
    }


def random_alias_free(**changes):
    """A small alias-free generator none of whose numbers is one that hides a mistake."""
    torch.manual_seed(2)
    net = network.build(small_alias_free(**changes)).eval().requires_grad_(False)
    for name, value in net.state_dict().items():
        if name.endswith(("bias", "w_avg")) and "affine" not in name:
            value.normal_(0, 0.3)
        elif name.endswith("_filter"):
            value.add_(torch.randn_like(value) * value.mean() / 2)
        elif name.endswith("magnitude_ema"):
            value.uniform_(0.5, 2)
        elif name == "synthesis.input.affine.weight":
            value.normal_()
    return net
