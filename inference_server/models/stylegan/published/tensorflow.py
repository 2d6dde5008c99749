"""Pickles of the TensorFlow programs (stylegan2, stylegan2-ada, what RunwayML trained with): a tuple G, D, Gs.

Each is a `dnnlib.tflib.network.Network` whose state has `version`, `static_kwargs`, `components` (networks), the source
of the function that builds it, which is never looked at, and `variables`, pairs of a name and an array.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from inference_server.models.stylegan.published import arrays, found
from inference_server.models.stylegan.published.arrays import Array, Tensor
from inference_server.models.stylegan.published.found import RATE, Change, Constant, Found, Numbers, Weight, other
from inference_server.models.stylegan.published.machine import Built

VERSION = 4  # of the networks of StyleGAN2; 2 and 3 are StyleGAN 1
RUN = 0.5  # the truncation of a generator's `run` where nobody says one
WANTED = {  # what must be so where a network says it
    "architecture": ("skip",),
    "normalize_latents": (True,),
    "mapping_nonlinearity": ("lrelu",),
    "nonlinearity": ("lrelu",),
    "act": ("lrelu",),
    "resample_kernel": ([1, 3, 3, 1], (1, 3, 3, 1), None),
}


def read(value: tuple[Any, ...]) -> Found:
    """The generator of a file: its third network, Gs. Raises ModelRefused saying what else it is."""
    if len(value) != 3 or not all(isinstance(one, Built) for one in value):
        other(f"it holds {len(value)} things, where the programs of TensorFlow write three networks: G, D and Gs")
    whole = _state(value[2])
    version = arrays.plain(whole.get("version"))
    if version != VERSION:
        known = "StyleGAN 1" if version in (1, 2, 3) else "no StyleGAN that is known"
        other(f"its networks are of version {str(version)[:20]}: {known}")
    parts = whole.get("components")
    if not isinstance(parts, dict) or not {"mapping", "synthesis"} <= set(parts):
        other(f"its third network, {str(whole.get('name'))[:40]}, has no mapping and synthesis: no StyleGAN2")
    mapping, synthesis = _state(parts["mapping"]), _state(parts["synthesis"])
    said = {**_said(mapping), **_said(synthesis), **_said(whole)}
    _check(said)
    rate = said.get("mapping_lrmul", RATE)
    weights: dict[str, Weight | Constant] = {}
    for state, name_of in ((mapping, _mapped), (synthesis, _painted), (whole, _top)):
        for name, tensor in _variables(state):
            if (ours := name_of(name, tensor)) is not None:
                weights[ours[0]] = ours[1]
    if isinstance(rate, int | float) and 0 < rate <= 100:
        for name, weight in weights.items():
            if name.startswith("mapping.fc") and isinstance(weight, Weight):
                weights[name] = found.scaled(weight, rate / RATE)
    every = found.quiet(weights)
    config = found.stylegan2(every, said.get("conv_clamp"))
    psi = said.get("truncation_psi", RUN)
    psi = float(psi) if isinstance(psi, int | float) and 0 <= psi <= 2 else 1.0
    return Found(config, every, "StyleGAN2 of NVIDIA's TensorFlow programs", nvidia=True, psi=psi)


def _state(network: Any) -> Mapping[str, Any]:
    if not isinstance(network, Built) or not isinstance(network.state, dict):
        other("one of its networks is empty: no StyleGAN2")
    return network.state


def _said(state: Mapping[str, Any]) -> dict[str, Any]:
    """What a network was built with."""
    table = state.get("static_kwargs")
    return {str(name): arrays.plain(value) for name, value in table.items()} if isinstance(table, dict) else {}


def _check(said: Mapping[str, Any]) -> None:
    for name, wanted in WANTED.items():
        if name in said and said[name] not in wanted:
            other(
                f"its {name} is {str(said[name])[:40]}, not {wanted[0]}", "Only StyleGAN2 as it was published is read"
            )
    for name in ("resolution_w", "resolution_h"):
        if said.get(name, said.get("resolution")) != said.get("resolution"):
            other(f"it paints no squares: its {name} is {str(said[name])[:20]}", "Only square pictures are read")


def _variables(state: Mapping[str, Any]) -> list[tuple[str, Tensor | float]]:
    """A variable without axes may be a number."""
    pairs = state.get("variables")
    if not isinstance(pairs, list):
        other("one of its networks has no variables: no StyleGAN2")
    listed: list[tuple[str, Tensor | float]] = []
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not isinstance(pair[0], str):
            other("one of its networks has variables without names")
        value = pair[1].tensor() if isinstance(pair[1], Array) else pair[1]
        if not isinstance(value, Tensor | int | float):
            other(f"its variable {pair[0][:60]} is no array")
        listed.append((pair[0], value))
    return listed


def _turned(values: Numbers) -> Numbers:  # (in, out) -> (out, in)
    return values.T


def _kernel(values: Numbers) -> Numbers:  # (h, w, in, out) -> (out, in, h, w)
    return values.transpose(3, 2, 0, 1)


def _flipped(values: Numbers) -> Numbers:
    return _kernel(values)[:, :, ::-1, ::-1]


def _plain(values: Numbers) -> Numbers:
    return values


def _weight(name: str, tensor: Tensor | float, axes: int, change: Change) -> Weight | Constant:
    shape = tensor.shape if isinstance(tensor, Tensor) else ()
    if len(shape) != axes or 0 in shape:
        other(f"its {name} has the shape {shape}, unlike any StyleGAN2")
    return Weight(tensor, change) if isinstance(tensor, Tensor) else Constant((), float(tensor))


def _mapped(name: str, tensor: Tensor | float) -> tuple[str, Weight | Constant] | None:
    if name == "LabelConcat/weight":
        other(
            "it has classes that are joined by LabelConcat, as the first StyleGAN2 did",
            "Generators with classes are read as stylegan2-ada and its successors write them",
        )
    dense = re.fullmatch(r"(Dense\d{1,3}|LabelEmbed)/(weight|bias)", name)
    if dense is None:
        other(f"its mapping has {name[:60]}, which no StyleGAN2 has")
    ours = "embed" if dense[1] == "LabelEmbed" else f"fc{int(dense[1][5:])}"
    changes = (2, _turned) if dense[2] == "weight" else (1, _plain)
    return f"mapping.{ours}.{dense[2]}", _weight(name, tensor, *changes)


def _painted(name: str, tensor: Tensor | float) -> tuple[str, Weight | Constant] | None:
    if noise := re.fullmatch(r"noise(\d{1,2})", name):
        number = int(noise[1])
        noisy = f"b{2 ** ((number + 5) // 2)}.conv{1 - number % 2}"
        return f"synthesis.{noisy}.noise_const", _weight(name, tensor, 4, lambda values: values[0, 0])
    of = re.fullmatch(r"(\d{1,5})x(\d{1,5})/(Const|Conv|Conv0_up|Conv1|ToRGB|Skip)/(\w+)", name)
    if of is None or of[1] != of[2]:
        other(f"its synthesis has {name[:60]}, which no StyleGAN2 has")
    block = f"synthesis.b{int(of[1])}"
    if (of[3], of[4]) == ("Const", "const"):
        return f"{block}.const", _weight(name, tensor, 4, lambda values: values[0])
    layer = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb", "Skip": "skip"}.get(of[3])
    parts: dict[str, tuple[str, int, Change]] = {
        "weight": ("weight", 4, _flipped if of[3] == "Conv0_up" else _kernel),
        "mod_weight": ("affine.weight", 2, _turned),
        "mod_bias": ("affine.bias", 1, lambda values: values + 1),
        "noise_strength": ("noise_strength", 0, _plain),
        "bias": ("bias", 1, _plain),
    }
    if layer is None or of[4] not in parts:
        other(f"its synthesis has {name[:60]}, which no StyleGAN2 has")
    part, axes, change = parts[of[4]]
    return f"{block}.{layer}.{part}", _weight(name, tensor, axes, change)


def _top(name: str, tensor: Tensor | float) -> tuple[str, Weight | Constant] | None:
    """Of the network itself; the rest is the state of its training."""
    return ("mapping.w_avg", _weight(name, tensor, 1, _plain)) if name == "dlatent_avg" else None
