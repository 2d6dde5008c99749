"""Whether a device computes in half precision, and whether it gains by it: known by what it is, never by a clock.

`auto` is resolved by this before a frame gets its key, so that the same device always makes the same pixels. The
factors are medians of `benchmarks.spade` and `benchmarks.default_model` (the lesser of the two models), rounded; the
sets without a machine of their own were imitated with ONEDNN_MAX_CPU_ISA, which the libraries obey and so do we.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from shared.errors import ModelRefused
from shared.values import Value

REMEDY = "Use precision=auto, which takes half only where the device gains by it, or precision=float32"
TENSOR_CORES = (7, 0)  # CUDA capability from which float16 has units of its own

# Instruction sets of processors, the lesser before the greater: name -> (in words, how much faster half is there).
GAINS: dict[str, tuple[str, float | None]] = {
    "plain": ("no AVX2", None),
    "avx2": ("AVX2", None),
    "avx2bf16": ("AVX2 that converts bfloat16", None),
    "avx512": ("AVX-512 without bfloat16", 0.3),
    "avx512_bf16": ("AVX-512 with bfloat16", 0.75),
    "amx": ("AVX-512, AMX with bfloat16", 2.0),
}
WITHOUT = ("plain", "avx2")  # in which torch has no bfloat16
ZEN = 1.8  # AMD's units for bfloat16 in AVX-512 are twice as wide
CAPS = {  # ONEDNN_MAX_CPU_ISA -> the greatest of the sets above that it lets through; others let all through
    **dict.fromkeys(("SSE41", "AVX"), "plain"),
    **dict.fromkeys(("AVX2", "AVX2_VNNI"), "avx2"),
    "AVX2_VNNI_2": "avx2bf16",
    **dict.fromkeys(("AVX512_CORE", "AVX512_CORE_VNNI"), "avx512"),
    **dict.fromkeys(("AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX10_1_512"), "avx512_bf16"),
}


class Half(Value):
    """Half precision on a device.

    device: what it is, in words; possible: it computes in half at all; gains: `auto` takes it; factor: how many times
    as fast as float32, where that was measured.
    """

    device: str
    possible: bool
    gains: bool
    factor: float | None = None

    def check(self) -> None:
        """Raises ModelRefused where half cannot be had."""
        if not self.possible:
            raise ModelRefused(
                "precision=half cannot be had here",
                cause=f"This is a {self.device}, for which torch has no bfloat16 arithmetic",
                remedy=REMEDY,
            )


def half_of(device: str) -> Half:
    """Half precision on "cpu", "cuda:0" or "mps"."""
    if device == "cpu":
        return _processor()
    import torch

    if device == "mps":
        return Half("Apple's GPU", True, False)
    gains = torch.cuda.get_device_capability(device) >= TENSOR_CORES
    return Half(torch.cuda.get_device_name(device), True, gains)


def is_half(options: Mapping[str, Any], device: str) -> bool:
    """Whether a model is to paint in half precision. Raises ModelRefused where the device cannot."""
    asked = options.get("precision")
    if asked == "half":
        half_of(device).check()
    return asked == "half" or (asked == "auto" and half_of(device).gains)


def _processor() -> Half:
    flags, amd = _flags()
    if "sse2" not in flags:
        return Half("processor other than x86, on which this was never run", True, False)
    name = _instruction_set(flags)
    words, factor = GAINS[name]
    if name == "avx512_bf16" and amd:
        factor = ZEN
    return Half(f"processor with {words}", name not in WITHOUT, (factor or 0) > 1, factor)


def _flags() -> tuple[set[str], bool]:
    """What this processor has, in lower case without dashes, and whether AMD made it. No library is loaded for it."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
        line = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
        found = line[1].split() if line else []
    except OSError:  # not Linux
        from llvmlite.binding import get_host_cpu_features

        text = platform.processor()
        found = [name for name, there in get_host_cpu_features().items() if there]
    return {re.sub("[_-]", "", name.lower()) for name in found}, "AuthenticAMD" in text


def _instruction_set(flags: Collection[str]) -> str:
    here = "avx2bf16" if "avxneconvert" in flags else "avx2" if "avx2" in flags else "plain"
    if all(name in flags for name in ("avx512f", "avx512bw", "avx512vl", "avx512dq")):
        here = "avx512_bf16" if "avx512bf16" in flags else "avx512"
        here = "amx" if "amxbf16" in flags and "avx512bf16" in flags else here
    asked = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or ""
    order = list(GAINS)
    return min(here, CAPS.get(asked.upper(), order[-1]), key=order.index)
