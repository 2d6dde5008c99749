"""A model of RunwayML becomes one of semrender: read, told, given an environment, tried, and kept with a card."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from inference_server.models import install
from inference_server.models.base import PaintInput
from inference_server.models.cards import Card, load_card
from inference_server.models.runway import carding, content, environment, family, requirements, static
from inference_server.models.runway.host import Host, Running
from inference_server.models.runway.shim.runway import _confine
from inference_server.models.runway.static import Declared
from shared import places
from shared.errors import SemrenderError
from shared.values import Value
from shared.wording import one_line

LICENCES = {
    "MIT License": "MIT",
    "Apache License": "Apache-2.0",
    "NonCommercial": "non-commercial (Creative Commons)",
    "Noncommercial": "non-commercial",
    "GNU AFFERO": "AGPL",
    "GNU GENERAL": "GPL",
    "BSD": "BSD",
    "Redistribution and use": "BSD",
    "Permission is hereby granted": "MIT",
}
TRIED_AT = (256, 144)  # pixels of the picture that a model is tried on, where it takes any size

Tell = Callable[[str], None]


class Seen(Value):
    """What is known of a model before a line of it runs. sources, files: with what it is given."""

    folder: Path
    declared: Declared
    asked: requirements.Asked
    sources: content.Sources
    files: content.Files
    licence: str
    confined: Mapping[str, bool]

    @property
    def hash(self) -> str:
        return content.hash_of(self.files)


class Tried(Value):
    """The model on its first picture. made: (width, height) and whether with an alpha; said: words and numbers."""

    seconds_to_start: float
    seconds: float
    memory: int
    made: tuple[tuple[int, int], bool] | None
    said: Mapping[str, Any]
    trouble: str = ""


def look(folder: Path, file: str = static.FILE, given: Mapping[str, Path] | None = None) -> Seen:
    """Read a folder; nothing in it is run. Raises InputRefused."""
    declared = static.read(folder, file)
    sources = content.sources_of(folder, given or {})
    files = content.listed(sources)
    return Seen(folder, declared, requirements.read(folder), sources, files, licence_of(folder), _confine.able())


def licence_of(folder: Path) -> str:
    """The licence in words, as far as a file of the folder says it."""
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.name.lower().startswith(("licen", "copying")):
            text = file.read_text(encoding="utf-8", errors="replace")[:20_000]
            named = next((name for words, name in LICENCES.items() if words in text), "")
            return f"{named or 'its own'}, see {file.name}"
    return "none is stated: ask its author"


def words(seen: Seen, running: Running) -> list[str]:
    """What a person should know before allowing the code to run."""
    rows = [f"{seen.folder}: a program of its author's, {content.size_in_words(seen.files)}, {seen.hash[:12]}"]
    for name, command in seen.declared.commands.items():
        sides = [
            ", ".join(f"{one}: {carding.said(field)}" for one, field in command[side].items()) or "nothing"
            for side in ("inputs", "outputs")
        ]
        rows.append(f"command   {name}: {sides[0]} -> {sides[1]}")
    rows += [f"option    {name}: {carding.said(field)}" for name, field in seen.declared.options.items()]
    rows += [f"unknown   {one}: not to be read from the text, known when it runs" for one in seen.declared.unread]
    if seen.declared.keeps:
        rows.append(f"keeps     {', '.join(seen.declared.keeps)}: a frame may depend on the one before")
    rows.append(f"licence   {seen.licence}")
    if seen.asked.python:
        rows.append(f"python    made for {seen.asked.python}")
    if seen.asked.packages:
        rows.append(f"packages  {', '.join(seen.asked.packages)}")
    if seen.asked.left_out:
        rows.append(f"left out  {', '.join(seen.asked.left_out)}")
    rows += [f"not run   {step}" for step in seen.asked.build_steps]
    rows.append(f"network   {'it may use it' if running.network else 'none' if seen.confined['network'] else OPEN}")
    rows.append(
        "files     " + (SHUT if seen.confined["files"] else "this system cannot keep it from what you can read")
    )
    rows.append(f"limits    {running.seconds:g} s a frame, {running.memory / 2**30:g} GiB")
    return [one_line(row) for row in rows]


OPEN = "this system cannot keep it from the network"
SHUT = "the system's, Python's and its own; it writes in a folder that is thrown away"


def add(
    seen: Seen,
    chosen: carding.Chosen,
    running: Running,
    packages: tuple[str, ...] | None,
    replace_: bool = False,
    tell: Tell = lambda _: None,
    device: str = "cpu",
) -> tuple[Card, Tried]:
    """Keep an allowed model. packages: to be installed for `running.python`; None: it has what is needed.

    Raises ModelRefused where the packages cannot be had or the model does not start. That it fails on the picture it
    is tried on is told in `Tried.trouble`: it may want others.
    """
    install.check_name(chosen.name, replace_)
    if packages is not None:
        running = replace(running, python=environment.make(running.python, packages, tell))
    _, installed = environment.about(running.python)
    chosen = replace(chosen, packages=installed, licence=chosen.licence or seen.licence)
    with install.placing(chosen.name, replace_) as beside:
        tell("copying its files")
        content.copy(seen.sources, seen.files, beside)
        family.write_running(beside, running)
        declared = seen.declared
        if declared.unread:
            declared = described(beside, seen.files, running, declared)

        def write(made: tuple[tuple[int, int], bool] | None) -> Card:
            card, label_set = carding.card_of(declared, chosen, seen.files, made)
            if label_set is not None:
                places.write_json(places.label_sets_folder() / f"{chosen.name}.json", label_set, 0o644)
            places.write_json(beside / "card.json", card, 0o644)
            return load_card(beside)

        tell("trying it")
        tried = attempt(write(None), beside, device)
        write(tried.made)
    return load_card(places.models_folder() / chosen.name), tried


def described(folder: Path, files: content.Files, running: Running, read: Declared) -> Declared:
    """What the model says of itself when its file runs, in place of what could not be read."""
    host = Host(folder, files, running, {}, (), "cpu", describe=True)
    host.stop()
    found = host.first["described"]
    return replace(read, options=found["options"], commands=found["commands"], unread=())


def attempt(card: Card, folder: Path, device: str) -> Tried:
    """Start the model and show it a picture. Raises ModelRefused where it does not start."""
    model = family.opened(card, folder, device)
    began = time.monotonic()
    request = test_picture(card)
    try:
        host = model.begin(request)
        started = time.monotonic()
        try:
            outputs, blobs = model.answer(request)
        except SemrenderError as error:
            trouble = ". ".join(part for part in (error.cause, error.remedy) if part)
            return Tried(started - began, time.monotonic() - started, host.peak, None, {}, trouble)
        seconds, memory = time.monotonic() - started, host.peak
        made, output = None, card.config["output"]
        if output is not None and outputs[output] is not None:
            pixels = family.returned(outputs[output], blobs)
            made = (pixels.shape[1], pixels.shape[0]), pixels.ndim == 3 and pixels.shape[2] == 4
        said = {name: value for name, value in outputs.items() if name != output}
        trouble = "It returned None" if output is not None and made is None else ""
        return Tried(started - began, seconds, memory, made, said, trouble)
    finally:
        model.close()


def test_picture(card: Card) -> PaintInput:
    """A frame with a soft ground and a disc, classes from all that the model knows; options at their defaults."""
    wide, high = (card.size.width, card.size.height) if card.size.fit == "stretch" else TRIED_AT
    rows, columns = np.mgrid[0:high, 0:wide]
    disc = (rows - high / 2) ** 2 + (columns - wide / 2) ** 2 < (min(wide, high) / 4) ** 2
    picture = np.dstack([columns / wide, rows / high, np.full(disc.shape, 0.4)]).astype(np.float32)
    picture[disc] = (0.9, 0.7, 0.5)
    channels = np.zeros((high, wide), np.uint16)
    if card.inputs.labels is not None:
        known = sorted(set(card.labels.channels.of.values()))
        channels = np.array(known, np.uint16)[(columns * len(known) // wide).astype(int)]
    return PaintInput(
        channels,
        picture=picture if card.inputs.picture else None,
        beauty=picture[:, ::-1] if card.inputs.beauty else None,
        coverage=np.ones((high, wide), np.float32),
        options=card.check_options({}),
    )
