"""OpenEXR: the parts of a file that is whole, their channels placed in the display window.

OpenEXR's own binding is used alone. It passes over damaged parts, reads deep pixels into arrays of arrays, fails at
a text that is not UTF-8, and gives the data window only; so what it delivers is compared with what the header
promises (`exr_header`), its messages are turned into words here, and the pixels are placed here.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.passes.exr_header import Header, is_whole, pixels_of, plain, read_headers
from shared.passes.pictures import truncated
from shared.passes.quiet import quiet
from shared.shot import MAX_PIXELS
from shared.values import Value

MAX_VALUES = 2**30  # of all channels together, 4 GiB: a Cryptomatte of 8K with all its ranks
MAX_OVERSCAN = 16  # times the display window's pixels
SMALL = 2**22  # pixels that a data window may always have

Pixels = dict[str, NDArray[Any]]


class Part(Value):
    """One part: channels by full name, each (height, width) of the display window."""

    name: str
    header: Header
    width: int
    height: int
    channels: Pixels
    outside: NDArray[np.bool_]  # (height, width) where there is no data

    @property
    def compression(self) -> str:
        return self.header.compression


def read_exr(path: Path) -> list[Part]:
    """All parts of a file that is whole; channels stored at a part of the resolution are left out.

    Raises MissingInput, or InputRefused for what is damaged, deep, cut short or larger than any frame.
    """
    return [placed(path, header, pixels) for header, pixels in read_stored(path)]


def read_stored(path: Path) -> list[tuple[Header, Pixels]]:
    """All parts of a file that is whole, every channel as it is stored: (height, width) of the data window.

    Raises as `read_exr` does.
    """
    headers = whole_headers(path)
    return list(zip(headers, _decoded(path, headers), strict=True))


def whole_headers(path: Path) -> list[Header]:
    """Those of a file that has room for all its pixels, which are not decoded. Raises as `read_exr` does."""
    headers = read_headers(path)
    _check(path, headers)
    if not is_whole(path):
        raise truncated(path, "the EXR lacks pixels that its header promises")
    return headers


def _check(path: Path, headers: list[Header]) -> None:
    """Refuse by the headers alone what must not be decoded."""
    values = 0
    for header in headers:
        where = f"the part {header.name} of the EXR" if len(headers) > 1 else "the EXR"
        if header.is_deep:
            raise InputRefused(
                f"{where} is a deep image, which has many values for one pixel",
                file=path,
                cause="The renderer's output is set to deep",
                remedy="Render a flat image, or flatten it",
            )
        if not header.channels:
            raise InputRefused(f"{where} has no channels", file=path, remedy="Render it again")
        for window, pixels in (("display", pixels_of(header.display_window)), ("data", pixels_of(header.data_window))):
            if not 0 < pixels <= MAX_PIXELS:
                raise InputRefused(f"the {window} window of {where} is {_size(header, window)}, no frame", file=path)
        shown, stored = pixels_of(header.display_window), pixels_of(header.data_window)
        if stored > max(SMALL, MAX_OVERSCAN * shown):
            raise InputRefused(
                f"{where} stores {_size(header, 'data')} for a frame of {_size(header, 'display')}",
                file=path,
                cause="Its data window is far larger than its display window",
                remedy="Render or write it again, cropped to the frame",
            )
        values += len(header.channels) * max(shown, stored)
    if values > MAX_VALUES:
        raise InputRefused(
            f"the EXR holds {values} values, more than {MAX_VALUES} are not read",
            file=path,
            remedy="Write the label pass into a file of its own",
        )
    names = [header.name for header in headers]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputRefused(
            f"the EXR has {names.count(twice)} parts called {twice!r}", file=path, remedy="Give each part its own name"
        )


def _size(header: Header, window: str) -> str:
    left, top, right, bottom = header.display_window if window == "display" else header.data_window
    return f"{right - left + 1}x{bottom - top + 1}"


def _decoded(path: Path, headers: list[Header]) -> list[Pixels]:
    """The pixels of each part's data window, by channel. Raises InputRefused unless every part is there."""
    parts = _by_library(path)
    if len(parts) != len(headers):
        parts = _plainly(path, headers) or parts
    if len(parts) != len(headers):
        raise _damaged(path, headers, [name for name, _ in parts])
    return [_named(path, header, pixels) for header, (_, pixels) in zip(headers, parts, strict=True)]


def _by_library(path: Path) -> list[tuple[str, Pixels]]:
    """The parts that the library can read, by name; none where it can read nothing."""
    import OpenEXR

    try:
        with quiet(), OpenEXR.File(str(path), separate_channels=True) as file:
            return [
                (part.name(), {str(name): channel.pixels for name, channel in part.channels.items()})
                for part in file.parts
            ]
    except Exception:  # whatever it raises for a damaged file: RuntimeError, ValueError, TypeError, MemoryError
        return []


def _plainly(path: Path, headers: list[Header]) -> list[tuple[str, Pixels]]:
    """The parts of a copy whose header and name hold nothing that the library's binding trips over."""
    content = bytearray(path.read_bytes())
    plain(content, headers)
    with tempfile.TemporaryDirectory(prefix="semrender-") as folder:
        copy = Path(folder) / "copy.exr"
        copy.write_bytes(content)
        return _by_library(copy)


def _damaged(path: Path, headers: list[Header], there: list[str]) -> InputRefused:
    what = "the pixels of the EXR cannot be read"
    if len(headers) > 1:
        lost = [header.name for header in headers if header.name not in there]
        names = ", ".join(lost[:6]) + (" ..." if len(lost) > 6 else "")
        what = f"the EXR has {len(headers)} parts, and what cannot be read of them is {names}"
    return InputRefused(
        what,
        file=path,
        cause="It is damaged: a render or a copy of it went wrong",
        remedy="Render or copy it again",
    )


def _named(path: Path, header: Header, pixels: Pixels) -> Pixels:
    """The channels under their true names (a name that was no UTF-8 comes in another spelling, in the same place)."""
    names = [channel.name for channel in header.channels]
    if len(pixels) != len(names):
        raise InputRefused(
            "two channels of the EXR have one name", file=path, remedy="Give each channel its own name, in UTF-8"
        )
    return pixels if set(pixels) == set(names) else dict(zip(names, pixels.values(), strict=True))


def placed(path: Path, header: Header, pixels: Pixels) -> Part:
    """A part with its pixels at their place in the display window. Raises InputRefused where they do not fit."""
    left, top, right, bottom = header.display_window
    x0, y0, x1, y1 = header.data_window
    width, height = right - left + 1, bottom - top + 1
    # The part of the data that lies in the display window, in both's coordinates.
    ax, bx = max(x0, left), min(x1, right) + 1
    ay, by = max(y0, top), min(y1, bottom) + 1
    inside = ax < bx and ay < by
    channels = {}
    for channel in header.channels:
        values = pixels[channel.name]
        if channel.sampling != (1, 1):
            continue
        if getattr(values, "shape", None) != (y1 - y0 + 1, x1 - x0 + 1) or values.dtype == object:
            raise _damaged(path, [header], [])
        if header.data_window != header.display_window:
            whole = np.zeros((height, width), values.dtype)
            if inside:
                whole[ay - top : by - top, ax - left : bx - left] = values[ay - y0 : by - y0, ax - x0 : bx - x0]
            values = whole
        channels[channel.name] = values
    outside = np.ones((height, width), bool)
    if inside:
        outside[ay - top : by - top, ax - left : bx - left] = False
    return Part(header.name, header, width, height, channels, outside)
