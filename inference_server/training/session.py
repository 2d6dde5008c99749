"""One training from the request to the model folder: check, begin or go on, show progress, keep the state, publish."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, field, replace
from pathlib import Path
from typing import Any

import torch

from inference_server.models import checkpoint as published
from inference_server.models.cards import Card
from inference_server.models.catalogue import find_card
from inference_server.models.install import check_name
from inference_server.models.precision import half_of
from inference_server.training import clock, pictures
from inference_server.training.networks import Start, going_on, new, spade_start
from inference_server.training.pairs import Pairs, class_rows, geometry_row, read_pairs, warnings
from inference_server.training.publish import About, write_model
from inference_server.training.sources import find_pairs
from inference_server.training.trainer import CURVES as LOSSES
from inference_server.training.trainer import Plan, Trainer, read_state
from shared import places
from shared.errors import InputRefused
from shared.label_set import LabelSet, load_label_set
from shared.passes import ReadOptions
from shared.passes.read import probe
from shared.values import Value
from shared.wording import counted

STATE, SAMPLES, CURVES = "state.pt", "samples.png", "losses.png"
HELD_BACK = 20  # one pair in so many is not trained on but shown in the samples
LEAST_TO_HOLD_BACK = 12
RATE_ON = 2.5e-4  # of a model that goes on

Say = Callable[[str], None]


class Request(Value):
    """What the command line asks. start: model or checkpoint to go on from; empty for a new network."""

    dataset: str
    name: str
    images: str | None = None
    guides: Mapping[str, str | None] = field(default_factory=dict)
    label_set: str = "coco_stuff"
    start: str = ""
    family: str = "small"
    size: tuple[int, int] | None = None
    steps: int = 3000
    batch: int = 6
    rate: float | None = None
    seed: int = 0
    device: str = "cpu"
    restart: bool = False
    check_only: bool = False
    about: About = field(default_factory=About)
    read: ReadOptions = field(default_factory=ReadOptions)


class Outcome(Value):
    """card: the model's, None where nothing was trained; finished: all steps were done."""

    card: Card | None
    finished: bool
    folder: Path


def work_folder(name: str) -> Path:
    """Where a training keeps its state, samples and curves."""
    return places.home() / "training" / name


def train(request: Request, say: Say = print) -> Outcome:
    """Train until the last step or Ctrl-C; the same request later goes on where this one stopped.

    Raises InputRefused where another training of this name is unfinished, and whatever the pairs' checks refuse.
    """
    check_name(request.name, replace=True)
    folder = work_folder(request.name)
    label_set = load_label_set(request.label_set)
    pairs = _checked_pairs(request, label_set, say)
    if request.check_only:
        return Outcome(None, True, folder)
    learnt, shown = hold_back(pairs)
    start = _start(request, learnt, label_set)
    if any(side % start.multiple for side in pairs.size):
        raise InputRefused(
            f"this network trains at multiples of {start.multiple}, not {pairs.size[0]}x{pairs.size[1]}",
            remedy="Give such a size with --size",
        )
    folder.mkdir(parents=True, exist_ok=True)
    state = None if request.restart else read_state(folder / STATE)
    plan = Plan(
        steps=request.steps,
        batch=min(request.batch, len(learnt.ids)),
        seed=request.seed,
        rate=request.rate or (RATE_ON if request.start else 4e-4),
        threads=torch.get_num_threads(),
        precision=precision_of(request.device),
    )
    identity = _identity(request, pairs, start, plan)
    if state is not None:
        _same(state["identity"], identity, folder)
        kept = state["identity"]["plan"]
        plan = replace(plan, threads=kept["threads"], precision=kept["precision"])  # so that the bits stay the same
        identity = state["identity"]
    torch.set_num_threads(plan.threads)
    trainer = Trainer(start, learnt, plan, request.device)
    if state is not None:
        trainer.load(state)
        say(f"goes on at step {trainer.step} of {plan.steps}")
    about = half_of(request.device).device
    say(f"learns from {len(learnt.ids)} pairs in {plan.steps} steps on {request.device} ({about}, {plan.precision})")
    say(f"samples: {folder / SAMPLES}, after a minute, then every three; Ctrl-C stops, the same command goes on")
    spent = float(state["identity"].get("seconds", 0.0)) if state is not None else 0.0
    run = _Run(request, label_set, pairs, shown, trainer, identity, folder, say, spent)
    return run.until_done()


class _Run:
    """What is said, kept and shown while it learns."""

    card: Card

    def __init__(
        self,
        request: Request,
        label_set: LabelSet,
        pairs: Pairs,
        shown: Pairs,
        trainer: Trainer,
        identity: dict[str, Any],
        folder: Path,
        say: Say,
        spent: float,
    ) -> None:
        self.request, self.label_set, self.pairs, self.shown = request, label_set, pairs, shown
        self.trainer, self.identity, self.folder, self.say = trainer, identity, folder, say
        self.began = time.monotonic() - spent

    def until_done(self) -> Outcome:
        trainer, steps = self.trainer, self.trainer.plan.steps
        clock.until_done(trainer.advance, lambda: trainer.step >= steps, self.keep, self.report)
        finished = trainer.step >= steps
        if finished:
            self.say(f"{self.request.name} is trained: {self.card.folder}")
        else:
            self.say(f"stopped at step {trainer.step} of {steps}; the same command goes on from there")
        return Outcome(self.card, finished, self.folder)

    def report(self, each: float) -> None:
        trainer = self.trainer
        recent = trainer.curves[max(0, trainer.step - 50) : trainer.step].mean(0).tolist()
        left = clock.time_left(each * (trainer.plan.steps - trainer.step))
        self.say(f"step {trainer.step} of {trainer.plan.steps}, reconstruction {recent[0]:.3f}, {left}")

    def keep(self) -> None:
        """State, samples, curves and the model as it is now: it can be painted with while the training goes on."""
        trainer, plan = self.trainer, self.trainer.plan
        seconds = time.monotonic() - self.began
        trainer.save(self.folder / STATE, {**self.identity, "seconds": seconds})
        painted = pictures.paint_pairs(trainer.start, trainer.average, self.shown, trainer.device)
        sheet = pictures.sample_sheet(self.shown, painted, self.label_set)
        pictures.save_picture(sheet, self.folder / SAMPLES)
        curves = zip(LOSSES, trainer.curves[: trainer.step].T.tolist(), strict=True)
        sheet_of_curves = pictures.curves_sheet([(name, *pictures.means(y)) for name, y in curves], plan.steps, "step")
        pictures.save_picture(sheet_of_curves, self.folder / CURVES)
        history = {
            "step": trainer.step,
            "steps": plan.steps,
            "minutes": round(seconds / 60),
            "seed": plan.seed,
            "batch": plan.batch,
            "rate": plan.rate,
            "parent": trainer.start.parent,
        }
        self.card = write_model(
            self.request.name,
            trainer.start,
            trainer.average.state_dict(),
            self.label_set,
            self.pairs,
            self.request.about,
            history,
            sheet,
        )


def hold_back(pairs: Pairs) -> tuple[Pairs, Pairs]:
    """Those to learn from and those to show. The last are held back: neighbours in a shot are too much alike."""
    count = len(pairs.ids)
    held = max(1, count // HELD_BACK) if count >= LEAST_TO_HOLD_BACK else 0
    learnt = pairs.part(slice(0, count - held))
    shown = pairs.part(slice(count - held, count)) if held else learnt
    return learnt, shown.part(slice(0, None, max(1, len(shown.ids) // pictures.SAMPLES))).part(
        slice(0, pictures.SAMPLES)
    )


def precision_of(device: str) -> str:
    """bfloat16 where the device computes in it, else float32."""
    if device.startswith("cuda"):
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    return "bfloat16" if device == "cpu" and half_of("cpu").gains else "float32"


def _checked_pairs(request: Request, label_set: LabelSet, say: Say) -> Pairs:
    files = find_pairs(request.dataset, request.images, request.guides)
    first = probe(files[0].label)
    pairs = read_pairs(files, label_set, request.size, request.read)
    say(f"{counted(len(files), 'pair')} of {first.width}x{first.height}, trained at {pairs.size[0]}x{pairs.size[1]}")
    for row in (*class_rows(pairs, label_set), geometry_row(pairs)):
        if row:
            say(f"  {row}")
    for warning in warnings(pairs, label_set, (first.width, first.height)):
        say(f"  note: {warning}")
    if not pairs.pixels():
        raise InputRefused("no pixel of the label maps has a class", file=request.dataset)
    return pairs


def _start(request: Request, pairs: Pairs, label_set: LabelSet) -> Start:
    torch.manual_seed(request.seed)
    if not request.start:
        return new(request.family, pairs, label_set)
    checkpoint = Path(request.start)
    if checkpoint.suffix == ".pth":
        weights = published.fold(published.read_state(checkpoint), checkpoint)
        options = published.read_options(checkpoint.with_name("opt.txt"))
        config = published.infer_config(weights, label_set, options, None, None, False, checkpoint)
        card = published.make_card(request.name, config, label_set, "", checkpoint.name, "")
        return spade_start(config, weights, card, pairs, str(checkpoint))
    model = find_card(request.start)
    if model.labels.label_set.hash != label_set.hash:
        raise InputRefused(
            f"{model.name} was trained on {model.labels.label_set.name}, the pairs are read as {label_set.name}",
            remedy=f"Use --label-set {model.labels.label_set.name}, or begin with a new network",
        )
    return going_on(model, pairs)


def _identity(request: Request, pairs: Pairs, start: Start, plan: Plan) -> dict[str, Any]:
    """What must agree for a training to go on."""
    channels = {str(identity): channel for identity, channel in start.channels.of.items()}
    about = {"pairs": pairs.sha256, "size": list(pairs.size), "start": request.start, "family": start.family}
    return {**about, "channels": json.dumps(channels, sort_keys=True), "plan": asdict(plan)}


def _same(kept: dict[str, Any], asked: dict[str, Any], folder: Path) -> None:
    """Raises InputRefused naming what differs; threads and precision are the kept ones."""
    for name in ("pairs", "size", "start", "family", "channels"):
        if kept[name] != asked[name]:
            raise _other(folder, name)
    for name in ("steps", "batch", "seed", "rate"):
        if kept["plan"][name] != asked["plan"][name]:
            raise _other(folder, f"{name} ({kept['plan'][name]} then, {asked['plan'][name]} now)")


def _other(folder: Path, what: str) -> InputRefused:
    return InputRefused(
        f"there is a training of this name with other {what}",
        file=folder,
        remedy="Repeat its command to go on, choose another --out, or begin again with --restart",
    )
