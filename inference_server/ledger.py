"""The ledger: the server's jobs, tasks and events in one SQLite file.

The broker owns the one connection. It works in turns: what came in is applied within one transaction,
the transaction is committed (WAL, synchronous FULL: on disk when `commit` returns), and only then is anyone
told. A broker that dies between two statements therefore forgets only what it has promised nobody.

A task is ready when it is waiting and nothing it needs is missing; `missing` counts the tasks it needs that are
not done. `paintings` remembers where the picture of a key is, across jobs and restarts.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.errors import ServerError

VERSION = 1  # of the tables
PAINTINGS_KEPT = 500_000  # the oldest are forgotten first

TABLES = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,               -- of the shot
    out TEXT NOT NULL,                -- the output folder
    spec TEXT NOT NULL,
    only_check INTEGER NOT NULL,
    state TEXT NOT NULL,              -- checking, painting, delivering; done, failed, cancelled
    paused TEXT NOT NULL DEFAULT '',  -- why, in words; '' = not
    priority INTEGER NOT NULL,
    report TEXT NOT NULL DEFAULT '{}',
    total INTEGER NOT NULL,           -- frames to paint
    painted INTEGER NOT NULL DEFAULT 0,
    kept INTEGER NOT NULL DEFAULT 0,
    copied INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    unended INTEGER NOT NULL,         -- tasks that are waiting or running
    events INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL,
    ended REAL
);
CREATE INDEX active ON jobs (priority DESC, number) WHERE ended IS NULL;
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL,
    kind TEXT NOT NULL,               -- check, underpaint, paint, hold, deliver
    layer TEXT,
    frame INTEGER,
    state TEXT NOT NULL DEFAULT 'waiting',  -- running, done, failed, cancelled
    missing INTEGER NOT NULL DEFAULT 0,
    deaths INTEGER NOT NULL DEFAULT 0,      -- of workers that held it
    key TEXT,
    outcome TEXT,                     -- painted, kept, copied
    error TEXT
);
CREATE INDEX of_job ON tasks (job, state, missing, id);
CREATE TABLE needs (task INTEGER NOT NULL, needed INTEGER NOT NULL);
CREATE INDEX needed ON needs (needed);
CREATE INDEX needing ON needs (task);
CREATE TABLE events (job TEXT, n INTEGER, name TEXT, body TEXT, PRIMARY KEY (job, n)) WITHOUT ROWID;
CREATE TABLE paintings (key TEXT PRIMARY KEY, out TEXT NOT NULL, files TEXT NOT NULL);
CREATE TABLE quarantine (key TEXT PRIMARY KEY, error TEXT NOT NULL);
"""

Row = sqlite3.Row


class Ledger:
    """One connection to the ledger in `path`; None keeps it in memory, for a server that dies with its client.

    Raises ServerError where another server has it, where it is damaged, or where a newer build wrote it.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=1.0)
        self._db.row_factory = sqlite3.Row
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._db.close()
            if "locked" in str(error):
                raise ServerError(
                    "another server has the ledger open", file=path, remedy="Use that one, or stop it first"
                ) from error
            raise _damaged(path, str(error)) from error

    def _open(self) -> None:
        # The lock is the operating system's: it goes with the process, however that ends.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA journal_size_limit = 16777216")
        self._db.execute("BEGIN EXCLUSIVE")
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version == 0:
            for statement in TABLES.split(";\n"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            self._db.execute("ROLLBACK")
            self._db.close()
            raise ServerError(f"the ledger is of version {version}", file=self.path, remedy="Update semrender")
        self._db.execute("COMMIT")
        found = str(self._db.execute("PRAGMA quick_check(1)").fetchone()[0])
        if found != "ok":
            self._db.close()
            raise _damaged(self.path, found)

    def write(self, sql: str, *values: Any) -> int:
        """One statement of the open transaction; returns how many rows it changed."""
        self._begin()
        return self._db.execute(sql, values).rowcount

    def write_many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._begin()
        self._db.executemany(sql, rows)

    def insert(self, sql: str, *values: Any) -> int:
        """An INSERT; returns the new row's number."""
        self._begin()
        return int(self._db.execute(sql, values).lastrowid or 0)

    def rows(self, sql: str, *values: Any) -> list[Row]:
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        found: Row | None = self._db.execute(sql, values).fetchone()
        return found

    def commit(self) -> None:
        """Put the changes on disk. Raises ServerError where the disk does not take them."""
        if not self._db.in_transaction:
            return
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise ServerError(
                "the ledger cannot be written, so nothing more is accepted",
                file=self.path,
                cause=str(error),
                remedy="Free space on that disk and start the server again: it goes on where the ledger ends",
            ) from error

    @contextmanager
    def whole(self) -> Iterator[None]:
        """What happens inside happens whole or, where it raises, not at all."""
        self._begin()
        self._db.execute("SAVEPOINT message")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO message")
            raise
        finally:
            self._db.execute("RELEASE message")

    def close(self) -> None:
        self._db.close()

    def _begin(self) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")


def _damaged(path: Path | None, cause: str) -> ServerError:
    return ServerError(
        "the ledger is damaged",
        file=path,
        cause=cause,
        remedy="Move it away and start again. Finished frames stay valid; submitted again, a job paints only the rest",
    )


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
