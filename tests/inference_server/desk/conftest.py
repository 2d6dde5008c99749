"""A desk in this process for each test that wants one, and one Chromium for all: without one those are skipped."""

import http.client
import json
import os
import shutil
import threading
from contextlib import contextmanager

import pytest

from inference_server.desk.serving import Serving
from tests.inference_server.servers import wait_for

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
SIZES = {"screen": (1280, 720), "phone": (390, 844)}


class Desk:
    """A desk that runs, and requests to it as a page of its own makes them; `headers` change what it would send."""

    def __init__(self, serving):
        self.serving = serving
        self.port = serving.port
        self.address = serving.address
        self.site = f"http://127.0.0.1:{serving.port}"
        self.cookie = self.raw("GET", f"/enter?key={serving.key}")[1]["set-cookie"].partition(";")[0]

    def raw(self, method, path, body=None, headers=None):
        """(status, headers, bytes) of a request with just these headers."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request(method, path, body, headers or {})
            answer = line.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            line.close()

    def ask(self, method, path, body=None, **headers):
        sent = {"Cookie": self.cookie, "Origin": self.site, "Sec-Fetch-Site": "same-origin", **headers}
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
        status, found, content = self.raw(method, path, data, {k: v for k, v in sent.items() if v is not None})
        return status, json.loads(content) if found.get("content-type") == "application/json" else content

    def get(self, path):
        status, found = self.ask("GET", path)
        assert status == 200, found
        return found

    def post(self, path, body=None):
        status, found = self.ask("POST", path, body or {})
        assert status == 200, found
        return found


@contextmanager
def running_desk():
    serving = Serving(0)
    thread = threading.Thread(target=serving.run)
    thread.start()
    try:
        wait_for(lambda: serving.started)
        yield Desk(serving)
    finally:
        serving.stop()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def desk(state_folder):
    """A desk of this test's state folder; it finds the server that runs there, if one does."""
    with running_desk() as one:
        yield one


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    found = os.environ.get("SEMRENDER_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("no Chromium is installed here: apt-get install chromium, or name one in SEMRENDER_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser, desk):
    """A page of a fresh browser, which closes before the desk does; a script that fails, or that the policy stopped,
    fails the test."""
    with fresh_page(browser) as made:
        yield made


@contextmanager
def fresh_page(browser, size="screen", theme="dark"):
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    made = context.new_page()
    made.set_default_timeout(60_000)
    wrong = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("console", lambda said: wrong.append(said.text) if is_wrong(said) else None)
    yield made
    context.close()
    assert not wrong


def is_wrong(said):
    """An answer with an error's number is the page's to tell in words."""
    return said.type == "error" and "Failed to load resource" not in said.text and "net::ERR" not in said.text


def enter(page, desk, part="queue"):
    page.goto(desk.address)
    page.goto(f"{desk.site}/#/{part}")


DROP = """async ([place, names, files]) => {
    const data = new DataTransfer();
    names.forEach((name, n) => data.items.add(new File([new Uint8Array(files[n])], name)));
    const event = new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
    document.querySelector(place).dispatchEvent(event);
}"""


def drop(page, *files, at=".zone"):
    """Files let go over a part of the page, with their content."""
    page.locator(at).wait_for()
    page.evaluate(DROP, [at, [file.name for file in files], [list(file.read_bytes()) for file in files]])
