"""What another program read of a clip becomes a model that has read that clip: `semrender models add FOLDER`.

Kept are numbers alone, in one file: of each figure its frame, its id and its joints.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inference_server.models import cards
from inference_server.models.install import check_name, install
from inference_server.models.pose.cards import card_of, config_of, lifting
from inference_server.motion.imported import DRAWN, Figure, figures_of, layout_of, number_in, program_of
from shared import documents
from shared.errors import InputRefused, MissingInput, ModelRefused, SemrenderError
from shared.sequences import frames_text
from shared.shot import MAX_FRAME_NUMBER, MAX_FRAMES
from shared.wording import counted, one_line

FIGURES = "figures.npz"
MAX_LIST, MAX_FRAME = 256 * 2**20, 8 * 2**20  # bytes: of one file with everything, of one of a frame
OF_CLIP = re.compile(r"_\d{12}_keypoints$")  # as OpenPose names the frames of a clip, which it counts from 0
GIVEN = "as the program's that read them, and as the clip's"


def add_figures(
    path: Path, name: str, lift: Path | None = None, licence: str | None = None, replace: bool = False
) -> cards.Card:
    """Add what is in a file or folder as a model. Raises MissingInput or ModelRefused in words that name the file.

    lift: a checkpoint of MotionBERT, which makes points in space of it.
    """
    check_name(name, replace)
    given = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if len(given) > MAX_FRAMES:
        raise ModelRefused(f"there are more than {MAX_FRAMES} files", file=path)
    named: list[tuple[str, Figure]] = []
    program = ""
    for file in given:
        try:
            data = documents.load(file, "the joints of people", MAX_LIST if len(given) == 1 else MAX_FRAME)
            own = program_of(data)
            if not own or (program and own != program):
                raise InputRefused("these are no joints as OpenPose, AlphaPose or EasyMocap write them")
            program = own
            named += [(frame or file.stem, one) for frame, one in figures_of(data, program)]
        except MissingInput:
            raise
        except SemrenderError as error:
            remedy = error.remedy or "Give the folder that --write_json named, or alphapose-results.json"
            raise ModelRefused(error.what, file=file, cause=error.cause, remedy=remedy) from None
    if not any((one.joints[:, 2] > 0).any() for _, one in named):
        remedy = "Give what was read of a clip in which somebody is seen"
        raise ModelRefused(f"nobody is in {counted(len(given), 'file')}", file=path, remedy=remedy)
    numbers = _numbers([frame for frame, _ in named])
    try:
        layout = layout_of([one for _, one in named])
    except InputRefused as error:
        raise ModelRefused(error.what, file=path, remedy=error.remedy) from None
    content = io.BytesIO()
    np.savez_compressed(
        content,
        frames=np.array(numbers, np.int64),
        ids=np.array([one.id for _, one in named], np.int64),
        joints=np.array([one.joints for _, one in named], np.float32),
    )
    shift = 1 if min(numbers) == 0 or any(OF_CLIP.search(frame) for frame, _ in named) else 0
    kept = content.getvalue()
    config = {"layout": layout, "imported": program, "drawn": DRAWN[program]}
    card = card_of(name, layout, config, {"file": FIGURES, "sha256": hashlib.sha256(kept).hexdigest()})
    card["title"] = f"{one_line(path.name)}: what {program} read of a clip"
    frames = f"{counted(len({*numbers}), 'frame')}, {frames_text(sorted({*numbers}))}"
    card["description"] = f"Added from {one_line(path.name)}, {frames}. Only for the clip that it was read of."
    card["licence"], card["data"] = licence or GIVEN, ""
    card["options"].append(
        {
            "name": "shift",
            "title": "Frames later",
            "kind": "integer",
            "default": shift,
            "min": -MAX_FRAME_NUMBER,
            "max": MAX_FRAME_NUMBER,
            "help": f"by how much the shot counts its frames higher than {program} did",
        }
    )
    files = {FIGURES: kept}
    lifting(card, files, lift)
    return install(name, card, files, replace)


def _numbers(names: Sequence[str]) -> list[int]:
    """The number of each frame, by its name; where the names do not tell them apart, in their order from 0."""
    found = {name: number_in(name) for name in names}
    known = [number for number in found.values() if number is not None]
    if len({*known}) == len(found):
        return [found[name] or 0 for name in names]
    order = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return [order[name] for name in names]


class Figures:
    """The figures of a card by frame. Raises ModelRefused where the file is missing, or another one."""

    def __init__(self, card: cards.Card, folder: Path) -> None:
        file = folder / card.weights.file
        try:
            content = file.read_bytes()
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() != card.weights.sha256:
            cause = "Missing, damaged or changed"
            remedy = "Add the model again"
            raise ModelRefused(
                "the joints are not those that the card describes", file=file, cause=cause, remedy=remedy
            )
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            rows = zip(kept["frames"].tolist(), kept["ids"].tolist(), kept["joints"].astype(np.float64), strict=True)
        self._of: dict[int, list[Figure]] = {}
        for frame, number, joints in rows:
            self._of.setdefault(frame, []).append(Figure(joints, number))
        self.drawn = config_of(card).drawn

    def on(self, frames: Sequence[int], shift: int) -> list[list[Figure]]:
        """The figures on frames of a shot, which counts its frames so much higher. Raises InputRefused for none."""
        found = [self._of.get(frame - shift, []) for frame in frames]
        if not any(found):
            there = frames_text([frame + shift for frame in sorted(self._of)])
            raise InputRefused(
                f"nobody was read on the {counted(len(frames), 'frame')} of this layer ({frames_text(list(frames))})",
                cause=f"What was read lies on {there}",
                remedy=f"Say with the option shift by how much the shot counts higher; now it is {shift}",
            )
        return found
