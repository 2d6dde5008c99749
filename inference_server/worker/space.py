"""The geometry of a frame as models take it: normals in the space of its camera, depth in metres."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from inference_server.roots import inside
from inference_server.stability.facing import Seen, better, contradicting, without_a_class
from inference_server.worker.plan import LayerPlan, Plan
from shared.errors import InputRefused, SemrenderError
from shared.label_set import NOTHING, SKY, LabelSet
from shared.passes import read_label_pass
from shared.passes.data_pass import FAR, DepthPlane, read_depth
from shared.passes.normal_pass import NormalPass, read_normals, turned
from shared.sequences import Sequence
from shared.shot import NORMALS
from shared.values import Value

Picture = NDArray[np.float32]
Ids = NDArray[np.uint16]
State = tuple[Path, int, int]  # a file, when it was changed, its size
States = tuple[Any, ...]  # all that the axes of a layer's normals are found out by: files, how they are read, cameras
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
KEPT = 64  # shots of which what was found out is kept
_FOUND: dict[States, str] = {}


class Looked(Value):
    """What of a frame's normals tells their axes. of_the_world: whether the file's names say that they are."""

    of_the_world: bool
    seen: Seen


def normals(plan: Plan, own: LayerPlan, frame: int, read: NormalPass) -> Picture:
    """(H, W, 3) as `PaintInput.normal`, of what was read of a frame. Raises MissingInput or InputRefused."""
    convention = normal_is(plan, own)
    return turned(read.vectors, convention, to_world(plan, frame) if convention == "world" else None)


def normal_is(plan: Plan, own: LayerPlan) -> str:
    """What the axes of a layer's normals are, the same for all its frames, whichever are painted.

    As the layer says, else as they are found out by some frames of the shot, else as the file's names say.
    """
    return own.layer.normal_is or found_out(plan, own, states(plan, own), {})


def states(plan: Plan, own: LayerPlan) -> States:
    """A file that is as old and long as it was is the same."""
    source, depths, labels = own.inputs["normal"], own.inputs.get("depth"), own.labels
    found: list[Any] = [own.layer.normal_layer, own.layer.depth_layer, own.label_set.hash, repr(own.read)]
    for frame in _asked(plan, source):
        found += [_state(plan, one.file(frame)) if _has(one, frame) else None for one in (source, depths, labels)]
        found.append(view(plan, frame))
    return tuple(found)


def _asked(plan: Plan, source: Sequence) -> list[int]:
    there = [frame for frame in plan.shot.frames if _has(source, frame)]
    return spread(there[:1] if source.still else there, TRIED)


def _has(source: Sequence | None, frame: int) -> TypeGuard[Sequence]:
    return source is not None and (source.still or frame in source.files)


def found_out(plan: Plan, own: LayerPlan, now: States, known: Mapping[int, Looked]) -> str:
    """One of `NORMALS`. now: the files' states; known: what somebody saw of some frames since then; others are read.

    What cannot be read here is not asked: it may be of a frame that is still being rendered, and nobody paints it now.
    """
    if now not in _FOUND:
        looked = []
        for frame in _asked(plan, own.inputs["normal"]):
            with contextlib.suppress(SemrenderError):
                looked.append(known[frame] if frame in known else _look(plan, own, frame))
        if len(_FOUND) >= KEPT:
            _FOUND.clear()
        _FOUND[now] = _told_by(looked)
    return _FOUND[now]


def _told_by(looked: list[Looked]) -> str:
    seen, named = [one.seen for one in looked], "world" if looked and looked[-1].of_the_world else "camera"
    right = better(contradicting(seen), named)
    if right not in NORMALS:
        return named
    return right if all(better(contradicting(rest), named) == right for _, rest in without_a_class(seen)) else named


def _look(plan: Plan, own: LayerPlan, frame: int) -> Looked:
    found = read_normals(own.inputs["normal"].file(frame), own.layer.normal_layer)
    depths, labels = own.inputs.get("depth"), own.labels
    depth = read_depth(depths.file(frame), own.layer.depth_layer).values if _has(depths, frame) else None
    ids = read_label_pass(labels.file(frame), own.label_set, own.read).ids if _has(labels, frame) else None
    return looked_at(plan, own, frame, found, depth, ids)


def looked_at(
    plan: Plan, own: LayerPlan, frame: int, found: NormalPass, depth: Picture | None, ids: Ids | None
) -> Looked:
    """A frame as `found_out` wants to know it."""
    return Looked(found.of_the_world, seen_of(found, depth, view(plan, frame), own.label_set, ids).thinned())


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


def depth(plan: Plan, read: DepthPlane) -> Picture:
    """(H, W) as `PaintInput.depth`, of what was read of a frame."""
    return np.where(read.values < FAR, read.values * np.float32(metres(plan)), FAR)


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
