"""The client side of `semrender render`: submit, show progress, say what was made."""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.client import Client, find_server, private_server
from shared.errors import FramesFailed, InputRefused, Interrupted, SemrenderError, from_dict
from shared.shot import Shot

Body = dict[str, Any]
ERRORS_SHOWN = 10


@contextlib.contextmanager
def server(device: str) -> Iterator[Client]:
    """The running server, else a private one for as long as the block runs."""
    found = find_server("cli")
    if found is not None:
        with found:
            yield found
    else:
        with private_server("cli", device) as started:
            yield started


def describe(shot: Shot, base: Path, frames: list[int] | None, layers: list[str] | None) -> Body:
    return {"shot": shot.to_dict(), "base": str(base.resolve()), "frames": frames, "layers": layers}


def check(
    arguments: argparse.Namespace, shot: Shot, base: Path, frames: list[int] | None, layers: list[str] | None
) -> int:
    """Print what the passes hold; a problem is raised after all of them were said."""
    with server(arguments.device) as client:
        report = client.check({**describe(shot, base, frames, layers), "out": str(base.resolve())})
    if arguments.json:
        print(json.dumps(report))
    else:
        show_report(shot, report)
    return raise_problems(report["problems"]) if report["problems"] else 0


def render(
    arguments: argparse.Namespace, shot: Shot, base: Path, frames: list[int] | None, layers: list[str] | None
) -> int:
    """Paint, wait, say what was made. Raises FramesFailed, Interrupted or ServerError in words."""
    out: Path = arguments.out.absolute()
    job = {**describe(shot, base, frames, layers), "out": str(out), "format": arguments.format}
    teller: Teller = JsonTeller() if arguments.json else Teller()
    with server(arguments.device) as client:
        identity = client.submit(job)
        try:
            for event in client.watch(identity):
                teller.tell(shot, event)
        except KeyboardInterrupt:
            teller.close()
            client.cancel(identity)
            raise Interrupted(
                f"stopped; {teller.done} of {teller.total} frames are finished",
                remedy="Run the same command again and it paints the rest",
            ) from None
        except SemrenderError as error:
            teller.close()
            error.what = f"{error.what}; {teller.done} of {teller.total} frames are finished"
            raise
    teller.close()
    name, body = event["event"], event["body"]
    if name == "failed":
        raise_failed(body, out)
    if name == "cancelled":
        raise Interrupted(f"the job was cancelled; {body['done']} of {body['total']} frames are finished")
    made: Body = {key: str(out / body[key]) for key in ("delivery", "preview", "animation") if body.get(key)}
    if "delivery" in made and not arguments.no_aep:
        try:
            project, notes = arguments.make_comp(Path(made["delivery"]))
            made["project"] = str(project)
        except SemrenderError as error:  # the paintings are there; what After Effects cannot hold is a note
            notes = (f"no After Effects project was written: {error}",)
        body["notes"] = [*body.get("notes", []), *notes]
    teller.made(body, made)
    return 0


class Teller:
    """Progress for a person: a bar with frames per second and time left."""

    def __init__(self) -> None:
        self.done, self.total = 0, 0
        self.began = time.monotonic()
        self.bar: Any = None

    def tell(self, shot: Shot, event: Body) -> None:
        body = event["body"]
        if event["event"] == "checked":
            self.total = body["total"]
            show_report(shot, body)
            from tqdm import tqdm

            self.bar = tqdm(total=self.total, unit=" frames", desc="painting", dynamic_ncols=True)
        elif event["event"] == "frame":
            self.done = body["done"]
            if body["state"] == "failed":
                self.bar.write(str(from_dict(body["error"])))
            self.bar.set_postfix_str(f"{body['layer']} {body['frame']}", refresh=False)
            self.bar.update(1)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()

    def made(self, body: Body, made: Body) -> None:
        seconds = time.monotonic() - self.began
        print(f"{body['painted']} frames painted, {body['kept']} kept from before, in {seconds:.1f} s")
        for note in body.get("notes", []):
            print(f"note: {note}")
        for name, path in made.items():
            print(f"  {name:<10}{path}")


class JsonTeller(Teller):
    """The same for a script: one JSON object a line."""

    def tell(self, shot: Shot, event: Body) -> None:
        body = event["body"]
        self.done, self.total = body.get("done", self.done), body.get("total", self.total)
        print(json.dumps({"event": event["event"], **body}), flush=True)

    def made(self, body: Body, made: Body) -> None:
        print(json.dumps({"event": "made", **made}), flush=True)


def show_report(shot: Shot, report: Body) -> None:
    size = "x".join(str(n) for n in report["size"] or [])
    print(f"{shot.name}: frames {shot.first}-{shot.last}, {size}, {shot.fps:.6g} fps")
    for layer in report["layers"]:
        classes = ", ".join(f"{c['name']} {c['share']:.0%}" for c in layer["classes"][:6])
        more = f" and {len(layer['classes']) - 6} more" if len(layer["classes"]) > 6 else ""
        print(f"  {layer['name']:<14}{layer['model']:<14}{classes}{more}")
        if layer["guessed"]:
            print(f"  {'':<14}{layer['guessed']} pixels of the first frame were guessed")
    for warning in report["warnings"]:
        print(f"warning: {warning}")


def raise_failed(body: Body, out: Path) -> None:
    if body["total"] == 0:
        raise_problems(body["errors"])
    words = "\n".join(f"  {from_dict(error)}" for error in body["errors"][:ERRORS_SHOWN])
    more = len(body["errors"]) - ERRORS_SHOWN
    raise FramesFailed(
        f"{len(body['errors'])} of {body['total']} frames failed:\n{words}"
        + (f"\n  and {more} more" if more > 0 else ""),
        remedy=f"The {body['done']} finished ones are in {out}; mend the cause and run the same command again",
    )


def raise_problems(problems: list[Body]) -> int:
    errors = [from_dict(problem) for problem in problems]
    if len(errors) == 1:
        raise errors[0]
    words = "\n".join(f"  {error}" for error in errors)
    raise InputRefused(f"{len(errors)} problems were found before rendering:\n{words}", remedy="Nothing was painted")
