"""Random deliveries, artist's edits and updates: no edit is lost, nothing comes twice, a second import is silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fake_host import AfterEffects
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import Data, cut, matte, painting, version
from tagged import tag_in

from shared.delivery import DeliveryLayer

FPS = 24
NAMES = ["train", "env", "sky", "river"]
CLASSES = ["tree", "car"]
BLENDS = ["NORMAL", "ADD", "SCREEN", "MULTIPLY"]
SETTINGS = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def deliveries(draw: st.DrawFn, number: int) -> Data:
    """One version; footage may have handles, begin late, be a still; layers come and go."""

    def frames() -> range:
        first = 1001 + draw(st.integers(-6, 4))
        return range(first, first + draw(st.integers(12, 40)))

    layers: list[DeliveryLayer] = []
    for name in draw(st.permutations(NAMES))[: draw(st.integers(1, 4))]:
        changes: dict[str, Any] = {
            "blend": draw(st.sampled_from(BLENDS)),
            "opacity": draw(st.sampled_from([100.0, 50.0, 33.3])),
            "label": draw(st.integers(0, 16)),
            "enabled": draw(st.booleans()),
            "matte": draw(st.sampled_from([None, cut("tree"), cut("car", "LUMA")])),
        }
        if draw(st.integers(0, 5)) == 0:
            changes["footage"] = {"sequence": False, "path": f"{name}.png"}
        layers.append(painting(name, frames(), **changes))
    layers += [replace(matte(name, range(1001, 1031)), label=14) for name in CLASSES]
    return version(number, *layers, frames=range(1001, 1001 + draw(st.integers(10, 40))))


# (what is done to a layer, the fields of the dump that are his from then on)
EDITS: list[tuple[str, tuple[str, ...]]] = [
    ("l.name = 'mine ' + l.name", ("name",)),
    ("l.blendingMode = BlendingMode.HUE", ("blend",)),
    ("l.label = (l.label + 5) % 17", ("label",)),
    ("l.enabled = !l.enabled", ("enabled",)),
    ("l.shy = !l.shy", ("shy",)),
    ("l.guideLayer = !l.guideLayer", ("guide",)),
    ("l.property('ADBE Transform Group').property('ADBE Opacity').setValue(12)", ("opacity",)),
    ("l.property('ADBE Transform Group').property('ADBE Opacity').setValueAtTime(0, 5)", ("keys", "opacity")),
    ("l.inPoint = l.inPoint + 2 / 24", ("in",)),
    ("l.outPoint = l.inPoint + 5 / 24", ("out",)),
    ("l.startTime += 3 / 24", ("slide",)),
    ("l.locked = true", ("locked",)),
    ("l.solo = true", ("solo",)),
    ("l.selected = !l.selected", ()),
    ("l.comment = 'note ' + l.comment", ("note",)),
    ("l.moveToBeginning()", ()),
    ("l.moveToEnd()", ()),
    ("if (l.hasTrackMatte) { l.removeTrackMatte(); }", ("matte",)),
    ("l.property('ADBE Effect Parade').addProperty('ADBE Slider Control')", ("effects",)),
    ("try { l.parent = item('SH').layer(item('SH').numLayers); } catch (e) {}", ()),
]
edits = st.lists(st.tuples(st.integers(0, 10), st.sampled_from(EDITS)), max_size=6)


def story_of(one: Data) -> dict[str, Any]:
    return {**one, "note": one["comment"].startswith("note "), "slide": 0}


def told(entries: list[Data]) -> set[tuple[str, str, str]]:
    return {
        (one["kind"], one["uid"], one["field"])
        for one in entries
        if one["kind"] != "folder" and one["field"] != "colour"
    }


def starts(made: Data, origin: int) -> dict[str, float]:
    """Where the delivery puts each layer, in seconds."""
    return {
        layer["uid"]: (layer["footage"]["first"] - origin) / FPS if layer["footage"]["sequence"] else 0.0
        for layer in made["layers"]
    }


def uid_of(one: Data) -> str:
    return tag_in(str(one["comment"]))["uid"]


@SETTINGS
@given(data=st.data())
def test_no_edit_is_lost_and_nothing_comes_twice(
    after_effects: Callable[..., AfterEffects], data: st.DataObject
) -> None:
    ae = after_effects(
        preferences={
            "footageCutsLayers": data.draw(st.booleans()),
            "replaceKeepsRate": data.draw(st.booleans()),
            "noSpace": data.draw(st.sampled_from(["None", ""])),
        }
    )
    previous: Data = {}
    his: dict[int, set[str]] = {}
    said: Data = {}
    for number in range(1, 5):
        made = data.draw(deliveries(number))
        before = {one["id"]: story_of(one) for one in ae.comp()["layers"]} if previous else {}
        order = list(before)
        asked = ae.load(made, f"/v{number:03d}", dry=True)
        assert ae.last["writes"] == 0
        report = ae.load(made, f"/v{number:03d}")
        for kind in ("added", "changed", "kept"):  # what would happen is what happens
            assert told(asked[kind]) == told(report[kind]), kind
        assert report["ok"], report["errors"]
        layers = ae.comp()["layers"]
        after = {one["id"]: story_of(one) for one in layers}
        tagged = [uid_of(one) for one in layers]
        assert len(tagged) == len(set(tagged)), "a layer came twice"
        paths = [one["name"] for one in ae.items("FootageItem").values()]
        assert len(paths) == len(set(paths))
        assert [one for one in after if one in before] == order, "the order or a layer was lost"
        check_edits(before, after, his, said, previous, made)
        assert not [one["name"] for one in layers if one["id"] not in before and one["selected"]], "chosen by nobody"
        mattes = [one for one in layers if "/matte/" in uid_of(one) and one["enabled"]]
        assert all(one["id"] in before and before[one["id"]]["enabled"] for one in mattes), "a matte shows"
        said = {**{uid: {**one, "label": 1} for uid, one in said.items()}, **{x["uid"]: x for x in made["layers"]}}
        again = ae.import_only(made, f"/v{number:03d}")
        assert (again["added"], again["changed"], ae.last["writes"]) == ([], [], 0)
        his = edit(ae, data, {one["id"]: his.get(one["id"], set()) for one in layers})
        previous = made


def check_edits(before: Data, after: Data, his: dict[int, set[str]], said: Data, previous: Data, made: Data) -> None:
    """`said` is what the deliveries so far have said last of each layer: who sets that again follows again."""
    for one, was in before.items():
        now, uid = after[one], uid_of(was)
        for field in his.get(one, set()) - {"slide", "in", "out"}:
            wish = said[uid].get(field)
            followed = was[field] == wish or (field == "matte" and None not in (was[field], wish))
            if not followed:
                assert now[field] == was[field], (was["name"], field)
        for field in ("name", "locked", "solo", "note", "parent", "effects", "keys", "selected"):
            assert now[field] == was[field], (was["name"], field)
        wanted, last = starts(made, 1001), starts(previous, 1001)
        if uid in wanted and uid in last:  # slid by as much as before
            assert abs((now["start"] - wanted[uid]) - (was["start"] - last[uid])) < 1e-4, was["name"]
        if uid in wanted and uid in last:
            check_trims(was, now, span(previous, uid, was["start"]), span(made, uid, now["start"]), his.get(one, set()))


def span(made: Data, uid: str, start: float) -> tuple[float, float]:
    """What the footage of a layer can show, in seconds of the comp; a still shows itself always."""
    footage = next(layer["footage"] for layer in made["layers"] if layer["uid"] == uid)
    if not footage["sequence"]:
        return -1e9, 1e9
    return start, start + (footage["last"] - footage["first"] + 1) / FPS


def check_trims(was: Data, now: Data, old: tuple[float, float], new: tuple[float, float], his: set[str]) -> None:
    """A trim within the footage stays. At the very edge of the old footage it may have stood for want of more."""
    frame = 1.01 / FPS
    inside = new[0] - 1e-4 <= was["in"] and was["out"] <= new[1] + 1e-4
    free = {
        "in": old[0] + 1e-4 < was["in"] < old[1] - frame,
        "out": was["in"] + frame < was["out"] < old[1] - 1e-4,
    }
    for field in his & {"in", "out"}:
        assert not (inside and free[field]) or abs(now[field] - was[field]) < 1e-4, (was["name"], field)


def edit(ae: AfterEffects, data: st.DataObject, his: dict[int, set[str]]) -> dict[int, set[str]]:
    """Lets the artist work; returns what is his by layer."""
    ids = list(his)
    for which, (code, fields) in data.draw(edits):
        one = ids[which % len(ids)]
        before = ae.comp()["layers"]
        locked = next(x for x in before if x["id"] == one)["locked"]
        if locked or ("Point" in code and len(before) == 0):
            continue
        code = f"var l = {find(one)}; {code}"
        if ae.try_artist(code):
            his[one] = his[one] | set(fields)
    return his


def find(identity: int) -> str:
    search = "for (i = 1; i <= c.numLayers; i += 1) { if (c.layer(i).id === %d) { return c.layer(i); } }"
    return "(function () { var c = item('SH'), i; " + search % identity + " }())"


def test_the_story_would_notice(after_effects: Callable[..., AfterEffects]) -> None:
    """The check fails where an edit was lost."""
    ae = after_effects()
    made = version(1, painting("train"))
    ae.load(made, "/v001")
    before = {one["id"]: story_of(one) for one in ae.comp()["layers"]}
    one = next(iter(before))
    after = {one: {**before[one], "blend": "ADD"}}
    try:
        said = {layer["uid"]: {**layer, "blend": "SCREEN"} for layer in made["layers"]}
        check_edits(before, after, {one: {"blend"}}, said, made, made)
    except AssertionError:
        return
    raise AssertionError("a lost blending mode was not noticed")
