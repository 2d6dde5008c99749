"""The panel into After Effects' own folder of panels, and out again. After Effects must be started anew."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path

from ae_bridge.build import PANEL, bundle
from ae_bridge.starter import write_starter
from shared.errors import MissingInput, SemrenderError

NAME = "semrender.jsx"  # what the Window menu of After Effects shows, without the ending
OLDEST = 23.0


def panel_folders(settings: Path | None = None) -> list[Path]:
    """The user's `ScriptUI Panels` folder of every After Effects since 23.0 that was started here, Betas last.

    settings: the folder with one folder a version, where it is not the platform's.
    """
    root = settings or _settings()
    found: list[Path] = []
    for of in (root, root.with_name(f"{root.name} (Beta)")):
        versions = of.iterdir() if of.is_dir() else iter(())
        new = [path for path in versions if re.fullmatch(r"\d+\.\d+", path.name) and float(path.name) >= OLDEST]
        found += sorted(new, key=lambda path: float(path.name))
    return [path / "Scripts" / "ScriptUI Panels" for path in found]


def install(to: Path | None = None) -> list[Path]:
    """Write the panel and return where. Raises MissingInput where no After Effects is found."""
    folders = [to] if to is not None else panel_folders()
    if not folders:
        raise MissingInput(
            "no After Effects 23 (2023) or newer was found for this user",
            cause="Its settings folder appears when it is started for the first time",
            remedy="Start After Effects once, or name the folder of the panels with --to",
        )
    text = bundle(PANEL)
    write_starter()
    return [_write(folder / NAME, text) for folder in folders]


def uninstall(to: Path | None = None) -> list[Path]:
    """Remove the panel; returns the files that were there."""
    files = [folder / NAME for folder in ([to] if to is not None else panel_folders())]
    there = [file for file in files if file.is_file()]
    for file in there:
        try:
            file.unlink()
        except OSError as error:
            raise _refused("the panel could not be removed", file, error) from error
    return there


def _write(file: Path, text: str) -> Path:
    beside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="ascii", newline="\n")
        os.replace(beside, file)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise _refused("the panel could not be written", file, error) from error
    return file


def _refused(what: str, file: Path, error: OSError) -> SemrenderError:
    return SemrenderError(what, file=file, cause=error.strerror or str(error), remedy="Allow writing, or use --to")


def _settings() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", str(Path.home() / "AppData" / "Roaming"))) / "Adobe" / "After Effects"
    return Path.home() / "Library" / "Preferences" / "Adobe" / "After Effects"
