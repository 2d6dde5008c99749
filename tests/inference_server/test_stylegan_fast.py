"""The generators' loops for the processor against the plain networks, and the published pictures."""

import numba
import numpy as np
import pytest
import torch

from inference_server.models.stylegan import fast, network
from inference_server.models.stylegan.alias_free import seen_from
from tests.inference_server.generators import (
    alias_free_config,
    config_of,
    random_alias_free,
    random_stylegan2,
    reference,
)
from tests.inference_server.test_alias_free import KINDS
from tests.inference_server.test_stylegan import apart, asked

SHAPES = {
    "plain": {},
    "one width": {"channel_max": 16},
    "odd widths": {"channel_base": 544, "channel_max": 33},
    "classes": {"c_dim": 3},
    "cut off": {"conv_clamp": 0.5},
    "never cut off": {"conv_clamp": None},
    "smallest": {"img_resolution": 8},
}


def some_ws(net, count=3):
    torch.manual_seed(4)
    classes = torch.eye(net.c_dim)[:1].expand(count, -1) if net.c_dim else None
    return net.truncate(net.map(torch.randn(count, net.z_dim), classes), 0.9)


@pytest.mark.parametrize("shape", SHAPES)
@torch.inference_mode()
def test_every_shape_of_stylegan2(shape):
    net = random_stylegan2(**SHAPES[shape])
    ours, ws = fast.of(net), some_ws(net)
    maps = [torch.randn(3, 1, r, r) for r in net.noise_sizes]
    for noise in (net.stored_noise(), maps, None):
        wanted = net.draw(ws, noise)
        assert apart(ours.draw(ws, noise), wanted.numpy()) < 1e-5 * max(1, wanted.abs().max()), noise is None
    assert [torch.equal(*both) for both in zip(ours.stored_noise(), net.stored_noise(), strict=True)]
    assert torch.equal(
        ours.truncate(ours.map(torch.ones(1, 8), torch.ones(1, 3)), 0.5)[0],
        net.truncate(net.map(torch.ones(1, 8), torch.ones(1, 3)), 0.5)[0],
    )


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_both_kinds_of_stylegan3(kind):
    net = random_alias_free(**KINDS[kind])
    ours, ws = fast.of(net), some_ws(net)
    for view in (None, seen_from(0.3, -0.2, 50)):
        wanted = net.draw(ws, view=view)
        assert wanted.abs().max() > 0.1 and apart(ours.draw(ws, view=view), wanted.numpy()) < 1e-5


@pytest.mark.parametrize("name", ["ada_auto_64", "ada_f_cond_256", "sg3_t_64"])
@torch.inference_mode()
def test_every_reference_picture(data_folder, name):
    sizes, state, wanted, pickled = reference(data_folder, name)
    config = alias_free_config(pickled) if name == "sg3_t_64" else config_of(sizes)
    net = fast.of(network.filled(config, state, name))
    w = net.map(torch.from_numpy(wanted["z"]), torch.from_numpy(wanted["c"]) if net.c_dim else None)
    for key in (key for key in wanted if key.startswith("image_")):
        view = torch.from_numpy(wanted["transform_inverse"]) if "rot20" in key else None
        psi, cutoff, noisy = asked(key)
        ws = net.truncate(w[: len(wanted[key])], psi, cutoff)
        assert apart(net.draw(ws, net.stored_noise() if noisy else None, view), wanted[key]) < 2e-5, key


@pytest.mark.parametrize("made", [random_stylegan2, random_alias_free])
@torch.inference_mode()
def test_a_picture_has_the_same_bits_alone_again_and_with_however_many_threads(made):
    net = made()
    ours, ws = fast.of(net), some_ws(net, 4)
    together = ours.draw(ws, ours.stored_noise())
    for number in (2, 0, 3, 1):
        assert torch.equal(ours.draw(ws[number : number + 1], ours.stored_noise())[0], together[number])
    threads = torch.get_num_threads(), numba.get_num_threads()
    try:
        torch.set_num_threads(1)
        numba.set_num_threads(1)
        assert torch.equal(fast.of(net).draw(ws, ours.stored_noise()), together)
    finally:
        torch.set_num_threads(threads[0])
        numba.set_num_threads(threads[1])


@torch.inference_mode()
def test_memory_that_was_used_before_changes_nothing():
    net = random_stylegan2()
    ours, ws = fast.of(net), some_ws(net, 2)
    first = ours.draw(ws[:1])
    for name in list(ours.scratch._taken):
        ours.scratch._taken[name].fill_(np.nan)
    assert torch.equal(ours.draw(ws[:1]), first)
