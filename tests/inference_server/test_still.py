"""Surfaces that stand still while something passes: one painting for as long as a block lasts."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np

from inference_server.stability.motion import Seen
from inference_server.stability.still import FADE
from inference_server.stability.window import anchors, block, window
from inference_server.tasks import picture_tasks
from inference_server.worker.holding import Holder

GRASS = 123


def noise(seed, shape):
    return np.random.default_rng(seed).integers(60, 200, shape, np.uint8)


class Beside:
    """The passes of a locked camera: a train passes over the upper third, the ground below never moves."""

    def __init__(self):
        self.ids, self.depth = np.full((60, 120), GRASS, np.uint16), np.full((60, 120), 10, np.float32)

    def place(self, frame):
        return slice(0, 20), slice(max(frame - 20, 0), max(frame, 0))

    def seen(self, frame):
        ids, depth = self.ids.copy(), self.depth.copy()
        ids[self.place(frame)], depth[self.place(frame)] = 6, 5
        return Seen(ids, depth)

    def leads(self, frame, step):
        field = np.zeros((60, 120, 2), np.float32)
        field[(*self.place(frame), 0)] = step
        return field


def beside_a_train(first=1, last=112):
    """A holder over paintings that are another picture in every frame, by up to 40 codes, as beside a train."""
    shot = SimpleNamespace(first=first, last=last)
    holder = Holder(SimpleNamespace(shot=shot), SimpleNamespace(hold="strong"))
    holder.passes = Beside()
    holder._underpainting = lambda frame: 100 + noise(frame, (60, 120, 3)) // np.uint8(5)
    return holder


def test_still_ground_beside_a_train_changes_by_less_than_a_code():
    holder = beside_a_train()
    ground = slice(20 + FADE, None)
    frames = [*range(42, 54), *range(94, 100)]  # over the ends of two blocks: 48 and 96
    pictures = {frame: 255 * holder.picture(frame) for frame in frames}
    for before, now in pairwise(frames):
        if now == before + 1:
            assert np.abs(pictures[now] - pictures[before])[ground].max() < 1, now
    raw = [holder._underpainting(frame).astype(float) for frame in (44, 45)]
    assert np.abs(raw[1] - raw[0])[ground].mean() > 5
    assert np.abs(pictures[48] - holder._underpainting(48)).max() < 0.01  # the end of a block is its painting
    assert (pictures[97][ground] == pictures[98][ground]).all()  # the last block is one painting's
    other = beside_a_train()
    for frame in (97, 50, 42):
        assert (255 * other.picture(frame) == pictures[frame]).all()


def test_what_moves_is_held_as_if_nothing_stood_still():
    holder, other = beside_a_train(), beside_a_train()
    other._still = lambda *_: None
    for frame in (45, 60):
        train = holder.passes.place(frame)
        assert (holder.picture(frame)[train] == other.picture(frame)[train]).all()


def test_the_block_of_still_surfaces_lies_between_anchors_and_its_paintings_come_in_time():
    for first, last in ((1, 1), (1, 2), (1, 40), (1001, 1100), (-30, 200)):
        for frame in range(first, last + 1):
            began, ended = block(frame, "strong", first, last)
            around = window(frame, "strong", first, last)
            assert began <= around[0] <= around[-1] <= ended
            assert all(anchors(end, "strong", first, last) == (end, end) for end in (began, ended))
        for frames in (range(first, last + 1), [first + (last - first) // 2], range(first, last + 1, 7)):
            spec = {"layers": ["all"], "holds": {"all": "strong"}, "frames": list(frames)}
            done = []
            for kind, _, frame, needed in picture_tasks({**spec, "shot": {"first": first, "last": last}}):
                assert kind == "underpaint" or set(needed) <= set(done), (first, last, frame)
                done += [frame] if kind == "underpaint" else []
            assert len(done) == len(set(done))
