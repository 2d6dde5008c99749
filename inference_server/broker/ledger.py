"""The ledger: the server's jobs, tasks and events in one SQLite file.

The broker owns the one connection. It works in turns: what came in is applied within one transaction,
the transaction is committed (WAL, synchronous FULL: on disk when `commit` returns), and only then is anyone
told. A broker that dies between two statements therefore forgets only what it has promised nobody.

A task is ready when it is waiting and nothing it needs is missing; `missing` counts the tasks it needs that are
not done. `paintings` remembers where the picture of a key is, across jobs and restarts.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared import places
from shared.errors import ServerError

VERSION = 2  # of the tables
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
    kind TEXT NOT NULL,               -- check, look, prepare, underpaint, paint, hold, deliver
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

# What version 2 has and version 1 had not: underpaintings are counted whenever one is done.
UNDER = "CREATE INDEX under ON tasks (job, state, outcome) WHERE kind = 'underpaint'"

# What SQLite says where the disk or its permissions are to blame, and the file is sound.
REFUSED = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
)

Row = sqlite3.Row


class LedgerTaken(ServerError):
    """Another process has the ledger."""

    code = "ledger"


class Ledger:
    """One connection to the ledger in `path`; None keeps it in memory, for a server that dies with its client.

    Raises LedgerTaken where another server has it, ServerError where it is damaged, or where a newer build wrote it.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        with self._in_words():
            if path is not None:
                _make_private(path)
            self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=1.0)
        self._db.row_factory = sqlite3.Row
        try:
            with self._in_words():
                self._open()
        except ServerError:
            self._db.close()
            raise

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
        elif version not in (1, VERSION):
            self._db.execute("ROLLBACK")
            raise ServerError(f"the ledger is of version {version}", file=self.path, remedy="Update semrender")
        if version != VERSION:
            self._db.execute(UNDER)
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("COMMIT")
        found = str(self._db.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if found != "ok":
            raise _damaged(self.path, found)
        self._check_types()

    def _check_types(self) -> None:
        """Whether every column holds what the tables say, which SQLite itself does not look at."""
        kinds = {"TEXT": "('text')", "INTEGER": "('integer')", "REAL": "('real')"}
        for (table,) in self._db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            columns = self._db.execute(
                f"SELECT name, type FROM pragma_table_info('{table}') WHERE type != ''"
            ).fetchall()
            if not {kind for _, kind in columns} <= kinds.keys():
                raise _damaged(self.path, f"A column of an unknown type in the table {table}")
            wrong = [f"{name} NOTNULL AND typeof({name}) NOT IN {kinds[kind]}" for name, kind in columns]
            if wrong and self._db.execute(f"SELECT 1 FROM {table} WHERE {' OR '.join(wrong)} LIMIT 1").fetchone():
                raise _damaged(self.path, f"A value of another kind in the table {table}")

    def write(self, sql: str, *values: Any) -> int:
        """One statement of the open transaction; returns how many rows it changed."""
        with self._in_words():
            self._begin()
            return self._db.execute(sql, values).rowcount

    def write_many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with self._in_words():
            self._begin()
            self._db.executemany(sql, rows)

    def insert(self, sql: str, *values: Any) -> int:
        """An INSERT; returns the new row's number."""
        with self._in_words():
            self._begin()
            return int(self._db.execute(sql, values).lastrowid or 0)

    def rows(self, sql: str, *values: Any) -> list[Row]:
        with self._in_words():
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        with self._in_words():
            found: Row | None = self._db.execute(sql, values).fetchone()
            return found

    def load(self, text: str) -> Any:
        """What `dump` made a text of."""
        try:
            return json.loads(text)
        except ValueError as error:
            raise _damaged(self.path, str(error)) from error

    def commit(self) -> None:
        """Put the changes on disk. Raises ServerError where the disk does not take them."""
        if self._db.in_transaction:
            with self._in_words():
                self._db.execute("COMMIT")

    @contextmanager
    def whole(self) -> Iterator[None]:
        """What happens inside happens whole or, where it raises, not at all."""
        self.write("SAVEPOINT message")
        try:
            yield
        except BaseException:
            self.write("ROLLBACK TO message")
            raise
        finally:
            self.write("RELEASE message")

    def close(self) -> None:
        self._db.close()

    def _begin(self) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:  # ours
            raise
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise LedgerTaken(
                    "another server has the ledger open", file=self.path, remedy="Use that one, or stop it first"
                ) from error
            if kind not in REFUSED:
                raise _damaged(self.path, str(error)) from error
            raise _unwritable(self.path, str(error)) from error
        except OSError as error:
            raise _unwritable(self.path, error.strerror or str(error)) from error


def _make_private(path: Path) -> None:
    """The file, or an older one, for its owner alone: names of shots and paths are in it. SQLite's others follow it."""
    places.private_folder(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if os.name == "posix" and path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _unwritable(path: Path | None, cause: str) -> ServerError:
    return ServerError(
        "the ledger cannot be written, so nothing is accepted",
        file=path,
        cause=cause,
        remedy="Free space there, or allow writing, and start the server again: it goes on where the ledger ends",
    )


def _damaged(path: Path | None, cause: str) -> ServerError:
    return ServerError(
        "the ledger is damaged",
        file=path,
        cause=cause,
        remedy="Move it away and start again. Finished frames stay valid; submitted again, a job paints only the rest",
    )


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
