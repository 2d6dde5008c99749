"""What painting takes and how far a model looks: arithmetic over its card, so that `check` can say it without torch.

One function a family, `memory(card, width, height) -> (bytes of the model, bytes of painting one frame of that size)`,
where the pixels depend on nothing beyond a distance a second, `reach(card) -> pixels`, and where something is found out
once of a layer before its first frame (`Model.prepare`) the number of frames that are looked at for it.
"""

from __future__ import annotations

from collections.abc import Callable

from inference_server.models.cards import Card
from inference_server.models.stylegan.controls import layers
from inference_server.models.stylegan.settings import settings_of
from shared.errors import ModelRefused
from shared.shot import MAX_FRAMES


def small(card: Card, width: int, height: int) -> tuple[int, int]:
    """Measured on a processor in float32, at 640x368 to 3840x2160: within 15 %; half takes half, a GPU more."""
    guided = 350 if card.config.get("guided") else 0
    return 64 * 2**20, 160 * 2**20 + (1050 + guided) * width * height


def spade(card: Card, width: int, height: int) -> tuple[int, int]:
    """Measured on a processor in float32 with ngf 64, at 256x256 to 1024x512: within 15 %; wider ones in proportion."""
    weights = (card.folder / card.weights.file).stat().st_size
    wider = int(card.config.get("ngf", 64)) / 64
    return weights, int((130 * 2**20 + 3600 * width * height) * wider)


def match_grade(card: Card, width: int, height: int) -> tuple[int, int]:
    """The picture in float32 and its copies in Oklab and in light."""
    return 0, 60 * width * height


def stylegan(card: Card, width: int, height: int) -> tuple[int, int]:
    """What torch's own operations take in float32, at 64 to 512 pixels within 30 %; the loops of a processor take two
    thirds of it, and a tenth of alias-free ones, whose finer samples they never hold."""
    weights = (card.folder / card.weights.file).stat().st_size
    return weights, 64 * 2**20 + 26 * settings_of(card.config).largest


def runway(card: Card, width: int, height: int) -> tuple[int, int]:
    """Its files, and the pictures on their way: what the author's code takes beside them nobody knows."""
    return int(card.config.get("bytes", 0)), 64 * width * height


def lips(card: Card, width: int, height: int) -> tuple[int, int]:
    """Its weights twice while they are read, and the picture with its copies; MuseTalk's own features beside them."""
    features = 768 if card.config.get("network") == "musetalk" else 120
    return 2 * (card.folder / card.weights.file).stat().st_size, features * 2**20 + 60 * width * height


def pose(card: Card, width: int, height: int) -> tuple[int, int]:
    """The networks and what they take between, and the picture with its copies."""
    files = sum(file.stat().st_size for file in card.folder.iterdir() if file.is_file())
    return 64 * 2**20 + 4 * files, 40 * width * height


def sleep(card: Card, width: int, height: int) -> tuple[int, int]:
    return 0, width * height * 20  # channels, picture and their copies


PART_REACH = 6  # pixels around of which a part has its share


def small_reach(card: Card) -> int:
    """How many pixels around a block cut at multiples of 16 are seen: from its border back through every layer."""
    coarsest = len(card.config["widths"]) - 1
    low, high = -1, 16  # of the finest features: the picture's own convolution
    features = []  # at every level what the decoder reads
    for level in range(coarsest + 1):
        low, high = low - 2, high + 2  # two convolutions of 3x3, in the middle too
        features.append((low, high))
        if level < coarsest:
            low, high = (low - 1) // 2, (high + 1) // 2  # enlarged bilinearly
    low, high = features[-1]
    for finer in reversed(features[:-1]):
        low, high = 2 * (low - 2) - 1, 2 * (high + 2) + 1  # two convolutions, and the one that halves
        low, high = min(low, finer[0]), max(high, finer[1])
    seen = 1 if card.config.get("guided") else 0  # a pixel's guides are made of its neighbours too
    seen = PART_REACH if card.config.get("parts") else seen
    return max(1 - low, high + 1 - 15) + seen  # the first convolution


MEMORY: dict[str, Callable[[Card, int, int], tuple[int, int]]] = {
    "small": small,
    "spade": spade,
    "match_grade": match_grade,
    "stylegan": stylegan,
    "runway": runway,
    "lips": lips,
    "pose": pose,
    "sleep": sleep,
}
REACH: dict[str, Callable[[Card], int]] = {"small": small_reach, "match_grade": lambda card: 0}
ALL = MAX_FRAMES  # frames are looked at
PREPARES = {"match_grade": 16, "lips": ALL, "pose": ALL}
RECIPES = {"lips": 3, "pose": 1}  # as `keys.RECIPE`, of one family alone
# How many frames before one decide it, for what keeps something from each to the next; None: all of the shot.
REMEMBERS: dict[str, Callable[[Card], int | None]] = {"runway": lambda card: card.config.get("remembers")}
LAYERS: dict[str, Callable[[Card], int]] = {"stylegan": lambda card: layers(card.config)}  # of all others one


def known(card: Card) -> None:
    """Raises ModelRefused for a family that this build does not have."""
    if card.family not in MEMORY:
        raise ModelRefused(
            f"the model {card.name} is of the family {card.family!r}, which this build does not have",
            remedy=f"Update semrender; it knows {', '.join(name for name in MEMORY if name != 'sleep')}",  # a stand-in
        )
