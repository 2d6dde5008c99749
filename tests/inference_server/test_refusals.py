"""Every command says what it refuses in the same words: one sentence, an exit code, an object with `--json`."""

import json
import os
import shutil
from pathlib import Path

import pytest

from semrender import commands
from tests.conftest import ROOT, semrender
from tests.inference_server.servers import kill, start_server

PASSES = ROOT / "tests" / "data" / "passes"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The state folder of a server that all cases of this file share."""
    folder = tmp_path_factory.mktemp("shared-state")
    process = start_server(SEMRENDER_HOME=str(folder))
    yield folder
    kill(process)


@pytest.fixture
def says(home, monkeypatch, capsys):
    """What a command says on standard error, after the promises that hold for every refusal were looked at."""

    def run(*arguments, code):
        monkeypatch.setenv("SEMRENDER_HOME", str(home))
        words = [str(argument) for argument in arguments]
        returned = commands.main(words), commands.main([*words, "--json"])
        found = capsys.readouterr()
        assert returned == (code, code), found.err
        assert "Traceback" not in found.out + found.err
        error = json.loads(found.out.splitlines()[-1])
        assert error["event"] == "error"
        assert {"schema", "time", "code", "what", "file", "layer", "frame", "cause", "remedy"} <= set(error)
        plain = found.err[: len(found.err) // 2]
        assert found.err == 2 * plain
        assert error["what"] in plain
        return plain

    return run


def typed(home, *arguments, **environment):
    """The same typed into a shell."""
    return semrender(*arguments, env={**os.environ, "SEMRENDER_HOME": str(home), **environment})


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("anti_aliased.png", "anti-aliasing"),
        ("agx_view.png", "view transform"),
        ("dithered.png", "no class of coco_stuff"),
        ("lossy.jpg", "JPEG"),
        ("cut.png", "cut"),
        ("cut.exr", "cut"),
        ("header_only.exr", ""),
        ("spec_special_chars.exr", "--names"),
    ],
)
def test_check_refuses_a_pass_in_the_words_of_render(says, tmp_path, file, words):
    shutil.copy(PASSES / file, tmp_path / f"label.1001{Path(file).suffix}")

    check = says("check", tmp_path, code=3)
    render = says("render", tmp_path, "--out", tmp_path / "out", code=3)

    assert words in check
    assert check == render


def test_check_says_what_it_found_beside_the_problem(home, tmp_path):
    for frame in (1001, 1003):
        shutil.copy(PASSES / "clean.png", tmp_path / f"label.{frame}.png")

    found = typed(home, "check", tmp_path)

    assert "frames 1001-1003" in found.stdout
    assert "lacks 1 of 3 frames: 1002" in found.stderr


def shot_of(folder, **changes):
    """A shot.json over one clean frame, with what is wrong with it."""
    shutil.copy(PASSES / "clean.png", folder / "label.1001.png")
    shot = {
        "name": "shot",
        "fps": 24,
        "first": 1001,
        "last": 1001,
        "layers": [{"name": "all", "labels": "label.#.png"}],
    }
    file = folder / "shot.json"
    file.write_text(json.dumps({**shot, **changes}))
    return file


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fps": "x"}, "fps"),
        ({"layers": []}, "layers"),
        ({"lasst": 3}, "lasst"),
        ({"last": 900}, "last"),
        ({"model": "nobody"}, "nobody"),
        ({"options": {"look": "purple"}}, "look"),
        ({"label_set": "nowhere"}, "nowhere"),
        ({"last": 1003}, "lacks 2 of 3 frames"),
        ({"layers": [{"name": "all", "labels": "gone.#.png"}]}, "gone"),
    ],
)
def test_a_shot_is_refused_by_check_and_render_alike(says, tmp_path, changes, words):
    shot = shot_of(tmp_path, **changes)

    check = says("check", shot, code=3)

    assert words in check
    assert says("render", shot, "--out", tmp_path / "out", code=3) == check


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--model", "nobody"], "nobody"),
        (["--option", "look=purple"], "look"),
        (["--option", "look"], "NAME=VALUE"),
        (["--frames", "5-x"], "range"),
        (["--frames", "7"], "1001"),
        (["--layer", "nobody"], "nobody"),
        (["--size", "12"], "WIDTHxHEIGHT"),
        (["--fps", "x"], "fps"),
        (["--mattes", "dragon"], "dragon"),
        (["--label-set", "nowhere"], "nowhere"),
        (["--palette", "nowhere"], "nowhere"),
        (["--names", "gone.json"], "names"),
        (["--seed", "-3"], "seed"),
        (["--priority", "1000"], "priority"),
    ],
)
def test_what_the_command_line_asks_for_is_refused_in_words(says, tmp_path, more, words):
    shot = shot_of(tmp_path)
    assert words in says("render", shot, "--out", tmp_path / "out", *more, code=3)


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["check", "gone"], 3, "gone"),
        (["render", "gone", "--out", "out"], 3, "gone"),
        (["jobs", "show", "0000"], 3, "0000"),
        (["jobs", "watch", "0000"], 3, "0000"),
        (["jobs", "cancel", "0000"], 3, "0000"),
        (["jobs", "clean", "--days", "-1"], 3, "days"),
        (["models", "show", "nobody"], 3, "nobody"),
        (["models", "add", "gone.pth", "--name", "x", "--label-set", "coco_stuff"], 3, "gone.pth"),
        (["models", "add", "junk.pth", "--name", "x", "--label-set", "coco_stuff"], 3, "junk.pth"),
        (["models", "add", "junk.pth"], 3, "--name"),
        (["models", "remove", "nobody"], 3, "nobody"),
        (["models", "remove", "countryside"], 3, "countryside"),
        (["train", "gone", "--out", "mine"], 3, "gone"),
        (["train", ".", "--out", "mine"], 3, "no pairs"),
        (["train", ".", "--out", "a/b"], 3, "a/b"),
        (["decode", "gone.png"], 3, "gone.png"),
        (["decode", "junk.png"], 3, "junk.png"),
        (["labels", "show", "nowhere"], 3, "nowhere"),
        (["labels", "show", "junk.json"], 3, "junk.json"),
        (["aep", "gone"], 3, "gone"),
        (["aep", "junk.json"], 3, "junk.json"),
        (["ae", "drop", "gone"], 3, "gone"),
        (["ae", "import", "gone", "--project", "x.aep"], 3, "gone"),
        (["ae", "split", "gone.exr", "--out", "out"], 3, "gone.exr"),
        (["ae", "split", "junk.exr", "--out", "out"], 3, "junk.exr"),
        (["serve"], 5, "another server"),
        (["serve", "--bind", "tcp://0.0.0.0:0"], 5, "--clients"),
        (["connect", "tcp://127.0.0.1:9", "short"], 3, "key"),
    ],
)
def test_every_command_refuses_in_words(says, monkeypatch, tmp_path, command, code, words):
    for name in ("junk.pth", "junk.png", "junk.json", "junk.exr"):
        (tmp_path / name).write_bytes(b"no such thing")
    monkeypatch.chdir(tmp_path)

    assert words in says(*command, code=code)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["rendr"], 'Perhaps "render" or "blender" is meant'),
        (["render", "x", "--out", "y", "--framse", "1"], 'Perhaps "--frames"'),
        (["render", "x", "--out", "y", "--format", "tif"], "png, exr"),
        (["render"], "required: input"),
        (["check", "x", "y"], "'y'"),
        (["jobs", "wotch"], 'Perhaps "watch"'),
        (["jobs", "priority", "1", "high"], "priority"),
        (["labels", "show", "coco_stuff", "--seed", "1"], "--seed"),
        (["train", "x", "--out", "y", "--steps", "0"], "--steps"),
        (["ae"], "ACTION"),
    ],
)
def test_wrong_arguments_show_the_usage_of_their_command(says, command, words):
    said = says(*command, code=2)
    assert words in said
    name = command[0] if command[0] != "rendr" else "[-h]"
    assert said.startswith(f"usage: semrender {name}")


def test_json_may_stand_behind_the_command(home):
    before, behind = typed(home, "--json", "labels", "list"), typed(home, "labels", "list", "--json")
    assert json.loads(before.stdout) == json.loads(behind.stdout)


def test_what_nobody_foresaw_is_a_sentence_and_a_report(tmp_path):
    """A state folder in which a file stands where a folder must be made: whatever comes of it is one sentence."""
    saboteur = tmp_path / "sitecustomize.py"
    saboteur.write_text("import shared.label_set\n\n\ndef fail():\n    raise KeyError('size')\n\n\n")
    with saboteur.open("a") as file:
        file.write("shared.label_set.available = fail\n")
    env = {**os.environ, "SEMRENDER_HOME": str(tmp_path / "state"), "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}

    plain = semrender("labels", env=env)
    as_json = semrender("labels", "--json", env=env)

    assert plain.returncode == as_json.returncode == 1
    assert "Traceback" not in plain.stderr
    assert len(plain.stderr.splitlines()) == 1
    report = Path(json.loads(as_json.stdout)["file"])
    assert str(report.parent) in plain.stderr
    text = report.read_text()
    assert "KeyError: 'size'" in text and "labels" in text and "Python 3" in text


@pytest.mark.parametrize("name", ["färbe", "列車"])
def test_a_terminal_that_knows_no_unicode_shows_words(home, tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    empty = typed(home, "check", folder, **environment)
    shot_of(folder)
    full = typed(home, "check", folder, **environment)

    assert empty.returncode == 3 and "no picture" in empty.stderr
    assert (full.returncode, full.stderr) == (0, "")


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_is_refused(home, tmp_path):
    folder = tmp_path / os.fsdecode(b"f\xe4rbe")
    folder.mkdir()
    shutil.copy(PASSES / "clean.png", folder / "label.1001.png")

    found = typed(home, "check", folder)

    assert found.returncode == 3
    assert "name is not UTF-8" in found.stderr


def test_help_of_every_kind():
    assert semrender().stdout == semrender("--help").stdout == semrender("help").stdout
    assert semrender().returncode == 0
    assert semrender("help", "jobs", "watch").stdout == semrender("jobs", "watch", "--help").stdout
    for name in ("models", "labels"):
        assert semrender(name).stdout == semrender(name, "list").stdout


@pytest.mark.parametrize("command", ["check", "render"])
@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (["--fill", "gras"], "fill"),
        (["--mattes", "tree,gras"], "mattes"),
        (["--uncovered", "gras"], "uncovered"),
        (["--classes", "tree,gras"], "classes"),
        (["--map", "gras=tree"], ""),
        (["--map", "tree=gras"], "map"),
    ],
)
def test_a_class_that_does_not_exist_is_refused_though_no_pixel_needs_it(
    says, colour_frames, tmp_path, command, arguments, where
):
    out = ["--out", tmp_path / "out"] if command == "render" else []
    words = says(command, colour_frames(), *out, *arguments, code=3)
    assert where in words and "has no class 'gras'" in words and "grass" in words
    assert not list((tmp_path / "out").rglob("*"))


@pytest.mark.parametrize(
    "change",
    [
        {"fill": "gras"},
        {"map": {"gras": "tree"}},
        {"context": "labels", "context_read": {"classes": ["gras"]}},
        {"layer": {"read": {"names": {"hill*": "gras"}}}},
        {"layer": {"read": {"uncovered": "gras"}}},
        {"layer": {"map": {"tree": "gras"}}},
        {"layer": {"mattes": ["gras"]}},
    ],
)
def test_a_class_of_shot_json_that_does_not_exist_is_refused(says, colour_frames, change):
    colour_frames()
    shot = {"name": "s", "fps": 24, "first": 1001, "last": 1004, "layers": [{"name": "a", "labels": "labels"}]}
    shot["layers"][0].update(change.pop("layer", {}))
    file = colour_frames().parent / "shot.json"
    file.write_text(json.dumps({**shot, **change}))
    assert "has no class 'gras'" in says("check", file, code=3)
