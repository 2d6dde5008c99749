"""The models page in a real browser, names that would be code, and what axe-core says of all pages."""

import shutil

from inference_server.models.catalogue import SHIPPED
from tests.inference_server import pose_networks
from tests.inference_server.desk.axe import complaints
from tests.inference_server.desk.conftest import enter, fresh_page
from tests.inference_server.servers import job_of, running_server

CODE = "<img src=x onerror=\"document.title='broken in'\"><script>document.title='broken in'</script>"

NEVER_DRAWN = """async () => {
    const {Frames} = await import("/js/queue/frames.js");
    const made = new Frames("job", "train", [1, 2, 3, 4], "ppkw");
    made.leave();
    return made.map.getAttribute("aria-label");
}"""


def test_models_are_added_removed_and_brought_back(
    browser, page, desk, node_modules, add_sleep_model, colour_frames, tmp_path
):
    add_sleep_model(title=CODE, description=CODE)
    shutil.copytree(SHIPPED / "countryside", tmp_path / "lent")
    labels = colour_frames(count=1)
    with running_server() as client:
        job = client.submit({**job_of(labels, tmp_path / "out", "stand-in"), "owner": CODE})
        *_, last = client.watch(job)
        assert last["event"] == "done"

        enter(page, desk, "models")
        page.get_by_role("heading", name="Countryside 3").wait_for()
        page.get_by_role("heading", name="<img src=x onerror").wait_for()
        page.get_by_role("button", name="Add a model …").click()
        page.get_by_label("Folder or file on this machine").fill(str(tmp_path / "lent"))
        page.get_by_label("Name").fill("borrowed")
        page.get_by_role("dialog").get_by_role("button", name="Add a model").click()
        page.get_by_text("was added").wait_for()
        assert "borrowed" in {card["name"] for card in client.models()["models"]}
        page.get_by_role("button", name="Remove: Countryside").click()
        page.get_by_text("was removed").wait_for()
        assert "borrowed" not in {card["name"] for card in client.models()["models"]}
        page.get_by_role("button", name="Undo").click()
        page.get_by_text("Countryside 2 is back").wait_for()  # not the server, which may be, too
        assert {"stand-in", "borrowed"} <= {card["name"] for card in client.models()["models"]}

        page.get_by_role("button", name="Add a model …").click()
        page.get_by_label("Folder or file on this machine").fill(str(tmp_path / "nothing"))
        page.get_by_role("dialog").get_by_role("button", name="Add a model").click()
        page.get_by_role("alert").wait_for()
        assert "there is nothing of that name" in page.get_by_role("alert").inner_text()

        for path in ("queue", f"queue/{job}", "models"):
            page.goto(f"{desk.site}/#/{path}")
            page.wait_for_load_state("networkidle" if path == "models" else "load")
            if path != "models":
                page.get_by_role("option").filter(has_text="by <img").wait_for()
            assert complaints(page, node_modules) == {}, path
        assert "broken in" not in page.title()
        assert page.evaluate(NEVER_DRAWN) == "3 finished, 1 to do", "the map has its words before it was drawn once"
        with fresh_page(browser, "phone", "light") as phone:
            enter(phone, desk, f"queue/{job}")
            phone.get_by_text("1 of 1 frame").wait_for()
            assert complaints(phone, node_modules) == {}
            wide = phone.evaluate("document.documentElement.scrollWidth")
            assert wide <= 390, "nothing is cut off at the right of a phone"


def test_a_network_of_joints_is_added_with_its_detector_and_has_its_controls(page, desk, add_sleep_model, tmp_path):
    add_sleep_model()
    network = pose_networks.simcc(tmp_path / "network.onnx", layout="halpe26")
    with running_server() as client:
        enter(page, desk, "models")
        page.get_by_role("button", name="Add a model …").click()
        page.get_by_label("Folder or file on this machine").fill(str(network))
        page.get_by_label("Name").fill("rtmpose")
        page.get_by_label("Detector").fill(str(pose_networks.yolox(tmp_path / "detector.onnx", layout="halpe26")))
        page.get_by_role("dialog").get_by_role("button", name="Add a model").click()
        page.get_by_role("heading", name="Like RTMPose: 26 joints of every person").wait_for()
        (card,) = [card for card in client.models()["models"] if card["name"] == "rtmpose"]
    assert [option["name"] for option in card["options"]] == ["smoothing", "layout"]
    assert card["config"]["detector"]["file"] == "detector.onnx" and "Apache-2.0" in card["licence"]


def test_the_licence_is_shown_once(page, desk, add_sleep_model):
    add_sleep_model(licence="For tests, and nothing else")
    with running_server():
        enter(page, desk, "models")
        page.get_by_role("article").filter(has_text="sleep").wait_for()
        ask = """async () => {
            const {mayUse} = await import("/js/models/licence.js");
            const listed = await (await fetch("/api/models")).json();
            return mayUse(listed.models.find((card) => card.name === "stand-in"), listed.agreed);
        }"""
        page.evaluate(f"() => {{ window.may = ({ask})(); }}")
        page.get_by_text("For tests, and nothing else", exact=True).last.wait_for()
        page.get_by_role("button", name="Cancel").click()
        assert page.evaluate("window.may") is False
        page.evaluate(f"() => {{ window.may = ({ask})(); }}")
        page.get_by_role("button", name="I have read it").click()
        assert page.evaluate("window.may") is True
        assert page.evaluate(ask) is True, "it is not asked again"
        assert desk.get("/api/models")["agreed"] == ["stand-in"]
