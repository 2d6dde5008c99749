"""One report that a user can send: versions, devices, server, models, paths."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections import Counter
from importlib import metadata
from typing import Any

from inference_server.models import catalogue
from inference_server.models.precision import Half, half_of
from shared import places
from shared.errors import SemrenderError
from shared.servers import find_server
from shared.wording import counted

PACKAGES = (
    "torch",
    "numpy",
    "opencv-python-headless",
    "pyzmq",
    "msgpack",
    "OpenEXR",
    "pillow",
    "fileseq",
    "safetensors",
    "py-aep",
)


def report() -> dict[str, Any]:
    """Name -> line or lines."""
    found, broken = catalogue.available_cards()
    free = shutil.disk_usage(_existing(places.home())).free / 2**30
    return {
        "semrender": _version("semrender"),
        "python": f"{platform.python_version()} at {sys.executable}",
        "system": platform.platform(),
        "processor": f"{os.cpu_count()} cores, {platform.machine()}",
        "packages": [f"{name} {_version(name)}" for name in PACKAGES],
        "devices": _devices(),
        "server": server(),
        "models": [f"{card.name} {card.version} ({card.family}, {card.takes})" for card in found.values()]
        + [f"{name}: {error}" for name, error in broken.items()],
        "state folder": f"{places.home()} ({free:.0f} GiB free)",
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _devices() -> list[str]:
    try:
        import torch
    except Exception as error:  # a broken installation is what this command is for
        return [f"torch does not load: {error}"]
    names = [f"cuda:{n}" for n in range(torch.cuda.device_count() if torch.cuda.is_available() else 0)]
    if torch.backends.mps.is_available():
        names.append("mps")
    return [f"{name}: {_precision(half_of(name))}" for name in (*names, "cpu")]


def _precision(half: Half) -> str:
    """What a device is, and what `precision=auto` makes of it."""
    if not half.possible:
        return f"{half.device}; precision=half cannot be had, auto is float32"
    speed = "not measured on such a device" if half.factor is None else f"about {half.factor:g} times as fast"
    return f"{half.device}; precision=half: {speed}, auto is {'half' if half.gains else 'float32'}"


def server() -> list[str]:
    """The server that is found from here, its workers, a farm's machines and what it has to do."""
    try:
        client = find_server("doctor")
    except SemrenderError as error:
        return [str(error)]
    if client is None:
        return ["none runs (a render starts its own)"]
    with client:
        about, jobs = client.hello("doctor"), client.jobs()
    states = Counter(job["state"] for job in jobs)
    spool = about["spool"]
    return [
        f"{about['version']} at {client.address}, pid {about['pid']}" + (", ending" if about["ending"] else ""),
        *(
            f"worker on {w['device']}: {w['tasks']} tasks in hand"
            if w["ready"]
            else f"worker on {w['device']}: starting"
            for w in about["workers"]
        ),
        *(f"machine {one['name']}: {machine_in_words(one)}" for one in about.get("machines", ())),
        "jobs: " + (", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"),
        *(f"job {job['job'][:8]} is paused: {job['paused']}" for job in jobs if job["paused"]),
        f"ledger {about['ledger']}, spool {spool['used'] / 2**20:.0f} of {spool['limit'] / 2**20:.0f} MiB,"
        f" {about['free'] / 2**30:.1f} GiB free",
    ]


def machine_in_words(machine: dict[str, Any]) -> str:
    """A machine of a farm, as the server tells of it."""
    if machine["why"]:
        return f"it is given nothing: {machine['why']}"
    hand = sum(run["pictures"] for run in machine["hand"])
    about = ", ".join([f"semrender {machine['version']}", *machine["devices"]]) if machine["version"] else ""
    return ", ".join(filter(None, (about, f"{counted(hand, 'frame')} in hand")))


def _existing(path: Any) -> Any:
    while not path.exists():
        path = path.parent
    return path
