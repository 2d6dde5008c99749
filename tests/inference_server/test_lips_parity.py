"""The authors' whole program, step by step with our network and our ears: their boxes, their moments, their pictures.

What semrender does otherwise on purpose (a mask, colours kept, boxes steadied equally to both sides) is left out here.
A second folder of reference data whose name begins alike is tried too.
"""

import hashlib
import json
import os
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from inference_server.models.lips import mel, network
from shared.sounds import heard_alone
from tests.conftest import ROOT
from tests.inference_server.speakers import seeded

DATA = Path(os.environ.get("SEMRENDER_DATA", ROOT.parent / "shared" / "data"))
FOLDERS = sorted(DATA.glob("wav2lip_reference*")) or [DATA / "wav2lip_reference"]
SMOOTHED = 5  # frames of the authors' box
BATCH = 20


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def reference(request, data_folder):
    return request.param


def boxes_of(detected, pads, size):
    """Theirs: a box and its pads, clipped to (height, width); then means of integers, in place, looking forward."""
    top, bottom, left, right = pads
    x1, y1, x2, y2 = np.asarray(detected, np.int64).T
    padded = [np.maximum(x1 - left, 0), np.maximum(y1 - top, 0)]
    padded += [np.minimum(x2 + right, size[1]), np.minimum(y2 + bottom, size[0])]
    boxes = np.stack(padded, 1)
    for place in range(len(boxes)):
        window = boxes[-SMOOTHED:] if place + SMOOTHED > len(boxes) else boxes[place : place + SMOOTHED]
        boxes[place] = np.trunc(window.mean(0))
    return boxes


def starts_of(columns, fps):
    """Theirs: the first column of every frame, the last one as often as the sound ends short of a window."""
    starts = []
    while (first := int(len(starts) * mel.COLUMNS_A_SECOND / fps)) + network.COLUMNS <= columns:
        starts.append(first)
    return [*starts, columns - network.COLUMNS]


def test_the_same_weights(reference):
    recipe = json.loads((reference / "recipe.json").read_text())
    digest = hashlib.sha256()
    for key, tensor in sorted(seeded(recipe).items()):
        digest.update(key.encode() + np.ascontiguousarray(tensor.numpy()).tobytes())
    assert digest.hexdigest() == recipe["sha256"]


def test_the_same_boxes_moments_and_pictures(reference):
    wanted = np.load(reference / "pipeline.npz")
    frames, fps = wanted["frames"], float(wanted["fps"])
    boxes = boxes_of(wanted["detected"], wanted["pads"], frames.shape[1:3])
    assert (boxes == wanted["smoothed"]).all()
    sound = mel.mel_of(mel.shrunk(heard_alone(reference / "audio_16000_mono.wav")))
    exact = np.load(reference / "mel.npz")["mel"]
    assert sound.shape == exact.shape
    starts = starts_of(exact.shape[1], fps)
    assert starts == wanted["starts"].tolist()
    assert all(
        (mel.heard(exact, place, Fraction(fps).limit_denominator(1001), 16) == exact[:, first : first + 16]).all()
        for place, first in enumerate(starts[:-1])
    )
    recipe = json.loads((reference / "recipe.json").read_text())
    net = network.folded(network.filled(seeded(recipe), "it"))
    index = wanted["composite_index"]
    places = np.array([place % len(frames) for place in index])
    assert (boxes[places] == wanted["used_box"][index]).all()
    crops = [frames[p][y1:y2, x1:x2] for p, (x1, y1, x2, y2) in zip(places, boxes[places], strict=True)]
    faces = np.stack([cv2.resize(crop, (network.FACE, network.FACE)) for crop in crops])
    hidden = faces.copy()
    hidden[:, network.FACE // 2 :] = 0
    seen = torch.from_numpy(np.concatenate([hidden, faces], 3).transpose(0, 3, 1, 2).astype(np.float32) / 255)
    heard = torch.from_numpy(np.stack([exact[None, :, starts[i] : starts[i] + network.COLUMNS] for i in index]))
    with torch.inference_mode():
        made = torch.cat([net(heard[i : i + BATCH], seen[i : i + BATCH]) for i in range(0, len(index), BATCH)])
    codes = (made.numpy().transpose(0, 2, 3, 1) * 255).astype(np.uint8)
    composite = frames[places].copy()
    for one, face, (x1, y1, x2, y2) in zip(composite, codes, boxes[places], strict=True):
        one[y1:y2, x1:x2] = cv2.resize(face, (int(x2 - x1), int(y2 - y1)))
    apart = np.abs(composite.astype(int) - wanted["composite"])
    assert apart.max() <= 1 and (apart == 0).mean() >= 0.999
