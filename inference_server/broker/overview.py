"""What those ask who watch over a server: what is new, how far each picture of a job is, the machine, the log.

Verbs like those of `verbs`; these change nothing.
"""

from __future__ import annotations

import shutil
from typing import Any

from inference_server.broker.journal import lines_of
from inference_server.broker.verbs import LONG_SECONDS, Turn, text_of, whole_of
from inference_server.models import catalogue
from shared import places, protocol

MOST_JOBS = 500  # of one answer
MOST_LINES = 500
MOST_EVENTS = 200

Body = dict[str, Any]


class Overview:
    """Each public method is a verb of its name."""

    def __init__(self, broker: Turn) -> None:
        self._broker = broker
        self._jobs = broker.jobs

    def listed(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """All jobs by pages, the newest first: `next` is the `before` of the next page, None at the end.

        `now`, of the first page, is the moment since when `news` goes on.
        """
        before = whole_of(body, "before") or None
        page, more = self._jobs.page(before, MOST_JOBS)
        jobs = [self._shown(summary) for summary in page]
        self._answer(client, request, {"jobs": jobs, "next": more, "now": self._jobs.news.now})

    def news(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """The jobs that changed after the moment `since`, those that are gone, and the moment `now`.

        Where `known` is false the moment is of another server, and all must be listed again.
        """
        found = self._jobs.news.since(text_of(body, "since"), MOST_JOBS)
        changed, now = found or ([], self._jobs.news.now)
        there = [job for job in changed if self._jobs.is_listed(job)]
        jobs = [self._shown(self._jobs.summary(job)) for job in there]
        gone = sorted(set(changed) - set(there))
        self._answer(client, request, {"jobs": jobs, "gone": gone, "now": now, "known": found is not None})

    def pictures(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """How far each picture of a layer is: `frames`, and a letter for each in `states`; `events` until now.

        w waiting, r in hand, p painted, k kept, c copied, f failed, x cancelled.
        """
        job = str(self._jobs.summary(str(body.get("job")))["job"])
        frames, states = self._jobs.pictures(job, text_of(body, "layer"))
        events = self._jobs.summary(job)["events"]
        self._answer(client, request, {"frames": frames, "states": states, "events": events})

    def picture(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """One picture: its `file` below the output folder, None where there is none yet, and why it `failed`."""
        job = str(self._jobs.summary(str(body.get("job")))["job"])
        file, error = self._jobs.picture(job, text_of(body, "layer"), whole_of(body, "frame"))
        self._answer(client, request, {"file": file, "failed": error})

    def events(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """What happened to a job after event number `since`, at most so many: [number, name, body] each."""
        job = str(self._jobs.summary(str(body.get("job")))["job"])
        found = self._jobs.events(job, max(0, whole_of(body, "since")), MOST_EVENTS)
        self._answer(client, request, {"events": [list(one) for one in found]})

    def sample(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """A piece of the picture of samples in a model's folder, from `offset` on.

        `own`: whether the user added the model; `bytes`: of its weights.
        """
        name, offset = text_of(body, "model"), max(0, whole_of(body, "offset"))

        def read() -> tuple[Body, bytes]:
            card = catalogue.find_card(name)
            about = {"own": card.folder.parent == places.models_folder(), "size": 0, "bytes": 0}
            try:
                about["bytes"] = (card.folder / card.weights.file).stat().st_size
                file = card.folder / "samples.png"
                with places.open_file(file) as opened:
                    opened.seek(offset)
                    return {**about, "size": file.stat().st_size}, opened.read(protocol.CHUNK)
            except OSError:
                return about, b""

        def answer(found: tuple[Body, bytes]) -> None:
            self._broker.answer(client, protocol.reply(request, found[0], [found[1]]))

        self._broker.look(client, request, places.models_folder(), read, answer)

    def machine(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """Workers with what they have in hand and the memory they take, memory and disks of the machine; bytes."""
        import psutil  # few ask

        memory = psutil.virtual_memory()
        workers = []
        for worker in self._broker.crew.workers.values():
            taken = None
            if worker.ready and not worker.ended:
                try:
                    taken = psutil.Process(worker.process.pid).memory_info().rss
                except psutil.Error:
                    taken = None  # it has just ended
            hand = [{"job": t.job, "kind": t.kind, "layer": t.layer, "frame": t.frame} for t in worker.tasks.values()]
            about = {"device": worker.device, "ready": worker.ready, "about": worker.about.get("about", "")}
            workers.append({**about, "in_hand": hand, "memory": taken, "device_memory": worker.memory})
        told = {
            "version": self._broker.settings.version,
            "host": places.HOST,
            "workers": workers,
            "deaths": self._broker.crew.deaths,
            "machines": self._broker.chunks.there(),
            "ending": self._broker.ending,
            "memory": {"free": memory.available, "total": memory.total},
        }
        home = places.home()

        def disks() -> list[Body]:
            usage = shutil.disk_usage(home)
            return [{"of": str(home), "free": usage.free, "total": usage.total}]

        def answer(found: list[Body]) -> None:
            rooms = [{"of": str(folder), "free": free, "total": None} for folder, free in self._broker.disks.known()]
            self._answer(client, request, {**told, "disks": [*found, *rooms]})

        self._broker.look(client, request, home, disks, answer)

    def log(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """The last lines that server and workers wrote about a job."""
        job = str(self._jobs.summary(str(body.get("job")))["job"])
        folder = places.home() / "logs"

        def answer(lines: list[Body]) -> None:
            self._answer(client, request, {"lines": lines})

        self._broker.look(client, request, folder, lambda: lines_of(folder, job, MOST_LINES), answer, LONG_SECONDS)

    def _shown(self, summary: Body) -> Body:
        return {**summary, "thumb": self._jobs.last_picture(summary["job"])}

    def _answer(self, client: bytes, request: str, body: Body) -> None:
        self._broker.answer(client, protocol.reply(request, body))
