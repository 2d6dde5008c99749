"""The frames of a job that are tried before anything is painted, and what is read of them, each file once.

All layers are looked at on one frame before the next one is read, and a look keeps some numbers: of 4K passes, tens of
megabytes each, no more is held than those of a frame of one layer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.worker import space
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.planes import read_pass
from inference_server.worker.reading import read_labels
from shared.passes import LabelPass, read_label_pass
from shared.sequences import Sequence
from shared.values import Value

Ids = NDArray[np.uint16]  # (H, W)


def tried_frames(plan: Plan) -> list[int]:
    return space.spread(plan.frames, space.TRIED)


class Labels:
    """The labels of a layer on the frame that is tried and on those beside it. source: of the layer, which has some."""

    def __init__(self, own: LayerPlan, source: Sequence) -> None:
        self.own, self.source = own, source
        self._ids: dict[Path, Ids] = {}

    def whole(self, frame: int) -> LabelPass:
        found = read_labels(self.own, frame)
        self._ids[self.source.file(frame)] = found.ids
        return found

    def ids(self, frame: int) -> Ids:
        kept = self._ids.get(self.source.file(frame))
        return self.whole(frame).ids if kept is None else kept

    def beside(self, frame: int) -> Ids | None:
        """Of a frame before or after, where there are others."""
        return None if self.source.still or frame not in self.source.files else self.ids(frame)

    def go_on(self, frame: int | None) -> None:
        """Forget what is not needed on the frame that is tried next; None: everything."""
        near = () if frame is None else (frame - 1, frame, frame + 1)
        files = [self.source.file(number) for number in near if self.source.still or number in self.source.files]
        self._ids = {file: ids for file, ids in self._ids.items() if file in files}


class Passes:
    """The pass of each kind that was read last: layers may have it in common, as clay is one render of a shot."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Any, Any]] = {}

    def once(self, kind: str, asked: Any, read: Callable[[], Any]) -> Any:
        """What `read` gives, unless the same was asked for last. asked: all that it depends on."""
        if kind not in self._last or self._last[kind][0] != asked:
            self._last.pop(kind, None)  # before the next one takes as much memory
            self._last[kind] = asked, read()
        return self._last[kind][1]


class Tried(Value):
    """A layer on a frame that is tried. labels: None of a layer without."""

    plan: Plan
    own: LayerPlan
    frame: int
    labels: Labels | None
    passes: Passes

    @property
    def ids(self) -> Ids | None:
        """(H, W) of its labels; None for a layer that has none."""
        return None if self.labels is None else self.labels.ids(self.frame)

    @property
    def is_first(self) -> bool:
        return self.frame == self.plan.frames[0]

    @property
    def is_middle(self) -> bool:
        """Of the frames that are tried."""
        frames = tried_frames(self.plan)
        return self.frame == frames[len(frames) // 2]

    def read(self, kind: str) -> Any:
        """As `planes.read_pass`."""
        source, layer = self.own.inputs[kind], self.own.layer
        asked = source.file(self.frame), source.clip and self.frame, getattr(layer, f"{kind}_layer", None)
        return self.passes.once(kind, (*asked, layer.motion_is), lambda: read_pass(self.own, kind, self.frame))

    def around(self) -> set[int]:
        """The classes of the full label pass, where the shot has one."""
        context, label_set, read = self.plan.context, self.own.label_set, self.plan.context_read
        if context is None:
            return set()
        file = context.file(self.frame)
        asked = file, label_set.hash
        classes = self.passes.once("context", asked, lambda: read_label_pass(file, label_set, read).facts.classes)
        return set(classes)

    def beside(self, step: int) -> Ids | None:
        """The labels of a frame before or after, where there are others."""
        return None if self.labels is None else self.labels.beside(self.frame + step)
