"""A comp of lips, top first: the label, the mouth with markers, its matte, the plate, the sound; both ways the same."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import py_aep
from deliveries import HEIGHT, UID, WIDTH, deliver, layer, matte, shot
from fake_host import AfterEffects
from tagged import tag_in
from test_parity import close

from ae_bridge.aep import write_project
from shared.delivery import DeliveryAudio, DeliveryNotice, Marker, SoundFile
from shared.uids import notice_uid, sound_uids

FRAMES = range(1001, 1011)


def lips(folder: Path) -> Path:
    """At a rate whose frames are no whole number of what a marker's length is kept in; the plate has handles."""
    marked = (Marker(1002, 1002, "no face: the plate stays"), Marker(1004, 1008, "a hand: the plate stays"))
    (folder / "audio").mkdir()
    with wave.open(str(folder / "audio" / "sh.wav"), "wb") as made:
        made.setparams((1, 2, 48000, 24024, "NONE", ""))
        made.writeframes(bytes(24024 * 2))
    own, file = sound_uids(UID)
    sound = SoundFile(file, "sh.wav", "audio/sh.wav", 48000, 1, 16, 24024, 999)
    rgb = {"alpha": "IGNORE", "color": ""}
    plate = layer(folder, "mouth source", range(997, 1011), role="picture", guide=True, footage=rgb)
    return deliver(
        folder,
        shot(FRAMES, 24000, 1001, name="SH"),
        layer(folder, "mouth", FRAMES, markers=marked),
        matte(folder, "mouth", FRAMES, 0),
        replace(plate, markers=(Marker(1001, 1003, "handles before it"),)),
        audio=(DeliveryAudio(own, "SH sound", sound, 7),),
        notices=(DeliveryNotice(notice_uid(UID), "label", "AI MODIFIED"),),
    )


def of_file(one: Any) -> dict[str, Any]:
    text = None
    if isinstance(one, py_aep.TextLayer):
        said = one["ADBE Text Properties"]["ADBE Text Document"].value
        text = (said.text, said.font_size, said.fill_color, said.justification.name)
    return {
        **{"name": one.name, "tag": tag_in(one.comment), "shy": one.shy, "text": text},
        **{"start": close(one.start_time), "in": close(one.in_point), "out": close(one.out_point)},
        "shown": one.audio_enabled if one.name == "SH sound" else one.enabled,
        "place": text and close(one.transform.position.value),
        "markers": [
            [close(key.time), key.value.comment, close(key.value.duration), key.value.params]
            for key in one.marker.keyframes
        ],
    }


def of_host(one: dict[str, Any]) -> dict[str, Any]:
    said = one.get("text")
    return {
        **{"name": one["name"], "tag": tag_in(one["comment"]), "shy": one["shy"]},
        "text": said and (said["words"], said["size"], said["fill"], said["side"]),
        **{"start": one["start"], "in": one["in"], "out": one["out"]},
        "shown": one["audible"] if one["name"] == "SH sound" else one["enabled"],
        "place": said and one["moves"]["ADBE Position"]["value"],
        "markers": [[time, m["words"], m["seconds"], m["parameters"]] for time, m in one["markers"]],
    }


def test_both_ways_make_the_same(tmp_path: Path, after_effects: Callable[..., AfterEffects]) -> None:
    path = lips(tmp_path)
    file = [of_file(one) for one in py_aep.parse(write_project(path)).project.compositions[0].layers]
    delivery = json.loads(path.read_text("ascii"))
    ae = after_effects()
    ae.put(*[str(one) for one in tmp_path.rglob("*.png")], width=WIDTH, height=HEIGHT)
    ae.put_sounds(delivery, str(tmp_path))
    report = ae.import_only(delivery, str(tmp_path))
    assert report["ok"] and report["warnings"] == [], report
    layers = ae.comp("SH")["layers"]
    assert file == [of_host(one) for one in layers]
    assert [(one["name"], one["shown"], one["shy"]) for one in file] == [
        ("label", False, False),
        ("mouth", True, False),
        ("m_mouth", False, True),
        ("mouth source", True, False),
        ("SH sound", True, False),
    ]
    sound, (first, second) = file[-1], file[1]["markers"]
    assert sound["start"] == close(-2 / 23.976)  # where its offset has it
    assert (first[0], second[0]) == (close(1 / 23.976), close(3 / 23.976))
