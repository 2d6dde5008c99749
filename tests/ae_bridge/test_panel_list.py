"""The panel without a server: the scenarios with the panel as it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from inspect import getmembers, isfunction

import pytest
import scenarios_panel
import scenarios_panel_deeds
import scenarios_walk
from fake_host import Node
from panel_shots import three_shots
from panel_steps import MATTES, Open, Panel
from scenarios_walk import FACE, FRAMES, told

Case = Callable[[Open], None]
CASES: list[Case] = [
    function
    for module in (scenarios_panel, scenarios_panel_deeds, scenarios_walk)
    for _, function in getmembers(module, isfunction)
    if function.__module__ == module.__name__ and [*function.__annotations__] == ["open_panel", "return"]
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_panel(node: Node, case: Case) -> None:
    case(partial(Panel, node))


def test_the_layout_can_be_drawn(node: Node) -> None:
    """SEMRENDER_PANEL_PNG=docs/images/ae_panel.png renews the picture of the manual."""
    from tools.draw_panel import draw

    trees = []
    for size, pages in (((250, 400), ("Shots", "Repaint", "Walk", "Comp")), ((400, 400), ("Shots",))):
        panel = three_shots(partial(Panel, node), docked=size)
        panel.select(0, 2)
        panel.click("Import")
        panel.artist("item('sh020').openInViewer();")
        panel.select(0)
        panel.pick(MATTES, 0, 2)
        for page in pages:
            if page == "Walk":
                told(panel, {"models": [FACE], "has": ["walk"], "fault": "", "walk": FRAMES, "sound": "voice.wav"})
            if page != "Shots":
                panel.click(page)
            trees.append(panel.window)
    picture = draw(*trees)
    assert picture.size == (2 * (4 * 262 + 412 + 12), 2 * 440)
    assert len(picture.getcolors(1 << 20) or []) > 20
    if os.environ.get("SEMRENDER_PANEL_PNG"):
        picture.save(os.environ["SEMRENDER_PANEL_PNG"])
