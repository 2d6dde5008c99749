"""`semrender render`: hand a shot over, show progress, say what was made."""

from __future__ import annotations

import argparse
import contextlib
import json
from pathlib import Path

from inference_server.commands import afterwards
from inference_server.commands.afterwards import Ending
from inference_server.commands.progress import CLASSES_SHOWN, JsonTeller, Teller, files_of, show_report
from shared import door
from shared.command import tell
from shared.errors import Interrupted, ServerError, WrongArguments
from shared.handing import apart_from_passes
from shared.shot import Shot
from shared.stopping import stoppable
from shared.told import refusal


def server(arguments: argparse.Namespace, quiet: bool = False) -> door.Server:
    """The running server, else a private one until it is closed; it is said which, unless `quiet`."""
    found = door.find(arguments.here, arguments.device, "cli", arguments.comps)
    if not quiet:
        words = f"the server at {found.address}" if found else "no server runs: starting one for this command"
        print(words, flush=True)
    return found or door.start(arguments.device, "cli", arguments.comps)


def check(
    arguments: argparse.Namespace, shot: Shot, base: Path, frames: list[int] | None, layers: list[str] | None
) -> int:
    """Print what the passes hold; a problem is raised after all of them were said."""
    with server(arguments, arguments.json) as found:
        report = found.check(shot, base=base, frames=frames, layers=layers)
    if arguments.json:
        print(json.dumps(report.body))
    elif report.shot:  # a check that could not even begin has nothing but its problems
        show_report(dict(report.body), None if arguments.all else CLASSES_SHOWN)
    if report.problems:
        raise refusal(report.problems)
    return 0


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
    out: Path = arguments.out or Path("painted") / shot.name
    apart_from_passes(shot, base, out)
    quiet = arguments.json or arguments.detach  # which prints the job's id alone
    if not quiet:
        print(f"painting into {out}", flush=True)
    with stoppable(), server(arguments, quiet) as found:
        if found.private and arguments.detach:
            raise ServerError("no server runs that could go on alone", remedy="Start one with `semrender serve`")
        job = found.submit(
            shot,
            out,
            base=base,
            frames=frames,
            layers=layers,
            format=arguments.format,
            priority=arguments.priority,
            overwrite=arguments.overwrite,
            comp=not arguments.no_aep,
            movie=arguments.movie,
        )
        if not arguments.detach:
            return follow(job, arguments, cancels=True)
        if arguments.json:
            tell("submitted", {"job": job.id})
        else:
            print(job.id)
        return 0


def follow(job: door.Job, arguments: argparse.Namespace, cancels: bool = False, teller: Teller | None = None) -> int:
    """Show a job's progress until it ends, and say what was made of it. Ctrl-C ends the watching, or also the job.

    teller: who shows it; None: a bar, or with --json its events.
    """
    ending = Ending(job.id, job.out)
    if teller is None:
        teller = JsonTeller(job.id, job.server.address) if arguments.json else Teller()
    try:
        return _follow(job, ending, teller, cancels)
    except Interrupted:
        if ending.state == "lost":  # by whoever sits there
            ending.state = ""
        raise
    finally:
        if ending.state:
            afterwards.tell(arguments.on_done, arguments.notify, ending)


def _follow(job: door.Job, ending: Ending, teller: Teller, cancels: bool) -> int:
    """`ending` is filled in as far as it is known."""
    try:
        for event in job.watch():
            teller.tell(event)
        if event.name != "done":
            ending.state = event.name
        result = job.result()
        ending.state, ending.out, ending.made = event.name, result.folder, files_of(result)
    except KeyboardInterrupt:
        if not cancels:
            raise Interrupted("the job goes on", remedy=f"See it with `semrender jobs watch {job.id}`") from None
        with contextlib.suppress(ServerError):  # one that was ended with us
            job.cancel()
        if not teller.total:
            raise Interrupted("stopped before the first frame; nothing was painted") from None
        raise Interrupted(
            f"stopped; {teller.finished()}",
            remedy="Run the same command again and it paints the rest",
        ) from None
    except ServerError as error:
        error.what = f"{error.what}; {teller.finished()}"
        raise
    finally:
        teller.close()
        ending.done, ending.total = teller.done, teller.total
    teller.made(result)
    return 0
