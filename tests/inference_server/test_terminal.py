"""Whatever the terminal says of its width, or where there is none: a bar that fits, and nothing that ends a command."""

import os
import subprocess
import sys

import pytest

from inference_server.commands.progress import _room
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is of Unix")


def in_terminal(columns, *arguments):
    """Exit code and what a terminal of so many columns (0: it does not say) is sent."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24 if columns else 0, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "semrender", *map(str, arguments)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says the end so
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    return process.wait(60), said.decode()


@pytest.mark.parametrize("columns", [0, 1, 7, 40, 100])
def test_a_bar_fits(columns, add_sleep_model, colour_frames, tmp_path):
    code, said = in_terminal(
        columns, "render", colour_frames(), "--out", tmp_path / "out", "--model", add_sleep_model(), "--no-aep"
    )
    assert code == 0 and "4 frames painted" in said
    bars = [line for line in said.replace("\r\n", "\n").split("\r")[1:] if line.strip()]
    assert bars
    if columns:
        assert max(len(line.split("\n")[0]) for line in bars) <= columns
    if columns in (0, 100):
        assert "frames/s" in said


@pytest.mark.parametrize("columns", [0, 1, 7])
@pytest.mark.parametrize("arguments", [["render", "--help"], ["models"], ["labels", "list"], ["help"]])
def test_tables_and_help_end(columns, arguments, state_folder):
    code, said = in_terminal(columns, *arguments)
    assert code == 0 and said and "Traceback" not in said
    assert said.count("\n") < 1000


def test_without_a_terminal_the_bar_has_a_width():
    assert _room(0)["ncols"] > 0
