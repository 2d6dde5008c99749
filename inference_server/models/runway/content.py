"""What a model consists of: its files and those that it is given, each with its hash; copied, checked, laid out to run.

A model's folder holds `code/` (the author's folder), `given/NAME/` (weights and the like, by the field they are for)
and `files.json`, which lists them. The hash of that list is what is allowed to run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from shared.errors import InputRefused, MissingInput, ModelRefused
from shared.wording import counted

LIST = "files.json"
CODE, GIVEN = "code", "given"
PASSED_OVER = {".git", "__pycache__", ".venv", "node_modules"}
MAX_FILES = 20_000
MAX_BYTES = 64 * 2**30
LINKED = 64 * 2**20  # bytes: a larger file is not copied for every process, where nobody can write through a link

Sources = Mapping[str, Path]  # by the name in the model's folder, "/" between its parts
Files = dict[str, tuple[int, str]]  # likewise: bytes and SHA-256


def sources_of(folder: Path, given: Mapping[str, Path]) -> dict[str, Path]:
    """The files of an author's folder and those given, by their place. Raises InputRefused."""
    if not folder.is_dir():
        raise MissingInput("there is no such folder", file=folder)
    found = {f"{CODE}/{name}": file for name, file in _below(folder)}
    for field, path in given.items():
        if path.is_dir():
            found.update({f"{GIVEN}/{field}/{path.resolve().name}/{name}": file for name, file in _below(path)})
        elif path.is_file():
            found[f"{GIVEN}/{field}/{path.name}"] = path
        else:
            raise MissingInput(f"what is given for {field} is not there", file=path)
    if len(found) > MAX_FILES:
        raise InputRefused(f"the model has {len(found)} files", file=folder, remedy=f"At most {MAX_FILES} are taken")
    return found


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    root = folder.resolve()
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER)
        for name in sorted(files):
            file = Path(place) / name
            if not file.resolve().is_relative_to(root):
                raise InputRefused("a link leads out of the model's folder", file=file, remedy="Put the file in place")
            if file.is_file():
                yield file.relative_to(folder).as_posix(), file


def listed(sources: Sources) -> Files:
    """Raises InputRefused for a file that cannot be read, or for too much."""
    found: Files = {}
    for name, file in sources.items():
        try:
            with file.open("rb") as stream:
                found[name] = (file.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())
        except OSError as error:
            raise InputRefused("a file of the model cannot be read", file=file, cause=str(error.strerror)) from error
    if sum(size for size, _ in found.values()) > MAX_BYTES:
        raise InputRefused("the model is too large", remedy=f"At most {MAX_BYTES // 2**30} GiB are taken")
    return found


def list_text(files: Files) -> bytes:
    return json.dumps({name: list(files[name]) for name in sorted(files)}, indent=0).encode()


def hash_of(files: Files) -> str:
    return hashlib.sha256(list_text(files)).hexdigest()


def size_in_words(files: Files) -> str:
    total = sum(size for size, _ in files.values())
    return f"{counted(len(files), 'file', 'files')}, {total / 2**20:.1f} MiB"


def copy(sources: Sources, files: Files, folder: Path) -> None:
    """Into a model's folder, with their list. Raises InputRefused where one is not what was listed."""
    for name, file in sources.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    (folder / LIST).write_bytes(list_text(files))
    check(folder, hash_of(files))


def check(folder: Path, wanted: str) -> Files:
    """The files of a model's folder, all as they were when it was added. Raises ModelRefused naming one that is not."""
    try:
        text = (folder / LIST).read_bytes()
    except OSError as error:
        raise ModelRefused("the model's list of files is missing", file=folder / LIST, remedy=AGAIN) from error
    if hashlib.sha256(text).hexdigest() != wanted:
        raise ModelRefused("the model's list of files is not the one it was added with", file=folder, remedy=AGAIN)
    files = {name: (size, found) for name, (size, found) in json.loads(text).items()}
    there = {name: file for part in (CODE, GIVEN) for name, file in _placed(folder, part)}
    for name in sorted(files.keys() ^ there.keys()):
        words = "a file of the model is missing" if name in files else "a file is there that is not the model's"
        raise ModelRefused(words, file=folder / name, remedy=AGAIN)
    now = listed(there)
    for name in files:
        if now[name] != files[name]:
            raise ModelRefused("a file of the model has changed since it was added", file=folder / name, remedy=AGAIN)
    return files


AGAIN = "Add the model again: semrender runway add"


def _placed(folder: Path, part: str) -> Iterator[tuple[str, Path]]:
    for name, file in _below(folder / part) if (folder / part).is_dir() else ():
        yield f"{part}/{name}", file


def lay_out(folder: Path, files: Files, workspace: Path, link: bool) -> None:
    """A model's files in a workspace that it may write; large ones as links into its folder, where it may only read."""
    for name, (size, _) in files.items():
        target = workspace / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if link and size > LINKED:
            target.symlink_to((folder / name).resolve())
        else:
            shutil.copyfile(folder / name, target)
    (workspace / CODE).mkdir(parents=True, exist_ok=True)


def given_path(workspace: Path, files: Files, field: str) -> str:
    """What a model is told of a file or folder that it was given: forward slashes, none at the end."""
    name = next(name for name in files if name.startswith(f"{GIVEN}/{field}/"))
    return (workspace / GIVEN / field / name.split("/")[2]).as_posix()
