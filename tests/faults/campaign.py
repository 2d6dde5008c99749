"""Run the fault campaign and write docs/reliability.md: `python -m tests.faults.campaign [--each 5] [--only WORDS]`.

Every fault is named and seeded: `--only "power cut" --seed 17` repeats one. Each runs against a server of its own,
over a job of several hundred tasks; afterwards every promise is checked (`world.verify`). At the end two things
are taken out of the server, and the campaign must notice.
"""

from __future__ import annotations

import argparse
import platform
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from shared.errors import SemrenderError
from tests.faults import faults
from tests.faults.fuzz import fuzz
from tests.faults.world import ROOT, Broken, World, sabotaged, write_labels

MESSAGES = 100_000
FRAMES = 120  # of two layers: 240 paintings and two more tasks
TIMES = {"broker killed at any moment": 20, "worker killed at any moment": 20, "power cut": 20, "full disk": 8}
FARM = "## A farm of four machines"  # what `farm_campaign` writes stands last

SABOTAGES = {
    "the worker renames without fsync": (
        "power cut",
        "inference_server/worker/outputs.py",
        "            file.flush()\n            os.fsync(file.fileno())\n",
        "            file.flush()\n",
    ),
    "the folders are not synced at the end": (
        "power cut",
        "inference_server/worker/deliver.py",
        "    outputs.settle(plan.out)\n",
        "",
    ),
    "the ledger does not wait for the disk": (
        "power cut",
        "inference_server/broker/ledger.py",
        "synchronous = FULL",
        "synchronous = OFF",
    ),
    "a client is answered before the commit": (
        "broker before commit of submit",
        "inference_server/broker/broker.py",
        "    def _commit(self) -> None:\n",
        "    def _commit(self) -> None:\n        for client, frames in self._answers:\n"
        "            self._send(client, frames)\n        self._answers.clear()\n",
    ),
}


def run_one(name: str, seed: int, folder: Path, labels: Path, reference: Path | None, frames: int, tree: Path = ROOT):
    """One fault and its check; returns the counts. Raises Broken, or Skipped where it cannot be made here."""
    world = World(folder / f"{seed}", labels, frames, random.Random(f"{name} {seed}"), tree)
    try:
        faults.ALL[name](world)
        return world.verify(reference)
    except SemrenderError as error:
        raise Broken(str(error)) from error
    finally:
        world.remove()


def make_reference(folder: Path, labels: Path, frames: int) -> Path:
    """The same job without faults."""
    world = World(folder / "reference", labels, frames, random.Random(0))
    world.start()
    with world.client() as client:
        world.submit(client)
    world.verify(None)
    return world.out


def campaign(each: int, only: str, seed: int, out: Path | None) -> int:
    began = time.monotonic()
    names = [name for name in faults.ALL if only in name]
    lines, failures, skipped, totals = [], [], [], Counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        labels = write_labels(folder / "labels", FRAMES)
        reference = make_reference(folder, labels, FRAMES)
        for name in names:
            passed, counts = 0, Counter()
            for number in range(1 if only else max(each, TIMES.get(name, each))):
                one = seed + number
                try:
                    counts += run_one(name, one, folder, labels, reference, FRAMES)
                    passed += 1
                except faults.Skipped as why:
                    skipped.append(f"{name}: {why}")
                    break
                except Exception as error:
                    failures.append(f"{name}, seed {one}: {error}")
                    print("FAILED:", failures[-1])
                    if not isinstance(error, Broken):
                        traceback.print_exc()
                print(f"{time.monotonic() - began:6.0f} s  {name} {one}: {passed} passed", flush=True)
            totals += counts
            totals["faults"] += passed
            lines.append(f"| {name} | {passed} | {counts['painted']} | {counts['twice']} |")
        caught = {} if only else sabotage(folder, labels, reference)
    for words, how in caught.items():
        print(f"{words}: {how or 'NOT NOTICED'}")
    if out is not None and not only:
        seconds = time.monotonic() - began
        damaged = fuzz(MESSAGES, seed)
        page = report(lines, totals, failures, skipped, caught, damaged, seed, seconds)
        _, heading, farm = (out.read_text("utf-8") if out.exists() else "").partition(FARM)
        out.write_text("\n".join([page, heading + farm]) if heading else page, "utf-8")
    return 1 if failures or not all(caught.values()) else 0


def sabotage(folder: Path, labels: Path, reference: Path) -> dict[str, str]:
    """What the campaign says when a protection is taken out; an empty text if it notices nothing."""
    caught = {}
    for number, (words, (fault, file, before, after)) in enumerate(SABOTAGES.items()):
        tree = sabotaged(folder / f"sabotage{number}", file, before, after)
        caught[words] = ""
        for seed in range(8):
            try:
                run_one(fault, 1000 * number + seed, folder, labels, reference, FRAMES, tree)
            except Broken as error:
                caught[words] = f"{fault}, attempt {seed + 1}: {str(error).replace(str(folder), '')}"
                break
    return caught


def report(lines, totals, failures, skipped, caught, damaged, seed, seconds) -> str:
    version = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return "\n".join(
        [
            "# Reliability",
            "",
            "Written by `python -m tests.faults.campaign`; do not edit. Real processes, ZeroMQ sockets, SQLite, files;",
            f"the network is a stand-in that sleeps 4 ms. {version}, {seconds / 60:.0f} minutes, first seed {seed}.",
            "",
            f"**{totals['faults']} faults**, {len(failures)} broken promises; {totals['painted']} paintings in jobs of",
            f"{2 * FRAMES + 2} tasks, {totals['twice']} of them again: a process had died with them in hand, or the",
            "power cut had taken their files.",
            "",
            "After each fault: every accepted job completed, or ended as it was told to; no job and no event was lost,",
            "every frame was told; no frame was painted twice but those in the hands of a process that was killed;",
            "under final names there were only whole files, byte for byte those of a run without faults; nothing",
            "half-written and no process was left.",
            "",
            "| fault | times | paintings | of them again |",
            "|---|---|---|---|",
            *lines,
            "",
            "## Does the campaign notice?",
            "",
            "One protection at a time is taken out of a copy of the server.",
            "",
            "| taken out | noticed |",
            "|---|---|",
            *(f"| {words} | {how or '**not noticed**'} |" for words, how in caught.items()),
            "",
            "The power cut is simulated: all processes are killed, then what was not synced is taken back (a renamed",
            "file without fsync becomes empty, a rename without a synced folder may vanish, the ledger's log ends at",
            "its last synced commit, as SQLite documents its levels). No power was cut.",
            "",
            "## Damaged messages",
            "",
            f"Of {damaged['messages']:,.0f} messages {damaged['well-formed']:,.0f} were mutations of recorded",
            "conversations that pass the header check, the rest damaged bytes (`python -m tests.faults.fuzz`). The",
            f"server refused {damaged['refused']:,.0f} and answered {damaged['accepted']:,.0f}, in"
            f" {damaged['seconds']:.0f} s; it died 0 times, workers {damaged['worker deaths']:.0f} times;"
            f" {damaged['unforeseen']:.0f} refusals were unforeseen ones.",
            f"Memory of the broker: {damaged['MiB at start']:.0f} MiB before, at most {damaged['MiB at most']:.0f}.",
            *([""] + [f"Broken: {failure}" for failure in failures] if failures else []),
            *([""] + [f"Not tested here: {words}" for words in skipped] if skipped else []),
            "",
        ]
    )


def asking(words: str | None, each: int, times: str) -> argparse.ArgumentParser:
    """The command line of a campaign."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--each", type=int, default=each, help=times)
    parser.add_argument("--only", default="", help="only the faults whose name has these words, once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "reliability.md")
    return parser


def main() -> None:
    arguments = asking(__doc__, 7, "times of every fault (default 7)").parse_args()
    sys.exit(campaign(arguments.each, arguments.only, arguments.seed, arguments.out))


if __name__ == "__main__":
    main()
