"""`semrender decode`, `labels` and `schema`: what is in a label pass, and how the files are written."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.errors import InputRefused
from shared.label_set import NOTHING, Label, LabelSet, Palette, available, load_label_set, plain, warnings
from shared.names import names_text, read_names
from shared.wording import counted

if TYPE_CHECKING:
    from shared.passes import LabelPass

Commands = Any  # argparse has no public name for what add_subparsers returns
NOT_ANNOTATED = "never annotated"
SCHEMAS = Path(__file__).parent / "schemas"  # written by tools/schemas.py
SHOWN = 10  # names that a line lists
READ = ("palette", "mode", "palette_png", "encoding", "exr_layer", "crypto", "uncovered")


def add_commands(commands: Commands) -> None:
    """Register `decode`, `labels` and `schema`; each sets `run(arguments) -> exit code`."""
    decode = commands.add_parser("decode", help="turn a label pass into a grey PNG of class ids")
    decode.add_argument("file", type=Path, help="PNG, TIFF, JPEG or EXR")
    decode.add_argument("--out", type=Path, metavar="IDS.png", help="where to write it (default: only say what is in)")
    decode.add_argument("--label-set", default="coco_stuff", help="a name of `semrender labels`, or a .json file")
    decode.add_argument("--palette", help="of the label set, or code (default: found out)")
    decode.add_argument("--mode", choices=("strict", "nearest"), help="nearest guesses soiled pixels and counts them")
    decode.add_argument("--palette-png", choices=("index", "colour"), help="what a palette PNG's pixels mean")
    decode.add_argument("--encoding", choices=("colour", "ids", "cryptomatte"))
    decode.add_argument("--exr-layer", metavar="NAME", help="EXR layer, channel or part that holds the labels")
    decode.add_argument("--crypto", metavar="NAME", help="which Cryptomatte: material, object, asset")
    decode.add_argument("--uncovered", metavar="CLASS", help="class of pixels that no Cryptomatte object covers")
    decode.add_argument("--names", type=Path, metavar="FILE", help="table of names and classes, .csv or .json")
    decode.add_argument(
        "--classes", metavar="A,B", help="classes of the shot; they settle a colour that two classes share"
    )
    decode.set_defaults(run=run_decode)

    labels = commands.add_parser("labels", help="which label sets there are, and which colour is which class")
    actions = labels.add_subparsers(title="actions", metavar="ACTION")
    listing = actions.add_parser("list", help="all label sets (also without an action)")
    for one in (labels, listing):
        one.set_defaults(run=run_list)
    show = actions.add_parser("show", help="the classes of one set, as text or as a picture of swatches")
    show.add_argument("name", help="a label set or a .json file")
    show.add_argument("--palette", help="which colours (default: the set's first)")
    show.add_argument("--find", metavar="WORD", help="part of a name, an id, or a colour: 60,55,50")
    show.add_argument("--out", type=Path, metavar="SHEET.png", help="draw a sheet of swatches")
    show.set_defaults(run=run_show)
    names = actions.add_parser("names", help="the names in a Cryptomatte with their classes, as a table to fill in")
    names.add_argument("files", type=Path, nargs="+", help="a frame of the pass, or several")
    names.add_argument("--label-set", default="coco_stuff", help="a name of `semrender labels`, or a .json file")
    names.add_argument("--crypto", metavar="NAME", help="which Cryptomatte: material, object, asset")
    names.add_argument("--names", type=Path, metavar="FILE", help="a table with classes that are known already")
    names.add_argument("--out", type=Path, metavar="NAMES.csv", help=".csv or .json, to be given back with --names")
    names.set_defaults(run=run_names)

    schema = commands.add_parser("schema", help="the JSON Schema of shot.json and its kin, for your editor")
    schema.add_argument("document", choices=sorted(file.name.partition(".")[0] for file in SCHEMAS.glob("*.json")))
    schema.set_defaults(run=run_schema)


def run_schema(arguments: argparse.Namespace) -> int:
    print((SCHEMAS / f"{arguments.document}.schema.json").read_text(encoding="utf-8"), end="")
    return 0


# --- decode -----------------------------------------------------------------------------------------------


def run_decode(arguments: argparse.Namespace) -> int:
    """Decode one file, say what is in it, write its ids. Raises InputRefused in words."""
    from shared.passes import ReadOptions, read_label_pass

    label_set = load_label_set(arguments.label_set)
    options: dict[str, Any] = {key: getattr(arguments, key) for key in READ if getattr(arguments, key) is not None}
    if arguments.names is not None:
        options["names"] = read_names(arguments.names)
    if arguments.classes is not None:
        options["classes"] = [name.strip() for name in arguments.classes.split(",") if name.strip()]
    if arguments.out is not None:
        _check_out(arguments.out, arguments.file)
    decoded = read_label_pass(arguments.file, label_set, ReadOptions.from_dict(options))
    depth = None if arguments.out is None else write_ids(arguments.out, decoded, label_set)
    found = _found(decoded, label_set)
    if arguments.json:
        written = None if depth is None else {"file": str(arguments.out), "depth": depth}
        print(json.dumps({**found, "written": written}))
    else:
        _print_found(found)
        if depth is not None:
            print(f"wrote {arguments.out} ({depth}-bit grey, {2**depth - 1} = nothing)")
    return 0


def write_ids(path: Path, decoded: LabelPass, label_set: LabelSet) -> int:
    """A grey PNG of the ids, 8 bit where every id of the set fits beside 255 = NOTHING, else 16; returns the bits."""
    import cv2
    import numpy as np

    small = max(label.id for label in label_set.labels) < 255
    # NOTHING is 65535, whose low byte is 255: the 8-bit mark.
    pixels = decoded.ids.astype(np.uint8) if small else decoded.ids
    written, encoded = cv2.imencode(".png", pixels)
    if not written:
        raise InputRefused("the ids cannot be written as PNG", file=path)
    _write(path, encoded.tobytes())
    return 8 if small else 16


def _check_out(out: Path, source: Path | None = None) -> None:
    if out.suffix.lower() != ".png":
        raise InputRefused("the result is a PNG", file=out, remedy="Give --out a name that ends in .png")
    if source is not None and source.exists() and out.exists() and source.samefile(out):
        raise InputRefused("the result would replace the file it is made from", file=out, remedy="Choose another --out")


def _write(path: Path, content: bytes) -> None:
    """Beside its place, then renamed: under its name the file is whole."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(content)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise InputRefused("the file cannot be written", file=path, cause=error.strerror or str(error)) from None


def _found(decoded: LabelPass, label_set: LabelSet) -> dict[str, Any]:
    """What is in a pass, as plain data: classes by size."""
    facts = decoded.facts
    present = sorted(facts.classes.items(), key=lambda entry: (-entry[1], entry[0]))
    return {
        "file": str(facts.path),
        "kind": facts.kind,
        "size": [facts.width, facts.height],
        "label_set": {"name": label_set.name, "hash": label_set.hash},
        "palette": facts.palette,
        "classes": [
            {"id": i, "name": label_set.by_id(i).name, "pixels": count} for i, count in present if i != NOTHING
        ],
        "nothing": facts.classes.get(NOTHING, 0),
        "guessed": facts.guessed,
        "warnings": list(facts.warnings),
    }


def _print_found(found: dict[str, Any]) -> None:
    width, height = found["size"]
    palette = f", palette {found['palette']}" if found["palette"] else ""
    print(f"{found['file']}: {width}x{height}, {found['kind']}, {found['label_set']['name']}{palette}")
    rows = [(str(one["id"]), one["name"], one["pixels"]) for one in found["classes"]]
    if found["nothing"]:
        rows.append(("-", "nothing (outside the layer)", found["nothing"]))
    wide = max(len(name) for _, name, _ in rows)
    for identity, name, pixels in rows:
        print(f"  {identity:>5}  {name:<{wide}}  {pixels:>10} px  {pixels / (width * height):7.2%}")
    if found["guessed"]:
        share = f"({found['guessed'] / (width * height):.2%})"
        print(f"guessed: {counted(found['guessed'], f'pixel {share} was', f'pixels {share} were')} no class")
    for words in found["warnings"]:
        print(f"note: {words}")


# --- names ------------------------------------------------------------------------------------------------


def run_names(arguments: argparse.Namespace) -> int:
    """Every name of the passes, largest first, with the class that it means or none. Raises InputRefused."""
    from shared.passes import ReadOptions
    from shared.passes.names import names_in, unused

    options = ReadOptions(crypto=arguments.crypto, names=read_names(arguments.names) if arguments.names else {})
    crypto, rows = names_in(arguments.files, load_label_set(arguments.label_set), options)
    lost = unused(options.names, rows)
    if arguments.out is not None:
        _write(arguments.out, names_text(rows, arguments.out.suffix).encode())
    if arguments.json:
        written = None if arguments.out is None else str(arguments.out)
        told = {"crypto": crypto, "names": [one._asdict() for one in rows], "unused": lost, "written": written}
        print(json.dumps(told))
        return 0
    open_names = sum(not one.means for one in rows)
    names = counted(len(rows), "name")
    if lost:
        shown = ", ".join(lost[:SHOWN]) + (" …" if len(lost) > SHOWN else "")
        print(f"{counted(len(lost), 'name')} of {arguments.names} not in the Cryptomatte {crypto}: {shown}")
    if arguments.out is not None:
        print(f"wrote {arguments.out}: {names}, {open_names} without a class; give it back with --names")
        return 0
    wide = max(len(one.name) for one in rows)
    for one in rows:
        print(f"  {one.name:<{wide}}  {one.share:7.2%}  {one.means or '-'}")
    print(f"{names}, {open_names} without a class; --out names.csv writes a table to fill in")
    return 0


# --- labels -----------------------------------------------------------------------------------------------


def run_list(arguments: argparse.Namespace) -> int:
    """All label sets; one that cannot be used is listed with the reason."""
    rows: list[dict[str, Any]] = []
    for name in available():
        try:
            one = load_label_set(name)
        except InputRefused as error:
            rows.append({"name": name, "error": str(error)})
            continue
        about = {"version": one.version, "classes": len(one.labels), "palettes": list(one.palettes)}
        rows.append({"name": name, "title": one.title, **about, "hash": one.hash, "notes": warnings(one)})
    if arguments.json:
        print(json.dumps(rows))
        return 0
    wide = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        if "error" in row:
            print(f"{row['name']:<{wide}}  cannot be used: {row['error']}")
        else:
            palettes = ", ".join([*row["palettes"], "code"])
            print(f"{row['name']:<{wide}}  {row['classes']:>4} classes  {row['title']}; palettes: {palettes}")
    print("`semrender labels show NAME` lists its classes, with --out sheet.png as a picture")
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    """The classes of a set with their colours. Raises InputRefused for what is not there."""
    label_set = load_label_set(arguments.name)
    palette = _palette(label_set, arguments.palette)
    labels, note = select(label_set, palette, arguments.find)
    if arguments.out is not None:
        _check_out(arguments.out)
        write_sheet(arguments.out, label_set, palette, labels)
    if arguments.json:
        classes = [
            {"id": one.id, "name": one.name, "aliases": list(one.aliases), "annotated": one.annotated}
            | {"color": list(palette.colors[one.id])}
            for one in labels
        ]
        about: dict[str, Any] = {"name": label_set.name, "version": label_set.version, "hash": label_set.hash}
        about |= {"palette": palette.name, "classes": classes}
        about["written"] = None if arguments.out is None else str(arguments.out)
        print(json.dumps(about))
    elif arguments.out is not None:
        print(f"wrote {arguments.out}: {len(labels)} classes of {label_set.name}, palette {palette.name}")
    else:
        _print_labels(label_set, palette, labels)
    if note:
        print(note, file=sys.stderr)
    return 0


def _palette(label_set: LabelSet, name: str | None) -> Palette:
    if name is None:
        return next(iter(label_set.palettes.values()))
    if name == "code":
        from shared.label_code import LAST, encode

        if max(label.id for label in label_set.labels) > LAST:
            raise InputRefused(f"the label code has no room for the ids of {label_set.name}")
        return Palette(name, "the self-checking label code", {one.id: encode(one.id) for one in label_set.labels})
    if name not in label_set.palettes:
        raise InputRefused(
            f"the label set {label_set.name} has no palette {name!r}",
            remedy=f"It has {', '.join([*label_set.palettes, 'code'])}",
        )
    return label_set.palettes[name]


def select(label_set: LabelSet, palette: Palette, find: str | None) -> tuple[list[Label], str]:
    """The classes that `find` means, by id, and a note. A colour that is no class gives the three nearest ones."""
    labels = sorted(label_set.labels, key=lambda one: one.id)
    if find is None:
        return labels, ""
    color = parse_color(find)
    if color is None:
        word = plain(find)
        found = [one for one in labels if any(word in plain(name) for name in (one.name, *one.aliases))]
        if not found and find.strip().isdecimal():
            return [label_set.by_id(int(find))], ""
        return found or [label_set.find(find)], ""  # which raises with the near names
    exact = [one for one in labels if palette.colors[one.id] == color]
    if exact:
        return exact, ""
    apart = {one.id: sum((a - b) ** 2 for a, b in zip(palette.colors[one.id], color, strict=True)) for one in labels}
    return sorted(labels, key=lambda one: apart[one.id])[:3], f"no class has the colour {color}; these are nearest"


def parse_color(text: str) -> tuple[int, int, int] | None:
    """(r, g, b) of "60,55,50", "60 55 50", "(60, 55, 50)" or "#3c3732"; None for what is no colour."""
    if match := re.fullmatch(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", text.strip()):
        codes = [int(part, 16) for part in match.groups()]
    elif match := re.fullmatch(r"\(?(\d{1,3})[,\s]+(\d{1,3})[,\s]+(\d{1,3})\)?", text.strip()):
        codes = [int(part) for part in match.groups()]
    else:
        return None
    red, green, blue = codes
    return (red, green, blue) if max(codes) <= 255 else None


def remarks(label: Label, label_set: LabelSet, palette: Palette) -> str:
    """What an artist should know of a class: never annotated, or sharing its colour."""
    color = palette.colors[label.id]
    others = [one.name for one in label_set.labels if one.id != label.id and palette.colors[one.id] == color]
    shared = f"same colour as {', '.join(others)}" if others else ""
    return "; ".join(words for words in ("" if label.annotated else NOT_ANNOTATED, shared) if words)


def _print_labels(label_set: LabelSet, palette: Palette, labels: list[Label]) -> None:
    print(f"{label_set.title or label_set.name}, palette {palette.name}: {palette.source}")
    wide = max(len(one.name) for one in labels)
    for one in labels:
        red, green, blue = palette.colors[one.id]
        # A true-colour block where somebody looks; plain text for pipes.
        swatch = f"\x1b[48;2;{red};{green};{blue}m    \x1b[0m  " if sys.stdout.isatty() else ""
        aliases = f"also: {', '.join(one.aliases)}" if one.aliases else ""
        more = "; ".join(words for words in (aliases, remarks(one, label_set, palette)) if words)
        print(f"{swatch}{one.id:>5}  {one.name:<{wide}}  {f'{red},{green},{blue}':<11}  {more}".rstrip())


# --- the sheet of swatches --------------------------------------------------------------------------------

ROW, SWATCH, MARGIN, TEXT = 34, 64, 28, 15  # pixels
INK, FAINT, WARN, PAPER = (24, 24, 24), (110, 110, 110), (178, 34, 34), (255, 255, 255)


def write_sheet(path: Path, label_set: LabelSet, palette: Palette, labels: list[Label]) -> None:
    """A PNG: per class its swatch, id, name, colour codes and remark; columns run downwards."""
    from io import BytesIO

    from PIL import Image, ImageDraw, ImageFont

    font, title = ImageFont.load_default(size=TEXT), ImageFont.load_default(size=26)
    names = {one.id: f"{one.id}  {one.name}" for one in labels}
    lines = {one.id: remarks(one, label_set, palette) for one in labels}
    codes = {one.id: ", ".join(str(code) for code in palette.colors[one.id]) for one in labels}
    small = ImageFont.load_default(size=TEXT - 3)
    text = max(
        max(font.getlength(names[i]) for i in names),
        max(small.getlength(f"{codes[i]}   {lines[i]}") for i in names),
    )
    column = int(SWATCH + 12 + min(text, 420) + MARGIN)
    columns = max(1, min(len(labels), round((len(labels) * (ROW + 4) * 1.2 / column) ** 0.5)))
    rows = -(-len(labels) // columns)
    head = [label_set.title or label_set.name, f"{label_set.name} version {label_set.version}, palette {palette.name}"]
    width = max(2 * MARGIN + columns * column, int(2 * MARGIN + title.getlength(head[0])))
    sheet = Image.new("RGB", (width, 2 * MARGIN + 64 + rows * (ROW + 4)), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN - 8), head[0], INK, title)
    draw.text((MARGIN, MARGIN + 26), head[1], FAINT, font)
    for place, one in enumerate(labels):
        x = MARGIN + place // rows * column
        y = MARGIN + 64 + place % rows * (ROW + 4)
        draw.rectangle((x, y, x + SWATCH - 1, y + ROW - 1), fill=palette.colors[one.id], outline=FAINT)
        draw.text((x + SWATCH + 12, y - 2), names[one.id], INK if one.annotated else FAINT, font)
        draw.text((x + SWATCH + 12, y + 18), codes[one.id], FAINT, small)
        after = x + SWATCH + 12 + small.getlength(codes[one.id] + "   ")
        draw.text((after, y + 18), lines[one.id], WARN, small)
    encoded = BytesIO()
    sheet.save(encoded, "PNG")
    _write(path, encoded.getvalue())
