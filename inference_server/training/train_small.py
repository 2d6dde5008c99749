"""Train the default model: `python -m inference_server.training.train_small PAIRS --out FOLDER`.

Losses, after pix2pixHD without its borrowed features: absolute difference of the pictures and of their
low-pass pyramid (what is where, which colour), hinge adversarial loss and feature matching (texture).
The written weights are the exponential moving average. The state beside them allows to continue.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from inference_server.models.small import SmallConfig, SmallNet, noise_plane
from inference_server.training.discriminator import Discriminator
from inference_server.training.pairs import Pairs, read_pairs

BATCH = 6
RATE_G, RATE_D = 4e-4, 4e-4
WEIGHT_L1, WEIGHT_PYRAMID, WEIGHT_ADVERSARIAL, WEIGHT_FEATURES = 2.0, 6.0, 0.4, 6.0
WARM_UP = 0.12  # share of the time without a discriminator
EMA = 0.998


def noise_for(batch: int, height: int, width: int, rng: np.random.Generator) -> Tensor:
    """Fresh noise (B, H, W) for every picture, so that no single plane is learnt by heart."""
    return torch.from_numpy(rng.standard_normal((batch, height, width), np.float32))


def to_picture(images: NDArray[np.uint8]) -> Tensor:
    """(B, H, W, 3) bytes -> (B, 3, H, W) in (-1, 1), channels last."""
    picture = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
    return picture.contiguous(memory_format=torch.channels_last)


def reconstruction(painted: Tensor, real: Tensor) -> Tensor:
    loss = WEIGHT_L1 * F.l1_loss(painted, real)
    for size in (4, 16):
        loss = loss + WEIGHT_PYRAMID / 2 * F.l1_loss(F.avg_pool2d(painted, size), F.avg_pool2d(real, size))
    return loss


def discriminator_loss(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    return sum((F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real, fake, strict=True)), torch.zeros(()))


def sheet(net: SmallNet, pairs: Pairs, path: Path, count: int = 8) -> None:
    """Painted above real for evenly spaced pairs."""
    chosen = np.linspace(0, len(pairs.labels) - 1, count).astype(int)
    height, width = pairs.labels.shape[1:]
    noise = torch.from_numpy(noise_plane(0, height, width))[None].expand(count, -1, -1)
    net.eval()
    with torch.no_grad():
        painted = net(
            torch.from_numpy(pairs.labels[chosen].astype(np.int64)), torch.from_numpy(pairs.looks[chosen]), noise
        )
    net.train()
    pictures = ((painted.permute(0, 2, 3, 1) + 1) * 127.5).clamp(0, 255).byte().numpy()
    columns = [np.concatenate([p, r], 0) for p, r in zip(pictures, pairs.images[chosen], strict=True)]
    rows = [np.concatenate(columns[i : i + 4], 1) for i in range(0, count, 4)]
    Image.fromarray(np.concatenate(rows, 0)).save(path)


def train(folder: Path, heldout: Path, out: Path, minutes: float, resume: bool) -> None:
    """Train for `minutes` of wall time; the learning rate falls over the last third."""
    rng = np.random.default_rng(1)
    torch.manual_seed(1)
    pairs = read_pairs(folder)
    held = read_pairs(heldout, pairs.classes, pairs.look_names)
    out.mkdir(parents=True, exist_ok=True)
    config = SmallConfig(classes=len(pairs.classes), looks=len(pairs.look_names))
    net = SmallNet(config).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = SmallNet(config)
    average.load_state_dict(net.state_dict())
    judge = Discriminator(config.classes).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser_g = torch.optim.Adam(net.parameters(), RATE_G, betas=(0.0, 0.99))
    optimiser_d = torch.optim.Adam(judge.parameters(), RATE_D, betas=(0.0, 0.99))
    state_file = out / "state.pt"
    step, spent = 0, 0.0
    if resume:
        state = torch.load(state_file, weights_only=True)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        judge.load_state_dict(state["judge"])
        optimiser_g.load_state_dict(state["g"])
        optimiser_d.load_state_dict(state["d"])
        step, spent = state["step"], state["spent"]
    began, shown, height, width = time.monotonic() - spent, 0.0, *pairs.labels.shape[1:]

    def save() -> None:
        parts = {"net": net, "average": average, "judge": judge, "g": optimiser_g, "d": optimiser_d}
        state = {name: part.state_dict() for name, part in parts.items()}
        spent = time.monotonic() - began
        about = {"config": asdict(config), "classes": pairs.classes, "looks": pairs.look_names}
        torch.save({**state, "step": step, "spent": spent, **about}, state_file.with_suffix(".tmp"))
        state_file.with_suffix(".tmp").replace(state_file)
        sheet(average, held, out / "sheet.png")

    while True:
        for label_bytes, image_bytes, look in pairs.batches(BATCH, rng):
            share = (time.monotonic() - began) / (minutes * 60)
            if share >= 1:
                save()
                return
            for optimiser, rate in ((optimiser_g, RATE_G), (optimiser_d, RATE_D)):
                optimiser.param_groups[0]["lr"] = rate * min(1.0, (1.02 - share) * 3)
            labels = torch.from_numpy(label_bytes.astype(np.int64))
            real = to_picture(image_bytes)
            noise = noise_for(BATCH, height, width, rng)
            adversarial = share > WARM_UP
            with torch.autocast("cpu", torch.bfloat16):
                painted = net(labels, torch.from_numpy(look), noise)
            loss = reconstruction(painted.float(), real)
            if adversarial:
                judge.requires_grad_(False)
                with torch.autocast("cpu", torch.bfloat16):
                    fake_verdicts, fake_features = judge(painted, labels)
                    with torch.no_grad():
                        _, real_features = judge(real, labels)
                loss = loss - WEIGHT_ADVERSARIAL * sum(v.float().mean() for v in fake_verdicts)
                matched = [F.l1_loss(f.float(), r.float()) for f, r in zip(fake_features, real_features, strict=True)]
                loss = loss + WEIGHT_FEATURES * sum(matched) / len(matched)
                judge.requires_grad_(True)
            optimiser_g.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser_g.step()
            loss_d = torch.zeros(())
            if adversarial:
                with torch.autocast("cpu", torch.bfloat16):
                    real_verdicts, _ = judge(real, labels)
                    fake_verdicts, _ = judge(painted.detach(), labels)
                loss_d = discriminator_loss([v.float() for v in real_verdicts], [v.float() for v in fake_verdicts])
                optimiser_d.zero_grad(set_to_none=True)
                loss_d.backward()  # type: ignore[no-untyped-call]
                optimiser_d.step()
            with torch.no_grad():
                keep = min(EMA, step / (step + 10))
                for mean, value in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
                    if mean.is_floating_point():
                        mean.lerp_(value, 1 - keep)
            step += 1
            if time.monotonic() - shown > 60:
                shown = time.monotonic()
                print(f"{share:6.1%} step {step} loss {loss.item():.3f} judge {loss_d.item():.3f}", flush=True)
                if step > 1:
                    save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--heldout", type=Path, required=True, help="pairs for the sample sheet, never trained on")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    train(arguments.pairs, arguments.heldout, arguments.out, arguments.minutes, arguments.resume)


if __name__ == "__main__":
    main()
