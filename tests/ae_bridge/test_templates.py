"""A normalised clip in a written project: as the panel makes it, and every point there and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import py_aep
import pytest
from deliveries import picture
from fake_host import AfterEffects
from scenarios_template import CANVAS, to, way
from tagged import tag_in
from test_parity import close

from ae_bridge.templates import make_template_project
from semrender import main
from shared import schema
from shared.comp_templates import comp_person, comp_template, read_comp_template, write_comp_template
from shared.errors import InputRefused, MissingInput

FRAMES = range(11, 17)
FPS = Fraction(24000, 1001)
SIZE = (64, 36)
Data = dict[str, Any]


def sequence(folder: Path, width: int = 64, height: int = 36) -> Path:
    for frame in FRAMES:
        picture(folder / f"walk.{frame:04d}.png", width=width, height=height)
    return folder / "walk.0011.png"


def movie(file: Path, turn: int | None = None) -> Path:
    with av.open(str(file), "w") as made:
        stream = made.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        if turn is not None:
            stream.set_display_rotation(turn)
        for _ in FRAMES:
            made.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((*SIZE[::-1], 3), np.uint8))))
        made.mux(stream.encode())
    return file


def normalised(folder: Path, clip: Path, size: tuple[int, int] = SIZE, sequence: bool = True) -> Path:
    ways = tuple(way(at) for at in range(len(FRAMES)))
    people = [comp_person(clip, "walk", f"person {one + 1}", 11 + one, ways[one:], CANVAS) for one in range(2)]
    write_comp_template(folder, comp_template(clip, "walk", sequence, size, FPS, FRAMES, people))
    return folder


def comps(path: Path) -> dict[str, py_aep.CompItem]:
    return {one.name: one for one in py_aep.parse(path).project.compositions}


def points_return(path: Path, ratio: float = 1) -> None:
    """A point of the canvas, through the null, and the same point of the clip: within a twentieth of a pixel."""
    found = comps(path)
    still, clip = found["walk person 1"].layers[0], found["walk"].layers[-1]
    back = next(one for one in found["walk"].layers if one.name == "put back person 1")
    for at in range(len(FRAMES)):
        for x, y in ((0.0, 0.0), (64.0, 36.0), (20.0, 7.5)):
            wanted, time = to(way(at), x, y), at / 23.976
            source = [x * ratio, y * ratio]
            assert math.dist(still.source_point_to_comp(source, time=time)[:2], wanted) <= 0.05
            there = clip.source_point_to_comp(source, time=time)
            assert math.dist(back.source_point_to_comp(wanted, time=time)[:2], there[:2]) <= 0.05


def of_file(layer: Any) -> Data:
    transform = layer["ADBE Transform Group"]
    place = transform["ADBE Position"]
    axes = [place.get_separation_follower(axis) for axis in (0, 1)] if place.dimensions_separated else [place]
    properties = [transform[f"ADBE {name}"] for name in ("Anchor Point", "Scale", "Rotate Z")] + axes
    return {
        **{"name": layer.name, "tag": tag_in(layer.comment), "label": int(layer.label)},
        **{"start": close(layer.start_time), "parent": layer.parent and layer.parent.name},
        "keys": {
            one.match_name: [[close(key.time), close(key.value)] for key in one.keyframes] or close(one.value)
            for one in properties
        },
    }


def of_host(layers: list[Data], one: Data) -> Data:
    names = {each["id"]: each["name"] for each in layers}
    return {
        **{"name": one["name"], "tag": tag_in(one["comment"]), "label": one["label"]},
        **{"start": one["start"], "parent": names.get(one["parent"])},
        "keys": {
            name: each.get("keys") or each["value"] for name, each in one["moves"].items() if "Orient" not in name
        },
    }


def test_both_ways_make_the_same(tmp_path: Path, after_effects: Callable[..., AfterEffects]) -> None:
    folder = normalised(tmp_path, sequence(tmp_path))
    made = make_template_project(folder / "normalised.json")
    assert made.path == folder / "walk_normalised_v001.aep" and made.notes == ()
    points_return(made.path)
    found = comps(made.path)

    ae = after_effects()
    ae.put(*(str(one) for one in tmp_path.glob("*.png")))
    ae.artist(
        """
        var o = new ImportOptions(new File(input));
        o.sequence = true;
        var f = app.project.importFile(o);
        f.mainSource.conformFrameRate = 23.976;
        var c = app.project.items.addComp("SH", 64, 36, 1, 6 / 23.976, 23.976);
        c.openInViewer();
        c.layers.add(f).startTime = 0;
        """,
        str(tmp_path / "walk.0011.png"),
    )
    report = ae.run("SemrenderAE.core.useTemplate(input)", schema.plain(read_comp_template(folder)))
    assert report["ok"] and report["warnings"] == [], report
    for name in ("walk person 1", "walk person 2"):
        host = ae.comp(name)
        assert tag_in(found[name].comment) == tag_in(host["comment"])
        assert (found[name].width, found[name].display_start_frame) == (host["width"], host["first"])
        file = of_file(found[name].layers[0])
        script = of_host(host["layers"], host["layers"][0])
        assert {**file, "name": ""} == {**script, "name": ""}
    nulls = [of_file(one) for one in found["walk"].layers if one.null_layer]
    layers = ae.comp()["layers"]
    script_nulls = [of_host(layers, one) for one in layers if one["null"]]
    assert [{**one, "parent": ""} for one in nulls] == [{**one, "parent": ""} for one in script_nulls]
    assert all(one["parent"] for one in [*nulls, *script_nulls]) and len(nulls) == 2


def test_pixels_that_are_not_those_of_the_clip(tmp_path: Path) -> None:
    """A half-size copy in its place: what is in the file is measured in the pixels that are there."""
    folder = normalised(tmp_path, sequence(tmp_path, 32, 18))
    points_return(make_template_project(folder).path, ratio=0.5)


def test_a_movie(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = normalised(tmp_path, movie(tmp_path / "walk.mp4"), sequence=False)
    assert main(["aep", str(folder), "--out", str(tmp_path / "a.aep")]) == 0
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "a.aep")]
    points_return(tmp_path / "a.aep")
    (tmp_path / "walk.mp4").unlink()  # filmed upright: turned by its tag, which After Effects follows
    normalised(tmp_path, movie(tmp_path / "walk.mp4", turn=90), size=(36, 64), sequence=False)
    points_return(make_template_project(folder).path)


def test_another_rate_is_said(tmp_path: Path) -> None:
    folder = normalised(tmp_path, movie(tmp_path / "walk.mp4"), sequence=False)
    text = (folder / "normalised.comp.json").read_text("ascii").replace('"fps":23.976', '"fps":12')
    (folder / "normalised.comp.json").write_text(text)
    (note,) = make_template_project(folder).notes
    assert note == (
        "walk.mp4 has 23.976 frames a second, it was normalised at 12: unless that was asked for (--fps), see Interpret"
        " Footage."
    )


def test_what_cannot_be_told_is_refused(tmp_path: Path) -> None:
    clip = movie(tmp_path / "walk.mp4")
    normalised(tmp_path, clip, size=(36, 64), sequence=False)
    with pytest.raises(InputRefused, match=r"64x36 .* normalised as 36x64.*turned"):
        make_template_project(tmp_path)
    clip.unlink()
    with pytest.raises(InputRefused, match=r"walk\.mp4 cannot be read"):
        make_template_project(tmp_path)
    (tmp_path / "normalised.comp.json").unlink()
    with pytest.raises(MissingInput, match=r"normalised\.comp\.json"):
        make_template_project(tmp_path / "normalised.json")
    with pytest.raises(InputRefused, match=r"frame 12.*no similarity"):
        comp_person(clip, "walk", "person 1", 11, (way(0), (1, 0, 0, 0, 2, 0)), CANVAS)
