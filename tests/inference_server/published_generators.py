"""Files of generators in the published layouts, made small of random weights, as the training programs pickle them.

Written from the description of the layouts: what stands for the programs' modules here is pickled under their names.
"""

import argparse
import contextlib
import math
import pickle
import sys
import types
from collections import OrderedDict

import numpy as np
import torch

from inference_server.models.stylegan import alias_free
from inference_server.models.stylegan.mapping import Dense
from inference_server.models.stylegan.network import Block, Layer, Mapping, ToRgb

SOURCE = "raise RuntimeError('the source of a class was executed')\n"
NAMES = {
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): lambda meta: None,
    ("dnnlib.util", "EasyDict"): type("EasyDict", (dict,), {}),
}


@contextlib.contextmanager
def programs(more=()):
    """As if the published programs could be imported, with these names beside theirs."""
    there, before = {}, dict(sys.modules)
    for (module, name), value in {**NAMES, **dict(more)}.items():
        parts = module.split(".")
        for length in range(1, len(parts) + 1):
            path = ".".join(parts[:length])
            if path not in sys.modules:
                sys.modules[path] = there[path] = types.ModuleType(path)
        value.__module__, value.__qualname__, value.__name__ = module, name, name
        setattr(sys.modules[module], name, value)
    try:
        yield
    finally:
        for path in there:
            if path not in before:
                del sys.modules[path]


class Persistent:
    """A module as `torch_utils.persistence` pickles it."""

    def __init__(self, name, state, source=SOURCE):
        self.meta = {"type": "class", "version": 6, "module_src": source, "class_name": name, "state": state}

    def __reduce__(self):
        return NAMES["torch_utils.persistence", "_reconstruct_persistent_obj"], (self.meta,)

    def __getitem__(self, path):
        """The module below it, by its names."""
        below = self
        for name in path.split("."):
            below = below.meta["state"]["_modules"][name]
        return below

    @property
    def state(self):
        return self.meta["state"]


def attributes(name, module):
    """What a module of the program says of itself beside its weights."""
    easy = NAMES["dnnlib.util", "EasyDict"]
    found = {"_init_args": (), "_init_kwargs": easy(w_dim=12, channels_last=False)}
    if isinstance(module, Dense):
        gain = module.rate / math.sqrt(module.weight.shape[1])
        mapped = name.startswith("fc")
        found |= {"activation": "lrelu" if mapped else "linear", "bias_gain": module.rate, "weight_gain": gain}
    elif isinstance(module, Layer):
        found |= {"conv_clamp": module.clamp, "use_noise": True, "activation": "lrelu", "up": 2 if module.up else 1}
    elif isinstance(module, ToRgb):
        found |= {"conv_clamp": module.clamp, "weight_gain": 1 / math.sqrt(module.weight.shape[1])}
    elif isinstance(module, Block):
        found |= {"architecture": "skip", "img_channels": 3}
    elif isinstance(module, alias_free.BentLayer):
        own, size = module.config, np.array([8, 8])
        found |= {"up_factor": own.up, "down_factor": own.down, "padding": list(own.padding), "conv_clamp": own.clamp}
        found |= {"is_torgb": own.colours, "in_size": size, "out_size": size, "use_fp16": np.True_}
    elif isinstance(module, alias_free.Waves):
        own = module.config
        rates = {"sampling_rate": np.float64(own.sampling_rate), "bandwidth": np.float64(own.bandwidth)}
        found |= {"channels": own.channels, "size": np.array([own.size, own.size]), **rates}
    elif isinstance(module, alias_free.Synthesis):
        found |= {"layer_names": list(module.names), "img_resolution": 24, "output_scale": 0.25}
    elif isinstance(module, Mapping):
        found |= {"w_avg_beta": 0.995, "num_layers": module.layers}
    return found


CLASSES = {"Dense": "FullyConnectedLayer", "Layer": "SynthesisLayer", "ToRgb": "ToRGBLayer", "Block": "SynthesisBlock"}
CLASSES |= {"BentLayer": "SynthesisLayer", "Waves": "SynthesisInput", "AliasFree": "Generator"}
CLASSES |= {"Synthesis": "SynthesisNetwork", "Mapping": "MappingNetwork", "StyleGan2": "Generator"}


def persistent(module, name="", source=SOURCE):
    """A network of ours as theirs."""
    state = {"training": False, "_parameters": OrderedDict(), "_buffers": OrderedDict()}
    state["_non_persistent_buffers_set"] = set()
    state["_backward_hooks"] = OrderedDict()
    parameters = dict(module.named_parameters(recurse=False))
    state["_parameters"].update({key: torch.nn.Parameter(one.detach().clone()) for key, one in parameters.items()})
    state["_buffers"].update({key: None if one is None else one.clone() for key, one in module._buffers.items()})
    if isinstance(module, Layer | Block):
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
        state["_buffers"]["resample_filter"] = torch.outer(taps, taps) / 64
    children = {key: persistent(one, key, source) for key, one in module.named_children()}
    state["_modules"] = OrderedDict(children)
    state |= attributes(name, module)
    return Persistent(CLASSES[type(module).__name__], state, source)


def snapshot(net, **more):
    """What the training program of ada pickles: the other networks may be anything."""
    whole = {"training_set_kwargs": NAMES["dnnlib.util", "EasyDict"](path="/home/them/faces.zip")}
    return {**whole, "G": None, "D": None, "G_ema": net, "augment_pipe": None, **more}


def write(path, value, protocol=4, more=()):
    """Pickle it under the programs' names; more: names beside theirs."""
    with programs(more):
        path.write_bytes(pickle.dumps(value, protocol))
    return path


class Network:
    """A network of the TensorFlow programs. Its state is set after it is made."""

    def __init__(self, **state):
        self.state = {"version": 4, "build_module_src": SOURCE, "components": {}, "variables": [], **state}

    def __getstate__(self):
        return self.state


NAMES["dnnlib.tflib.network", "Network"] = Network

LAYERS = {"conv0": "Conv0_up", "conv1": "Conv1", "torgb": "ToRGB", "skip": "Skip"}


def tensorflow(net, name="Gs", **kwargs):
    """A network of ours as TensorFlow keeps it: axes in another order, the kernel that enlarges turned round."""
    said = {"resolution": net.resolution, "architecture": "skip", "resample_kernel": [1, 3, 3, 1], **kwargs}
    of = {"mapping": [], "synthesis": [], "": []}
    for key, tensor in net.state_dict().items():
        part, _, rest = key.partition(".")
        of["" if key.endswith("w_avg") else part].append((*_tensorflow_name(rest), tensor.numpy()))
    listed = {part: [(name, np.asarray(change(value))) for name, change, value in all] for part, all in of.items()}
    parts = {
        part: Network(name=f"G_{part}", static_kwargs=said, variables=listed[part]) for part in ("mapping", "synthesis")
    }
    variables = [("lod", np.float32(0)), *listed[""]]
    return Network(name=name, static_kwargs=said, components=parts, variables=variables)


def _tensorflow_name(rest):
    """The name of a weight there, and what makes its numbers of ours."""
    if rest == "w_avg":
        return "dlatent_avg", lambda x: x
    words = rest.split(".")
    if words[0].startswith("fc"):
        return f"Dense{words[0][2:]}/{words[1]}", lambda x: x.T
    if words[0] == "embed":
        return f"LabelEmbed/{words[1]}", lambda x: x.T
    size, what = int(words[0][1:]), words[-1]
    if what == "const":
        return "4x4/Const/const", lambda x: x[None]
    if what == "noise_const":
        number = 2 * (size.bit_length() - 1) - (5 if words[1] == "conv0" else 4)
        return f"noise{number}", lambda x: x[None, None]
    layer = "Conv" if size == 4 and words[1] == "conv1" else LAYERS[words[1]]
    if words[2] == "affine":
        turned = (lambda x: x.T) if what == "weight" else (lambda x: x - 1)
        return f"{size}x{size}/{layer}/mod_{what}", turned
    if what == "weight":
        step = -1 if layer == "Conv0_up" else 1
        return f"{size}x{size}/{layer}/weight", lambda x: x[:, :, ::step, ::step].transpose(2, 3, 1, 0)
    return f"{size}x{size}/{layer}/{what}", lambda x: x if x.ndim else np.float32(x)


def rosinality(net):
    """A network of ours as the state dict of rosinality's."""
    taps = torch.outer(torch.tensor([1.0, 3.0, 3.0, 1.0]), torch.tensor([1.0, 3.0, 3.0, 1.0])) / 16
    found = {}
    for key, tensor in net.state_dict().items():
        words = key.split(".")
        if words[0] == "mapping":
            if words[1].startswith("fc"):
                found[f"style.{int(words[1][2:]) + 1}.{words[2]}"] = tensor
            continue
        size, what = int(words[1][1:]), words[-1]
        level = size.bit_length() - 1
        if what == "const":
            found["input.input"] = tensor[None]
            continue
        number = 0 if size == 4 else 2 * (level - 3) + (words[2] == "conv1")
        if what == "noise_const":
            found[f"noises.noise_{0 if size == 4 else number + 1}"] = tensor[None, None]
            continue
        colours = words[2] == "torgb"
        stem = ("to_rgb1" if size == 4 else f"to_rgbs.{level - 3}") if colours else (
            "conv1" if size == 4 else f"convs.{number}"
        )  # fmt: skip
        if words[3] == "affine":
            found[f"{stem}.conv.modulation.{what}"] = tensor
        elif what == "weight":
            found[f"{stem}.conv.weight"] = tensor[None]
            if words[2] == "conv0":
                found[f"{stem}.conv.blur.kernel"] = taps
            if colours and size > 4:
                found[f"{stem}.upsample.kernel"] = taps
        elif what == "noise_strength":
            found[f"{stem}.noise.weight"] = tensor.reshape(1)
        else:
            found[f"{stem}.bias" if colours else f"{stem}.activate.bias"] = (
                tensor.reshape(1, 3, 1, 1) if colours else tensor
            )
    return found


def trained(net, other):
    """A checkpoint of rosinality's training: everything beside g_ema is to be passed over."""
    optimiser = {"state": {0: {"step": 3, "exp_avg": torch.ones(4)}}, "param_groups": [{"lr": 0.002, "params": [0]}]}
    args = argparse.Namespace(path="/home/them/lmdb", size=32, betas=(0, 0.99))
    networks = {"g": rosinality(other), "d": {"w": torch.zeros(3)}, "g_ema": rosinality(net)}
    return {**networks, "g_optim": optimiser, "d_optim": optimiser, "args": args, "ada_aug_p": 0.0}
