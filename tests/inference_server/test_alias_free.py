"""StyleGAN3 against the pictures of the published program, and against the paper's sums written out."""

import numpy as np
import pytest
import torch

from inference_server.models.base import load_model
from inference_server.models.stylegan import alias_free, controls, network
from inference_server.models.stylegan.alias_free import seen_from
from inference_server.models.stylegan.mapping import activated
from shared.errors import ModelRefused
from tests.inference_server.generators import alias_free_config, random_alias_free, reference, small_alias_free
from tests.inference_server.test_stylegan import apart
from tests.inference_server.test_walk_layers import FIRST, LAST, THREE, checked, keys, painted, plan_of
from tests.inference_server.walkers import add_generator

KINDS = {"T": {}, "R": {"kernel": 1, "radial": True}}


@pytest.fixture(scope="module")
def published(data_folder):
    _, state, wanted, pickled = reference(data_folder, "sg3_t_64")
    return network.filled(alias_free_config(pickled), state, "it"), {k: torch.from_numpy(wanted[k]) for k in wanted}


@torch.inference_mode()
def test_every_reference_picture(published):
    net, wanted = published
    assert net.num_ws == controls.layers({"network": "stylegan3", "layers": net.config.layers}) == 16
    w = net.map(wanted["z"])
    assert apart(w, wanted["w"].numpy()) < 1e-5
    turned = wanted["transform_inverse"]
    assert apart(seen_from(0.1, -0.2, -20), turned.numpy()) < 1e-6
    for key, psi, view in (("psi1", 1, None), ("psi07", 0.7, None), ("psi1_rot20_tx01_tym02", 1, turned)):
        picture = wanted[f"image_{key}"].numpy()
        assert apart(net.draw(net.truncate(w[: len(picture)], psi), view=view), picture) < 1e-5, key


@torch.inference_mode()
def test_the_camera_moves_what_is_painted_and_nothing_sticks(published):
    net, wanted = published
    ws = net.truncate(wanted["w"][:1], 1)
    still = net.draw(ws)[0]

    def seen(*moved):
        return net.draw(ws, view=seen_from(*moved))[0]

    def differ(one, other):
        return float((one - other).square().mean().sqrt() / still.std())

    moved = seen(8 / 64, -4 / 64, 0)
    assert differ(moved[:, :-4, 8:], still[:, 4:, :-8]) < 0.01 and differ(moved, still) > 0.2
    assert differ(seen(0, 0, 360), still) < 1e-3


@torch.inference_mode()
def test_what_is_seen_by_single_pixels_and_round_filters_turns_as_paper_does():
    torch.manual_seed(3)
    net = network.build(small_alias_free(**KINDS["R"])).eval()
    ws = net.truncate(net.map(torch.randn(1, net.z_dim)), 1)
    still = net.draw(ws)[0]
    assert apart(net.draw(ws, view=seen_from(0, 0, 90))[0], still.rot90(-1, (1, 2)).numpy()) < 1e-5
    assert apart(still.rot90(-1, (1, 2)), still.numpy()) > 0.1


def filtered(x, taps, up, down, padding):
    """Zeros between the samples, zeros around them, every tap of the filter, every n-th sample: (C, h, w), float64."""
    wide = np.zeros((len(x), x.shape[1] * up, x.shape[2] * up))
    wide[:, ::up, ::up] = x
    left, right, top, bottom = padding
    wide = np.pad(wide, [(0, 0), (max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))])
    wide = wide[:, max(-top, 0) :, max(-left, 0) :]
    wide = wide[:, : wide.shape[1] + min(bottom, 0), : wide.shape[2] + min(right, 0)]
    square = np.outer(taps, taps) if taps.ndim == 1 else taps
    high, broad = (size - len(square) + 1 for size in wide.shape[1:])
    total = np.zeros((len(x), high, broad))
    for row in range(len(square)):
        for column in range(len(square)):
            at = len(square) - 1 - row, len(square) - 1 - column  # a convolution, not a correlation
            total += square[row, column] * wide[:, at[0] : at[0] + high, at[1] : at[1] + broad]
    return total[:, ::down, ::down]


def written_out(net, w, view):
    """The picture (3, R, R) of one w, in float64, by the sums of the paper."""
    state = {name: value.numpy().astype(np.float64) for name, value in net.state_dict().items()}
    config, inner = net.config, "synthesis.input"
    w = w.numpy().astype(np.float64)

    def affine(name):
        return state[f"{name}.weight"] @ w / np.sqrt(len(w)) + state[f"{name}.bias"]

    turn = affine(f"{inner}.affine")
    cosine, sine, right, down = turn / np.hypot(turn[0], turn[1])
    size, rate, band = config.input.size, config.input.sampling_rate, config.input.bandwidth
    waves = np.zeros((config.input.channels, size, size))
    for row in range(size):
        for column in range(size):
            place = np.array([(column + 0.5) / size - 0.5, (row + 0.5) / size - 0.5]) * size / rate
            x, y, _ = state[f"{inner}.transform"] @ view.numpy() @ [*place, 1]
            x, y = x - right, y - down
            x, y = cosine * x - sine * y, sine * x + cosine * y
            waves[:, row, column] = np.sin(2 * np.pi * (state[f"{inner}.freqs"] @ [x, y] + state[f"{inner}.phases"]))
    lengths = np.linalg.norm(state[f"{inner}.freqs"], axis=1)
    waves *= np.clip(1 - (lengths - band) / (rate / 2 - band), 0, 1)[:, None, None]
    x = np.tensordot(state[f"{inner}.weight"] / np.sqrt(len(waves)), waves, 1)
    for layer in config.layers:
        name = f"synthesis.{layer.name}"
        weight, styles = state[f"{name}.weight"], affine(f"{name}.affine")
        if layer.colours:
            weight = weight * styles[:, None, None] / np.sqrt(layer.inner)
        else:
            weight = weight / np.sqrt((weight**2).mean((1, 2, 3), keepdims=True))
            weight = weight * (styles / np.sqrt((styles**2).mean()))[:, None, None]
            weight = weight / np.sqrt((weight**2).sum((1, 2, 3), keepdims=True) + 1e-8)
        weight = weight / np.sqrt(state[f"{name}.magnitude_ema"])
        edge = layer.kernel - 1
        seen = np.pad(x, [(0, 0), (edge, edge), (edge, edge)])
        size = seen.shape[1] - edge
        y = np.zeros((layer.outer, size, size)) + state[f"{name}.bias"][:, None, None]
        for row in range(layer.kernel):
            for column in range(layer.kernel):
                y += np.tensordot(weight[:, :, row, column], seen[:, row : row + size, column : column + size], 1)
        taps = state.get(f"{name}.up_filter", np.ones(1))
        y = filtered(y, taps, layer.up, 1, layer.padding) * layer.up**2
        if not layer.colours:
            y = np.where(y > 0, y, 0.2 * y) * np.sqrt(2)
        y = np.clip(y, -layer.clamp, layer.clamp)
        x = filtered(y, state.get(f"{name}.down_filter", np.ones(1)), 1, layer.down, [0] * 4)
    return x * config.output_scale


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_both_kinds_against_the_sums_written_out(kind):
    net = random_alias_free(**KINDS[kind])
    view = seen_from(0.2, -0.1, 35)
    ws = net.truncate(net.map(torch.randn(1, net.z_dim)), 1)
    made, wanted = net.draw(ws, view=view)[0], written_out(net, ws[0, 0], view)
    assert np.abs(wanted).max() > 0.1 and apart(made, wanted) < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_is_what_its_pictures_are_alone_and_all_can_be_learnt(kind):
    net = random_alias_free(**KINDS[kind])
    ws = net.truncate(net.map(torch.randn(4, net.z_dim)), 0.8).requires_grad_()
    together = net.draw(ws)
    alone = torch.cat([net.draw(ws[number : number + 1]) for number in range(4)])
    assert apart(together.detach(), alone.detach().numpy()) < 1e-5
    together.square().sum().backward()
    assert (ws.grad.abs().amax((0, 2)) > 0).all()


def test_what_describes_no_alias_free_generator_is_refused():
    good = small_alias_free()
    network.build(good)
    first, *others = good["layers"]
    bad = [
        {"resolution": 32},
        {"input": {**good["input"], "channels": 8}},
        {"input": {**good["input"], "size": [28, 28]}},
        {"input": {**good["input"], "bandwidth": 8.0}},
        {"input": None},
        {"layers": []},
        {"layers": [first, *others, first]},
        {"layers": good["layers"][:-1]},
        {"output_scale": "much"},
        {"more": 1},
    ]
    layer = [{"padding": [1]}, {"down": 0}, {"up_filter": [2, 3]}, {"up_filter": []}, {"kernel": 5}, {"name": "a.b"}]
    bad += [{"layers": [{**first, **change}, *others]} for change in [*layer, {"padding": [0] * 4}, {"name": "input"}]]
    for change in bad:
        with pytest.raises(ModelRefused):
            network.build({**good, **change})
    state = network.build(good).state_dict()
    del state["synthesis.L1_40_7.up_filter"]
    with pytest.raises(ModelRefused, match=r"lacks synthesis.L1_40_7.up_filter"):
        network.filled(good, state, "it")


def test_a_walk_is_painted_keyed_and_moved(state_folder, tmp_path):
    add_generator(config=small_alias_free())
    plan, own = plan_of(tmp_path, THREE)
    model = load_model(own.card)
    clip = [painted(plan, frame, model) for frame in range(FIRST, LAST + 1)]
    assert clip[0].shape == (24, 24, 3) and np.array_equal(painted(plan, 1007, load_model(own.card)), clip[6])
    assert len(set(keys(tmp_path, THREE))) == len(clip) and not checked(tmp_path, THREE)["problems"]
    right = {"options": {"translate_x": 0.25}}
    moved = painted(plan_of(tmp_path, THREE, layer=right)[0], FIRST, model)
    assert not set(keys(tmp_path, THREE, layer=right)) & set(keys(tmp_path, THREE))
    apart_where = [np.abs(moved[:, 6:] - other).mean() for other in (clip[0][:, :-6], clip[0][:, 6:])]
    assert apart_where[0] < apart_where[1] / 2
    with pytest.raises(ModelRefused, match="no value for the option rotate"):
        plan_of(tmp_path, THREE, layer={"options": {"rotate": 200}})


def test_the_memory_of_a_frame_follows_from_its_largest_features(monkeypatch):
    seen = []
    monkeypatch.setattr(alias_free, "activated", lambda x, clamp: seen.append(x[0].numel()) or activated(x, clamp))
    net = random_alias_free(**KINDS["R"])
    net.draw(torch.randn(1, net.num_ws, net.w_dim))
    assert max(seen) == net.config.largest
