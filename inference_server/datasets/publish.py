"""The files of a dataset: pictures, the archive that StyleGAN's tools read, the table of what was rejected."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.choosing import Candidate
from inference_server.datasets.document import FOLDER
from inference_server.datasets.journal import Journal
from inference_server.datasets.sources import Source
from shared.errors import InputRefused
from shared.file_names import folded, is_clip
from shared.places import whole

ARCHIVE, TABLE = "dataset.zip", "rejected.csv"
LONGEST = 80  # characters of a name that are the source's

Pixels = NDArray[np.uint8]


def names(found: Sequence[Candidate], faces: bool) -> list[str]:
    """A file name for each: the source's, the frame of a clip, the number of the face; no two alike on any system."""
    taken: set[str] = set()
    result = []
    for one in found:
        name = re.sub(r"[^\w.-]+", "_", one.frame.file.stem).strip("._")[:LONGEST] or "picture"
        if is_clip(one.frame.file):
            name += f".{one.frame.number:06d}"
        if faces:
            name += f".{one.face}"
        plain, count = name, 1
        while folded(name) in taken:
            count += 1
            name = f"{plain}-{count}"
        taken.add(folded(name))
        result.append(f"{name}.png")
    return result


def write_picture(file: Path, picture: Pixels, written: Journal) -> None:
    """As an RGB PNG with 8 bits; the journal keeps the SHA-256 of the file and of the pixels."""
    done, content = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 6])
    assert done
    with whole(file, "the picture") as beside:
        beside.write_bytes(content.tobytes())
    written.add(file.name, [sha256(content.tobytes()), sha256(picture.tobytes())])


def by_hand(folder: Path, written: Journal) -> tuple[set[str], set[str]]:
    """Names of pictures that were written and that somebody took out, and of those that somebody changed.

    Where none at all is left the folder was emptied, and nothing counts as taken out.
    """
    ours = {name: row[0] for name in written if (row := written.get(name))}
    gone = {name for name in ours if not (folder / FOLDER / name).is_file()}
    changed = {name for name in ours.keys() - gone if sha256((folder / FOLDER / name).read_bytes()) != ours[name]}
    return (gone if gone != ours.keys() else set()), changed


def remove_former(folder: Path, wanted: Iterable[str], changed: set[str], written: Journal) -> None:
    """Remove pictures that a former run wrote and this one does not; what somebody changed stays where it is."""
    for name in set(written) - set(wanted) - changed:
        if written.get(name):
            written.add(name, None)
            (folder / FOLDER / name).unlink(missing_ok=True)


def check_changed(file: Path, size: int) -> None:
    """Refuse a picture that somebody changed so that it fits its dataset no more."""
    found = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.shape != (size, size, 3) or found.dtype != np.uint8:
        what = "cannot be decoded" if found is None else f"is {found.shape[1]}x{found.shape[0]}, {found.dtype}"
        raise InputRefused(
            f"the picture was changed by hand and {what}",
            file=file,
            cause=f"All pictures of a dataset are {size}x{size}, RGB with 8 bits",
            remedy="Save it so, or move it away",
        )


def write_archive(folder: Path, files: Sequence[str]) -> None:
    """dataset.zip, uncompressed, as the tools of stylegan2-ada and stylegan3 read it; without classes."""
    with (
        whole(folder / ARCHIVE, "the archive") as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive,
    ):
        for name in files:
            archive.writestr(zipfile.ZipInfo(name), (folder / FOLDER / name).read_bytes())
        archive.writestr(zipfile.ZipInfo("dataset.json"), '{"labels": null}\n')


def write_table(folder: Path, sources: Sequence[Source], rejected: Sequence[Candidate]) -> None:
    """rejected.csv: one line for everything that was found and not kept."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["source", "file", "frame", "seconds", "person", "score", "reason", "detail"])
    for one in rejected:
        seconds = "" if one.frame.seconds is None else f"{one.frame.seconds:.3f}"
        score = f"{one.found.score:.3f}" if one.found else ""
        about = sources[one.source].name, one.frame.file.name, one.frame.number, seconds
        table.writerow([*about, one.person or "", score, one.out, one.detail])
    with whole(folder / TABLE, "the table") as beside:
        beside.write_text(text.getvalue(), encoding="utf-8")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
