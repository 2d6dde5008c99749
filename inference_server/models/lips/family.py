"""The family of lips: a clip's mouth follows the sound of the shot.

`prepare` follows the face through the whole clip and listens once; a frame then needs its own picture alone. What is
made is the mouth's patch with an alpha: the plate stands below it in the comp, and is never resampled.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference_server.datasets import tracks
from inference_server.datasets.detector import Detector, Face
from inference_server.models.base import Audio, Model, PaintInput, checked_weights
from inference_server.models.cards import Card
from inference_server.models.lips import network, pasting
from inference_server.models.lips.following import follow
from inference_server.models.lips.mel import heard, mel_of, shrunk
from shared.errors import InputRefused
from shared.sounds import heard_alone

LARGE = 200  # pixels of a box from which on 96 are seen to be few


class Lips(Model):
    """A generator with its face and its sound."""

    def __init__(self, card: Card, net: network.Wav2Lip, device: str) -> None:
        super().__init__(card, device)
        self.net = network.folded(net).to(device)

    def prepare(self, frames: Iterable[PaintInput]) -> dict[str, NDArray[Any]]:
        """Where the face is, and what is heard: "moments" (N,) frames of the sound, "boxes" (N, 4), "points" (N, 5, 2)
        in pixels, "mel" (80, T). Raises InputRefused where no face is found in all of the clip."""
        detector = Detector()
        moments: list[int] = []
        faces: list[list[Face]] = []
        seen: list[str] = []
        audio: Audio | None = None
        number, least = 1, 0.0
        for frame in frames:
            assert frame.picture is not None and frame.moment is not None
            audio, number, least = frame.audio, int(frame.options["face"]), float(frame.options["score"])
            codes = np.ascontiguousarray(np.rint(frame.picture * 255).astype(np.uint8))
            moments.append(frame.moment)
            faces.append([face for face in detector.faces(codes) if face.score >= least])
            seen.append(tracks.seen(codes))
        found, boxes, points = follow(moments, faces, seen, number)
        if audio is None or not len(found):
            most = max((len(one) for one in faces), default=0)
            raise InputRefused(
                "no face was found in the clip" if most == 0 else f"there is no face number {number} in the clip",
                cause=f"The most faces on one frame are {most}",
                remedy="Lower the option score, choose another face, or trim the clip to where one is seen",
            )
        mel = mel_of(shrunk(heard_alone(audio.file)))
        fps = np.array(audio.fps.as_integer_ratio())
        return {"moments": found, "boxes": boxes, "points": points, "mel": mel, "fps": fps}

    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        picture, prepared, options = request.picture, request.prepared, request.options
        assert picture is not None and request.moment is not None
        height, width = picture.shape[:2]
        place = np.flatnonzero(prepared["moments"] == request.moment)
        if not len(place):
            self.said = {"lips": "no face on this frame: its plate stays"}
            return np.zeros((height, width, 4), np.float32)
        box, points = prepared["boxes"][place[0]], prepared["points"][place[0]]
        wide = float(box[2] - box[0])
        self.said = {"box": [round(float(value), 1) for value in box]}
        if wide > LARGE:
            self.said = {**self.said, "lips": f"the face is {wide:.0f} pixels wide and is made of {network.FACE}: soft"}
        face = pasting.cropped(picture, box)
        fps = Fraction(*prepared["fps"].tolist())
        columns = heard(prepared["mel"], request.moment, fps, network.COLUMNS, options["offset"] / 1000)
        with torch.inference_mode():
            made = self.net(*given(face, columns, self.device))[0].permute(1, 2, 0).cpu().numpy()[..., ::-1]
        result, mask = pasting.pasted(picture, np.ascontiguousarray(made), box, points, bool(options["keep_colour"]))
        return np.dstack([result, mask])


def given(face: NDArray[np.float32], columns: NDArray[np.float32], device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """As the network takes them, (1, 1, 80, 16) and (1, 6, 96, 96): of a face (96, 96, 3) and a sound (80, 16)."""
    whole = face[..., ::-1].transpose(2, 0, 1)
    hidden = whole.copy()
    hidden[:, network.FACE // 2 :] = 0
    both = np.ascontiguousarray(np.concatenate([hidden, whole])[None], np.float32)
    return torch.from_numpy(columns[None, None].copy()).to(device), torch.from_numpy(both).to(device)


def load(card: Card, folder: Path, device: str) -> Lips:
    """The generator of a card. Raises ModelRefused."""
    return Lips(card, network.filled(checked_weights(card, folder), card.name), device)
