"""The viewer: what is read of a delivery and of a job, who gets no picture, and all of it in a real browser."""

import io
import json
import shutil
import struct
import wave
from fractions import Fraction

import cv2
import numpy as np
import psutil
import pytest
from PIL import Image

from inference_server.desk import folders
from shared.compared import open_compared
from shared.label_set import load_label_set
from tests.conftest import ROOT
from tests.inference_server.desk.axe import complaints
from tests.inference_server.desk.conftest import enter, running_desk
from tests.inference_server.servers import job_of, running_server, wait_for
from tests.shared.sound_files import clip_with_sound

BEFORE = ROOT / "tests" / "data" / "before"


@pytest.fixture
def painted(tmp_path):
    """A delivery of three PNG frames, and beside it a take of one EXR frame in another look."""
    folder = tmp_path / "sh010"
    shutil.copytree(BEFORE / "painted", folder)
    take = tmp_path / "sh010_take002"
    shutil.copytree(BEFORE / "painted_exr", take)
    told = json.loads((take / "delivery.json").read_text())
    told["layers"][0]["provenance"]["seed"] = 8
    told["shot"]["uid"] = json.loads((folder / "delivery.json").read_text())["shot"]["uid"]
    (take / "delivery.json").write_text(json.dumps(told))
    return folder


def opened(desk, path):
    return desk.post("/api/look", {"path": str(path)})["at"]


def refused(desk, path, words, status=(404, 422)):
    got, found = desk.ask("GET", path)
    assert got in status and words in found["error"]["words"], (got, found)


def test_a_delivery_is_read_as_it_is_compared(desk, painted):
    at = opened(desk, painted / "delivery.json")
    look = desk.get(f"/api/look/{at}")
    assert [(one["name"], one["kind"]) for one in look["reels"]] == [
        ("painting", "painting"),
        ("matte:m_all_tree", "matte"),
    ]
    assert (look["fps"], look["first"], look["last"], look["movie"]) == ([24, 1], 1001, 1003, None)
    assert [(take["title"], take["differs"]) for take in look["takes"]] == [("sh010_take002", ["seed 7 -> 8"])]
    assert desk.get(f"/api/look/{at}/letters?reel=painting") == {"first": 1001, "letters": "ppp"}
    file = painted / "all" / "before_all.1002.png"
    frame = f"/api/look/{at}/picture?reel=painting&frame=1002"
    status, headers, content = desk.raw("GET", frame, headers={"Cookie": desk.cookie})
    assert (status, content, headers["x-size"]) == (200, file.read_bytes(), "64x36"), "what a browser can read is sent"
    again = desk.raw("GET", frame, headers={"Cookie": desk.cookie, "If-None-Match": headers["etag"]})
    assert (again[0], again[2]) == (304, b"")
    file.unlink()
    assert desk.get(f"/api/look/{at}/letters?reel=painting")["letters"] == "pwp"
    refused(desk, frame, "there is no such file")

    take = look["takes"][0]["at"]
    desk.get(f"/api/look/{take}")
    shown = cv2.imdecode(np.frombuffer(desk.get(f"/api/look/{take}/picture?reel=painting&frame=1001"), np.uint8), -1)
    over_black = (shown[..., :3] * (shown[..., 3:] / 255) + 0.5).astype(int)
    expected = open_compared(painted.with_name("sh010_take002")).picture(1001)
    assert np.abs(over_black[..., ::-1] - expected).max() <= 1, "an EXR as the comparison shows it"
    small = Image.open(io.BytesIO(desk.get(f"/api/look/{take}/picture?reel=painting&frame=1001&side=384")))
    assert small.format == "WEBP"


def test_layers_over_one_another_and_a_sequence_without_a_delivery(desk, painted, tmp_path):
    told = json.loads((painted / "delivery.json").read_text())
    told["layers"][0]["opacity"] = 50.0
    (painted / "delivery.json").write_text(json.dumps(told))
    for path, frame in ((painted, 1001), (BEFORE / "passes", 1002)):
        at = opened(desk, path)
        desk.get(f"/api/look/{at}")
        content = desk.get(f"/api/look/{at}/picture?reel=painting&frame={frame}")
        shown = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
        assert np.array_equal(shown, open_compared(path).picture(frame))


def test_nothing_is_read_that_was_not_opened(desk, painted, tmp_path, monkeypatch):
    at = opened(desk, painted)
    picture = f"/api/look/{at}/picture?reel=painting&frame="
    for path, words in (
        ("/api/look/nothing", "was not opened here"),
        (f"/api/look/{'0' * 32}", "no server runs"),
        (f"/api/look/{at}/picture?reel=../../etc/passwd&frame=1001", "there are no such pictures"),
        (f"{picture}1004", "no such frame"),
        (f"{picture}../1001", "whole number"),
        (f"{picture}1001&side=100000", "other sizes"),
        (f"/api/look/{at}/class?reel=painting&frame=1001&u=2&v=0", "0 to 1"),
        (f"/api/look/{at}/class?reel=painting&frame=1001&u=nan&v=0", "0 to 1"),
        (f"/api/look/{at}/movie", "there is no movie"),
    ):
        refused(desk, path, words, (404, 422, 503))
    for path, words in (
        ("passwd", "no whole path"),
        (str(tmp_path / "none"), "nothing of that name"),
        ("/etc/passwd", ""),
    ):
        status, found = desk.ask("POST", "/api/look", {"path": path})
        if status == 200:  # a file can be named; what is no picture is not shown
            desk.get(f"/api/look/{found['at']}")
            status, found = desk.ask("GET", f"/api/look/{found['at']}/picture?reel=painting&frame=1")
        assert status in (404, 422) and words in found["error"]["words"], found
    assert desk.ask("GET", "/api/look/..%2f..%2fetc")[0] == 404
    secret = tmp_path / "secret.png"
    Image.new("RGB", (64, 36)).save(secret)
    link = painted / "all" / "before_all.1001.png"
    link.unlink()
    link.symlink_to(secret)
    refused(desk, f"{picture}1001", "there is no such file")
    link.unlink()
    bomb = (painted / "all" / "before_all.1002.png").read_bytes()
    link.write_bytes(bomb[:16] + struct.pack(">II", 60000, 60000) + bomb[24:])
    refused(desk, f"{picture}1001", "no frame", (404, 422))
    monkeypatch.setattr(folders.sys, "platform", "linux")
    monkeypatch.setattr(folders.shutil, "which", lambda name: None)
    status, found = desk.ask("POST", f"/api/look/{at}/folder", {})
    assert status == 422 and str(painted) in found["error"]["words"]


def shown(page):
    return page.locator(".stage").get_attribute("data-shown")


def colour(page, u, v):
    """What the stage shows there."""
    return page.locator(".stage canvas").evaluate(
        "(c, [u, v]) => [...c.getContext('2d').getImageData(c.width * u, c.height * v, 1, 1).data].slice(0, 3)", [u, v]
    )


def move(page, u, v):
    box = page.locator(".stage").bounding_box()
    page.mouse.move(box["x"] + u * box["width"], box["y"] + v * box["height"])


def test_a_job_is_looked_at_while_it_is_painted(page, desk, add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    sky, grass = (load_label_set("coco_stuff").find(name) for name in ("sky", "grass"))
    colours = load_label_set("coco_stuff").palettes["runway"].colors
    with running_server() as client:
        job = client.submit(job_of(colour_frames(count=4), tmp_path / "out", model))
        gate(2)
        enter(page, desk, f"look/{job}")
        wait_for(lambda: shown(page) == "1001")
        page.keyboard.press("ArrowRight")
        wait_for(lambda: shown(page) == "1002")
        page.keyboard.press("End")
        page.locator(".stage .words", has_text="Frame 1004").wait_for()
        gate(None)
        wait_for(lambda: shown(page) == "1004"), "it appears while it is looked at"

        page.locator(".scrub").click(position={"x": 4, "y": 10})
        wait_for(lambda: shown(page) == "1001")
        assert page.locator(".scrub").get_attribute("aria-valuetext") == "Frame 1001: painted"
        wait_for(lambda: page.evaluate("location.hash").endswith("/1001")), "the address says the frame"

        page.keyboard.press("w")
        wait_for(lambda: colour(page, 0.6, 0.1) == list(colours[sky.id])), "labels at the right"
        assert colour(page, 0.4, 0.1) != list(colours[sky.id])
        line = page.locator(".wipe").bounding_box()
        page.mouse.move(line["x"] + 12, line["y"] + 100)
        page.mouse.down()
        move(page, 0.3, 0.3)
        page.mouse.up()
        wait_for(lambda: colour(page, 0.4, 0.1) == list(colours[sky.id]))
        page.locator(".wipe").press("End")
        wait_for(lambda: page.locator(".wipe").get_attribute("aria-valuenow") == "100")

        move(page, 0.4, 0.9)
        label = page.locator(".under .class")
        label.filter(has_text="grass").wait_for()
        assert f"{grass.id} #{bytes(colours[grass.id]).hex().upper()} in shot" in label.inner_text()
        page.locator(".stage").focus()
        page.keyboard.press("p")
        label.filter(has_text="grass").wait_for()  # in the middle of the view
        page.keyboard.press("0")
        page.locator(".zoom", has_text="100 %").wait_for()
        page.keyboard.press("f")

        page.keyboard.press("l")
        page.locator(".rate", has_text="of 24 fps").wait_for()
        page.keyboard.press("k")
        page.locator(".play", has_text="▶").wait_for()

        other = job_of(tmp_path / "labels", tmp_path / "out", model)
        second = client.submit({**other, "shot": {**other["shot"], "seed": 7}})
        *_, last = client.watch(second)
        assert last["event"] == "done"
        page.reload()
        wait_for(lambda: shown(page) is not None)
        page.keyboard.press("c")
        page.get_by_role("option", name="out_take002. seed 0 -> 7").click()
        page.get_by_role("button", name="Look at it (A)").click()
        page.locator(".tag.left", has_text="out_take002 (seed 0 -> 7)").wait_for()
        wait_for(lambda: shown(page) in ("1001", "1002", "1003", "1004"))
        with page.expect_download() as kept:
            page.get_by_role("link", name="Movie").click()
        assert kept.value.suggested_filename == "shot.mp4"


def test_an_exr_and_its_folder_in_the_page(page, desk, painted, node_modules):
    enter(page, desk, "look")
    page.get_by_role("textbox", name="A folder").fill(str(painted.with_name("sh010_take002")))
    page.keyboard.press("Enter")
    wait_for(lambda: shown(page) == "1001")
    expected = open_compared(painted.with_name("sh010_take002")).picture(1001)[4, 32]
    assert np.abs(np.array(colour(page, 0.5, 4.5 / 36)) - expected).max() <= 2
    page.keyboard.press("w")
    assert complaints(page, node_modules) == {}
    page.keyboard.press("o")
    page.get_by_role("dialog").get_by_role("textbox").fill(str(painted))
    page.keyboard.press("Enter")
    page.locator(".tag.right", has_text="sh010").wait_for()


def test_no_clip_stays_open_behind_a_desk(state_folder, tmp_path):
    clip_with_sound(tmp_path / "click.mp4", Fraction(24), 12, 6)
    with running_desk() as desk:
        at = opened(desk, tmp_path / "click.mp4")
        status = desk.raw("GET", f"/api/look/{at}/picture?reel=painting&frame=1", headers={"Cookie": desk.cookie})[0]
        assert status == 200
    assert not [one for one in psutil.Process().open_files() if one.path == str(tmp_path / "click.mp4")]


def test_a_clip_is_heard_while_it_plays(page, desk, tmp_path):
    clip_with_sound(tmp_path / "click.mp4", Fraction(24), 12, 6)
    at = opened(desk, tmp_path / "click.mp4")
    assert desk.get(f"/api/look/{at}")["sounds"]
    with wave.open(io.BytesIO(desk.get(f"/api/look/{at}/sound"))) as heard:
        assert (heard.getnframes(), heard.getframerate()) == (12 * 2000, 48000), "as long as its frames"
    assert desk.raw("GET", f"/api/look/{at}/sound", headers={"Cookie": desk.cookie, "Range": "bytes=0-9"})[0] == 206

    enter(page, desk, f"look/{at}")
    wait_for(lambda: shown(page) == "1")
    playing = "document.querySelector('.viewer') && window.heard.map((one) => !one.paused)"
    page.evaluate(
        """() => {
            window.heard = [];
            const play = HTMLMediaElement.prototype.play;
            HTMLMediaElement.prototype.play = function () { window.heard.push(this); return play.call(this); };
        }"""
    )
    page.keyboard.press("l")
    wait_for(lambda: page.evaluate(playing)[:1] == [True])
    page.get_by_role("button", name="Sound").click()
    assert page.evaluate("window.heard[0].muted")
    page.keyboard.press("j")
    wait_for(lambda: page.evaluate(playing)[:1] == [False]), "backwards it is silent"
