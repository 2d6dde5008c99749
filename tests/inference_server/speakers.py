"""A Wav2Lip whose answer is known: it shows the whole face that it was given, brighter the louder it is."""

import hashlib
import json

import numpy as np
import torch
from safetensors.torch import save

from inference_server.models.lips.network import Wav2Lip
from inference_server.models.lips.published import card_of

GAIN = 4.0  # of the last sigmoid: 0.5 stays, what is darker and brighter moves apart


def known_network(loud=1.0):
    """Zeros everywhere, but for two ways: the reference face to the picture, and the loudness to its brightness.

    Loudness is the mel's mean over 0; `loud` times it is added before the sigmoid.
    """
    net = Wav2Lip()
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            torch.nn.init.zeros_(module.weight)
            torch.nn.init.zeros_(module.bias)
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = 1e-5
            module.running_var.fill_(1 - 1e-5)
    with torch.no_grad():
        face = net.face_encoder_blocks[0][0].conv_block[0].weight  # (16, 6, 7, 7)
        for colour in range(3):
            face[colour, 3 + colour, 3, 3] = 1.0
        first, second = net.output_block[0].conv_block[0].weight, net.output_block[1]  # (32, 80, 3, 3), (3, 32, 1, 1)
        for colour in range(3):
            first[colour, 64 + colour, 1, 1] = 1.0
            second.weight[colour, colour, 0, 0] = GAIN
            second.weight[colour, 3, 0, 0] = loud
        second.bias.fill_(-GAIN / 2)
        first[3, 0, 1, 1] = 1.0  # channel 0 of the decoder: how loud it is
        _loudness(net)
    return net.eval()


def _loudness(net):
    """The centre of the mel, where it is above 0, through all the shrinking convolutions and out again."""
    for place, block in enumerate(net.audio_encoder):
        convolution = block.conv_block[0]
        kernel = convolution.weight.shape[2]
        if block.same:
            continue  # adds its input to 0
        if place == 11:  # the only one without padding: what is left is 3x3
            convolution.weight[0, 0] = 1 / 9
        else:
            convolution.weight[0, 0, kernel // 2, kernel // 2] = 1.0
    for block in net.face_decoder_blocks:
        convolution = block[0].conv_block[0]
        convolution.weight[0, 0] = 1.0 if convolution.weight.shape[2] == 1 else _spread(convolution)


def _spread(convolution):
    """A kernel that enlarges a constant to a constant."""
    if convolution.stride == (1, 1):
        return torch.ones(3, 3)
    line = torch.tensor([0.5, 1.0, 0.5])
    return torch.outer(line, line)


def add_known(folder, name="known", loud=1.0, **more):
    """A model folder of it."""
    content = save({key: tensor.contiguous() for key, tensor in known_network(loud).state_dict().items()})
    made = folder / name
    made.mkdir(parents=True)
    (made / "weights.safetensors").write_bytes(content)
    card = card_of(name, hashlib.sha256(content).hexdigest(), "a test", "made for a test")
    (made / "card.json").write_text(json.dumps({**card, **more}))
    return made


def seeded(recipe):
    """The tensors of a recipe of seeded weights, by name."""
    return {key: torch.from_numpy(_values(recipe["salt"], key, one)) for key, one in recipe["tensors"].items()}


def _values(salt, key, entry):
    if "value" in entry:
        return np.array(entry["value"], np.int64)
    start = int.from_bytes(hashlib.sha256(f"{salt}:{key}".encode()).digest()[:8], "little")
    count = int(np.prod(entry["shape"]))
    z = np.uint64(start) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    unit = (z >> np.uint64(40)).astype(np.float64) * (2 / 2**24) - 1
    return (entry["offset"] + entry["scale"] * unit).astype(np.float32).reshape(entry["shape"])
