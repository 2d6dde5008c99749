"""Small generators for tests: random weights written as a model's folder."""

import hashlib

import torch
from safetensors.torch import save_file

from inference_server.models.stylegan import controls, network
from shared import places
from tests.inference_server.generators import config_of, reference

CONFIG = {
    "network": "stylegan2",
    "resolution": 32,
    "z_dim": 16,
    "w_dim": 16,
    "c_dim": 0,
    "mapping_layers": 2,
    "channels": {"4": 8, "8": 8, "16": 8, "32": 8},
    "conv_clamp": None,
}


def add_generator(name="face", config=CONFIG, **changes):
    """Adds a generator to the state folder, of 32 pixels with 8 layers."""
    config = {**config, **changes}
    torch.manual_seed(5)
    net = network.build(config)
    for key, tensor in net.state_dict().items():
        if key.endswith("noise_strength"):
            tensor.fill_(0.3)
    return write_generator(name, config, net.state_dict())


def add_reference(data_folder, name="face"):
    """Adds the reference generator of 64 pixels with 10 layers."""
    sizes, state, _, _ = reference(data_folder, "ada_auto_64")
    return write_generator(name, config_of(sizes), state)


def write_generator(name, config, state):
    folder = places.models_folder() / name
    folder.mkdir(parents=True)
    save_file({key: tensor.contiguous() for key, tensor in state.items()}, folder / "weights.safetensors")
    content = (folder / "weights.safetensors").read_bytes()
    card = {
        "format": 2,
        "name": name,
        "title": "A small generator",
        "version": 1,
        "family": "stylegan",
        "licence": "none",
        "inputs": controls.INPUTS,
        "makes": {"kind": "pictures"},
        "size": {"width": config["resolution"], "height": config["resolution"], "fit": "stretch"},
        "options": controls.options(config),
        "config": config,
        "weights": {"file": "weights.safetensors", "sha256": hashlib.sha256(content).hexdigest()},
    }
    places.write_json(folder / "card.json", card)
    return name
