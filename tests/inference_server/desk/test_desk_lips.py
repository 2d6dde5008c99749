"""A model that changes a face, in the browser: nobody chooses it by chance, and the page asks whose face it is."""

from shared import places
from shared.shot import Shot
from tests.inference_server.desk.axe import complaints
from tests.inference_server.desk.conftest import enter
from tests.inference_server.servers import running_server, wait_for
from tests.inference_server.speakers import add_known
from tests.inference_server.test_lips import clicks, plate_of

NAME = "Wav2Lip: a mouth follows a sound"


def consent(desk, at):
    return Shot.from_dict(desk.get(f"/api/paint/{at}")["shot"]).layers[0].consent


def test_the_page_asks_whose_face_it_is(page, desk, node_modules, state_folder, tmp_path):
    add_known(places.models_folder())
    plate, sound = plate_of(tmp_path / "plate", 4), clicks(tmp_path / "voice.wav", [2])
    with running_server():
        at = desk.post("/api/paint", {"path": str(plate.parent), "kind": "picture"})["at"]
        enter(page, desk, f"paint/{at}")
        page.get_by_text("the first frame can be painted").wait_for()
        page.get_by_text("Further passes and sound").click()
        page.get_by_role("textbox", name="Sound").fill(str(sound))
        page.keyboard.press("Enter")
        lips = page.get_by_role("radio", name=NAME)
        wait_for(lambda: lips.is_enabled())
        assert not lips.is_checked() and not page.get_by_label("On the ground of").count()
        lips.check()
        page.locator(".findings .bad", has_text="does not say on what ground").wait_for()
        assert complaints(page, node_modules) == {}

        page.get_by_label("On the ground of").select_option("written-release")
        for name, words in (("Whose face", "Eileen"), ("What for", "a test")):
            page.get_by_label(name, exact=True).fill(words)
            page.keyboard.press("Enter")
        assert consent(desk, at) is None, "half of it is none"
        page.get_by_label("Where the release is").fill("file 12")
        page.keyboard.press("Enter")
        page.get_by_text("the first frame can be painted").wait_for()
        assert consent(desk, at).words == "written-release, Eileen, for a test, file 12"
        page.reload()
        page.get_by_text("the first frame can be painted").wait_for()
        assert page.get_by_label("Whose face", exact=True).input_value() == "Eileen"
        page.get_by_role("button", name="Try frame 1001").click()
        page.get_by_role("button", name="I have read it").click()
        page.locator(".stage[data-shown=xx]").wait_for()
