"""Names for a Cryptomatte: what renderers call the things of a scene, and somebody else's rendered file as labels."""

import json
import shutil
import sys
from dataclasses import replace

import pytest

from maya_plugin.core import cryptomatte_names, cryptomatte_shot
from maya_plugin.core.contract import MaterialPart, SceneObject, Settings
from maya_plugin.core.cryptomatte_names import ASSET, MATERIAL, OBJECT, RENDERERS, Rendered, table, templates_of
from shared import places
from shared.errors import InputRefused
from shared.label_set import load_label_set
from tests.maya_plugin.conftest import ROOT, coco

COCO = load_label_set("coco_stuff")
RENDERED = ROOT / "tests" / "data" / "passes" / "crypto_object.exr"  # by Blender; its objects have the scene's names


def thing(path, name="tree", materials=("ns:barkMat",), kind="mesh", asset="", **more):
    identity = coco(name) if name else None
    parts = tuple(MaterialPart(one, f"{one}SG", identity) for one in materials)
    node = path if kind == "instancer" else path.rpartition("|")[0]
    return SceneObject(path, node, kind, tuple(materials), asset, identity, parts=parts, **more)


PINE = thing("|set:forest|set:a:pine|set:a:pineShape", asset="pine_v003")


@pytest.mark.parametrize(
    ("renderer", "what", "names"),
    [
        # The Cryptomatte shader of Arnold strips each node's namespaces, or none [source of CryptomatteArnold].
        ("arnold", OBJECT, ["pineShape", "set:a:pineShape", "pine|pineShape", "|forest|pine|pineShape"]),
        ("arnold", MATERIAL, ["barkMat", "ns:barkMat", "barkMatSG"]),
        ("arnold", ASSET, ["set"]),
        ("vray", OBJECT, ["set:a:pine", "|set:forest|set:a:pine", "/set:forest/set:a:pine"]),
        ("vray", ASSET, ["pine_v003", "set:a"]),
        ("renderman", OBJECT, ["set:a:pineShape", "/set:forest/set:a:pine/set:a:pineShape"]),
        ("redshift", OBJECT, ["set:a:pine", "set:a:pineShape"]),
        ("redshift", MATERIAL, ["ns:barkMat"]),
    ],
)
def test_every_renderer_names_things_in_its_ways(renderer, what, names):
    found = table([PINE], COCO, templates_of(renderer, what))
    assert set(names) <= set(found.names) and set(found.names.values()) == {"tree"} and found.things == 1
    assert set(found.names) <= set(table([PINE], COCO, templates_of("any", what)).names)


def test_a_rule_of_the_studio_has_the_namespace_and_the_number_of_an_instance():
    copies = thing("|set:grove", kind="instancer")
    assert set(table([PINE], COCO, ["{namespace}_{bare_transform}"]).names) == {"set:a_pine"}
    assert set(table([copies], COCO, ["{bare_shape}"]).names) == {"grove*"}, "a renderer numbers its copies"
    assert set(table([PINE], COCO, ["{shape}_i*"]).names) == {"set:a:pineShape_i*"}
    for wrong in ("pine", "{pine}", "{shape", "{shape}}", ""):
        with pytest.raises(InputRefused, match="makes no name"):
            table([PINE], COCO, [wrong])


def test_an_instance_is_told_by_the_end_of_its_path():
    one, other = thing("|a|leaf|leafShape", "tree"), thing("|b|leaf|leafShape", "bush")
    found = table([one, other], COCO, templates_of("arnold", OBJECT))
    assert found.shared[:1] == ("leafShape",), "both are called so: nobody can tell them apart"
    assert found.names["a|leaf|leafShape"] == "tree" and found.names["b|leaf|leafShape"] == "bush"
    assert "leaf" not in found.names and found.things == 2
    assert (
        "2 names" not in found.notes(OBJECT)[0] and "for things of several classes, left out" in found.notes(OBJECT)[0]
    )


def test_faces_are_told_by_their_materials_and_not_by_the_object():
    parts = (MaterialPart("wall", "wallSG", coco("house")), MaterialPart("pane", "paneSG", coco("window-other")))
    house = replace(thing("|house|houseShape", "house"), parts=parts, mixed=True)
    assert table([house], COCO, ["{material}"]).names == {"pane": "window-other", "wall": "house"}
    whole = table([house], COCO, ["{shape}"])
    assert whole.names == {"houseShape": "house"} and "materials tell them" in whole.notes(OBJECT)[0]


def test_the_host_knows_which_material_has_which_class(scene, host):
    from maya import cmds, world

    cmds.polyCube(name="house")
    world.shader("wall", "house")
    world.shader("pane", "house.f[0:1]")
    host.assign({coco("house"): ["|house"]})
    host.assign({coco("window-other"): ["|house.f[0:1]"]})
    (found,) = host.objects()
    assert found.mixed and table([found], COCO, ["{material}"]).names == {"wall": "house", "pane": "window-other"}
    host.assign({coco("tree"): ["|house.f[2]"]})
    (found,) = host.objects()
    left = table([found], COCO, ["{material}"])
    assert left.names == {"pane": "window-other"} and left.shared == ("wall",), "wall is on a tree and on the house"


def test_letters_are_compared_as_the_reader_does():
    found = table([thing("|a|Leaf", "tree"), thing("|b|leaf", "bush")], COCO, ["{shape}"])
    assert not found.names and found.shared == ("Leaf",)


def test_the_rule_is_found_out_from_a_rendered_file():
    things = [PINE, thing("|set:hill|set:hillShape", "mountain"), thing("|new|newShape", "house")]
    things.append(thing("|set:post|set:postShape", ""))
    shares = {"pineShape": 0.2, "hillShape": 0.4, "postShape": 0.1, "matte_card": 0.3, "default_surface": 0.0}
    shares.update(road=0.05)
    rendered = Rendered("f.exr", "crypto_object", shares, {"road": "road"})
    found = table(things, COCO, templates_of("any", OBJECT), rendered)
    assert found.names == {"pineShape": "tree", "hillShape": "mountain", "newShape": "house"}, "one way of all"
    assert found.unnamed == ("matte_card", "postShape") and found.unseen == ("|new",)
    words = " ".join(found.notes(OBJECT))
    assert "2 names (matte_card, postShape) of the rendered file without class" in words
    assert "1 thing (|new) with a class not in the rendered file" in words
    foreign = table(things, COCO, templates_of("any", OBJECT), Rendered("f.exr", "c", {"x": 1.0}))
    assert foreign.names == {} and foreign.unnamed == ("x",) and len(foreign.unseen) == 3


def test_more_names_than_a_shot_takes_are_refused_in_words(monkeypatch):
    monkeypatch.setattr(cryptomatte_names, "MOST", 3)
    with pytest.raises(InputRefused, match="more than the 3 that a shot takes"):
        table([PINE], COCO, templates_of("arnold", OBJECT))
    with pytest.raises(InputRefused, match="nothing in the scene has a class"):
        table([thing("|a|b", "")], COCO, ["{shape}"])
    with pytest.raises(InputRefused, match=f"of any, {', '.join(RENDERERS)}"):
        templates_of("mental ray", OBJECT)


def test_a_name_goes_before_a_pattern_that_fits_it():
    things = [thing("|grove", "tree", kind="instancer"), thing("|grove_house", "house")]
    assert list(table([*things, thing("|a|grove_rock", "rock")], COCO, ["{shape}"]).names)[-1] == "grove*"


BARN = SceneObject("|World|barn", "|stage|stageShape,/World/barn", "prim", class_id=coco("house"))


def test_the_reader_finds_what_is_inside_stand_ins_and_stages():
    pytest.importorskip("numpy", reason="the server's side needs Python 3.11 and its packages")
    from shared.passes.cryptomatte import class_of

    found = table([BARN], COCO, templates_of("any", OBJECT), None, {"pine*": "tree"})
    names = {"/World/barn": "house", "/World/barn/roof": "house", "barn": "house", "pine_01": "tree"}
    names.update({"^shape^pine_01": "tree", "/World/forest/pine_01/trunk": "tree", "ns:pine_2": "tree"})
    for name, means in names.items():
        assert class_of(name, COCO, found.names) == COCO.find(means).id, name
    assert class_of("/World/spineless", COCO, found.names) is None


def test_of_what_is_inside_a_rendered_file_leaves_what_it_holds():
    shares = {"/World/barn/roof": 0.5, "pine_7": 0.4, "/World/sign": 0.1}
    inner = {"pine*": "tree", "x": "river"}
    found = table([BARN], COCO, templates_of("any", OBJECT), Rendered("f", "c", shares), inner)
    assert found.names == {"/World/barn": "house", "/World/barn/*": "house", "pine*": "tree"}
    assert found.unnamed == ("/World/sign",) and found.unseen == ()


@pytest.mark.parametrize(
    ("files", "chosen", "pattern", "frames"),
    [
        (["b.1001.exr", "b.1002.exr", "c.1003.exr"], "b.1002.exr", "b.####.exr", [1001, 1002]),
        (["b_v003.exr", "b_v004.exr"], "b_v003.exr", "b_v003.exr", []),
        (["b.9.exr", "b.10.exr"], "b.9.exr", "b.#.exr", [9, 10]),
        (["b.-001.exr", "b.000.exr"], "b.000.exr", "b.###.exr", [-1, 0]),
        (["sh010_0099.exr", "sh010_0100.exr"], "sh010_0100.exr", "sh010_####.exr", [99, 100]),
        (["0998.exr", "0999.exr"], "0998.exr", "####.exr", [998, 999]),
        (["plate.exr"], "plate.exr", "plate.exr", []),
    ],
)
def test_the_sequence_that_a_frame_is_of(tmp_path, files, chosen, pattern, frames):
    for name in files:
        (tmp_path / name).write_bytes(b"")
    assert cryptomatte_shot.sequence(tmp_path / chosen) == (pattern, frames)
    with pytest.raises(InputRefused, match="no such picture"):
        cryptomatte_shot.sequence(tmp_path / "gone.1001.exr")


@pytest.fixture
def valley(scene, host, tmp_path):
    """A shot scene with a referenced set below a namespace, whose pictures another renderer made."""
    from maya import cmds, world

    for group, names in {
        "train": ("Loco", "Tender", "Wagon1"),
        "land": ("Ground", "GroundFar", "GrassBlades", "Track", "House1"),
        "trees": [f"Tree{n:03d}" for n in (1, 15, 31, 42, 45, 54, 69, 70, 75, 100, 126, 153, 214, 218, 252, 481)],
    }.items():
        for name in names:
            cmds.polyCube(name=name)
        cmds.group(*names, name=group)
    cmds.file(rename=str(tmp_path / "set_v012.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(newFile=True, force=True)
    cmds.file(str(tmp_path / "set_v012.ma"), reference=True, namespace="set")
    cmds.polyCube(name="kiosk")
    world.camera()
    host.assign({coco("train"): ["|set:train"], coco("tree"): ["|set:trees"], coco("house"): ["|kiosk"]})
    host.assign({coco("grass"): ["|set:land|set:Ground", "|set:land|set:GroundFar"]})
    host.assign({coco("railroad"): ["|set:land|set:Track"], coco("house"): ["|set:land|set:House1", "|kiosk"]})
    host.save_settings(Settings(rest="sky-other"))
    cmds.file(rename=str(tmp_path / "sh010.ma"))
    cmds.file(save=True, type="mayaAscii")
    (tmp_path / "beauty").mkdir()
    for frame in (1001, 1002):
        shutil.copy(RENDERED, tmp_path / "beauty" / f"b.{frame}.exr")
    return tmp_path / "sh010.ma"


def test_somebody_elses_render_is_painted_without_a_pass_of_ours(valley, tmp_path):
    """mayapy writes names and shot.json, `semrender check` reads them, `semrender render` paints."""
    np = pytest.importorskip("numpy", reason="the server's side needs Python 3.11 and its packages")
    from PIL import Image

    from tests.conftest import semrender
    from tests.maya_plugin.test_end_to_end import run

    places.write_json(places.installation_file(), {"python": sys.executable, "version": "0"})
    out = tmp_path / "out"
    names = ["--names", str(tmp_path / "names.json"), "--names-of", OBJECT, "--camera", "shotcam", "--out", str(out)]
    command = [sys.executable, "-m", "maya_plugin.batch", str(valley), *names]
    done, told = run([*command, "--rendered", str(tmp_path / "beauty" / "b.1001.exr")])
    assert done.returncode == 0, (done.stdout, done.stderr)
    (event,) = told
    words = " ".join(event["notes"])
    assert "4 names (GrassBlades, 7f0218ae, Tree745, Wagon5) of the rendered file without class" in words
    assert "1 thing (|kiosk) with a class not in the rendered file" in words
    written = json.loads((tmp_path / "names.json").read_text("utf-8"))
    assert written["Loco"] == "train" and written["Tree126"] == "tree" and "GrassBlades" not in written
    shot = json.loads((out / "shot.json").read_text("utf-8"))
    assert (shot["first"], shot["last"], shot["layers"][0]["labels"]) == (1001, 1002, "../beauty/b.####.exr")

    checked = semrender("check", out)
    assert checked.returncode == 0, checked.stderr
    painted = semrender("render", out, "--out", tmp_path / "painted", "--frames", "1001")
    assert painted.returncode == 0, painted.stderr
    delivery = json.loads((tmp_path / "painted" / "delivery.json").read_text("utf-8"))
    (picture,) = (tmp_path / "painted" / "beauty").glob("*.1001.png")
    pixels = np.asarray(Image.open(picture).convert("RGBA"))
    assert pixels.shape == (108, 192, 4) and pixels[..., 3].min() == 255, "what has no class is the sky"
    assert delivery["layers"] and pixels[..., :3].std() > 10
