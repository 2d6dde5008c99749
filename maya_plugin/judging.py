"""What a server says of the first passes of a shot, before the others are rendered: a job, full light, motion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from maya_plugin.core import refusal, uploads
from maya_plugin.core.contract import PassReport, ShotRequest
from maya_plugin.core.passes import SHADING
from shared.client import Client
from shared.errors import SemrenderError, from_dict
from shared.shot import read_shot

PAINTED = "painted"


Job = tuple[dict[str, Any], "dict[str, Path] | None"]


def job(client: Client, shot_file: Path, without: Sequence[str] = (), white: float | None = None) -> Job:
    """A job for the server, `without` some passes, and the files to send where it does not see this disk.

    white: what the file does not say yet of clay in full light.
    """
    shot, base = read_shot(shot_file)
    said: dict[str, Any] = {**({} if white is None else {"shading_white": white}), **dict.fromkeys(without)}
    shot = replace(shot, layers=tuple(replace(layer, **said) for layer in shot.layers))
    files, out = uploads.files_of(shot, base), shot_file.parent / PAINTED
    shared = client.process is not None or client.shares_disk(next(iter(files.values())), out)
    return {"shot": shot.to_dict(), "base": str(base), "out": str(out)}, None if shared else files


def measured(client: Client, report: PassReport, request: ShotRequest) -> ShotRequest:
    """The request with the light that clay has in full light on the first frame, for all frames and layers.

    As it was where nothing tells. The server says it: beside a white that is far off as what would be right.
    """
    if SHADING not in request.extra:
        return request
    found = client.check(*job(client, Path(report.shot_file)))
    right = (re.search(r"--shading-white (\S+)", from_dict(problem).remedy) for problem in found["problems"])
    lights = [float(one[1]) for one in right if one is not None]
    lights += [layer["shading"]["light"] or 0.0 for layer in found["layers"] if "shading" in layer]
    full = max(lights, default=0.0)
    return replace(request, white=float(f"{full:.2g}")) if full > 0 else request


def proven(client: Client, report: PassReport, request: ShotRequest) -> ShotRequest | None:
    """The request with the convention that the labels prove motion to have, where it is not the one that is assumed.

    Arnold was asked for vectors to the next frame; which way is up it does not say, so that is tried first. Vectors of
    even movement fit a convention of the other direction in time as well, which only then is taken.
    Raises HostRefused where no convention explains the labels: vectors of half a frame, or of none.
    """
    refused = _of_motion(client, report, request.motion_is, request.white)
    if refused is None:
        return None
    named = re.search(r"--motion-is ([a-z-]+)", refused.remedy)
    for convention in ("to-next-down", named[1]) if named is not None else ():
        if _of_motion(client, report, convention, request.white) is None:
            return replace(request, motion_is=convention)
    raise refusal.explain(refused, request.renderer)


def _of_motion(client: Client, report: PassReport, convention: str, white: float | None) -> SemrenderError | None:
    """What the server finds wrong with the passes where motion is used, under a convention."""
    asked, files = job(client, Path(report.shot_file), white=white)
    layers = [
        {**layer, "motion_is": convention or None} if "motion" in layer else layer for layer in asked["shot"]["layers"]
    ]
    asked["shot"] = {**asked["shot"], "layers": layers, "hold": asked["shot"].get("hold") or "gentle"}
    problems = client.check(asked, files)["problems"]
    return from_dict(problems[0]) if problems else None
