"""Mattes, class mattes by hand, Cryptomatte and other effects."""

from __future__ import annotations

from dataclasses import replace

from made import UID, cut, effect, matte, painting, version
from steps import Open, basic, clean, fields, near, unchanged


def artists_mattes_stay(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("""
        layer('train').removeTrackMatte();
        layer('env').setTrackMatte(layer('m_river'), TrackMatteType.LUMA_INVERTED);
    """)
    newer = basic(2)
    newer["layers"][0]["matte"] = {"uid": newer["layers"][3]["uid"], "type": "ALPHA"}
    report = ae.load(newer, "/v002")
    layers = ae.layers()
    assert {("train", "matte"), ("env", "matte")} <= fields(report, "kept")
    assert layers["train"]["matte"] is None
    assert layers["env"]["matte"] == {"layer": layers["m_river"]["id"], "type": "LUMA_INVERTED"}
    unchanged(ae.import_only(newer, "/v002"), ae)


def matte_follows_the_delivery(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    newer = basic(2)
    newer["layers"][0]["matte"]["type"] = "ALPHA_INVERTED"
    report = clean(ae.load(newer, "/v002"))
    assert ("train", "matte") in fields(report, "changed")
    assert ae.layers()["train"]["matte"]["type"] == "ALPHA_INVERTED"
    newer = basic(3)
    newer["layers"][0]["matte"] = None
    clean(ae.load(newer, "/v003"))
    assert ae.layers()["train"]["matte"] is None and not ae.layers()["m_tree"]["enabled"]


def a_visible_matte_stays_visible(host: Open) -> None:
    """After Effects switches a layer off that becomes a matte; the delivery may want to see it."""
    ae = host()
    made = version(1, painting("train", matte=cut("tree")), replace(matte("tree"), enabled=True))
    clean(ae.load(made, "/v001"))
    assert ae.layers()["m_tree"]["enabled"]
    unchanged(ae.import_only(made, "/v001"), ae)


def a_matte_that_is_taken_away_stays_hidden(host: Open) -> None:
    """After Effects would switch it on again: a white shape over the picture."""
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("layer('m_river').locked = true; layer('m_tree').locked = true")
    for number, name in ((2, "river"), (3, "tree")):
        newer = basic(number)
        newer["layers"][0]["matte"] = {"uid": newer["layers"][{"tree": 2, "river": 3}[name]]["uid"], "type": "ALPHA"}
        assert ("train", "matte") in fields(clean(ae.load(newer, f"/v00{number}")), "changed")
        layers = ae.layers()
        assert layers["train"]["matte"] == {"layer": layers[f"m_{name}"]["id"], "type": "ALPHA"}
        assert not layers["m_tree"]["enabled"] and not layers["m_river"]["enabled"]
        unchanged(ae.import_only(newer, f"/v00{number}"), ae)


def many_mattes_get_a_comp(host: Open) -> None:
    ae, names = host(), [f"c{n}" for n in range(14)]
    made = version(1, painting("train", matte=cut("c12")), *[matte(name) for name in names])
    clean(ae.load(made, "/v001"))
    assert ae.order() == ["train", "m_c12"]
    assert ae.order("SH_mattes") == [f"m_c{n}" for n in range(14) if n != 12]
    mattes = ae.comp("SH_mattes")
    assert mattes["folder"] == ae.items()["mattes"]["id"] and not mattes["hideShy"] and mattes["first"] == 1001
    unchanged(ae.import_only(made, "/v001"), ae)
    # Another one is used now: it is needed beside its layer, and stays with the others too.
    made = version(2, painting("train", matte=cut("c3")), *[matte(name) for name in names])
    clean(ae.load(made, "/v002"))
    assert ae.order() == ["train", "m_c3", "m_c12"] and "m_c3" in ae.order("SH_mattes")
    assert ae.layers()["train"]["matte"]["layer"] == ae.layers()["m_c3"]["id"]
    unchanged(ae.import_only(made, "/v002"), ae)


def a_dozen_mattes_stay(host: Open) -> None:
    """Where mattes are they stay, also when later ones make them too many."""
    ae = host()
    ae.load(version(1, painting("train"), *[matte(f"c{n}") for n in range(12)]), "/v001")
    assert len(ae.order()) == 13 and list(ae.items("CompItem")) == ["SH"]
    ae.artist("layer('m_c1').remove()")
    report = clean(ae.load(version(2, painting("train"), *[matte(f"c{n}") for n in range(14)]), "/v002"))
    assert ae.order("SH_mattes") == ["m_c12", "m_c13"] and len(ae.order()) == 12
    assert ("m_c1", "deleted") in fields(report, "kept")
    ae.artist("item('SH_mattes').layer('m_c13').remove()")
    clean(ae.load(version(3, painting("train"), *[matte(f"c{n}") for n in range(14)]), "/v003"))
    assert ae.order("SH_mattes") == ["m_c12"]
    # Fewer again: what is in the comp of the mattes stays there.
    report = ae.load(version(4, painting("train"), *[matte(f"c{n}") for n in range(1, 13)]), "/v004")
    assert report["ok"] and report["added"] == []
    assert ae.order("SH_mattes") == ["m_c12"]


def use_class_matte(host: Open) -> None:
    ae, names = host(), [f"c{n}" for n in range(14)]
    frames = range(997, 1011)
    made = version(1, painting("train"), *[matte(name, frames) for name in names])
    ae.load(made, "/v001")
    ae.run("SemrenderAE.core.openComp(input)", UID)
    listed = ae.run("SemrenderAE.core.classMattes()")
    assert sorted(one["name"] for one in listed) == sorted(names) and {one["layer"] for one in listed} == {"train"}
    uid = next(one["uid"] for one in listed if one["name"] == "c5")
    use = "SemrenderAE.core.useClassMatte(input)"
    assert "Select the layers" in ae.run(use, uid)["errors"][0]["words"]
    ae.artist("layer('train').selected = true; layer('train').locked = true")
    report = clean(ae.run(use, uid))
    assert ae.order() == ["train", "F_m_c5"] and fields(report, "changed") == {("train", "matte")}
    layers = ae.layers()
    added = layers["F_m_c5"]
    assert layers["train"]["matte"] == {"layer": added["id"], "type": "ALPHA"} and layers["train"]["locked"]
    assert (added["enabled"], added["shy"], added["label"]) == (False, True, 14)
    assert [round(added[key] * 24) for key in ("start", "in", "out")] == [-4, 0, 10]
    report = clean(ae.run("SemrenderAE.core.useClassMatte(input, 'LUMA')", uid))
    assert report["added"] == [] and ae.layers()["train"]["matte"]["type"] == "LUMA"
    report = ae.import_only(made, "/v001")  # the matte that was added is ours, the choice the artist's
    assert report["added"] == [] and ("train", "matte") in fields(report, "kept")
    assert ae.layers()["train"]["matte"]["type"] == "LUMA"
    assert not ae.run(use, "nothing")["ok"] and not ae.run("SemrenderAE.core.useClassMatte(input, 'RED')", uid)["ok"]


def use_class_mattes_one_after_the_other(host: Open) -> None:
    """A matte that is added is no choice of the artist's: the next one cuts the same layers."""
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("""
        var c = app.project.items.addComp('edit', 64, 36, 1, 2, 24); c.layers.add(item('SH')); c.openInViewer();
    """)
    tree, river = sorted(ae.run("SemrenderAE.core.classMattes()"), key=lambda one: str(one["name"]) == "river")
    for one, words in ((tree, "F_m_tree"), (river, "F_m_river")):
        report = clean(ae.run("SemrenderAE.core.useClassMatte(input)", one["uid"]))
        assert {entry["name"] for entry in report["changed"]} == {"SH"}
        layers = ae.layers("edit")
        assert layers["SH"]["matte"]["layer"] == layers[words]["id"]
        assert [one for one, layer in layers.items() if layer["selected"]] == ["SH"]
        assert not any(layers[name]["enabled"] for name in ("F_m_tree", "F_m_river") if name in layers)
    ae.artist("item('edit').layer('F_m_tree').selected = true")
    report = ae.run("SemrenderAE.core.useClassMatte(input)", river["uid"])
    assert {one["name"] for one in report["warnings"]} == {"F_m_tree"}
    assert ae.layers("edit")["F_m_tree"]["matte"] is None


def a_title_stands_behind_the_trees(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("""
        var c = app.project.items.addComp('edit', 64, 36, 1, 2, 24); c.layers.add(item('SH')); c.openInViewer();
        c.layers.addShape(); c.layers.addText('TITLE'); c.layers.addCamera('cam', [0, 0]);
        c.layer('SH').selected = false; c.layer('Shape Layer 1').selected = c.layer('TITLE').selected = true;
    """)
    uid = next(one["uid"] for one in ae.run("SemrenderAE.core.classMattes()") if one["name"] == "tree")
    report = ae.run("SemrenderAE.core.useClassMatte(input, 'ALPHA_INVERTED')", uid)
    layers = ae.layers("edit")
    matte = {"layer": layers["F_m_tree"]["id"], "type": "ALPHA_INVERTED"}
    assert report["ok"] and layers["TITLE"]["matte"] == layers["Shape Layer 1"]["matte"] == matte
    assert {one["name"] for one in report["warnings"]} == {"cam"} and layers["SH"]["matte"] is None


def a_class_matte_goes_where_its_shot_goes(host: Open) -> None:
    """Scaled, moved, hung on a null, in 3D, at half speed, and in a comp of another size."""
    ae, frames = host(), range(997, 1011)
    ae.load(version(1, painting("train"), matte("tree", frames)), "/v001")
    ae.artist("""
        var c = app.project.items.addComp('edit', 128, 100, 1, 4, 24), l = c.layers.add(item('SH')), t, n;
        l.stretch = 200; l.startTime = 1; l.threeDLayer = true; t = l.property('ADBE Transform Group');
        t.property('ADBE Position').setValue([20, 30, 5]); t.property('ADBE Scale').setValue([50, 50, 50]);
        n = c.layers.addNull(); l.parent = n; c.layers.addText('TITLE'); c.openInViewer();
    """)
    (one,) = ae.run("SemrenderAE.core.classMattes()")
    clean(ae.run("SemrenderAE.core.useClassMatte(input)", one["uid"]))
    layers = ae.layers("edit")
    added = layers["F_m_tree"]
    assert layers["TITLE"]["matte"]["layer"] == added["id"] and added["parent"] == layers["SH"]["id"]
    assert added["moves"]["ADBE Position"] == {"value": [32, 18, 0]}, "its middle lies on that of the shot"
    assert added["moves"]["ADBE Scale"] == {"value": [100, 100, 100]} and added["threeD"]
    assert added["stretch"] == 200 and added["start"] == near(1 - 4 / 12), "four frames of handles, at half speed"
    ae.artist("""
        var c = app.project.items.addComp('cut', 64, 36, 1, 4, 24), l = c.layers.add(item('F_train'));
        l.timeRemapEnabled = true; l.startTime = 2; c.openInViewer();
    """)
    report = ae.run("SemrenderAE.core.useClassMatte(input)", one["uid"])
    assert ["remapped in time" in entry["words"] for entry in report["warnings"]] == [True]
    assert ae.layers("cut")["F_m_tree"]["start"] == near(2 - 4 / 24)
    ae.artist(
        """
        var c = app.project.items.addComp('no', 64, 36, 1, 4, 24), s = c.layers.addSolid([1, 0, 0], 'guest', 64, 36, 1);
        s.source.comment = input; c.layers.addText('T'); c.openInViewer();
        """,
        "[[semrender:uid=show/other/F/env/painting;v=1;fps=24;f0=1001]]",
    )
    report = ae.run("SemrenderAE.core.useClassMatte(input)", one["uid"])
    assert "shows the shot" in report["warnings"][0]["words"] and ae.layers("no")["T"]["matte"]


def several_classes_are_one_matte(host: Open) -> None:
    ae = host()
    made = version(1, painting("train"), matte("tree"), matte("grass", range(999, 1011)), matte("sky"))
    ae.load(made, "/v001")
    ae.artist("""
        var c = app.project.items.addComp('edit', 64, 36, 1, 2, 24), l = c.layers.add(item('SH'));
        l.startTime = 1; c.layers.addText('TITLE'); c.openInViewer();
    """)
    uids = {one["name"]: one["uid"] for one in ae.run("SemrenderAE.core.classMattes()")}
    use = "SemrenderAE.core.useClassMatte(input, 'ALPHA_INVERTED')"
    clean(ae.run(use, [uids["tree"], uids["grass"]]))
    group = ae.comp("m_tree + grass")
    assert [(one["name"], one["blend"]) for one in group["layers"]] == [
        ("F_m_grass", "ALPHA_ADD"),
        ("F_m_tree", "NORMAL"),
    ]
    assert [round(one["start"] * 24) for one in group["layers"]] == [0, 2] and round(group["duration"] * 24) == 12
    layers = ae.layers("edit")
    assert layers["TITLE"]["matte"] == {"layer": layers["m_tree + grass"]["id"], "type": "ALPHA_INVERTED"}
    added = layers["m_tree + grass"]
    assert (
        added["source"] == group["id"] and added["start"] == near(1 - 2 / 24) and added["parent"] == layers["SH"]["id"]
    )
    assert (added["shy"], added["enabled"], added["label"]) == (True, False, 14)
    again = clean(ae.run(use, [uids["grass"], uids["tree"]]))  # whatever the order
    assert again["added"] == [] and len(ae.items("CompItem")) == 3
    listed = {one["name"]: one["uid"] for one in ae.run("SemrenderAE.core.classMattes()")}
    assert set(listed) == {"tree", "grass", "sky", "tree + grass"} and len(ae.run("SemrenderAE.core.shots()")) == 1
    clean(ae.run(use, listed["tree + grass"]))
    longer = range(1001, 1021)
    newer = version(2, painting("train", longer), matte("tree", longer), matte("grass", longer), frames=longer)
    assert ae.load(newer, "/v002")["ok"]
    group = ae.comp("m_tree + grass")
    assert round(group["duration"] * 24) == 22 and [round(one["start"] * 24) for one in group["layers"]] == [2, 2]
    assert [round(one["out"] * 24) for one in group["layers"]] == [22, 22]
    unchanged(ae.import_only(newer, "/v002"), ae)
    assert "not in the project" in ae.run(use, [uids["tree"], "nothing"])["errors"][0]["words"]


def several_classes_cut_in_the_comp_that_was_looked_at(host: Open) -> None:
    """Whether the comp that adds them up becomes the active one, or not."""
    ae = host(preferences={"madeCompIsActive": True})
    ae.load(version(1, painting("train"), matte("tree"), matte("grass")), "/v001")
    ae.artist("item('SH').openInViewer(); layer('train').selected = true")
    uids = [one["uid"] for one in ae.run("SemrenderAE.core.classMattes()")]
    report = clean(ae.run("SemrenderAE.core.useClassMatte(input, 'ALPHA')", uids))
    assert report["comp"]["name"] == "SH" and ae.layers()["train"]["matte"]


def use_class_matte_in_a_comp_of_the_artist(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("""
        var c = app.project.items.addComp('edit', 64, 36, 1, 2, 24), l = c.layers.add(item('SH'));
        l.startTime = 1; l.selected = true; c.openInViewer();
    """)
    listed = ae.run("SemrenderAE.core.classMattes()")
    assert len(listed) == 2
    clean(ae.run("SemrenderAE.core.useClassMatte(input)", listed[0]["uid"]))
    ae.artist("item('edit').layer('SH').moveToEnd()")
    assert clean(ae.run("SemrenderAE.core.useClassMatte(input)", listed[0]["uid"]))["added"] == []
    layers = ae.layers("edit")
    matte_layer = next(one for name, one in layers.items() if name.startswith("F_m_"))
    assert matte_layer["start"] == near(1) and layers["SH"]["matte"]["layer"] == matte_layer["id"]
    ae.artist("item('edit').remove()")
    assert "Open a comp" in ae.run("SemrenderAE.core.useClassMatte(input)", listed[0]["uid"])["errors"][0]["words"]


def cryptomatte(host: Open) -> None:
    ae = host()
    layer = painting("crypto", role="cryptomatte", footage={"path": "c.1001.exr", "alpha": "IGNORE"})
    made = version(1, layer, painting("train"), effects=(effect(layer, "Cryptomatte", **{"Cryptomatte-0002": 2}),))
    report = clean(ae.load(made, "/v001"))
    assert ("crypto", "") in {(one["name"], one["field"]) for one in report["added"] if one["kind"] == "effect"}
    found = ae.layers()["crypto"]
    assert found["effects"] == [{"name": "Cryptomatte", "values": {"Cryptomatte-0001": None, "Cryptomatte-0002": 2}}]
    assert not found["enabled"]
    unchanged(ae.import_only(made, "/v001"), ae)
    ae.artist("layer('crypto').property('ADBE Effect Parade').property(1).remove()")
    assert clean(ae.load({**made, "delivery_id": "x"}, "/v002"))["added"] == []
    assert ae.layers()["crypto"]["effects"] == []


def effects_that_fail(host: Open) -> None:
    ae = host(preferences={"effects": {"Cryptomatte": {"Cryptomatte-0001": None}}})
    layer = painting("train")
    wanted = (effect(layer, "Cryptomatte", **{"Cryptomatte-0001": 2}), effect(layer, "Keylight"))
    report = ae.load(version(1, layer, effects=wanted), "/v001")
    assert report["ok"] and len(report["warnings"]) == 2
    assert "could not be set" in report["warnings"][0]["words"] and "Keylight" in report["warnings"][1]["words"]
    report = ae.import_only(version(1, layer, effects=wanted), "/v001")
    unchanged(report, ae)
