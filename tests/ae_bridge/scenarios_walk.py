"""A walk's page of the panel: the table of its keyframes, what is asked for of it, and when it has nothing to say."""

from __future__ import annotations

import json
from typing import Any

from panel_shots import three_shots
from panel_steps import LAYER, MODEL, Data, Open, Panel

WAY = "Keyframes at their frames or spread evenly over the shot, or a circle without any."
KEYS = "The keyframes; choose one to change or remove it."
FRAME = "Of the keyframe. Empty: the frame you look at."
EASE = "How it is passed: through, at rest, or held until the next."
POINT = "A seed, or a row of a w file, which projection writes."
NUMBER = "The seed, or the row of the file, from 0."
DRIVE = "How the sound moves it."
SOUND = "The sound of the shot: it leads the walk and lies in the comp."
CIRCLE = "The first seed of the circle; each wave takes two."
WAVES = "1 to 16: more of them wander farther."
ABOUT = "What this page is about."

FACE = {"name": "countryside", "title": "Face", "lacks": "", "needs": ["walk"], "uses": ["audio"], "options": []}
GRADE = {"name": "grade", "title": "Grade", "lacks": "", "needs": ["picture"], "uses": [], "options": []}
LIPS = {"name": "lips", "title": "Lips", "lacks": "", "needs": ["picture", "audio"], "uses": [], "options": []}
FRAMES = {"keys": [{"frame": 1001, "seed": 1}, {"frame": 1003, "seed": 5, "ease": "rest"}]}


def walking(open_panel: Open, walk: Any = FRAMES, has: tuple[str, ...] = ("walk",), sound: str = "") -> Panel:
    """A shot whose layers walk, as the server says it; the Walk page is seen."""
    panel = three_shots(open_panel, docked=(250, 400))
    answer = {"models": [FACE, GRADE, LIPS], "has": has, "fault": "", "walk": walk, "sound": sound}
    told(panel, answer)
    panel.click("Walk")
    return panel


def told(panel: Panel, answer: Data) -> None:
    """The server's answer to Connect."""
    code = "var kept = SemrenderAE.json.stringify(input); return function () { return SemrenderAE.json.parse(kept); };"
    panel.run(
        f"SemrenderAE.doorway.ask = (function () {{ {code} }}()); SemrenderAE.work.connect();", {"ok": True, **answer}
    )


def asked(panel: Panel) -> Data:
    made: Data = panel.run('SemrenderAE.again.request(SemrenderAE.work.state, "/mine")')
    return made


def refusal(panel: Panel) -> str:
    """Why nothing can be asked for as it is set."""
    code = (
        'try { SemrenderAE.again.request(SemrenderAE.work.state, "/mine"); return ""; } catch (e) { return e.message; }'
    )
    return str(panel.run(f"(function () {{ {code} }}())"))


def table(panel: Panel) -> list[list[str]]:
    return list(panel.named(KEYS)["rows"])


def shown(panel: Panel, tip: str) -> bool:
    """Whether a control of the page is seen."""

    def within(node: Data, seen: bool) -> bool | None:
        seen = seen and bool(node["visible"])
        if node["tip"] == tip:
            return seen
        return next((one for kid in node["children"] if (one := within(kid, seen)) is not None), None)

    return within(panel.window, True) is True


def keyframes_are_a_table(open_panel: Open) -> None:
    panel = walking(open_panel)
    assert table(panel) == [["1001", "seed 1", ""], ["1003", "seed 5", "rest"]]
    assert panel.run("ui.cut()") == [] and "walk" not in asked(panel), "what was not touched is not asked for"
    assert not panel.enabled("Change") and not panel.enabled("Remove")
    panel.pick(KEYS, 1)
    assert [panel.named(tip)["text"] for tip in (FRAME, NUMBER)] == ["1003", "5"]
    assert (panel.named(EASE)["chosen"], panel.named(POINT)["chosen"]) == ("rest", "Seed")
    panel.type(NUMBER, "9")
    panel.choose(EASE, "hold")
    panel.click("Change")
    assert table(panel)[1] == ["1003", "seed 9", "hold"] and panel.named(KEYS)["lit"] == [1]
    panel.pick(KEYS, 0)
    panel.click("Remove")
    assert asked(panel)["walk"] == {"keys": [{"frame": 1003, "seed": 9, "ease": "hold"}]}
    panel.pick(KEYS, 0)
    panel.click("Remove")
    assert "at least one keyframe" in panel.status and len(table(panel)) == 1


def a_keyframe_is_added_where_the_artist_looks(open_panel: Open) -> None:
    panel = walking(open_panel)
    panel.artist(
        "var c = app.project.items.addComp('cut', 64, 36, 1, 2, 24); c.comment = input;"
        " c.openInViewer(); c.time = 1 / 24;",
        "[[semrender:uid=show/sq010/sh020;v=1;fps=24;sf=1001;n=4]]",
    )
    assert panel.run("SemrenderAE.frames.current('show/sq010/sh020', SemrenderAE.work.state.delivery, 0)") == 1002
    panel.type(NUMBER, "40")
    panel.click("Add")
    assert [row[:2] for row in table(panel)] == [["1001", "seed 1"], ["1002", "seed 40"], ["1003", "seed 5"]]
    assert panel.named(KEYS)["lit"] == [1]
    panel.artist("item('cut').time = 3 / 24;")
    panel.type(NUMBER, "41")
    panel.click("Add")
    assert table(panel)[3][:2] == ["1004", "seed 41"], "the field only said where the chosen one is"
    panel.type(FRAME, "1002")
    panel.click("Add")
    assert "Frame 1002 has a keyframe" in panel.status and len(table(panel)) == 4
    panel.type(FRAME, "many")
    panel.click("Add")
    assert panel.status == "Frame: give a whole number."
    panel.type(FRAME, "999")
    panel.type(NUMBER, "-1")
    panel.click("Add")
    assert panel.status == "Seed: give a whole number from 0."


def points_of_a_file_are_chosen(open_panel: Open) -> None:
    walk = {"keys": [{"frame": 1001, "w": "w/kirk.npz", "index": 3}, {"frame": 1003, "seed": 5, "class": 2}]}
    panel = walking(open_panel, walk)
    assert [row[1] for row in table(panel)] == ["kirk.npz 3", "seed 5 class 2"]
    panel.pick(KEYS, 0)
    assert (panel.named(POINT)["chosen"], panel.named(NUMBER)["text"]) == ("kirk.npz", "3")
    panel.pick(KEYS, 1)
    panel.type(NUMBER, "6")
    panel.click("Change")
    assert table(panel)[1][1] == "seed 6 class 2", "its class stays"
    panel.run('ui.choose("/w/spock.npz")')
    panel.choose(POINT, "W File...")
    panel.type(NUMBER, "7")
    panel.click("Change")
    assert asked(panel)["walk"]["keys"][1] == {"frame": 1003, "w": "/w/spock.npz", "index": 7}
    assert [row[0] for row in panel.named(POINT)["rows"]] == ["Seed", "kirk.npz", "spock.npz", "W File..."]
    panel.run("ui.choose(null)")
    panel.choose(POINT, "W File...")
    assert panel.named(POINT)["chosen"] == "Seed", "a dialog that was left chooses nothing"


def keyframes_are_spread_and_said_by_frame(open_panel: Open) -> None:
    panel = walking(open_panel, {"keys": [{"seed": 1}, {"seed": 5}, {"seed": 9}]})
    assert [row[0] for row in table(panel)] == ["1001", "1006", "1010"]
    assert not panel.named(FRAME)["enabled"]
    panel.pick(KEYS, 0)
    panel.type(NUMBER, "3")
    panel.click("Add")
    assert [row[:2] for row in table(panel)] == [
        ["1001", "seed 1"], ["1004", "seed 3"], ["1007", "seed 5"], ["1010", "seed 9"],
    ]  # fmt: skip
    panel.choose(WAY, "At Frames")
    assert panel.named(FRAME)["enabled"]
    assert [key["frame"] for key in asked(panel)["walk"]["keys"]] == [1001, 1004, 1007, 1010]
    panel.choose(WAY, "Evenly")
    panel.run("ui.find('Loop').value = true; ui.click('Loop');")
    assert asked(panel)["walk"] == {"keys": [{"seed": 1}, {"seed": 3}, {"seed": 5}, {"seed": 9}], "loop": True}
    for _ in range(7):
        panel.click("Add")
    panel.choose(WAY, "At Frames")
    assert "fewer frames" in panel.status and panel.named(WAY)["chosen"] == "Evenly"


def a_circle_has_a_seed_and_waves(open_panel: Open) -> None:
    panel = walking(open_panel)
    panel.choose(WAY, "Circle")
    assert shown(panel, WAVES) and not shown(panel, KEYS) and panel.run("ui.cut()") == []
    assert asked(panel)["walk"] == {"circle": {"seed": 1}}
    panel.type(CIRCLE, "7")
    panel.type(WAVES, "3")
    assert asked(panel)["walk"] == {"circle": {"seed": 7, "waves": 3}}
    panel.type(WAVES, "0")
    assert refusal(panel) == "Waves: give a whole number from 1."
    panel = walking(open_panel, {"circle": {"seed": 4}})
    assert [panel.named(tip)["text"] for tip in (CIRCLE, WAVES)] == ["4", "2"] and "walk" not in asked(panel)
    panel.choose(WAY, "At Frames")
    assert asked(panel)["walk"] == {"keys": [{"seed": 4, "frame": 1001}]}


def a_sound_leads_it(open_panel: Open) -> None:
    route = {"feature": "bass", "layers": "pose"}
    panel = walking(open_panel, {**FRAMES, "drive": [route]}, sound="voices/kirk.wav")
    assert (panel.named(DRIVE)["chosen"], panel.named(SOUND)["chosen"]) == (
        "As Painted (1 route)", "As Painted (kirk.wav)",
    )  # fmt: skip
    panel.choose(DRIVE, "speech")
    panel.run('ui.choose("/sounds/spock.wav")')
    panel.choose(SOUND, "File...")
    assert panel.named(SOUND)["chosen"] == "spock.wav"
    made = asked(panel)
    assert (made["walk"]["drive"], made["sound"]) == ("speech", "/sounds/spock.wav")
    panel.choose(DRIVE, "As Painted")
    panel.choose(SOUND, "As Painted")
    assert asked(panel).keys() & {"walk", "sound"} == set()
    panel.choose(DRIVE, "None")
    panel.choose(SOUND, "None")
    assert (asked(panel)["walk"]["drive"], asked(panel)["sound"]) == ([], "none")


def a_page_without_a_walk_says_why(open_panel: Open) -> None:
    panel = three_shots(open_panel, docked=(250, 400))
    panel.click("Walk")
    assert "Connect asks" in panel.named(ABOUT)["text"] and not shown(panel, WAY)
    panel = walking(open_panel, None)
    assert "go different ways" in panel.named(ABOUT)["text"] and not shown(panel, KEYS)
    assert "walk" not in asked(panel)
    panel = walking(open_panel)
    panel.pick(KEYS, 1)
    panel.click("Remove")
    assert "walk" in asked(panel)
    panel.choose(MODEL, "Grade")
    assert "no walk" in panel.named(ABOUT)["text"] and not shown(panel, SOUND) and "walk" not in asked(panel)


def a_model_that_only_hears_is_given_another_sound(open_panel: Open) -> None:
    panel = walking(open_panel, sound="voices/kirk.wav")
    panel.choose(MODEL, "Lips")
    assert "hears the sound" in panel.named(ABOUT)["text"] and panel.run("ui.cut()") == []
    assert shown(panel, SOUND) and not shown(panel, KEYS) and not panel.named(DRIVE)["enabled"]
    panel.run('ui.choose("/sounds/spock.wav")')
    panel.choose(SOUND, "File...")
    made = asked(panel)
    assert made["sound"] == "/sounds/spock.wav" and "walk" not in made
    panel.choose(MODEL, "Grade")
    assert "sound" not in asked(panel)


def a_layer_that_had_no_walk_begins_with_its_seed(open_panel: Open) -> None:
    panel = walking(open_panel, None, has=("labels",))
    panel.choose(MODEL, "Face")
    assert table(panel) == [["1001", "seed 5", ""]]
    assert asked(panel)["walk"] == {"keys": [{"seed": 5}]}


def what_was_set_stays_until_another_layer_is_chosen(open_panel: Open) -> None:
    panel = walking(open_panel)
    panel.pick(KEYS, 0)
    panel.type(NUMBER, "8")
    panel.click("Change")
    panel.run("SemrenderAE.work.connect();")
    assert table(panel)[0][1] == "seed 8", "the same delivery, asked for once more"
    panel.choose(LAYER, "env")
    assert table(panel)[0][1] == "seed 1"


def what_the_table_does_not_show_stays(open_panel: Open) -> None:
    more = {"space": "z", "ranges": [{"layers": "8-", "circle": {"seed": 3}}]}
    panel = walking(open_panel, {**FRAMES, **more})
    assert panel.named(ABOUT)["text"] == "Stays as painted: 1 range, the space z."
    panel.pick(KEYS, 1)
    panel.click("Remove")
    assert asked(panel)["walk"] == {"keys": FRAMES["keys"][:1], **more}
    assert json.dumps(FRAMES["keys"][1]) not in json.dumps(asked(panel))
