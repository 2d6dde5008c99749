"""Writing movies: H.264 in .mp4 to look at, ProRes 422 HQ in .mov to cut with; the colours are those that went in.

Pictures are sRGB; they are stored as Rec.709 YCbCr in video range and tagged so (primaries and matrix 1, transfer 13,
as ITU-T H.273 numbers them). The rate is an exact rational, the size even: an odd one repeats its last line.

Sound is AAC in .mp4, the samples themselves in .mov. What the AAC encoder puts before the first sample is cut off again
by the file's edit list, which every player of .mp4 follows.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import DiskFull, InputRefused, SemrenderError, unwritable
from shared.sounds import RATE, Part, about_wav, read_wav

SUFFIXES = {"h264": ".mp4", "prores": ".mov"}
ENCODERS = {"h264": ("libx264", "h264_videotoolbox", "h264_mf", "libopenh264"), "prores": ("prores_ks",)}
SETTINGS = {
    "libx264": {"crf": "16", "preset": "veryfast"},
    "prores_ks": {"profile": "3", "vendor": "apl0"},
}
# For its plan of bits ("macroblock tree") x264 with AVX-512 reads beyond pictures that are no multiples of these, and
# their movies differ from time to time; without that plan they do not, and are a third larger. Seen with x264 165 at
# 320x180, 960x540 and 168x96, never at multiples.
WHOLE = (16, 8)  # pixels, across and down
PLANES = {"h264": "yuv420p", "prores": "yuv422p10le"}
AUDIO_BIT_RATE = 256_000
AUDIO_FORMATS = {"aac": "fltp", "pcm_s16le": "s16", "pcm_s24le": "s32"}
AUDIO_PIECE = 1024  # samples
BIT_RATE_PER_PIXEL = 4  # a second; for encoders that know no constant quality
BT709, SRGB_TRANSFER, VIDEO_RANGE = 1, 13, 1  # ITU-T H.273; 1 = AVCOL_RANGE_MPEG
ROUNDED = 0x4 | 0x40000 | 0x2000 | 0x4000  # swscale: bicubic, accurate rounding, full chroma in and out
THREADS = 2
# The comment in the box "moov": of MP4 (ISO 14496-12, as iTunes writes it), or of QuickTime (user data).
COMMENT = re.compile(rb"\xa9(?:cmt....data.{8}|des....)([^\0]*)", re.DOTALL)
MOST_ABOUT = 2**26  # bytes of that box; a hundred thousand frames have 3 MB

Pixels = NDArray[np.uint8 | np.uint16]


def encoder(kind: str) -> str:
    """The encoder for "h264" or "prores" that this installation has. Raises SemrenderError where it has none."""
    try:
        import av
    except ImportError as error:
        raise SemrenderError("PyAV cannot be loaded", cause=str(error), remedy="Install it: pip install av") from error

    for name in ENCODERS[kind]:
        if name in av.codecs_available:
            try:
                av.Codec(name, "w")
            except ValueError:  # it can only decode that
                continue
            return name
    raise SemrenderError(
        f"this installation of PyAV has no encoder for {kind}",
        cause=f"None of {', '.join(ENCODERS[kind])} is in it",
        remedy="Install the wheel of `av` from the package index, or ask for another --movie",
    )


def write_movie(
    path: Path,
    pictures: Iterable[Pixels],
    fps: Fraction,
    kind: str,
    pixel_aspect: float = 1.0,
    about: str = "",
    sound: Part | None = None,
) -> int:
    """Write pictures, one after another, and return how many they were; one at a time is held.

    Args:
        path: of the file as it is written; its name need not end as SUFFIXES says.
        pictures: (H, W, 3) uint8 or uint16, sRGB, all of one size.
        kind: "h264" or "prores".
        pixel_aspect: width of a pixel by its height.
        about: a comment in the file, as `about_movie` reads it back.
        sound: as long as the pictures.

    Raises SemrenderError where there is no encoder or it fails, InputRefused where a picture has another size or where
    there is none;
    OSError where the disk is full.
    """
    name = encoder(kind)
    import av

    try:
        return _write(path, pictures, fps, kind, name, pixel_aspect, about, sound)
    except av.FFmpegError as error:
        if isinstance(error, OSError) and unwritable(error) is DiskFull:
            raise
        raise SemrenderError(f"the movie could not be encoded by {name}", file=path, cause=str(error)) from error


def _write(
    path: Path,
    pictures: Iterable[Pixels],
    fps: Fraction,
    kind: str,
    name: str,
    pixel_aspect: float,
    about: str,
    sound: Part | None,
) -> int:
    import av

    written = 0
    heard: _Sound | None = None
    with av.open(str(path), "w", format=SUFFIXES[kind][1:], options={"movflags": "+faststart+write_colr"}) as movie:
        movie.metadata["comment"] = about
        stream: Any = None
        for pixels in pictures:
            even: Any = _even(pixels)
            if stream is None:
                stream = _stream(movie, name, kind, even.shape[:2], fps, pixel_aspect)
                heard = None if sound is None else _Sound(movie, sound, kind)
            elif even.shape[:2] != (stream.height, stream.width):
                raise InputRefused(f"picture {written + 1} of the movie has another size", file=path)
            frame = av.VideoFrame.from_ndarray(even, "rgb48le" if even.dtype == np.uint16 else "rgb24")
            frame = frame.reformat(
                format=PLANES[kind], dst_colorspace=BT709, dst_color_range=VIDEO_RANGE, interpolation=ROUNDED
            )
            frame.color_primaries, frame.color_trc, frame.colorspace = BT709, SRGB_TRANSFER, BT709
            frame.pts, frame.time_base = written, 1 / fps
            movie.mux(stream.encode(frame))
            written += 1
            if heard is not None:
                heard.write(written / fps)
        if stream is None:
            raise InputRefused("a movie needs at least one picture", file=path)
        movie.mux(stream.encode())
        if heard is not None:
            heard.write(None)
    return written


class _Sound:
    """The sound of a movie that is being written, in step with its pictures."""

    def __init__(self, movie: Any, sound: Part, kind: str) -> None:
        channels, bits, _ = about_wav(sound.file)
        codec = "aac" if kind == "h264" else f"pcm_s{bits}le"
        self.movie, self.pieces, self.at = movie, read_wav(sound, AUDIO_PIECE), 0
        self.layout = "mono" if channels == 1 else "stereo"
        self.format = AUDIO_FORMATS[codec]
        self.stream = movie.add_stream(codec, rate=RATE)
        self.stream.layout = self.layout
        if codec == "aac":
            self.stream.bit_rate = AUDIO_BIT_RATE

    def write(self, until: Fraction | None) -> None:
        """All up to a time in seconds; None = to the end."""
        import av

        while until is None or self.at < until * RATE:
            samples: Any = next(self.pieces, None)
            if samples is None:
                break
            if self.format == "fltp":
                samples = samples.T.astype(np.float32) / np.float32(np.iinfo(samples.dtype).max + 1)
            else:
                samples = samples.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), self.format, self.layout)
            frame.sample_rate, frame.pts, frame.time_base = RATE, self.at, Fraction(1, RATE)
            self.at += frame.samples
            self.movie.mux(self.stream.encode(frame))
        if until is None:
            self.movie.mux(self.stream.encode())


def about_movie(path: Path) -> str | None:
    """What `write_movie` wrote of a movie; None in any other file.

    PyAV, which could tell it too, takes longer to load than all else of a job that has nothing to paint.
    """
    try:
        with path.open("rb") as file:
            while len(head := file.read(8)) == 8:
                size, box = struct.unpack(">I4s", head)
                if (
                    size < 8
                ):  # it goes beyond 4 GiB, or to the end: so do pictures, which stand behind what is told here
                    return None
                if box == b"moov" and size <= MOST_ABOUT:
                    found = COMMENT.search(file.read(size - 8))
                    return None if found is None else found[1].decode()
                file.seek(size - 8, os.SEEK_CUR)
    except (OSError, ValueError):
        pass
    return None


def _stream(movie: Any, name: str, kind: str, size: tuple[int, int], fps: Fraction, pixel_aspect: float) -> Any:
    options = SETTINGS.get(name, {})
    if name == "libx264" and (size[1] % WHOLE[0] or size[0] % WHOLE[1]):
        options = {**options, "x264-params": "mbtree=0"}
    stream = movie.add_stream(name, rate=fps, options=options)
    stream.height, stream.width = size
    stream.pix_fmt = PLANES[kind]
    context = stream.codec_context
    context.time_base = 1 / fps
    context.sample_aspect_ratio = Fraction(pixel_aspect).limit_denominator(1000)
    context.color_primaries, context.color_trc = BT709, SRGB_TRANSFER
    context.colorspace, context.color_range = BT709, VIDEO_RANGE
    context.thread_count = THREADS
    if name not in SETTINGS:
        context.bit_rate = BIT_RATE_PER_PIXEL * size[0] * size[1]
    return stream


def _even(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    return np.ascontiguousarray(pixels)
