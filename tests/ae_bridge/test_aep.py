"""Projects written from deliveries with real pictures, read back by py_aep.

What is expected is computed here from the JSON of delivery.json alone, by the rules of docs/delivery.md.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import py_aep
import pytest
from deliveries import DELIVERIES, deliver, film, handles, layer, matte, shot, three_mattes
from tagged import tag_in

from ae_bridge import aep
from ae_bridge.aep import make_project, write_project
from ae_bridge.tags import short_hash
from shared.delivery import Matte
from shared.errors import InputRefused

# --- what is expected, from the JSON alone ---


def expected(path: Path) -> dict[str, Any]:
    """The project as it must be, from the JSON of a delivery."""
    delivery = json.loads(path.read_text("ascii"))
    of = delivery["shot"]
    mattes = [one for one in delivery["layers"] if one["role"] == "matte"]
    used = {one["matte"]["uid"] for one in delivery["layers"] if one["matte"]}
    aside = [one["uid"] for one in mattes if one["uid"] not in used] if len(mattes) > 12 else []
    here = [one for one in delivery["layers"] if one["uid"] not in aside]
    there = [one for one in delivery["layers"] if one["uid"] in aside]
    folders = {f"/{of['name']}", f"/{of['name']}/footage"} | ({f"/{of['name']}/mattes"} if mattes else set())
    comps = [expected_comp(of, f"/{of['name']}/{of['name']}", of["uid"], here, hide_shy=True)]
    if there:
        name = f"/{of['name']}/mattes/{of['name']}_mattes"
        comps.append(expected_comp(of, name, of["uid"] + "/C/mattes", there, hide_shy=False))
    settings = delivery["project"]
    apply = settings["apply"] == "if_empty"
    return {
        "comps": comps,
        "folders": folders,
        "footage": {one["footage"]["uid"]: expected_footage(of, one, path.parent) for one in delivery["layers"]},
        "bits": settings["bits_per_channel"] if apply else 8,
        "linear": settings["color"]["linearize"] if apply else False,
    }


def expected_comp(
    of: dict[str, Any], name: str, uid: str, layers: list[dict[str, Any]], hide_shy: bool
) -> dict[str, Any]:
    return {
        "name": name,
        "tag": {
            "uid": uid,
            "v": str(of["version"]),
            "d": "id",
            "fps": f"{of['fps']:g}",
            "sf": str(of["first"]),
            "n": str(of["frames"]),
            "had": "".join(short_hash(one["uid"]) for one in layers),
        },
        "size": (of["width"], of["height"]),
        "aspect": pytest.approx(of["pixel_aspect"], abs=1e-3),
        "fps": pytest.approx(of["fps"], abs=2**-16),  # stored with 16 bits behind the point
        "frames": of["last"] - of["first"] + 1,
        "start": of["first"],
        "hide_shy": hide_shy,
        "layers": [expected_layer(of, one) for one in layers],
    }


def expected_layer(of: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    footage = one["footage"]
    first = footage["first"] if footage["start"] is None else footage["start"]
    start: Fraction = Fraction(first - of["first"]) if footage["sequence"] else Fraction(0)
    files = footage["last"] - footage["first"] + 1 if footage["sequence"] else of["frames"]
    frame = 1 / Fraction(str(of["fps"]))  # After Effects counts in frames of the literal rate
    return {
        "name": one["name"],
        "tag": {
            "uid": one["uid"],
            "v": str(footage["version"]),
            "fps": f"{of['fps']:g}",
            "st": str(start),
            "ti": str(max(-start, Fraction(0))),
            "to": str(files),
            "bm": one["blend"],
            "en": str(int(one["enabled"])),
            "op": f"{one['opacity']:g}",
            "gu": str(int(one["guide"])),
            "sy": str(int(one["shy"])),
            "lb": str(one["label"]),
            "mt": f"{one['matte']['type']},{one['matte']['uid']}" if one["matte"] else "",
        },
        "blend": one["blend"],
        "enabled": one["enabled"],
        "audible": True,  # nothing is heard of a picture
        "shy": one["shy"],
        "guide": one["guide"],
        "label": one["label"],
        "opacity": pytest.approx(one["opacity"]),
        "start": pytest.approx(float(start * frame), abs=1e-9),
        "in": pytest.approx(float(max(start, Fraction(0)) * frame), abs=1e-4),
        "out": pytest.approx(float((start + files) * frame), abs=1e-4),
        "source": footage["uid"],
        "matte": (one["matte"]["uid"], one["matte"]["type"]) if one["matte"] else None,
    }


def expected_footage(of: dict[str, Any], one: dict[str, Any], folder: Path) -> dict[str, Any]:
    footage = one["footage"]
    frames = footage["last"] - footage["first"] + 1
    return {
        "name": footage["name"],
        "folder": f"/{of['name']}/{'mattes' if one['role'] == 'matte' else 'footage'}",
        "v": str(footage["version"]),
        "file": str(folder / footage["path"]),
        "still": not footage["sequence"],
        "frames": frames if footage["sequence"] else 0,
        "numbers": (footage["first"], footage["last"]) if footage["sequence"] else None,
        "fps": pytest.approx(of["fps"], abs=2**-16) if footage["sequence"] else 0,
        "size": (footage["width"], footage["height"]),
        "aspect": pytest.approx(footage["pixel_aspect"], abs=1e-3),
        "alpha": footage["alpha"],
        "sound": None,
        "raw": footage["data"],
        "label": one["label"],
    }


# --- what py_aep reads back ---


def read(path: Path) -> dict[str, Any]:
    project = py_aep.parse(path).project
    return {
        "comps": [read_comp(comp) for comp in sorted(project.compositions, key=lambda comp: place(comp))],
        "folders": {place(folder) for folder in project.folders if folder.name != "root"},
        "footage": {tag_in(item.comment)["uid"]: read_footage(item) for item in project.footages},
        "bits": int(project.bits_per_channel),
        "linear": project.linearize_working_space,
    }


def place(item: py_aep.Item) -> str:
    parent = item.parent_folder
    return "" if parent is None else f"{place(parent)}/{item.name}"


def read_comp(comp: py_aep.CompItem) -> dict[str, Any]:
    return {
        "name": place(comp),
        "tag": tag_in(comp.comment),
        "size": (comp.width, comp.height),
        "aspect": comp.pixel_aspect,
        "fps": comp.frame_rate,
        "frames": comp.frame_duration,
        "start": comp.display_start_frame,
        "hide_shy": comp.hide_shy_layers,
        "layers": [read_layer(layer) for layer in comp.layers],
    }


def read_layer(layer: Any) -> dict[str, Any]:
    matte = layer.track_matte_layer
    return {
        "name": layer.name,
        "tag": tag_in(layer.comment),
        "blend": layer.blending_mode.name,
        "enabled": layer.enabled,
        "audible": layer.audio_enabled,
        "shy": layer.shy,
        "guide": layer.guide_layer,
        "label": int(layer.label),
        "opacity": layer.transform.opacity.value,
        "start": layer.start_time,
        "in": layer.in_point,
        "out": layer.out_point,
        "source": tag_in(layer.source.comment)["uid"],
        "matte": (tag_in(matte.comment)["uid"], layer.track_matte_type.name) if matte else None,
    }


def read_footage(item: py_aep.FootageItem) -> dict[str, Any]:
    source: Any = item.main_source
    still = source.is_still
    return {
        "name": item.name,
        "folder": place(item).rpartition("/")[0],
        "v": tag_in(item.comment)["v"],
        "file": source.file,
        "still": still,
        "frames": item.frame_duration,
        "sound": item.duration if item.has_audio else None,
        "numbers": None if still or item.has_audio else (item.start_frame, item.end_frame),
        "fps": source.conform_frame_rate,
        "size": (item.width, item.height),
        "aspect": item.pixel_aspect,
        "alpha": source.alpha_mode.name,
        "raw": source.preserve_rgb,
        "label": int(item.label),
    }


@pytest.mark.parametrize("make", DELIVERIES, ids=lambda make: make.__name__)
def test_project_is_the_delivery(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    delivery = make(tmp_path)
    project = write_project(delivery)
    wanted, found = expected(delivery), read(project)
    for kind in wanted:
        assert found[kind] == wanted[kind], kind
    assert project.parent == delivery.parent
    assert sorted(p.name for p in project.parent.glob("*.aep")) == [project.name]  # nothing is left beside
    assert not list(project.parent.glob(".*"))


def test_known_numbers(tmp_path: Path) -> None:
    """The same once more by hand, against a mistake that `expected` would share."""
    comp = py_aep.parse(write_project(handles(tmp_path))).project.compositions[0]
    assert (comp.name, comp.frame_duration, comp.display_start_frame) == ("SQ010_SH020", 8, 1009)
    assert [layer.name for layer in comp.layers] == ["both", "late", "short", "renumbered"]
    assert [layer.frame_start_time for layer in comp.layers] == [-8, 3, 0, 0]
    assert [layer.frame_in_point for layer in comp.layers] == [0, 3, 0, 0]
    assert [layer.frame_out_point for layer in comp.layers] == [16, 8, 2, 8]
    assert comp.layers[0].start_time == pytest.approx(-8 / 23.976)
    assert comp.layers[0].source.duration == pytest.approx(24 / 23.976)


def test_comment_tells_the_artist_what_painted(tmp_path: Path) -> None:
    project = py_aep.parse(write_project(film(tmp_path))).project
    comments = {item.name: item.comment for item in project.footages}
    uid = "show/sq010/sh020/F/train/painting"
    line = "Painted by small, seed 7, labels coco_stuff."
    assert comments["sh020_train"] == f"{line} [[semrender:{uid};1;24:1001:3;tp;fp=painting/train/train.1001.png]]"
    file = film(tmp_path / "spoken")
    told = json.loads(file.read_text())
    told["layers"][0]["provenance"].update(synthetic="http://cv.iptc.org/x", consent="own-likeness, A. Person, for it")
    file.write_text(json.dumps(told))
    project = py_aep.parse(write_project(file)).project
    assert any(
        item.comment.startswith(f"{line[:-1]}, a face was changed (own-likeness). [[") for item in project.footages
    )


def test_the_project_says_which_after_effects_it_is_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older one refuses it, a newer one opens a copy that has no name: what is here, unless it is said otherwise."""
    delivery = film(tmp_path)

    def version(ae: int | None = None) -> str:
        return str(py_aep.parse(make_project(delivery, ae=ae).path).version).partition(".")[0]

    assert version() == "23"
    machine = [f"/Applications/Adobe After Effects {name}/x.app" for name in ("(Beta)", "CC 2019", "2024", "2025")]
    monkeypatch.setattr(aep, "here", lambda: [Path(name) for name in machine])
    assert version() == "25"
    machine.append("/Applications/Adobe After Effects 2031/x.app")
    assert version() == "26", "the newest there is"
    monkeypatch.setenv("SEMRENDER_AE", "24")
    assert version() == "24" and version(23) == "23"
    monkeypatch.setenv("SEMRENDER_AE", "22")
    with pytest.raises(InputRefused, match="SEMRENDER_AE is '22'"):
        version()


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a RIFX container: kind, big-endian length, content, a byte to make it even."""
    found, at = [], 0
    while at < len(data):
        kind, length = struct.unpack(">4sI", data[at : at + 8])
        assert at + 8 + length <= len(data), kind
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found


def test_file_is_a_whole_container(tmp_path: Path) -> None:
    """Walked without py_aep, so that not only its own reader is content."""
    data = write_project(three_mattes(tmp_path)).read_bytes()
    (length,) = struct.unpack(">4xI", data[:8])
    assert data[:4] == b"RIFX" and data[8:12] == b"Egg!"
    names, layers, lists = [], 0, [data[12 : 8 + length]]
    while lists:
        for kind, content in chunks(lists.pop()):
            if kind == b"LIST" and content[:4] != b"btdk":  # that one holds no chunks
                lists.append(content[4:])
                layers += content[:4] == b"Layr"
            elif kind == b"Utf8":
                names.append(content.decode("utf-8"))
    assert layers == 6
    assert {"SQ010_SH020", "footage", "mattes", "sh020_train", "train", "m_river", "haze"} <= set(names)


def test_many_layers_and_mattes(tmp_path: Path) -> None:
    """60 layers, 120 mattes of two frames: the order holds and every matte is found."""
    frames = range(1, 3)
    mattes = [matte(tmp_path, f"c{n}", frames, n) for n in range(120)]
    layers = [layer(tmp_path, f"l{n}", frames, matte=Matte(mattes[n].uid)) for n in range(60)]
    path = deliver(tmp_path, shot(frames), *layers, *mattes)
    assert read(write_project(path)) == expected(path)
