"""Several machines in one folder: half-written files, frames that somebody else has finished, headers alone."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from inference_server.worker import outputs, png_chunks
from shared import places

ALPHA = np.ones((8, 12), np.float32)
METADATA = {
    **{"format": "png", "key": "abc", "stage": "paint", "layer": "tree", "frame": 1001, "device": "one"},
    **{"fps": [24, 1], "pixel_aspect": 1.0, "owner": ""},
}


def half_written(folder, text, seconds_ago=0.0):
    """What a writer left that names itself so; in the form of this machine's own files."""
    name = places.beside(folder / "x").name
    own = f"{places.HOST}-{places.process_space()}-{os.getpid()}"
    assert own in name
    left = folder / name.replace(own, text)
    left.write_bytes(b"half")
    then = left.stat().st_mtime - seconds_ago
    os.utime(left, (then, then))
    return left


@pytest.fixture
def dead():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_dead_process_of_this_machine_left_goes_at_once(tmp_path, dead):
    left = half_written(tmp_path, f"{places.HOST}-{places.process_space()}-{dead}")
    outputs.sweep(tmp_path)
    assert not left.exists()


def test_a_container_of_the_same_name_is_not_believed_dead_by_its_numbers(tmp_path, dead):
    """Two containers with one host name count their processes each from 1."""
    live = half_written(tmp_path, f"{places.HOST}-0bad0bad4026530000-{dead}")
    older = half_written(tmp_path, f"{places.HOST}-{dead}")  # a version before said no more
    outputs.sweep(tmp_path)
    assert live.exists() and older.exists()


@pytest.mark.parametrize("whose", ["other-0bad0bad4026530000-7", "other-7"])
def test_what_nobody_adds_to_for_an_hour_goes_whoever_began_it(tmp_path, whose):
    old, young = half_written(tmp_path, whose, outputs.DEAD_SECONDS + 60), half_written(tmp_path, whose, 60)
    outputs.sweep(tmp_path)
    assert not old.exists() and young.exists()
    assert [file for file in tmp_path.iterdir() if file != young] == [], "and what time it is was asked without a trace"


def test_age_is_by_the_disk_not_by_the_clock_of_this_machine(tmp_path, monkeypatch):
    """The file server's clock is two hours behind ours: what was just begun there is young."""
    behind = half_written(tmp_path, "other-7", 2 * outputs.DEAD_SECONDS)
    touched = outputs.Path.touch

    def touch(self, *arguments):
        touched(self, *arguments)
        then = behind.stat().st_mtime + 1
        os.utime(self, (then, then))

    monkeypatch.setattr(outputs.Path, "touch", touch)
    outputs.sweep(tmp_path)
    assert behind.exists()


@pytest.mark.parametrize("suffix", ["png", "exr"])
def test_a_finished_file_of_the_same_key_is_never_replaced(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    first, other = (np.full((8, 12, 3), grey, np.float32) for grey in (0.25, 0.75))
    about = {**METADATA, "format": suffix}
    outputs.write_picture(path, first, ALPHA, about)
    before = path.read_bytes(), path.stat().st_ino
    outputs.write_picture(path, other, ALPHA, {**about, "device": "two"})
    assert (path.read_bytes(), path.stat().st_ino) == before and outputs.read_metadata(path)["device"] == "one"
    outputs.copy_picture(path, path, {**about, "owner": "somebody"})
    assert (path.read_bytes(), path.stat().st_ino) == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    outputs.write_picture(path, other, ALPHA, {**about, "key": "another", "device": "two"})
    assert outputs.read_metadata(path)["device"] == "two"


def test_a_matte_and_an_underpainting_are_no_picture_of_the_key(tmp_path):
    for change in ({"stage": "underpaint"}, {"matte": "tree"}):
        path = tmp_path / "a.png"
        outputs.write_picture(path, np.zeros((8, 12, 3), np.float32), ALPHA, METADATA)
        outputs.write_picture(path, np.ones((8, 12, 3), np.float32), ALPHA, {**METADATA, **change})
        assert outputs.read_metadata(path).items() >= change.items()


def test_a_file_that_is_cut_short_is_replaced(tmp_path):
    path = tmp_path / "a.png"
    for _ in range(2):
        outputs.write_picture(path, np.zeros((8, 12, 3), np.float32), ALPHA, METADATA)
        whole = path.read_bytes()
        assert outputs.read_metadata(path) == METADATA
        path.write_bytes(whole[:-1])
        assert outputs.read_metadata(path) is None


def test_a_file_that_lost_a_piece_of_its_pixels_is_replaced_though_its_end_is_whole(tmp_path):
    """Also one of many chunks of pixels, as frames were written once."""
    path = tmp_path / "a.png"
    noise = np.random.default_rng(0).random((90, 160, 3), np.float32)
    outputs.write_picture(path, noise, np.ones((90, 160), np.float32), METADATA)
    whole = path.read_bytes()
    at = whole.index(b"IDAT") - 4
    pixels = whole[at + 8 : -16]
    assert whole.count(b"IDAT") == 1 and png_chunks.joined(whole[33:]) == whole[33:]
    pieces = [png_chunks.chunk(b"IDAT", pixels[first : first + 8192]) for first in range(0, len(pixels), 8192)]
    for one in (whole, whole[:at] + b"".join(pieces) + whole[-12:]):
        path.write_bytes(one)
        assert outputs.read_metadata(path) == METADATA
        assert (np.asarray(Image.open(path))[..., :3] == outputs.to_bytes(noise)).all()
        path.write_bytes(one[:-60] + one[-40:])
        assert outputs.read_metadata(path) is None
        outputs.write_picture(path, noise, np.ones((90, 160), np.float32), METADATA)
        assert path.read_bytes() == whole


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc counts what is read")
@pytest.mark.parametrize("suffix", ["png", "exr"])
def test_a_header_is_read_without_its_picture(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    picture = np.random.default_rng(0).random((360, 640, 3), np.float32)
    outputs.write_picture(path, picture, np.ones((360, 640), np.float32), {**METADATA, "format": suffix})
    outputs.read_metadata(path)  # what it imports is read once
    before = read_bytes()
    assert outputs.read_metadata(path)["key"] == "abc"
    assert read_bytes() - before < 40_000 < path.stat().st_size / 10


def read_bytes():
    with open("/proc/self/io") as file:
        return int(next(line for line in file if line.startswith("rchar")).split()[1])
