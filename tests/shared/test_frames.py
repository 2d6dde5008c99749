"""`check_frames`: everything that is wrong with the files of a shot, named at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.errors import InputRefused, MissingInput
from shared.frames import check_frames
from shared.passes.read import probe as probe_pass
from shared.shot import Shot, ShotLayer, read_shot

EXAMPLE = Path(__file__).parents[2] / "examples" / "ride_the_train"


@dataclass(frozen=True)
class Size:
    width: int
    height: int


def probe(path: Path) -> Size:
    """A small honest probe: decodes the whole file."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
            return Size(*image.size)
    except (OSError, SyntaxError) as error:
        if isinstance(error, PermissionError):
            raise
        raise InputRefused("the file is cut off or no picture") from error


def write(path: Path, size: tuple[int, int] = (8, 6), *, cut: bool = False) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise(size, 50).save(path)
    if cut:
        path.write_bytes(path.read_bytes()[:60])


def shot(*layers: ShotLayer, first: int = 1001, last: int = 1010, **more: object) -> Shot:
    return Shot("s", (24, 1), first, last, layers, **more)  # type: ignore[arg-type]


def test_the_shipped_shot_is_whole() -> None:
    report = check_frames(*read_shot(EXAMPLE), probe_pass)
    assert report.problems == [] and report.size == (640, 360) and report.words() == ""
    kinds = ("labels", "normal", "depth", "instance", "shading")
    passes = {(layer, kind) for layer in ("train", "environment") for kind in kinds}
    assert set(report.sequences) == {("", "labels"), *passes}
    assert all(list(found.files) == list(range(1001, 1025)) for found in report.sequences.values())


def test_all_faults_at_once(tmp_path: Path) -> None:
    for frame in range(1001, 1011):
        if frame not in (1003, 1005, 1006):
            write(tmp_path / f"train.{frame}.png", cut=frame == 1007)
        write(tmp_path / f"full.{frame}.png", (4, 3) if frame in (1002, 1009) else (8, 6))
    write(tmp_path / "sky.png", (16, 12))
    layers = (
        ShotLayer("train", "train.####.png", motion="motion.####.exr"),
        ShotLayer("sky", "sky.png"),
    )
    report = check_frames(shot(*layers, context="full.####.png"), tmp_path, probe)
    assert report.size == (8, 6)
    by_place = [(problem.layer, problem.frame, problem.what) for problem in report.problems]
    assert by_place == [
        ("train", None, "no file fits this pattern"),
        ("context", None, "the labels pass is 4x3 on 2 of 10 frames: 1002, 1009"),
        ("train", None, "the labels pass lacks 3 of 10 frames: 1003, 1005-1006"),
        ("train", 1007, "the file is cut off or no picture"),
        ("sky", None, "the labels pass is 16x12"),
    ]
    assert isinstance(report.problems[2], MissingInput)
    assert "--frames 1001-1002,1004,1007-1010" in str(report.problems[2])
    assert str(report.problems[3]).startswith(f"layer train, frame 1007, {tmp_path / 'train.1007.png'}: ")
    assert "14 of 17 label frames of the shot are 8x6" in str(report.problems[4])
    assert len(report.words().splitlines()) == 5
    assert report.words(most=2).endswith("\nand 3 more")


def test_only_the_frames_asked_for(tmp_path: Path) -> None:
    for frame in (1001, 1003, 1005):
        write(tmp_path / f"a.{frame}.png", cut=frame == 1005)
    asked = shot(ShotLayer("a", "a.####.png"), last=1005)
    assert check_frames(asked, tmp_path, probe, frames=[1001, 1003]).problems == []
    assert [p.frame for p in check_frames(asked, tmp_path, probe, frames=[1003, 1004, 1005]).problems] == [
        1004,
        1005,
    ]


def test_the_shots_size_wins(tmp_path: Path) -> None:
    write(tmp_path / "a.1001.png")
    write(tmp_path / "a.1002.png")
    report = check_frames(shot(ShotLayer("a", "a.####.png"), last=1002, width=9, height=6), tmp_path, probe)
    assert report.size == (9, 6)
    assert [p.what for p in report.problems] == ["the labels pass is 8x6"]
    assert "The shot is 9x6" in str(report.problems[0])


def test_one_file_for_many_frames(tmp_path: Path) -> None:
    write(tmp_path / "a.1001.png")
    report = check_frames(shot(ShotLayer("a", "a.1001.png")), tmp_path, probe)
    assert len(report.problems) == 1
    assert re.search(r"lacks 9 of 10 frames: 1002-1010.*Write #### in place of the number", str(report.problems[0]))


def test_another_range(tmp_path: Path) -> None:
    for frame in (1, 2, 3):
        write(tmp_path / f"a.{frame:04}.png")
    problem = check_frames(shot(ShotLayer("a", "a.####.png")), tmp_path, probe).problems[0]
    assert re.search("lacks 10 of 10.*The files are frames 1-3.*first and last", str(problem))


def test_a_still_is_looked_at_once_and_held(tmp_path: Path) -> None:
    write(tmp_path / "sky.png")
    looked: list[Path] = []

    def counting(path: Path) -> Size:
        looked.append(path)
        return probe(path)

    layers = (ShotLayer("a", "sky.png"), ShotLayer("b", "sky.png", instance="sky.png"))
    assert check_frames(shot(*layers), tmp_path, counting).problems == []
    assert looked == [tmp_path / "sky.png"]


def test_a_bad_file_that_two_layers_share_is_named_for_both(tmp_path: Path) -> None:
    write(tmp_path / "sky.png", cut=True)
    problems = check_frames(shot(ShotLayer("a", "sky.png"), ShotLayer("b", "sky.png")), tmp_path, probe).problems
    assert [(p.layer, p.frame, p.file) for p in problems] == [(x, None, str(tmp_path / "sky.png")) for x in "ab"]


@pytest.mark.parametrize("count", [3, 40])
def test_many_bad_files_are_counted(count: int, tmp_path: Path) -> None:
    for frame in range(1, count + 1):
        (tmp_path / f"a.{frame:04}.png").write_bytes(b"\x89PNG")
    problems = check_frames(shot(ShotLayer("a", "a.####.png"), first=1, last=count), tmp_path, probe).problems
    assert [p.frame for p in problems[:3]] == [1, 2, 3]
    if count == 3:
        assert len(problems) == 3
    else:
        assert [p.what for p in problems[3:]] == ["37 more files of the labels pass cannot be read: frames 4-40"]
        assert problems[3].layer == "a"


def test_the_file_system_refuses_in_words(tmp_path: Path) -> None:
    write(tmp_path / "a.1001.png")

    def closed(path: Path) -> Size:
        with open(path / "below"):  # a file is no folder: an OSError of the real file system
            return Size(1, 1)

    problems = check_frames(shot(ShotLayer("a", "a.####.png"), last=1001), tmp_path, closed).problems
    assert len(problems) == 1 and problems[0].frame == 1001 and problems[0].cause
