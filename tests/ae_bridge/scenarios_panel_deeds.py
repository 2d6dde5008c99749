"""What the panel does with deliveries: imports, tries, takes, folders, mattes."""

from __future__ import annotations

import json
import re

from made import FRAMES, delivery, painting, shot
from panel_shots import made, three_shots
from panel_steps import LIST, MATTES, Open, index
from scenarios_template import template


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
    shots = [panel.put_delivery(made("sh010", minute=m, seed=m), f"/mine/{name}") for name, m in takes]
    panel.put_inbox(*shots, panel.put_delivery(made("sh001", "sq005"), "/another/sh001"))
    panel.click("Refresh", "Older")
    assert "Import it first" in panel.status
    panel.select(3)
    panel.click("Import")
    panel.select(0)
    panel.click("Import")
    assert [row[0] for row in panel.rows[:3]] == ["sq010 / sh010 take 3", "sq010 / sh010 take 2", "sq010 / sh010"]
    comp = panel.comp("sh010")["id"]
    panel.click("Older")
    assert [row[2] for row in panel.rows[:3]] == ["New take", "In project", "Other take"]
    panel.select(0)
    panel.click("Older")
    panel.click("Older")
    assert "no older version" in panel.status and panel.rows[2][2] == "In project"
    panel.click("Newer")
    assert panel.rows[1][2] == "In project" and panel.comp("sh010")["id"] == comp


def long_work_shows_how_far_it_is(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    panel.run("ui.shown = []; ")
    before = panel.run("ui.windows()")
    panel.click("Import")
    assert panel.run("ui.windows()") == before + 1 and len(panel.run("ui.tree()")) == 1, "a palette, gone again"
    assert panel.run("ui.updates()") >= 4, "drawn at each file and layer"


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
    for row, name in ((1, "sh010"), (0, "sh010_take002")):
        panel.select(row)
        panel.run(f"ui.find({json.dumps(LIST)}).onDoubleClick()")
        assert panel.run("app.project.activeItem.name") == name, "each take shows its own comp"
    panel.artist("app.project.activeItem.time = 2 / 24")
    made_by = made("sh010")
    assert panel.run("SemrenderAE.frames.current(input.shot.uid, input, 0)", made_by) == made_by["shot"]["first"] + 2


def a_take_is_wiped_over_the_one_in_the_project(open_panel: Open) -> None:
    panel = open_panel()
    takes = [("sh010", 0), ("sh010_take002", 1)]
    panel.put_inbox(*(panel.put_delivery(made("sh010", minute=m, seed=m), f"/mine/{name}") for name, m in takes))
    panel.click("Refresh", "Wipe")
    assert "Import the shot" in panel.status and panel.dump()["items"] == []
    panel.select(1)
    panel.click("Import", "Wipe")
    assert "another take" in panel.status
    panel.select(0)
    panel.click("Wipe")
    assert panel.run("app.project.activeItem.name") == "sh010 | sh010_take002"
    assert panel.order("sh010 | sh010_take002") == ["sh010_take002", "sh010"]
    count = len(panel.dump()["items"])
    panel.select(1)
    panel.click("Wipe")
    assert panel.status.startswith("Done") and len(panel.dump()["items"]) <= count + 1


def several_classes_are_one_matte(open_panel: Open) -> None:
    panel = open_panel()
    panel.put_inbox(panel.put_delivery(made("sh010"), "/mine/sh010"))
    panel.click("Refresh", "Import", "Comp")
    panel.artist("item('sh010').openInViewer(); item('sh010').layers.addText('TITLE').selected = true;")
    panel.click("Preferences...")
    assert [row[0] for row in panel.named(MATTES)["rows"]] == ["grass (train)", "river (train)", "tree (train)"]
    panel.pick(MATTES, 0, 2)
    panel.click("Use on Selected")
    assert panel.status.startswith("Done"), panel.report
    names = {one["id"]: name for name, one in panel.layers("sh010").items()}
    cut = names[panel.layers("sh010")["TITLE"]["matte"]["layer"]]
    assert "tree" in cut and "grass" in cut and "river" not in cut, cut


def a_clip_is_normalised_and_what_is_made_on_it_put_back(open_panel: Open) -> None:
    panel = open_panel()
    panel.put(*(f"/plates/walk.{one:04d}.png" for one in range(11, 17)), width=64, height=36)
    panel.write({"/walk 5%/normalised.comp.json": json.dumps(template())})
    panel.artist("""
        var o = new ImportOptions(new File("/plates/walk.0011.png"));
        o.sequence = true;
        var comp = app.project.items.addComp("plate", 64, 36, 1, 1, 24);
        comp.openInViewer();
        comp.layers.add(app.project.importFile(o)).startTime = 0;
    """)
    panel.click("Comp", "Normalised...")
    assert list(panel.items("CompItem")) == ["plate"] and "could not be done" not in panel.status, (
        "a dialog that was left"
    )
    panel.run('ui.choose("/walk%205%25/normalised.json")')
    panel.click("Normalised...")
    assert panel.status.startswith("Done: walk") and set(panel.items("CompItem")) == {"plate", "walk person 1"}
    panel.artist("item('plate').openInViewer(); item('plate').layers.addText('HAT');")
    panel.click("Put Back")
    layers = panel.layers("plate")
    assert layers["HAT"]["parent"] == layers["put back person 1"]["id"], panel.report
    assert panel.status.startswith("Done: normalised clip")
    panel.click("Pins")
    assert panel.status.startswith("With errors: puppet pins") and "Select layers with puppet pins" in panel.report
    panel.run('ui.choose("/plates/walk.0011.png")')
    panel.click("Normalised...")
    assert "This is no normalised clip" in panel.report and panel.status.startswith("With errors")


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


def half_size_pictures_by_a_switch(open_panel: Open) -> None:
    panel = three_shots(open_panel)
    panel.select(0, 1)
    panel.click("Comp", "Half Size")
    assert "in the project" in panel.status
    panel.select(1, 2)
    panel.click("Shots", "Import", "Comp")
    folders = ("/mine/sq010/sh010", "/mine/sq020/sh010")
    panel.put(*(f"{one}/proxy/painting/train/train.{n}.png" for one in folders for n in FRAMES), width=32, height=18)
    shown = [re.sub(r"[^A-Za-z0-9_.-]", "_", one["deliveryId"]) for one in panel.run("SemrenderAE.core.shots()")]
    panel.put(*(f"{folder}/proxy/of_{one}" for folder in folders for one in shown))
    panel.select(0, 1, 2)
    panel.click("Half Size")
    assert panel.status.startswith("Done: 2 shots, 2 changed") and "no half-size pictures" in panel.report
    panel.select(1)
    panel.click("Full Size")
    assert panel.status.startswith("Done: sh010, 1 changed")
    used = [one["proxy"][2] for one in panel.dump()["items"] if one.get("proxy")]
    assert sorted(used) == [False, True]
