"""Logs that rotate, one JSON object a line: time (UTC), level, where, what, and the traceback if there is one."""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from shared import places
from shared.errors import from_dict

BYTES, FILES = 5_000_000, 3


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        about = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "what": record.getMessage(),
        }
        if record.exc_info:
            about["traceback"] = self.formatException(record.exc_info)
        return json.dumps(about, ensure_ascii=False)


class Rotating(logging.handlers.RotatingFileHandler):
    """For the user alone: names of shots and paths are in it."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return open(descriptor, "a", encoding=self.encoding, errors="backslashreplace")


def set_up(file: Path, words: int = logging.INFO) -> None:
    """Log to `file` as JSON, and in words to standard error what is of at least that level."""
    places.private_folder(file.parent)
    lines = Rotating(file, maxBytes=BYTES, backupCount=FILES, encoding="utf-8")
    lines.setFormatter(JsonLines())
    shown = logging.StreamHandler()
    shown.setLevel(words)
    shown.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.raiseExceptions = False  # a full disk takes no log, and is nobody's traceback
    logging.basicConfig(level=logging.INFO, handlers=[shown, lines], force=True)


def in_short(body: dict[str, Any]) -> str:
    """What an event says, in a line of the log."""
    words = [
        f"{name} {body[name]}" for name in ("painted", "kept", "copied", "done", "failed", "total") if name in body
    ]
    words += [str(body["why"])] if "why" in body else []
    words += [str(from_dict(error)) for error in body.get("errors", [])[:1]]
    return f": {', '.join(words)}" if words else ""
