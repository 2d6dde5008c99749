"""A figure that stands or walks, in any layout: what tests of joints draw, write and read."""

import numpy as np

from shared.layouts import LAYOUTS


def figure(layout, x, y, size, swing=0.0):
    """(K, 2): somebody who stands with the hips at (x, y), `size` pixels from shoulders to hips; the arms swing."""
    at = {"nose": (0, -1.55), "neck": (0, -1.0), "hip": (0, 0), "head_top": (0, -1.8)}
    for side, sign in (("left", 1), ("right", -1)):
        at |= {
            **{f"{side}_eye": (0.12 * sign, -1.65), f"{side}_ear": (0.25 * sign, -1.55)},
            f"{side}_shoulder": (0.45 * sign, -1.0),
            f"{side}_elbow": (sign * (0.7 + 0.1 * swing), -0.45),
            f"{side}_wrist": (sign * (0.85 + 0.3 * swing), 0.1),
            **{f"{side}_hip": (0.3 * sign, 0.0), f"{side}_knee": (0.34 * sign, 0.75)},
            **{f"{side}_ankle": (0.36 * sign, 1.5), f"{side}_heel": (0.26 * sign, 1.65)},
            **{f"{side}_big_toe": (0.45 * sign, 1.72), f"{side}_small_toe": (0.62 * sign, 1.6)},
        }
    return np.array([at[name] for name in LAYOUTS[layout]]) * size + (x, y)
