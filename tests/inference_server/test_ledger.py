"""Ledgers that are damaged or cannot be written: words with the right remedy, never a traceback, nothing touched."""

import os
import random
import sqlite3
import stat
import subprocess

import pytest

from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from shared.errors import SemrenderError, ServerError
from tests.conftest import semrender

SPEC = {"shot": {"name": "s"}, "frames": list(range(30)), "layers": ["train"], "out": "/out"}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    file = tmp_path_factory.mktemp("good") / "ledger.sqlite"
    ledger = Ledger(file)
    jobs = Jobs(ledger)
    jobs.open("a" * 32, SPEC)
    jobs.open("b" * 32, SPEC)
    task = jobs.next_task("a" * 32, ())
    jobs.begin(task)
    frames = [["paint", "train", frame, f"{frame:064x}", {"file": f"{frame}.png"}] for frame in range(20)]
    jobs.finish(task.id, {"problems": [], "frames": frames})
    ledger.commit()
    ledger.close()
    return file.read_bytes()


def use(file):
    """What a server does with its ledger at a start and after."""
    ledger = Ledger(file)
    try:
        jobs = Jobs(ledger)
        jobs.recover()
        for row in jobs.active():
            jobs.spec(row["id"])
            jobs.report(row["id"])
            jobs.events(row["id"], 0)
            jobs.next_task(row["id"], ())
        jobs.summaries()
        ledger.commit()
    finally:
        ledger.close()


def test_one_flipped_bit_is_unseen_or_said_in_words(good, tmp_path):
    seen = 0
    for seed in range(150):
        rng = random.Random(seed)
        bad = bytearray(good)
        bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        file = tmp_path / f"{seed}.sqlite"
        file.write_bytes(bad)
        try:
            use(file)
        except ServerError as error:
            seen += 1
            assert error.file == str(file) and error.remedy
    assert seen > 10


def test_a_text_that_became_bytes_is_damage(good, tmp_path):
    """One bit of a row's header; SQLite's own check passes it over."""
    file = tmp_path / "ledger.sqlite"
    file.write_bytes(good)
    with sqlite3.connect(file) as db:
        db.execute("UPDATE jobs SET paused = CAST('' AS BLOB)")
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    with pytest.raises(ServerError, match="damaged") as raised:
        Ledger(file)
    assert "Move it away" in raised.value.remedy


@pytest.mark.parametrize("column", ["spec", "report"])
def test_a_text_that_cannot_be_read_is_damage_at_any_time(column, good, tmp_path):
    file = tmp_path / "ledger.sqlite"
    file.write_bytes(good)
    ledger = Ledger(file)
    ledger.write(f"UPDATE jobs SET {column} = CAST(X'7BFF' AS TEXT)")
    with pytest.raises(ServerError, match="damaged"):
        getattr(Jobs(ledger), column)("a" * 32)
    ledger.write(f"UPDATE jobs SET {column} = '{{'")
    with pytest.raises(ServerError, match="damaged"):
        getattr(Jobs(ledger), column)("a" * 32)
    ledger.close()


def test_a_damaged_ledger_ends_the_server_in_words(good, state_folder):
    bad = good.replace(b"CREATE TABLE tasks", b"CREATE TABLE tAsk\xff", 1)
    assert bad != good
    (state_folder / "ledger.sqlite").write_bytes(bad)
    done = semrender("serve", "--device", "cpu")
    assert done.returncode == 5 and "the ledger is damaged" in done.stderr and "Move it away" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_the_ledger_is_its_owners_alone_also_an_older_one(good, tmp_path):
    before = os.umask(0)
    try:
        ledger = Ledger(tmp_path / "state" / "new.sqlite")
        ledger.write("INSERT INTO quarantine VALUES ('a', 'b')")
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
        for file in (tmp_path / "state").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        ledger.close()
    finally:
        os.umask(before)
    old = tmp_path / "old.sqlite"
    old.write_bytes(good)
    old.chmod(0o644)
    Ledger(old).close()
    assert stat.S_IMODE(old.stat().st_mode) == 0o600


def test_a_state_folder_that_is_a_file_is_said(tmp_path, monkeypatch):
    (tmp_path / "home").write_text("")
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    done = semrender("serve", "--device", "cpu")
    assert done.returncode == 5 and "the state folder cannot be used" in done.stderr
    assert "SEMRENDER_HOME" in done.stderr and "Traceback" not in done.stderr


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("NOT TESTED: no small disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_or_read_only_disk_is_no_damaged_ledger(small_disk):
    file = small_disk / "ledger.sqlite"
    Ledger(file).close()
    (small_disk / "filler").write_bytes(b"")
    with pytest.raises(OSError):
        (small_disk / "filler").write_bytes(bytes(2**21))
    ledger = None
    with pytest.raises(SemrenderError) as raised:
        ledger = Ledger(file)
        for number in range(100):
            Jobs(ledger).open(f"{number:032x}", SPEC)
            ledger.commit()
    assert "cannot be written" in raised.value.what and "Move it away" not in raised.value.remedy
    if ledger is not None:
        ledger.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(SemrenderError) as raised:
        ledger = Ledger(file)
        Jobs(ledger).open("c" * 32, SPEC)
    assert "cannot be written" in raised.value.what and "Move it away" not in raised.value.remedy
