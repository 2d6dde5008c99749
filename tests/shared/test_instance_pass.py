"""Instance passes: ids, colours, codes and Cryptomattes become one number per part; what was averaged is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenEXR
import pytest
from PIL import Image

from shared import instance_code
from shared.errors import InputRefused
from shared.passes import cryptomatte
from shared.passes.instance_pass import NOTHING, read_instances, slopes

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "ride_the_train" / "instance"
SHAPE = (6, 8)
IDS = np.arange(48).reshape(SHAPE) // 5 * 28  # in several rows some of each


def same_parts(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays of numbers tell the same pixels apart."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return len(np.unique(one)) == len(np.unique(other)) == pairs.shape[1]


def exr(path: Path, compression: Any = OpenEXR.ZIP_COMPRESSION, **channels: np.ndarray) -> Path:
    header = {"type": OpenEXR.scanlineimage, "compression": compression}
    planes = {name.replace("_", "."): np.ascontiguousarray(one) for name, one in channels.items()}
    OpenEXR.File(header, planes).write(str(path))
    return path


def refused(path: Path, wanted: str | None = None) -> str:
    with pytest.raises(InputRefused) as caught:
        read_instances(path, wanted)
    assert caught.value.file == str(path) and caught.value.remedy
    return str(caught.value)


def test_whole_numbers_are_taken_as_they_are(tmp_path):
    for dtype, name in ((np.uint8, "a.png"), (np.uint16, "a.png"), (np.uint8, "a.tif"), (np.uint16, "a.tif")):
        cv2.imwrite(str(tmp_path / name), IDS.astype(dtype))
        assert (read_instances(tmp_path / name).numbers == IDS).all()
    for values in (IDS.astype(np.uint32), IDS.astype(np.float32), IDS.astype(np.float16)):
        assert (read_instances(exr(tmp_path / "a.exr", id=values)).numbers == IDS).all()


def test_other_values_tell_the_same_parts_on_every_frame(tmp_path):
    """Colours, floats and large ids: a part keeps its number when others come and go."""
    random = np.random.default_rng(0)
    colours = random.integers(0, 256, (IDS.max() + 1, 3)).astype(np.uint8)
    floats = random.random((IDS.max() + 1, 3)).astype(np.float32)
    known = []
    for moved in (IDS, np.roll(IDS, 2, 1)):
        planes = dict(zip("RGB", floats[moved].transpose(2, 0, 1), strict=True))
        files = [tmp_path / "c.png", exr(tmp_path / "c.exr", **planes)]
        Image.fromarray(colours[moved]).save(files[0])
        files.append(exr(tmp_path / "f.exr", id=floats[moved][..., 0] - 0.5))
        files.append(exr(tmp_path / "u.exr", id=(moved * 7919 + 2**31).astype(np.uint32)))
        found = [read_instances(file).numbers for file in files]
        assert all(same_parts(one, moved) for one in found)
        known.append([dict(zip(moved.ravel().tolist(), one.ravel().tolist(), strict=True)) for one in found])
    assert known[0] == known[1]


def test_the_code_of_maya_is_decoded_and_a_mixed_pixel_of_it_refused(tmp_path):
    large = IDS * 200
    codes = np.array([instance_code.encode(n) for n in range(large.max() + 1)], np.uint8)[large]
    codes[0, :3] = instance_code.NOTHING
    Image.fromarray(codes).save(tmp_path / "a.png")
    found = read_instances(tmp_path / "a.png")
    assert (found.numbers[0, :3] == NOTHING).all() and (found.numbers[1:] == large[1:]).all() and found.raw is None
    mixed = codes.copy()
    mixed[3, 4] = (codes[3, 4].astype(int) + codes[5, 7]) // 2
    Image.fromarray(mixed).save(tmp_path / "b.png")
    assert "1 of 48 pixels are no number of the code, first at 4, 3" in refused(tmp_path / "b.png")
    Image.fromarray(np.full((*SHAPE, 3), instance_code.encode(9), np.uint8)).save(tmp_path / "c.png")
    assert (read_instances(tmp_path / "c.png").numbers == 9).all()


def test_no_code_is_that_of_another_number_nor_a_blend_of_two():
    codes = {instance_code.encode(n) for n in range(instance_code.LAST + 1)} | {instance_code.NOTHING}
    assert len(codes) == instance_code.LAST + 2
    with pytest.raises(ValueError, match="0 to 65534"):
        instance_code.encode(65535)


def test_what_loses_numbers_is_refused(tmp_path):
    Image.fromarray(IDS.astype(np.uint8)).save(tmp_path / "a.jpg")
    assert "JPEG, which keeps no numbers" in refused(tmp_path / "a.jpg")
    assert "above 2048 in half floats" in refused(exr(tmp_path / "h.exr", id=(IDS * 100).astype(np.float16)))
    smooth = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64) ** 2
    packed = exr(tmp_path / "d.exr", OpenEXR.DWAA_COMPRESSION, R=smooth, G=smooth, B=smooth)
    assert "DWAA, which loses ids" in refused(packed)


def test_of_an_exr_objects_and_their_materials_are_read_or_what_is_named(tmp_path):
    material = (np.arange(48).reshape(SHAPE) % 3).astype(np.float32)
    own = {"view_IndexOB_X": IDS.astype(np.float32), "view_IndexMA_X": material}
    colours = np.random.default_rng(0).random((3, *SHAPE)).astype(np.float32)
    whole = exr(
        tmp_path / "a.exr", **own, **{f"view_Combined_{letter}": colours["RGB".index(letter)] for letter in "RGB"}
    )
    found = read_instances(whole)
    assert found.kind == "EXR view.IndexOB.X and view.IndexMA.X" and same_parts(found.numbers, IDS * 3 + material)
    assert (read_instances(whole, "view.IndexOB.X").numbers == IDS).all()
    assert not same_parts(read_instances(whole, "Combined").numbers, IDS)
    assert "no layer or channel 'nothing'" in refused(whole, "nothing")
    two = exr(tmp_path / "b.exr", a_id=IDS.astype(np.float32), b_id=material)
    assert "--instance-layer. It has a.id, b.id" in refused(two)
    assert (read_instances(two, "b.id").numbers == material).all()
    assert "Say it with --instance-layer" in refused(exr(tmp_path / "c.exr", v_X=material, v_Y=material))


def test_outside_the_data_window_is_nothing(tmp_path):
    windows = {"dataWindow": ([2, 1], [5, 3]), "displayWindow": ([0, 0], [7, 5])}
    header = {name: tuple(np.array(corner, np.int32) for corner in corners) for name, corners in windows.items()}
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    OpenEXR.File({"type": OpenEXR.scanlineimage, **header}, {"id": values}).write(str(tmp_path / "a.exr"))
    found = read_instances(tmp_path / "a.exr").numbers
    assert found.shape == SHAPE and (found[1:4, 2:6] == values).all() and (found == NOTHING).sum() == 36


# --- Cryptomatte --------------------------------------------------------------------------------------------


def bits(name: str) -> int:
    return cryptomatte.fixed(cryptomatte.murmur3(name))


def matte(kind: str, *ranks: tuple[list[list[str]], Any]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Channels and attributes of a Cryptomatte; ranks: names (H, W), "" for none, and coverage (H, W)."""
    channels = {}
    for place, (names, cover) in enumerate(ranks):
        ids = np.array([[bits(name) if name else 0 for name in row] for row in names], np.uint32).view(np.float32)
        letters = "rg" if place % 2 == 0 else "ba"
        channels[f"{kind}{place // 2:02d}.{letters[0]}"] = ids
        channels[f"{kind}{place // 2:02d}.{letters[1]}"] = np.broadcast_to(cover, ids.shape).astype(np.float32).copy()
    entry = {"name": kind, "hash": "MurmurHash3_32", "conversion": "uint32_to_float32"}
    return channels, {f"cryptomatte/{bits(kind):08x}"[:19] + f"/{word}": value for word, value in entry.items()}


def write(path: Path, *mattes: tuple[dict[str, np.ndarray], dict[str, str]]) -> Path:
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    for _, entry in mattes:
        header |= entry
    OpenEXR.File(header, {name: one for channels, _ in mattes for name, one in channels.items()}).write(str(path))
    return path


HOUSES = matte("ViewLayer.CryptoObject", ([["a", "a", "a", "b", "b", ""]], 1.0))
LOOKS = matte("ViewLayer.CryptoMaterial", ([["wall", "pane", "wall", "wall", "wall", ""]], 1.0))


def test_a_window_in_a_wall_is_a_part_of_its_own(tmp_path):
    found = read_instances(write(tmp_path / "a.exr", HOUSES, LOOKS))
    assert found.kind == "Cryptomatte ViewLayer.CryptoObject and ViewLayer.CryptoMaterial" and found.raw is None
    wall, pane, again, other, same, nothing = found.numbers[0].tolist()
    assert nothing == NOTHING and len({wall, pane, other, NOTHING}) == 4 and wall == again and other == same
    objects = read_instances(write(tmp_path / "a.exr", HOUSES, LOOKS), "object").numbers[0]
    assert len(np.unique(objects)) == 3 and (objects[:3] == objects[0]).all()
    assert same_parts(read_instances(write(tmp_path / "b.exr", HOUSES)).numbers[0], objects)
    assets = matte("crypto_asset", ([["s", "s", "s", "s", "s", "s"]], 1.0))
    three = read_instances(write(tmp_path / "c.exr", assets, HOUSES))
    assert three.kind == "Cryptomatte ViewLayer.CryptoObject", "an asset has objects, and tells less"
    assert (read_instances(tmp_path / "c.exr", "asset").numbers == np.int32(np.uint32(bits("s")).view(np.int32))).all()


def test_of_two_view_layers_one_is_named(tmp_path):
    far = matte("Far.CryptoObject", ([["x", "y", "x", "y", "x", "y"]], 1.0))
    both = write(tmp_path / "a.exr", HOUSES, LOOKS, far)
    assert "--instance-layer: " in refused(both) and "Far.CryptoObject" in refused(both)
    assert len(np.unique(read_instances(both, "Far").numbers)) == 2
    assert len(np.unique(read_instances(both, "ViewLayer").numbers)) == 4


def test_a_pixel_is_of_what_covers_most_and_no_part_is_made_of_two(tmp_path):
    """On the edge a covers more than b, but b's wall more than either of a's materials: there is no wall of a."""
    things = matte("CryptoObject", ([["a", "a", "a", "b"]], [[1, 1, 0.6, 1]]), ([["", "", "b", ""]], [[0, 0, 0.4, 0]]))
    looks = matte(
        "CryptoMaterial",
        ([["pane", "frame", "wall", "wall"]], [[1, 1, 0.4, 1]]),
        ([["", "", "pane", ""]], [[0, 0, 0.35, 0]]),
        ([["", "", "frame", ""]], [[0, 0, 0.25, 0]]),
    )
    pane, frame, edge, wall = read_instances(write(tmp_path / "a.exr", things, looks)).numbers[0].tolist()
    assert edge == pane and len({pane, frame, wall}) == 3
    thin = matte("CryptoObject", ([["a", "a", "a", "a"]], [[1, 0.6, 0.4, 0]]))
    numbers = read_instances(write(tmp_path / "b.exr", thin)).numbers[0]
    assert numbers[0] == numbers[1] != NOTHING and (numbers[2:] == NOTHING).all()


# --- averaged numbers ---------------------------------------------------------------------------------------


def test_averaged_numbers_slope_and_others_do_not():
    numbers = cv2.imread(str(EXAMPLE / "environment_instance.1012.png"), cv2.IMREAD_UNCHANGED)
    colours = np.random.default_rng(0).integers(0, 256, (numbers.max() + 1, 3)).astype(np.uint8)[numbers]
    for sharp in (numbers, colours):
        wide = sharp.astype(np.float32)
        half = cv2.resize(wide, (320, 180), interpolation=cv2.INTER_AREA)
        assert slopes(sharp) < 0.06 and slopes(sharp[::2, ::2]) < 0.12
        assert min(slopes(one) for one in (half, np.rint(half), cv2.GaussianBlur(wide, (3, 3), 0.6))) > 0.2
