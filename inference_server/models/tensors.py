"""Tensors out of a file that anyone may have made: no code of it runs, no more memory is taken than it has bytes.

What `torch.save` writes is a zip archive of a pickle and of the numbers, stored as they are. Two things in it may claim
more than is there: an entry may be packed, and a tensor may repeat its numbers (a stride of 0).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from inference_server.models import archive
from shared.errors import MissingInput, ModelRefused

SHARED = 2  # times the file's bytes: tensors may share their numbers, as a published checkpoint's do
REMEDY = "Give the plain state dict that training wrote (latest_net_G.pth)"


def read_tensors(path: Path, within: str = "", remedy: str = REMEDY) -> dict[str, Tensor]:
    """The state dict of a published checkpoint; empty where it holds something else. Raises ModelRefused in words.

    within: the name of the state dict, where the file holds it beside other things; remedy: of a file that is refused.
    """
    if not path.is_file():
        raise MissingInput("the checkpoint is not there", file=path)
    _check_archive(path, remedy)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes torch raise almost anything, in words for its own developers
        holds_more = "weights_only" in str(error) or "Unsupported" in str(error)
        cause = "It holds more than tensors" if holds_more else "It is damaged, or no checkpoint"
        raise _refused(path, cause, remedy) from error
    if within and isinstance(state, dict):
        state = state.get(within)
    if not isinstance(state, dict) or not all(
        type(tensor) in (Tensor, torch.nn.Parameter) for tensor in state.values()
    ):
        return {}
    room = SHARED * path.stat().st_size
    for key, tensor in state.items():
        plain = tensor.layout is torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
        if not plain or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise _refused(path, f"{str(key)[:100]!r} claims more numbers than the file holds", remedy)
        room -= tensor.numel() * tensor.element_size()
    if room < 0:
        raise _refused(path, "Its tensors together claim more numbers than the file holds", remedy)
    return {str(key): tensor for key, tensor in state.items()}


def _check_archive(path: Path, remedy: str) -> None:
    """Nothing in the archive may be larger unpacked than the file. Older files are no archive."""
    try:
        if archive.is_archive(path):
            archive.parts(path)
    except ModelRefused as error:
        error.remedy = remedy
        raise


def _refused(path: Path, cause: str, remedy: str) -> ModelRefused:
    return ModelRefused("this is no checkpoint that can be read safely", file=path, cause=cause, remedy=remedy)
