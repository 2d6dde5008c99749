"""MotionBERT (Zhu et al., "MotionBERT: A Unified Perspective on Learning Human Motion Representations", ICCV 2023).

A DSTformer takes 17 joints of up to 243 frames (Human3.6M's order; x, y, confidence) and makes them points in space.
It goes two ways side by side: one looks at the joints of each frame and then at the frames of each joint, the other the
other way round; after each step both are mixed. Names of weights are those of published checkpoints.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from inference_server.models.base import checked_tensors, fitting
from inference_server.models.tensors import read_tensors
from shared.errors import ModelRefused

JOINTS = 17
HEADS = 8  # no shape says it; all published networks have so many
CLOSE = 1e-6  # of layer norms
STATE = "model_pos"  # what a checkpoint calls it
PREFIX = "module."


class Attention(nn.Module):
    """Of tokens (N, L, C) to one another."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(wide, 3 * wide)
        self.proj = nn.Linear(wide, wide)

    def forward(self, tokens: Tensor) -> Tensor:
        count, length, wide = tokens.shape
        parts = self.qkv(tokens).reshape(count, length, 3, HEADS, wide // HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        weights = (query @ key.transpose(-2, -1) * (wide // HEADS) ** -0.5).softmax(-1)
        return self.proj((weights @ value).transpose(1, 2).reshape(count, length, wide))  # type: ignore[no-any-return]


class Hidden(nn.Module):
    def __init__(self, wide: int, inner: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(wide, inner)
        self.fc2 = nn.Linear(inner, wide)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(tokens)))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Looks at joints (s) and at times (t); `first` says which is first."""

    def __init__(self, wide: int, inner: int, first: str) -> None:
        super().__init__()
        self.order = (first, "t" if first == "s" else "s")
        for way in ("s", "t"):
            self.add_module(f"norm1_{way}", nn.LayerNorm(wide, eps=CLOSE))
            self.add_module(f"attn_{way}", Attention(wide))
            self.add_module(f"norm2_{way}", nn.LayerNorm(wide, eps=CLOSE))
            self.add_module(f"mlp_{way}", Hidden(wide, inner))

    def forward(self, x: Tensor) -> Tensor:
        """(T, J, C), as it is given."""
        for way in self.order:
            part = {name: getattr(self, f"{name}_{way}") for name in ("norm1", "attn", "norm2", "mlp")}
            tokens = part["norm1"](x)
            seen = part["attn"](tokens) if way == "s" else part["attn"](tokens.transpose(0, 1)).transpose(0, 1)
            x = x + seen
            x = x + part["mlp"](part["norm2"](x))
        return x


class MotionBert(nn.Module):
    """wide: numbers of a token; inner: of its hidden layer; made: of the last one; frames: at most at once."""

    def __init__(self, wide: int, inner: int, made: int, depth: int, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.joints_embed = nn.Linear(3, wide)
        self.pos_embed = nn.Parameter(torch.zeros(1, JOINTS, wide))
        self.temp_embed = nn.Parameter(torch.zeros(1, frames, 1, wide))
        self.blocks_st = nn.ModuleList(Block(wide, inner, "s") for _ in range(depth))
        self.blocks_ts = nn.ModuleList(Block(wide, inner, "t") for _ in range(depth))
        self.ts_attn = nn.ModuleList(nn.Linear(2 * wide, 2) for _ in range(depth))
        self.norm = nn.LayerNorm(wide, eps=CLOSE)
        self.pre_logits = nn.ModuleDict({"fc": nn.Linear(wide, made)})
        self.head = nn.Linear(made, 3)

    def forward(self, points: Tensor) -> Tensor:
        """(T, 17, 3) points in space of (T, 17, 3) joints of the picture."""
        x = self.joints_embed(points) + self.pos_embed + self.temp_embed[0, : len(points)]
        for first, second, mix in zip(self.blocks_st, self.blocks_ts, self.ts_attn, strict=True):
            one, other = first(x), second(x)
            share = mix(torch.cat([one, other], -1)).softmax(-1)
            x = one * share[..., :1] + other * share[..., 1:]
        return self.head(torch.tanh(self.pre_logits["fc"](self.norm(x))))  # type: ignore[no-any-return]


def settings_of(state: Mapping[str, Tensor], source: str) -> dict[str, int]:
    """What the shapes of a checkpoint say of its network. Raises ModelRefused where they are no MotionBERT's."""
    shapes: dict[str, Any] = {name: tuple(tensor.shape) for name, tensor in state.items()}
    blocks = {int(found[1]) for name in state if (found := re.match(r"blocks_st\.(\d{1,4})\.", name))}
    try:
        (wide, given), (inner, _) = shapes["joints_embed.weight"], shapes["blocks_st.0.mlp_s.fc1.weight"]
        (made, _), (_, frames, _, _) = shapes["pre_logits.fc.weight"], shapes["temp_embed"]
        if given != 3 or shapes["head.weight"][0] != 3 or shapes["pos_embed"][1] != JOINTS or wide % HEADS:
            raise ValueError
    except (KeyError, IndexError, ValueError):
        raise ModelRefused(
            "this is no MotionBERT that lifts joints into space",
            file=source,
            remedy="Give best_epoch.bin of its 3D pose models (FT_MB_..., MB_train_h36m)",
        ) from None
    return {"wide": wide, "inner": inner, "made": made, "depth": len(blocks), "frames": frames}


def filled(settings: Mapping[str, int], state: Mapping[str, Tensor], source: str) -> MotionBert:
    """The network with its weights, each of which has its place. Raises ModelRefused naming those that have not."""
    with torch.device("meta"):  # what shapes claim takes no memory before all of it is there
        net = MotionBert(**settings)
    net.load_state_dict(fitting(net, state, source), assign=True)
    return net.eval()


def packed(path: Path) -> bytes:
    """A checkpoint of its authors as safetensors. Raises MissingInput or ModelRefused."""
    remedy = "Give best_epoch.bin as MotionBERT's authors publish it"
    state = read_tensors(path, STATE, remedy) or read_tensors(path, remedy=remedy)
    state = {key.removeprefix(PREFIX): tensor.float().clone().contiguous() for key, tensor in state.items()}
    filled(settings_of(state, str(path)), state, str(path))
    if broken := [key for key, tensor in state.items() if not bool(torch.isfinite(tensor).all())]:
        raise ModelRefused(f"the checkpoint's {broken[0]} holds values that are no numbers", file=path)
    return save(state)


class Lifter:
    """The network on a device, as `motion.lifting` calls it."""

    def __init__(self, folder: Path, file: str, sha256: str, device: str) -> None:
        """Raises ModelRefused where the file is missing, or another one."""
        state = checked_tensors(folder / file, sha256)
        net = filled(settings_of(state, file), state, file)
        self._net, self._device = net.to(device), device
        self.frames = net.frames

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(T, 17, 3) of (T, 17, 3), T up to `frames`."""
        with torch.inference_mode():
            made = self._net(torch.from_numpy(points.astype(np.float32)).to(self._device))
        return np.asarray(made.cpu().numpy(), np.float64)
