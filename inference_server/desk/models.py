"""The models: what there is, what each takes and makes, its licence; add one, remove one, take that back."""

from __future__ import annotations

from functools import partial

from starlette.routing import Route

from inference_server.desk.asking import Asked, Body, get, post
from inference_server.desk.desk import Desk
from shared import places

AGREED = "desk_licences.json"


def routes(desk: Desk) -> list[Route]:
    return [
        get("/api/models", partial(listed, desk)),
        post("/api/models/agree", partial(agree, desk)),
    ]


def listed(desk: Desk, asked: Asked) -> Body:
    """All cards as the server has them, and of each whether the user has seen its licence."""
    with desk.link.client() as client:
        found = client.models()
    seen = places.read_json(places.home() / AGREED) or {}
    return {**found, "agreed": [card["name"] for card in found["models"] if seen.get(card["name"]) == card["licence"]]}


def agree(desk: Desk, asked: Asked) -> Body:
    """The user has seen this licence of this model."""
    file = places.home() / AGREED
    places.write_json(file, {**(places.read_json(file) or {}), asked.text("name"): asked.text("licence", 100_000)})
    return {}
