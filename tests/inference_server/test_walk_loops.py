"""Loops close as evenly as they go on, grain keeps its strength, and what sounds alike all along moves nothing."""

import statistics

import numpy as np
import pytest
import torch

from inference_server.models.base import load_model
from inference_server.models.catalogue import find_card
from inference_server.models.stylegan.circles import mapped
from inference_server.worker.preparing import prepare
from shared.sounds import RATE
from shared.walk import Circle, Walk
from shared.walking import stops
from tests.inference_server.test_walk_layers import painted, plan_of
from tests.inference_server.walkers import add_generator, add_reference
from tests.shared.sound_files import sound_file

FRAMES = 96


@pytest.fixture
def reference(data_folder, state_folder):
    return load_model(find_card(add_reference(data_folder)))


def steps(places):
    """Of a loop: the last one leads back to the first."""
    return [float((after - before).norm()) for before, after in zip(places, [*places[1:], places[0]], strict=True)]


@torch.inference_mode()
@pytest.mark.parametrize("waves", [1, 2, 4])
def test_a_circle_is_gone_round_at_even_speed(reference, waves):
    for seed in (3, 7, 20):
        walk = Walk(circle=Circle(seed, waves))
        points = [stops(walk, frame, 1, FRAMES, 10)[0].mixture[0][1] for frame in range(1, FRAMES + 1)]
        even = steps(mapped(reference.net, [reference.circles.at(point, 0) for point in points], 0))
        assert even[-1] <= 1.05 * statistics.median(even) and max(even) <= 1.1 * min(even)


def test_a_frame_of_a_circle_is_the_same_alone(reference, tmp_path):
    walk = {"circle": {"seed": 7, "waves": 4}, "loop": True}
    plan, own = plan_of(tmp_path, walk, layer={"options": {"noise": "loop"}})
    clip = [painted(plan, frame, reference) for frame in list(plan.shot.frames)[:4]]
    assert np.array_equal(painted(plan, plan.shot.first + 3, load_model(own.card)), clip[3])


def test_grain_that_turns_keeps_its_strength_in_every_layer(reference):
    for turn in np.linspace(0, 1, 12, endpoint=False):
        for noise, stored in zip(reference.noise("loop", 3, turn), reference.stored, strict=True):
            assert 0.999 < float(noise.square().mean().sqrt() / stored.square().mean().sqrt()) < 1.001


@pytest.mark.parametrize("strength, moved", [(0.0, 0), (0.5, 1)])
def test_what_sounds_alike_moves_nothing(state_folder, tmp_path, strength, moved):
    add_generator()
    tone = strength * np.sin(2 * np.pi * 432 * np.arange(2 * RATE) / RATE, dtype=np.float32)
    sound_file(tmp_path / "tone.wav", "pcm_s16le", tone[None])
    walk = {"keys": [{"seed": 1}], "drive": "speech"}
    plan, own = plan_of(tmp_path, walk, audio="tone.wav", audio_start=981)  # amid it
    model = load_model(own.card)
    prepare(plan, own, model)
    clip = [np.round(painted(plan, frame, model) * 255) for frame in plan.shot.frames]
    assert all(np.abs(picture - clip[0]).max() <= 1 for picture in clip[1:])
    still = painted(plan_of(tmp_path, {"keys": [{"seed": 1}]})[0], plan.shot.first, model)
    assert (np.abs(clip[0] - still * 255).max() > 1) == moved
