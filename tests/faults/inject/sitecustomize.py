"""Slipped into the server's processes by PYTHONPATH: a clock that jumps, a diary of what reached the disk.

SEMRENDER_TEST_CLOCK = seed: `time.time` jumps by up to a day, back and forth, every few calls.
SEMRENDER_TEST_DIARY = file: every fsync ("S file", "D folder"), rename ("R from to") and ledger commit ("W bytes of
the write-ahead log, level of PRAGMA synchronous") is noted. After a kill `world.power_cut` takes back what a disk
that lost its power may have lost. What SQLite does for a level is taken from its documentation, not observed.
"""

import os
import random
import sqlite3
import time

if "SEMRENDER_TEST_CLOCK" in os.environ:
    rng, real, state = random.Random(int(os.environ["SEMRENDER_TEST_CLOCK"])), time.time, {"by": 0.0}

    def jumping():
        if rng.random() < 0.2:
            state["by"] = rng.uniform(-86400, 86400)
        return real() + state["by"]

    time.time = jumping

if "SEMRENDER_TEST_DIARY" in os.environ:
    diary = os.open(os.environ["SEMRENDER_TEST_DIARY"], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    real_fsync, real_replace, real_connect = os.fsync, os.replace, sqlite3.connect

    def note(*words):
        os.write(diary, ("\t".join(map(str, words)) + "\n").encode())

    def fsync(descriptor):
        real_fsync(descriptor)
        path = os.readlink(f"/proc/self/fd/{descriptor if isinstance(descriptor, int) else descriptor.fileno()}")
        note("D" if os.path.isdir(path) else "S", path)

    def replace(source, target, **more):
        real_replace(source, target, **more)
        note("R", source, target)

    class Ledger(sqlite3.Connection):
        def execute(self, sql, *values):
            result = super().execute(sql, *values)
            if sql == "COMMIT":
                level = super().execute("PRAGMA synchronous").fetchone()[0]
                file = super().execute("PRAGMA database_list").fetchone()[2] + "-wal"
                note("W", os.path.getsize(file) if os.path.exists(file) else 0, level, file)
            return result

    def connect(database, *values, **more):
        return real_connect(database, *values, factory=Ledger, **more)

    os.fsync, os.replace, sqlite3.connect = fsync, replace, connect
