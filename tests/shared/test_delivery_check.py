"""How the parts of a delivery fit together, and which of its files are there."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.delivery import (
    Delivery,
    Effect,
    Matte,
)
from shared.delivery_check import validate
from shared.errors import InputRefused, MissingInput
from shared.footage import frame_path
from shared.uids import layer_uid
from tests.shared.deliveries import SHOT, full, minimal, on_disk, painting


def test_whole_delivery_is_valid(tmp_path: Path) -> None:
    for delivery in (minimal(), full()):
        on_disk(tmp_path, delivery)
        validate(delivery, tmp_path)


def with_footage(**changes: Any) -> Delivery:
    return replace(minimal(), layers=(painting(footage=replace(painting().footage, **changes)),))


def with_shot(**changes: Any) -> Delivery:
    return replace(minimal(), shot=replace(minimal().shot, **changes))


def ring(before: str, *names: str) -> Delivery:
    """Layers that are each other's mattes, and one before them that is in no ring itself."""
    uids = [layer_uid(SHOT, name, "painting") for name in names]
    layers = [painting(name, matte=Matte(uid)) for name, uid in zip(names, uids[1:] + uids[:1], strict=True)]
    footage = painting().footage  # the files are shared, only the uids differ
    layers = [replace(one, footage=replace(footage, uid=one.footage.uid)) for one in layers]
    first = painting(before, matte=Matte(uids[0]))
    return replace(minimal(), layers=(first, *layers))


CONTRADICTIONS = [
    (with_shot(frames=4), "frames is 4, but 1001 to 1003 are 3"),
    (with_shot(first=1004), "frames is 3, but 1004 to 1003 are 0"),
    (with_shot(fps=23.976), "fps is 23.976, but fps_num/fps_den is 24/1. Write 24"),
    (with_shot(fps_num=24000, fps_den=1001), "fps is 24, but fps_num/fps_den is 24000/1001. Write 23.976"),
    (
        replace(minimal(), layers=(painting(), painting())),
        "two layers have the uid ride/sh020/L/train/painting",
    ),
    (replace(minimal(), layers=(painting(), painting(uid="x"))), "two footage items have the uid"),
    (replace(minimal(), layers=(painting(matte=Matte("gone")),)), "layer train.*does not exist: gone"),
    (replace(minimal(), layers=(painting(matte=Matte(painting().uid)),)), "layer train.*its own matte"),
    (ring("train", "haze", "sky"), "layer haze.*its own matte, or that of its mattes"),
    (with_shot(fps=119.88, fps_num=120000, fps_den=1001), "fps is 119.88, After Effects holds at most 99"),
    (
        replace(minimal(), effects=(Effect("gone", "m"),)),
        "an effect is for a layer that does not exist: gone",
    ),
    (with_footage(missing=(1002,)), "layer train, frame 1002.*1 of 3 frames is missing: 1002"),
    (with_footage(last=1006), "3 of 6 frames are missing: 1004-1006.*colour bars.*Render again"),
    (with_footage(last=1000), "ends at 1000 and begins at 1001"),
    (with_footage(first=1002), "does not end with its frame number 1002"),
    (with_footage(padding=5), "does not end with its frame number 01001"),
    (with_footage(path="train/sh020_train.png"), "does not end with its frame number 1001"),
    (with_footage(path="train/train21001.png"), "takes all digits at the end of a name"),
    (with_footage(path="other/sh020_train.1001.png"), "3 of 3 frames are missing: 1001-1003"),
    (with_footage(path="train/still.png", sequence=False), "layer train.*still.png: the file is not there"),
]


@pytest.mark.parametrize(("delivery", "words"), CONTRADICTIONS)
def test_contradiction_is_refused_by_name(tmp_path: Path, delivery: Delivery, words: str) -> None:
    on_disk(tmp_path, minimal())
    validate(minimal(), tmp_path)
    with pytest.raises(InputRefused, match=words):
        validate(delivery, tmp_path)


def test_a_matte_may_have_a_matte_and_serve_many(tmp_path: Path) -> None:
    layers = [painting(name, matte=Matte(layer_uid(SHOT, by, "painting"))) for name, by in ("ac", "bc", "cd")]
    delivery = replace(minimal(), layers=(*layers, painting("d")))
    on_disk(tmp_path, delivery)
    validate(delivery, tmp_path)


def test_gaps_are_named_in_runs(tmp_path: Path) -> None:
    delivery = with_footage(last=1030)
    on_disk(tmp_path, delivery)
    for number in (1005, 1010, 1011, 1012, 1030):
        (tmp_path / frame_path(delivery.layers[0].footage, number)).unlink()
    with pytest.raises(MissingInput, match="5 of 30 frames are missing: 1005, 1010-1012, 1030"):
        validate(delivery, tmp_path)


def test_padding_grows_beyond_its_digits(tmp_path: Path) -> None:
    delivery = with_footage(path="train/sh020_train.9999.png", first=9999, last=10001)
    on_disk(tmp_path, delivery)
    assert (tmp_path / "train" / "sh020_train.10001.png").exists()
    validate(delivery, tmp_path)


def test_names_that_a_mac_decomposed_are_found(tmp_path: Path) -> None:
    delivery = with_footage(path="train/é.1001.png")
    folder = tmp_path / "train"
    folder.mkdir()
    for number in (1001, 1002, 1003):
        (folder / unicodedata.normalize("NFD", f"é.{number}.png")).write_bytes(b"picture")
    validate(delivery, tmp_path)


def test_a_link_to_nothing_is_missing(tmp_path: Path) -> None:
    on_disk(tmp_path, minimal())
    file = tmp_path / frame_path(painting().footage, 1002)
    file.unlink()
    try:
        file.symlink_to(tmp_path / "gone")
    except OSError:
        pytest.skip("no symbolic links here")
    with pytest.raises(MissingInput, match="1 of 3 frames is missing: 1002"):
        validate(minimal(), tmp_path)
