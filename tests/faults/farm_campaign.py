"""Run the farm's faults and write their table into docs/reliability.md: `python -m tests.faults.farm_campaign`.

As in `campaign`, every fault is named and seeded (`--only "link down" --seed 17` repeats one), and every promise is
checked after each. One farm of four machines lives through all of them: what a fault has ended is begun again
(`Farm.heal`) before the next, and a farm that broke a promise is replaced. With `--kept FILE` a campaign that was
stopped goes on behind the trials that are through.
"""

from __future__ import annotations

import json
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

from shared.errors import SemrenderError
from shared.shot import Shot, write_shot
from shared.stopping import stoppable
from shared.values import Value
from tests.faults import farm_faults
from tests.faults.campaign import FARM, asking
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
    if name == "full disk":
        job = {**job, "out": str(farm_faults.small_disk(farm) / "out")}
    with cleared(Path(str(job["out"]))):
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
def cleared(folder: Path) -> Iterator[None]:
    """The folder of a job, which goes with it."""
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def made(folder: Path) -> Farm:
    farm = Farm(folder, MACHINES, networks_possible())
    try:
        farm.heal()
    except BaseException:
        farm.close()
        raise
    return farm


class Outcome(Value):
    """What came of a trial. counts: of a Trial, where it kept every promise; broken, skipped: why it did not."""

    name: str
    seed: int
    seconds: float
    counts: dict[str, int] = field(default_factory=dict)
    broken: str = ""
    skipped: str = ""


def outcome_of(name: str, seed: int, farm: Farm, job: dict[str, object], reference: Path) -> Outcome:
    began = time.monotonic()
    found: dict[str, object] = {}
    try:
        found["counts"] = dict(run_one(name, seed, farm, job, reference, DELAY))
    except Skipped as why:
        found["skipped"] = str(why)
    except Exception as error:
        found["broken"] = str(error)
        if not isinstance(error, Broken):
            traceback.print_exc()
    return Outcome(name, seed, time.monotonic() - began, **found)


def kept(file: Path | None) -> list[Outcome]:
    """The trials of a campaign that was stopped."""
    lines = file.read_text("utf-8").splitlines() if file is not None and file.exists() else []
    return [Outcome(**json.loads(line)) for line in lines]


def campaign(each: int, only: str, seed: int, out: Path | None, file: Path | None) -> int:
    names = [name for name in farm_faults.ALL if only in name]
    trials = [(name, seed + n) for name in names for n in range(1 if only else times(name, each))]
    done = kept(file)
    left = [trial for trial in trials if trial not in {(one.name, one.seed) for one in done}]
    with tempfile.TemporaryDirectory() as temporary, stoppable():
        for outcome in tried(left, Path(temporary)):
            done.append(outcome)
            if file is not None:
                with file.open("a", encoding="utf-8") as lines:
                    lines.write(f"{json.dumps(vars(outcome))}\n")
            told = outcome.broken or outcome.skipped or ", ".join(f"{n} {what}" for what, n in outcome.counts.items())
            word = "FAILED: " if outcome.broken else ""
            print(f"{outcome.seconds:6.0f} s  {word}{outcome.name} {outcome.seed}: {told}", flush=True)
    if out is not None and not only:
        before, _, _ = (out.read_text("utf-8") if out.exists() else "").partition(FARM)
        out.write_text(f"{before.rstrip()}\n\n{report(done, networks_possible(), seed)}", "utf-8")
    return 1 if any(one.broken for one in done) else 0


def tried(trials: Sequence[tuple[str, int]], folder: Path) -> Iterator[Outcome]:
    """What comes of each, on one farm; one that broke a promise is replaced."""
    if not trials:
        return
    labels = write_labels(folder / "labels", FRAMES)
    farm = made(folder / "farm0")
    try:
        job = job_of(labels, folder / "out", FRAMES, HOLD, PER)
        reference = make_reference(folder, farm.first.home / "models", job)
        for number, (name, seed) in enumerate(trials, 1):
            outcome = outcome_of(name, seed, farm, job, reference)
            yield outcome
            if outcome.broken:
                farm.close()
                farm = made(folder / f"farm{number}")
    finally:
        farm.close()


def row(name: str, own: list[Outcome]) -> str:
    passed = [one for one in own if one.counts]
    totals = sum((Counter(one.counts) for one in passed), Counter())
    seconds = round(sum(one.seconds for one in passed) / max(1, len(passed)))
    about = (name, len(passed), totals["painted"], totals["twice"], totals["allowed"], seconds)
    return f"| {' | '.join(map(str, about))} |"


def report(done: list[Outcome], networks: bool, seed: int) -> str:
    lines = [row(name, [one for one in done if one.name == name]) for name in farm_faults.ALL]
    totals = sum((Counter(one.counts) for one in done), Counter())
    faults = sum(1 for one in done if one.counts and one.name != "nothing")
    failures = [f"{one.name}, seed {one.seed}: {one.broken}" for one in done if one.broken]
    skipped = sorted({f"{one.name}: {one.skipped}" for one in done if one.skipped})
    seconds = sum(one.seconds for one in done)
    where = "network namespaces on a bridge" if networks else "plain processes on one network"
    version = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return "\n".join(
        [
            FARM,
            "",
            "Written by `python -m tests.faults.farm_campaign`; do not edit. `serve --farm` and three machines that",
            f"joined it: {where}, a state folder each, one disk; {version},",
            f"{os.cpu_count()} cores, {seconds / 60:.0f} minutes, first seed {seed}.",
            f"The shot has {FRAMES} frames that are held strongly, in runs of {PER} blocks; the stand-in sleeps 20 ms.",
            "The blow falls when every machine has a picture in hand.",
            "",
            f"**{faults} faults**, {len(failures)} broken promises; {totals['painted']} paintings, "
            f"{totals['twice']} of them again.",
            "",
            "After each fault: the job completed, no frame failed, every one was told, no event was missing; its",
            "files were those of a single machine, byte for byte, and no others; nothing half-written was left; no",
            "more was painted again than may be, in all and of each run: the ends of runs, which two machines may",
            "paint at once; and at most 6 pictures each, what a painter that was killed, or that nobody hears of any",
            "more, had in hand, and what two have in hand where they meet in a run that was begun with again.",
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
    parser = asking(__doc__, EACH, "times of every fault that has no number of its own")
    parser.add_argument(
        "--kept", type=Path, help="a file of the trials that are through, which another run goes on from"
    )
    arguments = parser.parse_args()
    sys.exit(campaign(arguments.each, arguments.only, arguments.seed, arguments.out, arguments.kept))


if __name__ == "__main__":
    main()
