"""The panel without a server: the scenarios with the panel as it is."""

from __future__ import annotations

import os
from functools import partial
from inspect import getmembers, isfunction

import pytest
import scenarios_panel
from fake_host import Node
from panel_steps import Panel

CASES = [
    function
    for _, function in getmembers(scenarios_panel, isfunction)
    if function.__module__ == scenarios_panel.__name__ and function.__annotations__.get("return") == "None"
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_panel(node: Node, case: scenarios_panel.Case) -> None:
    case(partial(Panel, node))


def test_the_layout_can_be_drawn(node: Node) -> None:
    """SEMRENDER_PANEL_PNG=docs/images/ae_panel.png renews the picture of the manual."""
    from tools.draw_panel import draw

    narrow = scenarios_panel.three_shots(partial(Panel, node), docked=(250, 400))
    narrow.select(0, 2)
    narrow.click("Import")
    narrow.select(0)
    trees = [narrow.window]
    for page in ("Repaint", "Comp"):
        narrow.click(page)
        trees.append(narrow.window)
    picture = draw(*trees)
    assert picture.size == (2 * (3 * 262 + 12), 2 * 440)
    assert len(picture.getcolors(1 << 20) or []) > 20
    if os.environ.get("SEMRENDER_PANEL_PNG"):
        picture.save(os.environ["SEMRENDER_PANEL_PNG"])
