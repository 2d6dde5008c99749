"""The colours of a screen and the light they stand for: sRGB's transfer (IEC 61966-2-1) and the primaries of ACEScg."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]

# Rec.709 (D65) to ACEScg (AP1), Bradford-adapted: ACES TB-2014-004 and S-2014-004.
REC709_TO_AP1 = np.array(
    [
        [0.613097, 0.339523, 0.047379],
        [0.070194, 0.916354, 0.013452],
        [0.020616, 0.109570, 0.869815],
    ],
    np.float32,
)


def to_light(codes: Values) -> Values:
    """sRGB-encoded to linear, both 0..1."""
    light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    result: Values = light.astype(np.float32)
    return result


def from_light(light: Values) -> Values:
    """Linear to sRGB-encoded, both 0..1; what is beyond is cut off."""
    bound = np.clip(light, 0, 1)
    result: Values = np.where(bound <= 0.0031308, bound * 12.92, 1.055 * bound ** (1 / 2.4) - 0.055).astype(np.float32)
    return result
