"""A sound in the comp: heard below all layers, followed in place, left alone where the artist has put a hand to it."""

from __future__ import annotations

from typing import Any

from made import FRAMES, Data, painting, sound, version
from steps import Open, clean, fields, near, unchanged
from tagged import tag_in

FRAME = 1 / 24


def heard(number: int = 1, frames: range = FRAMES, **changes: Any) -> Data:
    one = sound(changes.pop("of", frames), version=number, **changes)
    return version(number, painting("train", frames), frames=frames, audio=(one,))


def a_sound_is_heard_below_all_layers(host: Open) -> None:
    ae = host()
    report = clean(ae.load(heard(), "/v001"))
    assert ("SH sound", "") in fields(report, "added") and ("SH.wav", "") in fields(report, "added")
    assert ae.order() == ["train", "SH sound"]
    layer, file = ae.layers()["SH sound"], ae.items()["SH.wav"]
    assert layer["audible"] and layer["source"] == file["id"] and layer["label"] == 7
    assert (layer["start"], layer["in"], layer["out"]) == (0, 0, near(10 * FRAME))
    assert file["path"] == "/v001/audio/SH.wav" and file["sound"] == near(10 * FRAME)
    assert file["folder"] == ae.items()["footage"]["id"]
    assert "[[semrender:show/sh/L/audio;1;24:0:0:10;sa;lb=7]]" in layer["comment"]
    unchanged(ae.import_only(heard(), "/v001"), ae)


def a_sound_of_more_than_the_delivered_frames(host: Open) -> None:
    """It is that of the whole shot: what lies before the comp is there and hidden."""
    ae = host()
    clean(ae.load(heard(frames=range(1004, 1008), of=FRAMES), "/v001"))
    layer = ae.layers()["SH sound"]
    assert (layer["start"], layer["in"], layer["out"]) == (near(-3 * FRAME), near(0), near(7 * FRAME))


def a_sound_follows_the_delivery(host: Open) -> None:
    ae = host()
    ae.load(heard(), "/v001")
    identity = ae.layers()["SH sound"]["id"]
    longer = range(1001, 1021)
    report = clean(ae.load(heard(2, longer, enabled=False, label=3), "/v002"))
    assert fields(report, "changed") >= {
        ("SH.wav", "files"), ("SH sound", "out"), ("SH sound", "audible"), ("SH sound", "label"),
    }  # fmt: skip
    layer, file = ae.layers()["SH sound"], ae.items()["SH.wav"]
    assert layer["id"] == identity and not layer["audible"] and layer["label"] == 3
    assert layer["out"] == near(20 * FRAME) and file["path"] == "/v002/audio/SH.wav"
    assert ae.order() == ["train", "SH sound"] and report["added"] == []


def a_sound_at_the_same_place_is_read_again(host: Open) -> None:
    ae = host()
    ae.load(heard(), "/shot")
    reads = len(ae.dump()["reloads"])
    report = clean(ae.load(heard(2), "/shot"))
    assert ("SH.wav", "files") in fields(report, "changed")
    assert "/shot/audio/SH.wav" in ae.dump()["reloads"][reads:]


def what_an_artist_did_to_a_sound_stays(host: Open) -> None:
    ae = host()
    ae.load(heard(), "/v001")
    ae.artist("""
        var one = layer('SH sound');
        one.audioEnabled = false;
        one.startTime = 2 / 24;
        one.inPoint = 4 / 24;
        one.name = 'dialogue';
        one.label = 5;
        one.moveToBeginning();
        one.locked = true;
    """)
    report = ae.load(heard(2), "/v002")
    assert report["ok"] and {("dialogue", "audible"), ("dialogue", "start"), ("dialogue", "in")} <= fields(
        report, "kept"
    )
    layer = ae.layers()["dialogue"]
    assert not layer["audible"] and layer["label"] == 5 and layer["locked"] and ae.order() == ["dialogue", "train"]
    assert (layer["start"], layer["in"]) == (near(2 * FRAME), near(4 * FRAME))
    ae.artist("layer('dialogue').locked = false; layer('dialogue').remove();")
    report = ae.load(heard(3), "/v003")
    assert ("SH sound", "deleted") in fields(report, "kept") and ae.order() == ["train"]
    report = ae.load(heard(3), "/v003", restoreDeleted=True)
    assert ae.order() == ["train", "SH sound"] and ae.layers()["SH sound"]["audible"]


def another_file_in_place_of_a_sound_stays(host: Open) -> None:
    ae = host()
    ae.load(heard(), "/v001")
    ae.put("/own/mix.png")
    ae.artist("item('SH.wav').replace(new File('/own/mix.png'));")
    report = ae.load(heard(2), "/v002")
    assert report["ok"] and ("SH.wav", "files") in fields(report, "kept")
    assert ae.items()["SH.wav"]["path"] == "/own/mix.png" and ae.layers()["SH sound"]["audible"]


def a_sound_in_place_of_a_painting_stays(host: Open) -> None:
    """What a layer has no more is not spoken of; a picture in place of another follows in what it still has."""
    ae = host()

    def made(number: int, blend: str) -> Data:
        layers = [painting("train", blend=blend), painting("env", blend=blend)]
        return version(number, *layers, audio=(sound(version=number),))

    ae.load(made(1, "NORMAL"), "/v001")
    ae.put("/own/plate.png")
    ae.artist("""
        layer('train').replaceSource(item('SH.wav'), false);
        layer('env').replaceSource(app.project.importFile(new ImportOptions(new File('/own/plate.png'))), false);
    """)
    report = ae.load(made(2, "SCREEN"), "/v002")
    assert report["ok"] and {("train", "start"), ("env", "start")} <= fields(report, "kept")
    assert ("train", "blend") not in fields(report, "kept") and ("env", "blend") in fields(report, "changed")
    assert tag_in(ae.layers()["train"]["comment"])["bm"] == "NORMAL" and ae.layers()["env"]["blend"] == "SCREEN"


def a_sound_comes_and_goes(host: Open) -> None:
    ae = host()
    ae.load(version(1, painting("train"), painting("env")), "/v001")
    assert "SH sound" not in ae.layers()
    one = sound(version=2)
    clean(ae.load(version(2, painting("train"), painting("env"), audio=(one,)), "/v002"))
    assert ae.order() == ["train", "env", "SH sound"]
    report = ae.load(version(3, painting("train"), painting("env")), "/v003")
    assert ("SH sound", "stale") in fields(report, "warnings") and ae.layers()["SH sound"]["label"] == 1


def a_sound_is_relinked(host: Open) -> None:
    ae = host()
    ae.load(heard(), "/v001")
    ae.take("/v001/audio/SH.wav")
    moved = heard()
    ae.put_sounds(moved, "/moved")
    ae.put(*(f"/moved/painting/train/train.{n}.png" for n in FRAMES))
    report = ae.run("SemrenderAE.core.relink(input, '/moved')", moved)
    assert report["ok"] and ae.items()["SH.wav"]["path"] == "/moved/audio/SH.wav"
    assert ae.layers()["SH sound"]["out"] == near(10 * FRAME)


def a_sound_that_is_none_is_said(host: Open) -> None:
    ae = host()
    ae.put("/v001/audio/SH.wav", *(f"/v001/painting/train/train.{n}.png" for n in FRAMES))
    report = ae.import_only(heard(), "/v001")
    assert any("hears no sound" in one["words"] for one in report["warnings"] + report["errors"]), report
    short = heard(2)
    ae.put_sounds({"audio": [{"footage": {**short["audio"][0]["footage"], "samples": 4800}}]}, "/v002")
    ae.put(*(f"/v002/painting/train/train.{n}.png" for n in FRAMES))
    report = ae.import_only(short, "/v002")
    assert any("the sound lasts 0.1 seconds" in one["words"] for one in report["warnings"]), report
    broken = heard(3)
    broken["audio"][0]["footage"]["samples"] = 0
    report = ae.load(broken, "/v003")
    assert not report["ok"] and "Layer SH sound: no uid, no file or no length." in report["errors"][0]["words"]
