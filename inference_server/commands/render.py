"""The client side of `semrender render`: submit, show progress, say what was made."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference_server.commands import afterwards
from inference_server.commands.afterwards import Ending
from inference_server.commands.progress import CLASSES_SHOWN, JsonTeller, Teller, show_report
from shared.client import Client
from shared.command import tell
from shared.errors import (
    FramesFailed,
    InputRefused,
    Interrupted,
    SemrenderError,
    ServerError,
    WrongArguments,
    from_dict,
)
from shared.sequences import find_sequence
from shared.servers import find_server, private_server
from shared.shot import PASSES, Shot

Body = dict[str, Any]
ERRORS_SHOWN = 10


@contextlib.contextmanager
def server(device: str, here: bool = False, quiet: bool = False) -> Iterator[Client]:
    """The running server, else a private one for as long as the block runs; it is said which, unless `quiet`.

    here: not the one connected to.
    """
    found = find_server("cli", here)
    if not quiet:
        words = f"the server at {found.address}" if found else "no server runs: starting one for this command"
        print(words, flush=True)
    if found is not None:
        with found:
            _check_device(found, device)
            yield found
    else:
        with private_server("cli", device) as started:
            yield started


def _check_device(client: Client, asked: str) -> None:
    """A running server has its devices: another one is refused, not left out of account."""
    devices = [worker["device"] for worker in client.hello("cli")["workers"] if worker["ready"]]
    if asked != "auto" and devices and not any(device.split(":")[0] == asked or device == asked for device in devices):
        raise ServerError(
            f"the server that runs paints on {' and '.join(devices)}, not on {asked}",
            remedy="Leave out --device, or stop that server",
        )


def describe(shot: Shot, base: Path, frames: list[int] | None, layers: list[str] | None) -> Body:
    return {"shot": shot.to_dict(), "base": str(base.resolve()), "frames": frames, "layers": layers}


def check(
    arguments: argparse.Namespace, shot: Shot, base: Path, frames: list[int] | None, layers: list[str] | None
) -> int:
    """Print what the passes hold; a problem is raised after all of them were said."""
    with server(arguments.device, arguments.here, arguments.json) as client:
        report = client.check({**describe(shot, base, frames, layers), "out": str(base.resolve())})
    if arguments.json:
        print(json.dumps(report))
    elif "shot" in report:  # a check that could not even begin has nothing but its problems
        show_report(report, None if arguments.all else CLASSES_SHOWN)
    return raise_problems(report["problems"]) if report["problems"] else 0


def render(
    arguments: argparse.Namespace, shot: Shot, base: Path, frames: list[int] | None, layers: list[str] | None
) -> int:
    """Paint, wait, say what was made. Raises FramesFailed, Interrupted or ServerError in words."""
    if arguments.detach and (arguments.on_done or arguments.notify):
        raise WrongArguments(
            "--detach leaves nobody to wait for the end",
            remedy="Leave it out, or give --on-done and --notify to `semrender jobs watch`",
        )
    if arguments.on_done is not None:
        afterwards.words_of(arguments.on_done)  # a night later is too late for a slip of the pen
    asked: Path = arguments.out or Path("painted") / shot.name
    out = asked.absolute()
    _apart_from_passes(shot, base, out)
    quiet = arguments.json or arguments.detach  # which prints the job's id alone
    if not quiet:
        print(f"painting into {asked}", flush=True)
    job = {**describe(shot, base, frames, layers), "out": str(out), "format": arguments.format}
    job.update(priority=arguments.priority, overwrite=arguments.overwrite, comp=not arguments.no_aep)
    with server(arguments.device, arguments.here, quiet) as client:
        if client.process is not None and arguments.detach:
            raise ServerError("no server runs that could go on alone", remedy="Start one with `semrender serve`")
        files = None
        if client.process is None and not _shares_disk(client, shot, base, out):
            changed, files = uploadable(shot, base)
            job = {**job, "shot": changed.to_dict()}
        identity = client.submit(job, files)
        if arguments.detach:
            if arguments.json:
                tell("submitted", {"job": identity})
            else:
                print(identity)
            return 0
        return follow(arguments, client, identity, out, collects=files is not None, cancels=True)


def follow(
    arguments: argparse.Namespace, client: Client, job: str, out: Path, collects: bool, cancels: bool = False
) -> int:
    """Show a job's progress until it ends, and say what was made of it.

    Args:
        out: where its files go.
        collects: they are brought there from the server.
        cancels: Ctrl-C cancels the job; else it only ends the watching.
    """
    ending = Ending(job, out)
    try:
        return _follow(arguments, client, ending, collects, cancels)
    except Interrupted:
        if ending.state == "lost":  # by whoever sits there
            ending.state = ""
        raise
    finally:
        if ending.state:
            afterwards.tell(arguments.on_done, arguments.notify, ending)


def _follow(arguments: argparse.Namespace, client: Client, ending: Ending, collects: bool, cancels: bool) -> int:
    """`ending` is filled in as far as it is known."""
    job, out = ending.job, ending.out
    teller: Teller = JsonTeller(job, client.address) if arguments.json else Teller()
    try:
        for event in client.watch(job):
            teller.tell(event)
        if event["event"] == "done" and collects:
            asked, out = out, client.bring(job, out, arguments.overwrite)
            if out != asked:
                words = f"{asked} holds another look, so this went into {out}"
                event["body"]["notes"] = [words, *event["body"].get("notes", [])]
        elif event["event"] == "done":
            out = Path(event["body"].get("out", out))
        ending.state, ending.out = event["event"], out
    except KeyboardInterrupt:
        teller.close()
        if not cancels:
            raise Interrupted("the job goes on", remedy=f"See it with `semrender jobs watch {job}`") from None
        client.cancel(job)
        if not teller.total:
            raise Interrupted("stopped before the first frame; nothing was painted") from None
        raise Interrupted(
            f"stopped; {teller.done} of {teller.total} frames are finished",
            remedy="Run the same command again and it paints the rest",
        ) from None
    except SemrenderError as error:
        teller.close()
        ending.done, ending.total = teller.done, teller.total
        error.what = f"{error.what}; {teller.done} of {teller.total} frames are finished"
        raise
    teller.close()
    name, body = event["event"], event["body"]
    ending.done, ending.total = teller.done, teller.total
    if name == "failed":
        raise_failed(body, out)
    if name == "cancelled":
        raise Interrupted(f"the job was cancelled; {body['done']} of {body['total']} frames are finished")
    made: Body = {key: str(out / body[key]) for key in ("delivery", "preview", "animation") if body.get(key)}
    if "delivery" in made and not arguments.no_aep:
        notes: tuple[str, ...] = ()
        try:
            if body.get("project"):  # the server made it; the list of the panel is this machine's
                made["project"] = body["project"]
                arguments.offer(Path(made["delivery"]))
            else:
                project, notes = arguments.make_comp(Path(made["delivery"]))
                made["project"] = str(project)
        except SemrenderError as error:  # the paintings are there; what After Effects cannot hold is a note
            notes = (f"no After Effects project was written: {error}",)
        body["notes"] = [*body.get("notes", []), *notes]
    ending.made = made
    teller.made(body, made)
    return 0


def _apart_from_passes(shot: Shot, base: Path, out: Path) -> None:
    """Refuse to paint into the folder of a pass, where paintings would be taken for passes the next time."""
    patterns = [shot.context] + [getattr(layer, kind) for layer in shot.layers for kind in PASSES]
    painted = [out.resolve(), *((out / layer.name).resolve() for layer in shot.layers)]
    for place in (base / pattern for pattern in patterns if pattern is not None):
        folder = place if place.is_dir() else place.parent
        if folder.resolve() in painted:
            raise InputRefused(
                "the output folder is the folder of a pass",
                file=folder,
                remedy="Give --out a folder of its own",
            )


def _shares_disk(client: Client, shot: Shot, base: Path, out: Path) -> bool:
    sequence = find_sequence(shot.layers[0].labels, base, shot.layers[0].name)
    return client.shares_disk(next(iter(sequence.files.values())), out)


def uploadable(shot: Shot, base: Path) -> tuple[Shot, dict[str, Path]]:
    """The shot with every pass in a folder of its own below its base, and the files that belong there."""
    files: dict[str, Path] = {}

    def moved(pattern: str | None, folder: str) -> str | None:
        if pattern is None:
            return None
        for path in find_sequence(pattern, base).files.values():
            files[f"{folder}/{path.name}"] = path
        return folder

    moves: dict[str, Any]
    layers = []
    for number, layer in enumerate(shot.layers):
        moves = {kind: moved(getattr(layer, kind), f"{number}_{kind}") for kind in PASSES}
        layers.append(replace(layer, **moves))
    return replace(shot, layers=tuple(layers), context=moved(shot.context, "context")), files


def raise_failed(body: Body, out: Path) -> None:
    if body["frames_failed"] == 0:
        raise_problems(body["errors"])
    words = "\n".join(f"  {from_dict(error)}" for error in body["errors"][:ERRORS_SHOWN])
    more = body["failed"] - ERRORS_SHOWN
    raise FramesFailed(
        f"{body['failed']} of {body['total']} frames failed:\n{words}" + (f"\n  and {more} more" if more > 0 else ""),
        remedy=f"The {body['done']} finished ones are in {out}; mend the cause and run the same command again",
    )


def raise_problems(problems: list[Body]) -> int:
    errors = [from_dict(problem) for problem in problems]
    if len(errors) == 1:
        raise errors[0]
    words = "\n".join(f"  {error}" for error in errors)
    raise InputRefused(f"{len(errors)} problems were found before rendering:\n{words}", remedy="Nothing was painted")
