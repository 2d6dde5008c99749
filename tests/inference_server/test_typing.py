"""What an artist types and reads: where the pictures go, whose options count, what is said while it goes on."""

import json

import pytest

import semrender as commands
from inference_server import outputs
from inference_server.models import sleep
from tests.inference_server.servers import kill, start_server

LOOK = {"name": "look", "kind": "choice", "choices": ["golden", "overcast"], "default": "golden", "help": ""}
GRAIN = {"name": "grain", "kind": "number", "min": 0, "max": 1, "default": 0, "help": ""}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The state folder of a server that all cases of this file share, with two stand-ins."""
    folder = tmp_path_factory.mktemp("shared-state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEMRENDER_HOME", str(folder))
        sleep.add("looks", 0.0, options=[LOOK, GRAIN])
        sleep.add("plain", 0.0)
        process = start_server()
    yield folder
    kill(process)


@pytest.fixture
def run(home, monkeypatch, capsys, tmp_path):
    """Type a command into a folder of one's own; returns what it said."""
    monkeypatch.setenv("SEMRENDER_HOME", str(home))
    monkeypatch.chdir(tmp_path)

    def typed(*arguments, code=0):
        returned = commands.main([str(argument) for argument in arguments])
        found = capsys.readouterr()
        assert returned == code, found.err
        return found

    return typed


@pytest.fixture
def shot(colour_frames, tmp_path):
    """A shot.json over two frames with what a test wants of shot and layer."""
    colour_frames(count=2)

    def write(layer=None, **changes):
        layer = {"name": "all", "labels": "labels/shot.####.png", **(layer or {})}
        about = {"name": "sh", "fps": 24, "first": 1001, "last": 1002, "layers": [layer], **changes}
        file = tmp_path / "shot.json"
        file.write_text(json.dumps(about))
        return file

    return write


def painted(folder):
    """Options of the first frame's header."""
    return outputs.read_metadata(min((folder / "all").glob("*.png")))["options"]


@pytest.mark.parametrize("layer", [{"options": {"look": "golden"}}, {"options": {"look": "golden"}, "model": "looks"}])
def test_an_option_of_the_command_line_wins_over_shot_and_layer(run, shot, tmp_path, layer):
    file = shot(layer, model="looks", options={"look": "golden", "grain": 0.5})

    run("render", file, "--option", "look=overcast", "--out", "o", "--no-aep")

    assert painted(tmp_path / "o")["look"] == "overcast"


def test_options_that_another_model_lacks_are_left_out_and_said(run, shot, tmp_path):
    file = shot({"options": {"look": "golden"}}, model="looks", options={"grain": 0.5})

    said = run("render", file, "--model", "plain", "--out", "o", "--no-aep")

    assert painted(tmp_path / "o") == {}
    assert "grain" in said.err and "look" in said.err
    assert "grain" in run("render", file, "--model", "plain", "--option", "grain=1", "--out", "p", code=3).err


def test_without_out_the_pictures_go_into_painted(run, shot, tmp_path):
    said = run("render", shot(model="plain"), "--no-aep")

    assert len(list((tmp_path / "painted" / "sh" / "all").glob("*.png"))) == 2
    assert said.out.splitlines()[0] == "painting into painted/sh"
    assert said.out.splitlines()[1].startswith("the server at tcp://127.0.0.1:")


@pytest.mark.parametrize("out", ["labels", "."])
def test_paintings_never_lie_among_the_passes(run, colour_frames, tmp_path, out):
    labels = colour_frames(count=2)
    before = sorted(labels.iterdir())
    layer = {"name": "labels", "labels": "labels/shot.####.png"}
    shot = {"name": "sh", "fps": 24, "first": 1001, "last": 1002, "model": "plain", "layers": [layer]}
    (tmp_path / "shot.json").write_text(json.dumps(shot))

    assert "folder of a pass" in run("render", "shot.json", "--out", out, code=3).err
    assert sorted(labels.iterdir()) == before


def test_the_paintings_under_held_frames_count(run, shot, tmp_path):
    file = shot(model="plain", hold="gentle")

    said = run("--json", "render", file, "--no-aep", "--out", "o")
    events = [json.loads(line) for line in said.out.splitlines()]

    checked = next(event for event in events if event["event"] == "checked")
    under = [event for event in events if event["event"] == "underpainted"]
    assert checked["under_total"] == len(under) > 0
    assert [event["under_done"] for event in under] == list(range(1, len(under) + 1))
    assert all(event["job"] == checked["job"] and event["schema"] == 1 and event["time"] > 0 for event in events)
    assert events[-2]["underpainted"] == len(under)
    assert (
        f"held still, from {len(under)} paintings" in run("render", file, "--no-aep", "--out", "p", "--seed", "5").out
    )
