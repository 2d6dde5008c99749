"""Mistakes injected into the panel, one at a time: its scenarios must notice each."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from fake_host import Node
from panel_steps import Open, Panel, panel_sources
from test_panel_list import CASES, Case

# (file, what stands there, the mistake)
MISTAKES: list[tuple[str, str, str]] = [
    # nothing runs meanwhile, and each press looks
    ("bind.jsx", "        work.refresh(true, false);\n    }\n",
     '        work.refresh(true, false);\n        app.scheduleTask("1", 2000, true);\n    }\n'),
    ("bind.jsx", "            work.look(event.target === c.list);\n", ""),
    ("bind.jsx", "                    work.look(false);\n                }\n", "                }\n"),
    ("bind.jsx", "                if (control.enabled) {\n", "                if (true) {\n"),
    ("work.jsx", "            if (!state.able) {\n", "            if (false) {\n"),
    ("bind.jsx", "SCRIPTING = 3131", "SCRIPTING = 2359"),
    ("bind.jsx", "work.look(event.target === c.list)", "work.look(false)"),
    # a dock of any size
    ("panel.jsx", "    window.layout.resize();", "    window.layout.layout(true);"),
    ("work.jsx", "        state.window.layout.resize();\n", ""),
    ("view.jsx", 'c.list.alignment = ["fill", "fill"];', 'c.list.alignment = ["fill", "top"];'),
    ("view.jsx", "c.pages[PAGES[i]].visible = PAGES[i] === title;", "c.pages[PAGES[i]].visible = true;"),
    ("kit.jsx", "made.preferredSize = [text.length * SIGN + 6, HIGH];", "made.preferredSize = [130, HIGH];"),
    # the list
    ("shots.jsx", "(parts.length > 2 ?", "(false ?"),
    ("shots.jsx", "a.created < b.created ? 1 : -1", "a.created < b.created ? -1 : 1"),
    ("shots.jsx", 'base + "/" + tidy(one.folder)', "tidy(one.folder)"),
    ("shots.jsx", "return list.concat(ownFolders());", "return list;"),
    ("shots.jsx", "list = (told === null || !told.folders) ? [] : told.folders;", "list = [];"),
    ("shots.jsx", "fits = fits && words", "fits = words"),
    ("shots.jsx", ".join(\" \").toLowerCase();", '.join(" ");'),
    ("shots.jsx", 'if (seen["$" + list[i].folder] === undefined) {', "if (true) {"),
    ("shots.jsx", "!entries[i].home.pinned &&", ""),
    ("shots.jsx", "            if (had[i] !== tidy(folder)) {", "            if (true) {"),
    ("shots.jsx", "known === undefined || again ||", "known === undefined ||"),
    ("shots.jsx", 'entries[i].state === "current" || (at === -1 &&', "(at === -1 &&"),
    ("list.jsx", "        if (pressed) {\n", "        if (false) {\n"),
    ("list.jsx", '            if (before["$" + rows[i].folder]) {', "            if (i === 0) {"),
    ("list.jsx", "                state.c.list.selection = null;\n", ""),
    ("list.jsx", "            state.rows = rows;\n            for", "            for"),
    # what is done with deliveries
    ("deliveries.jsx", "if (one !== null && !SemrenderAE", "if (!SemrenderAE"),
    ("deliveries.jsx", "options.sameShot = state.c.same.value === true;", ""),
    ("deliveries.jsx", "SemrenderAE.core.home(entry, SemrenderAE.core.shots()) !== null", "true"),
    ("deliveries.jsx", 'folder = plain(chosen).slice(0, -"/delivery.json".length);', "folder = plain(chosen);"),
    ("deliveries.jsx", 'chosen.fsName.replace(/\\\\/g, "/")', "chosen.absoluteURI"),
    ("bind.jsx", "deliveries.bring(list.chosen(state), {dry: true});", "deliveries.bring(list.chosen(state), {});"),
    ("bind.jsx", "{beside: true}", "{}"),
    ("bind.jsx", "deliveries.turn(1);", "deliveries.turn(-1);"),
    ("bind.jsx", "deliveries.bring(SemrenderAE.shots.outdated(state.entries), {});",
     "deliveries.bring(list.chosen(state), {});"),
    ("bring.jsx", "                    window.update();\n", ""),
    ("bring.jsx", "            shown.close();\n", ""),
    ("bring.jsx", 'dry ? "Dry run: " : "Done: "', '"Done: "'),
    ("files.jsx", 'path.replace(/%/g, "%25")', "path"),
    ("deliveries.jsx", "            bring([one], {beside: true});\n", ""),
    ("deliveries.jsx", "known[i].uid !== not &&", "true &&"),
    ("comp.jsx", "for (i = 0; i < chosen.length; i += 1)", "for (i = 0; i < 1; i += 1)"),
    # painting again
    ("again.jsx", "c.seed.text = state.look.seed;", 'c.seed.text = "0";'),
    ("again.jsx", "c.model.selection = c.hold.selection = c.scale.selection = null;", ""),
    ("work.jsx", "        state.delivery = one === null", "        state.delivery = true"),
    ("looks.jsx", "text(layers[i].provenance, key) !== value", "false"),
]  # fmt: skip

# How many mistakes a scenario noticed, in one file and ("") in all: the one that sees most is asked first.
NOTICED: Counter[tuple[str, str]] = Counter()


def noticed(open_panel: Open, file: str) -> str:
    """A scenario that fails, or ""."""

    def rank(case: Case) -> tuple[int, int]:
        return -NOTICED[file, case.__name__], -NOTICED["", case.__name__]

    for case in sorted(CASES, key=rank):
        try:
            case(open_panel)
        except (AssertionError, KeyError, ValueError, StopIteration, IndexError):
            NOTICED.update({(file, case.__name__), ("", case.__name__)})
            return case.__name__
    return ""


@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=lambda n: f"{MISTAKES[n][0]}-{n}")
def test_mistake_is_noticed(node: Node, number: int) -> None:
    file, right, wrong = MISTAKES[number]
    sources = dict(panel_sources())
    assert sources[file].count(right) == 1, f"{right!r} stands {sources[file].count(right)} times in {file}"
    sources[file] = sources[file].replace(right, wrong)
    assert noticed(partial(Panel, node, sources), file), f"no scenario notices: {right} -> {wrong}"
