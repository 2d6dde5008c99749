"""Processes beside another, which do not outlive it: it holds their standard input, and closing it ends them."""

from __future__ import annotations

import os
import subprocess


def until_parent_ends() -> None:
    """Returns when the process that began this one has closed its standard input, or is gone."""
    while os.read(0, 4096):  # not sys.stdin: its lock would be held when the interpreter ends
        pass


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a process of ours to end; after so many seconds it is killed."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
