"""The shots that the page is at work on, kept on disk: a desk that was started anew goes on with them."""

from __future__ import annotations

from pathlib import Path

from inference_server.desk.keeping import NAME, kept_folder
from inference_server.desk.sources import Source
from shared import places
from shared.errors import InputRefused
from shared.shot import Shot

FOLDER = "desk_paint"
KEPT_SECONDS = 30 * 86400  # after they were changed last


def keep(at: str, source: Source) -> None:
    """Write what a name stands for now; what nobody touched for long goes."""
    folder = kept_folder(FOLDER, KEPT_SECONDS)
    about = {"title": source.title, "kind": source.kind, "base": str(source.base), "notes": list(source.notes)}
    places.write_json(folder / f"{at}.json", {**about, "shot": source.shot.to_dict()})


def kept(at: str) -> Source | None:
    """What a name stood for; None where nobody knows it, or a version of before cannot be read."""
    if not NAME.fullmatch(at):
        return None
    found = places.read_json(places.home() / FOLDER / f"{at}.json") or {}
    try:
        shot, notes = Shot.from_dict(found["shot"]), tuple(map(str, found["notes"]))
        return Source(str(found["title"]), str(found["kind"]), shot, Path(found["base"]), notes)
    except (KeyError, TypeError, InputRefused):
        return None
