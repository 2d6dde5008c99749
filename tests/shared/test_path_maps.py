"""Paths of one machine as another one has them."""

import json

import pytest

from shared.errors import InputRefused
from shared.path_maps import mapped, mapped_shot, rule_of, rules_in
from shared.shot import PASSES, Shot, named_files


@pytest.mark.parametrize(
    "rule, path, here",
    [
        ("/mnt/show=S:/show", "/mnt/show/sh/label.####.png", "S:/show/sh/label.####.png"),
        ("/mnt/show=/data", "/mnt/show", "/data"),
        ("/mnt/show=/data", "/mnt/shown/a.png", "/mnt/shown/a.png"),
        ("/mnt/show=/data", "passes/a.png", "passes/a.png"),
        ("S:/Show=/mnt/show", "s:\\show\\sh\\a.####.exr", "/mnt/show/sh/a.####.exr"),
        ("S:\\show=/mnt/show", "S:/show/a.exr", "/mnt/show/a.exr"),
        ("\\\\server\\show=/mnt/show", "//SERVER/show/sh/a.exr", "/mnt/show/sh/a.exr"),
        ("/mnt/Show=/data", "/mnt/show/a.exr", "/mnt/show/a.exr"),
    ],
)
def test_a_folder_stands_for_another(rule, path, here):
    assert mapped(path, [rule_of(rule)]) == here


def test_the_first_rule_that_fits_is_taken():
    rules = [rule_of("/mnt/show/a=/one"), rule_of("/mnt/show=/two")]
    assert [mapped(path, rules) for path in ("/mnt/show/a/x", "/mnt/show/b/x")] == ["/one/x", "/two/b/x"]


@pytest.mark.parametrize("text", ["show=S:/show", "/mnt/show", "/mnt/show=", "=x", "tree=bush"])
def test_what_is_no_pair_of_folders_is_refused(text):
    with pytest.raises(InputRefused, match="no pair of folders"):
        rule_of(text)


def test_every_path_that_a_shot_names_is_mapped():
    layer = {"name": "a", **dict.fromkeys(PASSES, "/mnt/show/p.####.exr")}
    driven = {"feature": "rms", "towards": {"w": "/mnt/show/t.npz"}}
    walk = {"keys": [{"frame": 1, "w": "/mnt/show/w.npz"}], "drive": [driven]}
    layers = [layer, {"name": "b", "walk": walk, "label_set": "/mnt/show/own.json"}]
    more = {"context": "/mnt/show/c.####.png", "tracks": ["/mnt/show/t.json"], "audio": "/mnt/show/a.wav"}
    shot = Shot.from_dict({"name": "s", "fps": 24, "first": 1, "last": 2, "layers": layers, **more})
    found = mapped_shot(shot, [rule_of("/mnt/show=/data")])
    paths = [path for _, path in named_files(found)]
    assert len(paths) >= len(PASSES) + 5 and all(path.startswith("/data/") for path in paths)
    assert found.layers[1].label_set == "/data/own.json" and found.label_set == "coco_stuff"
    quiet = Shot.from_dict({**shot.to_dict(), "audio": "none", "layers": [layers[0]]})
    assert mapped_shot(quiet, [rule_of("/mnt/show=/data")]).audio == "none"


def test_rules_are_read_from_a_file_of_open_job_description(tmp_path):
    rows = [
        {"source_path_format": "POSIX", "source_path": "/mnt/show", "destination_path": "/data"},
        {"source_path_format": "WINDOWS", "source_path": "S:\\show", "destination_path": "/data"},
    ]
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": rows}))
    rules = rules_in(file)
    assert mapped("/mnt/show/a", rules) == mapped("s:/SHOW/a", rules) == "/data/a"
    file.write_text("{}")  # a session without any
    assert rules_in(file) == []


@pytest.mark.parametrize(
    "text", ["", "[]", '{"path_mapping_rules": 5}', '{"path_mapping_rules": [{"source_path": "/a"}]}']
)
def test_a_file_that_is_none_is_refused(tmp_path, text):
    file = tmp_path / "rules.json"
    file.write_text(text)
    with pytest.raises(InputRefused, match="no file of path mapping rules"):
        rules_in(file)
