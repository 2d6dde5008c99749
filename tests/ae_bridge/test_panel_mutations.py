"""Mistakes injected into the panel, one at a time: its scenarios must notice each."""

from __future__ import annotations

from functools import partial

import pytest
from fake_host import Node
from panel_steps import Open, Panel, panel_sources
from test_panel_list import CASES

# (file, what stands there, the mistake, the scenario that notices it)
MISTAKES: list[tuple[str, str, str, str]] = [
    # nothing runs meanwhile, and each press looks
    ("bind.jsx", "        work.refresh(true, false);\n    }\n",
     '        work.refresh(true, false);\n        app.scheduleTask("1", 2000, true);\n    }\n',
     "a_closed_panel_opens_as_it_was"),
    ("bind.jsx", "            work.look(event.target === c.list);\n", "",
     "what_is_gone_by_the_press_is_not_done"),
    ("bind.jsx", "                    work.look(false);\n                }\n", "                }\n",
     "a_button_looks_where_no_press_arrives"),
    ("bind.jsx", "                if (control.enabled) {\n", "                if (true) {\n",
     "what_is_gone_by_the_press_is_not_done"),
    ("work.jsx", "            if (!state.able) {\n", "            if (false) {\n",
     "the_preference_is_read_at_each_click"),
    ("bind.jsx", "SCRIPTING = 3131", "SCRIPTING = 2359",
     "the_preference_is_read_at_each_click"),
    ("bind.jsx", "work.look(event.target === c.list)", "work.look(false)",
     "rows_do_not_change_under_the_cursor"),
    # a dock of any size
    ("panel.jsx", "    window.layout.resize();", "    window.layout.layout(true);",
     "it_fits_a_narrow_dock"),
    ("work.jsx", "        state.window.layout.resize();\n", "",
     "it_fits_a_narrow_dock"),
    ("view.jsx", 'c.list.alignment = ["fill", "fill"];', 'c.list.alignment = ["fill", "top"];',
     "it_fits_a_narrow_dock"),
    ("view.jsx", "c.pages[PAGES[i]].visible = PAGES[i] === title;", "c.pages[PAGES[i]].visible = true;",
     "it_fits_a_narrow_dock"),
    ("kit.jsx", "made.preferredSize = [text.length * SIGN + 6, HIGH];", "made.preferredSize = [130, HIGH];",
     "it_fits_a_narrow_dock"),
    # the list
    ("shots.jsx", "(parts.length > 2 ?", "(false ?",
     "rows_do_not_change_under_the_cursor"),
    ("shots.jsx", "a.created < b.created ? 1 : -1", "a.created < b.created ? -1 : 1",
     "takes_stand_side_by_side"),
    ("shots.jsx", 'base + "/" + tidy(one.folder)', "tidy(one.folder)",
     "long_work_shows_how_far_it_is"),
    ("shots.jsx", "return list.concat(ownFolders());", "return list;",
     "a_folder_is_watched_and_left"),
    ("shots.jsx", "list = (told === null || !told.folders) ? [] : told.folders;", "list = [];",
     "a_closed_panel_opens_as_it_was"),
    ("shots.jsx", "fits = fits && words", "fits = words",
     "a_search_narrows_the_list"),
    ("shots.jsx", ".join(\" \").toLowerCase();", '.join(" ");',
     "a_search_narrows_the_list"),
    ("shots.jsx", 'if (seen["$" + list[i].folder] === undefined) {', "if (true) {",
     "a_closed_panel_opens_as_it_was"),
    ("shots.jsx", "!entries[i].home.pinned &&", "",
     "a_pinned_shot_stays"),
    ("shots.jsx", "            if (had[i] !== tidy(folder)) {", "            if (true) {",
     "a_folder_is_watched_and_left"),
    ("shots.jsx", "known === undefined || again ||", "known === undefined ||",
     "shared_lists_are_read_again_by_refresh"),
    ("list.jsx", "        if (pressed) {\n", "        if (false) {\n",
     "rows_do_not_change_under_the_cursor"),
    ("list.jsx", '            if (before["$" + rows[i].folder]) {', "            if (i === 0) {",
     "rows_do_not_change_under_the_cursor"),
    ("list.jsx", "                state.c.list.selection = null;\n", "",
     "a_moved_delivery_is_found_again"),
    ("list.jsx", "            state.rows = rows;\n            for", "            for",
     "a_shot_of_the_same_name_from_elsewhere_is_no_update"),
    ("options.jsx", 'shown.text.replace(",", ".")', "shown.text",
     "the_sun_is_turned_by_numbers_with_fractions_and_signs"),
    # what is done with deliveries
    ("deliveries.jsx", "if (one !== null && !SemrenderAE", "if (!SemrenderAE",
     "a_double_click_shows_the_comp"),
    ("deliveries.jsx", "options.sameShot = state.c.same.value === true;", "",
     "a_shot_of_the_same_name_from_elsewhere_is_no_update"),
    ("deliveries.jsx", "SemrenderAE.core.home(entry, SemrenderAE.core.shots()) !== null", "true",
     "a_moved_delivery_is_found_again"),
    ("deliveries.jsx", 'folder = plain(chosen).slice(0, -"/delivery.json".length);', "folder = plain(chosen);",
     "a_delivery_is_imported_by_its_file"),
    ("deliveries.jsx", 'chosen.fsName.replace(/\\\\/g, "/")', "chosen.absoluteURI",
     "a_delivery_is_imported_by_its_file"),
    ("bind.jsx", "deliveries.bring(list.chosen(state), {dry: true});", "deliveries.bring(list.chosen(state), {});",
     "a_dry_run_changes_nothing"),
    ("bind.jsx", "{beside: true}", "{}",
     "takes_stand_side_by_side"),
    ("bind.jsx", "deliveries.turn(true);", "deliveries.turn(false);",
     "takes_go_up_and_down"),
    ("bind.jsx", "deliveries.bring(SemrenderAE.shots.outdated(state.entries), {});",
     "deliveries.bring(list.chosen(state), {});",
     "updates_come_by_themselves"),
    ("bring.jsx", "                    window.update();\n", "",
     "long_work_shows_how_far_it_is"),
    ("bring.jsx", "            shown.close();\n", "",
     "long_work_shows_how_far_it_is"),
    ("bring.jsx", 'dry ? "Dry run: " : "Done: "', '"Done: "',
     "a_dry_run_changes_nothing"),
    ("files.jsx", 'path.replace(/%/g, "%25")', "path",
     "a_delivery_is_imported_by_its_file"),
    ("deliveries.jsx", "if (known[i].uid === uid) {", "if (true) {",
     "takes_go_up_and_down"),
    ("deliveries.jsx", "            bring([one], {beside: true});\n", "",
     "a_take_is_wiped_over_the_one_in_the_project"),
    ("deliveries.jsx", "known[i].uid !== not &&", "true &&",
     "a_take_is_wiped_over_the_one_in_the_project"),
    ("comp.jsx", "for (i = 0; i < chosen.length; i += 1)", "for (i = 0; i < 1; i += 1)",
     "several_classes_are_one_matte"),
    ("deliveries.jsx", "            if (some[i].home !== null) {", "            if (true) {",
     "half_size_pictures_by_a_switch"),
    ("bind.jsx", "deliveries.proxies(false);", "deliveries.proxies(true);",
     "half_size_pictures_by_a_switch"),
    # painting again
    ("again.jsx", "c.seed.text = state.look.seed;", 'c.seed.text = "0";',
     "layers_that_differ_say_so"),
    ("again.jsx", "kit.fill(c.hold, [asPainted(state.look.hold)].concat(HOLDS), !other);",
     "kit.fill(c.hold, [asPainted(state.look.hold)].concat(HOLDS), true);", "the_form_begins_as_it_was_painted"),
    ("work.jsx", "        state.delivery = one === null", "        state.delivery = true",
     "layers_that_differ_say_so"),
    ("looks.jsx", "text(layers[i].provenance, key) !== value", "false",
     "layers_that_differ_say_so"),
    # a walk
    ("keyframes.jsx", "return SemrenderAE.json.parse(SemrenderAE.json.stringify(walk));", "return walk;",
     "keyframes_are_a_table"),
    ("keyframes.jsx", "loop ? count : count - 1", "count",
     "keyframes_are_spread_and_said_by_frame"),
    ("keyframes.jsx", "            walk.keys.sort(byFrame);\n", "",
     "a_keyframe_is_added_where_the_artist_looks"),
    ("keyframes.jsx", "if (walk.keys[i].frame === walk.keys[i - 1].frame) {", "if (false) {",
     "a_keyframe_is_added_where_the_artist_looks"),
    ("keyframes.jsx", "at === -1 ? made.keys.length : at + 1", "made.keys.length",
     "keyframes_are_spread_and_said_by_frame"),
    ("keyframes.jsx", "if (made.keys.length === 1) {", "if (false) {",
     "keyframes_are_a_table"),
    ("keyframes.jsx", "            delete made.keys[i].frame;\n", "",
     "keyframes_are_spread_and_said_by_frame"),
    ("keyframes.jsx", "made.keys.length > shot.last - shot.first + 1", "false",
     "keyframes_are_spread_and_said_by_frame"),
    ("keyframes.jsx", "            delete made.keys;\n", "",
     "a_circle_has_a_seed_and_waves"),
    ("keyframes.jsx", 'if (walk.space === "z") {', "if (false) {",
     "what_the_table_does_not_show_stays"),
    ("walk.jsx", "state.walk !== null && state.walkAsked === asked", "false",
     "what_was_set_stays_until_another_layer_is_chosen"),
    ("walk.jsx", "{keys: [{seed: Number(state.look.seed) || 0}]}", "null",
     "a_layer_that_had_no_walk_begins_with_its_seed"),
    ("walk.jsx", 'answer.has.join(" ")', '""',
     "a_page_without_a_walk_says_why"),
    ("led.jsx", "hears(state) && state.sound !== state.soundAsked", "state.sound !== state.soundAsked",
     "a_model_that_only_hears_is_given_another_sound"),
    ("walk.jsx", "shown || SemrenderAE.led.hears(state)", "shown",
     "a_model_that_only_hears_is_given_another_sound"),
    ("walk.jsx", "shown = state.walk !== null && wanted(state);", "shown = true;",
     "a_page_without_a_walk_says_why"),
    ("walk.jsx", 'key["class"] = before["class"];', "",
     "points_of_a_file_are_chosen"),
    ("walk.jsx", 'c.frame.text === "" ? frame : whole', "whole",
     "a_keyframe_is_added_where_the_artist_looks"),
    ("walk.jsx", '            state.c.frame.text = ""; //', "            //",
     "a_keyframe_is_added_where_the_artist_looks"),
    ("walk.jsx", "walk === null || !wanted(state)", "walk === null",
     "a_page_without_a_walk_says_why"),
    ("walk.jsx", "if (SemrenderAE.json.stringify(walk) !== state.walkAsked) {", "if (true) {",
     "keyframes_are_a_table"),
    ("walk.jsx", '!== WAVES) {', "!== 0) {",
     "a_circle_has_a_seed_and_waves"),
    ("walk.jsx", 'path === "" ? 0 : state.walkFiles.length', "state.walkFiles.length",
     "points_of_a_file_are_chosen"),
    ("led.jsx", "SemrenderAE.keyframes.copy(state.painted).drive", "[]",
     "a_sound_leads_it"),
    ("led.jsx", 'at === 0 ? state.soundAsked : "none"', "state.soundAsked",
     "a_sound_leads_it"),
    ("led.jsx", "own ? 2 : 1", "1",
     "a_sound_leads_it"),
    ("work.jsx", "            walk.forget(state);\n            form(false);\n", "            form(false);\n",
     "what_was_set_stays_until_another_layer_is_chosen"),
    ("work.jsx", "            walk.fill(state, -1);\n            arrange();", "            arrange();",
     "a_page_without_a_walk_says_why"),
]  # fmt: skip


def noticed(open_panel: Open, first: str) -> str:
    """A scenario that fails, or ""; the one that did so once is asked first."""
    for case in sorted(CASES, key=lambda case: case.__name__ != first):
        try:
            case(open_panel)
        except (AssertionError, KeyError, ValueError, StopIteration, IndexError):
            return case.__name__
    return ""


@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=lambda n: f"{MISTAKES[n][0]}-{n}")
def test_mistake_is_noticed(node: Node, number: int) -> None:
    file, right, wrong, first = MISTAKES[number]
    sources = dict(panel_sources())
    assert sources[file].count(right) == 1, f"{right!r} stands {sources[file].count(right)} times in {file}"
    sources[file] = sources[file].replace(right, wrong)
    assert noticed(partial(Panel, node, sources), first), f"no scenario notices: {right} -> {wrong}"
