"""Tables of names: written from a pass, filled in by a person with whatever program, read back."""

import csv
import io
import json

import pytest

from shared.errors import InputRefused
from shared.label_set import load_label_set
from shared.names import names_text, read_names
from shared.passes import ReadOptions, read_label_pass
from shared.passes.names import names_in
from shared.shot import Shot
from tests.conftest import ROOT, semrender

PASSES = ROOT / "tests" / "data" / "passes"
ODD = PASSES / "spec_special_chars.exr"


def test_a_table_of_all_names_is_filled_in_and_given_back(tmp_path):
    table = tmp_path / "names.csv"
    assert semrender("labels", "names", ODD, "--out", table).returncode == 0

    rows = list(csv.reader(io.StringIO(table.read_text("utf-8-sig"))))
    assert rows[0] == ["name", "class", "share"]
    assert [row[1] for row in rows[1:]] == [""] * 4 and "равнина" in {row[0] for row in rows}
    assert semrender("decode", ODD, "--names", table).returncode == 3  # an unfilled table maps nothing

    filled = [[name, means or "tree", share] for name, means, share in rows]
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(filled)  # as a German Excel writes it
    done = semrender("decode", ODD, "--names", table, "--json")

    assert [one["name"] for one in json.loads(done.stdout)["classes"]] == ["tree"]


def test_every_name_is_listed_with_the_class_it_means():
    rows = {one.name: one for one in names_in([PASSES / "crypto.exr"], load_label_set("coco_stuff"), ReadOptions())[1]}
    assert rows["river"].means == "river" and rows["river"].share > rows["fence"].share > 0
    assert rows["default_surface"].means == "" and rows["default_surface"].share == 0


def test_an_id_that_no_manifest_names_has_a_class_by_its_number(tmp_path):
    table = tmp_path / "names.json"
    done = semrender("--json", "labels", "names", PASSES / "crypto_object.exr", "--out", table)
    assert json.loads(done.stdout)["crypto"] == "CryptoObject"
    rows = json.loads(table.read_text("utf-8"))
    assert "7f0218ae" in rows  # covers 1.4%
    table.write_text(json.dumps({**dict.fromkeys(rows, "tree"), "7f0218ae": "river", "Barn*": "house"}), "utf-8")
    found = read_label_pass(
        PASSES / "crypto_object.exr",
        load_label_set("coco_stuff"),
        ReadOptions(names=read_names(table), crypto="object"),
    )
    assert found.facts.classes[load_label_set("coco_stuff").find("river").id] > 200
    listed = semrender("labels", "names", PASSES / "crypto_object.exr", "--names", table)
    assert "1 name of" in listed.stdout and "not in the Cryptomatte CryptoObject: Barn*" in listed.stdout


def test_ten_thousand_names_take_no_time_each():
    from shared.passes.cryptomatte import class_of, mapping

    names = {f"pine_{n:05d}Shape": "tree" for n in range(10_000)}
    labels = load_label_set("coco_stuff")
    found = mapping(dict(enumerate(names)), labels, ReadOptions(names={**names, "*": "river"}))
    assert {found[n] for n in range(10_000)} == {labels.find("tree").id}
    assert class_of("PINE_00007shape", labels, {"pine_0000?shape": "river", **names}) == labels.find("river").id


def test_colours_have_no_names():
    with pytest.raises(InputRefused, match="no Cryptomatte"):
        names_in([PASSES / "clean.png"], load_label_set("coco_stuff"), ReadOptions())


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("n.csv", "a,tree\nb,\n"),
        ("n.csv", "\ufeffName;Class\na;tree\n\nb;\n"),
        ("n.tsv", "name\tclass\ta note\na\ttree\t-\n"),
        ("n.json", '{"a": "tree", "b": ""}'),
    ],
)
def test_tables_as_programs_write_them(tmp_path, file, text):
    (tmp_path / file).write_text(text, "utf-8")
    assert read_names(tmp_path / file) == {"a": "tree"}


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("n.csv", b"just names\n", "a name and a class"),
        ("n.csv", b"", "a name and a class"),
        ("n.csv", b"f\xe4rbe,tree", "UTF-8"),
        ("n.json", b"name,class", "the JSON is broken"),
        ("n.json", b"[1]", "an object such as"),
        ("gone.csv", None, "cannot be read"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, file, content, words):
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(InputRefused, match=words):
        read_names(tmp_path / file)


def test_a_name_with_brackets_means_itself(tmp_path):
    table = tmp_path / "n.json"
    table.write_text(names_text([], ".json"))
    assert read_names(table) == {}
    from shared.passes.cryptomatte import class_of

    labels = load_label_set("coco_stuff")
    assert class_of("Tree[1]", labels, {"Tree[1]": "tree"}) == labels.find("tree").id


def test_a_shot_may_hold_comments_and_name_its_schema():
    layer = {"name": "all", "labels": "l.#.png", "//": "the street"}
    shot = {"$schema": "shot.schema.json", "//": "for the second act", "_comment": ["any", 1], "name": "sh", "fps": 24}
    shot |= {"first": 1, "last": 2, "layers": [layer]}
    read = Shot.from_dict(shot)
    assert read.layers[0].name == "all" and "//" not in read.to_dict()
    with pytest.raises(InputRefused, match="no key"):
        Shot.from_dict({**shot, "comment": "no"})


def test_read_label_pass_knows_the_table(tmp_path):
    names = {one.name: "tree" for one in names_in([ODD], load_label_set("coco_stuff"), ReadOptions())[1]}
    found = read_label_pass(ODD, load_label_set("coco_stuff"), ReadOptions(names=names))
    assert set(found.facts.classes) & {load_label_set("coco_stuff").find("tree").id}
