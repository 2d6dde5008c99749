"""The file that *Start Server* of the panel opens: it starts the server in a window of its own.

ExtendScript cannot make a file executable, which macOS asks for, and cmd reads a file in the code page of the console.
So it is written here, by the Python that is to run, when a server or the installer runs.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from shared import places

MODULE = "-P -m semrender serve"


def starter_file(windows: bool = sys.platform == "win32") -> Path:
    return places.home() / "after_effects" / ("start_server.bat" if windows else "start_server.command")


def write_starter(windows: bool = sys.platform == "win32") -> Path:
    """Write it for this Python; returns where. Raises SemrenderError where the disk refuses."""
    text = for_windows(sys.executable) if windows else for_unix(sys.executable)
    file = starter_file(windows)
    places.private_folder(file.parent)
    with places.whole(file, "what starts the server for After Effects", "Free space or allow writing there") as beside:
        beside.write_bytes(text.encode("utf-8"))
        beside.chmod(0o755)
    return file


def for_windows(python: str) -> str:
    """Lines are read as they come, so what follows `chcp` is UTF-8; a single percent sign begins a variable."""
    program = python.replace("%", "%%")
    return "\r\n".join(("@echo off", "chcp 65001 >nul", f'"{program}" {MODULE}', ""))


def for_unix(python: str) -> str:
    return f"#!/bin/sh\nexec {shlex.quote(python)} {MODULE}\n"
