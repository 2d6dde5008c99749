"""A generator learnt from pictures: real ones, networks of 16 pixels, a few steps. Interrupted, the same bits."""

import json
import os
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from inference_server.models import catalogue
from inference_server.training.gan import augment, losses
from inference_server.training.gan.begin import new
from inference_server.training.gan.data import read_pictures
from inference_server.training.gan.discriminator import GROUP, Discriminator, differences
from inference_server.training.gan.measure import Measure, distance
from inference_server.training.gan.reckoning import multiplications, say_honestly
from inference_server.training.gan.session import Request, train
from inference_server.training.gan.trainer import PATH_EVERY, STEEP_EVERY, Plan, Trainer
from inference_server.training.session import work_folder
from shared.errors import InputRefused, MissingInput, ModelRefused
from tests.conftest import semrender
from tests.inference_server.walkers import add_generator

SIZE = 16


def picture(number, size=SIZE):
    """A coloured disc somewhere on a sky."""
    rng = np.random.default_rng(number)
    pixels = np.full((size, size, 3), (90, 140, 220), np.uint8)
    at = tuple(int(n) for n in rng.integers(size // 4, size - size // 4, 2))
    cv2.circle(pixels, at, size // 5, tuple(int(n) for n in rng.integers(0, 255, 3)), -1)
    return pixels


def write_pictures(folder, count=20, size=SIZE):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.fromarray(picture(number, size)).save(folder / f"{number:03}.png")
    return folder


def request(folder, **changes):
    return Request(**{"dataset": str(folder), "name": "mine", "kimg": 0.024, "batch": 4, **changes})


def trainer_of(count=20, **plan):
    pictures = np.stack([picture(number) for number in range(count)])
    return Trainer(new(SIZE, "cpu", 0).net, pictures, Plan(**{"batch": 4, **plan}), "cpu")


def weights_of(net):
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def changed(before, net):
    return {name for name, value in net.state_dict().items() if not torch.equal(before[name], value)}


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
    assert "1 picture shrunk to 16x16" in notes and "500 pictures and more would be better" in notes


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
    with pytest.raises(InputRefused, match=r"there are 5 pictures.*16 at the least"):
        read_pictures(str(write_pictures(tmp_path / "few", 5)))
    with pytest.raises(MissingInput, match="semrender dataset pictures"):
        read_pictures(str(tmp_path / "nowhere"))


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
    trainer = trainer_of(full=32)
    trainer.advance()
    trainer.signs = [1.0] * (augment.EVERY - 1)
    trainer.advance()
    assert trainer.chance == pytest.approx(0.5) and trainer.signs == []


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


# Steps.


def test_each_network_learns_by_its_own_losses_alone():
    trainer = trainer_of()
    rng = np.random.default_rng(0)
    real = trainer._batch(rng)
    net, judge = weights_of(trainer.net), weights_of(trainer.judge)
    painted, _ = trainer._train_generator(rng)
    assert not changed(judge, trainer.judge)
    learnt = changed(net, trainer.net)
    assert {name for name in net if not name.endswith("noise_const")} == learnt
    net = weights_of(trainer.net)
    trainer._train_judge(real, painted, rng)
    trainer._flatten(real, rng)
    assert not changed(net, trainer.net) and changed(judge, trainer.judge) == set(judge)
    judge, net = weights_of(trainer.judge), weights_of(trainer.net)
    trainer._shorten(rng)
    assert not changed(judge, trainer.judge) and changed(net, trainer.net)
    average = weights_of(trainer.average)
    trainer._follow()
    for name, value in trainer.average.named_parameters():
        assert torch.equal(value, average[name]) == torch.equal(
            dict(trainer.net.named_parameters())[name], average[name]
        )


def test_the_average_follows_with_its_half_life():
    trainer = trainer_of()
    trainer.step = 10**6  # the ramp is over
    start, end = trainer.average.synthesis.b4.const.clone(), trainer.net.synthesis.b4.const
    with torch.no_grad():
        end += 1
    steps = round(10_000 / 32)  # batch * 10 / 32 thousand pictures
    for _ in range(steps):
        trainer._follow()
    assert torch.allclose(trainer.average.synthesis.b4.const - start, torch.tensor(0.5), atol=0.01)


def test_it_learns(tmp_path):
    """After sixty steps the pictures are nearer to the real ones."""
    trainer = trainer_of(rate=5e-3, batch=8)
    measure = Measure(trainer.pictures, "cpu")
    before = measure.of(trainer.average)
    for _ in range(60):
        trainer.advance()
    assert measure.of(trainer.average) < 0.5 * before
    assert np.isfinite(trainer.curves).all() and PATH_EVERY < STEEP_EVERY < 60


def test_the_distance_is_frechets():
    random = torch.Generator().manual_seed(0)
    one = torch.randn(4000, 3, generator=random, dtype=torch.float64)
    assert distance(one, one) == pytest.approx(0, abs=1e-9)
    other = one * torch.tensor([2.0, 1.0, 1.0]) + torch.tensor([0.0, 3.0, 0.0])
    assert distance(one, other) == pytest.approx((9 + 1) / 3, rel=0.05)  # the means' distance, and (2 - 1) squared


# Said honestly.


def test_what_is_too_large_for_a_processor_is_refused_before_it_begins():
    small = new(64, "cpu", 0).net.config
    assert 40e6 < multiplications(small) < 50e6
    assert "100 thousand pictures of 64x64 take about" in say_honestly(small, 1)
    with pytest.raises(InputRefused, match=r"too large.*1024x1024 take about \d+ days.*GPU"):
        say_honestly(new_config(1024), 1)


def new_config(size):
    with torch.device("meta"):
        return new(size, "cuda", 0).net.config


def test_options_of_the_other_kind_of_training_are_refused(tmp_path):
    folder = write_pictures(tmp_path / "p")
    done = semrender("train", folder, "--name", "x", "--network", "stylegan2", "--steps", 5)
    assert done.returncode == 3 and "--steps says nothing" in done.stderr and "Leave it out" in done.stderr
    done = semrender("train", folder, "--name", "x", "--kimg", 5)
    assert done.returncode == 3 and "--kimg says nothing" in done.stderr and "--network stylegan2" in done.stderr


# Interrupted, resumed, the same; and what comes of it.

ARGUMENTS = ("--network", "stylegan2", "--name", "mine", "--batch", "4")


def environment(home):
    return {**os.environ, "SEMRENDER_HOME": str(home), "OMP_NUM_THREADS": "1"}


def run_train(folder, home, *more):
    done = semrender("train", folder, *ARGUMENTS, *more, env=environment(home))
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def struck_at(folder, home, step, blow, kimg):
    """Train in a process that gets the signal right after this step; the clock runs so fast that every step is kept."""
    script = f"""
import os, sys
from inference_server.training import clock
from inference_server.training.gan.trainer import Trainer
advance = Trainer.advance
def struck(self):
    advance(self)
    if self.step == {step}:
        os.kill(os.getpid(), {int(blow)})
Trainer.advance = struck
clock.FIRST_LOOK = clock.EVERY = 0
from semrender import main
sys.exit(main(["train", {str(folder)!r}, *{ARGUMENTS!r}, "--kimg", {kimg!r}]))
"""
    return subprocess.run([sys.executable, "-c", script], env=environment(home), capture_output=True, text=True)


def test_killed_it_ends_with_the_same_bits(tmp_path):
    """Eighteen steps: both regularisations come after the last state that was kept; and --kimg lets it go further."""
    folder = write_pictures(tmp_path / "p")
    whole_home, home = tmp_path / "whole", tmp_path / "struck"
    run_train(folder, whole_home, "--kimg", "0.072")
    whole = (whole_home / "models" / "mine" / "weights.safetensors").read_bytes()
    assert struck_at(folder, home, 6, signal.SIGKILL, "0.04").returncode == -signal.SIGKILL
    (home / "training" / "mine" / "state.tmp").write_bytes(b"half a state")
    done = run_train(folder, home, "--kimg", "0.072")
    assert "goes on after 0.02 thousand pictures" in done.stdout
    assert (home / "models" / "mine" / "weights.safetensors").read_bytes() == whole
    one, other = (torch.load(h / "training" / "mine" / "state.pt", weights_only=True) for h in (whole_home, home))
    assert torch.equal(one["curves"], other["curves"]) and one["step"] == other["step"] == 18
    for part in ("net", "average", "judge"):
        assert all(torch.equal(value, other[part][name]) for name, value in one[part].items())
    told = [round(seen, 3) for seen, _ in other["shown"]["distances"]]
    assert told[0] == 0 and told == sorted(told) and told[-1] == 0.072


def test_other_pictures_or_settings_do_not_go_on_silently(tmp_path):
    folder = write_pictures(tmp_path / "p")
    train(request(folder), lambda text: None)
    with pytest.raises(InputRefused, match=r"other batch \(4 then, 5 now\).*--restart"):
        train(request(folder, batch=5), lambda text: None)
    write_pictures(folder, 21)
    with pytest.raises(InputRefused, match="with other pictures"):
        train(request(folder), lambda text: None)


def test_a_trained_generator_paints_a_walk_and_goes_on(tmp_path, state_folder):
    folder = write_pictures(tmp_path / "p")
    about = tmp_path / "about.json"
    about.write_text(json.dumps({"title": "Discs", "licence": "CC0", "credit": "us"}))
    said = []
    card = train(request(folder), said.append).card
    assert card.licence == "as its author decides" and any("licence" in line for line in said)
    assert card.family == "stylegan" and [option.name for option in card.options] == ["psi", "cutoff", "noise"]
    assert (card.folder / "weights.safetensors").stat().st_size < 2 * 2**20
    assert Image.open(card.folder / "samples.png").size == (8 * SIZE + 7 * 4, 4 * SIZE + 3 * 4)
    for name in ("samples.png", "progress.png", "losses.png"):
        assert Image.open(work_folder("mine") / name).size[0] > 8 * SIZE
    out = tmp_path / "out"
    walk = ("render", "--model", "mine", "--seeds", "1,2,3", "--frames", "1-5", "--out", out, "--no-aep")
    done = semrender(*walk)
    assert done.returncode == 0, done.stdout + done.stderr
    frames = sorted(out.glob("*/*.png"))
    pixels = [np.asarray(Image.open(file).convert("RGB")) for file in frames]
    assert len([one for one in pixels if one.shape == (SIZE, SIZE, 3)]) >= 5
    done = semrender(
        "train", folder, "--network", "stylegan2", "--name", "more", "--from", "mine", "--batch", 4, "--kimg", 0.008,
        "--about", about,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    more = catalogue.find_card("more")
    assert more.source["training"]["parent"] == card.hash and more.title == "Discs"
    assert more.licence == "CC0; it went on from mine: as its author decides"


def test_going_on_begins_with_the_models_own_pictures(tmp_path):
    from inference_server.training.gan.begin import going_on
    from inference_server.training.gan.sheets import samples

    add_generator("theirs")  # 32 pixels
    folder = write_pictures(tmp_path / "p", 20, 48)
    start = going_on("theirs")
    first = samples(start.net)
    outcome = train(request(folder, start="theirs", kimg=0.004), lambda text: None)
    state = torch.load(work_folder("mine") / "state.pt", weights_only=True)
    assert np.array_equal(state["shown"]["moments"][0][1].numpy(), first[:8])
    assert outcome.card.config == catalogue.find_card("theirs").config
    add_generator("classes", c_dim=3)
    with pytest.raises(ModelRefused, match="classes has classes"):
        train(request(folder, start="classes"), lambda text: None)
    with pytest.raises(ModelRefused, match="countryside_3 is no generator"):
        train(request(folder, start="countryside_3"), lambda text: None)
