"""What the panel does without a server: its list, imports, folders, takes, and how it stands in a narrow dock."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from made import delivery, painting, shot
from panel_steps import FIND, HOLD, HOME, LAYER, LIST, MODEL, SCALE, SEED, Data, Open, Panel, entry_of, index

from shared.delivery import Provenance

Case = Callable[[Open], None]
SHARE = "//srv/show/painted"


def made(name: str, sequence: str = "sq010", number: int = 1, minute: int = 0, **look: Any) -> Data:
    """A delivery of a shot of the show; the later the minute, the newer."""
    uid = f"show/{sequence}/{name}"
    painted = Provenance(**{"model": "countryside", "seed": 2020, "hold": "gentle", "scale": "", **look})
    layers = [painting(one, shot=uid, provenance=painted, version=number) for one in ("train", "env")]
    when = f"2026-11-28T10:{minute:02d}:00+00:00"
    return delivery(
        *layers, of=shot(uid=uid, name=name, version=number), created=when, delivery_id=f"{when}_{name}{number}{look}"
    )


def three_shots(open_panel: Open, **options: Any) -> Panel:
    """Two sequences have a shot of one name; one is a colleague's."""
    panel = open_panel(**options)
    mine = [panel.put_delivery(made("sh010"), "/mine/sq010/sh010")]
    mine += [panel.put_delivery(made("sh010", "sq020", minute=1), "/mine/sq020/sh010")]
    panel.put_inbox(*mine)
    hers = panel.put_delivery(made("sh020", minute=2, seed=5), f"{SHARE}/sq010/sh020")
    both = [{**hers, "folder": "sq010/sh020", "by": "ann@ws12"}, mine[0]]
    panel.write({f"{SHARE}/semrender_index.json": index(*both)})
    panel.write({f"{HOME}/watched.json": {"folders": [SHARE]}})
    panel.click("Refresh")
    return panel


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


def a_folder_is_watched_and_left(open_panel: Open) -> None:
    panel = open_panel()
    hers = panel.put_delivery(made("sh020"), "/share/sq010/sh020")
    panel.write({"/share/semrender_index.json": index({**hers, "folder": "sq010/sh020"})})
    panel.run('ui.choose("/share/")')
    panel.click("Watch Folder...")
    assert "Watching /share." in panel.status and [row[0] for row in panel.rows] == ["sq010 / sh020"]
    panel.click("Import")
    assert panel.rows[0][2] == "In project", "no semrender is installed here"
    panel.click("Watch Folder...")
    assert "not watched any more" in panel.status and panel.rows == []
    panel.run('ui.choose("/empty")')
    panel.click("Watch Folder...")
    assert "has no semrender_index.json yet" in panel.status


def a_delivery_is_imported_by_its_file(open_panel: Open) -> None:
    panel = open_panel()
    panel.put_delivery(made("sh 5%"), "/else where/sh%205")
    panel.run('ui.choose("/else where/sh%25205/delivery.json")')
    panel.click("Import Delivery...")
    assert panel.rows == [["sq010 / sh 5%", "v001", "In project"]], panel.status
    panel.write({"/other/delivery.json": "{}"})
    panel.run('ui.choose("/other/delivery.json")')
    panel.click("Import Delivery...")
    assert "no delivery.json that can be read" in panel.status


def a_moved_delivery_is_found_again(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    panel.select(2)
    panel.click("Import")
    panel.put_delivery(made("sh010"), "/moved/sh010")
    panel.run('ui.choose("/moved/sh010")')
    panel.click("Relink...")
    footage = str(panel.items("FootageItem"))
    assert "/moved/sh010" in footage and "/mine" not in footage
    panel.put_delivery(made("sh090"), "/moved/sh090")
    panel.run('ui.choose("/moved/sh090")')
    panel.click("Relink...")
    assert "not in the project" in panel.status
    assert [panel.rows[at][0] for at in panel.named(LIST)["lit"]] == ["sq010 / sh090"]
    assert "sh090" not in str(panel.items())


def takes_go_up_and_down(open_panel: Open) -> None:
    """Older and Newer go from what is in the project; each keeps the comp."""
    panel = open_panel()
    takes = [("sh010", 0), ("sh010_take002", 1), ("sh010_take003", 2)]
    panel.put_inbox(*(panel.put_delivery(made("sh010", minute=m, seed=m), f"/mine/{name}") for name, m in takes))
    panel.click("Refresh", "Import")
    assert [row[0] for row in panel.rows] == ["sq010 / sh010 take 3", "sq010 / sh010 take 2", "sq010 / sh010"]
    comp = panel.comp("sh010")["id"]
    panel.click("Older")
    assert [row[2] for row in panel.rows] == ["New take", "In project", "Other take"]
    panel.select(0)
    panel.click("Older")
    panel.click("Older")
    assert "no older version" in panel.status and panel.rows[2][2] == "In project"
    panel.click("Newer")
    assert panel.rows[1][2] == "In project" and panel.comp("sh010")["id"] == comp


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


def long_work_shows_how_far_it_is(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    panel.run("ui.shown = []; ")
    before = panel.run("ui.windows()")
    panel.click("Import")
    assert panel.run("ui.windows()") == before + 1 and len(panel.run("ui.tree()")) == 1, "a palette, gone again"
    assert panel.run("ui.updates()") >= 4, "drawn at each file and layer"


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


def a_dry_run_changes_nothing(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    panel.select(0, 1)
    before = panel.dump()["items"]
    panel.click("Dry Run")
    assert panel.dump()["items"] == before and panel.status.startswith("Dry run: 2 shots")
    assert "Would be added" in panel.report and "Comp sh020" in panel.report


def takes_stand_side_by_side(open_panel: Open) -> None:
    panel = open_panel()
    takes = [("sh010", 0), ("sh010_take002", 1)]
    panel.put_inbox(*(panel.put_delivery(made("sh010", minute=m, seed=m), f"/mine/{name}") for name, m in takes))
    panel.click("Refresh")
    panel.select(1)
    panel.click("Import")
    panel.select(0)
    panel.click("Beside")
    comps = [one["name"] for one in panel.dump()["items"] if one["kind"] == "CompItem"]
    assert sorted(comps) == ["sh010", "sh010_take002"]
    assert [row[2] for row in panel.rows] == ["In project", "In project"]


def a_pinned_shot_stays(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    panel.select(2)
    assert not panel.enabled("Pin")
    panel.click("Import", "Pin")
    assert panel.rows[2][2] == "Pinned" and panel.enabled("Unpin")
    panel.put_inbox(panel.put_delivery(made("sh010", number=2, minute=5), "/mine/sq010/sh010"))
    panel.click("Refresh")
    at = next(n for n, row in enumerate(panel.rows) if row[0] == "sq010 / sh010")
    assert panel.rows[at][2] == "Update" and not panel.enabled("Update All")
    panel.select(at)
    panel.click("Unpin", "Update All")
    assert panel.rows[at] == ["sq010 / sh010", "v002", "In project"]


def a_shot_of_the_same_name_from_elsewhere_is_no_update(open_panel: Open) -> None:
    """Where neither project nor sequence is known, two shots of one name are kept apart until the artist says so."""
    panel = open_panel()
    shots = {}
    for at, folder in enumerate(("/show/sq010/sh010/v1", "/show/sq020/sh010/v1")):
        shots[folder] = delivery(
            painting("train", shot="sh010"),
            of=shot(uid="sh010", name="sh010"),
            created=f"2026-11-28T10:0{at}:00+00:00",
            delivery_id=f"id{at}",
        )
    panel.put_inbox(*(panel.put_delivery(one, folder) for folder, one in shots.items()))
    panel.click("Refresh")
    panel.select(1)
    panel.click("Import")
    panel.select(0)
    panel.click("Update")
    assert panel.status.startswith("With errors") and "/show/sq010/sh010/v1" in panel.report
    panel.click("Comp")
    panel.run('ui.find("Same Shot from Elsewhere").value = true;')
    panel.click("Shots", "Update")
    assert panel.status.startswith("Done")


def the_server_is_started_by_what_python_wrote(open_panel: Open) -> None:
    panel = open_panel()
    panel.click("Repaint", "Start Server")
    assert "semrender serve" in panel.status and panel.dump()["asked"] == []
    panel.write({f"{HOME}/start_server.command": "#!/bin/sh"})
    panel.click("Start Server")
    assert panel.status == "Starting ..." and panel.dump()["asked"] == [f"{HOME}/start_server.command"]
