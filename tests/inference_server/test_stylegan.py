"""The plain StyleGAN2 against the pictures of the published program."""

import numpy as np
import pytest
import torch

from inference_server.models.stylegan import filters, network
from inference_server.models.stylegan.mapping import GAIN, activated
from shared.errors import ModelRefused
from tests.inference_server.generators import SIZES, config_of, random_stylegan2, reference

NEAR = 2e-5
BIAS = torch.tensor([0.1, -0.2, 0.3])[:, None, None]  # that the reference's `lrelu` was made with


def apart(made, wanted):
    return np.abs(np.asarray(made) - wanted).max()


def asked(name):
    """psi, cutoff and whether there is noise, out of the name of a reference picture."""
    words = name.split("_")[1:]
    cutoff = next((int(word[6:]) for word in words if word.startswith("cutoff")), None)
    digits = words[0][3:]
    return float(digits) if len(digits) == 1 else float(f"{digits[0]}.{digits[1:]}"), cutoff, words[-1] == "const"


@pytest.mark.parametrize("name", ["ada_auto_64", "ada_f_cond_256"])
@torch.inference_mode()
def test_every_reference_picture(data_folder, name):
    sizes, state, wanted, _ = reference(data_folder, name)
    net = network.filled(config_of(sizes), state, name)
    assert net.num_ws == sizes["num_ws"]
    seeds = [np.random.RandomState(seed).randn(1, net.z_dim) for seed in wanted["seeds"]]
    assert apart(np.concatenate(seeds), wanted["z"]) < 1e-6
    classes = torch.from_numpy(wanted["c"]) if net.c_dim else None
    w = net.map(torch.from_numpy(wanted["z"]), classes)
    assert apart(w, wanted["w"]) < NEAR
    pictures = [key for key in wanted if key.startswith("image_")]
    assert len(pictures) >= 2
    for key in pictures:
        psi, cutoff, noisy = asked(key)
        ws = net.truncate(w[: len(wanted[key])], psi, cutoff)
        made = net.draw(ws, net.stored_noise() if noisy else None)
        assert apart(made, wanted[key]) < NEAR, key


@torch.inference_mode()
def test_the_features_of_every_block(data_folder):
    sizes, state, wanted, _ = reference(data_folder, "ada_auto_64")
    net = network.filled(config_of(sizes), state, "it")
    seen = {}
    for r in (4, 8, 16, 32):
        block = net.get_submodule(f"synthesis.b{r}")
        block.register_forward_hook(lambda _, __, out, r=r: seen.update({f"x_b{r}": out[0], f"img_b{r}": out[1]}))
    made = net.draw(net.truncate(torch.from_numpy(wanted["w"][:1]), 0.7), net.stored_noise())
    assert len(seen) == 8
    for key, value in seen.items():
        assert apart(value, wanted[key]) < NEAR, key
    codes = (127.5 * made + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    assert np.abs(codes.numpy().astype(int) - wanted["uint8_psi07_const"]).max() <= 1
    assert (codes.numpy() == wanted["uint8_psi07_const"]).mean() > 0.999


@torch.inference_mode()
def test_single_operations(data_folder):
    known = np.load(data_folder / "stylegan2_reference" / "ops.npz")
    ops = {name: torch.from_numpy(known[name]) for name in known}
    x, x8, weight, styles = ops["x"], ops["x8"], ops["weight"], ops["styles"]
    asymmetric = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    noisy = network.modulated(x8, weight, styles, up=True) + ops["noise"]
    made = {
        "filter_1331": filters.SMOOTH,
        "upsample2d": filters.upsample(x),
        "downsample2d": filters.downsample(x[:, :, :4, :6]),  # the reference's own input: an even size
        "filter2d": filters.resample(x, filters.SMOOTH, padding=(2, 1, 2, 1)),
        "upfirdn_asym": filters.resample(x, asymmetric, (2, 1), (1, 2), (2, 1, -1, 3), 1.5),
        "conv_same": filters.convolve(x8, weight),
        "conv_up": filters.convolve_up(x8, weight),
        "conv_down": filters.convolve_down(x8, weight),
        "mod_demod": network.modulated(x8, weight, styles),
        "mod_demod_up_noise": noisy,
        "lrelu": activated(x8 + BIAS),
        "lrelu_gain_clamp": activated(x8, 0.5 * GAIN) / GAIN,
        "mod_plain": network.modulated(x8, weight[:, :, 1:2, 1:2], styles, demodulate=False),
    }
    for name, value in made.items():
        scale = max(1.0, np.abs(known[name]).max())
        assert value.shape == known[name].shape, name
        assert apart(value, known[name]) < 1e-6 * scale, name


@torch.inference_mode()
def test_a_batch_is_what_its_pictures_are_alone(data_folder):
    sizes, state, _, _ = reference(data_folder, "ada_f_cond_256")
    net = network.filled(config_of(sizes), state, "it")
    z = torch.from_numpy(np.random.RandomState(1).randn(4, net.z_dim).astype(np.float32))
    classes = torch.eye(5)[:4]
    together = net.draw(net.truncate(net.map(z, classes), 0.7), net.stored_noise())
    for number in range(4):
        one = slice(number, number + 1)
        alone = net.draw(net.truncate(net.map(z[one], classes[one]), 0.7), net.stored_noise())
        assert apart(together[one], alone.numpy()) < 1e-5


@torch.inference_mode()
def test_truncation_is_of_the_first_layers():
    net = random_stylegan2()
    w = net.map(torch.randn(2, net.z_dim))
    assert torch.equal(net.truncate(w, 1), w[:, None].expand(-1, net.num_ws, -1))
    assert torch.equal(net.truncate(w, 0)[1, 3], net.w_avg)
    ws = net.truncate(w, 0.5, cutoff=3)
    assert torch.equal(ws[:, 3:], net.truncate(w, 1)[:, 3:])
    assert torch.allclose(ws[:, :3], (net.w_avg + w)[:, None] / 2, atol=1e-6)
    assert torch.equal(net.truncate(ws, 1), ws)


@torch.inference_mode()
def test_noise_maps_are_given_one_for_every_noisy_layer():
    net = random_stylegan2()
    assert net.noise_sizes == [4, 8, 8, 16, 16, 32, 32]
    assert [map.shape[-1] for map in net.stored_noise()] == net.noise_sizes
    ws = net.truncate(net.map(torch.randn(2, net.z_dim)), 1)
    maps = [torch.randn(2, 1, r, r) for r in net.noise_sizes]
    both = net.draw(ws, maps)
    assert apart(both[1:], net.draw(ws[1:], [map[1:] for map in maps]).numpy()) < NEAR
    assert apart(both, net.draw(ws).numpy()) > 0.1


def test_what_describes_no_generator_is_refused():
    good = config_of(SIZES)
    network.build(good)
    bad = [
        {"network": "stylegan9"},
        {"channels": {"4": 16}},
        {"channels": None},
        {"resolution": 48},
        {"z_dim": -1},
        {"w_dim": 2**40},
        {"conv_clamp": "much"},
        {"more": 1},
    ]
    for change in bad:
        with pytest.raises(ModelRefused):
            network.build({**good, **change})
    net = random_stylegan2()
    state = net.state_dict()
    with pytest.raises(ModelRefused, match=r"lacks mapping.fc0.bias"):
        network.filled(good, {name: value for name, value in state.items() if name != "mapping.fc0.bias"}, "it")
    with pytest.raises(ModelRefused, match=r"has no place for synthesis.b8.skip.weight"):
        network.filled(good, {**state, "synthesis.b8.skip.weight": torch.zeros(1)}, "it")
    with pytest.raises(ModelRefused, match="none was asked for"):
        network.build({**good, "c_dim": 3}).map(torch.zeros(1, 8))
