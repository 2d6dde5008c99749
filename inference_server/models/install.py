"""The user's models as folders: put one there whole, copy one from elsewhere, remove one."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inference_server.models import cards, catalogue
from inference_server.models.base import checked_weights
from shared import places
from shared.errors import MissingInput, ModelRefused

MAX_SAMPLES = 64 * 2**20  # bytes of a sample sheet that comes along
SAMPLES = "samples.png"


def check_name(name: str, replace: bool) -> None:
    """Raises ModelRefused for a name that is none, that ships, or that is taken (unless `replace`)."""
    if not re.fullmatch(cards.FILE_NAME, name):
        raise ModelRefused(f"{name!r} is no name for a model", remedy="Use letters, digits, dot, dash and underscore")
    _put_back(name)
    if (catalogue.SHIPPED / name).exists():
        raise ModelRefused(f"{name} is the name of a model that ships with semrender", remedy="Choose another name")
    if (places.models_folder() / name).exists() and not replace:
        raise ModelRefused(f"there is a model named {name} already", remedy="Remove it first, or add --replace")


def install(name: str, card: dict[str, Any], files: Mapping[str, bytes], replace: bool = False) -> cards.Card:
    """Write a model folder with its card and these files, whole or not at all. Raises ModelRefused."""
    with placing(name, replace) as beside:
        for file, content in files.items():
            (beside / file).write_bytes(content)
        places.write_json(beside / "card.json", card, 0o644)
    return cards.load_card(places.models_folder() / name)


def say_likeness(name: str) -> cards.Card:
    """Have an added model's card say that it changes or makes somebody's face. Raises ModelRefused."""
    folder = places.models_folder() / name
    card = cards.load_card(folder)
    makes = {**card.to_dict()["makes"], "likeness": True}
    places.write_json(folder / "card.json", {**card.source, "makes": makes}, 0o644)
    return cards.load_card(folder)


@contextlib.contextmanager
def placing(name: str, replace: bool) -> Iterator[Path]:
    """A folder beside a model's place, to be filled; at the end of the block its card is checked and it is renamed
    there. Of a block that fails nothing is left. Raises ModelRefused."""
    check_name(name, replace)
    target = places.models_folder() / name
    beside, old = target.with_name(f".{name}.adding"), _old(name)
    shutil.rmtree(beside, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        yield beside
        cards.load_card(beside)
        if target.exists():
            target.rename(old)
        beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _old(name: str) -> Path:
    """Where a model lies while another is put into its place."""
    return places.models_folder() / f".{name}.old"


def _put_back(name: str) -> None:
    """The old model, where whoever replaced it was killed before the new one was there."""
    target = places.models_folder() / name
    if _old(name).is_dir() and not target.exists():
        _old(name).rename(target)


def add_folder(folder: Path, name: str | None = None, replace: bool = False) -> cards.Card:
    """Add a model folder that another machine made: its card and weights are checked, nothing in it is run."""
    card = cards.load_card(folder)
    if card.family == "runway":
        raise ModelRefused(
            f"{card.name} is a program of its author's", file=folder, remedy=f"semrender runway add {folder / 'code'}"
        )
    files = _files(card, folder)
    sheet = folder / SAMPLES
    if sheet.is_file() and sheet.stat().st_size <= MAX_SAMPLES:
        files[SAMPLES] = sheet.read_bytes()
    name = name or card.name
    return install(name, {**card.source, "name": name}, files, replace)


def _files(card: cards.Card, folder: Path) -> dict[str, bytes]:
    """The weights of a folder, as its card describes them. Raises ModelRefused."""
    if card.family == "pose":
        from inference_server.models.pose.cards import files_of

        return files_of(card, folder)
    checked_weights(card, folder)
    return {card.weights.file: (folder / card.weights.file).read_bytes()}


def remove_model(name: str, aside: bool = False) -> Path:
    """Remove a model that the user added. Raises ModelRefused for a shipped one.

    aside: it can be brought back with `restore_model` until the next one is put aside.
    """
    if (catalogue.SHIPPED / name).exists():
        raise ModelRefused(f"{name} ships with semrender and stays")
    target = places.models_folder() / name
    if not re.fullmatch(cards.FILE_NAME, name) or not target.is_dir():
        catalogue.find_card(name)  # raises with near names
        raise MissingInput("the model's folder is not there", file=target)
    if aside:
        shutil.rmtree(_bin(), ignore_errors=True)
        _bin().mkdir()
        target.rename(_bin() / name)
    else:
        shutil.rmtree(target)
    return target


def restore_model(name: str) -> cards.Card:
    """Bring back the model that was put aside last. Raises MissingInput or ModelRefused."""
    check_name(name, replace=False)
    if not (_bin() / name).is_dir():
        raise MissingInput(f"{name} is not the model that was removed last", remedy="Add it again")
    return cards.load_card((_bin() / name).rename(places.models_folder() / name))


def _bin() -> Path:
    return places.models_folder() / ".removed"
