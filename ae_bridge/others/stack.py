"""What a comp is in any program: pictures laid over one another, in the values that their files hold.

That is what After Effects does with a delivery, and the movie beside it: the paintings are display-referred, and cut
by their coverage there. A program that works in linear light converts before and after: the picture is the same.
"""

from __future__ import annotations

from pathlib import Path

from shared.delivery import Delivery, DeliveryLayer, DeliveryShot, Footage, read_delivery
from shared.delivery_check import validate
from shared.errors import SemrenderError
from shared.values import Value

SRGB, LINEAR, ACESCG, VALUES = "sRGB", "linear", "ACEScg", "values"  # what the numbers of a file are

# The modes that mean the same in every program: layer S over what is below it B, premultiplied, with their alphas s, b.
# What both cover is blended, the rest of each shows as it is (W3C, Compositing and Blending Level 1, 5.8).
BLENDED = {
    "MULTIPLY": "S*B",
    "SCREEN": "b*S+s*B-S*B",
    "DARKEN": "min(b*S,s*B)",
    "LIGHTEN": "max(b*S,s*B)",
    "ADD": "min(s*b,b*S+s*B)",
    "LINEAR_DODGE": "min(s*b,b*S+s*B)",
    "DIFFERENCE": "abs(b*S-s*B)",
    "EXCLUSION": "b*S+s*B-2*S*B",
    "OVERLAY": "2*B<=b?2*S*B:s*b-2*(b-B)*(s-S)",
}


class Comp(Value):
    """A delivery whose files are all there."""

    delivery: Delivery
    folder: Path  # of the delivery; absolute

    @property
    def shot(self) -> DeliveryShot:
        return self.delivery.shot

    @property
    def shown(self) -> list[DeliveryLayer]:
        """From the bottom up."""
        return [layer for layer in reversed(self.delivery.layers) if _is_shown(layer)]

    @property
    def sources(self) -> list[DeliveryLayer]:
        """What paintings were made of, to be seen below them where they are switched off. Top first."""
        return [layer for layer in self.delivery.layers if layer.role == "picture" and layer.guide and layer.enabled]

    @property
    def aside(self) -> list[DeliveryLayer]:
        """Mattes, passes, what is switched off: there to be used, and not in the picture. Top first."""
        return [layer for layer in self.delivery.layers if not _is_shown(layer)]

    @property
    def space(self) -> str:
        """What the numbers of the picture are."""
        shown = self.shown
        return space_of(shown[0].footage) if shown else SRGB

    def layer(self, uid: str) -> DeliveryLayer:
        return next(layer for layer in self.delivery.layers if layer.uid == uid)


def read_comp(path: Path) -> Comp:
    """A delivery.json, or the one in a folder. Raises MissingInput or InputRefused naming file, layer and frame."""
    delivery = read_delivery(path)
    # Absolute, but not resolved: artists know their mounts by name, not where these lead.
    folder = (path if path.is_dir() else path.parent).absolute()
    try:
        validate(delivery, folder)
    except SemrenderError as error:
        raise error.located(file=path) from None
    return Comp(delivery, folder)


def space_of(footage: Footage) -> str:
    if footage.data:
        return VALUES
    if footage.color == ACESCG:
        return ACESCG
    return LINEAR if footage.path.lower().endswith(".exr") else SRGB


def frames_of(layer: DeliveryLayer, shot: DeliveryShot) -> range:
    """The frames of the shot on which a layer has a file; it shows nothing on others."""
    footage = layer.footage
    if not footage.sequence:
        return range(shot.first, shot.last + 1)
    start = footage.start_frame
    return range(max(start, shot.first), min(start + footage.last - footage.first, shot.last) + 1)


def notes(comp: Comp) -> list[str]:
    """What the other program shows otherwise than After Effects, in words."""
    modes = [
        f"layer {layer.name}: {layer.blend} means something else in every program; it is laid over as NORMAL"
        for layer in comp.shown
        if layer.blend not in ("NORMAL", *BLENDED)
    ]
    return [*empty(comp), *modes]


def empty(comp: Comp) -> list[str]:
    """Words where there is no picture."""
    return [] if comp.shown else [f"{comp.shot.name}: no painted layer is switched on, so the picture is empty"]


def _is_shown(layer: DeliveryLayer) -> bool:
    return layer.enabled and not layer.guide and layer.role not in ("labels", "cryptomatte")
