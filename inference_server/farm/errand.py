"""What a machine does with one run of blocks: whatever engine brought it, as a call in this process.

The run is painted by the machine's own server. What this machine cannot paint as it is, and another may, is refused
with a `MachineRefused` that names the machine: the others go on, and this one is not asked again for that job.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared import VERSION, door, path_maps, places
from shared.blocks import frames_of, parse_blocks
from shared.connection import Connection
from shared.errors import Interrupted, MachineRefused, SemrenderError
from shared.shot import Shot
from shared.told import Frame

PULSE_SECONDS = 1.0  # at the latest it is told again how far it is
OUTCOMES = ("painted", "kept", "copied")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

Chunk = Mapping[str, Any]
Tell = Callable[[int], bool]


def errand(
    chunk: Chunk,
    server: door.Server,
    far: Connection,
    tell: Tell,
    maps: Iterable[str] = (),
    machine: str = places.HOST,
) -> dict[str, int]:
    """Paint a run of blocks; returns how many pictures were "painted", "kept" and "copied".

    Args:
        chunk: the answer to the verb `take_chunk`.
        server: this machine's own, for the calling thread alone.
        far: how to reach the broker that the run comes from: {"address", "server_key", "public_key", "secret_key"}.
        tell: called with the pictures that are there, about once a second and by the calling thread alone; whether the
            run is still wanted.
        maps: folders of the shot's paths that are others here, each "FROM=TO".
        machine: its name, for the words of a refusal.

    Raises MachineRefused for what another machine may paint, Interrupted within about a second where the run is not
    wanted any more, ServerError for one that is lost on the way, others in words for what no machine can paint.
    """
    _same_program(chunk, server, machine)
    _same_models(chunk, server, machine)
    rules = [path_maps.rule_of(text) for text in maps]
    shot = path_maps.mapped_shot(as_settled(chunk), rules)
    base, out = (Path(path_maps.mapped(chunk[name], rules)) for name in ("base", "out"))
    return _paint(chunk, server, tell, shot, base, out)


def as_settled(chunk: Chunk) -> Shot:
    """The shot with the models and options that its job is keyed by, nothing left for a machine to resolve."""
    shot = Shot.from_dict(chunk["shot"])
    models = chunk["models"]
    layers = (
        replace(layer, model=models[layer.name]["name"], options=dict(models[layer.name]["options"]))
        if layer.name in models
        else layer
        for layer in shot.layers
    )
    return replace(shot, layers=tuple(layers))


def _same_program(chunk: Chunk, server: door.Server, machine: str) -> None:
    wanted = {"semrender": chunk.get("version", VERSION), "Python": chunk.get("python", PYTHON)}
    for name, found in (("semrender", VERSION), ("semrender", server.version), ("Python", PYTHON)):
        if found != wanted[name]:
            raise MachineRefused(
                f"{machine} runs {name} {found}, the job was made with {wanted[name]}",
                remedy="Install the same on all machines",
            )


def _same_models(chunk: Chunk, server: door.Server, machine: str) -> None:
    found = server.models()
    wanted = [chunk["models"][layer] for layer in chunk["layers"]]
    for name, hash in sorted({(model["name"], model["hash"]) for model in wanted}):
        if name not in found:
            raise MachineRefused(
                f"{machine} has no model named {name}", remedy="Add it there with `semrender models add`"
            )
        if found[name]["hash"] != hash:
            raise MachineRefused(
                f"{machine} has another {name}", remedy="Add the job's there with `semrender models add`"
            )


def _paint(chunk: Chunk, server: door.Server, tell: Tell, shot: Shot, base: Path, out: Path) -> dict[str, int]:
    """Have the local server paint the run, from these folders into that one."""
    frames = frames_of(parse_blocks(chunk["blocks"], shot.first, shot.last), shot.first, shot.last)
    job = server.submit(
        shot,
        out,
        base=base,
        frames=frames,
        layers=chunk["layers"],
        format=chunk["format"],
        overwrite=True,  # the folder was chosen when the job was looked at
        comp=False,
        movie="none",
        part="paint",
        owner=chunk["owner"],
    )
    try:
        _wait(job, tell)
        result = job.result()
    except BaseException:
        with suppress(SemrenderError):
            job.cancel()
        raise
    return {outcome: getattr(result, outcome) for outcome in OUTCOMES}


def _wait(job: door.Job, tell: Tell) -> None:
    """Until the job has ended, saying how far it is. Raises Interrupted where nobody wants it any more."""
    done, told = 0, 0.0
    for event in job.watch(pulse=PULSE_SECONDS):
        if isinstance(event, Frame):
            done = event.done
        now = time.monotonic()
        if now - told >= PULSE_SECONDS / 2:
            told = now
            if not tell(done):
                raise Interrupted("the run is not wanted any more")
