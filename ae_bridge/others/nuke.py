"""A delivery as a Nuke script: Reads, mattes, merges in stack order, and what is not in the picture beside them.

Read and merged as in After Effects, in the values of the files; the picture is linear in the end, as Nuke works.
Whoever switches off `to_linear` merges in linear light. A .nk is a stack: a node takes what was pushed last as its
input 0, and input 0 of a merge is B, what is below.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ae_bridge.others.stack import ACESCG, BLENDED, SRGB, VALUES, Comp, frames_of, notes, space_of
from ae_bridge.others.writing import claim, keep
from shared.delivery import DeliveryLayer, Footage
from shared.footage import frame_path, number_in

VERSION = "12.0 v1"  # the oldest that reads it
LUMA = "0.2126*r+0.7152*g+0.0722*b"
ODD = re.compile(r"[#%[$]")  # in a path: numbers, TCL and its variables
COLUMN, ROW, STEP = 160, 240, 40  # of the node graph
TILES = {"painting": "0x4c7a4cff", "matte": "0x4c8a8aff", "cryptomatte": "0x8a4c8aff"}
PASS_TILE = "0x6b5a45ff"
AS_LINEAR = {"colorspace_out": "sRGB", "disable": "{{to_linear.disable}}"}  # both or none
NONE: Mapping[str, str] = MappingProxyType({})


def write_nuke(comp: Comp, out: Path) -> list[str]:
    """Write the script of a comp; notes.

    Raises InputRefused where there is such a file, SemrenderError where it cannot be written.
    """
    claim(out, ".nk")
    keep(out, script(comp))
    words = notes(comp)
    if ACESCG in {space_of(one.footage) for one in comp.shown}:
        words.append("the paintings are ACEScg: they are read raw, so work in ACEScg")
    if ODD.search(comp.folder.as_posix()):
        words.append(f"Nuke may not find files beneath a folder with # % [ or $ in its name: {comp.folder}")
    for layer in comp.delivery.layers:
        if ODD.search(layer.footage.path):
            words.append(f"layer {layer.name}: Nuke may not find files with # % [ or $ in their names")
    return words


def script(comp: Comp) -> str:
    graph = Graph(comp)
    shot = comp.shot
    graph.root()
    nothing = {"channels": "rgba", "color": "{0 0 0 0}", "format": graph.format}
    below = graph.node("Constant", "backdrop", [], -1, 0, nothing)
    for at, layer in enumerate(comp.shown):
        if frames_of(layer, shot):
            below = graph.over(layer, below, at)
    row = len(comp.shown)
    if comp.space == SRGB:
        back = {"colorspace_in": "sRGB", "colorspace_out": "Linear"}
        below = graph.node("Unpremult", "straight", [below], row)
        below = graph.node("Colorspace", "to_linear", [below], row, 0, back)
        below = graph.node("Premult", "picture", [below], row)
    seen = {"frame_range": f"{shot.first}-{shot.last}", "fps": f"{shot.fps:g}"}
    graph.node("Viewer", "Viewer1", [below], row + 1, 0, seen)
    for layer in comp.aside:
        if layer.uid not in graph.reads:
            graph.read(layer, -2, beside=True)
    return "\n".join(graph.lines) + "\n"


class Graph:
    """The nodes of a script as text; what makes one returns its name."""

    def __init__(self, comp: Comp) -> None:
        self.comp = comp
        self.lines: list[str] = []
        self.reads: dict[str, str] = {}  # by the uid of the layer
        self._names: set[str] = set()
        self._beside = 0
        self._placed: Counter[tuple[int, int]] = Counter()
        shot = comp.shot
        aspect = f"{shot.pixel_aspect:g}"
        size = f"{shot.width} {shot.height} 0 0 {shot.width} {shot.height} {aspect}"
        self.format = f'"{size} {plain(shot.name)}"'

    def root(self) -> None:
        shot = self.comp.shot
        self.lines += [f"version {VERSION}", "Root {", " inputs 0", f" frame {shot.first}"]
        self.lines += [f" first_frame {shot.first}", f" last_frame {shot.last}", " lock_range true"]
        self.lines += [f" format {self.format}", f" fps {shot.fps:g}", " colorManagement Nuke", "}"]

    def node(
        self, kind: str, name: str, inputs: list[str], row: int, column: int = 0, knobs: Mapping[str, str] = NONE
    ) -> str:
        name = self._free(plain(name))
        pushed = [f"push $N_{one}" for one in reversed(inputs)]  # what is pushed last is input 0
        count = [] if len(inputs) == 1 else [f" inputs {len(inputs)}"]
        said = [f" {knob} {value}" for knob, value in knobs.items()]
        below = self._placed[column, row] * STEP
        self._placed[column, row] += 1
        place = [f" xpos {column * COLUMN}", f" ypos {row * ROW + below}"]
        self.lines += [*pushed, f"{kind} {{", *count, *said, f" name {name}", *place, "}", f"set N_{name} [stack 0]"]
        return name

    def read(self, layer: DeliveryLayer, row: int, beside: bool = False) -> str:
        footage = layer.footage
        space = space_of(footage)
        knobs = {"file_type": Path(footage.path).suffix[1:].lower(), "file": quoted(_literal(self._pattern(footage)))}
        knobs |= {"format": self.format, "before": "black", "after": "black"}
        if footage.sequence:
            first, last = footage.first, footage.last
            knobs |= {"first": str(first), "last": str(last)}
            knobs |= {"origfirst": str(first), "origlast": str(last), "origset": "true"}
            if footage.start_frame != first:
                knobs |= {"frame_mode": '"start at"', "frame": str(footage.start_frame)}
        else:
            knobs |= {"before": "hold", "after": "hold"}
        knobs |= {"raw": "true"} if space in (VALUES, ACESCG) else {"colorspace": space}
        if footage.alpha == "PREMULTIPLIED":
            knobs["premultiplied"] = "true"
        knobs |= {"tile_color": TILES.get(layer.role, PASS_TILE), "label": quoted(layer.role)}
        self._beside += beside
        name = self.node("Read", layer.name, [], row, -self._beside if beside else 1, knobs)
        self.reads[layer.uid] = name
        return name

    def picture(self, layer: DeliveryLayer, row: int) -> str:
        """A layer as it is laid over: in the values of the comp, premultiplied, cut by its matte."""
        alpha, space = layer.footage.alpha, space_of(layer.footage)
        one = self.reads.get(layer.uid) or self.read(layer, row)
        if alpha == "IGNORE":
            one = self.node("Shuffle", f"{layer.name}_opaque", [one], row, 1, {"alpha": "white"})
        if space == "linear" and self.comp.space == SRGB and alpha == "PREMULTIPLIED":
            one = self.node("Unpremult", f"{layer.name}_straight", [one], row, 1)
            alpha = "STRAIGHT"
        if space in (SRGB, "linear") and self.comp.space == SRGB:
            one = self.node("Colorspace", f"{layer.name}_as_file", [one], row, 1, AS_LINEAR)
        if alpha == "STRAIGHT":
            one = self.node("Premult", f"{layer.name}_premult", [one], row, 1)
        if layer.matte is None:
            return one
        luma, inverted = layer.matte.type.startswith("LUMA"), layer.matte.type.endswith("INVERTED")
        matte = self.picture(self.comp.layer(layer.matte.uid), row)
        if luma:
            matte = self.node("Expression", f"{layer.name}_luma", [matte], row, 2, {"expr3": quoted(LUMA)})
        how = "stencil" if inverted else "mask"
        return self.node("Merge2", f"{layer.name}_cut", [one, matte], row, 1, {"operation": how})

    def over(self, layer: DeliveryLayer, below: str, row: int) -> str:
        seen = self.picture(layer, row)
        mix = {} if layer.opacity == 100 else {"mix": f"{layer.opacity / 100:g}"}
        if layer.blend not in BLENDED:
            return self.node("Merge2", f"{layer.name}_over", [below, seen], row, 0, {"operation": "over", **mix})
        return self.node(
            "MergeExpression", f"{layer.name}_over", [below, seen], row, 0, {**_blended(layer.blend), **mix}
        )

    def _pattern(self, footage: Footage) -> str:
        if not footage.sequence:
            return (self.comp.folder / frame_path(footage, 0)).as_posix()
        before, _, after = number_in(footage)
        return f"{(self.comp.folder / 'x').as_posix()[:-1]}{before}%0{footage.padding}d{after}"

    def _free(self, name: str) -> str:
        free, number = name, 1
        while free in self._names:
            number += 1
            free = f"{name}_{number}"
        self._names.add(free)
        return free


def _blended(mode: str) -> dict[str, str]:
    """The expressions of a mode for red, green, blue and alpha."""
    apart = f"S*(1-b)+B*(1-s)+({BLENDED[mode]})"
    said = re.sub(r"\bs\b", "Aa", re.sub(r"\bb\b", "Ba", apart))
    channels = [re.sub(r"\bS\b", f"A{one}", re.sub(r"\bB\b", f"B{one}", said)) for one in "rgb"]
    return {f"expr{at}": quoted(one) for at, one in enumerate([*channels, "Aa+Ba-Aa*Ba"])}


def plain(name: str) -> str:
    """A name that Nuke takes for a node: letters, digits and _, a letter first."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return name if re.match(r"[A-Za-z]", name) else f"n{name}"


def _literal(path: str) -> str:
    """A path as a file knob holds it: Nuke runs what stands in [ ] there, so that it must not."""
    return re.sub(r"([\[\]$])", r"\\\1", path)


def quoted(text: str) -> str:
    """A word of TCL that stands for the text itself."""
    return '"' + re.sub(r'(["\\\[\]$])', r"\\\1", text) + '"'
