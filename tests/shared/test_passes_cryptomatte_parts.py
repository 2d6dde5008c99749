"""Cryptomattes over several parts, two of a name, without their attributes or their manifest, and mixed ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

from shared.label_set import load_label_set
from shared.passes import cryptomatte, cryptomatte_ranks, exr
from tests.shared.reading import read, refused

COCO = load_label_set("coco_stuff")
NAMES = ("tree", "grass", "river", "mountain", "rock", "house")
SHAPE = (4, 8)
COVER = (0.4, 0.2, 0.15, 0.12, 0.08, 0.05)  # six objects in each pixel: three ranks
Channels = dict[str, np.ndarray]


def hashed(name: str) -> int:
    return cryptomatte.fixed(cryptomatte.murmur3(name))


def ranks(names: tuple[str, ...] = NAMES) -> list[Channels]:
    """Three ranks, each its channels R, G, B, A."""
    planes = []
    for name, cover in zip(names, COVER, strict=True):
        planes += [np.full(SHAPE, hashed(name), np.uint32).view(np.float32), np.full(SHAPE, cover, np.float32)]
    return [dict(zip("RGBA", planes[4 * rank : 4 * rank + 4], strict=True)) for rank in range(3)]


def named(layer: str, channels: Channels) -> Channels:
    return {f"{layer}.{name}": pixels for name, pixels in channels.items()}


def together(name: str, every: list[Channels]) -> Channels:
    return {key: pixels for rank, one in enumerate(every) for key, pixels in named(f"{name}{rank:02d}", one).items()}


def announced(name: str, key: str = "1234567", **more: str) -> dict[str, str]:
    entry = {"name": name, "hash": "MurmurHash3_32", "conversion": "uint32_to_float32", **more}
    return {f"cryptomatte/{key}/{word}": value for word, value in entry.items()}


def table(*names: str) -> str:
    return json.dumps({name: f"{hashed(name):08x}" for name in names})


def write(path: Path, *parts: tuple[str, Channels, dict[str, Any]]) -> Path:
    base = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    made = [
        OpenEXR.Part({**base, **header}, {key: np.ascontiguousarray(v) for key, v in channels.items()}, name)
        for name, channels, header in parts
    ]
    OpenEXR.File(made).write(str(path))
    return path


ATTRIBUTES = announced("crypto_material")
LAYOUTS: dict[str, list[tuple[str, Channels, dict[str, Any]]]] = {
    "one part": [("", together("crypto_material", ranks()), ATTRIBUTES)],
    "a part a rank": [(f"crypto_material{i:02d}", one, ATTRIBUTES) for i, one in enumerate(ranks())],
    "named twice": [
        (f"crypto_material{i:02d}", named(f"crypto_material{i:02d}", one), ATTRIBUTES) for i, one in enumerate(ranks())
    ],
    "announced once": [
        (f"crypto_material{i:02d}", one, {} if i else ATTRIBUTES) for i, one in enumerate(ranks())
    ],
    "announced elsewhere": [
        ("rgba", {name: np.zeros(SHAPE, np.float16) for name in "RGB"}, ATTRIBUTES),
        *((f"crypto_material{i:02d}", one, {}) for i, one in enumerate(ranks())),
    ],
    "in any order": [(f"crypto_material{i:02d}", ranks()[i], ATTRIBUTES) for i in (2, 0, 1)],
    "small letters": [
        (f"crypto_material{i:02d}", {name.lower(): pixels for name, pixels in one.items()}, ATTRIBUTES)
        for i, one in enumerate(ranks())
    ],
    "not announced": [(f"crypto_material{i:02d}", one, {}) for i, one in enumerate(ranks())],
    "views": [
        (f"crypto_material{i:02d}.left", one, {**ATTRIBUTES, "view": "left"}) for i, one in enumerate(ranks())
    ],
    "a layer below its part": [
        ("view", {key.replace("view.", ""): v for key, v in together("view.crypto", ranks()).items()},
         announced("view.crypto")),
    ],
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_ranks_count_wherever_they_lie(tmp_path: Path, layout: str) -> None:
    found = read(write(tmp_path / "a.exr", *LAYOUTS[layout]))
    assert (found.ids == COCO.find("tree").id).all() and (found.coverage == 1).all()
    assert found.soft is not None and len(found.soft) == len(NAMES)
    for name, cover in zip(NAMES, COVER, strict=True):
        np.testing.assert_allclose(found.soft[COCO.find(name).id], cover, atol=1e-6)
    assert bool(found.facts.warnings) == (layout == "not announced")


@pytest.mark.parametrize("lost", [0, 1])
def test_a_rank_that_is_missing_is_said(tmp_path: Path, lost: int) -> None:
    parts = [(f"crypto_material{i:02d}", one, ATTRIBUTES) for i, one in enumerate(ranks()) if i != lost]
    error = refused(write(tmp_path / "a.exr", *parts))
    assert f"rank {lost:02d}" in error.what
    half = [dict(list(one.items())[: 3 if i == lost else 4]) for i, one in enumerate(ranks())]
    file = write(tmp_path / "b.exr", ("", together("crypto_material", half), ATTRIBUTES))
    assert f"rank {lost:02d}" in refused(file).what


def test_two_of_one_name_in_two_parts_are_two(tmp_path: Path) -> None:
    other = ranks(tuple(reversed(NAMES)))
    parts = [
        ("left", together("crypto", ranks()), announced("crypto")),
        ("right", together("crypto", other), announced("crypto")),
    ]
    file = write(tmp_path / "a.exr", *parts)
    for options in ({}, {"crypto": "crypto"}):
        assert "left.crypto, right.crypto" in refused(file, **options).remedy
    assert (read(file, crypto="left").ids == COCO.find("tree").id).all()
    assert (read(file, crypto="right.crypto").ids == COCO.find("house").id).all()


def test_two_views_with_a_part_a_rank(tmp_path: Path) -> None:
    parts = []
    for view, names in (("left", NAMES), ("right", tuple(reversed(NAMES)))):
        for i, one in enumerate(ranks(names)):
            parts.append((f"crypto{i:02d}.{view}", one, {**announced("crypto"), "view": view}))
    file = write(tmp_path / "a.exr", *parts)
    assert "--crypto" in refused(file).remedy
    found = read(file, crypto="right")
    assert (found.ids == COCO.find("house").id).all() and (found.coverage == 1).all()


@pytest.mark.parametrize("order", [("train", "env"), ("env", "train")])
def test_those_of_two_layers_are_listed_whichever_comes_first(tmp_path: Path, order: tuple[str, str]) -> None:
    header, channels = {}, {}
    for key, layer in zip(("0000001", "f000000"), order, strict=True):
        every = ranks() if layer == "train" else ranks(tuple(reversed(NAMES)))
        channels |= together(f"{layer}.CryptoMaterial", every)
        header |= announced(f"{layer}.CryptoMaterial", key)
    file = write(tmp_path / "a.exr", ("", channels, header))
    for options in ({}, {"crypto": "material"}, {"encoding": "cryptomatte"}):
        remedy = refused(file, **options).remedy
        assert "env.CryptoMaterial" in remedy and "train.CryptoMaterial" in remedy
    assert (read(file, crypto="train").ids == COCO.find("tree").id).all()
    assert "train.CryptoMaterial" in read(file, crypto="TRAIN.cryptomaterial").facts.kind


def test_materials_come_before_objects_and_neither_of_two_others_does(tmp_path: Path) -> None:
    other = ranks(tuple(reversed(NAMES)))
    channels = {**together("crypto_object", other), **together("crypto_material", ranks())}
    header = {**announced("crypto_object", "1"), **announced("crypto_material", "2")}
    assert "crypto_material" in read(write(tmp_path / "a.exr", ("", channels, header))).facts.kind
    channels = {**together("crypto_object", other), **together("crypto_asset", ranks())}
    header = {**announced("crypto_object", "1"), **announced("crypto_asset", "2")}
    file = write(tmp_path / "b.exr", ("", channels, header))
    assert "crypto_asset" in refused(file).remedy and "crypto_object" in refused(file).remedy
    assert (read(file, crypto="asset").ids == COCO.find("tree").id).all()


def test_one_of_which_no_name_is_a_class_does_not_make_it_unclear(tmp_path: Path) -> None:
    other = tuple(f"{name}_mat" for name in NAMES)
    channels = {**together("a.CryptoMaterial", ranks(other)), **together("b.CryptoMaterial", ranks())}
    header = {**announced("a.CryptoMaterial", "1"), **announced("b.CryptoMaterial", "2")}
    assert "b.CryptoMaterial" in read(write(tmp_path / "a.exr", ("", channels, header))).facts.kind


def test_a_flaw_matters_only_where_it_is_chosen(tmp_path: Path) -> None:
    half = {key: np.zeros(SHAPE, np.float16) for key in together("crypto_object", ranks())}
    channels = {**half, **together("crypto_material", ranks())}
    header = {**announced("crypto_object", "1"), **announced("crypto_material", "2")}
    file = write(tmp_path / "a.exr", ("", channels, header))
    assert "crypto_material" in read(file).facts.kind
    assert "float16" in refused(file, crypto="object").what
    ids = {**half, "label.id": np.full(SHAPE, 168, np.float32)}
    assert (read(write(tmp_path / "b.exr", ("", ids, announced("crypto_object")))).ids == 168).all()


def test_ids_as_integers_and_coverage_as_half_floats(tmp_path: Path) -> None:
    channels = {
        key: pixels.view(np.uint32) if key[-1] in "RB" else pixels.astype(np.float16)
        for key, pixels in together("crypto_object", ranks()).items()
    }
    found = read(write(tmp_path / "a.exr", ("", channels, announced("crypto_object"))))
    assert (found.ids == COCO.find("tree").id).all()
    np.testing.assert_allclose(found.coverage, 1, atol=1e-3)


def test_a_cryptomatte_of_other_names_is_not_replaced_by_colours(tmp_path: Path) -> None:
    other = tuple(f"{name}_geo" for name in NAMES)
    channels = {**together("crypto_object", ranks(other)), **{name: np.zeros(SHAPE, np.float16) for name in "RGB"}}
    file = write(tmp_path / "a.exr", ("", channels, announced("crypto_object", manifest=table(*other))))
    assert "tree_geo" in refused(file).what and "--encoding" in refused(file).remedy


def test_a_manifest_below_the_folder_is_read_and_one_outside_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "manifests").mkdir(parents=True)
    for place in (folder / "manifests", tmp_path):
        (place / "m.json").write_text(table("Loco"))
    names = ("Loco", *NAMES[1:])
    for sidecar in ("manifests/m.json", "./manifests/m.json", "manifests\\m.json"):
        file = write(folder / "a.exr", ("", together("crypto", ranks(names)), announced("crypto", manif_file=sidecar)))
        assert (read(file, names={"Lo*": "train"}).ids == COCO.find("train").id).all(), sidecar
    for sidecar in ("../m.json", str(tmp_path / "m.json"), "manifests/../../m.json", "gone.json", "a" * 300, "."):
        file = write(folder / "b.exr", ("", together("crypto", ranks()), announced("crypto", manif_file=sidecar)))
        found = read(file)
        assert (found.coverage == 1).all() and any("manifest" in words for words in found.facts.warnings), sidecar
        file = write(folder / "c.exr", ("", together("crypto", ranks(names)), announced("crypto", manif_file=sidecar)))
        assert "manifest" in refused(file, names={"Lo*": "train"}).what


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("C:/", "C:\\"),  # a path of Windows, its backslash not escaped
        lambda text: text[:-20],
        lambda text: text + "}",
        lambda text: text.replace(": ", " "),
    ],
)
def test_what_is_sound_in_a_damaged_manifest_counts_if_its_hash_proves_it(tmp_path: Path, damage: Any) -> None:
    manifest = damage(table("Loco", "C:/sets/a", *NAMES, "last"))
    names = ("Loco", *NAMES[1:])
    file = write(tmp_path / "a.exr", ("", together("crypto", ranks()), announced("crypto", manifest=manifest)))
    found = read(file)
    assert (found.coverage == 1).all() and "damaged" in found.facts.warnings[0]
    file = write(tmp_path / "b.exr", ("", together("crypto", ranks(names)), announced("crypto", manifest=manifest)))
    if '"Loco": "' in manifest:
        assert (read(file, names={"Lo*": "train"}).ids == COCO.find("train").id).all()
    else:
        assert "damaged" in refused(file, names={"Lo*": "train"}).what
    lying = manifest.replace(f"{hashed('Loco'):08x}", f"{hashed('tree'):08x}")
    file = write(tmp_path / "c.exr", ("", together("crypto", ranks()), announced("crypto", manifest=lying)))
    assert (read(file).ids == COCO.find("tree").id).all()


@pytest.mark.parametrize("manifest", [True, False])
@pytest.mark.parametrize("enlarged", [1, 4])
def test_mixed_ids_are_called_so(tmp_path: Path, manifest: bool, enlarged: int) -> None:
    """Each pixel a new id, as interpolation makes them, perhaps enlarged after that."""
    random = np.random.default_rng(3)
    bits = random.integers(2**24, 2**30, (64, 64), np.uint32)
    bits[:, :60] = hashed("tree")
    bits = bits.repeat(enlarged, 0).repeat(enlarged, 1)
    channels = {"crypto00.R": bits.view(np.float32), "crypto00.G": np.ones(bits.shape, np.float32)}
    header = announced("crypto", **({"manifest": table("tree", "grass")} if manifest else {}))
    error = refused(write(tmp_path / "a.exr", ("", channels, header)))
    assert "resized" in error.cause and "own file" in error.remedy
    assert ("no manifest" in error.cause) is not manifest, "what is missing is said, and only that"


def test_a_few_ids_that_a_whole_manifest_lacks_are_not_called_mixed(tmp_path: Path) -> None:
    file = write(tmp_path / "a.exr", ("", together("crypto", ranks(("Loco", *NAMES[1:]))), announced("crypto", manifest=table("tree"))))  # fmt: skip # noqa: E501
    error = refused(file)
    assert "does not list" in error.cause and "resized" not in error.cause


def test_parts_of_different_windows(tmp_path: Path) -> None:
    """Ranks cropped to what is in them lie at their place in the frame."""
    display = {"displayWindow": (np.array([0, 0], np.int32), np.array([7, 3], np.int32))}
    cropped = {"dataWindow": (np.array([2, 1], np.int32), np.array([4, 2], np.int32)), **display}
    parts = []
    for i, one in enumerate(ranks()):
        if i:
            parts.append(
                (f"crypto{i:02d}", {k: v[1:3, 2:5] for k, v in one.items()}, {**announced("crypto"), **cropped})
            )
        else:
            parts.append((f"crypto{i:02d}", one, {**announced("crypto"), **display}))
    found = read(write(tmp_path / "a.exr", *parts))
    whole = np.full(SHAPE, 0.6, np.float32)
    whole[1:3, 2:5] = 1
    np.testing.assert_allclose(found.coverage, whole, atol=1e-6)


def test_a_preview_belongs_to_its_cryptomatte(tmp_path: Path) -> None:
    channels = {
        **together("crypto_object", ranks()),
        **{f"crypto_object.{c}": np.zeros(SHAPE, np.float16) for c in "rgb"},
    }
    (crypto,) = cryptomatte_ranks.find(
        exr.read_exr(write(tmp_path / "a.exr", ("", channels, announced("crypto_object"))))
    )
    assert ("", "crypto_object.r") in crypto.channels and len(crypto.channels) == 15
    assert "crypto_object.r" not in refused(tmp_path / "a.exr", encoding="colour").remedy
