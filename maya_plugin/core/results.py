"""Where a scene's results lie: a folder by rule or by the artist's own words, per camera, passes and painting apart.

    <images>/semrender/<shot>/<camera>/frame_0012/passes   shot.json and the rendered label passes
    <images>/semrender/<shot>/<camera>/frame_0012/painted  what the server made of them
    <images>/semrender/<shot>/<camera>/shot/...            the same for the whole range

`<images>` is where the project's rule sends rendered pictures; a scene that lies outside its project has its results
beside it. A shot is rendered again into the same folder, whatever version of the scene it comes from: what did not
change is kept, and After Effects updates its comp. With another look it goes into a take beside it (`shared.takes`); a
frame is painted over until it pleases.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from maya_plugin.core.contract import Scene
from shared.errors import InputRefused

IN_PROJECT = "<images>/semrender/<shot>"
BESIDE = "<scene>/semrender/<shot>"
TOKENS = {
    "project": "the project's folder",
    "images": "its folder for rendered pictures",
    "scene": "the folder of the scene's file",
    "shot": "the shot's name",
    "camera": "the camera (else a folder of it is made inside)",
    "version": "the version in the name of the scene's file, such as v012",
}
VERSION = re.compile(r"[._-]v\d+(?=[._-]|$)", re.IGNORECASE)
SAVED_AGAIN = re.compile(r"\.\d{3,4}$")  # as Maya's Increment and Save numbers files: shot.0012.ma


@dataclass(frozen=True)
class Places:
    passes: Path
    painted: Path


def shot_of(name: str) -> str:
    """The shot that a scene's file is of: its name without its version. `sh010_anim_v012` -> `sh010_anim`."""
    return VERSION.sub("", SAVED_AGAIN.sub("", name)).strip("._-") or name


def folder(scene: Scene, words: str = "", shot: str = "") -> Path:
    """The folder of a shot's results. Raises InputRefused where the words have a token that there is not.

    Args:
        words: a path with tokens, relative to the project where it is not absolute; "" for the rule.
        shot: "" for the scene's.
    """
    return _filled(scene, words, shot or scene.shot, "")


def of_frame(scene: Scene, camera: str, frame: int, words: str = "", shot: str = "") -> Places:
    sign = "m" if frame < 0 else ""
    return _places(scene, words, shot, camera, f"frame_{sign}{abs(frame):04d}")


def of_shot(scene: Scene, camera: str, words: str = "", shot: str = "") -> Places:
    return _places(scene, words, shot, camera, "shot")


def of_rendered(scene: Scene, words: str = "", shot: str = "") -> Places:
    """What is painted of pictures that another renderer made."""
    return _places(scene, words, shot, "", "rendered")


def make(folder: Path) -> None:
    """Make a folder for results, and see that files can be written there. Raises InputRefused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputRefused(
            "the results cannot be written there",
            file=folder,
            cause=error.strerror or str(error),
            remedy="Choose another folder at Results, under More settings",
        ) from None


def _places(scene: Scene, words: str, shot: str, camera: str, what: str) -> Places:
    name = _clean(camera) or "camera" if camera else ""
    base = _filled(scene, words, shot or scene.shot, name)
    inside = base / what if "<camera>" in words else base / name / what
    return Places(inside / "passes", inside / "painted")


def _filled(scene: Scene, words: str, shot: str, camera: str) -> Path:
    beside = Path(scene.path).parent if scene.path else Path(scene.project)
    version = VERSION.search(scene.name)
    values = {
        "project": scene.project,
        "images": scene.images or scene.project,
        "scene": beside.as_posix(),
        "shot": _clean(shot),
        "camera": camera,
        "version": version[0][1:] if version else "",
    }

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            known = ", ".join(f"<{token}>" for token in TOKENS)
            raise InputRefused(f"Results has no <{found[1]}>", remedy=f"It has {known}")
        return values[found[1]]

    text = words.strip() or (IN_PROJECT if _in_project(scene) else BESIDE)
    return Path(scene.project) / re.sub(r"<(\w*)>", value, text)


def _in_project(scene: Scene) -> bool:
    """A scene of another project would mix its results with those of this one."""
    project = Path(scene.project)
    return bool(scene.images) and (not scene.path or project in Path(scene.path).parents)


def _clean(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)
