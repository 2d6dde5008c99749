"""What lies in the folder of a painting, for the panel to show: what painted it, and the files of each frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from shared.delivery import Delivery, DeliveryLayer
from shared.footage import frame_path

SHOWN = (".png", ".jpg", ".jpeg")  # what Qt reads everywhere


def words(delivery: Delivery) -> str:
    """What painted it, in a line: `seed 7, countryside, look summer`."""
    layers = _paintings(delivery)
    if not layers:
        return delivery.shot.name
    told = list(dict.fromkeys(_of_layer(layer) for layer in layers))
    return told[0] if len(told) == 1 else f"{told[0]} and {len(told) - 1} more"


def frames(delivery: Delivery, folder: Path) -> list[list[Path]]:
    """For each frame of the shot the files of the visible painted layers, lowest first, that can be shown.

    Empty where none can: painted as EXR, or nothing painted.
    """
    layers = [one for one in reversed(_paintings(delivery)) if one.enabled]
    layers = [one for one in layers if Path(one.footage.path).suffix.lower() in SHOWN]
    shot = delivery.shot
    return [_files(layers, folder, frame) for frame in range(shot.first, shot.last + 1)] if layers else []


def _paintings(delivery: Delivery) -> list[DeliveryLayer]:
    return [layer for layer in delivery.layers if layer.role == "painting"]


def _of_layer(layer: DeliveryLayer) -> str:
    made = layer.provenance
    options = [f"{name} {value}" for name, value in made.options.items() if name != "precision"]
    return ", ".join([f"seed {made.seed}", made.model, *options])  # a caption may be cut at its end


def _files(layers: Sequence[DeliveryLayer], folder: Path, frame: int) -> list[Path]:
    found = []
    for layer in layers:
        footage = layer.footage
        number = footage.first + frame - footage.start_frame
        there = footage.first <= number <= footage.last and number not in footage.missing
        if there or not footage.sequence:
            found.append(folder / frame_path(footage, number))
    return found
