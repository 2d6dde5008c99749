"""A run of blocks of a shot painted on this machine, and the delivery when all machines are done.

A chunk never delivers: the files' headers are all that it leaves, and whoever delivers reads them. It may be painted
twice, or by two at once: a frame that is there under its key is kept.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inference_server.commands import render
from inference_server.farm.expected import expect
from inference_server.farm.session import devices_given
from inference_server.farm.telling import say, teller_of
from shared import door, path_maps
from shared.blocks import frames_of, parse_blocks
from shared.errors import Unpainted
from shared.handing import apart_from_passes
from shared.shot import Shot, read_shot
from shared.stopping import stoppable

LOOK_SECONDS = 5.0  # between two looks for frames that are missing


def shot_here(arguments: argparse.Namespace) -> tuple[Shot, Path]:
    """The shot, its paths as this machine has them, and its folder. Raises InputRefused or MissingInput."""
    rules = [path_maps.rule_of(text) for text in arguments.map]
    if arguments.map_file is not None:
        rules += path_maps.rules_in(arguments.map_file)
    shot, base = read_shot(Path(path_maps.mapped(str(arguments.shot), rules)))
    return path_maps.mapped_shot(shot, rules), base


def run_chunk(arguments: argparse.Namespace) -> int:
    """Paint the blocks. Raises FramesFailed, Interrupted, InputRefused or ServerError in words."""
    shot, base = shot_here(arguments)
    frames = frames_of(parse_blocks(arguments.blocks, shot.first, shot.last), shot.first, shot.last)
    expect(arguments.expect)
    with _server(arguments, shot, base) as found:
        return _run(found, arguments, shot, base, frames, "paint")


def run_deliver(arguments: argparse.Namespace) -> int:
    """Deliver what is painted; frames that are missing are looked for again before it is said which."""
    shot, base = shot_here(arguments)
    until = time.monotonic() + arguments.wait
    with _server(arguments, shot, base) as found:
        while True:
            try:
                return _run(found, arguments, shot, base, None, "deliver")
            except Unpainted as error:  # the folder of a shared disk may be told of late
                left = until - time.monotonic()
                if left <= 0:
                    raise
                words = f"{error.what}: they are looked for again for {left:.0f} s"
                if arguments.progress == "openjd":
                    say("status", words)
                elif arguments.progress is None:
                    print(words, file=sys.stderr, flush=True)
                time.sleep(min(LOOK_SECONDS, left))


@contextmanager
def _server(arguments: argparse.Namespace, shot: Shot, base: Path) -> Iterator[door.Server]:
    """Who paints here; from outside it is ended as by Ctrl-C."""
    apart_from_passes(shot, base, arguments.out)
    os.environ.update(devices_given(os.environ))
    with stoppable(), render.server(arguments, arguments.progress is not None) as found:
        yield found


def _run(
    found: door.Server, arguments: argparse.Namespace, shot: Shot, base: Path, frames: list[int] | None, part: str
) -> int:
    delivers = part == "deliver"
    job = found.submit(
        shot,
        arguments.out,
        base=base,
        frames=frames,
        layers=arguments.layer,
        format=arguments.format,
        overwrite=arguments.overwrite,
        comp=delivers and not arguments.no_aep,
        movie=arguments.movie if delivers else "none",
        part=part,
        owner=arguments.owner,
    )
    return render.follow(job, arguments, cancels=True, teller=teller_of(arguments.progress, job))
