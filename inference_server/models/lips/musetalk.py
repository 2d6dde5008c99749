"""MuseTalk: what is heard around a frame, and a face of 256 pixels whose lower half is hidden, become the face.

Three networks in one file of weights, by their prefix: `unet`, `vae` and `whisper`. Published with 25 frames a second;
there are ten steps of sound for a frame of any rate, four of them before it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference_server.models.base import fitting
from inference_server.models.faces import mesh
from inference_server.models.lips import latents, unet, whisper
from inference_server.models.lips.mouths import Face, Mouth
from shared.errors import ModelRefused

PARTS = ("unet", "vae", "whisper")
LAYERS, WIDEST = 64, 10**6  # that a configuration may have
STEPS, BEFORE = 10, 4  # of sound that a frame is made of; of them before its moment
BRIDGE = 195  # of the mesh: the third of the four points along the bridge of the nose of the 68 that are published
CHIN = 0.04  # of its height, that a box is longer below: ten pixels, as published, of a face of 250


class MuseTalk(Mouth):
    side: ClassVar[int] = 256
    middle: ClassVar[Fraction] = Fraction(STEPS // 2 - BEFORE, whisper.STEPS_A_SECOND)

    def __init__(self, config: Mapping[str, Any], state: Mapping[str, Tensor], source: str, device: str) -> None:
        """Raises ModelRefused for weights, or a configuration, of something else."""
        try:
            with torch.device("meta"):
                self.unet = unet.Network(_bounded(unet.Sizes.of(config["unet"])))
                self.vae = latents.Autoencoder(_bounded(latents.Sizes.of(config["vae"])))
                self.whisper = whisper.Encoder(_bounded(whisper.Sizes.of(config["whisper"])))
        except (KeyError, TypeError, ValueError, ZeroDivisionError, RuntimeError) as error:
            raise ModelRefused(
                "the networks' configuration is none of MuseTalk's",
                file=source,
                cause=f"{type(error).__name__}: {error}",
            ) from error
        self.device = device
        self.kind = torch.float16 if device.startswith("cuda") else torch.float32  # half on a GPU, as published
        for name in PARTS:
            net: torch.nn.Module = getattr(self, name)
            own = {key.removeprefix(f"{name}."): tensor for key, tensor in state.items() if key.startswith(f"{name}.")}
            net.load_state_dict(fitting(net, own, source), assign=True)
            net.eval().requires_grad_(False).to(device, self.kind)

    @staticmethod
    def box(points: NDArray[np.float64]) -> list[float]:
        """The bridge of the nose in its middle, the chin below, and as wide as the oval."""
        oval, middle, chin = points[list(mesh.OVAL)], points[BRIDGE, 1], points[mesh.CHIN, 1]
        top = middle - (chin - middle)
        return [oval[:, 0].min(), float(top), oval[:, 0].max(), float(chin + CHIN * (chin - top))]

    def hears(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """(50 steps a second, layers + 1, C) of a sound (n,) at 16 kHz."""
        return whisper.listened(self.whisper, samples, self.device)

    def made(self, face: Face, heard: NDArray[np.float32], frame: int, fps: Fraction, later: float) -> Face:
        whole = torch.from_numpy(np.ascontiguousarray(face.transpose(2, 0, 1)))[None].to(self.device, self.kind) * 2 - 1
        hidden = whole.clone()
        hidden[:, :, self.side // 2 :] = -1
        said = torch.from_numpy(part(heard, frame, fps, later)).flatten(0, 1)[None].to(self.device, self.kind)
        with torch.inference_mode():
            seen = self.vae.encoded(torch.cat([hidden, whole]))  # (2, 4, 32, 32)
            new = self.unet(seen.flatten(0, 1)[None], unet.placed(said))
            picture = self.vae.decoded(new)[0].float().clamp(-1, 1) / 2 + 0.5
        return np.asarray(picture.permute(1, 2, 0).cpu().numpy(), np.float32)


SizesT = TypeVar("SizesT", unet.Sizes, latents.Sizes, whisper.Sizes)


def _bounded(sizes: SizesT) -> SizesT:
    """Raises ValueError for what would be built for hours before anything is compared with the weights, or could never
    paint."""
    for field in dataclasses.fields(sizes):
        value = getattr(sizes, field.name)
        numbers = value if isinstance(value, tuple) else (value,)
        most = LAYERS if field.name == "layers" else WIDEST
        if len(numbers) > LAYERS or any(type(one) is not bool and not 1 <= one <= most for one in numbers):
            raise ValueError(f"{field.name} would be {value}")
    widths = (sizes.width,) if isinstance(sizes, whisper.Sizes) else sizes.widths
    heads = 1 if isinstance(sizes, latents.Sizes) else sizes.heads
    if any(width % heads for width in widths):
        raise ValueError(f"{heads} heads do not part {', '.join(map(str, widths))} features")
    return sizes


def part(heard: NDArray[np.float32], frame: int, fps: Fraction, later: float = 0.0) -> NDArray[np.float32]:
    """(10, layers + 1, C) around a frame's moment, `later` seconds after it; beyond the ends of the sound all is 0.

    frame: counted from the sound's beginning, below 0 before it.
    """
    first = math.floor((frame / fps + Fraction(later)) * whisper.STEPS_A_SECOND) - BEFORE
    found = np.zeros((STEPS, *heard.shape[1:]), np.float32)
    start, end = max(first, 0), min(first + STEPS, len(heard))
    if start < end:
        found[start - first : end - first] = heard[start:end]
    return found
