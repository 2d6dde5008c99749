"""The generators' speed against the plain networks: `python -m benchmarks.generators [--only "256 auto" …] [--runs 7]`.

Random weights of the published configurations: StyleGAN2 of 64 and 256 pixels as `auto` makes them and of 512 in
configuration f, StyleGAN3 of 256 in T and R. In one process, in turns: the plain network, the same compiled by torch
with frozen weights, ours. Medians, the least, and how many times as fast as both in the same turn; processor time,
which other programs disturb less. Then a frame of a walk as the worker makes it: read, mapped, painted, written.
torch.compile needs a C++ compiler; where it fails it is left out and named. StyleGAN3 is compiled with `--compile-all`
alone: it takes torch minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch
from safetensors.torch import save_file

from inference_server.models.stylegan import controls, fast, network
from inference_server.models.stylegan.mapping import Generator
from shared import places

COMPILED = "torch.compile, frozen"
SIZES = {"z_dim": 512, "w_dim": 512, "c_dim": 0}


def stylegan2(resolution: int, base: int, layers: int) -> dict[str, Any]:
    """Channels are base / r, at most 512, in every block r."""
    steps = [2**k for k in range(2, resolution.bit_length())]
    channels = {str(r): min(base // r, 512) for r in steps}
    own = {"network": "stylegan2", "resolution": resolution, "channels": channels}
    return {**own, **SIZES, "mapping_layers": layers, "conv_clamp": 256.0}


def stylegan3(resolution: int, radial: bool) -> dict[str, Any]:
    """Configuration T, or R with twice as many channels: as the paper has it, the cutoffs of its 14 layers are a
    geometric series."""
    base, most, kernel = (65536, 1024, 1) if radial else (32768, 512, 3)
    count, last = 14, resolution / 2
    steps = [min(number / (count - 2), 1) for number in range(count + 1)]
    cutoffs = [2 * (last / 2) ** step for step in steps]
    stops = [2**2.1 * (last * 2**0.3 / 2**2.1) ** step for step in steps]
    rates = [2 ** math.ceil(math.log2(min(2 * stop, resolution))) for stop in stops]
    sizes = [rate + 20 for rate in rates[:-2]] + [resolution] * 2
    widths = [round(min(base / 2 / cutoff, most)) for cutoff in cutoffs[:-1]] + [3]
    layers = []
    for number in range(count + 1):
        before, colours = max(number - 1, 0), number == count
        fine = rates[number] if colours else 2 * max(rates[before], rates[number])
        up, down = fine // rates[before], fine // rates[number]
        up_taps, down_taps = (1, 1) if colours else (6 * up, 6 * down)
        seen = (sizes[before] + (1 if colours else kernel) - 1) * up
        padding = (sizes[number] - 1) * down + 1 - seen + up_taps + down_taps - 2
        layers.append(
            {
                "name": f"L{number}_{sizes[number]}_{widths[number]}",
                "inner": widths[before],
                "outer": widths[number],
                "kernel": 1 if colours else kernel,
                "up": up,
                "down": down,
                "padding": [(padding + up) // 2, padding - (padding + up) // 2] * 2,
                "up_filter": None if colours else [up_taps],
                "down_filter": None if colours else [down_taps] * (2 if radial and number < count - 2 else 1),
                "colours": colours,
                "clamp": 256.0,
            }
        )
    waves = {"channels": widths[0], "size": sizes[0], "sampling_rate": float(rates[0]), "bandwidth": 2.0}
    own = {"network": "stylegan3", "resolution": resolution, "input": waves, "layers": layers, "output_scale": 0.25}
    return {**own, **SIZES, "mapping_layers": 2}


CONFIGS: dict[str, Callable[[], dict[str, Any]]] = {
    "64 auto": lambda: stylegan2(64, 16384, 2),
    "256 auto": lambda: stylegan2(256, 16384, 2),
    "512 f": lambda: stylegan2(512, 32768, 8),
    "StyleGAN3 256 T": lambda: stylegan3(256, False),
    "StyleGAN3 256 R": lambda: stylegan3(256, True),
}


def random_net(config: Mapping[str, Any]) -> Generator:
    """With noise, and colours that are neither grey nor cut off."""
    torch.manual_seed(0)
    net = network.build(config).eval().requires_grad_(False)
    for name, value in net.state_dict().items():
        if name.endswith("noise_strength"):
            value.fill_(0.1)
    return net


def add_random(name: str, config: Mapping[str, Any]) -> None:
    """Into the state folder, as a model that is added."""
    folder = places.models_folder() / name
    folder.mkdir(parents=True)
    weights = folder / "weights.safetensors"
    save_file({key: value.contiguous() for key, value in random_net(config).state_dict().items()}, weights)
    side = {"width": config["resolution"], "height": config["resolution"], "fit": "stretch"}
    card = {
        "format": 2,
        "name": name,
        "title": "Random",
        "version": 1,
        "family": "stylegan",
        "licence": "none",
        "inputs": controls.INPUTS,
        "makes": {"kind": "pictures"},
        "size": side,
        "options": controls.options(config),
        "config": config,
        "weights": {"file": weights.name, "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()},
    }
    places.write_json(folder / "card.json", card)


def compare(name: str, config: Mapping[str, Any], runs: int, compiled: bool) -> None:
    net = random_net(config)
    ours = fast.of(net)
    ws = net.truncate(net.map(torch.randn(1, net.z_dim)), 1)
    noise = net.stored_noise()
    methods: dict[str, Callable[[], torch.Tensor]] = {"plain": lambda: net.draw(ws, noise)}
    if compiled:
        frozen = torch.compile(net.draw, options={"freezing": True})
        try:
            for _ in range(2):
                frozen(ws, noise)
            methods[COMPILED] = lambda: frozen(ws, noise)
        except Exception as error:
            print(f"left out: torch.compile: {str(error).splitlines()[0]}", file=sys.stderr)
    methods["ours"] = lambda: ours.draw(ws, noise)
    walls: dict[str, list[float]] = {method: [] for method in methods}
    loads: dict[str, list[float]] = {method: [] for method in methods}
    pictures = {method: run() for method, run in methods.items()}
    for _ in range(runs):
        for method, run in methods.items():
            wall, load = time.perf_counter(), time.process_time()
            run()
            walls[method].append(time.perf_counter() - wall)
            loads[method].append(time.process_time() - load)
    for method, taken in walls.items():
        ratios = [
            f"{statistics.median(a / b for a, b in zip(walls[other], taken, strict=True)):.2f}"
            if other in walls
            else ""
            for other in ("plain", COMPILED)
        ]
        apart = float((pictures[method] - pictures["plain"]).abs().max())
        middle = statistics.median(taken)
        row = f"{1000 * middle:.0f} ({1000 * min(taken):.0f}) | {1 / middle:.2f} | {' | '.join(ratios)}"
        print(f"| {name}, {method} | {row} | {1000 * statistics.median(loads[method]):.0f} | {apart:.0e} |", flush=True)


def whole_frame(name: str, runs: int) -> None:
    """A walk's frame in the worker, the model loaded: from its keyframes to the PNG under its name."""
    from inference_server.broker.requests import job_spec
    from inference_server.models.base import load_model
    from inference_server.stability import tiles
    from inference_server.worker.plan import make_plan
    from inference_server.worker.reading import decode
    from inference_server.worker.writing import encode

    with tempfile.TemporaryDirectory() as out:
        layer = {"name": "a", "model": name, "walk": {"keys": [{"seed": 1}, {"seed": 5}]}}
        shot = {"name": "s", "fps": 24, "first": 1, "last": runs + 1, "layers": [layer]}
        plan = make_plan(job_spec({"shot": shot}, Path(out), Path(out) / "out", None, False), "job")
        model = load_model(plan.layers["a"].card)
        taken: list[tuple[float, float]] = []
        for frame in plan.shot.frames:
            began = time.perf_counter()
            decoded = decode(plan, "a", frame)
            start = time.perf_counter()
            picture = tiles.paint(model, decoded.request, decoded.tiles)
            end = time.perf_counter()
            encode(plan, decoded, picture)
            taken.append((time.perf_counter() - began, end - start))
        whole, painting = (1000 * statistics.median(values) for values in zip(*taken[1:], strict=True))
        print(f"a walk's frame of {name}: {whole:.0f} ms, of them {painting:.0f} in the model", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(CONFIGS), choices=list(CONFIGS))
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--compile-all", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    print("| | ms, median (least) | frames a second | × plain | × compiled | processor ms | largest difference |")
    print("|---|---|---|---|---|---|---|")
    with torch.inference_mode():
        for name in arguments.only:
            compiled = arguments.compile_all or "3" not in name.split()[0]
            compare(name, CONFIGS[name](), arguments.runs, compiled)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEMRENDER_HOME"] = folder
        for name in arguments.only:
            plain = name.lower().replace(" ", "-")
            add_random(plain, CONFIGS[name]())
            whole_frame(plain, arguments.runs)


if __name__ == "__main__":
    main()
