"""SPADE: the same weights and labels give the same picture as the reference implementation, in every configuration."""

import io
import json
import lzma
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inference_server.models.base import PaintInput, load_model
from inference_server.models.cards import load_card
from inference_server.models.checkpoint import add_checkpoint, fold
from inference_server.models.edges import instance_edges
from inference_server.models.spade.network import SpadeConfig, SpadeNet, network_input
from shared.errors import ModelRefused
from tests.conftest import semrender
from tests.inference_server.published import Kind, edges, own_label_set, painted, published_state

DATA = Path(__file__).parents[1] / "data" / "spade"
TOLERANCE = 1e-4  # in tanh range, float32
SETS = {"coco_256": "coco_stuff", "ade20k_256": "ade20k"}


def add_reference(folder, name, to):
    path = to / f"{name}.pth"
    path.write_bytes(lzma.decompress((folder / f"{name}.pth.xz").read_bytes()))
    return add_checkpoint(path, name, SETS[name])


def farthest(model, labels, instance, image, **request):
    """The largest difference from the reference picture (3, H, W) in tanh range."""
    channels = model.card.labels.channel_table()[labels.astype(np.uint16)]
    picture = model.paint(PaintInput(channels, instance, **request))
    assert picture.dtype == np.float32 and picture.shape == (*labels.shape, 3)
    return np.abs(2 * picture.astype(np.float64) - 1 - image.transpose(1, 2, 0)).max()


def test_the_reference_picture_comes_out(tmp_path):
    known = np.load(DATA / "coco_256.npz")
    model = load_model(add_reference(DATA, "coco_256", tmp_path))
    assert farthest(model, known["label"], known["instance"], known["image"]) < TOLERANCE


@pytest.mark.parametrize("name", SETS)
def test_all_reference_pictures_come_out(name, data_folder, tmp_path):
    folder = data_folder / "spade_reference"
    model = load_model(add_reference(folder, name, tmp_path))
    known = np.load(folder / f"{name}.npz")
    for n in "01":
        assert farthest(model, known[f"label{n}"], known[f"instance{n}"], known[f"image{n}"]) < TOLERANCE


def test_through_render_within_one_8_bit_level(tmp_path):
    known = np.load(DATA / "coco_256.npz")
    path = tmp_path / "latest_net_G.pth"
    path.write_bytes(lzma.decompress((DATA / "coco_256.pth.xz").read_bytes()))
    added = semrender("models", "add", path, "--name", "reference", "--label-set", "coco_stuff")
    assert added.returncode == 0, added.stderr
    passes = tmp_path / "passes"
    passes.mkdir()
    Image.fromarray(known["label"]).save(passes / "label.0001.png")
    Image.fromarray(known["instance"].astype(np.uint8)).save(passes / "instance.0001.png")
    shot = """{"format": 1, "name": "s", "fps": 24, "first": 1, "last": 1, "width": 256, "height": 256,
        "model": "reference", "layers": [{"name": "all", "labels": "label.####.png",
        "instance": "instance.####.png", "read": {"encoding": "ids"}}]}"""
    (passes / "shot.json").write_text(shot)
    out = tmp_path / "out"
    done = semrender("render", passes / "shot.json", "--out", out, "--device", "cpu", "--no-aep")
    assert done.returncode == 0, done.stderr
    pixels = np.asarray(Image.open(next((out / "all").glob("*.png"))))
    assert (pixels[..., 3] == 255).all()
    wanted = np.rint((known["image"].transpose(1, 2, 0).astype(np.float64) + 1) * 127.5)
    assert np.abs(pixels[..., :3] - wanted).max() <= 1


KINDS = {
    "normal": Kind(),
    "more": Kind(layers="more", first=(1, 2)),
    "most": Kind(layers="most", first=(1, 1)),
    "no instance edges": Kind(inputs=4, edges=False),
    "instance norm": Kind(norm="instance"),
    "kernel 5": Kind(kernel=5),
    "no spectral norm": Kind(spectral=False),
    "style": Kind(vae=True),
    "style, wide, more": Kind(vae=True, layers="more", first=(1, 2)),
    "style, most": Kind(vae=True, layers="most", first=(1, 2), norm="instance"),
}


def add(kind, folder, **changes):
    """A small random checkpoint of this kind as a model, and its state."""
    own_label_set()
    state = published_state(kind)
    torch.save(state, folder / "latest_net_G.pth")
    given = {"size": kind.size, "layers": kind.layers, **changes}
    return add_checkpoint(folder / "latest_net_G.pth", "small", "toys", **given), state


def random_passes(width, height, seed=1):
    """Blobs of four classes, (H, W), and objects that cut them differently."""
    random = np.random.default_rng(seed)
    labels = np.kron(random.integers(0, 4, (height // 4, width // 4)), np.ones((4, 4), int)).astype(np.uint16)
    instance = np.kron(random.integers(0, 9, (height // 8, width // 8)), np.ones((8, 8), int)).astype(np.int32)
    return labels, instance


def one_hot(labels, instance=None):
    layers = [torch.from_numpy(labels == channel).float() for channel in range(4)]
    return torch.stack(layers if instance is None else [*layers, edges(instance)])


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_configuration_paints_as_the_paper_reads(kind, tmp_path):
    card, state = add(kind, tmp_path)
    assert (card.size.width, card.size.height) == kind.size
    assert card.uses == (("instance",) if kind.edges else ())
    labels, instance = random_passes(*kind.size)
    style = None
    if kind.vae:
        style = torch.from_numpy(np.random.Generator(np.random.PCG64(5)).standard_normal(kind.z, np.float32))
    image = painted(state, kind, one_hot(labels, instance if kind.edges else None), style).numpy()
    assert image.std() > 0.05  # a grey picture would agree with anything
    assert farthest(load_model(card), labels, instance, image, seed=5) < TOLERANCE


def test_the_second_reading_agrees_with_the_reference_implementation():
    """What the configurations are compared with is itself held to the reference picture."""
    known = np.load(DATA / "coco_256.npz")
    state = torch.load(io.BytesIO(lzma.decompress((DATA / "coco_256.pth.xz").read_bytes())), weights_only=True)
    labels = torch.nn.functional.one_hot(torch.from_numpy(known["label"].astype(np.int64)), 183).permute(2, 0, 1)
    given = torch.cat([labels.float(), edges(known["instance"])[None]])
    kind = Kind(inputs=184, ngf=4, hidden=128, first=(8, 8))
    assert np.abs(painted(state, kind, given).numpy() - known["image"]).max() < TOLERANCE


def test_objects_of_one_class_are_told_apart(tmp_path):
    """Without the instance pass the edges between objects are lost, and the picture with them."""
    card, state = add(Kind(), tmp_path)
    labels, instance = random_passes(96, 64)
    image = painted(state, Kind(), one_hot(labels, instance)).numpy()
    assert farthest(load_model(card), labels, None, image) > 100 * TOLERANCE


def test_the_same_request_gives_the_same_bits(tmp_path):
    card, _ = add(Kind(vae=True), tmp_path)
    labels, instance = random_passes(96, 64)
    request = PaintInput(labels, instance, seed=3)
    first = load_model(card).paint(request)
    assert (load_model(card).paint(request) == first).all()
    assert (load_model(card).paint(replace(request, seed=4)) != first).any()


def test_without_style_the_seed_changes_nothing(tmp_path):
    card, _ = add(Kind(), tmp_path)
    model = load_model(card)
    labels, instance = random_passes(96, 64)
    assert (model.paint(PaintInput(labels, instance, 1)) == model.paint(PaintInput(labels, instance, 2))).all()


def test_other_sizes_are_painted_where_the_first_layer_reads_labels(tmp_path):
    card, state = add(Kind(), tmp_path)
    labels, instance = random_passes(160, 32)
    image = painted(state, Kind(first=(1, 5)), one_hot(labels, instance)).numpy()
    assert farthest(load_model(card), labels, instance, image) < TOLERANCE


@pytest.mark.parametrize(
    ("kind", "size", "words"),
    [(Kind(), (96, 60), "multiples of 32 pixels, not 96x60"), (Kind(vae=True), (64, 64), "96x64 only")],
)
def test_a_size_that_cannot_be_painted_is_refused_in_words(kind, size, words, tmp_path):
    card, _ = add(kind, tmp_path)
    with pytest.raises(ModelRefused, match=words):
        load_model(card).paint(PaintInput(*random_passes(*size)))


def test_edges_are_where_a_neighbour_is_another_object():
    random = np.random.default_rng(0).integers(0, 3, (9, 13)).astype(np.int32)
    assert (instance_edges(random) == edges(random).numpy().astype(bool)).all()
    far_apart = np.array([[-(2**31), -(2**31), 2**31 - 1]], np.int32)
    assert instance_edges(far_apart).tolist() == [[False, True, True]]


def test_without_an_instance_pass_edges_are_class_borders():
    config = SpadeConfig(semantic_nc=5, instance_edges=True)
    labels = random_passes(16, 8)[0]
    given = network_input(PaintInput(labels), config)[0]
    assert (given == one_hot(labels, labels)).all()


def test_spectral_norm_is_folded_as_torch_applies_it():
    torch.manual_seed(0)
    layer = torch.nn.utils.spectral_norm(torch.nn.Conv2d(5, 7, 3), n_power_iterations=3)
    for _ in range(4):
        layer(torch.zeros(1, 5, 8, 8))
    x = torch.randn(1, 5, 8, 8)
    with torch.no_grad():
        wanted = layer.eval()(x)
    state = {f"conv.{key}": tensor for key, tensor in layer.state_dict().items()}
    folded = fold(state, Path("x.pth"))
    assert set(folded) == {"conv.weight", "conv.bias"}
    found = torch.nn.functional.conv2d(x, folded["conv.weight"], folded["conv.bias"])
    assert (found - wanted).abs().max() < 1e-5


def test_without_v_the_largest_singular_value_comes_from_u():
    weight = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    left, values, _ = torch.linalg.svd(weight.flatten(1))
    folded = fold({"conv.weight_orig": weight, "conv.weight_u": left[:, 0]}, Path("x.pth"))
    assert torch.allclose(folded["conv.weight"], weight / values[0], atol=1e-6)


def test_the_oldest_files_hold_the_normalised_weight_itself():
    weight = torch.randn(6, 4, 3, 3)
    state = {"conv.weight_orig": weight, "conv.weight_u": torch.ones(6), "conv.weight": weight / 5}
    folded = fold(state, Path("x.pth"))
    assert set(folded) == {"conv.weight"} and (folded["conv.weight"] == weight / 5).all()


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_the_network_has_the_published_names_and_shapes(kind):
    config = SpadeConfig(
        semantic_nc=kind.inputs,
        ngf=kind.ngf,
        layers=kind.layers,
        instance_edges=kind.edges,
        norm=kind.norm,
        kernel=kind.kernel,
        hidden=kind.hidden,
        use_vae=kind.vae,
        z_dim=kind.z,
        width=kind.size[0],
        height=kind.size[1],
    )
    plain = published_state(replace(kind, spectral=False))
    assert {k: v.shape for k, v in SpadeNet(config).state_dict().items()} == {k: v.shape for k, v in plain.items()}


def add_with(folder, field, **change):
    """A model whose card was changed after it was added."""
    card, _ = add(Kind(), folder)
    file = card.folder / "card.json"
    data = json.loads(file.read_text())
    data[field].update(change)
    file.write_text(json.dumps(data))
    return load_card(card.folder)


@pytest.mark.parametrize("change", [{"layers": "many"}, {"depth": 3}, {"ngf": "64"}], ids=str)
def test_a_card_of_another_configuration_is_refused_in_words(change, tmp_path):
    card = add_with(tmp_path, "config", **change)
    with pytest.raises(ModelRefused):
        load_model(card)


def test_a_card_with_more_channels_than_the_network_is_refused(tmp_path):
    card, _ = add(Kind(), tmp_path)
    file = card.folder / "card.json"
    data = json.loads(file.read_text())
    data["inputs"]["labels"]["channels"].update(count=9, nothing=8)
    file.write_text(json.dumps(data))
    card = load_card(card.folder)
    with pytest.raises(ModelRefused):
        load_model(card)


def test_precision_is_an_option_and_can_change_back(tmp_path):
    card, _ = add(Kind(), tmp_path)
    assert card.check_options({}) == {"precision": "float32"}
    model = load_model(card)
    labels, instance = random_passes(*Kind().size)
    first, half, again = (
        model.paint(PaintInput(labels, instance, options={"precision": precision}))
        for precision in ("float32", "half", "float32")
    )
    assert (first == again).all() and (first != half).any() and np.abs(first - half).max() < 0.1
