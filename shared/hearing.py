"""What a sound does on every frame: loudness, bands, onsets, notes as curves 0..1. Pure functions of arrays.

Frame k has the samples from round(k * 48000 / fps) to the first of frame k + 1, and no others: nothing is resampled
to frames, so what sounds on a frame is the curve's on that frame at every rate. Filters are symmetric, so they delay
nothing. A curve is levelled over the whole file: a shot that is cut otherwise, or a quieter copy, moves alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from shared.sounds import RATE
from shared.values import Value
from shared.walk import NOTES, Route

BANDS = {"bass": (20.0, 150.0), "mid": (150.0, 2000.0), "high": (2000.0, 8000.0), "speech": (300.0, 3400.0)}  # hertz
BLOCK = 1 << 16  # samples that are filtered at a time
SILENCE = 1e-4  # of a loudness: -80 dB
LOW, HIGH = 5, 95  # percentiles of what sounds that become 0 and 1
LEAST_HIGH = 0.5  # of the loudest frame, that 1 stands for at least
HOP = 256  # samples of a part of a frame in which an onset is looked for, about
BEFORE = 4  # parts that an onset must rise above
MELS = 24
NOTE_WINDOW = 8192  # samples

Samples = NDArray[np.float32]  # (n,) at RATE, -1..1
Curve = NDArray[np.float64]  # (frames,)


class Heard(Value):
    """A curve: `values` of the frames from `first` on, counted from the sound's beginning; 0 on all others."""

    first: int
    values: Curve

    def at(self, frame: int) -> float:
        place = frame - self.first
        return float(self.values[place]) if 0 <= place < len(self.values) else 0.0


def hear(samples: Samples, route: Route, fps: Fraction) -> Heard:
    """The curve of a route, 0..1: its feature, levelled, bent, with attack and release.

    All of it is 0 where the sound is silent.
    """
    later = round(Fraction(route.offset) / 1000 * RATE)  # samples by which the picture comes after the sound
    first = math.floor(Fraction(later, RATE) * fps)
    count = math.ceil(Fraction(len(samples) + later, RATE) * fps) - first
    after = math.ceil(Fraction(route.attack + route.release) / 1000 * fps)
    edges = edges_of(first, max(count, 1), fps) - later
    silent = float(np.abs(samples).max(initial=0.0)) < SILENCE
    values = np.zeros(len(edges) - 1) if silent else levelled(feature(samples, route.feature, edges)) ** route.power
    values = np.concatenate([values, np.zeros(after)])
    return Heard(first, followed(values, route.attack / 1000 * float(fps), route.release / 1000 * float(fps)))


def edges_of(first: int, count: int, fps: Fraction) -> NDArray[np.int64]:
    """(count + 1,) first samples of frames, and of the one behind them."""
    return np.array([round(frame / fps * RATE) for frame in range(first, first + count + 1)], np.int64)


def feature(samples: Samples, name: str, edges: NDArray[np.int64]) -> Curve:
    """A feature on each frame, at or above 0, as loud as the sound is."""
    if name == "rms":
        return loudness(iter([samples]), edges)
    if name in BANDS:
        return loudness(band(samples, *BANDS[name]), edges)
    if name == "onset":
        return onsets(samples, edges)
    return note(samples, NOTES.index(name.partition(".")[2]), edges)


def loudness(blocks: Iterator[Samples], edges: NDArray[np.int64]) -> Curve:
    """Root of the mean square of each frame's own samples; the blocks follow one another."""
    energy = np.zeros(len(edges) - 1)
    at = 0
    for block in blocks:
        for start in range(0, len(block), BLOCK):
            part = block[start : start + BLOCK]
            sums = np.concatenate([[0.0], np.cumsum(np.square(part, dtype=np.float64))])
            inside = np.clip(edges - at, 0, len(part))
            energy += sums[inside[1:]] - sums[inside[:-1]]
            at += len(part)
    mean: Curve = np.sqrt(np.maximum(energy, 0) / np.diff(edges))
    return mean


def band(samples: Samples, low: float, high: float) -> Iterator[Samples]:
    """The samples' part between two frequencies, in hertz: a symmetric windowed sinc, block after block."""
    steep = max(20.0, low / 2)  # hertz
    half = round(1.65 * RATE / steep)
    time = np.arange(-half, half + 1) / RATE
    kernel = (2 * high * np.sinc(2 * high * time) - 2 * low * np.sinc(2 * low * time)) / RATE * np.hamming(2 * half + 1)
    size = 1 << (BLOCK + 2 * half - 1).bit_length()
    response = np.fft.rfft(kernel, size)
    padded = np.pad(samples, half)
    for start in range(0, len(samples), BLOCK):
        part = padded[start : start + BLOCK + 2 * half]
        whole = np.fft.irfft(np.fft.rfft(part, size) * response, size)
        yield whole[2 * half : len(part)].astype(np.float32)


def onsets(samples: Samples, edges: NDArray[np.int64]) -> Curve:
    """How much each frame's sharpest rise is above what was heard just before, over bands as wide as the ear's."""
    parts = max(1, round(float(np.diff(edges).mean()) / HOP))
    shares = np.arange(parts)
    starts = (edges[:-1, None] + np.diff(edges)[:, None] * shares // parts).reshape(-1)
    ends = np.append(starts[1:], edges[-1])
    length = int((ends - starts).max())
    filters = _mel(2 * length)
    energies = np.zeros((len(starts), MELS))
    for begin in range(0, len(starts), 4096):
        chosen = slice(begin, begin + 4096)
        spectrum = np.fft.rfft(_windows(samples, starts[chosen], ends[chosen], length), 2 * length)
        energies[chosen] = np.square(np.abs(spectrum)) @ filters.T
    loud = energies.mean()
    if not loud:
        return np.zeros(len(edges) - 1)
    heard = np.log1p(energies / loud * 10)
    before = np.zeros_like(heard)
    for back in range(1, BEFORE + 1):
        before[back:] = np.maximum(before[back:], heard[:-back])
    rises = np.maximum(heard - before, 0).sum(1)
    strongest: Curve = rises.reshape(-1, parts).max(1)
    return strongest


def note(samples: Samples, number: int, edges: NDArray[np.int64]) -> Curve:
    """How loud one of the twelve notes is around the middle of each frame, in all octaves from 60 to 4200 Hz."""
    frequencies = np.fft.rfftfreq(NOTE_WINDOW, 1 / RATE)
    audible = (frequencies > 60) & (frequencies < 4200)
    distance = np.zeros_like(frequencies)
    distance[audible] = (12 * np.log2(frequencies[audible] / 440) + 9 - number + 6) % 12 - 6  # semitones; A is 9
    weights = np.where(audible, np.exp(-0.5 * (distance / 0.4) ** 2), 0)
    window = np.hanning(NOTE_WINDOW)
    middles = (edges[:-1] + edges[1:]) // 2
    found = np.zeros(len(middles))
    for begin in range(0, len(middles), 256):
        chosen = middles[begin : begin + 256] - NOTE_WINDOW // 2
        spectrum = np.fft.rfft(_windows(samples, chosen, chosen + NOTE_WINDOW, NOTE_WINDOW) * window)
        found[begin : begin + 256] = np.sqrt(np.square(np.abs(spectrum)) @ weights) / NOTE_WINDOW
    return found


def levelled(curve: Curve) -> Curve:
    """0..1: between the soft and the loud of all that sounds."""
    top = float(curve.max(initial=0.0))
    if top < SILENCE:
        return np.zeros_like(curve)
    sounding = curve[curve > top * 0.003]  # -50 dB
    low, high = np.percentile(sounding, [LOW, HIGH])
    high = max(float(high), LEAST_HIGH * top)
    low = min(float(low), 0.1 * high)
    found: Curve = np.clip((curve - low) / (high - low), 0, 1)
    return found


def followed(curve: Curve, attack: float, release: float) -> Curve:
    """Attack and release in frames: a rise is followed by the mean of what was, the newest counting most; a fall by
    what is left of the loudest that was. Both look back so far and no farther."""
    shares = _triangle(attack)
    risen = np.convolve(curve, shares)[: len(curve)]
    found = risen.copy()
    for back in range(1, math.ceil(release)):
        found[back:] = np.maximum(found[back:], risen[:-back] * (1 - back / release))
    return found


def _triangle(length: float) -> Curve:
    """How much of a falling triangle `length` frames long lies in each frame; together 1."""
    if length <= 1:
        return np.ones(1)
    ends = np.minimum(np.arange(math.ceil(length) + 1) / length, 1)
    found: Curve = np.diff(1 - np.square(1 - ends))
    return found


def _windows(samples: Samples, starts: NDArray[np.int64], ends: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """(n, length) samples from each start to before its end, silence elsewhere."""
    places = starts[:, None] + np.arange(length)
    there = (places >= 0) & (places < len(samples)) & (places < ends[:, None])
    if not len(samples):
        return np.zeros(places.shape)
    found: NDArray[np.float64] = np.where(there, samples[np.clip(places, 0, len(samples) - 1)], 0).astype(np.float64)
    return found


def _mel(size: int) -> NDArray[np.float64]:
    """(MELS, size // 2 + 1) triangles between 30 and 12000 Hz, evenly apart to the ear."""
    frequencies = np.fft.rfftfreq(size, 1 / RATE)
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (30, 12000))
    corners = 700 * (10 ** (np.linspace(low, high, MELS + 2) / 2595) - 1)
    rising = (frequencies - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - frequencies) / np.diff(corners)[1:, None]
    return np.maximum(0, np.minimum(rising, falling))
