"""`semrender walk`: what a walk will look like and how the sound moves it, on one sheet, before it is painted."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from inference_server.commands.cli import add_shot_arguments, shot_from_arguments
from shared.errors import InputRefused, SemrenderError
from shared.handing import describe

MOST = 42  # keyframes that are shown
ROUND = 7  # pictures of a circle


def add_commands(commands: Any) -> None:
    walk = commands.add_parser("walk", help="a walk's keyframes and curves on one sheet, before it is painted")
    walk.add_argument("input", nargs="?", help="shot.json; nothing with --seeds")
    words = "the sheet (default: walk.png here); the name of a layer is added where several walk"
    walk.add_argument("--out", type=Path, default=Path("walk.png"), metavar="PNG", help=words)
    add_shot_arguments(walk)
    walk.set_defaults(run=run_walk)


def run_walk(arguments: argparse.Namespace) -> int:
    """Draw the sheet of every layer that walks. Raises InputRefused where none does."""
    from inference_server.broker.requests import job_spec  # paints here: what that needs takes a while to load
    from inference_server.worker.plan import make_plan

    shot, base, _ = shot_from_arguments(arguments)
    folder = arguments.out.absolute().parent
    plan = make_plan(job_spec(describe(shot, base, None, arguments.layer), base, folder, None, False), "sheet")
    walking = [name for name, own in plan.layers.items() if own.walk is not None]
    if not walking:
        raise InputRefused("no layer of the shot walks", remedy='Give one a "walk" (docs/walks.md), or --seeds 1,5,9')
    made = []
    for name in walking:
        out = arguments.out
        file = out if len(walking) == 1 else out.with_name(f"{out.stem}_{name}{out.suffix}")
        try:
            warnings = _sheet(plan, name, file)
        except SemrenderError as error:
            raise error.located(layer=name) from None
        made.append({"layer": name, "sheet": str(file), "warnings": warnings})
    if arguments.json:
        print(json.dumps(made))
    else:
        for one in made:
            for words in one["warnings"]:
                print(f"note: {words}")
            print(f"{one['layer']}: {one['sheet']}")
    return 0


def _sheet(plan: Any, name: str, file: Path) -> list[str]:
    """Draw a layer's sheet; returns what the artist should know."""
    import numpy as np

    from inference_server.models import walk_sheet
    from inference_server.models.base import PaintInput, load_model
    from inference_server.worker import walking
    from shared.shot import resolved
    from shared.walking import key_frames, stops

    own, first, last = plan.layers[name], plan.shot.first, plan.shot.last
    warnings = walking.judge(plan, own)
    model, rows = load_model(own.card), walking.rows_of(plan, own)
    seed, count = resolved(plan.shot, own.layer).seed or 0, walking.layers_in(own.card)
    channels = np.zeros((own.card.size.height, own.card.size.width), np.uint16)

    def picture(frame: int, words: str, levels: tuple[float, ...] = ()) -> walk_sheet.Shown:
        walk = stops(own.walk, frame, first, last, count, seed, levels)
        turn = walking.turn_of(plan, frame)
        request = PaintInput(channels, seed=seed, options=own.options, walk=walk, rows=rows, turn=turn)
        return walk_sheet.Shown(frame, words, model.paint(request)[..., :3])

    keys = own.walk.keys
    frames = [round(time) for time in key_frames(keys, first, last, own.walk.loop)]
    words = [f"seed {key.seed}" if key.w is None else f"{Path(key.w).stem} {key.index}" for key in keys]
    if own.walk.circle is not None:
        frames = [first + number * len(plan.shot.frames) // ROUND for number in range(ROUND)]
        words = [f"{number}/{ROUND} round" for number in range(ROUND)]
    chosen = list(zip(frames, words, strict=True))[:: -(-len(frames) // MOST)]
    shown = [picture(frame, one) for frame, one in chosen]
    routes = own.walk.drive
    for number, route in enumerate(routes):
        alone = tuple(float(number == other) for other in range(len(routes)))
        shown.append(picture(frames[0], f"{route.feature} on {route.layers}", alone))
    curves = {}
    if own.sound is not None and routes:
        heard = walking.curves(plan, own)
        levels = [walking.levels_at(heard, routes, frame - own.sound.start) for frame in plan.shot.frames]
        for number, route in enumerate(routes):
            title = f"{number + 1}  {route.feature} on {route.layers}, {route.amount:g} of the way"
            curves[title] = [one[number] for one in levels]
    title = f"{plan.shot.name}, {name}: {walking.in_words(own)}; frames {first}-{last}, {own.card.title}"
    walk_sheet.draw(file, title, plan.shot.frames, shown, curves)
    return warnings
