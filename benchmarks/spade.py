"""SPADE's speed against the plain network and the usual runtimes: `python -m benchmarks.spade [--sizes 256x256 …]`.

COCO configuration (183 classes and edges, ngf 64), random weights and statistics, real annotations (`coco_stuff` of the
reference data) and the `ride` shot. Everything runs in one process, interleaved: every method paints map 1,
then every method map 2, and so on. Medians over the maps. Ours starts from the map of labels and edges, everything
included; the others start from the ready one-hot input. The rivals need `pip install openvino onnxruntime onnx`
and, for torch.compile, a C++ compiler; one that is missing is left out and named.
"""

from __future__ import annotations

import argparse
import copy
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import psutil
import torch
import torch.nn.functional as F
from PIL import Image

from inference_server.models.edges import instance_edges
from inference_server.models.spade.fast import FastSpade
from inference_server.models.spade.network import SpadeConfig, SpadeNet

DATA = Path(os.environ.get("SEMRENDER_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
CONFIG = SpadeConfig(184, instance_edges=True)
Method = Callable[[np.ndarray, torch.Tensor], np.ndarray]


def random_nets() -> tuple[SpadeNet, SpadeNet]:
    """Random weights with the statistics of a network that has seen pictures: as published, and folded.

    The published generator recomputes its spectral normalisation at every call; folded, it is divided in once.
    """
    torch.manual_seed(0)
    net = SpadeNet(CONFIG).train()
    normed = [getattr(b, n) for b in net.children() for n in ("conv_0", "conv_1", "conv_s") if hasattr(b, n)]
    for conv in normed:
        torch.nn.utils.spectral_norm(conv)
    with torch.no_grad():
        for name, weight in net.named_parameters():
            if "mlp_" in name and weight.ndim == 4:
                weight.mul_(1.7)
        for _ in range(8):
            net(one_hot(torch.randint(0, 183, (8, 8)).repeat_interleave(16, 0).repeat_interleave(16, 1).numpy() * 2))
        for module in net.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean += torch.randn_like(module.running_mean) * 0.1 * module.running_var.sqrt()
                module.running_var *= 1 + 0.2 * torch.rand_like(module.running_var)
        net.eval().requires_grad_(False)
        picture = net.conv_img.register_forward_hook(lambda _, __, out: seen.append(out.std().item()))
        seen: list[float] = []
        net(one_hot(coco_maps(256, 256)[0]))
        picture.remove()
        net.conv_img.weight *= 0.55 / seen[0]  # a picture with contrast, neither grey nor clipped
    folded = copy.deepcopy(net)
    for block in folded.children():
        for name in ("conv_0", "conv_1", "conv_s"):
            if hasattr(block, name):
                torch.nn.utils.remove_spectral_norm(getattr(block, name))
    return net, folded.requires_grad_(False)


def one_hot(symbols: np.ndarray) -> torch.Tensor:
    labels = F.one_hot(torch.from_numpy(symbols // 2).long(), 183).permute(2, 0, 1).float()
    return torch.cat([labels, torch.from_numpy(symbols % 2)[None].float()])[None]


def coco_maps(width: int, height: int) -> list[np.ndarray]:
    found = []
    for file in sorted((DATA / "coco_stuff").glob("label_*.png")):
        both = [Image.open(f) for f in (file, file.with_name(file.name.replace("label", "instance")))]
        label, instance = (np.asarray(one.resize((width, height), Image.Resampling.NEAREST)) for one in both)
        ids = np.where(label == 255, 182, label).astype(np.int32)
        found.append(2 * ids + instance_edges(instance.astype(np.int32)))
    return found


def ride_maps(width: int, height: int) -> list[np.ndarray]:
    found = []
    for file in sorted((DATA / "ride" / "truth_id_png").glob("*.png")):
        ids = np.asarray(Image.open(file).resize((width, height), Image.Resampling.NEAREST)).astype(np.int32)
        found.append(2 * np.minimum(ids, 182) + instance_edges(ids))
    return found


def moving_maps(number: int, step: int, frames: int = 8) -> list[np.ndarray]:
    """The largest object of a COCO map that does not fill it moves to the right, over what was behind it: a guess."""
    import cv2

    def read(name: str) -> np.ndarray:
        file = sorted((DATA / "coco_stuff").glob(f"{name}_*.png"))[number]
        return np.asarray(Image.open(file).resize((256, 256), Image.Resampling.NEAREST)).astype(np.int32)

    label, instance = read("label"), read("instance")
    label = np.where(label == 255, 182, label)
    kinds, areas = np.unique(instance, return_counts=True)
    mask = instance == max((a, k) for k, a in zip(kinds, areas, strict=True) if a < 20_000)[1]
    _, near = cv2.distanceTransformWithLabels(mask.astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    behind = np.zeros((2, near.max() + 1), np.int32)
    behind[0, near[~mask]], behind[1, near[~mask]] = label[~mask], instance[~mask]
    found = []
    for frame in range(frames):
        here = np.roll(mask, frame * step, 1)
        ids = np.where(here, np.roll(label, frame * step, 1), behind[0][near])
        objects = np.where(here, np.roll(instance, frame * step, 1), behind[1][near])
        found.append(2 * ids + instance_edges(objects))
    return found


def methods(published: SpadeNet, net: SpadeNet, example: torch.Tensor, rivals: bool) -> dict[str, Method]:
    fast, half = FastSpade(net), FastSpade(net, half=True)

    def still(model: FastSpade) -> Method:
        def paint(symbols: np.ndarray, _: torch.Tensor) -> np.ndarray:
            model.clear(release=False)
            return model(symbols).numpy()

        return paint

    found: dict[str, Method] = {
        "plain, as published": lambda _, x: published(x)[0].permute(1, 2, 0).numpy(),
        "plain, spectral norm folded": lambda _, x: net(x)[0].permute(1, 2, 0).numpy(),
        "ours, float32": still(fast),
        "ours, half (bfloat16)": still(half),
    }
    for add in (compiled, openvino, onnx) if rivals else ():
        try:
            found.update(add(net, example))
        except Exception as error:
            print(
                f"left out: {add.__name__}: {type(error).__name__}: {str(error).splitlines()[0][:150]}", file=sys.stderr
            )
    return found


def compiled(net: SpadeNet, example: torch.Tensor) -> dict[str, Method]:
    import torch._inductor.config

    torch._inductor.config.freezing = True
    torch._dynamo.reset()
    fused = torch.compile(net)

    def paint(_: np.ndarray, x: torch.Tensor) -> np.ndarray:
        with torch.autocast("cpu", torch.bfloat16):
            return fused(x)[0].permute(1, 2, 0).float().numpy()

    with torch.inference_mode():
        paint(np.empty(0), example)
    return {"torch.compile, freezing, bf16 autocast": paint}


def openvino(net: SpadeNet, example: torch.Tensor) -> dict[str, Method]:
    import openvino as ov

    found: dict[str, Method] = {}
    model = ov.convert_model(net, example_input=example)
    for kind in ("f32", "bf16"):
        ready = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": kind, "INFERENCE_NUM_THREADS": 2})
        found[f"OpenVINO {kind}"] = lambda _, x, ready=ready: ready(x.numpy())[0][0].transpose(1, 2, 0)
    return found


def onnx(net: SpadeNet, example: torch.Tensor) -> dict[str, Method]:
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "net.onnx")
        torch.onnx.export(net, (example,), file, opset_version=17, dynamo=False, input_names=["x"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return {"onnxruntime f32": lambda _, x: session.run(None, {"x": x.numpy()})[0][0].transpose(1, 2, 0)}


def rates() -> tuple[float, float]:
    """GMAC/s of a large convolution in float32 and bfloat16: what the machine's library can do."""
    found = []
    for kind in (torch.float32, torch.bfloat16):
        conv = torch.nn.Conv2d(256, 256, 3, padding=1).to(kind).to(memory_format=torch.channels_last)
        x = torch.randn(1, 256, 128, 128).to(kind).contiguous(memory_format=torch.channels_last)
        times = []
        with torch.inference_mode():
            for _ in range(7):
                began = time.perf_counter()
                conv(x)
                times.append(time.perf_counter() - began)
        found.append(256 * 256 * 9 * 128 * 128 / min(times) / 1e9)
    return found[0], found[1]


def main_macs(width: int, height: int) -> float:
    """GMAC of the convolutions that remain, 42 at 256x256, and they grow with the pixels."""
    return 42.0 * width * height / 65536


def compare(published: SpadeNet, net: SpadeNet, maps: list[np.ndarray], rivals: bool) -> None:
    inputs = [one_hot(symbols) for symbols in maps]
    height, width = maps[0].shape
    found = methods(published, net, inputs[0], rivals)
    times: dict[str, list[float]] = {name: [] for name in found}
    errors: dict[str, list[tuple[float, float]]] = {name: [] for name in found}
    with torch.inference_mode():
        for name, paint in found.items():  # warm
            if not name.startswith("plain"):
                paint(maps[0], inputs[0])
        for symbols, dense in zip(maps, inputs, strict=True):
            wanted = None
            for name, paint in found.items():
                began = time.perf_counter()
                picture = paint(symbols, dense)
                times[name].append(time.perf_counter() - began)
                wanted = picture if wanted is None else wanted
                difference = picture.astype(np.float64) - wanted
                errors[name].append((np.abs(difference).max(), (difference**2).mean()))
    first = times["plain, as published"]
    print(f"\n{width}x{height}, {len(maps)} maps\n")
    print("| | ms median (spread) | times as fast | max difference | PSNR dB |\n|---|---|---|---|---|")
    for name, taken in times.items():
        ratio = statistics.median(a / b for a, b in zip(first, taken, strict=True))
        error = max(e for _, e in errors[name])
        psnr = "" if error == 0 else f"{10 * np.log10(4 / error):.1f}"
        ms = [1000 * t for t in taken]
        print(
            f"| {name} | {statistics.median(ms):.0f} ({min(ms):.0f}-{max(ms):.0f}) | {ratio:.1f} "
            f"| {max(e for e, _ in errors[name]):.1e} | {psnr} |"
        )


def video(net: SpadeNet) -> None:
    """A frame on its own against the same frame after others, frame by frame in turn."""
    shots = {
        f"one object moves {step} pixels a frame, 256x256": [moving_maps(n, step) for n in range(6)] for step in (2, 5)
    }
    shots["ride, the camera moves, 640x352"] = [ride_maps(640, 352)]
    print("\n| | still ms | in a video ms | times as fast | new neighbourhoods | kept MiB |\n|---|---|---|---|---|---|")
    for name, parts in shots.items():
        for half in (False, True):
            alone, model = FastSpade(net, half), FastSpade(net, half)
            still, moving, new, kept = [], [], [], 0
            for maps in parts:
                model.clear()
                for number, symbols in enumerate(maps):
                    alone.clear(release=False)
                    began = time.perf_counter()
                    alone(symbols)
                    between = time.perf_counter()
                    before = sum(level.patches_5.count for level in model.levels)
                    model(symbols)
                    ended = time.perf_counter()
                    kept = max(kept, model.kept_bytes())
                    if number > 0:
                        still.append(between - began)
                        moving.append(ended - between)
                        after = sum(level.patches_5.count for level in model.levels)
                        own = sum(level.one_frame for level in alone.levels)
                        if after >= before:
                            new.append((after - before) / own)
            ratio = statistics.median(a / b for a, b in zip(still, moving, strict=True))
            one, other = 1000 * statistics.median(still), 1000 * statistics.median(moving)
            kind = "half" if half else "float32"
            share = 100 * statistics.median(new)
            print(
                f"| {name}, {kind} | {one:.0f} | {other:.0f} | {ratio:.2f} | {share:.0f} % | {kept / 2**20:.0f} |",
                flush=True,
            )


def peak(which: str, width: int, height: int) -> None:
    """Largest memory of one method, in a process of its own."""
    net = random_nets()[1]
    symbols = coco_maps(width, height)[0]
    model = net if which == "plain" else FastSpade(net, which == "half")
    if which != "plain":
        model(symbols[: CONFIG.step * 2, : CONFIG.step * 2])  # loops are compiled, weights laid out
        model.clear()
    gc.collect()
    before = psutil.Process().memory_info().rss
    with open("/proc/self/clear_refs", "w") as file:  # the kernel's high-water mark starts anew
        file.write("5")
    with torch.inference_mode():
        model(one_hot(symbols) if which == "plain" else symbols)
    lines = Path("/proc/self/status").read_text().splitlines()
    high = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    print(f"| {which} | {width}x{height} | {before / 2**20:.0f} | {high / 1024:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", default=["256x256", "512x512", "1024x512"])
    parser.add_argument("--maps", type=int, default=6)
    parser.add_argument("--no-rivals", action="store_true")
    parser.add_argument("--only-video", action="store_true")
    parser.add_argument("--peak", choices=("plain", "float32", "half"), help="only the memory of one method")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    sizes = [tuple(int(n) for n in text.split("x")) for text in arguments.sizes]
    if arguments.peak:
        peak(arguments.peak, *sizes[0])
        return
    float32, half = rates()
    print(f"a large convolution: {float32:.0f} GMAC/s in float32, {half:.0f} in bfloat16", flush=True)
    published, net = random_nets()
    for width, height in [] if arguments.only_video else sizes:
        bound = [1000 * main_macs(width, height) / rate for rate in (float32, half)]
        compare(published, net, coco_maps(width, height)[: arguments.maps], not arguments.no_rivals)
        print(
            f"\nroofline, the main convolutions alone: {bound[0]:.0f} ms in float32, {bound[1]:.0f} in bfloat16",
            flush=True,
        )
    video(net)


if __name__ == "__main__":
    main()
