"""How good a model is on pairs that it never saw.

`python -m benchmarks.judge --pairs PAIRS --heldout PAIRS --out FOLDER`

A segmenter of its own, trained on the real pairs alone and kept in `--out`, reads paintings and real pictures. On
every measure three stand side by side: the real pictures, the paintings, and the picture that has the mean colour
of each class and nothing else, which no measure may let pass.

- mIoU of the segmenter's reading against the labels, pixels within 1 of a border left out.
- KID (Binkowski et al., arXiv 1801.01401) of patches on the segmenter's features against one half of the real
  pictures, with a 95 % bootstrap interval over pictures; real against real is the floor.
- High-frequency energy per class: mean square of the difference to a 5x5 mean, inside the class, over the real one's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from inference_server.models.base import PaintInput, load_model
from inference_server.models.cards import Card, load_card
from inference_server.models.catalogue import find_card
from inference_server.training.pairs import Pairs, read_pairs
from inference_server.training.pictures import beside, stacked
from inference_server.training.sources import find_pairs
from inference_server.worker.fitting import fit, unfit
from inference_server.worker.preview import colours
from shared.label_set import load_label_set

Pictures = NDArray[np.uint8]  # (N, H, W, 3) sRGB

WIDTHS = (32, 64, 96)
BATCH = 8
BORDER = 1  # pixels next to another class are not judged
PATCH = 4  # feature cells a side; a cell is 4x4 pixels
BOOTSTRAPS = 200
SHEET = 12


class Segmenter(nn.Module):
    """A small U-shaped network at half size and below; its features at a quarter serve the patch distance."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        a, b, c = WIDTHS
        self.one, self.two, self.three = _twice(12, a), _twice(a, b), _twice(b, c)
        self.up_two, self.up_one = _twice(c + b, b), _twice(b + a, a)
        self.verdict = nn.Conv2d(a, classes, 1)

    def features(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        x = self.one(F.pixel_unshuffle(picture, 2))
        return x, self.two(F.max_pool2d(x, 2))

    def forward(self, picture: Tensor) -> Tensor:
        x, y = self.features(picture)
        far = self.three(F.max_pool2d(y, 4))
        y = self.up_two(torch.cat([F.interpolate(far, scale_factor=4.0), y], 1))
        x = self.up_one(torch.cat([F.interpolate(y, scale_factor=2.0), x], 1))
        return F.interpolate(self.verdict(x), scale_factor=2.0, mode="bilinear")


def _twice(inner: int, outer: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before in (inner, outer):
        layers += [nn.Conv2d(before, outer, 3, padding=1), nn.BatchNorm2d(outer), nn.ReLU()]
    return nn.Sequential(*layers)


def to_tensor(pictures: Pictures) -> Tensor:
    return (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous(
        memory_format=torch.channels_last
    )


def train_segmenter(pairs: Pairs, classes: list[int], steps: int) -> Segmenter:
    """On real pictures alone, with light changes of exposure so that the grade is not what it reads."""
    torch.manual_seed(7)
    net = Segmenter(len(classes)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-4)
    numbers = np.searchsorted(classes, pairs.ids)
    share = np.bincount(numbers.ravel(), minlength=len(classes)) / numbers.size
    weight = torch.from_numpy(np.clip((0.03 / np.maximum(share, 1e-6)) ** 0.5, 0.5, 4).astype(np.float32))
    for step in range(steps):
        rng = np.random.default_rng((7, step))
        chosen = rng.choice(len(numbers), BATCH, False)
        picture = to_tensor(pairs.images[chosen]) * torch.from_numpy(rng.uniform(0.85, 1.15, (BATCH, 1, 1, 1))).float()
        labels = torch.from_numpy(numbers[chosen].astype(np.int64))
        if rng.random() < 0.5:
            picture, labels = picture.flip(3), labels.flip(2)
        optimiser.param_groups[0]["lr"] = 2e-3 * min(1.0, 1.02 - step / steps, (step + 1) / 20)
        with torch.autocast("cpu", torch.bfloat16):
            verdict = net(picture)
        loss = F.cross_entropy(verdict.float(), labels, weight)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if step % 50 == 0:
            print(f"segmenter: step {step} of {steps}, loss {loss.item():.3f}", flush=True)
    return net.eval()


@torch.no_grad()
def read(net: Segmenter, pictures: Pictures) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Class numbers (N, H, W) and features (N, C, H/4, W/4) of pictures."""
    numbers, features = [], []
    for start in range(0, len(pictures), BATCH):
        batch = to_tensor(pictures[start : start + BATCH])
        numbers.append(net(batch).argmax(1).numpy())
        features.append(net.features(batch)[1].numpy())
    return np.concatenate(numbers), np.concatenate(features)


def inside(ids: NDArray[np.uint16], reach: int = BORDER) -> NDArray[np.bool_]:
    """Pixels (N, H, W) with no other class within `reach`."""
    kernel = np.ones((2 * reach + 1,) * 2, np.uint8)
    return np.stack([cv2.erode(one, kernel) == cv2.dilate(one, kernel) for one in ids])


def intersection_over_union(
    found: NDArray[np.int64], wanted: NDArray[np.int64], where: NDArray[np.bool_], classes: int
) -> NDArray[np.float64]:
    """Per class; nan for one that does not occur."""
    table = np.bincount(wanted[where] * classes + found[where], minlength=classes**2).reshape(classes, classes)
    hit = np.diag(table)
    total = table.sum(0) + table.sum(1) - hit
    result: NDArray[np.float64] = np.where(table.sum(1) > 0, hit / np.maximum(total, 1), np.nan)
    return result


def patches(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, patches, C): mean features of non-overlapping patches."""
    pooled = F.avg_pool2d(torch.from_numpy(features), PATCH)
    return pooled.flatten(2).transpose(1, 2).contiguous().numpy()


def kid(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Unbiased squared maximum mean discrepancy with the cubic kernel, of (n, C) and (m, C)."""
    size = one.shape[1]

    def kernel(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = (a.astype(np.float64) @ b.T.astype(np.float64) / size + 1) ** 3
        return result

    n, m = len(one), len(other)
    xx, yy = kernel(one, one), kernel(other, other)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(within - 2 * kernel(one, other).mean())


def kid_interval(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, float, float]:
    """KID and its 95 % interval over resampled pictures; one, other (N, patches, C), brought to unit scale."""
    scale = other.reshape(-1, other.shape[-1]).std(0).mean() + 1e-9
    one, other = one / scale, other / scale
    rng = np.random.default_rng(0)
    values = []
    for _ in range(BOOTSTRAPS):
        a, b = rng.choice(len(one), len(one)), rng.choice(len(other), len(other))
        values.append(kid(_some(one[a], rng), _some(other[b], rng)))
    low, high = np.percentile(values, [2.5, 97.5])
    return kid(one.reshape(-1, one.shape[-1]), other.reshape(-1, other.shape[-1])), float(low), float(high)


def _some(features: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """500 patches of those pictures: the kernel grows with the square."""
    flat = features.reshape(-1, features.shape[-1])
    return flat[rng.choice(len(flat), min(500, len(flat)), False)]


def energy(pictures: Pictures, ids: NDArray[np.uint16], classes: list[int]) -> NDArray[np.float64]:
    """High-frequency energy per class, in squared 8-bit codes of luma, 3 pixels and more from a border."""
    luma = pictures.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    high = np.stack([one - cv2.blur(one, (5, 5)) for one in luma]) ** 2
    where = inside(ids, 3)
    found = [high[where & (ids == identity)] for identity in classes]
    return np.array([values.mean() if len(values) > 300 else np.nan for values in found])


def paint(card: Card, pairs: Pairs) -> Pictures:
    """The model's paintings of the pairs' labels, each in its own look."""
    model = load_model(card)
    table, painted = card.labels.channel_table(), []
    width, height = pairs.size
    looks = {look for option in card.options if option.name == "look" for look in option.choices}
    size = (width, height) if card.size.fit == "multiple" else (card.size.width, card.size.height)
    for ids, look in zip(pairs.ids, pairs.looks, strict=True):
        options = card.check_options({"look": look} if look in looks else {})
        channels = fit(table[ids], size, card.size.fit)
        picture = model.paint(PaintInput(channels, None, 0, options))
        painted.append((unfit(picture, channels, table[ids], card.size.fit) * 255 + 0.5).astype(np.uint8))
    return np.stack(painted)


def flat(pairs: Pairs, held: Pairs) -> Pictures:
    """The mean colour of each class in the training pairs: all that the labels alone tell."""
    table = np.zeros((65536, 3), np.uint8)
    for identity in pairs.pixels():
        table[identity] = pairs.images[pairs.ids == identity].mean(0)
    result: Pictures = table[held.ids]
    return result


@dataclass(frozen=True)
class Judgement:
    iou: NDArray[np.float64]
    per_picture: NDArray[np.float64]
    kid: tuple[float, float, float]
    energy: NDArray[np.float64]  # over the real one's


def judge(net: Segmenter, pictures: Pictures, held: Pairs, classes: list[int]) -> Judgement:
    """KID compares the even pictures of `pictures` with the odd real ones, so that real against real is possible."""
    wanted, where = np.searchsorted(classes, held.ids).astype(np.int64), inside(held.ids)
    found, features = read(net, pictures)
    _, real = read(net, held.images)
    per_picture = [
        float(np.nanmean(intersection_over_union(f[None], w[None], i[None], len(classes))))
        for f, w, i in zip(found, wanted, where, strict=True)
    ]
    return Judgement(
        intersection_over_union(found, wanted, where, len(classes)),
        np.array(per_picture),
        kid_interval(patches(features)[::2], patches(real)[1::2]),
        energy(pictures, held.ids, classes) / energy(held.images, held.ids, classes),
    )


def sheet(held: Pairs, flats: Pictures, painted: Pictures, chosen: Sequence[int]) -> Image.Image:
    """One row a pair: labels, mean colour per class, painted, real."""
    label_set = load_label_set("coco_stuff")
    rows = [beside([colours(label_set, held.ids[n]), flats[n], painted[n], held.images[n]]) for n in chosen]
    return Image.fromarray(stacked(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", required=True, help="real pairs: for the segmenter and the mean colours")
    parser.add_argument("--heldout", required=True)
    parser.add_argument("--model", action="append", default=[], help="name or folder; may be given again")
    parser.add_argument("--steps", type=int, default=400, help="of the segmenter (default 400)")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    label_set = load_label_set("coco_stuff")
    pairs = read_pairs(find_pairs(arguments.pairs), label_set)
    held = read_pairs(find_pairs(arguments.heldout), label_set, pairs.size)
    classes = sorted(pairs.pixels())
    net, file = Segmenter(len(classes)), arguments.out / "segmenter.pt"
    if file.is_file():
        net.load_state_dict(torch.load(file, weights_only=True))
        net.eval()
    else:
        net = train_segmenter(pairs, classes, arguments.steps)
        torch.save(net.state_dict(), file)
    flats = flat(pairs, held)
    judged = {"real": judge(net, held.images, held, classes), "flat": judge(net, flats, held, classes)}
    for name in arguments.model or ["countryside"]:
        card = load_card(Path(name)) if Path(name).is_dir() else find_card(name)
        painted = paint(card, held)
        title = f"{card.name} {card.hash[7:15]}"
        judged[title] = judge(net, painted, held, classes)
        places = np.linspace(0, len(painted) - 1, SHEET).astype(int)
        sheet(held, flats, painted, places.tolist()).save(arguments.out / f"{title.replace(' ', '_')}.png")
        worst = np.argsort(judged[title].per_picture - judged["real"].per_picture)[:3]
        sheet(held, flats, painted, worst.tolist()).save(arguments.out / f"{title.replace(' ', '_')}_worst.png")
        print(f"{title}: worst against the real are the pairs {worst.tolist()}")
    report(judged, [label_set.by_id(i).name for i in classes], arguments.out / "judge.json")


def report(judged: dict[str, Judgement], names: list[str], file: Path) -> None:
    """The tables on the terminal, and everything in a file."""
    print(f"{'':<22}{'mIoU':>7}{'of real':>9}{'KID':>9}  {'95 %':<18}{'classes within 30 % energy':>27}")
    whole = float(np.nanmean(judged["real"].iou))
    data: dict[str, Any] = {}
    for title, one in judged.items():
        mean = float(np.nanmean(one.iou))
        judgeable = ~np.isnan(one.energy)
        close = int((np.abs(one.energy[judgeable] - 1) <= 0.3).sum())
        distance, low, high = one.kid
        interval = f"{low:.3f} to {high:.3f}"
        print(
            f"{title:<22}{mean:7.3f}{mean / whole:9.1%}{distance:9.3f}  {interval:<18}{close:>20} of {judgeable.sum()}"
        )
        rows = {n: [_number(i), _number(e)] for n, i, e in zip(names, one.iou, one.energy, strict=True)}
        data[title] = {"miou": mean, "kid": one.kid, "per_class_iou_and_energy": rows}
    print(f"\n{'IoU | energy':<18}" + "".join(f"{title:>22}" for title in judged))
    for n, name in enumerate(names):
        cells = "".join(f"{one.iou[n]:14.2f}{one.energy[n]:8.2f}" for one in judged.values())
        print(f"{name:<18}{cells}")
    file.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


if __name__ == "__main__":
    main()
