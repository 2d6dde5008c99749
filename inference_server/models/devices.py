"""Which device a worker paints on, and how much memory it has."""

from __future__ import annotations

import platform
import time
from pathlib import Path

from inference_server.models.precision import Half, half_of
from shared.errors import InputRefused
from shared.values import Value

METER_SECONDS = 5.0


class Device(Value):
    """name: as torch calls it; about: in words; others: further ones of the same kind."""

    name: str
    about: str
    half: Half
    others: tuple[str, ...] = ()


def choose_device(asked: str) -> Device:
    """The device that was asked for, or the best there is. Raises InputRefused in words where it is not here."""
    if asked == "cpu" or (asked == "auto" and not may_have_a_card()):
        return _device("cpu")
    import torch

    torch.backends.cudnn.allow_tf32 = False  # ten-bit products would part the devices' pictures
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked in ("auto", "cuda") and cards:
        return _device("cuda:0", tuple(f"cuda:{n}" for n in range(1, cards)))
    if asked.startswith("cuda:") and int(asked[5:]) < cards:
        return _device(asked)
    if asked in ("auto", "mps") and torch.backends.mps.is_available():
        return _device("mps")
    if asked == "auto":
        return _device("cpu")
    there = ", ".join([*(f"cuda:{n}" for n in range(cards)), *["mps"] * torch.backends.mps.is_available(), "cpu"])
    raise InputRefused(
        f"there is no device {asked} here",
        cause=_why_no_cuda() if asked.startswith("cuda") and not cards else f"This machine has {there}",
        remedy=f"Leave out --device to paint on the best there is, or say {there}",
    )


def _device(name: str, others: tuple[str, ...] = ()) -> Device:
    half = half_of(name)
    return Device(name, half.device, half, others)


def _why_no_cuda() -> str:
    import torch

    if torch.version.cuda is None and getattr(torch.version, "hip", None) is None:
        return f"The torch installed here, {torch.__version__}, is built without CUDA"
    return "torch finds no card: the driver is missing, or older than this torch needs"


def may_have_a_card() -> bool:
    """Whether there is a sign of a graphics card; without one torch, which takes seconds to load, need not look."""
    system = platform.system()
    if system == "Linux":
        return any(Path("/dev", name).exists() for name in ("nvidiactl", "nvidia0", "dxg", "kfd"))
    if system == "Windows":
        import ctypes.util

        return any(ctypes.util.find_library(name) for name in ("nvcuda", "amdhip64"))
    return True


def card_memory(device: str) -> tuple[int, int] | None:
    """Bytes free on a card of its own, and in all; None where the device shares the machine's memory."""
    if not device.startswith("cuda"):
        return None
    import torch

    free, total = torch.cuda.mem_get_info(device)
    return int(free), int(total)


class Meter:
    """Of a card of its own: how much of its memory is free, now and then."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._looked = 0.0

    def due(self) -> tuple[int, int] | None:
        """Bytes free and in all where it is time to tell, else None."""
        if time.monotonic() - self._looked < METER_SECONDS:
            return None
        self._looked = time.monotonic()
        return card_memory(self._device)


def free_memory(device: str) -> int:
    """Bytes that a painting may take on the device now."""
    of_card = card_memory(device)
    if of_card is not None:
        return of_card[0]
    import psutil

    return int(psutil.virtual_memory().available)  # Apple's GPU shares it
