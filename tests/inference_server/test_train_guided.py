"""Training with guides: pairs that have normals, depth and a sun, all of them or some."""

import json
from dataclasses import replace

import numpy as np
import OpenEXR
import pytest
import torch
from PIL import Image

from inference_server.models import catalogue
from inference_server.models.base import PaintInput, load_model
from inference_server.training.networks import going_on, new
from inference_server.training.pairs import geometry_row, read_pairs, warnings
from inference_server.training.pictures import paint_pairs
from inference_server.training.session import train
from inference_server.training.sources import find_pairs
from inference_server.training.trainer import Plan, Trainer
from shared.errors import InputRefused
from tests.inference_server.test_train import COCO, Quiet, request, write_pairs

HEIGHT, WIDTH = 32, 64
TURNED = [[0, 0, 1, 5], [1, 0, 0, 7], [0, 1, 0, 2], [0, 0, 0, 1]]  # looks along -x of the world, its right is +y


def write_exr(file, **channels):
    OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(str(file))


def plane(value):
    return np.full((HEIGHT, WIDTH), value, np.float32)


def guided_pairs(folder, count=4):
    """Pair 0 has all in one file of a renderer's, in the world; 1 its normals and depth apart; 2 depth; 3 nothing."""
    write_pairs(folder, count)
    world = {f"rl_main.Normal.{axis}": plane(value) for axis, value in zip("XYZ", (0.6, 0.8, 0), strict=True)}
    write_exr(folder / "00000_guides.exr", **world, **{"rl_main.Depth.Z": plane(12)})
    write_exr(folder / "00001_normal.exr", X=plane(0), Y=plane(2), Z=plane(0))
    for number in (1, 2):
        write_exr(folder / f"{number:05d}_depth.exr", Z=plane(3))
    rows = [{"i": 0, "to_world": TURNED, "sun": [90, 0]}, {"i": 2, "sun": [0, 3, 4]}]
    (folder / "cameras.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


def read(folder):
    return read_pairs(find_pairs(str(folder)), COCO)


def test_passes_and_cameras_are_read_and_turned_into_camera_space(tmp_path):
    known = read(guided_pairs(tmp_path / "p")).geometry
    assert np.allclose(known.normals[0] / 127, (0.8, 0, 0.6), atol=0.01)
    assert np.allclose(known.suns[0], (0, 0, 1), atol=1e-6)  # towards +x of the world: behind the camera
    assert np.allclose(known.normals[1] / 127, (0, 1, 0), atol=0.01) and not known.normals[2:].any()
    assert known.depth[:, 5, 5].tolist() == [12, 3, 3, 0]
    assert np.allclose(known.suns[2], (0, 0.6, 0.8)) and not known.suns[[1, 3]].any()


def test_folders_and_patterns_have_passes_too(tmp_path):
    folder = write_pairs(tmp_path / "f", label="labels/{:05d}.png", image="images/{:05d}.png")
    for kind in ("normals", "depth"):
        (folder / kind).mkdir()
    write_exr(folder / "normals" / "00001.exr", X=plane(0), Y=plane(0), Z=plane(1))
    write_exr(folder / "depth" / "00002.exr", Z=plane(3))
    patterns = [str(folder / kind / "#####.*") for kind in ("labels", "images", "normals", "depth")]
    ends = ("png", "png", "exr", "exr")
    labels, images, normal, depth = (p.replace("*", end) for p, end in zip(patterns, ends, strict=True))
    for files in (
        find_pairs(str(folder)),
        find_pairs(labels, images, {"normal": normal, "depth": depth}),
    ):
        assert [(f := file.guides.get("normal")) and f.name for file in files] == [None, "00001.exr", None, None]
        assert [(f := file.guides.get("depth")) and f.name for file in files] == [None, None, "00002.exr", None]
    with pytest.raises(InputRefused, match="goes with --images"):
        find_pairs(str(folder), guides={"normal": normal})


def test_a_png_of_normals_teaches_too(tmp_path):
    folder = guided_pairs(tmp_path / "p")
    codes = np.full((HEIGHT, WIDTH, 3), (128, 230, 204), np.uint8)  # up, and towards the viewer
    Image.fromarray(codes).save(folder / "00003_normal.png")
    assert np.allclose(read(folder).geometry.normals[3] / 127, (0, 0.8, 0.6), atol=0.01)


def test_pairs_without_passes_have_no_geometry_and_a_damaged_camera_is_named(tmp_path):
    assert read(write_pairs(tmp_path / "p")).geometry is None
    (tmp_path / "p" / "cameras.jsonl").write_text('{"i": 0, "to_world": [[1, 0], [0, 1]]}')
    with pytest.raises(InputRefused, match=r"cameras.jsonl: the camera of pair 0 "):
        read(tmp_path / "p")


def test_what_is_known_is_said_and_normals_that_look_away_are_noticed(tmp_path):
    pairs = read(guided_pairs(tmp_path / "p"))
    assert geometry_row(pairs) == "normals in 2, depth in 3, the sun in 2"
    assert not any("look away" in words for words in warnings(pairs, COCO, (WIDTH, HEIGHT)))
    write_exr(tmp_path / "p" / "00003_normal.exr", X=plane(0), Y=plane(0.6), Z=plane(-0.8))
    assert any(
        "normals of 1 pair look away" in words for words in warnings(read(tmp_path / "p"), COCO, (WIDTH, HEIGHT))
    )
    assert geometry_row(read(write_pairs(tmp_path / "q"))) == ""


class Always(np.random.Generator):
    """Draws nothing by chance: every share is told `value`."""

    value = 0.99

    def random(self):
        return self.value


def test_the_sky_is_a_surface_in_some_steps_and_none_in_others(tmp_path):
    pairs = read(guided_pairs(tmp_path / "p"))
    ids = pairs.ids.copy()
    ids[:, : HEIGHT // 2], ids[:, HEIGHT // 2 :] = COCO.find("sky-other").id, COCO.find("grass").id
    pairs = replace(pairs, ids=ids)
    trainer = Trainer(new("small", pairs, COCO), pairs, Plan(1), "cpu")
    draw, place = Always(np.random.PCG64(0)), (np.arange(HEIGHT), np.arange(WIDTH))
    dome = trainer._seen(0, *place, False, draw)
    draw.value = 0.4  # more than what holds guides back, less than what takes the dome away
    gone = trainer._seen(0, *place, False, draw)
    has_normal, has_depth = 7, 8
    assert dome[..., has_normal].all() and dome[..., has_depth].all()
    for plane_of in (has_normal, has_depth):
        assert not gone[: HEIGHT // 2, :, plane_of].any() and gone[HEIGHT // 2 :, :, plane_of].all()
    unknown = trainer._seen(3, *place, False, draw)  # this pair has no passes: nothing is invented
    assert not unknown[..., [has_normal, has_depth]].any()


def test_a_mirrored_pair_mirrors_its_normals_and_its_sun(tmp_path):
    pairs = read(guided_pairs(tmp_path / "p"))
    trainer = Trainer(new("small", pairs, COCO), pairs, Plan(1), "cpu")
    rows, columns = np.arange(HEIGHT), np.arange(WIDTH)

    always = Always(np.random.PCG64(0))
    plain = trainer._seen(0, rows, columns, False, always)
    mirrored = trainer._seen(0, rows, columns[::-1], True, always)
    assert np.allclose(plain[..., 0], 0.8, atol=0.01) and np.allclose(mirrored[..., 0], -0.8, atol=0.01)
    assert np.allclose(plain[..., 3], 0.6, atol=0.01) and np.allclose(plain[..., 3], mirrored[..., 3], atol=0.01)


def test_a_model_that_learns_to_see_paints_as_before_until_it_has_learnt(tmp_path):
    train(request(write_pairs(tmp_path / "before"), steps=2), Quiet())
    pairs = read(guided_pairs(tmp_path / "p"))
    parent = catalogue.find_card("mine")
    start = going_on(parent, pairs)
    assert start.guided and start.uses == ("normal", "depth")
    blind = new("small", read(tmp_path / "before"), COCO)
    blind.net.load_state_dict(load_model(parent).net.state_dict())
    assert np.array_equal(
        paint_pairs(start, start.net, pairs, "cpu"), paint_pairs(blind, blind.net.eval(), pairs, "cpu")
    )


def test_a_guided_model_is_published_and_uses_what_a_shot_has(tmp_path):
    outcome = train(request(guided_pairs(tmp_path / "p"), steps=3), Quiet())
    card = outcome.card
    assert set(card.uses) == {"normal", "depth"} and card.config["guided"]
    assert [option.name for option in card.options] == ["sun_azimuth", "sun_elevation", "precision"]
    model = load_model(card)
    with torch.no_grad():
        for norm in (block.norm_1 for block in model.net.decoder):
            norm.beta.weight[:, -16:] = 0.1  # as if it had learnt to use its guides
    channels = np.zeros((32, 48), np.uint16)
    options = card.check_options({"precision": "float32"})
    normal = np.zeros((32, 48, 3), np.float32)
    normal[..., 2] = 1
    blank = model.paint(PaintInput(channels, options=options))
    seen = model.paint(PaintInput(channels, options=options, normal=normal))
    lit = model.paint(PaintInput(channels, options=options, normal=normal, sun=(0, 0, 1)))
    far = model.paint(PaintInput(channels, options=options, depth=np.full((32, 48), 900, np.float32)))
    assert len({picture.tobytes() for picture in (blank, seen, lit, far)}) == 4


def parted_pairs(folder):
    """Guided pairs, of which two tell parts: a thing on the left, and each its own numbers."""
    guided_pairs(folder)
    for n, numbers in ((1, (40000, 3)), (2, (1, 0))):
        ids = np.full((HEIGHT, WIDTH), numbers[0], np.uint16)
        ids[:, WIDTH // 2 :] = numbers[1]
        Image.fromarray(ids).save(folder / f"{n:05d}_instance.png")
    return folder


def test_parts_are_read_resized_without_blending_and_told(tmp_path):
    folder = parted_pairs(tmp_path / "p")
    pairs = read(folder)
    parts = pairs.geometry.parts
    assert pairs.has_parts and geometry_row(pairs).endswith("parts in 2")
    assert [np.unique(picture).tolist() for picture in parts] == [[0], [1, 2], [1, 2], [0]]
    small = read_pairs(find_pairs(str(folder)), COCO, (32, 16)).geometry.parts
    assert [np.unique(picture).tolist() for picture in small] == [[0], [1, 2], [1, 2], [0]]
    seen = pairs.seen(1)
    assert seen[:, WIDTH // 2, 12:14].all() and not seen[:, 0, 12:].any()
    assert not pairs.seen(0)[..., 12:].any()


def test_a_class_that_shows_no_parts_has_none(tmp_path):
    pairs = read(parted_pairs(tmp_path / "p"))
    ids = pairs.ids.copy()
    ids[:, : HEIGHT // 2], ids[:, HEIGHT // 2 :] = COCO.find("house").id, COCO.find("grass").id
    parts = pairs.geometry.parts.copy()
    parts[1:3, HEIGHT // 2 :] = 3
    start = new("small", replace(pairs, ids=ids, geometry=replace(pairs.geometry, parts=parts)), COCO)
    assert start.net.config.whole == (start.channels.of[COCO.find("grass").id],)


def test_a_model_that_may_be_told_of_parts_paints_as_before_without(tmp_path):
    train(request(guided_pairs(tmp_path / "before"), steps=2), Quiet())
    parent = catalogue.find_card("mine")
    pairs = read(parted_pairs(tmp_path / "p"))
    start, before = going_on(parent, pairs), going_on(parent, read(tmp_path / "before"))
    assert (before.seen, start.seen) == (12, 14)
    assert start.uses == ("normal", "depth", "instance") and before.uses == ("normal", "depth")
    known = pairs.geometry
    untold = replace(pairs, geometry=replace(known, parts=np.zeros_like(known.parts)))
    assert np.array_equal(
        paint_pairs(start, start.net, untold, "cpu"), paint_pairs(before, before.net.eval(), untold, "cpu")
    )


def test_a_model_that_was_told_of_parts_sees_them_in_a_shot(tmp_path):
    card = train(request(parted_pairs(tmp_path / "p"), steps=3), Quiet()).card
    assert set(card.uses) == {"normal", "depth", "instance"} and card.config["parts"]
    model = load_model(card)
    with torch.no_grad():
        for norm in (block.norm_1 for block in model.net.decoder):
            norm.beta.weight[:, -16:] = 0.1  # as if it had learnt to use its guides
    channels, options = np.zeros((32, 48), np.uint16), card.check_options({"precision": "float32"})
    whole, halves = np.ones((32, 48), np.int32), np.ones((32, 48), np.int32)
    halves[:, 24:] = 2
    blank, one, two = (
        model.paint(PaintInput(channels, options=options, instance=parts)) for parts in (None, whole, halves)
    )
    unlike = np.abs(one - two).max((0, 2))
    assert np.array_equal(blank, one)  # one part that is everything says nothing
    assert unlike[24] > 0 and unlike.argmax() in range(18, 30)


def shaded_pairs(folder):
    """Pairs with parts, of which one is lit on its left, in shadow on its right and nothing at its top."""
    parted_pairs(folder)
    light, alpha = plane(1.0), plane(1.0)
    light[:, WIDTH // 2 :], alpha[: HEIGHT // 4] = 0.1, 0
    write_exr(folder / "00002_shading.exr", **dict.fromkeys("RGB", light), A=alpha)
    return folder


def test_shading_is_read_resized_and_told(tmp_path):
    folder = shaded_pairs(tmp_path / "p")
    pairs = read(folder)
    assert pairs.has_shading and geometry_row(pairs).endswith("shading in 1")
    for size, divisor in ((None, 1), ((32, 16), 2)):
        known = read_pairs(find_pairs(str(folder)), COCO, size).geometry.shading
        top, middle = HEIGHT // 4 // divisor, WIDTH // 2 // divisor
        assert (known[[0, 1, 3]] < 0).all() and (known[2, :top] < 0).all()
        assert np.allclose(known[2, top:, :middle], 1, atol=1e-3)
        assert np.allclose(known[2, top:, middle:], 0.1, atol=1e-3)
    seen = pairs.seen(2)[..., 14]
    assert not seen[: HEIGHT // 4].any() and seen[-1, 0] > seen[-1, -1] > 0
    assert not pairs.seen(1)[..., 14].any()


def test_a_class_that_shows_no_shading_has_none(tmp_path):
    pairs = read(shaded_pairs(tmp_path / "p"))
    ids = np.full_like(pairs.ids, COCO.find("grass").id)
    ids[:, : HEIGHT // 4] = COCO.find("sky-other").id
    start = new("small", replace(pairs, ids=ids), COCO)
    assert start.net.config.unlit == (start.channels.of[COCO.find("sky-other").id],)


def test_a_clay_render_is_held_back_in_some_steps_and_brighter_in_others(tmp_path):
    pairs = read(shaded_pairs(tmp_path / "p"))
    trainer = Trainer(new("small", pairs, COCO), pairs, Plan(1), "cpu")
    draw, place = Always(np.random.PCG64(0)), (np.arange(HEIGHT), np.arange(WIDTH))
    told = [trainer._seen(2, *place, False, draw)[..., 14] for _ in range(4)]
    assert len({tones.max() for tones in told}) == 4 and all(not tones[: HEIGHT // 4].any() for tones in told)
    draw.value = 0.3  # less than what holds the clay back, more than what holds all back
    assert not trainer._seen(2, *place, False, draw)[..., 14].any()


def test_a_model_that_may_be_told_of_shading_paints_as_before_without(tmp_path):
    train(request(parted_pairs(tmp_path / "before"), steps=2), Quiet())
    parent = catalogue.find_card("mine")
    pairs = read(shaded_pairs(tmp_path / "p"))
    start, before = going_on(parent, pairs), going_on(parent, read(tmp_path / "before"))
    assert (before.seen, start.seen) == (14, 15)
    assert start.uses == ("normal", "depth", "instance", "shading")
    known = pairs.geometry
    untold = replace(pairs, geometry=replace(known, shading=np.full_like(known.shading, -1)))
    assert np.array_equal(
        paint_pairs(start, start.net, untold, "cpu"), paint_pairs(before, before.net.eval(), untold, "cpu")
    )


def test_a_model_that_was_told_of_shading_sees_it_in_a_shot_and_another_does_not(tmp_path):
    card = train(request(shaded_pairs(tmp_path / "p"), steps=3), Quiet()).card
    assert set(card.uses) == {"normal", "depth", "instance", "shading"} and card.config["shading"]
    model = load_model(card)
    with torch.no_grad():
        for norm in (block.norm_1 for block in model.net.decoder):
            norm.beta.weight[:, -16:] = 0.1  # as if it had learnt to use its guides
    channels, options = np.zeros((32, 48), np.uint16), card.check_options({"precision": "float32"})
    light = np.ones((32, 48), np.float32)
    shadow = light.copy()
    shadow[:, 24:] = 0.1
    blank, lit, half = (
        model.paint(PaintInput(channels, options=options, shading=given)) for given in (None, light, shadow)
    )
    assert np.abs(blank - lit).max() > 0
    unlike = np.abs(lit - half).max((0, 2))
    assert unlike[24:].max() > 0 and unlike.argmax() >= 20


def test_guided_steps_go_on_with_the_same_bits(tmp_path):
    pairs = read(guided_pairs(tmp_path / "p"))

    def fresh():
        torch.manual_seed(0)
        return Trainer(new("small", pairs, COCO), pairs, Plan(2, batch=2), "cpu")

    whole, first, second = fresh(), fresh(), fresh()
    whole.advance()
    whole.advance()
    first.advance()
    first.save(tmp_path / "state.pt", {"a": 1})
    second.load(torch.load(tmp_path / "state.pt", weights_only=True))
    second.advance()
    for a, b in zip(whole.average.state_dict().values(), second.average.state_dict().values(), strict=True):
        assert torch.equal(a, b)
