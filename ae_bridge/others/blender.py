"""A delivery in Blender: a script that builds the comp, or a .blend that a Blender on this machine builds with it."""

from __future__ import annotations

import os
import pprint
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ae_bridge.others.stack import BLENDED, Comp, frames_of, notes, space_of
from ae_bridge.others.writing import claim, keep
from shared import VERSION
from shared.delivery import DeliveryLayer
from shared.errors import MissingInput, SemrenderError
from shared.footage import frame_path

TEXT = Path(__file__).with_name("in_blender.py")
PROGRAM = "SEMRENDER_BLENDER"  # a Blender, or a Python that has bpy
PLACES = (
    "/Applications/Blender.app/Contents/MacOS/Blender",
    *(f"C:/Program Files/Blender Foundation/Blender {version}/blender.exe" for version in ("5.0", "4.5", "4.2")),
)
LAST_FRAME = 1_048_574  # of Blender; none is below 0


def write_blender(comp: Comp, out: Path) -> list[str]:
    """Write a .py that builds the comp, or a .blend with it; notes.

    Raises InputRefused where there is such a file, MissingInput where no Blender is found for a .blend, SemrenderError
    where the file cannot be written or Blender fails.
    """
    claim(out, ".py", ".blend")
    data = comp_data(comp)
    words = notes(comp)
    if data["shift"]:
        words.append(f"Blender has no frames from {comp.shot.first} to {comp.shot.last}: they begin at frame 0 there")
    if out.suffix.lower() == ".py":
        keep(out, script(data))
    else:
        _build(script(data), out)
    return words


def script(data: dict[str, Any]) -> str:
    head = f'"""The comp {data["name"]!a} for Blender 4.2 or newer, by semrender {VERSION}.\n\n'
    use = "Open it in Blender's text editor and run it, or: blender --python THIS.py [-- NEW.blend]\n"
    values = pprint.pformat(data, width=120, sort_dicts=False)
    end = 'if __name__ == "__main__":\n    main(COMP)\n'
    return f'{head}{use}"""\n\n{TEXT.read_text(encoding="utf-8")}\n\nCOMP = {ascii_only(values)}\n\n{end}'


def ascii_only(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii")


def comp_data(comp: Comp) -> dict[str, Any]:
    """The comp as plain data: `layers` from the bottom up, then what is not in the picture."""
    shot, shown = comp.shot, comp.shown
    mattes = {layer.matte.uid for layer in comp.delivery.layers if layer.matte}
    return {
        "name": shot.name,
        "size": (shot.width, shot.height),
        "pixel_aspect": shot.pixel_aspect,
        "fps": (shot.fps_num, shot.fps_den),
        "first": shot.first,
        "last": shot.last,
        "shift": 0 if shot.first >= 0 and shot.last <= LAST_FRAME else -shot.first,
        "space": comp.space,
        "layers": [
            *(_layer(comp, one, used=True, shown=True) for one in shown),
            *(_layer(comp, one, used=one.uid in mattes, shown=False) for one in comp.aside),
        ],
        "sounds": [
            {"name": one.name, "file": (comp.folder / one.footage.path).as_posix(), "start": one.footage.start}
            for one in comp.delivery.audio
            if one.enabled
        ],
    }


def _layer(comp: Comp, layer: DeliveryLayer, *, used: bool, shown: bool) -> dict[str, Any]:
    footage = layer.footage
    seen = frames_of(layer, comp.shot)
    return {
        "uid": layer.uid,
        "name": layer.name,
        "role": layer.role,
        "file": (comp.folder / frame_path(footage, footage.first)).as_posix(),
        "sequence": footage.sequence,
        "first": footage.first,
        "count": footage.last - footage.first + 1,
        "start": footage.start_frame,
        "seen": (seen.start, seen.stop - 1),
        "alpha": footage.alpha,
        "space": space_of(footage),
        "used": used,
        "shown": shown and len(seen) > 0,
        "blend": layer.blend if layer.blend in BLENDED else "NORMAL",
        "opacity": layer.opacity / 100,
        "matte": layer.matte and {"layer": _matte(comp, layer.matte.uid), "type": layer.matte.type},
    }


def _matte(comp: Comp, uid: str) -> dict[str, Any]:
    matte = comp.layer(uid)
    return {
        "uid": matte.uid,
        "name": matte.name,
        "matte": matte.matte and {"layer": _matte(comp, matte.matte.uid), "type": matte.matte.type},
    }


def _build(text: str, out: Path) -> None:
    program = _program()
    with tempfile.TemporaryDirectory(prefix="semrender-") as folder:
        built, said = Path(folder) / "comp.py", Path(folder) / "comp.blend"
        built.write_text(text, encoding="ascii")
        python = Path(program).stem.lower().startswith("python")
        how = ["--background", "--factory-startup", "--python-exit-code", "1", "--python"]
        command = [program, str(built)] if python else [program, *how, str(built), "--"]
        done = subprocess.run([*command, str(said)], capture_output=True, text=True, errors="replace", check=False)
        if done.returncode or not said.is_file():
            cause = (done.stderr.strip() or done.stdout.strip() or f"it ended with {done.returncode}").splitlines()[-1]
            raise SemrenderError(
                "Blender could not build the comp", file=Path(program), cause=cause, remedy="Write a .py, and run that"
            )
        keep(out, said.read_bytes())


def _program() -> str:
    named = os.environ.get(PROGRAM)
    found = named and shutil.which(named)
    if named and not found:
        raise MissingInput(f"{PROGRAM} names no program", file=Path(named), remedy="Name a Blender of 4.2 or newer")
    found = found or shutil.which("blender") or next((place for place in PLACES if Path(place).is_file()), None)
    if not found:
        raise MissingInput(
            f"there is no Blender on this machine ({sys.platform})",
            remedy=f"Write a .py and run it in Blender, or name the program in {PROGRAM}",
        )
    return found
