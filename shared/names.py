"""Tables of names: which class the objects or materials of a Cryptomatte are, as CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from shared.documents import parse
from shared.errors import InputRefused
from shared.kinds import TableOf, Text
from shared.schema import is_comment

MAX_BYTES = 8 << 20
HEADINGS = ("name", "class")
NAMES = TableOf(Text("a class, or nothing", longest=1000), what='an object such as {"Tree*": "tree", "Loco": "train"}')
SEPARATORS = ",;\t"  # programs for tables write one of these, by the language they are set to


class Named(NamedTuple):
    """A name of a pass; share: of the pixels, 0..1, the largest of all frames; means: its class, "" for none."""

    name: str
    share: float
    means: str


def read_names(file: Path) -> dict[str, str]:
    """Name or pattern -> class of a table, without the lines that have no class yet. Raises InputRefused."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputRefused("the table of names is too large", file=file)
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputRefused("the table of names cannot be read", file=file, cause=error.strerror or "") from None
    except UnicodeDecodeError:
        raise InputRefused("the table of names is not UTF-8", file=file, remedy="Save it as UTF-8") from None
    table = _from_csv(text, file) if file.suffix.lower() in (".csv", ".tsv", ".txt") else _from_json(text, file)
    return {name: means for name, means in table.items() if means.strip()}


def names_text(rows: Sequence[Named], suffix: str) -> str:
    """The table as the text of a .csv or .json file."""
    if suffix.lower() == ".json":
        return json.dumps({one.name: one.means for one in rows}, indent=1, ensure_ascii=False) + "\n"
    if suffix.lower() != ".csv":
        raise InputRefused(f"a table of names is no {suffix or 'file without an ending'}", remedy="Write .csv or .json")
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow((*HEADINGS, "share"))
    writer.writerows((one.name, one.means, f"{one.share:.4f}") for one in rows)
    return "\ufeff" + written.getvalue()  # the mark by which programs for tables know UTF-8


def _from_json(text: str, file: Path) -> dict[str, str]:
    try:
        table: dict[str, str] = NAMES.read(parse(text), "the table of names")
    except InputRefused as error:
        raise error.located(file=file) from None
    return {name: means for name, means in table.items() if not is_comment(name)}


def _from_csv(text: str, file: Path) -> dict[str, str]:
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(cell.strip() for cell in row)]
    except csv.Error:
        rows = []
    if not rows or any(len(row) < len(HEADINGS) for row in rows):
        raise InputRefused("the table of names needs a name and a class in every line", file=file, remedy="name,class")
    if tuple(cell.strip().lower() for cell in rows[0][:2]) == HEADINGS:
        del rows[0]
    return {row[0]: row[1].strip() for row in rows}
