"""Run the farm's faults and write their table into docs/reliability.md: `python -m tests.faults.farm_campaign`.

As in `campaign`, every fault is named and seeded (`--only "link down" --seed 17` repeats one), and every promise is
checked after each. One farm of four machines lives through all of them: what a fault has ended is begun again
(`Farm.heal`) before the next, and a farm that broke a promise is replaced.
"""

from __future__ import annotations

import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import SemrenderError
from shared.shot import Shot, write_shot
from tests.faults import farm_faults
from tests.faults.campaign import FARM, asked
from tests.faults.farm_faults import Trial
from tests.faults.faults import Skipped
from tests.faults.machines import Farm, networks_possible
from tests.faults.world import ROOT, Broken, write_labels

MACHINES, FRAMES, PER, HOLD = 4, 400, 4, "strong"
DELAY = 3.0
TIMES = {"nothing": 1} | dict.fromkeys(("machine", "coordinator, with the scheduler", "painter", "engine's worker"), 3)
TIMES |= {"link down for 40 s": 3, "link down for good": 3}
EACH = 2


def times(name: str, each: int = EACH) -> int:
    return TIMES.get(name, each)


def job_of(labels: Path, out: Path, frames: int, hold: str, per: int) -> dict[str, object]:
    layer = {"name": "back", "labels": "back/back.####.png", "mattes": ["tree"]}
    shot = {"name": "s", "fps": 24, "first": 1001, "last": 1000 + frames, "model": "stand-in", "hold": hold}
    whole = {"shot": {**shot, "layers": [layer]}, "base": str(labels), "out": str(out), "movie": "none"}
    return {**whole, "part": "farm", "per": per}


def make_reference(folder: Path, models: Path, job: dict[str, object]) -> Path:
    """The same job by a single machine that knows of no farm."""
    file, out = Path(str(job["base"])) / "shot.json", folder / "reference"
    write_shot(file, Shot.from_dict(job["shot"]))
    words = ["render", str(file), "--out", str(out), "--here", "--no-aep", "--movie", "none", "--format", "png"]
    home = {"SEMRENDER_HOME": str(folder / "alone"), "SEMRENDER_MODELS": str(models)}
    done = subprocess.run(
        [sys.executable, "-m", "semrender", *words],
        cwd=ROOT,
        env={**os.environ, **home},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Broken(f"the render without a farm ended with {done.returncode}: {done.stderr[-500:]}")
    return out


def run_one(name: str, seed: int, farm: Farm, job: dict[str, object], reference: Path, delay: float) -> Counter[str]:
    """One fault and its check; returns the counts. Raises Broken, or Skipped where it cannot be made here."""
    with disk(Path(str(job["out"])), name == "full disk"):
        farm.heal()
        trial = Trial(farm, random.Random(f"{name} {seed}"), job, delay)
        try:
            with farm.client() as client:
                trial.begin(client)
                farm_faults.ALL[name](trial)
                return trial.verify(client, reference)
        except SemrenderError as error:
            raise Broken(str(error)) from error


@contextmanager
def disk(folder: Path, small: bool) -> Iterator[None]:
    """The folder for a job, on a disk of its own where it is to be filled."""
    if small:
        farm_faults.small_disk(folder)
    try:
        yield
    finally:
        if small:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def made(folder: Path) -> Farm:
    farm = Farm(folder, MACHINES, networks_possible())
    try:
        farm.heal()
    except BaseException:
        farm.close()
        raise
    return farm


def campaign(each: int, only: str, seed: int, out: Path | None) -> int:
    began = time.monotonic()
    lines, failures, skipped, totals = [], [], [], Counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        labels = write_labels(folder / "labels", FRAMES)
        farm = made(folder / "farm0")
        try:
            plain = job_of(labels, folder / "out", FRAMES, HOLD, PER)
            reference = make_reference(folder, farm.first.home / "models", plain)
            for name in (name for name in farm_faults.ALL if only in name):
                passed, counts = 0, Counter()
                for one in range(seed, seed + (1 if only else times(name, each))):
                    started = time.monotonic()
                    try:
                        counts += run_one(name, one, farm, plain, reference, DELAY)
                        passed += 1
                    except Skipped as why:
                        skipped.append(f"{name}: {why}")
                        break
                    except Exception as error:
                        failures.append(f"{name}, seed {one}: {error}")
                        print("FAILED:", failures[-1])
                        if not isinstance(error, Broken):
                            traceback.print_exc()
                        farm.close()
                        farm = made(folder / f"farm{len(failures)}")
                    counts["seconds"] += round(time.monotonic() - started)
                    told = f"{counts['twice']} of {counts['painted']} again, {counts['allowed']} may be"
                    print(f"{time.monotonic() - began:6.0f} s  {name} {one}: {passed} passed, {told}", flush=True)
                totals += counts
                totals["faults"] += passed if name != "nothing" else 0
                about = (
                    passed,
                    counts["painted"],
                    counts["twice"],
                    counts["allowed"],
                    counts["seconds"] // max(1, passed),
                )
                lines.append(f"| {name} | {' | '.join(map(str, about))} |")
            networks = farm.networks
        finally:
            farm.close()
    if out is not None and not only:
        section = report(lines, totals, failures, skipped, networks, seed, time.monotonic() - began)
        before, _, _ = (out.read_text("utf-8") if out.exists() else "").partition(FARM)
        out.write_text(f"{before.rstrip()}\n\n{section}", "utf-8")
    return 1 if failures else 0


def report(lines, totals, failures, skipped, networks, seed, seconds) -> str:
    where = "network namespaces on a bridge" if networks else "plain processes on one network"
    version = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return "\n".join(
        [
            FARM,
            "",
            "Written by `python -m tests.faults.farm_campaign`; do not edit. `serve --farm` and three machines that",
            f"joined it: {where}, a state folder each, one disk; {version},",
            f"{os.cpu_count()} cores under the load of other work, {seconds / 60:.0f} minutes, first seed {seed}.",
            f"The shot has {FRAMES} frames that are held strongly, in runs of {PER} blocks; the stand-in sleeps 20 ms.",
            "The blow falls when every machine has a picture in hand.",
            "",
            f"**{totals['faults']} faults**, {len(failures)} broken promises; {totals['painted']} paintings, "
            f"{totals['twice']} of them again.",
            "",
            "After each fault: the job completed, no frame failed, every one was told, no event was missing; its",
            "files were those of a single machine, byte for byte, and no others; nothing half-written was left; no",
            "more was painted again than may be: what a painter that was killed had in hand (at most 6), the ends of",
            "runs, which two machines may paint at once, and what one that is cut off paints until its lease ends.",
            "",
            "| fault | times | paintings | of them again | may be | seconds each |",
            "|---|---|---|---|---|---|",
            *lines,
            "",
            "The scheduler is a part of the coordinator's process: they die together. Seconds are those of a whole",
            "trial, in which what the one before had ended begins anew.",
            *([""] + [f"Broken: {failure}" for failure in failures] if failures else []),
            *([""] + [f"Not tested here: {words}" for words in skipped] if skipped else []),
            "",
        ]
    )


def main() -> None:
    arguments = asked(__doc__, EACH, "times of every fault that has no number of its own")
    sys.exit(campaign(arguments.each, arguments.only, arguments.seed, arguments.out))


if __name__ == "__main__":
    main()
