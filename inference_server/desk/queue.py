"""The queue: all jobs and what becomes of them, and the hand on each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from inference_server.desk.asking import Asked, Body, get, post
from inference_server.desk.desk import Desk
from inference_server.desk.order import Waiting, moved
from inference_server.desk.thumbs import SIDES, small
from shared.errors import InputRefused, MissingInput, SemrenderError

ALIVE_SECONDS = 10.0  # between two signs of life of a quiet stream
VERBS = ("cancel", "pause", "resume")
AGAIN = ("shot", "base", "format", "frames", "layers", "overwrite", "comp", "movie")


def routes(desk: Desk) -> list[Route]:
    def bound(work: Any) -> Any:
        return partial(work, desk)

    return [
        Route("/api/feed", bound(feed), methods=["GET"]),
        get("/api/jobs/{job}", bound(show)),
        get("/api/jobs/{job}/log", bound(log)),
        get("/api/jobs/{job}/pictures/{layer}", bound(pictures)),
        get("/api/jobs/{job}/picture/{layer}/{frame:int}", bound(picture)),
        get("/api/jobs/{job}/thumb/{layer}/{frame:int}", bound(thumb)),
        post("/api/jobs/{job}/move", bound(move)),
        post("/api/jobs/{job}/again", bound(again)),
        *(post(f"/api/jobs/{{job}}/{verb}", partial(ask, desk, verb)) for verb in VERBS),
    ]


async def feed(desk: Desk, request: Request) -> Response:
    """Server-sent events: `jobs` (see Feed.since), and of the `job` that is asked for `event`, after number `n`.

    The identity of each says both numbers; as `last` of the address it is where a page that comes back goes on.
    """
    asked = request.query_params
    moment, _, number = asked.get("last", f"{asked.get('since', '')}/{asked.get('n', '')}").partition("/")
    job = asked.get("job", "")
    seen = int(number) if job and number.isdecimal() else 0
    return StreamingResponse(_told(desk, moment, job, seen), media_type="text/event-stream")


async def _told(desk: Desk, moment: str, job: str, seen: int) -> AsyncIterator[str]:
    event = desk.feed.watch()
    try:
        while not desk.feed.closed:
            event.clear()
            messages, now = desk.feed.since(moment)
            for message in messages[:-1]:
                yield _sent("jobs", message)
            if messages:
                yield _sent("jobs", {**messages[-1], "moment": now}, f"{now}/{seen}")
            moment = now
            known = desk.feed.job(job)
            while known is not None and known["events"] > seen:
                try:
                    found = await run_in_threadpool(_events, desk, job, seen)
                except SemrenderError:
                    break  # the server is gone, which the feed says
                for number, name, body in found:
                    seen = number
                    yield _sent("event", {"job": job, "n": number, "name": name, "body": body}, f"{moment}/{seen}")
                if not found:
                    break
            try:
                await asyncio.wait_for(event.wait(), ALIVE_SECONDS)
            except TimeoutError:
                yield ": alive\n\n"
    finally:
        desk.feed.leave(event)


def _sent(name: str, body: Body, identity: str = "") -> str:
    head = f"id: {identity}\n" if identity else ""
    return f"{head}event: {name}\ndata: {json.dumps(body, separators=(',', ':'))}\n\n"


def _events(desk: Desk, job: str, seen: int) -> list[Any]:
    with desk.link.client() as client:
        return list(client.request("events", {"job": job, "since": seen})[0]["events"])


def show(desk: Desk, asked: Asked) -> Body:
    with desk.link.client() as client:
        return client.ask("show", asked.path["job"])


def log(desk: Desk, asked: Asked) -> Body:
    with desk.link.client() as client:
        return client.ask("log", asked.path["job"])


def pictures(desk: Desk, asked: Asked) -> Body:
    with desk.link.client() as client:
        return client.ask("pictures", asked.path["job"], layer=asked.path["layer"])


def picture(desk: Desk, asked: Asked) -> Body:
    with desk.link.client() as client:
        return client.ask("picture", asked.path["job"], layer=asked.path["layer"], frame=asked.path["frame"])


def thumb(desk: Desk, asked: Asked) -> Response:
    """A small picture of a painted frame; a job paints a frame once, so that it may be kept for good."""
    job, layer, frame = (asked.path[name] for name in ("job", "layer", "frame"))
    side = asked.query.get("side", str(SIDES[1]))
    if side not in map(str, SIDES):
        raise InputRefused("small pictures have other sizes", remedy=f"Ask for {', '.join(map(str, SIDES))}")

    def make() -> bytes:
        with desk.link.client() as client:
            file = client.ask("picture", job, layer=layer, frame=frame)["file"]
            if file is None:
                raise MissingInput("this frame is not painted yet", layer=layer, frame=frame)
            return small(client.fetch(job, file), file, int(side))

    made = desk.thumbs.of((job, layer, str(frame), side), make)
    return Response(made, media_type="image/webp", headers={"Cache-Control": "private, max-age=31536000, immutable"})


def ask(desk: Desk, verb: str, asked: Asked) -> Body:
    with desk.link.client() as client:
        return client.ask(verb, asked.path["job"])


def move(desk: Desk, asked: Asked) -> Body:
    """Have a job done right before another one (`before`), or last of all; tells the priorities that changed."""
    waiting = [
        Waiting(job=job["job"], priority=int(job["priority"]), entered=float(job["created"]))
        for job in desk.feed.jobs()
        if job["ended"] is None
    ]
    before = asked.body.get("before")
    changes = moved(waiting, asked.path["job"], None if before is None else asked.text("before"))
    with desk.link.client() as client:
        for job, priority in changes.items():
            client.ask("priority", job, priority=priority)
    return {"priorities": changes}


def again(desk: Desk, asked: Asked) -> Body:
    """Ask for a job once more as it was asked for; what is painted is kept."""
    with desk.link.client() as client:
        before = client.ask("asked", asked.path["job"])
        if before["collect"] is not None:
            raise InputRefused(
                "this job came from a machine without a shared disk, and its passes with it",
                remedy=f"Ask for it again there: {before['collect']['host'] or 'nobody said where'}",
            )
        job = {name: before[name] for name in AGAIN if before[name] is not None}
        return {"job": client.submit({**job, "out": str(Path(before["asked"] or before["out"]))})}
