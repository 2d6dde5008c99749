"""Draws the layout of the After Effects panel from its tree in the fake ScriptUI.

`python -m tools.draw_panel OUT.png`, a list of trees as JSON on standard input; the panel's test does the same.

A drawing, not a screenshot: order, sizes, margins and words are the panel's, the look is not After Effects'.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

Node = dict[str, Any]
SCALE = 2
GAP = 12
BACK, FIELD, EDGE, INK, DIM, LIT = "#232323", "#1b1b1b", "#4a4a4a", "#d4d4d4", "#6f6f6f", "#2f5f9e"


def font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(11 * SCALE)


class Sheet:
    def __init__(self, width: float, height: float) -> None:
        self.image = Image.new("RGB", (int(width * SCALE), int(height * SCALE)), BACK)
        self.draw = ImageDraw.Draw(self.image)

    def box(self, x: float, y: float, w: float, h: float, fill: str | None, edge: str | None = EDGE) -> None:
        corners = [v * SCALE for v in (x, y, x + w, y + h)]
        self.draw.rounded_rectangle(corners, 3 * SCALE, fill, edge, SCALE)

    def words(self, x: float, y: float, text: str, fill: str = INK) -> None:
        self.draw.text((x * SCALE, y * SCALE), text, fill, font())


def length(text: str) -> float:
    return font().getlength(text) / SCALE


def wrapped(text: str, width: float) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = "    " if paragraph.startswith(" ") else ""
        for word in paragraph.split():
            joined = f"{line} {word}" if line.strip() else line + word
            if line.strip() and length(joined) > width:
                lines.append(line)
                joined = f"    {word}" if paragraph.startswith(" ") else word
            line = joined
        lines.append(line)
    return lines


def control(sheet: Sheet, node: Node, x: float, y: float, w: float, h: float) -> None:
    ink = INK if node["enabled"] else DIM
    kind, text = node["kind"], node["text"]
    if kind == "button":
        sheet.box(x, y, w, h, "#333333" if node["enabled"] else BACK)
        sheet.words(x + (w - length(text)) / 2, y + 4, text, ink)
    elif kind == "checkbox":
        sheet.box(x, y + 2, 13, 13, LIT if node.get("value") else FIELD)
        sheet.words(x + 19, y + 2, text, ink)
    elif kind == "progressbar":
        sheet.box(x, y, w, h, FIELD)
        if node.get("value"):
            sheet.box(x, y, w * node["value"] / 100, h, LIT, None)
    elif kind == "listbox":
        sheet.box(x, y, w, h, FIELD)
        widths = node.get("widths") or [w]
        across = [x + 6 + sum(widths[:n]) for n in range(len(widths))]
        head = [node["columns"]] if node.get("columns") else []
        for line, row in enumerate([*head, *node["rows"]]):
            top = y + 4 + 18 * line
            if top + 16 > y + h:
                break
            if line - len(head) in node["lit"]:
                sheet.box(x + 2, top - 2, w - 4, 18, LIT, None)
            for at, cell, room in zip(across, row, widths, strict=True):
                sheet.words(at, top, short(cell, min(room, x + w - at) - 4), DIM if line < len(head) else INK)
    elif kind in ("edittext", "dropdownlist"):
        sheet.box(x, y, w, h, FIELD)
        shown = node["chosen"] or "" if kind == "dropdownlist" else text
        for line, words in enumerate(
            wrapped(shown, w - (22 if kind == "dropdownlist" else 14))[: max(1, int(h // 15))]
        ):
            sheet.words(x + 6, y + 4 + 15 * line, words, ink)
        if kind == "dropdownlist":
            tip = [(x + w - 14, y + 9), (x + w - 6, y + 9), (x + w - 10, y + 14)]
            sheet.draw.polygon([(a * SCALE, b * SCALE) for a, b in tip], ink)
    elif h < 20:
        sheet.words(x, y, short(text, w), ink)
    else:
        for line, words in enumerate(wrapped(text, w)[: int(h // 15)]):
            sheet.words(x, y + 15 * line, words, ink)


def draw(*trees: Node) -> Image.Image:
    """Panels (`ui.tree()[0]` of the fake) side by side as a picture, with a line that says what it is."""
    width = sum(tree["box"][2] + GAP for tree in trees) + GAP
    sheet = Sheet(width, max(tree["box"][3] for tree in trees) + 2 * GAP + 16)
    left = GAP
    for tree in trees:
        sheet.box(left, GAP, *tree["box"][2:], BACK)
        show(sheet, tree, left, GAP)
        left += tree["box"][2] + GAP
    sheet.words(GAP, sheet.image.height / SCALE - 22, "Drawing of the layout, not a screenshot of After Effects", DIM)
    return sheet.image


def show(sheet: Sheet, node: Node, left: float, top: float) -> None:
    for one in node["children"]:
        x, y, w, h = one["box"]
        if one["visible"] and one["kind"] == "group":
            show(sheet, one, left, top)
        elif one["visible"]:
            control(sheet, one, left + x, top + y, w, h)


def short(text: str, width: float) -> str:
    """As much of a text as there is room for."""
    if length(text) <= width:
        return text
    while text and length(text + "...") > width:
        text = text[:-1]
    return text + "..."


def main() -> None:
    draw(*json.load(sys.stdin)).save(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
