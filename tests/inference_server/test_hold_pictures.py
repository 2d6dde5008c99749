"""Layers that are made of pictures hold still: by the movement in them, or by a motion pass that is tried on them."""

import json
from itertools import pairwise

import cv2
import numpy as np
import OpenEXR
import pytest

from inference_server.broker.requests import job_spec
from inference_server.stability.flow import followed, trusted
from inference_server.stability.motion import NOWHERE, grid, sampled
from inference_server.worker.check import check_job
from inference_server.worker.holding import Passes
from inference_server.worker.keys import hold_key
from inference_server.worker.plan import make_plan
from shared.delivery import read_delivery
from shared.errors import InputRefused, from_dict
from shared.shot import Shot
from tests.conftest import semrender
from tests.inference_server.runway_models import add, plain
from tests.inference_server.test_clip_inputs import DEVICE

HEIGHT, WIDTH, COUNT = 72, 120, 14
SPEED = (3, 1)  # pixels a frame by which the world moves left and up

FLICKERS = """
import zlib
grain = np.random.default_rng(zlib.crc32(pixels.tobytes())).normal(0, 25, pixels.shape[:2])
return (pixels + grain[..., None]).clip(0, 255).astype(np.uint8)
"""


def world(seed=0):
    rng = np.random.default_rng(seed)
    size = (HEIGHT + COUNT * SPEED[1], WIDTH + COUNT * SPEED[0])
    coarse, fine = (rng.integers(40, 215, (size[0] // n + 1, size[1] // n + 1, 3), np.uint8) for n in (12, 4))
    return np.mean([cv2.resize(one, size[::-1], interpolation=cv2.INTER_CUBIC) for one in (coarse, fine)], 0)


def picture(frame, seed=0):
    """A camera that pans over a textured wall, and a red thing that goes the other way before it."""
    left, top = SPEED[0] * frame, SPEED[1] * frame
    pixels = world(seed)[top : top + HEIGHT, left : left + WIDTH].copy()
    pixels[28:52, 10 + 2 * frame : 40 + 2 * frame] = world(seed + 1)[:24, :30] * (1, 0.4, 0.4)
    return pixels.clip(0, 255).astype(np.uint8)


def grey(pixels):
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)


@pytest.fixture
def plate(tmp_path):
    for frame in range(COUNT):
        cv2.imwrite(str(tmp_path / f"plate.{frame + 1:04d}.png"), picture(frame)[..., ::-1])
    return tmp_path


@pytest.fixture
def model(plate):
    return add(plain(plate / "flickers", FLICKERS))[0].name


def shot_of(model, layer, **more):
    body = {"name": "s", "fps": 24, "first": 1, "last": COUNT, "model": model, "hold": "strong", **more}
    return {**body, "layers": [{"name": "a", "picture": "plate.####.png", **layer}]}


def spec_of(folder, model, layer, **more):
    return job_spec({"shot": shot_of(model, layer, **more)}, folder, folder / "out", None, False)


def checked(folder, model, layer, **more):
    return check_job(spec_of(folder, model, layer, **more), "job", lambda: None, 2**40, DEVICE)


def test_flow_leads_to_where_things_are_and_nowhere_after_a_cut():
    one, other, cut = grey(picture(4)), grey(picture(3)), grey(picture(4, seed=9))

    def leads(one, other):
        return trusted(followed(one, other), followed(other, one), one, other)

    field = leads(one, other)
    known = field[..., 0] < NOWHERE
    assert known.mean() > 0.85 and (field[4:-4, -1, 0] > 1).all(), "what comes into view was outside"
    wall = np.zeros(one.shape, bool)
    wall[6:18, 12:-12] = True
    assert np.quantile(np.abs(field[wall & known] - SPEED), 0.99) < 0.5
    assert np.median(np.abs(field[34:46, 24:42] - (-2, 0))) < 0.5, "the thing before it goes the other way"
    assert (leads(one, cut) == NOWHERE).all()
    grainy = [(one + np.random.default_rng(n).normal(0, 1, one.shape)).clip(0, 255).astype(np.uint8) for n in (1, 2)]
    assert (leads(*grainy) == 0).all(2).mean() > 0.9, "the grain of a clip is no movement"


def test_paintings_of_a_clip_stay_on_its_things_and_a_frame_alone_is_the_same(plate, model):
    (plate / "shot.json").write_text(json.dumps(shot_of(model, {})))
    done = semrender("render", plate, "--out", plate / "held", "--no-aep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hold follows what moves in its picture, by optical flow" in done.stdout

    def read(folder, frame):
        return cv2.imread(str(folder / f"s_a.{frame:04d}.png"))[..., 2::-1].astype(np.float32)

    def swims(folder):
        """Codes by which frames differ from the one before, moved by the wall's own movement."""
        at = grid(HEIGHT, WIDTH) + np.float32(SPEED)
        where = np.s_[4:26, 4:-8]
        pairs = pairwise([read(folder, frame) for frame in range(1, COUNT + 1)])
        return np.mean([np.abs(now - sampled(np.ascontiguousarray(before), at))[where].mean() for before, now in pairs])

    def detail(folder):
        return np.mean([(read(folder, n) - cv2.blur(read(folder, n), (5, 5))).std() for n in range(2, COUNT)])

    held, single = plate / "held" / "a", plate / "held" / "frame_by_frame" / "a"
    assert swims(held) < 0.25 * swims(single) and detail(held) > 0.95 * detail(single)
    alone = semrender("render", plate, "--out", plate / "alone", "--no-aep", "--frames", "6")
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert (read(plate / "alone" / "a", 6) == read(held, 6)).all()
    assert read_delivery(plate / "held").layers[0].provenance.hold == "strong"


def test_what_is_followed_is_in_the_key_and_said(plate, model):
    for frame in range(1, COUNT + 1):
        cv2.imwrite(str(plate / f"label.{frame:04d}.png"), np.full((HEIGHT, WIDTH), 123, np.uint8))
    labels = {"labels": "label.####.png", "read": {"encoding": "ids"}}

    def key(layer, frame=5):
        plan = make_plan(spec_of(plate, model, layer), "job")
        return hold_key(plan, plan.layers["a"], frame)

    before = {name: key(layer) for name, layer in {"picture": {}, "both": labels}.items()}
    cv2.imwrite(str(plate / "plate.0009.png"), picture(20 % COUNT, seed=1))
    after = {name: key(layer) for name, layer in {"picture": {}, "both": labels}.items()}
    assert all(before[name] != after[name] for name in before) and before["picture"] != before["both"]
    both = checked(plate, model, labels)["layers"][0]
    assert both["follows"] == "what moves in its picture, by optical flow"
    plan = make_plan(spec_of(plate, model, {**labels, "beauty": "plate.####.png"}), "job")
    assert plan.layers["a"].shown[0] == "picture", "the plate itself goes before a render of it"


def test_alpha_says_where_it_is_and_what_is_outside_is_not_followed(plate, model):
    for frame in range(COUNT):
        pixels = np.dstack([picture(frame)[..., ::-1], np.full((HEIGHT, WIDTH), 255, np.uint8)])
        pixels[:, :40, 3] = 0
        cv2.imwrite(str(plate / f"plate.{frame + 1:04d}.png"), pixels)
    plan = make_plan(spec_of(plate, model, {}), "job")
    ids = Passes(plan, plan.layers["a"]).seen(3).ids
    assert (ids[:, :40] == 65535).all() and (ids[:, 40:] == 0).all()


def vectors(folder, up):
    """A motion pass of the wall, to the frame before; up: which way y counts."""
    field = np.full((HEIGHT, WIDTH), SPEED[0], np.float32), np.full((HEIGHT, WIDTH), SPEED[1], np.float32)
    channels = {"Vector.X": field[0], "Vector.Y": -field[1] if up else field[1]}
    for frame in range(1, COUNT + 1):
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        OpenEXR.File(header, channels).write(str(folder / f"motion.{frame:04d}.exr"))


def test_a_motion_pass_beside_a_picture_is_tried_on_it(plate, model):
    vectors(plate, up=True)
    report = checked(plate, model, {"motion": "motion.####.exr"})
    about = report["layers"][0]["motion"]
    assert report["problems"] == [] and about["of"] == "picture" and about["explains"] > 0.5
    vectors(plate, up=False)
    (problem,) = checked(plate, model, {"motion": "motion.####.exr"})["problems"]
    words = str(from_dict(problem))
    assert "what moves in the picture" in words and 'Give "motion_is": "to-previous-down"' in words


def test_what_cannot_be_held_is_refused_before_it_is_painted(plate):
    card, _ = add(plain(plate / "cuts", "return np.dstack([pixels, pixels[..., :1]])"))
    with pytest.raises(InputRefused, match="makes an alpha of its own, which cannot be held"):
        spec_of(plate, card.name, {})
    walk = {"name": "a", "walk": {"keys": [{"frame": 1, "seed": 1}]}}
    with pytest.raises(InputRefused, match='"hold" is "gentle", which follows labels or a picture'):
        Shot.from_dict({**shot_of("x", {}), "hold": "gentle", "layers": [walk]})
