"""Several paintings of a shot: which is in the project, one beside another, and shots that only share a name."""

from __future__ import annotations

from dataclasses import replace

from fake_host import pictures
from made import FRAMES, Data, matte, painting, shot, version
from steps import Open, basic, clean, fields, unchanged

from shared.uids import footage_uid, layer_uid

STATES = "var s = SemrenderAE.core.shots(); [SemrenderAE.core.state(input[0], s), SemrenderAE.core.home(input[0], s)]"


def take(number: int, seconds: int, **changes: str) -> Data:
    return {
        **basic(number),
        "delivery_id": f"2026-11-23T05-00-{seconds:02d}Z_x",
        "created": f"2026-11-23T05:00:{seconds:02d}Z",
        **changes,
    }


def entry(made: Data) -> Data:
    """As the list of deliveries has it."""
    of = made["shot"]
    return {
        "uid": of["uid"],
        "version": of["version"],
        "deliveryId": made["delivery_id"],
        "created": made["created"],
    }


def of_another(uid: str, folder_of: str) -> Data:
    """A shot that is named as ours is, of a layer with the same name."""
    layer = painting("train")
    files = replace(layer.footage, uid=footage_uid(uid, "train", "painting"), path=f"{folder_of}/train.1001.png")
    layer = replace(layer, uid=layer_uid(uid, "train", "painting"), footage=files)
    return version(1, layer) | {"shot": {**version(1)["shot"], "uid": uid}}


def an_older_take_is_not_new(host: Open) -> None:
    ae = host()
    first, second = take(1, 1), take(1, 2)
    ae.load(first, "/out/sh")
    assert ae.run(STATES, [entry(second)])[0] == "changed" and ae.run(STATES, [entry(first)])[0] == "current"
    clean(ae.load(second, "/out/sh_take002"))
    assert [ae.run(STATES, [entry(one)])[0] for one in (first, second)] == ["take", "current"]
    assert ae.run(STATES, [entry(take(2, 1))])[0] == "update" and ae.run(STATES, [entry(take(0, 3))])[0] == "older"
    assert ae.run(STATES, [{**entry(first), "uid": "show/other"}]) == ["new", None]
    assert ae.run(STATES, [{**entry(first), "deliveryId": "of who knows when"}])[0] == "changed"


def a_take_beside_another(host: Open) -> None:
    ae = host()
    ae.load(take(1, 1), "/out/sh")
    before = ae.dump()["items"]
    report = clean(ae.load(take(1, 2), "/out/sh_take002", beside=True))
    assert report["action"] == "import" and report["comp"]["name"] == report["shot"]["name"] == "SH_take002"
    kept = [one for one in ae.dump()["items"] if one["id"] in {old["id"] for old in before}]
    assert kept == before, "what is there stays as it is"
    assert ae.order("SH_take002") == ["train", "env", "m_tree", "m_river"]
    layers = ae.layers("SH_take002")
    assert layers["train"]["matte"]["layer"] == layers["m_tree"]["id"]
    unchanged(ae.import_only(take(1, 2), "/out/sh_take002", beside=True), ae)
    for one, comp in ((take(1, 1), "SH"), (take(1, 2), "SH_take002")):
        assert [ae.run(STATES, [entry(one)])[n] for n in (0,)] == ["current"]
        assert ae.run(STATES, [entry(one)])[1]["name"] == comp
    clean(ae.load(take(2, 3), "/out/sh_v002", beside=True))
    assert len(ae.items("CompItem")) == 3 and "SH_v002" in ae.items("CompItem")
    ae.run("SemrenderAE.core.openComp(input)", "show/sh@take002")
    assert {one["uid"].split("/F/")[0] for one in ae.run("SemrenderAE.core.classMattes()")} == {"show/sh@take002"}


def two_takes_of_one_name_stand_beside(host: Open) -> None:
    """Two people have a take002 of the shot, in folders of their own; a moved one is found again where it is beside."""
    ae = host()
    clean(ae.load(take(1, 1), "/cut/sh"))
    clean(ae.load(take(1, 2), "/ann/sh_take002", beside=True))
    hers = ae.dump()["items"]
    assert clean(ae.load(take(1, 3), "/bob/sh_take002", beside=True))["comp"]["name"] == "SH_take002_2"
    assert ae.dump()["items"][: len(hers)] == hers, "a take beside takes nobody's place"
    clean(ae.load(take(1, 4), "/bob/sh_take002", beside=True))
    unchanged(ae.import_only(take(1, 2), "/ann/sh_take002", beside=True), ae)
    assert sorted(ae.items("CompItem")) == ["SH", "SH_take002", "SH_take002_2"]
    ae.put(*pictures(take(1, 2), "/moved/sh_take002"))
    clean(ae.run("SemrenderAE.core.relink(input, '/moved/sh_take002')", take(1, 2)))
    paths = [item["path"] for item in ae.dump()["items"] if item.get("path")]
    assert [sum(path.startswith(f"/{place}/") for path in paths) for place in ("cut", "moved", "bob")] == [4, 4, 4]
    clean(ae.load(take(1, 4), "/copied/sh_take002", beside=True))
    assert sorted(ae.items("CompItem")) == ["SH", "SH_take002", "SH_take002_2"], "the same delivery, wherever it lies"


def two_takes_with_a_wipe(host: Open) -> None:
    ae = host()
    ae.load(take(1, 1), "/out/sh")
    longer = basic(1, range(1001, 1021))
    ae.load({**longer, "delivery_id": "x"}, "/out/sh_take002", beside=True)
    call = "SemrenderAE.core.wipe(input[0], input[1])"
    report = clean(ae.run(call, ["show/sh", "show/sh@take002"]))
    name = report["comp"]["name"]
    comp, layers = ae.comp(name), ae.layers(name)
    assert ae.order(name) == ["SH_take002", "SH"] and comp["first"] == 1001 and round(comp["duration"] * 24) == 20
    assert layers["SH"]["start"] == layers["SH_take002"]["start"] == 0 and layers["SH"]["effects"] == []
    values = {"ADBE Linear Wipe-0001": 50, "ADBE Linear Wipe-0002": 90}
    assert layers["SH_take002"]["effects"] == [{"name": "ADBE Linear Wipe", "values": values}]
    ae.artist("item(input).layer(1).name = 'new'", name)
    before = ae.dump()["items"]
    assert clean(ae.run(call, ["show/sh", "show/sh@take002"]))["comp"] == report["comp"]
    assert ae.dump()["items"] == before and len(ae.run("SemrenderAE.core.shots()")) == 2
    assert not ae.run(call, ["show/sh", "show/none"])["ok"] and ae.dump()["items"] == before
    ae = host(preferences={"effects": {}})
    ae.load(take(1, 1), "/out/sh")
    assert "not installed" in ae.run(call, ["show/sh", "show/sh"])["warnings"][0]["words"]


def half_size_pictures(host: Open) -> None:
    ae, use = host(), "SemrenderAE.core.useProxies(input[0], input[1])"
    ae.load(basic(1), "/v001")
    before = ae.dump()["items"]
    report = ae.run(use, ["show/sh", True])
    assert "4 sequences have no half-size" in report["warnings"][0]["words"] and ae.dump()["items"] == before
    for folder, name in (("/v001", "train"), ("/v001", "env"), ("/v002", "train")):
        ae.put(*[f"{folder}/proxy/painting/{name}/{name}.{n}.png" for n in FRAMES], width=32, height=18)
    report = ae.run(use, ["show/sh", True])
    assert "4 sequences have no half-size" in report["warnings"][0]["words"], "they may be of another painting"
    said = [f"/v00{n}/proxy/of_{basic(n)['delivery_id']}" for n in (1, 2)]
    ae.put(*said, "/hand/m.png")
    ae.artist("item('F_m_tree').setProxy(new File('/hand/m.png'))")
    report = ae.run(use, ["show/sh", True])
    assert fields(report, "changed") == {("F_train", "files"), ("F_env", "files")}
    assert fields(report, "kept") == {("F_m_tree", "files")} and "1 sequences" in report["warnings"][0]["words"]
    assert ae.items()["F_train"]["proxy"] == ["/v001/proxy/painting/train/train.1001.png", 24, True]
    assert ae.run(use, ["show/sh", True])["changed"] == []
    report = ae.load(basic(2), "/v002")  # of one there are new ones; the other would show the painting before
    assert [one["name"] for one in report["warnings"]] == ["F_env"]
    proxies = {name: one["proxy"] for name, one in ae.items("FootageItem").items()}
    assert proxies["F_train"][0] == "/v002/proxy/painting/train/train.1001.png" and proxies["F_env"] is None
    assert proxies["F_m_tree"][0] == "/hand/m.png"
    unchanged(ae.import_only(basic(2), "/v002"), ae)
    assert fields(ae.run(use, ["show/sh", False]), "changed") == {("F_train", "files")}
    assert ae.items()["F_train"]["proxy"][2] is False
    ae.put("/v002/proxy/of_made_again")
    ae.import_only({**basic(2), "delivery_id": "made:again"}, "/v002")
    assert "/v002/proxy/painting/train/train.1001.png" in ae.dump()["reloads"]
    report = ae.import_only({**basic(2), "delivery_id": "painted over"}, "/v002")
    assert ("F_train", "files") in fields(report, "warnings") and ae.items()["F_train"]["proxy"] is None


def everything_of_a_take_has_its_own_uid(host: Open) -> None:
    ae = host()
    made = take(1, 2)
    made["effects"] = [{"layer": "show/sh/L/train/painting", "match_name": "show/sh", "set": {}}]
    tracks = [{"layers": [{"uid": "show/sh/L/hand/joint", "parent": "show/sh/L/arm/joint", "name": "show/sh/L"}]}]
    name = "SemrenderAE.takes.nameFor({}, input[0], '/out/sh_take002/')"
    found = ae.run(f"SemrenderAE.takes.apart(input[0], input[1], {name})", [made, tracks])
    text, shot_uid = str(found), "show/sh@take002"
    assert found["delivery"]["shot"]["uid"] == shot_uid and text.count("show/sh/") == 1 and "'show/sh'" in text
    assert found["tracks"][0]["layers"][0] == {
        "uid": f"{shot_uid}/L/hand/joint", "parent": f"{shot_uid}/L/arm/joint", "name": "show/sh/L",
    }  # fmt: skip


def versions_up_and_down(host: Open) -> None:
    ae = host()
    made = [take(1, 1), take(1, 4), take(2, 2), take(3, 9)]
    ae.load(made[1], "/out/sh")
    call = "SemrenderAE.core.versions(SemrenderAE.core.shots()[0], input)"
    other = {**entry(made[0]), "uid": "show/other"}
    found = ae.run(call, [entry(one) for one in reversed(made)] + [other])
    assert found["list"] == [entry(one) for one in made] and found["at"] == 1
    assert (found["up"], found["down"]) == (entry(made[2]), entry(made[0]))
    found = ae.run(call, [entry(made[1])])
    assert (found["at"], found["up"], found["down"]) == (0, None, None)
    assert ae.run(call, [entry(made[0])])["at"] == -1


def a_pin_stays(host: Open) -> None:
    ae = host()
    ae.load(basic(1), "/v001")
    assert [one["pinned"] for one in ae.run("SemrenderAE.core.shots()")] == [False]
    assert ae.run("SemrenderAE.core.pin('show/sh', true)") and not ae.run("SemrenderAE.core.pin('show/no', true)")
    clean(ae.load(basic(2), "/v002"))
    assert [one["pinned"] for one in ae.run("SemrenderAE.core.shots()")] == [True]
    assert ae.run("SemrenderAE.core.pin('show/sh', false)")
    assert [one["pinned"] for one in ae.run("SemrenderAE.core.shots()")] == [False]


def two_shots_of_one_name(host: Open) -> None:
    """A uid that is a name alone says nothing of where the shot belongs."""
    ae = host()
    one = of_another("sh010", "train")
    other = {**one, "delivery_id": "other"}
    clean(ae.load(one, "/show/sq010/sh010"))
    before = ae.dump()["items"]
    for dry in (True, False):
        report = ae.load(other, "/show/sq020/sh010", dry=dry)
        assert not report["ok"] and report["errors"][0]["field"] == "elsewhere"
        assert "/show/sq010/sh010" in report["errors"][0]["words"] and ae.dump()["items"] == before
    clean(ae.load({**other, "delivery_id": "again"}, "/show/sq010/sh010_take002"))
    clean(ae.load({**other, "delivery_id": "moved"}, "/show/sq020/sh010", sameShot=True))
    assert all("/sq020/" in item["path"] for item in ae.items("FootageItem").values())
    clean(ae.load({**one, "delivery_id": "apart"}, "/show/sq030/sh010", beside=True))
    assert sorted(ae.items("CompItem")) == ["SH", "SH_v001"]
    report = ae.load(of_another("show/sq010/sh010", "train"), "/show/sq020/sh010_take003")
    assert report["ok"] and "apart from it" in report["warnings"][0]["words"], "the project is of before the sequences"
    ae = host()
    clean(ae.load(of_another("show/sh010", "train"), "/show/sq010/sh010"))
    report = ae.load({**of_another("show/sh010", "train"), "delivery_id": "x"}, "/show/sq020/sh010")
    assert not report["ok"], "a project alone does not tell two sequences apart"
    clean(ae.load(of_another("show/sh010", "train"), "/another mount/sh010"))
    ae = host()
    clean(ae.load(of_another("show/sq010/sh010", "train"), "/a/sh010"))
    clean(ae.load(of_another("show/sq020/sh010", "train"), "/b/sh010"))
    assert len([item for item in ae.dump()["items"] if item["kind"] == "CompItem"]) == 2
    clean(ae.load({**of_another("show/sq020/sh010", "train"), "delivery_id": "y"}, "/elsewhere/renders/sh010"))


def what_an_update_would_do(host: Open) -> None:
    """The report of the update, and nothing is written, not even a step to undo."""
    ae = host()
    made = version(1, painting("train"), painting("env", blend="SCREEN"), matte("tree"))
    asked = ae.load(made, "/v001", dry=True)
    assert ae.dump()["items"] == [] and ae.dump()["undo"] == [] and ae.last["writes"] == 0
    done = ae.load(made, "/v001")
    made_too = {("comp", ""), ("footage", ""), ("layer", "")}
    assert {(one["kind"], one["field"]) for one in asked["added"]} == made_too
    folders = [one for one in done["added"] if one["kind"] != "folder"]
    assert {one["name"] for one in asked["added"]} == {one["name"] for one in folders}
    ae.artist("layer('env').blendingMode = BlendingMode.ADD; layer('m_tree').remove()")
    longer = range(1001, 1021)
    newer = version(
        2, painting("train", longer), painting("env", longer), painting("new", longer), matte("tree", longer)
    )
    newer = {**newer, "shot": {**newer["shot"], "frames": 20, "last": 1020}}
    before = ae.dump()["items"]
    asked = ae.load(newer, "/v002", dry=True)
    assert ae.dump()["items"] == before and ae.last["writes"] == 0
    done = ae.load(newer, "/v002")
    for kind in ("changed", "kept", "added"):
        assert fields(asked, kind) == fields(done, kind), kind
    assert ("SH", "duration") in fields(asked, "changed") and ("env", "blend") in fields(asked, "kept")
    assert shot(longer).frames == 20
