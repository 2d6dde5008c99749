"""The visible label of a shot with a changed face: a text above everything, off until the artist turns it on."""

from __future__ import annotations

from dataclasses import replace

from made import FRAMES, UID, Data, painting, version
from scenarios_tracks import marks
from steps import Open, clean, fields, near, unchanged
from tagged import tag_in

from shared.delivery import DeliveryNotice, Marker
from shared.uids import notice_uid

LABEL = DeliveryNotice(notice_uid(UID), "label", "AI MODIFIED")


def labelled(number: int, frames: range = FRAMES, **changes: object) -> Data:
    marked = (Marker(1003, 1004, "a hand: the plate stays"),)
    mouth = replace(painting("mouth", frames), markers=marked)
    return version(number, mouth, painting("env", frames), frames=frames, notices=(replace(LABEL, **changes),))


def a_label_lies_above_all_and_is_off(host: Open) -> None:
    ae = host()
    report = clean(ae.load(labelled(1), "/v001"))
    assert ("label", "") in fields(report, "added") and ae.order() == ["label", "mouth", "env"]
    layer = ae.layers()["label"]
    assert (layer["kind"], layer["enabled"], layer["shy"]) == ("TextLayer", False, False)
    assert layer["text"] == {"words": "AI MODIFIED", "size": 2, "fill": [1, 1, 1], "side": "CENTER_JUSTIFY"}
    assert layer["moves"]["ADBE Position"] == {"value": [32, 34, 0]}  # low in the middle of 64 x 36
    assert (layer["start"], layer["in"], layer["out"]) == (0, 0, near(10 / 24))
    assert tag_in(layer["comment"])["tx"] == "AI MODIFIED" and marks(ae.layers()["mouth"]) == [
        [2, 2, "a hand: the plate stays"]
    ]
    unchanged(ae.import_only(labelled(1), "/v001"), ae)


def a_label_follows_the_delivery(host: Open) -> None:
    ae = host()
    ae.load(labelled(1), "/v001")
    identity = ae.layers()["label"]["id"]
    longer = range(1001, 1021)
    report = clean(ae.load(labelled(2, longer, text="AI GENERATED", label=9), "/v002"))
    assert fields(report, "changed") >= {("label", "text"), ("label", "out"), ("label", "label")}
    layer = ae.layers()["label"]
    assert (layer["id"], layer["text"]["words"], layer["label"]) == (identity, "AI GENERATED", 9)
    assert layer["out"] == near(20 / 24) and layer["text"]["size"] == 2
    report = ae.load(version(3, painting("mouth"), painting("env")), "/v003")
    assert ("label", "stale") in fields(report, "warnings") and ae.layers()["label"]["label"] == 1


def what_an_artist_made_of_a_label_stays(host: Open) -> None:
    ae = host()
    ae.load(labelled(1), "/v001")
    ae.artist("""
        var l = layer('label');
        var d = l.property('ADBE Text Properties').property('ADBE Text Document');
        var t = d.value;
        t.text = 'made with AI';
        t.fontSize = 11;
        t.fillColor = [1, 0, 0];
        d.setValue(t);
        l.property('ADBE Transform Group').property('ADBE Position').setValue([3, 4]);
        l.enabled = true;
        l.name = 'disclosure';
        l.locked = true;
    """)
    report = ae.load(labelled(2, text="AI GENERATED"), "/v002")
    assert {("disclosure", "text")} <= fields(report, "kept") and report["ok"]
    layer = ae.layers()["disclosure"]
    assert layer["enabled"] and layer["moves"]["ADBE Position"] == {"value": [3, 4, 0]}
    assert layer["text"]["words"] == "made with AI" and layer["text"]["size"] == 11
    ae.artist("layer('disclosure').locked = false; layer('disclosure').remove();")
    report = ae.load(labelled(3), "/v003")
    assert ("label", "deleted") in fields(report, "kept") and "label" not in ae.layers()
    ae.load(labelled(3), "/v003", restoreDeleted=True)
    assert ae.order() == ["label", "mouth", "env"]


def a_shot_with_a_label_is_relinked(host: Open) -> None:
    ae = host()
    ae.load(labelled(1), "/v001")
    ae.put(*(f"/moved/painting/{name}/{name}.{n}.png" for name in ("mouth", "env") for n in FRAMES))
    report = ae.run("SemrenderAE.core.relink(input, '/moved')", labelled(1))
    assert report["ok"] and ae.order() == ["label", "mouth", "env"]


def a_text_of_the_artists_is_no_layer_of_ours(host: Open) -> None:
    ae = host()
    ae.load(version(1, painting("mouth"), painting("env")), "/v001")
    ae.artist("item('SH').layers.addText('TITLE').name = 'title';")
    report = clean(ae.load(labelled(2), "/v002"))
    assert {"label"} <= {entry["name"] for entry in report["added"]}
    assert ae.layers()["title"]["text"]["words"] == "TITLE"
