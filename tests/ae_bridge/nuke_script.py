"""A reader of Nuke scripts that takes nothing on trust: words of TCL, the stack of nodes, and what a frame looks like.

What is known of the format, and from where: a script is evaluated from top to bottom; `inputs N` takes N nodes from the
stack, the one pushed last is input 0; `set N [stack 0]` names the top, `push $N` pushes it again; input 0 of a merge is
B; `frame_mode "start at"` with `frame`; `before` and `after` are hold, loop, bounce or black (public notes of people
who ran hand-written scripts in Nuke 17.1, and scripts that Nuke 11 to 14 wrote). Merge: over A+B(1-a), mask Ba,
stencil B(1-a), mix (Foundry's reference, 15.1). Nodes and knobs that are not listed here are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenEXR

from tests.ae_bridge.stacks import decoded, encoded

PLACE = {"name", "xpos", "ypos", "label", "tile_color", "disable"}
KNOBS = {
    "Root": {"frame", "first_frame", "last_frame", "lock_range", "format", "fps", "colorManagement"},
    "Read": {"file_type", "file", "format", "before", "after", "first", "last", "origfirst", "origlast", "origset"}
    | {"frame_mode", "frame", "raw", "colorspace", "premultiplied"},
    "Constant": {"channels", "color", "format"},
    "Colorspace": {"colorspace_in", "colorspace_out"},
    "Premult": set(),
    "Unpremult": set(),
    "Shuffle": {"alpha"},
    "Expression": {"expr3"},
    "Merge2": {"operation", "mix"},
    "MergeExpression": {"expr0", "expr1", "expr2", "expr3", "mix"},
    "Viewer": {"frame_range", "fps"},
}
Node = dict[str, Any]


def words(text: str) -> list[list[str]]:
    """The commands of a script, each as its words; braces and quotes are taken off."""
    commands, command, at = [], [], 0
    while at < len(text):
        sign = text[at]
        if sign == "\n":
            if command:
                commands.append(command)
            command, at = [], at + 1
        elif sign in " \t":
            at += 1
        elif sign == "{":
            depth, start = 1, at + 1
            while depth:
                at += 1
                depth += {"{": 1, "}": -1}.get(text[at], 0)
            command.append(text[start:at])
            at += 1
        elif sign == '"':
            found = re.compile(r'"((?:[^"\\\[$]|\\.)*)"(?=\s|$)').match(text, at)
            assert found, f"a quote that does not end, or TCL in it: {text[at : at + 40]}"
            command.append(re.sub(r"\\(.)", r"\1", found[1]))
            at = found.end()
        else:
            found = re.compile(r'[^\s{}"]+').match(text, at)
            assert found, text[at : at + 40]
            command.append(found[0])
            at = found.end()
    return [*commands, command] if command else commands


def nodes(text: str) -> dict[str, Node]:
    """The nodes of a script by name: {"kind", "inputs": names, and their knobs}."""
    stack: list[str] = []
    named: dict[str, str] = {}
    found: dict[str, Node] = {}
    for command in words(text):
        if command[0] == "version":
            continue
        if command[0] == "set":
            assert command[2:] == ["[stack", "0]"], command
            named[command[1]] = stack[-1]
        elif command[0] == "push":
            stack.append(named[command[1].removeprefix("$")])
        else:
            kind, body = command
            knobs = {line[0]: line[1] for line in words(body)}
            assert all(len(line) == 2 for line in words(body)), body
            assert set(knobs) - PLACE - {"inputs"} <= KNOBS[kind], (kind, set(knobs) - KNOBS[kind])
            name = knobs.get("name", kind)
            assert name not in found and re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII), name
            count = int(knobs.pop("inputs", 1))
            taken = [stack.pop() for _ in range(count)]
            found[name] = {"kind": kind, "inputs": taken, **knobs}
            if kind != "Root":
                stack.append(name)
    return found


def picture(script: dict[str, Node], frame: int, backdrop: tuple[float, ...]) -> np.ndarray:
    """(H, W, 4): what the Viewer shows of a frame, linear and premultiplied, with another colour in `backdrop`."""
    [viewer] = [one for one in script.values() if one["kind"] == "Viewer"]
    return _image(script, viewer["inputs"][0], frame, backdrop)


def _image(script: dict[str, Node], name: str, frame: int, backdrop: tuple[float, ...]) -> np.ndarray:
    node = script[name]
    under = [_image(script, one, frame, backdrop) for one in node["inputs"]]
    kind = node["kind"]
    if "disable" in node:
        other = re.fullmatch(r"\{(\w+)\.disable\}", node["disable"])
        assert other and "disable" not in script[other[1]]
    if kind == "Constant":
        return np.broadcast_to(np.array(backdrop), (*_size(node), 4)).astype(float)
    if kind == "Read":
        return _read(node, frame)
    if kind == "Premult":
        return np.dstack([under[0][..., :3] * under[0][..., 3:], under[0][..., 3]])
    if kind == "Unpremult":
        return np.dstack([under[0][..., :3] / np.maximum(under[0][..., 3:], 1e-9), under[0][..., 3]])
    if kind == "Colorspace":
        how = node.get("colorspace_in", "Linear"), node.get("colorspace_out", "Linear")
        change = {("Linear", "sRGB"): encoded, ("sRGB", "Linear"): decoded}[how]
        return np.dstack([change(under[0][..., :3]), under[0][..., 3]])
    if kind == "Shuffle":
        assert node["alpha"] == "white"
        return np.dstack([under[0][..., :3], np.ones(under[0].shape[:2])])
    if kind == "Expression":
        return np.dstack([under[0][..., :3], _worked_out(node["expr3"], _planes(under[0], ""))])
    b, a = under
    if kind == "Merge2":
        cover = a[..., 3:]
        made = {"over": a + b * (1 - cover), "mask": b * cover, "stencil": b * (1 - cover)}[node["operation"]]
    else:
        known = {**_planes(a, "A"), **_planes(b, "B")}
        made = np.dstack([_worked_out(node[f"expr{at}"], known) for at in range(4)])
    mix = float(node.get("mix", 1))
    return b * (1 - mix) + made * mix


def _planes(image: np.ndarray, of: str) -> dict[str, np.ndarray]:
    return {f"{of}{channel}": image[..., at] for at, channel in enumerate("rgba")}


def _worked_out(expression: str, known: dict[str, Any]) -> np.ndarray:
    text = re.sub(r"\+\(([^?]*)\?(.*):(.*)\)$", r"+where(\1,\2,\3)", expression)
    assert re.fullmatch(r"[\w+\-*().,<=]+", text), text
    means = {"min": np.minimum, "max": np.maximum, "abs": np.abs, "where": np.where}
    return eval(text, {"__builtins__": {}}, {**known, **means})


def _size(node: Node) -> tuple[int, int]:
    width, height = re.match(r"(\d+) (\d+) 0 0 \1 \2 [\d.]+ [A-Za-z]\w*$", node["format"]).groups()
    return int(height), int(width)


def _read(node: Node, frame: int) -> np.ndarray:
    file = node["file"]
    if "first" in node:
        first, last = int(node["first"]), int(node["last"])
        assert (node["origfirst"], node["origlast"], node["origset"]) == (node["first"], node["last"], "true")
        number = frame
        if "frame_mode" in node:
            assert node["frame_mode"] == "start at"
            number = frame - int(node["frame"]) + first
        if not first <= number <= last:
            assert (node["before"], node["after"]) == ("black", "black")
            return np.zeros((*_size(node), 4))
        file = re.sub(r"%0(\d)d", lambda found: f"{number:0{found[1]}d}", file)
    if file.endswith(".exr"):
        assert node["file_type"] == "exr"
        rgba = OpenEXR.File(file).channels()["RGBA"].pixels.astype(float)
    else:
        rgba = cv2.imdecode(np.fromfile(Path(file), np.uint8), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3]] / 255
    if "raw" in node or node["colorspace"] == "linear":
        return rgba
    assert node["colorspace"] == "sRGB" and "premultiplied" not in node
    return np.dstack([decoded(rgba[..., :3]), rgba[..., 3]])
