"""All jobs of the server as they stand now, and which of them changed since a page looked last.

One thread asks the server, however many pages are open. Every change has a number: a page that was closed, or whose
line broke, says the last one it has and gets what it lacks, once each.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from typing import Any

from inference_server.desk.link import Link
from shared.client import Client
from shared.command import unforeseen
from shared.errors import SemrenderError

EVERY_SECONDS = 0.15  # while somebody looks
IDLE_SECONDS = 2.0  # while nobody does
AGAIN_SECONDS = 1.0  # after a server that was not there
GONE_SECONDS = 3.0  # without an answer: the page says so
MACHINE_SECONDS = 2.0  # between two looks at memory and disks
MOST = 500  # jobs of one message; the first ones are few, to be there at once
FIRST = 100

Body = dict[str, Any]


class Feed(threading.Thread):
    """Begin with `start`, end with `close`."""

    def __init__(self, link: Link) -> None:
        super().__init__(daemon=True)
        self._link = link
        self._closing = threading.Event()
        self._look = threading.Event()  # somebody is waiting
        self._lock = threading.Lock()
        self._begun = uuid.uuid4().hex[:12]
        self._number = 0
        self._jobs: dict[str, Body] = {}
        self._changed: dict[str, int] = {}  # job, gone ones too -> number of its last change, the newest last
        self._server: Body = {"there": False, "words": "", "machine": None}
        self._server_changed = 0
        self._watchers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    # What pages see

    def since(self, moment: str) -> tuple[list[Body], str]:
        """Messages that bring a page from the moment to now, and the moment now. "" is before everything.

        {"all": whether the page begins anew, "jobs": [...], "gone": [...], "server": {...} or None}
        """
        begun, _, number = moment.partition(".")
        with self._lock:
            last = int(number) if begun == self._begun and number.isdecimal() else 0
            anew = not last
            changed = []
            for job, at in reversed(self._changed.items()):
                if at <= last:
                    break
                changed.append(job)
            jobs = [self._jobs[job] for job in changed if job in self._jobs]
            gone = [] if anew else [job for job in changed if job not in self._jobs]
            server = dict(self._server) if self._server_changed > last or anew else None
            now = f"{self._begun}.{self._number}"
        if anew:
            jobs.sort(key=lambda job: (job["ended"] is not None, -(job["ended"] or job["created"])))
        if not (anew or jobs or gone or server):
            return [], now
        pieces = [jobs[:FIRST], *(jobs[n : n + MOST] for n in range(FIRST, len(jobs), MOST))]
        messages: list[Body] = [{"all": False, "jobs": piece, "gone": [], "server": None} for piece in pieces]
        messages[0].update(all=anew, gone=gone, server=server)
        return messages, now

    def job(self, identity: str) -> Body | None:
        return self._jobs.get(identity)

    def machine(self) -> Body | None:
        """What the server says of its machine; None while there is none."""
        machine: Body | None = self._server["machine"]
        return machine

    def jobs(self) -> list[Body]:
        with self._lock:
            return list(self._jobs.values())

    def watch(self) -> asyncio.Event:
        """An event that is set at every change, for the loop that runs; give it back with `leave`."""
        event = asyncio.Event()
        with self._lock:
            self._watchers.add((asyncio.get_running_loop(), event))
        self._look.set()
        return event

    def leave(self, event: asyncio.Event) -> None:
        with self._lock:
            self._watchers = {one for one in self._watchers if one[1] is not event}

    # The thread

    def run(self) -> None:
        while not self._closing.is_set():
            try:
                with self._link.client() as client:
                    self._follow(client)
            except Exception as error:
                words = error if isinstance(error, SemrenderError) else unforeseen(error)
                self._tell_server({"there": False, "words": str(words), "machine": None})
                self._closing.wait(AGAIN_SECONDS)

    def close(self) -> None:
        self._closing.set()
        self._look.set()
        self._wake()

    @property
    def closed(self) -> bool:
        return self._closing.is_set()

    def _follow(self, client: Client) -> None:
        """Until the server is lost, another one, or nobody wants to know."""
        moment, looked = self._list(client), 0.0
        while not self._closing.is_set():
            if time.monotonic() - looked > MACHINE_SECONDS:
                looked = time.monotonic()
                machine = client.request("machine")[0]
                self._tell_server({"there": True, "words": "", "machine": machine, "address": client.address})
            news = client.request("news", {"since": moment}, seconds=GONE_SECONDS, attempts=1)[0]
            if not news["known"]:
                return
            self._apply(news["jobs"], news["gone"])
            moment = news["now"]
            if not self._watchers:
                self._look.clear()
                self._look.wait(IDLE_SECONDS)
            elif not news["jobs"]:
                self._closing.wait(EVERY_SECONDS)

    def _list(self, client: Client) -> str:
        page: Body = client.request("listed")[0]
        moment, found = str(page["now"]), list(page["jobs"])
        while page["next"] is not None:
            page = client.request("listed", {"before": page["next"]})[0]
            found += page["jobs"]
        there = {job["job"] for job in found}
        self._apply(found, [job for job in self._jobs if job not in there])
        return moment

    def _apply(self, jobs: list[Body], gone: list[str]) -> None:
        with self._lock:
            for job in jobs:
                if not job["tried"] and self._jobs.get(job["job"]) != job:
                    self._jobs[job["job"]] = job
                    self._count(job["job"])
            for identity in gone:
                if self._jobs.pop(identity, None) is not None:
                    self._count(identity)
        self._wake()

    def _tell_server(self, server: Body) -> None:
        with self._lock:
            if server == self._server:
                return
            self._server = server
            self._number += 1
            self._server_changed = self._number
        self._wake()

    def _count(self, job: str) -> None:
        self._number += 1
        self._changed.pop(job, None)
        self._changed[job] = self._number

    def _wake(self) -> None:
        with self._lock:
            watchers = list(self._watchers)
        for loop, event in watchers:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)
