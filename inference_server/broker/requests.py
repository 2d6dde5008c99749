"""A client's request for a job becomes the job's description: validated, complete, nothing left to guess.

Nothing here reads a pass or a picture; what is in the files is the business of the worker's `check`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from inference_server.broker.cutting import may_be_cut, runs_for, runs_per
from inference_server.broker.told import HIGHEST, LOWEST
from inference_server.models import cards, catalogue
from inference_server.models.catalogue import DEFAULT_MODEL
from inference_server.models.classes import carry
from inference_server.models.needs import PREPARES
from inference_server.roots import inside
from inference_server.tasks import FORMATS, MOVIES, PARTS, frames_and_layers
from shared import inputs
from shared.blocks import MOST_PER_RUN
from shared.errors import InputRefused, ModelRefused, SemrenderError
from shared.label_set import LabelSet, load_label_set
from shared.shot import Shot, ShotLayer, named_files, resolved

LONGEST_NAME = 255  # bytes of a file name

Body = dict[str, Any]


def job_spec(body: Body, base: Path, out: Path, roots: Sequence[str] | None, uploaded: bool, slots: int = 0) -> Body:
    """The description of a job: {"shot", "base", "out", "roots", "format", "frames", "layers", "models", "holds",
    "prepares", "looks", "asked", "overwrite", "comp", "offer", "owner", "movie", "part", "chunks", "backwards", "of",
    "by", "collect"}.

    Where it was cut for the machines that are there, `slots` says for how many runs at once.

    `asked` is the output folder, `out` what it becomes if that holds another look; `collect` says where the client
    wants the files that it must fetch: {"out", "host"}, None where it sees them.

    Args:
        base, out: folders of the passes and of the output.
        roots: the only folders the job may touch; None = all that the server's user may.
        uploaded: the passes came over the wire; their names must stay below `base`.
        slots: runs of blocks that the machines of the farm hold at once, who paint the job where it can be cut.

    Raises InputRefused.
    """
    shot = Shot.from_dict(body.get("shot"))
    if not base.is_absolute() or not out.is_absolute():
        raise InputRefused("a job needs the absolute folders of its passes and of its output")
    if body.get("format", "png") not in FORMATS:
        raise InputRefused(f"unknown format {body.get('format')!r}", remedy=f"Choose one of {', '.join(FORMATS)}")
    if body.get("movie", "h264") not in MOVIES:
        raise InputRefused(f"unknown movie {body.get('movie')!r}", remedy=f"Choose one of {', '.join(MOVIES)}")
    if body.get("part", "whole") not in PARTS:
        raise InputRefused(f"unknown part {body.get('part')!r}", remedy=f"Choose one of {', '.join(PARTS)}")
    for folder in (base, out):
        inside(folder, roots)
    if uploaded:
        _stay_below(shot)
    frames, layers = frames_and_layers(shot, _listed(body, "frames", int), _listed(body, "layers", str))
    models, holds, looks, prepares, cards_of = {}, {}, {}, [], []
    hashes = _hashes(body)
    for layer in shot.layers:
        asked = resolved(shot, layer)
        named = asked.label_set or shot.label_set
        if named.lower().endswith(".json"):
            inside(Path(named), roots)
        label_set = load_label_set(named)
        card = _card_of(asked, hashes)
        cards_of += [card] if layer.name in layers else []
        _inputs_named(shot, layer, card)
        if card.inputs.labels is not None:
            try:
                carry(card, label_set, asked.map)
            except SemrenderError as error:
                raise error.located(layer=layer.name) from None
        if layer.labels is not None:
            _classes_known(shot, layer, label_set)
        _names_fit(shot, layer, label_set)
        try:
            options = card.check_options(asked.options or {})
        except SemrenderError as error:
            raise error.located(layer=layer.name) from None
        models[layer.name] = {"name": card.name, "hash": card.hash, "options": options}
        if asked.hold != "off":
            if card.makes.alpha or card.unbound:
                own = "an alpha of its own" if card.makes.alpha else "pictures that do not lie where their input does"
                raise InputRefused(
                    f"the model {card.name} makes {own}, which cannot be held",
                    layer=layer.name,
                    remedy='Give "hold": "off", or choose another model',
                )
            holds[layer.name] = asked.hold
        heard = layer.walk is not None and bool(layer.walk.drive)
        if (heard or card.family in PREPARES) and layer.name in layers:
            prepares.append(layer.name)
        settings = [models[layer.name], asked.seed, asked.hold, shot.scale, shot.paint_size, shot.fill]
        looks[layer.name] = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    spec: Body = {
        "shot": shot.to_dict(),
        "base": str(base),
        "out": str(out),
        "roots": None if roots is None else list(roots),
        "format": str(body.get("format", "png")),
        "frames": frames,
        "layers": layers,
        "models": models,
        "holds": holds,
        "prepares": prepares,
        "looks": looks,
        "asked": str(out),
        "overwrite": body.get("overwrite") is True,
        "comp": body["comp"] if isinstance(body.get("comp"), bool) else None,  # None: who watches may make one
        "offer": body.get("offer") is not False,  # not: somebody tries a frame out
        "owner": _words(body, "owner")[:200],
        "movie": str(body.get("movie", "h264")),
        "part": str(body.get("part", "whole")),
        "chunks": runs_per(frames, _per(body)) if body.get("part") == "farm" else [],
        "backwards": body.get("backwards") is True,  # as another machine has begun with it from its first frame on
        "of": _words(body, "of")[:64],  # a job of a farm, of which this is a piece
        "by": _words(body, "by")[:64],  # which machine of which farm has handed the piece over
        "collect": {"out": _words(body, "out"), "host": _words(body, "host")} if uploaded else None,
    }
    spec["may_be_cut"] = may_be_cut(spec, cards_of)
    if slots and spec["may_be_cut"]:
        spec.update(part="farm", slots=slots, chunks=runs_for(spec, frames, slots))
    return spec


def _card_of(layer: ShotLayer, hashes: Body) -> cards.Card:
    """The model of a layer. Raises ModelRefused where the client knows of another one by its hash."""
    hash = hashes.get(layer.name, "")
    card = catalogue.find_card(layer.model or DEFAULT_MODEL, hash)
    if hash and hash != card.hash:
        raise ModelRefused(
            f"the server has another {card.name} than the layer is to be painted with",
            layer=layer.name,
            remedy="Add that one there with `semrender models add`",
        )
    return card


def _hashes(body: Body) -> dict[str, str]:
    """Of the models that layers are to be painted with and no others, where the client knows."""
    found = body.get("hashes", {})
    if not isinstance(found, dict) or not all(isinstance(one, str) for pair in found.items() for one in pair):
        raise InputRefused('"hashes" is no table of layers')
    return found


def _per(body: Body) -> int:
    per = body.get("per", 1)
    if not isinstance(per, int) or isinstance(per, bool) or not 1 <= per <= MOST_PER_RUN:
        raise InputRefused(f"{per!r} is no number of blocks", remedy=f"Give a whole number from 1 to {MOST_PER_RUN}")
    return per


def _inputs_named(shot: Shot, layer: ShotLayer, card: cards.Card) -> None:
    """Refuse a layer that does not name what its model cannot do without."""
    takes = card.wants
    there = [name for name in takes if getattr(layer, name, None) is not None]
    if inputs.may_sound(shot):
        there.append("audio")
    missing = inputs.missing(takes, there)
    if missing:
        uses = inputs.used(takes)
        more = f", and uses {' and '.join(uses)} where it is there" if uses else ""
        way = inputs.argument(missing[0], takes)
        by_hand = f", or on the command line as {way}" if way else ""
        raise InputRefused(
            f"the model {card.name} takes {' and '.join(inputs.needed(takes))}{more}",
            layer=layer.name,
            cause=f"The layer names no {' and no '.join(missing)}",
            remedy=f'Give "{missing[0]}" in the shot{by_hand}; or choose another model',
        )
    if layer.walk is not None:
        _walk_taken(shot, layer, card)


def _walk_taken(shot: Shot, layer: ShotLayer, card: cards.Card) -> None:
    """Refuse a layer that is nothing but a walk for a model that takes none, and one that listens where nothing is."""
    if card.inputs.walk is None and layer.labels is None and layer.picture is None:
        raise InputRefused(
            f"the model {card.name} takes no walk, and the layer has nothing else",
            layer=layer.name,
            remedy="Choose a generator; `semrender models` says what each takes",
        )
    if layer.walk is not None and layer.walk.drive and not inputs.may_sound(shot):
        raise InputRefused(
            "the walk is driven by a sound, and the shot has none",
            layer=layer.name,
            remedy='Give "audio" in the shot, or on the command line as --audio FILE',
        )


def _classes_known(shot: Shot, layer: ShotLayer, label_set: LabelSet) -> None:
    """Refuse a class that the layer's set does not have wherever one is named, needed or not."""
    named: dict[str, Any] = {"fill": shot.fill, "mattes": () if layer.mattes in ("none", "all") else layer.mattes}
    for whose, read in (("", layer.read), ("context_read: ", shot.context_read if shot.context else {})):
        named |= {f"{whose}{key}": read.get(key) for key in ("uncovered", "classes", "names")}
    for where, value in named.items():
        for name in _class_names(value):
            try:
                label_set.find(name)
            except InputRefused as error:
                raise InputRefused(f"{where}: {error.what}", layer=layer.name, remedy=error.remedy) from None


def _class_names(value: Any) -> list[str]:
    """One class, several, or those that a table leads to; what is none of it is refused where it is read."""
    values = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
    return sorted({one for one in values if isinstance(one, str)})


def _names_fit(shot: Shot, layer: ShotLayer, label_set: LabelSet) -> None:
    """Refuse names of which a painted file's would be made that no file system takes."""
    mattes: tuple[str, ...] = ()
    if layer.mattes == "all":
        mattes = tuple(label.name for label in label_set.labels)
    elif layer.mattes != "none":
        mattes = tuple(layer.mattes)
    number = max(shot.last, shot.last - shot.first)
    stems = [f"{shot.name}_{layer.name}", *(f"{shot.name}_{layer.name}_{matte}" for matte in mattes)]
    longest = max((f"{stem}.{number:04d}.png" for stem in stems), key=lambda name: len(name.encode()))
    if len(longest.encode()) > LONGEST_NAME:
        raise InputRefused(
            f"the names of the painted files would have {len(longest.encode())} bytes, of at most {LONGEST_NAME}",
            layer=layer.name,
            cause=f"They are made of the shot's and the layer's name: {longest}",
            remedy="Give the shot or the layer a shorter name",
        )


def settled(spec: Body, half: bool) -> Body | None:
    """The description with every `auto` resolved for a device that gains by half precision, or not; None without one.

    It is kept: frames are keyed by it, and a device that joins later paints in the same precision.
    """
    models = {
        layer: {**model, "options": {**model["options"], cards.PRECISION: "half" if half else "float32"}}
        for layer, model in spec.get("models", {}).items()
        if model["options"].get(cards.PRECISION) == cards.AUTO
    }
    return {**spec, "models": {**spec["models"], **models}} if models else None


def priority(body: Body, otherwise: int = 0) -> int:
    """A job's priority. Raises InputRefused."""
    value = body.get("priority", otherwise)
    if not isinstance(value, int) or isinstance(value, bool) or not LOWEST <= value <= HIGHEST:
        raise InputRefused(f"{value!r} is no priority", remedy=f"Give a whole number from {LOWEST} to {HIGHEST}")
    return value


def _words(body: Body, name: str) -> str:
    """A text that is only shown and given back."""
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > 4096:
        raise InputRefused(f'"{name}" is no text')
    return value


def _listed(body: Body, name: str, kind: type) -> list[Any] | None:
    value = body.get(name)
    if value is not None and not (isinstance(value, list) and all(type(item) is kind for item in value)):
        raise InputRefused(f'"{name}" is no list of {"numbers" if kind is int else "names"}')
    return value


def _stay_below(shot: Shot) -> None:
    for layer, pattern in named_files(shot):
        posix, windows = PurePosixPath(pattern), PureWindowsPath(pattern)
        if posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts:
            raise InputRefused("a pass that came over the wire must lie in its job's folder", layer=layer, file=pattern)
