"""The names that published files may hold, as exact pairs of module and name, and what each call of one makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inference_server.models.stylegan.published import arrays, streams
from inference_server.models.stylegan.published.machine import Built, Known, Maker, Steps
from inference_server.models.stylegan.published.modules import Module


def _table(arguments: Sequence[Any]) -> dict[Any, Any]:
    """What comes into it is put in afterwards."""
    return {}


NUMPY: dict[tuple[str, str], Maker | None] = {
    ("numpy", "ndarray"): None,
    ("numpy", "dtype"): arrays.kind,
    ("_codecs", "encode"): arrays.encoded,
    **{(f"numpy.{core}.multiarray", "scalar"): arrays.number for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "_reconstruct"): arrays.array for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): arrays.buffered for core in ("core", "_core")},
}
TORCH: dict[tuple[str, str], Maker | None] = {
    ("torch._utils", "_rebuild_parameter"): arrays.parameter,
    ("torch._utils", "_rebuild_tensor_v2"): arrays.tensor,
    ("collections", "OrderedDict"): _table,
}
CHECKPOINT: Known = {
    **NUMPY,
    **TORCH,
    **streams.STORAGES,
    ("argparse", "Namespace"): _table,
}  # what `torch.save` writes


def pickled(steps: Steps) -> Known:
    """Of pickles by NVIDIA's programs: of torch, whose tensors lie in streams of their own, and of TensorFlow."""
    return {
        **NUMPY,
        **TORCH,
        ("torch_utils.persistence", "_reconstruct_persistent_obj"): Module,
        ("torch.storage", "_load_from_bytes"): lambda arguments: streams.inner(arguments, steps),
        ("dnnlib.util", "EasyDict"): _table,
        ("dnnlib.tflib.network", "Network"): lambda arguments: Built(),
        ("builtins", "set"): lambda arguments: [],
        ("__builtin__", "set"): lambda arguments: [],
    }
