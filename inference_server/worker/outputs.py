"""Painted frames and mattes on disk, each with its provenance in the header.

A file is written beside its place, flushed to disk and renamed: under its final name there is only ever a
whole file. PNG is 8-bit sRGB with straight alpha and an sRGB chunk (PNG specification, 11.3.2.5); EXR is the
same picture made linear, premultiplied, half float, with its primaries in `chromaticities`.
"""

from __future__ import annotations

import contextlib
import filecmp
import json
import os
import re
import stat
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from inference_server.crash_points import reach
from inference_server.provenance import source_type
from inference_server.worker import fence, png_chunks
from inference_server.worker.png_chunks import KEYWORD
from shared import places
from shared.errors import DiskFull, InputRefused, SemrenderError, unwritable
from shared.passes.exr_header import is_whole, read_headers
from shared.passes.quiet import quiet
from shared.srgb import REC709_TO_AP1, to_light

PNG_LEVEL = 2  # zlib level: a third larger than the best, several times faster

DEAD_SECONDS = 3600.0  # since a half-written file grew: whoever wrote it is gone, wherever that was

REC709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), (0.3127, 0.3290))
AP1 = ((0.713, 0.293), (0.165, 0.830), (0.128, 0.044), (0.32168, 0.33767))  # ACES S-2014-004


Metadata = dict[str, Any]


def write_picture(
    path: Path,
    picture: NDArray[np.float32],
    alpha: NDArray[np.float32],
    metadata: Metadata,
    seal: Callable[[bytes], bytes] | None = None,
) -> None:
    """Write a painted frame; the suffix and `metadata["format"]` choose how.

    Args:
        picture: (H, W, 3) sRGB-encoded, 0..1, not premultiplied.
        alpha: (H, W) coverage 0..1.
        seal: signs a PNG.
    """
    if path.suffix == ".png":
        pixels = np.empty((*alpha.shape, 4), np.uint8)
        pixels[..., :3] = to_bytes(picture)
        pixels[..., 3] = to_bytes(alpha)
        write_png(path, pixels, metadata, seal)
    else:
        _write_exr(path, picture, alpha, metadata)


def to_bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """0..1 to 0..255, rounded."""
    return np.asarray(to_integers(values, np.uint8), np.uint8)


def to_integers(values: NDArray[np.float32], kind: type[np.uint8 | np.uint16]) -> NDArray[np.uint8 | np.uint16]:
    """0..1 to the whole range of the kind, rounded."""
    scaled: NDArray[np.uint8 | np.uint16] = (values * np.float32(np.iinfo(kind).max) + np.float32(0.5)).astype(kind)
    return scaled


def write_png(
    path: Path,
    pixels: NDArray[np.uint8 | np.uint16],
    metadata: Metadata,
    seal: Callable[[bytes], bytes] | None = None,
) -> None:
    """Write (H, W, 4) or (H, W, 3) pixels of 8 or 16 bits as an sRGB-tagged PNG, signed where there is a seal."""
    import cv2

    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    ok, encoded = cv2.imencode(".png", cv2.cvtColor(pixels, order), [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])
    if not ok:
        raise SemrenderError("the picture could not be encoded", file=path)
    data = encoded.tobytes()
    end = png_chunks.HEADER_END
    whole = data[:end] + png_chunks.head(metadata) + png_chunks.joined(data[end:])
    place(path, whole if seal is None else seal(whole), metadata)


def copy_picture(source: Path, target: Path, metadata: Metadata, seal: Callable[[bytes], bytes] | None = None) -> None:
    """Write the same pixels under another name with another provenance. Raises InputRefused for damaged ones.

    A signature of the source's stays behind, since it is broken by this; `seal` makes another.
    """
    if source.suffix == ".png":
        whole = b"".join(png_chunks.with_text(source.read_bytes(), png_chunks.text_chunk(metadata)))
        place(target, whole if seal is None else seal(whole), metadata)
    else:
        import OpenEXR

        with quiet():
            file = OpenEXR.File(str(source))
        if not file.parts:  # the library passes over what it cannot decode
            raise InputRefused("the finished frame is damaged", file=source, remedy="Paint it again")
        header = {**file.header(), KEYWORD: json.dumps(metadata), **_standard(metadata)}
        _place_exr(target, header, {"RGBA": file.channels()["RGBA"].pixels}, metadata)


def place(path: Path, data: bytes, metadata: Metadata | None = None) -> None:
    """Write a whole file or none: beside its place, to disk, then renamed. Raises DiskFull or SemrenderError.

    metadata: of a picture or matte: where one of the same key has come there meanwhile, that one stays.
    """
    beside = places.beside(path)
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _rename(beside, path, metadata)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def keep(path: Path, data: bytes) -> None:
    """Have a file with this content in a folder that may not be there yet. Raises DiskFull or SemrenderError."""
    try:
        if path.is_file() and path.read_bytes() == data:
            return
    except OSError as error:
        raise _unwritable(path, error) from error
    make_folder(path.parent)
    place(path, data)


def make_folder(folder: Path) -> None:
    """Raises DiskFull or SemrenderError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


@contextlib.contextmanager
def placing(path: Path) -> Iterator[Path]:
    """The name to write a large file under; at the end of the block it is on disk and renamed to `path`.

    A file that is there with this very content stays. Of a block that fails nothing is left.
    Raises DiskFull or SemrenderError.
    """
    beside = places.beside(path)
    try:
        yield beside
        if path.is_file() and filecmp.cmp(beside, path, shallow=False):
            return
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        _rename(beside, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        beside.unlink(missing_ok=True)


def try_folder(folder: Path) -> None:
    """Make an output folder and see whether it takes a file. Raises InputRefused; a full disk is waited for."""
    tried = places.beside(folder / "x")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tried.open("xb").close()
        tried.unlink()
    except OSError as error:
        if not isinstance(_unwritable(folder, error), DiskFull):
            raise InputRefused(
                "the output folder cannot be written",
                file=folder,
                cause=error.strerror or str(error),
                remedy="Allow writing there, or choose another folder",
            ) from error


def settle(folder: Path) -> None:
    """Put the names of all files below `folder` on disk; their content is there already. Windows does that itself."""
    if os.name == "nt":
        return
    for place in (folder, *(path for path, found in places.below(folder) if stat.S_ISDIR(found.st_mode))):
        try:
            descriptor = os.open(place, os.O_RDONLY)
        except FileNotFoundError:  # an artist deletes what is not wanted any more
            continue
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove what was left half-written below `folder`: by processes of this machine that are no more, and by anybody's
    where nothing was added for an hour by the disk's own clock."""
    now: float | None = None
    for left, found in places.below(folder):
        writer = re.fullmatch(r"\.[0-9a-f]{16}\.(.*-)?(\d+)\.tmp(\.exr)?", left.name)
        if writer is None:
            continue
        if writer[1] == f"{places.HOST}-{places.process_space()}-" and not _lives(int(writer[2])):
            left.unlink(missing_ok=True)
            continue
        now = _clock_of(folder) if now is None else now
        if now - found.st_mtime > DEAD_SECONDS:
            left.unlink(missing_ok=True)


def _clock_of(folder: Path) -> float:
    """What time the disk of a folder takes it for; machines that share it may think otherwise."""
    tried = places.beside(folder / "x")
    try:
        tried.touch()
        return tried.stat().st_mtime
    except OSError:  # full, or not ours: nothing is old then
        return 0.0
    finally:
        tried.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _rename(beside: Path, path: Path, metadata: Metadata | None = None) -> None:
    reach("worker before rename")
    fence.pass_or_leave(beside)
    if metadata is not None and _stands(path, metadata):
        beside.unlink()
        return
    beside.replace(path)
    reach("worker after rename")


def _stands(path: Path, metadata: Metadata) -> bool:
    """Whether the same picture is there, whole, by whomever: a program may be reading it, and its bits may be another
    device's within what the key allows."""
    found = read_metadata(path) if "key" in metadata else None
    names = ("key", "stage", "matte")
    return found is not None and [found.get(name) for name in names] == [metadata.get(name) for name in names]


def _unwritable(path: Path, error: OSError) -> SemrenderError:
    return unwritable(error)(
        "the file could not be written",
        file=path,
        cause=error.strerror or str(error),
        remedy="Free space or allow writing",
    )


def _write_exr(path: Path, picture: NDArray[np.float32], alpha: NDArray[np.float32], metadata: Metadata) -> None:
    import OpenEXR

    linear = to_light(picture)
    primaries = REC709
    if metadata.get("format") == "exr-acescg":
        linear, primaries = linear @ REC709_TO_AP1.T, AP1
    pixels = np.dstack([linear * alpha[..., None], alpha]).astype(np.float16)
    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "chromaticities": tuple(float(value) for point in primaries for value in point),
        KEYWORD: json.dumps(metadata),
        **_standard(metadata),
    }
    _place_exr(path, header, {"RGBA": pixels}, metadata)


def write_values(path: Path, channels: dict[str, NDArray[Any]], pixel_aspect: float) -> None:
    """Write planes (H, W) by the names of their channels as an EXR, in the type that they have."""
    import OpenEXR

    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "pixelAspectRatio": float(pixel_aspect),
    }
    _place_exr(path, header, {name: np.ascontiguousarray(plane) for name, plane in channels.items()})


def _standard(metadata: Metadata) -> dict[str, Any]:
    """What programs look for in the header of any EXR (OpenEXR's standard attributes)."""
    import OpenEXR

    num, den = metadata["fps"]
    rate = round(num / den)
    found = {"framesPerSecond": Fraction(num, den), "pixelAspectRatio": float(metadata["pixel_aspect"])}
    if metadata["frame"] >= 0:  # time code has no sign; counted in whole frames a second, without dropping any
        seconds, frame = divmod(metadata["frame"], rate)
        found["timeCode"] = OpenEXR.TimeCode(seconds // 3600 % 24, seconds // 60 % 60, seconds % 60, frame, *[0] * 14)
    if metadata.get("synthetic"):
        found["xmp"] = source_type.packet(metadata["synthetic"])
    return {**found, "owner": metadata["owner"]} if metadata["owner"] else found


def _place_exr(
    path: Path, header: dict[str, Any], channels: dict[str, NDArray[Any]], metadata: Metadata | None = None
) -> None:
    import OpenEXR

    beside = places.beside(path, ".tmp.exr")
    try:
        OpenEXR.File(header, channels).write(str(beside))
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        _rename(beside, path, metadata)
    except (OSError, RuntimeError) as error:
        beside.unlink(missing_ok=True)
        raise _unwritable(path, error if isinstance(error, OSError) else OSError(str(error))) from error


def read_metadata(path: Path) -> Metadata | None:
    """The provenance of a whole file that semrender wrote; None for anything else, without an error."""
    try:
        text = png_chunks.text_of(path) if path.suffix == ".png" else _exr_text(path)
        metadata = json.loads(text) if text is not None else None
    except (OSError, ValueError, struct.error, InputRefused):
        return None
    return metadata if isinstance(metadata, dict) else None


def _exr_text(path: Path) -> str | None:
    text = read_headers(path)[0].text(KEYWORD)
    return text if text is not None and is_whole(path) else None
