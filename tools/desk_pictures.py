"""The pictures of docs/desk.md: `python tools/desk_pictures.py FOLDER [--only queue,models]`.

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
from collections.abc import Callable
from pathlib import Path

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


OWNER = "ana@studio"


def job(client: Client, out: Path, **changes: object) -> str:
    """The shipped shot, some of it."""
    shot = out.parent / "passes" / "shot.json"
    asked = {"base": str(shot.parent), "out": str(out), "comp": False, "movie": "none", "owner": OWNER}
    more = {name: changes.pop(name) for name in ("frames", "layers", "priority") if name in changes}
    return client.submit({**asked, "shot": {**read_shot(shot)[0].to_dict(), **changes}, **more})


def night(client: Client, folder: Path) -> str:
    """Jobs as a night has them; returns the one that is painted."""
    for name in ("passes", "damaged"):
        if not (folder / name).exists():
            shutil.copytree(places.example_folder(), folder / name)
    for look, frames in (("summer", range(1001, 1009)), ("golden", range(1001, 1005))):
        done = job(client, folder / look, name=f"train_{look}", options={"look": look}, frames=list(frames))
        wait_for(lambda: client.ask("show", done)["ended"], 600)  # noqa: B023
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
    asked = parser.parse_args()
    folder = asked.folder.resolve()
    os.environ["SEMRENDER_HOME"] = str(folder / "home")
    chromium = os.environ.get("SEMRENDER_CHROMIUM") or shutil.which("chromium") or "chromium"
    with running_server() as client, sync_playwright() as playwright:
        painted = night(client, folder)
        serving = Serving(0)
        thread = threading.Thread(target=serving.run)
        thread.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            draw(browser, serving, [*queue(painted), *models()], asked.theme)
        finally:
            browser.close()
            serving.stop()
            thread.join()
            for waiting in client.jobs():
                client.cancel(waiting["job"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
