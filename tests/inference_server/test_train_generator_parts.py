"""What a generator is taught with: pictures, losses, changes, distance; each against another reckoning."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from inference_server.training.gan import augment, losses
from inference_server.training.gan.begin import new
from inference_server.training.gan.data import _room, read_pictures
from inference_server.training.gan.discriminator import GROUP, Discriminator, differences
from inference_server.training.gan.measure import distance
from inference_server.training.gan.trainer import Plan, Trainer
from shared.errors import InputRefused, MissingInput
from tests.conftest import semrender
from tests.inference_server.discs import SIZE, picture, write_pictures

# Which pictures.


def test_grey_transparent_deep_and_larger_squares_are_right(tmp_path):
    folder = write_pictures(tmp_path / "p", 20)
    plain = picture(0)
    Image.fromarray(plain[..., 0]).save(folder / "a_grey.png")
    Image.fromarray(np.dstack([plain, np.full((SIZE, SIZE), 128, np.uint8)])).save(folder / "b_alpha.png")
    cv2.imwrite(str(folder / "c_deep.png"), plain[..., ::-1].astype(np.uint16) * 257)
    Image.fromarray(picture(0, 64)).save(folder / "d_large.png")
    found = read_pictures(str(folder))
    assert found.values.shape == (24, SIZE, SIZE, 3) and found.size == SIZE
    grey, alpha, deep, large = found.values[20:].astype(int)
    assert (grey == plain[..., :1]).all() and (deep == plain).all()
    assert np.abs(alpha - plain * (128 / 255)).max() <= 1
    whole = picture(0, 64).reshape(SIZE, 4, SIZE, 4, 3).mean((1, 3))
    assert np.abs(large - whole).max() <= 1
    notes = "\n".join(found.notes)
    assert "1 picture: grey, made RGB" in notes and "16 bits, made 8" in notes and "transparent" in notes
    assert "1 picture: shrunk to 16x16" in notes and "500 pictures and more would be better" in notes


@pytest.mark.parametrize(
    ("name", "pixels", "words"),
    [
        ("w.png", np.zeros((16, 20, 3), np.uint8), r"w.png.*20x16, no square.*semrender dataset pictures"),
        ("s.png", np.zeros((8, 8, 3), np.uint8), r"8 pixels on its short side.*16 are the least"),
    ],
)
def test_what_is_no_square_or_too_small_is_refused_by_name(tmp_path, name, pixels, words):
    folder = write_pictures(tmp_path / "p")
    Image.fromarray(pixels).save(folder / name)
    with pytest.raises(InputRefused, match=words):
        read_pictures(str(folder))


def test_what_would_be_enlarged_damaged_missing_or_too_few_is_refused(tmp_path):
    folder = write_pictures(tmp_path / "p")
    with pytest.raises(InputRefused, match=r"000.png.*16x16.*enlarged to 32x32.*smaller --size"):
        read_pictures(str(folder), 32)
    damaged = folder / "x.png"
    damaged.write_bytes((folder / "001.png").read_bytes()[:60])
    with pytest.raises(InputRefused, match=r"x\.png"):
        read_pictures(str(folder))
    with pytest.raises(InputRefused, match=r"100000000 pictures of 1024x1024 take .* GiB of memory.*--size"):
        _room(10**8, 1024, folder)
    with pytest.raises(InputRefused, match=r"there are 5 pictures.*16 at the least"):
        read_pictures(str(write_pictures(tmp_path / "few", 5)))
    with pytest.raises(MissingInput, match="semrender dataset pictures"):
        read_pictures(str(tmp_path / "nowhere"))
    with pytest.raises(InputRefused, match=r"clip.mp4.*no folder.*semrender dataset pictures .*clip.mp4 --out"):
        (tmp_path / "clip.mp4").touch()
        read_pictures(str(tmp_path / "clip.mp4"))


def test_the_folder_of_a_dataset_is_read_as_it_lies(tmp_path):
    pictures = write_pictures(tmp_path / "raw", 24, 32)
    done = semrender("dataset", "pictures", pictures, "--out", tmp_path / "set", "--size", SIZE, "--distance", -1)
    assert done.returncode == 0, done.stderr
    (tmp_path / "set" / "pictures" / "000.png").unlink()  # by hand
    found = read_pictures(str(tmp_path / "set"))
    assert len(found.values) == 23 and found.size == SIZE


# What is played for.


def test_steepness_is_the_squared_gradient():
    """Against a difference quotient along the gradient's own direction."""
    torch.manual_seed(0)
    judge = Discriminator({"4": 8, "8": 8, "16": 8}).double()
    pictures = torch.randn(3, 3, SIZE, SIZE, dtype=torch.float64, requires_grad=True)
    steep = losses.steepness(judge(pictures), pictures)
    squared = []
    for place in range(3):
        rows = torch.autograd.functional.jacobian(lambda x: judge(x).sum(), pictures.detach())
        step = 1e-4 * rows[place] / rows[place].norm()
        moved = pictures.detach().clone()
        moved[place] += step
        rise = (judge(moved).sum() - judge(pictures.detach()).sum()) / 1e-4
        squared.append(rise.square())
    assert torch.allclose(steep, torch.stack(squared).mean(), rtol=0.01)
    steep.backward()  # it can be learnt from
    assert all(bool(p.grad.isfinite().all()) for n, p in judge.named_parameters() if p.grad is not None)


def test_path_lengths_are_those_of_the_jacobian():
    torch.manual_seed(0)
    net = new(SIZE, "cpu", 0).net.double()
    ws = torch.randn(2, net.num_ws, net.w_dim, dtype=torch.float64, requires_grad=True)
    directions = torch.randn(2, 3, SIZE, SIZE, dtype=torch.float64)
    lengths = losses.path_lengths(net.draw(ws), ws, directions)
    for n in range(2):
        _, back = torch.autograd.functional.vjp(net.draw, ws[n : n + 1].detach(), directions[n : n + 1] / SIZE)
        assert torch.allclose(lengths[n], back[0].norm(dim=1).square().mean().sqrt())


def test_the_losses_are_the_logistic_ones():
    verdicts = torch.tensor([-2.0, 0.5])
    chances = 1 / (1 + torch.exp(-verdicts))
    assert torch.allclose(losses.taken_for_real(verdicts), -chances.log().mean())
    assert torch.allclose(losses.seen_through(verdicts), -(1 - chances).log().mean())


def test_differences_look_at_groups():
    x = torch.randn(2 * GROUP, 5, 4, 4)
    found = differences(x)
    for group in range(2):
        spread = x[group::2].var(0, unbiased=False).add(1e-8).sqrt().mean()
        assert torch.allclose(found[group::2], spread.expand(GROUP, 1, 4, 4))
    assert torch.allclose(differences(x[:3]), x[:3].var(0, unbiased=False).add(1e-8).sqrt().mean().expand(3, 1, 4, 4))
    assert differences(x[:1].expand(4, -1, -1, -1)).max() < 1e-3  # all the same


# What is changed before it is judged.


def test_the_chance_moves_to_its_target():
    """By as much as the pictures that were shown allow, upwards where real pictures are known too well."""
    assert augment.next_chance(0.2, 0.9, 32, 500_000) == pytest.approx(0.2 + 32 / 500_000)
    assert augment.next_chance(0.2, 0.1, 32, 500_000) == pytest.approx(0.2 - 32 / 500_000)
    assert augment.next_chance(0.0, 0.1, 32, 1000) == 0 and augment.next_chance(0.84, 1, 32, 1000) == augment.MOST
    pictures = np.stack([picture(number) for number in range(8)])
    trainer = Trainer(new(SIZE, "cpu", 0).net, pictures, Plan(batch=4, full=32), "cpu")
    trainer.advance()
    trainer.signs = [1.0] * (augment.EVERY - 1)
    trainer.advance()
    mean = (augment.EVERY - 1 + trainer.curves[-1][2]) / augment.EVERY
    assert trainer.chance == augment.next_chance(0, mean, 4 * augment.EVERY, 32) and trainer.signs == []


def test_without_a_chance_nothing_changes_and_with_it_all_are_changed_alike():
    pictures = torch.randn(64, 3, SIZE, SIZE)
    assert augment.augmented(pictures, 0, np.random.default_rng(0)) is pictures
    changed = augment.augmented(pictures, 0.5, np.random.default_rng(0))
    assert torch.equal(changed, augment.augmented(pictures, 0.5, np.random.default_rng(0)))
    share = np.mean([not torch.allclose(a, b, atol=1e-3) for a, b in zip(pictures, changed, strict=True)])
    assert share > 0.9  # of so many kinds of change one nearly always happens
    rng = np.random.default_rng(1)
    still = np.mean([np.array_equal(one, np.eye(3)) for one in augment.geometries(2000, 0.1, rng)])
    assert still == pytest.approx(0.9**6.5, abs=0.06)  # eight kinds, of which half do nothing some of the time


def test_geometry_moves_what_it_says():
    pixels = torch.from_numpy(picture(3, 32)).permute(2, 0, 1)[None].float() / 127.5 - 1
    flipped = augment.transformed(pixels, augment._scale(np.array([-1.0]), np.array([1.0])))
    turned = augment.transformed(pixels, augment._rotate(np.array([np.pi / 2])))
    moved = augment.transformed(pixels, augment._move(np.array([[4 * 2 / 32], [0.0]])))
    smooth = augment.transformed(pixels, np.array([np.eye(3) + 1e-12]))  # the filters alone
    assert torch.allclose(flipped, smooth.flip(3), atol=1e-4)
    assert torch.allclose(turned, torch.rot90(smooth, 1, (2, 3)), atol=1e-4)
    assert torch.allclose(moved[..., 3:-8], smooth[..., 7:-4], atol=1e-4)
    assert (smooth - pixels).abs().mean() < 0.03


def test_colours_keep_what_they_should():
    rng = np.random.default_rng(0)
    grey = np.array([0.3, 0.3, 0.3, 1])
    for matrix in augment.colours(200, 0.5, rng):
        seen = (matrix @ grey)[:3]
        assert np.ptp(seen) < 1e-9  # what is grey stays grey
    assert np.array_equal(augment.colours(3, 0.0, rng), np.tile(np.eye(4), (3, 1, 1)))


def test_the_distance_is_frechets():
    random = torch.Generator().manual_seed(0)
    one = torch.randn(4000, 3, generator=random, dtype=torch.float64)
    assert distance(one, one) == pytest.approx(0, abs=1e-9)
    other = one * torch.tensor([2.0, 1.0, 1.0]) + torch.tensor([0.0, 3.0, 0.0])
    assert distance(one, other) == pytest.approx((9 + 1) / 3, rel=0.05)  # the means' distance, and (2 - 1) squared
