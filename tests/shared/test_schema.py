"""One mechanism for all documents: what is read, what JSON Schema says of it, and what comes back."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

import jsonschema
import pytest

from inference_server.models.cards import Card
from inference_server.models.catalogue import SHIPPED as MODELS
from shared import documents, schema
from shared.delivery import Delivery, from_dict, to_dict
from shared.errors import InputRefused
from shared.kinds import Flag, ListOf, Number, OneOf, TableOf, Text, Whole
from shared.label_set import SHIPPED as LABEL_SETS
from shared.label_set import LabelSet, label_set_from_dict
from shared.poses import Poses
from shared.schema import About, Key, Outside
from shared.shot import Shot
from shared.tracks import Tracks
from tests.conftest import semrender
from tests.shared.deliveries import minimal
from tests.shared.test_poses import SOUND as POSES
from tests.shared.test_tracks import SOUND as TRACKS
from tools.schemas import FOLDER, schemas, text

REPOSITORY = Path(__file__).parents[2]
ODD = [None, True, False, 0, -1, 10**40, 0.5, math.nan, math.inf, "", "x", "x" * 6000, "a\0", [], [1], {}, {"a": 1}]


@dataclass(frozen=True)
class Part:
    about: ClassVar[About] = About("part", remedy="Say it")

    name: Annotated[str, Text(least=1)]
    weight: Annotated[float, Number(0, 1), "of the whole"] = 0.5


@dataclass(frozen=True)
class Thing:
    """Something with parts."""

    about: ClassVar[About] = About("thing", header={"format": 3}, is_layer=True)

    folder: Annotated[str, Outside()]
    parts: Annotated[tuple[Part, ...], ListOf(schema.Record(Part), 2, 1)]
    how: Annotated[str, OneOf("up", "down"), Key("direction")] = "up"
    class_: Annotated[int | None, Whole(1, 9)] = None
    flags: Annotated[tuple[bool, ...], ListOf(Flag())] = ()
    free: Annotated[dict[str, float], TableOf(Number(0, 1))] = field(default_factory=dict)

    def check(self) -> None:
        if self.how == "down" and self.class_ is None:
            raise InputRefused("down needs a class")


SOUND: dict[str, Any] = {"format": 3, "parts": [{"name": "wheel", "weight": 1}], "class": 4, "flags": [True]}


def test_a_document_is_read_and_comes_back() -> None:
    thing = schema.read(Thing, {**SOUND, "//": "a note", "$schema": "x", "_comment": 1}, folder="here")
    assert thing == Thing("here", (Part("wheel", 1.0),), "up", 4, (True,))
    assert schema.plain(thing) == {**SOUND, "parts": [{"name": "wheel", "weight": 1.0}]}
    assert schema.read(Thing, schema.plain(thing), folder="here") == thing


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 4}, "format is 4, this semrender reads 3"),
        ({"format": ...}, 'this is no thing: "format" must be 3'),
        ({"parts": []}, '"parts" is a list of 0. Allowed: a list of 1 to 2'),
        ({"parts": [{"name": "a", "weight": 2}]}, r'"parts\[0\].weight" is 2. Allowed: a number from 0 to 1'),
        ({"parts": [{"weight": 1}]}, r'"parts\[0\].name" is missing. Say it'),
        ({"parts": [{"name": "a", "size": 1}]}, 'a part has no key "size".*Allowed: name, weight'),
        ({"parts": [{"name": "a", "flags": 1}]}, "This key belongs to the thing"),
        ({"weight": 1}, "This key belongs to the parts"),
        ({"clas": 1}, 'Perhaps "class" or "flags" is meant'),
        ({"direction": "dwn"}, '"direction" is "dwn". Perhaps "down" is meant. Allowed: up, down'),
        ({"direction": "down", "class": None}, "down needs a class"),
        ({"class": 1.0}, '"class" is 1.0. Allowed: a whole number from 1 to 9'),
        ({"flags": [0]}, r'"flags\[0\]" is 0. Allowed: true or false'),
        ({"free": {"a": math.nan}}, '"free.a" is NaN'),
        ({"name": "train", "class": 0}, "layer train: "),
    ],
    ids=str,
)
def test_a_refusal_names_the_path_of_the_key(change: dict[str, Any], words: str) -> None:
    data = {key: value for key, value in {**SOUND, **change}.items() if value is not ...}
    with pytest.raises(InputRefused, match=words):
        schema.read(Thing, data, folder="here")


def test_a_field_that_says_nothing_of_its_values_is_a_mistake_of_ours() -> None:
    @dataclass(frozen=True)
    class Bad:
        about: ClassVar[About] = About("bad")
        what: str = ""

    with pytest.raises(TypeError):
        schema.read(Bad, {})


def shots() -> list[dict[str, Any]]:
    found = [json.loads(file.read_text()) for file in REPOSITORY.glob("examples/**/shot.json")]
    full = {
        "name": "a",
        "fps": "24000/1001",
        "first": 1,
        "last": 2,
        "layers": [
            {"name": "b", "labels": "b.png", "depth": "d.exr", "blend": "ADD", "mattes": ["tree"], "holdout": ["c"]},
            {"name": "c", "labels": "c.png", "depth": "d.exr", "options": {"look": "autumn"}, "opacity": 0.5},
        ],
        "paint_size": [512, 288],
        "map": {"tree": "bush"},
    }
    return [*found, full]


def read_card(data: Any) -> Any:
    return schema.read(Card, data, folder=Path(), source=data)


def documents_of(name: str) -> list[Any]:
    if name == "shot":
        return shots()
    if name == "delivery":
        return [to_dict(minimal())]
    if name == "tracks":
        return [TRACKS, json.loads((REPOSITORY / "tests/data/tracks/ride_camera.json").read_text())]
    if name == "poses":
        return [POSES]
    if name == "label_set":
        small = {
            "format": 1,
            "name": "mine",
            "version": 1,
            "labels": [{"id": 3, "name": "sky"}, {"id": 7, "name": "tree", "aliases": ["oak"]}],
            "palettes": {"own": {"colors": {"3": [1, 2, 3], "7": [4, 5, 6]}}},
        }
        return [small, *(json.loads(file.read_text(encoding="utf-8")) for file in sorted(LABEL_SETS.glob("*.json")))]
    return [json.loads(file.read_text()) for file in MODELS.glob("*/card.json")]


READERS = {
    "shot": Shot.from_dict,
    "delivery": from_dict,
    "label_set": label_set_from_dict,
    "tracks": partial(schema.read, Tracks),
    "poses": partial(schema.read, Poses),
}


@pytest.mark.parametrize("name", ["shot", "delivery", "label_set", "tracks", "poses"])
def test_what_ships_fits_its_published_schema(name: str) -> None:
    judge = jsonschema.Draft202012Validator(schemas()[name])
    judge.check_schema(judge.schema)
    for document in documents_of(name):
        READERS[name](document)
        assert [error.message for error in judge.iter_errors(document)] == []


def test_the_shipped_cards_fit_in_todays_format() -> None:
    from inference_server.models.cards import load_card

    judge = jsonschema.Draft202012Validator(schemas()["card"])
    for folder in (file.parent for file in MODELS.glob("*/card.json")):
        told = load_card(folder).to_dict()
        assert read_card(told).name == folder.name
        assert [error.message for error in judge.iter_errors(told)] == []


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a document, not deeper than its first two items of a list or table."""
    items = list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    return [path + (key,) for key, _ in items] + [p for key, value in items[:6] for p in places(value, (*path, key))]


@pytest.mark.parametrize("name", ["shot", "delivery", "label_set", "poses"])
def test_the_schema_refuses_nothing_that_is_read(name: str) -> None:
    """And little of what is refused passes it: JSON Schema has no words for how values fit together."""
    judge, both, milder = jsonschema.Draft202012Validator(schemas()[name]), 0, 0
    document = documents_of(name)[-1 if name == "shot" else 0]
    for path in places(document):
        for odd in ODD:
            changed = copy.deepcopy(document)
            place: Any = changed
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = odd
            try:
                READERS[name](changed)
                accepted = True
            except InputRefused:
                accepted = False
            fits = odd is None or judge.is_valid(changed)
            assert fits or not accepted, (path, odd)
            both += not accepted and not fits
            milder += not accepted and fits and odd is not None
    assert both > 4 * milder


def test_the_published_schemas_are_those_of_the_classes() -> None:
    written = {file.name.partition(".")[0]: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.json")}
    assert written == {name: text(content) for name, content in schemas().items()}, "run python tools/schemas.py"


def test_every_document_is_read_by_its_class() -> None:
    assert {cls.about.what for cls in (Shot, Delivery, Card, LabelSet, Tracks, Poses)} == {
        *("shot", "delivery", "card", "label set", "tracks file", "poses file")
    }


def test_the_schema_on_the_command_line() -> None:
    done = semrender("schema", "shot")
    assert done.returncode == 0 and json.loads(done.stdout) == schemas()["shot"]
    assert 'Perhaps "shot" is meant' in semrender("schema", "sho").stderr


# --- the text of documents -------------------------------------------------------------------------------


def test_comments_are_taken_and_move_nothing() -> None:
    with_notes = """{ // the train
      "a": "http://x//y /* no */", /* two
      lines */ "b": [1, 2] // last
    }"""
    assert documents.parse(with_notes) == {"a": "http://x//y /* no */", "b": [1, 2]}
    with pytest.raises(InputRefused, match="line 3, column 8"):
        documents.parse('{ // note\n  "a": 1,\n  "b": ;\n}')


@pytest.mark.parametrize("note", ['{"a": 1} // "', '/* " */ {"a": 1}', '{"a": 1, // ,\n "//": "kept by none"}'])
def test_signs_within_comments_and_texts(note: str) -> None:
    assert documents.parse(note)["a"] == 1


def test_keys_for_editors_may_stand_twice() -> None:
    assert documents.parse('{"//": 1, "//": 2, "a": 3}')["a"] == 3
    with pytest.raises(InputRefused, match='"a" stands there twice'):
        documents.parse('{"a": 1, "a": 2}')
