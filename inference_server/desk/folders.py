"""A folder shown in a window of this machine's own file manager."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from shared.errors import InputRefused, MissingInput


def show(folder: Path) -> None:
    """Raises MissingInput where it is gone, InputRefused on a machine without a file manager."""
    if not folder.is_dir():
        raise MissingInput("the folder is not there any more", file=folder)
    if sys.platform == "win32":
        os.startfile(folder)
        return
    program = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if program is None:
        raise InputRefused("this machine has no file manager that can be asked", file=folder, remedy="Copy its path")
    subprocess.Popen(
        [program, str(folder)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
