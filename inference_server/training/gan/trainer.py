"""The steps of a generator's training and its state.

Step n is a function of the state before it, the pictures and (seed, n), as in `inference_server.training.trainer`: a
training that was interrupted anywhere ends with the same bits as one that was not (on the same device, threads and
precision). Nothing depends on how many steps there will be, so any training can go on further.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inference_server.models.stylegan.network import StyleGan2
from inference_server.training.gan import augment, losses
from inference_server.training.gan.discriminator import Discriminator
from inference_server.training.trainer import write_state
from shared.errors import InputRefused
from shared.values import Value

PATH_EVERY, STEEP_EVERY = 4, 16  # steps: both regularisations are done seldom and weigh so much more
MIXED = 0.9  # share of the pictures that are painted of two points
AVERAGE = 10 / 32  # thousand pictures a picture of the batch: half-life of the generator's moving average
RAMP = 0.05  # of the pictures so far; the half-life is no longer, so that the beginning is forgotten
CENTRE = 0.995  # what the average w keeps of itself in a step
CURVES = ("generator", "discriminator", "sign on real", "chance of a change", "steepness", "path length")


class Plan(Value):
    """What decides the result, beside the pictures and the start. gamma: weight of R1; full: pictures in which the
    chance of a change could go from 0 to 1; mirror: half of the pictures are mirrored."""

    batch: int = 8
    seed: int = 0
    rate: float = 2.5e-3
    gamma: float = 0.1
    full: int = augment.FULL
    mirror: bool = False
    threads: int = 1
    precision: str = "float32"


class Trainer:
    """Owns generator, its moving average, discriminator and their optimisers on one device."""

    def __init__(self, net: StyleGan2, pictures: NDArray[np.uint8], plan: Plan, device: str) -> None:
        """pictures: (N, R, R, 3) uint8 of the generator's resolution."""
        self.pictures, self.plan, self.device = pictures, plan, device
        self.net = net.to(device).train().requires_grad_(True)
        self.average = copy.deepcopy(self.net).eval().requires_grad_(False)
        self.judge = Discriminator(net.config.channels).to(device)
        self.optimiser = _adam(self.net, plan.rate, PATH_EVERY)
        self.optimiser_judge = _adam(self.judge, plan.rate, STEEP_EVERY)
        self.path = torch.zeros((), device=device)  # the mean path length
        self.chance = 0.0
        self.signs: list[float] = []  # on real pictures, since the chance was changed
        self.step = 0
        self.curves: list[list[float]] = []  # of every step

    @property
    def seen(self) -> int:
        """Real pictures that were shown."""
        return self.step * self.plan.batch

    def advance(self) -> None:
        """One step. Raises InputRefused when the losses are no numbers any more."""
        rng = np.random.default_rng((self.plan.seed, self.step))
        real = self._batch(rng)
        painted, persuaded = self._train_generator(rng)
        length = self._shorten(rng) if self.step % PATH_EVERY == 0 else float(self.path)
        judged, sign = self._train_judge(real, painted, rng)
        steep = self._flatten(real, rng) if self.step % STEEP_EVERY == 0 else self._last(4)
        self._follow()
        self.signs.append(sign)
        if len(self.signs) == augment.EVERY:
            shown, mean = augment.EVERY * self.plan.batch, sum(self.signs) / augment.EVERY
            self.chance = augment.next_chance(self.chance, mean, shown, self.plan.full)
            self.signs = []
        self.curves.append([persuaded, judged, sign, self.chance, steep, length])
        self.step += 1
        if not np.isfinite(self.curves[-1]).all():
            raise InputRefused(
                f"at step {self.step} the losses are no numbers any more",
                cause="The rate is too high for these pictures",
                remedy="Start again with a lower --rate",
            )

    def _train_generator(self, rng: np.random.Generator) -> tuple[Tensor, float]:
        """What it painted, and its loss."""
        count = self.plan.batch
        with self._precision():
            painted = self.net.draw(self._ws(count, rng), self._noise(count, rng))
            with _still(self.judge):
                loss = losses.taken_for_real(self.judge(augment.augmented(painted, self.chance, rng)).float())
                _descend(self.optimiser, loss)
        return painted.detach(), float(loss.detach())

    def _shorten(self, rng: np.random.Generator) -> float:
        """Path lengths brought nearer to their mean, on half a batch. Returns the mean."""
        count = max(1, self.plan.batch // 2)
        ws = self._ws(count, rng)
        painted = self.net.draw(ws, self._noise(count, rng))
        lengths = losses.path_lengths(painted, ws, self._normal(painted.shape, rng))
        self.path = self.path.lerp(lengths.detach().mean(), losses.PATH_DECAY)
        penalty = (lengths - self.path).square().mean()
        _descend(self.optimiser, penalty * (losses.PATH_WEIGHT * PATH_EVERY))
        return float(lengths.detach().mean())

    def _train_judge(self, real: Tensor, painted: Tensor, rng: np.random.Generator) -> tuple[float, float]:
        """Its loss, and the mean sign of its verdicts on the real pictures."""
        with self._precision():
            fake = self.judge(augment.augmented(painted, self.chance, rng)).float()
            true = self.judge(augment.augmented(real, self.chance, rng)).float()
            loss = losses.seen_through(fake) + losses.taken_for_real(true)
            _descend(self.optimiser_judge, loss)
        return float(loss.detach()), float(true.detach().sign().mean())

    def _flatten(self, real: Tensor, rng: np.random.Generator) -> float:
        """R1, of the pictures as the judge sees them. Returns the steepness."""
        shown = augment.augmented(real, self.chance, rng).detach().requires_grad_(True)
        steep = losses.steepness(self.judge(shown), shown)
        _descend(self.optimiser_judge, steep * (self.plan.gamma / 2 * STEEP_EVERY))
        return float(steep.detach())

    def _last(self, curve: int) -> float:
        return self.curves[-1][curve]

    def _ws(self, count: int, rng: np.random.Generator) -> Tensor:
        """(count, num_ws, w_dim) of random z, most of two, the second from a random layer on; the average w follows."""
        net = self.net
        w = net.map(self._normal((2 * count, net.z_dim), rng))
        with torch.no_grad():
            net.w_avg.lerp_(w.detach().float().mean(0), 1 - CENTRE)
        first, second = w[:count, None], w[count:, None]
        from_layer = np.where(rng.random(count) < MIXED, rng.integers(1, net.num_ws, count), net.num_ws)
        layers = np.arange(net.num_ws)[None] < from_layer[:, None]
        return torch.where(torch.from_numpy(layers).to(self.device)[..., None], first, second)

    def _noise(self, count: int, rng: np.random.Generator) -> list[Tensor]:
        return [self._normal((count, 1, r, r), rng) for r in self.net.noise_sizes]

    def _normal(self, shape: tuple[int, ...], rng: np.random.Generator) -> Tensor:
        return torch.from_numpy(rng.standard_normal(shape, np.float32)).to(self.device)

    def _batch(self, rng: np.random.Generator) -> Tensor:
        """(B, 3, R, R) in -1..1: every picture once an epoch."""
        plan, count = self.plan, len(self.pictures)
        places = range(self.step * plan.batch, (self.step + 1) * plan.batch)
        chosen = [np.random.default_rng((plan.seed, 2**32, p // count)).permutation(count)[p % count] for p in places]
        pictures = self.pictures[chosen]
        if plan.mirror:
            mirrored = rng.random(plan.batch) < 0.5
            pictures = np.where(mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)
        return (torch.from_numpy(pictures).to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous()

    def _follow(self) -> None:
        """The moving average takes a step towards the generator; early on a long one."""
        half_life = min(AVERAGE * 1000 * self.plan.batch, RAMP * (self.seen + self.plan.batch))
        keep = 0.5 ** (self.plan.batch / half_life)
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.net.parameters(), strict=True):
                mean.lerp_(value, 1 - keep)
            self.average.w_avg.copy_(self.net.w_avg)

    def _precision(self) -> torch.autocast:
        half = self.plan.precision == "bfloat16"
        return torch.autocast(self.device.split(":")[0], torch.bfloat16, enabled=half)

    def save(self, path: Path, identity: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
        """The state, whole or not at all. shown: what was measured and painted on the way; no step depends on it."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        numbers = {"step": self.step, "chance": self.chance, "signs": self.signs, "path": self.path}
        curves = torch.tensor(self.curves, dtype=torch.float32)
        write_state(path, {**state, **numbers, "curves": curves, "identity": dict(identity), "shown": dict(shown)})

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state that `read_state` gave."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.step, self.chance, self.signs = state["step"], state["chance"], list(state["signs"])
        self.path = state["path"].to(self.device)
        self.curves = state["curves"].tolist()

    def _parts(self) -> dict[str, Any]:
        return {
            "net": self.net,
            "average": self.average,
            "judge": self.judge,
            "optimiser": self.optimiser,
            "optimiser_judge": self.optimiser_judge,
        }


def _adam(net: nn.Module, rate: float, every: int) -> torch.optim.Adam:
    """Adam as if the seldom term of the loss were there in every step."""
    share = every / (every + 1)
    return torch.optim.Adam(net.parameters(), rate * share, betas=(0.0, 0.99**share), eps=1e-8)


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


@contextmanager
def _still(net: nn.Module) -> Iterator[None]:
    """Nothing is learnt by it meanwhile."""
    net.requires_grad_(False)
    try:
        yield
    finally:
        net.requires_grad_(True)
