"""Which device a worker paints on, and how much memory it has."""

from __future__ import annotations

import ctypes.util
import logging
import sys
from pathlib import Path

import psutil

log = logging.getLogger("semrender.devices")


def choose_device(asked: str) -> tuple[str, list[str], str]:
    """The device to use, further ones of the same kind, and their name. Raises nothing: cpu always works."""
    if asked == "cpu" or (asked == "auto" and not may_have_a_card()):
        return "cpu", [], "processor"
    import torch

    torch.backends.cudnn.allow_tf32 = False  # ten-bit products would part the devices' pictures
    if asked in ("auto", "cuda") and torch.cuda.is_available():
        others = [f"cuda:{n}" for n in range(1, torch.cuda.device_count())]
        return "cuda:0", others, torch.cuda.get_device_name(0)
    if asked.startswith("cuda:") and torch.cuda.is_available():
        return asked, [], torch.cuda.get_device_name(asked)
    if asked in ("auto", "mps") and torch.backends.mps.is_available():
        return "mps", [], "Apple GPU"
    if asked != "auto":
        log.warning("there is no %s here: painting on the processor", asked)
    return "cpu", [], "processor"


def may_have_a_card() -> bool:
    """Whether there is a sign of a graphics card; without one torch, which takes seconds to load, need not look."""
    if sys.platform == "linux":
        return any(Path("/dev", name).exists() for name in ("nvidiactl", "nvidia0", "dxg", "kfd"))
    if sys.platform == "win32":
        return any(ctypes.util.find_library(name) for name in ("nvcuda", "amdhip64"))
    return True


def free_memory(device: str) -> int:
    """Bytes that a painting may take on the device now."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)  # Apple's GPU shares it
