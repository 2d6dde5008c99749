"""The .aep that py_aep writes and what the ExtendScript core makes of the same delivery agree field by field."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import py_aep
import pytest
from deliveries import DELIVERIES, HEIGHT, UID, WIDTH, deliver, layer, shot, two_layers
from fake_host import AfterEffects
from tagged import tag_in
from test_aep import place, read

from ae_bridge.aep import write_project
from ae_bridge.tags import short_hash
from shared.delivery import DeliveryAudio, SoundFile
from shared.uids import sound_uids

Data = dict[str, Any]


def close(value: float, within: float = 1e-4) -> Any:
    return pytest.approx(value, abs=within)


def in_after_effects(ae: AfterEffects) -> Data:
    """The project in the fake, in the form of `test_aep.read`."""
    project = ae.dump()
    items = {one["id"]: one for one in project["items"]}
    by_layer = {one["id"]: one for item in items.values() for one in item.get("layers", [])}

    def path(item: Data) -> str:
        parent = items.get(item["folder"])
        return f"{path(parent) if parent else ''}/{item['name']}"

    def comp(one: Data) -> Data:
        return {
            "name": path(one),
            "tag": tag_in(one["comment"]),
            "size": (one["width"], one["height"]),
            "aspect": close(one["aspect"], 1e-3),
            "fps": close(one["fps"], 2**-16),
            "frames": round(one["duration"] * one["fps"]),
            "start": one["first"],
            "hide_shy": one["hideShy"],
            "layers": [of_layer(layer) for layer in one["layers"]],
        }

    def of_layer(one: Data) -> Data:
        matte = one["matte"]
        tag = tag_in(one["comment"])
        tag.pop("fx", None)  # the file holds no effects, it has notes of them
        return {
            **{key: one[key] for key in ("name", "blend", "enabled", "audible", "shy", "guide", "label")},
            "tag": tag,
            "opacity": close(one["opacity"]),
            "start": close(one["start"]),
            "in": close(one["in"]),
            "out": close(one["out"]),
            "source": tag_in(items[one["source"]]["comment"])["uid"],
            "matte": (tag_in(by_layer[matte["layer"]]["comment"])["uid"], matte["type"]) if matte else None,
        }

    def footage(one: Data) -> Data:
        return {
            "name": one["name"],
            "folder": path(one).rpartition("/")[0],
            "comment": one["comment"].partition("[[")[0],
            "tag": tag_in(one["comment"]),
            "file": one["path"],
            "still": one["still"],
            "frames": 0 if one["still"] else one["frames"],
            "numbers": None if one["still"] or one["sound"] else (one["first"], one["first"] + one["frames"] - 1),
            "fps": close(one["fps"], 2**-16),
            "size": (one["width"], one["height"]),
            "aspect": close(one["aspect"], 1e-3),
            "alpha": one["alpha"],
            "label": one["label"],
            "sound": one["sound"] and close(one["sound"]),
        }

    comps = [comp(one) for one in items.values() if one["kind"] == "CompItem"]
    footages = [footage(one) for one in items.values() if one["kind"] == "FootageItem"]
    return {
        "comps": sorted(comps, key=lambda one: str(one["name"])),
        "folders": {path(one): tag_in(one["comment"]) for one in items.values() if one["kind"] == "FolderItem"},
        "footage": {one["tag"]["uid"]: one for one in footages},
        "bits": project["bits"],
        "linear": project["linear"],
    }


def in_the_file(path: Path) -> Data:
    """The project that py_aep has written, in the same form."""
    found = read(path)
    project = py_aep.parse(path).project
    for item in project.footages:
        one = found["footage"][tag_in(item.comment)["uid"]]
        one |= {"tag": tag_in(item.comment), "comment": item.comment.partition("[[")[0]}
        del one["v"], one["raw"]  # Preserve RGB is not for scripts
    folders = {place(one): tag_in(one.comment) for one in project.folders if one.name != "root"}
    return {**found, "folders": folders}


@pytest.mark.parametrize("make", DELIVERIES, ids=lambda make: make.__name__)
def test_both_ways_make_the_same(
    tmp_path: Path, make: Callable[[Path], Path], after_effects: Callable[..., AfterEffects]
) -> None:
    path = make(tmp_path)
    files = [str(file) for file in path.parent.rglob("*") if file.suffix in (".png", ".exr")]
    file = in_the_file(write_project(path))
    ae = after_effects()
    ae.put(*files, width=WIDTH, height=HEIGHT)
    ae.put_sounds(json.loads(path.read_text("ascii")), str(path.parent))
    report = ae.import_only(json.loads(path.read_text("ascii")), str(path.parent))
    assert report["ok"], report["errors"]
    script = in_after_effects(ae)
    for kind in file:
        assert file[kind] == script[kind], kind


def test_roles(tmp_path: Path, after_effects: Callable[..., AfterEffects]) -> None:
    """A label pass is a guide and a Cryptomatte layer is off, whatever the delivery says of them."""
    frames = range(1001, 1004)
    layers = [layer(tmp_path, "pick", frames, role="cryptomatte"), layer(tmp_path, "ids", frames, role="labels")]
    test_both_ways_make_the_same(tmp_path, lambda at: deliver(at, shot(frames), *layers), after_effects)
    found = {one.name: one for one in py_aep.parse(next(tmp_path.glob("*.aep"))).project.compositions[0].layers}
    assert not found["pick"].enabled and found["ids"].guide_layer


def test_an_update_of_a_project_made_without_after_effects(
    tmp_path: Path, after_effects: Callable[..., AfterEffects]
) -> None:
    """What the file's tags say is what the core reads: nothing to do, nothing taken for the artist's."""
    path = deliver(tmp_path, shot(range(1001, 1004)), *two_layers(tmp_path))
    tags = [tag_in(one.comment) for one in py_aep.parse(write_project(path)).project.compositions[0].layers]
    ae = after_effects()
    ae.put(*[str(file) for file in tmp_path.rglob("*.png")])
    ae.import_only(json.loads(path.read_text("ascii")), str(tmp_path))
    assert [tag_in(one["comment"]) for one in ae.comp("SQ010_SH020")["layers"]] == tags
    uids = ["show/sh/L/train/painting", "ö/列車 \U0001f682", ""]
    hashes = ae.run(
        "(function () { var r = [], i; for (i = 0; i < input.length; i += 1)"
        " { r.push(SemrenderAE.comps.hash(input[i])); } return r; }())",
        uids,
    )
    assert hashes == [short_hash(uid) for uid in uids]


@pytest.mark.parametrize("frames", [range(1001, 1004), range(1002, 1003)], ids=["all", "a part"])
def test_a_sound(tmp_path: Path, after_effects: Callable[..., AfterEffects], frames: range) -> None:
    """That of three frames from 1001, whichever of them are in the comp."""
    layer_uid, footage = sound_uids(UID)
    file = SoundFile(footage, "sh.wav", "audio/sh.wav", 48000, 2, 24, 6006, 1001)
    (tmp_path / "audio").mkdir()
    with wave.open(str(tmp_path / file.path), "wb") as made:
        made.setparams((2, 3, 48000, 6006, "NONE", ""))
        made.writeframes(bytes(6006 * 6))
    audio = (DeliveryAudio(layer_uid, "sh sound", file, 7, enabled=False),)
    of = shot(frames, 24000, 1001)
    test_both_ways_make_the_same(
        tmp_path, lambda at: deliver(at, of, *two_layers(at, frames), audio=audio), after_effects
    )
    heard = py_aep.parse(next(tmp_path.glob("*.aep"))).project.compositions[0].layers[-1]
    assert (heard.name, heard.has_audio, heard.has_video, heard.audio_enabled) == ("sh sound", True, False, False)
    assert heard.start_time == close((1001 - frames[0]) / 23.976) and heard.in_point == close(0)


def test_a_source_is_seen_below_its_painting_and_stays_as_the_artist_has_it(
    tmp_path: Path, after_effects: Callable[..., AfterEffects]
) -> None:
    """As a clip's delivery has it: a guide that is on, in the timeline for all to see."""
    frames = range(25, 31)
    rgb = {"alpha": "IGNORE", "color": ""}
    source = layer(tmp_path, "singer source", frames, role="picture", guide=True, label=12, footage=rgb)
    path = deliver(tmp_path, shot(frames, name="SH"), layer(tmp_path, "singer", frames), source)
    test_both_ways_make_the_same(tmp_path, lambda at: path, after_effects)
    found = list(py_aep.parse(next(tmp_path.glob("*.aep"))).project.compositions[0].layers)
    assert [(one.name, one.enabled, one.guide_layer, one.shy) for one in found] == [
        ("singer", True, False, False),
        ("singer source", True, True, False),
    ]
    ae = after_effects()
    ae.put(*(str(file) for file in tmp_path.rglob("*.png")), width=WIDTH, height=HEIGHT)
    made = json.loads(path.read_text("ascii"))
    assert ae.import_only(made, str(tmp_path))["ok"]
    ae.artist("layer('singer source').enabled = false; layer('singer source').guideLayer = false;")
    assert ae.import_only(made, str(tmp_path))["ok"]
    kept = ae.layers()["singer source"]
    assert (kept["enabled"], kept["guide"]) == (False, False)
