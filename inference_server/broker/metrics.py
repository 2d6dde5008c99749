"""How a server is, for those who watch over many: `/health` and Prometheus' `/metrics`, on loopback, where asked for.

The broker's loop leaves plain figures here once a second; threads of their own answer with them. So nobody who asks
keeps the loop, and a loop that hangs is found out: its figures grow old.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder

from inference_server.broker.crew import End
from shared.errors import ServerError
from shared.values import Value

EVERY_SECONDS = 1.0  # between two sets of figures
OLD_SECONDS = 60.0  # figures older than that say that the loop hangs
SILENT_SECONDS = 10.0  # that who asks may be silent
NAMES = ("127.0.0.1", "localhost")  # by which it may be asked: no page of the web under a name of its own

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Figures(Value):
    """Of one moment. jobs: by state; waiting: tasks to be done; devices: (device, whether it is ready, tasks in hand).

    machines: of a farm: (name, whether it paints, pictures in hand).
    spool, spool_limit, free: bytes of uploads, of uploads at most, and free in the state folder.
    """

    jobs: dict[str, int]
    waiting: int
    devices: tuple[tuple[str, bool, int], ...]
    machines: tuple[tuple[str, bool, int], ...]
    deaths: int
    spool: int
    spool_limit: int
    free: int
    at: float = field(default_factory=time.monotonic)


class Metrics:
    """What is told of one server. Raises ServerError where the port cannot be used."""

    def __init__(self, version: str, port: int) -> None:
        self.version = version
        self.figures: Figures | None = None
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._ended = Counter(
            "semrender_tasks", "Tasks that ended since the start", ("kind", "state"), registry=self.registry
        )
        self._seconds = Histogram(
            "semrender_picture_seconds",
            "How long a picture took on the device",
            ("kind", "device"),
            buckets=SECONDS,
            registry=self.registry,
        )
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        except (OSError, OverflowError) as error:
            raise ServerError(
                f"port {port} cannot be used for --metrics", cause=str(error), remedy="Choose another port"
            ) from error
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def collect(self) -> Iterator[Metric]:
        """The figures, for the registry."""
        now = self.figures
        if now is None:
            return
        jobs = GaugeMetricFamily("semrender_jobs", "Jobs that have not ended", labels=("state",))
        for state, number in now.jobs.items():
            jobs.add_metric((state,), number)
        ready = GaugeMetricFamily("semrender_worker_ready", "1 where a worker can paint", labels=("device",))
        tasks = GaugeMetricFamily("semrender_worker_tasks", "Tasks that a worker has in hand", labels=("device",))
        for device, is_ready, number in now.devices:
            ready.add_metric((device,), is_ready)
            tasks.add_metric((device,), number)
        there = GaugeMetricFamily("semrender_machine_ready", "1 where a farm's machine paints", labels=("machine",))
        hand = GaugeMetricFamily("semrender_machine_pictures", "Pictures that it has in hand", labels=("machine",))
        for machine, is_ready, number in now.machines:
            there.add_metric((machine,), is_ready)
            hand.add_metric((machine,), number)
        yield from (jobs, ready, tasks, *((there, hand) if now.machines else ()))
        yield GaugeMetricFamily("semrender_tasks_waiting", "Tasks that are to be done", now.waiting)
        yield CounterMetricFamily("semrender_worker_deaths", "Workers that died since the start", now.deaths)
        yield GaugeMetricFamily("semrender_spool_bytes", "Bytes of uploaded passes", now.spool)
        yield GaugeMetricFamily("semrender_spool_limit_bytes", "Most that uploaded passes may take", now.spool_limit)
        yield GaugeMetricFamily("semrender_state_free_bytes", "Bytes free in the state folder", now.free)

    def due(self) -> bool:
        """Whether it is time for new figures."""
        return self.figures is None or time.monotonic() - self.figures.at > EVERY_SECONDS

    def tell(self, figures: Figures) -> None:
        self.figures = figures

    def ended(self, end: End) -> None:
        self._ended.labels(end.kind, end.state).inc()
        if end.seconds is not None:
            self._seconds.labels(end.kind, end.device).observe(end.seconds)

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether jobs are being done, and the figures in words."""
        figures = self.figures
        if figures is None:
            return False, {"status": "it starts"}
        age = time.monotonic() - figures.at
        if age > OLD_SECONDS:
            status = f"the loop has not turned for {age:.0f} s"
        elif not any(ready for _, ready, _ in figures.devices):
            status = "no worker is ready"
        else:
            status = "ok"
        devices = [{"device": device, "ready": ready, "tasks": tasks} for device, ready, tasks in figures.devices]
        machines = [{"machine": name, "ready": ready, "pictures": hand} for name, ready, hand in figures.machines]
        about = {"version": self.version, "jobs": figures.jobs, "waiting": figures.waiting, "workers": devices}
        about["machines"] = machines
        return status == "ok", {"status": status, **about, "free": figures.free}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(metrics: Metrics) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SILENT_SECONDS

        def do_GET(self) -> None:
            if self.headers.get("Host", "").rpartition(":")[0] not in NAMES:
                self._answer(403, "text/plain", b"ask for 127.0.0.1\n")
            elif self.path == "/metrics":
                encode, kind = choose_encoder(self.headers.get("Accept", ""))
                self._answer(200, kind, encode(metrics.registry))
            elif self.path == "/health":
                well, about = metrics.health()
                self._answer(200 if well else 503, "application/json", json.dumps(about).encode() + b"\n")
            else:
                self._answer(404, "text/plain", b"there are /health and /metrics\n")

        def _answer(self, code: int, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: Any) -> None:
            """Whoever watches asks every few seconds: that is no news."""

    return Handler
