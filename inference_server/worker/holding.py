"""The second stage of a layer that is to hold still: a frame made of the underpaintings of its window.

`decode_held` reads what the frame itself needs, in any thread. `Holder` keeps what neighbouring frames share (passes,
underpaintings, where surfaces came from) as long as they are asked for in order; in any order the pixels are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.stability import hold, still
from inference_server.stability.flow import Grey, flow, followed, trusted
from inference_server.stability.follows import Witness
from inference_server.stability.hold import Chain, Picture
from inference_server.stability.motion import Field, Ids, Seen, Vectors, inverse, read_vectors
from inference_server.stability.window import anchors, block
from inference_server.worker import outputs
from inference_server.worker.copying import Finished, settled
from inference_server.worker.keys import hold_key
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.reading import Decoded, in_context, read_frame, read_labels
from shared.errors import InputRefused, MissingInput
from shared.label_set import NOTHING
from shared.passes import LabelPass
from shared.passes.clip_pass import read_picture
from shared.passes.picture_pass import PicturePass

CLASSES = np.uint16(0), np.uint16(NOTHING)  # of a layer without labels: where it is, and where not
KEPT = 4  # frames around the one at hand whose passes are kept

T = TypeVar("T")


def decode_held(
    plan: Plan, layer: str, frame: int, key: str | None = None, source: dict[str, Any] | None = None
) -> Decoded | Finished:
    """The frame's own labels, or where its picture is, unless it is finished. Raises SourceLost as `reading.decode`."""
    own = plan.layers[layer]
    found = settled(plan, own, frame, "hold", hold_key(plan, own, frame), key, source)
    if isinstance(found, Finished):
        return found
    if own.labels is None:
        _, request = read_frame(plan, own, frame)
        assert request.coverage is not None
        return Decoded(layer, frame, found, request.coverage, None, None, "hold")
    labels = read_labels(own, frame)
    return Decoded(layer, frame, found, labels.coverage, labels, None, "hold")


class Passes:
    """The passes of a layer that say what moved where, each read once while it is near."""

    def __init__(self, plan: Plan, own: LayerPlan) -> None:
        self.plan, self.own = plan, own
        self._kept: dict[tuple[str, int], Any] = {}

    def seen(self, frame: int) -> Seen:
        def read() -> Seen:
            depth = self.vectors(frame).depth if self.own.motion else None
            ids = self.ids(frame)
            if self.own.labels is not None:
                ids = in_context(self.plan, self.own, ids, frame)
            return Seen(ids, None if depth is None else depth.values)

        return self._once("seen", frame, read)

    def ids(self, frame: int) -> Ids:
        """(H, W): the layer's labels as they are; of one without, one class where its picture is."""
        if self.own.labels is not None:
            return self.labels(frame).ids
        return self._once("where", frame, lambda: np.where(self._picture(frame).alpha > 0, *CLASSES))

    def grey(self, frame: int) -> Grey:
        """(H, W): what is to be seen of the layer's own movement."""

        def read() -> Grey:
            found = self._picture(frame)
            light = cv2.cvtColor(found.colour * found.alpha[..., None], cv2.COLOR_RGB2GRAY)
            return np.asarray(np.rint(light * 255), np.uint8)

        return self._once("grey", frame, read)

    def _picture(self, frame: int) -> PicturePass:
        pictures = self.own.outline if self.own.shown is None else self.own.shown[1]
        assert pictures is not None
        return read_picture(pictures, frame)

    def labels(self, frame: int) -> LabelPass:
        return self._once("labels", frame, lambda: read_labels(self.own, frame))

    def witness(self, frame: int) -> Witness:
        """A frame's motion with the labels beside it, where the shot has them."""

        def there(number: int) -> bool:
            labels = self.own.labels  # what holds still has some
            return number in self.plan.shot.frames and labels is not None and (labels.still or number in labels.files)

        beside: dict[int, Ids] = {step: self.labels(frame + step).ids for step in (-1, 1) if there(frame + step)}
        return Witness(frame, self.vectors(frame), self.labels(frame).ids, beside)

    def vectors(self, frame: int) -> Vectors:
        own = self.own
        assert own.motion is not None
        file, depth = own.motion.file(frame), own.depth.file(frame) if own.depth else None
        kind = "picture" if own.labels is None else "labels"

        def read() -> Vectors:
            layer = own.layer
            vectors = read_vectors(file, layer.motion_is, depth, layer.motion_layer, layer.depth_layer)
            shape = self.ids(frame).shape
            if vectors.field.shape[:2] != shape:
                height, width = vectors.field.shape[:2]
                raise InputRefused(
                    f"the motion pass is {width}x{height}, the {kind} {shape[1]}x{shape[0]}",
                    file=file,
                    remedy="Render both at the same size",
                )
            return vectors

        return self._once("vectors", frame, read)

    def leads(self, frame: int, step: int) -> Field:
        """(H, W, 2): from every pixel of a frame to where its surface is in the one before (-1) or after (1)."""
        if self.own.shown is not None:
            fields, pictures = (self.flow(frame, step), self.flow(frame + step, -step)), (frame, frame + step)
            return trusted(*fields, *(self.grey(number) for number in pictures))
        if self.own.motion is None:
            return self.flow(frame, step)
        vectors = self.vectors(frame)
        if vectors.leads_to == step:
            return vectors.field
        if step == 1 and vectors.next is not None:
            return vectors.next
        other = self.vectors(frame + step)
        return self._once(f"inverse {step}", frame, lambda: inverse(other.field))

    def flow(self, frame: int, step: int) -> Field:
        """What moved where by what is shown, or else by the labels; (H, W, 2) as `leads`."""

        def find() -> Field:
            if self.own.shown is not None:
                return followed(self.grey(frame), self.grey(frame + step))
            return flow(self.seen(frame).ids, self.seen(frame + step).ids)

        return self._once(f"flow {step}", frame, find)

    def _once(self, what: str, frame: int, read: Callable[[], T]) -> T:
        if (what, frame) not in self._kept:
            self._kept = {place: value for place, value in self._kept.items() if abs(place[1] - frame) <= KEPT}
            self._kept[what, frame] = read()
        found: T = self._kept[what, frame]
        return found


class Holder:
    """Held frames of one layer of one job."""

    def __init__(self, plan: Plan, own: LayerPlan) -> None:
        self.plan, self.own = plan, own
        self.passes = Passes(plan, own)
        self.ends = (0, -1)  # of the window at hand
        self.block = (0, -1)  # the block at hand, and how much of its pixels is still; None where none is
        self.still: still.Share | None = None
        self.paintings: NDArray[np.uint8] | NDArray[np.uint16]
        self.cells: NDArray[np.float32]
        self.choice: hold.Choice
        self.back: dict[int, Chain] = {}  # frame -> its chain to the anchor before it; the last one alone
        self.ahead: dict[int, Chain] = {}  # frame -> its chain to the anchor after it; of the whole window

    def picture(self, frame: int) -> Picture:
        """(H, W, 3), 0..1: the frame. Raises InputRefused where an underpainting or a pass cannot be read."""
        where = frame, self.own.hold, self.plan.shot.first, self.plan.shot.last
        ends, (began, ended) = anchors(*where), block(*where)
        if (began, ended) != self.block:
            self.block, self.still = (began, ended), self._still(frame, began, ended)
        picture = self._anchor(frame) if frame in ends else self._between(frame, ends)
        if self.still is None:
            return picture
        first = self._underpainting(began)
        if ended == self.plan.shot.last:
            return still.calmed(picture, self.still, 0, (first, first))
        towards = (frame - began) / (ended - began)
        return still.calmed(picture, self.still, towards, (first, self._underpainting(ended)))

    def _anchor(self, frame: int) -> Picture:
        own = self._underpainting(frame)
        return np.asarray(own * np.float32(1 / np.iinfo(own.dtype).max), np.float32)

    def _between(self, frame: int, ends: tuple[int, int]) -> Picture:
        if ends != self.ends:
            self._open(ends)
        return hold.held(
            frame - ends[0],
            (self._back_from(frame), self.ahead[frame]),
            self.paintings,
            self.cells,
            self.choice,
            self.passes.seen(frame).ids,
        )

    def _still(self, frame: int, began: int, ended: int) -> still.Share | None:
        """How much of every pixel stands still all through a block; None where nothing does, or passes lack."""
        middle = max(frame, began + 1)  # where passes are kept; most shots are moving there, and no more is read
        stays: NDArray[np.bool_] | None = None
        try:
            for number in (*range(middle, ended + 1), *range(middle - 1, began, -1)):
                seen, before = self.passes.seen(number), self.passes.seen(number - 1)
                found = still.stays(self.passes.leads(number, -1), seen, before)
                stays = found if stays is None else stays & found
                if not stays.any():
                    return None
        except MissingInput:
            return None
        return None if stays is None else still.share_of(stays)

    def _open(self, ends: tuple[int, int]) -> None:
        """Read a window, and follow its surfaces from the last frame backwards."""
        self.back.clear()
        self.ahead.clear()
        first, last = ends
        self.paintings = np.stack([self._underpainting(frame) for frame in range(first, last + 1)])
        scale = np.float32(1 / np.iinfo(self.paintings.dtype).max)
        self.cells = np.stack([hold.cells_of(one * scale) for one in self.paintings])
        shape = self.paintings.shape[1:3]
        self.ahead[last] = hold.chain_begins(last - first, shape)
        for frame in range(last - 1, first - 1, -1):
            self.ahead[frame] = self._goes_on(self.ahead[frame + 1], frame, 1, first)
        ids = (self.passes.seen(first).ids, self.passes.seen(last).ids)
        self.choice = hold.choose((self.cells[0], self.cells[-1]), ids, self.ahead.pop(first), last - first)
        self.back[first] = hold.chain_begins(0, shape)
        self.ends = ends

    def _back_from(self, frame: int) -> Chain:
        first = self.ends[0]
        if min(self.back) > frame:
            self.back = {first: hold.chain_begins(0, self.paintings.shape[1:3])}
        while (known := max(self.back)) < frame:
            self.back = {known + 1: self._goes_on(self.back[known], known + 1, -1, first)}
        return self.back[frame]

    def _goes_on(self, chain: Chain, frame: int, step: int, first: int) -> Chain:
        field = self.passes.leads(frame, step)
        return hold.chain_goes_on(chain, frame - first, field, self.passes.seen(frame), self.passes.seen(frame + step))

    def _underpainting(self, frame: int) -> NDArray[Any]:
        path = self.plan.path_of("underpaint", self.own.layer.name, frame)
        if outputs.read_metadata(path) is None:
            raise _gone(path)
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if pixels is None:
            raise _gone(path)
        return np.ascontiguousarray(pixels[..., ::-1])


def _gone(path: Path) -> InputRefused:
    return InputRefused("an underpainting has gone", file=path, remedy="Run the same command again")
