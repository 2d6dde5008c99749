"""Clips as frames by number: mp4, mov, mkv, webm, gif, mxf, with whatever rate, turn and alpha they have.

A clip is resampled onto one constant rate: frame n shows the picture whose time is nearest to (n - first) / fps after
the clip's beginning (the earlier one of two as near). Every picture is found by its time stamp, so a frame is the same
whatever was read before it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared import fields
from shared.errors import InputRefused, MissingInput
from shared.media import LIMITS, open_media
from shared.rates import parse_fps
from shared.shot import MAX_FRAMES, MAX_PIXELS, MAX_SIDE

KEPT_BYTES = 384 * 2**20  # of decoded pictures in memory, of all clips: three of 8K with 10 bits
AHEAD = 48  # pictures that are decoded in passing rather than sought
LOOKED, RUN = 4, 4  # places of a clip, and pictures in each, at which it is looked whether it is interlaced
LEAD = 2  # seconds before a key picture at which it is sought where no index tells where it is
CUT = 0.25  # seconds; a file that lacks more of what its header says is cut short
HDR = {16: "PQ", 18: "HLG"}  # transfer characteristics of ITU-T H.273 that no screen of sRGB shows
HD_LINES = 720  # of untagged pictures: with as many lines Rec.709, with fewer Rec.601
UNTAGGED = 2  # ITU-T H.273, as 1 = Rec.709 and 6 = Rec.601
ACCURATE = 0x4 | 0x40000 | 0x2000 | 0x4000  # swscale: bicubic, accurate rounding, full chroma in and out

Pixels = NDArray[np.uint8 | np.uint16]


class _Kept:
    """Decoded pictures of all clips, the last one whatever it takes, and those used last while they take no more."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pictures: OrderedDict[tuple[Clip, int], Any] = OrderedDict()
        self.taken = 0  # bytes

    def find(self, clip: Clip, index: int) -> Any:
        """The picture of an index; None where it is not kept."""
        with self._lock:
            if (clip, index) in self._pictures:
                self._pictures.move_to_end((clip, index))
            return self._pictures.get((clip, index))

    def keep(self, clip: Clip, index: int, picture: Any) -> None:
        with self._lock:
            self._drop((clip, index))
            self._pictures[clip, index] = picture
            self.taken += _bytes_of(picture)
            while self.taken > KEPT_BYTES and len(self._pictures) > 1:
                self._drop(next(iter(self._pictures)))

    def drop(self, clip: Clip) -> None:
        """All pictures of a clip."""
        with self._lock:
            for one in [one for one in self._pictures if one[0] is clip]:
                self._drop(one)

    def _drop(self, one: tuple[Clip, int]) -> None:
        if one in self._pictures:
            self.taken -= _bytes_of(self._pictures.pop(one))


def _bytes_of(picture: Any) -> int:
    return sum(plane.buffer_size for plane in picture.planes)


kept = _Kept()


class Clip:
    """The pictures of a clip by frame number.

    Args:
        path: the file.
        fps: the constant rate to have; None = the clip's own, on average.
        first: number of the first frame.

    Raises MissingInput or InputRefused, naming the file.
    """

    def __init__(self, path: Path, fps: tuple[int, int] | None = None, first: int = 1) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise MissingInput("there is no such file", file=path)
        self._decoder: Iterator[Any] | None = None
        self._at = -1  # the picture that the decoder gave last
        self._container = open_media(self.path, "clip", "picture")
        if not self._container.streams.video:
            self.close()
            raise self._refused("there is no picture in it", "It has sound alone")
        self._stream: Any = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        context = self._stream.codec_context
        context.options = LIMITS
        width, height = context.width, context.height  # 0 where FFmpeg found that they exceed its limits
        if max(width, height) > MAX_SIDE or not 0 < width * height <= MAX_PIXELS:
            self.close()
            found = f" ({width}x{height})" if width * height else ""
            limits = f"At most {MAX_SIDE} pixels a side, and {MAX_PIXELS} in all, are read"
            raise self._refused(f"the clip's pictures have no size that is read{found}", limits)
        self._base = Fraction(self._stream.time_base or 1)
        # MPEG-TS has no index: what is sought is found somewhere near.
        self._lead = round(LEAD / self._base) if "mpegts" in self._container.format.name else 0
        try:
            self._scan()
            shown = self._picture(0)
            self.marked = bool(shown.interlaced_frame)  # as interlaced
            self._hdr = HDR.get(shown.color_trc, "")
            rate = self._stream.average_rate or self._stream.guessed_rate or Fraction(25)
            num, den = fps or parse_fps([rate.numerator, rate.denominator])
        except InputRefused as error:
            self.close()
            raise error.located(file=path) from None
        self.fps = Fraction(num, den)
        self.first = first
        try:
            self.frames = range(first, first + self.count(self.fps))
        except InputRefused:
            self.close()
            raise
        aspect = Fraction(self._stream.sample_aspect_ratio or 1) or Fraction(1)
        self._turns = round(shown.rotation / 90) % 4
        self.pixel_aspect = float(1 / aspect if self._turns % 2 else aspect)
        self.size = self._size_of(shown)
        self.kind = f"{self._stream.codec_context.codec.canonical_name} clip"

    def frame(self, number: int, deinterlace: str | None = None) -> Pixels:
        """The picture of a frame, see `picture`. Raises MissingInput for a frame that the clip does not have."""
        if number not in self.frames:
            told = f"It has frames {self.frames[0]}-{self.frames[-1]}"
            raise MissingInput("the clip has no such frame", file=self.path, frame=number, cause=told)
        try:
            return self.picture(self.source(number), deinterlace)
        except InputRefused as error:
            raise error.located(frame=number) from None

    def source(self, number: int) -> int:
        """Which picture of the clip, from 0, a frame shows."""
        return self.index_at((number - self.first) / self.fps)

    def count(self, fps: Fraction) -> int:
        """How many frames it is at a rate. Raises InputRefused for too many."""
        count = max(1, round((self._end - self._times[0]) * self._base * fps))
        if count > MAX_FRAMES:
            raise self._refused(f"the clip is {count} frames long", f"At most {MAX_FRAMES} are read")
        return count

    def index_at(self, seconds: Fraction) -> int:
        """Which picture, from 0, is nearest to a time after the clip's beginning."""
        wanted = self._times[0] + seconds / self._base
        index = bisect_left(self._times, wanted)
        if index == len(self._times):
            return index - 1
        return index - (index > 0 and wanted - self._times[index - 1] <= self._times[index] - wanted)

    def picture(self, index: int, deinterlace: str | None = None) -> Pixels:
        """(H, W, 3), or (H, W, 4) with straight alpha where the clip has some, as the clip encodes its colours.

        uint8, of clips with more than 8 bits uint16 over its whole range.
        deinterlace: "auto" makes whole those that are marked as interlaced, "top" and "bottom" all, of which that field
        is the earlier; "off" takes them as they are. Raises InputRefused for one that is marked where nothing is said,
        cannot be decoded, or has another size than the first.
        """
        picture = self._fitting(index)
        if picture.interlaced_frame and deinterlace is None:
            raise self._interlaced()
        if deinterlace in ("top", "bottom") or (deinterlace == "auto" and picture.interlaced_frame):
            last = len(self._times) - 1
            before, after = abs(index - 1), last - abs(last - index - 1)  # at an end the one neighbour stands for both
            beside = (self._fitting(min(before, last)), self._fitting(max(after, 0)))
            picture = fields.whole(picture, beside, deinterlace, self._stream)
        return np.ascontiguousarray(np.rot90(self._pixels(picture), self._turns))

    def check_fields(self, deinterlace: str | None) -> str:
        """What an artist should know of how its fields are treated, see `picture`; empty where all is well.

        Raises InputRefused where it is marked as interlaced and nothing is said.
        """
        if deinterlace == "off":
            return ""
        if self.marked and deinterlace is None:
            raise self._interlaced()
        found = self.looks
        if found == "whole":
            kept = deinterlace is None or (deinterlace == "auto" and not self.marked)
            return "" if kept else 'shows whole pictures: deinterlaced they lose lines, "off" keeps them'
        if found is None or self.marked or found == deinterlace:
            return ""
        if deinterlace == "auto":
            return f'does not say that it is interlaced, and looks so: "{found}" deinterlaces it'
        other = "" if deinterlace is None else f", not {deinterlace},"
        return f"looks interlaced, {found} field{other} first: --deinterlace {found} makes its pictures whole"

    def told(self, deinterlace: str | None) -> list[str]:
        """What an artist should know of the clip, each as what is said of it. Raises InputRefused as `check_fields`."""
        fields = self.check_fields(deinterlace)
        words = [fields] if fields else []
        if self.cut:
            words.append("is cut short: {:.2f} of {:.2f} seconds are there, and no more is shown".format(*self.cut))
        if self._hdr:
            words.append(f"is HDR ({self._hdr}): its codes are taken as they are and look flat; convert it to Rec.709")
        return words

    @cached_property
    def looks(self) -> str | None:
        """What its fields look like in a few places, see `fields.seen`."""
        places = sorted({self._keys[len(self._keys) * i // LOOKED] for i in range(LOOKED)})
        runs = []
        for place in places:
            first = bisect_left(self._times, place)
            try:
                runs.append([self._fitting(i) for i in range(first, min(first + RUN, len(self._times)))])
            except InputRefused:  # who wants these very pictures is told
                continue
        return fields.seen(runs, self._stream)

    @property
    def variable(self) -> bool:
        """Whether the pictures come at uneven times, more than a hundredth of a second from an even beat."""
        beat = Fraction(self._times[-1] - self._times[0], max(1, len(self._times) - 1))
        uneven = (abs(time - self._times[0] - beat * i) for i, time in enumerate(self._times))
        return max(uneven) * self._base > Fraction(1, 100)

    def close(self) -> None:
        self._decoder = None  # it holds this very clip
        kept.drop(self)
        self._container.close()

    def __enter__(self) -> Clip:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _interlaced(self) -> InputRefused:
        if self.looks == "whole":
            cause, remedy = "Its pictures look whole all the same", "off takes them as they are"
        else:
            cause = "" if self.looks is None else f"The {self.looks} field is the earlier one"
            remedy = "auto makes whole pictures of it, off takes them as they are"
        said = f'Say how it is taken with "deinterlace" (--deinterlace): {remedy}'
        return InputRefused("the clip is interlaced", file=self.path, cause=cause, remedy=said)

    def _refused(self, what: str, cause: str) -> InputRefused:
        return InputRefused(what, file=self.path, cause=cause)

    def _scan(self) -> None:
        """The times of all pictures and of those that can be sought; nothing is decoded."""
        import av

        times: dict[int, tuple[bool, int]] = {}
        ended, decoded = (
            0.0,
            0,
        )  # seconds, of whatever lasts longest; the last time of decoding, in units of the pictures
        try:
            for packet in self._container.demux():
                if packet.size and packet.pts is not None:
                    ended = max(ended, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                if packet.stream is not self._stream or packet.is_corrupt:
                    continue
                if packet.size and not packet.is_discard:
                    decoded = packet.pts if packet.dts is None else packet.dts
                    if packet.pts is None:
                        raise self._refused("a picture of the clip has no time stamp", "Its container writes none")
                    times[packet.pts] = (packet.is_keyframe, packet.duration or 0)
                    if len(times) > MAX_FRAMES:
                        raise self._refused("the clip is too long", f"At most {MAX_FRAMES} pictures are read")
        except (OSError, av.FFmpegError) as error:
            raise self._refused("the clip cannot be read to its end", str(error)) from None
        lasts = ((self._container.duration or 0) + (self._container.start_time or 0)) / 1e6
        self.cut = (ended, lasts) if lasts - ended > CUT else None
        if self.cut:  # pictures that are shown after the last one decoded may lack some before them
            times = {time: about for time, about in times.items() if time <= decoded}
        if not times:
            raise self._refused("there is no picture in it", "The file is cut short or empty")
        self._times = sorted(times)
        self._keys = [time for time in self._times if times[time][0]] or self._times[:1]
        lasts = times[self._times[-1]][1]
        if not lasts and len(self._times) > 1:
            lasts = self._times[-1] - self._times[-2]
        self._end = self._times[-1] + lasts

    def _size_of(self, picture: Any) -> tuple[int, int]:
        """(width, height) as it stands upright."""
        return (picture.height, picture.width) if self._turns % 2 else (picture.width, picture.height)

    def _fitting(self, index: int) -> Any:
        """The decoded picture of an index. Raises InputRefused for one of another size than the first."""
        picture = self._picture(index)
        size = self._size_of(picture)
        if size != self.size:
            cause = "Its first is {}x{}: it changes its size midway".format(*self.size)
            raise self._refused("picture {} of the clip is {}x{}".format(index, *size), cause)
        return picture

    def _picture(self, index: int) -> Any:
        """The decoded picture of an index."""
        picture = kept.find(self, index)
        if picture is None and self._decoder is not None and self._at < index <= self._at + AHEAD:
            picture = self._passed_to(index, self._decoder)
        if picture is None:  # also where something on the way there is damaged
            self._decoder = self._decoded_from(index)
            picture = self._passed_to(index, self._decoder)
        if picture is None:
            self._decoder = None
            raise self._refused(f"picture {index} of the clip cannot be decoded", "The file is damaged or cut short")
        return picture

    def _passed_to(self, index: int, decoder: Iterator[Any]) -> Any:
        """The picture of an index as the decoder comes by; None where it does not."""
        wanted = self._times[index]
        for picture in decoder:
            if picture.pts is None or picture.pts > wanted:
                break
            at = bisect_left(self._times, picture.pts)
            if self._times[at] == picture.pts:
                kept.keep(self, at, picture)  # also what is passed: threads ask for neighbours in any order
            if picture.pts == wanted:
                self._at = index
                return picture
        return None

    def _decoded_from(self, index: int) -> Iterator[Any]:
        """Pictures from the last key picture at or before an index; each begins with a decoder that knows nothing."""
        import av

        place = bisect_left(self._keys, self._times[index] + 1) - 1
        key = self._keys[max(0, place)]
        # libvpx alone reads the alpha that a VP9 or VP8 packet carries beside its picture.
        context = self._stream.codec_context
        with_alpha = str(self._stream.metadata.get("alpha_mode")) == "1" and context.name in ("vp8", "vp9")
        names = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
        decoder: Any = context
        if with_alpha:
            decoder = av.CodecContext.create(names[context.name], "r")
            decoder.options = LIMITS
        try:
            self._container.seek(key - self._lead, stream=self._stream)
            if decoder is context:
                context.flush_buffers()
            for packet in self._container.demux(self._stream):
                pictures = decoder.decode(packet if packet.size else None)
                yield from (one for one in pictures if one.pts is None or one.pts >= key)  # others may lack theirs
        except (OSError, EOFError, av.FFmpegError):
            return

    def _pixels(self, picture: Any) -> Pixels:
        described = picture.format
        has_alpha = described.name.startswith(("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "pal8", "ya"))
        deep = max(component.bits for component in described.components) > 8
        target = {(False, False): "rgb24", (True, False): "rgba", (False, True): "rgb48le", (True, True): "rgba64le"}
        matrix = picture.colorspace
        if matrix == UNTAGGED:
            matrix = 1 if picture.height >= HD_LINES else 6
        rgb = picture.format.is_rgb or described.name == "pal8"
        told: dict[str, Any] = {} if rgb else {"src_colorspace": matrix}
        plain = picture.reformat(format=target[has_alpha, deep], interpolation=ACCURATE, **told)
        pixels: Pixels = plain.to_ndarray()
        bits = described.components[-1].bits
        if has_alpha and deep and bits < 16:  # it was only shifted, so that opaque is not quite so
            alpha = pixels[..., 3].astype(np.uint32) >> (16 - bits)
            pixels[..., 3] = (alpha * 65535 + (2 ** (bits - 1) - 1)) // (2**bits - 1)
        return pixels
