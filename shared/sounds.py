"""Sound: of any file that has some, cut sample by sample to frames of a shot, as WAV at 48 kHz.

Sample 0 of a sound belongs to the beginning of frame `start`: it is the first sample of a file of sound alone, and what
is heard with the first picture of one with pictures. Frame n begins at sample (n - start) * 48000 / fps, rounded to the
nearest. What the file does not have is silence. Mono stays mono, more than two channels are mixed to stereo, another
rate is resampled; 8 and 16 bits become 16 bits, everything else 24. 16 or 24 bits at 48 kHz keep every bit.
"""

from __future__ import annotations

import math
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused, MissingInput
from shared.file_names import is_clip
from shared.frames import beat
from shared.media import open_media
from shared.shot import NO_SOUND, Shot
from shared.values import Value

RATE = 48000  # samples a second
GAP = Fraction(1, 50)  # seconds between two pieces of a sound from which on there is silence between them
MOST_BYTES = 4 * 2**30 - 4096  # of a WAV file, whose sizes have 32 bits
REMEDY = "Name another sound, or none: --audio none"
SHORT = ("u8", "u8p", "s16", "s16p")  # sample formats of at most 16 bits

Samples = NDArray[np.int16 | np.int32]  # (n, channels), over the whole range of the kind


class Sound(Value):
    """A file with sound, and the frame at whose beginning the sound begins."""

    file: Path
    start: int

    def samples_of(self, first: int, last: int, fps: Fraction) -> tuple[int, int]:
        """(first sample, how many) of the frames `first` to `last`; the first is below zero before the sound begins."""
        begin, end = (round((frame - self.start) / fps * RATE) for frame in (first, last + 1))
        return begin, end - begin


class Part(Value):
    """`samples` of a WAV file of ours from number `begin` on."""

    file: Path
    begin: int
    samples: int


class Heard(Value):
    """What was written: `heard` of the samples come from the file, the others are silence."""

    channels: int
    bits: int
    samples: int
    heard: int


def sound_of_shot(shot: Shot, at: Callable[[str], Path]) -> Sound | None:
    """The sound that a shot names, else that of the topmost clip that is a picture and has some; None without.

    at: where a file lies that the shot names; what it raises is raised.
    """
    if shot.audio == NO_SOUND:
        return None
    if shot.audio is not None:
        return Sound(at(shot.audio), shot.first if shot.audio_start is None else shot.audio_start)
    for layer in shot.layers:
        if layer.picture is not None and is_clip(layer.picture):
            file = at(layer.picture)
            if has_sound(file):
                return Sound(file, beat(shot, layer).start)
    return None


def has_sound(file: Path) -> bool:
    """Whether there is sound in a file; not where it cannot be opened."""
    try:
        with open_media(file, "sound", "sound") as container:
            return bool(container.streams.audio)
    except InputRefused:
        return False


def probe_sound(file: Path) -> str:
    """What a file's sound is, in words, once its beginning was decoded. Raises MissingInput or InputRefused."""
    with _opened(file) as (container, stream):
        if next(_pieces(file, container, stream), None) is None:
            raise InputRefused("its sound is empty", file=file, remedy=REMEDY)
        layout = {1: "mono", 2: "stereo"}.get(stream.layout.nb_channels, stream.layout.name)  # AVI names none
        return f"{stream.codec_context.codec.canonical_name}, {stream.rate} Hz, {layout}"


def seconds_of(file: Path) -> Fraction | None:
    """How long a file says that its sound is. Raises MissingInput or InputRefused."""
    with _opened(file) as (container, stream):
        if stream.duration is not None and stream.time_base is not None:
            return Fraction(stream.duration * stream.time_base)
        return None if container.duration is None else Fraction(container.duration, 1_000_000)


def write_wav(path: Path, sound: Sound, first: int, last: int, fps: Fraction) -> Heard:
    """Write the sound of the frames `first` to `last`, exactly as long as these.

    path: of the file as it is written; its name need not end in .wav.
    Raises MissingInput or InputRefused for the sound, OSError where the disk is full.
    """
    begin, count = sound.samples_of(first, last, fps)
    with _opened(sound.file) as (container, stream):
        channels = 1 if stream.layout.nb_channels == 1 else 2
        kind: Any = np.int16 if stream.format.name in SHORT else np.int32
        bits = 16 if kind is np.int16 else 24
        if count * channels * bits // 8 > MOST_BYTES:
            raise InputRefused("the sound of this shot is too long for a WAV file", file=sound.file)
        at = heard = 0
        with path.open("wb") as file, wave.open(file, "wb") as made:
            made.setparams((channels, bits // 8, RATE, count, "NONE", ""))
            for place, samples in _resampled(sound.file, container, stream, channels, kind):
                place -= begin
                part = samples[max(0, at - place) : max(0, count - place)]
                if len(part):
                    place = max(place, at)
                    _silence(made, place - at)
                    made.writeframesraw(_packed(part))
                    at, heard = place + len(part), heard + len(part)
                if at == count:
                    break
            _silence(made, count - at)
    return Heard(channels, bits, count, heard)


def heard_alone(file: Path) -> NDArray[np.float32]:
    """All of a file's sound (n,) at RATE, its channels averaged, -1..1; silence where there are gaps.

    Raises MissingInput or InputRefused.
    """
    pieces: list[NDArray[np.float32]] = []
    at = 0
    with _opened(file) as (container, stream):
        channels = 1 if stream.layout.nb_channels == 1 else 2
        for place, samples in _resampled(file, container, stream, channels, np.int32):
            pieces.append(np.zeros(max(0, place - at), np.float32))
            pieces.append((samples[max(0, at - place) :].mean(1) / 2**31).astype(np.float32))
            at = max(at, place + len(samples))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def frames_of(samples: NDArray[np.float32], fps: Fraction) -> int:
    """How many frames a sound at RATE lasts, the last one begun counted whole; at least one."""
    return max(math.ceil(Fraction(len(samples), RATE) * fps), 1)


def about_wav(path: Path) -> tuple[int, int, int]:
    """Channels, bits and samples of a WAV file of ours."""
    with wave.open(str(path), "rb") as file:
        return file.getnchannels(), 8 * file.getsampwidth(), file.getnframes()


def read_wav(part: Part, size: int) -> Iterator[Samples]:
    """The samples, `size` at a time; 24 bits in the upper ones of 32."""
    with wave.open(str(part.file), "rb") as file:
        file.setpos(min(part.begin, file.getnframes()))
        left = part.samples
        while left and (data := file.readframes(min(size, left))):
            left -= len(data) // (file.getsampwidth() * file.getnchannels())
            if file.getsampwidth() == 2:
                yield np.frombuffer(data, "<i2").reshape(-1, file.getnchannels())
            else:
                wide = np.zeros((len(data) // 3, 4), np.uint8)
                wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
                yield wide.view("<i4").reshape(-1, file.getnchannels())


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Any, Any]]:
    """A file's container and its first sound. Raises MissingInput or InputRefused."""
    if not file.is_file():
        raise MissingInput("the sound is not there", file=file, remedy=REMEDY)
    try:
        container = open_media(file, "sound", "sound")
    except InputRefused as error:
        error.remedy = REMEDY
        raise
    with container:
        if not container.streams.audio:
            raise InputRefused("there is no sound in it", file=file, remedy=REMEDY)
        yield container, container.streams.audio[0]


def _pieces(file: Path, container: Any, stream: Any) -> Iterator[tuple[Fraction, Any]]:
    """The decoded pieces with their times in seconds after the beginning."""
    import av

    pictures = [one for one in container.streams.video if "attached_pic" not in str(one.disposition)]
    zero = None
    if pictures and pictures[0].start_time is not None:
        zero = pictures[0].start_time * pictures[0].time_base
    expected = Fraction(0)
    try:
        for frame in container.decode(stream):
            time = expected if frame.pts is None else frame.pts * frame.time_base
            if zero is None:
                zero = time
            expected = time + Fraction(frame.samples, frame.sample_rate)
            yield time - zero, frame
    except (OSError, av.FFmpegError) as error:
        what, seconds = "the sound cannot be decoded to its end", float(expected - (zero or 0))
        cause = f"It is damaged after {seconds:.1f} seconds, or was cut off there"
        if not isinstance(error, av.InvalidDataError):
            cause = str(error)
        raise InputRefused(what, file=file, cause=cause, remedy=REMEDY) from None


def _resampled(
    file: Path, container: Any, stream: Any, channels: int, kind: type[np.int16 | np.int32]
) -> Iterator[tuple[int, Samples]]:
    """Samples at RATE with their places from the beginning; what follows without a gap is joined without a seam."""
    import av

    resampler: Any = None
    takes: tuple[str, str, int] | None = None  # what the resampler takes: sample format, layout, rate
    place, until = 0, Fraction(0)

    def out(frame: Any) -> Iterator[tuple[int, Samples]]:
        nonlocal place
        try:
            frames = [] if resampler is None else resampler.resample(frame)
        except (ValueError, av.FFmpegError) as error:
            raise InputRefused("the sound cannot be resampled", file=file, cause=str(error), remedy=REMEDY) from None
        for one in frames:
            samples = one.to_ndarray().reshape(-1, channels)
            yield place, samples
            place += len(samples)

    for time, frame in _pieces(file, container, stream):
        given = frame.format.name, frame.layout.name, frame.sample_rate
        apart = resampler is None or time - until > GAP
        if apart or given != takes:  # of joined files it may change midway
            yield from out(None)
            layout = "mono" if channels == 1 else "stereo"
            resampler, takes = av.AudioResampler("s16" if kind is np.int16 else "s32", layout, RATE), given
        if apart:
            place, until = round(time * RATE), time
        until += Fraction(frame.samples, frame.sample_rate)
        frame.pts = None
        yield from out(frame)
    yield from out(None)


def _silence(made: wave.Wave_write, count: int) -> None:
    while count > 0:
        some = min(count, RATE)
        made.writeframesraw(bytes(some * made.getnchannels() * made.getsampwidth()))
        count -= some


def _packed(samples: Samples) -> bytes:
    """As they stand in a WAV file; of 32 bits the upper 24, rounded."""
    if samples.dtype == np.int16:
        return np.asarray(samples, "<i2").tobytes()
    rounded = np.minimum((samples.astype(np.int64) + 128) >> 8, 2**23 - 1).astype("<i4")
    return np.ascontiguousarray(rounded).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
