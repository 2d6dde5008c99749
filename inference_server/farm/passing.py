"""Passes that a run is painted from, made sure of: where this machine sees the very files, else sent, each once.

Whether a disk is shared is found out by looking: a path leads to the same file where its bytes, the moment of its last
change and its ends are the same. What is sent is kept by its hash: neither another run nor the same shot tomorrow has
it sent again. A job's folder has the names of all of its passes, so that a sequence is read as elsewhere; those that no
run of this machine needs are empty files.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference_server.farm.far import Far, below, space
from inference_server.models.needs import PREPARES, REMEMBERS
from inference_server.stability.window import block, paintings
from shared import path_maps, places
from shared.errors import MissingInput, SemrenderError, ServerError
from shared.handing import mark_if_there
from shared.label_set import load_label_set
from shared.shot import Shot, resolved
from shared.values import Value

NAMES = 200  # of one question
JOB_SECONDS = 24 * 3600.0  # that a job's folder is kept after its last run
LAID_OUT = ".all"  # says that every name is there
TRIES = 3  # for a pass that is changed while it comes

_known: dict[tuple[str, str], Listed] = {}  # (address, job) -> its passes, of the jobs that this process had last


class Listed(Value):
    """The passes of a job as the other side lists them. shot: with the names that they travel by."""

    shot: Shot
    paths: dict[str, str]  # name -> path over there
    frames: dict[str, int | None]
    sets: dict[str, list[str]]  # what the shot calls a label set -> name, hash


def bring_passes(
    far: Far, job: str, shot: Shot, base: Path, needed: Iterable[int], rules: Iterable[path_maps.Rule], home: Path
) -> tuple[Shot, Path]:
    """The shot and the folder to paint from here: as it is where the passes are seen, else of what was sent.

    Args:
        shot, base: with the paths that they have on this machine.
        needed: frames whose passes are read.
        home: the state folder of this machine's server.

    A pass that is gone is not there here either, and fails what is painted from it. Raises MachineRefused where there
    is no room for passes, ServerError.
    """
    listed, rules, folder = _listed(far, job), list(rules), job_folder(home, job) / "in"
    sets = [name for name, _ in listed.sets.values()]
    names = [name for name in _names(listed, set(needed)) if name not in sets]
    here = {name: Path(path_maps.mapped(listed.paths[name], rules)) for name in names}
    unknown = {called: name for called, (name, hash) in listed.sets.items() if not _is_known(called, rules, hash)}
    seen = _seen(far, job, here)
    if not seen or unknown:
        with far.line():
            _keep_tidy(home, job)
            _lay_out(folder, listed.paths)
            for some in _split([*unknown.values(), *([] if seen else names)]):
                _send_for(far, job, folder, some, home / "farm" / "passes")
    if not seen:
        shot, base = _renamed(shot, listed.shot), folder
    return _with_sets(shot, {called: str(folder / name) for called, name in unknown.items()}), base


def frames_needed(shot: Shot, layers: Iterable[str], frames: Iterable[int], families: Mapping[str, str]) -> set[int]:
    """Frames whose passes a run of these frames depends on. families: of the layers' models."""
    frames = list(frames)
    found = set(frames)
    for layer in shot.layers:
        if layer.name not in layers:
            continue
        if families[layer.name] in PREPARES or families[layer.name] in REMEMBERS:
            return set(shot.frames)
        hold = resolved(shot, layer).hold
        for frame in frames if hold not in (None, "off") else ():
            began, ended = block(frame, str(hold), shot.first, shot.last)
            found.update(range(began, ended + 1), paintings(frame, str(hold), shot.first, shot.last))
    return found


def job_folder(home: Path, job: str) -> Path:
    """Where a machine that does not see a job's folders has its own."""
    return home / "farm" / "jobs" / job


def name_over_there(far: Far, job: str, file: str, home: Path) -> str:
    """A pass that was sent, by the path that it has over there; any other file as it is."""
    folder = job_folder(home, job) / "in"
    if not Path(file).is_relative_to(folder):
        return file
    pass_name, _, name = Path(file).relative_to(folder).as_posix().rpartition("/")
    for sent, path in _listed(far, job).paths.items():
        if sent.rpartition("/")[0] == pass_name:
            return path.removesuffix(sent.rpartition("/")[2]) + name
    return file


def _listed(far: Far, job: str) -> Listed:
    place = (str(far.address), job)
    found = _known.get(place)
    if found is None:
        paths: dict[str, str] = {}
        frames: dict[str, int | None] = {}
        after: int | None = 0
        page: dict[str, Any] = {}
        while after is not None:
            page, _ = far.ask("passes", {"job": job, "after": after})
            for name, frame, path in page["files"]:
                paths[name], frames[name] = str(path), frame
            after = page["next"]
        found = Listed(Shot.from_dict(page["shot"]), paths, frames, dict(page["sets"]))
        while len(_known) > 7:
            _known.pop(next(iter(_known)), None)
        _known[place] = found
    return found


def _names(listed: Listed, needed: set[int]) -> list[str]:
    """Files that are read for these frames: theirs, the first of every pass, and what belongs to all frames."""
    firsts: dict[str, str] = {}
    for name, frame in listed.frames.items():
        pass_name = name.partition("/")[0]
        if frame is not None and (pass_name not in firsts or frame < (listed.frames[firsts[pass_name]] or 0)):
            firsts[pass_name] = name
    wanted = set(firsts.values())
    return [name for name, frame in listed.frames.items() if frame is None or frame in needed or name in wanted]


def _lay_out(folder: Path, names: Iterable[str]) -> None:
    """Have a file of every name, empty for now."""
    if (folder / LAID_OUT).exists():
        return
    for name in names:
        path = below(folder, name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    (folder / LAID_OUT).touch()


def _is_known(called: str, rules: Iterable[path_maps.Rule], hash: str) -> bool:
    """Whether this machine has a label set as the other side has it."""
    try:
        return load_label_set(path_maps.mapped(called, rules)).hash == hash
    except SemrenderError:
        return False


def _renamed(shot: Shot, sent: Shot) -> Shot:
    """The shot with the names by which its passes were sent."""
    layers = [
        replace(one, model=own.model, options=own.options, label_set=own.label_set)
        for own, one in zip(shot.layers, sent.layers, strict=True)
    ]
    return replace(sent, layers=tuple(layers), label_set=shot.label_set)


def _with_sets(shot: Shot, paths: Mapping[str, str]) -> Shot:
    """The shot with some of its label sets in other places."""
    layers = [
        replace(layer, label_set=None if layer.label_set is None else paths.get(layer.label_set, layer.label_set))
        for layer in shot.layers
    ]
    return replace(shot, layers=tuple(layers), label_set=paths.get(shot.label_set, shot.label_set))


def _split(names: list[str]) -> Iterator[list[str]]:
    return (names[at : at + NAMES] for at in range(0, len(names), NAMES))


def _seen(far: Far, job: str, here: Mapping[str, Path]) -> bool:
    """Whether every path leads to the file that it leads to over there, or to none as there."""
    if not any(path.is_file() for path in here.values()):
        return False
    for names in _split(list(here)):
        marks = far.ask("marks", {"job": job, "names": names})[0]["marks"]
        for name, mark in zip(names, marks, strict=True):
            try:
                if mark_if_there(here[name]) != mark:
                    return False
            except OSError:
                return False
    return True


def _send_for(far: Far, job: str, folder: Path, names: list[str], kept: Path) -> None:
    """Have these files in the job's folder, but for those that are gone."""
    tries = 0
    while names:
        marks = far.ask("marks", {"job": job, "names": names, "whole": True})[0]["marks"]
        for name, mark in zip(names, marks, strict=False):
            if mark is None:
                below(folder, name).unlink(missing_ok=True)
                names = names[1:]
                continue
            size, sha256 = mark
            if not re.fullmatch("[0-9a-f]{64}", sha256):
                raise ServerError("the server says something else than the hash of a pass", file=name)
            store = kept / sha256[:2] / sha256
            if not (store.is_file() and store.stat().st_size == size):
                _make_room(kept, size)
                try:
                    whole = far.bring("fetch_pass", {"job": job, "name": name}, store, size, sha256)
                except MissingInput:  # it went meanwhile
                    whole = False
                if not whole:
                    tries += 1
                    if tries == TRIES:
                        raise ServerError("a pass is changed again and again while it is sent", file=name)
                    break
            else:
                _use(store)
            _link(store, below(folder, name))
            names = names[1:]


def _use(store: Path) -> None:
    """It is older than a day at most, as long as it is used."""
    if time.time() - store.stat().st_mtime > JOB_SECONDS:
        os.utime(store)


def _link(store: Path, target: Path) -> None:
    """One file under two names, where the disk knows that; else a copy."""
    if target.exists() and store.samefile(target):
        return
    beside = places.beside(target)
    try:
        os.link(store, beside)
    except OSError:
        shutil.copyfile(store, beside)
    beside.replace(target)


def _make_room(kept: Path, size: int) -> None:
    """Have passes go that no job of late needed, the oldest first, as far as there is no room otherwise."""
    kept.mkdir(parents=True, exist_ok=True)
    if space(kept) >= size:
        return
    found = [(one, state) for one, state in places.below(kept) if one.is_file() and state.st_nlink == 1]
    for one, _ in sorted(found, key=lambda pair: pair[1].st_mtime):
        one.unlink(missing_ok=True)
        if space(kept) >= size:
            return


def _keep_tidy(home: Path, job: str) -> None:
    """The folder of this job is in use; those of jobs whose last run is long ago go."""
    own = job_folder(home, job)
    own.mkdir(parents=True, exist_ok=True)
    os.utime(own)
    for folder in own.parent.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > JOB_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
