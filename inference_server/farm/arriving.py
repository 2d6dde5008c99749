"""Models that a run is painted with, made sure of: this machine's own, or sent by hash and kept by hash.

What was sent lies beside the user's models and never in their place. Nothing in it is run; its card and its weights are
as suspect as any other's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from inference_server.farm.far import Far
from inference_server.models import cards, catalogue, needs, travelling
from shared import places
from shared.errors import InputRefused, MachineRefused, ModelRefused

MOST_WEIGHTS = 64 * 2**30  # bytes of one file


def bring_models(
    far: Far, wanted: Iterable[tuple[str, str]], own: Mapping[str, Mapping[str, Any]], home: Path
) -> dict[str, str]:
    """Have every model here; the families of all by name. Raises MachineRefused that names machine and model.

    Args:
        wanted: name and hash of each.
        own: cards of this machine's models by name.
        home: the state folder of this machine's server.
    """
    families = {}
    for name, hash in wanted:
        if name in own and own[name]["hash"] == hash:
            families[name] = str(own[name]["family"])
            continue
        folder = catalogue.received_folder(home, name, hash)
        if not folder.is_dir():
            with far.line():
                if not folder.is_dir():  # another run of this machine has brought it
                    _bring(far, name, hash, folder, "another" if name in own else "no")
        families[name] = cards.load_card(folder).family
    return families


def _bring(far: Far, name: str, hash: str, folder: Path, has: str) -> None:
    coming = folder.with_name(f".{name}.coming")
    try:
        about, _ = far.ask("model", {"name": name, "hash": hash})
        coming.mkdir(parents=True, exist_ok=True)
        places.write_json(coming / "card.json", about["card"], 0o644)
        card = cards.load_card(coming)
        needs.known(card)
        if (card.name, card.hash) != (name, hash):
            raise ModelRefused("another model came than was asked for", file=coming / "card.json")
        files = travelling.files_of(card)
        sizes = {str(file): int(size) for file, size, _ in about["files"]}
        for file, sha256 in files.items():
            size = sizes.get(file, -1)
            if not 0 <= size <= MOST_WEIGHTS:
                raise ModelRefused(f"it has {size} bytes", file=coming / file)
            ask = {"name": name, "hash": hash, "file": file}
            if not _is_whole(coming / file, sha256) and not far.bring("model", ask, coming / file, size, sha256):
                raise ModelRefused("the weights that come are not those that the card describes", file=file)
        for left in [one for one in coming.iterdir() if one.name not in (*files, "card.json")]:
            left.unlink()
        coming.replace(folder)
    except (InputRefused, KeyError, TypeError, ValueError) as error:
        raise MachineRefused(
            f"{far.machine} has {has} {name}, and the job's cannot be sent there",
            cause=str(error),
            remedy="Add it there with `semrender models add`",
        ) from error


def _is_whole(file: Path, sha256: str) -> bool:
    try:
        travelling.check(file, sha256)
        return True
    except (OSError, ModelRefused):
        return False
