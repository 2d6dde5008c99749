"""Of a pickled module of stylegan3 the alias-free generator, configurations T and R.

No filter is designed: sizes, rates, paddings and filters all stand in the module, which is read as `ada` reads any.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_server.models.stylegan.published import arrays, found
from inference_server.models.stylegan.published.arrays import Array, Tensor
from inference_server.models.stylegan.published.found import Weights, other
from inference_server.models.stylegan.published.modules import Module, tensors

WIDEST = 65536


def config(named: Mapping[str, Module], weights: Weights) -> dict[str, Any]:
    """The card's configuration, as `settings.AliasFreeConfig` reads it. Raises ModelRefused."""
    synthesis = named["synthesis."]
    listed = synthesis.state.get("layer_names")
    if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
        other(f"its {synthesis.name} does not say its layers: no StyleGAN3")
    if missing := [name for name in ("input", *listed) if f"synthesis.{name}." not in named]:
        other(f"its {synthesis.name} has no {missing[0][:40]}: no StyleGAN3")
    waves = named["synthesis.input."]
    layers = [_layer(name, named[f"synthesis.{name}."]) for name in listed]
    if layers[-1]["outer"] != 3:
        other(f"it paints {layers[-1]['outer']} channels, not red, green and blue", "Only colours are read")
    return {
        "network": "stylegan3",
        "resolution": _whole(synthesis, "img_resolution"),
        **found.mapping_of(weights),
        "output_scale": _number(synthesis, "output_scale"),
        "input": {
            "channels": _whole(waves, "channels"),
            "size": _side(waves, "size"),
            "sampling_rate": _number(waves, "sampling_rate"),
            "bandwidth": _number(waves, "bandwidth"),
        },
        "layers": layers,
    }


def _layer(name: str, layer: Module) -> dict[str, Any]:
    own = tensors(layer)
    weight = own.get("weight")
    if weight is None or len(weight.shape) != 4:
        other(f"its layer {name[:40]} has no weights of a convolution: no StyleGAN3")
    padding = layer.state.get("padding")
    if not isinstance(padding, list) or len(padding) != 4 or not all(type(n) is int for n in padding):
        other(f"its layer {name[:40]} does not say how it is padded: no StyleGAN3")
    clamp = layer.get("conv_clamp")
    for side in ("in_size", "out_size"):
        _side(layer, side)
    return {
        "name": name,
        "inner": weight.shape[1],
        "outer": weight.shape[0],
        "kernel": weight.shape[2],
        "up": _whole(layer, "up_factor"),
        "down": _whole(layer, "down_factor"),
        "padding": padding,
        "up_filter": _shape(own.get("up_filter")),
        "down_filter": _shape(own.get("down_filter")),
        "colours": layer.get("is_torgb") is True,
        "clamp": None if clamp is None else _number(layer, "conv_clamp"),
    }


def _shape(taps: Tensor | None) -> list[int] | None:
    return None if taps is None else list(taps.shape)


def _number(module: Module, name: str) -> float:
    value = module.get(name)
    if not isinstance(value, int | float):
        other(f"its {module.name} says no {name}: no StyleGAN3")
    return float(value)


def _whole(module: Module, name: str) -> int:
    value = module.get(name)
    if type(value) is not int or not 0 < value <= WIDEST:
        other(f"its {module.name} says no {name}: no StyleGAN3")
    return value


def _side(module: Module, name: str) -> int:
    """Of a square; a file has both sides, as an array of NumPy's or as one number."""
    value = module.state.get(name)
    if isinstance(value, Array | Tensor) and arrays.plain(value) is value:
        sides = (value.tensor() if isinstance(value, Array) else value).numbers().ravel()
        if len(sides) != 2 or sides[0] != sides[1]:
            other(f"it paints no squares: {name} of its {module.name} is {sides[:4].tolist()}", "Only squares are read")
        value = int(sides[0])
    value = arrays.plain(value)
    if type(value) is not int or not 0 < value <= WIDEST:
        other(f"its {module.name} says no {name}: no StyleGAN3")
    return value
