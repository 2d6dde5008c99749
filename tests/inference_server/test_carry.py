"""Every label set paints: classes carried over by name, alias and kin; what the artist maps; keys that stay."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from inference_server.models import sleep
from inference_server.models.catalogue import find_card
from inference_server.models.classes import carry
from shared.errors import InputRefused, MissingInput
from shared.label_set import label_set_from_dict, load_label_set
from shared.shot import Shot, resolved
from tests.conftest import ROOT, semrender

COUNTRYSIDE = "countryside"


def becomes(label_set, asked=None, model=COUNTRYSIDE):
    found = carry(find_card(model), load_label_set(label_set), asked or {})
    return {one.label.name: (one.target and one.target.name, one.how) for one in found.of.values()}


def example_set():
    """The label set of docs/labels.md."""
    text = (ROOT / "docs" / "labels.md").read_text(encoding="utf-8")
    return next(json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.S))


def write_frames(folder, names, label_set, count=2):
    """Frames 1.. with one column of 16 pixels per class, in the colours of a set."""
    folder.mkdir(parents=True)
    colours = next(iter(label_set.palettes.values())).colors
    row = np.repeat(np.array([colours[label_set.find(name).id] for name in names], np.uint8), 16, 0)
    for frame in range(1, count + 1):
        Image.fromarray(np.repeat(row[None], 32, 0)).save(folder / f"label.{frame:04d}.png")
    return folder


def painted(out):
    return {p.name: np.asarray(Image.open(p)) for p in out.glob("*/*.png") if p.parent.name != "mattes"}


# --- the table --------------------------------------------------------------------------------------------


def test_ade20k_onto_the_models_set():
    found = becomes("ade20k")
    for name, target in {
        "tree": ("tree", "name"),
        "sky": ("sky-other", "alias"),
        "sidewalk": ("pavement", "alias"),
        "sofa": ("couch", "alias"),
        "van": ("car", "relative"),
        "palm": ("tree", "relative"),
        "lake": ("river", "relative"),
        "field": ("grass", "relative"),
        "other": ("unlabeled", "name"),
    }.items():
        assert found[name] == target, name
    assert all(target for target, _ in found.values())
    assert sum(how == "unknown" for _, how in found.values()) < 8


def test_cityscapes_both_ways_of_numbering():
    for name in ("cityscapes", "cityscapes_train_ids"):
        found = becomes(name)
        assert found["vegetation"] == ("tree", "alias"), "of the two names for it, the one the model learned"
        assert found["car"] == ("car", "name") and found["building"][0] == "building-other"
    assert becomes("cityscapes")["out of roi"] == ("unlabeled", "unknown")


def test_a_model_of_another_set_paints_coco():
    sleep.add("city", 0, label_set="cityscapes")
    found = becomes("coco_stuff", model="city")
    assert found["house"] == ("building", "relative") and found["tree"] == ("vegetation", "alias")
    assert found["river"] == ("unlabeled", "unknown"), "no likeness is made up"


def test_the_models_own_set_is_not_carried():
    found = carry(find_card(COUNTRYSIDE), load_label_set("coco_stuff"), {})
    assert not found.of and not found.notes
    assert (found.table(find_card(COUNTRYSIDE)) == find_card(COUNTRYSIDE).labels.channel_table()).all()


def test_names_of_several_words_are_known_by_their_words():
    colours = {str(i): [i, 0, 0] for i in range(6)}
    names = ["big oak tree 2", "TreePine", "village_church", "zorp", "train", "cobbled-street"]
    labels = [{"id": i, "name": name} for i, name in enumerate(names)]
    own = {"format": 1, "name": "own", "version": 1, "labels": labels, "palettes": {"p": {"colors": colours}}}
    found = carry(find_card(COUNTRYSIDE), label_set_from_dict(own), {})
    targets = {one.label.name: (one.target.name, one.how) for one in found.of.values()}
    assert targets["big oak tree 2"] == ("tree", "relative") and targets["TreePine"] == ("tree", "relative")
    assert targets["village_church"] == ("building-other", "relative")
    assert targets["cobbled-street"] == ("road", "relative")
    assert targets["train"] == ("train", "name") and targets["zorp"] == ("unlabeled", "unknown")


def test_what_is_asked_goes_first():
    found = becomes("ade20k", {"van": "train", "sconce": "lamp", "House": "bridge"})
    assert found["van"] == ("train", "asked") and found["house"] == ("bridge", "asked")
    assert found["sconce"] == ("light", "asked"), "a class of the pass stands for what it becomes"
    with pytest.raises(InputRefused, match="no class 'vann'"):
        becomes("ade20k", {"vann": "train"})
    with pytest.raises(InputRefused, match="the map leads to 'trane'"):
        becomes("ade20k", {"van": "trane"})


def test_a_map_within_the_models_own_set_changes_that_class_alone():
    card, coco = find_card(COUNTRYSIDE), load_label_set("coco_stuff")
    table, before = carry(card, coco, {"building-other": "house"}).table(card), card.labels.channel_table()
    building, house = coco.find("building-other").id, coco.find("house").id
    assert table[building] == before[house] != before[building]
    table[building] = before[building]
    assert (table == before).all()


def test_a_set_that_changed_since_the_model_was_made_is_taken_by_ids_and_said(state_folder):
    own = {**example_set(), "name": "village"}
    folder = state_folder / "label_sets"
    folder.mkdir(parents=True)
    (folder / "village.json").write_text(json.dumps(own))
    sleep.add("of_village", 0, label_set="village")
    own["labels"][3]["aliases"] = ["oak"]
    (folder / "village.json").write_text(json.dumps(own))
    found = carry(find_card("of_village"), load_label_set("village"), {})
    assert {(one.label.id, one.target.id) for one in found.of.values()} == {(i, i) for i in range(6)}
    assert "has changed since of_village was made" in found.notes[0]
    (folder / "village.json").unlink()
    with pytest.raises(MissingInput, match="label set village of the model of_village is not there"):
        carry(find_card("of_village"), load_label_set("coco_stuff"), {})


# --- shot.json --------------------------------------------------------------------------------------------


def test_a_map_of_the_shot_and_of_a_layer_add():
    layer = {"name": "a", "labels": "a.####.png", "map": {"tree": "bush"}}
    data = {"name": "s", "fps": 24, "first": 1, "last": 2, "layers": [layer], "map": {"tree": "rock", "car": "train"}}
    shot = Shot.from_dict(data)
    assert resolved(shot, shot.layers[0]).map == {"tree": "bush", "car": "train"}
    assert Shot.from_dict(shot.to_dict()) == shot
    for wrong in ("house", ["a"], {"tree": 3}, {"": "house"}):
        with pytest.raises(InputRefused, match="map"):
            Shot.from_dict({**data, "map": wrong})


# --- the command ------------------------------------------------------------------------------------------


def test_another_set_is_painted_as_its_classes_are(add_sleep_model, tmp_path):
    """The same scene in two sets, frame by frame the same picture; the report has the table."""
    model = add_sleep_model()
    ade, coco = load_label_set("ade20k"), load_label_set("coco_stuff")
    theirs = write_frames(tmp_path / "ade", ["sky", "tree", "van"], ade)
    ours = write_frames(tmp_path / "coco", ["sky-other", "tree", "car"], coco)
    arguments = ("--model", model, "--no-aep", "--mattes", "all")
    done = semrender("render", theirs, "--label-set", "ade20k", "--out", tmp_path / "a", *arguments)
    assert done.returncode == 0, done.stderr
    assert re.search(r"sky +-> sky-other \(another name for it\)", done.stdout), done.stdout
    assert re.search(r"van +-> car \(a relative\)", done.stdout)
    assert "warning: coco_stuff has no van, but car: it is painted as car; choose with --map van=CLASS" in done.stdout
    assert semrender("render", ours, "--out", tmp_path / "b", *arguments).returncode == 0
    first, second = painted(tmp_path / "a"), painted(tmp_path / "b")
    assert first.keys() == second.keys() and len(first) == 2
    assert all((first[name] == second[name]).all() for name in first)
    assert (tmp_path / "a" / "mattes" / "label" / "van").is_dir(), "mattes keep the names of the pass"


def test_check_tells_the_table_as_data(add_sleep_model, tmp_path):
    theirs = write_frames(tmp_path / "ade", ["sky", "van", "table"], load_label_set("ade20k"))
    done = semrender("--json", "check", theirs, "--label-set", "ade20k", "--map", "table=bed")
    report = json.loads(done.stdout.splitlines()[0])
    rows = {row["class"]: row for row in report["layers"][0]["carried"]}
    assert rows["van"] == {"class": "van", "becomes": "car", "how": "relative", "painted_as": "car"}
    assert rows["table"]["becomes"] == "bed" and rows["table"]["how"] == "asked"
    assert rows["table"]["painted_as"] != "bed", "countryside never saw one"


def test_a_map_paints_anew_and_without_it_the_old_frames_are_kept(add_sleep_model, tmp_path):
    model = add_sleep_model()
    frames = write_frames(tmp_path / "f", ["building-other", "house"], load_label_set("coco_stuff"))
    arguments = ("--json", "render", frames, "--model", model, "--no-aep", "--out", tmp_path / "o")
    assert semrender(*arguments).returncode == 0
    plain = painted(tmp_path / "o")
    mapped = semrender(*arguments[:-1], tmp_path / "m", "--map", "building-other=house")
    assert mapped.returncode == 0, mapped.stderr
    for name, picture in painted(tmp_path / "m").items():
        assert (picture[:, 16:] == plain[name][:, 16:]).all()
        assert (picture[:, 0] == picture[:, 31]).all() and (plain[name][:, 0] != plain[name][:, 31]).any()
    again = semrender(*arguments)
    ended = next(json.loads(line) for line in again.stdout.splitlines() if '"event": "done"' in line)
    assert (ended["painted"], ended["kept"]) == (0, 2)


def test_the_label_set_of_the_documents_is_painted(add_sleep_model, tmp_path):
    model = add_sleep_model()
    file = tmp_path / "village.json"
    file.write_text(json.dumps(example_set()))
    village = load_label_set(file)
    frames = write_frames(tmp_path / "f", ["sky", "meadow", "oak tree", "hut", "loco"], village)
    done = semrender(
        "--json", "render", frames, "--label-set", file, "--model", model, "--out", tmp_path / "o", "--no-aep"
    )
    assert done.returncode == 0, done.stderr
    checked = next(json.loads(line) for line in done.stdout.splitlines() if '"event": "checked"' in line)
    rows = {row["class"]: (row["becomes"], row["how"]) for row in checked["layers"][0]["carried"]}
    assert rows == {
        "sky": ("sky-other", "alias"),
        "meadow": ("grass", "alias"),
        "oak tree": ("tree", "relative"),
        "hut": ("house", "relative"),
        "loco": ("train", "alias"),
    }


def test_a_table_of_names_beside_colours_is_warned_of(add_sleep_model, tmp_path):
    model = add_sleep_model()
    frames = write_frames(tmp_path / "f", ["building-other", "house"], load_label_set("coco_stuff"))
    (tmp_path / "names.json").write_text('{"building*": "house"}')
    done = semrender("check", frames, "--model", model, "--names", tmp_path / "names.json")
    assert done.returncode == 0 and "names is for Cryptomattes and changed nothing here" in done.stdout
    assert "--map" in done.stdout


# --- names and folders ------------------------------------------------------------------------------------


def test_names_too_long_for_a_file_are_refused_before_painting(add_sleep_model, tmp_path):
    model = add_sleep_model()
    write_frames(tmp_path / "f", ["tree"], load_label_set("coco_stuff"))
    shot = {"name": "列車" * 30, "fps": 24, "first": 1, "last": 2, "model": model}
    shot["layers"] = [{"name": "景色" * 15, "labels": "f"}]
    (tmp_path / "shot.json").write_text(json.dumps(shot))
    done = semrender("render", tmp_path / "shot.json", "--out", tmp_path / "o", "--no-aep")
    assert done.returncode == 3 and "would have 280 bytes, of at most 255" in done.stderr, done.stderr
    assert "Give the shot or the layer a shorter name" in done.stderr and not (tmp_path / "o").exists()


def test_painting_into_the_folder_of_a_pass_is_refused(add_sleep_model, tmp_path):
    model = add_sleep_model()
    frames = write_frames(tmp_path / "f", ["tree"], load_label_set("coco_stuff"))
    for given in (frames, frames / "label.####.png"):
        done = semrender("render", given, "--out", frames, "--model", model, "--no-aep")
        assert done.returncode == 3 and "the output folder is the folder of a pass" in done.stderr
    assert len(list(frames.iterdir())) == 2
