"""Cryptomatte: other people's files, the renderer's own, and what goes wrong with manifests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from shared.errors import InputRefused
from shared.label_set import NOTHING, load_label_set
from shared.passes import LabelPass, ReadOptions, cryptomatte, cryptomatte_ranks, exr, read_label_pass

DATA = Path(__file__).parents[1] / "data" / "passes"
COCO = load_label_set("coco_stuff")
TRUTH = np.asarray(Image.open(DATA / "truth.png")).astype(np.uint16)
SPECIAL = {'name containing a "quote"  ', "name_containing/slash", "name, with, comma", "равнина"}


def read(path: Path, **options: Any) -> LabelPass:
    return read_label_pass(path, COCO, ReadOptions.from_dict(options))


def refused(path: Path, **options: Any) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        read(path, **options)
    return caught.value


def write(
    path: Path,
    ranks: list[tuple[str, np.ndarray]],
    manifest: str | None = None,
    sidecar: str | None = None,
    letters: str = "rgba",
    kind: Any = np.float32,
    compression: Any = OpenEXR.ZIP_COMPRESSION,
    name: str = "view.CryptoMaterial",
) -> Path:
    """A Cryptomatte with (object, coverage) in its ranks; hashes are as the pixels hold them."""
    ranks = ranks + [("", np.zeros_like(ranks[0][1]))] * (len(ranks) % 2)
    channels = {}
    for place, (text, cover) in enumerate(ranks):
        bits = np.full(cover.shape, cryptomatte.fixed(cryptomatte.murmur3(text)) if text else 0, np.uint32)
        identity, amount = letters[place % 2 * 2 :][:2]
        channels[f"{name}{place // 2:02d}.{identity}"] = np.where(cover > 0, bits, 0).astype(np.uint32).view(np.float32)
        channels[f"{name}{place // 2:02d}.{amount}"] = cover.astype(np.float32)
    header: dict[str, Any] = {"compression": compression, "type": OpenEXR.scanlineimage}
    header |= {"cryptomatte/1234567/name": name, "cryptomatte/1234567/hash": "MurmurHash3_32"}
    header |= {"cryptomatte/1234567/conversion": "uint32_to_float32"}
    if manifest is not None:
        header["cryptomatte/1234567/manifest"] = manifest
    if sidecar is not None:
        header["cryptomatte/1234567/manif_file"] = sidecar
    OpenEXR.File(header, {key: pixels.astype(kind) for key, pixels in channels.items()}).write(str(path))
    return path


def amounts(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


def table_of(path: Path) -> dict[str, int]:
    """The manifests of a file: name -> hash as written."""
    header = OpenEXR.File(str(path), header_only=True).parts[0].header
    texts = [value for key, value in header.items() if key.endswith("/manifest")]
    return {name: int(code, 16) for text in texts for name, code in json.loads(text).items()}


def test_the_hash_is_that_of_other_peoples_files() -> None:
    known = table_of(DATA / "spec_special_chars.exr")
    assert set(known) >= SPECIAL
    assert {name: cryptomatte.fixed(cryptomatte.murmur3(name)) for name in known} == known


def test_a_manifest_with_the_raw_hash_is_recognised() -> None:
    raw = table_of(DATA / "crypto_bad_exponent.exr")
    wrong = {name for name, code in raw.items() if cryptomatte.fixed(code) != code}
    assert wrong >= {"building-other", "airplane", "clock"}
    found = read(DATA / "crypto_bad_exponent.exr", crypto="material")
    expected = {"building-other", "airplane", "clock", "grass"}
    assert {COCO.by_id(i).name for i in found.facts.classes if i != NOTHING} == expected
    assert all(found.facts.classes[COCO.find(name).id] == 196 for name in expected)


def test_without_a_word_the_material_is_taken_whose_names_are_classes() -> None:
    found = read(DATA / "crypto_bad_exponent.exr")
    assert "CryptoMaterial" in found.facts.kind and len(found.facts.classes) == 5


def test_the_renderers_cryptomatte_is_its_truth_but_for_filtered_edges() -> None:
    found = read(DATA / "crypto.exr")
    assert (found.ids == TRUTH).mean() >= 0.996
    flat = np.ones(TRUTH.shape, bool)
    for step in (1, 2, 3):
        for axis in (0, 1):
            moved = np.roll(TRUTH, (step, -step)[step % 2], axis) == TRUTH
            flat &= moved & (np.roll(TRUTH, -(step, -step)[step % 2], axis) == TRUTH)
    assert (found.ids == TRUTH)[flat].mean() >= 0.9999
    assert found.soft is not None and set(found.soft) == set(np.unique(TRUTH).tolist())
    np.testing.assert_allclose(sum(found.soft.values()), 1, atol=2e-3)
    assert found.coverage.min() > 0.998 and found.ids.dtype == np.uint16
    strongest = np.stack([found.soft[i] for i in sorted(found.soft)]).argmax(0)
    assert (np.array(sorted(found.soft))[strongest] == found.ids).mean() > 0.9999


def test_names_without_a_manifest_are_classes_or_their_aliases(tmp_path: Path) -> None:
    file = write(tmp_path / "a.exr", [("tree", amounts([1, 0.6])), ("sky", amounts([0, 0.4]))])
    found = read(file)
    assert found.ids.tolist() == [[168, 168]] and found.soft is not None
    np.testing.assert_allclose(found.soft[156], [[0, 0.4]], atol=1e-6)


@pytest.mark.parametrize("letters", ["rgba", "RGBA"])
def test_capital_channels(tmp_path: Path, letters: str) -> None:
    file = write(tmp_path / "a.exr", [("tree", amounts([1, 0.6])), ("grass", amounts([0, 0.4]))], letters=letters)
    assert read(file).ids.tolist() == [[168, 168]]


def test_coverage_below_one_is_the_layers_edge_unless_a_class_takes_the_rest(tmp_path: Path) -> None:
    file = write(tmp_path / "a.exr", [("tree", amounts([1, 0.3, 0]))])
    found = read(file)
    assert found.ids.tolist() == [[168, 168, NOTHING]]
    np.testing.assert_allclose(found.coverage, [[1, 0.3, 0]], atol=1e-6)
    assert any("--uncovered" in words for words in found.facts.warnings)
    filled = read(file, uncovered="sky")
    assert filled.ids.tolist() == [[168, 156, 156]] and (filled.coverage == 1).all()
    assert filled.soft is not None
    np.testing.assert_allclose(filled.soft[156], [[0, 0.7, 1]], atol=1e-6)
    assert refused(file, uncovered="skyy").remedy


def test_objects_of_one_class_are_added_before_the_strongest_wins(tmp_path: Path) -> None:
    ranks = [("rockA", amounts([0.4])), ("oak", amounts([0.35])), ("birch", amounts([0.25]))]
    manifest = json.dumps({name: f"{cryptomatte.murmur3(name):08x}" for name, _ in ranks})
    file = write(tmp_path / "a.exr", ranks, manifest)
    found = read(file, names={"rock*": "rock", "oak": "tree", "birch": "tree"})
    assert found.ids.tolist() == [[168]] and found.soft is not None
    np.testing.assert_allclose(found.soft[168], 0.6, atol=1e-6)


def test_unknown_names_are_refused_by_size_and_mapped_by_patterns() -> None:
    error = refused(DATA / "spec_special_chars.exr")
    assert any(name in error.what for name in SPECIAL) and "--names" in error.remedy
    patterns = {"*plain*": "grass", "равнина": "grass", "*comma*": "tree", "*slash*": "rock", "*quote*": "river"}
    found = read(DATA / "spec_special_chars.exr", names=patterns)
    named = {COCO.by_id(i).name for i in found.facts.classes if i != NOTHING}
    assert named == {"grass", "tree", "rock", "river"}
    assert "no class 'gras'" in refused(DATA / "spec_special_chars.exr", names={"*": "gras"}).what


def test_an_objects_number_is_no_class_id(tmp_path: Path) -> None:
    """Instances are called "/obj/instances:3", and 3 is a motorcycle in COCO."""
    name = "/obj/instances:3"
    manifest = json.dumps({name: f"{cryptomatte.murmur3(name):08x}"})
    assert name in refused(write(tmp_path / "a.exr", [(name, amounts([1]))], manifest)).what


def test_a_manifest_beside_the_picture(tmp_path: Path) -> None:
    error = refused(DATA / "spec_sidecar_manifest.exr")
    assert "sidecar_manifest.crypto_asset.json" in error.cause
    file = write(tmp_path / "a.exr", [("Loco", amounts([1]))], sidecar="names.json")
    (tmp_path / "names.json").write_text(json.dumps({"Loco": f"{cryptomatte.murmur3('Loco'):08x}"}))
    assert "Loco" in refused(file).what
    assert read(file, names={"Lo*": "train"}).ids.tolist() == [[6]]


@pytest.mark.parametrize("outside", ["../names.json", "/etc/hostname", "sub/../../names.json"])
def test_a_manifest_outside_the_folder_is_not_opened(tmp_path: Path, outside: str) -> None:
    (tmp_path / "names.json").write_text(json.dumps({"Loco": f"{cryptomatte.murmur3('Loco'):08x}"}))
    (tmp_path / "in").mkdir()
    file = write(tmp_path / "in" / "a.exr", [("Loco", amounts([1]))], sidecar=outside)
    assert "outside" in refused(file, names={"Lo*": "train"}).what


@pytest.mark.parametrize("manifest", ["{", "[1]", '{"tree": "xyz"}', "[" * 100_000])
def test_a_damaged_manifest_matters_where_names_are_no_classes(tmp_path: Path, manifest: str) -> None:
    found = read(write(tmp_path / "a.exr", [("tree", amounts([1]))], manifest))
    assert found.ids.tolist() == [[168]] and "manifest" in found.facts.warnings[0]
    error = refused(write(tmp_path / "b.exr", [("Loco", amounts([1]))], manifest), names={"Lo*": "train"})
    assert "manifest" in error.what and "damaged" in error.what and "--names" in error.remedy


def test_half_float_ids_are_refused(tmp_path: Path) -> None:
    error = refused(write(tmp_path / "a.exr", [("tree", amounts([1, 1]))], kind=np.float16))
    assert "float16" in error.what and "32" in error.remedy


def test_ids_that_compression_destroyed_are_refused_with_its_name(tmp_path: Path) -> None:
    parts = exr.read_exr(DATA / "crypto.exr")
    crypto = cryptomatte_ranks.find(parts)[0]
    channels = {}
    for place, (bits, cover) in enumerate(crypto.pairs):
        identity, amount = "RGBA"[place % 2 * 2 :][:2]
        channels[f"main.CryptoMaterial{place // 2:02d}.{identity}"] = bits.view(np.float32)
        channels[f"main.CryptoMaterial{place // 2:02d}.{amount}"] = cover.astype(np.float32)
    header = {"compression": OpenEXR.DWAA_COMPRESSION, "type": OpenEXR.scanlineimage}
    header |= {"cryptomatte/1234567/name": "main.CryptoMaterial"}
    OpenEXR.File(header, channels).write(str(tmp_path / "lossy.exr"))
    assert "DWAA" in refused(tmp_path / "lossy.exr").cause


def test_asking_for_a_cryptomatte_that_is_not_there() -> None:
    assert "CryptoMaterial" in refused(DATA / "crypto.exr", crypto="asset").remedy
    refused(DATA / "multilayer.exr", encoding="cryptomatte")
