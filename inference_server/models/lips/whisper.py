"""What MuseTalk hears: the encoder of Whisper, of whose layers all outputs are taken, fifty of each a second.

Written from "Robust Speech Recognition via Large-Scale Weak Supervision" (Radford et al., 2022, arXiv 2212.04356) and
the layout of its published weights, whose names the modules have. Sizes in comments: T columns of the spectrogram, two
of which are a step; C features.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from inference_server.models.lips.mel import RATE, slaney
from shared.values import Value

HOP, WINDOW = 160, 400  # samples
COLUMNS_A_SECOND = RATE // HOP
STEPS_A_SECOND = COLUMNS_A_SECOND // 2
SECONDS = 30  # that are heard at a time; shorter ones are followed by silence
FLOOR, RANGE = 1e-10, 8.0  # of the power; tenths of decibels below the loudest that are kept


class Sizes(Value):
    """As `config.json` of the weights has them."""

    bands: int
    width: int
    layers: int
    heads: int
    inner: int  # features between the two halves of a layer
    steps: int  # that have a place of their own

    @classmethod
    def of(cls, config: dict[str, Any]) -> Sizes:
        """Raises KeyError for what is no configuration of a Whisper."""
        names = ("num_mel_bins", "d_model", "encoder_layers", "encoder_attention_heads", "encoder_ffn_dim")
        return cls(*(int(config[name]) for name in (*names, "max_source_positions")))


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(3))
        self.k_proj = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        read = (layer(x) for layer in (self.q_proj, self.k_proj, self.v_proj))
        parts = (one.unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in read)
        y = F.scaled_dot_product_attention(*parts)  # (1, heads, steps, C / heads)
        found: Tensor = self.out_proj(y.transpose(1, 2).flatten(2))
        return found


class Layer(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.self_attn = Attention(sizes.width, sizes.heads)
        self.self_attn_layer_norm, self.final_layer_norm = nn.LayerNorm(sizes.width), nn.LayerNorm(sizes.width)
        self.fc1, self.fc2 = nn.Linear(sizes.width, sizes.inner), nn.Linear(sizes.inner, sizes.width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.self_attn_layer_norm(x))
        found: Tensor = x + self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))
        return found


class Encoder(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(sizes.bands, sizes.width, 3, padding=1)
        self.conv2 = nn.Conv1d(sizes.width, sizes.width, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(sizes.steps, sizes.width)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))
        self.layer_norm = nn.LayerNorm(sizes.width)

    def forward(self, mel: Tensor) -> Tensor:
        """(1, T / 2, layers + 1, C): what goes into the first layer, what comes of each, the last one normalised.

        mel: (1, bands, T).
        """
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).transpose(1, 2)  # (1, T / 2, C)
        x = x + self.embed_positions.weight[: x.shape[1]]
        states = [x]
        for layer in self.layers:
            states.append(layer(states[-1]))
        states[-1] = self.layer_norm(states[-1])
        return torch.stack(states, 2)


def spectrogram(samples: NDArray[np.float32], bands: int) -> NDArray[np.float32]:
    """(bands, 100 a second) of a sound (n,) at 16 kHz, -1..1: decibels, of which 1.0 is forty, the loudest at most 80
    above the quietest."""
    padded = np.pad(samples.astype(np.float64), WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:-1]  # (T, WINDOW)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    loud = np.log10(np.maximum(FLOOR, slaney(bands, WINDOW, 0, RATE / 2) @ power.T))
    return np.asarray((np.maximum(loud, loud.max() - RANGE) + 4) / 4, np.float32)


def listened(net: Encoder, samples: NDArray[np.float32], device: str) -> NDArray[np.float32]:
    """(50 steps a second, layers + 1, C) of a sound (n,) at 16 kHz, heard half a minute at a time."""
    found = [np.zeros((0, len(net.layers) + 1, net.conv1.out_channels), np.float32)]
    for start in range(0, len(samples), SECONDS * RATE):
        part = samples[start : start + SECONDS * RATE]
        whole = np.pad(part, (0, SECONDS * RATE - len(part)))
        mel = torch.from_numpy(spectrogram(whole, net.conv1.in_channels))[None].to(device, net.conv1.weight.dtype)
        with torch.inference_mode():
            states = net(mel)[0].float().cpu().numpy()
        found.append(states[: math.floor(len(part) / RATE * STEPS_A_SECOND)])
    return np.concatenate(found)
