"""Wav2Lip: a fifth of a second of sound from a frame's moment on, and a face of 96 pixels, its lower half hidden."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from inference_server.models.faces import mesh
from inference_server.models.lips import network
from inference_server.models.lips.mel import COLUMNS_A_SECOND, heard, mel_of
from inference_server.models.lips.mouths import Face, Mouth

CHIN = 0.06  # of its height, that a box is longer below: a chin that drops is in it


class Wav2Lip(Mouth):
    side: ClassVar[int] = network.FACE
    middle: ClassVar[Fraction] = Fraction(network.COLUMNS, 2 * COLUMNS_A_SECOND)

    def __init__(self, config: Mapping[str, Any], state: Mapping[str, torch.Tensor], source: str, device: str) -> None:
        """Raises ModelRefused for weights of something else."""
        self.net = network.folded(network.filled(state, source)).to(device)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own stub lacks it
        self.device = device

    @staticmethod
    def box(points: NDArray[np.float64]) -> list[float]:
        """From brow to chin, and as wide as the oval."""
        oval = points[list(mesh.OVAL)]
        top, chin = points[list(mesh.BROWS), 1].min(), points[mesh.CHIN, 1]
        return [oval[:, 0].min(), float(top), oval[:, 0].max(), float(chin + CHIN * (chin - top))]

    def hears(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """(80, T), 80 columns a second."""
        return mel_of(samples)

    def made(self, face: Face, heard_all: NDArray[np.float32], frame: int, fps: Fraction, later: float) -> Face:
        sound = heard(heard_all, frame, fps, network.COLUMNS, later)
        with torch.inference_mode():
            made = self.net(*given(face, sound, self.device))[0].permute(1, 2, 0).cpu().numpy()
        return np.ascontiguousarray(made[..., ::-1])


def given(face: Face, columns: NDArray[np.float32], device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """As the network takes them, (1, 1, 80, 16) and (1, 6, 96, 96): of a face (96, 96, 3) and a sound (80, 16)."""
    whole = face[..., ::-1].transpose(2, 0, 1)
    hidden = whole.copy()
    hidden[:, network.FACE // 2 :] = 0
    both = np.ascontiguousarray(np.concatenate([hidden, whole])[None], np.float32)
    seen = torch.from_numpy(both).to(device, memory_format=torch.channels_last)
    return torch.from_numpy(columns[None, None].copy()).to(device), seen
