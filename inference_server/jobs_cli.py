"""`semrender jobs`: what the server has to do, and the hand on it."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from inference_server import render
from shared import places
from shared.client import Client, find_server
from shared.errors import InputRefused, ServerError

KEEP_DAYS = 7.0


def add_commands(commands: Any) -> None:
    jobs = commands.add_parser("jobs", help="list, watch, cancel, pause, resume, hurry or forget jobs")
    verbs = jobs.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="all jobs (also without a verb)")
    for one in (jobs, listing):
        one.set_defaults(run=run_list)
    for name, help_text in (
        ("watch", "follow a job until it ends and lay out its comp"),
        ("cancel", "stop a job; what is finished stays"),
        ("pause", "hand out no more of its frames"),
        ("resume", "go on"),
        ("priority", "-100 to 100; higher goes first"),
    ):
        verb = verbs.add_parser(name, help=help_text)
        verb.add_argument("job", help="its id, or the beginning of it")
        verb.set_defaults(run=run_watch if name == "watch" else run_verb, verb=name)
        if name == "priority":
            verb.add_argument("priority", type=int)
        if name == "watch":
            verb.add_argument("--out", type=Path, metavar="FOLDER", help="fetch the files into this folder")
            verb.add_argument("--overwrite", action="store_true", help="also over a delivery of another look there")
            verb.add_argument("--no-aep", action="store_true", help="do not write an After Effects project")
    clean = verbs.add_parser("clean", help="forget ended jobs and remove what they left in the spool")
    clean.add_argument("--days", type=float, default=KEEP_DAYS, help=f"keep younger ones (default {KEEP_DAYS:.0f})")
    clean.add_argument("--quarantine", action="store_true", help="try frames again that killed workers")
    clean.set_defaults(run=run_clean)


def running() -> Client:
    found = find_server("jobs")
    if found is None:
        raise ServerError("no server runs", remedy="Start one with `semrender serve`; its jobs wait in its ledger")
    return found


def run_list(arguments: argparse.Namespace) -> int:
    with running() as client:
        jobs = client.jobs()
    if arguments.json:
        print(json.dumps({"jobs": jobs}))
    elif not jobs:
        print("no jobs")
    for job in [] if arguments.json else jobs:
        print(line(job))
    return 0


def line(job: dict[str, Any]) -> str:
    failed = f", {job['failed']} failed" if job["failed"] else ""
    hurry = f", priority {job['priority']}" if job["priority"] else ""
    when = time.strftime("%m-%d %H:%M", time.localtime(job["ended"] or job["created"]))
    why = f" ({job['paused']})" if job["paused"] else ""
    fetched = job.get("collect")
    target = f"{fetched['out']} on {fetched['host']}" if fetched else job["out"]
    counts = f"{job['done']}/{job['total']}{failed}{hurry}"
    return f"{job['job'][:8]}  {when}  {job['state']:<10} {counts:<16} {job['name']} -> {target}{why}"


def run_watch(arguments: argparse.Namespace) -> int:
    with running() as client:
        job = chosen(client, arguments.job)
        arguments.no_aep = arguments.no_aep or job.get("comp") is False
        return render.follow(arguments, client, job["job"], *_place(arguments.out, job))


def _place(out: Path | None, job: dict[str, Any]) -> tuple[Path, bool]:
    """Where a job's files go, and whether they must be fetched. Raises InputRefused where that is open."""
    fetched = job.get("collect")
    if out is not None:
        return out.absolute(), True
    if fetched is None:
        return Path(job["out"]), False
    if fetched["host"] != places.HOST or not fetched["out"]:
        raise InputRefused(
            "the files of this job are for another machine",
            cause=f"It was asked for by {fetched['host'] or 'an unknown one'}, into {fetched['out'] or 'no folder'}",
            remedy="Fetch them here with --out FOLDER",
        )
    return Path(fetched["out"]), True


def run_verb(arguments: argparse.Namespace) -> int:
    more = {"priority": arguments.priority} if arguments.verb == "priority" else {}
    with running() as client:
        job = client.ask(arguments.verb, chosen(client, arguments.job)["job"], **more)
    print(json.dumps(job) if arguments.json else line(job))
    return 0


def run_clean(arguments: argparse.Namespace) -> int:
    with running() as client:
        gone, _ = client.request("clean", {"days": arguments.days, "quarantine": arguments.quarantine}, seconds=60.0)
    print(
        json.dumps(gone) if arguments.json else f"{gone['jobs']} jobs forgotten, {gone['bytes'] / 2**20:.0f} MiB freed"
    )
    return 0


def chosen(client: Client, start: str) -> dict[str, Any]:
    """The one job whose id begins so. Raises InputRefused."""
    found = [job for job in client.jobs() if start and job["job"].startswith(start)]
    if len(found) != 1:
        what = f"{len(found)} jobs begin" if found else "no job begins"
        raise InputRefused(f"{what} with {start!r}", remedy="See `semrender jobs`")
    return found[0]
