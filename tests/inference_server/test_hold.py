"""Frames that hold still: what a surface shows is carried with it, and nothing else."""

import json
import os
import shutil

import cv2
import numpy as np
import OpenEXR
import pytest
from PIL import Image

from benchmarks.coherence import new_in
from inference_server.stability import hold
from inference_server.stability.flow import flow
from inference_server.stability.motion import Seen, grid, inverse, read_vectors, sampled
from inference_server.stability.window import STRIDES, anchors, longest, window
from shared.errors import InputRefused
from shared.label_set import load_label_set
from tests.conftest import semrender

HEIGHT, WIDTH = 60, 90
GRASS, TREE = 123, 168


def noise(seed, shape=(HEIGHT, WIDTH, 3)):
    return np.random.default_rng(seed).integers(60, 200, shape, np.uint8)


def world(frames, speed=(2.0, 1.0), square_speed=(2.0, 1.0)):
    """Grass with a square tree before it, both moving; (ids, field to the frame before, depth) of each frame."""
    found = []
    for frame in range(frames):
        ids, depth = np.full((HEIGHT, WIDTH), GRASS, np.uint16), np.full((HEIGHT, WIDTH), 10, np.float32)
        left, top = round(10 + frame * square_speed[0]), round(10 + frame * square_speed[1])
        square = np.zeros(ids.shape, bool)
        square[top : top + 25, left : left + 25] = True
        ids[square], depth[square] = TREE, 4
        field = np.zeros((HEIGHT, WIDTH, 2), np.float32)
        field[...] = -np.float32(speed)
        field[square] = -np.float32(square_speed)
        found.append((ids, field, depth))
    return found


def held_frames(paintings, frames, backwards=inverse):
    """All frames of one window."""
    seen = [Seen(ids, depth) for ids, _, depth in frames]
    last = len(frames) - 1
    cells = np.stack([hold.cells_of((one / np.float32(255)).astype(np.float32)) for one in paintings])
    back = {0: hold.chain_begins(0, frames[0][0].shape)}
    for n in range(1, last):
        back[n] = hold.chain_goes_on(back[n - 1], n, frames[n][1], seen[n], seen[n - 1])
    ahead = {last: hold.chain_begins(last, frames[0][0].shape)}
    for n in range(last - 1, -1, -1):
        ahead[n] = hold.chain_goes_on(ahead[n + 1], n, backwards(frames[n + 1][1]), seen[n], seen[n + 1])
    choice = hold.choose((cells[0], cells[-1]), (frames[0][0], frames[last][0]), ahead[0], last)
    pictures = {0: paintings[0] / np.float32(255), last: paintings[last] / np.float32(255)}
    for n in range(1, last):
        pictures[n] = hold.held(n, (back[n], ahead[n]), paintings, cells, choice, frames[n][0])
    return pictures, back, ahead


def swimming(pictures, frames, n, where):
    before = sampled(np.ascontiguousarray(pictures[n - 1], np.float32), grid(HEIGHT, WIDTH) + frames[n][1])
    return float(np.abs(pictures[n] - before)[where].mean())


def inner(ids, identity, reach=4):
    where = np.zeros(ids.shape, bool)
    where[reach:-reach, reach:-reach] = True
    for dy in (-reach, 0, reach):
        for dx in (-reach, 0, reach):
            where &= np.roll(ids == identity, (dy, dx), (0, 1))
    return where


def test_anchors_come_from_frame_numbers_and_end_with_the_shot():
    stride = STRIDES["strong"]
    assert anchors(stride * 3 + 1, "strong", 0, 1000) == (stride * 3, stride * 4)
    assert anchors(stride * 3, "strong", 0, 1000) == (stride * 3, stride * 3)
    assert anchors(5, "strong", 3, 8) == (3, 8)
    assert anchors(-1, "gentle", -20, 20) == (-STRIDES["gentle"], 0)
    assert list(window(stride * 3, "strong", 0, 1000)) == [stride * 3]


def test_a_longer_shot_keeps_the_windows_of_frames_that_it_had():
    for frame in range(1012, 1031):
        assert anchors(frame, "strong", 1001, 1040) == anchors(frame, "strong", 1001, 1099)


def test_no_anchor_is_beside_the_end_of_a_shot():
    """Two anchors side by side are two paintings side by side: the texture would change at once."""
    ends = [anchors(frame, "gentle", 1001, 1024) for frame in (1001, 1002, 1005, 1007, 1009, 1023)]
    assert ends == [(1001, 1001), (1001, 1008), (1001, 1008), (1001, 1008), (1008, 1014), (1020, 1024)]
    assert anchors(1013, "strong", 1001, 1023) == (1008, 1023)  # 1020 is nearer to the end than four frames
    assert anchors(13, "strong", 9, 27) == (9, 27)
    for strength, stride in STRIDES.items():
        shots = [(first, first + count) for first in range(stride) for count in range(3 * stride)]
        windows = [window(frame, strength, *shot) for shot in shots for frame in range(shot[0], shot[1] + 1)]
        assert max(map(len, windows)) == longest(strength)


def test_texture_moves_with_its_surface_at_full_strength():
    frames = world(9)
    paintings = np.stack([noise(n) for n in range(9)])
    pictures, _, _ = held_frames(paintings, frames)
    single = dict(enumerate(paintings / np.float32(255)))
    for n in (2, 4, 6, 8):
        where = inner(frames[n][0], TREE)
        assert swimming(pictures, frames, n, where) < 0.35 * swimming(single, frames, n, where)
        assert pictures[n][where].std() > 0.9 * single[n][where].std()


def test_a_still_world_keeps_its_bits():
    """Same labels, same painting: the network paints a locked camera alike, and holding must not touch that."""
    frames = world(7, (0, 0), (0, 0))
    painting = noise(1)
    pictures, _, _ = held_frames(np.stack([painting] * 7), frames)
    for picture in pictures.values():
        assert np.abs(picture * 255 - painting).max() < 0.01


def test_no_colour_of_one_class_is_carried_into_another():
    frames = world(7, (0, 0), (5, 0))
    paintings = np.zeros((7, HEIGHT, WIDTH, 3), np.uint8)
    for n, (ids, _, _) in enumerate(frames):
        paintings[n][ids == TREE] = (200, 0, 0)
        paintings[n][ids == GRASS] = (0, 0, 200)
    pictures, _, _ = held_frames(paintings, frames)
    for n in range(7):
        # Beside an outline the detail may be raised a little; a carried colour would be 200 away.
        assert np.abs(pictures[n] * 255 - paintings[n]).max() < 20


def test_what_an_anchor_did_not_see_comes_from_the_first_painting_that_did():
    frames = world(7, (0, 0), (5, 0))
    _, back, ahead = held_frames(np.stack([noise(n) for n in range(7)]), frames)
    # (15, 12) is behind the square in frames 0 ... 0, free from frame 1 on.
    assert frames[0][0][15, 12] == TREE and frames[1][0][15, 12] == GRASS
    assert [int(back[n].source[15, 12]) for n in range(1, 6)] == [1, 1, 1, 1, 1]
    assert [int(ahead[n].source[15, 12]) for n in range(1, 6)] == [6, 6, 6, 6, 6]
    assert int(back[3].source[50, 5]) == 0


def test_depth_tells_surfaces_of_one_class_apart():
    """Two trees, one before the other: the labels agree everywhere, the depth does not."""
    frames = [(np.full_like(ids, TREE), field, depth) for ids, field, depth in world(4, (0, 0), (6, 0))]
    _, back, _ = held_frames(np.stack([noise(n) for n in range(4)]), frames)
    assert int(back[1].source[20, 12]) == 1  # uncovered now
    blind = [(ids, field, None) for ids, field, _ in frames]
    _, back, _ = held_frames(np.stack([noise(n) for n in range(4)]), blind)
    assert int(back[1].source[20, 12]) == 0  # without depth nobody can know


def test_a_cut_begins_anew():
    frames = world(3)
    frames = [frames[0], *[(np.full_like(ids, GRASS + 30), field, depth) for ids, field, depth in frames[1:]]]
    paintings = np.stack([noise(n) for n in range(3)])
    _, back, ahead = held_frames(paintings, frames)
    assert (back[1].source == 1).all()
    inside = slice(4, -4)
    assert (ahead[1].source[inside, inside] == 2).all()


def shadowed(frames, shadows, texture=6):
    """Grass lit and, in each painting, a dark disc where the network put the shadow: (x, y) on the ground."""
    paintings = []
    for n, (ids, _, _) in enumerate(frames):
        height, width = ids.shape
        rows, columns = np.mgrid[:height, :width]
        picture = 150 + np.random.default_rng(n).normal(0, texture, (height, width, 1)) + np.zeros(3)
        x, y = shadows[n]
        picture[(columns - x - 2 * n) ** 2 + (rows - y - n) ** 2 < 16**2] -= 90
        paintings.append(picture.clip(0, 255).astype(np.uint8))
    return np.stack(paintings)


def ground(frames, height=120, width=200):
    """Grass that moves by (2, 1) a frame."""
    field = np.full((height, width, 2), (-2, -1), np.float32)
    return [(np.full((height, width), GRASS, np.uint16), field, np.full((height, width), 10, np.float32))] * frames


def test_a_shadow_that_the_anchors_paint_elsewhere_is_here_or_there_and_not_half_in_both():
    """Each painting has its shadow in another place; a held frame has whole ones, each from one painting."""
    frames = ground(13)
    shadows = [(50 + 6 * n, 50) for n in range(13)]
    pictures, _, _ = held_frames(shadowed(frames, shadows, 0), frames)
    seen = set()
    for n in range(1, 12):
        picture = pictures[n][..., 0] * 255
        rows, columns = np.mgrid[:120, :200]
        for at, (x, y) in enumerate((shadows[0], shadows[12])):
            core = (columns - x - 2 * n) ** 2 + (rows - y - n) ** 2 < 12**2
            value = picture[core]
            assert (abs(value - 60) < 20).all() or (abs(value - 150) < 20).all(), (n, at)
            seen.add((at, bool(value.mean() < 100)))
    assert seen == {(0, True), (0, False), (1, True), (1, False)}  # both come and go


def test_no_held_frame_has_a_step_that_no_painting_has():
    """The shot of the grey bands and blocks: anchors of different light, ground that only one of them saw."""
    frames = ground(13)
    paintings = shadowed(frames, [(40 + 7 * n, 40 + 2 * n) for n in range(13)], 4)
    paintings[12, 60:] = np.clip(paintings[12, 60:].astype(int) + 60, 0, 255)  # and the foreground in another light
    pictures, _, _ = held_frames(paintings, frames)
    for n in range(1, 12):
        shifted = [np.roll(paintings[at], (n - at, 2 * (n - at)), (0, 1)).astype(np.float32) for at in (0, 12)]
        inside = (slice(14, -14), slice(26, -26))  # what both saw
        where = np.zeros((120, 200), bool)
        where[inside] = True
        found = new_in(pictures[n] * 255, [*shifted, paintings[n].astype(np.float32)], where)
        assert found[:2] == (0, 0), (n, found)


def test_a_shadow_on_ground_that_comes_into_view_is_whole_from_the_first_frame_on():
    """A bush moves away, and the ground behind it was seen by the last anchor alone: its shadow is that one's."""
    frames, paintings = [], []
    for n in range(9):
        ids, depth = np.full((120, 240), GRASS, np.uint16), np.full((120, 240), 10, np.float32)
        field = np.zeros((120, 240, 2), np.float32)
        bush, left = (slice(40, 80), slice(80 + 4 * n, 140 + 4 * n)), 80 + 4 * n
        ids[bush], depth[bush], field[bush] = TREE, 4, (-4, 0)
        painting = np.full((120, 240, 3), 150, np.uint8)
        if n == 8:
            painting[30:90, left - 60 : left] = 60
        painting[bush] = 100
        frames.append((ids, field, depth))
        paintings.append(painting)
    pictures, _, _ = held_frames(np.stack(paintings), frames)
    for n in range(1, 8):
        picture = pictures[n][..., 0] * 255
        assert np.abs(picture[44:76, 72 : 76 + 4 * n] - 60).max() < 10, n
        assert np.abs(picture[44:76, 84 + 4 * n : 136 + 4 * n] - 100).max() < 3, n  # no light of the ground on the bush
        assert np.abs(picture[:20] - 150).max() < 3, n


@pytest.mark.parametrize("size", [(8, 8), (3, 5), (1, 9), (17, 33)])
def test_small_pictures_are_held_too(size):
    ids = np.full(size, GRASS, np.uint16)
    frames = [(ids, np.full((*size, 2), -0.5, np.float32), np.full(size, 10, np.float32))] * 4
    pictures, _, _ = held_frames(np.stack([noise(n, (*size, 3)) for n in range(4)]), frames)
    assert all(np.isfinite(one).all() and one.shape == (*size, 3) for one in pictures.values())


def test_a_border_of_strewn_classes_gets_no_dots():
    """Grass and water, pixel by pixel, between two anchors of different light."""
    ids = np.full((HEIGHT, WIDTH), GRASS, np.uint16)
    ids[:30] = 147
    strewn = np.random.default_rng(0).random((6, WIDTH)) < 0.5
    ids[27:33] = np.where(strewn, GRASS, 147)
    frames = [(ids, np.zeros((HEIGHT, WIDTH, 2), np.float32), np.full(ids.shape, 10, np.float32))] * 7
    paintings = np.full((7, HEIGHT, WIDTH, 3), 90, np.uint8)
    paintings[1:6] = 180
    pictures, _, _ = held_frames(paintings, frames)
    for n in range(1, 6):
        assert np.abs(pictures[n] * 255 - 90).max() < 25


def test_the_inverse_leads_back_or_nowhere():
    rng = np.random.default_rng(3)
    coarse = rng.normal(0, 3, (4, 5, 2)).astype(np.float32)
    field = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    back = inverse(field)
    here = grid(HEIGHT, WIDTH)
    known = (back > -1e5).all(2)
    assert known.mean() > 0.8
    there = here + back
    again = there + sampled(field, there)
    assert np.abs(again - here)[known].max() <= 0.51


def test_flow_follows_outlines():
    """DIS has a patch's precision: within a pixel near what moves."""
    frames = world(2, (0, 0), (4, 2))
    found = flow(frames[1][0], frames[0][0])
    square = frames[1][0] == TREE
    assert np.median(np.abs(found[square] - (-4, -2))) < 1


def write_motion(path, x, y, names):
    OpenEXR.File({"type": OpenEXR.scanlineimage}, dict(zip(names, (x, y), strict=True))).write(str(path))


def test_words_for_a_motion_pass_without_vectors(tmp_path):
    path = tmp_path / "motion.exr"
    write_motion(path, np.zeros((4, 5), np.float32), np.zeros((4, 5), np.float32), ("left", "right"))
    with pytest.raises(InputRefused, match=r"no motion vectors were found.*left, right"):
        read_vectors(path)


# --- the whole way -------------------------------------------------------------------------------------------


def write_shot(folder):
    """A moving shot of 15 frames in files, with motion to the frame before, y up, and depth beside it."""
    palette = next(iter(load_label_set("coco_stuff").palettes.values()))
    for n, (ids, field, depth) in enumerate(world(15, (1.5, 0.5), (2.0, 1.0))):
        colours = np.zeros((*ids.shape, 3), np.uint8)
        for identity in (GRASS, TREE):
            colours[ids == identity] = palette.colors[identity]
        Image.fromarray(colours).save(folder / f"label.{1001 + n}.png")
        channels = {"Vector.X": field[..., 0], "Vector.Y": -field[..., 1], "Depth.Z": depth}
        file = OpenEXR.File(
            {"type": OpenEXR.scanlineimage}, {name: np.ascontiguousarray(v) for name, v in channels.items()}
        )
        file.write(str(folder / f"motion.{1001 + n}.exr"))
    layer = {"name": "all", "labels": "label.####.png", "motion": "motion.####.exr", "hold": "strong"}
    about = {"name": "walk", "fps": 24, "first": 1001, "last": 1015, "layers": [layer]}
    (folder / "shot.json").write_text(json.dumps(about))
    return folder


@pytest.fixture
def shot(tmp_path):
    return write_shot(tmp_path)


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    """The shot and its whole painting, to be looked at and copied."""
    folder, home = write_shot(tmp_path_factory.mktemp("walk")), tmp_path_factory.mktemp("state")
    command = ("render", folder / "shot.json", "--out", folder / "whole", "--mattes", "tree")
    done = semrender(*command, env={**os.environ, "SEMRENDER_HOME": str(home)})
    assert done.returncode == 0, done.stderr
    return folder


def frame_of(out, frame):
    return np.asarray(Image.open(out / "all" / f"walk_all.{frame}.png"))


def test_any_chunk_of_a_shot_gives_the_same_pixels(painted, tmp_path):
    whole, part = painted / "whole", tmp_path / "part"
    assert (whole / "delivery.json").exists() and len(list((whole / "all").glob("*.png"))) == 15
    done = semrender("render", painted / "shot.json", "--out", part, "--frames", "1005-1006", "--no-aep")
    assert done.returncode == 0, done.stderr
    assert len(list((part / "all").glob("*.png"))) == 2
    for frame in (1005, 1006):
        assert (frame_of(whole, frame)[..., :3] == frame_of(part, frame)[..., :3]).all()
    underpainting = np.asarray(Image.open(whole / "frame_by_frame" / "all" / "walk_all.1005.png"))
    assert (underpainting != frame_of(whole, 1005)[..., :3]).any()
    # Again: everything is there, nothing is painted, not even what lies under a frame.
    again = semrender("render", painted / "shot.json", "--out", whole, "--mattes", "tree", "--no-aep")
    assert "0 frames painted, 15 kept" in again.stdout + again.stderr


def test_a_lost_frame_is_held_anew_from_what_is_there(painted, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(painted / "whole", out)
    before = frame_of(out, 1004)
    (out / "all" / "walk_all.1004.png").unlink()
    (out / "frame_by_frame" / "all" / "walk_all.1003.png").unlink()
    done = semrender("render", painted / "shot.json", "--out", out, "--mattes", "tree", "--no-aep")
    assert done.returncode == 0, done.stderr
    assert (frame_of(out, 1004) == before).all()


def test_a_wrong_convention_is_refused_before_anything_is_painted(shot, tmp_path):
    file = shot / "shot.json"
    file.write_text(file.read_text().replace('"hold"', '"motion_is": "to-previous-down", "hold"'))
    done = semrender("render", file, "--out", tmp_path / "out", "--no-aep")
    assert done.returncode != 0
    assert "layer all" in done.stderr and "to-previous-up" in done.stderr
    assert not (tmp_path / "out" / "all").exists()


def test_without_motion_the_flow_of_the_labels_is_used(shot, tmp_path):
    file = shot / "shot.json"
    file.write_text(file.read_text().replace('"motion": "motion.####.exr", ', ""))
    done = semrender("render", file, "--out", tmp_path / "out", "--no-aep", "--frames", "1001-1008")
    assert done.returncode == 0, done.stderr
