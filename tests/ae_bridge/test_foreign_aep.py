"""Projects that After Effects itself wrote, where SEMRENDER_AEP names a folder of them: ours are made of the same."""

from __future__ import annotations

import os
import struct
from collections import Counter
from pathlib import Path

import chunks
import py_aep
import pytest
from deliveries import three_mattes

from ae_bridge.aep import write_project
from ae_bridge.comments import settle_comments

FOLDER = os.environ.get("SEMRENDER_AEP", "")
FILES = sorted(Path(FOLDER).rglob("*.aep")) if FOLDER else []
if not FILES:
    pytest.skip("SEMRENDER_AEP names no folder with projects of After Effects", allow_module_level=True)

OF_THE_SESSION = {"LSIf", "PTRE"}  # settings of the empty render queue, and the windows: py_aep writes neither

Shape = Counter[tuple[str, str]]


def shape(data: bytes) -> Shape:
    """How often each kind of chunk stands in each kind of list, walked without py_aep."""
    found: Shape = Counter()

    def walk(content: bytes, inside: str) -> None:
        at = 0
        while at + 8 <= len(content):
            kind, length = struct.unpack(">4sI", content[at : at + 8])
            body = content[at + 8 : at + 8 + length]
            assert len(body) == length, (inside, kind)
            name = kind.decode("latin-1")
            if kind == b"LIST":
                name = body[:4].decode("latin-1")
                if name != "btdk":  # that one holds no chunks
                    walk(body[4:], name)
            found[inside, name] += 1
            at += 8 + length + length % 2

    (length,) = struct.unpack(">4xI", data[:8])
    assert data[:4] == b"RIFX" and data[8:12] == b"Egg!"
    walk(data[12 : 8 + length], "Egg!")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_foreign_project_is_read(path: Path) -> None:
    project = py_aep.parse(path).project
    assert project.root_folder is not None
    for comp in project.compositions:
        assert comp.width > 0 and comp.frame_rate > 0
    assert shape(path.read_bytes())["Egg!", "Fold"] == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_our_idea_of_comments_is_theirs(path: Path) -> None:
    """Flag, place and end of every comment in a foreign project, and nothing in it to settle."""
    assert chunks.faults(path) == []
    data = path.read_bytes()
    assert settle_comments(data) == data


def test_our_top_level_is_theirs(tmp_path: Path) -> None:
    """What stands directly below the root of every foreign project stands in ours too."""
    ours = {kind for inside, kind in shape(write_project(three_mattes(tmp_path)).read_bytes()) if inside == "Egg!"}
    theirs = [{kind for inside, kind in shape(path.read_bytes()) if inside == "Egg!"} for path in FILES]
    common = set.intersection(*theirs)
    assert common - OF_THE_SESSION <= ours, sorted(common - ours)


@pytest.mark.parametrize("list_kind", ["Item", "Layr", "Pin "])
def test_our_items_and_layers_hold_what_theirs_hold(tmp_path: Path, list_kind: str) -> None:
    """A chunk that every foreign project has in its items, layers and footage, ours has too."""
    ours = {kind for inside, kind in shape(write_project(three_mattes(tmp_path)).read_bytes()) if inside == list_kind}
    theirs = [{kind for inside, kind in shape(path.read_bytes()) if inside == list_kind} for path in FILES]
    present = [kinds for kinds in theirs if kinds]
    if not present:
        pytest.skip(f"none of these projects has a {list_kind}")
    assert set.intersection(*present) <= ours, sorted(set.intersection(*present) - ours)


@pytest.mark.skipif(len(FILES) < 20, reason="what few projects lack says nothing")
def test_nothing_of_ours_is_new_to_after_effects(tmp_path: Path) -> None:
    """Each kind of chunk in a list of ours is there in a project of After Effects too; not comments of items, which
    none of the public projects that we know of has."""
    theirs = set().union(*(shape(path.read_bytes()) for path in FILES))
    ours = set(shape(write_project(three_mattes(tmp_path)).read_bytes()))
    assert ours - theirs <= {("Item", "cmta")}
