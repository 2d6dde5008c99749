"""Puppet pins, set by hand, that follow the joints of their names."""

from __future__ import annotations

from typing import Any

from made import UID, Data, painting, version
from scenarios_tracks import moves
from steps import Open, fields, unchanged


def joint(person: int, name: str) -> Data:
    uid = f"{UID}/L/{person}/joint/{name}"
    keys = {"position": moves(1.5, axes=2)}
    return {"uid": uid, "name": f"person {person} {name}", "kind": "null_2d", "label": 11, "shy": True,
            "parent": f"{UID}/L/{person}/person", "keys": keys, "markers": []}  # fmt: skip


def person(number: int) -> Data:
    return {"uid": f"{UID}/L/{number}/person", "name": f"person {number}", "kind": "null_2d", "label": 11, "shy": False,
            "parent": "", "keys": {"position": [[0, 0]]}, "markers": []}  # fmt: skip


def with_people(host: Open, *people: int) -> Any:
    ae = host()
    made = version(1, painting("arm"))
    made["tracks"] = [{"name": "t", "path": "tracks/t.json", "comp": "tracks/t.comp.json"}]
    header = {"schema": "semrender.comp_tracks", "schema_version": 1, "first": 1001}
    layers = [layer for one in people for layer in (person(one), joint(one, "left_wrist"), joint(one, "left_elbow"))]
    assert ae.load(made, "/v001", tracks=[{**header, "layers": layers}])["ok"]
    ae.artist("item('SH').openInViewer();")
    return ae


def select(ae: Any, *names: str) -> None:
    ae.artist(
        "for (var i = 1; i <= item('SH').numLayers; i += 1) { item('SH').layer(i).selected = false; }"
        " for (i = 0; i < input.length; i += 1) { layer(input[i]).selected = true; }",
        list(names),
    )


def pin(ae: Any) -> Data:
    report: Data = ae.run("SemrenderAE.core.pinJoints()")
    return report


def pins(ae: Any) -> dict[str, str]:
    found: dict[str, str] = ae.layers()["arm"]["effects"][0]["pins"]
    return found


def pins_follow_joints_of_their_names(host: Open) -> None:
    ae = with_people(host, 1)
    ae.artist(
        "layer('arm').pinned(['left_wrist', 'Left Elbow:4', 'hat', 'left-wrist:3']); layer('arm').selected = true;"
    )
    select(ae, "arm")
    report = pin(ae)
    assert report["ok"] and len(report["changed"]) == 2
    assert [one["words"] for one in report["warnings"]] == [
        "arm: no joint is named as the pin hat.",
        "arm: left-wrist is a bend pin, which has no place to follow with.",
    ]
    found = pins(ae)
    assert 'thisComp.layer("person 1 left_wrist")' in found["left_wrist"] and found["hat"] == found["left-wrist"] == ""
    assert found["left_wrist"].endswith("[place[0], place[1]];") and "fromComp(joint.toComp(" in found["left_wrist"]
    assert 'thisComp.layer("person 1 left_elbow")' in found["Left Elbow"]
    unchanged(pin(ae), ae)
    ae.artist("layer('person 1 left_wrist').name = 'the \"left\" one';")
    assert len(pin(ae)["changed"]) == 1 and 'thisComp.layer("the \\"left\\" one")' in pins(ae)["left_wrist"]


def pins_with_an_expression_of_their_own_stay(host: Open) -> None:
    ae = with_people(host, 1)
    ae.artist("""
        layer('arm').pinned(['left_wrist']);
        var place = layer('arm').property('ADBE Effect Parade').property(1).property('ADBE FreePin3 ARAP Group')
            .property('ADBE FreePin3 Mesh Group').property(1).property('ADBE FreePin3 PosPins').property(1)
            .property('ADBE FreePin3 PosPin Position');
        place.expression = 'wiggle(2, 3)';
    """)
    select(ae, "arm")
    report = pin(ae)
    assert ("arm", "keys") in fields(report, "kept") and pins(ae)["left_wrist"] == "wiggle(2, 3)"


def pins_of_several_people(host: Open) -> None:
    ae = with_people(host, 1, 2)
    ae.artist("layer('arm').pinned(['left_wrist']);")
    select(ae, "arm")
    assert "several people" in pin(ae)["errors"][0]["words"] and pins(ae)["left_wrist"] == ""
    select(ae, "arm", "person 2")
    assert pin(ae)["ok"] and 'thisComp.layer("person 2 left_wrist")' in pins(ae)["left_wrist"]


def what_has_no_pins(host: Open) -> None:
    ae = with_people(host, 1)
    select(ae, "arm")
    assert "None of the selected layers has puppet pins" in pin(ae)["errors"][0]["words"]
    ae.artist("layer('arm').pinned(['left_wrist']); layer('arm').locked = true;")
    report = pin(ae)
    assert "arm is locked" in report["errors"][0]["words"] and pins(ae)["left_wrist"] == ""
    ae.artist("item('F_arm').openInViewer();")
    assert not pin(ae)["ok"]
