"""What a delivery that is painted again asks for: the picture of its layers, in time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from deliveries import deliver, layer, shot

from ae_bridge.again import changed, named
from shared.client import Client
from shared.errors import InputRefused, ModelRefused
from shared.shot import Shot


class Catalogue:
    """A server that is asked for its models only."""

    def models(self) -> dict[str, Any]:
        card = {"name": "grade", "title": "Grade", "inputs": {"picture": {}, "reference": {}}}
        lips = {"name": "lips", "title": "Lips", "inputs": {"picture": {"needed": True}, "audio": {"needed": True}}}
        lit = {"name": "lit", "title": "Lit", "inputs": {"labels": {}, "shading": {"needed": True}}}
        return {"models": [card, lips, lit], "default": "grade", "broken": {}}


def again(folder: Path, first: int, **body: Any) -> dict[str, Any]:
    layer = {"name": "train", "picture": "plate.mov", "clip_start": 1010}
    made: dict[str, Any] = asked_again(folder, {"first": first, "last": first + 3, "layers": [layer]}, body)["layers"][
        0
    ]
    return made


def asked_again(folder: Path, shot: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    spec = {"shot": {"name": "s", "fps": 24, **shot}, "layers": [layer["name"] for layer in shot["layers"]]}
    return changed(cast(Client, Catalogue()), spec, folder, body)


def test_another_picture_does_not_begin_where_the_clip_did(tmp_path: Path) -> None:
    frames = range(1001, 1005)
    deliver(tmp_path, shot(frames), layer(tmp_path, "train", frames))
    assert again(tmp_path, 1001)["clip_start"] == 1010
    other = again(tmp_path, 1001, picture={"path": "/plates/other.mov"})
    assert (other["picture"], other.get("clip_start")) == ("/plates/other.mov", None)
    painted = again(tmp_path, 1001, picture="painting")
    assert painted["picture"].endswith("train.####.png") and painted.get("clip_start") is None


def test_files_that_count_otherwise_than_the_shot_are_no_picture_of_it(tmp_path: Path) -> None:
    """Of a shot from -2 the files are numbered from 0: frame 0 would be read from the file of frame -2."""
    frames = range(4)
    deliver(tmp_path, shot(frames, first=-2, last=1), layer(tmp_path, "train", frames, footage={"start": -2}))
    with pytest.raises(InputRefused, match=r"begins below frame 0: frame -2 is file 0\. Begin the shot at frame 0"):
        again(tmp_path, -2, picture="painting")


def test_a_sound_that_is_given_is_the_shots_and_counts(tmp_path: Path) -> None:
    """Its beginning was said of the one before; a model that hears is refused where the artist takes the sound away."""
    frames = range(1001, 1005)
    deliver(tmp_path, shot(frames), layer(tmp_path, "train", frames))
    asked = {"first": 1001, "last": 1004, "audio": "old.wav", "audio_start": 1003}
    asked["layers"] = [{"name": "train", "picture": "plate.mov", "model": "lips"}]
    assert (same := asked_again(tmp_path, asked, {}))["audio_start"] == 1003 and same["audio"] == "old.wav"
    made = asked_again(tmp_path, asked, {"sound": "/new.wav"})
    assert made["audio"] == "/new.wav" and "audio_start" not in made
    with pytest.raises(ModelRefused, match=r"needs a sound\. Choose it, or another model"):
        asked_again(tmp_path, asked, {"sound": "none"})


def test_hold_and_scale_go_along_and_the_rest_stays(tmp_path: Path) -> None:
    frames = range(1001, 1005)
    deliver(tmp_path, shot(frames), layer(tmp_path, "train", frames), layer(tmp_path, "env", frames))
    own = {"labels": "l.####.png", "model": "grade", "seed": 5, "hold": "gentle", "options": {"strength": 0.5}}
    layers = [{"name": "train", **own}, {"name": "env", **own, "seed": 6}]
    asked = {"first": 1001, "last": 1004, "layers": layers, "paint_size": [512, 288]}
    same = asked_again(tmp_path, asked, {"options": {}})
    assert [one["seed"] for one in same["layers"]] == [5, 6] and same["paint_size"] == [512, 288]
    held = asked_again(tmp_path, asked, {"layer": "env", "hold": "strong"})["layers"]
    assert [(one["hold"], one["seed"], one["options"]["strength"]) for one in held] == [
        ("gentle", 5, 0.5),
        ("strong", 6, 0.5),
    ]
    other = asked_again(tmp_path, asked, {"layer": "env", "model": "other"})["layers"]
    assert [one.get("options") or {} for one in other] == [{"strength": 0.5}, {}], "those of another model mean nothing"
    scaled = asked_again(tmp_path, asked, {"scale": "coarse"})
    assert scaled["scale"] == "coarse" and "paint_size" not in scaled, "the size would go before the scale"
    assert "scale" not in asked_again(tmp_path, {**asked, "paint_size": None, "scale": "fine"}, {"scale": ""})
    with pytest.raises(InputRefused, match="of all layers alike"):
        asked_again(tmp_path, asked, {"layer": "env", "scale": "fine"})
    with pytest.raises(InputRefused, match="hold"):
        asked_again(tmp_path, asked, {"hold": "very"})


def test_a_shading_pass_goes_along_with_its_white_and_lets_a_model_that_needs_one_be_chosen(tmp_path: Path) -> None:
    frames = range(1001, 1005)
    deliver(tmp_path, shot(frames), layer(tmp_path, "train", frames), layer(tmp_path, "env", frames))
    clay = {"shading": "clay.####.exr", "shading_layer": "clay", "shading_white": 3.9}
    layers = [{"name": "train", "labels": "l.####.png", **clay}, {"name": "env", "labels": "l.####.png"}]
    asked = {"first": 1001, "last": 1004, "layers": layers}
    made = asked_again(tmp_path, asked, {"layer": "train", "model": "lit"})["layers"]
    assert {name: made[0][name] for name in clay} == clay and "shading" not in made[1]
    with pytest.raises(ModelRefused, match=r"needs a shading pass\. Choose another model"):
        asked_again(tmp_path, asked, {"model": "lit"})
    read = Shot.from_dict({"name": "s", "fps": 24, **asked})
    assert "shading" in named(read, read.layers[:1]) and "shading" not in named(read, read.layers)
