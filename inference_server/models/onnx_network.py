"""An ONNX file as a function of arrays, run by onnxruntime: an extra, and on a card where it was built for one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.models.onnx_files import read_checked
from shared.errors import ModelRefused
from shared.wording import one_line

EXTRA = "semrender[onnx]"
TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
LONGEST = 120.0  # seconds for a picture: a file may say to go on for ever
CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"

Array = NDArray[Any]


class OnnxNetwork:
    """A network with one input, a picture. size: (width, height) that it takes; None where it leaves that open."""

    def __init__(self, content: bytes, name: str, device: str) -> None:
        runtime = _runtime(name)
        options, self._ways = runtime.SessionOptions(), runtime.RunOptions
        options.log_severity_level = 4  # what it says of a refusal is in the error
        options.use_deterministic_compute = True
        try:
            self._session = runtime.InferenceSession(content, options, providers=_providers(runtime, device))
        except Exception as error:  # its errors have no class in common
            raise ModelRefused("onnxruntime cannot load the model", file=name, cause=_first_line(error)) from None
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in TYPES or len(inputs[0].shape) != 4 or inputs[0].shape[1] != 3:
            listed = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs[:4])
            raise ModelRefused(
                "the model does not take one picture, (1, 3, height, width) in floating point",
                file=name,
                cause=f"Its inputs are {listed}",
            )
        self._name, self._type, self._file = inputs[0].name, TYPES[inputs[0].type], name
        high, wide = inputs[0].shape[2:]
        self.size = (wide, high) if isinstance(wide, int) and isinstance(high, int) else None

    def __call__(self, picture: Array) -> list[Array]:
        """The outputs in float32 of a picture (height, width, 3), as the network wants it. Raises ModelRefused."""
        given = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], self._type)
        way = self._ways()
        patience = threading.Timer(LONGEST, setattr, (way, "terminate", True))
        patience.daemon = True
        patience.start()
        try:
            found = self._session.run(None, {self._name: given}, way)
        except Exception as error:
            cause = f"It took longer than {LONGEST:g} seconds" if way.terminate else _first_line(error)
            raise ModelRefused("onnxruntime cannot run the model", file=self._file, cause=cause) from None
        finally:
            patience.cancel()
        return [np.asarray(one, np.float32) for one in found]


def open_network(file: Path, sha256: str, device: str) -> OnnxNetwork:
    """The network of a model's folder. Raises ModelRefused where it is missing, or another one than the card says."""
    remedy = "Add the model again"
    if not file.is_file():
        raise ModelRefused("the model's weights are missing", file=file, remedy=remedy)
    content = read_checked(file)
    if hashlib.sha256(content).hexdigest() != sha256:
        cause = "Damaged or changed"
        raise ModelRefused("the weights are not those that the card describes", file=file, cause=cause, remedy=remedy)
    return OnnxNetwork(content, file.name, device)


def _runtime(name: str) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise ModelRefused(
            "ONNX models are run by onnxruntime, which is not installed",
            file=name,
            remedy=f"Where the server's semrender is: pip install '{EXTRA}', or onnxruntime-gpu for a card",
        ) from None
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _providers(runtime: Any, device: str) -> Sequence[Any]:
    if not device.startswith("cuda") or CUDA not in runtime.get_available_providers():
        return [CPU]
    return [(CUDA, {"device_id": int(device.partition(":")[2] or 0)}), CPU]


def _first_line(error: Exception) -> str:
    return one_line(str(error).splitlines()[0][:300]) if str(error) else type(error).__name__
