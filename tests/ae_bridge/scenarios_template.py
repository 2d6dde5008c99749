"""A normalised clip in comps: somebody stands still in one, and what is made there comes back in the other."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

from made import Data
from steps import Open, fields, near, unchanged

from shared import schema
from shared.comp_templates import comp_person, comp_template

FRAMES = range(11, 17)
CLIP = Path("/plates/walk.0011.png")
CANVAS = (128, 96)
FRAME = 1 / 24


def way(at: int, step: float = 1.0, turn: float = 25.0) -> tuple[float, ...]:
    """To the canvas: turned a little more with each frame, past half a turn."""
    scale, angle = 1.5 + 0.1 * at * step, math.radians(120 + turn * at)
    a, b = scale * math.cos(angle), -scale * math.sin(angle)
    x, y = 20 + 1.25 * at * step, 15 - 0.5 * at
    return a, b, CANVAS[0] / 2 - a * x - b * y, -b, a, CANVAS[1] / 2 + b * x - a * y


def template(step: float = 1.0, people: int = 1, frames: range = FRAMES, size: tuple[int, int] = (64, 36)) -> Data:
    ways = [way(at, step) for at in range(len(frames))]
    all_of = [
        comp_person(CLIP, "walk", f"person {one + 1}", frames[0] + one, tuple(ways[one:]), CANVAS)
        for one in range(people)
    ]
    return schema.plain(comp_template(CLIP, "walk", True, size, Fraction(24), frames, all_of))


def opened(
    host: Open, start: int = 0, width: int = 64, height: int = 36, aspect: float = 1.0, comp: float = 1.0
) -> Any:
    """A comp of the artist's with the clip in it, which begins at a frame of the comp."""
    ae = host()
    ae.put(*(f"/plates/walk.{one:04d}.png" for one in FRAMES), width=width, height=height)
    ae.artist(f"""
        var o = new ImportOptions(new File("/plates/walk.0011.png"));
        o.sequence = true;
        var f = app.project.importFile(o);
        f.mainSource.conformFrameRate = 24;
        f.pixelAspect = {aspect};
        f.name = "walk";
        var comp = app.project.items.addComp("SH", 200, 100, {comp}, 2, 24);
        comp.openInViewer();
        var l = comp.layers.add(f);
        l.name = "clip";
        l.startTime = {start} / 24;
    """)
    return ae


def use(ae: Any, **changes: Any) -> Data:
    """On the clip, again without anything to do; the artist's selection stays."""
    select(ae, "clip")
    made = template(**changes)
    report: Data = ae.run("SemrenderAE.core.useTemplate(input)", made)
    assert {one["name"] for one in ae.comp()["layers"] if one["selected"]} == {"clip"}
    if report["ok"]:
        again = ae.run("SemrenderAE.core.useTemplate(input)", made)
        unchanged(again, ae)
    return report


def select(ae: Any, *names: str) -> None:
    ae.artist(
        """
        var i, k, l;
        item('SH').openInViewer();
        for (i = 1; i <= item('SH').numLayers; i += 1) {
            l = item('SH').layer(i);
            l.selected = false;
            for (k = 0; k < input.length; k += 1) { if (input[k] === l.name) { l.selected = true; } }
        }
        """,
        list(names),
    )


def to(row: tuple[float, ...], x: float, y: float) -> list[float]:
    a, b, c, d, e, f = row
    return [a * x + b * y + c, d * x + e * y + f]


def points_stand_still(ae: Any, step: float = 1.0, start: int = 0, ratio: tuple[float, float] = (1, 1)) -> None:
    """What of the clip comes where on the canvas, and what of the null lies where on the clip."""
    for at in range(len(FRAMES)):
        for x, y in ((0, 0), (64, 36), (20, 7.5)):
            wanted = to(way(at, step), x, y)
            (found,) = ae.seen_at("walk person 1", "walk", [[x * ratio[0], y * ratio[1]]], [at * FRAME])
            assert math.dist(found, wanted) <= 0.01, (at, found, wanted)
            (back,) = ae.seen_at("SH", "put back person 1", [wanted], [(at + start) * FRAME])
            (there,) = ae.seen_at("SH", "clip", [[x * ratio[0], y * ratio[1]]], [(at + start) * FRAME])
            assert math.dist(back, there) <= 0.01, (at, back, there)


def a_normalised_clip(host: Open) -> None:
    ae = opened(host)
    report = use(ae)
    assert report["ok"] and report["warnings"] == [], report
    comp = ae.comp("walk person 1")
    assert (comp["width"], comp["height"], comp["fps"], comp["first"]) == (*CANVAS, 24, 11)
    assert comp["duration"] == near(6 * FRAME) and comp["folder"] == ae.items("FolderItem")["walk"]["id"]
    clip, null = ae.layers("walk person 1")["walk"], ae.layers()["put back person 1"]
    assert clip["source"] == ae.items("FootageItem")["walk"]["id"] == ae.layers()["clip"]["source"]
    assert clip["moves"]["ADBE Position"] == {"value": [64, 48, 0]} and clip["start"] == 0
    assert [len(clip["moves"][f"ADBE {one}"]["keys"]) for one in ("Anchor Point", "Scale", "Rotate Z")] == [6, 6, 6]
    turns = [value for _, value in clip["moves"]["ADBE Rotate Z"]["keys"]]
    assert turns == sorted(turns) and turns[-1] > 180  # no frame between turns the long way round
    assert null["null"] and null["parent"] == ae.layers()["clip"]["id"]
    assert {"ADBE Position_0", "ADBE Position_1"} <= set(null["moves"])
    assert (null["in"], null["out"]) == (0, 2)
    points_stand_still(ae)


def a_clip_that_lies_otherwise_in_the_comp(host: Open) -> None:
    """Later, moved, scaled, turned, parented; then slid: what is put back stays on the picture."""
    ae = opened(host, start=7)
    ae.artist("""
        function at(n) { return layer('clip').property('ADBE Transform Group').property('ADBE ' + n); }
        at('Position').setValue([40, 70]); at('Scale').setValue([150, 80]); at('Rotate Z').setValue(33);
    """)
    use(ae)
    points_stand_still(ae, start=7)
    ae.artist("layer('clip').startTime = 3 / 24;")
    report = use(ae)
    assert ("put back person 1", "start") in fields(report, "changed") and report["kept"] == []
    points_stand_still(ae, start=3)


def a_clip_of_other_pixels(host: Open) -> None:
    """Half as large as a proxy is, or with pixels that are not square."""
    for width, height, aspect, comp in (
        (32, 18, 1.0, 1.0),
        (32, 36, 2.0, 2.0),
        (128, 36, 0.5, 1.0),
        (64, 36, 1.0, 0.5),
    ):
        ae = opened(host, width=width, height=height, aspect=aspect, comp=comp)
        assert use(ae)["ok"]
        points_stand_still(ae, ratio=(width / 64, height / 36))


def a_clip_that_is_normalised_again(host: Open) -> None:
    ae = opened(host)
    use(ae)
    ids = {one["name"]: one["id"] for one in [*ae.comp()["layers"], *ae.comp("walk person 1")["layers"]]}
    report = use(ae, step=2.0)
    assert fields(report, "changed") == {("walk", "keys"), ("put back person 1", "keys")} and report["added"] == []
    assert {one["name"]: one["id"] for one in [*ae.comp()["layers"], *ae.comp("walk person 1")["layers"]]} == ids
    points_stand_still(ae, step=2.0)
    ae.artist("""
        var one = item('walk person 1').layer(1).property('ADBE Transform Group');
        one.property('ADBE Scale').setValueAtTime(2 / 24, [7, 7]);
        one.property('ADBE Rotate Z').expression = 'value + 1';
        layer('put back person 1').locked = true;
    """)
    report = use(ae, step=3.0)
    assert ("walk", "keys") in fields(report, "kept") and ae.layers()["put back person 1"]["locked"]
    scale = ae.layers("walk person 1")["walk"]["moves"]["ADBE Scale"]["keys"]
    assert scale[2][1][:2] == [7, 7] and len(scale) == 6


def several_people(host: Open) -> None:
    """Everybody has a comp, with keys from where they come in."""
    ae = opened(host)
    report = use(ae, people=2)
    assert {"walk person 1", "walk person 2"} <= set(ae.items("CompItem")) and report["ok"]
    keys = ae.layers("walk person 2")["walk"]["moves"]["ADBE Scale"]["keys"]
    assert len(keys) == 5 and keys[0][0] == near(FRAME)
    select(ae, "clip")
    report = ae.run("SemrenderAE.core.putBack()")
    assert not report["ok"] and "and the null that is to put it back" in report["errors"][0]["words"]


def what_is_made_on_the_canvas_is_put_back(host: Open) -> None:
    ae = opened(host, start=2)
    use(ae)
    ae.put("/painted.png", width=CANVAS[0], height=CANVAS[1])
    ae.artist("""
        var f = app.project.importFile(new ImportOptions(new File('/painted.png')));
        f.name = 'painted';
        item('SH').layers.add(f).startTime = 0;
        var t = item('SH').layers.addText('HAT');
        t.name = 'hat';
        t.property('ADBE Transform Group').property('ADBE Position').setValue([100, 20]);
        var s = item('SH').layers.add(f);
        s.name = 'placed';
        s.startTime = 0;
        s.property('ADBE Transform Group').property('ADBE Anchor Point').setValue([0, 0]);
        s.property('ADBE Transform Group').property('ADBE Position').setValueAtTime(0, [5, 6]);
        s.property('ADBE Transform Group').property('ADBE Position').setValueAtTime(1, [5, 6]);
    """)
    select(ae, "painted", "hat", "placed", "put back person 1")
    report = ae.run("SemrenderAE.core.putBack()")
    assert report["ok"] and {name for name, _ in fields(report, "changed")} == {"painted", "hat", "placed"}
    for at in range(len(FRAMES)):
        row = way(at)
        (corner,) = ae.seen_at("SH", "painted", [to(row, 20, 7.5)], [(at + 2) * FRAME])
        (clip,) = ae.seen_at("SH", "clip", [[20, 7.5]], [(at + 2) * FRAME])
        assert math.dist(corner, clip) <= 0.01, at
        for name, spot in (("hat", (100, 20)), ("placed", (5, 6))):
            (found,) = ae.seen_at("SH", name, [[0, 0] if name == "placed" else ANCHOR], [(at + 2) * FRAME])
            (null,) = ae.seen_at("SH", "put back person 1", [list(spot)], [(at + 2) * FRAME])
            assert math.dist(found, null) <= 0.01, (at, name)


ANCHOR = [100, 50]  # of a text in the fake: the middle of the comp


def what_cannot_be_told(host: Open) -> None:
    ae = opened(host)
    for deed, words in (
        ("layer('clip').selected = false;", "Select the one layer that shows walk"),
        ("layer('clip').selected = true; layer('clip').stretch = 50;", "stretched or remapped"),
        ("layer('clip').stretch = 100; layer('clip').timeRemapEnabled = true;", "stretched or remapped"),
        ("layer('clip').timeRemapEnabled = false; layer('clip').threeDLayer = true;", "3D layer"),
    ):
        ae.artist(deed)
        report = ae.run("SemrenderAE.core.useTemplate(input)", template())
        assert not report["ok"] and words in report["errors"][0]["words"], report
        assert set(ae.items("CompItem")) == {"SH"}
    ae.artist("layer('clip').threeDLayer = false; item('walk').openInViewer();")
    assert not ae.run("SemrenderAE.core.useTemplate(input)", template())["ok"]
    ae.artist("item('SH').openInViewer(); item('SH').layers.addNull().name = 'own';")
    report = ae.run("SemrenderAE.core.useTemplate(input)", template(size=(36, 36)))
    assert not report["ok"] and "Select the one layer" in report["errors"][0]["words"]
    select(ae, "clip")
    report = ae.run("SemrenderAE.core.useTemplate(input)", template(size=(48, 36)))
    assert not report["ok"] and "another clip, or turned" in report["errors"][0]["words"]
    for wrong in (None, {}, {**template(), "schema_version": 2}, {**template(), "fps": 120}):
        report = ae.run("SemrenderAE.core.useTemplate(input)", wrong)
        assert not report["ok"] and set(ae.items("CompItem")) == {"SH"}
    report = ae.run("SemrenderAE.core.putBack()")
    assert not report["ok"]
    ae.artist("item('walk').mainSource.conformFrameRate = 30;")
    report = ae.run("SemrenderAE.core.useTemplate(input)", template())
    assert report["ok"] and ("clip", "fps") in fields(report, "warnings")
    ae.artist("layer('clip').selected = false; layer('put back person 1').selected = true;")
    assert not ae.run("SemrenderAE.core.putBack()")["ok"]
