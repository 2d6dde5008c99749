"""From a published file to a model folder: what the reading process found becomes weights, card and samples."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from inference_server.models import cards, install
from inference_server.models.base import numbers_of
from inference_server.models.runway.shim.runway import _wire
from inference_server.models.stylegan import controls, network, samples
from inference_server.models.stylegan.mapping import Generator
from shared import errors, places
from shared.errors import MissingInput, ModelRefused
from shared.wording import one_line

WEIGHTS = "weights.safetensors"
LOOKING = "inference_server.models.stylegan.published.looking"
KINDS = {"stylegan2": "StyleGAN2", "stylegan3": "StyleGAN3"}
SECONDS, PER_SECOND = 300, 2**20  # that reading may take on a busy machine, and one more for so many bytes
MAPPED = 4096  # z whose mean is the average w where a file has none
NVIDIA = (
    "as its author decides: the file does not say. It was written by a program of NVIDIA's, whose code and published "
    "weights are for research and evaluation, not for commercial use (NVIDIA Source Code License)"
)
UNKNOWN = "unknown: the file does not say. Ask its author; weights that were converted from NVIDIA's keep their licence"


class Read:
    """What came out of a file: see `found.Found`; state: float32 tensors by our names."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.config: dict[str, Any] = found["config"]
        self.layout, self.nvidia, self.psi = str(found["layout"]), bool(found["nvidia"]), float(found["psi"])
        self.state: dict[str, Tensor] = {}


def add_published(path: Path, name: str, licence: str | None = None, replace: bool = False) -> cards.Card:
    """Add a published generator to the user's models. licence: None as far as the file says it.

    Raises ModelRefused in words for everything else, MissingInput.
    """
    install.check_name(name, replace)
    try:
        found = read(path)
        net = built(found, path)
        with install.placing(name, replace) as beside:
            content = save({key: tensor.contiguous() for key, tensor in net.state_dict().items()})
            (beside / WEIGHTS).write_bytes(content)
            made = card(name, found, net, hashlib.sha256(content).hexdigest(), path.name, licence)
            places.write_json(beside / "card.json", made, 0o644)
            samples.paint(net, found.psi, beside / install.SAMPLES)
    except ModelRefused as error:
        raise error.located(file=path) from None
    return cards.load_card(places.models_folder() / name)


def read(path: Path) -> Read:
    """A published file, read in a process of its own. Raises ModelRefused, MissingInput."""
    if not path.is_file():
        raise MissingInput("the generator's file is not there", file=path)
    with _looking(path) as (process, slow):
        answers = cast(BinaryIO, process.stdout)
        try:
            header, _ = _wire.receive(answers)
            if "error" in header:
                told = header["error"]
                raise errors.from_dict({key: one_line(v) if isinstance(v, str) else v for key, v in told.items()})
            found, room = Read(header["found"]), 2 * path.stat().st_size + 2**20
            while "end" not in (message := _wire.receive(answers))[0]:
                (numbers,) = message[1]
                shape, room = [int(n) for n in message[0]["shape"]], room - len(numbers)
                if room < 0:
                    raise _refused(path, "Its tensors together claim more numbers than the file holds")
                values = np.frombuffer(bytearray(numbers), np.float32).reshape(shape)
                found.state[message[0]["name"]] = torch.from_numpy(values)
        except _wire.Broken:
            cause = "Reading it took too long" if slow.is_set() else "Reading it took more memory or time than it may"
            raise _refused(path, cause) from None
        return found


def command(path: Path) -> list[str]:
    """What reads a file, in an interpreter that knows no folder but ours."""
    root = str(Path(__file__).resolve().parents[4])
    code = f"import sys; sys.path.insert(0, {root!r}); from {LOOKING} import main; main()"
    return [sys.executable, "-I", "-c", code, str(path.resolve())]


@contextlib.contextmanager
def _looking(path: Path) -> Iterator[tuple[subprocess.Popen[bytes], threading.Event]]:
    """The process that reads, ended with the block, and whether it was ended for taking too long."""
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command(path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=alone,
    )
    slow = threading.Event()

    def end() -> None:
        slow.set()
        process.kill()

    clock = threading.Timer(SECONDS + path.stat().st_size / PER_SECOND, end)
    clock.daemon = True
    clock.start()
    try:
        yield process, slow
    finally:
        clock.cancel()
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def built(found: Read, path: Path) -> Generator:
    """The generator of what was found. Raises ModelRefused for weights that are not all there, or no numbers."""
    state = dict(found.state)
    averaged = "mapping.w_avg" in state
    if not averaged:
        state["mapping.w_avg"] = torch.zeros(int(found.config["w_dim"]))
    if wrong := [name for name, tensor in state.items() if not bool(torch.isfinite(tensor).all())]:
        raise ModelRefused(f"its {wrong[0]} holds values that are no numbers", file=path)
    net = network.filled(found.config, state, str(path))
    if not averaged:
        net.mapping.w_avg.copy_(average(net))
    return net


@torch.inference_mode()
def average(net: Generator) -> Tensor:
    """The mean w (w_dim) of many z, the same every time; of all classes alike."""
    z = torch.from_numpy(numbers_of(0, MAPPED * net.z_dim).astype(np.float32)).reshape(MAPPED, net.z_dim)
    classes = torch.eye(net.c_dim)[torch.arange(MAPPED) % net.c_dim] if net.c_dim else None
    return net.map(z, classes).mean(0)


def card(name: str, found: Read, net: Generator, sha256: str, source: str, licence: str | None) -> dict[str, Any]:
    side = net.resolution
    return {
        "format": cards.FORMAT,
        "name": name,
        "title": KINDS[found.config["network"]] + (f", {net.c_dim} classes" if net.c_dim else ""),
        "version": 1,
        "family": "stylegan",
        "description": f"Added from {source}, a {found.layout}",
        "licence": licence or (NVIDIA if found.nvidia else UNKNOWN),
        "credit": "Network after Karras et al.; weights by their author",
        "inputs": controls.INPUTS,
        "size": {"width": side, "height": side, "fit": "stretch"},
        "options": controls.options(found.config, found.psi),
        "weights": {"file": WEIGHTS, "sha256": sha256},
        "config": json.loads(json.dumps(found.config)),
    }


def _refused(path: Path, cause: str) -> ModelRefused:
    return ModelRefused("this is no generator that can be read safely", file=path, cause=cause)
