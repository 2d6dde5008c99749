"""How a crop is adjusted: steps with their numbers, as data, in order.

    {"format": 1, "steps": [{"step": "levels", "low": 0.5, "high": 99.5}, {"step": "resize"},
                            {"step": "unsharp", "radius": 1, "amount": 0.5}]}

What stands before "resize" works on the crop at the picture's own resolution, what follows at the dataset's size;
without that step it comes first. Values are sRGB codes; a step with "linear" works on the light they stand for.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from shared import documents, schema
from shared.errors import InputRefused
from shared.kinds import Data, Kind, ListOf, Number, refused
from shared.schema import About, Record
from shared.srgb import from_light, to_light
from shared.values import Value

Plane = NDArray[np.float32]  # (H, W, 3), 0..1
MAX_FILE = 2**20  # bytes
LINEAR = "on light rather than on codes"


class Levels(Value):
    """`-auto-level` with 0 and 100: what `low` percent are darker than becomes 0, what `high` percent are 1."""

    about: ClassVar[About] = About("levels step", header={"step": "levels"})

    low: Annotated[float, Number(0, 49), "percent"] = 0.0
    high: Annotated[float, Number(51, 100), "percent"] = 100.0
    each: Annotated[bool, "each channel for itself, which also takes a cast away"] = False
    linear: Annotated[bool, LINEAR] = False

    def __call__(self, colour: Plane, size: int) -> Plane:
        low, high = np.percentile(colour, [self.low, self.high], axis=(0, 1) if self.each else None)
        return np.asarray((colour - low) / np.maximum(high - low, 1e-6), np.float32)


class Gamma(Value):
    """A power of the values; without `value` that which brings their mean to one half."""

    about: ClassVar[About] = About("gamma step", header={"step": "gamma"})

    value: Annotated[float | None, Number(0.1, 10), "above 1 brightens"] = None
    linear: Annotated[bool, LINEAR] = False

    def __call__(self, colour: Plane, size: int) -> Plane:
        mean = float(np.clip(colour.mean(), 1e-3, 1 - 1e-3))
        power = np.log(0.5) / np.log(mean) if self.value is None else 1 / self.value
        return np.asarray(np.clip(colour, 0, 1) ** power, np.float32)


class Balance(Value):
    """White balance: the mean of every channel becomes that of all (grey world)."""

    about: ClassVar[About] = About("balance step", header={"step": "balance"})

    linear: Annotated[bool, LINEAR] = False

    def __call__(self, colour: Plane, size: int) -> Plane:
        means = colour.mean((0, 1))
        return np.asarray(colour * (means.mean() / np.maximum(means, 1e-6)), np.float32)


class Saturation(Value):
    """Away from grey (Rec.709), or towards it."""

    about: ClassVar[About] = About("saturation step", header={"step": "saturation"})

    factor: Annotated[float, Number(0, 4), "0 is grey, 1 changes nothing"]
    linear: Annotated[bool, LINEAR] = False

    def __call__(self, colour: Plane, size: int) -> Plane:
        grey = colour @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        return np.asarray(grey[..., None] + (colour - grey[..., None]) * self.factor, np.float32)


class Denoise(Value):
    """Non-local means (Buades, Coll, Morel 2011), in 8 bits."""

    about: ClassVar[About] = About("denoise step", header={"step": "denoise"})

    strength: Annotated[float, Number(0, 50), "codes of 255"] = 3.0
    linear: Annotated[bool, LINEAR] = False

    def __call__(self, colour: Plane, size: int) -> Plane:
        found = cv2.fastNlMeansDenoisingColored(to_codes(colour), None, self.strength, self.strength)
        return np.asarray(found, np.float32) / np.float32(255)


class Unsharp(Value):
    """Sharper edges: what a Gaussian takes away is added once more."""

    about: ClassVar[About] = About("unsharp step", header={"step": "unsharp"})

    radius: Annotated[float, Number(0.1, 50), "standard deviation, pixels"] = 1.0
    amount: Annotated[float, Number(0, 10), "of what is added"] = 0.5
    threshold: Annotated[float, Number(0, 1), "least difference that counts, of the whole range"] = 0.0
    linear: Annotated[bool, LINEAR] = False

    def __call__(self, colour: Plane, size: int) -> Plane:
        edges = colour - cv2.GaussianBlur(colour, (0, 0), self.radius)
        return np.asarray(colour + edges * self.amount * (np.abs(edges) >= self.threshold), np.float32)


class Resize(Value):
    """To the dataset's size: whole blocks of pixels are averaged."""

    about: ClassVar[About] = About("resize step", header={"step": "resize"})

    linear: Annotated[bool, LINEAR] = False

    def __call__(self, colour: Plane, size: int) -> Plane:
        return np.asarray(cv2.resize(colour, (size, size), interpolation=cv2.INTER_AREA), np.float32)


STEPS = {cls.about.header["step"]: cls for cls in (Levels, Gamma, Balance, Saturation, Denoise, Unsharp, Resize)}


class OneStep(Kind):
    """A step with its numbers, by its name."""

    def read(self, value: Any, key: str) -> Any:
        name = value.get("step") if isinstance(value, dict) else None
        if not isinstance(name, str) or name not in STEPS:
            raise refused(key, value if name is None else name, f"a step, {', '.join(STEPS)}")
        return Record(STEPS[name]).read(value, key)

    def plain(self, value: Any) -> Data:
        return schema.plain(value)

    def schema(self) -> Data:
        return {"anyOf": [Record(cls).schema() for cls in STEPS.values()]}


class Recipe(Value):
    """How every crop of a dataset is adjusted."""

    about: ClassVar[About] = About("recipe", header={"format": 1})

    steps: Annotated[tuple[Any, ...], ListOf(OneStep(), 30), "one after another"] = ()

    def check(self) -> None:
        if sum(isinstance(step, Resize) for step in self.steps) > 1:
            raise InputRefused("the recipe resizes twice", remedy="Keep one of the steps")

    @property
    def digest(self) -> str:
        """The same for the same steps with the same numbers."""
        return hashlib.sha256(json.dumps(schema.plain(self), sort_keys=True).encode()).hexdigest()


def adjusted(crop: NDArray[np.uint8], recipe: Recipe, size: int) -> NDArray[np.uint8]:
    """(size, size, 3) uint8 of a crop (k size, k size, 3) uint8, both sRGB."""
    colour = crop.astype(np.float32) / np.float32(255)
    steps = recipe.steps if any(isinstance(step, Resize) for step in recipe.steps) else (Resize(), *recipe.steps)
    for step in steps:
        colour = from_light(step(to_light(np.clip(colour, 0, 1)), size)) if step.linear else step(colour, size)
    return to_codes(colour)


def read_recipe(file: Path) -> Recipe:
    """Raises MissingInput or InputRefused naming the file."""
    return documents.read(Recipe, file, "a recipe", MAX_FILE)


def to_codes(colour: Plane) -> NDArray[np.uint8]:
    return (np.clip(colour, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
