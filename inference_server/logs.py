"""Logs that rotate, one JSON object a line: time (UTC), level, where, what, and the traceback if there is one."""

from __future__ import annotations

import json
import logging
import logging.handlers
from datetime import UTC, datetime
from pathlib import Path

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


def set_up(file: Path | None) -> None:
    """Log to standard error in words and, where `file` is given, there as JSON."""
    words = logging.StreamHandler()
    words.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    handlers: list[logging.Handler] = [words]
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = logging.handlers.RotatingFileHandler(file, maxBytes=BYTES, backupCount=FILES, encoding="utf-8")
        lines.setFormatter(JsonLines())
        handlers.append(lines)
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
