"""Training on one's own pairs: real pairs, real networks, a few steps. Interrupted or not, the same bits."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from inference_server.models import catalogue
from inference_server.models.base import PaintInput, load_model
from inference_server.models.install import add_folder, remove_model
from inference_server.models.small.network import noise_plane
from inference_server.training.networks import going_on, new
from inference_server.training.pairs import nearest, read_pairs, warnings
from inference_server.training.pictures import paint_pairs
from inference_server.training.session import Request, hold_back, train, work_folder
from inference_server.training.sources import find_pairs
from inference_server.training.trainer import Plan, Trainer, moved
from shared import places
from shared.delivery import Delivery, DeliveryLayer, DeliveryShot, Footage, write_delivery
from shared.errors import InputRefused, MissingInput, ModelRefused
from shared.label_set import NOTHING, load_label_set
from tests.conftest import semrender
from tests.inference_server.published import Kind, own_label_set, published_state

COCO = load_label_set("coco_stuff")
GRASS, SKY, TREE = (COCO.find(name).id for name in ("grass", "sky-other", "tree"))
COLOURS = {GRASS: (90, 160, 60), SKY: (120, 170, 230), TREE: (40, 90, 40), NOTHING: (255, 0, 255)}


def scene(number, size=(64, 32)):
    """A tree on grass under a sky: ids (H, W) and a noisy picture of them."""
    ids = np.full(size[::-1], SKY, np.uint16)
    ids[size[1] // 2 :] = GRASS
    left = 4 + 5 * number % (size[0] - 20)
    ids[6:-6, left : left + 12] = TREE
    picture = np.zeros((*ids.shape, 3), np.uint8)
    for identity, colour in COLOURS.items():
        picture[ids == identity] = colour
    noise = np.random.default_rng(number).integers(-20, 20, picture.shape)
    return ids, np.clip(picture + noise, 0, 255).astype(np.uint8)


def write_pairs(folder, count=4, size=(64, 32), label="{:05d}_label.png", image="{:05d}_image.png"):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        ids, picture = scene(number, size)
        for name, pixels in ((label, ids.astype(np.uint8)), (image, picture)):
            path = folder / name.format(number)
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(pixels).save(path)
    return folder


def request(folder, **changes):
    return Request(**{"dataset": str(folder), "name": "mine", "steps": 6, "batch": 2, **changes})


def weights(name="mine"):
    card = catalogue.find_card(name)
    return (card.folder / card.weights.file).read_bytes()


class Quiet:
    """Collects what training says."""

    def __init__(self):
        self.said = []

    def __call__(self, text):
        self.said.append(text)


# Where pairs come from.


def test_suffixes_folders_and_patterns_give_the_same_pairs(tmp_path):
    beside = write_pairs(tmp_path / "a")
    folders = write_pairs(tmp_path / "b", label="labels/x.{:04d}.png", image="images/x.{:04d}.png")
    read = [read_pairs(find_pairs(str(f)), COCO) for f in (beside, folders)]
    patterns = find_pairs(str(folders / "labels" / "x.####.png"), str(folders / "images" / "x.####.png"))
    read.append(read_pairs(patterns, COCO))
    for other in read[1:]:
        assert (other.ids == read[0].ids).all() and (other.images == read[0].images).all()
        assert other.sha256 == read[0].sha256


def test_a_delivery_gives_its_label_and_beauty_passes(tmp_path):
    write_pairs(tmp_path, label="labels/l.{:04d}.png", image="beauty/b.{:04d}.png")
    rate = {"fps": 24, "fps_num": 24, "fps_den": 1}
    shot = DeliveryShot(uid="s", name="s", width=64, height=32, first=0, last=3, frames=4, **rate)

    def layer(role, path):
        footage = Footage(uid=f"s/F/{role}", name=role, path=path, width=64, height=32, first=0, last=3)
        return DeliveryLayer(uid=f"s/L/{role}", name=role, footage=footage, role=role)

    layers = (layer("beauty", "beauty/b.0000.png"), layer("labels", "labels/l.0000.png"))
    write_delivery(
        Delivery(delivery_id="d", created="2026-01-01T00:00:00+00:00", generator="test", shot=shot, layers=layers),
        tmp_path,
    )
    found = find_pairs(str(tmp_path))
    assert [pair.image.name for pair in found] == [f"b.{n:04d}.png" for n in range(4)]
    assert [pair.label.name for pair in found] == [f"l.{n:04d}.png" for n in range(4)]


def test_looks_come_from_meta_and_become_a_choice(tmp_path):
    folder = write_pairs(tmp_path / "p")
    rows = [{"i": n, "look": "dusk" if n == 2 else "noon"} for n in range(4)]
    (folder / "meta.jsonl").write_text("\n".join(map(json.dumps, rows)))
    card = train(request(folder, steps=1), Quiet()).card
    assert card.options[0].choices == ("noon", "dusk")


# What is refused or warned of before it starts.


def test_a_label_map_without_picture_is_named(tmp_path):
    folder = write_pairs(tmp_path / "p")
    (folder / "00002_image.png").unlink()
    with pytest.raises(MissingInput, match=r"00002_label.png.*no picture"):
        find_pairs(str(folder))


def test_a_picture_of_another_size_is_named(tmp_path):
    folder = write_pairs(tmp_path / "p")
    Image.new("RGB", (64, 48)).save(folder / "00001_image.png")
    with pytest.raises(InputRefused, match=r"00001_image.png: the picture is 64x48, its label map 64x32"):
        read_pairs(find_pairs(str(folder)), COCO)


def test_soiled_labels_are_refused(tmp_path):
    folder = write_pairs(tmp_path / "p")
    Image.fromarray(scene(0)[1]).save(folder / "00003_label.png")
    with pytest.raises(InputRefused, match=r"00003_label.png"):
        read_pairs(find_pairs(str(folder)), COCO)


def test_a_class_with_too_few_pixels_is_named(tmp_path):
    folder = write_pairs(tmp_path / "p")
    ids, _ = scene(0)
    ids[0, :3] = COCO.find("train").id
    Image.fromarray(ids.astype(np.uint8)).save(folder / "00000_label.png")
    said = warnings(read_pairs(find_pairs(str(folder)), COCO), COCO, (64, 32))
    assert any(text.startswith("train: 3 pixels in 1 picture") for text in said)
    quiet = Quiet()
    assert train(request(folder, check_only=True), quiet).card is None
    assert any("train" in text for text in quiet.said) and not places.models_folder().exists()


def test_large_pairs_are_brought_to_training_size_without_new_classes(tmp_path):
    pairs = read_pairs(find_pairs(str(write_pairs(tmp_path / "p", size=(500, 250)))), COCO)
    assert pairs.size == (256, 128) and set(np.unique(pairs.ids)) == {GRASS, SKY, TREE}
    ids = scene(1, (60, 40))[0]
    assert (nearest(np.kron(ids, np.ones((3, 3), np.uint16)), (60, 40)) == ids).all()


def test_moving_keeps_labels_and_picture_together():
    rng = np.random.default_rng(0)
    for length in (16, 32, 144, 256):
        for _ in range(50):
            places_ = moved(length, rng)
            assert places_.min() >= 0 and places_.max() < length
            assert (np.abs(np.diff(places_)) <= 1).all()


# What training gives.


def test_a_trained_model_is_listed_painted_moved_and_removed(tmp_path):
    quiet = Quiet()
    outcome = train(request(write_pairs(tmp_path / "p")), quiet)
    card = outcome.card
    assert outcome.finished and set(card.labels.trained) == {GRASS, SKY, TREE}
    assert "4 pairs" in card.data and "6 of 6 steps" in card.data
    assert (card.folder / "samples.png").is_file() and (work_folder("mine") / "losses.png").is_file()
    ids, _ = scene(9, (48, 32))
    painted = load_model(card).paint(PaintInput(card.labels.channel_table()[ids], None, 0, card.check_options({})))
    assert painted.shape == (32, 48, 3) and painted.std() > 0
    copy = tmp_path / "usb"
    card.folder.rename(copy)
    assert "mine" not in catalogue.available_cards()[0]
    again = add_folder(copy, "theirs")
    assert again.hash == card.hash and (again.folder / "samples.png").is_file()
    damaged = bytearray((copy / "weights.safetensors").read_bytes())
    damaged[-1] ^= 1
    (copy / "weights.safetensors").write_bytes(damaged)
    with pytest.raises(ModelRefused, match="not those that the card describes"):
        add_folder(copy, "broken")
    remove_model("theirs")
    assert "theirs" not in catalogue.available_cards()[0]


def test_training_learns_the_colours(tmp_path):
    """Forty steps without a judge bring the painting much nearer to the picture than the first one."""
    pairs = read_pairs(find_pairs(str(write_pairs(tmp_path / "p"))), COCO)
    trainer = Trainer(new("small", pairs, COCO), pairs, Plan(40, batch=2, rate=2e-3, adversarial=False), "cpu")
    for _ in range(40):
        trainer.advance()
    assert trainer.curves[-5:, 0].mean() < 0.5 * trainer.curves[:2, 0].mean()


def test_nothing_outside_a_class_is_learnt(tmp_path):
    pairs = read_pairs(find_pairs(str(write_pairs(tmp_path / "p"))), COCO)
    ids, images = pairs.ids.copy(), pairs.images.copy()
    ids[:, :, :20] = NOTHING
    weird = images.copy()
    weird[:, :, :20] = 255
    nets = []
    for pictures in (images, weird):
        own = replace(pairs, ids=ids, images=pictures)
        trainer = Trainer(new("small", own, COCO), own, Plan(1, batch=4, adversarial=False), "cpu")
        batch = trainer._batch()
        nets.append((batch.weight * batch.real).sum())
    assert nets[0] == nets[1]


# Interrupted, resumed, the same.


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """Six steps in one go, in a process of their own: (pairs folder, weights)."""
    folder = write_pairs(tmp_path_factory.mktemp("pairs") / "p")
    home = tmp_path_factory.mktemp("home")
    run_train(folder, home)
    return folder, (home / "models" / "mine" / "weights.safetensors").read_bytes()


def environment(home):
    return {**os.environ, "SEMRENDER_HOME": str(home), "OMP_NUM_THREADS": "1"}


def run_train(folder, home, *more):
    done = semrender("train", folder, "--out", "mine", "--steps", 6, "--batch", 2, *more, env=environment(home))
    assert done.returncode == 0, done.stderr
    return done


def struck_at(folder, home, step, blow):
    """Train in a process that gets the signal right after this step; the clock runs so fast that every step is kept."""
    script = f"""
import os, sys
from inference_server.training import clock
from inference_server.training.trainer import Trainer
advance = Trainer.advance
def struck(self):
    advance(self)
    if self.step == {step}:
        os.kill(os.getpid(), {int(blow)})
Trainer.advance = struck
clock.FIRST_LOOK = clock.EVERY = 0
from semrender import main
sys.exit(main(["train", {str(folder)!r}, "--out", "mine", "--steps", "6", "--batch", "2"]))
"""
    return subprocess.run([sys.executable, "-c", script], env=environment(home), capture_output=True, timeout=120)


def test_stopped_and_killed_the_result_is_the_same_bits(uninterrupted, tmp_path):
    folder, whole = uninterrupted
    assert struck_at(folder, tmp_path, 2, signal.SIGINT).returncode == 130
    listed = semrender("models", env=environment(tmp_path)).stdout
    assert "mine (half trained: 2 of 6 steps)" in listed
    assert struck_at(folder, tmp_path, 5, signal.SIGKILL).returncode == -signal.SIGKILL
    # It may also die while it writes its state: half of one lies beside the last whole one.
    (tmp_path / "training" / "mine" / "state.tmp").write_bytes(b"half a state")
    done = run_train(folder, tmp_path)
    first, *lines = done.stdout.splitlines()
    assert first == f"mine: reading the pairs of {folder}"
    assert "goes on at step 4 of 6" in lines
    assert any("in 6 steps on cpu (" in line for line in lines)
    assert any(line.startswith("samples: ") and "samples.png" in line for line in lines)
    assert "half trained" not in semrender("models", env=environment(tmp_path)).stdout
    assert (tmp_path / "models" / "mine" / "weights.safetensors").read_bytes() == whole


def test_other_pairs_or_settings_do_not_go_on_silently(tmp_path):
    folder = write_pairs(tmp_path / "p")
    train(request(folder, steps=2), Quiet())
    with pytest.raises(InputRefused, match=r"other steps \(2 then, 3 now\).*--restart"):
        train(request(folder, steps=3), Quiet())
    train(request(folder, steps=3, restart=True), Quiet())
    write_pairs(folder, count=5)
    with pytest.raises(InputRefused, match="with other pairs"):
        train(request(folder, steps=3), Quiet())


def test_a_damaged_state_is_refused_in_words(tmp_path):
    folder = write_pairs(tmp_path / "p")
    train(request(folder, steps=1), Quiet())
    state = work_folder("mine") / "state.pt"
    state.write_bytes(state.read_bytes()[:2000])
    with pytest.raises(InputRefused, match=r"state.pt.*cannot be read.*--restart"):
        train(request(folder, steps=1), Quiet())


# Going on from a model.


def test_a_model_goes_on_with_a_class_it_did_not_know(tmp_path):
    folder = write_pairs(tmp_path / "p")
    train(request(folder, steps=2), Quiet())
    fence = COCO.find("fence").id
    ids, _ = scene(0)
    ids[10:14] = fence
    Image.fromarray(ids.astype(np.uint8)).save(folder / "00000_label.png")
    card = train(request(folder, name="more", start="mine", steps=1), Quiet()).card
    assert set(card.labels.trained) == {GRASS, SKY, TREE, fence} and card.labels.channels.count == 4
    assert card.source["training"]["parent"] == catalogue.find_card("mine").hash


def test_going_on_begins_with_the_models_own_picture(tmp_path):
    """Before the first step the grown network paints what its parent paints, also for the looks' new order."""
    folder = write_pairs(tmp_path / "p")
    pairs = read_pairs(find_pairs(str(folder)), COCO)
    parent = catalogue.find_card("countryside")
    start = going_on(parent, pairs)
    assert start.looks[0] == "" and set(start.looks[1:]) == {"summer", "overcast", "golden", "autumn"}
    mine = paint_pairs(start, start.net, pairs, "cpu")
    own = replace(pairs, looks=("autumn",) * len(pairs.ids))
    autumn = paint_pairs(start, start.net, own, "cpu")
    model = load_model(parent)
    model.net.eval()
    for look, picture in (("summer", mine[0]), ("autumn", autumn[0])):
        channels = torch.from_numpy(parent.labels.channel_table()[pairs.ids[0]].astype(np.int64))[None]
        noise = torch.from_numpy(noise_plane(0, *pairs.ids.shape[1:]))[None]
        with torch.no_grad():
            wanted = model.net(channels, torch.tensor([model.looks.index(look)]), noise)[0].permute(1, 2, 0)
        assert np.abs(picture - ((wanted.numpy() + 1) * 127.5)).max() < 1


def test_a_published_spade_checkpoint_goes_on_and_paints(tmp_path):
    kind = Kind(inputs=184, ngf=1, hidden=2)
    torch.save(published_state(kind), tmp_path / "latest_net_G.pth")
    folder = write_pairs(tmp_path / "p", size=(64, 64))
    start = str(tmp_path / "latest_net_G.pth")
    card = train(request(folder, start=start, steps=2, size=(64, 64)), Quiet()).card
    assert card.family == "spade" and card.uses == ("instance",) and card.labels.channels.count == 183
    ids, _ = scene(0, (256, 256))
    painted = load_model(card).paint(PaintInput(card.labels.channel_table()[ids], None, 0, card.check_options({})))
    assert painted.shape == (256, 256, 3) and np.isfinite(painted).all()
    # The added model goes on as well.
    again = train(request(folder, name="again", start="mine", steps=1, size=(64, 64)), Quiet()).card
    assert again.source["training"]["parent"] == card.hash


def test_a_new_spade_for_a_label_set_of_ones_own(tmp_path):
    own_label_set()
    folder = tmp_path / "p"
    folder.mkdir()
    toys = load_label_set("toys")
    ids = [label.id for label in toys.labels][:2]
    for number in range(3):
        labels = np.full((64, 64), ids[0], np.uint8)
        labels[:, 10 + number :] = ids[1]
        Image.fromarray(labels).save(folder / f"{number}_label.png")
        Image.fromarray(np.stack([labels * 9] * 3, 2)).save(folder / f"{number}_image.png")
    card = train(request(folder, family="spade", label_set="toys", steps=1), Quiet()).card
    assert card.labels.label_set.name == "toys" and card.family == "spade"
    load_model(card)


def test_what_is_shown_is_not_learnt_from(tmp_path):
    pairs = read_pairs(find_pairs(str(write_pairs(tmp_path / "p", count=12))), COCO)
    learnt, shown = hold_back(pairs)
    assert len(learnt.ids) == 11 and (shown.ids == pairs.ids[-1:]).all()


# The command.


def test_the_command_checks_and_refuses_in_words(tmp_path, state_folder):
    folder = write_pairs(tmp_path / "p")
    done = semrender("train", folder, "--out", "mine", "--check")
    assert done.returncode == 0 and "grass" in done.stdout and "4 pairs are few" in done.stdout
    refused = semrender("train", tmp_path / "nowhere", "--out", "mine")
    assert refused.returncode == 3 and "not there" in refused.stderr and "Traceback" not in refused.stderr
    shipped = semrender("train", folder, "--out", "countryside")
    assert shipped.returncode == 3 and "ships with semrender" in shipped.stderr
