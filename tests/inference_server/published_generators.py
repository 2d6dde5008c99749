"""Files of generators in the published layouts, made small of random weights, as the training programs pickle them.

Written from the description of the layouts: what stands for the programs' modules here is pickled under their names.
"""

import contextlib
import math
import pickle
import sys
import types
from collections import OrderedDict

import torch

from inference_server.models.stylegan.mapping import Dense
from inference_server.models.stylegan.network import Block, Layer, Mapping, ToRgb

SOURCE = "raise RuntimeError('the source of a class was executed')\n"
NAMES = {
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): lambda meta: None,
    ("dnnlib.util", "EasyDict"): type("EasyDict", (dict,), {}),
    ("dnnlib.tflib.network", "Network"): type("Network", (), {}),
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
    elif isinstance(module, Mapping):
        found |= {"w_avg_beta": 0.995, "num_layers": module.layers}
    return found


CLASSES = {"Dense": "FullyConnectedLayer", "Layer": "SynthesisLayer", "ToRgb": "ToRGBLayer", "Block": "SynthesisBlock"}
CLASSES |= {"Synthesis": "SynthesisNetwork", "Mapping": "MappingNetwork", "StyleGan2": "Generator"}


def persistent(module, name="", source=SOURCE):
    """A network of ours as theirs."""
    state = {"training": False, "_parameters": OrderedDict(), "_buffers": OrderedDict()}
    state["_non_persistent_buffers_set"] = set()
    state["_backward_hooks"] = OrderedDict()
    parameters = dict(module.named_parameters(recurse=False))
    state["_parameters"].update({key: torch.nn.Parameter(one.detach().clone()) for key, one in parameters.items()})
    state["_buffers"].update({key: one.clone() for key, one in module.named_buffers(recurse=False)})
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
