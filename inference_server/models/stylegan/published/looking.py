"""The process that looks into a published file, and ends: it says what it found, then sends tensor after tensor.

    python -I -m inference_server.models.stylegan.published.looking FILE

It takes from itself what reading has no need of: memory beyond what the file's size explains, time, files, network.
Standard output is messages (`runway/shim/runway/_wire`): {"error"} or {"found"}, then {"name", "shape"} with float32.
"""

from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path
from typing import Any

from inference_server.models import archive
from inference_server.models.runway.shim.runway import _confine, _wire
from inference_server.models.stylegan.published import ada, found, machine, names, rosinality, streams, tensorflow
from inference_server.models.stylegan.published.found import Found
from shared.errors import ModelRefused, SemrenderError

BESIDE = 64 * 2**20  # bytes that reading may take beside the file's own size
SECONDS, PER_SECOND = 60, 4 * 2**20  # of computing, and one more for so many bytes
OTHERS = {
    b"<!DO": "a page of the web: what was downloaded is not the file itself",
    b"<htm": "a page of the web: what was downloaded is not the file itself",
    b"vers": "a note of Git LFS about a file, not the file itself",
    b"\x89HDF": "an HDF5 file, as Keras writes",
    b"\x1f\x8b": "packed by gzip: unpack it first",
    b"\xfd7zX": "packed by xz: unpack it first",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}


def main() -> None:
    path = Path(sys.argv[1])
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if not size:
                raise ModelRefused("the file is empty", remedy="Copy or download it again")
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            limit(size)
            _confine.confine([*sys.path, sys.prefix, sys.base_prefix, str(path)], (), network=False)
            result = look(data, archive.parts(path) if archive.is_archive(path) else None)
            _wire.send(messages, {"found": told(result)})
            for name, weight in result.weights.items():
                numbers = weight.numbers()
                _wire.send(messages, {"name": name, "shape": list(numbers.shape)}, [numbers.reshape(-1)])
        _wire.send(messages, {"end": True})
    except SemrenderError as error:
        failed = error.located(file=path)
        _wire.send(messages, {"error": failed.to_dict()})
    except MemoryError:
        _refused(messages, path, "It takes more memory than a file of its size may")
    except Exception as error:  # of a file that is damaged where nobody looks: NumPy and others say so in their words
        _refused(messages, path, f"It is damaged, or made by no program that is known ({type(error).__name__})")
    messages.flush()
    os._exit(0)


def _refused(messages: Any, path: Path, cause: str) -> None:
    words = ModelRefused("this is no generator that can be read safely", file=path, cause=cause)
    _wire.send(messages, {"error": words.to_dict()})


def told(result: Found) -> dict[str, Any]:
    return {"config": result.config, "layout": result.layout, "nvidia": result.nvidia, "psi": result.psi}


def limit(size: int) -> None:
    """No more memory than twice the file and what a small file takes, no more time than it explains, no files."""
    try:
        import resource
    except ImportError:  # Windows: whoever started this watches the clock; the steps are counted
        return
    seconds = SECONDS + size // PER_SECOND
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:  # no Linux: what is reserved already is not told
        return
    most = pages * resource.getpagesize() + size + BESIDE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def look(data: memoryview, entries: dict[str, archive.Place] | None) -> Found:
    """The generator in a file. Raises ModelRefused saying what else it is."""
    steps, start = machine.Steps(), bytes(data[:16])
    if entries is not None:
        return rosinality.read(streams.archived(data, entries, names.CHECKPOINT, steps))
    if what := next((words for begins, words in OTHERS.items() if start.startswith(begins)), None):
        found.other(f"this is {what}")
    if start[:1] != b"\x80":
        found.other("this is no file of a generator: it is neither a pickle nor an archive")
    if start.startswith(streams.BEGINS):
        return rosinality.read(streams.older(data, names.CHECKPOINT, steps))
    value, _ = machine.read(data, 0, names.pickled(steps), steps)
    if isinstance(value, dict):
        return ada.read(value)
    if isinstance(value, tuple):
        return tensorflow.read(value)
    found.other(f"it holds a {type(value).__name__.lower()}, no generator")


if __name__ == "__main__":
    main()
