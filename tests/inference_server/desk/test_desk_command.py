"""`semrender desk` and `semrender serve --desk` as they are typed."""

import http.client
import os
import re
import signal
import subprocess
import sys

import pytest

from inference_server.desk import serving
from shared.servers import find_server
from tests.conftest import ROOT, semrender
from tests.inference_server.servers import wait_for


def started(*arguments):
    """The command, and the address of the desk that it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "semrender", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, "BROWSER": "true"},
    )
    for line in process.stdout:
        found = re.match(r"the desk: (http://127\.0\.0\.1:(\d+)/enter\?key=(\S+))$", line)
        if found:
            return process, *found.groups()
    raise AssertionError("it said no address")


def answers(port, path="/"):
    line = http.client.HTTPConnection("127.0.0.1", int(port), timeout=5)
    line.request("GET", path)
    return line.getresponse().status


@pytest.mark.skipif(os.name == "nt", reason="a process of Windows is not sent Ctrl-C")
def test_the_desk_starts_a_server_where_none_runs_and_both_end_with_ctrl_c(state_folder):
    process, address, port, key = started("desk", "--no-browser", "--port", "0")
    try:
        assert answers(port) == 401 and answers(port, f"/enter?key={key}") == 303
        find_server("test").close()
        again = semrender("desk", "--no-browser")
        assert again.returncode == 0 and address in again.stdout, "one is enough"
    finally:
        process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert find_server("test") is None and not serving.note().exists()
    with pytest.raises(OSError):
        answers(port)


def test_a_desk_beside_a_server_ends_with_it_however_it_ended(state_folder):
    process, _, port, _ = started("serve", "--device", "cpu", "--desk", "--desk-port", "0")
    try:
        assert answers(port) == 401
    finally:
        process.kill()
        process.wait()

    def gone():
        try:
            return not answers(port)
        except OSError:
            return True

    wait_for(gone)
