"""Shots as a farm gets them, and the real commands on them."""

import json
import zlib

import pytest

from shared import door, places
from shared.client import Client
from tests.conftest import semrender
from tests.inference_server.servers import job_of, running_server, start_server, stop, wait_for


@pytest.fixture
def farm_shot(colour_frames, add_sleep_model):
    """Writes a shot.json over label frames of one or two layers; every painting of the stand-in leaves a line."""

    def write(first=1001, count=12, layers=("all",), model="stand-in", **more):
        for layer in layers:
            folder = colour_frames(f"shot/{layer}", "label", first, count)
        listed = [{"name": layer, "labels": f"{layer}/label.@.png"} for layer in layers]
        for layer in listed:
            layer.update(more.pop(layer["name"], {}))
        shot = {"name": "sh", "fps": 24, "first": first, "last": first + count - 1, "model": model, "layers": listed}
        file = folder.parent / "shot.json"
        file.write_text(json.dumps({**shot, **more}))
        return file

    add_sleep_model(config={"seconds": 0.0, "tally": True})
    return write


@pytest.fixture
def resident(state_folder):
    """A server that stays for the test's commands."""
    with running_server() as client:
        yield client


@pytest.fixture
def machine(tmp_path, state_folder):
    """Begins the server of another machine, with a state folder of its own; a door to it."""
    began, doors = [], []

    def begin(name, models=state_folder / "models"):
        home = tmp_path / name
        began.append((start_server(SEMRENDER_HOME=str(home), SEMRENDER_MODELS=str(models)), home))
        found = door.Server(Client(places.read_json(home / "connection.json")), None)
        doors.append(found)
        return found

    yield begin
    for one in doors:
        one.close()
    for process, _ in began:
        stop(process)


def chunk_of(broker, shot, out, machine="one", model="stand-in"):
    """The next run of a job that was handed over."""
    broker.submit({**job_of(shot, out, model), "part": "farm", "per": 1})
    return wait_for(lambda: broker.request("take_chunk", {"machine": machine})[0]["chunk"])


def farm(verb, *arguments, code=0, **options):
    """A `semrender farm` command; its output."""
    done = semrender("farm", verb, *arguments, **options)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


def files(folder):
    """What a render leaves but for what tells the time, and the movie, whose encoder has threads: name -> bytes."""
    changing = ("delivery.json", ".aep", "movie.mp4")
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(changing))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def spoil(png):
    """Damage a picture so that only who decodes it finds out: it is whole by its lengths and its check sums."""
    content, at = png.read_bytes(), 8
    whole = content[:at]
    while at < len(content):
        size = int.from_bytes(content[at : at + 4])
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        if kind == b"IDAT":
            data = data[:10] + bytes(size - 10)
        whole += size.to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
        at += 12 + size
    png.write_bytes(whole)


def paintings(home):
    """How many pictures the stand-in has painted."""
    tally = home / "tally"
    return len(tally.read_text().splitlines()) if tally.exists() else 0
