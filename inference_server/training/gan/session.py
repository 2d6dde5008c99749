"""One training of a generator from the request to the model folder: begin or go on, show progress, keep, publish."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, field, replace
from typing import Any

import torch

from inference_server.models.cards import Card
from inference_server.models.install import check_name
from inference_server.models.precision import half_of
from inference_server.training import clock, pictures
from inference_server.training.gan import augment, begin, sheets
from inference_server.training.gan.begin import Start
from inference_server.training.gan.data import Pictures, read_pictures
from inference_server.training.gan.measure import Measure
from inference_server.training.gan.publish import write_model
from inference_server.training.gan.reckoning import say_honestly
from inference_server.training.gan.trainer import CURVES, Plan, Trainer
from inference_server.training.publish import About
from inference_server.training.session import CURVES as CURVES_FILE
from inference_server.training.session import SAMPLES, STATE, Outcome, Say, work_folder
from inference_server.training.trainer import read_state
from shared.errors import InputRefused
from shared.values import Value
from shared.wording import counted

PROGRESS = "progress.png"
BATCH, BATCH_GPU = 8, 32
RATE, RATE_SMALL = 2.5e-3, 5e-3  # a weight among few has to go further
GAMMA, GAMMA_SMALL = 2e-4, 2e-3  # of R1: times the picture's pixels, by the batch; small networks collapse with less
KIMG = 1000.0
FULL_ON = 100_000  # pictures in which the chance of a change could go from 0 to 1, of a model that goes on


class Request(Value):
    """What the command line asks. start: model to go on from; kimg: thousand pictures that are shown; hours: of
    training, after which it stops; None: as it fits."""

    dataset: str
    name: str
    start: str = ""
    size: int | None = None
    kimg: float | None = None
    hours: float | None = None
    batch: int | None = None
    rate: float | None = None
    gamma: float | None = None
    mirror: bool = False
    seed: int = 0
    device: str = "cpu"
    restart: bool = False
    check_only: bool = False
    about: About = field(default_factory=About)


def train(request: Request, say: Say = print) -> Outcome:
    """Train until as many pictures were shown, as many hours are over, or Ctrl-C; the same request goes on, and one
    that asks for more goes further.

    Raises InputRefused where another training of this name is unfinished, and whatever the pictures' checks refuse.
    """
    check_name(request.name, replace=True)
    folder = work_folder(request.name)
    parent = begin.going_on(request.start) if request.start else None
    found = read_pictures(request.dataset, request.size or (parent.net.resolution if parent else None))
    say(f"{counted(len(found.values), 'picture')}, trained at {found.size}x{found.size}")
    for note in found.notes:
        say(f"  note: {note}")
    if parent is not None and parent.net.resolution != found.size:
        raise InputRefused(
            f"{request.start} paints {parent.net.resolution}x{parent.net.resolution}, not {found.size}x{found.size}",
            remedy="Leave --size out",
        )
    start = parent or begin.new(found.size, request.device, request.seed)
    threads = torch.get_num_threads()
    if request.device == "cpu":
        say(say_honestly(start.net.config, threads))
    if request.about == About():
        say("note: the card will say of the licence that its author decides; --about tells it what the pictures allow")
    if request.check_only:
        return Outcome(None, True, folder)
    folder.mkdir(parents=True, exist_ok=True)
    state = None if request.restart else read_state(folder / STATE)
    batch = request.batch or (BATCH if request.device == "cpu" else BATCH_GPU)
    plan = Plan(
        batch=batch,
        seed=request.seed,
        rate=request.rate or (RATE_SMALL if start.small else RATE),
        gamma=request.gamma or (GAMMA_SMALL if start.small else GAMMA) * found.size**2 / batch,
        full=FULL_ON if request.start else augment.FULL,
        mirror=request.mirror,
        threads=threads,
        precision=_precision(request.device),
    )
    identity = _identity(request, found, start, plan)
    if state is not None:
        _same(state["identity"], identity, folder)
        kept = state["identity"]["plan"]
        plan = replace(plan, threads=kept["threads"], precision=kept["precision"])  # so that the bits stay the same
        identity = state["identity"]
    torch.set_num_threads(plan.threads)
    trainer = Trainer(start.net, found.values, plan, request.device)
    run = _Run(request, found, start, trainer, identity, say)
    if state is not None:
        trainer.load(state)
        run.load(state["shown"])
        say(f"goes on after {trainer.seen / 1000:g} thousand pictures")
    until = f"until {run.kimg:g} thousand pictures were shown" + (
        f" or {request.hours:g} hours are over" if request.hours else ""
    )
    say(f"learns {until}, on {request.device} ({half_of(request.device).device}, {plan.precision})")
    say(f"samples: {folder / SAMPLES}, after a minute, then every three; Ctrl-C stops, the same command goes on")
    return run.until_done()


class _Run:
    """What is said, kept and shown while it learns."""

    card: Card

    def __init__(
        self, request: Request, found: Pictures, start: Start, trainer: Trainer, identity: dict[str, Any], say: Say
    ) -> None:
        self.request, self.found, self.start, self.trainer = request, found, start, trainer
        self.identity, self.say = identity, say
        self.folder = work_folder(request.name)
        self.kimg = request.kimg or KIMG
        self.measure = Measure(found.values, trainer.device)
        self.distances: list[list[float]] = []  # thousand pictures shown, distance
        self.moments: list[tuple[float, Any]] = []
        self.began = time.monotonic()

    def load(self, shown: dict[str, Any]) -> None:
        """What was measured and painted before it was interrupted."""
        self.began -= shown["seconds"]
        self.distances = [list(one) for one in shown["distances"]]
        self.moments = [(seen, painted.numpy()) for seen, painted in shown["moments"]]

    def until_done(self) -> Outcome:
        if not self.distances:
            self.look()
        clock.until_done(self.trainer.advance, self.done, self.keep, self.report)
        finished, seen = self.done(), self.trainer.seen / 1000
        if finished:
            self.say(f"{self.request.name} is trained: {self.card.folder}")
            self.say("the same command with more --kimg or --hours goes further")
        else:
            self.say(f"stopped after {seen:g} thousand pictures; the same command goes on from there")
        return Outcome(self.card, finished, self.folder)

    def done(self) -> bool:
        hours = self.request.hours
        late = hours is not None and time.monotonic() - self.began >= hours * 3600
        return late or self.trainer.seen >= self.kimg * 1000

    def report(self, each: float) -> None:
        trainer, hours = self.trainer, self.request.hours
        left = each * (self.kimg * 1000 - trainer.seen) / trainer.plan.batch
        if hours is not None:
            left = min(left, max(0.0, hours * 3600 - (time.monotonic() - self.began)))
        self.say(
            f"{trainer.seen / 1000:.1f} of {self.kimg:g} thousand pictures, distance {self.distances[-1][1]:.3g}, "
            f"{trainer.plan.batch / each:.3g} pictures a second, {clock.time_left(left)}"
        )

    def look(self) -> Any:
        """Measure and paint what there is now; the paintings."""
        seen, painted = self.trainer.seen / 1000, sheets.samples(self.trainer.average)
        if not self.distances or self.distances[-1][0] < seen:
            self.distances.append([seen, self.measure.of(self.trainer.average)])
            self.moments = sheets.thinned([*self.moments, (seen, painted[: sheets.COLUMNS])])
        return painted

    def keep(self) -> None:
        """State, samples, curves and the model as it is now: it can be painted with while the training goes on."""
        trainer, seconds = self.trainer, time.monotonic() - self.began
        sheet = sheets.grid(self.look())
        moments = [(seen, torch.from_numpy(painted)) for seen, painted in self.moments]
        shown = {"seconds": seconds, "distances": self.distances, "moments": moments}
        trainer.save(self.folder / STATE, self.identity, shown)
        pictures.save_picture(sheet, self.folder / SAMPLES)
        pictures.save_picture(sheets.over_time(self.moments), self.folder / PROGRESS)
        pictures.save_picture(self.curves(), self.folder / CURVES_FILE)
        history = {
            "kimg": trainer.seen / 1000,
            "minutes": round(seconds / 60),
            "distance": self.distances[-1][1],
            "distance_of_halves": self.measure.floor(),
            "parent": "" if self.start.parent is None else self.start.parent.hash,
            **asdict(trainer.plan),
        }
        self.card = write_model(
            self.request.name, self.start, trainer.average, self.found, self.request.about, history, sheet
        )

    def curves(self) -> Any:
        """The distance, and below it what the steps reported."""
        trainer, kilo = self.trainer, self.trainer.plan.batch / 1000
        across, distances = zip(
            *(self.distances[1:] or self.distances), strict=True
        )  # what it paints untaught is out of every scale
        name = f"distance from the real pictures ({self.measure.floor():.2g} between their halves)"
        rows = [(name, across, distances)]
        reported = list(zip(*trainer.curves, strict=True)) or [()] * len(CURVES)
        for name, values in zip(CURVES, reported, strict=True):
            steps, heights = pictures.means(values)
            rows.append((name, tuple(step * kilo for step in steps), tuple(heights)))
        return pictures.curves_sheet(rows, max(trainer.seen / 1000, kilo), "thousand pictures:")


def _precision(device: str) -> str:
    """bfloat16 where a GPU computes in it. Processors gain nothing: the small networks are bound by memory there."""
    return "bfloat16" if device.startswith("cuda") and torch.cuda.is_bf16_supported() else "float32"


def _identity(request: Request, found: Pictures, start: Start, plan: Plan) -> dict[str, Any]:
    """What must agree for a training to go on."""
    return {
        "network": json.dumps(start.config, sort_keys=True),
        "pictures": found.sha256,
        "size": found.size,
        "start": "" if start.parent is None else start.parent.hash,
        "plan": asdict(plan),
    }


def _same(kept: dict[str, Any], asked: dict[str, Any], folder: Any) -> None:
    """Raises InputRefused naming what differs; threads and precision are the kept ones."""
    differs: Callable[[str], InputRefused] = lambda what: InputRefused(  # noqa: E731
        f"there is a training of this name with other {what}",
        file=folder,
        remedy="Repeat its command to go on, choose another --name, or begin again with --restart",
    )
    if "pictures" not in kept:
        raise differs("kind of network")
    for name in ("pictures", "size", "start", "network"):
        if kept[name] != asked[name]:
            raise differs(name)
    for name in ("batch", "seed", "rate", "gamma", "full", "mirror"):
        if kept["plan"][name] != asked["plan"][name]:
            raise differs(f"{name} ({kept['plan'][name]} then, {asked['plan'][name]} now)")
