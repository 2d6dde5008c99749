"""The family of lips: a clip's mouth follows the sound of the shot.

`prepare` follows the face through the whole clip and listens once; a frame then needs its own picture alone. What is
made is the mouth's patch with an alpha: the plate stands below it in the comp, and is never resampled.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets import tracks
from inference_server.datasets.detector import Detector, Face, face_of
from inference_server.models.base import Model, PaintInput, checked_weights
from inference_server.models.cards import Card
from inference_server.models.faces.mesh import FaceMesh
from inference_server.models.lips import agreement, looking, masking, pasting, steadying
from inference_server.models.lips.following import follow
from inference_server.models.lips.mel import shrunk
from inference_server.models.lips.mouths import Mouth
from inference_server.models.lips.musetalk import MuseTalk
from inference_server.models.lips.wav2lip import Wav2Lip
from inference_server.models.looking import Frames, Row
from shared.errors import InputRefused, ModelRefused
from shared.sounds import heard_alone

LARGE = 2.1  # times as wide as what a network makes, from which on a box is seen to be soft
WAV2LIP = "wav2lip"
NETWORKS: dict[str, type[Wav2Lip] | type[MuseTalk]] = {WAV2LIP: Wav2Lip, "musetalk": MuseTalk}
OF_FRAMES = ("boxes", "points", "outlines", "meshed", "sure")  # what is prepared of each

Pixels = NDArray[np.uint8]


class Lips(Model):
    """A network with its face and its sound."""

    rounds = 2

    def __init__(self, card: Card, mouth: Mouth, device: str) -> None:
        super().__init__(card, device)
        self.mouth = mouth
        self._mesh = FaceMesh(device)

    def prepare(self, frames: Frames[PaintInput]) -> dict[str, NDArray[Any]]:
        """Where the face is, and what is heard, on the N frames on which it is one of all M that are looked at:

        "moments" (N,) frames of the sound, and what a `steadying.Steady` has of each; "times" (M,) frames of the sound,
        and "shots" (M,) their numbers; "heard", by its network; "loud" (T,), the envelope. Raises InputRefused
        where no face is found in all of the clip.
        """
        detector = Detector()

        def found_on(place: int, frame: PaintInput, before: Row | None) -> Row:
            codes = _codes(frame)
            faces = [face.row for face in detector.faces(codes)]
            return {"moment": frame.moment, "seen": tracks.seen(codes), "faces": faces}

        first = frames.first
        audio = None if first is None else first.audio
        number, least = (1, 0.0) if first is None else (int(first.options["face"]), float(first.options["score"]))
        moments: list[int] = []
        faces: list[list[Face]] = []
        seen: list[str] = []
        for row in frames.each("faces", found_on):
            moments.append(row["moment"])
            faces.append([face for one in row["faces"] if (face := face_of(one)).score >= least])
            seen.append(row["seen"])
        shots = tracks.shots(seen)
        followed = follow(faces, shots, number)
        if audio is None or not followed:
            most = max((len(one) for one in faces), default=0)
            raise InputRefused(
                "no face was found in the clip" if most == 0 else f"there is no face number {number} in the clip",
                cause=f"The most faces on one frame are {most}",
                remedy="Lower the option score, choose another face, or trim the clip to where one is seen",
            )
        where = {place: face for one in followed for place, face in one.items()}

        def look(place: int, frame: PaintInput, before: Row | None) -> Row:
            return looking.look(self._mesh, _codes(frame), where[place]).row if place in where else {}

        looks = {place: looking.look_of(row) for place, row in enumerate(frames.each("meshes", look)) if row}
        own = [{place: looks[place] for place in one} for one in followed]
        parts = [run for one in own for run in steadying.steady(one, looking.covered(one), self.mouth.box)]
        found = {
            name: np.concatenate([getattr(run, name) for run in parts])
            for name in steadying.Steady.__dataclass_fields__
        }
        places = found.pop("places")
        samples = shrunk(heard_alone(audio.file))
        loud = agreement.envelope(samples)
        times = np.array(moments)
        return {
            **found,
            "moments": times[places],
            "times": times,
            "shots": np.array(shots),
            "loud": loud,
            "heard": self.mouth.hears(samples),
            "fps": np.array(audio.fps.as_integer_ratio()),
        }

    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        picture, prepared, options = request.picture, request.prepared, request.options
        assert picture is not None and request.moment is not None
        height, width = picture.shape[:2]
        nothing = np.zeros((height, width, 4), np.float32)
        place = np.flatnonzero(prepared["moments"] == request.moment)
        fps = Fraction(*prepared["fps"].tolist())
        loud = round(float(agreement.at_frames(prepared["loud"], np.array([request.moment]), fps)[0]), 5)
        if not len(place):
            words = "no face: the plate stays"
            self.said = {"face": steadying.WORDS[steadying.GONE], "shown": 0.0, "loud": loud, "lips": words}
            return nothing
        own = {name: prepared[name][place[0]] for name in OF_FRAMES}
        box, (state, shown) = own["boxes"], _shown(prepared, options, request.moment, self.mouth.middle)
        self.said = {
            "face": steadying.WORDS[state],
            "shown": round(shown, 3),
            "sure": round(float(own["sure"]), 3),
            "mask": "mesh" if own["meshed"] else "points",
            "box": [round(float(value), 1) for value in box],
            "loud": loud,
            **_words(state, float(box[2] - box[0]), self.mouth.side),
        }
        rows, columns = part = pasting.around(box, (height, width))
        plate = np.ascontiguousarray(picture[part])
        if shown == 0 or not plate.size:
            return nothing
        face = pasting.cropped(picture, box, self.mouth.side)
        made = self.mouth.made(face, prepared["heard"], request.moment, fps, options["offset"] / 1000)
        corner = np.array([columns.start, rows.start], np.float64)
        inner, size = box - np.tile(corner, 2), plate.shape[:2]
        if own["meshed"]:
            mask = masking.of_outline(size, inner, own["outlines"] - corner)
        else:
            mask = masking.of_points(size, inner, own["points"] - corner)
        new = pasting.pasted(plate, made, inner, mask, bool(options["keep_colour"]))
        self.said = {**self.said, **self._opening(plate + (new - plate) * mask.new[..., None], inner)}
        nothing[part] = np.dstack([new, mask.new * np.float32(shown)])
        return nothing

    def _opening(self, picture: NDArray[np.float32], box: NDArray[np.float64]) -> dict[str, float]:
        """{"opening": by the height of the face} of the mouth in a picture, where a mesh sees it."""
        found = self._mesh.search(_eight(picture))
        if not found:
            return {}
        read = self._mesh.read(_eight(picture), found[0].region)
        return {"opening": round(read.opening, 4)} if read.odds > looking.SURE else {}


def _shown(
    prepared: Mapping[str, NDArray[Any]], options: Mapping[str, Any], moment: int, later: Fraction
) -> tuple[int, float]:
    """The state of a frame, and how much of its new mouth is shown, 0..1. later: of the middle of what is heard."""
    times, moments = prepared["times"], prepared["moments"]
    at = int(np.searchsorted(times, moment))
    near = slice(max(0, at - steadying.FADE), at + steadying.FADE + 1)
    states = np.full(len(times[near]), steadying.GONE, np.uint8)
    states[np.isin(times[near], moments)] = prepared["states"][np.isin(moments, times[near])]
    if options.get("silence") == "keep":
        fps = Fraction(*prepared["fps"].tolist())
        middle = times[near] + float((later + Fraction(float(options["offset"]) / 1000)) * fps) - 0.5
        silent = agreement.at_frames(prepared["loud"], middle, fps) < agreement.QUIET
        states[silent & ~np.isin(states, steadying.HIDDEN)] = steadying.SILENT
    shown = steadying.shown(states, prepared["shots"][near].tolist())
    return int(states[at - near.start]), float(shown[at - near.start])


def _words(state: int, wide: float, side: int) -> dict[str, str]:
    """{"lips": what an artist should know of a frame}."""
    if state == steadying.OCCLUDED:
        return {"lips": "something is before the mouth: the plate stays"}
    if state == steadying.TURNED:
        return {"lips": "the face is a profile: the plate stays"}
    if wide > LARGE * side:
        return {"lips": f"the face is {wide:.0f} pixels wide and is made of {side}: soft"}
    return {}


def _codes(frame: PaintInput) -> Pixels:
    assert frame.picture is not None
    return _eight(frame.picture)


def _eight(picture: NDArray[np.float32]) -> Pixels:
    return np.ascontiguousarray(np.rint(picture * 255).astype(np.uint8))


def load(card: Card, folder: Path, device: str) -> Lips:
    """The network of a card. Raises ModelRefused."""
    named = str(card.config.get("network", WAV2LIP))
    if named not in NETWORKS:
        raise ModelRefused(f"{named!r} is no network of lips that this build has", remedy="Update semrender")
    return Lips(card, NETWORKS[named](card.config, checked_weights(card, folder), card.name, device), device)
