"""Cards: what a model says about itself, read from files that may hold anything."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inference_server.models import cards, catalogue
from inference_server.models.base import FAMILIES, PaintInput, checked_weights, load_model
from inference_server.models.cards import load_card, painting_size
from inference_server.models.catalogue import available_cards, find_card
from inference_server.models.needs import MEMORY, PREPARES, REACH
from shared import places, protocol
from shared.errors import ModelRefused
from shared.label_set import NOTHING

WEIGHTS = b"not read by cards"
CARD = {
    "format": 1,
    "name": "mine",
    "title": "Mine",
    "version": 3,
    "family": "sleep",
    "description": "Hills",
    "licence": "CC0",
    "label_set": {"name": "coco_stuff", "version": 1, "hash": "sha256:1"},
    "channels": {"count": 4, "of": {"6": 0, "123": 1, "156": 2}, "nothing": 3},
    "trained": [6, 123],
    "fallbacks": {"124": 123},
    "size": {"width": 256, "height": 144, "fit": "multiple", "multiple": 16},
    "options": [
        {"name": "look", "kind": "choice", "default": "summer", "choices": ["summer", "winter"]},
        {"name": "grain", "kind": "number", "default": 0.5, "min": 0, "max": 1},
        {"name": "steps", "kind": "integer", "default": 2, "min": 1},
        {"name": "fog", "kind": "boolean", "default": False},
    ],
    "uses": ["instance"],
    "weights": {"file": "weights.bin", "sha256": hashlib.sha256(WEIGHTS).hexdigest()},
    "config": {"seconds": 0},
}


def write(change=None, name="mine", text=None):
    """A model folder whose card has this change: {"size.fit": "crop"}; a value of ... takes the field away."""
    card = json.loads(json.dumps({**CARD, "name": name}))
    for path, value in (change or {}).items():
        *parents, last = path.split(".")
        table = card
        for parent in parents:
            table = table[parent]
        if value is ...:
            del table[last]
        else:
            table[last] = value
    folder = places.models_folder() / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.bin").write_bytes(WEIGHTS)
    (folder / "card.json").write_text(json.dumps(card) if text is None else text, encoding="utf-8")
    return folder


def test_a_card_is_read():
    card = load_card(write({"something new": 1}))
    assert (card.name, card.version, card.family) == ("mine", 3, "sleep")
    assert (card.labels.trained, card.uses) == ((6, 123), ("instance",))
    assert card.labels.channels == cards.Channels(4, {6: 0, 123: 1, 156: 2}, 3)
    assert card.size == cards.Size(256, 144, "multiple", 16)
    assert [(option.name, option.kind) for option in card.options] == [
        ("look", "choice"),
        ("grain", "number"),
        ("steps", "integer"),
        ("fog", "boolean"),
    ]
    assert {**json.loads(json.dumps(card.to_dict()))}["hash"] == card.hash


def test_ids_become_channels_by_the_table_alone():
    table = load_card(write()).labels.channel_table()
    assert table.shape == (65536,) and table.dtype == np.uint16
    known = {identity: int(table[identity]) for identity in np.flatnonzero(table != NOTHING)}
    assert known == {6: 0, 123: 1, 156: 2, 124: 1, NOTHING: 3}


def test_classes_never_seen_are_told_with_what_stands_in():
    assert load_card(write()).labels.untrained([6, 123, 124, 156]) == [(124, 123), (156, 156)]


def test_options_get_their_defaults():
    card = load_card(write())
    assert card.check_options({}) == {"look": "summer", "grain": 0.5, "steps": 2, "fog": False}
    given = {"look": "winter", "grain": 1, "steps": 10**6, "fog": True}
    assert card.check_options(given) == given


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lok": "winter"}, "'lok'.*look, grain, steps, fog"),
        ({"look": "spring"}, "'spring'.*look.*summer, winter"),
        ({"look": ["winter"]}, "look"),
        ({"grain": 1.5}, "1.5.*grain.*a number from 0 to 1"),
        ({"grain": float("nan")}, "nan.*grain"),
        ({"grain": "0.5"}, "grain"),
        ({"grain": True}, "grain"),
        ({"steps": 0}, "0.*steps.*a whole number from 1"),
        ({"steps": 1.5}, "steps"),
        ({"fog": 1}, "fog of the model .*true or false"),
    ],
)
def test_an_option_out_of_range_is_refused_with_what_is_allowed(given, words):
    with pytest.raises(ModelRefused, match=words):
        load_card(write()).check_options(given)


def test_a_model_without_options_says_so():
    with pytest.raises(ModelRefused, match="has no options"):
        load_card(write({"options": []})).check_options({"look": "winter"})


# A card is hostile input.


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 3}, "this semrender reads 2"),
        ({"format": ...}, '"format" must be 2'),
        ({"name": "../up"}, "letters, digits"),
        ({"name": 7}, '"name" is 7'),
        ({"title": ...}, '"title" is missing'),
        ({"licence": None}, '"licence" is missing'),
        ({"version": -1}, "-1"),
        ({"version": True}, '"version" is true'),
        ({"label_set": "coco_stuff"}, 'labels.label_set" is "coco_stuff".*an object'),
        ({"label_set.hash": ...}, 'label_set.hash" is missing'),
        ({"channels": ...}, 'labels.channels" is missing'),
        ({"channels.of": [1, 2]}, "channels.of.*a table of ids"),
        ({"channels.of": {"person": 0}}, "person"),
        ({"channels.of": {"-1": 0}}, "-1"),
        ({"channels.of": {"65535": 0}}, "65535"),
        ({"channels.of": {"6": 4}}, "outside the network's 4"),
        ({"channels.of": {"6": 0.0}}, "0.0"),
        ({"channels.of": {"9" * 5000: 0}}, "channels.of.*ids from 0"),
        ({"channels.nothing": 4}, "outside the network's 4"),
        ({"channels.count": 10**9}, "1000000000"),
        ({"fallbacks": {"124": 7}}, r"never saw: \[7\]"),
        ({"trained": None}, 'trained" is missing'),
        ({"trained": ["6"]}, r'trained\[0\]" is "6"'),
        ({"size.fit": "crop"}, '"size.fit" is "crop".*stretch, multiple'),
        ({"size.fit": ["stretch"]}, "size.fit.*stretch, multiple"),
        ({"size.width": 0}, '"size.width" is 0.*a whole number'),
        ({"size.width": 10**9}, "1000000000"),
        ({"size.multiple": 0}, '"size.multiple" is 0.*a whole number'),
        ({"options": [{"name": "a", "kind": "colour", "default": 1}]}, "colour.*choice, number"),
        ({"options": [{"name": "a", "kind": "number", "default": 3, "max": 2}]}, "3.*a"),
        ({"options": [{"name": "a", "kind": "number", "default": 3, "max": "x"}]}, r'options\[0\].max" is "x"'),
        ({"options": [{"name": "a", "kind": "number"}]}, 'default" is missing'),
        ({"weights.file": "../mine/weights.bin"}, "own folder"),
        ({"weights.file": "/etc/passwd"}, "own folder"),
        ({"weights.file": "..\\weights.bin"}, "own folder"),
        ({"weights.file": ".."}, "own folder"),
        ({"weights.file": ""}, "own folder"),
        ({"weights.sha256": None}, 'weights.sha256" is missing'),
        ({"config": [1]}, '"config" is a list of 1'),
    ],
    ids=str,
)
def test_a_bad_field_is_named(change, words):
    folder = write(change)
    with pytest.raises(ModelRefused, match=words) as refused:
        load_card(folder)
    assert refused.value.file == str(folder / "card.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "[" * 100_000, '{"format": 1'])
def test_what_is_no_card_is_refused(text):
    with pytest.raises(ModelRefused, match=r"card"):
        load_card(write(text=text))


def test_bytes_that_are_no_text_are_refused():
    folder = write()
    (folder / "card.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(ModelRefused, match="not UTF-8"):
        load_card(folder)


def test_a_card_too_large_is_not_read():
    folder = write()
    with (folder / "card.json").open("r+b") as file:
        file.truncate(cards.MAX_CARD + 1)
    with pytest.raises(ModelRefused, match="larger than 4 MB"):
        load_card(folder)


def test_a_missing_card_is_named(tmp_path):
    with pytest.raises(ModelRefused, match=r"the model has no card") as refused:
        load_card(tmp_path)
    assert refused.value.file == str(tmp_path / "card.json")


# Finding.


def test_broken_models_do_not_take_the_others_down():
    write(name="good")
    write(name="torn", text="{")
    write({"name": "other"}, name="renamed")
    (places.models_folder() / "empty").mkdir()
    (places.models_folder() / ".being-added").mkdir()
    (places.models_folder() / "a file").write_text("")
    found, broken = available_cards()
    assert "good" in found and not {"torn", "renamed", "empty", "other"} & set(found)
    assert set(broken) == {"torn", "renamed", "empty"}
    with pytest.raises(ModelRefused, match="'other', the folder's 'renamed'"):
        find_card("renamed")


def nested(depth):
    return [nested(depth - 1)] if depth else 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": "\ud800"}, '"title" is .*control character'),
        ({"note": {"\udfff": 1}}, "lone surrogate"),
        ({"note": 10**30}, "whole number in it is too large"),
        ({"note": -(2**63) - 1}, "whole number in it is too large"),
        ({"note": float("nan")}, "NaN is not a number"),
        ({"note": float("-inf")}, "-Infinity is not a number"),
        ({"note": nested(40)}, "nested deeper"),
        ({"note": [0] * 200_000}, "cannot be told"),
    ],
    ids=["surrogate", "in a key", "large", "small", "nan", "infinity", "deep", "long"],
)
def test_a_card_that_cannot_be_told_hides_no_other(change, words):
    """Every client gets the cards in one message."""
    write(name="good")
    write(change, name="bad")
    found, broken = available_cards()
    assert "good" in found and "bad" not in found
    assert re.search(words, str(broken["bad"]))
    protocol.unpack(protocol.reply("", {"models": [card.to_dict() for card in found.values()]}))


def test_cards_too_large_together_hide_no_other():
    for number in range(4):
        write({"note": "x" * (2 * 2**20)}, name=f"large-{number}")
    found, broken = available_cards()
    assert {"countryside", "large-0", "large-1"} <= set(found) and set(broken) == {"large-2", "large-3"}
    assert "too large to be listed together" in str(broken["large-3"])
    protocol.unpack(protocol.reply("", {"models": [card.to_dict() for card in found.values()]}))


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_folder_whose_name_is_no_text_hides_no_other():
    places.models_folder().mkdir(parents=True, exist_ok=True)
    Path(os.fsdecode(os.fsencode(places.models_folder() / "good") + b"\xff")).mkdir()
    write(name="good")
    found, broken = available_cards()
    assert "good" in found
    protocol.pack({"broken": {name: str(error) for name, error in broken.items()}})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_place_of_a_card_is_not_waited_for():
    folder = places.models_folder() / "pipe"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "card.json")
    assert "is no file" in str(available_cards()[1]["pipe"])


def test_a_wrong_name_gets_near_ones():
    write(name="meadow")
    with pytest.raises(ModelRefused, match=r"no model named 'medow'.*meadow"):
        find_card("medow")
    with pytest.raises(ModelRefused, match=r"There are .*meadow"):
        find_card("zzzz")


def test_no_models_folder_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path / "nowhere")
    assert available_cards() == ({}, {})
    with pytest.raises(ModelRefused, match="There are none"):
        find_card("mine")


# The hash: what pixels depend on.


@pytest.mark.parametrize(
    "change",
    [
        {"family": "spade"},
        {"label_set.hash": "sha256:2"},
        {"channels.of": {"6": 1, "123": 0, "156": 2}},
        {"channels.nothing": 0},
        {"fallbacks": {"124": 6}},
        {"size.multiple": 32},
        {"uses": []},
        {"weights.sha256": "0" * 64},
        {"config": {"seconds": 1}},
    ],
    ids=str,
)
def test_what_changes_the_picture_changes_the_hash(change):
    before = load_card(write()).hash
    assert before.startswith("sha256:") and load_card(write(change)).hash != before


def test_words_about_the_model_do_not_change_the_hash():
    before = load_card(write()).hash
    assert load_card(write({"title": "Yours", "description": "Dales", "licence": "MIT"})).hash == before


# Sizes.


@pytest.mark.parametrize(
    ("fit", "requested", "size"),
    [
        ("multiple", None, (640, 368)),
        ("multiple", (320, 180), (320, 192)),
        ("multiple", (16, 16), (16, 16)),
        ("stretch", None, (256, 144)),
        ("stretch", (500, 250), (512, 256)),
    ],
)
def test_the_painting_size_follows_the_fit_rule(fit, requested, size):
    card = load_card(write({"size.fit": fit}))
    assert painting_size(card, 640, 360, requested) == size


# Loading.


def test_weights_are_those_that_the_card_describes():
    folder = write()
    (folder / "weights.bin").write_bytes(WEIGHTS + b"!")
    with pytest.raises(ModelRefused, match=r"not those that the card describes.*Damaged") as refused:
        checked_weights(load_card(folder), folder)
    assert refused.value.file == str(folder / "weights.bin")
    (folder / "weights.bin").unlink()
    with pytest.raises(ModelRefused, match="weights are missing"):
        checked_weights(load_card(folder), folder)


def test_a_family_of_a_later_version_is_refused():
    with pytest.raises(ModelRefused, match=r"'video', which this build does not have.*spade"):
        load_model(load_card(write({"family": "video"})))


def test_a_model_of_an_unknown_family_is_listed_as_one_that_cannot_be_used(add_sleep_model):
    add_sleep_model("clip", family="video")
    found, broken = available_cards()
    assert "clip" not in found and "'video', which this build does not have" in str(broken["clip"])


def test_every_family_has_its_entries():
    """docs/families.md asks for them: without one a job would end in words that say nothing."""
    assert FAMILIES.keys() == MEMORY.keys()
    assert REACH.keys() | PREPARES.keys() <= FAMILIES.keys()


def test_the_stand_in_paints_a_flat_colour_per_class_from_the_seed():
    model = load_model(load_card(write()))
    channels = np.array([[0, 1], [1, 3]], np.uint16)
    picture = model.paint(PaintInput(channels, seed=1))
    assert picture.shape == (2, 2, 3) and picture.dtype == np.float32 and 0 <= picture.min() <= picture.max() <= 1
    assert (picture[0, 1] == picture[1, 0]).all() and (picture[0, 0] != picture[0, 1]).any()
    assert (model.paint(PaintInput(channels, seed=1)) == picture).all()
    assert (model.paint(PaintInput(channels, seed=2)) != picture).any()


@pytest.mark.parametrize("module", ["models.cards", "models.base", "models.sleep"])
def test_cards_need_no_torch(module):
    code = f"import sys, inference_server.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0


def test_a_stand_in_class_was_itself_seen():
    """A relative that was never seen, or that has a stand-in of its own, paints neither class well."""
    with pytest.raises(ModelRefused, match="fallbacks"):
        load_card(write({"trained": [6], "fallbacks": {"156": 123, "123": 6}}))


def test_a_weights_name_that_no_file_can_have_is_refused():
    with pytest.raises(ModelRefused):
        checked_weights(load_card(write({"weights.file": "a\0b"})), places.models_folder() / "mine")
