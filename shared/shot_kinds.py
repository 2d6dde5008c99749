"""What may stand at the keys of a shot.json beyond what every document may hold.

Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

import math
import re
from typing import Any, Tuple, Union

from shared.kinds import Data, Kind, TableOf, Text, Whole, is_whole, refused
from shared.wording import near

MAX_LAYERS = 256
MAX_PATTERN = 4096
MAX_ENTRIES = 10_000  # class names of `mattes`, entries of `options` and `read`

# After Effects' own names (ExtendScript `BlendingMode`); SILHOUETE is its spelling.
BLENDS = re.findall(
    r"\w+",
    """NORMAL DISSOLVE DANCING_DISSOLVE DARKEN MULTIPLY COLOR_BURN CLASSIC_COLOR_BURN LINEAR_BURN DARKER_COLOR
    ADD LIGHTEN SCREEN COLOR_DODGE CLASSIC_COLOR_DODGE LINEAR_DODGE LIGHTER_COLOR OVERLAY SOFT_LIGHT
    HARD_LIGHT LINEAR_LIGHT VIVID_LIGHT PIN_LIGHT HARD_MIX DIFFERENCE CLASSIC_DIFFERENCE EXCLUSION SUBTRACT
    DIVIDE HUE SATURATION COLOR LUMINOSITY STENCIL_ALPHA STENCIL_LUMA SILHOUETE_ALPHA SILHOUETTE_LUMA
    ALPHA_ADD LUMINESCENT_PREMUL""",
)

Mattes = Union[str, Tuple[str, ...]]  # "none", "all", or the classes by name

AS_TYPED = "without control characters; in paths write / instead of \\"
WORD = Text("a name", MAX_PATTERN, 1, hint=AS_TYPED)
WORD_OR_EMPTY = Text("a name", MAX_PATTERN, hint=AS_TYPED)
FILE = Text("a file", MAX_PATTERN, 1, hint=AS_TYPED)
PATTERN = Text('a file or a pattern such as "train/label.####.png"', MAX_PATTERN, 1, hint=AS_TYPED)
SETTING = Text("a number, true, false or text", MAX_PATTERN, hint=AS_TYPED)
FRAME = Whole(-10_000_000, 10_000_000)
SEED = Whole(0, 2**32 - 1)
MAP = TableOf(WORD, WORD, MAX_ENTRIES, 'an object such as {"building-other": "house"}')


class Blend(Kind):
    """A blending mode, as an artist writes it: "soft light" is SOFT_LIGHT."""

    def read(self, value: Any, key: str) -> str:
        mode = value.strip().upper().replace(" ", "_") if isinstance(value, str) else ""
        if mode not in BLENDS:
            allowed = "the blending modes of After Effects, such as " + ", ".join(BLENDS[:5])
            raise refused(key, value, allowed, near(mode, BLENDS))
        return mode

    def schema(self) -> Data:
        return {"anyOf": [{"enum": BLENDS}, {"type": "string"}]}


class MatteChoice(Kind):
    def read(self, value: Any, key: str) -> Mattes:
        if value in ("none", "all"):
            return str(value)
        if isinstance(value, str) or not isinstance(value, (list, tuple)) or len(value) > MAX_ENTRIES:
            raise refused(key, value, '"none", "all", or a list of classes such as ["tree", "river"]')
        return tuple(dict.fromkeys(WORD.read(name, key) for name in value)) or "none"

    def schema(self) -> Data:
        return {"anyOf": [{"enum": ["none", "all"]}, {"type": "array", "items": WORD.schema()}]}


class Names(Kind):
    """Other layers, each once."""

    def read(self, value: Any, key: str) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, (list, tuple)) or len(value) > MAX_LAYERS:
            raise refused(key, value, 'a list of layers such as ["environment"]')
        return tuple(dict.fromkeys(WORD.read(name, key) for name in value))

    def schema(self) -> Data:
        return {"type": "array", "items": WORD.schema(), "maxItems": MAX_LAYERS}


class Settings(Kind):
    """An object of plain settings: text, numbers, true/false, lists of those, or one object of texts.

    What the names mean is judged by who reads them (the model's card, the reader of passes).
    """

    def read(self, value: Any, key: str) -> Data:
        if not isinstance(value, dict) or len(value) > MAX_ENTRIES:
            raise refused(key, value, 'an object such as {"name": value}')
        found: Data = {}
        for name, item in value.items():
            where = f"{key}.{WORD.read(name, key)}"
            if isinstance(item, (list, tuple)) and len(item) <= MAX_ENTRIES:
                found[name] = [_setting(part, where) for part in item]
            elif isinstance(item, dict) and len(item) <= MAX_ENTRIES:
                found[name] = {WORD.read(k, where): _setting(v, where) for k, v in item.items()}
            else:
                found[name] = _setting(item, where)
        return found

    def schema(self) -> Data:
        return {"type": "object"}


def _setting(value: Any, key: str) -> Any:
    if value is None or isinstance(value, bool) or (is_whole(value) and abs(value) < 2**63):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return SETTING.read(value, key)
