"""Label passes without a window: `mayapy -m maya_plugin.batch scene.mb --out shots/sh010`.

Prints one JSON object a line (`core.events`); its exit codes are semrender's: 0 done, 2 wrong arguments, 3 input
refused, 4 some frames failed, 5 no server. The server checks the first frame of every layer before the others are
rendered, and after the third whether motion is what it is said to be, so that a night is not spent in vain.

Hardware 2.0 draws in `maya -batch` (on Windows `mayabatch`), which Maya's own documentation and tests know of, and in
mayapy perhaps: one frame of an empty scene is tried first, and where nothing is drawn Arnold renders, in words.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from maya_plugin import judging, names
from maya_plugin.core import events, refusal, sun
from maya_plugin.core.cards import read_models
from maya_plugin.core.contract import ARNOLD, EXTRA_PASSES, HARDWARE, RENDERERS, PassReport, ShotRequest
from maya_plugin.core.passes import fed
from maya_plugin.core.programs import BATCH_ARGUMENTS, without_mayas_own
from maya_plugin.core.refusal import HostRefused
from shared.client import Client
from shared.errors import FramesFailed, InputRefused, Interrupted, MissingInput, SemrenderError, ServerError, from_dict
from shared.servers import find_server, interpreter, private_server

HARDWARE_FAILED = "Hardware 2.0 draws nothing here, so Arnold renders the passes"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="semrender batch", description="Render the label passes of a Maya scene.")
    made.add_argument("scene", type=Path)
    made.add_argument("--request", type=Path, metavar="FILE", help="what to render, as the panel wrote it")
    made.add_argument("--project", metavar="FOLDER", help="Maya project that relative paths belong to")
    made.add_argument("--out", type=Path, metavar="FOLDER", help="default: semrender/<scene> beside the scene")
    made.add_argument("--camera", help="name of the camera (default: the first that renders)")
    made.add_argument("--frames", metavar="FIRST-LAST", help="default: those of the render settings")
    made.add_argument("--layer", action="append", metavar="NAME", help="default: all that render; may be given again")
    made.add_argument("--renderer", choices=RENDERERS, help="default: hardware, or arnold where things are displaced")
    made.add_argument("--extra", action="append", choices=EXTRA_PASSES, default=[], help="a pass beside the labels")
    made.add_argument("--model", default="", help="name of the model that paints")
    made.add_argument("--reference", type=Path, metavar="FILE", help="picture whose look is taken over")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--unchecked", action="store_true", help="do not ask a server whether the passes can be read")
    made.add_argument("--paint", action="store_true", help="paint the passes, too, into a folder `painted`")
    made.add_argument("--events", type=Path, metavar="FILE", help="append what is printed to this file, too")
    names.add_arguments(made)
    return made


def main(arguments: Sequence[str] | None = None, standalone: bool = True) -> int:
    """Run one batch render; every failure is an event and an exit code. standalone: no Maya runs in this Python yet."""
    parsed = parser().parse_args(arguments)
    _Told.file = parsed.events
    code = _run_and_tell(parsed, standalone)
    _keep(events.line("ended", code=code))  # whose process it is has the code itself
    return code


def in_maya() -> None:
    """What `maya -batch` starts, in a Maya that is there already. Does not return."""
    _leave(main(json.loads(os.environ.pop(BATCH_ARGUMENTS)), standalone=False))


def _leave(code: int) -> None:
    """End at once: what Maya does at its end may hang or crash, and would change the exit code of finished work."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)


def _run_and_tell(parsed: argparse.Namespace, standalone: bool) -> int:
    try:
        if standalone:
            import maya.standalone

            maya.standalone.initialize(name="python")
        _run(parsed)
        return 0
    except SemrenderError as error:
        _tell("error", **error.to_dict())
        return error.exit_code
    except KeyboardInterrupt:
        stopped = Interrupted("stopped", remedy="Run it again; what is rendered is rendered anew")
        _tell("error", **stopped.to_dict())
        return stopped.exit_code
    except Exception as error:  # the panel shows words; the log has the rest
        traceback.print_exc()
        words = SemrenderError("Maya failed in a way that was not foreseen", cause=f"{type(error).__name__}: {error}")
        _tell("error", **words.to_dict())
        return words.exit_code


def _run(parsed: argparse.Namespace) -> None:
    from maya_plugin.host import opened

    scene = parsed.scene.absolute()
    if not scene.is_file():
        raise MissingInput("there is no such scene", file=scene)
    asked = _from_file(parsed.request) if parsed.request else None
    drawn = (asked.renderer if asked else parsed.renderer or HARDWARE) == HARDWARE and parsed.names is None
    failed = opened.try_hardware() if drawn else ""
    missing = opened.open_copy(str(scene), parsed.project)
    if parsed.names is not None:
        _names(parsed)
        return
    with _server(parsed.unchecked) as client:
        request = asked or _fed(_from_arguments(parsed), client)
        request, notes = _renderer(request, parsed.renderer is None and asked is None, failed)
        _render(parsed, scene, request, client, [*notes, *opened.made_ready(request, missing)])


def _renderer(request: ShotRequest, free: bool, failed: str) -> tuple[ShotRequest, list[str]]:
    """The request with a renderer that draws here; `free` where nobody asked for one. Raises HostRefused."""
    from maya_plugin.host import renderers, scene, things

    notes = []
    if request.renderer == HARDWARE and not failed and free and things.reshaped(things.things(scene.settings())):
        notes.append("Things are displaced or subdivided as Hardware 2.0 draws none, so Arnold renders the passes")
    elif request.renderer == HARDWARE and failed:
        notes.append(f"{HARDWARE_FAILED}: {failed}")
    elif request.renderer == HARDWARE:
        return request, []
    try:
        renderers.load_arnold()  # a fresh Maya loads it only where the scene has nodes of it
    except HostRefused as error:
        if failed:
            raise HostRefused(
                "neither Hardware 2.0 nor Arnold renders here",
                cause=f"Hardware 2.0: {failed}; Arnold: {error.cause}",
                remedy="Render on a machine with a graphics card, or install Arnold for this Maya",
            ) from None
        if notes:
            return request, []
        raise
    return replace(request, renderer=ARNOLD), notes


def _names(parsed: argparse.Namespace) -> None:
    """Names for a Cryptomatte instead of passes; with a rendered file they may be painted, too."""
    made = names.write(parsed, _from_arguments(parsed))
    _tell("names", file=str(parsed.names), count=len(made.table.names), notes=made.notes, shot_file=made.shot_file)
    if parsed.paint:
        if not made.shot_file:
            raise InputRefused("names alone cannot be painted", remedy="Give the rendered file, too: --rendered")
        with _server(False) as client:
            assert client is not None
            _paint(client, Path(made.shot_file))


def _fed(request: ShotRequest, client: Client | None) -> ShotRequest:
    """With the passes that the model takes, and the sun of the scene; what it takes only a server says."""
    card = None if client is None else read_models(client.models()).find(request.model)
    if card is None:
        return request
    if sun.takes(one.name for one in card.options):
        request = replace(request, options={**request.options, **_sun(request)})
    return fed(request, card.title, card.inputs)


def _sun(request: ShotRequest) -> dict[str, float]:
    """Options of the model for the sun of the scene; none where it has no sun, for which the model has a default."""
    from maya_plugin.host import lights

    found = lights.sun_at(request.first)
    return {} if found is None else sun.of_scene(found, lights.heading(request.camera, request.first))


def _render(
    parsed: argparse.Namespace, scene: Path, request: ShotRequest, client: Client | None, notes: list[str]
) -> None:
    from maya_plugin.host import passes

    frames = range(request.first, request.last + 1)
    total = len(frames) * len(request.layers)
    _tell("opened", scene=str(scene), frames=len(frames), layers=len(request.layers))
    done, wanted = 0, request

    def told(layer: str, frame: int) -> None:
        nonlocal done
        done += 1
        _tell("rendered", layer=layer, frame=frame, done=done, total=max(total, done))

    def looked(report: PassReport, count: int) -> ShotRequest | None:
        nonlocal wanted
        before = wanted
        if client is not None and count == 1:
            wanted = judging.measured(client, report, wanted)
            wanted = _checked(client, report, wanted, notes)
        if client is not None and "motion" in wanted.extra and count == min(3, len(frames)):
            wanted = judging.proven(client, report, wanted) or wanted
        return None if wanted is before else wanted

    report = passes.render_passes(request, frames, request.last, told, looked)
    _tell(
        "passes",
        shot_file=report.shot_file,
        classes=report.classes,
        counts=report.counts,
        notes=[*notes, *report.notes],
        marked_open=report.marked_open,
    )
    if parsed.paint:
        if client is None:
            raise ServerError("no server was asked for that could paint", remedy="Leave --unchecked out")
        _paint(client, Path(report.shot_file))


def _from_file(path: Path) -> ShotRequest:
    try:
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
        lists = {name: tuple(data.get(name, ())) for name in ("layers", "extra", "guides", "classed")}
        return ShotRequest(**{**data, **lists})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputRefused("this is no request that the panel wrote", file=path, cause=str(error)) from None


def _from_arguments(parsed: argparse.Namespace) -> ShotRequest:
    """What the command line asks; the rest is as the scene says."""
    from maya_plugin.host.session import MayaHost

    host = MayaHost()
    scene, cameras, layers = host.scene(), host.cameras(), host.layers()
    camera = next((one for one in cameras if parsed.camera in (None, one.name, one.shape)), None)
    if camera is None:
        raise InputRefused(
            f"the scene has no camera {parsed.camera}", remedy=f"It has {', '.join(one.name for one in cameras)}"
        )
    chosen = [one for one in layers if (one.renderable if parsed.layer is None else one.name in parsed.layer)]
    missing = set(parsed.layer or ()) - {one.name for one in layers}
    if missing or not chosen:
        raise InputRefused(
            f"the scene has no render layer {', '.join(sorted(missing))}" if missing else "no render layer renders",
            remedy=f"It has {', '.join(one.name for one in layers)}",
        )
    first, last = scene.first, scene.last
    if parsed.frames:
        found = events.frame_range(parsed.frames)
        if found is None:
            raise InputRefused(f"{parsed.frames!r} is no range of frames", remedy="Write it as 1001-1024")
        first, last = found
    return ShotRequest(
        folder=str(parsed.out.absolute() if parsed.out else scene.folder),
        camera=camera.shape,
        first=first,
        last=last,
        layers=tuple(one.node for one in chosen),
        renderer=parsed.renderer or HARDWARE,
        extra=tuple(parsed.extra),
        model=parsed.model,
        seed=parsed.seed,
        reference=str(parsed.reference.absolute()) if parsed.reference else "",
    )


@contextlib.contextmanager
def _server(unchecked: bool) -> Iterator[Client | None]:
    """The running server, else one of our own, else None where this machine has none and none was asked for."""
    if unchecked:
        yield None
        return
    found = find_server("maya batch")
    if found is not None:
        with found:
            yield found
        return
    interpreter()  # raises in words where no server is installed
    with contextlib.ExitStack() as until_done:
        with without_mayas_own():
            started = until_done.enter_context(private_server("maya batch"))
        yield started


def _checked(client: Client, report: PassReport, request: ShotRequest, notes: list[str]) -> ShotRequest:
    """The request, without its guides where they alone are refused, which becomes a note.

    Raises the server's refusal in Maya's words.
    """
    shot_file = Path(report.shot_file)
    found = client.check(*judging.job(client, shot_file, white=request.white))
    refused = [refusal.explain(from_dict(problem), request.renderer) for problem in found["problems"]]
    if refused and request.guides:
        found = client.check(*judging.job(client, shot_file, request.guides, request.white))
        if not found["problems"]:
            notes.append(f"Painted without {' and '.join(request.guides)}, which came out wrong: {refused[0]}")
            extra = tuple(name for name in request.extra if name not in request.guides)
            request, refused = replace(request, extra=extra, guides=()), []
    for error in refused:
        raise error
    _tell("checked", warnings=found["warnings"])
    return request


def _paint(client: Client, shot_file: Path) -> None:
    out = shot_file.parent / judging.PAINTED
    job, files = judging.job(client, shot_file)
    identity = client.submit(job, files)
    ended: dict[str, Any] = {}
    for event in client.watch(identity):
        ended = event["body"]
        if event["event"] == "frame":
            _tell("painted", **{key: ended[key] for key in ("layer", "frame", "done", "total")})
        elif event["event"] == "chunk":  # a farm tells how many, not which
            _tell("painted", layer="", frame=None, **{key: ended[key] for key in ("done", "total")})
    if event["event"] != "done":
        for problem in ended.get("errors", [])[:1]:
            raise from_dict(problem)
        raise FramesFailed(f"the painting was {event['event']}", file=out)
    out = client.bring(identity, out) if files is not None else Path(ended["out"])
    _tell("delivered", delivery_file=str(out / ended["delivery"]))


class _Told:
    file: Path | None = None  # beside what is printed: who reads that may be gone, who reads this comes back


def _keep(line: str) -> None:
    if _Told.file is not None:
        with _Told.file.open("a", encoding="utf-8") as lines:
            lines.write(f"{line}\n")


def _tell(event: str, **more: Any) -> None:
    line = events.line(event, **more)
    _keep(line)
    with contextlib.suppress(OSError, ValueError, AttributeError):  # who reads is gone; what Maya puts there for stdout
        print(line, flush=True)


if __name__ == "__main__":
    _leave(main())
