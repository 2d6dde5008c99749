"""The spool: what came over the wire and no job came for; files by number; what is none of its business."""

import os

import pytest

from inference_server.broker.spool import BLOCK, Spool
from shared.errors import InputRefused

ONE, TWO = "1" * 32, "2" * 32


def test_foreign_files_in_the_spool_are_passed_over(tmp_path):
    (tmp_path / ".DS_Store").write_bytes(b"x" * 10_000)
    (tmp_path / "lost+found").mkdir()
    (tmp_path / ("f" * 32)).write_bytes(b"no folder")
    spool = Spool(tmp_path, 2**20)
    assert spool.used == 0
    spool.sweep([], idle=0)
    assert len(list(tmp_path.iterdir())) == 3


def test_empty_files_take_a_block_each(tmp_path):
    spool = Spool(tmp_path, 10 * BLOCK)
    for n in range(10):
        spool.put(ONE, f"{n}", 0, 0, b"")
    with pytest.raises(InputRefused, match="spool is full"):
        spool.put(ONE, "one more", 0, 0, b"")
    assert not (tmp_path / ONE / "in" / "one more").exists()
    spool.put(ONE, "3", 0, 0, b"")  # again, without harm
    assert spool.used == 10 * BLOCK == Spool(tmp_path, 0).used
    spool.remove(ONE)
    assert spool.used == 0


def test_a_piece_that_comes_twice_is_counted_once(tmp_path):
    spool = Spool(tmp_path, 2**20)
    for _ in range(2):
        spool.put(ONE, "a/b", 0, 9000, b"x" * 5000)
        spool.put(ONE, "a/b", 5000, 9000, b"y" * 4000)
    assert spool.used == 3 * BLOCK
    assert (tmp_path / ONE / "in" / "a" / "b").read_bytes() == b"x" * 5000 + b"y" * 4000


def test_an_upload_into_which_nothing_comes_any_more_is_removed(tmp_path):
    spool = Spool(tmp_path, 2**20)
    for job in (ONE, TWO):
        spool.put(job, "a/x", 0, 1, b"x")
    for path in (tmp_path / ONE, *(tmp_path / ONE).rglob("*")):
        os.utime(path, (0, 0))
    spool.sweep([])
    assert [folder.name for folder in tmp_path.iterdir()] == [TWO] and spool.used == BLOCK
    spool.sweep([TWO], idle=0)
    assert (tmp_path / TWO).exists(), "a job claims it"
    spool.sweep([], idle=0)
    assert not list(tmp_path.iterdir())
