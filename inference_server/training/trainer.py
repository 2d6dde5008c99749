"""The steps of a training and its state.

Step n is a function of the state before it, the pairs and (seed, n): every random number comes from a generator
made of those two, none from a stream. So the state needs no generator, and a training that was interrupted
anywhere ends with the same bits as one that was not (on the same device, threads and precision).
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inference_server.models.small import guides
from inference_server.training import losses
from inference_server.training.discriminator import Discriminator
from inference_server.training.networks import Start
from inference_server.training.pairs import Pairs, known_planes
from shared.errors import InputRefused
from shared.label_set import NOTHING
from shared.passes.data_pass import FAR
from shared.values import Value

WARM_UP = 0.2  # share of the steps in which the painter does not listen to the judge yet
SETTLED = 0.75  # share of the steps after which the painter's normalisations stand still, as they do when it paints
FALL = 0.5  # the rates fall over this last share of the steps
LAST_RATE = 0.03  # of the full rate
EMA = 0.998
SHIFT = 16  # pixels; most by which a pair is moved
ALL_GONE, ONE_GONE = 0.25, 0.12  # share of the pairs that are shown without any guide, and without each of the others
DOME_GONE = 0.5  # share in which the sky is no surface: in some renderers it is a dome, in most it is none
DEEPER, BRIGHTER = 0.5, 0.75  # octaves by which distances and light are changed at most
SHADING_GONE = 0.35  # share without a clay render, which costs a render with lights
CURVES = ("reconstruction", "judge's say", "judge")


class Plan(Value):
    """What decides the result, beside the pairs and the start."""

    steps: int
    batch: int = 6
    seed: int = 0
    rate: float = 4e-4
    adversarial: bool = True
    threads: int = 1
    precision: str = "float32"

    def rate_at(self, step: int) -> float:
        left = 1 - step / self.steps
        return self.rate * max(LAST_RATE, min(1.0, left / FALL))


class Batch(Value):
    channels: Tensor  # (B, H, W) int64
    weight: Tensor  # (B, 1, H, W)
    real: Tensor  # (B, 3, H, W) in (-1, 1)
    looks: Tensor  # (B,) int64
    noise: Tensor  # (B, H, W)
    seen: Tensor | None  # (B, n, H, W), the guides


class Trainer:
    """Owns painter, its moving average, judge and their optimisers on one device."""

    def __init__(self, start: Start, pairs: Pairs, plan: Plan, device: str) -> None:
        torch.manual_seed(plan.seed)
        self.start, self.pairs, self.plan, self.device = start, pairs, plan, device
        self.net = _on(start.net, device)
        self.average = _on(_copy(start), device)
        self.judge = _on(Discriminator(start.channels.count, start.seen), device)
        self.paint = start.painter(self.net)
        self.optimiser = torch.optim.Adam(self.net.parameters(), plan.rate, betas=(0.0, 0.99))
        self.optimiser_judge = torch.optim.Adam(self.judge.parameters(), plan.rate, betas=(0.0, 0.99))
        self.step = 0
        self.curves = torch.zeros(plan.steps, len(CURVES))
        table = start.table()
        self.channels = table[pairs.ids]
        counts = np.bincount(self.channels[self.channels != NOTHING].astype(int), minlength=start.channels.count)
        self.weights = losses.class_weights(counts)
        self.looks = np.array([start.looks.index(look) if look in start.looks else 0 for look in pairs.looks])

    def advance(self) -> None:
        """One step. Raises InputRefused when the losses are no numbers any more."""
        plan, batch = self.plan, self._batch()
        for optimiser in (self.optimiser, self.optimiser_judge):
            optimiser.param_groups[0]["lr"] = plan.rate_at(self.step)
        self.net.train(self.step < SETTLED * plan.steps)
        with self._precision():
            painted = self.paint(batch.channels, batch.looks, batch.noise, batch.seen)
        near = losses.reconstruction(painted.float(), batch.real, batch.weight)
        if batch.seen is not None:
            near = near + losses.lines(painted.float(), batch.real, batch.seen, batch.weight)
        say = torch.zeros((), device=self.device)
        if plan.adversarial and self.step >= WARM_UP * plan.steps:
            self.judge.requires_grad_(False)
            with self._precision():
                verdicts, fake = self.judge(painted, batch.channels, batch.seen)
                with torch.no_grad():
                    _, real = self.judge(batch.real, batch.channels, batch.seen)
            say = losses.persuasion(verdicts, fake, real, batch.weight)
            say = say + losses.detail(painted, batch.real, batch.channels, self.start.channels.count)
            self.judge.requires_grad_(True)
        _descend(self.optimiser, near + say)
        judged = self._train_judge(batch, painted.detach()) if plan.adversarial else torch.zeros(())
        self._follow()
        self.curves[self.step] = torch.tensor([float(loss.detach()) for loss in (near, say, judged)])
        if not bool(torch.isfinite(self.curves[self.step]).all()):
            raise InputRefused(
                f"at step {self.step} the losses are no numbers any more",
                cause="The rate is too high for these pairs",
                remedy="Start again with a lower --rate",
            )
        self.step += 1

    def _train_judge(self, batch: Batch, painted: Tensor) -> Tensor:
        with self._precision():
            real, _ = self.judge(batch.real, batch.channels, batch.seen)
            fake, _ = self.judge(painted, batch.channels, batch.seen)
        loss = losses.judgement(real, fake, batch.weight)
        _descend(self.optimiser_judge, loss)
        return loss

    def _follow(self) -> None:
        """The moving average takes a step towards the network; early on a long one."""
        keep = min(EMA, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for mean, value in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
                if mean.is_floating_point():
                    mean.lerp_(value, 1 - keep)

    def _batch(self) -> Batch:
        """The pairs of this step: every pair once per epoch, mirrored and moved; labels and picture alike."""
        plan, count = self.plan, len(self.pairs.ids)
        rng = np.random.default_rng((plan.seed, self.step))
        places = range(self.step * plan.batch, (self.step + 1) * plan.batch)
        chosen = [np.random.default_rng((plan.seed, 2**32, p // count)).permutation(count)[p % count] for p in places]
        height, width = self.channels.shape[1:]
        channels, images, seen = [], [], []
        for n in chosen:
            rows, columns = moved(height, rng), moved(width, rng)
            mirrored = rng.random() < 0.5
            if mirrored:
                columns = columns[::-1]
            if self.start.guided:
                seen.append(self._seen(n, rows, columns, mirrored, rng))
            channels.append(self.channels[n][rows[:, None], columns])
            images.append(self.pairs.images[n][rows[:, None], columns])
        noise = rng.standard_normal((plan.batch, height, width), np.float32)
        numbers = np.stack(channels).astype(np.int64)
        outside = numbers == NOTHING
        numbers[outside] = self.start.channels.nothing
        weight = np.where(outside, 0, self.weights[numbers]).astype(np.float32)[:, None]
        real = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 127.5 - 1
        parts = (
            torch.from_numpy(numbers),
            torch.from_numpy(weight),
            real.contiguous(memory_format=torch.channels_last),
            torch.from_numpy(self.looks[chosen]),
            torch.from_numpy(noise),
            torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2) if seen else None,
        )
        return Batch(*(None if part is None else part.to(self.device) for part in parts))  # type: ignore[arg-type]

    def _seen(
        self, n: int, rows: NDArray[np.intp], columns: NDArray[np.intp], mirrored: bool, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """The guides of a pair, some of them or all held back: it must be able to paint without."""
        blind = rng.random() < ALL_GONE
        there = [not blind and rng.random() >= ONE_GONE for _ in range(3)]
        nearer = np.float32(2.0 ** rng.uniform(-DEEPER, DEEPER))
        geometry, flip = self.pairs.geometry, np.array([-1 if mirrored else 1, 1, 1], np.float32)
        if geometry is None:
            return guides.planes((len(rows), len(columns)), None, None, None)[..., : self.start.seen]
        place = (n, rows[:, None], columns)
        normal, depth, sun = geometry.normals[place] * (flip / 127), geometry.depth[place], geometry.suns[n] * flip
        if rng.random() < DOME_GONE:
            sky = np.isin(self.pairs.ids[place], self.pairs.sky)
            normal, depth = normal * ~sky[..., None], np.where(sky & (depth > 0), FAR, depth)
        told = not blind and self.start.seen > guides.PART and rng.random() >= ONE_GONE
        parts = geometry.parts[place] * np.uint16(told)
        shaded = not blind and self.start.seen > guides.SHADING and rng.random() >= SHADING_GONE
        light = geometry.shading[place].astype(np.float32) * np.float32(2.0 ** rng.uniform(-BRIGHTER, BRIGHTER))
        shading = light if shaded else np.full_like(light, -1)
        normal = normal.astype(np.float32) * there[0]
        made = known_planes(normal, depth * nearer * there[1], np.asarray(sun * there[2], np.float32), parts, shading)
        return made[..., : self.start.seen]

    def _precision(self) -> torch.autocast:
        kind = getattr(torch, self.plan.precision)
        return torch.autocast(self.device.split(":")[0], torch.bfloat16, enabled=kind == torch.bfloat16)

    def save(self, path: Path, identity: Mapping[str, Any]) -> None:
        """The state, whole or not at all."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        write_state(path, {**state, "step": self.step, "curves": self.curves, "identity": dict(identity)})

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state that `read_state` gave."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.step, self.curves = state["step"], state["curves"]

    def _parts(self) -> dict[str, Any]:
        return {
            "net": self.net,
            "average": self.average,
            "judge": self.judge,
            "optimiser": self.optimiser,
            "optimiser_judge": self.optimiser_judge,
        }


def write_state(path: Path, content: Mapping[str, Any]) -> None:
    """Write beside `path`, flush, rename: a crash leaves the last state or this one."""
    beside = path.with_suffix(".tmp")
    with beside.open("wb") as file:
        torch.save(dict(content), file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def read_state(path: Path) -> dict[str, Any] | None:
    """The state of a training, None where there is none. Raises InputRefused for a damaged one."""
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        assert state["step"] >= 0 and state["identity"]
        return state
    except Exception as error:  # a damaged file makes torch raise almost anything
        raise InputRefused(
            "the state of the training cannot be read",
            file=path,
            cause=str(error).split("\n")[0][:200],
            remedy="Begin again with --restart",
        ) from error


def moved(length: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Places 0 ... length - 1, moved by up to SHIFT whole pixels and mirrored at the border: labels stay exact."""
    reach = min(SHIFT, length // 8)
    places = np.abs(np.arange(length) + int(rng.integers(-reach, reach + 1)))
    return np.where(places >= length, 2 * (length - 1) - places, places)


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def _on(net: nn.Module, device: str) -> nn.Module:
    return net.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _copy(start: Start) -> nn.Module:
    return copy.deepcopy(start.net).requires_grad_(False).eval()
