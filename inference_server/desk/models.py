"""The models: what there is, what each takes and makes, its licence; add one, remove one, take that back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from inference_server.desk.asking import Asked, Body, get, post
from inference_server.desk.commanded import commanded
from inference_server.desk.desk import Desk
from inference_server.desk.thumbs import small
from shared import places
from shared.client import Client
from shared.errors import InputRefused, MissingInput

AGREED = "desk_licences.json"
SAMPLE_SIDE = 2048  # pixels
MOST_BYTES = 64 * 2**20  # of a picture of samples


def routes(desk: Desk) -> list[Route]:
    return [
        get("/api/models", partial(listed, desk)),
        get("/api/models/{name}/sample", partial(sample, desk)),
        post("/api/models/{name}/samples", partial(paint_samples, desk)),
        post("/api/models/{name}/agree", partial(agree, desk)),
        post("/api/models/{name}/remove", partial(remove, desk)),
        post("/api/models/{name}/restore", partial(restore, desk)),
        post("/api/models", partial(add, desk)),
    ]


def listed(desk: Desk, asked: Asked) -> Body:
    """All cards as the server has them, `bytes` of weights, and whose are `own`, `agreed` to, `sampled`."""
    seen = places.read_json(places.home() / AGREED) or {}
    with desk.link.client() as client:
        found = client.models()
        about = {
            card["name"]: client.request("sample", {"model": card["name"], "offset": 0})[0] for card in found["models"]
        }
    cards = found["models"]
    return {
        **found,
        "agreed": [card["name"] for card in cards if seen.get(card["name"]) == card["licence"]],
        "bytes": {name: one["bytes"] for name, one in about.items()},
        "own": [name for name, one in about.items() if one["own"]],
        "sampled": [card["name"] for card in cards if about[card["name"]]["size"] or _painted(card).exists()],
    }


def agree(desk: Desk, asked: Asked) -> Body:
    """The user has read the licence of this model; another text of it is another licence."""
    file = places.home() / AGREED
    places.write_json(file, {**(places.read_json(file) or {}), asked.path["name"]: asked.text("licence", 100_000)})
    return {}


def sample(desk: Desk, asked: Asked) -> Response:
    """The picture of samples that is in the model's folder, else the one that was painted here."""
    name = asked.path["name"]
    with desk.link.client() as client:
        data = _sheet(client, name)
        if not data:
            painted = _painted(_card(client, name))
            if not painted.is_file():
                raise MissingInput(f"there are no samples of {name} yet", remedy="Have them painted")
            data = painted.read_bytes()
    made = desk.thumbs.of(("sample", name, str(len(data)), str(hash(data))), lambda: small(data, name, SAMPLE_SIDE))
    return Response(made, media_type="image/webp")


def paint_samples(desk: Desk, asked: Asked) -> Body:
    """Have every look of a model painted on the shipped labels; it takes its time."""
    with _here(desk) as client:
        card = _card(client, asked.path["name"])
    places.private_folder(_painted(card).parent)
    return commanded("models", "show", card["name"], "--out", str(_painted(card)))


def add(desk: Desk, asked: Asked) -> Body:
    """Add what lies on this machine: a model's folder, a checkpoint, a network, joints that were read."""
    with _here(desk):
        path = Path(asked.text("path").strip().strip('"')).expanduser()
    if not path.is_absolute():
        raise InputRefused("this is no whole path", file=path, remedy="Begin it at the root of the disk")
    if not path.exists():
        raise MissingInput("there is nothing of that name", file=path)
    if path.is_file() and not asked.body.get("name"):
        raise InputRefused("a file does not say its name", file=path, remedy="Fill it in")
    more = []
    for option in ("name", "label-set", "detector", "lift", "licence"):
        if asked.body.get(option):
            more.append(f"--{option}={asked.text(option)}")
    return commanded("models", "add", str(path), *more)


def remove(desk: Desk, asked: Asked) -> Body:
    """Remove a model; `restore` takes it back, until another one is removed."""
    with _here(desk):
        return commanded("models", "remove", "--aside", "--", asked.path["name"])


def restore(desk: Desk, asked: Asked) -> Body:
    with _here(desk):
        return commanded("models", "restore", "--", asked.path["name"])


def _here(desk: Desk) -> Any:
    """The way to a server of this machine. Raises InputRefused for one elsewhere, whose models are there."""
    there = desk.feed.machine()
    if there is not None and there["host"] != places.HOST:
        raise InputRefused(
            f"the server is on another machine, {there['host']}, and so are its models",
            remedy="Open the desk of that machine through an SSH tunnel, or use `semrender models` there",
        )
    return desk.link.client()


def _card(client: Client, name: str) -> Body:
    for card in client.models()["models"]:
        if card["name"] == name:
            return dict(card)
    raise MissingInput(f"there is no model named {name!r}")


def _painted(card: Body) -> Path:
    return places.home() / "desk_samples" / f"{card['name']}-{card['hash'][7:23]}.png"


def _sheet(client: Client, name: str) -> bytes:
    data, size = b"", 1
    while len(data) < size:
        body, blobs = client.request("sample", {"model": name, "offset": len(data)})
        size = int(body["size"])
        if size > MOST_BYTES or not size or not blobs or not blobs[0]:
            return b""
        data += blobs[0]
    return data
