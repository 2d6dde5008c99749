"""What a machine does with one run of blocks: whatever engine brought it, as a call in this process.

The run is painted by the machine's own server. What this machine cannot paint as it is, and another may, is refused
with a `MachineRefused` that names the machine: the others go on, and this one is not asked again for that job.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from inference_server import builds
from inference_server.farm.arriving import bring_models
from inference_server.farm.far import PULSE_SECONDS, Far, Tell
from inference_server.farm.passing import bring_passes, frames_needed, job_folder, name_over_there
from inference_server.farm.returning import Returning, sees_folder
from inference_server.tasks import FULL, OUTCOMES
from shared import PYTHON, VERSION, door, path_maps, places
from shared.connection import Connection
from shared.errors import DiskFull, Interrupted, MachineRefused, SemrenderError
from shared.shot import Shot
from shared.told import Frame, Paused, Resumed, failure

Chunk = Mapping[str, Any]


def errand(
    chunk: Chunk,
    server: door.Server,
    far: Connection,
    tell: Tell,
    maps: Iterable[str] = (),
    machine: str = places.HOST,
    home: Path | None = None,
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
        home: the state folder of its server; None = this process's own.

    Raises MachineRefused for what another machine may paint, Interrupted within about a second where the run is not
    wanted any more, ServerError for one that is lost on the way, FramesFailed, with the counts of the others, for
    pictures that failed, others in words for what no machine can paint.
    """
    _same_program(chunk, server, machine)
    home = places.home() if home is None else home
    with Far(far, tell, machine) as there:
        wanted = sorted({(model["name"], model["hash"]) for model in chunk["models"].values()})
        families = bring_models(there, wanted, server.models(), home)
        rules = [path_maps.rule_of(text) for text in maps]
        shot = path_maps.mapped_shot(as_settled(chunk), rules)
        base, out = (Path(path_maps.mapped(chunk[name], rules)) for name in ("base", "out"))
        frames = list(chunk["frames"])
        of_layers = {name: families[chunk["models"][name]["name"]] for name in chunk["layers"]}
        needed = frames_needed(shot, chunk["layers"], frames, of_layers)
        shot, base = bring_passes(there, chunk["job"], shot, base, needed, rules, home)
        if sees_folder(there, chunk["job"], out):
            return _paint(chunk, server, there, shot, base, out, frames, None, home)
        out = job_folder(home, chunk["job"]) / "out"
        back = Returning(there, chunk["job"], shot, out, frames, partial(_say_held, there, chunk))
        back.bring_kept()
        counts = _paint(chunk, server, there, shot, base, out, frames, back, home)
        back.send_prepared()
        back.clear()
        return counts


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
    wanted = {"semrender": chunk["version"], "Python": chunk["python"]}
    for name, found in (("semrender", VERSION), ("semrender", server.version), ("Python", PYTHON)):
        if found != wanted[name]:
            raise MachineRefused(
                f"{machine} runs {name} {found}, the job was made with {wanted[name]}",
                remedy="Install the same on all machines",
            )
    if {builds.own(), server.build} != {chunk.get("build")}:
        raise MachineRefused(
            f"{machine} runs another build of semrender {VERSION} than the job was made with",
            remedy="Install the same on all machines, and start their servers again",
        )


def _paint(
    chunk: Chunk,
    server: door.Server,
    far: Far,
    shot: Shot,
    base: Path,
    out: Path,
    frames: list[int],
    back: Returning | None,
    home: Path,
) -> dict[str, int]:
    """Have the local server paint the run, from these folders into that one; `back` sends what is finished."""
    try:
        job = _submit(chunk, server, far, shot, base, out, frames)
    except DiskFull as error:
        raise MachineRefused(f"{far.machine} cannot go on: {error}") from error
    try:
        for event in job.watch(pulse=PULSE_SECONDS):
            if isinstance(event, Frame):
                far.done = event.done
                if back is not None and event.error is None:
                    back.send(event.body["file"])
            elif isinstance(event, Paused) and back is None and event.why.startswith(FULL):
                _say_held(far, chunk, event.why)
            elif isinstance(event, Paused):
                raise MachineRefused(f"{far.machine} cannot go on: {event.why}")
            elif isinstance(event, Resumed):
                _say_held(far, chunk, "")
            elif event.name == "cancelled" and event.body.get("why"):
                raise Interrupted(f"{far.machine} has given the run up: {event.body['why']}")
            elif event.name == "cancelled":
                raise MachineRefused(f"{far.machine} was told to stop", remedy="Somebody cancelled the run there")
            far.pulse()
        if event.name == "failed" and event.body["frames_failed"]:
            raise _as_asked(far, chunk, event.body, home)
        result = job.result()
    except BaseException:
        with suppress(SemrenderError):
            job.cancel()
        raise
    return {outcome: getattr(result, outcome) for outcome in OUTCOMES}


def _as_asked(far: Far, chunk: Chunk, body: Chunk, home: Path) -> SemrenderError:
    """Why pictures failed, by the last event of the job here, with the names that files and folders have over there."""
    errors = [
        {**one, "file": one["file"] and name_over_there(far, chunk["job"], one["file"], home)} for one in body["errors"]
    ]
    return failure({**body, "errors": errors}, Path(chunk["out"]))


def _submit(
    chunk: Chunk, server: door.Server, far: Far, shot: Shot, base: Path, out: Path, frames: list[int]
) -> door.Job:
    return server.submit(
        shot,
        out,
        base=base,
        frames=frames,
        layers=chunk["layers"],
        format=chunk["format"],
        priority=chunk["priority"],
        overwrite=True,  # the folder was chosen when the job was looked at
        comp=False,
        movie="none",
        part="paint",
        backwards=chunk["backwards"],
        owner=chunk["owner"],
        of=chunk["job"],
        by=far.by,
        hashes={layer: model["hash"] for layer, model in chunk["models"].items()},
    )


def _say_held(far: Far, chunk: Chunk, why: str) -> None:
    """What is full is full for all: the run stays here, its job says why it does not go on, and does so by itself."""
    far.ask("held_up", {"task": chunk["task"], "machine": far.machine, "why": why})
