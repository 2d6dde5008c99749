"""What devices are called, for those that do not load torch."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

NAME = re.compile(r"auto|cpu|mps|cuda(:(0|[1-9][0-9]{0,2}))?")
NAMES = "auto, cpu, cuda, cuda:N or mps"


def device_name(text: str) -> str:
    """The type of an argument that names a device."""
    if not NAME.fullmatch(text):
        raise ArgumentTypeError(f"there is no device named {text!r}; say {NAMES}")
    return text
