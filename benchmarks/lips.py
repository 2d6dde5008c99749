"""A frame of lips, against the published network as it is: normalisation apart, channels first.

`python -m benchmarks.lips [PICTURE]`, of a picture with a face (default: the tests'). The weights are random, which
costs the same. Both networks and the steps around them take turns; the median of ROUNDS is printed, in milliseconds.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from inference_server.datasets.detector import Detector
from inference_server.models.faces.mesh import FaceMesh
from inference_server.models.lips import looking, masking, network, pasting, steadying, wav2lip

ROUNDS = 15
FACE = Path(__file__).resolve().parent.parent / "tests" / "data" / "faces" / "astronaut.jpg"


def main() -> None:
    picture = np.asarray(Image.open(sys.argv[1] if len(sys.argv) > 1 else FACE).convert("RGB"))
    torch.manual_seed(0)
    published = network.Wav2Lip().eval().requires_grad_(False)
    ours = network.Wav2Lip().eval().requires_grad_(False)
    ours.load_state_dict(published.state_dict())
    network.folded(ours).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    detector, reader = Detector(), FaceMesh("cpu")
    face = detector.faces(picture)[0]
    (run,) = steadying.steady({0: looking.look(reader, picture, face)}, (), wav2lip.Wav2Lip.box)
    plate, box = picture.astype(np.float32) / np.float32(255), run.boxes[0]
    crop, columns = pasting.cropped(plate, box, network.FACE), np.zeros((80, 16), np.float32)
    given = wav2lip.given(crop, columns, "cpu")
    plain = tuple(one.contiguous() for one in given)

    def paste() -> None:
        mask = masking.of_outline(plate.shape[:2], box, run.outlines[0])
        pasting.pasted(plate, crop, box, mask, True)

    steps: dict[str, Callable[[], Any]] = {
        "published network": lambda: published(*plain),
        "our network": lambda: ours(*given),
        "crop": lambda: pasting.cropped(plate, box, network.FACE),
        "mask, colours, paste": paste,
        "prepare: find faces": lambda: detector.faces(picture),
        "prepare: read the mesh": lambda: looking.look(reader, picture, face),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    with torch.inference_mode():
        for _ in range(ROUNDS + 2):
            for name, step in steps.items():
                begun = time.perf_counter()
                step()
                times[name].append(1000 * (time.perf_counter() - begun))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    height, width = picture.shape[:2]
    print(
        f"{width}x{height}, a face of {box[2] - box[0]:.0f} pixels, {torch.get_num_threads()} threads, load {load:.1f}"
    )
    for name, found in times.items():
        print(f"{name:<24}{statistics.median(found[2:]):8.1f} ms")


if __name__ == "__main__":
    main()
