"""Draws the layout of the After Effects panel from its tree in the fake ScriptUI.

`python -m tools.draw_panel OUT.png`, the tree as JSON on standard input; the panel's test does the same.

A drawing, not a screenshot: order, sizes, margins and words are the panel's, the look is not After Effects'.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

Node = dict[str, Any]
WIDTH, SCALE = 380, 2
BACK, FIELD, EDGE, INK, DIM, LIT = "#232323", "#1b1b1b", "#4a4a4a", "#d4d4d4", "#6f6f6f", "#2f5f9e"


def font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(11 * SCALE)


class Sheet:
    def __init__(self, height: int) -> None:
        self.image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), BACK)
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


def size(node: Node, width: float) -> tuple[float, float]:
    """Of a control in pixels, as wide as it may be."""
    kind, wanted = node["kind"], node.get("size") or [-1, -1]
    if kind in ("group", "panel", "window"):
        shown = [one for one in node["children"] if one["visible"]]
        sides = [size(one, width) for one in shown]
        gap = (node.get("spacing") or 0) * max(0, len(sides) - 1)
        left, top, right, bottom = margins(node)
        if node["orientation"] == "row":
            return sum(w for w, _ in sides) + gap, max((h for _, h in sides), default=0)
        inside = sum(size(one, width - left - right)[1] for one in shown)
        return width, inside + gap + top + bottom
    natural = {
        "button": (length(node["text"]) + 18, 22),
        "statictext": (length(node["text"]) + 2, 16),
        "checkbox": (length(node["text"]) + 22, 18),
        "edittext": ((node.get("characters") or 10) * 7 + 10, 22),
        "dropdownlist": (120, 22),
        "progressbar": (width, 8),
        "listbox": (width, 120),
    }[kind]
    w, h = (b if a in (-1, None) else a for a, b in zip(wanted, natural, strict=True))
    return w, h


def margins(node: Node) -> list[float]:
    given = node.get("margins") or 0
    return [given] * 4 if isinstance(given, (int, float)) else list(given)


def place(sheet: Sheet, node: Node, x: float, y: float, width: float) -> None:
    shown = [one for one in node["children"] if one["visible"]]
    left, top, right, _ = margins(node)
    inner = width - left - right
    if node["kind"] == "panel":
        height = size(node, width)[1]
        sheet.box(x, y + 5, width, height - 5, None)
        sheet.draw.rectangle([v * SCALE for v in (x + 7, y, x + 13 + length(node["text"]), y + 12)], BACK)
        sheet.words(x + 10, y - 2, node["text"])
    x, y = x + left, y + top
    for one in shown:
        w, h = size(one, inner)
        if one["kind"] in ("group", "panel"):
            place(sheet, one, x, y, inner)
        else:
            lower = (size(node, inner)[1] - h) / 2 if node["orientation"] == "row" else 0
            fills = node["orientation"] != "row" and one["kind"] in ("listbox", "edittext", "progressbar", "statictext")
            control(sheet, one, x, y + lower, inner if fills else w, h)
        if node["orientation"] == "row":
            x += w + (node.get("spacing") or 0)
        else:
            y += h + (node.get("spacing") or 0)


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
        across = [x + 6, x + w * 0.52, x + w * 0.7]
        for line, row in enumerate([node["columns"], *node["rows"]]):
            top = y + 4 + 18 * line
            if line and row[0] == node["chosen"] and line == 1:
                sheet.box(x + 2, top - 2, w - 4, 18, LIT, None)
            for at, cell in zip(across, row, strict=True):
                sheet.words(at, top, cell, INK if line else DIM)
    elif kind in ("edittext", "dropdownlist"):
        sheet.box(x, y, w, h, FIELD)
        shown = node["chosen"] or "" if kind == "dropdownlist" else text
        for line, words in enumerate(wrapped(shown, w - 14)[: max(1, int(h // 15))]):
            sheet.words(x + 6, y + 4 + 15 * line, words, ink)
        if kind == "dropdownlist":
            tip = [(x + w - 14, y + 9), (x + w - 6, y + 9), (x + w - 10, y + 14)]
            sheet.draw.polygon([(a * SCALE, b * SCALE) for a, b in tip], ink)
    else:
        for line, words in enumerate(wrapped(text, w)):
            sheet.words(x, y + 15 * line, words, ink)


def draw(tree: Node) -> Image.Image:
    """The panel's tree (`ui.tree()[0]` of the fake) as a picture, with a line that says what it is."""
    height = int(size(tree, WIDTH)[1]) + 26
    sheet = Sheet(height)
    place(sheet, tree, 0, 0, WIDTH)
    sheet.words(10, height - 20, "Drawing of the layout, not a screenshot of After Effects", DIM)
    return sheet.image


def main() -> None:
    draw(json.load(sys.stdin)).save(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
