"""Fresh imports, and what is refused."""

from __future__ import annotations

import pytest
from made import FRAMES, delivery, matte, painting, shot, version
from steps import Open, basic, clean, fields, near, unchanged


def fresh(host: Open) -> None:
    ae = host()
    report = clean(ae.load(basic(), "/v001"))
    assert report["action"] == "import" and report["shot"]["previous"] is None
    comp, items = ae.comp(), ae.items()
    assert (comp["width"], comp["height"], comp["fps"], comp["first"], comp["hideShy"]) == (64, 36, 24, 1001, True)
    assert comp["duration"] == near(10 / 24) and report["comp"] == {"id": comp["id"], "name": "SH"}
    assert ae.order() == ["train", "env", "m_tree", "m_river"]
    layers = ae.layers()
    tree = layers["m_tree"]
    assert layers["train"]["matte"] == {"layer": tree["id"], "type": "ALPHA"} and layers["env"]["matte"] is None
    assert (tree["enabled"], tree["shy"], tree["label"]) == (False, True, 14)
    assert layers["train"]["enabled"] and layers["train"]["label"] == 9
    assert (layers["env"]["blend"], layers["env"]["opacity"]) == ("SCREEN", 62.5)
    for one in layers.values():
        assert (one["start"], one["in"], one["out"]) == (0, 0, near(10 / 24))
    footage = items["F_train"]
    assert (footage["fps"], footage["frames"], footage["first"], footage["alpha"]) == (24, 10, 1001, "STRAIGHT")
    assert footage["comment"].startswith("Painted by small, seed 7, labels coco_stuff. [[semrender:")
    assert layers["train"]["source"] == footage["id"] and footage["label"] == 9
    assert items["F_train"]["folder"] == items["footage"]["id"] and items["F_m_tree"]["folder"] == items["mattes"]["id"]
    top = [one for one in ae.dump()["items"] if one["kind"] == "FolderItem" and one["name"] == "SH"]
    assert len(top) == 1 and items["footage"]["folder"] == items["mattes"]["folder"] == comp["folder"] == top[0]["id"]
    assert [step["name"] for step in ae.dump()["undo"]] == ["Import SH"]


def second_import_changes_nothing(host: Open) -> None:
    ae = host()
    ae.load(basic(), "/v001")
    before = ae.dump()
    unchanged(ae.import_only(basic(), "/v001"), ae)
    after = ae.dump()
    assert after["items"] == before["items"] and after["reloads"] == []


@pytest.mark.parametrize("rate", [(24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (60000, 1001)])
def frame_rates(host: Open, rate: tuple[int, int]) -> None:
    fps = round(rate[0] / rate[1], 3)
    ae = host()
    made = delivery(painting("train"), of=shot(FRAMES, *rate))
    clean(ae.load(made, "/v001"))
    assert (ae.comp()["fps"], ae.items()["F_train"]["fps"]) == (fps, fps)
    assert ae.comp()["duration"] == near(10 / fps) and ae.layers()["train"]["out"] == near(10 / fps)
    assert round(ae.comp()["duration"] * fps) == 10
    unchanged(ae.import_only(made, "/v001"), ae)


@pytest.mark.parametrize("first", [0, 1, 1001])
def first_frames(host: Open, first: int) -> None:
    ae, frames = host(), range(first, first + 5)
    clean(ae.load(delivery(painting("train", frames), of=shot(frames)), "/v001"))
    assert ae.comp()["first"] == first and ae.layers()["train"]["start"] == 0


def frames_below_zero(host: Open) -> None:
    ae = host()
    made = delivery(painting("train", range(0, 8), footage={"start": -5}), of=shot(range(-5, 3)))
    clean(ae.load(made, "/v001"))
    assert ae.comp()["first"] == -5 and ae.layers()["train"]["start"] == 0
    assert ae.layers()["train"]["out"] == near(8 / 24)


def handles(host: Open) -> None:
    ae, frames = host(), range(1009, 1017)
    layers = [
        painting("both", range(1001, 1025)),
        painting("late", range(1012, 1017)),
        painting("renumbered", range(1, 9), footage={"start": 1009}),
    ]
    clean(ae.load(delivery(*layers, of=shot(frames)), "/v001"))
    found = {name: [round(one[key] * 24, 3) for key in ("start", "in", "out")] for name, one in ae.layers().items()}
    assert found == {"both": [-8, 0, 16], "late": [3, 3, 8], "renumbered": [0, 0, 8]}
    unchanged(ae.import_only(delivery(*layers, of=shot(frames)), "/v001"), ae)


def stills(host: Open) -> None:
    ae = host(preferences={"stillSeconds": 5})
    still = {"sequence": False, "path": "labels_v003.png", "alpha": "IGNORE"}
    made = version(1, painting("labels", role="labels", footage=still), painting("train"))
    clean(ae.load(made, "/v001"))
    layers, item = ae.layers(), ae.items()["F_labels"]
    assert item["still"] and item["alpha"] == "IGNORE" and item["path"] == "/v001/labels_v003.png"
    assert layers["labels"]["guide"] and not layers["train"]["guide"]
    assert layers["labels"]["out"] == near(10 / 24)
    longer = range(1001, 1021)
    newer = version(2, painting("labels", role="labels", footage=still), painting("train", longer), frames=longer)
    clean(ae.load(newer, "/v001"))
    assert ae.layers()["labels"]["out"] == near(20 / 24)


def pixel_aspect(host: Open) -> None:
    ae = host()
    made = delivery(painting("train", footage={"pixel_aspect": 0.91}), of=shot(pixel_aspect=0.91))
    clean(ae.load(made, "/v001"))
    assert ae.items()["F_train"]["aspect"] == pytest.approx(0.91) and ae.comp()["aspect"] == pytest.approx(0.91)
    unchanged(ae.import_only(made, "/v001"), ae)


@pytest.mark.parametrize("windows", [False, True])
def odd_paths(host: Open, windows: bool) -> None:
    for folder in ["/srv/50% done/dé ja/列車", "//server/share/v 1"] + (["C:/sh ots/v%20"] if windows else []):
        ae = host(windows=windows)
        made = delivery(painting("train", footage={"path": "tr%41in [x]/50%.1001.png"}), painting("env"))
        clean(ae.load(made, folder))
        assert ae.items()["F_train"]["path"] == f"{folder}/tr%41in [x]/50%.1001.png"
        unchanged(ae.import_only(made, folder), ae)
        clean(ae.load(made, folder + "2"))
        assert ae.items()["F_train"]["path"] == f"{folder}2/tr%41in [x]/50%.1001.png"


def every_alpha_and_blend(host: Open) -> None:
    from shared.shot_kinds import BLENDS

    ae = host()
    layers = [
        painting(f"l{n}", blend=blend, label=n % 17, footage={"alpha": ["STRAIGHT", "PREMULTIPLIED", "IGNORE"][n % 3]})
        for n, blend in enumerate(BLENDS)
    ]
    report = ae.load(version(1, *layers), "/v001")
    assert report["ok"]
    found, items = ae.layers(), ae.items()
    for one in layers:
        assert (found[one.name]["blend"], found[one.name]["label"]) == (one.blend, one.label)
        assert items[f"F_{one.name}"]["alpha"] == one.footage.alpha
    unchanged(ae.import_only(version(1, *layers), "/v001"), ae)


def without_alpha(host: Open) -> None:
    ae = host()
    made = version(1, painting("train"), matte("tree"))
    ae.put("/v001/painting/train/train.1001.png", "/v001/matte/train_tree.1001.png", alpha=False)
    for n in range(1002, 1011):
        ae.put(f"/v001/painting/train/train.{n}.png", f"/v001/matte/train_tree.{n}.png", alpha=False)
    report = ae.import_only(made, "/v001")
    assert report["ok"] and fields(report, "warnings") == {("F_m_tree", "files")}
    assert "no alpha" in report["warnings"][0]["words"]
