"""A generator learnt from pictures: real ones, networks of 16 pixels, a few steps. Interrupted, the same bits."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from inference_server.datasets.stills import eight_bits
from inference_server.models import catalogue
from inference_server.models.base import load_model
from inference_server.training.gan.begin import new
from inference_server.training.gan.measure import Measure
from inference_server.training.gan.reckoning import multiplications, say_honestly
from inference_server.training.gan.session import Request, train
from inference_server.training.gan.trainer import PATH_EVERY, STEEP_EVERY, Plan, Trainer
from inference_server.training.session import work_folder
from shared.clips import Clip
from shared.errors import InputRefused, ModelRefused
from tests.conftest import ROOT, semrender
from tests.inference_server.discs import SIZE, picture, write_pictures
from tests.inference_server.walkers import add_generator


def request(folder, **changes):
    return Request(**{"dataset": str(folder), "name": "mine", "kimg": 0.024, "batch": 4, **changes})


def trainer_of(count=20, **plan):
    pictures = np.stack([picture(number) for number in range(count)])
    return Trainer(new(SIZE, "cpu", 0).net, pictures, Plan(**{"batch": 4, **plan}), "cpu")


def weights_of(net):
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def changed(before, net):
    return {name for name, value in net.state_dict().items() if not torch.equal(before[name], value)}


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
    done = semrender("train", folder, "--name", "x")
    assert "there are no pairs here" in done.stderr and "--network stylegan2" in done.stderr
    done = semrender("train", folder, "--name", "x", "--kimg", 5)
    assert done.returncode == 3 and "--kimg says nothing" in done.stderr and "--network stylegan2" in done.stderr


def test_the_shipped_locomotives_are_near_their_pictures():
    """What ships is what its card tells: its distance from the pictures that ship, too."""
    with Clip(ROOT / "examples" / "locomotives" / "locomotives.mp4", first=0) as clip:
        pictures = np.stack([eight_bits(clip.frame(number)) for number in clip.frames])
    card = catalogue.find_card("locomotives")
    told = card.source["training"]
    assert pictures.shape == (told["pictures"], 64, 64, 3)
    measure = Measure(pictures, "cpu")
    assert measure.floor() == pytest.approx(told["distance_of_halves"], rel=0.01)
    assert measure.of(load_model(card).net) == pytest.approx(told["distance"], rel=0.05)  # its weights are half
    assert told["distance"] < 4 * told["distance_of_halves"]


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


def test_hours_end_a_training_and_the_next_goes_on(tmp_path):
    folder = write_pictures(tmp_path / "p")
    said = []
    assert train(request(folder, hours=1e-9), said.append).finished  # not one step, and a model is there
    assert catalogue.find_card("mine").source["training"]["kimg"] == 0
    assert train(request(folder), said.append).card.source["training"]["kimg"] == 0.024
    assert "the same command with more --kimg or --hours goes further" in said


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
