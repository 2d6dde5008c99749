"""A walk on the page: from nothing but a generator to a painted movie with its sound, and what is refused of it."""

import wave

import numpy as np
import pytest

from shared.shot import read_shot
from shared.walk import PRESETS
from tests.inference_server.desk.axe import complaints
from tests.inference_server.desk.conftest import drop, enter, fresh_page
from tests.inference_server.servers import running_server, wait_for
from tests.inference_server.walkers import add_generator


def voice(file, seconds=1):
    """Two bursts, a second long, 48 kHz."""
    time = np.arange(48000 * seconds) / 48000
    loud = (np.sin(2 * np.pi * 2 * time) > 0) * np.sin(2 * np.pi * 700 * time)
    with wave.open(str(file), "wb") as made:
        made.setparams((1, 2, 48000, 0, "NONE", ""))
        made.writeframes((loud * 20000).astype("<i2").tobytes())
    return file


@pytest.fixture
def walk(desk):
    """A walk that was begun on the page: its name, its shot, and what is asked of it."""
    at = desk.post("/api/paint", {"walk": "face"})["at"]
    told = desk.get(f"/api/paint/{at}")

    def asked(what, status=200, **changes):
        shot = told["shot"]
        walked = {**shot["layers"][0]["walk"], **changes.pop("walk", {})}
        shot = {**shot, **changes, "layers": [{**shot["layers"][0], "walk": walked}]}
        got, found = desk.ask("POST", f"/api/paint/{at}/{what}", {"shot": shot})
        assert got == status, found
        return found

    return at, told, asked


def test_a_walk_begins_with_nothing_and_is_told_back(desk, walk, tmp_path, state_folder):
    at, told, asked = walk
    assert (told["kind"], told["title"], told["frames"], told["dropped"]) == ("walk", "face", [1, 96], True)
    assert [key["seed"] for key in told["shot"]["layers"][0]["walk"]["keys"]] == [1, 2, 3]
    assert asked("walks") == {"layers": {"face": {"frames": [1, 48, 96], "drive": "", "curves": []}}, "lasts": None}
    assert asked("walks", walk={"loop": True})["layers"]["face"]["frames"] == [1, 33, 65]
    circle = asked("walks", walk={"keys": [], "circle": {"seed": 4}})["layers"]["face"]
    assert circle["frames"] == [1, 14, 28, 42, 55, 69, 83]

    drops = state_folder / "desk_dropped" / at
    voice(drops / "voice.wav")
    found = asked("walks", audio="voice.wav", walk={"drive": "speech"})
    face = found["layers"]["face"]
    assert (found["lasts"], face["drive"], len(face["curves"])) == (24, "speech", 2)
    heard = face["curves"][0]["values"]
    assert len(heard) == 96 and heard[3] > 0.5 and heard[11] < heard[5] and not any(heard[40:])
    own = [{"feature": "rms", "amount": 0.2}]
    assert asked("walks", audio="voice.wav", walk={"drive": own})["layers"]["face"]["drive"] == "own"
    assert asked("walks", audio="gone.wav", walk={"drive": "music"})["layers"]["face"]["curves"] == []

    wrong = {"keys": [{"frame": 5, "seed": 1}, {"frame": 5, "seed": 2}]}
    assert "Each frame once" in asked("walks", 422, walk=wrong)["error"]["words"]
    words = asked("walks", 422, walk={"keys": [{"seed": 2**32}]})["error"]["words"]
    assert "layers[0].walk.keys[0].seed" in words, "it says where"
    assert "keys" in asked("walks", 422, walk={"circle": {"seed": 4}})["error"]["words"]
    assert desk.get(f"/api/paint/{at}")["shot"]["audio"] == "gone.wav", "what was refused is not kept"


def test_a_sound_that_is_dropped_alone_leads_a_walk(desk, tmp_path):
    dropped = desk.post("/api/paint/dropped")["drop"]
    content = voice(tmp_path / "speech.wav", 2).read_bytes()
    status, found = desk.ask("PUT", f"/api/paint/dropped/{dropped}?name=speech.wav&size={len(content)}", content)
    assert status == 200, found
    at = desk.post("/api/paint", {"drop": dropped})["at"]
    told = desk.get(f"/api/paint/{at}")
    assert (told["kind"], told["frames"], told["shot"]["audio"]) == ("walk", [1, 48], "speech.wav")
    assert desk.post(f"/api/paint/{at}/walks")["layers"]["speech"]["drive"] == "speech"


def keyframes(page):
    """(frame, seed or file) of each row."""
    rows = page.locator(".walk tbody tr")
    return rows.evaluate_all(
        "(all) => all.map((row) => [...row.querySelectorAll('input')].slice(0, 2).map((i) => i.value))"
    )


def settled(page):
    page.locator(".findings .good").wait_for()


def test_from_a_generator_to_a_movie_with_its_sound(page, desk, node_modules, state_folder, tmp_path):
    add_generator(c_dim=3)
    np.savez(tmp_path / "projected.npz", w=np.zeros((2, 16), np.float32))
    with running_server():
        enter(page, desk, "paint")
        page.get_by_role("button", name="Walk with A small generator").click()
        settled(page)
        assert keyframes(page) == [["1", "1"], ["48", "2"], ["96", "3"]]
        assert page.get_by_role("radio", name="A small generator").is_checked()
        page.get_by_text("Not tried yet").wait_for()
        assert complaints(page, node_modules) == {}

        page.get_by_role("button", name="Add a keyframe").click()
        wait_for(lambda: keyframes(page) == [["1", "1"], ["33", "2"], ["64", "3"], ["96", "4"]])
        page.get_by_label("Seed or w file of keyframe 4").press("Alt+ArrowUp")
        assert [seed for _, seed in keyframes(page)] == ["1", "2", "4", "3"]
        focused = page.get_by_label("Seed or w file of keyframe 3")
        assert focused.evaluate("(one) => one === document.activeElement"), "it moves with its keyframe"
        page.get_by_role("button", name="Keyframe 1 later").click()
        assert [seed for _, seed in keyframes(page)] == ["2", "1", "4", "3"]
        page.locator(".walk .thumb").nth(3).drag_to(page.locator(".walk tbody tr").first)
        assert [seed for _, seed in keyframes(page)] == ["3", "2", "1", "4"]
        page.get_by_role("button", name="Remove keyframe 2").click()
        assert [seed for _, seed in keyframes(page)] == ["3", "1", "4"]
        page.get_by_role("button", name="Undo").click()
        assert [seed for _, seed in keyframes(page)] == ["3", "2", "1", "4"]
        page.get_by_role("button", name="Remove keyframe 4").press("Enter")
        wait_for(lambda: keyframes(page) == [["1", "3"], ["48", "2"], ["96", "1"]])

        page.get_by_label("Last frame").fill("8")
        page.get_by_label("Last frame").press("Enter")
        wait_for(lambda: keyframes(page) == [["1", "3"], ["4", "2"], ["8", "1"]])
        page.get_by_label("Spread evenly").uncheck()
        settled(page)
        page.get_by_label("Frame of keyframe 2").fill("9")
        page.get_by_label("Frame of keyframe 2").press("Enter")
        page.locator(".findings .bad", has_text="Each frame once, in their order").wait_for()
        page.get_by_label("Frame of keyframe 2").fill("5")
        page.get_by_label("Frame of keyframe 2").press("Enter")
        page.get_by_label("Class of keyframe 2").fill("7")
        page.get_by_label("Class of keyframe 2").press("Enter")
        page.get_by_label("Class of keyframe 2").fill("2")
        page.get_by_label("Class of keyframe 2").press("Enter")
        page.get_by_label("How keyframe 2 is passed").select_option("rest")
        page.get_by_label("Noise").select_option("loop")
        settled(page)

        drop(page, tmp_path / "projected.npz", at=".bench")
        page.get_by_text("projected.npz was taken.").wait_for()
        page.get_by_label("Which point of the w file of keyframe 4").fill("2")
        page.get_by_label("Which point of the w file of keyframe 4").press("Enter")
        page.locator(".findings .bad", has_text="the w file has 2 points, and number 2 is asked for").wait_for()
        page.get_by_label("Which point of the w file of keyframe 4").fill("1")
        page.get_by_label("Which point of the w file of keyframe 4").press("Enter")
        settled(page)

        drop(page, voice(tmp_path / "voice.wav"), at=".bench")
        page.get_by_text("voice.wav was taken, and drives the walk as speech.").wait_for()
        page.locator(".curves canvas").nth(1).wait_for()
        assert "speech on pose" in page.locator(".curves canvas").first.get_attribute("aria-label")
        page.get_by_label("It drives").select_option("music")
        page.locator(".curves canvas").nth(2).wait_for()
        page.get_by_role("button", name="As long as the sound: 24 frames").click()
        settled(page)

        page.get_by_role("button", name="Show the keyframes").click()
        page.get_by_role("button", name="I have read it").click()
        page.locator(".walk img:not([hidden])").nth(3).wait_for()
        page.locator(".walks [role=status]", has_text="painted").wait_for(state="detached")
        page.get_by_role("button", name="2: look at frame 5").click()
        page.locator(".stage[data-shown='-x']").wait_for()
        page.get_by_role("button", name="Try frame 5").click()
        page.locator(".stage[data-shown='-x']").wait_for()
        assert complaints(page, node_modules) == {}

        page.reload()
        page.locator(".curves canvas").nth(2).wait_for()
        assert [point for _, point in keyframes(page)] == ["3", "2", "1", "projected.npz"], "nothing is lost"
        page.get_by_role("button", name="Save shot.json").click()
        page.get_by_label("File on this machine").fill(str(tmp_path / "walk.json"))
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("The shot was written to").wait_for()
        shot, base = read_shot(tmp_path / "walk.json")
        way = shot.layers[0].walk
        assert [(key.frame, key.seed, key.class_, key.ease) for key in way.keys[:3]] == [
            (1, 3, None, None),
            (5, 2, 2, "rest"),
            (8, 1, None, None),
        ]
        assert (way.keys[3].index, (base / way.keys[3].w).is_file(), way.drive) == (1, True, PRESETS["music"])
        assert (shot.options, (base / shot.audio).is_file(), shot.last) == ({"noise": "loop"}, True, 24)

        page.get_by_role("button", name="Paint …").click()
        page.get_by_label("Folder").fill(str(tmp_path / "out"))
        page.get_by_role("dialog").get_by_role("button", name="Paint", exact=True).click()
        page.get_by_text("done, 24 of 24 frames").wait_for()
        assert (tmp_path / "out" / "movie.mp4").is_file()
        page.get_by_role("link", name="Look at it").click()
        page.locator(".stage[data-shown='1']").wait_for()
        page.get_by_role("button", name="Sound").wait_for()


def test_a_circle_is_shown_round_and_opened_again_from_its_job(
    browser, page, desk, node_modules, state_folder, tmp_path
):
    add_generator()
    with running_server() as client:
        enter(page, desk, "paint")
        page.get_by_role("button", name="Walk with A small generator").click()
        settled(page)
        page.get_by_label("Way").select_option("circle")
        page.get_by_label("First seed").fill("9")
        page.get_by_label("First seed").press("Enter")
        page.get_by_label("Last frame").fill("14")
        page.get_by_label("Last frame").press("Enter")
        page.get_by_role("button", name="Look at frame 13").wait_for()
        page.get_by_role("button", name="Show the keyframes").click()
        page.get_by_role("button", name="I have read it").click()
        page.locator(".ring img:not([hidden])").nth(6).wait_for()
        page.get_by_label("Way").select_option("keys")
        wait_for(lambda: [seed for _, seed in keyframes(page)] == ["1", "2", "3"]), "what was set is still there"
        page.get_by_label("Way").select_option("circle")
        assert page.get_by_label("First seed").input_value() == "9"
        settled(page)
        page.get_by_role("button", name="Paint …").click()
        page.get_by_label("Folder").fill(str(tmp_path / "out"))
        page.get_by_role("dialog").get_by_role("button", name="Paint", exact=True).click()
        page.get_by_text("done, 14 of 14 frames").wait_for()
        (job,) = (one["job"] for one in client.jobs() if one["out"] == str(tmp_path / "out"))
        with fresh_page(browser, "phone", "light") as phone:
            enter(phone, desk, f"queue/{job}")
            phone.get_by_role("link", name="Paint otherwise").click()
            phone.get_by_label("First seed").wait_for()
            settled(phone)
            assert complaints(phone, node_modules) == {}
            assert phone.evaluate("document.documentElement.scrollWidth") <= 390
