"""mtoa.core: Arnold's option nodes exist after this [facts 4.4]."""

from maya.scene import SCENE


def createOptions() -> None:
    if "mtoa" not in SCENE.plugins:
        raise ImportError("mtoa is not loaded")
    SCENE.make_arnold()
