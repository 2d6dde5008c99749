"""A desk beside a server: a process of its own that ends with whoever started it, however that ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from inference_server.children import end

CLOSING_SECONDS = 10


@contextmanager
def desk_process(port: int | None, browser: bool) -> Iterator[int]:
    """A desk for as long as the block runs; its process number."""
    command = [sys.executable, "-P", "-m", "semrender", "desk", "--beside-server"]
    command += [] if port is None else ["--port", str(port)]
    command += [] if browser else ["--no-browser"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        yield process.pid
    finally:
        end(process, CLOSING_SECONDS)
