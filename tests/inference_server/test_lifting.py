"""Joints of the picture become points in space: MotionBERT's formulas, its checkpoints, long clips, sizes, a layer.

No published weights are here. Against the authors' own program with the same weights, in both sizes that they publish,
our network differed by 1.4e-6 in float32 and by 4e-15 in float64; here it is held against the formulas, in numpy.
"""

import json
import math

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load

from inference_server.models.catalogue import find_card
from inference_server.models.pose import motionbert
from inference_server.models.pose.importing import add_figures
from inference_server.motion import lifting
from inference_server.motion.joints import HIDDEN, SEEN
from inference_server.motion.layouts import converted
from shared import places
from shared.delivery import read_delivery
from shared.errors import ModelRefused
from shared.layouts import BODY_25, COCO_17, H36M_17, HALPE_26
from tests.conftest import semrender
from tests.inference_server.walks import figure

SMALL = {"wide": 16, "inner": 24, "made": 32, "depth": 2, "frames": 27}


def seeded(settings, seed=0):
    """The state of a network with weights that are none of a fresh one's."""
    generator = torch.Generator().manual_seed(seed)
    net = motionbert.MotionBert(**settings)
    return {key: torch.randn(tensor.shape, generator=generator) * 0.3 for key, tensor in net.state_dict().items()}


def checkpoint(file, state, prefix="module."):
    """As its authors' training writes it."""
    rest = {"epoch": 59, "lr": 0.0002, "optimizer": {"state": {}}, "min_loss": 37.5}
    torch.save({**rest, "model_pos": {f"{prefix}{key}": tensor for key, tensor in state.items()}}, file)
    return file


def by_hand(state, points):
    """The paper's DSTformer in float64: points (T, 17, 3)."""
    w = {key: tensor.double().numpy() for key, tensor in state.items()}

    def linear(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x, name):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    def softmax(x):
        x = np.exp(x - x.max(-1, keepdims=True))
        return x / x.sum(-1, keepdims=True)

    def attention(x, name):
        """Among the first axis of (L, C), head by head."""
        wide = x.shape[1]
        query, key, value = np.split(linear(x, f"{name}.qkv"), 3, 1)
        heads = []
        for head in range(8):
            part = slice(head * wide // 8, (head + 1) * wide // 8)
            heads.append(softmax(query[:, part] @ key[:, part].T / math.sqrt(wide / 8)) @ value[:, part])
        return linear(np.concatenate(heads, 1), f"{name}.proj")

    gelu = np.vectorize(lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))))

    def spatial(x, name):
        return np.stack([attention(frame, name) for frame in x])

    def temporal(x, name):
        return np.stack([attention(x[:, joint], name) for joint in range(17)], 1)

    def block(x, name, order):
        for way in order:
            x = x + (spatial if way == "s" else temporal)(norm(x, f"{name}.norm1_{way}"), f"{name}.attn_{way}")
            inner = gelu(linear(norm(x, f"{name}.norm2_{way}"), f"{name}.mlp_{way}.fc1"))
            x = x + linear(inner, f"{name}.mlp_{way}.fc2")
        return x

    x = linear(points, "joints_embed") + w["pos_embed"] + w["temp_embed"][0, : len(points)]
    for layer in range(SMALL["depth"]):
        one, other = block(x, f"blocks_st.{layer}", "st"), block(x, f"blocks_ts.{layer}", "ts")
        share = softmax(linear(np.concatenate([one, other], -1), f"ts_attn.{layer}"))
        x = one * share[..., :1] + other * share[..., 1:]
    return linear(np.tanh(linear(norm(x, "norm"), "pre_logits.fc")), "head")


def test_the_network_is_the_papers():
    state, points = seeded(SMALL), np.random.default_rng(0).uniform(-1, 1, (9, 17, 3))
    net = motionbert.filled(SMALL, state, "it")
    with torch.inference_mode():
        single = net(torch.from_numpy(points).float()).numpy()
        double = net.double()(torch.from_numpy(points)).numpy()
    wanted = by_hand(state, points)
    assert np.abs(double - wanted).max() < 1e-12 and np.abs(single - wanted).max() < 1e-4
    assert np.abs(wanted).max() > 0.5


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_checkpoint_is_read_with_every_key_and_says_its_settings(tmp_path, prefix):
    state = seeded(SMALL)
    kept = load(motionbert.packed(checkpoint(tmp_path / "best_epoch.bin", state, prefix)))
    assert motionbert.settings_of(kept, "it") == SMALL and set(kept) == set(state)
    card = add_figures(walked(tmp_path, 3), "read", checkpoint(tmp_path / "best_epoch.bin", state, prefix))
    lifter = motionbert.Lifter(card.folder, *card.config["lift"].values(), "cpu")
    points = np.random.default_rng(0).uniform(-1, 1, (5, 17, 3))
    assert np.abs(lifter(points) - by_hand(state, points)).max() < 1e-4
    assert "MotionBERT" in card.description


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: state.pop("blocks_ts.1.attn_t.qkv.bias"), "lacks blocks_ts.1.attn_t.qkv.bias"),
        (
            lambda state: state.update({"blocks_st.0.ts_attn.weight": torch.zeros(2)}),
            "has no place for blocks_st.0.ts_attn",
        ),
        (lambda state: state.update({"norm.weight": torch.zeros(3)}), r"norm.weight is \(3,\), not \(16,\)"),
        (
            lambda state: state.update({"norm.weight": torch.full((16,), math.nan)}),
            "norm.weight holds values that are no",
        ),
        (lambda state: state.pop("temp_embed"), "no MotionBERT that lifts"),
        (lambda state: state.update({"head.weight": torch.zeros(60, 32)}), "no MotionBERT that lifts"),
    ],
)
def test_another_checkpoint_is_refused_with_the_key(tmp_path, change, words):
    state = seeded(SMALL)
    change(state)
    with pytest.raises(ModelRefused, match=words):
        add_figures(walked(tmp_path, 3), "read", checkpoint(tmp_path / "best_epoch.bin", state))
    assert not (places.models_folder() / "read").exists()


def test_what_somebody_did_lies_in_a_square_and_a_mirror_image_is_one():
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.uniform(100, 900, (6, 17, 2)), np.ones((6, 17, 1))], -1)
    points[2, 3] = (5000, -70, 0)  # not seen: it does not count, and is brought to the edge
    made = lifting.squared(points)
    seen = made[..., 2] > 0
    assert np.ptp(made[seen][:, :2], axis=0).max() == pytest.approx(2) and np.abs(made[..., :2]).max() <= 1
    assert made[2, 3].tolist() == [1, -1, 0]
    low, high = points[seen][:, :2].min(0), points[seen][:, :2].max(0)
    assert np.allclose(made[seen][:, :2] * (high - low).max() / 2 + (low + high) / 2, points[seen][:, :2])
    turned = lifting.mirrored(made)
    assert np.allclose(turned[:, H36M_17.index("left_knee"), 0], -made[:, H36M_17.index("right_knee"), 0])
    assert (lifting.mirrored(turned) == made).all() and lifting.squared(points * (1, 1, 0)) is None


def test_long_clips_go_in_parts_that_fade_into_each_other():
    points = np.random.default_rng(2).normal(size=(60, 17, 3))
    asked = []

    def network(part):
        asked.append(len(part))
        return 2 * part + 1

    assert np.allclose(lifting.over_time(points, network, 27), 2 * points + 1)
    assert max(asked) == 27 and len(asked) == 4
    assert lifting.over_time(points[:20], lambda part: part, 27) is not None
    steps = iter(range(4))
    jumps = np.diff(lifting.over_time(points * 0, lambda part: part * 0 + next(steps), 27)[:, 0, 0])
    assert np.abs(jumps).max() < 0.2  # parts that differ by one meet without a jump


def test_bones_have_one_length_however_near_somebody_is():
    """Someone who comes nearer is as large in space on every frame, and as tall as said."""
    body = np.zeros((17, 3))
    heights = {"ankle": 1.0, "knee": 1 - 0.246 * 2, "hip": 1 - 0.491 * 2}
    for joint, down in heights.items():
        for side in ("left", "right"):
            body[H36M_17.index(f"{side}_{joint}"), 1] = down
    for joint, down in (("hip", 0.018), ("spine", -0.262), ("neck", -0.562), ("nose", -0.712), ("head_top", -0.852)):
        body[H36M_17.index(joint), 1] = down
    near = body * np.linspace(1, 3, 40)[:, None, None]
    made = lifting.in_metres(near)
    shin = np.linalg.norm(made[:, H36M_17.index("left_ankle")] - made[:, H36M_17.index("left_knee")], axis=1)
    assert np.abs(shin[12:-12] - 0.246 * lifting.TALL).max() < 0.01


def test_true_points_come_back_as_somebody_of_that_height(data_folder):
    """The rendered walker, 177 cm tall, seen ever nearer: by a network that knows the truth but for its size."""
    with np.load(data_folder / "pose_reference" / "walk_truth.npz") as truth:
        points, read = truth["camera_points"][:, 0, :17], truth["keypoints"][:, 0, :17]
    true = converted(points, COCO_17, H36M_17, np.mean)
    seen = (true - true[:, :1]) / points[:, :, 2].mean(1)[:, None, None] * 7
    answers = iter([seen, lifting.mirrored(seen)])
    ones = np.ones(read.shape[:2])
    space = lifting.lifted(read, ones, np.zeros(ones.shape, np.int8), COCO_17, lambda part: next(answers), 243)
    there = np.isfinite(space)
    assert there[:, 5:].all() and there[:, 0].all() and not there[:, 1:5].any()  # neither eyes nor ears
    sizes = np.linalg.norm(space[:, 5:], axis=2).sum(1) / np.linalg.norm(points[:, 5:] - true[:, :1], axis=2).sum(1)
    assert np.abs(sizes - lifting.TALL / 1.77).max() < 0.05
    apart = space[:, 5:] / sizes[:, None, None] - (points[:, 5:] - true[:, :1])
    assert np.linalg.norm(apart, axis=2).max() < 1e-6  # x right, y down, z away


def test_joints_that_are_lifted_stand_in_the_layout_and_the_others_nowhere():
    true = np.random.default_rng(3).normal(size=(5, 17, 3))
    walk = np.array([figure("halpe26", 200 + 5 * n, 150, 40) for n in range(5)])
    states = np.full((5, 26), SEEN, np.int8)
    states[:, HALPE_26.index("left_ear")] = HIDDEN
    answers = iter([true, lifting.mirrored(true)])
    space = lifting.lifted(walk, np.ones((5, 26)), states, HALPE_26, lambda part: next(answers), 243)
    wanted = lifting.in_metres(true - true[:, :1])
    for name in ("left_wrist", "right_ankle", "neck", "head_top"):
        assert np.allclose(space[:, HALPE_26.index(name)], wanted[:, H36M_17.index(name)])
    assert np.isnan(space[:, HALPE_26.index("left_eye")]).all() and (space[:, HALPE_26.index("hip")] == 0).all()
    nobody = lifting.lifted(walk, np.zeros((5, 26)), states, HALPE_26, lambda part: part, 243)
    assert np.isnan(nobody).all()


def walked(folder, frames):
    """A folder as OpenPose writes it, of somebody who walks."""
    made = folder / "json"
    made.mkdir(exist_ok=True)
    for number in range(frames):
        joints = figure("body25", 200 + 4 * number, 170, 45, np.sin(number / 3))
        flat = np.column_stack([joints, np.full(25, 0.9)]).ravel().tolist()
        text = json.dumps({"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": flat}]})
        (made / f"walk_{number:012d}_keypoints.json").write_text(text)
    return made


def test_a_layer_has_points_in_space_where_its_model_lifts(tmp_path):
    """Longer than the network sees at once; what is kept is what the formulas make of what was read."""
    state = seeded(SMALL)
    file = checkpoint(tmp_path / "best_epoch.bin", state)
    added = semrender("models", "add", walked(tmp_path, 40), "--name", "read", "--lift", file)
    assert added.returncode == 0, added.stderr
    for number in range(40):
        Image.new("RGB", (640, 360), (90, 120, 90)).save(tmp_path / f"plate.{1001 + number}.png")
    options = ("--option", "shift=1001", "--option", "smoothing=off")
    done = semrender("render", tmp_path / "plate.####.png", "--model", "read", *options, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    (kept,) = (tmp_path / "out" / "prepared" / "plate").glob("*.npz")
    with np.load(kept) as prepared:
        space, read, sure = (prepared[name][0] for name in ("space", "places", "sure"))
    wanted = lifting.lifted(read, sure, np.zeros(sure.shape, np.int8), BODY_25, lambda part: by_hand(state, part), 27)
    there = np.isfinite(wanted)
    assert (np.isfinite(space) == there).all() and np.abs(space - wanted)[there].max() < 1e-3
    assert there[:, [BODY_25.index(name) for name in ("nose", "left_wrist", "right_ankle", "hip")]].all()
    assert not there[:, BODY_25.index("left_big_toe")].any()
    delivery = read_delivery(tmp_path / "out")
    assert {"height", "lens", "feet"} <= {option.name for option in find_card("read").options}
    (poses,) = delivery.poses
    assert "Hips" in (tmp_path / "out" / poses.bvh[0]).read_text() and (tmp_path / "out" / poses.usd).is_file()
    (find_card("read").folder / "lift.safetensors").write_bytes(b"x")
    again = semrender("render", tmp_path / "plate.####.png", "--model", "read", "--out", tmp_path / "again")
    assert again.returncode != 0 and "not those that the card describes" in again.stdout + again.stderr
