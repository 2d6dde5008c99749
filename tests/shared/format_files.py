"""Label pictures in the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from PIL import Image

from shared.errors import InputRefused
from shared.label_set import NOTHING, load_label_set
from shared.passes import LabelPass, ReadOptions, read_label_pass
from tests.shared.test_passes_pictures import painted

REPORTED = Path(__file__).parents[1] / "data" / "reported"
COCO = load_label_set("coco_stuff")
IDS = np.random.default_rng(7).choice([6, 123, 134, 147, 156, 168], (70, 90)).astype(np.uint16)  # wider than a tile
IDS[20:60, 30:70] = 6
RGB = painted(IDS)
ALPHA = np.where(np.arange(90) < 40, 255, np.where(np.arange(90) < 50, 150, 0)).astype(np.uint8)[None].repeat(70, 0)
SEEN = np.where(ALPHA == 0, NOTHING, IDS)


def read(path: Path, **options: Any) -> LabelPass:
    label_set = load_label_set(options.pop("label_set", "coco_stuff"))
    return read_label_pass(path, label_set, ReadOptions.from_dict(options))


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(InputRefused) as caught:
        read(path, **options)
    assert caught.value.file == str(path), "the words must name the file"
    return str(caught.value)


def right(case: str) -> np.ndarray:
    ids = np.asarray(Image.open(REPORTED / case / "right_ids.png")).astype(np.uint16)
    ids[ids == 255] = NOTHING
    return ids


def write(path: Path, pixels: np.ndarray, kind: Any, **attributes: Any) -> Path:
    """By OpenImageIO; a double underscore in an attribute stands for a colon."""
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], kind)
    for name, value in attributes.items():
        spec[name.replace("__", ":")] = value
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec) and output.write_image(pixels) and output.close(), output.geterror()
    return path
