"""What the panel does without a server: its list, its form, and how it stands in a narrow dock."""

from __future__ import annotations

import json

from panel_shots import SHARE, made, three_shots
from panel_steps import FIND, HOLD, HOME, LAYER, LIST, MODEL, SCALE, SEED, Open, entry_of, index


def nothing_waits_in_after_effects(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    panel.click("Import", "Repaint", "Options", "Comp", "Shots")
    assert panel.run("ui.tasks()") == 0
    panel.dialog(True)
    panel.dialog(False)
    panel.click("Refresh")
    dump = panel.dump()
    assert (dump["broken"], dump["taskErrors"], dump["asked"], dump["sockets"]) == (False, 0, [], 0)


def two_sequences_and_a_colleague(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    assert [row[0] for row in panel.rows] == ["sq010 / sh020", "sq020 / sh010", "sq010 / sh010"]
    assert panel.named(LIST)["lit"] == [0]
    assert "ann@ws12: 2026-11-28 10:02, countryside, seed 5, hold gentle" in str(panel.controls("statictext"))
    panel.select(0, 1, 2)
    panel.click("Import")
    assert [row[2] for row in panel.rows] == ["In project"] * 3
    assert "3 shots" in panel.status and "sh020 v1" in panel.report
    assert len([one for one in panel.dump()["items"] if one["kind"] == "CompItem"]) == 3


def updates_come_by_themselves(open_panel: Open) -> None:
    """A newer version is seen at the next press anywhere, with no timer; Update All brings those that have one."""
    panel = three_shots(open_panel)
    panel.select(0, 1, 2)
    panel.click("Import")
    assert not panel.enabled("Update All")
    panel.put_inbox(
        panel.put_delivery(made("sh010", number=2, minute=5), "/mine/sq010/sh010"),
        entry_of(made("sh010", "sq020", minute=1), "/mine/sq020/sh010"),
    )
    panel.click("Comp", "Shots")
    assert [row[1:] for row in panel.rows if row[2] == "Update"] == [["v002", "Update"]]
    panel.click("Update All")
    assert {row[2] for row in panel.rows} == {"In project"} and "sh010, " in panel.status
    assert not panel.enabled("Update All")


def a_button_looks_where_no_press_arrives(open_panel: Open) -> None:
    panel = three_shots(open_panel, preferences={"pressesArrive": False})
    panel.click("Import")
    panel.put_inbox(panel.put_delivery(made("sh030", minute=9), "/mine/sq010/sh030"))
    panel.click("Comp")
    assert panel.rows[0][0] == "sq010 / sh030"
    panel.artist("item('sh020').remove();")
    panel.run("ui.activate()")
    assert [row[2] for row in panel.rows if row[0] == "sq010 / sh020"] == ["New"]


def what_is_gone_by_the_press_is_not_done(open_panel: Open) -> None:
    """The only shot has left the list between the choice and the click."""
    panel = open_panel()
    panel.put_inbox(panel.put_delivery(made("sh010"), "/mine/sh010"))
    panel.click("Refresh")
    panel.put_inbox()
    panel.click("Reveal")
    assert panel.rows == [] and panel.dump()["asked"] == [] and "could not" not in panel.status


def what_the_artist_undoes_is_seen(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    panel.select(2)
    panel.click("Import")
    assert panel.rows[2][2] == "In project"
    panel.artist("item('sh010').remove();")
    panel.run(f"ui.press({json.dumps(LIST)})")
    assert panel.rows[2][2] == "New" and panel.named(LIST)["lit"] == [2]


def rows_do_not_change_under_the_cursor(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    panel.put_inbox(panel.put_delivery(made("sh030", minute=9), "/mine/sq010/sh030"))
    panel.run(f"ui.press({json.dumps(LIST)})")
    assert len(panel.rows) == 3 and "press Refresh" in panel.status
    panel.click("Refresh")
    assert [row[0] for row in panel.rows] == ["sq010 / sh030", "sq010 / sh020", "sq010 / sh010"]
    assert panel.named(LIST)["lit"] == [1], "the colleague's, as before"


def a_search_narrows_the_list(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    for words, found in (
        ("sq020", 1),
        ("sh010", 2),
        ("ann sh020", 1),
        ("sh020 sq020", 0),
        ("SHOW", 3),
        ("in project", 0),
        ("new", 3),
    ):
        panel.run(f"ui.type({json.dumps(FIND)}, {json.dumps(words)}); ui.find({json.dumps(FIND)}).onChanging();")
        assert len(panel.rows) == found, words
    panel.run(f"ui.type({json.dumps(FIND)}, ''); ui.find({json.dumps(FIND)}).onChange();")
    assert len(panel.rows) == 3


def a_double_click_shows_the_comp(open_panel: Open) -> None:
    panel = open_panel()
    double = f"ui.find({json.dumps(LIST)}).onDoubleClick()"
    panel.run(double)
    panel.put_inbox(panel.put_delivery(made("sh010"), "/mine/sh010"))
    panel.click("Refresh")
    panel.run(double)
    assert "Import it first" in panel.status
    panel.click("Import")
    panel.run(double)
    assert panel.run("app.project.activeItem.name") == "sh010"


def the_form_begins_as_it_was_painted(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    panel.click("Repaint")
    assert panel.named(SEED)["text"] == "5"
    assert [panel.named(tip)["chosen"] for tip in (MODEL, HOLD, SCALE)] == [
        "As Painted (countryside)", "As Painted (gentle)", "As Painted",
    ]  # fmt: skip
    assert panel.named(LAYER)["rows"] == [["All Layers"], ["train"], ["env"]]
    panel.choose(HOLD, "strong")
    panel.click("Shots")
    panel.select(2)
    assert panel.named(SEED)["text"] == "2020"
    assert panel.named(HOLD)["chosen"] == "As Painted (gentle)", "what was touched belongs to the shot before"


def layers_that_differ_say_so(open_panel: Open) -> None:
    panel = open_panel()
    one = made("sh010", options={"look": "summer"})
    one["layers"][1]["provenance"] |= {"seed": 8, "options": {"look": "autumn"}}
    panel.put_inbox(panel.put_delivery(one, "/mine/sh010"))
    panel.click("Refresh", "Repaint")
    assert panel.named(SEED)["text"] == "" and "several seeds, hold gentle" in str(panel.controls("statictext"))
    panel.choose(LAYER, "env")
    assert panel.named(SEED)["text"] == "8" and "look autumn" in str(panel.controls("statictext"))


def shared_lists_are_read_again_by_refresh(open_panel: Open) -> None:
    """A share may be slow: a press looks into it now and then, Refresh always."""
    panel = three_shots(open_panel)
    panel.write({f"{SHARE}/semrender_index.json": index()})
    panel.click("Comp", "Shots")
    assert len(panel.rows) == 3
    panel.click("Refresh")
    assert len(panel.rows) == 2


def it_fits_a_narrow_dock(open_panel: Open) -> None:
    for size in ((250, 400), (420, 700)):
        assert open_panel(docked=size).run("ui.cut()") == [], "as it opens"
        panel = three_shots(open_panel, docked=size)
        for page in ("Repaint", "Options", "Comp", "Shots"):
            panel.click(page)
            assert panel.run("ui.cut()") == [], (size, page)
            panel.select(len(page) % 3)
            assert panel.run("ui.cut()") == [], (size, page)
        panel.run("ui.dock(250, 400)")
        assert panel.run("ui.cut()") == []


def the_preference_is_read_at_each_click(open_panel: Open) -> None:
    panel = open_panel(preferences={"write": False})
    panel.put_inbox(panel.put_delivery(made("sh010"), "/mine/sh010"))
    panel.click("Refresh", "Import")
    assert panel.rows[0][2] == "In project"
    greyed = {one["text"] for one in panel.controls("button") if not one["enabled"]}
    assert {"Connect", "Paint", "Preview Frame", "Start Server"} <= greyed
    assert "Preferences..." in str(panel.controls("statictext"))
    panel.click("Comp", "Preferences...")
    assert panel.run("ui.commands()") == [3131]
    panel.node.ask(op="preference", name="write", value=True)
    panel.click("Repaint")
    assert panel.enabled("Connect") and "Scripts may not" not in str(panel.controls("statictext"))


def a_closed_panel_opens_as_it_was(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    panel.run("ui.close();")
    panel.open()
    assert len(panel.rows) == 3 and panel.run("ui.tasks()") == 0


def the_server_is_started_by_what_python_wrote(open_panel: Open) -> None:
    panel = open_panel()
    panel.click("Repaint", "Start Server")
    assert "semrender serve" in panel.status and panel.dump()["asked"] == []
    panel.write({f"{HOME}/start_server.command": "#!/bin/sh"})
    panel.click("Start Server")
    assert panel.status == "Starting ..." and panel.dump()["asked"] == [f"{HOME}/start_server.command"]


def many_options_are_turned_over(open_panel: Open) -> None:
    """Also those that are not seen are asked for where they were touched."""
    panel = three_shots(open_panel, docked=(250, 400))
    options = [{"name": f"o{n}", "kind": "number", "default": n, "title": f"Option {n}"} for n in range(14)]
    card = {"name": "countryside", "title": "C", "lacks": "", "needs": [], "uses": ["picture"], "options": options}
    panel.run("SemrenderAE.work.state.models = [input]; SemrenderAE.work.chooseModel();", card)
    panel.click("Options")
    for _ in range(3):
        assert panel.run("ui.cut()") == []
        panel.click("More...")
    panel.type("Option 13", "99")
    asked = panel.run('SemrenderAE.again.request(SemrenderAE.work.state, "/mine")')
    assert asked["options"] == {"o13": 99}


def the_sun_is_turned_by_numbers_with_fractions_and_signs(open_panel: Open) -> None:
    panel = three_shots(open_panel, docked=(250, 400))
    angle = {"kind": "number", "default": 40.5, "min": -360.0, "max": 360.0}
    options = [{**angle, "name": f"sun_{name}", "title": f"Sun {name}"} for name in ("azimuth", "elevation")]
    card = {"name": "countryside", "title": "C", "lacks": "", "needs": [], "uses": ["normal"], "options": options}
    panel.run("SemrenderAE.work.state.models = [input]; SemrenderAE.work.chooseModel();", card)
    panel.click("Options")
    asked = 'SemrenderAE.again.request(SemrenderAE.work.state, "/mine").options'
    for typed, number in (("-20.25", -20.25), ("12,5", 12.5), ("0", 0), ("-360", -360)):
        panel.type("Sun azimuth", typed)
        assert panel.run(asked)["sun_azimuth"] == number
    panel.type("Sun azimuth", "-360.5")
    words = panel.run(f"(function () {{ try {{ {asked}; return ''; }} catch (e) {{ return e.message; }} }}())")
    assert words == "Sun azimuth: give a number from -360 up to 360."
