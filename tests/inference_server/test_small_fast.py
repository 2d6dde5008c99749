"""The default model's fast network against the plain one."""

import numpy as np
import pytest
import torch

from inference_server.models.small import guides
from inference_server.models.small.fast import FastSmall
from inference_server.models.small.network import SmallConfig, SmallNet, noise_plane


def random_net(widths=(24, 40, 48), **told):
    """Random weights and statistics, tables of classes included, which a fresh network has at zero."""
    torch.manual_seed(1)
    net = SmallNet(SmallConfig(classes=7, looks=3, widths=widths, **told))
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
            if module.affine:
                torch.nn.init.uniform_(module.weight, 0.5, 2)
                torch.nn.init.normal_(module.bias, std=0.2)
    for name, weight in net.named_parameters():
        if "gamma" in name or "beta" in name:
            torch.nn.init.normal_(weight, std=0.3)
    return net.eval()


def random_input(height, width, seed=0):
    random = np.random.default_rng(seed)
    labels = np.kron(random.integers(0, 7, (height // 8, width // 8)), np.ones((8, 8), int)).astype(np.int32)
    return labels, noise_plane(seed, height, width)


def random_guides(height, width, seed=0):
    random = np.random.default_rng(seed)
    normal = random.normal(size=(height, width, 3)).astype(np.float32)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    depth = random.uniform(1, 90, (height, width)).astype(np.float32)
    parts = random.integers(0, 3, (height, width))
    shading = random.uniform(-0.1, 1.2, (height, width)).astype(np.float32)
    return guides.planes((height, width), normal, depth, (0.6, 0.0, 0.8), parts, shading)


def plain(net, labels, look, noise, seen=None):
    shown = None if seen is None else torch.from_numpy(seen).permute(2, 0, 1)[None]
    with torch.inference_mode():
        made = net(
            torch.from_numpy(labels)[None].long(), torch.tensor([look]), torch.from_numpy(noise)[None], None, shown
        )
    return made[0].permute(1, 2, 0)


def test_it_paints_what_the_plain_network_paints():
    net = random_net()
    fast = FastSmall(net)
    for seed, (height, width) in enumerate(((64, 96), (32, 48), (64, 96))):
        labels, noise = random_input(height, width, seed)
        wanted = plain(net, labels, seed, noise)
        assert wanted.std() > 0.1
        assert (fast(labels, seed, noise) - wanted).abs().max() < 3e-5


@pytest.mark.parametrize("told", [{}, {"parts": True}, {"shading": True}, {"parts": True, "shading": True}])
def test_a_guided_network_paints_alike_with_guides_and_without(told):
    net = random_net(guided=True, **told)
    fast = FastSmall(net)
    labels, noise = random_input(64, 96)
    seen = random_guides(64, 96)[..., : net.config.seen]
    with_guides, without = plain(net, labels, 1, noise, seen), plain(net, labels, 1, noise)
    assert (with_guides - without).abs().mean() > 0.02
    assert (fast(labels, 1, noise, None, seen) - with_guides).abs().max() < 5e-5
    assert (fast(labels, 1, noise) - without).abs().max() < 5e-5
    assert torch.equal(fast(labels, 1, noise), fast(labels, 1, noise, None, np.zeros_like(seen)))


def test_half_precision_is_close():
    net = random_net()
    labels, noise = random_input(64, 96)
    error = (FastSmall(net, half=True)(labels, 1, noise) - plain(net, labels, 1, noise)).square().mean()
    assert 10 * torch.log10(4 / error) > 45


def test_the_same_bits_whatever_was_painted_before():
    net = random_net()
    labels, noise = random_input(64, 96)
    fast = FastSmall(net)
    first = fast(labels, 0, noise).clone()
    fast(*random_input(128, 128)[:1], 1, noise_plane(0, 128, 128))
    assert torch.equal(fast(labels, 0, noise), first) and torch.equal(FastSmall(net)(labels, 0, noise), first)
