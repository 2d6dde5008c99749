"""What a card's configuration says of a generator. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from shared.errors import ModelRefused
from shared.values import Value


class StyleGan2Config(Value):
    """channels: of each block's features, by its resolution "4", "8", ... up to the picture's; conv_clamp: beyond which
    features are cut off."""

    resolution: int
    z_dim: int
    w_dim: int
    channels: Mapping[str, int]
    c_dim: int = 0
    mapping_layers: int = 8
    conv_clamp: float | None = None

    @property
    def sizes(self) -> list[int]:
        return [2**k for k in range(2, self.resolution.bit_length())]  # 4 ... resolution

    def sound(self) -> bool:
        numbers = [self.resolution, self.z_dim, self.w_dim, self.mapping_layers, *self.channels.values()]
        return (
            all(type(n) is int and 0 < n <= 65536 for n in numbers)
            and type(self.c_dim) is int
            and 0 <= self.c_dim <= 65536
            and (self.conv_clamp is None or (isinstance(self.conv_clamp, int | float) and self.conv_clamp > 0))
            and set(self.channels) == {str(r) for r in self.sizes}
            and self.resolution == self.sizes[-1] >= 8
        )

    @property
    def largest(self) -> int:
        """Numbers in the largest features."""
        return self.channels[str(self.resolution)] * self.resolution**2


PLAIN = [1, 1, 1, 0, 0, 0, 0]  # kernel, up, down and padding of what makes colours


class WavesConfig(Value):
    """channels: how many waves; size: samples along each axis; sampling_rate: of them in one picture's width;
    bandwidth: the highest frequency that the first layer takes, in turns in a picture's width."""

    channels: int
    size: int
    sampling_rate: float
    bandwidth: float


class LayerConfig(Value):
    """One layer.

    inner, outer: channels; kernel: 3 (T) or 1 (R) pixels wide; up, down: how much finer its samples are when they are
    bent, and how much coarser after it; padding: left, right, top, bottom of the finer ones, negative to cut off;
    up_filter, down_filter: shapes of the filters, [taps] to be used along both axes or [taps, taps], None without one;
    colours: it makes the picture; clamp: beyond which features are cut off.
    """

    name: str
    inner: int
    outer: int
    kernel: int
    up: int
    down: int
    padding: Sequence[int]
    up_filter: Sequence[int] | None
    down_filter: Sequence[int] | None
    colours: bool = False
    clamp: float | None = None

    def fine(self, size: int) -> tuple[int, int]:
        """(w, h) of the finer samples of size x size."""
        left, right, top, bottom = self.padding
        filled = (size + self.kernel - 1) * self.up - (self.up_filter[0] - 1 if self.up_filter else 0)
        return filled + left + right, filled + top + bottom

    def size(self, size: int) -> tuple[int, int]:
        """(w, h) of what it makes of size x size."""
        lost = self.down_filter[0] - 1 if self.down_filter else 0
        wide, high = (-(-(fine - lost) // self.down) for fine in self.fine(size))
        return wide, high

    def sound(self) -> bool:
        filters = [shape for shape in (self.up_filter, self.down_filter) if shape is not None]
        return (
            all(type(n) is int and 0 < n <= 65536 for n in (self.inner, self.outer, *(n for f in filters for n in f)))
            and self.kernel in (1, 3)
            and all(type(n) is int and 0 < n <= 16 for n in (self.up, self.down))
            and len(self.padding) == 4
            and all(type(n) is int and abs(n) <= 4096 for n in self.padding)
            and all(len(shape) in (1, 2) and len(set(shape)) == 1 for shape in filters)
            and (self.up_filter is None or len(self.up_filter) == 1)
            and self.name.isidentifier()
            and (
                self.colours is False
                or (self.colours is True and not filters and [self.kernel, self.up, self.down, *self.padding] == PLAIN)
            )
            and (self.clamp is None or self.clamp > 0)
        )


class AliasFreeConfig(Value):
    """output_scale: what the last layer's colours are multiplied by."""

    resolution: int
    z_dim: int
    w_dim: int
    input: WavesConfig
    layers: Sequence[LayerConfig]
    output_scale: float
    c_dim: int = 0
    mapping_layers: int = 2

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> AliasFreeConfig:
        """Of a card's configuration. Raises TypeError, KeyError."""
        layers = [LayerConfig(**layer) for layer in known["layers"]]
        return cls(**{**known, "input": WavesConfig(**known["input"]), "layers": layers})

    def sound(self) -> bool:
        waves, size = self.input, self.input.size
        numbers = [self.resolution, self.z_dim, self.w_dim, self.mapping_layers, waves.channels, size]
        if not (
            all(type(n) is int and 0 < n <= 65536 for n in numbers)
            and type(self.c_dim) is int
            and 0 <= self.c_dim <= 65536
            and 0 < waves.bandwidth < waves.sampling_rate / 2 < math.inf
            and all(layer.sound() for layer in self.layers)
            and len({"input", *(layer.name for layer in self.layers)}) == len(self.layers) + 1
            and math.isfinite(self.output_scale)
        ):
            return False
        channels = waves.channels
        for layer in self.layers:
            wide, high = layer.size(size)
            if not 0 < wide == high or layer.inner != channels:
                return False
            size, channels = wide, layer.outer
        return (
            size == self.resolution
            and channels == 3
            and [layer.colours for layer in self.layers] == [False] * (len(self.layers) - 1) + [True]
        )

    @property
    def largest(self) -> int:
        """Numbers in the largest features: those that are bent."""
        size, most = self.input.size, 0
        for layer in self.layers:
            wide, high = layer.fine(size)
            most, size = max(most, layer.outer * wide * high), layer.size(size)[0]
        return most


def settings_of(config: Mapping[str, Any]) -> StyleGan2Config | AliasFreeConfig:
    """Of a card's configuration. Raises ModelRefused where it describes no generator."""
    known = dict(config)
    name = known.pop("network", None)
    if name not in ("stylegan2", "stylegan3"):
        raise ModelRefused(f"{str(name)[:100]!r} is no generator that this build has", remedy="Add the model again")
    try:
        settings = StyleGan2Config(**known) if name == "stylegan2" else AliasFreeConfig.of(known)
        sound = settings.sound()
    except (TypeError, AttributeError, KeyError, IndexError):
        sound = False
    if not sound:
        raise ModelRefused("the configuration in the card describes no generator", remedy="Add the model again")
    return settings
