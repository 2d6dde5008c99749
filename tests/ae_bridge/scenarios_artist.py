"""What the artist has done stays."""

from __future__ import annotations

from made import cut, matte, painting, version
from steps import Open, basic, clean, fields, near, two, unchanged


def artist_edits_stay(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("""
        var t = layer('train'), e = layer('env');
        t.name = 'loco'; t = layer('loco');
        t.blendingMode = BlendingMode.ADD; t.label = 3; t.guideLayer = true; t.enabled = false; t.shy = true;
        t.comment = 'ask Ann ' + t.comment + ' today';
        t.property('ADBE Effect Parade').addProperty('ADBE Slider Control');
        var o = e.property('ADBE Transform Group').property('ADBE Opacity');
        o.setValueAtTime(0, o.value);
        e.parent = t; e.moveToBeginning();
        item('F_train').name = 'painting of the train';
        item('SH').hideShyLayers = false; item('SH').name = 'my comp'; item('footage').name = 'pix';
    """)
    before = ae.dump()
    newer = basic(2)
    newer["layers"][1].update(blend="OVERLAY", opacity=30.0)
    newer["layers"][0].update(blend="MULTIPLY", label=2, shy=False)
    report = ae.load(newer, "/v002")
    assert report["ok"] and report["added"] == []
    assert fields(report, "kept") == {
        *[("loco", field) for field in ("blend", "label", "guide", "enabled", "shy")],
        ("env", "opacity"),
    }
    assert ("env", "blend") in fields(report, "changed")
    after = ae.dump()
    volatile = {"comment", "path", "source"}
    for old, new in zip(before["items"], after["items"], strict=True):
        for key in set(old) - volatile - {"layers"}:
            assert new[key] == old[key], (old["name"], key)
        for one, now in zip(old.get("layers", []), new.get("layers", []), strict=True):
            for key in set(one) - volatile:
                expected = "OVERLAY" if (one["name"], key) == ("env", "blend") else one[key]
                assert now[key] == expected, (one["name"], key)
    loco = next(one for item in after["items"] for one in item.get("layers", []) if one["name"] == "loco")
    assert loco["comment"].startswith("ask Ann today [[semrender:show/sh/L/train/painting;2;")
    unchanged(ae.import_only(newer, "/v002"), ae)


def reverted_edits_follow_again(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("layer('env').blendingMode = BlendingMode.ADD")
    second = basic(2)
    second["layers"][1]["blend"] = "OVERLAY"
    ae.load(second, "/v002")
    assert ae.layers()["env"]["blend"] == "ADD"
    ae.artist("layer('env').blendingMode = BlendingMode.SCREEN")
    third = basic(3)
    third["layers"][1]["blend"] = "MULTIPLY"
    clean(ae.load(third, "/v003"))
    assert ae.layers()["env"]["blend"] == "MULTIPLY"


def trims_and_slides(host: Open) -> None:
    for cuts in (True, False):
        ae = host(preferences={"footageCutsLayers": cuts})
        ae.load(basic(1, range(1001, 1021)), "/v001")
        ae.artist("""
            var f = 1 / 24;
            layer('train').inPoint = 3 * f; layer('env').outPoint = 12 * f; layer('m_tree').startTime = 5 * f;
        """)
        longer = range(997, 1041)
        report = ae.load(basic(2, longer), "/v002")
        assert report["ok"]
        assert {("train", "in"), ("env", "out"), ("m_tree", "start")} == fields(report, "kept")
        found = {n: [round(one[k] * 24, 2) for k in ("start", "in", "out")] for n, one in ae.layers().items()}
        assert found["train"] == [-4, 3, 40]  # trimmed head stays where it is in the comp
        assert found["env"] == [-4, 0, 12]
        assert found["m_tree"] == [1, 5, 45]  # four new frames before, slid by five: the same picture at the same time
        assert found["m_river"] == [-4, 0, 40]
        unchanged(ae.import_only(basic(2, longer), "/v002"), ae)


def time_remapped_layers_keep_their_times(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("layer('train').timeRemapEnabled = true; layer('train').outPoint = 3; layer('env').stretch = 200;")
    before = ae.layers()
    report = ae.load(basic(2, range(1001, 1031)), "/v002")
    assert {("train", "start"), ("env", "start")} <= fields(report, "kept")
    for name in ("train", "env"):
        assert [ae.layers()[name][k] for k in ("start", "in", "out")] == [
            before[name][k] for k in ("start", "in", "out")
        ]
    unchanged(ae.import_only(basic(2, range(1001, 1031)), "/v002"), ae)


def trimmed_beyond_the_new_footage(host: Open) -> None:
    ae = host()
    ae.load(basic(1, range(1001, 1041)), "/v001")
    ae.artist("layer('train').inPoint = 30 / 24")
    report = ae.load(basic(2, range(1001, 1021)), "/v002")
    assert report["ok"] and ("train", "in") in fields(report, "warnings")
    assert ae.layers()["train"]["in"] == near(19 / 24)
    unchanged(ae.import_only(basic(2, range(1001, 1021)), "/v002"), ae)
    clean(ae.load(basic(3, range(1001, 1041)), "/v003"))  # and where he wanted it as soon as that can be
    assert ae.layers()["train"]["in"] == near(30 / 24)


def locked_layers_follow_and_stay_locked(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("var i; for (i = 1; i <= 4; i += 1) { item('SH').layer(i).locked = true; }")
    newer = basic(2, range(1001, 1021))
    newer["layers"][0].update(blend="ADD", matte={"uid": newer["layers"][3]["uid"], "type": "LUMA"})
    newer["effects"] = [{"layer": newer["layers"][1]["uid"], "match_name": "ADBE Slider Control", "set": {}}]
    report = ae.load(newer, "/v002")
    layers = ae.layers()
    assert report["ok"] and layers["train"]["blend"] == "ADD" and layers["train"]["out"] == near(20 / 24)
    assert layers["train"]["matte"] == {"layer": layers["m_river"]["id"], "type": "LUMA"}
    assert [one["name"] for one in layers["env"]["effects"]] == ["ADBE Slider Control"]
    assert all(one["locked"] for one in layers.values())
    unchanged(ae.import_only(newer, "/v002"), ae)
    stale = version(3, painting("train", range(1001, 1021)), frames=range(1001, 1021))
    assert ae.load(stale, "/v003")["ok"] and ae.layers()["env"]["label"] == 1


def deleted_layers_stay_away(host: Open) -> None:
    for also_footage in (False, True):
        ae = host()
        ae.load(basic(1), "/v001")
        ae.artist("item('F_env').remove()" if also_footage else "layer('env').remove()")
        for number in (2, 3):
            report = clean(ae.load(basic(number), f"/v00{number}"))
            assert report["added"] == [] and ("env", "deleted") in fields(report, "kept")
            assert "env" not in ae.layers()
        assert ("F_env" in ae.items()) is not also_footage
        unchanged(ae.import_only(basic(3), "/v003"), ae)
        report = clean(ae.import_only(basic(3), "/v003", restoreDeleted=True))
        assert ("env", "") in fields(report, "added") and ae.order() == ["train", "env", "m_tree", "m_river"]
        unchanged(ae.import_only(basic(3), "/v003"), ae)


def deleted_comp_comes_back(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("item('F_train').comment += ' mine'; item('SH').name = 'gone'; item('gone').remove()")
    report = clean(ae.load(basic(2), "/v002"))
    assert ("SH", "") in fields(report, "added") and len(ae.items("FootageItem")) == 4
    assert ae.order() == ["train", "env", "m_tree", "m_river"] and " mine [[" in ae.items()["F_train"]["comment"]


def duplicated_layers_all_follow(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("var d = layer('train').duplicate(); d.name = 'copy'; d.blendingMode = BlendingMode.SCREEN")
    report = ae.load(basic(2, range(1001, 1021)), "/v002")
    assert report["ok"] and report["added"] == []
    layers = ae.layers()
    assert ae.order() == ["copy", "train", "env", "m_tree", "m_river"]
    assert layers["copy"]["blend"] == "SCREEN" and layers["train"]["blend"] == "NORMAL"
    assert layers["copy"]["out"] == layers["train"]["out"] == near(20 / 24)
    assert ("copy", "duplicate") in fields(report, "kept")
    unchanged(ae.import_only(basic(2, range(1001, 1021)), "/v002"), ae)


def duplicated_comps_and_footage_are_the_artists(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("item('SH').duplicate().name = 'A look'")  # sorts before the original
    copy = ae.comp("A look")
    newer = basic(2, range(1001, 1021))
    newer["layers"][1]["blend"] = "ADD"
    report = ae.load(newer, "/v002")
    assert report["ok"] and ("A look", "duplicate") in fields(report, "kept")
    assert ae.layers()["env"]["blend"] == "ADD" and ae.comp("A look") == copy


def stale_layers_stay(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("layer('m_river').label = 5")
    less = version(2, painting("train", matte=cut("tree"), label=9), matte("tree"))
    report = ae.load(less, "/v002")
    assert report["ok"] and fields(report, "warnings") == {("env", "stale"), ("m_river", "stale")}
    assert ae.order() == ["train", "env", "m_tree", "m_river"]
    assert (ae.layers()["env"]["label"], ae.layers()["m_river"]["label"]) == (1, 5)
    assert "stale=2" in ae.layers()["env"]["comment"] and ae.items()["F_env"]["path"].startswith("/v001")
    unchanged(ae.import_only(less, "/v002"), ae)
    report = ae.load(basic(3), "/v003")
    assert report["ok"] and ae.layers()["env"]["label"] == 0 and "stale" not in ae.layers()["env"]["comment"]


def artists_interpretation_stays(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("""
        var s = item('F_env').mainSource;
        s.alphaMode = AlphaMode.PREMULTIPLIED; s.premulColor = [1, 0, 0]; s.conformFrameRate = 12; s.loop = 3;
        s.invertAlpha = true;
        item('F_env').pixelAspect = 2; item('F_train').label = 6; item('F_train').parentFolder = item('mattes');
    """)
    report = ae.load(basic(2), "/v002")
    assert {("F_env", "alpha"), ("F_env", "fps"), ("F_env", "aspect")} <= fields(report, "kept")
    env, train = ae.items()["F_env"], ae.items()["F_train"]
    assert (env["alpha"], env["premul"], env["inverted"]) == ("PREMULTIPLIED", [1, 0, 0], True)
    assert (env["fps"], env["loop"], env["aspect"]) == (12, 3, 2)
    assert env["path"].startswith("/v002") and train["label"] == 6
    assert train["folder"] == ae.items()["mattes"]["id"]
    unchanged(ae.import_only(basic(2), "/v002"), ae)


def artists_files_stay(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.put(*[f"/retouch/train.{n}.png" for n in range(1001, 1011)])
    ae.artist("""
        item('F_train').replaceWithSequence(new File('/retouch/train.1001.png'), false);
        item('F_env').replaceWithPlaceholder('later', 64, 36, 24, 1);
    """)
    report = ae.load(basic(2), "/v002")
    assert report["ok"] and {("F_train", "files"), ("F_env", "files")} <= fields(report, "kept")
    assert ae.items()["F_train"]["path"] == "/retouch/train.1001.png"
    assert ae.items()["F_env"]["source"] == "PlaceholderSource"


def replaced_source_stays(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("layer('train').replaceSource(item('F_env'), false)")
    report = ae.load(basic(2, range(1001, 1021)), "/v002")
    assert ("train", "files") in fields(report, "kept") or ("train", "start") in fields(report, "kept")
    assert ae.layers()["train"]["source"] == ae.items()["F_env"]["id"]
    unchanged(ae.import_only(basic(2, range(1001, 1021)), "/v002"), ae)


def moved_and_renamed_items(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("""
        var f = app.project.items.addFolder('mine'), i, all = ['F_train', 'F_env', 'SH'];
        item('F_train').parentFolder = f; item('F_env').parentFolder = f;
        item('mattes').parentFolder = f; item('footage').remove();
    """)
    report = clean(ae.load(version(2, *two(), painting("new"), matte("tree"), matte("river")), "/v002"))
    assert {("footage", ""), ("F_new", ""), ("new", "")} == fields(report, "added")
    assert ae.items()["F_train"]["folder"] == ae.items()["mine"]["id"]


def damaged_tags_are_the_artists_text(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("layer('env').comment = layer('env').comment.replace(']]', ''); item('SH').comment += ' note'")
    report = ae.load(basic(2), "/v002")
    assert report["ok"] and ae.comp()["comment"].startswith("note [[")
    assert ("env", "deleted") in fields(report, "kept")  # a layer without its tag is no longer ours


def long_comment_is_told(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist(
        "var c = layer('train').comment; layer('train').comment = new Array(15995 - c.length).join('x') + ' ' + c"
    )
    newer = basic(2)
    newer["effects"] = [{"layer": newer["layers"][0]["uid"], "match_name": "Cryptomatte", "set": {}}]
    report = ae.load(newer, "/v002")
    assert not report["ok"] and "15,999 bytes" in report["errors"][0]["words"]
    assert ae.items()["F_env"]["path"].startswith("/v002") and "[[semrender:show/sh;2;" in ae.comp()["comment"]


def the_same_idea_twice(host: Open) -> None:
    """What artist and delivery agree on is the delivery's from then on."""
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("layer('env').blendingMode = BlendingMode.MULTIPLY")
    for number, blend in ((2, "MULTIPLY"), (3, "DARKEN")):
        newer = basic(number)
        newer["layers"][1]["blend"] = blend
        clean(ae.load(newer, f"/v00{number}"))
        assert ae.layers()["env"]["blend"] == blend


def a_trim_that_the_footage_reaches_stays(host: Open) -> None:
    ae = host()
    full, late, short = range(1001, 1021), range(1004, 1021), range(1001, 1013)
    made = [(full, full), (late, short), (late, short), (full, full)]
    for number, (train, env) in enumerate(made, 1):
        report = ae.load(version(number, painting("train", train), painting("env", env), frames=full), f"/v00{number}")
        assert report["ok"]
        if number == 1:
            ae.artist("layer('train').inPoint = 3 / 24; layer('env').outPoint = 12 / 24;")
    layers = ae.layers()
    assert (layers["train"]["in"], layers["env"]["out"]) == (near(3 / 24), near(12 / 24))
    assert {("train", "in"), ("env", "out")} <= fields(report, "kept")


def layers_of_another_shot_are_not_ours(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    tag = "[[semrender:uid=show/other/L/env/painting;v=1;bm=NORMAL;lb=0]]"
    ae.artist("var l = item('SH').layers.add(item('F_env')); l.name = 'guest'; l.comment = input", tag)
    clean(ae.load(basic(2), "/v002"))
    assert ae.layers()["guest"]["comment"] == tag and ae.layers()["guest"]["label"] == 0


def the_last_item_of_the_panel_is_ours_too(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("item('SH').layer('train').moveToEnd(); item('SH').name = 'z comp';")
    ae.artist("var i; for (i = 1; i <= app.project.numItems; i += 1) { app.project.item(i).selected = false; }")
    report = clean(ae.load(basic(2), "/v002"))
    assert report["added"] == [] and list(ae.items("CompItem")) == ["z comp"]
