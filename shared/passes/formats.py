"""Which reader a picture belongs to, and all formats but PNG, JPEG and EXR: TIFF, TGA, Maya IFF, DPX, BMP ...

OpenImageIO decodes those: it tells the header before memory is taken, keeps straight alpha straight and every
sample as it is stored. Pillow reads palettes, whose indices OpenImageIO loses, and the TIFF compressions that
the wheels of OpenImageIO lack.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.passes.label_pass import Probe
from shared.passes.pictures import (
    JPEG,
    PNG,
    Raw,
    check_pixels,
    opened,
    probe_png,
    read_head,
    read_jpeg,
    read_palette,
    read_png,
    truncated,
    undecodable,
)
from shared.passes.quiet import quiet

TARGA = (".tga", ".icb", ".vda", ".vst")  # the one format without a mark at its beginning
READ = {
    "tiff": "TIFF",
    "targa": "TGA",
    "iff": "Maya IFF",
    "dpx": "DPX",
    "bmp": "BMP",
    "gif": "GIF",
    "webp": "WebP",
    "sgi": "SGI",
    "pnm": "PNM",
    "jpeg2000": "JPEG 2000",
}
LOSSY = ("jpeg", "old_jpeg", "webp")  # compressions of a TIFF
NO_COLOURS = ("CMYK", "CIELAB", "YCbCr", "ICCLAB", "ITULAB", "LOGLUV")
MAX_BYTES = 2**31  # of the samples of a picture
MARKS = (  # of formats that have no reader here: content, its place, name
    (b"ftypavif", 4, "AVIF"),
    (b"ftyphe", 4, "HEIC"),
    (b"ftyp", 4, "a movie"),
    (b"\x1aE\xdf\xa3", 0, "a movie"),
    (b"%PDF", 0, "PDF"),
    (b"<svg", 0, "SVG"),
)
REMEDY = "Save it as PNG or EXR"


def probe_picture(path: Path) -> Probe:
    """Size and kind of a whole picture that is no EXR. Raises InputRefused."""
    if read_head(path).startswith(PNG):
        return probe_png(path)
    raw = read_picture(path)
    return Probe(raw.samples.shape[1], raw.samples.shape[0], raw.kind)


def read_picture(path: Path) -> Raw:
    """Decode a picture that is not an EXR. Raises InputRefused for what cannot be decoded whole."""
    head = read_head(path)
    if head.startswith(PNG):
        return read_png(path)
    if head.startswith(JPEG):
        return read_jpeg(path)
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise InputRefused("this name is not UTF-8", file=path, remedy="Rename it") from None
    return _read(path)


def _read(path: Path) -> Raw:
    import OpenImageIO as oiio  # noqa: N813

    wishes = oiio.ImageSpec()
    wishes["oiio:UnassociatedAlpha"] = 1
    wishes["oiio:RawColor"] = 1
    wishes["dpx:RawColor"] = 1
    picture = oiio.ImageInput.open(str(path), wishes)
    if picture is None:
        oiio.geterror()  # it is kept, and printed at the end of the process, until somebody asks
        raise _unknown(path)
    try:
        name, spec = picture.format_name(), picture.spec()
        if name == "targa" and path.suffix.lower() not in TARGA:
            raise undecodable(path)
        if name not in READ:
            raise InputRefused(f"{name.upper()} is not read", file=path, remedy=REMEDY)
        kind = READ[name]
        check_pixels(path, spec.width, spec.height)
        _check_kind(path, kind, spec)
        if picture.seek_subimage(1, 0) and not picture.spec().get_int_attribute("tiff:subfiletype") & 1:
            raise InputRefused(
                f"the {kind} holds more than one picture",
                file=path,
                cause="An animation, or pages or layers in one file",
                remedy="Save every frame as a PNG or EXR of its own",
            )
        picture.geterror()  # of the look at a second picture that is not there
        picture.seek_subimage(0, 0)
        listed = _mode(path) if name in ("tiff", "targa", "bmp", "gif") else ""
        if listed == "P":
            return read_palette(path, f"palette {kind}")
        if listed == "L" and spec.nchannels > 1:  # a list of greys, counted up: the places are the greys
            with opened(path) as grey:
                return Raw(kind, np.asarray(grey), None)
        pixels = picture.read_image(format=oiio.UNKNOWN)
        if pixels is None:
            return _without_library(path, kind, spec, picture.geterror())
        return _raw(kind, spec, pixels)
    finally:
        picture.geterror()
        picture.close()


def _unknown(path: Path) -> InputRefused:
    """The error for what no reader opens: damaged where the format is one that is read, else named by its mark."""
    head = read_head(path)
    name = next((name for mark, at, name in MARKS if head[at:].startswith(mark)), "")
    return InputRefused(f"{name} is not read", file=path, remedy=REMEDY) if name else undecodable(path)


def _check_kind(path: Path, kind: str, spec: Any) -> None:
    colours = spec.getattribute("tiff:ColorSpace")
    if colours in NO_COLOURS and spec.getattribute("compression") not in LOSSY:
        raise InputRefused(f"a {kind} in {colours} holds no label colours", file=path, remedy="Save it as RGB")
    samples = spec.width * spec.height * spec.nchannels
    if spec.depth > 1 or spec.nchannels < 1 or samples * spec.channel_bytes() > MAX_BYTES:
        raise InputRefused(f"a {kind} of this shape is not read", file=path, remedy=REMEDY)


def _mode(path: Path) -> str:
    """What Pillow calls the samples: "P" are places in a list of colours."""
    try:
        with opened(path) as picture:
            return str(picture.mode)
    except InputRefused:
        return ""


def _without_library(path: Path, kind: str, spec: Any, error: str) -> Raw:
    """A compression that OpenImageIO was built without; Pillow's libtiff has it, for 8 bits and grey."""
    packed = str(spec.getattribute("compression") or "")
    if "not configured" not in error:
        raise truncated(path, "its pixels cannot be decoded")
    plain = spec.alpha_channel < 0 or spec.get_int_attribute("oiio:UnassociatedAlpha")
    exact = {"uint8": ("L", "RGB", "RGBA"), "uint16": ("I;16",)}.get(str(spec.format), ())
    if plain and spec.get_int_attribute("Orientation", 1) == 1 and _mode(path) in exact:
        with opened(path) as picture, quiet():
            pixels = np.asarray(picture)
        return _raw(kind, spec, pixels if pixels.ndim == 3 else pixels[..., None])
    raise InputRefused(
        f"a {kind} with {packed.upper()} compression and these samples is not read",
        file=path,
        remedy="Save it with LZW or ZIP compression, or as PNG or EXR",
    )


def _raw(kind: str, spec: Any, pixels: NDArray[Any]) -> Raw:
    """Samples (H, W, channels) as they are stored, the right way up."""
    packed = str(spec.getattribute("compression") or "")
    pixels = _upright(pixels, spec.get_int_attribute("Orientation", 1))
    top = 1.0
    if pixels.dtype.kind in "ui":
        wide = 8 * pixels.dtype.itemsize
        bits = spec.get_int_attribute("oiio:BitsPerSample", wide)
        bits = bits if 0 < bits < wide else wide
        top = float(2**bits - 1)
        pixels = pixels >> (wide - bits)  # few bits are spread over 8 or 16; the stored value is what counts
    alpha = spec.alpha_channel if 0 <= spec.alpha_channel < pixels.shape[2] else None
    straight = bool(spec.get_int_attribute("oiio:UnassociatedAlpha"))
    colours = 3 if pixels.shape[2] >= 3 else 1
    return Raw(
        kind,
        pixels[..., 0] if colours == 1 else np.ascontiguousarray(pixels[..., :3]),
        None if alpha is None else np.ascontiguousarray(pixels[..., alpha]),
        top=top,
        associated=alpha is not None and not straight,
        lossy=packed if packed in LOSSY else "",
    )


def _upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Rows downwards, columns to the right (TIFF 6.0, tag Orientation)."""
    if orientation >= 5:
        pixels, orientation = pixels.swapaxes(0, 1), {5: 1, 6: 2, 7: 3, 8: 4}[min(orientation, 8)]
    rows = slice(None, None, -1) if orientation in (3, 4) else slice(None)
    columns = slice(None, None, -1) if orientation in (2, 3) else slice(None)
    return np.ascontiguousarray(pixels[rows, columns])
