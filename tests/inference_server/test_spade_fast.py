"""The fast SPADE against the plain one: exact in float32, close in half, the same bits whatever was painted before."""

import numpy as np
import pytest
import torch

from inference_server.models.edges import instance_edges
from inference_server.models.spade import fast as spade_fast
from inference_server.models.spade.fast import FastSpade
from inference_server.models.spade.network import SpadeConfig, SpadeNet
from inference_server.models.spade.tables import Patches, distinct_patches

SMALL = SpadeConfig(semantic_nc=9, ngf=16, instance_edges=True, width=128, height=96)


def random_net(config=SMALL, seed=1):
    """Random weights and statistics, with a picture that is not grey."""
    torch.manual_seed(seed)
    net = SpadeNet(config)
    for name, weight in net.named_parameters():
        if "mlp_" in name and weight.ndim == 4:
            torch.nn.init.normal_(weight, std=0.08)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
    with torch.no_grad():
        net.conv_img.weight *= 4
    return net.eval()


def random_symbols(config=SMALL, seed=1):
    """Blobs of classes with object edges: symbols (H, W) and the dense input (1, S, H, W) that they stand for."""
    random = np.random.default_rng(seed)
    labels = config.semantic_nc - config.instance_edges
    shape = (config.height // 8, config.width // 8)
    ids = np.kron(random.integers(0, labels, shape), np.ones((8, 8), int)).astype(np.int32)
    ids[random.random(ids.shape) < 0.02] = 0  # specks
    dense = torch.nn.functional.one_hot(torch.from_numpy(ids).long(), labels).permute(2, 0, 1).float()
    if not config.instance_edges:
        return ids, dense[None]
    marked = instance_edges(np.kron(random.integers(0, 5, shape), np.ones((8, 8), int)).astype(np.int32))
    return 2 * ids + marked, torch.cat([dense, torch.from_numpy(marked)[None].float()])[None]


def plain(net, dense):
    with torch.inference_mode():
        return net(dense)[0].permute(1, 2, 0)


@pytest.mark.parametrize("compiled", [True, False], ids=["processor loops", "torch alone, as on a GPU"])
@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        SpadeConfig(5, ngf=16, width=128, height=64),
        SpadeConfig(5, ngf=16, norm="instance", width=64, height=64),
        SpadeConfig(6, ngf=32, layers="most", instance_edges=True, width=128, height=128),
    ],
    ids=["edges", "no edges", "instance norm", "most"],
)
def test_float32_is_the_plain_network(config, compiled):
    net = random_net(config)
    fast = FastSpade(net, compiled=compiled)
    for seed in (1, 2, 3):
        symbols, dense = random_symbols(config, seed)
        wanted = plain(net, dense)
        assert wanted.std() > 0.1
        assert (fast(symbols) - wanted).abs().max() < 3e-5


def test_half_precision_is_close():
    net = random_net()
    symbols, dense = random_symbols()
    error = (FastSpade(net, half=True)(symbols) - plain(net, dense)).square().mean()
    assert 10 * torch.log10(4 / error) > 48  # dB of the range -1..1


def test_what_was_painted_before_changes_no_bit(monkeypatch):
    """Tables persist between frames; a frame after others has the bits of a frame alone."""
    net = random_net()
    frames = [random_symbols(seed=seed)[0] for seed in (1, 2, 3, 2)]
    for place in range(3, 7):  # an object moves
        frames.append(frames[1].copy())
        frames[-1][40:60, place * 4 : place * 4 + 20] = 2
    for half in (False, True):
        fast = FastSpade(net, half)
        for frame in frames:
            assert torch.equal(fast(frame), FastSpade(net, half)(frame))
        assert fast.kept_bytes() > 0
        monkeypatch.setattr(spade_fast, "CACHE_BYTES", 1000)
        fast(frames[0])
        assert fast.kept_bytes() == 0, "the bound is kept"
        monkeypatch.undo()


def test_neighbourhoods_are_numbered_exactly():
    random = np.random.default_rng(0)
    patches = Patches()
    for values in (random.integers(0, 3, (23, 17)), random.integers(0, 3, (23, 17)), np.zeros((5, 6), int)):
        values = values.astype(np.int32)
        numbers = patches.number(values)
        padded = np.pad(values, 1, constant_values=-1)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).reshape(*values.shape, 9)
        assert (patches.rows[numbers] == windows).all()
        assert len(np.unique(patches.rows[: patches.count], axis=0)) == patches.count
        known, other = distinct_patches(torch.from_numpy(values).long())
        assert (known[other].numpy() == windows).all() and len(torch.unique(known, dim=0)) == len(known)
    assert patches.count > 400


def test_resolutions_may_change_from_frame_to_frame():
    net = random_net()
    fast = FastSpade(net)
    for shape in ((96, 128), (64, 64), (96, 128)):
        symbols = np.zeros(shape, np.int32)
        symbols[: shape[0] // 2] = 4
        dense = torch.zeros(1, 9, *shape)
        dense[0, 0], dense[0, 2, : shape[0] // 2], dense[0, 0, : shape[0] // 2] = 1, 1, 0
        assert (fast(symbols) - plain(net, dense)).abs().max() < 1e-5
