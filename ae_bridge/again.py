"""A delivery painted again: by which models it can be, and the job that does it.

What a layer has is what it named when it was painted, its painting (a picture, for models that take one), and what the
panel gives: a reference picture, the footage of a selected layer, a walk, a sound. Whether a model
needs more says `shared.inputs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared import inputs
from shared.client import Client
from shared.delivery import FILE_NAME, Delivery, read_delivery
from shared.errors import InputRefused, MissingInput, ModelRefused
from shared.footage import number_in
from shared.frame_numbers import split_name
from shared.sequences import PICTURES
from shared.shot import PASSES, Shot, ShotLayer, resolved
from shared.takes import takes

GIVEN = ("picture", "reference", "walk", "audio")  # what a layer can be given by the panel
PREVIEW_PRIORITY = 50
LONGEST = 4096

Body = dict[str, Any]


def models(client: Client, body: Body) -> Body:
    """Every model, with what the layer of a delivery (all of them where none is named) lacks for it.

    "default" is the model that painted the delivery, where that is one. Without a folder nothing is judged; where the
    delivery cannot be painted again, "fault" says why. "walk" is that of the layers as JSON, null where they have
    none or go different ways; "sound" what the shot names as its sound, "" for nothing.
    """
    found = client.models()
    default = found["default"]
    layers: list[str] = []
    there: tuple[str, ...] = ()
    fault = sound = ""
    ways: list[Any] = []
    if body.get("folder") is not None:
        try:
            spec = asked(client, folder_of(body))
            shot = Shot.from_dict(spec["shot"])
            layers = list(spec["layers"])
            stack = [layer for layer in shot.layers if layer.name in chosen(body, layers)]
            there = named(shot, stack)
            sound = shot.audio or ""
            ways = [plain.get("walk") for plain in shot.to_dict()["layers"] if plain["name"] in chosen(body, layers)]
            painted = {resolved(shot, layer).model or default for layer in stack}
            default = painted.pop() if len(painted) == 1 else default
        except (MissingInput, InputRefused) as error:
            fault = str(error)
    judged = body.get("folder") is not None and not fault
    cards = [
        {
            **{name: card.get(name) for name in ("name", "title", "licence", "description")},
            "options": card.get("options") or [],
            "needs": inputs.needed(card["inputs"]),
            "uses": inputs.used(card["inputs"]),
            "lacks": inputs.lacking(card["inputs"], (*there, *GIVEN)) if judged else "",
        }
        for card in found["models"]
    ]
    walk = ways[0] if ways and all(way == ways[0] for way in ways) else None
    found = {"models": cards, "default": default, "layers": layers, "has": there, "fault": fault}
    return {**found, "walk": walk, "sound": sound}


def repaint(client: Client, body: Body) -> Body:
    """Submit the job that painted a delivery once more, otherwise, into a folder beside it."""
    folder = folder_of(body)
    spec = asked(client, folder)
    frame = body.get("frame")
    shot = changed(client, spec, folder, body)
    out = folder.with_name(f"{folder.name}_preview") if frame is not None else next_take(folder)
    job = {"shot": shot, "base": spec["base"], "out": str(out), "format": spec["format"], "layers": spec["layers"]}
    if frame is not None and body.get("layer") is not None:
        job["layers"] = chosen(body, spec["layers"])
    job["frames"] = spec["frames"] if frame is None else [frame]
    job["priority"] = PREVIEW_PRIORITY if frame is not None else 0
    job["overwrite"] = frame is not None  # a preview is looked at and forgotten,
    job["offer"] = frame is None  # and in nobody's list
    return {"job": client.submit(job), "folder": out.as_posix()}


def folder_of(body: Body) -> Path:
    """The folder of the delivery that is meant. Raises MissingInput."""
    folder = Path(text(body, "folder"))
    if not folder.is_absolute() or not (folder / FILE_NAME).is_file():
        raise MissingInput(f"there is no {FILE_NAME}", file=folder, remedy="Relink the delivery")
    return folder


def asked(client: Client, folder: Path) -> Body:
    """What was asked of the server when it painted into this folder. Raises MissingInput."""
    for job in sorted(client.jobs(), key=lambda job: float(job["created"]), reverse=True):
        if job["state"] == "done" and Path(job["out"]) in (folder, folder.resolve()):
            return client.ask("asked", job["job"])
    raise MissingInput(
        "the server does not know how this was painted",
        file=folder,
        cause="It was painted by another server, by one that ran for one command only, or long ago",
        remedy="Paint it again from Maya or with `semrender render` while `semrender serve` runs",
    )


def chosen(body: Body, layers: Sequence[str]) -> list[str]:
    """The layers that are painted otherwise. Raises InputRefused."""
    if body.get("layer") is None:
        return list(layers)
    name = text(body, "layer")
    if name not in layers:
        raise InputRefused(f"the delivery has no layer {name}", remedy=f"It has {', '.join(layers)}")
    return [name]


def named(shot: Shot, layers: Sequence[ShotLayer]) -> tuple[str, ...]:
    """The inputs that each of these layers names, and the sound of their shot."""
    passes = (kind for kind in PASSES if layers and all(getattr(layer, kind) is not None for layer in layers))
    walks = ["walk"] if layers and all(layer.walk is not None for layer in layers) else []
    return (*passes, *walks, *(["audio"] if inputs.may_sound(shot) else []))


def changed(client: Client, spec: Body, folder: Path, body: Body) -> Body:
    """The shot with what the panel says for its layers, or for one of them. Raises InputRefused and ModelRefused."""
    over: Body = {name: body[name] for name in ("seed", "hold") if body.get(name) is not None}
    if body.get("model") is not None:
        over["model"] = text(body, "model")
    whole: Body = {}
    if body.get("scale") is not None:
        if body.get("layer") is not None:
            raise InputRefused('"scale" is of all layers alike', remedy="Paint all layers, or leave it as painted")
        whole = {"scale": body["scale"] or None, "paint_size": None}  # the size would go before the scale
    if body.get("sound") is not None:
        whole |= {"audio": text(body, "sound"), "audio_start": None}  # its beginning was said of the sound before
    options = body.get("options") or {}
    if not isinstance(options, dict):
        raise InputRefused("the options are no table of names and values")
    shot = Shot.from_dict({**spec["shot"], **whole})
    delivery, found, layers = read_delivery(folder), client.models(), []
    for layer, plain in zip(shot.layers, spec["shot"]["layers"], strict=True):
        if layer.name not in chosen(body, spec["layers"]):
            layers.append(plain)
            continue
        before = resolved(shot, layer)
        model = over.get("model", before.model)
        kept = before.options or {} if model == before.model else {}  # those of another model mean nothing
        card = next((card for card in found["models"] if card["name"] == (model or found["default"])), None)
        if card is not None:  # else the server says which there are
            plain = {**plain, **_given(card, layer, named(shot, [layer]), delivery, folder, body)}
        layers.append({**plain, **over, "options": {**kept, **options}})
    return Shot.from_dict({**spec["shot"], **whole, "layers": layers}).to_dict()


def _given(card: Body, layer: ShotLayer, there: Sequence[str], delivery: Delivery, folder: Path, body: Body) -> Body:
    """The picture, reference and walk that a layer is given beside what is there. Raises ModelRefused where its model
    needs more."""
    wants: inputs.Inputs = card["inputs"]
    given: Body = {}
    picture = body.get("picture")
    if picture is None and layer.picture is None and "picture" in inputs.needed(wants):
        picture = "painting"
    if "picture" in wants and picture is not None:
        given["picture"] = painting(delivery, folder, layer.name) if picture == "painting" else footage(picture)
    if "reference" in wants and body.get("reference") is not None:
        given["reference"] = Path(text(body, "reference")).as_posix()
    if "walk" in wants and body.get("walk") is not None:
        given["walk"] = body["walk"]
    if lacks := inputs.lacking(wants, (*there, *given)):
        can_be_chosen = set(inputs.missing(wants, (*there, *given))) <= set(GIVEN)
        remedy = "Choose it, or another model" if can_be_chosen else "Choose another model"
        raise ModelRefused(f"{card['title']} {lacks}", layer=layer.name, remedy=remedy)
    if "picture" in given:
        given.update(
            clip_start=None, clip_end=None, deinterlace=None
        )  # they were said of the clip that was the picture
    return given


def painting(delivery: Delivery, folder: Path, name: str) -> str:
    """The painted files of a layer, as a pattern. Raises MissingInput, and InputRefused where they count otherwise."""
    for layer in delivery.layers:
        if layer.role == "painting" and layer.name == name:
            if layer.footage.sequence and layer.footage.start not in (None, layer.footage.first):
                raise InputRefused(
                    "its painting cannot be the picture of the same shot",
                    file=folder,
                    layer=name,
                    cause=f"The shot begins below frame 0: frame {layer.footage.start} is file {layer.footage.first}",
                    remedy="Begin the shot at frame 0 or later, and paint it again",
                )
            prefix, number, suffix = number_in(layer.footage)
            marks = "#" * len(number) if layer.footage.sequence else number
            return (folder / f"{prefix}{marks}{suffix}").as_posix()
    raise MissingInput("the delivery has no painting of this layer", file=folder, layer=name)


def footage(said: Any) -> str:
    """The files of footage of the artist's, as a pattern: {"path": of its first file, "sequence"}."""
    if not isinstance(said, dict):
        raise InputRefused('"picture" is neither "painting" nor footage')
    path = Path(text(said, "path"))
    parts = split_name(path.name)
    if not said.get("sequence") or parts is None or path.suffix.lower() not in PICTURES:
        return path.as_posix()
    return path.with_name(f"{parts[0]}{'#' * len(parts[1])}{parts[2]}").as_posix()


def next_take(folder: Path) -> Path:
    """A painting in use is never painted over: `sh020`, `sh020_take002`, `sh020_take003` ..."""
    return next(path for path in takes(folder) if not path.exists())


def text(body: Body, name: str) -> str:
    """A text of a request. Raises InputRefused."""
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        raise InputRefused(f'the request has no "{name}"')
    return value
