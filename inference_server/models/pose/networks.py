"""Which published network an ONNX file is, by what it takes and makes: its name says nothing.

`kind_of` looks at the shapes of what a network makes of an empty picture; `bodies_of` puts a card's networks together,
as what `motion` calls `Bodies`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from inference_server.models.cards import Card, Weights, load_card
from inference_server.models.catalogue import SHIPPED
from inference_server.models.onnx_network import OnnxNetwork, open_network
from inference_server.models.pose import heatmaps, rtmo, simcc, yolox
from inference_server.models.pose.cards import HEATMAPS, RTMO, SIMCC, YOLOX, config_of
from inference_server.models.pose.flat import Pixels, square_of
from inference_server.motion.bodies import Body, Region
from inference_server.motion.following import Bodies
from shared.errors import ModelRefused
from shared.layouts import LAYOUTS
from shared.values import Value

ORDERS = {SIMCC: simcc.ORDER, HEATMAPS: heatmaps.ORDER, RTMO: rtmo.ORDER}
READ = {  # layouts by the number of joints that such networks read
    len(LAYOUTS[name]): name for name in ("coco17", "halpe26", "wholebody133")
}
WORDS = {
    SIMCC: "a network with two distributions a joint, as RTMPose",
    HEATMAPS: "a network with a map of each joint, as ViTPose",
    RTMO: "a network that reads everybody at once, as RTMO",
    YOLOX: "a detector of people, as YOLOX",
}


class Kind(Value):
    """What a network is: one of the names above, the layout of its joints ("" of a detector), its size (width, height);
    depth: whether it says one that is not used."""

    name: str
    layout: str
    size: tuple[int, int]
    depth: bool = False


class Reader(Protocol):
    """A network that reads the joints of one person, in the middle part of a square of a picture."""

    aspect: float

    def read(self, picture: Pixels, region: Region) -> Body | None: ...


def kind_of(network: OnnxNetwork, file: Path) -> Kind:
    """What a network is. Raises ModelRefused, with its outputs, for another one."""
    size = network.size or yolox.SIZE
    made = [one.shape for one in network(np.zeros((size[1], size[0], 3), np.float32))]
    kind = _kind(made, size)
    if kind is None:
        listed = ", ".join("x".join(str(side) for side in shape) for shape in made[:4])
        raise ModelRefused(
            "this network is none that is known here",
            file=file,
            cause=f"Of a picture of {size[0]}x{size[1]} it makes {listed}",
            remedy=f"Known are {'; '.join(WORDS.values())}; with {', '.join(str(count) for count in READ)} joints",
        )
    return kind


def _kind(made: Sequence[tuple[int, ...]], size: tuple[int, int]) -> Kind | None:
    """By the shapes of what it makes."""
    ranks = [len(shape) for shape in made]
    width, height = size
    if ranks in ([3, 3], [3, 3, 3]):
        (_, joints, across), (_, also, down) = made[:2]
        steps = across // width
        if steps and (across, down) == (steps * width, steps * height) and joints == also and joints in READ:
            return Kind(SIMCC, READ[joints], size, len(made) == 3)
    if ranks == [4] and made[0][1] in READ and made[0][2] * width == made[0][3] * height:
        return Kind(HEATMAPS, READ[made[0][1]], size)
    if ranks == [3, 4] and made[0][2] == 5 and made[1][2:] in [(count, 3) for count in READ]:
        return Kind(RTMO, READ[made[1][2]], size)
    if ranks in ([3], [3, 2]) and made[0][2] == 5:
        return Kind(YOLOX, "", size)
    if ranks == [3] and made[0][1] == yolox.cells(size) and made[0][2] > 5:
        return Kind(YOLOX, "", size)
    return None


class _TopDown:
    """Bodies by a detector and a network that reads one person."""

    def __init__(self, reader: Reader, search: Callable[[Pixels, bool], list[Region]]) -> None:
        self.read, self._search = reader.read, search

    def search(self, picture: Pixels, closely: bool = True) -> list[Region]:
        return self._search(picture, closely)


def bodies_of(card: Card, folder: Path, device: str) -> Bodies:
    """The networks of a card. Raises ModelRefused."""
    config = config_of(card)
    network = open_network(folder / card.weights.file, card.weights.sha256, device)
    kind = kind_of(network, folder / card.weights.file)
    if (kind.name, kind.layout) != (config.network, config.layout):
        raise ModelRefused(f"the weights are {WORDS[kind.name]}, and not what the card says", file=folder / "card.json")
    if kind.name == RTMO:
        return rtmo.Rtmo(network, config.order)
    reader = (simcc.SimCC if kind.name == SIMCC else heatmaps.Heatmaps)(network, kind.size, config.order)
    return _TopDown(reader, _searcher(config.detector, folder, device, reader.aspect))


def _searcher(
    detector: Weights | None, folder: Path, device: str, aspect: float
) -> Callable[[Pixels, bool], list[Region]]:
    """What finds people: the detector that was added beside the network, or the one that ships."""
    if detector is not None:
        found = yolox.Yolox(open_network(folder / detector.file, detector.sha256, device), yolox.ORDER)
        return lambda picture, closely: [square_of(one.box, aspect) for one in found.search(picture, closely)]
    from inference_server.models.pose.blazepose import BlazePose

    shipped = BlazePose(load_card(SHIPPED / "blazepose"), SHIPPED / "blazepose", device)
    return lambda picture, closely: [Region(one.x, one.y, one.side, 0.0) for one in shipped.search(picture, closely)]
