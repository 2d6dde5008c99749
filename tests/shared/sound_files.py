"""Files with sound for tests: anything that PyAV writes, with a click where it is wanted."""

from fractions import Fraction

import av
import numpy as np

FORMATS = {"pcm_s16le": "s16", "pcm_s24le": "s32", "flac": "s16", "aac": "fltp", "libmp3lame": "fltp", "libopus": "flt"}
CLICK = 48  # samples


def click(at, count, channels=2):
    """(channels, count) in -1..1: silence, and one period of a sine that begins at sample `at`."""
    made = np.zeros((channels, count), np.float32)
    made[:, at : at + CLICK] = 0.8 * np.sin(np.arange(CLICK) / CLICK * 2 * np.pi)
    return made


def write_sound(movie, stream, samples, later=0):
    """Into a stream of `sound_stream`; samples (channels, n), -1..1 or whole numbers of the codec's kind."""
    rate, form = stream.rate, FORMATS[stream.name]
    layout = "mono" if len(samples) == 1 else "stereo"
    if samples.dtype == np.float32 and form == "s16":
        samples = (samples * 32767).round().astype(np.int16)
    for at in range(0, samples.shape[1], 1024):
        part = samples[:, at : at + 1024]
        part = part if form.endswith("p") else part.T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), form, layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, at + later, Fraction(1, rate)
        movie.mux(stream.encode(frame))
    movie.mux(stream.encode())


def sound_stream(movie, codec, rate, channels):
    stream = movie.add_stream(codec, rate=rate)
    stream.layout = "mono" if channels == 1 else "stereo"
    return stream


def sound_file(path, codec, samples, rate=48000):
    with av.open(str(path), "w") as movie:
        write_sound(movie, sound_stream(movie, codec, rate, len(samples)), samples)
    return path


def clip_with_sound(path, fps, count, flash, later=0, sound=True):
    """A clip of `count` frames, white on frame `flash` from 0, where it clicks; its sound begins later."""
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("libx264", rate=fps, options={"x264-params": "keyint=12:bframes=2"})
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        stream.codec_context.time_base = 1 / fps
        heard = sound_stream(movie, "aac", 44100, 2) if sound else None
        for number in range(count):
            pixels = np.full((36, 64, 3), 255 if number == flash else 40, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, 1 / fps
            movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
        if heard is not None:
            at = round(flash / fps * 44100) - later
            write_sound(movie, heard, click(at, round(count / fps * 44100) - later), later)
    return path


def place_of_click(samples, rate=48000):
    """Where a click that was made at `rate` begins in samples (n,) at 48 kHz: where it looks most like one."""
    length = CLICK * 48000 / rate
    pattern = np.sin(np.arange(round(length)) / length * 2 * np.pi)
    return int(np.argmax(np.correlate(np.asarray(samples, np.float64), pattern, "valid")))
