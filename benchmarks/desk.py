"""The desk in a real browser: `python -m benchmarks.desk [--runs 5] [--jobs 5000] [--frames 24]`.

Measured in Chromium (named by SEMRENDER_CHROMIUM, else found), the median and the most of several runs: from opening
the address to the first picture of the page, and to the first job in its list; from the moment a painted file has its
name to its small picture in the open page; while a list of so many jobs is scrolled from end to end, the longest that
the page was blocked, and how many times for more than 50 ms (the browser tells of nothing shorter). The frames are
painted by a stand-in that sleeps; size as the shipped shot's, 640x360.

Of Paint: from its address until files can be dropped; from so many label frames that were chosen until what was found
in them is said, beside `semrender check` of the same files as its peer; and from a press on the picture until the class
there has the focus in its table.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.pipeline import write_labels
from inference_server.desk.serving import Serving
from inference_server.models import sleep
from shared import places
from shared.client import Client
from shared.shot_input import shot_from_input

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
WATCH = """() => {
    window.landed = {};
    const seen = (image) => {
        const cell = image.closest(".frame");
        if (cell) {
            window.landed[cell.querySelector("span").textContent] ??= Date.now() / 1000;
        }
    };
    document.addEventListener("load", (event) => event.target.tagName === "IMG" && seen(event.target), true);
}"""
CLICK = """() => {
    window.clicks = [];
    let began = 0;
    document.addEventListener("pointerdown", () => (began = performance.now()), true);
    document.addEventListener("focusin", (event) => {
        if (event.target.closest(".classes")) {
            window.clicks.push(performance.now() - began);
        }
    });
}"""
SCROLL = """async () => {
    const tasks = [];
    const watched = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((one) => one.duration)));
    watched.observe({type: "longtask"});
    const list = document.querySelector(".list");
    const end = list.scrollHeight - list.clientHeight;
    for (let step = 0; step <= 120; step++) {
        list.scrollTop = (end * step) / 120;
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    watched.disconnect();
    return tasks;
}"""


@contextmanager
def server() -> Iterator[Client]:
    """A server and a client of it; stopped at the end."""
    process = subprocess.Popen([sys.executable, "-m", "semrender", "serve", "--device", "cpu"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        with Client(places.read_json(places.connection_file()) or {}) as client:
            yield client
    finally:
        process.terminate()
        process.wait()


@contextmanager
def desk() -> Iterator[Serving]:
    serving = Serving(0)
    thread = threading.Thread(target=serving.run)
    thread.start()
    try:
        while not serving.started:
            time.sleep(0.01)
        yield serving
    finally:
        serving.stop()
        thread.join()


@contextmanager
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    yield context.new_page()
    context.close()


def fill_ledger(jobs: int) -> None:
    """Have the ledger's one job so many times, as other nights left them."""
    ledger = sqlite3.connect(places.home() / "ledger.sqlite")
    columns = "out, spec, only_check, paused, priority, painted, kept, copied, unended, report, events, created"
    ledger.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        f" INSERT INTO jobs (id, name, state, total, failed, ended, {columns})"
        f" SELECT printf('%032x', i), 'shot ' || i, 'done', total, 0, ended - i * 60, {columns} FROM n, jobs LIMIT ?",
        (jobs - 1, jobs - 1),
    )
    ledger.commit()
    ledger.close()


def opening(browser: Browser, address: str, runs: int) -> tuple[list[float], list[float]]:
    """Seconds to the first picture, and to the first job."""
    first, job = [], []
    for _ in range(runs):
        with page(browser) as one:
            began = time.perf_counter()
            one.goto(address)
            one.locator(".list .job").first.wait_for()
            job.append(time.perf_counter() - began)
            paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
            first.append(float(one.evaluate(paint)))
    return first, job


def landing(browser: Browser, serving: Serving, client: Client, folder: Path, frames: int) -> list[float]:
    """Seconds from a file's name to its small picture, of each frame."""
    labels = write_labels(folder / "labels", (640, 360), frames)
    shot, base = shot_from_input(str(labels))
    with page(browser) as one:
        one.goto(serving.address)
        body: dict[str, Any] = {"shot": {**shot.to_dict(), "model": "slow", "seed": 1}, "base": str(base.resolve())}
        job = client.submit({**body, "out": str(folder / "landing")})
        one.evaluate(WATCH)
        one.evaluate(f"location.hash = '#/queue/{job}'")
        one.locator(".strip").wait_for()
        for _ in client.watch(job):
            pass
        one.wait_for_timeout(1500)
        landed: dict[str, float] = one.evaluate("window.landed")
    files = {
        str(int(path.stem.rpartition(".")[2])): path.stat().st_mtime for path in (folder / "landing").glob("*/*.png")
    }
    return [landed[number] - files[number] for number in sorted(landed) if number in files]


def painting(browser: Browser, serving: Serving, folder: Path, frames: int, runs: int) -> dict[str, list[float]]:
    """Seconds until Paint can be used, until what was found is said, until a class has the focus; and of the peer."""
    labels = write_labels(folder / "dropped", (640, 360), frames)
    files = sorted(labels.glob("*.png"))
    site = serving.address.partition("/enter")[0]
    usable, found, clicks, peer = [], [], [], []
    for _ in range(runs):
        with page(browser) as one:
            one.goto(serving.address)
            one.goto("about:blank")
            began = time.perf_counter()
            one.goto(f"{site}/#/paint")
            one.locator(".zone button").first.wait_for()
            usable.append(time.perf_counter() - began)
            began = time.perf_counter()
            one.locator("input[type=file]").first.set_input_files(files)
            one.locator(".findings .good").wait_for()
            found.append(time.perf_counter() - began)
            one.locator(".stage[data-shown='x-']").wait_for()
            one.evaluate(CLICK)
            box = one.locator(".stage").bounding_box()
            assert box is not None
            one.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            one.locator(".classes input:focus").wait_for()
            clicks += [ms / 1000 for ms in one.evaluate("window.clicks")]
        began = time.perf_counter()
        command = [sys.executable, "-m", "semrender", "check", str(labels), "--model", "quick"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        peer.append(time.perf_counter() - began)
    return {
        "Paint can be used": usable,
        f"{len(files)} dropped frames: what was found is said": found,
        "  peer: `semrender check` of the same files": peer,
        "a press on the picture finds its class": clicks,
    }


def table(name: str, values: list[float], unit: str = "s") -> None:
    told = f"{statistics.median(values):8.3f} {unit} {max(values):8.3f} {unit}" if values else "       -          -"
    print(f"{name:<44}{told}   of {len(values)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--frames", type=int, default=24)
    asked = parser.parse_args()
    chromium = os.environ.get("SEMRENDER_CHROMIUM") or shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        os.environ["SEMRENDER_HOME"] = str(folder / "home")
        sleep.add("slow", 0.5)
        sleep.add("quick", 0.0)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        with server() as client:
            shot, base = shot_from_input(str(write_labels(folder / "one", (640, 360), 1)))
            body = {"shot": {**shot.to_dict(), "model": "quick"}, "base": str(base.resolve())}
            for _ in client.watch(client.submit({**body, "out": str(folder / "out")})):
                pass
        fill_ledger(asked.jobs)
        print(f"{'':<44}{'median':>10} {'most':>10}")
        with server() as client, desk() as serving:
            with page(browser) as warm:
                warm.goto(serving.address)
                warm.get_by_text(f"{asked.jobs:,} jobs").wait_for()
            first, job = opening(browser, serving.address, asked.runs)
            table("first picture of the page", first)
            table(f"first of {asked.jobs:,} jobs in its list", job)
            with page(browser) as one:
                one.goto(serving.address)
                one.get_by_text(f"{asked.jobs:,} jobs").wait_for()
                one.wait_for_timeout(1000)
                table("blocked while scrolling, longer than 50 ms", [ms / 1000 for ms in one.evaluate(SCROLL)])
            table("small picture after its file", landing(browser, serving, client, folder, asked.frames))
            for words, values in painting(browser, serving, folder, asked.frames, asked.runs).items():
                table(words, values)
        browser.close()


if __name__ == "__main__":
    main()
