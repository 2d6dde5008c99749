"""A later version, or the same one again."""

from __future__ import annotations

from made import FRAMES, painting, version
from steps import Open, basic, clean, fields, near, unchanged
from tagged import tag_in


def update_in_place(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    before = ae.layers()
    report = clean(ae.load(basic(2), "/v002"))
    assert (report["action"], report["shot"]["previous"], report["shot"]["version"]) == ("update", 1, 2)
    assert report["added"] == []
    assert fields(report, "changed") == {(f"F_{n}", "files") for n in ("train", "env", "m_tree", "m_river")}
    after, items = ae.layers(), ae.items()
    for name, one in before.items():
        same = {key: value for key, value in one.items() if key != "comment"}
        assert {key: value for key, value in after[name].items() if key != "comment"} == same
        assert ";2;24:0:0:10;" in after[name]["comment"]
    for name in ("train", "env", "m_tree"):
        assert items[f"F_{name}"]["path"].startswith("/v002/") and items[f"F_{name}"]["fps"] == 24
        assert items[f"F_{name}"]["alpha"] == "STRAIGHT"
    unchanged(ae.import_only(basic(2), "/v002"), ae)
    assert ae.run("SemrenderAE.core.shots()")[0]["version"] == 2
    assert [step["name"] for step in ae.dump()["undo"]] == ["Import SH"] * 3


def tags_of_before_are_read_and_shortened(host: Open) -> None:
    """A project of the version before: all by name, 170 signs a layer."""
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("layer('env').blendingMode = BlendingMode.ADD")
    short = {name: one["comment"] for name, one in ae.layers().items()}
    for name, comment in short.items():
        whole = ";".join(f"{key}={value}" for key, value in tag_in(comment).items())
        ae.artist("layer(input[0]).comment = input[1]", [name, f"[[semrender:{whole}]] see Ann"])
    newer = basic(2)
    newer["layers"][1]["blend"] = "OVERLAY"
    report = ae.load(newer, "/v002")
    assert report["ok"] and ("env", "blend") in fields(report, "kept") and report["added"] == []
    for name, one in ae.layers().items():
        assert one["comment"] == "see Ann " + short[name].replace(";1;", ";2;")
    unchanged(ae.import_only(newer, "/v002"), ae)


def back_to_an_older_version(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.load(basic(2, range(1001, 1021)), "/v002")
    assert ae.layers()["train"]["out"] == near(20 / 24)
    report = ae.load(basic(1), "/v001")
    assert report["ok"] and report["shot"]["previous"] == 2 and fields(report, "kept") == {("SH", "duration")}
    assert ae.layers()["train"]["out"] == near(10 / 24) and ae.comp()["duration"] == near(20 / 24)
    again = ae.import_only(basic(1), "/v001")
    unchanged(again, ae)


def longer_shot(host: Open) -> None:
    for cuts in (True, False):
        ae = host(preferences={"footageCutsLayers": cuts})
        ae.load(basic(1), "/v001")
        report = clean(ae.load(basic(2, range(1001, 1031)), "/v002"))
        assert ("SH", "duration") in fields(report, "changed") and ("train", "out") in fields(report, "changed")
        assert ae.comp()["duration"] == near(30 / 24) and ae.items()["F_train"]["frames"] == 30
        assert all(one["out"] == near(30 / 24) for one in ae.layers().values())
        unchanged(ae.import_only(basic(2, range(1001, 1031)), "/v002"), ae)


def longer_in_the_same_place(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/out")
    clean(ae.load(basic(2, range(1001, 1031)), "/out"))
    assert ae.items()["F_train"]["frames"] == 30 and ae.layers()["env"]["out"] == near(30 / 24)


def painted_again_in_the_same_place(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/out")
    again = {**basic(1), "delivery_id": "another = one; [x]"}
    again["layers"][0]["provenance"]["seed"] = 8
    report = clean(ae.import_only(again, "/out"))
    assert sorted(path.split("/")[-1] for path in ae.dump()["reloads"]) == [
        "env.1001.png", "train.1001.png", "train_river.1001.png", "train_tree.1001.png",
    ]  # fmt: skip
    assert ("F_train", "files") in fields(report, "changed")
    assert ae.items()["F_train"]["comment"].startswith("Painted by small, seed 8, labels coco_stuff. [[")
    unchanged(ae.import_only(again, "/out"), ae)
    shots = ae.run("SemrenderAE.core.shots()")
    assert shots[0]["deliveryId"] == "another = one; [x]"
    graded = {**again, "delivery_id": "a third"}  # by a model that takes no labels
    graded["layers"][0]["provenance"].update(model="match_grade", label_set="")
    ae.import_only(graded, "/out")
    assert ae.items()["F_train"]["comment"].startswith("Painted by match_grade, seed 8. [[")
    unchanged(ae.import_only(graded, "/out"), ae)
    spoken = {**graded, "delivery_id": "whose lips move"}
    changed = {"synthetic": "http://cv.iptc.org/x", "consent": "written-release, A. Person. (B), for it"}
    spoken["layers"][0]["provenance"].update(model="lips", **changed)
    ae.import_only(spoken, "/out")
    line = "Painted by lips, seed 8, a face was changed (written-release). [["
    assert ae.items()["F_train"]["comment"].startswith(line)
    unchanged(ae.import_only(spoken, "/out"), ae)
    ae.import_only({**basic(1), "delivery_id": "a fourth"}, "/out")
    assert ae.items()["F_train"]["comment"].startswith("Painted by small, seed 7, labels coco_stuff. [[")


def new_head_frames(host: Open) -> None:
    """The shot begins earlier: keyframes of the comp must stay with their pictures."""
    ae = host()
    ae.load(basic(1), "/v001")
    report = ae.load(basic(2, range(993, 1011)), "/v002")
    assert report["ok"] and ("SH", "start") in fields(report, "warnings") and ae.comp()["first"] == 1001
    train = ae.layers()["train"]
    assert (train["start"], train["in"], train["out"]) == (near(-8 / 24), near(0), near(10 / 24))
    unchanged(ae.import_only(basic(2, range(993, 1011)), "/v002"), ae)


def another_frame_rate(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    ae.artist("layer('train').startTime += 1 / 24")
    faster = basic(2)
    faster["shot"].update(fps=25.0, fps_num=25)
    report = ae.load(faster, "/v002")
    assert report["ok"] and ("SH", "fps") in fields(report, "warnings") and ae.comp()["fps"] == 24
    layers = ae.layers()
    assert ae.items()["F_env"]["fps"] == 25 and layers["env"]["out"] == near(10 / 25)
    assert layers["train"]["start"] == near(1 / 24) and layers["train"]["out"] == near(1 / 24 + 10 / 25)
    unchanged(ae.import_only(faster, "/v002"), ae)


def new_layers_find_their_place(host: Open) -> None:
    ae = host()
    ae.load(version(1, painting("a"), painting("c")), "/v001")
    ae.artist("layer('a').moveToEnd(); item('SH').layers.addSolid([1, 0, 0], 'mine', 64, 36, 1).moveToBeginning()")
    newer = version(2, painting("top"), painting("a"), painting("b"), painting("c"), painting("d"))
    clean(ae.load(newer, "/v002"))
    # Each new one above the next of the delivery that is there; what the artist has ordered stays.
    assert [name for name in ae.order() if name in ("mine", "a", "c")] == ["mine", "c", "a"]
    assert ae.order() == ["mine", "b", "c", "d", "top", "a"]


def sequence_to_still_and_back(host: Open) -> None:
    ae = host()
    still = painting("train", footage={"sequence": False, "path": "one.png"})
    ae.load(version(1, painting("train")), "/v001")
    clean(ae.load(version(2, still), "/v002"))
    assert ae.items()["F_train"]["still"]
    clean(ae.load(version(3, painting("train")), "/v003"))
    item = ae.items()["F_train"]
    assert (item["still"], item["frames"], item["fps"]) == (False, 10, 24)
    unchanged(ae.import_only(version(3, painting("train")), "/v003"), ae)


def frames_of_an_earlier_render(host: Open) -> None:
    ae, made = host(), version(1, painting("train"))
    ae.put(*[f"/v001/painting/train/train.{n}.png" for n in range(990, 1031)])
    clean(ae.import_only(made, "/v001"))
    assert (ae.items()["F_train"]["frames"], ae.items()["F_train"]["first"]) == (10, 1001)
    assert len(ae.items("FootageItem")) == 1
    ae.put(*[f"/v002/painting/train/train.{n}.png" for n in range(990, 1031)])
    ae.artist("""
        var f = item('F_train'), c = app.project.items.addComp('edit', 64, 36, 1, 2, 24), l = c.layers.add(f);
        f.comment = 'mine ' + f.comment; f.mainSource.alphaMode = AlphaMode.IGNORE;
        layer('train').property('ADBE Effect Parade').addProperty('ADBE Slider Control');
        l.name = 'his'; l.locked = true; layer('train').locked = true;
    """)
    newer = version(2, painting("train"))
    report = clean(ae.import_only(newer, "/v002"))
    assert ("F_train", "alpha") in fields(report, "kept") and len(ae.items("FootageItem")) == 1
    train, his = ae.items()["F_train"], ae.layers("edit")["his"]
    assert (train["frames"], train["first"], train["fps"], train["alpha"]) == (10, 1001, 24, "IGNORE")
    assert train["comment"].startswith("mine Painted by small") and train["folder"] == ae.items()["footage"]["id"]
    layer = ae.layers()["train"]
    assert layer["source"] == his["source"] == train["id"] and layer["locked"] and his["locked"]
    assert layer["out"] == near(10 / 24) and [one["name"] for one in layer["effects"]] == ["ADBE Slider Control"]
    unchanged(ae.import_only(newer, "/v002"), ae)
    ae.put("/hand.png", *[f"/v003/painting/train/train.{n}.png" for n in range(990, 1031)])
    ae.artist("item('F_train').setProxy(new File('/hand.png'))")
    assert "lost its proxy" in ae.import_only(version(3, painting("train")), "/v003")["warnings"][0]["words"]


def footage_before_and_behind_the_old_one(host: Open) -> None:
    """In and out move past each other on the way."""
    ae = host(preferences={"footageCutsLayers": False})
    short, around = range(1001, 1005), range(991, 1011)
    for number, frames in ((1, short), (2, around), (3, short)):
        made = version(number, painting("train", frames), frames=FRAMES)
        clean(ae.load(made, f"/v00{number}"))
        train, start = ae.layers()["train"], frames[0] - 1001
        assert [round(train[key] * 24, 2) for key in ("start", "in", "out")] == [start, 0, start + len(frames)]
