"""Label passes of COCO-Stuff, read, or refused as every pass is refused: with its file and a remedy."""

from pathlib import Path
from typing import Any

import pytest

from shared.errors import InputRefused
from shared.label_set import load_label_set
from shared.passes import LabelPass, ReadOptions, read_label_pass

COCO = load_label_set("coco_stuff")


def read(path: Path, **options: Any) -> LabelPass:
    return read_label_pass(path, COCO, ReadOptions.from_dict(options))


def refused(path: Path, **options: Any) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        read(path, **options)
    assert caught.value.file == str(path) and caught.value.remedy
    return caught.value
