"""The pictures of docs/desk.md: `python tools/desk_pictures.py FOLDER [--only queue,look,paint,models]`.

A real server paints the shipped shot, a real Chromium shows every page at the size of a screen and of a phone. FOLDER
keeps what was painted, so that a second run shows the same again without painting it.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import threading
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from inference_server.desk.serving import Serving  # noqa: E402
from shared import places  # noqa: E402
from shared.client import Client  # noqa: E402
from shared.shot import read_shot  # noqa: E402
from tests.inference_server.servers import running_server, wait_for  # noqa: E402

SIZES = {"": (1280, 720), "_phone": (390, 844)}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
QUALITY = 80
RATE = 48000  # samples a second


OWNER = "ana@studio"


def job(client: Client, out: Path, **changes: object) -> str:
    """The shipped shot, some of it."""
    shot = out.parent / "passes" / "shot.json"
    asked = {"base": str(shot.parent), "out": str(out), "comp": False, "movie": "none", "owner": OWNER}
    more = {name: changes.pop(name) for name in ("frames", "layers", "priority") if name in changes}
    return client.submit({**asked, "shot": {**read_shot(shot)[0].to_dict(), **changes}, **more})


def evening(client: Client, folder: Path) -> str:
    """What was painted before; returns a job of it."""
    for name in ("passes", "damaged"):
        if not (folder / name).exists():
            shutil.copytree(places.example_folder(), folder / name)
    painted = {}
    for look, frames in (("summer", range(1001, 1009)), ("golden", range(1001, 1005))):
        painted[look] = job(client, folder / look, name=f"train_{look}", options={"look": look}, frames=list(frames))
        wait_for(lambda: client.ask("show", painted[look])["ended"], 600)  # noqa: B023
    return painted["summer"]


def night(client: Client, folder: Path) -> str:
    """Jobs as a night has them; returns the one that is painted."""
    broken = folder / "damaged"
    victim = sorted((broken / "train").glob("*.png"))[3]
    victim.write_bytes(victim.read_bytes()[:2000])
    shot = {**read_shot(broken / "shot.json")[0].to_dict(), "name": "train_broken"}
    client.submit({"shot": shot, "base": str(broken), "out": str(folder / "broken"), "owner": OWNER})
    going = job(client, folder / "overcast", name="train_overcast", options={"look": "overcast"})
    for number, name in enumerate(("sh020_bridge", "sh030_valley", "sh040_station")):
        job(client, folder / name, name=name, seed=number + 1, priority=-number)
    wait_for(lambda: client.ask("show", going)["done"] > 8, 600)
    return going


Scene = tuple[str, str, Callable[[Page], object]]


def queue(painted: str) -> list[Scene]:
    def landed(page: Page) -> None:
        page.locator(".strip img:visible").first.wait_for()
        page.wait_for_timeout(1500)

    def machine(page: Page) -> None:
        page.get_by_role("heading", name="Machine").wait_for()
        page.wait_for_timeout(1500)

    return [("desk_queue", f"queue/{painted}", landed), ("desk_machine", "queue", machine)]


def look(painted: str) -> list[Scene]:
    def wiped(page: Page) -> None:
        page.locator(".stage[data-shown='1003']").wait_for()
        page.locator(".wipe").wait_for()
        page.wait_for_timeout(2000)

    return [("desk_look", f"look/{painted}/1003/wipe", wiped)]


def soften(folder: Path) -> Path:
    """Label frames as a careless resize leaves them."""
    soft = folder / "soft"
    soft.mkdir(exist_ok=True)
    for file in sorted((folder / "passes" / "environment").glob("*.png"))[:8]:
        with Image.open(file) as picture:
            picture.convert("RGB").resize((960, 540), Image.Resampling.BILINEAR).save(soft / file.name)
    return soft


def voice(folder: Path) -> Path:
    """Five seconds, as loud as words are."""
    file = folder / "voice.wav"
    time = np.arange(5 * RATE) / RATE
    loud = np.clip(np.sin(2 * np.pi * 0.9 * time) + 0.4 * np.sin(2 * np.pi * 3.1 * time), 0, 1)
    with wave.open(str(file), "wb") as made:
        made.setparams((1, 2, RATE, 0, "NONE", ""))
        made.writeframes((loud * np.sin(2 * np.pi * 600 * time) * 16000).astype("<i2").tobytes())
    return file


def paint(folder: Path) -> list[Scene]:
    passes, soft, sound = folder / "passes", soften(folder), voice(folder)

    def opened(page: Page, path: Path) -> None:
        page.get_by_role("textbox", name="A folder").fill(str(path))
        page.keyboard.press("Enter")
        page.locator(".findings .good, .findings .bad").first.wait_for()
        page.wait_for_timeout(1000)

    def begun(page: Page) -> None:
        page.locator(".zone").wait_for()
        page.wait_for_timeout(500)

    def tried(page: Page) -> None:
        begun(page)
        opened(page, passes)
        page.get_by_role("button", name="Try frame 1001").click()
        page.locator("dialog, .stage[data-shown=xx]").first.wait_for()
        if page.locator("dialog").count():
            page.get_by_role("button", name="I have read it").click()
        page.locator(".stage[data-shown=xx]").wait_for()
        page.get_by_role("button", name="Wipe").click()
        page.wait_for_timeout(1000)

    def refused(page: Page) -> None:
        begun(page)
        opened(page, soft)

    def colours(page: Page) -> None:
        page.locator("button.class").first.wait_for()
        page.wait_for_timeout(500)

    def walked(page: Page) -> None:
        begun(page)
        page.get_by_role("button", name="Walk with").first.click()
        page.locator(".findings .good").wait_for()
        page.locator("input[type=file]").first.set_input_files(sound)
        page.locator(".curves canvas").nth(1).wait_for()
        page.get_by_role("button", name="As long as the sound").click()
        page.locator(".findings .good").wait_for()
        page.get_by_role("button", name="Show the keyframes").click()
        page.locator("dialog, .walk img:not([hidden])").first.wait_for()
        if page.locator("dialog").count():
            page.get_by_role("button", name="I have read it").click()
        page.locator(".walk img:not([hidden])").nth(2).wait_for()
        page.locator("[aria-label^='1: look at']").click()
        page.locator(".stage[data-shown='-x']").wait_for()
        page.wait_for_timeout(9000)  # the words about the sound go

    return [
        ("desk_paint_start", "paint", begun),
        ("desk_walk", "paint", walked),
        ("desk_paint", "paint", tried),
        ("desk_refused", "paint", refused),
        ("desk_colours", "paint/colours/coco_stuff", colours),
    ]


def models() -> list[Scene]:
    def shown(page: Page) -> None:
        page.locator(".sample img").first.wait_for()
        page.wait_for_timeout(1000)

    return [("desk_models", "models", shown)]


def draw(browser: Browser, serving: Serving, scenes: list[Scene], theme: str) -> None:
    site = serving.address.partition("/enter")[0]
    for suffix, (width, height) in SIZES.items():
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(180_000)
        page.goto(serving.address)
        for name, path, ready in scenes:
            page.goto(f"{site}/#/{path}")
            if suffix and name == "desk_machine":
                page.wait_for_timeout(1500)  # a phone shows the list there
            else:
                ready(page)
            file = ROOT / "docs" / "images" / f"{name}{suffix}.webp"
            Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, quality=QUALITY, method=6)
            print(file, file.stat().st_size)
        context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--theme", default="dark", choices=("dark", "light"))
    parser.add_argument("--only", default="queue,look,paint,models", help="parts, with commas between")
    asked = parser.parse_args()
    parts = asked.only.split(",")
    folder = asked.folder.resolve()
    os.environ["SEMRENDER_HOME"] = str(folder / "home")
    chromium = os.environ.get("SEMRENDER_CHROMIUM") or shutil.which("chromium") or "chromium"
    with running_server() as client, sync_playwright() as playwright:
        painted = evening(client, folder)
        going = night(client, folder) if "queue" in parts else ""
        serving = Serving(0)
        thread = threading.Thread(target=serving.run)
        thread.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            scenes = {"queue": queue(going), "look": look(painted), "paint": paint(folder), "models": models()}
            draw(browser, serving, [one for part in parts for one in scenes[part]], asked.theme)
        finally:
            browser.close()
            serving.stop()
            thread.join()
            for waiting in client.jobs():
                client.cancel(waiting["job"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
