"""What is dropped comes whole or not at all: over a slow line, one that is cut, and as a folder from a file manager."""

import re
import socket

import numpy as np
from PIL import Image

from tests.inference_server.desk.conftest import drop, enter
from tests.inference_server.servers import running_server, wait_for

SLOW = {"offline": False, "latency": 300, "downloadThroughput": 50_000, "uploadThroughput": 50_000}  # 400 kbit/s
CUT = {**SLOW, "offline": True}
FAST = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}


def noise(folder, count=8, side=160):
    """Pictures that no packing makes small: 77 KB each."""
    folder.mkdir()
    random = np.random.default_rng(3)
    for number in range(count):
        pixels = random.integers(0, 256, (side, side, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"plate.{number + 1:04}.png")
    return folder


def line_of(page):
    """Sets what the page's line is like."""
    session = page.context.new_cdp_session(page)
    return lambda what: session.send("Network.emulateNetworkConditions", what)


def copied(page):
    """(files, KB) that the page says it has copied."""
    said = re.search(r"(\d+) of \d+ files? copied, (\d+) KB", page.locator(".from").inner_text())
    return tuple(map(int, said.groups())) if said else (0, 0)


def kept(state_folder):
    """Names of what lies in the folders of drops."""
    return sorted(file.name for file in (state_folder / "desk_dropped").rglob("*") if file.is_file())


def test_a_line_that_is_cut_leaves_nothing_half_written(desk, state_folder):
    name = desk.post("/api/paint/dropped")["drop"]
    for path, length in ((f"/api/paint/dropped/{name}?name=a.png&size=1000", 1000), ("/api/paint", 1000)):
        with socket.create_connection(("127.0.0.1", desk.port)) as line:
            method = "PUT" if "dropped" in path else "POST"
            head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{desk.port}\r\nOrigin: {desk.site}\r\n"
            line.sendall(f"{head}Cookie: {desk.cookie}\r\nContent-Length: {length}\r\n\r\n".encode() + b"x" * 400)
            if method == "PUT":
                wait_for(lambda: kept(state_folder))
        wait_for(lambda: not kept(state_folder))
    assert desk.ask("PUT", f"/api/paint/dropped/{name}?name=a.png&size=3", b"abc")[0] == 200, "it can come again"
    assert kept(state_folder) == ["a.png"] and not (state_folder / "reports").exists(), "a cut line is no fault of ours"
    desk.post(f"/api/paint/dropped/{name}/forget")
    assert not kept(state_folder)
    for other in ("..", "0" * 22, name):
        assert desk.ask("POST", f"/api/paint/dropped/{other}/forget", {})[0] in (404, 405), other


def test_a_slow_line_is_told_and_can_be_stopped(page, desk, state_folder, tmp_path):
    files = sorted(noise(tmp_path / "plates").iterdir())
    with running_server():
        enter(page, desk, "paint")
        page.locator(".zone").wait_for()
        line = line_of(page)
        line(SLOW)
        drop(page, *files)
        wait_for(lambda: 0 < copied(page)[1] < 500), "bytes are told, not files alone"
        page.get_by_text(re.compile(r"copied, .* left|copied, .* …")).wait_for()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("Nothing was kept of it.").wait_for()
        wait_for(lambda: not kept(state_folder))

        drop(page, *files)
        wait_for(lambda: copied(page)[1] > 0)
        line(CUT)
        page.get_by_text("the line broke and is tried again").wait_for()
        wait_for(lambda: all(re.fullmatch(r"plate\.\d{4}\.png", name) for name in kept(state_folder)))
        line(FAST)
        page.get_by_text("What the pictures are").wait_for()
        assert len(kept(state_folder)) == 8, "it went on by itself"


def test_a_line_that_stays_cut_can_be_taken_up_by_hand(page, desk, state_folder, tmp_path):
    files = sorted(noise(tmp_path / "plates").iterdir())
    with running_server():
        page.clock.install()
        enter(page, desk, "paint")
        page.locator(".zone").wait_for()
        line = line_of(page)
        line(SLOW)
        drop(page, *files)
        wait_for(lambda: copied(page)[1] > 0)
        line(CUT)

        def later():
            page.clock.run_for(1000)
            return page.get_by_role("button", name="Go on").count()

        wait_for(later)
        page.get_by_text("When the desk answers again, the others can follow").wait_for()
        line(FAST)
        page.get_by_role("button", name="Go on").click()
        page.get_by_text("What the pictures are").wait_for()
        assert len(kept(state_folder)) == 8


def test_what_is_waited_for_has_words(page, desk, colour_frames, add_sleep_model):
    add_sleep_model(licence="For tests alone", title="Flat")
    at = desk.post("/api/paint", {"path": str(colour_frames())})["at"]
    with running_server():
        enter(page, desk, f"paint/{at}")
        page.locator(".stage[data-shown='x-']").wait_for()
        page.get_by_text("the first frame can be painted").wait_for()
        line = line_of(page)
        line({**SLOW, "latency": 2000})
        page.get_by_label("Frame number").fill("1002")
        page.get_by_label("Frame number").press("Enter")
        page.locator(".stage .words", has_text="Loading").wait_for()
        page.locator(".stage .words").wait_for(state="hidden")
        page.get_by_label("Seed").fill("4")
        page.get_by_label("Seed").press("Enter")
        page.get_by_text("Looking at the passes …").wait_for()
        page.get_by_role("button", name="Paint …").click()
        page.get_by_role("button", name="I have read it").click()
        page.get_by_role("dialog").get_by_role("button", name="Paint", exact=True).click()
        page.get_by_text("Handing it over …").wait_for()


def test_a_folder_from_a_file_manager_comes_with_what_is_in_it(page, desk, state_folder, colour_frames, tmp_path):
    shot = tmp_path / "show"
    shot.mkdir()
    colour_frames().rename(shot / "passes")
    (shot / ".DS_Store").write_bytes(b"x")
    with running_server():
        enter(page, desk, "paint")
        box = page.locator(".zone").bounding_box()
        session = page.context.new_cdp_session(page)
        data = {"items": [], "files": [str(shot)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            place = {"x": box["x"] + 40, "y": box["y"] + 40}
            session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})
        page.get_by_text("the first frame can be painted").wait_for()
        found = [file.parent.relative_to(state_folder).parts[2:] for file in state_folder.rglob("shot.*.png")]
        assert found == [("show", "passes")] * 4 and len(kept(state_folder)) == 4
