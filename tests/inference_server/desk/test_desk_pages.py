"""What the desk promises of every page: it is heard and read in both sizes and lights, and shows no name as code."""

import json

import pytest
from PIL import Image

from shared import places
from tests.inference_server.desk.axe import complaints
from tests.inference_server.desk.conftest import SIZES, enter, fresh_page
from tests.inference_server.servers import job_of, running_server

CODE = "<img src=x onerror=\"document.title='broken in'\">"


@pytest.fixture
def shown(desk, add_sleep_model, colour_frames, tmp_path):
    """Every page of a desk with a painted job: its address, and what is there when it is."""
    model = add_sleep_model()
    labels = colour_frames(count=2)
    with running_server() as client:
        job = client.submit(job_of(labels, tmp_path / "out", model))
        *_, last = client.watch(job)
        assert last["event"] == "done"
        at = desk.post("/api/paint", {"path": str(labels)})["at"]
        yield {
            "queue": ".list .job",
            f"queue/{job}": ".strip img",
            "look": ".tile img",
            f"look/{job}": ".stage",
            "paint": ".generators button",
            f"paint/{at}": ".findings .good",
            "paint/colours": "button.class",
            "models": ".model",
        }


def test_every_page_is_heard_and_read(browser, desk, node_modules, shown):
    for size, theme in (("screen", "dark"), ("phone", "light")):
        with fresh_page(browser, size, theme) as page:
            enter(page, desk)
            for path, ready in shown.items():
                page.goto(f"{desk.site}/#/{path}")
                page.locator(ready).first.wait_for()
                assert complaints(page, node_modules) == {}, (path, size)
                assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0], (path, size)
            page.goto(f"{desk.site}/#/queue")
            page.keyboard.press("?")
            page.get_by_role("dialog").wait_for()
            assert complaints(page, node_modules) == {}, "the list of keys"


def test_the_machine_is_told_and_toasts_hide_nothing_of_a_phone(browser, desk, shown, page):
    enter(page, desk)
    page.get_by_role("heading", name="Machine").wait_for()
    machine = page.locator(".detail")
    machine.get_by_text("From another machine").click()
    for words in ("cpu", "ready", "taken", "Disks", "free", "From another machine", "ssh -L"):
        machine.get_by_text(words).first.wait_for()
    with fresh_page(browser, "phone") as phone:
        enter(phone, desk, "models")
        phone.locator(".model").first.wait_for()
        phone.evaluate("import('/js/toast.js').then(({toast}) => toast('It ended.', {undo: () => {}}))")
        phone.get_by_text("It ended.").wait_for()
        below = phone.locator("#toasts").bounding_box()
        place = phone.locator("#place").bounding_box()
        assert place["y"] + place["height"] <= below["y"] + 1


def test_names_that_would_be_code_are_text(page, desk, colour_frames, tmp_path, add_sleep_model):
    add_sleep_model()
    labels = {"format": 1, "name": "coded", "version": 1, "labels": [{"id": 3, "name": CODE}]}
    labels["palettes"] = {"own": {"colors": {"3": [1, 2, 3]}}}
    places.label_sets_folder().mkdir(parents=True)
    (places.label_sets_folder() / "coded.json").write_text(json.dumps(labels))
    (tmp_path / "coded").mkdir()
    named = tmp_path / "coded" / f"{CODE.replace('/', '')}.0001.png"
    Image.new("RGB", (16, 16), (1, 2, 3)).save(named)
    with running_server():
        for theirs in (str(named.parent), str(named)):
            enter(page, desk, "paint")
            page.get_by_role("textbox", name="A folder").fill(theirs)
            page.keyboard.press("Enter")
            page.get_by_text(CODE).first.wait_for()
            page.goto("about:blank")
        page.goto(f"{desk.site}/#/paint/colours/coded")
        page.locator("button.class", has_text=CODE).wait_for()
        shot = {"name": "a", "fps": 24, "first": 1, "last": 1, "layers": [{"name": CODE, "labels": "a.####.png"}]}
        (tmp_path / "shot.json").write_text(json.dumps(shot))
        page.goto(f"{desk.site}/#/paint")
        page.get_by_role("textbox", name="A folder").fill(str(tmp_path / "shot.json"))
        page.keyboard.press("Enter")
        page.get_by_role("alert").filter(has_text="layers[0].name").wait_for()
        assert "broken in" not in page.title() and not page.locator("img[src=x]").count()
