"""Shots for the scenarios of the panel: two sequences, a colleague, takes."""

from __future__ import annotations

from typing import Any

from made import delivery, matte, painting, shot
from panel_steps import HOME, Data, Open, Panel, index

from shared.delivery import Provenance

SHARE = "//srv/show/painted"


def made(name: str, sequence: str = "sq010", number: int = 1, minute: int = 0, **look: Any) -> Data:
    """A delivery of a shot of the show; the later the minute, the newer."""
    uid = f"show/{sequence}/{name}"
    painted = Provenance(**{"model": "countryside", "seed": 2020, "hold": "gentle", "scale": "", **look})
    layers = [painting(one, shot=uid, provenance=painted, version=number) for one in ("train", "env")]
    layers += [matte(one, uid=uid) for one in ("tree", "grass", "river")]
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
