"""Where a scene's results lie, by rule: beside the scene, per camera, passes and painting apart.

    <scene folder>/semrender/<scene>/<camera>/frame_0012/passes   shot.json and the rendered label passes
    <scene folder>/semrender/<scene>/<camera>/frame_0012/painted  what the server made of them
    <scene folder>/semrender/<scene>/<camera>/shot/...            the same for the whole range

A shot is rendered again into the same folder: what did not change is kept, and After Effects updates its comp. With
another look it goes into a take beside it (`shared.takes`); a frame is painted over until it pleases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from maya_plugin.core.contract import Scene


@dataclass(frozen=True)
class Places:
    passes: Path
    painted: Path


def of_frame(scene: Scene, camera: str, frame: int) -> Places:
    sign = "m" if frame < 0 else ""
    return _places(scene, camera, f"frame_{sign}{abs(frame):04d}")


def of_shot(scene: Scene, camera: str) -> Places:
    return _places(scene, camera, "shot")


def of_rendered(scene: Scene) -> Places:
    """What is painted of pictures that another renderer made."""
    folder = Path(scene.folder) / "rendered"
    return Places(folder / "passes", folder / "painted")


def _places(scene: Scene, camera: str, what: str) -> Places:
    name = re.sub(r"[^\w.-]+", "_", camera) or "camera"
    folder = Path(scene.folder) / name / what
    return Places(folder / "passes", folder / "painted")
