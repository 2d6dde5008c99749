"""Walks over folders in which others delete."""

import shutil
import stat

from ae_bridge.projects import _holds
from inference_server.broker import spool
from inference_server.worker import outputs
from shared import places


def filled(folder):
    for name in ("a/1", "a/2", "b/c/3", "b/4"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x" * 10)
    return folder


def test_all_that_is_there_is_found(tmp_path):
    found = {p.relative_to(tmp_path).as_posix(): stat.S_ISDIR(s.st_mode) for p, s in places.below(filled(tmp_path))}
    folders = {name for name, is_folder in found.items() if is_folder}
    assert folders == {"a", "b", "b/c"} and found.keys() - folders == {"a/1", "a/2", "b/c/3", "b/4"}
    assert list(places.below(tmp_path / "none")) == []


def test_what_goes_on_the_way_is_passed_over(tmp_path):
    walk = places.below(filled(tmp_path))
    next(walk)
    shutil.rmtree(tmp_path)
    assert list(walk) == []


def vanishing(folder, monkeypatch):
    """The folder goes as soon as it was listed, before any of it is looked at."""
    listed = places.os.walk

    def walk(top):
        for found in listed(top):
            shutil.rmtree(folder, ignore_errors=True)
            yield found

    monkeypatch.setattr(places.os, "walk", walk)
    return folder


def test_uploads_that_go_while_they_are_counted(tmp_path, monkeypatch):
    assert spool._taken(vanishing(filled(tmp_path / "x"), monkeypatch)) == 0
    assert spool._touched(vanishing(filled(tmp_path / "y"), monkeypatch)) > 0
    assert spool._touched(tmp_path / "y") == 0


def test_outputs_that_go_while_they_are_put_on_disk_or_swept(tmp_path, monkeypatch):
    outputs.settle(vanishing(filled(tmp_path / "x" / "shot"), monkeypatch).parent)
    outputs.sweep(vanishing(filled(tmp_path / "y" / "shot"), monkeypatch).parent)


def test_free_space_of_a_folder_that_goes_is_that_of_its_parent(tmp_path, monkeypatch):
    asked = shutil.disk_usage

    def usage(folder):
        if folder == tmp_path / "x":
            (tmp_path / "x").rmdir()
        return asked(folder)

    (tmp_path / "x").mkdir()
    monkeypatch.setattr(spool.shutil, "disk_usage", usage)
    assert spool.free(tmp_path / "x") > 0
    assert spool.free(tmp_path / "none" / "below") > 0


def test_a_project_that_was_moved_away_is_none(tmp_path):
    assert not _holds(tmp_path / "moved.aep", b"mark")
