"""`semrender jobs`: what the server has to do, and the hand on it."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from inference_server.commands import afterwards, render
from inference_server.commands.progress import duration
from shared import door, places
from shared.errors import ServerError, from_dict
from shared.sequences import frames_text
from shared.wording import counted

KEEP_DAYS = 7.0

Job = dict[str, Any]  # its summary, as the server tells it


def add_commands(commands: Any) -> None:
    jobs = commands.add_parser("jobs", help="list, watch, cancel, pause, resume, hurry or forget jobs")
    verbs = jobs.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="all jobs (also without a verb)")
    for one in (jobs, listing):
        one.set_defaults(run=run_list)
    show = verbs.add_parser("show", help="all about one job: what was asked, where it stands, why frames failed")
    show.add_argument("job", help="its id, or the beginning of it")
    show.set_defaults(run=run_show)
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
            afterwards.add_arguments(verb)
    clean = verbs.add_parser("clean", help="forget ended jobs and remove what they left in the spool")
    clean.add_argument("--days", type=float, default=KEEP_DAYS, help=f"keep younger ones (default {KEEP_DAYS:.0f})")
    clean.add_argument("--quarantine", action="store_true", help="try frames again that killed workers")
    clean.add_argument("--dry-run", action="store_true", help="only say which jobs it would be")
    clean.set_defaults(run=run_clean)


def running(arguments: argparse.Namespace) -> door.Server:
    found = door.find(name="jobs", comps=arguments.comps)
    if found is None:
        raise ServerError("no server runs", remedy="Start one with `semrender serve`; its jobs wait in its ledger")
    return found


def run_list(arguments: argparse.Namespace) -> int:
    found = door.find(name="jobs")
    if found is not None:
        with found:
            jobs = [dict(job.body) for job in found.jobs()]
    else:
        jobs = history()
        print("no server runs; `semrender serve` goes on with what waits in its ledger", file=sys.stderr)
    jobs = in_order(jobs)
    if arguments.json:
        print(json.dumps({"jobs": jobs}))
    else:
        print("\n".join(table(jobs, time.time())) or "no jobs")
    return 0


def history() -> list[Job]:
    """The jobs in the ledger of a server that does not run."""
    from inference_server.broker.jobs import Jobs
    from inference_server.broker.ledger import Ledger

    file = places.home() / "ledger.sqlite"
    if not file.exists():
        raise ServerError("no server runs, and none ran here before", remedy="Start one with `semrender serve`")
    with contextlib.closing(Ledger(file)) as ledger:
        return Jobs(ledger).summaries()


def in_order(jobs: list[Job]) -> list[Job]:
    """The queue in the order in which it is worked on, then what has ended, the last one first."""
    waiting = [job for job in jobs if job["ended"] is None]
    ended = [job for job in jobs if job["ended"] is not None]
    return [
        *sorted(waiting, key=lambda job: (job["state"] == "paused", -job["priority"], job["created"])),
        *sorted(ended, key=lambda job: -job["ended"]),
    ]


HEADER = ("id", "state", "done", "left", "owner", "started", "took", "priority", "name", "out")


def table(jobs: list[Job], now: float) -> list[str]:
    """A line for each job under a line of headings; none where there is none."""
    rows = [HEADER, *(row(job, now) for job in jobs)] if jobs else []
    wide = [max(len(row[i]) for row in rows) for i in range(len(HEADER) - 1)] if rows else []
    return ["  ".join([*(f"{cell:<{n}}" for cell, n in zip(one, wide, strict=False)), one[-1]]) for one in rows]


def row(job: Job, now: float) -> tuple[str, ...]:
    failed = f", {job['failed']} failed" if job["failed"] else ""
    looks = job.get("preparing")  # a server of before does not say
    failed += f", looked {looks['done']}/{looks['total']}" if looks else ""
    painting = (job.get("farm") or {}).get("painting")  # nor does it say this
    failed += f", {counted(painting, 'machine')}" if painting else ""
    began = job.get("began")
    started = time.strftime("%m-%d %H:%M", time.localtime(began)) if began else "-"
    took = duration((job["ended"] or now) - began) if began else "-"
    left = job.get("left")
    fetched = job.get("collect")
    target = f"{fetched['out']} on {fetched['host']}" if fetched else job["out"]
    why = f" ({job['paused']})" if job["paused"] else ""
    return (
        *(job["job"][:8], job["state"], f"{job['done']}/{job['total']}{failed}"),
        *("-" if left is None else f"~{duration(left)}", job.get("owner") or "-", started, took),
        *(str(job["priority"]), job["name"], f"{target}{why}"),
    )


def machine_in_words(machine: dict[str, Any]) -> str:
    """How much of a job a machine of a farm has painted, and what it has in hand or why nothing."""
    hand = f"{machine['hand']} in hand" if machine["hand"] else "has left" if machine["state"] == "left" else ""
    return ", ".join(filter(None, (counted(machine["done"], "frame"), machine["words"] or hand)))


def run_show(arguments: argparse.Namespace) -> int:
    with running(arguments) as server:
        job = dict(server.job(arguments.job).status().body)
    if arguments.json:
        print(json.dumps(job))
        return 0
    now = time.time()
    rows = dict(zip(HEADER, row(job, now), strict=True)) | {"id": job["job"]}
    asked = job["asked"]
    models = {layer: asked["models"][layer] for layer in asked["layers"] if layer in asked["models"]}
    rows["asked at"] = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(job["created"]))
    rows["passes"] = asked["base"]
    rows["frames"] = f"{frames_text(asked['frames'])}, as {asked['format']}"
    for layer, model in models.items():
        options = "".join(f", {name}={value}" for name, value in model["options"].items())
        rows[f"layer {layer}"] = f"{model['name']}{options}"
    for machine in (job.get("farm") or {}).get("machines", ()):
        rows[f"machine {machine['name']}"] = machine_in_words(machine)
    wide = max(16, *(len(name) + 2 for name in rows))
    for name, value in rows.items():
        print(f"{name:<{wide}}{value}")
    for error in job["errors"]:
        print(f"failed: {from_dict(error)}")
    for warning in job["report"].get("warnings", []):
        print(f"warning: {warning}")
    return 0


def run_watch(arguments: argparse.Namespace) -> int:
    if arguments.on_done is not None:
        afterwards.words_of(arguments.on_done)
    with running(arguments) as server:
        job = server.job(arguments.job, arguments.out, overwrite=arguments.overwrite, comp=not arguments.no_aep)
        return render.follow(job, arguments)


def run_verb(arguments: argparse.Namespace) -> int:
    more = {"priority": arguments.priority} if arguments.verb == "priority" else {}
    with running(arguments) as server:
        job = server.client.ask(arguments.verb, server.job(arguments.job).id, **more)
    print(json.dumps(job) if arguments.json else "\n".join(table([job], time.time())))
    return 0


def run_clean(arguments: argparse.Namespace) -> int:
    with running(arguments) as server:
        asked = {"days": arguments.days, "quarantine": arguments.quarantine, "dry": arguments.dry_run}
        gone, _ = server.client.request("clean", asked, seconds=60.0)
    if arguments.json:
        print(json.dumps(gone))
    elif arguments.dry_run:
        print("\n".join(table(gone["would"], time.time())) or "no job would be forgotten")
    else:
        print(f"{counted(gone['jobs'], 'job')} forgotten, {gone['bytes'] / 2**20:.0f} MiB freed")
    return 0
