"""The geometry of a frame as models take it: normals in the space of its camera, depth in metres."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.roots import inside
from inference_server.stability.facing import Seen, better, contradicting, without_a_class
from inference_server.worker.plan import LayerPlan, Plan
from shared.errors import InputRefused, SemrenderError
from shared.label_set import NOTHING, SKY, LabelSet
from shared.passes import ReadOptions, read_label_pass
from shared.passes.data_pass import FAR, read_depth
from shared.passes.normal_pass import NormalPass, read_normals, turned
from shared.sequences import Sequence
from shared.shot import NORMALS
from shared.values import Value

Picture = NDArray[np.float32]
Ids = NDArray[np.uint16]
State = tuple[Path, int, int]  # a file, when it was changed, its size
View = tuple[tuple[float, ...], float, str]  # a camera's matrix, as in tracks, its focal length in widths, the axis up

KINDS = ("normal", "depth")
CENTIMETRES = 100.0  # of a unit of the scene where neither shot nor tracks say
# First words of classes that lie on the ground: what is seen of them looks up.
GROUND = (
    "grass road water river sea lake sand snow ground earth land field terrain playingfield pavement sidewalk path"
    " parking runway railroad dirt mud gravel floor carpet rug"
)
# Of those whose surfaces show either side, whatever the normals are: leaves, and domes behind everything.
TWO_SIDED = (*SKY, "tree", "palm", "bush", "branch", "leaves", "plant", "flower", "vegetation", "straw")
TRIED = 3  # frames whose normals are looked at for what their axes are


def normals(plan: Plan, own: LayerPlan, frame: int) -> Picture:
    """(H, W, 3) as `PaintInput.normal`. Raises MissingInput or InputRefused."""
    convention = normal_is(plan, own)
    return turned(normal_pass(own, frame).vectors, convention, to_world(plan, frame) if convention == "world" else None)


def normal_pass(own: LayerPlan, frame: int) -> NormalPass:
    return read_normals(own.inputs["normal"].file(frame), own.layer.normal_layer)


def normal_is(plan: Plan, own: LayerPlan) -> str:
    """What the axes of a layer's normals are, the same for all its frames, whichever are painted.

    As the layer says, else as they are found out by some frames of the shot, else as the file's names say.
    """
    if own.layer.normal_is is not None:
        return own.layer.normal_is
    source, depths, labels = own.inputs["normal"], own.inputs.get("depth"), own.labels
    there = [frame for frame in plan.shot.frames if source.still or frame in source.files]
    frames = []
    for frame in spread(there[:1] if source.still else there, TRIED):
        beside = (_state(plan, one.file(frame)) if one and _has(one, frame) else None for one in (depths, labels))
        frames.append((_state(plan, source.file(frame)), *beside, view(plan, frame)))
    return _found_out(tuple(frames), own.layer.normal_layer, own.layer.depth_layer, Labelled(own.label_set, own.read))


def _has(source: Sequence, frame: int) -> bool:
    return source.still or frame in source.files


class Labelled(Value):
    """How a layer's labels are read, the same for whoever reads them in the same way."""

    label_set: LabelSet
    read: ReadOptions

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Labelled) and hash(self) == hash(other)

    def __hash__(self) -> int:
        return hash((self.label_set.hash, repr(self.read)))


@lru_cache(maxsize=64)
def _found_out(
    frames: tuple[tuple[State, State | None, State | None, View | None], ...],
    normal_layer: str | None,
    depth_layer: str | None,
    labelled: Labelled,
) -> str:
    """One of `NORMALS`; a file that is as old and long as it was is the same.

    What cannot be read here is not asked: it may be of a frame that is still being rendered, and nobody paints it now.
    """
    seen, named = [], "camera"
    for (file, _, _), depth, labels, at in frames:
        with contextlib.suppress(SemrenderError):
            found = read_normals(file, normal_layer)
            distances = None if depth is None else read_depth(depth[0], depth_layer).values
            ids = None if labels is None else read_label_pass(labels[0], labelled.label_set, labelled.read).ids
            seen.append(seen_of(found, distances, at, labelled.label_set, ids))
            named = "world" if found.of_the_world else "camera"
    right = better(contradicting(seen), named)
    if right not in NORMALS:
        return named
    return right if all(better(contradicting(rest), named) == right for _, rest in without_a_class(seen)) else named


def _state(plan: Plan, file: Path) -> State:
    path = inside(file, plan.roots)
    about = path.stat()
    return path, about.st_mtime_ns, about.st_size


def seen_of(found: NormalPass, depth: Picture | None, at: View | None, label_set: LabelSet, ids: Ids | None) -> Seen:
    """A frame as it is tried; of depth or labels of another size nothing is known here."""
    size = found.vectors.shape[:2]
    seen = Seen(found.vectors, depth if depth is not None and depth.shape == size else None)
    if ids is not None and ids.shape == size:
        lying, sky, either = (np.isin(ids, label_set.beginning(*w)) for w in (GROUND.split(), SKY, TWO_SIDED))
        ground = np.where(lying, ids, NOTHING).astype(np.uint16)
        seen = replace(seen, vectors=np.where(either[..., None], 0, seen.vectors), ground=ground, sky=sky)
    return seen if at is None else replace(seen, to_world=_columns(at[0]), focal=at[1], up=at[2])


def spread(frames: Iterable[int], count: int) -> list[int]:
    """At most `count` of the frames, first and last among them."""
    every = list(frames)
    places = np.linspace(0, len(every) - 1, min(count, len(every)))
    return [every[round(float(place))] for place in places]


def depth(plan: Plan, own: LayerPlan, frame: int) -> Picture:
    """(H, W) as `PaintInput.depth`. Raises MissingInput or InputRefused."""
    values = read_depth(own.inputs["depth"].file(frame), own.layer.depth_layer).values
    return np.where(values < FAR, values * np.float32(metres(plan)), FAR)


def metres(plan: Plan) -> float:
    """How long a unit of the scene is."""
    if plan.shot.centimetres is not None:
        return plan.shot.centimetres / 100
    return (CENTIMETRES if plan.filmed is None else plan.filmed.centimetres) / 100


def view(plan: Plan, frame: int) -> View | None:
    """The camera of a frame, where the shot's tracks have it."""
    if plan.filmed is None or plan.filmed.camera is None:
        return None
    camera = plan.filmed.camera
    place = min(max(frame - plan.filmed.first, 0), len(camera.focal) - 1)
    return plan.filmed.view(frame), camera.focal[place] / camera.film, plan.filmed.up


def to_world(plan: Plan, frame: int) -> Picture:
    """(3, 3): where the axes of a frame's camera point in the world, in columns. Raises InputRefused without one."""
    if plan.filmed is None:
        raise InputRefused(
            "the normals are those of the world, and the shot has no camera to see them by",
            remedy='Name the file of the camera in "tracks" of the shot, or as --tracks FILE; or render the normals in'
            ' the space of the camera, and say so: "normal_is": "camera"',
        )
    return _columns(plan.filmed.view(frame))


def _columns(matrix: tuple[float, ...]) -> Picture:
    return np.array(matrix, np.float32).reshape(4, 4)[:3, :3].T


def content(plan: Plan, own: LayerPlan, kind: str, frame: int) -> dict[str, Any]:
    """What the plane of a kind depends on beside its file, for keys."""
    if kind == "depth":
        unit = metres(plan)
        return {"depth_layer": own.layer.depth_layer} | ({} if unit == 1 else {"metres": unit})
    convention = normal_is(plan, own)
    camera = {"camera": to_world(plan, frame).tolist()} if convention == "world" else {}
    return {"normal_is": convention, "normal_layer": own.layer.normal_layer, **camera}
