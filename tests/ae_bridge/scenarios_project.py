"""Several shots, relinking, colour settings, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from fake_host import pictures
from made import UID, Data, cut, delivery, matte, painting, shot, version
from steps import Open, basic, clean, unchanged

from shared.delivery import Color, Project
from shared.uids import layer_uid


def several_shots(host: Open) -> None:
    ae = host()
    other = "show/sh2"
    second = delivery(
        painting("train", shot=other, matte=replace(cut("tree"), uid=layer_uid(other, "train", "matte", "tree"))),
        matte("tree", uid=other),
        of=shot(uid=other, name="SH"),
    )
    clean(ae.load(basic(1), "/v001"))
    clean(ae.load(second, "/w001"))
    clean(ae.load(basic(2), "/v002"))
    comps = [one for one in ae.dump()["items"] if one["kind"] == "CompItem"]
    assert len(comps) == 2 and {len(one["layers"]) for one in comps} == {4, 2}
    paths = {one["path"].split("/")[1] for one in ae.dump()["items"] if one["kind"] == "FootageItem"}
    assert paths == {"v002", "w001"}
    shots = ae.run("SemrenderAE.core.shots()")
    assert {(one["uid"], one["version"]) for one in shots} == {(UID, 2), (other, 1)}
    entries = [
        {"uid": UID, "version": 3, "deliveryId": "x"},
        {"uid": UID, "version": 1, "deliveryId": "x"},
        {"uid": UID, "version": 2, "deliveryId": "id2"},
        {"uid": UID, "version": 2, "deliveryId": "x"},
        {"uid": "show", "version": 2, "deliveryId": "x"},
    ]
    states = ae.run(
        "(function () { var r = [], s = SemrenderAE.core.shots(), i; for (i = 0; i < input.length; i += 1)"
        " { r.push(SemrenderAE.core.state(input[i], s)); } return r; }())",
        entries,
    )
    assert states == ["update", "older", "current", "changed", "new"]
    assert ae.run("[SemrenderAE.core.openComp(input), SemrenderAE.core.openComp('no')]", other) == [True, False]


def relink(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/old")
    ae.artist("layer('env').remove(); layer('train').label = 4")
    ae.take(*[f"/old/painting/train/train.{n}.png" for n in range(1001, 1011)])
    shots = ae.run("SemrenderAE.core.shots()")
    assert shots[0]["missing"] == 1
    made = basic(1)
    ae.put(*pictures(made, "/new"))
    before = ae.layers()
    call = "SemrenderAE.core.relink(input, '/new')"
    report = clean(ae.run(call, made))
    assert report["action"] == "relink" and len(report["changed"]) == 4 and ae.layers() == before
    assert all(one["path"].startswith("/new/") for one in ae.items("FootageItem").values())
    unchanged(ae.run(call, made), ae)


def colours_of_an_empty_project(host: Open) -> None:
    ae = host()
    wanted = Project(32, Color(working_space="ACEScg", linearize=True))
    clean(ae.load(version(1, painting("train", blend="ADD"), project=wanted), "/v001"))
    found = ae.dump()
    assert (found["bits"], found["space"], found["linear"]) == (32, "ACEScg", True)
    assert [step["name"] for step in found["undo"]] == ["Import SH"]


def colours_of_the_artist_stay(host: Open) -> None:
    ae = host()
    ae.artist("app.project.items.addFolder('mine'); app.project.bitsPerChannel = 8")
    wanted = Project(32, Color(working_space="ACEScg", linearize=True))
    report = ae.load(version(1, painting("train", blend="ADD"), project=wanted), "/v001")
    found = ae.dump()
    assert (found["bits"], found["space"], found["linear"]) == (8, "", False)
    words = " ".join(entry["words"] for entry in report["warnings"])
    assert report["ok"] and "bits per channel: 8; the delivery was made for 32" in words
    assert "working space: none" in words and "linear working space: no" in words and "Adding light (train)" in words
    # The delivery's own items do not make it an empty project either.
    report = ae.import_only(version(1, painting("train", blend="ADD"), project=wanted), "/v001")
    assert ae.dump()["bits"] == 8 and len(report["warnings"]) == 4


def no_working_space_is_none(host: Open) -> None:
    """After Effects calls it "None", its guide "": neither is a difference to tell."""
    for word in ("None", ""):
        ae = host(preferences={"noSpace": word})
        values = painting("depth", role="depth", footage={"data": True})
        clean(ae.load(version(1, painting("train"), values), "/v001"))
        assert ae.dump()["undo"][0]["name"] == "Import SH" and ae.dump()["bits"] == 16
        clean(ae.load(version(2, painting("train"), values), "/v002"))


def colours_that_fail(host: Open) -> None:
    ae = host()
    wanted = Project(16, Color("ocio", "nowhere", False, "/c.ocio"))
    report = ae.load(version(1, painting("train"), project=wanted), "/v001")
    found = ae.dump()
    assert (found["ocio"], found["bits"], found["config"]) == (1, 32, "/c.ocio")  # 16 is not for OCIO
    assert report["ok"] and "nowhere" in report["warnings"][0]["words"]
    ae = host()
    never = Project(32, Color(linearize=True), "never")
    clean(ae.load(version(1, painting("train"), project=never), "/v001"))
    assert ae.dump()["bits"] == 8


def too_old(host: Open) -> None:
    ae = host(version=22.6)
    report = ae.load(basic(1), "/v001")
    assert not report["ok"] and "22.6" in report["errors"][0]["words"] and ae.dump()["items"] == []


REFUSED: list[tuple[Callable[[Data], Any], str]] = [
    (lambda d: d.update(schema="other"), "no delivery"),
    (lambda d: d.update(schema_version=2), "schema version 2"),
    (lambda d: d["shot"].update(fps=120.0), "1 to 99 frames a second"),
    (lambda d: d["shot"].update(width=2), "4 to 30000 pixels"),
    (lambda d: d["shot"].update(frames=300_000), "at most three hours"),
    (lambda d: d["shot"].update(frames=0), "no frames"),
    (lambda d: d["layers"][0].update(uid=d["layers"][1]["uid"]), "Layer env: another one has the same uid"),
    (lambda d: d["layers"][1]["footage"].update(missing=[1003]), "Layer env: frame 1003 is missing"),
    (lambda d: d["layers"][0].update(blend="GLOW"), "Layer train: a blending mode"),
    (lambda d: d["layers"][0]["footage"].update(path=""), "Layer train: no uid or no files"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def refused_deliveries(host: Open, number: int) -> None:
    damage, words = REFUSED[number]
    ae, made = host(), basic(1)
    ae.put("/v001/x.png")
    damage(made)
    report = ae.import_only(made, "/v001")
    assert not report["ok"] and words in report["errors"][0]["words"] and ae.dump()["items"] == []


def refused_folder(host: Open) -> None:
    ae = host()
    for folder in ("v001", "", "C:v001"):
        assert "absolute path" in ae.import_only(basic(1), folder)["errors"][0]["words"]
    assert "no delivery" in ae.import_only(None, "/v001")["errors"][0]["words"]  # type: ignore[arg-type]


def missing_file_in_the_middle(host: Open) -> None:
    ae = host()
    made = basic(1)
    ae.put(*[path for path in pictures(made, "/v001") if "/env/" not in path])
    report = ae.import_only(made, "/v001")
    assert not report["ok"] and report["errors"][0]["name"] == "F_env"
    assert "Layer env: /v001/painting/env/env.1001.png could not be imported" in report["errors"][0]["words"]
    assert ae.order() == ["train", "m_tree", "m_river"] and ae.layers()["train"]["matte"]
    assert [step["name"] for step in ae.dump()["undo"]] == ["Import SH"]
    clean(ae.load(made, "/v001"))
    assert ae.order() == ["train", "env", "m_tree", "m_river"]  # a later import completes it
    assert len(ae.items("FootageItem")) == 4


def missing_file_in_an_update(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    report = ae.import_only(basic(2), "/v002")
    assert not report["ok"] and len(report["errors"]) == 4
    assert all(one["path"].startswith("/v001/") for one in ae.items("FootageItem").values())
    clean(ae.load(basic(2), "/v002"))
    assert all(one["path"].startswith("/v002/") for one in ae.items("FootageItem").values())


def progress(host: Open) -> None:
    ae = host()
    made = basic(1)
    ae.load(made, "/v001")
    ae = host()
    ae.put(*pictures(made, "/v001"))
    call = """(function () {
        var said = [];
        SemrenderAE.core.importDelivery(input, "/v001", {progress: function (done, total, words) {
            said.push([done, total, words]);
        }});
        return said;
    }())"""
    said = ae.run(call, made)
    assert [one[0] for one in said] == list(range(1, 9)) and {one[1] for one in said} == {8}
    assert said[0][2] == "footage F_train" and said[7][2] == "layer train"
    call = call.replace("said.push([done, total, words]);", 'throw new Error("stop");')
    call = call.replace("SemrenderAE.core", "said = SemrenderAE.core").replace("return said", "return said")
    report = ae.run(call, made)
    assert not report["ok"] and "stop" in report["errors"][0]["words"]


def calls_grow_with_the_layers(host: Open) -> None:
    """No pass over all items for each layer: twice the layers are at most about twice the calls."""
    counts, again = [], []
    for size in (25, 50, 100, 200):
        layers = [painting(f"l{n}", matte=cut(f"c{n % 5}")) for n in range(size)]
        made = version(1, *layers, *[matte(f"c{n}") for n in range(5)])
        ae = host()
        ae.load(made, "/v001")
        counts.append(ae.last["calls"])
        ae.import_only(made, "/v001")
        again.append(ae.last["calls"])
    for calls in (counts, again):
        steps = [b - a for a, b in pairwise(calls)]
        assert all(math.isclose(b, 2 * a, rel_tol=0.02) for a, b in pairwise(steps)), calls
    assert counts[-1] < 200 * 100 and again[-1] < 200 * 70


def passes_beneath_everything(host: Open) -> None:
    """Guides, switched off; where colours are managed it is said that some of them hold values."""
    ae = host()
    off = {"enabled": False, "guide": True, "label": 12}
    values = {"data": True, "alpha": "IGNORE"}
    made = version(
        1,
        painting("train"),
        matte("tree"),
        painting("train beauty", role="beauty", **off),
        painting("train depth", role="depth", footage=values, **off),
    )
    clean(ae.load(made, "/v001"))
    layers = ae.layers()
    assert list(layers) == ["train", "m_tree", "train beauty", "train depth"]
    for name in ("train beauty", "train depth"):
        assert (layers[name]["enabled"], layers[name]["guide"]) == (False, True)
    assert ae.items()["F_train depth"]["alpha"] == "IGNORE"
    ae.artist("app.project.workingSpace = 'ACEScg'; layer('train depth').enabled = true;")
    report = ae.load(version(2, *[painting("train depth", role="depth", footage=values, **off)]), "/v002")
    assert [entry["words"] for entry in report["warnings"] if "Preserve RGB" in entry["words"]]
    assert ae.layers()["train depth"]["enabled"]
