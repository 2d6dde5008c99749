"""Where a project file goes, what it cannot hold, what is refused, and the command."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import py_aep
import pytest
from deliveries import deliver, film, matte, picture, shot, two_layers

from ae_bridge.aep import make_project, write_project
from ae_bridge.cli import add_commands
from shared.delivery import Color, Effect, Project
from shared.errors import InputRefused, MissingInput, SemrenderError

# --- versions and places ---


def test_a_new_version_beside_an_existing_project(tmp_path: Path) -> None:
    delivery = film(tmp_path)
    first = write_project(delivery)
    before = first.read_bytes()
    second, third = write_project(delivery), write_project(delivery.parent)
    assert [p.name for p in (first, second, third)] == [f"SQ010_SH020_v00{n}.aep" for n in (1, 2, 3)]
    assert first.read_bytes() == before
    second.unlink()
    (tmp_path / "sq010_sh020_V0012.AEP").touch()  # one name to Windows and macOS
    assert write_project(delivery).name == "SQ010_SH020_v013.aep"


def test_a_project_that_is_there_is_found_without_the_library(tmp_path: Path) -> None:
    delivery = film(tmp_path)
    made = make_project(delivery)
    code = f"from pathlib import Path; from semrender import comps; print(comps.make(Path({str(delivery)!r}))[0])"
    ask = f"{code}; import sys; sys.exit('py_aep' in sys.modules)"
    environment = {**os.environ, "SEMRENDER_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, cwd=Path(__file__).parents[2], env=environment
    )
    assert (done.returncode, done.stdout.strip()) == (0, str(made.path)), done.stderr


@pytest.mark.parametrize(
    ("existing", "out", "made"),
    [
        ([], "comp.aep", "comp.aep"),
        (["comp.aep"], "comp.aep", "comp_v002.aep"),
        (["comp.aep", "comp_v002.aep"], "comp.aep", "comp_v003.aep"),
        (["comp_v007.aep"], "comp.aep", "comp.aep"),
        (["comp_v007.aep"], "comp_v007.aep", "comp_v008.aep"),
        (["comp_v007.aep", "comp_v999999.aep"], "comp_v007.aep", "comp_v1000000.aep"),
        (["comp.aep.bak", "comp_v002.aep.tmp", "my comp.aep"], "comp.aep", "comp.aep"),
        (["c(1)+.aep", "c11.aep"], "c(1)+.aep", "c(1)+_v002.aep"),
        ([], "new/folder/comp.AEP", "new/folder/comp.AEP"),
        ([], "", "SQ010_SH020_v001.aep"),
    ],
)
def test_out(tmp_path: Path, existing: list[str], out: str, made: str) -> None:
    delivery = film(tmp_path / "delivery")
    place = tmp_path / "place"
    place.mkdir()
    for name in existing:
        (place / name).write_bytes(b"the artist's")
    path = write_project(delivery, place / out)
    assert path == place / made
    assert all((place / name).read_bytes() == b"the artist's" for name in existing)
    assert py_aep.parse(path).project.footages[0].file == str(tmp_path / "delivery/painting/train/train.1001.png")


def test_several_at_once_get_a_name_each(tmp_path: Path) -> None:
    delivery = film(tmp_path)
    made: list[Path] = []
    threads = [threading.Thread(target=lambda: made.append(write_project(delivery))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(p.name for p in made) == [f"SQ010_SH020_v00{n}.aep" for n in range(1, 7)]
    for path in made:
        assert len(py_aep.parse(path).project.footages) == 2


def test_names_are_claimed_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:  # as FAT does
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    delivery = film(tmp_path)
    assert [write_project(delivery).name for _ in range(2)] == [f"SQ010_SH020_v00{n}.aep" for n in (1, 2)]
    assert len(py_aep.parse(tmp_path / "SQ010_SH020_v001.aep").project.footages) == 2
    assert len(list(tmp_path.glob("*.aep"))) == 2 and not list(tmp_path.glob(".*"))


def test_a_moved_delivery_is_found_relative_to_the_project(tmp_path: Path) -> None:
    """After Effects steps up from the project and down to the files by two stored counts."""
    project = write_project(film(tmp_path / "here"))
    records = re.findall(rb'\{"ascendcount_base":[^{}]*\}', project.read_bytes())
    found = [json.loads(record) for record in records]
    assert found and {(r["ascendcount_base"], r["ascendcount_target"]) for r in found} == {(1, 3)}
    assert {r["fullpath"] for r in found} == {str(tmp_path / f"here/painting/{n}") for n in ("train", "environment")}


def test_a_relative_path_to_the_delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film(tmp_path / "delivery")
    monkeypatch.chdir(tmp_path)
    path = write_project(Path("delivery"), Path("comp.aep"))
    assert path == tmp_path / "comp.aep"
    assert py_aep.parse(path).project.footages[0].file == str(tmp_path / "delivery/painting/train/train.1001.png")


# --- notes ---


def test_what_the_file_cannot_hold_becomes_a_note(tmp_path: Path) -> None:
    layers = two_layers(tmp_path)
    effects = (Effect(layers[0].uid, "Cryptomatte"), Effect(layers[1].uid, "Cryptomatte"))
    project = Project(16, Color(working_space="A Profile Nobody Has"))
    path = deliver(tmp_path, shot(range(1001, 1004)), *layers, effects=effects, project=project)
    made = make_project(path)
    assert made.notes == (
        "Choose the working space A Profile Nobody Has in the project settings.",
        "Add the effect Cryptomatte by hand to train, environment.",
    )
    read_back = py_aep.parse(made.path).project
    assert read_back.working_space == "None" and int(read_back.bits_per_channel) == 16
    assert read_back.compositions[0].comment.startswith(" ".join(made.notes) + " [[semrender:")


OCIO = """ocio_profile_version: 2
roles: {default: raw, scene_linear: lin}
file_rules: [!<Rule> {name: Default, colorspace: default}]
displays: {sRGB: [!<View> {name: Raw, colorspace: raw}]}
colorspaces:
  - !<ColorSpace> {name: raw, family: "", isdata: true}
  - !<ColorSpace> {name: lin, family: scene}
"""


def test_ocio(tmp_path: Path) -> None:
    config = tmp_path / "config.ocio"
    config.write_text(OCIO)
    project = Project(16, Color("ocio", "lin", False, str(config)))
    path = deliver(tmp_path, shot(range(1001, 1004)), *two_layers(tmp_path), project=project)
    made = make_project(path)
    assert made.notes == ()
    application = py_aep.parse(made.path)
    found = application.project
    assert found.color_management_system == py_aep.ColorManagementSystem.OCIO
    assert found.ocio_configuration_file == str(config)
    assert found.working_space.endswith("lin")
    assert int(found.bits_per_channel) == 32  # After Effects refuses 16 together with OCIO
    assert application.version.startswith("24.")

    config.unlink()
    made = make_project(path)
    assert made.notes == (f"Choose OCIO, {config} and lin in the project settings.",)
    found = py_aep.parse(made.path).project
    assert found.color_management_system == py_aep.ColorManagementSystem.ADOBE


# --- refusals ---


def no_file(folder: Path) -> None:
    shutil.rmtree(folder / "painting" / "environment")


def a_gap(folder: Path) -> None:
    (folder / "painting/train/train.1002.png").unlink()


def other_size(folder: Path) -> None:
    picture(folder / "painting/train/train.1001.png", width=32)


def no_picture(folder: Path) -> None:
    (folder / "painting/train/train.1001.png").write_bytes(b"no picture")


def cut_picture(folder: Path) -> None:
    file = folder / "painting/train/train.1001.png"
    file.write_bytes(file.read_bytes()[:20])


def no_alpha(folder: Path) -> None:
    for number in (1001, 1002, 1003):
        picture(folder / f"matte/m_tree/m_tree.{number}.png", channels=3)


def edit(**changes: Any) -> Callable[[Path], None]:
    """Other values in the JSON of the shot."""

    def damage(folder: Path) -> None:
        file = folder / "delivery.json"
        data = json.loads(file.read_text())
        data["shot"].update(changes)
        file.write_text(json.dumps(data))

    return damage


def longest(folder: Path) -> None:
    edit(first=0, last=300_000, frames=300_001)(folder)


REFUSALS: list[tuple[Callable[[Path], None], type[SemrenderError], str]] = [
    (no_file, MissingInput, r"layer environment.*3 of 3 frames are missing: 1001-1003"),
    (a_gap, MissingInput, r"layer train, frame 1002.*1 of 3 frames is missing: 1002"),
    (other_size, InputRefused, r"layer train.*train.1001.png: the picture is 32x36, the delivery says 64x36"),
    (no_picture, InputRefused, r"layer train.*train.1001.png: the picture cannot be read"),
    (cut_picture, InputRefused, r"layer train.*train.1001.png: the picture cannot be read"),
    (no_alpha, InputRefused, r"layer m_tree.*the matte has no alpha channel"),
    (edit(frames=7), InputRefused, r"delivery.json: frames is 7, but 1001 to 1003 are 3"),
    (edit(width=2), InputRefused, r"After Effects cannot hold a comp of 2x36, 3 frames from 1001 at 24 fps"),
    (edit(width=30001), InputRefused, r"After Effects cannot hold a comp of 30001x36"),
    (longest, InputRefused, r"300001 frames from 0 at 24 fps.*at most 3 hours"),
    (edit(first=9_000_000, last=9_000_002), InputRefused, r"cannot hold .* from 9000000"),
    (edit(name="a/b"), InputRefused, r'"shot.name" is "a/b".*it contains /'),
]


@pytest.mark.parametrize(("damage", "kind", "words"), REFUSALS)
def test_refused_in_words_and_nothing_is_written(
    tmp_path: Path, damage: Callable[[Path], None], kind: type[SemrenderError], words: str
) -> None:
    frames = range(1001, 1004)
    delivery = deliver(tmp_path, shot(frames), *two_layers(tmp_path), matte(tmp_path, "tree", frames, 1))
    damage(tmp_path)
    with pytest.raises(SemrenderError, match=words) as refused:
        write_project(delivery)
    assert type(refused.value) is kind
    assert not list(tmp_path.glob("*.aep")) and not list(tmp_path.glob(".*"))


def test_the_damage_is_what_is_refused(tmp_path: Path) -> None:
    """Undamaged, the delivery of the table above passes."""
    frames = range(1001, 1004)
    write_project(deliver(tmp_path, shot(frames), *two_layers(tmp_path), matte(tmp_path, "tree", frames, 1)))


def test_only_aep_is_written(tmp_path: Path) -> None:
    delivery = film(tmp_path)
    with pytest.raises(InputRefused, match=r"named \*.aep"):
        write_project(delivery, tmp_path / "comp.mov")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    delivery = film(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(SemrenderError, match=r"could not be written.*choose another place with --out"):
        write_project(delivery, tmp_path / "file" / "comp.aep")


# --- the command ---


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    add_commands(parser.add_subparsers(required=True))
    arguments = parser.parse_args(words)
    return int(arguments.run(arguments))


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film(tmp_path)
    assert command("aep", str(tmp_path)) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'SQ010_SH020_v001.aep'}\n" and err == ""
    target = tmp_path / "comp.aep"
    assert command("--json", "aep", str(tmp_path / "delivery.json"), "--out", str(target)) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["event"], told["project"], told["notes"]) == ("made", str(target), [])
    assert target.is_file()


def test_command_tells_the_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = two_layers(tmp_path)
    effects = (Effect(layers[0].uid, "Cryptomatte"),)
    deliver(tmp_path, shot(range(1001, 1004)), *layers, effects=effects)
    assert command("aep", str(tmp_path)) == 0
    assert "note: Add the effect Cryptomatte by hand to train." in capsys.readouterr().err
    assert command("--json", "aep", str(tmp_path)) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == ["Add the effect Cryptomatte by hand to train."]
