"""Painting from the page: what is named or dropped, what is refused of it and where, and the whole way in a browser."""

import io
import json
import struct
from fractions import Fraction

import numpy as np
from PIL import Image

from shared.label_set import load_label_set
from shared.shot import read_shot
from tests.conftest import ROOT
from tests.inference_server.desk.axe import complaints
from tests.inference_server.desk.conftest import drop, enter, fresh_page, running_desk
from tests.inference_server.servers import job_of, kill, running_server, start_server, stop, wait_for
from tests.shared.sound_files import clip_with_sound

PASSES = ROOT / "tests" / "data" / "passes"
PINK = [255, 0, 170]


def opened(desk, **ask):
    return desk.post("/api/paint", {name: str(value) for name, value in ask.items()})["at"]


def refused(desk, method, path, words, body=None, status=(404, 422)):
    got, found = desk.ask(method, path, body)
    assert got in status and words in found["error"]["words"], (got, found)


def pixels(desk, at, frame, layer=""):
    """The picture of a pass, (H, W, 4), and how many of its pixels are refused."""
    path = f"/api/paint/{at}/picture?layer={layer}&frame={frame}"
    status, headers, content = desk.raw("GET", path, headers={"Cookie": desk.cookie})
    assert status == 200, content
    return np.array(Image.open(io.BytesIO(content)).convert("RGBA")), int(headers["x-refused"])


def soil(file, count=7):
    """Pixels of a label frame get a colour that is no class."""
    picture = np.array(Image.open(file))
    picture[3, 5 : 5 + count, :3] = (1, 2, 3)
    Image.fromarray(picture).save(file)


def bomb(file):
    """A PNG that claims to be as large as a town."""
    head = (PASSES / "clean.png").read_bytes()
    file.write_bytes(head[:16] + struct.pack(">II", 60000, 60000) + head[24:])


def test_what_is_named_becomes_a_shot_and_its_passes_are_seen(desk, colour_frames, tmp_path):
    labels = colour_frames()
    at = opened(desk, path=labels)
    told = desk.get(f"/api/paint/{at}")
    assert (told["title"], told["kind"], told["frames"]) == ("shot", "labels", [1001, 1004])
    assert [layer["labels"] for layer in told["shot"]["layers"]] == ["shot.####.png"]
    assert opened(desk, path=labels) == at, "it keeps its name"
    picture, marked = pixels(desk, at, 1001)
    assert marked == 0 and np.array_equal(picture, np.array(Image.open(labels / "shot.1001.png")))
    spot = desk.get(f"/api/paint/{at}/class?frame=1001&u=0.9&v=0.9")
    assert spot["class"]["name"] == "grass"

    soil(labels / "shot.1002.png")
    picture, marked = pixels(desk, at, 1002)
    assert marked == 7 and picture[3, 5:12, :3].tolist() == [PINK] * 7
    assert picture[20, 40, :3].tolist() != np.array(Image.open(labels / "shot.1002.png"))[20, 40, :3].tolist(), "dimmed"

    ade = load_label_set("ade20k")
    (palette,) = ade.palettes.values()
    colours = np.array([palette.colors[ade.find(name).id] for name in ("sky", "grass", "bed")], np.uint8)
    (tmp_path / "ade").mkdir()
    Image.fromarray(colours[np.arange(64 * 36).reshape(36, 64) % 3]).save(tmp_path / "ade" / "a.0001.png")
    told = desk.get(f"/api/paint/{opened(desk, path=tmp_path / 'ade')}")
    assert told["shot"]["label_set"] == "ade20k" and "no other label set" in told["notes"][0]

    desk.post(f"/api/paint/{at}/as", {"kind": "picture"})
    told = desk.get(f"/api/paint/{at}")
    assert told["shot"]["layers"][0]["picture"] == "shot.####.png" and told["kind"] == "picture"
    sets = {one["name"]: one for one in desk.get("/api/label-sets")["sets"]}
    assert sets["coco_stuff"]["classes"] == len(desk.get("/api/label-sets/coco_stuff")["classes"])


def test_the_shot_is_saved_beside_its_passes_and_elsewhere(desk, colour_frames, tmp_path):
    labels = colour_frames()
    at = opened(desk, path=labels)
    shot = {**desk.get(f"/api/paint/{at}")["shot"], "map": {"grass": "sky"}}
    desk.post(f"/api/paint/{at}/save", {"shot": shot, "path": str(labels / "shot.json")})
    made, base = read_shot(labels / "shot.json")
    assert (made.map, made.layers[0].labels, base) == ({"grass": "sky"}, "shot.####.png", labels)
    save = f"/api/paint/{at}/save"
    refused(desk, "POST", save, "already", {"path": str(labels / "shot.json")})
    desk.post(save, {"path": str(labels / "shot.json"), "replace": True})
    desk.post(save, {"path": str(tmp_path / "other.json")})
    made, base = read_shot(tmp_path / "other.json")
    assert made.layers[0].labels == (labels / "shot.####.png").as_posix()
    assert desk.get(f"/api/paint/{at}")["shot"]["map"] == {"grass": "sky"}, "the page that was closed goes on"
    for path, words in (("shot.json", "no whole path"), (tmp_path / "a.txt", "json"), ("/none/shot.json", "no such")):
        refused(desk, "POST", save, words, {"path": str(path)})
    refused(desk, "POST", save, '"name"', {"shot": {**shot, "name": "../x"}, "path": str(tmp_path / "b.json")})


def put(desk, drop, name, content, size=None):
    path = f"/api/paint/dropped/{drop}?name={name}&size={len(content) if size is None else size}"
    return desk.ask("PUT", path, content)


def test_what_is_dropped_lies_in_a_folder_of_its_own(desk, colour_frames, tmp_path, state_folder):
    drop = desk.post("/api/paint/dropped")["drop"]
    for name in (
        "../a.png",
        "/etc/passwd",
        "a/../../b",
        "a%00b",
        "..",
        "a%5Cb",
        "c:x",
        "a//b",
        "/".join("abcdefghijk"),
    ):
        assert put(desk, drop, name, b"x")[0] == 422, name
    assert put(desk, drop, "a.png", b"x", size=2)[0] == 422 and put(desk, drop, "a.png", b"xyz", size=2)[0] == 422
    assert put(desk, drop, "a.png", b"x", size=10**15)[0] in (422, 500)
    assert put(desk, "0" * 22, "a.png", b"x")[0] == 404 and put(desk, "..", "a.png", b"x")[0] == 404
    assert desk.ask("PUT", f"/api/paint/dropped/{drop}?name=a&size=1", b"x", Origin="https://evil.example")[0] == 403
    assert not [file for file in (state_folder / "desk_dropped").rglob("*") if file.is_file()]

    labels = colour_frames(count=2)
    for file in sorted(labels.iterdir()):
        assert put(desk, drop, f"passes/{file.name}", file.read_bytes())[0] == 200
    at = opened(desk, drop=drop)
    assert at == drop and desk.get(f"/api/paint/{at}")["frames"] == [1001, 1002]
    assert pixels(desk, at, 1002)[1] == 0

    drop = desk.post("/api/paint/dropped")["drop"]
    put(
        desk,
        drop,
        "shot.json",
        json.dumps({**read_shot_json(), "layers": [{"name": "a", "labels": "far/l.####.png"}]}).encode(),
    )
    refused(desk, "POST", "/api/paint", "were not dropped", {"drop": drop})

    drop = desk.post("/api/paint/dropped")["drop"]
    put(desk, drop, "crypto.exr", (PASSES / "crypto.exr").read_bytes())
    put(desk, drop, "names.csv", b"name,class\nTree*,tree\n")
    at = opened(desk, drop=drop)
    assert desk.get(f"/api/paint/{at}")["shot"]["layers"][0]["read"] == {"names": {"Tree*": "tree"}}

    drop = desk.post("/api/paint/dropped")["drop"]
    bomb(tmp_path / "bomb.png")
    put(desk, drop, "bomb.0001.png", (tmp_path / "bomb.png").read_bytes())
    at = opened(desk, drop=drop)
    refused(desk, "GET", f"/api/paint/{at}/picture?frame=1", "60000x60000, which is no frame")


def read_shot_json():
    return {"format": 1, "name": "s", "fps": 24, "first": 1, "last": 2}


def test_nothing_is_painted_from_what_was_not_opened(desk, tmp_path):
    for path in ("nothing", "0" * 22, "..%2f..%2fetc"):
        status, _ = desk.ask("GET", f"/api/paint/{path}")
        assert status == 404
    refused(desk, "POST", "/api/paint", "no whole path", {"path": "labels"})
    refused(desk, "POST", "/api/paint", "", {"path": str(tmp_path / "none")})
    refused(desk, "POST", "/api/paint", "no server runs", {"job": "0" * 32}, status=(503,))
    (tmp_path / "empty").mkdir()
    refused(desk, "POST", "/api/paint", "", {"path": str(tmp_path / "empty")})


def stage(page, shown):
    """The stage, with a picture (x) or none (-) on each side."""
    page.locator(f".stage[data-shown={shown}]").wait_for()


def colour(page, u, v):
    """What the stage shows there, 0..1 of its picture, which fills its width."""
    return page.locator(".stage canvas").evaluate(
        """(c, [u, v]) => {
            const high = c.width * 36 / 64;
            const y = (c.height - high) / 2 + high * v;
            return [...c.getContext('2d').getImageData(c.width * u, y, 1, 1).data].slice(0, 3);
        }""",
        [u, v],
    )


def test_from_dropped_labels_to_a_painted_movie(page, desk, node_modules, add_sleep_model, colour_frames, tmp_path):
    add_sleep_model(licence="For tests alone", title="Flat")
    labels = colour_frames()
    soil(labels / "shot.1001.png")
    coco = load_label_set("coco_stuff").palettes["runway"].colors
    with running_server():
        enter(page, desk, "models")
        page.get_by_role("link", name="Paint with it: Flat").click()
        page.get_by_text("is painted with stand-in").wait_for()
        drop(page, *sorted(labels.iterdir()))
        page.get_by_text("1 thing must be mended first").wait_for()
        assert "7 of 2304 pixels" in page.locator(".problems .bad").inner_text()
        page.get_by_role("button", name="Show where").click()
        page.get_by_text("7 pixels are refused, marked in pink").wait_for()
        assert colour(page, 7.5 / 64, 3.5 / 36) == PINK
        assert complaints(page, node_modules) == {}
        page.get_by_role("button", name="Take the nearest class").click()
        page.get_by_text("the first frame can be painted").wait_for()
        page.locator(".caption").wait_for(state="hidden")
        page.get_by_text("How the label passes are read").click()
        assert page.get_by_label("Soiled pixels").input_value() == "nearest"

        assert page.get_by_role("radio", name="Flat").is_checked()
        page.get_by_role("button", name="Try frame 1001").click()
        page.get_by_text("For tests alone", exact=True).last.wait_for()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("Not tried yet").wait_for(state="hidden")
        page.locator(".stage").focus()
        page.keyboard.press("t")
        page.get_by_role("button", name="I have read it").click()
        stage(page, "xx")
        page.locator(".wipe").wait_for()
        page.keyboard.press("b")
        grass = lambda: colour(page, 0.9, 0.9)  # noqa: E731
        sky = lambda: colour(page, 0.9, 0.1)  # noqa: E731
        wait_for(lambda: grass() != sky() and grass() != list(coco[load_label_set("coco_stuff").find("grass").id]))

        box = page.locator(".stage").bounding_box()
        page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2 + 0.2 * box["width"])
        field = page.get_by_label("What grass is painted as")
        wait_for(lambda: field.evaluate("(one) => one === document.activeElement")), "a click finds its class"
        field.fill("sky-other")
        field.press("Enter")
        page.get_by_text("Changed since the frame was tried").wait_for()
        page.get_by_text("the first frame can be painted").wait_for()
        before = grass()
        page.get_by_role("button", name="Try frame 1001").click()
        wait_for(lambda: grass() != before), "it is painted as something else now"

        page.get_by_role("button", name="Save shot.json").click()
        page.get_by_label("File on this machine").fill(str(tmp_path / "kept.json"))
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("The shot was written to").wait_for()
        kept, _ = read_shot(tmp_path / "kept.json")
        assert (kept.map, kept.model, kept.layers[0].read) == ({"grass": "sky-other"}, "stand-in", {"mode": "nearest"})

        page.reload()
        assert page.get_by_label("What grass is painted as").input_value() == "sky-other", "nothing is lost"
        page.get_by_role("button", name="Paint …").click()
        assert complaints(page, node_modules) == {}
        page.get_by_label("Folder").fill(str(tmp_path / "out"))
        page.get_by_role("dialog").get_by_role("button", name="Paint", exact=True).click()
        page.get_by_text("done, 4 of 4 frames").wait_for()
        assert (tmp_path / "out" / "movie.mp4").is_file()
        page.get_by_role("link", name="Look at it over its pass").click()
        page.locator(".wipe").wait_for()
        page.locator(".tag.right", has_text="Labels").wait_for()
        page.go_back()
        page.get_by_label("What grass is painted as").wait_for()


def test_a_clip_a_cryptomatte_and_what_is_no_picture(browser, page, desk, node_modules, colour_frames, tmp_path):
    clip = tmp_path / "singer.mp4"
    clip_with_sound(clip, Fraction(24), 6, 3)
    Image.new("RGB", (8, 8), (200, 120, 40)).save(tmp_path / "look.png")
    bomb(tmp_path / "bomb.0001.png")
    with running_server() as client:
        enter(page, desk, "paint")
        page.locator("input[type=file]").first.set_input_files(clip)
        page.get_by_text("needs a label pass").first.wait_for()
        page.get_by_text("the first frame can be painted").wait_for()
        assert page.get_by_role("radio", name="BlazePose").is_checked(), "what can be used of a clip alone"
        assert (
            page.get_by_role("combobox", name="Joints").input_value() == "blazepose33"
            and page.get_by_role("combobox", name="Smoothing").count()
        )
        lacks = page.locator(".cards .card", has_text="Match grade")
        assert "needs a reference picture" in lacks.inner_text() and lacks.get_by_role("radio").is_disabled()
        page.get_by_text("Further passes and sound").click()
        page.get_by_role("textbox", name="Reference picture").fill(str(tmp_path / "look.png"))
        page.keyboard.press("Enter")
        wait_for(lambda: page.get_by_role("radio", name="Match grade").is_checked()), "it uses more of what is there"
        page.get_by_text("the first frame can be painted").wait_for()
        assert page.locator(".cards [type=radio]").last.is_disabled(), "what cannot be used is last"
        assert "44100 Hz" in page.locator(".facts").inner_text(), "the clip's sound"
        assert complaints(page, node_modules) == {}
        page.get_by_role("button", name="Try frame 1").click()
        page.get_by_role("button", name="I have read it").click()
        stage(page, "xx")

        page.get_by_role("link", name="Paint from something else").click()
        drop(page, PASSES / "crypto_object.exr")
        page.locator(".findings .bad").first.wait_for()
        page.get_by_text("mean no class yet").wait_for()
        assert "marked in pink" in page.locator(".caption").inner_text()
        fields = page.locator("[aria-label^='The class of']")
        while (wanting := page.locator("tr.open input")).count():
            left = wanting.count()
            wanting.first.fill("tree")
            wanting.first.press("Enter")
            wait_for(lambda: page.locator("tr.open input").count() < left)  # noqa: B023
        page.get_by_text("the first frame can be painted").wait_for()
        assert fields.count() and complaints(page, node_modules) == {}

        page.goto(f"{desk.site}/#/paint")
        drop(page, tmp_path / "bomb.0001.png")
        page.get_by_text("60000x60000, which is no frame").first.wait_for()

        page.goto(f"{desk.site}/#/paint/colours/coco_stuff")
        page.get_by_role("searchbox").fill("river")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="river").click()
        page.get_by_text("was copied").wait_for()
        river = bytes(
            load_label_set("coco_stuff").palettes["runway"].colors[load_label_set("coco_stuff").find("river").id]
        )
        assert page.evaluate("navigator.clipboard.readText()") == f"#{river.hex().upper()}"
        assert complaints(page, node_modules) == {}

        job = client.submit(job_of(colour_frames(count=1), tmp_path / "out", "countryside_3"))
        client.cancel(job)
        with fresh_page(browser, "phone", "light") as phone:
            enter(phone, desk, "paint")
            phone.locator(".zone").wait_for()
            assert complaints(phone, node_modules) == {}
            phone.goto(f"{desk.site}/#/queue/{job}")
            phone.get_by_role("link", name="Paint otherwise").click()
            phone.get_by_text("the first frame can be painted").wait_for()
            assert complaints(phone, node_modules) == {}
            assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_server_that_goes_and_comes_back_while_the_page_is_open(page, desk, add_sleep_model, colour_frames):
    add_sleep_model(licence="For tests alone", title="Flat")
    at = opened(desk, path=colour_frames(count=1))
    server = start_server()
    try:
        enter(page, desk, f"paint/{at}")
        page.get_by_text("the first frame can be painted").wait_for()
    finally:
        kill(server)
    page.get_by_label("Seed").fill("5")
    page.get_by_label("Seed").press("Enter")
    page.locator(".findings .bad", has_text="server").wait_for()
    server = start_server()
    try:
        page.get_by_text("the first frame can be painted").wait_for()
        page.get_by_label("What sky-other is painted as").wait_for()
        other = page.context.new_page()
        other.goto(f"{desk.site}/#/paint/{at}")
        other.get_by_label("Seed").wait_for()
        assert other.get_by_label("Seed").input_value() == "5", "another page goes on with what was set"
        with running_desk() as anew:
            assert anew.get(f"/api/paint/{at}")["shot"]["seed"] == 5, "and a desk that was started anew"
    finally:
        stop(server)
